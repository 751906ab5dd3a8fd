"""Tell the mistakes that come from the dtype of images alone."""

from __future__ import annotations

import functools
from collections.abc import Callable

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer, Raised
from gencourse.exercises.exercise import Law, Wrong


def survives_uint8(law: Law) -> Law:
    """Return the law with a sentence for answers that obey it on int64 images alone."""

    @functools.wraps(law)
    def both(f: Answer) -> None:
        try:
            law(f)
        except (Wrong, Raised) as problem:
            if not _obeys(law, _widened(f)):
                raise
            raise Wrong(
                f"{_symptom(problem)} on uint8 images, and is right on the same "
                "levels in int64: in uint8 arithmetic wraps at 256, so that 255 + 1 "
                "and 256 are 0, and as an index it selects like a mask. Convert "
                "first."
            ) from None

    return both


def _symptom(problem: Wrong | Raised) -> str:
    if isinstance(problem, Raised):
        return f"Your function raises {type(problem.error).__name__}"
    return "Your function is wrong"


def _widened(f: Answer) -> Answer:
    function: Callable[..., object] = f.function

    def on_int64(*given: object) -> object:
        return function(*map(_wide, given))

    return Answer(on_int64, f.exercise)


def _wide(value: object) -> object:
    if isinstance(value, Tensor) and value.dtype == torch.uint8:
        return value.long()
    return value


def _obeys(law: Law, f: Answer) -> bool:
    try:
        law(f)
    except (Wrong, Raised):
        return False
    return True
