"""The report on the newest releases: what it says of notebooks, versions and ages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import newest
import pytest
import yaml
from site_config import ROOT

FLOW = yaml.safe_load((ROOT / ".github/workflows/newest.yml").read_text("utf-8"))


def repository(folder: Path, **cells: str) -> Path:
    """A repository with a reader's notebook of one cell for each name."""
    (folder / "notebooks").mkdir()
    (folder / "requirements.txt").write_text("# pins\ntorch==1.2.3\n")
    for name, source in cells.items():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        nbformat.write(notebook, folder / "notebooks" / f"{name}.ipynb")
    return folder


def test_each_notebook_gets_a_line(tmp_path: Path, capsys):
    root = repository(tmp_path, fine="print(1)", torn="1 / 0 # |")
    file = tmp_path / "report.md"
    assert newest.main(["--root", str(root), "--report", str(file)]) == 1
    text = file.read_text()
    assert capsys.readouterr().out == text + "\n"
    assert "with the newest releases: 1 of 2 fail" in text
    assert re.search(r"^\| fine \| ok \| \d+ \|$", text, re.MULTILINE)
    assert "| torn | `ZeroDivisionError: division by zero` |" in text
    assert re.search(r"^\| torch \| [\d.+\w]+ \| 1\.2\.3 \|$", text, re.MULTILINE)


def test_all_well_is_said(tmp_path: Path):
    root = repository(tmp_path, fine="import os; assert os.getcwd()")
    assert newest.main(["fine", "--root", str(root)]) == 0


def test_unknown_notebook_is_refused(tmp_path: Path, capsys):
    root = repository(tmp_path, fine="1")
    with pytest.raises(SystemExit):
        newest.main(["fien", "--root", str(root)])
    assert "no notebook fien; known: fine" in capsys.readouterr().err


def test_error_cannot_break_the_table():
    assert newest.cell("a | b\n`c`") == "`a \\| b 'c'`"
    assert newest.cell("") == ""


def test_pages_that_are_soon_too_old_are_listed(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795435200")  # 2026-11-23
    for name, ran in {"old": "2026-06-24", "young": "2026-06-26"}.items():
        path = tmp_path / "book" / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        metadata = {"gencourse": {"made": {"date": ran}}}
        path.write_text(json.dumps({"metadata": metadata}))
    (line,) = newest.soon_stale(tmp_path)
    assert line.startswith("old.ipynb last ran on 2026-06-24")
    assert line in newest.report([], {}, {}, [line])


def test_workflow_runs_weekly_and_only_its_reporter_may_write():
    flow = FLOW[True] if True in FLOW else FLOW["on"]  # YAML reads `on` as true
    (when,) = flow["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* \d", when["cron"])
    jobs = FLOW["jobs"]
    assert FLOW["permissions"] == {}
    assert jobs["notebooks"]["permissions"] == {"contents": "read"}
    assert jobs["report"]["permissions"] == {"issues": "write"}
    commands = " ".join(step.get("run", "") for step in jobs["notebooks"]["steps"])
    assert "--upgrade-strategy eager" in commands
    assert "requirements.txt" not in commands
    assert "python tools/newest.py --report" in commands
