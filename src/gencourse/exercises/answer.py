"""The learner's function, called so that it can harm nothing but its own copies."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from gencourse.exercises.exercise import Exercise, NotAttempted, Wrong
from gencourse.exercises.finite import NotFinite
from gencourse.exercises.limits import TimeUp
from gencourse.exercises.results import converted
from gencourse.exercises.shown import Told, described, shown

# What torch and numpy raise where shapes, dtypes or values do not fit.
OF_INPUTS = (RuntimeError, IndexError, ValueError, TypeError)


class Raised(Exception):  # noqa: N818 - carries an error, is none
    """The learner's function raised this error."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


class Ended(Exception):  # noqa: N818 - carries an error, is none
    """The function came to an end that no law is about, such as sys.exit."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


class Answer:
    """The learner's function: call it like the function itself, by position.

    Raises Raised where the function raises, Ended where it leaves Python, is
    interrupted or is out of memory, Wrong where it changes an input, returns nothing or
    does not take the arguments.
    """

    def __init__(self, function: Callable[..., Any], exercise: Exercise) -> None:
        self.function, self.exercise = function, exercise
        self.names = tuple(inspect.signature(exercise.reference).parameters)
        self.given: dict[str, object] = {}  # the last call's arguments
        self.native = True  # whether results have the reference's types
        self.when_stopped = ""  # a law's sentence on a call that takes too long

    def __call__(self, *given: object) -> object:
        """Return what the function returns for copies of the arguments."""
        self.given = dict(zip(self.names, given, strict=False))
        copies = [g.clone() if isinstance(g, Tensor) else g for g in given]
        self._check_takes(copies)
        try:
            result: object = self.function(*copies)
        except (NotAttempted, TimeUp):
            raise
        except BaseException as error:  # sys.exit in an answer ends no notebook
            raise (Ended if _ends(error) else Raised)(error) from error
        for name, before, after in zip(self.names, given, copies, strict=False):
            if not _same(before, after):
                raise Wrong(
                    f"Your function changed its input {name}: leave what the caller "
                    "gave as it was, and work on a new tensor."
                )
        if result is None:
            raise Wrong("Your function returned None: does its last line return?")
        self._note_types(result, given)
        return result

    def for_inputs(self, *each: str) -> Told:
        """Return what tells the last call's inputs; see `shown.shown`."""
        return shown(self.given, each)

    def _note_types(self, result: object, given: tuple[object, ...]) -> None:
        try:
            native = converted(self.exercise, result, given) is result
        except Exception:  # no numbers: the law says so
            native = False
        self.native = self.native and native

    def _check_takes(self, arguments: list[object]) -> None:
        try:
            signature = inspect.signature(self.function)
        except Exception:  # built-in functions may have none
            return
        try:
            signature.bind(*arguments)
        except TypeError:
            expected = ", ".join(self.names)
            raise Wrong(f"Your function should take ({expected}).") from None


def _same(before: object, after: object) -> bool:
    if not (isinstance(before, Tensor) and isinstance(after, Tensor)):
        return True
    return before.dtype == after.dtype and torch.equal(before, after.detach())


def _ends(error: BaseException) -> bool:
    """Return whether an error says nothing about the input that it came with."""
    return (
        out_of_memory(error)
        or isinstance(error, RecursionError)
        or not isinstance(error, Exception)
    )


def out_of_memory(error: BaseException) -> bool:
    """Return whether there was not as much memory as was asked for."""
    return isinstance(error, MemoryError) or "can't allocate memory" in _message(error)


def describe_error(
    error: BaseException,
    function: Callable[..., Any],
    given: Mapping[str, object] | None = None,
) -> str:
    """Return a sentence that names an answer's error, and the line where it arose.

    Args:
        error: what was raised.
        function: the learner's.
        given: its arguments by name, told where they may explain the error.
    """
    name = type(error).__name__
    if out_of_memory(error):
        return "Your function asked for more memory than there is to spare."
    if isinstance(error, RecursionError):
        return "Your function calls itself without end (RecursionError)."
    if isinstance(error, (SystemExit, GeneratorExit)):
        return f"Your function tried to leave Python ({name}): return instead."
    if isinstance(error, KeyboardInterrupt):
        return "Your function was interrupted before it was done (KeyboardInterrupt)."
    if isinstance(error, NotFinite):
        where = place(error, function)
        return f"Your function looks for the {error}{where}."
    message = _message(error)
    told = f"{name}: {message}" if message else name
    inputs = described(given or {}) if isinstance(error, OF_INPUTS) else ""
    with_inputs = f" Given: {inputs}." if inputs else ""
    return f"Your function raised {told}{place(error, function)}.{with_inputs}"


def _message(error: BaseException) -> str:
    try:
        lines = str(error).strip().splitlines()
    except Exception:
        return ""
    return lines[0][:200].rstrip(".") if lines else ""


def place(error: BaseException, function: Callable[..., Any]) -> str:
    """Return in brackets in which line of a function an error arose, if it did."""
    code = getattr(function, "__code__", None)
    trace, line = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code is code and trace.tb_lineno is not None:
            line = trace.tb_lineno - trace.tb_frame.f_code.co_firstlineno + 1
        trace = trace.tb_next
    return "" if line is None else f" (line {line} of your function)"
