"""The table as JSON, Markdown, text and a picture: the same rows in each."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from typing import Any

import pytest

from gencourse.scoreboard import Row, rows
from gencourse.scoreboard_views import (
    CAPTION,
    HEADER,
    as_json,
    as_markdown,
    as_table,
    as_text,
    cells,
)

VAE = Row(
    model="vae",
    density="explicit, bounded",
    levels=256,
    parameters=1_234_567,
    cpu_hours=0.256,
    bits_per_dim=3.24567,
    bits_are="at most (IWAE-500 of the first 1,000 images)",
    frechet_distance=101.26,
    frechet_floor=0.4464,
    precision=0.6789,
    recall=0.0,
    seconds_for_64=0.012345,
    seeds=3,
    bits_per_dim_of_seeds=[3.24567, 3.1, 3.9994],
    frechet_distance_of_seeds=[101.26, 99.0, 103.07],
)
GAN = replace(
    VAE,
    model="sngan",
    density="implicit",
    bits_per_dim=None,
    bits_are=None,
    seeds=1,
    bits_per_dim_of_seeds=[],
    frechet_distance_of_seeds=[101.26],
)
DARK = replace(
    VAE,
    model="pixelcnn-binary",
    density="explicit, exact",
    levels=2,
    bits_are="exact",
    frechet_distance=None,
    frechet_floor=None,
    precision=None,
    recall=None,
    seconds_for_64=123.4,
    seeds=1,
    bits_per_dim_of_seeds=[3.24567],
    frechet_distance_of_seeds=[],
)
ROWS = [DARK, VAE, GAN]


def test_the_cells_of_a_row():
    assert dict(zip(HEADER, cells(VAE), strict=True)) == {
        "model": "vae",
        "density": "explicit, bounded",
        "parameters": "1,234,567",
        "CPU-hours": "0.26",
        "test bits/dim": "3.246 (3.100 to 3.999)",
        "which": "at most (IWAE-500)",
        "Fréchet distance": "101.3 (99.0 to 103.1)",
        "precision": "67.9%",
        "recall": "0.0%",
        "seconds for 64": "0.0123",
        "runs": "3 seeds",
    }


def test_what_is_not_known_is_a_dash():
    implicit, dark = (dict(zip(HEADER, cells(r), strict=True)) for r in (GAN, DARK))
    assert implicit["test bits/dim"] == implicit["which"] == "-"
    assert implicit["Fréchet distance"] == "101.3" and implicit["runs"] == "1 seed"
    for name in ("Fréchet distance", "precision", "recall"):
        assert dark[name] == "-"
    assert dark["model"] == "pixelcnn-binary (2 levels)"
    assert dark["test bits/dim"] == "3.246" and dark["seconds for 64"] == "123"


# --- JSON


def test_json_is_a_list_with_an_object_a_row_and_gives_the_rows_back():
    found = json.loads(as_json(ROWS))
    assert found == [asdict(row) for row in ROWS]
    assert [Row(**each) for each in found] == ROWS
    assert json.loads(as_json([])) == []


def test_what_json_has_no_word_for_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        as_json([replace(VAE, recall=float("nan"))])


# --- Markdown and text


def test_every_line_of_markdown_has_as_many_cells():
    lines = as_markdown(ROWS).splitlines()
    split = [re.findall(r"\| ([^|]*) (?=\|)", line) for line in lines]
    assert split[0] == [*HEADER] and split[1] == ["---"] * len(HEADER)
    assert split[2:] == [cells(row) for row in ROWS]
    for line in lines:
        assert line.count("|") == len(HEADER) + 1
        assert line.startswith("| ") and line.endswith(" |")


def test_columns_of_text_begin_below_one_another():
    lines = as_text(ROWS).splitlines()
    assert len(lines) == 1 + len(ROWS)
    assert all(line == line.rstrip() for line in lines)
    starts = [0]
    for column in range(1, len(HEADER)):
        widest = max(len(c[column - 1]) for c in (HEADER, *map(cells, ROWS)))
        starts.append(starts[-1] + widest + 2)
    for line, told in zip(lines, (HEADER, *map(cells, ROWS)), strict=True):
        for start, cell in zip(starts, told, strict=True):
            assert line[start:].startswith(cell)
            assert start == 0 or line[start - 2 : start] == "  "


def test_a_table_of_no_rows_is_its_header():
    assert as_text([]).split() == " ".join(HEADER).split()
    assert len(as_markdown([]).splitlines()) == 2


# --- on a page


def test_a_page_shows_all_cells_and_tells_the_floor():
    picture = as_table(ROWS, "A remark.")
    markup: Any = picture._repr_html_()
    assert markup.count("<tr>") == 1 + len(ROWS)
    for row in ROWS:
        for cell in cells(row):
            assert f">{cell}</t" in markup
    caption = re.search("<caption>(.*)</caption>", markup).group(1)
    assert caption == f"{CAPTION.format(floor=0.4464)} A remark."
    assert "as many training images have 0.45." in caption and "{" not in caption
    assert repr(picture).startswith(f"[{caption}")
    assert "<caption>" + CAPTION.format(floor=0.4464) + "</caption>" in (
        as_table(ROWS)._repr_html_()
    )


def test_what_the_caption_says_for_all_rows_is_true_of_each():
    bounded = [row for row in rows() if row.density == "explicit, bounded"]
    assert bounded and "IWAE-500 is the bound with 500 codes, of the first 1,000" in (
        CAPTION
    )
    for row in bounded:
        assert "(IWAE-500 of the first 1,000 images)" in (row.bits_are or "")
    assert len({row.frechet_floor for row in rows()} - {None}) == 1


def test_a_page_needs_a_row_that_is_judged():
    with pytest.raises(ValueError, match="expected a row with a Fréchet dist"):
        as_table([DARK])
