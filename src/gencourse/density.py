"""Density estimation on points: what a density is, and the classic ways to fit one.

The two protocols are the taxonomy of the course (Goodfellow 2016, section 2,
https://arxiv.org/abs/1701.00160): an explicit density can be evaluated, an implicit one
can only be sampled from.
"""

from __future__ import annotations

import math
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn


@runtime_checkable
class ImplicitDensity(Protocol):
    """Something to draw from, whose density is never written down."""

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return n draws, (n, ...)."""


@runtime_checkable
class ExplicitDensity(ImplicitDensity, Protocol):
    """Something to draw from whose density can be evaluated exactly."""

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats: (B, ...) -> (B,)."""


def gaussian_log_prob(x: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Return log N(x; mean, std^2) in nats, element by element.

    The three shapes broadcast; the result has their common shape.
    """
    return -0.5 * ((x - mean) / std) ** 2 - std.log() - 0.5 * math.log(2 * math.pi)


def mixture_log_prob(x: Tensor, weights: Tensor, means: Tensor, stds: Tensor) -> Tensor:
    """Return the log-density in nats of a mixture of Gaussians on the line.

    Args:
        x: points, (N,).
        weights: (K,), positive, summing to one.
        means: (K,).
        stds: (K,), positive.

    Returns:
        (N,), finite even where every component's density underflows to zero.
    """
    each = gaussian_log_prob(x[:, None], means, stds)  # (N, K)
    return torch.logsumexp(weights.log() + each, dim=1)


def kernel_log_prob(x: Tensor, data: Tensor, bandwidth: float) -> Tensor:
    """Return the log-density in nats of a Gaussian kernel estimate (Parzen 1962).

    Every data point carries a round Gaussian of standard deviation ``bandwidth`` and
    the same weight, https://doi.org/10.1214/aoms/1177704472.

    Args:
        x: points to evaluate, (M, D).
        data: points that the estimate stands on, (N, D).
        bandwidth: in the units of the data, above 0.

    Returns:
        (M,).
    """
    count, dims = data.shape
    squares = ((x[:, None] - data) / bandwidth).square().sum(-1)  # (M, N)
    constant = dims * (math.log(bandwidth) + 0.5 * math.log(2 * math.pi))
    return torch.logsumexp(-0.5 * squares, dim=1) - constant - math.log(count)


def kl_divergence(p: Tensor, q: Tensor) -> Tensor:
    """Return KL(p || q) in nats of discrete laws, summed over the last axis.

    Args:
        p: probabilities, (..., K). Where p is 0 the term is 0.
        q: probabilities, (..., K). Where q is 0 and p is not, the result is infinite.

    Returns:
        (...), never negative.
    """
    # Where p is 0 a 1 stands in: under a where, the logarithm of 0 still has a gradient
    # of NaN.
    log_p, log_q = (torch.where(p > 0, law, 1.0).log() for law in (p, q))
    # Rounding can bring two equal laws a hair below 0.
    return (p * (log_p - log_q)).sum(-1).clamp(min=0)


def pixel_table(x: Tensor, levels: int, smoothing: float) -> Tensor:
    """Return how likely each level is at each pixel, every pixel on its own.

    Args:
        x: images, uint8 levels (N, C, H, W).
        levels: the number of levels.
        smoothing: added to every count, so that no level is impossible.

    Returns:
        (C, H, W, levels) probabilities: count + smoothing, over their sum.
    """
    counts = torch.zeros(*x.shape[1:], levels, dtype=torch.float64)
    counts.scatter_(-1, x.permute(1, 2, 3, 0).long(), 1.0, reduce="add")
    counts += smoothing
    return counts / counts.sum(-1, keepdim=True)


def neighbour_contexts(x: Tensor, levels: int, contexts: int) -> tuple[Tensor, Tensor]:
    """Return the contexts left of and above each pixel: two int64 (N, C, H, W).

    A context is the neighbour's level * contexts // levels; a neighbour outside the
    image counts as level 0.
    """
    coarse = x.long() * contexts // levels
    left = nn.functional.pad(coarse, (1, 0))[..., :-1]
    above = nn.functional.pad(coarse, (0, 0, 1, 0))[..., :-1, :]
    return left, above


def neighbour_counts(x: Tensor, levels: int, contexts: int) -> Tensor:
    """Return how often each level follows each pair of neighbours, left and above.

    A context is the neighbour's level * contexts // levels, a whole number in
    0 ... contexts - 1; a neighbour outside the image counts as level 0.

    Args:
        x: images, uint8 levels (N, C, H, W).
        levels: the number of levels.
        contexts: into how many contexts the levels of a neighbour are put.

    Returns:
        int64 (contexts, contexts, levels): left context, context above, level of the
        pixel; summed over images, channels and pixels.
    """
    left, above = neighbour_contexts(x, levels, contexts)
    place = (left * contexts + above) * levels + x.long()
    counts = torch.bincount(place.flatten(), minlength=contexts**2 * levels)
    return counts.view(contexts, contexts, levels)
