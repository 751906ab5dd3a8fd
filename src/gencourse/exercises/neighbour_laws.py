"""What right counts of neighbours obey."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, numbers

Offset = tuple[int, int]
INPUT = torch.randint(6, (3, 2, 4, 5), generator=torch.Generator().manual_seed(0))


def _follow(
    x: Tensor,
    levels: int,
    contexts: int,
    left: Offset = (0, -1),
    up: Offset = (-1, 0),
) -> Tensor:
    """Count (left, up, level) by a loop over every pixel."""
    counts = torch.zeros(contexts, contexts, levels, dtype=torch.float64)
    height, width = x.shape[-2:]

    def context(plane: list[list[int]], row: int, column: int) -> int:
        inside = 0 <= row < height and 0 <= column < width
        return plane[row][column] * contexts // levels if inside else 0

    places = list(itertools.product(range(height), range(width)))
    for plane, (i, j) in itertools.product(x.flatten(0, 1).tolist(), places):
        before = context(plane, i + left[0], j + left[1])
        above = context(plane, i + up[0], j + up[1])
        counts[before, above, plane[i][j]] += 1
    return counts


def _inner(first: int) -> Tensor:
    """Count from this row and column on; before 0 a Python index wraps around."""
    counts = torch.zeros(3, 3, 6, dtype=torch.float64)
    for plane in INPUT.flatten(0, 1).tolist():
        for i, j in itertools.product(range(first, 4), range(first, 5)):
            counts[plane[i][j - 1] // 2, plane[i - 1][j] // 2, plane[i][j]] += 1
    return counts


NEIGHBOURS: Mistakes = {
    "Left and up are exchanged: the first axis is the left neighbour.": (
        lambda right: right.transpose(0, 1)
    ),
    "Pixels at the border are left out; a neighbour outside the image counts as level "
    "0.": lambda right: _inner(1),
    "The neighbours are taken on the wrong side: right and down instead of left and "
    "up.": lambda right: _follow(INPUT, 6, 3, (0, 1), (1, 0)),
    "At the border your neighbours come from the opposite side; outside the image "
    "they count as level 0.": lambda right: _inner(0),
    "A triple that occurs often is counted once: an assignment to an index does not "
    "add up repeated places.": lambda right: right.clamp(max=1),
    "Only the first channel is counted; all channels are.": (
        lambda right: _follow(INPUT[:, :1], 6, 3)
    ),
    "Only the first image is counted; all images are.": (
        lambda right: _follow(INPUT[:1], 6, 3)
    ),
    "These are probabilities; counts are asked for.": lambda right: right / right.sum(),
}


def counts_of_neighbours(f: Answer) -> None:
    """The counts are those of a loop over every pixel."""
    right = _follow(INPUT, 6, 3)
    shapes = {(6, 6, 6): "Neighbours are told by their contexts, not their levels."}
    got = numbers(f(INPUT.to(torch.uint8), 6, 3), (3, 3, 6), shapes)
    what = (
        f"Each of the {INPUT.numel()} pixels should be counted once, under the "
        f"contexts of its two neighbours; your counts sum to {got.sum().item():g}."
    )
    expect(got, right, what, NEIGHBOURS, (right,))


def counts_without_overflow(f: Answer) -> None:
    """256 levels times the contexts do not fit a uint8, and need not."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randint(256, (2, 1, 6, 6), generator=generator)
    what = (
        "With 256 levels and 8 contexts the contexts are off: does a product of uint8 "
        "numbers start again at 0?"
    )
    got = numbers(f(x.to(torch.uint8), 256, 8), (8, 8, 256))
    expect(got, _follow(x, 256, 8), what)
