"""Densities of images that count and look nothing up in a network: the baselines.

A model that does not beat them has learned nothing. All of them are normalised exactly:
the probabilities of all images sum to one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from gencourse.density import neighbour_contexts, neighbour_counts, pixel_table
from gencourse.images import Shape, check_images


class TableDensity(ABC):
    """An image density whose pixels look their law up in a table of probabilities."""

    def __init__(self, *, shape: Shape = (1, 28, 28), levels: int = 256) -> None:
        self.shape, self.levels = shape, levels

    @abstractmethod
    def pixel_probs(self, x: Tensor, row: slice, column: slice) -> Tensor:
        """Return the law of each pixel in a window, given the pixels before it.

        Before is in raster order: levels (B, C, H, W) -> (B, C, rows, columns, levels).
        """

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log p(x), exact, in nats: levels (B, C, H, W) -> (B,)."""
        check_images(x, self.shape, self.levels)
        return torch.cat([self._log_prob(batch) for batch in x.split(64)])

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return n images, pixel by pixel: uint8 levels (n, C, H, W)."""
        if n < 1:
            raise ValueError(f"expected one image or more, got n = {n}")
        x = torch.zeros(n, *self.shape, dtype=torch.uint8)
        for i in range(self.shape[1]):
            for j in range(self.shape[2]):
                probs = self.pixel_probs(x, slice(i, i + 1), slice(j, j + 1))
                flat = probs.reshape(-1, self.levels)
                drawn = torch.multinomial(flat, 1, generator=generator)
                x[:, :, i, j] = drawn.view(n, -1).to(torch.uint8)
        return x

    def _log_prob(self, x: Tensor) -> Tensor:
        probs = self.pixel_probs(x, slice(None), slice(None))
        each = probs.gather(-1, x.long().unsqueeze(-1))
        return each.log().flatten(1).sum(1)


class UniformPixels(TableDensity):
    """Every level equally likely everywhere: log2(levels) bits per dimension."""

    def pixel_probs(self, x: Tensor, row: slice, column: slice) -> Tensor:
        """Return 1 / levels for every level."""
        window = x[:, :, row, column]
        return torch.full((1,), 1 / self.levels).expand(*window.shape, self.levels)


class LevelHistogram(TableDensity):
    """One histogram of levels, the same at every pixel.

    ``smoothing`` is added to every count.
    """

    def __init__(
        self,
        x: Tensor,
        *,
        shape: Shape = (1, 28, 28),
        levels: int = 256,
        smoothing: float = 0.1,
    ) -> None:
        super().__init__(shape=shape, levels=levels)
        check_images(x, shape, levels)
        counts = torch.bincount(x.flatten().int(), minlength=levels) + smoothing
        self.table = counts / counts.sum()

    def pixel_probs(self, x: Tensor, row: slice, column: slice) -> Tensor:
        """Return the share of each level in the training images."""
        return self.table.expand(*x[:, :, row, column].shape, self.levels)


class IndependentPixels(TableDensity):
    """A histogram of levels for each pixel: see `gencourse.density.pixel_table`."""

    def __init__(
        self,
        x: Tensor,
        *,
        shape: Shape = (1, 28, 28),
        levels: int = 256,
        smoothing: float = 0.1,
    ) -> None:
        super().__init__(shape=shape, levels=levels)
        check_images(x, shape, levels)
        self.table = pixel_table(x, levels, smoothing)  # (C, H, W, levels)

    def pixel_probs(self, x: Tensor, row: slice, column: slice) -> Tensor:
        """Return the share of each level at this pixel."""
        return self.table[:, row, column].expand(len(x), -1, -1, -1, -1)


class NeighbourTable(TableDensity):
    """A histogram of levels for each pair of neighbours, left and above.

    See `gencourse.density.neighbour_counts`. The first pixel's neighbours count as 0.
    """

    def __init__(
        self,
        x: Tensor,
        *,
        shape: Shape = (1, 28, 28),
        levels: int = 256,
        contexts: int = 64,
        smoothing: float = 0.02,
    ) -> None:
        super().__init__(shape=shape, levels=levels)
        check_images(x, shape, levels)
        self.contexts = min(contexts, levels)
        counts = neighbour_counts(x, levels, self.contexts) + smoothing
        self.table = counts / counts.sum(-1, keepdim=True)

    def pixel_probs(self, x: Tensor, row: slice, column: slice) -> Tensor:
        """Return the share of each level after these two neighbours."""
        left, above = neighbour_contexts(x, self.levels, self.contexts)
        return self.table[left[:, :, row, column], above[:, :, row, column]]
