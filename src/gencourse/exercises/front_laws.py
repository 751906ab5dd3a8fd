"""What the rows that no other row beats obey."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import expect, near, numbers
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.front_mistakes import FRONT

# Such that no two mistakes leave the same rows.
COSTS = torch.tensor(
    [
        *([0, 1, 3], [0, 3, 7], [6, 5, 0], [2, 4, 1], [7, 3, 3], [0, 1, 3]),
        *([6, 0, 1], [5, 2, 5], [4, 4, 7], [0, 2, 2], [4, 6, 4], [1, 3, 0]),
        *([2, 1, 7],),
    ]
).float()
M, K = COSTS.shape


def _beats(one: list[float], other: list[float]) -> bool:
    pairs = list(zip(one, other, strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def _exact(costs: Tensor) -> Tensor:
    """Which rows no other beats, by loops."""
    rows = costs.tolist()
    return torch.tensor([not any(_beats(b, a) for b in rows) for a in rows])


EACH = "There is a truth value for each row."
KEPT = int(_exact(COSTS).sum())
SHAPES = {
    (): f"{EACH} Yours has one for all.",
    (K,): f"{EACH} Yours has one for each column.",
    (M, K): f"{EACH} All columns decide on it together.",
    (M, M): f"{EACH} All other rows decide on it together.",
    (M, M, K): f"{EACH} All other rows and columns decide on it together.",
    (M, 1): f"{EACH} The result has shape (M,).",
    (KEPT, K): f"{EACH} Yours are the rows themselves that are left.",
    (M - KEPT, K): f"{EACH} Yours are the rows themselves that are beaten.",
    **dict.fromkeys(
        [(KEPT,), (KEPT, 1), (M - KEPT,), (M - KEPT, 1)],
        f"{EACH} Yours are the places of some.",
    ),
}


def front_is_found(f: Answer) -> None:
    """Of costs made by hand it is known which rows are left."""
    got = numbers(f(COSTS), (M,), SHAPES)
    if not got.any():
        raise Wrong(_none_left(f))
    what = "A row is left where no other is nowhere more and somewhere less."
    expect(got, _exact(COSTS), what, FRONT, (COSTS.double(),))


def _none_left(f: Answer) -> str:
    if not numbers(f(torch.ones(1, 2)), (1,)).any():
        return "No row is left in yours, not even one alone: does it beat itself?"
    if not numbers(f(torch.tensor([[0.0, 1.0], [1.0, 0.0]])), (2,)).any():
        return (
            "No row is left in yours: of two rows, each less in one column, each beats "
            "the other. A row that beats another is more in no column."
        )
    return "No row is left in yours, and some are beaten by none."


def front_of_few(f: Answer) -> None:
    """A row alone, equal rows, one column, and the least difference."""
    cases = {
        "One row alone is beaten by no other.": [[3.0, 1.0]],
        "Of equal rows none beats another.": [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]],
        "Of one column the least costs are left, as often as they come.": (
            [[2.0], [1.0], [5.0], [1.0]]
        ),
        "A row that is equal in one column and less in the other beats.": (
            [[1.0, 2.0], [1.0, 3.0], [0.0, 3.0]]
        ),
        "A cost may be infinite, and equal to another infinite one.": (
            [[math.inf, 1.0, 2.0], [math.inf, 2.0, 2.0], [1.0, 3.0, math.inf]]
        ),
        "An infinite cost is more than any other, however great that is.": (
            [[0.0, math.inf], [0.0, 1e12]]
        ),
        "Costs may be below 0.": [[-1.0, -2.0], [-3.0, -2.0], [2.0, -4.0]],
    }
    for what, rows in cases.items():
        costs = torch.tensor(rows, dtype=torch.float64)
        got = numbers(f(costs), (len(rows),))
        expect(got, _exact(costs), what, told=f.for_inputs())
    close = torch.tensor([[1.0 + 1e-9, 2.0], [1.0, 2.0]], dtype=torch.float64)
    if not near(numbers(f(close), (2,)), _exact(close)):
        raise Wrong("A row that is less by 1e-9 alone beats too: is anything rounded?")


def front_of_any_sizes(f: Answer) -> None:
    """Whatever the numbers of rows and of columns."""
    generator = seeds.generator(0)
    for m, k in ((2, 2), (12, 2), (3, 5), (30, 4), (60, 2), (9, 1)):
        costs = torch.randint(-9, 10, (m, k), generator=generator).float()
        got = numbers(f(costs), (m,))
        what = f"With costs of shape {(m, k)} some row is left, or left out, wrongly."
        expect(got, _exact(costs), what)
