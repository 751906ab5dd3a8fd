"""Heads: how a network's numbers become a law over the levels of one pixel."""

from __future__ import annotations

from typing import Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from gencourse.images import check_count, check_levels

HeadName = Literal["softmax", "bernoulli", "logistic"]


class Head(Protocol):
    """A law over the levels of a pixel, given numbers that stand on the last axis."""

    levels: int
    size: int  # how many numbers it reads
    draws: int  # how many uniform draws a sample takes

    def log_prob(self, numbers: Tensor, x: Tensor) -> Tensor:
        """Return log p(x) in nats: (..., size) and levels (...) -> (...)."""

    def sample(self, numbers: Tensor, uniform: Tensor) -> Tensor:
        """Return int64 levels by inverse CDF: (..., size), [0, 1) (..., draws)."""

    def mean(self, numbers: Tensor) -> Tensor:
        """Return the expected level, a float: (..., size) -> (...)."""


class Categorical:
    """One number a level: log p(x) = log softmax. Any law can be had."""

    draws = 1

    def __init__(self, levels: int) -> None:
        check_levels(levels)
        self.levels = self.size = levels

    def log_prob(self, numbers: Tensor, x: Tensor) -> Tensor:
        """Return log p(x) in nats: (..., levels) and levels (...) -> (...)."""
        return categorical_log_prob(numbers, x)

    def sample(self, numbers: Tensor, uniform: Tensor) -> Tensor:
        """Return levels drawn by inverse CDF: (..., levels), (..., 1) -> (...)."""
        return inverse_cdf(numbers, uniform)

    def mean(self, numbers: Tensor) -> Tensor:
        """Return the expected level, a float: (..., levels) -> (...)."""
        return numbers.softmax(-1) @ torch.arange(self.levels).to(numbers)


class Bernoulli:
    """One number a pixel, for two levels: p(1) = sigmoid."""

    size = draws = 1

    def __init__(self, levels: int = 2) -> None:
        if levels != 2:
            raise ValueError(f"a Bernoulli head has 2 levels, got levels={levels!r}")
        self.levels = levels

    def log_prob(self, numbers: Tensor, x: Tensor) -> Tensor:
        """Return log p(x) in nats: (..., 1) and levels (...) -> (...)."""
        return F.logsigmoid(numbers.squeeze(-1) * (2 * x.to(numbers.dtype) - 1))

    def sample(self, numbers: Tensor, uniform: Tensor) -> Tensor:
        """Return levels drawn by inverse CDF: (..., 1), (..., 1) -> (...)."""
        # Level 0 comes first: the draws below p(0) = sigmoid(-number) are its.
        return (uniform >= (-numbers).sigmoid()).squeeze(-1).long()

    def mean(self, numbers: Tensor) -> Tensor:
        """Return the expected level, a float: (..., 1) -> (...)."""
        return numbers.sigmoid().squeeze(-1)


