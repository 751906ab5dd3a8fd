"""What a right draw of as many images of each class obeys."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer, Raised
from gencourse.exercises.compare import expect_whole, near, numbers
from gencourse.exercises.exercise import Wrong

LABELS = torch.tensor([2, 5, 19]).repeat_interleave(torch.tensor([12, 8, 10]))


# Of the 70 choices of 4 out of 8 about 48 come in 80 draws.
FEW = 20


def _order() -> Tensor:
    return torch.randperm(30, generator=seeds.generator(7))


def _draw(f: Answer, seed: int = 0) -> Tensor:
    order = _order()
    generator = seeds.generator(seed)
    shapes = {
        (30,): "Indices are asked for, per_class for each class.",
        (4,): "There are per_class for each class that is present.",
        (12, 1): "The indices are one row of numbers.",
        (3, 4): "Join the classes into one row of indices.",
    }
    try:
        result = f(LABELS[order], 4, generator)
    except Raised as raised:
        if not isinstance(raised.error, ValueError):
            raise
        raise Wrong(
            "Your function raises ValueError where every class in y has enough "
            "images: only classes that occur in y count, here 2, 5 and 19."
        ) from None
    return numbers(result, (12,), shapes)


def draw_is_balanced(f: Answer) -> None:
    """Each class gives its number of distinct indices."""
    order = _order()
    labels, got = LABELS[order], _draw(f)
    if set(got.tolist()) <= {2.0, 5.0, 19.0}:
        raise Wrong("These are labels; the indices of the images are asked for.")
    if not near(got, got.round()) or got.min() < 0 or got.max() >= len(labels):
        raise Wrong("An index should be a whole number from 0 to N - 1.")
    if got.max() < 12:  # twelve indices below 12, for classes of 12, 8 and 10
        raise Wrong(
            "These are places within each class: turn them into places in all of y."
        )
    if len(got.unique()) < len(got):
        raise Wrong("Some index comes twice: draw without putting back.")
    counts = [int((labels[got.long()] == c).sum()) for c in (2, 5, 19)]
    if counts != [4, 4, 4]:
        raise Wrong(
            f"Of classes 2, 5 and 19 you drew {counts} where 4 of each are asked for."
        )


def draw_is_random(f: Answer) -> None:
    """The generator decides the draw, and every image can be drawn."""
    draws = [set(_draw(f, seed).tolist()) for seed in range(80)]
    if set(_draw(f, 3).tolist()) != draws[3]:
        raise Wrong(
            "Two draws with generators of the same seed differ: draw from the "
            "generator that you are given."
        )
    if all(d == draws[0] for d in draws):
        raise Wrong(
            "Every seed draws the same images: the generator should choose them."
        )
    if set.union(*draws) != set(map(float, range(30))):
        raise Wrong("Some images are never drawn; each should have the same chance.")
    of_five = (torch.nonzero(LABELS[_order()] == 5).flatten()).tolist()
    chosen = {frozenset(d.intersection(of_five)) for d in draws}
    if len(chosen) <= FEW:
        raise Wrong(
            f"In {len(draws)} draws of 4 of the 8 images of class 5 there are "
            f"{len(chosen)} different ones: are images drawn that stand side by side? "
            "Any 4 should have the same chance."
        )


def draw_is_whole(f: Answer) -> None:
    """Indices are of an integer dtype, or they index nothing."""
    generator = seeds.generator(0)
    expect_whole(f(LABELS, 4, generator), "Your indices")


def draw_of_many_images(f: Answer) -> None:
    """Indices may be large."""
    labels = torch.tensor([0, 1]).repeat_interleave(400)
    got = numbers(f(labels, 20, seeds.generator(0)), (40,))
    if got.min() < 0 or int(labels[got.long()].sum()) != 20 or got.max() < 400:
        raise Wrong(
            "Of 400 images of each of two classes yours are not 20 and 20: does an "
            "index of few bits start again at 0?"
        )
