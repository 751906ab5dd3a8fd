"""How a run changes on its way: learning rates, and averages of the weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Schedule = Callable[[float], float]


def constant(share: float) -> float:
    """Return 1: the learning rate stays."""
    return 1.0


def warmup_cosine(share: float, warmup: float = 0.05) -> float:
    """Return a factor that rises to 1 over the warm-up's share, then falls to 0.

    The fall is half a cosine, https://arxiv.org/abs/1608.03983.
    """
    if share < warmup:
        return share / warmup
    return 0.5 * (1 + math.cos(math.pi * (share - warmup) / (1 - warmup)))


def warm_average(
    averaged: Sequence[Tensor],
    current: Sequence[Tensor],
    count: Tensor | int,
    *,
    decay: float = 0.999,
) -> None:
    """Move an exponential average of the weights on, in place.

    For ``AveragedModel(model, multi_avg_fn=partial(warm_average, decay=0.999))``. The
    decay rises to its value as (1 + count) / (10 + count), so that the average of a
    short run is not the weights that it began with.
    """
    share = 1 - min(decay, float((1 + count) / (10 + count)))
    with torch.no_grad():
        for average, weights in zip(averaged, current, strict=True):
            average.lerp_(weights, share)
