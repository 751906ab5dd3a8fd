"""Read what an answer returned as numbers, and say how they differ from the right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gencourse.exercises.exercise import Wrong
from gencourse.exercises.results import is_whole
from gencourse.exercises.shown import Told

Shape = tuple[int, ...]
Causes = Mapping[Any, str]  # from wrong shapes to sentences
Mistakes = dict[str, Callable[..., Tensor]]
# How far apart, relatively, right numbers may be in a dtype of few digits.
COARSE = {torch.float16: 2e-3, torch.bfloat16: 2e-2}
ALONE = "One alone keeps its axis: does a squeeze take it away?"
COMPLEX = "Your answer is complex; real numbers are expected."


def numbers(value: object, shape: Shape, shapes: Causes | None = None) -> Tensor:
    """Return a tensor, array, list or number as float64 of this shape.

    Half precision stays what it is, so that `near` knows how much it can tell.

    Args:
        value: what the answer returned.
        shape: the shape that is asked for; for a single number any of its shapes does.
        shapes: sentences for wrong shapes whose cause is known.
    """
    try:
        found = _tensor(value)
    except Wrong:
        raise
    except Exception:
        raise Wrong(
            f"Your function returned {_kind(value)}; {_named(shape)} is expected."
        ) from None
    if found.numel() == 1 and shape == ():
        return found.reshape(shape)
    if tuple(found.shape) == shape:
        return found
    alone = ALONE if shape == (1,) and found.numel() == 1 else ""
    known = (shapes or {}).get(tuple(found.shape), alone)
    raise Wrong(
        f"Your result has shape {tuple(found.shape)}; {_named(shape)} is expected. "
        f"{known}".strip()
    )


def pair(value: object, first: str, second: str) -> tuple[object, object]:
    """Return the two parts of an answer that should be a pair of so named things."""
    if isinstance(value, (tuple, list)) and len(value) == 2:
        return value[0], value[1]
    raise Wrong(
        f"Your function returned {_kind(value)}; a pair ({first}, {second}) is "
        "expected."
    )


def near(got: Tensor, right: Tensor, tolerance: float = 1e-4) -> bool:
    """Return whether two tensors agree as far as got's dtype can tell; NaN doesn't."""
    return got.shape == right.shape and bool(_close(got, right, tolerance).all())


def _close(got: Tensor, right: Tensor, tolerance: float) -> Tensor:
    relative = max(tolerance, COARSE.get(got.dtype, 0.0))
    return torch.isclose(got.double(), right.double(), rtol=relative, atol=tolerance)


def expect(
    got: Tensor,
    right: Tensor,
    what: str,
    mistakes: Mistakes | None = None,
    given: tuple[Any, ...] = (),
    tolerance: float = 1e-4,
    told: Told | None = None,
) -> None:
    """Raise Wrong unless got is right.

    Args:
        got: the answer's numbers.
        right: what they should be.
        what: a sentence on what is asked for, said when the cause is unknown.
        mistakes: the sentence on each known mistake, and what it makes of given.
        given: the arguments of the mistakes.
        tolerance: relative and absolute; half precision has a relative one of its own.
        told: tells the inputs at a place of the result.
    """
    if near(got, right, tolerance):
        return
    for sentence, mistaken in (mistakes or {}).items():
        if near(got, mistaken(*given), tolerance):
            raise Wrong(sentence)
    at = tuple((~_close(got, right, tolerance)).nonzero()[0].tolist())
    raise Wrong(f"{what} {_difference(got, right, at, told)}")


def mistake_of(mistakes: Mistakes, *cases: tuple[Tensor, tuple[Any, ...]]) -> str:
    """Return the sentence on the mistake that explains all results, else nothing.

    Args:
        mistakes: as in `expect`.
        cases: results, each with the arguments of the mistakes.
    """
    for sentence, mistaken in mistakes.items():
        if all(near(got, mistaken(*given)) for got, given in cases):
            return sentence
    return ""


def _difference(got: Tensor, right: Tensor, at: Shape, told: Told | None) -> str:
    inputs = told(tuple(got.shape), at) if told else ""
    yours = f"For {inputs} yours" if inputs else "Yours"
    place = f" at index {at if len(at) > 1 else at[0]}" if at else ""
    values = f"{got[at].item():.6g}{place}, where {right[at].item():.6g} is due."
    return f"{yours} is {values}"


def expect_whole(value: object, what: str) -> None:
    """Raise Wrong unless a result that is right otherwise is of an integer dtype."""
    if not is_whole(value):
        raise Wrong(f"{what} are right, but as floats: whole numbers are asked for.")


def expect_no_axes(value: object, what: str) -> None:
    """Raise Wrong if a result that is right otherwise has axes of length 1."""
    shape = tuple(getattr(value, "shape", ()))
    if shape:
        raise Wrong(f"The value is right, but of shape {shape}: {what} has no axes.")


def _tensor(value: object) -> Tensor:
    if isinstance(value, Tensor):
        if value.is_complex():
            raise Wrong(COMPLEX)
        dtype = value.dtype if value.dtype in COARSE else torch.float64
        return value.detach().cpu().to_dense().to(dtype)
    if isinstance(value, (list, tuple)):
        return torch.stack([_tensor(v) for v in value])
    array = np.asarray(value)
    if array.dtype.kind == "c":
        raise Wrong(COMPLEX)
    if array.dtype.kind not in "biuf":
        raise TypeError(array.dtype)
    half = array.dtype == np.float16
    return torch.from_numpy(array.astype(np.float16 if half else np.float64))


def _kind(value: object) -> str:
    name = type(value).__name__
    if isinstance(value, (tuple, list)):
        return f"a {name} of {len(value)}"
    if name == "generator":
        return "a generator (it yields where it should return)"
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _named(shape: Shape) -> str:
    return f"shape {shape}" if shape else "a single number"
