"""What the right field of the states of a Row LSTM obeys."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, near, numbers
from gencourse.exercises.exercise import Wrong


def _far(col: Tensor, j: int) -> Tensor:
    return (col - j).abs()


def _triangle(row: Tensor, col: Tensor, i: int, j: int) -> Tensor:
    return (row < i) & (_far(col, j) <= i - row)


# Of each pixel's row and column, and pixel (i, j) of a map (5, 9).
FIELD: Mistakes = {
    "The pixel itself is in it: its state reads those of the row above alone.": (
        lambda row, col, i, j: (row <= i) & (_far(col, j) <= i - row)
    ),
    "Pixels on the left in the own row are in it: a state reads none of its own row.": (
        lambda row, col, i, j: _triangle(row, col, i, j) | ((row == i) & (col < j))
    ),
    "The own row is in it up to the pixel itself: a state reads none of its own row.": (
        lambda row, col, i, j: _triangle(row, col, i, j) | ((row == i) & (col <= j))
    ),
    "The own row is in it: a state reads those of the row above alone.": (
        lambda row, col, i, j: _triangle(row, col, i, j) | (row == i)
    ),
    "All rows above are in it as a whole; how far aside does one step reach, how far "
    "two?": lambda row, col, i, j: row < i,
    "This is a square: two rows up the reach is wider than one row up.": (
        lambda row, col, i, j: (row < i) & (_far(col, j) <= i)
    ),
    "This is a strip three columns wide; each row up adds a column on either side.": (
        lambda row, col, i, j: (row < i) & (_far(col, j) <= 1)
    ),
    "Only the row above is in it; its states have read rows of their own.": (
        lambda row, col, i, j: (row == i - 1) & (_far(col, j) <= 1)
    ),
    "This is one column; a state reads to the left and to the right as well.": (
        lambda row, col, i, j: (row < i) & (col == j)
    ),
    "The triangle is upside down: it is widest just above the pixel, where it should "
    "be narrowest.": lambda row, col, i, j: (row < i) & (_far(col, j) <= row),
    "The triangle is upside down: the row above has 3 pixels, those further up more.": (
        lambda row, col, i, j: (row < i) & (_far(col, j) <= row + 1)
    ),
    "These are rows below: they come later.": (
        lambda row, col, i, j: (row > i) & (_far(col, j) <= row - i)
    ),
    "The triangle goes down as well as up: what is below comes later.": (
        lambda row, col, i, j: (row != i) & (_far(col, j) <= (row - i).abs())
    ),
    "What leaves the image on one side comes back on the other: it is cut there.": (
        lambda row, col, i, j: (row < i) & (((col - j + 4) % 9 - 4).abs() <= i - row)
    ),
    "Where the triangle leaves the image on the left, its row is lost: a negative "
    "index counts from the end.": lambda row, col, i, j: (
        _triangle(row, col, i, j) & (j - (i - row) >= 0)
    ),
    "A column is missing on the right: the end of a range is not in it.": (
        lambda row, col, i, j: _triangle(row, col, i, j) & (col - j < i - row)
    ),
    "A column is missing on the left.": (
        lambda row, col, i, j: _triangle(row, col, i, j) & (j - col < i - row)
    ),
    "A column is missing on either side: the row above has 3 pixels.": (
        lambda row, col, i, j: (row < i) & (_far(col, j) < i - row)
    ),
    "A column too many is in it on either side: the row above has 3 pixels.": (
        lambda row, col, i, j: (row < i) & (_far(col, j) <= i - row + 1)
    ),
    "A column too many is in it on the left: the input's convolution reaches there, "
    "the states alone are meant.": lambda row, col, i, j: (
        (row < i) & (col - j <= i - row) & (j - col <= i - row + 1)
    ),
    "The right half is missing: the row above is known as a whole.": (
        lambda row, col, i, j: _triangle(row, col, i, j) & (col <= j)
    ),
    "The left half is missing.": (
        lambda row, col, i, j: _triangle(row, col, i, j) & (col >= j)
    ),
    "Only the triangle's border is in it; what lies between is reached too.": (
        lambda row, col, i, j: (row < i) & (_far(col, j) == i - row)
    ),
    "Row 0 is missing: the states of the first row are read too.": (
        lambda row, col, i, j: _triangle(row, col, i, j) & (row > 0)
    ),
    "All columns on the left are in it: a step reaches one column, to either side.": (
        lambda row, col, i, j: (row < i) & (col - j <= i - row)
    ),
    "All columns on the right are in it: a step reaches one column, to either side.": (
        lambda row, col, i, j: (row < i) & (j - col <= i - row)
    ),
    "The row and the column of the pixel are exchanged: i is the row.": (
        lambda row, col, i, j: _triangle(row, col, j, i)
    ),
    "True and False are exchanged: True is for what reaches the pixel.": (
        lambda row, col, i, j: ~_triangle(row, col, i, j)
    ),
}
SHAPES = {
    (9, 5): "Rows come first: height, then width.",
    (): "A map of the pixels is asked for.",
    (45,): "A map has rows and columns.",
    (5,): "A map has rows and columns.",
}


def _followed(height: int, width: int, i: int, j: int) -> Tensor:
    """Return the field by following each state to the three that it reads."""
    found = torch.zeros(height, width, dtype=torch.float64)
    reached = {j}
    for row in range(i - 1, -1, -1):
        each = {column + step for column in reached for step in (-1, 0, 1)}
        reached = {column for column in each if 0 <= column < width}
        found[row, list(reached)] = 1
    return found


def field_is_known(f: Answer) -> None:
    """Of pixels near the left and the right edge the field is known."""
    row, col = torch.meshgrid(torch.arange(5), torch.arange(9), indexing="ij")
    for i, j in ((3, 5), (3, 2), (4, 6)):
        got = numbers(f(5, 9, i, j), (5, 9), SHAPES)
        right = _followed(5, 9, i, j)
        if near(got, right):
            continue
        for sentence, mistaken in FIELD.items():
            if near(got, mistaken(row, col, i, j)):
                raise Wrong(sentence)
        what = "True is for a pixel whose state is read, at once or by way of others."
        _expect_field(f, got, right, what)


def _expect_field(f: Answer, got: Tensor, right: Tensor, what: str) -> None:
    if near(got, right):
        return
    row, col = map(int, (got != right).nonzero()[0])
    seen = {0.0: "is not seen in yours", 1.0: "is seen in yours"}
    yours = seen.get(got[row, col].item(), "is neither seen nor not seen in yours")
    inputs = f.for_inputs()((), ())
    due = "it should be" if right[row, col] else "it should not be"
    raise Wrong(f"{what} For {inputs} pixel ({row}, {col}) {yours}; {due}.")


def field_of_other_sizes(f: Answer) -> None:
    """The first row has none, a narrow map is seen as a whole, an apex is not cut."""
    for given in ((3, 4, 0, 2), (6, 3, 5, 1), (4, 9, 3, 4), (1, 1, 0, 0), (5, 1, 4, 0)):
        got = numbers(f(*given), given[:2])
        what = "The field is cut at the edges of the image."
        _expect_field(f, got, _followed(*given), what)
