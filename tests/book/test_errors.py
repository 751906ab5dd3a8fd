"""The page on famous errors: its numbers, its tests and its exercises are there."""

from __future__ import annotations

import re

import nbformat
import pytest
from site_config import ROOT

PAGE = ROOT / "book" / "appendix" / "errors.py"
TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS = re.split(r"^## (?=\d+\. )", TEXT, flags=re.MULTILINE)[1:]


@pytest.fixture(scope="module")
def printed() -> str:
    """What the page's cells print."""
    cells = nbformat.read(PAGE.with_suffix(".ipynb"), as_version=4).cells
    outputs = [o for cell in cells for o in cell.get("outputs", [])]
    return "".join(o.text for o in outputs if o.output_type == "stream")


def number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found, pattern
    return float(found[1])


def test_ten_errors_each_with_source_cell_test_and_exercise():
    assert [int(s.partition(".")[0]) for s in SECTIONS] == list(range(1, 11))
    for section in SECTIONS:
        assert re.search(r"\]\(https://github\.com/", section) or "same [" in section
        assert "\n# %%" in section
        assert "*Caught by* `tests/" in section
        assert "*Try it:*" in section
        assert re.search(r"\{ref\}`ex-[\w-]+`", section)
    rows = re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)
    assert rows == [str(n) for n in range(1, 11)]


def test_named_tests_exist():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)
    assert len(named) >= 10
    for path, function in named:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^def {function}\(", source, re.MULTILINE), function


def test_named_exercises_exist():
    chapters = (ROOT / "book" / "chapters").glob("*.py")
    text = "".join(path.read_text(encoding="utf-8") for path in chapters)
    labels = set(re.findall(r":label: (ex-[\w-]+)", text))
    assert set(re.findall(r"\{ref\}`(ex-[\w-]+)`", TEXT)) <= labels


def test_sources_name_no_person():
    links = re.findall(r"\[([^\]]+)\]\(https://github\.com/([\w.-]+)", TEXT)
    assert len(links) >= 15
    for words, owner in links:
        assert owner == "gencourse" or owner.lower() not in words.lower()
    # What a reader sees, without the addresses, names no account.
    seen = re.sub(r"\(https://[^)]+\)", "", TEXT).lower()
    assert [o for _, o in links if o != "gencourse" and o.lower() in seen] == []


def test_sizes_are_what_the_text_says(printed: str):
    assert number(r"right: (\d+) leaks", printed) == 0
    assert number(r"zeros below: (\d+) leaks of 666", printed) > 50
    assert number(r"512 images sum to ([\d.]+)", printed) > 1.3
    assert number(r"without the mistake to ([\d.]+)", printed) == 1
    deep = [number(rf"\n{n} blocks: (\d+) of", "\n" + printed) for n in (8, 16, 24)]
    assert deep[0] > 1000 > deep[1] >= deep[2] > 700
    assert number(r"shifted once: (\d+) of", printed) == 0
    assert number(r"in every layer: (\d+) of", printed) > 500
    assert number(r"MaskedConv2d: gradient ([\d.]+)", printed) == 0
    assert number(r"MaskedInPlace: gradient [\d.]+, moved by ([\d.]+)", printed) > 0.005
    entropy = number(r"least that is possible: ([\d.]+)", printed)
    assert number(r"logits averaged: sum ([\d.]+)", printed) > 1.3
    assert number(r"logits averaged: sum [\d.]+, ([\d.]+)", printed) < entropy - 0.2
    assert number(r"probabilities averaged: sum ([\d.]+)", printed) == 1
    bound = number(r"the bound: (-[\d.]+)", printed)
    gain = number(r"good draws first: (-[\d.]+)", printed) - bound
    assert 2 < gain < 2.5
    assert number(r"bad draws first: (-[\d.]+)", printed) < bound - 5
    assert number(r"norm for each pixel: ([\d.]+)", printed) > 0.9
    assert number(r"for each image: ([\d.]+)", printed) == 0
    assert 55 < number(r"normal, one each: (\d+)% off", printed) < 75
    assert number(r"uniform, by pixel: (\d+)% off", printed) == 100
