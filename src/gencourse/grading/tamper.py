"""In a submission's process: who takes the course's own solutions, or replaces things.

All this lives beside the submission, so a submission that is written to defeat it can.
What it finds is shown; what it does not find proves nothing.
"""

from __future__ import annotations

import inspect
import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import torch

import gencourse
from gencourse.exercises.core import EXERCISES

PACKAGE = str(Path(gencourse.__file__).parent)
_TORCH = str(Path(torch.__file__).parent)
# It is taken now: a submission may put another in its place.
_Frame = sys._getframe
_reading = ("inspect.py", "functools.py", "dataclasses.py", "typing.py", "<frozen")
_loading = ("<frozen importlib", "traceback.py", "warnings.py", "pydoc.py")
_REFUSED = (
    *("os.fork", "os.forkpty", "os.system", "os.exec", "os.posix_spawn", "os.spawn"),
    *("subprocess.Popen", "socket.connect", "socket.bind", "pty.spawn"),
    *("os.kill", "os.killpg"),
)


class Borrowed(BaseException):
    """The answer calls the course's own solution of this very exercise."""


def note_borrowed(key: str) -> None:
    """Keep that the solution of an exercise was called, even if that is caught."""
    found["called"].add(key)
    raise Borrowed(key)


found: dict[str, set[str]] = {"called": set(), "read": set()}
_watching = [False]


def functions(key: str) -> list[FunctionType]:
    """Return an exercise's reference and what it wraps."""
    function: Any = EXERCISES[key].reference
    each = []
    while isinstance(function, FunctionType):
        each.append(function)
        function = getattr(function, "__wrapped__", None)
    return each


def _trap(key: str) -> CodeType:
    # It runs with the globals of the reference's module: it imports what it needs.
    source = (
        f"def trap(*given, **named):\n    from {__name__} import note_borrowed\n"
        f"    note_borrowed({key!r})\n"
    )
    space: dict[str, Any] = {}
    exec(source, space)
    return space["trap"].__code__  # type: ignore[no-any-return]


@contextmanager
def trapped(key: str) -> Iterator[None]:
    """While the answer runs, a call of the exercise's reference raises Borrowed."""
    was = [(f, f.__code__) for f in functions(key) if not f.__closure__]
    for function, _ in was:
        function.__code__ = _trap(key)
    watching, _watching[0] = _watching[0], True
    try:
        yield
    finally:
        _watching[0] = watching
        for function, code in was:
            function.__code__ = code


@contextmanager
def watched() -> Iterator[None]:
    """Note while the submission's code runs which solutions' sources it reads."""
    linecache.clearcache()
    _watching[0] = True
    try:
        yield
    finally:
        _watching[0] = False


def guard() -> None:
    """Refuse new processes and connections from now on, and see what is read."""
    owners = {id(f): key for key in EXERCISES for f in functions(key)}
    files: dict[str, list[str]] = {}
    for key in EXERCISES:
        path = inspect.getsourcefile(functions(key)[-1]) or ""
        files.setdefault(path, []).append(key)

    def hook(event: str, given: tuple[Any, ...]) -> None:
        if event in _REFUSED:
            raise PermissionError(f"{event} is not for answers")
        if not _watching[0]:
            return
        if event in ("exec", "function.__new__"):  # a second copy of a solution
            path = getattr(given[0], "co_filename", None)
            module = event == "exec" or not _comes_from(_reading)
            if path in files and module:
                found["read"].update(files[path])
        if event == "open" and given[0] in files and not _comes_from(_loading):
            found["read"].update(files[given[0]])
        if event == "object.__getattr__" and given[1] == "__code__":
            key = owners.get(id(given[0]))
            if key and not _comes_from(_reading, 1):
                found["read"].add(key)

    sys.addaudithook(hook)


def _comes_from(files: tuple[str, ...], depth: int = 40) -> bool:
    frame = _Frame(2)
    for _ in range(depth):
        name = frame.f_code.co_filename
        if name.endswith(files) or name.startswith(files):
            return True
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return False


def fingerprint() -> dict[str, tuple[int, ...]]:
    """Return what the course's checks and torch's functions are made of, by name."""
    every = {
        f"{module}.{name}": _made_of(value)
        for module, content in sorted(sys.modules.items())
        if module.startswith("gencourse.exercises") or module == "gencourse"
        if isinstance(content, ModuleType)
        for name, value in list(vars(content).items())
        if not name.startswith("__")
    }
    for owner in (torch, torch.Tensor, torch.nn.functional, torch.linalg):
        for name, value in list(vars(owner).items()):
            if callable(value) and not isinstance(value, ModuleType):
                every[f"{owner.__name__}.{name}"] = (_of_torch(value),)
    for key, exercise in EXERCISES.items():
        every[f"EXERCISES[{key!r}]"] = (id(exercise), id(exercise.reference))
    return every


def _of_torch(value: object) -> bool:
    # No identity: torch itself replaces some functions when parts of it are loaded.
    code = getattr(value, "__code__", None)
    if code is not None:
        return str(code.co_filename).startswith(_TORCH)
    return type(value).__module__.startswith(("builtins", "torch"))


def _made_of(value: object) -> tuple[int, ...]:
    if isinstance(value, FunctionType):
        return id(value), id(value.__code__), id(value.__defaults__)
    if isinstance(value, type) and value.__module__.startswith("gencourse"):
        each = [v for v in vars(value).values() if isinstance(v, FunctionType)]
        return id(value), *(part for f in each for part in _made_of(f))
    return (id(value),)


def changed(before: dict[str, tuple[int, ...]]) -> list[str]:
    """Return the names of what is no longer as it was."""
    now = fingerprint()
    return sorted(name for name, made in before.items() if now.get(name) != made)[:5]
