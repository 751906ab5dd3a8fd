"""What a right table of pixels obeys."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.wrapping import survives_uint8

TABLE: Mistakes = {
    "These are counts; probabilities are asked for.": lambda counts: counts,
    "These are smoothed counts; probabilities are asked for.": (
        lambda counts: counts + 0.5
    ),
    "The smoothing is left out: a level that was never seen gets 0.": (
        lambda counts: counts / 7
    ),
    "The probabilities of a pixel sum to more than 1: smoothing is added to each of "
    "the levels, and the total grows by all of it.": lambda counts: (counts + 0.5) / 7,
    "The total grows by one smoothing for each level, and you added one in all.": (
        lambda counts: (counts + 0.5) / 7.5
    ),
    "The counts of all pixels are pooled; each pixel should have its own.": (
        lambda counts: (counts.sum((0, 1, 2)) + 0.5).expand_as(counts) / (7 * 30 + 2)
    ),
    "The smoothed counts are divided by the number of pixels; it is the images that "
    "are counted at each pixel.": lambda counts: (counts + 0.5) / (7 * 30 + 2),
    "The table sums to 1 over the images' pixels; each pixel's levels should.": (
        lambda counts: (counts + 0.5) / (counts + 0.5).sum()
    ),
    "Smoothing is added after the division; it belongs to the counts.": (
        lambda counts: counts / 7 + 0.5
    ),
    "Smoothing is added to shares of the images; it belongs to the counts.": (
        lambda counts: (counts / 7 + 0.5) / 3
    ),
    "The total grows as if there were 256 levels; there are as many as levels says.": (
        lambda counts: (counts + 0.5) / (7 + 256 * 0.5)
    ),
    "Each level sums to 1 over the channels; at each pixel the levels should.": (
        lambda counts: (counts + 0.5) / (counts + 0.5).sum(0)
    ),
    "The smoothing is 1 whatever is asked for.": lambda counts: (counts + 1) / 11,
    "These are log-probabilities; probabilities are asked for.": (
        lambda counts: ((counts + 0.5) / 9).log()
    ),
}


def _count(x: Tensor, levels: int) -> Tensor:
    """Count every level at every pixel by a loop."""
    counts = torch.zeros(*x.shape[1:], levels, dtype=torch.float64)
    for image in x:
        for place in itertools.product(*map(range, image.shape)):
            counts[(*place, int(image[place]))] += 1
    return counts


@survives_uint8
def table_of_pixels(f: Answer) -> None:
    """Each pixel's table is the smoothed count that a loop finds."""
    x = torch.randint(4, (7, 2, 3, 5), generator=seeds.generator(0))
    shapes = {
        (4, 2, 3, 5): "The levels belong last.",
        (4,): "Each pixel has a table of its own.",
        (3, 5, 4): "Each channel has tables of its own.",
    }
    got = numbers(f(x.to(torch.uint8), 4, 0.5), (2, 3, 5, 4), shapes)
    counts = _count(x, 4)
    right = (counts + 0.5) / (counts + 0.5).sum(-1, keepdim=True)
    what = "Each entry should be the smoothed share of the images with that level."

    def told(shape: tuple[int, ...], at: tuple[int, ...]) -> str:
        pixel = x[:, at[0], at[1], at[2]].tolist()
        return f"images with the levels {pixel} at a pixel, and smoothing = 0.5,"

    expect(got, right, what, TABLE, (counts,), told=told)


@survives_uint8
def table_of_many(f: Answer) -> None:
    """More images than a uint8 can count are counted."""
    x = torch.zeros(300, 1, 1, 2, dtype=torch.uint8)
    x[:290, ..., 1] = 1
    counts = _count(x, 2)
    got = numbers(f(x, 2, 1.0), (1, 1, 2, 2))
    wrapped = counts % 256 + 1
    if any(near(got, wrapped / n) for n in (302, wrapped.sum(-1, keepdim=True))):
        raise Wrong("With over 255 images your counts start again at 0: uint8 is full.")
    expect(got, (counts + 1) / 302, "With 300 images the table is off.")


def table_of_rare_levels(f: Answer) -> None:
    """A level that no image holds has its place in the table."""
    x = torch.tensor([0, 2, 2, 1], dtype=torch.uint8).view(2, 1, 1, 2)
    lost = "levels tells how many there are, whether x holds them or not."
    got = numbers(f(x, 5, 1.0), (1, 1, 2, 5), {(1, 1, 2, 3): lost})
    what = "Of 5 levels x may hold 3 alone: the others have the smoothing."
    expect(got, (_count(x, 5) + 1) / 7, what)
