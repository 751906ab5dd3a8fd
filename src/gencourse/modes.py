"""Gaussians on a grid, and how many modes of a density samples reach."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gencourse.images import check_count
from gencourse.toy import gaussians_log_prob


@dataclass(frozen=True)
class Grid:
    """Equal round Gaussians on a square grid around the origin.

    Args:
        side: modes along a side.
        spacing: between neighbouring centres.
        std: of each Gaussian, in both directions.
    """

    side: int = 5
    spacing: float = 1.0
    std: float = 0.05

    def __post_init__(self) -> None:
        check_count("side", self.side)
        for name in ("spacing", "std"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"expected {name} above 0, got {value!r}")

    def _centres(self) -> Tensor:
        places = torch.arange(self.side, dtype=torch.float64) - (self.side - 1) / 2
        return self.spacing * torch.cartesian_prod(places, places).view(-1, 2)

    @property
    def centres(self) -> Tensor:
        """The means of the Gaussians, column by column: float32 (side^2, 2)."""
        return self._centres().float()

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return n draws: float32 (n, 2)."""
        check_count("n", n)
        which = torch.randint(self.side**2, (n,), generator=generator)
        noise = torch.randn(n, 2, generator=generator, dtype=torch.float32)
        return self.centres[which] + self.std * noise

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, in the dtype of x: (N, 2) -> (N,)."""
        count = self.side**2
        weights = torch.full((count,), 1 / count, dtype=torch.float64)
        stds = torch.full((count,), self.std, dtype=torch.float64)
        return gaussians_log_prob(x, weights, self._centres(), stds)


def modes_reached(points: Tensor, centres: Tensor, radius: float) -> tuple[int, float]:
    """Return how many modes have a good sample, and the share of good samples.

    A sample is good if its nearest centre is within the radius. It counts for that
    centre alone.

    Args:
        points: samples, (N, D), N of 1 or more.
        centres: of the modes, (K, D).
        radius: in the units of the points, three standard deviations for example.
    """
    some = len(points) and len(centres)
    if points.ndim != 2 or not some or points.shape[1:] != centres.shape[1:]:
        shapes = f"{tuple(points.shape)} and {tuple(centres.shape)}"
        raise ValueError(f"expected points (N, D) and centres (K, D), got {shapes}")
    # Products of matrices would be faster, and inexact just at the radius.
    exactly = "donot_use_mm_for_euclid_dist"
    distance, nearest = torch.cdist(points, centres, compute_mode=exactly).min(1)
    good = distance <= radius
    return len(nearest[good].unique()), good.double().mean().item()
