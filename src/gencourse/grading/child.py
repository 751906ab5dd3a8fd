"""A submission's own process: it runs the notebook's code and calls its answers.

It never decides by itself whether an answer is right, but where an exercise's inputs
are functions or networks; see `judge`. It speaks with the judge in frames of `wire`.
"""

from __future__ import annotations
import __future__

import inspect
import os
import sys
from collections.abc import Callable
from typing import Any

import gencourse.exercises
from gencourse.exercises import core, seeds
from gencourse.exercises.answer import place
from gencourse.exercises.exercise import NotAttempted
from gencourse.exercises.finite import only_finite
from gencourse.grading import confine, tamper, wire
from gencourse.grading.calls import Calls

Reply = dict[str, Any]


class Submission:
    """The notebook's namespace, and which function is meant for which exercise."""

    def __init__(self) -> None:
        self.space: dict[str, Any] = {"__name__": "__main__", "display": print}
        self.told: dict[str, object] = {}
        self.mine: dict[int, tuple[object, object]] = {}  # of what stands for it
        self.passed: set[str] = set()
        self.current = ""
        self.calls = Calls()
        self.names: dict[str, str] = {}
        self._take_the_place_of_checks()
        self.before = tamper.fingerprint()

    def _take_the_place_of_checks(self) -> None:
        for name in ("check", "mine_or_reference", "hint"):
            for module in (gencourse.exercises, core):
                setattr(module, name, getattr(self, f"_{name}"))

    def _check(self, key: str, answer: object) -> None:
        self.told[key] = self.unwrapped(answer)

    def _hint(self, key: str, number: int | None = None) -> None:
        pass

    def _mine_or_reference(self, key: str, answer: object) -> object:
        """Return what calls the answer where it passed, else the course's function."""
        own = self.unwrapped(answer)
        self.told[key] = own
        if key not in core.EXERCISES or not callable(own):
            return own
        reference = core.EXERCISES[key].reference

        def chosen(*given: object, **named: object) -> object:
            is_own = key in self.passed or key == self.current
            return (own if is_own else reference)(*given, **named)

        self.mine[id(chosen)] = chosen, own
        return chosen

    def unwrapped(self, answer: object) -> object:
        """Return the learner's function where this stands for it, else the answer."""
        return self.mine.get(id(answer), (None, answer))[1]

    def answer(self, key: str) -> object:
        """Return the function that is meant for an exercise, or None."""
        name = self.names.get(key, key.partition(".")[2])
        last = self.unwrapped(self.space.get(name))
        # Behind its check a name may be given to a result, or imported for a helper.
        for own in (last, self.told.get(key)):
            if callable(own) and own is not core.EXERCISES[key].reference:
                return own
        return None if callable(last) else last

    def define(self, message: Reply) -> Reply:
        """Run statements in their order, each whatever the others did."""
        self.names = message["names"]
        flags = __future__.annotations.compiler_flag if message["annotations"] else 0
        errors: dict[str, str] = {}
        for number, (cell, source) in enumerate(message["statements"]):
            send({"at": number})
            try:
                code = compile(source, f"<cell {cell}>", "exec", flags, True)
                with tamper.watched():
                    exec(code, self.space)
            except BaseException as error:
                errors[str(number)] = _told(error)
        return {"errors": errors, "found": self._found(message["names"])}

    def _found(self, names: dict[str, str]) -> dict[str, object]:
        return {key: _signature(self.answer(key)) for key in names}

    def call(self, message: Reply) -> Reply:
        """Call the answer to an exercise with the arguments that the judge sent."""
        key = self.current = message["key"]
        self.passed = set(message["passed"])
        answer = self.answer(key)
        if not callable(answer):
            return {"raised": {"name": "TypeError", "message": "no function"}}
        try:
            with tamper.trapped(key), only_finite():
                return self.calls.call(answer, message["given"])
        except BaseException as error:
            raised = {
                "name": type(error).__name__,
                "message": _first_line(error),
                "where": place(error, answer),
                "not_attempted": isinstance(error, NotAttempted),
            }
            return {"raised": raised}

    def examine(self, message: Reply) -> Reply:
        """Examine an answer here, since its inputs cannot travel."""
        key = self.current = message["key"]
        self.passed = set(message["passed"])
        answer = self.answer(key)

        def guarded(*given: object, **named: object) -> object:
            with tamper.trapped(key):
                return answer(*given, **named)  # type: ignore[operator]

        if callable(answer):
            _dress(guarded, answer)
        with seeds.fresh(message["seed"]):
            verdict = _examine(core.EXERCISES[key], guarded)
        return {
            "passed": verdict.passed,
            "sentence": verdict.sentence,
            "mark": verdict.mark,
            "nonce": message["nonce"],
        }

    def serve(self, message: Reply) -> Reply:
        """Return the reply to a message, with what was found on the way."""
        quick = {"call": self.call, "backward": self.calls.backward}
        done = quick | {"define": self.define, "examine": self.examine}
        reply = done[message["do"]](message)
        for name in ("called", "read"):
            reply[name] = sorted(tamper.found[name])
        if message["do"] not in quick:
            reply["changed"] = tamper.changed(self.before)
        return reply


_examine = core.examine


def _dress(guarded: Callable[..., object], answer: Callable[..., Any]) -> None:
    try:
        guarded.__signature__ = inspect.signature(answer)  # type: ignore[attr-defined]
    except Exception:  # built-in functions may have none
        return


def _signature(answer: object) -> object:
    if not callable(answer):
        return None if answer is None else type(answer).__name__
    try:
        each = inspect.signature(answer).parameters.values()
    except Exception:
        return []
    return [[p.name, int(p.kind), p.default is not p.empty] for p in each]


def _first_line(error: BaseException) -> str:
    try:
        return str(error).strip().partition("\n")[0][:300]
    except Exception:
        return ""


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {_first_line(error)}".rstrip(": ")


def send(message: Reply) -> None:
    """Write a frame to the judge."""
    confine.write_all(wire.to_bytes(message))


def main() -> None:
    """Answer the judge until it hangs up."""
    confine.take_channel()
    memory, seconds = int(sys.argv[1]), int(sys.argv[2])
    submission = Submission()
    confine.limit(memory, seconds)
    tamper.guard()
    send({"ready": os.getpid()})
    while (frame := confine.read_frame()) is not None:
        send(submission.serve(wire.from_bytes(*frame, strides=True)))
