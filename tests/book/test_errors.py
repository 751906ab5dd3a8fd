"""The page on famous errors: its numbers, its sources, its tests and its exercises."""

from __future__ import annotations

import html
import math
import re
from itertools import pairwise, product
from typing import TYPE_CHECKING

import nbformat
import pytest
from chapters import read_source
from nbformat import NotebookNode
from site_config import ROOT, read_site

from gencourse import testing

if TYPE_CHECKING:
    from conftest import Site

PAGE = ROOT / "book" / "appendix" / "errors.py"
TEXT = PAGE.read_text(encoding="utf-8")
HEADS = re.split(r"^\((error-[\w-]+)\)=\n## (?=\d+\. )", TEXT, flags=re.MULTILINE)
NAMES, SECTIONS = HEADS[1::2], HEADS[2::2]
ROW = re.compile(
    r"^\| \[(\d+)\]\(#([\w-]+)\) \| (.+) \| (.+) \| (.+) \| (.+) \|$", re.M
)
ROWS = ROW.findall(TEXT)
LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")
TEST = re.compile(r"\{source\}`(\w+) <(tests/[\w/]+\.py)>`")


@pytest.fixture(scope="module")
def cells() -> list[NotebookNode]:
    return nbformat.read(PAGE.with_suffix(".ipynb"), as_version=4).cells


@pytest.fixture(scope="module")
def printed(cells: list[NotebookNode]) -> str:
    """What the page's cells print; a warning among it would be an error."""
    outputs = [o for cell in cells for o in cell.get("outputs", [])]
    assert [o for o in outputs if o.get("name") == "stderr"] == []
    return "".join(o.text for o in outputs if o.output_type == "stream")


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    assert match, pattern
    return match[1]


# --- what each error has


def test_each_error_has_source_cell_test_and_exercise():
    numbers = [int(section.partition(".")[0]) for section in SECTIONS]
    assert numbers == list(range(1, len(SECTIONS) + 1))
    assert len(SECTIONS) >= 10
    for section in SECTIONS:
        told, _, caught = section.partition("\n*Caught by* ")
        test, _, exercise = caught.partition("\n*Try it:* ")
        assert LINK.search(told), "no source"
        assert "\n# %%" in told, "no cell"
        assert TEST.search(test)
        assert re.search(r"\{ref\}`ex-[\w-]+`", exercise)


def test_the_table_lists_the_errors_in_order():
    listed = [(int(number), name) for number, name, *_ in ROWS]
    assert listed == list(enumerate(NAMES, start=1))


