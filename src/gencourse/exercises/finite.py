"""Keep eigenvalues of matrices that hold NaN from being looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

EIGEN = {
    torch.linalg.eig,
    torch.linalg.eigvals,
    torch.linalg.eigh,
    torch.linalg.eigvalsh,
}


class NotFinite(ArithmeticError):  # noqa: N818 - named like what it is about
    """Eigenvalues are looked for of a matrix that holds NaN or inf."""


class OnlyFinite(TorchFunctionMode):
    """Raise NotFinite there: some builds of LAPACK end the whole process instead."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the function returns
        """Call the function, if what it is given is finite."""
        given = (*args, *(kwargs or {}).values())
        if func in EIGEN and not all(map(_finite, given)):
            raise NotFinite("eigenvalues of a matrix that holds NaN or inf")
        return func(*args, **(kwargs or {}))


def _finite(value: object) -> bool:
    return not isinstance(value, Tensor) or bool(value.isfinite().all())
