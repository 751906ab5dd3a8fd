"""Instructors' notebooks: every solution in its place, and it passes its check."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from book_index import Book
from chapters import chapter_sources
from instructors import MARK, instructor_notebook, main, solution
from nbclient import NotebookClient
from opening import CHECK
from readers import reader_notebook
from runnable import runnable
from site_config import ROOT, read_site

from gencourse.exercises import EXERCISES, examine

CHAPTERS = chapter_sources(ROOT)
QUICKEST = "autoregressive"
each_exercise = pytest.mark.parametrize("key", EXERCISES)


@pytest.fixture(scope="module")
def book() -> Book:
    return Book(ROOT, read_site(ROOT))


def tagged(notebook: nbformat.NotebookNode) -> list[int]:
    """Return the numbers of the cells that hold a solution."""
    cells = enumerate(notebook.cells)
    return [k for k, cell in cells if "solution" in cell.metadata.get("tags", [])]


@each_exercise
def test_a_solution_runs_alone_and_passes(key: str):
    world: dict[str, object] = {}
    exec(compile(solution(key, "").source, key, "exec"), world)
    answer = world[key.partition(".")[2]]
    assert answer is not EXERCISES[key].reference
    verdict = examine(EXERCISES[key], answer)
    assert verdict.passed, verdict.sentence


@pytest.mark.parametrize("source", CHAPTERS, ids=lambda path: path.stem)
def test_each_check_has_its_solution_right_before_it(source: Path, book: Book):
    notebook = instructor_notebook(source, book)
    nbformat.validate(notebook)
    cells = notebook.cells
    keys = [CHECK.search(cells[k + 1].source)[1] for k in tagged(notebook)]
    own = [key for key in EXERCISES if key.startswith(f"{source.stem}.")]
    assert sorted(keys) == sorted(own)
    for k, key in zip(tagged(notebook), keys, strict=True):
        assert f"def {key.partition('.')[2]}(" in cells[k].source
    assert cells[0].source.startswith(f"# {MARK}")


@pytest.mark.parametrize("source", CHAPTERS, ids=lambda path: path.stem)
def test_readers_notebook_holds_no_solution(source: Path, book: Book):
    committed = ROOT / "notebooks" / source.name.replace(".py", ".ipynb")
    for notebook in (
        reader_notebook(source, book),
        nbformat.read(committed, as_version=4),
    ):
        assert tagged(notebook) == []
        code = "\n".join(c.source for c in notebook.cells if c.cell_type == "code")
        assert MARK not in notebook.cells[0].source
        for key in (k for k in EXERCISES if k.startswith(f"{source.stem}.")):
            assert runnable(EXERCISES[key].reference) not in code


def test_every_check_passes_in_a_notebook_that_runs(book: Book, tmp_path: Path):
    source = next(path for path in CHAPTERS if path.stem == QUICKEST)
    notebook = instructor_notebook(source, book)
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=120, resources=where).execute()
    said = "".join(
        out.text
        for cell in notebook.cells
        if cell.cell_type == "code"
        for out in cell.outputs
        if out.output_type == "stream"
    )
    keys = [key for key in EXERCISES if key.startswith(f"{QUICKEST}.")]
    assert [key for key in keys if f"✓ {key}: Passed." not in said] == []
    assert "Going on with the course's own" not in said


def test_notebooks_are_written_below_build_alone(tmp_path: Path, monkeypatch, capsys):
    (tmp_path / "book").symlink_to(ROOT / "book")
    for name in ("_config.yml", "_toc.yml", "src", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    assert main(["density", "--root", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "_build/instructors/density.ipynb\n"
    assert (tmp_path / "_build" / "instructors" / "density.ipynb").is_file()
    assert not (tmp_path / "notebooks").exists()


def test_unknown_names_are_refused(capsys):
    with pytest.raises(SystemExit):
        main(["desnity"])
    assert "no chapter desnity; there are: autoencoder" in capsys.readouterr().err
    with pytest.raises(ValueError, match=r"x\.py: there is no exercise density\.kl"):
        solution("density.kl", "x.py")
