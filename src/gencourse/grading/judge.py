"""Grade a notebook: its answers live in a process of their own, the laws run here.

An exercise whose inputs and results are tensors, numbers, texts and generators is
checked outside: the laws ask the submission's process for results and judge them here,
where it can change nothing. Where an input is a function or a network, or a result an
object, the laws run in the submission's process, and the result says "inside".
"""

from __future__ import annotations

import secrets
import time
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from gencourse.exercises import limits, seeds
from gencourse.exercises.core import EXERCISES, examine
from gencourse.exercises.exercise import Exercise
from gencourse.grading import report
from gencourse.grading.channel import Ended
from gencourse.grading.fresh_inputs import with_fresh_inputs
from gencourse.grading.plan import plan
from gencourse.grading.reading import NoNotebook, read
from gencourse.grading.remote import Remote
from gencourse.grading.report import Graded, Result
from gencourse.grading.sandbox import Isolation
from gencourse.grading.scan import scan
from gencourse.grading.session import Session

# Its law counts what torch computes, which can be seen inside alone.
COUNTED = frozenset({"pixelcnn.column"})
DATA = {torch.Tensor, torch.Generator, int, float, bool, str, type(None)}
OWN = "The course's own function does the work here: it is called by the answer."
READ = "It passes, and the notebook reads the source of the course's own solution."


@dataclass(frozen=True)
class Settings:
    """How to grade.

    Attributes:
        isolation: what keeps a submission in.
        seconds: for a whole notebook.
        memory: bytes for a submission, beyond what an idle process holds.
        seeds: the laws' fresh seeds; each answer must pass with all of them.
    """

    isolation: Isolation
    seconds: float
    memory: int
    seeds: tuple[int, ...]


def grade(path: Path, learner: str, settings: Settings) -> Graded:
    """Return what became of a notebook. Raises nothing that a notebook can cause."""
    graded = Graded(learner, str(path))
    start = time.monotonic()
    try:
        cells = read(path)
        planned, looked = plan(cells), scan(cells)
        if not planned.names:
            raise NoNotebook("no exercise of the course is in it")
        graded.isolation = settings.isolation.as_dict()
        graded.notes += looked.notes
        graded.notes += [f"cell {n}: {why}" for n, why in planned.broken.items()]
        with Session(planned, settings.isolation, settings) as session:
            session.replaced.update(looked.replaced)
            graded.exercises += [_grade(session, key) for key in planned.names]
            graded.notes += session.notes
    except NoNotebook as why:
        graded.problem = str(why)
    except Ended as why:
        graded.problem = f"its process did not start: {why}"
    graded.seconds = round(time.monotonic() - start, 1)
    return graded


def _grade(session: Session, key: str) -> Result:
    try:
        result = _checked(session, EXERCISES[key])
    except Ended as why:
        result = Result(key, report.STOPPED, f"The notebook was stopped: {why}.")
    if _passes(result) and session.replaced:
        what = ", ".join(sorted(session.replaced)[:3])
        said = f"It passes, and the notebook replaces what checks it: {what}."
        result = Result(key, report.TAMPERED, said, result.checked)
    if _passes(result):
        session.passed.add(key)
    return result


def _checked(session: Session, exercise: Exercise) -> Result:
    found = session.ready(exercise.key)
    if isinstance(found, Result):
        return found
    if not travels(exercise):
        return _inside(session, exercise)
    result = _outside(session, exercise, found)
    if exercise.key in COUNTED and _passes(result):
        session.live()
        return _inside(session, exercise)
    return result


def _passes(result: Result) -> bool:
    return result.state == report.PASSED


def travels(exercise: Exercise) -> bool:
    """Return whether inputs and results are data that a frame can carry."""
    hints = typing.get_type_hints(exercise.reference)
    return all(map(_is_data, hints.values())) and "return" in hints


def _is_data(hint: object) -> bool:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return all(type(part) in DATA for part in parts)
    if origin in (tuple, typing.Union, types.UnionType):
        return all(_is_data(part) for part in parts if part is not ...)
    return isinstance(hint, type) and hint in DATA


def _outside(session: Session, exercise: Exercise, parameters: object) -> Result:
    key = exercise.key
    for seed in (0, *session.settings.seeds):
        session.live()
        channel = session.channel
        remote = Remote(channel, key, session.passed, parameters)
        with seeds.fresh(seed):
            asked = with_fresh_inputs(exercise) if seed else exercise
            verdict = examine(asked, remote)
        if channel.interrupted:  # no answer's doing: the laws took it for one
            raise KeyboardInterrupt
        if channel.why or (channel.pending and not verdict.passed):
            why = f"Your function's process was stopped: {channel.why}."
            sentence = why if channel.why else verdict.sentence
            return Result(key, report.STOPPED, sentence, report.OUTSIDE)
        told = {"called": remote.called, "read": remote.read}
        result = _judged(key, verdict.passed, verdict.sentence, told, report.OUTSIDE)
        if not _passes(result):
            return result
    return result


def _inside(session: Session, exercise: Exercise) -> Result:
    key, most = exercise.key, 2 * limits.SECONDS * exercise.patience + 20
    for seed in (0, *session.settings.seeds):
        nonce = secrets.token_hex(16)
        message = {"do": "examine", "key": key, "passed": sorted(session.passed)}
        try:
            reply = session.channel.ask(message | {"seed": seed, "nonce": nonce}, most)
        except Ended as why:
            said = f"Your function's process was stopped: {why}."
            return Result(key, report.STOPPED, said, report.INSIDE)
        session.note(reply)
        if reply.get("nonce") != nonce:
            session.replaced.add("the reply to the judge")
        passed, sentence = reply.get("passed") is True, str(reply.get("sentence"))[:600]
        if sentence.startswith("Your function was stopped after"):
            return Result(key, report.STOPPED, sentence, report.INSIDE)
        result = _judged(key, passed, sentence, reply, report.INSIDE)
        if not _passes(result):
            return result
    return result


def _judged(
    key: str, passed: bool, sentence: str, told: dict[str, Any], checked: str
) -> Result:
    if key in (told.get("called") or ()):
        return Result(key, report.NOT_OWN, OWN, checked)
    if passed and key in (told.get("read") or ()):
        return Result(key, report.NOT_OWN, READ, checked)
    if passed:
        return Result(key, report.PASSED, "", checked)
    if sentence == "Not attempted yet.":
        return Result(key, report.NOT_ATTEMPTED, "", checked)
    return Result(key, report.WRONG, sentence, checked)
