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


def samples(name: str, model: Any, n: int, seed: int) -> Tensor:  # noqa: ANN401
    """Return n images that the model draws, grey in [0, 1], (n, C, H, W).

    A model that cannot sample is a ValueError that says why.
    """
    if not hasattr(model, "sample"):
        raise ValueError(
            f"{name} cannot sample: it is no generative model, nobody knows how its "
            "codes are distributed; --reconstruct shows what it does"
        )
    with torch.inference_mode():
        drawn = model.sample(n, generator=torch.Generator().manual_seed(seed))
    return to_unit(drawn, model.levels)


def reconstructions(name: str, model: Any, n: int) -> tuple[Tensor, int]:  # noqa: ANN401
    """Return the first n test images, then their reconstructions, (2n, C, H, W), and n.

    A model without an encoder is a ValueError.
    """
    model = getattr(model, "autoencoder", model)
    if not hasattr(model, "reconstruct"):
        raise ValueError(f"{name} cannot reconstruct: it has no encoder")
    recipe = find(name)
    x = data.load(recipe.data, "test", levels=recipe.levels, limit=n).x
    with torch.inference_mode():
        pairs = torch.cat([to_unit(x, recipe.levels), model.reconstruct(x)])
    return pairs, len(x)


def write_grid(path: Path, unit: Tensor, columns: int) -> None:
    """Write images, grey in [0, 1], as a PNG with so many columns."""
    if path.suffix.lower() != ".png":
        raise ValueError(f"expected a file that ends in .png, got {path}")
    path.parent.mkdir(parents=True, exist_ok=True)
    save_image(unit.clamp(0, 1), path, nrow=columns, pad_value=1.0)
