"""What right pairs of a leak obey."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect_whole, near, numbers
from gencourse.exercises.exercise import Wrong

D = 6
# Pairs (i, k) that leak, with signs and sizes that a search may overlook.
LEAKS = {(0, 3): 0.7, (1, 1): 0.4, (2, 5): -0.6, (3, 4): 1e-20, (4, 4): -2.0}
# Of the Jacobian's entries, their rows and their columns: what is taken for a leak.
FOUND: Mistakes = {
    "The pair of a subpixel with itself is missing: what it should predict, it must "
    "not see.": lambda values, i, k: (values != 0) & (k > i),
    "These are the earlier subpixels that are seen: they may be. Of the later ones "
    "none must be.": lambda values, i, k: (values != 0) & (k < i),
    "Earlier subpixels are in it too; they may be seen.": (
        lambda values, i, k: values != 0
    ),
    "The earlier subpixels and the subpixel itself are in it, the later ones are not: "
    "it is the later ones that must not be seen.": (
        lambda values, i, k: (values != 0) & (k <= i)
    ),
    "The pairs of a subpixel with itself alone are in it; the later ones leak too.": (
        lambda values, i, k: (values != 0) & (k == i)
    ),
    "All pairs but those of a subpixel with itself are in it: which of them leak?": (
        lambda values, i, k: (values != 0) & (k != i)
    ),
    "Negative entries are left out: what lowers a number is seen as well.": (
        lambda values, i, k: (values > 0) & (k >= i)
    ),
    "Positive entries are left out: what raises a number is seen as well.": (
        lambda values, i, k: (values < 0) & (k >= i)
    ),
    "A small entry is left out: where no path leads from k to i, the Jacobian is "
    "exactly 0.": lambda values, i, k: (values.abs() > 1e-12) & (k >= i),
    "Negative entries and the pairs of a subpixel with itself are left out.": (
        lambda values, i, k: (values > 0) & (k > i)
    ),
    "These are the pairs that do not leak: 0 is for a subpixel that is not seen.": (
        lambda values, i, k: (values == 0) & (k >= i)
    ),
    "These are the earlier subpixels that are not seen, the blind spot; leaks are "
    "asked for.": lambda values, i, k: (values == 0) & (k < i),
}
SHAPES = {
    (): "The pairs themselves are asked for; how many there are, len tells.",
    (D, D): "Pairs of numbers are asked for, not a map of where they are.",
    (D,): "Pairs are asked for: who sees whom?",
    (len(LEAKS),): "Pairs are asked for: who sees whom?",
    (2, len(LEAKS)): "Each pair is a row.",
    (D * D,): "Pairs of numbers are asked for, not a map of where they are.",
}


def _jacobian() -> Tensor:
    jacobian = (
        torch.linspace(1, 9, D * D, dtype=torch.float64).sin().view(D, D).tril(-1)
    )
    jacobian[4, 1] = jacobian[5, 0] = 0
    for pair, value in LEAKS.items():
        jacobian[pair] = value
    return jacobian


def _pairs(value: object, due: int) -> Tensor:
    """Return the answer's pairs, whole and sorted: int64 (N, 2)."""
    if _is_empty(value):  # a list of no pairs has no second axis
        return torch.empty(0, 2, dtype=torch.int64)
    if _is_two_lists(value):
        raise Wrong(
            "Your function returned two parts, one with all i and one with all k; one "
            "tensor is expected, in which each pair (i, k) is a row."
        )
    shape: tuple[int, ...] = tuple(getattr(value, "shape", ()))
    count = len(value) if isinstance(value, (list, tuple)) else due
    if len(shape) == 2 and shape[1] == 2:
        count = shape[0]
    found = numbers(value, (count, 2), SHAPES).round().long()
    once = _in_order(found)
    if len(once) < len(found):
        raise Wrong("A pair comes twice in your result.")
    return once


def _in_order(pairs: Tensor) -> Tensor:
    """Return the pairs sorted, each once."""
    found: Tensor = pairs.unique(dim=0)
    return found


def _is_two_lists(value: object) -> bool:
    if not (isinstance(value, (list, tuple)) and len(value) == 2):
        return False
    rows = [part for part in value if isinstance(part, (list, tuple))]
    arrays = [p for p in value if isinstance(p, (Tensor, np.ndarray)) and p.ndim == 1]
    return len(rows) + len(arrays) == 2 and all(len(p) > 2 for p in rows + arrays)


def _is_empty(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return len(value) == 0
    return 0 in getattr(value, "shape", ())


def leaks_are_found(f: Answer) -> None:
    """Of a known Jacobian the leaks are known, in any order."""
    values = _jacobian()
    result = f(values)
    got = _pairs(result, len(LEAKS))
    right = ((values != 0).triu()).nonzero()
    i, k = torch.meshgrid(torch.arange(D), torch.arange(D), indexing="ij")
    if near(got, right):
        expect_whole(result, "Your pairs")
        return
    if near(got, _in_order(right.flip(1))):
        raise Wrong("The pairs are turned round: i, which sees, comes before k.")
    if near(got, (values.T != 0).triu().nonzero()):
        raise Wrong(
            "Rows and columns of the Jacobian are exchanged: row i is for what i sees."
        )
    if near(got, right + 1):
        raise Wrong("Your pairs count from 1; subpixels are numbered from 0.")
    for sentence, found in FOUND.items():
        if near(got, found(values, i, k).nonzero()):
            raise Wrong(sentence)
    raise Wrong(_one_wrong(got.tolist(), right.tolist(), values))


def _one_wrong(got: list[list[int]], right: list[list[int]], values: Tensor) -> str:
    missing = [pair for pair in right if pair not in got]
    i, k = (missing or [pair for pair in got if pair not in right])[0]
    if max(i, k) >= D or min(i, k) < 0:
        return f"There is no pair ({i}, {k}): there are {D} subpixels, from 0 on."
    told = "is missing" if missing else "is no leak"
    return f"The pair ({i}, {k}) {told}; the Jacobian is {values[i, k]:.3g} there."


def no_leaks_are_found(f: Answer) -> None:
    """A causal Jacobian has none, and a full one all of them."""
    if len(_pairs(f(_jacobian().tril(-1)), 0)) > 0:
        raise Wrong("Where no subpixel sees itself or a later one, there is no pair.")
    found = f(torch.tensor([[0.0, 0.0], [0.3, -1e-9]]))
    if tuple(getattr(found, "shape", ())) == (2,):
        raise Wrong(
            "A single pair is a row, too: of shape (1, 2), where yours is (2,)."
        )
    if not near(_pairs(found, 1), torch.tensor([[1, 1]])):
        raise Wrong(
            "Where the last subpixel sees itself alone, (1, 1) is the one leak."
        )
    full = torch.full((3, 3), -1.0)
    right = torch.tensor([[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]])
    got = _pairs(f(full), len(right))
    if not near(got, right):
        raise Wrong("Where all 3 subpixels see all, 6 pairs leak.")
