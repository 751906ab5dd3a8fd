"""What is taken for the rows that no other row beats, and is not."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises.compare import Mistakes


def _less(c: Tensor) -> Tensor:
    """Whether row j costs less than row i in column k: (M, M, K) at i, j, k."""
    return c[None] < c[:, None]


def _no_more(c: Tensor) -> Tensor:
    return c[None] <= c[:, None]


def _others(c: Tensor) -> Tensor:
    return ~torch.eye(len(c), dtype=torch.bool)


def _beaten(c: Tensor) -> Tensor:
    """Whether row j beats row i: (M, M)."""
    return _no_more(c).all(2) & _less(c).any(2)


def _equal(c: Tensor) -> Tensor:
    return (c[None] == c[:, None]).all(2)


def _ranks(c: Tensor) -> Tensor:
    return _less(c).sum(1).sum(1)


def _least(values: Tensor) -> Tensor:
    return values == values.min()


def _sweep(c: Tensor) -> Tensor:
    """Down the first column, each row that has a new least value in the second."""
    kept, least = torch.zeros(len(c), dtype=torch.bool), float("inf")
    for row in c[:, 0].argsort(stable=True).tolist():
        if c[row, 1] < least:
            kept[row], least = True, c[row, 1].item()
    return kept


def _step_by_step(c: Tensor) -> Tensor:
    """Which rows neither the one before nor the one after them beats."""
    near_by = torch.arange(len(c))
    return ~(_beaten(c) & ((near_by[:, None] - near_by).abs() == 1)).any(1)


# Of the costs.
FRONT: Mistakes = {
    "These are the rows that are beaten; the others are asked for.": (
        lambda c: _beaten(c).any(1)
    ),
    "Rows and others are exchanged: these are the rows that beat another.": (
        lambda c: _beaten(c).any(0)
    ),
    "These are the rows that beat no other, and so those left where more is better; of "
    "costs less is.": lambda c: ~_beaten(-c).any(1),
    "A row must be less in every column to beat another in yours; nowhere more and "
    "somewhere less is enough.": lambda c: ~_less(c).all(2).any(1),
    "Two equal rows beat each other in yours: somewhere the one that beats is less.": (
        lambda c: ~(_no_more(c).all(2) & _others(c)).any(1)
    ),
    "All rows are left in yours, and some are beaten.": (
        lambda c: torch.ones(len(c), dtype=torch.bool)
    ),
    "A row is left in yours if it is less in some column than every other row; so "
    "much is not asked for.": (
        lambda c: (_less(c).transpose(0, 1) | ~_others(c)[..., None]).all(1).any(1)
    ),
    "The rows that are least in some column are left in yours; a row between them may "
    "be beaten by none.": lambda c: (c == c.amin(0)).any(1),
    "The rows that are least in the first column are left in yours; all columns "
    "count.": lambda c: _least(c[:, 0]),
    "The rows of the least sum are left in yours; columns are not to be added.": (
        lambda c: _least(c.sum(1))
    ),
    "The rows of the least ranks, added up, are left in yours; columns are not to be "
    "weighed against each other.": lambda c: _least(_ranks(c)),
    "The rows nearest to 0 are left in yours; columns are not to be weighed against "
    "each other.": lambda c: _least(c.square().sum(1)),
    "The rows whose sum is below the mean are left in yours; it is other rows that "
    "beat a row.": lambda c: c.sum(1) < c.sum(1).mean(),
    "The rows below the mean in every column are left in yours; it is other rows that "
    "beat a row.": lambda c: (c < c.mean(0)).all(1),
    "Rows are compared with those next to them only; any other row may beat one.": (
        _step_by_step
    ),
    "Rows are compared with those before them only; any other row may beat one.": (
        lambda c: ~(_beaten(c) & _others(c).tril()).any(1)
    ),
    "Rows are compared with those after them only; any other row may beat one.": (
        lambda c: ~(_beaten(c) & _others(c).triu()).any(1)
    ),
    "Rows are compared in the first two columns only; all count.": (
        lambda c: ~_beaten(c[:, :2]).any(1)
    ),
    "The last column is not used as it should be: going down the first, yours keeps "
    "each row with a new least value in the second.": _sweep,
    "Of two equal rows yours leaves out the later; they do not beat each other.": (
        lambda c: ~(_beaten(c) | (_equal(c) & _others(c).tril())).any(1)
    ),
}
