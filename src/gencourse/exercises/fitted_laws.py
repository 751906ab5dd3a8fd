"""A density that an answer fitted, called so that it can harm nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer, Ended, Raised, describe_error
from gencourse.exercises.compare import numbers
from gencourse.exercises.exercise import NotAttempted, Wrong
from gencourse.exercises.limits import TimeUp


class Fitted:
    """What an answer returned for x: a thing with ``log_prob`` and ``sample``.

    Raises Wrong, with ``case`` in the sentence, where it cannot be called.
    """

    def __init__(self, f: Answer, x: Tensor, levels: int, case: str) -> None:
        self.shape, self.levels, self.case = tuple(x.shape[1:]), levels, case
        try:
            self.density: Any = f(x, levels)
        except (Ended, Raised) as raised:
            raise self._wrong("function", f.function, raised.error) from None
        if isinstance(self.density, type):
            raise Wrong(
                f"Your function returned the class {self.density.__name__} itself: "
                "build one of it, with x."
            )
        for name in ("log_prob", "sample"):
            if not callable(getattr(self.density, name, None)):
                raise Wrong(
                    f"Your function returned {_a(self.density)} without {name}(): "
                    "something with log_prob(x) and sample(n, generator=None) is "
                    "expected."
                )

    def log_prob(self, x: Tensor) -> Tensor:
        """Return the density's log-probabilities of x in float64: (B,)."""
        copy = x.clone()
        value = self._call("log_prob", lambda: self.density.log_prob(copy))
        if not torch.equal(copy, x):
            raise Wrong("Your log_prob changed the images that it was given.")
        if value is None:
            raise Wrong("Your log_prob returned None: does its last line return?")
        each = "One number is asked for, for each image: the sum over all its subpixels"
        lost = {
            (): f"{each}, not over the batch.",
            tuple(x.shape): f"{each}.",
            (len(x), *self.shape[1:]): f"{each}, channels too.",
            (len(x), self.shape[0]): f"{each}, channels too.",
            (len(x), 1): f"{each}, of shape (B,).",
        }
        try:
            return numbers(value, (len(x),), lost).double()
        except Wrong as wrong:
            told = str(wrong).replace("Your result", "The result of your log_prob")
            told = told.replace("Your function", "Your log_prob")
            raise Wrong(told) from None

    def sample(self, n: int, generator: torch.Generator | None) -> Tensor:
        """Return n samples as uint8: (n, C, H, W)."""
        x = self._call("sample", lambda: self.density.sample(n, generator=generator))
        due = (n, *self.shape)
        if not isinstance(x, Tensor):
            raise Wrong(f"Your sample({n}) returned {_a(x)}; a tensor is expected.")
        if tuple(x.shape) != due:
            raise Wrong(
                f"Your sample({n}) has shape {tuple(x.shape)}; {due} is expected."
            )
        if x.dtype != torch.uint8:
            kind = str(x.dtype).removeprefix("torch.")
            raise Wrong(f"Your samples are {kind}; levels of dtype uint8 are expected.")
        if int(x.max()) >= self.levels:
            raise Wrong(
                f"Your samples hold level {int(x.max())}; {self.case} there are levels "
                f"0 to {self.levels - 1}."
            )
        return x

    def _call(self, name: str, call: Callable[[], object]) -> object:
        try:
            with torch.no_grad():
                return call()
        except (NotAttempted, TimeUp, Wrong):
            raise
        except BaseException as error:  # sys.exit in a method ends no notebook
            method = getattr(self.density, name)
            raise self._wrong(name, method, error) from None

    def _wrong(
        self, name: str, function: Callable[..., object], error: BaseException
    ) -> Wrong:
        told = describe_error(error, function)
        told = told.replace("of your function)", f"of your {name})")
        case = self.case[0].upper() + self.case[1:]
        return Wrong(told.replace("Your function", f"{case} your {name}"))


def _a(value: object) -> str:
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
