"""What right counts of neighbours obey."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer, Raised
from gencourse.exercises.compare import Mistakes, expect, expect_whole, near, numbers
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.wrapping import survives_uint8

Offset = tuple[int, int]
INPUT = torch.randint(6, (3, 2, 4, 5), generator=torch.Generator().manual_seed(0))


def follow(
    x: Tensor,
    levels: int,
    contexts: int,
    left: Offset = (0, -1),
    above: Offset = (-1, 0),
    context: Callable[[int, int, int], int] | None = None,
) -> Tensor:
    """Count (left, above, level) by a loop over every pixel."""
    counts = torch.zeros(contexts, contexts, levels, dtype=torch.float64)
    height, width = x.shape[-2:]

    def find(plane: list[list[int]], row: int, column: int) -> int:
        inside = 0 <= row < height and 0 <= column < width
        level = plane[row][column] if inside else 0
        return (context or _context)(level, levels, contexts)

    places = list(itertools.product(range(height), range(width)))
    for plane, (i, j) in itertools.product(x.flatten(0, 1).tolist(), places):
        first = find(plane, i + left[0], j + left[1])
        second = find(plane, i + above[0], j + above[1])
        counts[first, second, plane[i][j]] += 1
    return counts


def _context(level: int, levels: int, contexts: int) -> int:
    return level * contexts // levels


def _inner(first: int) -> Tensor:
    """Count from this row and column on; before 0 a Python index wraps around."""
    counts = torch.zeros(3, 3, 6, dtype=torch.float64)
    for plane in INPUT.flatten(0, 1).tolist():
        for i, j in itertools.product(range(first, 4), range(first, 5)):
            counts[plane[i][j - 1] // 2, plane[i - 1][j] // 2, plane[i][j]] += 1
    return counts


NEIGHBOURS: Mistakes = {
    "Left and above are exchanged: the first axis is the context on the left.": (
        lambda right: right.transpose(0, 1)
    ),
    "Pixels at the border are left out; a neighbour outside the image counts as level "
    "0.": lambda right: _inner(1),
    "The neighbours are taken on the wrong side: right and below instead of left and "
    "above.": lambda right: follow(INPUT, 6, 3, (0, 1), (1, 0)),
    "At the border your neighbours come from the opposite side; outside the image "
    "they count as level 0.": lambda right: _inner(0),
    "A triple that occurs often is counted once: an assignment to an index does not "
    "add up repeated places.": lambda right: right.clamp(max=1),
    "Only the first channel is counted; all channels are.": (
        lambda right: follow(INPUT[:, :1], 6, 3)
    ),
    "Only the first image is counted; all images are.": (
        lambda right: follow(INPUT[:1], 6, 3)
    ),
    "These are probabilities; counts are asked for.": lambda right: right / right.sum(),
}


@survives_uint8
def counts_of_neighbours(f: Answer) -> None:
    """The counts are those of a loop over every pixel."""
    right = follow(INPUT, 6, 3)
    shapes = {(6, 6, 6): "Neighbours are told by their contexts, not their levels."}
    got = numbers(f(INPUT.to(torch.uint8), 6, 3), (3, 3, 6), shapes)
    if not any(near(got, wrong(right)) for wrong in NEIGHBOURS.values()):
        _check_contexts(got, INPUT, 6, 3)
        counts_of_one_picture(f)
    total = got.sum().item()
    what = (
        "All pixels are counted, but not under the contexts of their neighbours."
        if total == INPUT.numel()
        else f"Each of the {INPUT.numel()} pixels should be counted once; your counts "
        f"sum to {total:g}."
    )
    expect(got, right, what, NEIGHBOURS, (right,))


def counts_of_one_picture(f: Answer) -> None:
    """A picture of four pixels is counted right: small enough to do by hand."""
    x = torch.tensor([[[[1, 3], [2, 0]]]])
    what = "Of a picture of four pixels not every one is counted in its right place."
    got = numbers(f(x.to(torch.uint8), 4, 2), (2, 2, 4))
    expect(got, follow(x, 4, 2), what, told=f.for_inputs())


def _raises_or_returns(f: Answer, x: Tensor, levels: int, contexts: int) -> Tensor:
    try:
        result = f(x.to(torch.uint8), levels, contexts)
    except Raised as raised:
        name = type(raised.error).__name__
        raise Wrong(
            f"With {levels} levels in {contexts} contexts, which do not divide them, "
            f"your function raises {name}: is each context a whole number from 0 to "
            f"{contexts - 1}, as the docstring defines it?"
        ) from None
    return numbers(result, (contexts, contexts, levels))


UNEVEN: dict[str, Callable[[int, int, int], int]] = {
    "levels // contexts is rounded down, and the last contexts hold too much": (
        lambda level, levels, contexts: min(level // (levels // contexts), contexts - 1)
    ),
    "levels over contexts is rounded up, and the contexts are not filled evenly": (
        lambda level, levels, contexts: level // -(-levels // contexts)
    ),
    "the contexts are rounded to the nearest, where // rounds down": (
        lambda level, levels, contexts: min(
            round(level * contexts / levels), contexts - 1
        )
    ),
    "the highest level, levels - 1, stands where levels is due": (
        lambda level, levels, contexts: level * (contexts - 1) // (levels - 1)
    ),
}


def _check_contexts(got: Tensor, x: Tensor, levels: int, contexts: int) -> None:
    right = follow(x, levels, contexts)
    for slip, context in UNEVEN.items():
        wrong = follow(x, levels, contexts, context=context)
        if near(got, wrong) and not near(wrong, right):
            raise Wrong(f"With {levels} levels in {contexts} contexts {slip}.")


@survives_uint8
def counts_in_uneven_contexts(f: Answer) -> None:
    """Contexts that do not divide the levels are those of the docstring."""
    generator = seeds.generator(2)
    x = torch.randint(10, (2, 1, 6, 6), generator=generator)
    got = _raises_or_returns(f, x, 10, 4)
    _check_contexts(got, x, 10, 4)
    what = (
        "With 10 levels in 4 contexts, which do not divide them, some levels are in a "
        "wrong context."
    )
    expect(got, follow(x, 10, 4), what)


@survives_uint8
def counts_without_overflow(f: Answer) -> None:
    """256 levels times the contexts do not fit a uint8, and need not."""
    generator = seeds.generator(1)
    x = torch.randint(256, (2, 1, 6, 6), generator=generator)
    for contexts in (8, 12):
        what = (
            f"With 256 levels and {contexts} contexts the counts are off: does a "
            "product of numbers of few bits start again at 0?"
        )
        shape = contexts, contexts, 256
        expect(
            numbers(f(x.to(torch.uint8), 256, contexts), shape),
            follow(x, 256, contexts),
            what,
        )


def counts_are_whole(f: Answer) -> None:
    """Counts are of an integer dtype."""
    expect_whole(f(INPUT.to(torch.uint8), 6, 3), "Your counts")
