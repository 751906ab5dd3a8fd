"""Give a learner's results the type that the reference's have."""

from __future__ import annotations

import functools
import typing
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gencourse.exercises.exercise import Exercise

Function = Callable[..., Any]
# Which learner's function stands under a wrapper. __wrapped__ would not do: learners
# have decorators of their own.
_mine: weakref.WeakKeyDictionary[Function, Function] = weakref.WeakKeyDictionary()


def wrapped(exercise: Exercise, answer: Function) -> Function:
    """Return the learner's function with its results converted as by `converted`."""

    @functools.wraps(answer)
    def with_tensors(*args: object, **kwargs: object) -> object:
        result = answer(*args, **kwargs)
        return converted(exercise, result, (*args, *kwargs.values()))

    _mine[with_tensors] = answer
    return with_tensors


def unwrapped(answer: object) -> object:
    """Return the learner's function under a wrapper of `wrapped`, else the answer."""
    try:
        return _mine.get(answer, answer)  # type: ignore[call-overload]
    except TypeError:  # some values can be no keys
        return answer


def converted(exercise: Exercise, result: object, inputs: tuple[object, ...]) -> object:
    """Return a result as the tensors that the reference would return.

    They get the exercise's dtype, else the first floating input's, or stay what they
    are where no input is floating. Numbers become Python's floats where the reference
    returns such. What is right already, and what is no number, comes back itself.
    """
    tensors = [value for value in inputs if isinstance(value, Tensor)]
    kinds = _kinds_of_pair(exercise.reference)
    due = exercise.dtype
    if (kind := _returned(exercise.reference)) in (float, int):
        return _number(result)
    if not kinds and kind not in (Tensor, None):
        return result
    if not (kinds or isinstance(due, tuple)):
        return _tensor(result, tensors, due)
    if not isinstance(result, (tuple, list)):
        return result
    each = due if isinstance(due, tuple) else (due,) * len(result)
    parts = tuple(
        _number(part) if float in kinds else _tensor(part, tensors, dtype)
        for part, dtype in zip(result, each, strict=True)
    )
    same = all(map(lambda a, b: a is b, parts, result))
    return result if same and isinstance(result, tuple) else parts


def is_whole(value: object) -> bool:
    """Return whether a result's dtype is one of whole numbers."""
    if isinstance(value, Tensor):
        return not (value.is_floating_point() or value.is_complex())
    if isinstance(value, (list, tuple)):
        return all(map(is_whole, value))
    return bool(np.asarray(value).dtype.kind in "iu")


def _kinds_of_pair(reference: Function) -> tuple[object, ...]:
    """Return the types of the parts where a tuple is returned, else nothing."""
    returned = _returned(reference)
    return typing.get_args(returned) if typing.get_origin(returned) is tuple else ()


def _returned(reference: Function) -> object:
    return typing.get_type_hints(reference).get("return")


def _number(value: object) -> object:
    return value if type(value) is float else _joined(value).item()


def _tensor(value: object, inputs: list[Tensor], due: torch.dtype | None) -> Tensor:
    tensor = _joined(value)
    floating = [t.dtype for t in inputs if t.is_floating_point()]
    if due is not None:
        return tensor.to(_device(inputs), due)
    if not (floating or tensor.is_floating_point()):
        return tensor.to(_device(inputs), torch.float64)
    dtype = floating[0] if floating else tensor.dtype
    return tensor.to(_device(inputs), dtype)


def _device(inputs: list[Tensor]) -> torch.device:
    return inputs[0].device if inputs else torch.device("cpu")


def _joined(value: object) -> Tensor:
    """Return a list, array or number as a tensor; lists may hold tensors."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, (list, tuple)) and not all(
        isinstance(part, (int, float)) for part in value
    ):
        return torch.stack([_joined(part) for part in value])
    # A copy: an array may be read-only, or run backwards.
    return torch.tensor(np.array(value))
