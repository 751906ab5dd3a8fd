"""Several tables of neighbours, mixed: a density that counts more than one of them.

It is the answer to the comparison chapter's project, and a row of the scoreboard.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gencourse.baselines import TableDensity
from gencourse.density import ExplicitDensity
from gencourse.images import check_images, check_levels

# The neighbours that a table looks at, (rows up, columns to the left), and into how
# many contexts the level of each is put: the more neighbours, the coarser.
NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
LOOKS = ((2, 64), (3, 24), (4, 12))
SMOOTHING, ROUNDS = 0.02, 50
# Images that are counted at once: few enough for the cache.
AT_ONCE = 500


def contexts(x: Tensor, levels: int, neighbours: int, cuts: int) -> Tensor:
    """Return the number of each pixel's context: int64, x's shape.

    Args:
        x: uint8 levels (N, C, H, W).
        levels: the number of levels.
        neighbours: how many of `NEIGHBOURS` count; one outside the image is level 0.
        cuts: into how many contexts the level of one neighbour is put.
    """
    height, width = x.shape[2:]
    coarse = F.pad(x.long() * cuts // levels, (1, 1, 1, 0))
    number = torch.zeros_like(x, dtype=torch.int64)
    for up, left in NEIGHBOURS[:neighbours]:
        rows, columns = (
            slice(1 - up, 1 - up + height),
            slice(1 - left, 1 - left + width),
        )
        number = number * cuts + coarse[:, :, rows, columns]
    return number


class MixedTables(TableDensity):
    """A weighted mean of the laws that tables of two, three and four neighbours have.

    ``weights``, (tables,), sum to one. The tables are counted on ``x``, the weights are
    those of most likelihood on ``held_back``, by expectation maximisation.
    """

    def __init__(self, x: Tensor, held_back: Tensor, *, levels: int = 256) -> None:
        check_levels(levels)
        self.shape, self.levels = (*x.shape[1:],), levels
        check_images(x, self.shape, levels)
        check_images(held_back, self.shape, levels)
        self.looks = [(n, min(cuts, levels)) for n, cuts in LOOKS]
        self.tables = [self._count(x, *look) for look in self.looks]
        self.table = torch.cat(self.tables)
        self.weights = self._weigh(self._each(held_back).flatten(1))

    def rows(self, x: Tensor) -> Tensor:
        """Raise a TypeError: a pixel has a row in each of several tables."""
        raise TypeError("expected one table, got several: use pixel_probs")

    def pixel_probs(self, x: Tensor, row: slice, column: slice) -> Tensor:
        """Return the law of each pixel in a window, given the pixels before it.

        Before is in raster order: levels (B, C, H, W) -> (B, C, rows, columns, levels).
        """
        start, end, _ = row.indices(x.shape[2])
        above = max(start - 1, 0)  # no context reaches further up
        seen, own = x[:, :, above:end], slice(start - above, None)
        laws = [
            table[contexts(seen, self.levels, *look)[:, :, own, column]]
            for table, look in zip(self.tables, self.looks, strict=True)
        ]
        mixed: Tensor = torch.tensordot(self.weights, torch.stack(laws), 1)
        return mixed

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log p(x), exact, in nats: levels (B, C, H, W) -> (B,) float64."""
        check_images(x, self.shape, self.levels)
        parts = [
            torch.einsum("k,kbn->bn", self.weights, self._each(part).flatten(2)).log()
            for part in x.split(1000)
        ]
        return torch.cat(parts).sum(1)

    def _count(self, x: Tensor, neighbours: int, cuts: int) -> Tensor:
        counts = torch.zeros(cuts**neighbours * self.levels, dtype=torch.int64)
        for part in x.split(AT_ONCE):
            place = contexts(part, self.levels, neighbours, cuts) * self.levels + part
            counts.index_add_(0, place.flatten(), torch.ones_like(place).flatten())
        smoothed = counts.view(-1, self.levels).double() + SMOOTHING
        return smoothed / smoothed.sum(1, keepdim=True)

    def _each(self, x: Tensor) -> Tensor:
        """Return what each table says of every pixel: (tables, N, C, H, W)."""
        return torch.stack(
            [
                table[contexts(x, self.levels, *look), x.long()]
                for table, look in zip(self.tables, self.looks, strict=True)
            ]
        )

    def _weigh(self, probs: Tensor) -> Tensor:
        weights = torch.full((len(probs),), 1 / len(probs), dtype=torch.float64)
        for _ in range(ROUNDS):
            weights = weights * (probs @ (weights @ probs).reciprocal())
            weights = weights / weights.sum()
        return weights


def entry(x: Tensor, levels: int) -> ExplicitDensity:
    """Return a density of images that was fitted to x, and that beats `NeighbourTable`.

    Args:
        x: training images, uint8 levels (N, C, H, W), N of 2 or more; any size.
        levels: the number of levels, 2 to 256.

    Returns:
        Something with ``log_prob(x)``, exact, in nats, uint8 (B, C, H, W) -> (B,), and
        ``sample(n, generator=None)``, uint8 (n, C, H, W).
    """
    if len(x) < 2:
        raise ValueError(f"expected 2 images or more, got {len(x)}")
    held_back = max(1, len(x) // 12)
    return MixedTables(x[:-held_back], x[-held_back:], levels=levels)
