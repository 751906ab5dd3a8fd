"""Grade a whole class, one notebook after the other."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gencourse.grading.judge import Settings, grade
from gencourse.grading.report import Graded, Report, learners


def grade_all(
    paths: list[Path],
    settings: Settings,
    tell: Callable[[int, int, str], object] = lambda *told: None,
) -> Report:
    """Return the report on notebooks, sorted by learner.

    Args:
        paths: the notebooks.
        settings: how to grade.
        tell: called before each with its number, how many there are, and the learner.
    """
    resolved = [path.resolve() for path in paths]
    named = sorted(zip(learners(resolved), paths, strict=True), key=_order)
    graded = []
    for number, (learner, path) in enumerate(named, 1):
        tell(number, len(named), learner)
        try:
            graded.append(grade(path, learner, settings))
        except Exception as why:  # one notebook must not cost the class
            told = f"{type(why).__name__}: {str(why)[:200]}"
            graded.append(Graded(learner, str(path), f"grading it failed ({told})"))
    return Report(graded, list(settings.seeds), _version())


def _order(named: tuple[str, Path]) -> tuple[str, str]:
    return named[0].casefold(), str(named[1])


def _version() -> str:
    try:
        return version("gencourse")
    except PackageNotFoundError:
        return "unknown"