def test_named_tests_exist():
    named = TEST.findall(TEXT)
    assert len(named) == TEXT.count("{source}`") > len(SECTIONS)
    for function, path in named:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^def {function}\(", source, re.MULTILINE), function


def test_named_functions_of_the_package_exist():
    advice = re.findall(r"^\d\. \*\*.*", TEXT.partition("## How to look")[2], re.M)
    assert len(advice) == 5
    for line in advice:
        named = re.findall(r"`(?:gencourse\.testing\.)?(\w+)`", line)
        assert named
        for name in {*named} - {"log_prob"}:
            assert hasattr(testing, name), name


def test_named_exercises_exist():
    chapters = (ROOT / "book" / "chapters").glob("*.py")
    text = "".join(path.read_text(encoding="utf-8") for path in chapters)
    labels = set(re.findall(r":label: (ex-[\w-]+)", text))
    assert set(re.findall(r"\{ref\}`(ex-[\w-]+)`", TEXT)) <= labels


def test_cells_with_functions_are_experiments():
    definitions = [
        cell
        for cell in read_source(PAGE).cells
        if cell.cell_type == "code" and re.search(r"^(def|class) ", cell.source, re.M)
    ]
    assert len(definitions) >= 6
    for cell in definitions:
        assert "experiment" in cell.metadata.tags


def test_figures_have_alt_texts(cells: list[NotebookNode]):
    outputs = [o for cell in cells for o in cell.get("outputs", [])]
    pictures = [
        o.data["text/html"] for o in outputs if "text/html" in o.get("data", {})
    ]
    assert len(pictures) == 2
    for picture in pictures:
        assert len(found(r'role="img" aria-label="([^"]+)"', picture)) > 80


# --- sources


def test_sources_are_threads_or_files_as_they_were_read():
    links = LINK.findall(TEXT)
    assert len(links) >= 25
    where = r"https://github\.com/[\w.-]+/[\w.-]+/"
    what = r"(blob/[0-9a-f]{40}/[\w./-]+|issues/\d+|pull/\d+)"
    for _, url in links:
        assert re.fullmatch(where + what, url), url


def test_sources_name_no_person():
    owners = {url.split("/")[3].lower() for _, url in LINK.findall(TEXT)}
    # What a reader sees, without the addresses, names no account.
    seen = LINK.sub(r"\1", TEXT).lower()
    assert [owner for owner in owners if owner in seen] == []


# --- its numbers: worked out by hand where that can be, else held on both sides


def unseen_by_a_wedge(side: int = 11) -> int:
    """Count the pairs right of the cone: three columns, one more a row further up."""
    places = product(range(side), repeat=4)
    return sum(row < i and k - j > 3 + (i - row - 1) for i, j, row, k in places)


def pairs_of_rows_that_look_down() -> int:
    """Count by places in the line: part q, row i, number c of 6 rows of 8 numbers."""
    places = product(range(4), range(6), range(2))
    reads = {(i, (12 * q + 2 * i + c) // 8) for q, i, c in places}
    return sum(k > i for i, k in reads)


def entropy() -> float:
    """Return that of six bits which pay 1.5 for each change, in nats."""
    images = product((0, 1), repeat=6)
    costs = [1.5 * sum(a != b for a, b in pairwise(x)) for x in images]
    total = sum(math.exp(-cost) for cost in costs)
    return sum(math.exp(-cost) / total * (cost + math.log(total)) for cost in costs)


SIGMOID = 1 / (1 + math.exp(-5))
OUTSIDE = 100 * (1 - 0.5 * math.erf(1 / math.sqrt(2)))  # % of N(0, 1) not in [0, 1]

NUMBERS = [
    # What is printed, what it should be, and how far from that it may lie.
    (r"^one row down: (\d+) leaks", 0, 0),
    # Its own row, up to the last pixel but one; the last row gets zeros.
    (r"^zeros below: (\d+) leaks", 5 * sum(range(1, 6)), 0),
    (r"512 images sum to ([\d.]+)", 1.595, 2e-3),
    (r"without the mistake to ([\d.]+)", 1, 0),
    (r"^(\d+) of 15 pairs look down", pairs_of_rows_that_look_down(), 0),
    (r"^8 blocks: (\d+) of 7260", 1246, 0),
    (r"^24 blocks: (\d+) of 7260", unseen_by_a_wedge(), 0),
    (r"^shifted once: (\d+) of", 0, 0),
    (r"^in every layer: (\d+) of", unseen_by_a_wedge(), 0),
    (r"^MaskedConv2d: gradient ([\d.]+)", 0, 0),
    (r"^MaskedConv2d: .* moved by ([\d.]+)", 0, 0),
    (r"^MaskedInPlace: gradient ([\d.]+)", 0.016, 0.01),
    (r"^MaskedInPlace: .* moved by ([\d.]+)", 0.01, 0),  # Adam's first step: its rate
    (r"^in evaluation mode: (\d+) leaks", 0, 0),
    # The last pixel is read by no other, so nothing depends on it.
    (r"^in training mode: (\d+) leaks", 45 - 9, 0),
    (r"^and (\d+) of 243 pairs", 243 - 3 * 9, 0),
    (r"least that is possible: ([\d.]+)", entropy(), 1e-3),
    (r"^one order: sum ([\d.]+)", 1, 0),
    (r"^logits averaged: sum ([\d.]+)", 1.578, 0.01),
    (r"^logits averaged: .* ([\d.]+) nats", 2.617, 0.01),
    (r"^probabilities averaged: sum ([\d.]+)", 1, 0),
    (r"^divided by 155 batches: ([\d.]+)", 8 * 156 / 155, 1e-3),
    (r"^divided by 156 batches: ([\d.]+)", 8, 0),
    *((rf"^network {n}: ([\d.]+)% rounded", 1, 1) for n in range(4)),
    (r"^network 1: .* ([\d.]+)% as it is", 29, 3),
    (r"^the bound: (-[\d.]+)", -86.38, 0.03),
    (r"^weighted mean, good .* \+([\d.]+)$", 2.22, 0.03),
    (r"^weighted mean, bad .* -([\d.]+)$", 9.49, 0.1),
    (r"^beta = ([\d.]+) = 1/16", 1 / 16, 0),
    (r"^beta = (\d+) with a mean", 784 / 16, 0),
    (r"^D = 16: (-[\d.]+) nats", -8 * math.log(2 * math.pi), 0.05),
    (r"^D = 16: .* (-[\d.]+)$", -128 * math.log(2 * math.pi), 0.05),
    (r"integrates to ([\d.]+)", 1 / (2 * math.pi), 1e-3),
    (r"^spread 2.0: leaves with ([\d.]+)", 2 / math.sqrt(4.8), 0.02),
    (r"^spread 1.0: leaves with ([\d.]+)", 1 / math.sqrt(1.8), 0.02),
    (r"^spread 0.3: leaves with ([\d.]+)", 0.3 / math.sqrt(0.89), 0.02),
    (r"^spread 0.3: .* should be ([\d.]+)", 1, 0),
    (r"^norm for each pixel: .* ([\d.]+)$", (1 - 1 / 28) ** 2, 1e-3),
    (r"^norm for each image: .* ([\d.]+)$", 0, 0),
    (r"^uniform, one each: (\d+)% off", 0, 0),
    (r"^uniform, one each: .* it ([\d.]+)$", math.sqrt(1 / 12), 0.02),
    (r"^normal, one each: (\d+)% off", OUTSIDE, 4),
    (r"^uniform, by pixel: (\d+)% off", 100, 0),
    (r"^uniform, by pixel: .* by ([\d.]+) of", math.sqrt(1 / 12), 0.01),
    (r"^always 1: .* it ([\d.]+)$", 0, 0),
    (r"^D = 0.007: loss [\d.]+, slope ([\d.]+)", 1 - SIGMOID, 1e-3),
    (r"^D = 0.993: loss ([\d.]+)", math.log(1 + math.exp(5)), 1e-3),
    (r"^D = 0.993: loss [\d.]+, slope ([\d.]+)", SIGMOID, 1e-3),
]


@pytest.mark.parametrize(("pattern", "expected", "slack"), NUMBERS)
def test_the_cells_print_what_they_should(
    pattern: str, expected: float, slack: float, printed: str
):
    assert abs(float(found(pattern, printed)) - expected) <= slack + 1e-9


def test_no_distribution_scores_better_than_the_entropy(printed: str):
    assert float(found(r"^logits averaged: .* ([\d.]+) nats", printed)) < entropy()
    for name in ("one order", "probabilities averaged"):
        nats = float(found(rf"^{name}: .* ([\d.]+) nats", printed))
        assert -1e-3 <= nats - entropy() < 0.05


def test_both_blind_networks_see_the_same(printed: str):
    assert "just what the plain network sees: True" in printed
    assert f"where there are {unseen_by_a_wedge()}" in TEXT


# Where the numbers of the table come from, a row each.
IN_THE_TABLE = [
    r"^zeros below: (\d+) leaks(?s:.*)512 images sum to ([\d.]+)",
    r"^(\d+) of (15) pairs look down",
    r"^24 blocks: (\d+) of",
    r"^in every layer: (\d+) of",
    r"^MaskedInPlace: .* moved by ([\d.]+)",
    r"^in training mode: (\d+) leaks",
    r"^logits averaged: sum ([\d.]+)",
    r"^divided by 155 batches: ([\d.]+)",
    r"^network 1: .* ([\d.]+)% as it is",
    r"^weighted mean, good .* \+([\d.]+)$",
    r"^beta = [\d.]+ = (1/16)(?s:.*)^beta = (\d+) with",
    r"^D = 16: -([\d.]+) nats, for each element -([\d.]+)",
    r"^spread (0\.3): leaves with ([\d.]+)",
    r"^norm for each pixel: .* (0\.\d\d)\d$",
    r"^normal, one each: (\d+)%(?s:.*)^uniform, by pixel: (\d+)%",
    r"^D = 0.993: loss [\d.]+, slope ([\d.]+)",
]


@pytest.mark.parametrize("row", range(len(SECTIONS)))
def test_the_table_says_what_the_cells_print(row: int, printed: str):
    assert len(IN_THE_TABLE) == len(ROWS) == len(SECTIONS)
    match = re.search(IN_THE_TABLE[row], printed, re.MULTILINE)
    assert match
    assert set(match.groups()) <= set(re.findall(r"1/16|\d+(?:\.\d+)?", ROWS[row][4]))


# --- on the site


def test_tests_are_linked_where_the_repository_is(site: Site):
    page = (site.folder / "appendix" / "errors.html").read_text(encoding="utf-8")
    ours = read_site(ROOT)
    links = dict(re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.*?)</a>', page, re.S)[::-1])
    for _, path in TEST.findall(TEXT):
        url = f"{ours.repository}/blob/{ours.branch}/{path}"
        assert re.sub("<.*?>", "", html.unescape(links[url])).startswith("test_")
    assert "{source}" not in page
    assert "{ref}" not in page
