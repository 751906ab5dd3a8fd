"""What models are measured by."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

MEASURED = Path(__file__).parent / "measured"


def measured(name: str) -> dict[str, Any]:
    """Return a measurement that took too long for a page, with how it was made.

    A name that is not there is a ValueError that lists those that are.
    """
    known = sorted(path.stem for path in MEASURED.glob("*.json"))
    if name not in known:
        raise ValueError(f"no measurement {name!r}, there are: {', '.join(known)}")
    found: dict[str, Any] = json.loads((MEASURED / f"{name}.json").read_text("utf-8"))
    return found


def bits_per_dim(nats: Tensor, dims: int) -> Tensor:
    """Return negative log-likelihoods as bits per dimension.

    Args:
        nats: negative log-likelihoods in nats per image, any shape.
        dims: how many dimensions an image has: channels * height * width.

    Returns:
        Bits per dimension, the same shape.
    """
    return nats / (dims * math.log(2))


def paired_difference(a: Tensor, b: Tensor) -> tuple[float, float]:
    """Return the mean of a - b, and the standard error of that mean.

    Both models are asked about the same images, so that what makes an image hard for
    both falls out of the difference.

    Args:
        a: one model's values, (N,), such as nats per image.
        b: the other's on the same images in the same order, (N,); another shape is a
            ValueError, and so are fewer than 2 images.

    Returns:
        The mean difference, and the differences' standard deviation (with N - 1) over
        the root of N.
    """
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(
            "expected a value of each model for every image, "
            f"got shapes {tuple(a.shape)} and {tuple(b.shape)}"
        )
    if len(a) < 2:
        raise ValueError(f"expected 2 images or more, got {len(a)}")
    difference = a.double() - b.double()
    error = difference.std() / len(difference) ** 0.5
    return difference.mean().item(), error.item()


def mean_over_images(
    measure: Callable[[Tensor], Tensor], x: Tensor, size: int = 500
) -> float:
    """Return the mean of ``measure(batch)``, (B,), over all of x, without gradients.

    Args:
        measure: from images to a number for each; a model in eval mode, on the CPU.
            Another shape than (B,) is a ValueError.
        x: images, (N, ...); an empty x is a ValueError.
        size: images in a batch. It changes the memory in use, not the result.
    """
    if len(x) == 0:
        raise ValueError("expected at least one image to measure, got none")
    total = 0.0
    with torch.inference_mode():
        for batch in torch.split(x, size):
            values = measure(batch)
            if values.shape != (len(batch),):
                raise ValueError(
                    f"expected a number for each of {len(batch)} images, "
                    f"got shape {tuple(values.shape)}"
                )
            total += float(values.double().sum())
    return total / len(x)
