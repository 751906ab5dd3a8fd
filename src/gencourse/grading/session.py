"""A notebook's process over all its exercises: started again where one ended it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from gencourse.grading import report
from gencourse.grading.channel import Channel, Ended
from gencourse.grading.plan import Plan, Statement
from gencourse.grading.report import Result
from gencourse.grading.sandbox import Isolation

if TYPE_CHECKING:
    from gencourse.grading.judge import Settings

STATEMENT = 30.0  # seconds for a statement that answers need
TRIES = 4


class Session:
    """The process of a notebook; see the module.

    Attributes:
        channel: to the process that runs now.
        passed: the exercises that passed so far.
        replaced: parts of the course that the notebook puts something else in place of.
        notes: what the teacher may want to look at.
    """

    channel: Channel

    def __init__(self, plan: Plan, isolation: Isolation, settings: Settings) -> None:
        self.plan, self.isolation, self.settings = plan, isolation, settings
        self.deadline = time.monotonic() + settings.seconds
        self.passed: set[str] = set()
        self.replaced: set[str] = set()
        self.notes: list[str] = []
        self._stopped: dict[int, str] = {}  # statement -> why
        self._errors: dict[int, str] = {}
        self._found: dict[str, Any] = {}
        self._open: list[Channel] = []

    def __enter__(self) -> Session:
        self._start()
        return self

    def __exit__(self, *error: object) -> None:
        for channel in self._open:
            channel.close()

    def ready(self, key: str) -> object:
        """Return the parameters of an exercise's function, or why there is none.

        Raises Ended where the process cannot be started again.
        """
        self.live()
        found = self._found.get(key)
        if isinstance(found, list):
            return found
        name = self.plan.names[key]
        if isinstance(found, str):
            said = f"A function is expected, and {name} is of type {found[:80]}."
            return Result(key, report.WRONG, said)
        return Result(key, *self._absence(name))

    def live(self) -> None:
        """Start the process again if it is over or hangs; raises Ended like ready."""
        if not self.channel.alive:
            self.channel.close()
            self._start()

    def _absence(self, name: str) -> tuple[str, str]:
        if name in self.plan.lost:
            cell = self.plan.lost[name]
            why = self.plan.broken[cell]
            return report.MISSING, f"{name} is in cell {cell}, which is broken: {why}."
        for number, statement in enumerate(self.plan.run):
            where = f"{name} is in cell {statement.cell}, which"
            if name in statement.binds and number in self._stopped:
                return report.STOPPED, f"{where} was stopped: {self._stopped[number]}."
            if name in statement.binds and number in self._errors:
                return report.MISSING, f"{where} raises {self._errors[number]}."
        return report.MISSING, f"No function {name} of the learner's was found."

    def note(self, reply: dict[str, Any]) -> None:
        """Keep what a reply tells of replaced parts of the course."""
        changed = reply.get("changed")
        if isinstance(changed, list):
            self.replaced.update(str(name)[:100] for name in changed)

    def _start(self) -> None:
        for _ in range(TRIES):
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise Ended("the time for this notebook was over")
            channel = Channel(self.isolation, self.settings.memory, self.deadline)
            self._open.append(channel)
            self.channel = channel
            if self._define():
                return
        raise Ended("too many of its cells end the process")

    def _define(self) -> bool:
        """Run the statements, but for those that ended the process before."""
        order = [n for n in range(len(self.plan.run)) if n not in self._stopped]
        message = {
            "do": "define",
            "names": self.plan.names,
            "annotations": self.plan.annotations,
            "statements": [_sent(self.plan.run[n]) for n in order],
        }
        at = -1
        try:
            self.channel.write(message)
            while "errors" not in (reply := self.channel.read(self._until())):
                if type(number := reply.get("at")) is int and number < len(order):
                    at = order[number]
        except Ended as why:
            if at < 0 or time.monotonic() > self.deadline:
                raise
            self._stopped[at] = str(why)
            self.notes.append(f"cell {self.plan.run[at].cell} was stopped: {why}")
            return False
        self._keep(reply, order)
        return True

    def _keep(self, reply: dict[str, Any], order: list[int]) -> None:
        self.note(reply)
        found, errors = reply.get("found"), reply.get("errors")
        self._found = found if isinstance(found, dict) else {}
        if isinstance(errors, dict):
            told = {
                int(n): str(why)[:300]
                for n, why in errors.items()
                if re.fullmatch("[0-9]{1,9}", n)
            }
            self._errors = {order[n]: why for n, why in told.items() if n < len(order)}
            cells = {n: self.plan.run[n].cell for n in self._errors}
            new = [f"cell {cells[n]} raises {w}" for n, w in self._errors.items()]
            self.notes += [note for note in new if note not in self.notes]

    def _until(self) -> float:
        return min(self.deadline, time.monotonic() + STATEMENT)


def _sent(statement: Statement) -> list[object]:
    return [statement.cell, statement.source]
