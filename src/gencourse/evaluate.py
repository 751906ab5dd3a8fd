"""What models are measured by."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def mean_over_images(
    measure: Callable[[Tensor], Tensor], x: Tensor, size: int = 500
) -> float:
    """Return the mean of ``measure(batch)``, (B,), over all of x, without gradients.

    Args:
        measure: from images to a number for each; a model in eval mode, on the CPU.
        x: images, (N, ...); an empty x is a ValueError.
        size: images in a batch. It changes the memory in use, not the result.
    """
    if len(x) == 0:
        raise ValueError("expected at least one image to measure, got none")
    with torch.inference_mode():
        total = sum(measure(batch).double().sum().item() for batch in x.split(size))
    return total / len(x)
