"""A density that has learned its training images by heart, and nothing else."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gencourse.images import check_images, check_levels


class StoredImages:
    """Draw a training image; then turn each of its pixels to another level, rarely.

    p(x) is the mean over the N stored images t of a product over pixels i: 1 - error
    where x_i = t_i, else error / (levels - 1). The samples are as good as its images.
    """

    def __init__(self, x: Tensor, *, levels: int = 256, error: float = 1e-3) -> None:
        check_levels(levels)
        self.shape, self.levels = (*x.shape[1:],), levels
        check_images(x, self.shape, levels)
        if not 0 < error < 1:
            raise ValueError(f"expected an error between 0 and 1, got {error}")
        self.x, self.error = x, error

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log p(x), exact, in nats: levels (B, C, H, W) -> (B,) float64."""
        check_images(x, self.shape, self.levels)
        return torch.cat([self._log_prob(part) for part in x.split(10)])

    def _log_prob(self, x: Tensor) -> Tensor:
        same = (x[:, None] == self.x).flatten(2).sum(2)  # (B, N)
        nats: Tensor = self.given_copies(same).logsumexp(1)
        return nats - math.log(len(self.x))

    def given_copies(self, same: Tensor) -> Tensor:
        """Return log p(x | t) in nats of images that share so many pixels with t."""
        other = math.prod(self.shape) - same
        wrong = math.log(self.error / (self.levels - 1))
        right = math.log1p(-self.error)
        return torch.add(right * same.double(), wrong * other.double())

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return n images: uint8 levels (n, C, H, W)."""
        if n < 1:
            raise ValueError(f"expected one image or more, got n = {n}")
        chosen = self.x[torch.randint(len(self.x), (n,), generator=generator)]
        turned = torch.rand(chosen.shape, generator=generator) < self.error
        step = torch.randint(1, self.levels, chosen.shape, generator=generator)
        moved = (chosen.int() + step) % self.levels
        return torch.where(turned, moved, chosen.int()).to(torch.uint8)
