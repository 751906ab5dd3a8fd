"""How a discretised logistic bin goes wrong: what each mistake makes of its inputs."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from gencourse.exercises.compare import Mistakes

Bins = Callable[[Tensor, Tensor, Tensor, int], Tensor]


def between(low: Tensor, high: Tensor) -> Tensor:
    """Return the log-probability between two points of the standard logistic law."""
    # The law is symmetric: on the left of its mean a difference loses no digits.
    turn = low + high > 0
    low, high = torch.where(turn, -high, low), torch.where(turn, -low, high)
    below = F.logsigmoid(high)
    return below + torch.log(-torch.expm1(F.logsigmoid(low) - below))


def _centre(x: Tensor, levels: int) -> Tensor:
    return 2 * x.double() / (levels - 1) - 1


def _half(levels: int) -> float:
    return 1 / (levels - 1)


def _precision(log_scale: Tensor) -> Tensor:
    return torch.exp(-log_scale)


def bins(
    centre: Callable[[Tensor, int], Tensor] = _centre,
    half: Callable[[int], float] = _half,
    precision: Callable[[Tensor], Tensor] = _precision,
    first: bool = True,
    last: bool = True,
) -> Bins:
    """Return what computes log-probabilities of bins; the defaults are right.

    Args:
        centre: the place of a level, on the axis of the mean.
        half: half the width of a bin.
        precision: one over the scale, from the log-scale.
        first: whether the first bin reaches to infinity.
        last: whether the last one does.
    """

    def computed(x: Tensor, mean: Tensor, log_scale: Tensor, levels: int) -> Tensor:
        off, per = centre(x, levels) - mean.double(), precision(log_scale.double())
        low, high = (off - half(levels)) * per, (off + half(levels)) * per
        value = between(low, high)
        if first:
            value = value.where(x != 0, F.logsigmoid(high))
        return value.where(x != levels - 1, F.logsigmoid(-low)) if last else value

    return computed


exact = bins()


def density(x: Tensor, mean: Tensor, log_scale: Tensor, levels: int) -> Tensor:
    """Return the logarithm of the density at the level times the width of its bin."""
    z = (_centre(x, levels) - mean.double()) / log_scale.double().exp()
    value: Tensor = F.logsigmoid(z) + F.logsigmoid(-z)
    return value - log_scale + math.log(2 * _half(levels))


def _normal(x: Tensor, mean: Tensor, log_scale: Tensor, levels: int) -> Tensor:
    off, scale = _centre(x, levels) - mean.double(), log_scale.double().exp()
    low, high = (off - _half(levels)) / scale, (off + _half(levels)) / scale
    inside: Tensor = (torch.special.ndtr(high) - torch.special.ndtr(low)).log()
    inside = inside.where(x != 0, torch.special.log_ndtr(high))
    last: Tensor = torch.special.log_ndtr(-low)
    return inside.where(x != levels - 1, last)


def _cumulated(x: Tensor, mean: Tensor, log_scale: Tensor, levels: int) -> Tensor:
    off = _centre(x, levels) + _half(levels) - mean.double()
    return F.logsigmoid(off / log_scale.double().exp())


def _ends_exchanged(x: Tensor, mean: Tensor, log_scale: Tensor, levels: int) -> Tensor:
    off, scale = _centre(x, levels) - mean.double(), log_scale.double().exp()
    low, high = (off - _half(levels)) / scale, (off + _half(levels)) / scale
    value = between(low, high).where(x != 0, F.logsigmoid(-low))
    return value.where(x != levels - 1, F.logsigmoid(high))


BIN: Mistakes = {
    "This is the density times the width of the bin; its probability is a difference "
    "of two cumulated ones.": density,
    "The first and the last bin end where others do; they reach to infinity, or what "
    "lies beyond them is lost.": bins(first=False, last=False),
    "The last bin, of level levels - 1, should reach to infinity too.": (
        bins(last=False)
    ),
    "The first bin, of level 0, should reach to infinity too.": bins(first=False),
    "The outer bins look the wrong way: level 0 takes what lies below it too, the "
    "last level what lies above.": _ends_exchanged,
    "Your bins are too narrow: 2 / levels wide, where neighbours are "
    "2 / (levels - 1) apart.": bins(half=lambda levels: 1 / levels),
    "Your bins are half as wide as they should be: they leave gaps.": (
        bins(half=lambda levels: 0.5 / (levels - 1))
    ),
    "Your bins are twice as wide as they should be: they overlap.": (
        bins(half=lambda levels: 2 / (levels - 1))
    ),
    "Your bins are those of 256 levels, whatever levels is.": (
        bins(half=lambda levels: 1 / 255)
    ),
    "The levels are placed as if there were 256, whatever levels is.": (
        bins(lambda x, levels: 2 * x.double() / 255 - 1)
    ),
    "Levels and bins are placed as if there were 256, whatever levels is.": (
        bins(lambda x, levels: 2 * x.double() / 255 - 1, lambda levels: 1 / 255)
    ),
    "The levels are not scaled: the mean is on an axis where they lie in [-1, 1].": (
        bins(lambda x, levels: x.double())
    ),
    "The levels are scaled to [0, 1]; the mean is on an axis where they lie in "
    "[-1, 1].": bins(lambda x, levels: x.double() / (levels - 1)),
    "You work in units of levels, where a bin is 1 wide; mean and log_scale are on an "
    "axis where the levels lie in [-1, 1].": (
        bins(lambda x, levels: x.double(), lambda levels: 0.5)
    ),
    "The levels are scaled to [0, 1], and the bins with them; mean and log_scale are "
    "on an axis where the levels lie in [-1, 1].": (
        bins(
            lambda x, levels: x.double() / (levels - 1),
            lambda levels: 0.5 / (levels - 1),
        )
    ),
    "The last level is placed below 1: of so many levels the first lies at -1 and the "
    "last at 1.": bins(lambda x, levels: 2 * x.double() / levels - 1),
    "Twice a uint8 level runs over 255 and begins anew: make floats of the levels "
    "first.": bins(lambda x, levels: (2 * x.double()) % 256 / (levels - 1) - 1),
    "You multiply by the scale; distances are divided by it.": bins(
        precision=torch.exp
    ),
    "You use log_scale as if it were the scale.": (
        bins(precision=lambda log_scale: 1 / log_scale)
    ),
    "The scale takes no part.": bins(precision=torch.ones_like),
    "The scale is squared: this would be right for the logarithm of its root.": (
        bins(precision=lambda log_scale: torch.exp(-2 * log_scale))
    ),
    "You treat log_scale as the logarithm of a variance; it is that of the scale.": (
        bins(precision=lambda log_scale: torch.exp(-log_scale / 2))
    ),
    "This is the probability; its logarithm is asked for.": (
        lambda *given: exact(*given).exp()
    ),
    "The sign is turned: a log-probability is not positive.": (
        lambda *given: -exact(*given)
    ),
    "This is in bits; nats are asked for.": lambda *given: exact(*given) / math.log(2),
    "This is a normal law's bin; the logistic law's cumulated probability is a "
    "sigmoid.": _normal,
    "This is the cumulated probability at the end of the bin: what lies below the bin "
    "is still in it.": _cumulated,
    "The mean is taken with the wrong sign.": (
        lambda x, mean, log_scale, levels: exact(x, -mean, log_scale, levels)
    ),
}
