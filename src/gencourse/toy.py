"""Toy densities in one and two dimensions: samples on demand, and an exact log p(x).

All three are mixtures of Gaussians that share one log-density; TwoMoons is a mixture
of infinitely many, summed by quadrature.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

ROWS = 4096  # of x at once, so that a fine grid of points fits into memory
NODES = 32  # of the quadrature, in each panel


@dataclass(frozen=True)
class Mixture1D:
    """A mixture of Gaussians on the line; the weights are positive and sum to 1."""

    weights: Sequence[float]
    means: Sequence[float]
    stds: Sequence[float]

    def __post_init__(self) -> None:
        sizes = (len(self.weights), len(self.means), len(self.stds))
        if len(set(sizes)) != 1:
            raise ValueError(f"expected as many weights as means and stds, got {sizes}")
        if not all(math.isfinite(mean) for mean in self.means):
            raise ValueError(f"expected finite means, got {self.means}")
        total = math.fsum(self.weights)
        if not (min(self.weights, default=0) > 0 and abs(total - 1) < 1e-6):
            raise ValueError(
                f"expected positive weights that sum to 1, got {self.weights}"
            )
        for std in self.stds:
            _check_std("stds", std)

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return n draws: float32 (n, 1)."""
        _check_n(n)
        weights = torch.tensor(self.weights, dtype=torch.float64)
        which = torch.multinomial(weights, n, replacement=True, generator=generator)
        means = torch.tensor(self.means, dtype=torch.float32)
        stds = torch.tensor(self.stds, dtype=torch.float32)
        noise = torch.randn(n, generator=generator, dtype=torch.float32)
        return (means[which] + stds[which] * noise)[:, None]

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, in the dtype of x: (N, 1) -> (N,)."""
        weights = torch.tensor(self.weights, dtype=torch.float64)
        means = torch.tensor(self.means, dtype=torch.float64)[:, None]
        stds = torch.tensor(self.stds, dtype=torch.float64)
        return gaussians_log_prob(x, weights / weights.sum(), means, stds)


@dataclass(frozen=True)
class Ring:
    """Equal Gaussians, their centres evenly on a circle, the first at (radius, 0)."""

    modes: int = 8
    radius: float = 2.0
    std: float = 0.1

    def __post_init__(self) -> None:
        if type(self.modes) is not int or self.modes < 1:
            raise ValueError(f"expected a number of modes above 0, got {self.modes!r}")
        if not (math.isfinite(self.radius) and self.radius >= 0):
            raise ValueError(f"expected a radius of 0 or more, got {self.radius!r}")
        _check_std("std", self.std)

    def _centres(self) -> Tensor:
        angles = torch.arange(self.modes, dtype=torch.float64) * (math.tau / self.modes)
        return self.radius * torch.stack([angles.cos(), angles.sin()], dim=1)

    @property
    def centres(self) -> Tensor:
        """The means of the Gaussians, counter-clockwise: float32 (modes, 2)."""
        return self._centres().float()

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return n draws: float32 (n, 2)."""
        _check_n(n)
        which = torch.randint(self.modes, (n,), generator=generator)
        noise = torch.randn(n, 2, generator=generator, dtype=torch.float32)
        return self.centres[which] + self.std * noise

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, in the dtype of x: (N, 2) -> (N,)."""
        weights = torch.full((self.modes,), 1 / self.modes, dtype=torch.float64)
        stds = torch.full((self.modes,), self.std, dtype=torch.float64)
        return gaussians_log_prob(x, weights, self._centres(), stds)


@dataclass(frozen=True)
class TwoMoons:
    """Two interleaved half circles of radius 1, blurred by Gaussian noise.

    The curves are those of scikit-learn's ``make_moons``: (cos t, sin t) and
    (1 - cos t, 1/2 - sin t), with t uniform from 0 to pi.
    """

    noise: float = 0.1

    def __post_init__(self) -> None:
        _check_std("noise", self.noise)

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return n draws: float32 (n, 2)."""
        _check_n(n)
        angles = math.pi * torch.rand(n, generator=generator, dtype=torch.float32)
        inner = torch.randint(2, (n, 1), generator=generator) == 1
        noise = torch.randn(n, 2, generator=generator, dtype=torch.float32)
        upper, lower = _moons(angles)
        return torch.where(inner, lower, upper) + self.noise * noise

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, in the dtype of x: (N, 2) -> (N,).

        The integral over t is a Gauss-Legendre sum of 32 nodes in each of 1/(2 noise)
        panels, so that a panel spans about six standard deviations of the noise. In
        float64 the error is below 1e-6 within ten standard deviations of the moons.
        """
        angles, weights = _quadrature(math.ceil(0.5 / self.noise))
        means = torch.cat(_moons(angles))
        weights = torch.cat([weights, weights]) / 2
        stds = torch.full_like(weights, self.noise)
        return gaussians_log_prob(x, weights, means, stds)


def _moons(angles: Tensor) -> tuple[Tensor, Tensor]:
    """Return the points of the upper and of the lower moon, each (N, 2)."""
    cos, sin = angles.cos(), angles.sin()
    upper = torch.stack([cos, sin], dim=1)
    return upper, torch.stack([1 - cos, 0.5 - sin], dim=1)


def _quadrature(panels: int) -> tuple[Tensor, Tensor]:
    """Return angles and weights of a mean over 0 ... pi, each (panels * NODES,)."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    positions = np.arange(panels)[:, None] + (nodes + 1) / 2
    angles = torch.from_numpy(positions.ravel() * (np.pi / panels))
    return angles, torch.from_numpy(np.tile(weights / (2 * panels), panels))


def gaussians_log_prob(
    x: Tensor, weights: Tensor, means: Tensor, stds: Tensor
) -> Tensor:
    """Return log sum_k w_k N(x; mean_k, std_k^2 I) in nats, (N,).

    x is (N, D), means (K, D), weights and stds (K,).
    """
    dimensions = means.shape[1]
    _check_points(x, dimensions)
    log_scale = weights.log() - dimensions * (stds.log() + math.log(math.tau) / 2)
    log_scale, means, stds = log_scale.to(x), means.to(x), stds.to(x)
    parts = []
    for rows in torch.split(x, ROWS):
        distances = (rows[:, None] - means) / stds[:, None]  # (rows, K, D)
        parts.append((log_scale - (distances**2).sum(-1) / 2).logsumexp(-1))
    return torch.cat(parts)


def _check_points(x: Tensor, dimensions: int) -> None:
    expected = f"expected a floating tensor of shape (N, {dimensions})"
    if not isinstance(x, Tensor):
        raise ValueError(f"{expected}, got {type(x).__name__}")
    if not x.is_floating_point():
        raise ValueError(f"{expected}, got {str(x.dtype).removeprefix('torch.')}")
    if x.ndim != 2 or x.shape[1] != dimensions:
        raise ValueError(f"{expected}, got shape {tuple(x.shape)}")


def _check_std(name: str, std: float) -> None:
    if not (math.isfinite(std) and std > 0):
        raise ValueError(f"expected {name} above 0, got {std!r}")


def _check_n(n: int) -> None:
    if type(n) is not int or n < 1:
        raise ValueError(f"expected a number of samples above 0, got {n!r}")
