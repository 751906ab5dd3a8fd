"""Densities of images that count and look nothing up in a network: the baselines.

A model that does not beat them has learned nothing. All of them are normalised exactly:
the probabilities of all images sum to one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import product
from math import prod

import torch
from torch import Tensor

from gencourse.density import neighbour_contexts, neighbour_counts, pixel_table
from gencourse.images import Shape, check_images

# Images whose laws of a pixel are looked up at once: few enough for the cache.
AT_ONCE = 500


class TableDensity(ABC):
    """An image density whose pixels look their law up in a table of probabilities.

    ``table`` is float64, (rows, levels): a law in each row. ``weights``, (...,
    levels), become its rows when each is divided by its sum.
    """

    def __init__(self, weights: Tensor, shape: Shape) -> None:
        self.shape, self.levels = shape, weights.shape[-1]
        rows = weights.double().reshape(-1, self.levels)
        self.table = rows / rows.sum(-1, keepdim=True)

    @abstractmethod
    def rows(self, x: Tensor) -> Tensor:
        """Return in which row of the table each pixel's law is: int64, x's shape.

        It depends on nothing but the pixels before it, in raster order.
        """

    def pixel_probs(self, x: Tensor, row: slice, column: slice) -> Tensor:
        """Return the law of each pixel in a window, given the pixels before it.

        Before is in raster order: levels (B, C, H, W) -> (B, C, rows, columns, levels).
        """
        return self.table[self.rows(x)[:, :, row, column]]

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log p(x), exact, in nats: levels (B, C, H, W) -> (B,) float64."""
        check_images(x, self.shape, self.levels)
        parts = [self.table[self.rows(p), p.long()].log() for p in x.split(1000)]
        return torch.cat(parts).flatten(1).sum(1)

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return n images, pixel by pixel: uint8 levels (n, C, H, W)."""
        if n < 1:
            raise ValueError(f"expected one image or more, got n = {n}")
        x = torch.zeros(n, *self.shape, dtype=torch.uint8)
        for i, j in product(*map(range, self.shape[1:])):
            for part in x.split(AT_ONCE):
                probs = self.pixel_probs(part, slice(i, i + 1), slice(j, j + 1))
                part[:, :, i, j] = draw_levels(probs[:, :, 0, 0], generator)
        return x


class UniformPixels(TableDensity):
    """Every level equally likely everywhere: log2(levels) bits per dimension."""

    def __init__(self, *, shape: Shape = (1, 28, 28), levels: int = 256) -> None:
        super().__init__(torch.ones(levels), shape)

    def rows(self, x: Tensor) -> Tensor:
        """Return row 0 for every pixel: 1 / levels for every level."""
        return torch.zeros_like(x, dtype=torch.int64)


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
        check_images(x, shape, levels)
        _check_smoothing(smoothing)
        counts = torch.bincount(x.flatten().int(), minlength=levels)
        super().__init__(counts.double() + smoothing, shape)

    def rows(self, x: Tensor) -> Tensor:
        """Return row 0 for every pixel: each level's share in the training images."""
        return torch.zeros_like(x, dtype=torch.int64)


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
        check_images(x, shape, levels)
        _check_smoothing(smoothing)
        super().__init__(pixel_table(x, levels, smoothing), shape)

    def rows(self, x: Tensor) -> Tensor:
        """Return the pixel's own number: each level's share at this pixel."""
        return torch.arange(prod(self.shape)).view(self.shape).expand_as(x)


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
        check_images(x, shape, levels)
        _check_smoothing(smoothing)
        if contexts < 1:
            raise ValueError(f"expected one context or more, got {contexts}")
        self.contexts = min(contexts, levels)
        counts = neighbour_counts(x, levels, self.contexts)
        super().__init__(counts.double() + smoothing, shape)

    def rows(self, x: Tensor) -> Tensor:
        """Return the number of the pair of neighbours, left and above."""
        left, above = neighbour_contexts(x, self.levels, self.contexts)
        return left * self.contexts + above

    def pixel_probs(self, x: Tensor, row: slice, column: slice) -> Tensor:
        """Return the law of each pixel in a window; see `TableDensity.pixel_probs`."""
        start, end, _ = row.indices(x.shape[2])
        first = max(start - 1, 0)  # a pixel's row of the table reaches no further up
        own = slice(start - first, None)
        return super().pixel_probs(x[:, :, first:end], own, column)


def draw_levels(probs: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Return levels drawn by inverse CDF: float64 (..., levels) -> uint8 (...)."""
    ends = probs.cumsum(-1)
    uniform = torch.rand(
        (*probs.shape[:-1], 1), dtype=torch.float64, generator=generator
    )
    # Scaled by the total, which is 1 up to rounding, no draw falls behind the last.
    drawn = torch.searchsorted(ends, uniform * ends[..., -1:], right=True)
    return drawn.squeeze(-1).clamp(max=probs.shape[-1] - 1).to(torch.uint8)


def _check_smoothing(smoothing: float) -> None:
    """Without smoothing a pair that was never seen would have no law at all."""
    if not smoothing > 0:
        raise ValueError(f"expected smoothing above 0, got {smoothing}")