class LogisticMixture:
    """A mixture of logistic laws, cut into bins of one level each.

    The first and the last bin reach to infinity, so that the levels sum to one exactly
    (Salimans et al. 2017, section 2.1, https://arxiv.org/abs/1701.05517). For every
    component a weight, a mean and a log-scale, on levels scaled to [-1, 1].
    """

    draws = 2
    least_log_scale, greatest_log_scale = -7.0, 7.0

    def __init__(self, levels: int, components: int = 10) -> None:
        check_levels(levels)
        check_count("components", components)
        self.levels, self.components = levels, components
        self.size = 3 * components

    def log_prob(self, numbers: Tensor, x: Tensor) -> Tensor:
        """Return log p(x) in nats: (..., 3 K) and levels (...) -> (...)."""
        weights, means, log_scales = self.split(numbers)
        each = logistic_bin(x.unsqueeze(-1), means, log_scales, self.levels)
        return torch.logsumexp(weights.log_softmax(-1) + each, dim=-1)

    def sample(self, numbers: Tensor, uniform: Tensor) -> Tensor:
        """Return levels drawn by inverse CDF: (..., 3 K), (..., 2) -> (...).

        The first draw chooses the component, the second the value, which is then
        rounded to a level: the law that is sampled is the law that is scored.
        """
        weights, means, log_scales = self.split(numbers)
        component = inverse_cdf(weights, uniform[..., :1]).unsqueeze(-1)
        mean, log_scale = (
            values.gather(-1, component).squeeze(-1) for values in (means, log_scales)
        )
        # A draw of 0 stands for all below 2^-24: taken as it is, it would be -infinity.
        value = mean + log_scale.exp() * torch.logit(uniform[..., 1], eps=2**-25)
        level = (value + 1) / 2 * (self.levels - 1)
        return level.clamp(0, self.levels - 1).round().long()

    def mean(self, numbers: Tensor) -> Tensor:
        """Return the expected level, a float: (..., 3 K) -> (...)."""
        weights, means, log_scales = self.split(numbers)
        total = torch.zeros_like(means)
        for level in range(1, self.levels):  # P(x >= level), summed
            edge = (2 * level - 1) / (self.levels - 1) - 1
            total = total + ((means - edge) * torch.exp(-log_scales)).sigmoid()
        return (weights.softmax(-1) * total).sum(-1)

    def split(self, numbers: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits of the weights, means, and log-scales: (..., 3 K) -> (..., K).

        Numbers that are all 0 are means spread over [-1, 1], not all in one place:
        components that start alike stay alike for long.
        """
        weights, means, log_scales = numbers.chunk(3, -1)
        count = self.components
        spread = (torch.arange(count).to(numbers) + 0.5) * (2 / count) - 1
        bounded = log_scales.clamp(self.least_log_scale, self.greatest_log_scale)
        return weights, means + spread, bounded


def categorical_log_prob(logits: Tensor, x: Tensor) -> Tensor:
    """Return log p(x) in nats, of a softmax law: (..., levels) and (...) -> (...).

    Args:
        logits: a number for each level, however far apart.
        x: levels, whole numbers 0 ... levels - 1 of any dtype.
    """
    chosen = x.long().unsqueeze(-1)
    return logits.log_softmax(-1).gather(-1, chosen).squeeze(-1)


def logistic_bin(x: Tensor, mean: Tensor, log_scale: Tensor, levels: int) -> Tensor:
    """Return the log-probability in nats of the bin of each level under a logistic law.

    With the bin's ends (a, b) in units of the scale, log(sigmoid(b) - sigmoid(a)) is
    log sigmoid(b) + log sigmoid(-a) + log(1 - exp(a - b)): no branch, and nothing that
    underflows.

    Args:
        x: levels, whole numbers 0 ... levels - 1.
        mean: on levels scaled to [-1, 1].
        log_scale: natural logarithm of the scale, in the same units as the mean.
        levels: the number of levels; the outer bins reach to infinity.

    Returns:
        The broadcast shape of the three.
    """
    half = 1 / (levels - 1)
    centre = 2 * half * x.to(mean.dtype) - 1
    precision = torch.exp(-log_scale)
    below = F.logsigmoid((centre + half - mean) * precision)  # log P(X < upper end)
    above = F.logsigmoid(-(centre - half - mean) * precision)  # log P(X > lower end)
    inside = below + above + torch.log(-torch.expm1(-2 * half * precision))
    return torch.where(x == 0, below, torch.where(x == levels - 1, above, inside))


def make_head(name: HeadName, levels: int, components: int) -> Head:
    """Return the head of that name; another name is a ValueError that lists them."""
    if name == "softmax":
        return Categorical(levels)
    if name == "bernoulli":
        return Bernoulli(levels)
    if name == "logistic":
        return LogisticMixture(levels, components)
    raise ValueError(f"expected head softmax, bernoulli or logistic, got {name!r}")


def inverse_cdf(logits: Tensor, uniform: Tensor) -> Tensor:
    """Return levels drawn by inverse CDF: the first whose cumulated p exceeds the draw.

    Args:
        logits: of the levels, (..., levels); their softmax is the law.
        uniform: a draw in [0, 1) for each law, (..., 1).

    Returns:
        Levels, int64 (...).
    """
    cumulated = logits.softmax(-1).cumsum(-1)
    # The total is 1 up to rounding; scaled by it, no draw falls behind the last index.
    passed = cumulated <= uniform * cumulated[..., -1:]
    return passed.sum(-1).clamp(max=logits.shape[-1] - 1)
