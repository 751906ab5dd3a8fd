"""The report on the newest releases: what it says of notebooks, versions and ages."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import nbformat
import newest
import pytest
import yaml
from packaging.requirements import Requirement
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


def test_damaged_notebook_gets_a_line(tmp_path: Path, capsys):
    root = repository(tmp_path, fine="1")
    (root / "notebooks" / "torn.ipynb").write_text("{")
    assert newest.main(["--root", str(root)]) == 1
    told = capsys.readouterr().out
    assert "| torn | `NotJSONError:" in told
    assert "| fine | ok |" in told


def test_unknown_notebook_is_refused(tmp_path: Path, capsys):
    root = repository(tmp_path, fine="1")
    with pytest.raises(SystemExit):
        newest.main(["fien", "--root", str(root)])
    assert "no notebook fien; known: fine" in capsys.readouterr().err


def test_error_cannot_break_the_table():
    assert newest.cell("a | b\n`c`") == "`a \\| b 'c'`"
    assert newest.cell("") == ""


def test_pages_that_are_soon_too_old_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1984737600")  # 2032-11-22
    root = repository(tmp_path, fine="1")
    for name, ran in {"old": "2032-06-24", "young": "2032-06-25"}.items():
        path = root / "book" / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        stamp = {"gencourse": {"made": {"date": ran}}}
        path.write_text(json.dumps({"metadata": stamp}))
    (line,) = newest.soon_stale(root)
    assert line.startswith("old.ipynb last ran on 2032-06-24, 151 days ago")
    assert newest.main(["--root", str(root)]) == 1
    assert f"- {line}" in capsys.readouterr().out


def installed_by_the_workflow() -> set[str]:
    """The packages that pip brings for what the workflow names, and those of theirs."""
    steps = FLOW["jobs"]["notebooks"]["steps"]
    (command,) = [step["run"] for step in steps if "pip" in step.get("run", "")]
    words = shlex.split(command)
    todo = [word for word in words[words.index("eager") + 1 :] if word[0] != "."]
    seen = {"pip"}
    while todo:
        name = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        wanted = map(Requirement, metadata.requires(name) or [])
        todo += [w.name for w in wanted if not w.marker or w.marker.evaluate()]
    return seen


def test_report_needs_only_what_the_workflow_installs():
    here = installed_by_the_workflow()
    owners = metadata.packages_distributions()
    plain = {
        module: {o.lower().replace("_", "-") for o in owners[module]}
        for module in owners
    }
    absent = [module for module, names in plain.items() if not names & here]
    assert {"torch", "sphinx_sitemap"} <= {*absent}
    code = (
        "import sys; sys.path.insert(0, 'tools')\n"
        f"sys.modules.update(dict.fromkeys({absent}))\n"
        "import newest\n"
        "newest.soon_stale(newest.ROOT); newest.pins(newest.ROOT)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


GH = """#!/bin/sh
echo "$1 $2 $3" >> "$CALLS"
case "$1 $2" in "issue list") echo "$OPEN";; esac
"""


@pytest.mark.parametrize(
    ("well", "opened", "calls"),
    [
        ("1", "", []),
        ("1", "7", ["issue close 7"]),
        ("0", "", ["issue create --label"]),
        ("0", "7", ["issue edit 7"]),
        ("", "", ["issue create --label"]),
        ("", "7", ["issue edit 7"]),
    ],
)
def test_one_issue_is_opened_changed_and_closed(
    well: str, opened: str, calls: list[str], tmp_path: Path
):
    script = FLOW["jobs"]["report"]["steps"][0]["run"]
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    said = "| a | `b` $(c) |" if well else ""
    given = {"WELL": well, "REPORT": said, "RUN": "https://example.org/1"}
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    told = {"CALLS": str(tmp_path / "calls"), "OPEN": opened}
    command = ["bash", "-e", "-o", "pipefail", "-c", script]
    subprocess.run(command, cwd=tmp_path, env={**given, **path, **told}, check=True)
    done = (tmp_path / "calls").read_text().splitlines()
    assert done[:2] == ["label create newest", "issue list --label"]
    assert done[2:] == calls
    expected = said or "The run ended before there was a report."
    report = (tmp_path / "report.md").read_text()
    assert report == f"{expected}\n\n[The run](https://example.org/1)\n"


@pytest.mark.parametrize(("code", "well"), [(0, "1"), (1, "0")])
def test_report_reaches_the_other_job(code: int, well: str, tmp_path: Path):
    (step,) = [s for s in FLOW["jobs"]["notebooks"]["steps"] if s.get("id") == "run"]
    (tmp_path / "python").write_text(f"#!/bin/sh\necho two > report.md; exit {code}\n")
    (tmp_path / "python").chmod(0o755)
    outputs, summary = tmp_path / "outputs", tmp_path / "summary"
    given = {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)}
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = ["bash", "-e", "-o", "pipefail", "-c", step["run"]]
    subprocess.run(command, cwd=tmp_path, env={**given, **path}, check=True)
    assert summary.read_text() == "two\n"
    form = rf"well={well}\nreport<<(\w+)\ntwo\n\1\n"
    assert re.fullmatch(form, outputs.read_text())


def test_workflow_runs_weekly_and_only_its_reporter_may_write():
    flow = FLOW[True] if True in FLOW else FLOW["on"]  # YAML reads `on` as true
    (when,) = flow["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* \d", when["cron"])
    jobs = FLOW["jobs"]
    assert FLOW["permissions"] == {}
    assert jobs["notebooks"]["permissions"] == {"contents": "read"}
    assert jobs["report"]["permissions"] == {"issues": "write"}
    assert jobs["report"]["if"] == "${{ !cancelled() }}"  # a failed install, too
    commands = " ".join(step.get("run", "") for step in jobs["notebooks"]["steps"])
    assert "--upgrade-strategy eager" in commands
    assert "requirements.txt" not in commands
    assert "python tools/newest.py --report" in commands
