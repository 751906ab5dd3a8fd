"""The teachers' page: its times are those of the exercises and of the text."""

from __future__ import annotations

import re
import shutil

import pytest
import syllabus
from site_config import ROOT

from gencourse.exercises import EXERCISES

NAMES = syllabus.chapters()
TEXT = (ROOT / syllabus.PAGE).read_text(encoding="utf-8")


def rows(name: str) -> list[list[str]]:
    """Return the cells of a table of the page, without its header."""
    part = TEXT.split(f"% begin {name}\n")[1].split(f"% end {name}\n")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in lines]


def test_page_is_fresh():
    assert syllabus.text() == TEXT, "make notebooks"


def test_times_are_the_sums_of_the_exercises():
    *each, last = rows("times")
    for name, (link, read, solve, simple, both) in zip(NAMES, each, strict=True):
        own = [e for k, e in EXERCISES.items() if k.startswith(f"{name}.")]
        assert name in link
        assert int(solve) == sum(e.minutes for e in own)
        assert int(simple) == sum(e.minutes for e in own if e.difficulty == 1)
        assert int(both) == int(read) + int(solve)
        assert 10 <= int(read) <= 90
    assert int(last[2]) == sum(e.minutes for e in EXERCISES.values())
    assert [int(x) for x in last[1:]] == [
        sum(int(row[k]) for row in each) for k in range(1, 5)
    ]


@pytest.mark.parametrize(("name", "count"), [("eight", 8), ("twelve", 12)])
def test_a_plan_has_all_of_the_course(name, count):
    plan = rows(name)
    assert [row[0] for row in plan] == [str(week + 1) for week in range(count)]
    for column in (2, 3, 4):
        got = sum(int(row[column]) for row in plan if row[column] != "–")
        whole = {2: 1, 3: 2, 4: 4}[column]
        assert got == int(rows("times")[-1][whole])


def test_two_days_hold_every_chapter_and_easy_exercises():
    plan = rows("days")
    assert re.findall(r"chapters/(\w+)", str(plan)) == NAMES
    simple = sum(e.minutes for e in EXERCISES.values() if e.difficulty == 1)
    assert sum(int(row[3]) for row in plan) == simple
    assert max(int(row[4]) for row in plan) <= 180


def test_words_leave_out_code_and_formulas():
    text = "One `two` $x y$ three\n```python\nfour five\n```\n$$\na b\n$$\nsix (https://a.b)"
    assert syllabus.words(text) == 3


def test_a_page_without_its_marks_is_refused(tmp_path):
    page = tmp_path / syllabus.PAGE
    page.parent.mkdir(parents=True)
    page.write_text(TEXT.replace("% begin twelve\n", ""), encoding="utf-8")
    shutil.copy(ROOT / "_toc.yml", tmp_path)
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    with pytest.raises(ValueError, match="expected one '% begin twelve' and its end"):
        syllabus.text(tmp_path)
