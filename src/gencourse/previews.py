"""Pictures of what a trained model does, for the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision.utils import save_image

from gencourse import data
from gencourse.images import to_unit
from gencourse.recipes import find

BATCH = 64


def samples(
    name: str,
    model: Any,  # noqa: ANN401
    n: int,
    seed: int,
    label: int | None = None,
) -> Tensor:
    """Return n images that the model draws, grey in [0, 1], (n, C, H, W).

    Args:
        name: the model's, for the error messages.
        model: in eval mode, on the CPU.
        n: how many images; they are drawn BATCH at a time.
        seed: of the draws.
        label: the class of all of them; without it a conditional model draws one
            class after another.

    Raises:
        ValueError: the model cannot sample, or the label does not fit the model.
    """
    if not hasattr(model, "sample"):
        raise ValueError(
            f"{name} cannot sample: it is no generative model, nobody knows how its "
            "codes are distributed; --reconstruct shows what it does"
        )
    generator = torch.Generator().manual_seed(seed)
    labels = labels_of(name, model, n, label)
    drawn = []
    with torch.inference_mode():
        for rows in torch.arange(n).split(BATCH):
            y = () if labels is None else (labels[rows],)
            drawn.append(model.sample(len(rows), *y, generator=generator))
    return to_unit(torch.cat(drawn), model.levels)


def labels_of(name: str, model: Any, n: int, label: int | None) -> Tensor | None:  # noqa: ANN401
    """Return the n labels to draw images of, or None for a model without classes."""
    classes: int | None = getattr(model, "classes", None)
    if classes is None:
        if label is not None:
            raise ValueError(f"{name} takes no label: it knows no classes")
        return None
    if label is None:
        return torch.arange(n) % classes
    if not 0 <= label < classes:
        raise ValueError(f"expected a label from 0 to {classes - 1}, got {label}")
    return torch.full((n,), label)


def reconstructions(name: str, model: Any, n: int) -> tuple[Tensor, int]:  # noqa: ANN401
    """Return the first n test images, then their reconstructions, (2n, C, H, W), and n.

    A conditional model is told their classes. One without an encoder is a ValueError.
    """
    model = getattr(model, "autoencoder", model)
    if not hasattr(model, "reconstruct"):
        raise ValueError(f"{name} cannot reconstruct: it has no encoder")
    recipe = find(name)
    test = data.load(recipe.data, "test", levels=recipe.levels, limit=n)
    labels = () if getattr(model, "classes", None) is None else (test.y,)
    with torch.inference_mode():
        again = model.reconstruct(test.x, *labels)
    return torch.cat([to_unit(test.x, recipe.levels), again]), len(test)


def write_grid(path: Path, unit: Tensor, columns: int) -> None:
    """Write images, grey in [0, 1], as a PNG with so many columns."""
    if path.suffix.lower() != ".png":
        raise ValueError(f"expected a file that ends in .png, got {path}")
    path.parent.mkdir(parents=True, exist_ok=True)
    save_image(unit.clamp(0, 1), path, nrow=columns, pad_value=1.0)
