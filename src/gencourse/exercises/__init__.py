"""Exercises: check an answer, ask for a hint, go on with the course's own function."""

from __future__ import annotations

from gencourse.exercises.core import (
    EXERCISES,
    Verdict,
    check,
    examine,
    hint,
    mine_or_reference,
)
from gencourse.exercises.exercise import Exercise, NotAttempted, todo

__all__ = [
    "EXERCISES",
    "Exercise",
    "NotAttempted",
    "Verdict",
    "check",
    "examine",
    "hint",
    "mine_or_reference",
    "todo",
]
