"""What an exercise is, and the words in which its laws and stubs speak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import torch

if TYPE_CHECKING:
    from gencourse.exercises.answer import Answer

Law = Callable[["Answer"], None]


class Wrong(Exception):  # noqa: N818 - a verdict, not an error of the program
    """A law does not hold; the message is the sentence that the learner reads."""


class NotAttempted(NotImplementedError):  # noqa: N818 - the state of a stub
    """The function is still the stub that the course gave."""


def todo() -> NoReturn:
    """Raise NotAttempted: the body of a function that is yours to write."""
    raise NotAttempted(
        "This function is yours to write: put your code in place of todo()."
    )


@dataclass(frozen=True)
class Exercise:
    """A function for the learner to write, and the laws that a right one obeys.

    Attributes:
        key: "<chapter>.<function name>".
        title: what is asked, in a few words.
        reference: the package's own tested function, which is the solution.
        minutes: how long it takes.
        difficulty: 1 (recall) to 3 (a piece of work).
        hints: a nudge, a direction, nearly the solution.
        laws: run in this order; each raises Wrong with a sentence of its own.
        dtype: of the results, or None where the inputs' dtype decides it; a tuple where
            the parts of a pair have one each.
        prepare: what is slow the first time only, done before an answer's time begins.
        patience: how many times as long as usual a check may take.
    """

    key: str
    title: str
    reference: Callable[..., Any]
    minutes: int
    difficulty: int
    hints: tuple[str, str, str]
    laws: tuple[Law, ...]
    dtype: torch.dtype | tuple[torch.dtype | None, ...] | None = None
    prepare: Callable[[], object] = tuple
    patience: float = 1.0

    @property
    def whole(self) -> bool:
        """Whether the results, or parts of them, are whole numbers or truth values."""
        each = self.dtype if isinstance(self.dtype, tuple) else (self.dtype,)
        return any(dtype and not dtype.is_floating_point for dtype in each)
