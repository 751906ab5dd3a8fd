"""What right taking back of a skewed map obeys."""

from __future__ import annotations

import torch

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers
from gencourse.exercises.skew_laws import (
    ANY_NUMBER,
    DOWN,
    FRACTIONS,
    UP,
    D,
    H,
    W,
    count_up,
    moved,
    skewed,
)

# Of a skewed map (4, 9).
UNSKEW: Mistakes = {
    "The rows move right once more; they should move back left.": (
        lambda y: moved(y, UP)[:, :W]
    ),
    "The rows are cut, but not moved: row i starts at column i of what you get.": (
        lambda y: y[:, :W]
    ),
    "All rows are cut on the left alike: row 0 starts at column 0.": (
        lambda y: y[:, -W:]
    ),
    "Each row starts one column too late: row 0 starts at column 0.": (
        lambda y: moved(y, [-i - 1 for i in UP])[:, :W]
    ),
    "The rows move by too little: row 1 starts at column 1 already.": (
        lambda y: moved(y, [min(1 - i, 0) for i in UP])[:, :W]
    ),
    "The last row is taken for the one that was not moved; it is the first.": (
        lambda y: moved(y, [-i for i in DOWN])[:, :W]
    ),
    "The rows are moved back, but come in reverse order.": (
        lambda y: moved(y, [-i for i in UP])[:, :W].flip(0)
    ),
    "The pixels of a row come in reverse order.": (
        lambda y: moved(y, [-i for i in UP])[:, :W].flip(1)
    ),
    "The rows are moved back, but cut on the left where they should be on the right.": (
        lambda y: moved(y, [-i for i in UP])[:, -W:]
    ),
}
UNSKEW_SHAPES = {
    (H, D): "What was added on the right goes: the image is narrower.",
    (H, W - 1): "There is a column too few: how wide was the image?",
    (H, W + 1): "There is a column too many: how wide was the image?",
    (H, D + 1): "What was added on the right goes: the image is narrower.",
    (H, D - W): "How wide was the image? D is H + W - 1.",
    (W, H): "Rows and columns are exchanged.",
    (H, H + D - 1): "You skew it once more; take it back.",
    (H * W,): "The image has rows again.",
}


def unskew_is_known(f: Answer) -> None:
    """What was skewed comes back."""
    x = count_up(H, W)
    y = skewed(x)
    got = numbers(f(y.float()), (H, W), UNSKEW_SHAPES)
    known = [x, *(mistaken(y) for mistaken in UNSKEW.values())]
    if not any(near(got, result) for result in known):
        unskew_of_two_rows(f)  # few enough to be shown
    expect(got, x, "Row i was moved right by i.", UNSKEW, (y,))


def unskew_of_two_rows(f: Answer) -> None:
    """Two rows of two pixels can be done by hand."""
    x = count_up(2, 2)
    what = "Row 0 stays, and row 1 moves left by one."
    got = numbers(f(skewed(x).float()), (2, 2))
    expect(got, x, what, told=f.for_inputs())


def unskew_drops_the_rest(f: Answer) -> None:
    """Pixels of 0 stay, and what stands around the rows goes, whatever it is."""
    y = count_up(H, D).remainder(5)
    right = torch.stack([y[i, i : i + W] for i in range(H)])
    got = numbers(f(y), (H, W), UNSKEW_SHAPES)
    what = "Only the place tells a pixel from what stands around: either may be 0."
    expect(got, right, what)


def unskew_of_other_sizes(f: Answer) -> None:
    """Tall maps, single rows and batches come back too."""
    for height, width in ((5, 2), (1, 4), (3, 1), (3, 3)):
        x = count_up(height, width)
        got = numbers(f(skewed(x).float()), (height, width))
        what = f"Right for {H} rows of {W} pixels, but not for {height} of {width}."
        expect(got, x, what)
    x = count_up(2, 1, 3, 4)
    y = torch.stack([skewed(image[0]) for image in x])[:, None].float()
    what = "The first axes are images and channels: each map comes back on its own."
    expect(numbers(f(y), (2, 1, 3, 4)), x, what)


def unskew_keeps_numbers(f: Answer) -> None:
    """What stood in the map comes back as it was."""
    y = skewed(FRACTIONS).float()
    expect(numbers(f(y), (2, 3)), FRACTIONS, ANY_NUMBER)
