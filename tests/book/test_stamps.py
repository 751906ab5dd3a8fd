"""Outputs are never older than the code that they stand beside."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from chapters import page_sources, read_source
from execute import faults, main, without_progress
from nbformat.v4 import new_output
from sample_book import CHAPTER, write_sample
from site_config import ROOT
from stamp import stamp

# Runs with nothing but the installed package's own provenance.
RUNNABLE = CHAPTER.replace("\nfrom gencourse import toy\n", "")


@pytest.mark.parametrize("source", page_sources(ROOT), ids=lambda path: path.stem)
def test_outputs_are_fresh_and_say_where_they_were_made(source: Path):
    assert faults(source, ROOT) == []
    notebook = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    made = notebook.metadata["gencourse"]["made"]
    assert {"device", "profile", "date", "python", "torch"} <= set(made)
    assert made["profile"] in {"quick", "full"}


def stamp_of(root: Path) -> str:
    return stamp(read_source(root / "book" / "chapters" / "sample.py"), root)


@pytest.mark.parametrize(
    ("name", "stales"),
    [
        ("__init__.py", True),
        ("toy.py", True),
        ("deep.py", True),  # imported by toy, relatively
        ("deeper/__init__.py", True),
        ("deeper/inside.py", True),  # imported inside a function of deep
        ("other.py", False),
        ("recipes.py", False),  # only what calls load() rests on it
        ("checkpoints/small.json", False),
    ],
)
def test_stamp_covers_what_the_chapter_imports(tmp_path: Path, name: str, stales: bool):
    root = write_sample(tmp_path)
    before = stamp_of(root)
    with (root / "src" / "gencourse" / name).open("a") as file:
        file.write("\n# changed\n")
    assert (stamp_of(root) != before) is stales


@pytest.mark.parametrize(
    "code",
    [
        "from gencourse import load\nload('small')",
        "import gencourse\nmodel = gencourse.load('small')",
    ],
)
@pytest.mark.parametrize("name", ["recipes.py", "other.py", "checkpoints/small.json"])
def test_stamp_covers_what_load_rests_on(tmp_path: Path, name: str, code: str):
    root = write_sample(tmp_path, f"# %%\n{code}\n")
    before = stamp_of(root)
    with (root / "src" / "gencourse" / name).open("a") as file:
        file.write("\n# changed\n")
    assert stamp_of(root) != before


def test_stamp_covers_a_measurement_that_is_shown(tmp_path: Path):
    code = "from gencourse.evaluate import measured\nmeasured('small')"
    root = write_sample(tmp_path, f"# %%\n{code}\n")
    path = root / "src" / "gencourse" / "measured" / "small.json"
    path.parent.mkdir()
    stamps = set()
    for text in ("{}", "[]"):
        path.write_text(text)
        path.with_name("other.json").write_text(text * 2)
        stamps.add(stamp_of(root))
        path.with_name("other.json").write_text(text)
        stamps.add(stamp_of(root))
    assert len(stamps) == 2


def test_stamp_reads_what_only_ipython_reads(tmp_path: Path):
    root = write_sample(tmp_path, "# %%\n%matplotlib inline\n!ls\nx = (7\n% 2)\n")
    assert len(stamp_of(root)) == 64


def test_stamp_leaves_text_out(tmp_path: Path):
    root = write_sample(tmp_path)
    before = stamp_of(root)
    write_sample(root, CHAPTER.replace("Some *text*", "Other text"))
    assert stamp_of(root) == before
    write_sample(root, CHAPTER.replace("2.5", "2.50"))
    assert stamp_of(root) != before


@pytest.mark.slow
def test_life_of_a_chapter(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = write_sample(tmp_path, RUNNABLE)
    given = ["--root", str(root)]
    source = root / "book" / "chapters" / "sample.py"
    path = source.with_suffix(".ipynb")

    assert main([*given, "--check"]) == 1
    assert "missing" in capsys.readouterr().out
    assert main(given) == 0
    notebook = nbformat.read(path, as_version=4)
    assert [cell.get("outputs") for cell in notebook.cells][-1][0].text == "2\n"
    assert notebook.metadata["gencourse"]["made"]["profile"] == "quick"
    assert 0 < notebook.metadata["gencourse"]["cpu_seconds"] < 60
    assert "describe" not in path.read_text()
    assert main([*given, "--check"]) == 0

    # Nothing changed: nothing runs, nothing is written differently.
    before = path.read_bytes()
    capsys.readouterr()
    assert main(given) == 0
    assert capsys.readouterr().out == "sample: fresh\n"
    assert path.read_bytes() == before

    # Text changed: it is carried over, the outputs stay.
    write_sample(root, RUNNABLE.replace("Some *text*", "Other text"))
    assert "out of step" in faults(source, root)[0]
    assert main(given) == 0
    assert faults(source, root) == []
    assert nbformat.read(path, as_version=4).cells[-1].outputs[0].text == "2\n"

    # Code changed in a hand-edited notebook: stale, though the pair is in step.
    changed = RUNNABLE.replace("Some *text*", "Other text").replace("2.5", "7.5")
    write_sample(root, changed)
    path.write_text(path.read_text().replace("2.5", "7.5"))
    assert faults(source, root) == [
        "sample.ipynb has stale outputs: make run CHAPTER=sample"
    ]
    assert main([*given, "--limit", "0"]) == 1
    assert "over the 0 s" in capsys.readouterr().out
    assert nbformat.read(path, as_version=4).cells[-1].outputs[0].text == "7\n"


def test_failing_chapter_leaves_its_notebook_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    root = write_sample(tmp_path, "# %%\nraise RuntimeError('no such luck')\n")
    path = root / "book" / "chapters" / "sample.ipynb"
    path.write_text(nbformat.writes(nbformat.v4.new_notebook()))
    before = path.read_bytes()
    assert main(["--root", str(root)]) == 1
    assert "no such luck" in capsys.readouterr().out
    assert path.read_bytes() == before


def test_unknown_chapter_lists_the_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit):
        main(["sampel", "--root", str(write_sample(tmp_path))])
    assert "no chapter sampel; there are: sample" in capsys.readouterr().err


def test_progress_is_dropped_and_a_warning_kept():
    bar = "  0%|          | 0/9\r 99%|█████████▉| 8/9\r100%|██████████| 9/9\n"
    assert without_progress(new_output("stream", name="stderr", text=bar)) is None
    both = new_output("stream", name="stderr", text=f"{bar}careful\n")
    kept = without_progress(both)
    assert kept is not None
    assert kept.text == "careful\n"
    shown = new_output("stream", name="stdout", text=bar)
    assert without_progress(shown) == shown
