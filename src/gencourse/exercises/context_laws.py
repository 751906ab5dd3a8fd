"""What right counts of neighbours obey where contexts or levels are unusual."""

from __future__ import annotations

import torch

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import expect, numbers
from gencourse.exercises.neighbour_laws import follow


def counts_of_every_level(f: Answer) -> None:
    """Contexts that are as many as levels, or nearly, are not rounded."""
    for levels, contexts in ((23, 23), (44, 26)):
        x = torch.randint(levels, (2, 1, 14, 14), generator=seeds.generator(2))
        got = numbers(
            f(x.to(torch.uint8), levels, contexts), (contexts, contexts, levels)
        )
        what = (
            f"With {levels} levels in {contexts} contexts some levels are elsewhere in "
            "yours: a fraction is rounded, whole numbers divide by //."
        )
        expect(got, follow(x, levels, contexts), what)


def counts_of_absent_levels(f: Answer) -> None:
    """The number of levels is given; the highest may not occur."""
    x = torch.tensor([[[[1, 3, 0], [2, 0, 3]]]])
    shapes = {
        (2, 2, 4): "levels is 8 here, though none above 3 occurs: it is given, not "
        "read off x."
    }
    got = numbers(f(x.to(torch.uint8), 8, 2), (2, 2, 8), shapes)
    what = (
        "With 8 levels, of which none above 3 occurs, the contexts are off: levels is "
        "given, not read off x."
    )
    expect(got, follow(x, 8, 2), what)


def counts_of_equal_pixels(f: Answer) -> None:
    """One triple may occur more than 255 times; one context alone is an axis still."""
    x = torch.zeros(1, 1, 20, 20, dtype=torch.uint8)
    what = "Of 400 pixels of level 0 all count: does a count of few bits begin again?"
    expect(numbers(f(x, 2, 1), (1, 1, 2)), torch.tensor([[[400, 0]]]), what)
