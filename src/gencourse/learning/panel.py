"""The panel that shows how far a learner has come, and what keeps it up to date."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from gencourse.exercises import core
from gencourse.exercises.exercise import Exercise
from gencourse.learning.records import OPEN, PASSED, TRIED, Records

if TYPE_CHECKING:
    from ipywidgets import HTML

MARKS = {OPEN: "○", TRIED: "✗", PASSED: "✓"}
CHAPTERS = tuple(dict.fromkeys(key.partition(".")[0] for key in core.EXERCISES))


class Panel:
    """A chapter's exercises with their states, as a widget or as text.

    Args:
        chapter: one of CHAPTERS.
        records: what is known already.
    """

    def __init__(self, chapter: str, records: Records) -> None:
        self.chapter, self.exercises = chapter, exercises_of(chapter)
        self.records = records
        self.widget: HTML | None = None

    def show(self) -> None:
        """Display the panel; without a notebook around, print it."""
        self.widget = _widget()
        if self.widget is None:
            print(self.as_text())
            return
        from IPython.display import display

        self.update()
        display(self.widget)

    def update(self) -> None:
        """Show the states as they are now, where the panel is a widget."""
        if self.widget is not None:
            self.widget.value = self.as_html()

    def summary(self) -> str:
        """Return a sentence on how many exercises are passed and what is left."""
        left = [e for e in self.exercises if self.records.state(e.key) != PASSED]
        count = len(self.exercises)
        if not left:
            done = f"All {count} exercises passed: this chapter is done."
            return f"{done} {_next(self.chapter)}"
        minutes = sum(exercise.minutes for exercise in left)
        passed = count - len(left)
        return f"{passed} of {count} exercises passed, about {minutes} minutes left."

    def as_text(self) -> str:
        """Return the panel as lines of text."""
        lines = [self.summary()]
        for exercise in self.exercises:
            state = self.records.state(exercise.key)
            lines.append(f"  {MARKS[state]} {state:6}  {_described(exercise)}")
        return "\n".join([*lines, *filter(None, [self.records.trouble])])

    def as_html(self) -> str:
        """Return the panel as HTML, in the colours of whatever it stands in."""
        rows = "".join(map(self._row, self.exercises))
        trouble = html.escape(self.records.trouble)
        return (
            f"<details open><summary>{html.escape(self.summary())}</summary>"
            f'<ul style="list-style: none; padding-left: 1em">{rows}</ul>'
            f"{trouble}</details>"
        )

    def _row(self, exercise: Exercise) -> str:
        state = self.records.state(exercise.key)
        said = html.escape(_described(exercise))
        return f"<li>{MARKS[state]} <b>{state}</b> {said}</li>"


def _next(chapter: str) -> str:
    """Return where to go on after a chapter."""
    following = CHAPTERS[CHAPTERS.index(chapter) + 1 :]
    if following:
        return f"The next one is {following[0]}."
    return "It is the last one; progress() tells what is left in the others."


def _described(exercise: Exercise) -> str:
    name = exercise.key.partition(".")[2]
    minutes, difficulty = exercise.minutes, exercise.difficulty
    return f"{name}: {exercise.title} ({minutes} min, difficulty {difficulty} of 3)"


def _widget() -> HTML | None:
    """Return an empty HTML widget, None where there is no notebook to show it in."""
    try:
        import ipywidgets
        from IPython.core.getipython import get_ipython

        shell = get_ipython()
        return ipywidgets.HTML() if hasattr(shell, "kernel") else None
    except Exception:  # a panel is no reason for a notebook to stop
        return None


_open: dict[str, Panel] = {}  # by chapter, all with the same records


def exercises_of(chapter: str) -> list[Exercise]:
    """Return a chapter's exercises; an unknown chapter is a ValueError."""
    if chapter not in CHAPTERS:
        known = ", ".join(CHAPTERS)
        raise ValueError(f"there is no chapter {chapter!r}; known: {known}")
    return [e for key, e in core.EXERCISES.items() if key.startswith(f"{chapter}.")]


def open_panel(chapter: str) -> None:
    """Show a chapter's panel, and let every check from now on count."""
    records = Records()
    panel = Panel(chapter, records)
    for other in _open.values():
        other.records = records
    _open[chapter] = panel
    if _listen not in core.listeners:
        core.listeners.append(_listen)
    panel.show()


def _listen(key: str, verdict: core.Verdict) -> None:
    """Take the verdict of a check. A stub that is still one changes nothing."""
    if verdict.mark == MARKS[OPEN] or not _open:
        return
    next(iter(_open.values())).records.note(key, PASSED if verdict.passed else TRIED)
    for panel in _open.values():
        panel.update()


def progress(chapter: str | None = None) -> None:
    """Show how far you have come: in a chapter, or a line for each.

    Args:
        chapter: such as "vae"; an unknown one is a ValueError. Default: all.
    """
    if chapter is not None:
        open_panel(chapter)
        return
    records = Records()
    for name in CHAPTERS:
        print(f"{name}: {Panel(name, records).summary()}")
    if records.trouble:
        print(records.trouble)
