"""The random numbers of the laws: the same ones each time, or fresh ones to grade by.

In a notebook every check draws what it drew before, so that a learner can look for a
mistake in peace. An answer that knows those numbers by heart fails under fresh ones.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

# No ContextVar: a check may run in a thread of its own, which would not see it.
_shift = [0]
_APART = 1_000_003  # far more than any two seeds of one law


@contextlib.contextmanager
def fresh(seed: int) -> Iterator[None]:
    """Let the laws draw other numbers, those of this seed; 0 are the usual ones."""
    if seed < 0:
        raise ValueError(f"a seed is expected that is not negative, got {seed}")
    before, _shift[0] = _shift[0], seed * _APART
    try:
        yield
    finally:
        _shift[0] = before


def generator(number: int) -> torch.Generator:
    """Return torch's generator of a law's own number, shifted under `fresh`."""
    return torch.Generator().manual_seed(number + _shift[0])
