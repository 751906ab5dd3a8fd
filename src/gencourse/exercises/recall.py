"""Remember the last verdict, so that an answer that takes long is run only once.

A verdict serves once, and only the function that it is about, unchanged: a new ``def``
is a new function, and one whose code or helpers are other ones now is examined anew.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from types import CellType, FunctionType


@dataclass(frozen=True)
class _Kept:
    key: object
    function: weakref.ref[FunctionType]
    state: tuple[object, ...]
    verdict: object


_last: list[_Kept] = []


def keep(key: object, answer: object, verdict: object) -> None:
    """Remember the verdict on an answer to an exercise in place of the last one."""
    _last.clear()
    if isinstance(answer, FunctionType):
        state = _state(answer)
        _last.append(_Kept(key, weakref.ref(answer), state, verdict))


def take(key: object, answer: object) -> object:
    """Return what was kept of this very function, once; None where there is nothing."""
    if not (_last and isinstance(answer, FunctionType)):
        return None
    kept = _last.pop()
    if kept.key != key or kept.function() is not answer:
        return None
    now = _state(answer)
    same = len(now) == len(kept.state) and all(map(_is, now, kept.state))
    return kept.verdict if same else None


def _is(a: object, b: object) -> bool:
    return a is b


def _state(function: FunctionType, seen: tuple[object, ...] = ()) -> tuple[object, ...]:
    """Return what decides a function's results: its code, and what the code names."""
    code, names = function.__code__, function.__globals__
    named = (
        *map(_content, function.__closure__ or ()),
        *(names.get(name) for name in code.co_names),
    )
    seen = (*seen, function)
    deeper: tuple[object, ...] = ()
    for helper in named:
        if isinstance(helper, FunctionType) and helper not in seen:
            deeper += _state(helper, seen)
    return code, function.__defaults__, function.__kwdefaults__, *named, *deeper


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None
