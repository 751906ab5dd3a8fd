"""What grading found, as data: the schema of ``gencourse grade --json``."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

SCHEMA = 1
# What browsers and Jupyter put behind the name of a second copy.
_COPY = re.compile(r"(?: ?\(\d+\)|-Copy\d*| - Copy)+$")
PASSED = "passed"
WRONG = "wrong"
NOT_ATTEMPTED = "not attempted"
MISSING = "missing"
STOPPED = "stopped"
NOT_OWN = "not the learner's work"
TAMPERED = "tampered"
STATES = (PASSED, WRONG, NOT_ATTEMPTED, MISSING, STOPPED, NOT_OWN, TAMPERED)
OUTSIDE = "outside"
INSIDE = "inside"


@dataclass(frozen=True)
class Result:
    """What became of one exercise of one notebook.

    Attributes:
        exercise: its key, "<chapter>.<function>".
        state: one of STATES.
        sentence: what is wrong, empty where it passed.
        checked: "outside" where the laws were checked in the judge's own process,
            "inside" where that was the submission's, empty where nothing was run.
    """

    exercise: str
    state: str
    sentence: str = ""
    checked: str = ""


@dataclass
class Graded:
    """What became of a notebook.

    Attributes:
        learner: by the file's or the folder's name.
        notebook: the path that was given.
        problem: why it could not be graded, else empty.
        isolation: what kept it in, see `sandbox.Isolation`; None where it was not run.
        notes: what the teacher may want to look at.
        exercises: a result for each exercise of its chapters.
        seconds: how long it took.
    """

    learner: str
    notebook: str
    problem: str = ""
    isolation: dict[str, object] | None = None
    notes: list[str] = field(default_factory=list)
    exercises: list[Result] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def passed(self) -> int:
        """How many exercises passed."""
        return sum(result.state == PASSED for result in self.exercises)


@dataclass(frozen=True)
class Line:
    """An exercise over the whole class: how many passed of how many, what was said."""

    exercise: str
    passed: int
    of: int
    commonest: str
    times: int


@dataclass(frozen=True)
class Report:
    """All notebooks, sorted by learner, and the seeds that repeat the grading."""

    notebooks: list[Graded]
    seeds: list[int]
    version: str

    def lines(self) -> list[Line]:
        """Return a line for each exercise that any notebook has, in their order."""
        by_key: dict[str, list[Result]] = {}
        for graded in self.notebooks:
            for result in graded.exercises:
                by_key.setdefault(result.exercise, []).append(result)
        return [_line(key, results) for key, results in by_key.items()]

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` writes."""
        return {
            "schema": SCHEMA,
            "gencourse": self.version,
            "seeds": self.seeds,
            "notebooks": [asdict(graded) for graded in self.notebooks],
            "exercises": [asdict(line) for line in self.lines()],
        }


def _line(key: str, results: list[Result]) -> Line:
    said = Counter(r.sentence for r in results if r.sentence)
    sentence, times = said.most_common(1)[0] if said else ("", 0)
    passed = sum(r.state == PASSED for r in results)
    return Line(key, passed, len(results), sentence, times)


def learners(paths: list[Path]) -> list[str]:
    """Return a learner's name for each notebook: the file's, else the folder's.

    Files of one name, as learning platforms deliver them, are told apart by their
    folders; where these have one name too, by the folders that hold them.
    """
    places: dict[str, set[Path]] = {}
    for path in paths:
        places.setdefault(_COPY.sub("", path.stem), set()).add(path.parent)
    folders = {p for same in places.values() if len(same) > 1 for p in same}
    named = [p.parent if p.parent in folders else p.with_suffix("") for p in paths]
    return [_short(place, set(named)) for place in named]


def _short(place: Path, others: set[Path]) -> str:
    """Return as much of the end of a path as tells it from all others."""
    for count in range(1, len(place.parts) + 1):
        end = place.parts[-count:]
        if not any(o.parts[-count:] == end for o in others - {place}):
            return "/".join(end)
    return str(place)
