"""What a right list of all images obeys."""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import expect_whole, near, numbers
from gencourse.exercises.error_laws import expect_value_error
from gencourse.exercises.exercise import Wrong

Shape = tuple[int, int, int]
SIZES = {
    64: "Levels and pixels are exchanged: each further pixel multiplies the number of "
    "images by the number of levels.",
    12: "Every pixel takes every level, whatever the others have: the numbers of "
    "choices multiply.",
    15: "These are choices without order: which pixel has which level matters too.",
    16: "levels tells how many levels there are; you use two.",
    256: "Levels run from 0 to levels - 1.",
    9: "Every pixel of the image has a level of its own.",
    3: "Only images of one grey are here; every pixel takes every level.",
}


def _expected(shape: Shape, levels: int) -> Tensor:
    channels, height, width = shape
    size = channels * height * width
    rows = torch.tensor(list(product(range(levels), repeat=size)))
    return rows.view(-1, channels, height, width)


def images_are_all_there(f: Answer) -> None:
    """Every 2x2 image of three levels is there once, the first subpixel leading."""
    right = _expected((1, 2, 2), 3)
    shapes = {(n, 1, 2, 2): sentence for n, sentence in SIZES.items()} | {
        (81, 4): "Images have the shape that is given: (N, C, H, W).",
        (81, 2, 2): "Images have an axis for channels, even for a single one.",
        (4, 81): "Images have the shape that is given: (N, C, H, W).",
    }
    got = numbers(f((1, 2, 2), 3), (81, 1, 2, 2), shapes)
    _expect_levels(got, 3)
    _expect_each_once(got, "2x2 with 3 levels")
    if near(got, right):
        return
    if near(got, right.flip(2, 3)):
        raise Wrong(
            "All images are there, but the first subpixel changes from image to image; "
            "it should lead, and the last change fastest."
        )
    if near(got, right.flip(0)):
        raise Wrong("All images are there, but in reverse: the black one comes first.")
    raise Wrong("All images are there, but not in the order of numbers with digits.")


def _expect_levels(got: Tensor, levels: int) -> None:
    if got.min() == 1 and got.max() == levels:
        raise Wrong("Your levels start at 1; the first level is 0.")
    if got.max() <= 1 and not near(got, got.round()):
        raise Wrong("Your images are scaled to the unit range; levels are asked for.")
    if got.min() < 0 or got.max() > levels - 1 or not near(got, got.round()):
        raise Wrong(f"A level should be a whole number from 0 to {levels - 1}.")


def _expect_each_once(got: Tensor, which: str) -> None:
    count = len(got.flatten(1).unique(dim=0))
    if count < len(got):
        raise Wrong(
            f"Of the {len(got)} images of {which} yours are {count} different ones: "
            "some come twice, others never."
        )


def images_of_any_shape(f: Answer) -> None:
    """So it is for several channels, rows and columns, and for a single pixel."""
    for shape, levels in (((2, 1, 2), 2), ((1, 3, 1), 4), ((1, 1, 1), 5)):
        count = levels ** (shape[0] * shape[1] * shape[2])
        got = numbers(f(shape, levels), (count, *shape))
        _expect_levels(got, levels)
        _expect_each_once(got, f"shape {shape} with {levels} levels")


def images_are_whole(f: Answer) -> None:
    """Levels are of an integer dtype."""
    expect_whole(f((1, 1, 2), 2), "Your images")


def images_are_not_too_many(f: Answer) -> None:
    """More than 2 ** 20 images are a ValueError, before memory runs out."""
    case = "For 102 levels and shape (1, 1, 3), more than 2 ** 20 images,"
    expect_value_error(f, case, (1, 1, 3), 102)
