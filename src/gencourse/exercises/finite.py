"""Keep eigenvalues of matrices that hold NaN from being looked for."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor

P = ParamSpec("P")
T = TypeVar("T")
EIGEN = ("eig", "eigvals", "eigh", "eigvalsh")


class NotFinite(ArithmeticError):  # noqa: N818 - named like what it is about
    """Eigenvalues are looked for of a matrix that holds NaN or inf."""


@contextlib.contextmanager
def only_finite() -> Iterator[None]:
    """Let torch.linalg raise NotFinite: some builds of LAPACK end the process instead.

    A function that was imported by its name alone before is not reached.
    """
    own = {name: getattr(torch.linalg, name) for name in EIGEN}
    try:
        for name, function in own.items():
            setattr(torch.linalg, name, _guarded(function))
        yield
    finally:
        for name, function in own.items():
            setattr(torch.linalg, name, function)


def _guarded(function: Callable[P, T]) -> Callable[P, T]:
    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        if not all(map(_finite, (*args, *kwargs.values()))):
            raise NotFinite("eigenvalues of a matrix that holds NaN or inf")
        return function(*args, **kwargs)

    return call


def _finite(value: object) -> bool:
    return not isinstance(value, Tensor) or bool(value.isfinite().all())
