"""How a run changes on its way: learning rates, and averages of the weights."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.swa_utils import AveragedModel

from gencourse.turns import name_of

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


def advance(schedulers: Sequence[LRScheduler]) -> None:
    """Move the learning rates on by a step."""
    with warnings.catch_warnings():
        # In half precision the very first step may be skipped, and the schedule is not.
        warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step")
        for scheduler in schedulers:
            scheduler.step()


def check_average(ema: AveragedModel | None, modules: Sequence[nn.Module]) -> None:
    """Raise a ValueError unless ema is None or averages a module like the first one."""
    if ema is None:
        return
    averaged = [p.shape for p in ema.module.parameters()]
    if not modules or averaged != [p.shape for p in modules[0].parameters()]:
        raise ValueError(
            "expected ema to be an AveragedModel of the first turn's module"
        )


def averaging(ema: AveragedModel | None) -> str | None:
    """Return the name of the rule by which weights are averaged, None without one."""
    if ema is None:
        return None
    rule = ema.multi_avg_fn or ema.avg_fn
    return "mean" if rule is None else name_of(rule)
