"""A trained model on disk: NAME.safetensors, and NAME.json that says how it was made.

The card holds the hash of the weights: the two belong together or do not load.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any, TypeVar

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from gencourse.checkpoint_io import CheckpointError, write_atomically

Card = dict[str, Any]
Model = TypeVar("Model", bound=nn.Module)
PACKAGE = Path(__file__).parent
CHECKPOINTS = PACKAGE / "checkpoints"


def shipped(name: str) -> Path:
    """Return where the package holds the weights of that name, if it does."""
    return CHECKPOINTS / f"{name}.safetensors"


def write(folder: Path, name: str, model: nn.Module, card: Card) -> Path:
    """Write weights and card to a folder; return the path of the weights."""
    weights = safetensors.torch.save(
        {key: value.cpu().contiguous() for key, value in model.state_dict().items()}
    )
    card = {"name": name, **card, "weights_sha256": hashlib.sha256(weights).hexdigest()}
    _text(card)  # what is no JSON is refused before anything is written
    # Weights first: after a crash in between the hashes differ, and loading says so.
    path = folder / f"{name}.safetensors"
    write_atomically(path, lambda file: file.write(weights))
    write_card(path, card)
    return path


def add(weights: Path, section: str, content: Card) -> None:
    """Write a section into the card beside the weights, in place of one of that name.

    The card has to be whole, and the weights the card's: see `read_card`.
    """
    _weights(weights)
    write_card(weights, {**read_card(weights), section: content})


def write_card(weights: Path, card: Card) -> None:
    """Write the card that belongs beside the weights, all at once."""
    text = _text(card).encode()
    write_atomically(weights.with_suffix(".json"), lambda file: file.write(text))


def _text(card: Card) -> str:
    return json.dumps(card, indent=2, allow_nan=False) + "\n"


def read_card(weights: Path) -> Card:
    """Return the card beside the weights; CheckpointError if it is damaged.

    It has the hash, the name of the data, and the metrics with what they were measured
    on; the rest is for people to read.
    """
    path, card = weights.with_suffix(".json"), _read(weights)
    config, metrics = card.get("config"), card.get("metrics")
    told = config.get("data") if isinstance(config, dict) else None
    _check(path, "config", config, isinstance(config, dict))
    _check(path, "config.data", told, isinstance(told, str))
    split = card.get("metrics_split")
    _check(path, "metrics_split", split, split in ("test", "validation"))
    _check(path, "metrics", metrics, isinstance(metrics, dict))
    for name, value in card["metrics"].items():
        _check(path, f"metrics.{name}", value, type(value) in (int, float))
    return card


def _check(path: Path, field: str, value: object, fits: bool) -> None:
    if not fits:
        raise CheckpointError(f"the card {path} is damaged: {field} is {value!r}")


def _read(weights: Path) -> Card:
    path = weights.with_suffix(".json")
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(f"{weights.name} has no card: {path}") from None
    except ValueError as why:  # no UTF-8, or no JSON
        raise CheckpointError(f"the card {path} is damaged: {why}") from why
    if not isinstance(card, dict):
        kind = type(card).__name__
        raise CheckpointError(f"the card {path} is damaged: it is a {kind}, not a dict")
    hashed = card.get("weights_sha256")
    _check(path, "weights_sha256", hashed, isinstance(hashed, str))
    return card


def read_weights(path: Path, model: Model) -> Model:
    """Fill the model with the weights at ``path``; return it in eval mode.

    Weights that are damaged, that are not the card's, or that are another
    architecture's are a CheckpointError; the model is then as it was.
    """
    weights = _weights(path)
    _check_architecture(path, weights, model.state_dict())
    model.load_state_dict(weights)
    return model.eval()


def start_from(path: Path, model: nn.Module) -> str:
    """Fill the model with the weights at ``path``; return their hash.

    Parameters that these weights have not are set to zero: a conditional model whose
    classes add zero is the unconditional one that it starts from. What is beside them
    must be the same, or it is a CheckpointError, as in ``read_weights``.
    """
    weights, card = _weights(path), _read(path)
    own = model.state_dict()
    added = {name: tensor for name, tensor in own.items() if name not in weights}
    _check_architecture(path, weights, {n: t for n, t in own.items() if n in weights})
    # Shapes agree, dilations and the like may not: the card's lines say them all.
    lines = iter(str(model).splitlines())
    for line in card.get("architecture", []):
        if line not in lines:
            raise CheckpointError(
                f"{path} is of another architecture: it has {line.strip()} and the "
                "model has not, or not there"
            )
    zeros = {name: torch.zeros_like(tensor) for name, tensor in added.items()}
    model.load_state_dict({**weights, **zeros})
    return str(card["weights_sha256"])


def parameter_count(model: nn.Module) -> int:
    """Return how many numbers training chose."""
    return sum(parameter.numel() for parameter in model.parameters())


def commit() -> dict[str, str | bool] | None:
    """Return the commit of the package, and whether its code has changed since.

    None where the package is not in a git repository, as after pip install.
    """
    if _git("ls-files", "--error-unmatch", Path(__file__).name) is None:
        return None
    found = _git("rev-parse", "HEAD")
    if found is None:
        return None
    changed = _git("status", "--porcelain", "--", ".", ":(exclude)checkpoints")
    return {"commit": found, "dirty": changed != ""}


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=PACKAGE, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _weights(path: Path) -> dict[str, Tensor]:
    """Return the weights at ``path``, which are the card's or a CheckpointError."""
    if not path.is_file():
        raise FileNotFoundError(f"no weights at {path}")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != _read(path)["weights_sha256"]:
        raise CheckpointError(
            f"{path} is damaged, or is not what {path.with_suffix('.json')} describes: "
            "its hash is not the card's"
        )
    try:
        return safetensors.torch.load(content)
    except SafetensorError as why:
        raise CheckpointError(f"{path} is no safetensors file: {why}") from why


def _check_architecture(
    path: Path, found: dict[str, Tensor], expected: dict[str, Tensor]
) -> None:
    shapes = {name: tuple(tensor.shape) for name, tensor in found.items()}
    for name, tensor in expected.items():
        if shapes.get(name) != tuple(tensor.shape):
            raise CheckpointError(
                f"{path} is of another architecture: {name} is "
                f"{shapes.get(name, 'absent')}, expected {tuple(tensor.shape)}"
            )
    if unknown := found.keys() - expected.keys():
        raise CheckpointError(
            f"{path} is of another architecture: it has {min(unknown)} and "
            f"{len(unknown) - 1} more that the model has not"
        )
