"""What grading found, as text, Markdown, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterator, Sequence

from gencourse.grading.report import OUTSIDE, PASSED, Graded, Report, Result

COLUMNS = (
    *("learner", "notebook", "exercise", "state", "sentence"),
    *("checked", "isolation", "problem"),
)


def as_json(report: Report) -> str:
    """Return the report as JSON; its schema is that of `report`."""
    text = json.dumps(report.as_dict(), indent=2, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()  # half characters are no UTF-8


def as_csv(report: Report) -> str:
    """Return a row for each learner and exercise, safe to open in a spreadsheet."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(COLUMNS)
    for g in report.notebooks:
        by = _isolation(g)
        for r in g.exercises:
            row = (g.learner, g.notebook, r.exercise, r.state, r.sentence)
            writer.writerow([_cell(v) for v in (*row, r.checked, by, g.problem)])
        if not g.exercises:
            none = (g.learner, g.notebook, "", "not graded", "", "", by, g.problem)
            writer.writerow(map(_cell, none))
    return target.getvalue().rstrip("\n")


def _cell(value: str) -> str:
    """Return a value that no spreadsheet takes for a formula."""
    value = _clean(value)
    return f"'{value}" if value.lstrip()[:1] in tuple("=+-@") else value


def _clean(value: str) -> str:
    """Return a value on one line, without what moves a terminal's cursor or colours."""
    kept = (c if unicodedata.category(c)[0] != "C" else " " for c in value)
    return "".join(kept)


def _isolation(graded: Graded) -> str:
    return str((graded.isolation or {}).get("by", ""))


def as_text(report: Report) -> str:
    """Return the learners one after the other, then the class."""
    parts = ["\n".join(_learner(g)) for g in report.notebooks]
    rows = [(x.exercise, f"{x.passed} of {x.of}", _often(x)) for x in report.lines()]
    head = ("exercise", "passed", "commonest sentence")
    parts.append("\n".join(["The class", *_columns([head, *rows])]))
    return "\n\n".join([*parts, *_repeat(report)])


def _repeat(report: Report) -> Iterator[str]:
    """Yield how the same checks can be made again."""
    if report.seeds:
        first, count = report.seeds[0], len(report.seeds)
        yield f"The same checks again: --seed {first} --seeds {count}"


def _often(line: object) -> str:
    sentence, times = getattr(line, "commonest", ""), getattr(line, "times", 0)
    return f"{times} x {_clean(sentence)}" if sentence else ""


def _learner(graded: Graded) -> Iterator[str]:
    name, path = _clean(graded.learner), _clean(graded.notebook)
    if graded.problem:
        yield f"{name} ({path}): not graded: {_clean(graded.problem)}"
        return
    count = f"{graded.passed} of {len(graded.exercises)} passed"
    yield f"{name} ({path}): {count}, isolation: {_isolation(graded)}"
    yield from _columns([(r.exercise, r.state, _said(r)) for r in graded.exercises])
    yield from (f"  note: {_clean(note)}" for note in graded.notes)


def _said(result: Result) -> str:
    inside = result.state == PASSED and result.checked != OUTSIDE
    return "(checked inside)" if inside else _clean(result.sentence)


def _columns(rows: list[tuple[str, str, str]]) -> Iterator[str]:
    widths = [max(len(row[n]) for row in rows) for n in (0, 1)]
    for first, second, third in rows:
        yield f"  {first:{widths[0]}}  {second:{widths[1]}}  {third}".rstrip()


def as_markdown(report: Report) -> str:
    """Return two tables: one row for each learner and exercise, then the class."""
    rows = [
        (g.learner, r.exercise, r.state, _said(r), _isolation(g))
        for g in report.notebooks
        for r in g.exercises or [Result("", "not graded", g.problem)]
    ]
    learners = _table(("learner", "exercise", "state", "sentence", "isolation"), rows)
    lines = [(x.exercise, str(x.passed), str(x.of), _often(x)) for x in report.lines()]
    whole = _table(("exercise", "passed", "of", "commonest"), lines)
    return "\n\n".join([learners, whole, *_repeat(report)])


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    every = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(map(_escaped, row))} |" for row in every)


def _escaped(value: str) -> str:
    value = _clean(value).replace("\\", "\\\\").replace("|", "\\|")
    for mark in "`*_<[":
        value = value.replace(mark, f"\\{mark}")
    return value
