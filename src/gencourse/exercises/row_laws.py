"""What a right step of one row down obeys."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers
from gencourse.exercises.reach import expect_gradients
from gencourse.exercises.skew_laws import count_up


def _onto(x: Tensor, dim: int, by: int) -> Tensor:
    """Return x moved along an axis, with zeros where it came from."""
    result = x.roll(by, dim)
    result.narrow(dim, 0 if by > 0 else x.shape[dim] + by, abs(by)).zero_()
    return result


# Of a map (3, 4, 2, 5).
DOWN: Mistakes = {
    "The last row comes back on top: with it the first row sees all that is to come.": (
        lambda x: x.roll(1, 0)
    ),
    "The first row comes back at the bottom, and the rows should move down.": (
        lambda x: x.roll(-1, 0)
    ),
    "The rows move up: each now gets what the row below has seen.": (
        lambda x: _onto(x, 0, -1)
    ),
    "Columns are moved; it is rows, the first axis.": lambda x: _onto(x, 1, 1),
    "Columns are moved, and to the left; it is rows, the first axis, that move.": (
        lambda x: _onto(x, 1, -1)
    ),
    "Columns are rolled; it is rows, the first axis, that move.": (
        lambda x: x.roll(1, 1)
    ),
    "Images of the batch are moved; the rows are the first axis.": (
        lambda x: _onto(x, -2, 1)
    ),
    "Features are moved; the rows are the first axis.": lambda x: _onto(x, -1, 1),
    "The last row is emptied, but none is moved.": (
        lambda x: F.pad(x[:-1], (0, 0, 0, 0, 0, 0, 0, 1))
    ),
    "The first row is emptied, but none is moved.": (
        lambda x: F.pad(x[1:], (0, 0, 0, 0, 0, 0, 1, 0))
    ),
    "Nothing has moved.": lambda x: x,
    "The rows move down by two; one is asked for.": lambda x: _onto(x, 0, 2),
    "The first row stays on top as well: there it sees what is still to come.": (
        lambda x: torch.cat([x[:1], x[:-1]])
    ),
    "All is 0: the rows are lost.": torch.zeros_like,
}
DOWN_SHAPES = {
    (4, 4, 2, 5): "There is a row too many: what leaves at the bottom is dropped.",
    (2, 4, 2, 5): "There is a row too few: something stands in place of the first.",
    (3, 5, 2, 5): "Columns grow; it is the rows, the first axis, that move.",
    **{
        shape: "The last row is dropped, but what comes in is on another axis than the "
        "rows, which are the first. F.pad counts axes from the last one."
        for shape in ((2, 5, 2, 5), (2, 4, 3, 5), (2, 4, 2, 6))
    },
    (3, 4, 3, 5): "The rows are the first axis.",
    (3, 4, 2, 6): "The rows are the first axis.",
}


def rows_move_down(f: Answer) -> None:
    """Each row of a map is in the place of the next, and zeros are on top."""
    x = count_up(3, 4, 2, 5).cos()
    right = _onto(x, 0, 1)
    got = numbers(f(x), (3, 4, 2, 5), DOWN_SHAPES)
    if near(got[1:], right[1:]) and not any(near(got, m(x)) for m in DOWN.values()):
        what = "The rows are right, but for the first: there nothing is handed down."
        expect(got, right, what)
    if not any(near(got, m(x)) for m in DOWN.values()):
        two_rows_move_down(f)  # few enough to be shown
    expect(got, right, "Each row stands in the place of the next.", DOWN, (x,))
    two_rows_move_down(f)


def rows_can_train(f: Answer) -> None:
    """Gradients go back to every row but the last, which falls off."""
    x = count_up(3, 2, 2)
    due = torch.ones_like(x)
    due[-1] = 0
    expect_gradients(f, (x,), (due,))


def two_rows_move_down(f: Answer) -> None:
    """Two rows of two pixels can be done by hand, and a single one."""
    x = count_up(2, 2)
    what = "Each row stands in the place of the next."
    expect(numbers(f(x), (2, 2)), _onto(x, 0, 1), what, told=f.for_inputs())
    what = "A single row is handed down out of the map."
    expect(numbers(f(x[:1]), (1, 2)), torch.zeros(1, 2), what, told=f.for_inputs())
