"""What right skewing of a map obeys."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers
from gencourse.exercises.exercise import Wrong

H, W, D = 4, 6, 9


def count_up(*shape: int) -> Tensor:
    """Return the numbers from 1 on, in this shape."""
    size = torch.Size(shape).numel()
    return torch.arange(1.0, size + 1).view(shape)


def moved(x: Tensor, by: list[int]) -> Tensor:
    """Return x with each row rolled right by so many columns."""
    rows = zip(x, by, strict=True)
    return torch.stack([row.roll(shift, -1) for row, shift in rows])


def skewed(x: Tensor) -> Tensor:
    """Return a map (H, W) skewed by a loop over its pixels."""
    height, width = x.shape
    result = torch.zeros(height, height + width - 1, dtype=torch.float64)
    for i in range(height):
        for j in range(width):
            result[i, i + j] = x[i, j]
    return result


def _wide(x: Tensor) -> Tensor:
    return F.pad(x, (0, len(x) - 1))


UP = list(range(H))
DOWN = UP[::-1]
# Of a map (4, 6).
SKEW: Mistakes = {
    "The rows move the wrong way: the first one stays, each next starts one later.": (
        lambda x: moved(_wide(x), DOWN)
    ),
    "The rows move left, and wrap around: leave room on the right, and move right.": (
        lambda x: moved(_wide(x), [-i for i in UP])
    ),
    "What leaves a row on the right comes back on the left: make room first.": (
        lambda x: _wide(moved(x, UP))
    ),
    "What leaves a row on the left comes back on the right, and rows should move "
    "right.": lambda x: _wide(moved(x, [-i for i in UP])),
    "Each row is one column too far to the right: row 0 stays where it is.": (
        lambda x: moved(_wide(x), [i + 1 for i in UP])
    ),
    "All rows start at column 0: they are wider now, but not moved.": _wide,
    "The rows come in reverse order: row 0 stays on top.": (
        lambda x: skewed(x.flip(0))
    ),
    "Your result is upside down: row 0 stays on top.": lambda x: skewed(x).flip(0),
    "The pixels of a row come in reverse order.": lambda x: skewed(x.flip(1)),
    "Your result is mirrored: row 0 starts at column 0.": (lambda x: skewed(x).flip(1)),
    "The rows start right, but all of them are that of the top.": (
        lambda x: skewed(x[:1].expand(H, W))
    ),
}
SKEW_SHAPES = {
    (H, W): "What is moved out on the right has to find room: the result is wider.",
    (H, D + 1): "There is a column too many: how far is the last row moved?",
    (H, D - 1): "There is a column too few: how far is the last row moved?",
    (H, 2 * W - 1): "How far the last row is moved depends on H, not on W.",
    (H, 2 * H - 1): "The last row is moved by H - 1, and its W pixels stay.",
    (H, 2 * W): "How far the last row is moved depends on H, not on W.",
    (D, W): "Columns are moved down; it is the rows that move, to the right.",
    (D, H): "The diagonals are the columns of the result, not its rows.",
    (W, D): "Rows and columns are exchanged: the result has H rows.",
    (H * D,): "The result has rows again.",
}


def skew_is_known(f: Answer) -> None:
    """Row i of a map moves right by i, into zeros."""
    x = count_up(H, W)
    got, right = numbers(f(x), (H, D), SKEW_SHAPES), skewed(x)
    inside = right != 0
    if near(got[inside], right[inside]) and not near(got, right):
        raise Wrong(
            "The pixels stand right, but around them something else than 0 does."
        )
    if not any(near(got, mistaken(x.double())) for mistaken in SKEW.values()):
        skew_of_two_rows(f)  # few enough to be shown
    what = "Row i starts at column i."
    expect(got, right, what, SKEW, (x.double(),))


def skew_of_two_rows(f: Answer) -> None:
    """Two rows of two pixels can be done by hand."""
    x = count_up(2, 2)
    what = "Row 0 stays, and row 1 moves right by one."
    got = numbers(f(x), (2, 3))
    expect(got, skewed(x), what, told=f.for_inputs())


def skew_of_other_sizes(f: Answer) -> None:
    """Tall maps, single rows and single columns are skewed too."""
    for height, width in ((5, 2), (1, 4), (3, 1), (3, 3)):
        x = count_up(height, width)
        got = numbers(f(x), (height, height + width - 1))
        what = f"Right for {H} rows of {W} pixels, but not for {height} of {width}."
        expect(got, skewed(x), what)


def skew_of_batches(f: Answer) -> None:
    """The map is the last two axes, whatever stands before them."""
    x = count_up(2, 1, 3, 4)
    shapes = {
        (4, 1, 3, 4): "The map is the last two axes.",
        (2, 3, 3, 4): "The map is the last two axes.",
    }
    right = torch.stack([skewed(image[0]) for image in x])[:, None]
    what = "The first axes are images and channels: each map is skewed on its own."
    expect(numbers(f(x), (2, 1, 3, 6), shapes), right, what)


FRACTIONS = torch.tensor([[0.5, -1.25, 0.1], [2.75, 0.0, -300.4]])
ANY_NUMBER = "A map may hold any numbers, and yours come back changed: is it rounded?"


def skew_keeps_numbers(f: Answer) -> None:
    """What stands in the map comes back as it was."""
    expect(numbers(f(FRACTIONS), (2, 4)), skewed(FRACTIONS), ANY_NUMBER)
