"""From a recipe to weights and a card."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from gencourse import cards, data, provenance
from gencourse.compiling import check_compiling, compile_turns, told_what_compiles
from gencourse.distributed import check_shares, launch, make_fabric, precision_of
from gencourse.recipe import Recipe
from gencourse.schedules import warm_average
from gencourse.train import Batches, History, fit
from gencourse.turns import Turn

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Part = tuple[Tensor, ...]


def train(
    recipe: Recipe,
    *,
    out: Path,
    resume: bool = False,
    validation: bool = False,
    device: str = "auto",
    devices: int = 1,
    strategy: str = "auto",
    precision: str = "auto",
    compiled: bool = False,
    progress: bool = True,
) -> Path:
    """Train, measure, write NAME.safetensors and its card; return the weights' path.

    A run that was stopped goes on with ``resume`` from NAME.checkpoint in ``out``.

    Args:
        recipe: one of `recipes.RECIPES`, or ``dataclasses.replace(one, steps=...)``.
        out: the folder to write to.
        resume: go on from the checkpoint if there is one; without, one is an error.
        validation: hold back the last twelfth of the training set and measure on that,
            to choose settings by; else the test set is measured.
        device: "cpu", "cuda" or "auto".
        devices: how many; the batch is shared among them. See `make_fabric`.
        strategy: how several devices work together. See `make_fabric`.
        precision: of the numbers. See `make_fabric`.
        compiled: let torch.compile translate the losses; on one GPU alone.
        progress: show a bar.

    Raises:
        ValueError: settings that do not go together, or not here.
        ChildProcessError: one of several processes died. See `launch`.
    """
    fabric = make_fabric(
        device, devices=devices, strategy=strategy, precision=precision
    )
    check_shares(recipe.batch_size, devices)
    if compiled:
        check_compiling(fabric)
    if devices > 1:
        splits(recipe, validation)  # what has to be downloaded is, once
    job = (recipe, out, resume, validation, compiled, progress)
    with told_what_compiles():
        return cast(Path, launch(fabric, _train, *job))


def _train(
    fabric: Fabric,
    recipe: Recipe,
    out: Path,
    resume: bool,
    validation: bool,
    compiled: bool,
    progress: bool,
) -> Path | None:
    kept, measured = splits(recipe, validation)
    model, start = _begin(recipe)
    size, steps = recipe.batch_size, recipe.steps
    batches = Batches(*kept, size=size, steps=steps, seed=recipe.seed)
    turns = recipe.turns(model, recipe.lr, recipe.weight_decay)
    turns = compile_turns(turns) if compiled else turns
    path = checkpoint_of(recipe, out)
    trained, history = _fit(
        fabric, recipe, model, turns, batches, path, resume, progress
    )
    if not fabric.is_global_zero:  # nobody waits for what rank 0 measures
        return None
    card = {**_card(recipe, batches, history, trained), "starts_from": start}
    card["devices"], card["precision"] = fabric.world_size, precision_of(fabric)
    card["metrics_split"] = "validation" if validation else "test"
    card["metrics"] = recipe.metrics(trained, *measured)
    return cards.write(out, recipe.name, trained, card)


def _fit(
    fabric: Fabric,
    recipe: Recipe,
    model: nn.Module,
    turns: list[Turn],
    batches: Batches,
    checkpoint: Path,
    resume: bool,
    progress: bool,
) -> tuple[nn.Module, History]:
    average = _average(model, recipe.ema_decay)
    history = fit(
        turns,
        batches,
        clip=recipe.clip,
        schedule=recipe.schedule,
        ema=average,
        checkpoint=checkpoint,
        every=recipe.checkpoint_every,
        resume=resume,
        fabric=fabric,
        progress=progress,
    )
    trained: nn.Module = model if average is None else average.module
    return trained.cpu().eval(), history


def checkpoint_of(recipe: Recipe, out: Path) -> Path:
    """Return where ``train`` keeps the state of a run that writes to ``out``."""
    return out / f"{recipe.name}.checkpoint"


def splits(recipe: Recipe, validation: bool) -> tuple[Part, Part]:
    """Return what to train on and what to measure on: (x,), or (x, y) with labels."""
    train = _load(recipe, "train")
    if not validation:
        return train, _load(recipe, "test")
    held_back = len(train[0]) // 12
    return (
        tuple(part[:-held_back] for part in train),
        tuple(part[-held_back:] for part in train),
    )


def _load(recipe: Recipe, split: str) -> Part:
    images = data.load(recipe.data, split, levels=recipe.levels)
    return (images.x, images.y) if recipe.labels else (images.x,)


def _begin(recipe: Recipe) -> tuple[nn.Module, dict[str, str] | None]:
    """Return the model before step 0, and the name and hash of what it starts from."""
    _seed(recipe.seed)
    model = recipe.model()
    if recipe.starts_from is None:
        return model, None
    digest = cards.start_from(cards.shipped(recipe.starts_from), model)
    return model, {"name": recipe.starts_from, "weights_sha256": digest}


def _seed(seed: int) -> None:
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


def _average(model: nn.Module, decay: float | None) -> AveragedModel | None:
    if decay is None:
        return None
    return AveragedModel(model, multi_avg_fn=partial(warm_average, decay=decay))


def _card(
    recipe: Recipe, batches: Batches, history: History, model: nn.Module
) -> cards.Card:
    return {
        "config": recipe.config(),
        "architecture": str(model).splitlines(),
        "parameters": cards.parameter_count(model),
        "data": {
            "name": recipe.data,
            "split": "train",
            "images": len(batches.data[0]),
            "sha256": batches.fingerprint()["data"],
        },
        "seed": recipe.seed,
        "steps": len(history),
        "last_loss": history["total"][-1],
        "wall_seconds": round(history.seconds, 1),
        "cpu_seconds": round(history.cpu_seconds, 1),
        "made": provenance.describe(),
        "commit": cards.commit(),
    }
