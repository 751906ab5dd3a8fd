"""Write the times and the syllabus of the teachers' page; `make notebooks` runs it.

Minutes of exercises are those of the registry. Minutes of reading come from the words
of the reader's notebook, which has all of a chapter's text but the solutions.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import nbformat
import yaml
from site_config import ROOT

from gencourse.exercises import EXERCISES, Exercise

PAGE = Path("book", "appendix", "teachers.md")
WORDS_A_MINUTE = 100
UNREAD = (r"```.*?```", r"\$\$.*?\$\$", r"\$[^$]*\$", r"`[^`]*`", r"\(http\S*")
PROJECT_WEEK = "a [project](projects.ipynb)"
Row = tuple[str, str, int, int]


def chapters(root: Path = ROOT) -> list[str]:
    """Return the names of the chapters in the book's order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    files = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    return [f.split("/")[1] for f in files if f.startswith("chapters/")]


def words(markdown: str) -> int:
    """Return how many words a text has, without its code, formulas and addresses."""
    for unread in (
        r"```.*?```",
        r"\$\$.*?\$\$",
        r"\$[^$]*\$",
        r"`[^`]*`",
        r"\(http\S*",
    ):
        markdown = re.sub(unread, " ", markdown, flags=re.DOTALL)
    return len(re.findall(r"[^\W\d_]+", markdown))


def reading(chapter: str, root: Path = ROOT) -> int:
    """Return the minutes that a chapter takes to read, up to the next five."""
    path = root / "notebooks" / f"{chapter}.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return 5 * math.ceil(words(text) / WORDS_A_MINUTE / 5)


def exercises(chapter: str) -> list[Exercise]:
    """Return a chapter's exercises in the registry's order."""
    return [e for e in EXERCISES.values() if e.key.split(".")[0] == chapter]


def minutes(chosen: Iterable[Exercise]) -> int:
    """Return what exercises take together."""
    return sum(exercise.minutes for exercise in chosen)


def link(chapter: str) -> str:
    """Return a link to a chapter, under its title."""
    return f"[](../chapters/{chapter}.ipynb)"


def times(root: Path) -> str:
    """Return the table of what each chapter takes."""
    rows = ["| chapter | reading | exercises | of these easy | together |"]
    rows.append("| --- | ---: | ---: | ---: | ---: |")
    sums = [0, 0, 0, 0]
    for name in chapters(root):
        read, own = reading(name, root), exercises(name)
        found = [read, minutes(own), minutes(easy(own)), read + minutes(own)]
        sums = [a + b for a, b in zip(sums, found, strict=True)]
        rows.append(f"| {link(name)} | " + " | ".join(map(str, found)) + " |")
    rows.append("| **all** | " + " | ".join(f"**{s}**" for s in sums) + " |")
    return "\n".join(rows)


def easy(own: list[Exercise]) -> list[Exercise]:
    """Return the exercises of difficulty 1."""
    return [exercise for exercise in own if exercise.difficulty == 1]


def eight_weeks(root: Path) -> list[Row]:
    """Return a chapter a week, with all of its exercises."""
    return [
        (f"{week}", link(name), reading(name, root), minutes(exercises(name)))
        for week, name in enumerate(chapters(root), start=1)
    ]


def twelve_weeks(root: Path) -> list[Row]:
    """Return two weeks for each of the three longest chapters, and one for a project.

    The second of two weeks has the last exercises, which are half of the time or more.
    """
    total = {n: reading(n, root) + minutes(exercises(n)) for n in chapters(root)}
    long = sorted(total, key=lambda name: -total[name])[:3]
    rows: list[Row] = []
    for name in chapters(root):
        read, whole = reading(name, root), minutes(exercises(name))
        if name not in long:
            rows.append((f"{len(rows) + 1}", link(name), read, whole))
            continue
        first = first_half(exercises(name))
        count, all_ = len(first), len(exercises(name))
        done = minutes(first)
        said = f"{link(name)}, exercises 1 to {count}"
        rows.append((f"{len(rows) + 1}", said, read, done))
        said = f"the same, exercises {count + 1} to {all_}"
        rows.append((f"{len(rows) + 1}", said, 0, whole - done))
    return [*rows, ("12", PROJECT_WEEK, 0, 0)]


def first_half(own: list[Exercise]) -> list[Exercise]:
    """Return the first exercises, up to half of the minutes of all."""
    count = next(
        k for k in range(len(own), 0, -1) if 2 * minutes(own[:k]) <= minutes(own)
    )
    return own[:count]


def two_days(root: Path) -> list[Row]:
    """Return two chapters in each half of two days, with the easy exercises alone."""
    when = ["day 1, morning", "day 1, afternoon", "day 2, morning", "day 2, afternoon"]
    names = chapters(root)
    return [
        (
            when[k // 2],
            " and ".join(map(link, names[k : k + 2])),
            sum(reading(name, root) for name in names[k : k + 2]),
            sum(minutes(easy(exercises(name))) for name in names[k : k + 2]),
        )
        for k in range(0, len(names), 2)
    ]


def as_table(rows: list[Row], first: str) -> str:
    """Return a plan as a Markdown table; what has no time here shows a dash."""
    lines = [f"| {first} | what | reading | exercises | together |"]
    lines.append("| --- | --- | ---: | ---: | ---: |")
    for when, what, read, solve in rows:
        numbers = [str(n) if read + solve else "–" for n in (read, solve, read + solve)]
        lines.append(f"| {when} | {what} | " + " | ".join(numbers) + " |")
    return "\n".join(lines)


PARTS: dict[str, Callable[[Path], str]] = {
    "times": times,
    "eight": lambda root: as_table(eight_weeks(root), "week"),
    "twelve": lambda root: as_table(twelve_weeks(root), "week"),
    "days": lambda root: as_table(two_days(root), "when"),
}


def text(root: Path = ROOT) -> str:
    """Return the page as it has to be; a part without its marks is a ValueError."""
    page = (root / PAGE).read_text(encoding="utf-8")
    for name, make in PARTS.items():
        start, end = f"% begin {name}\n", f"% end {name}\n"
        if page.count(start) != 1 or page.count(end) != 1:
            raise ValueError(f"{PAGE}: expected one {start.strip()!r} and its end")
        head, _, rest = page.partition(start)
        page = f"{head}{start}\n{make(root)}\n\n{end}{rest.partition(end)[2]}"
    return page


def main() -> int:
    """Write the page and print its path."""
    (ROOT / PAGE).write_text(text(), encoding="utf-8")
    print(PAGE.as_posix())
    return 0


if __name__ == "__main__":
    sys.exit(main())
