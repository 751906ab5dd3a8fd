"""What a right list of all images obeys."""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer, Ended, Raised, out_of_memory
from gencourse.exercises.compare import expect_whole, near, numbers
from gencourse.exercises.error_laws import expect_value_error
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.limits import TimeUp, within

SOON = 0.5  # seconds; who refuses images does so before any is made
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


# By the axes of an image in the order in which the digits of a number fill them.
OTHERS = {
    "chw": "one channel of the whole image leads another; all channels of a pixel "
    "come before the next pixel.",
    "whc": "the digits go down the columns; raster order goes along the rows.",
    "hcw": "one channel of a row leads another; all channels of a pixel come before "
    "the next pixel.",
    "cwh": "one channel of the whole image leads another, down its columns: the "
    "digits are subpixels in raster order.",
    "wch": "the digits go down the columns; raster order goes along the rows.",
}


def _expected(shape: Shape, levels: int, order: str = "hwc") -> Tensor:
    """Return all images whose digits are subpixels with these axes, slowest first."""
    sizes = dict(zip("chw", shape, strict=True))
    size = shape[0] * shape[1] * shape[2]
    rows = torch.tensor(list(product(range(levels), repeat=size)))
    laid = rows.view(-1, *(sizes[axis] for axis in order))
    return laid.permute(0, *(1 + order.index(axis) for axis in "chw"))


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
    _expect_raster(got, (1, 2, 2), 3)


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
    cases = (
        ((2, 1, 2), 2),
        ((2, 2, 2), 2),
        ((1, 3, 1), 4),
        ((1, 1, 1), 5),
        ((1, 1, 9), 2),
        ((1, 1, 6), 3),
    )
    for shape, levels in cases:
        count = levels ** (shape[0] * shape[1] * shape[2])
        got = numbers(f(shape, levels), (count, *shape))
        _expect_levels(got, levels)
        _expect_each_once(got, f"shape {shape} with {levels} levels")
        _expect_raster(got, shape, levels)


def _expect_raster(got: Tensor, shape: Shape, levels: int) -> None:
    if near(got, _expected(shape, levels)):
        return
    case = f"For shape {shape} all images are there, but"
    for order, sentence in OTHERS.items():
        if near(got, _expected(shape, levels, order)):
            raise Wrong(f"{case} {sentence}")
    raise Wrong(f"{case} not in the order of numbers with a digit for each subpixel.")


def images_are_whole(f: Answer) -> None:
    """Levels are of an integer dtype."""
    expect_whole(f((1, 1, 2), 2), "Your images")


def images_are_not_too_many(f: Answer) -> None:
    """More than 2 ** 20 images are a ValueError, before memory runs out."""
    for shape, levels in (((1, 1, 3), 102), ((1, 8, 8), 2)):
        told = f"{levels} levels and shape {shape}"
        case = f"For {told}, more than 2 ** 20 images,"
        f.when_stopped = (
            f"{told} make more than 2 ** 20 images, and a ValueError is due before any "
            "of them is made."
        )
        try:
            expect_value_error(f, case, shape, levels)
        except Ended as ended:
            raise _too_many(f.when_stopped, ended) from None
    f.when_stopped = ""


def _too_many(sentence: str, ended: Ended) -> Exception:
    return Wrong(sentence) if out_of_memory(ended.error) else ended


def images_may_be_many(f: Answer) -> None:
    """2 ** 20 images are not too many; who makes them is not waited for."""
    try:
        within(SOON, lambda: f((1, 1, 4), 32))
    except TimeUp:
        return
    except Ended as ended:
        if not out_of_memory(ended.error):  # their memory is not asked for either
            raise
    except Raised as raised:
        if isinstance(raised.error, ValueError):
            raise Wrong(
                "For 32 levels and shape (1, 1, 4) your function raises a ValueError; "
                "these are 2 ** 20 images, and so many are allowed."
            ) from None
