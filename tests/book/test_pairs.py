"""A chapter's source and its notebook say the same."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from chapters import page_sources, read_source, write_whole
from execute import drift
from sample_book import CHAPTER, write_sample
from site_config import ROOT

PAGES = page_sources(ROOT)


@pytest.mark.parametrize("source", PAGES, ids=lambda path: path.stem)
def test_pair_is_in_step(source: Path):
    notebook = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    assert drift(notebook, read_source(source)) == [], f"make run CHAPTER={source.stem}"


def test_every_notebook_has_a_source():
    notebooks = {path.stem for path in (ROOT / "book").glob("*/*.ipynb")}
    assert notebooks == {path.stem for path in PAGES} != set()


@pytest.mark.parametrize(
    "edit",
    [
        ("Some *text*.", "Some other text."),
        ("math.floor(2.5)", "math.ceil(2.5)"),
        ("# %%\nprint", '# %% tags=["hide-input"]\nprint'),
        ("# %%\nprint", "# %%\n1 + 1\n\n# %%\nprint"),
    ],
    ids=["text", "code", "tag", "cell"],
)
def test_drift_is_noticed(tmp_path: Path, edit: tuple[str, str]):
    source = write_sample(tmp_path) / "book" / "chapters" / "sample.py"
    path = source.with_suffix(".ipynb")
    write_whole(read_source(source), path)
    assert drift(nbformat.read(path, as_version=4), read_source(source)) == []
    assert edit[0] in CHAPTER
    source.write_text(CHAPTER.replace(*edit), encoding="utf-8")
    assert len(drift(nbformat.read(path, as_version=4), read_source(source))) == 1


def test_cell_ids_come_from_what_cells_say(tmp_path: Path):
    source = write_sample(tmp_path) / "book" / "chapters" / "sample.py"
    before = [cell.id for cell in read_source(source).cells]
    assert len(set(before)) == len(before)
    source.write_text(CHAPTER.replace("2.5", "3.5") + "\n# %%\nprint(1)\n")
    after = [cell.id for cell in read_source(source).cells]
    assert after[:2] == before[:2]
    assert after[2] != before[2]


def test_equal_cells_have_different_ids(tmp_path: Path):
    source = tmp_path / "twice.py"
    source.write_text("# %%\n1\n\n# %%\n1\n")
    first, second = read_source(source).cells
    assert first.id != second.id
