"""A reader's notebook in a fresh environment: it installs, and runs offline."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import borrowed
import fresh
import nbformat
import offline
import pytest
import tomllib

from gencourse.exercises.core import EXERCISES

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CHECK = re.compile(r'^check\("([\w.]+)", (\w+)\)', re.MULTILINE)
PINS = ROOT / "tools" / "pins" / "colab.txt"
LOWEST = ROOT / "tools" / "pins" / "lowest.txt"


def test_lowest_pins_are_the_bounds_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["chapters"]
    lines = LOWEST.read_text("utf-8").splitlines()
    pinned = [line for line in lines if line[0] != "#"]
    assert [line.replace(">=", "==") for line in wanted] == pinned[:-1]
    assert pinned[-1].startswith("ipykernel==")


def snapshot(folder: Path) -> Path:
    """A git repository of the files as they are now, committed or not."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    files = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, files.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "now"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict, dict, str]:
    """What a hosted notebook is after its first cell.

    Its Python, the packages before and after, and what went wrong.
    """
    folder = tmp_path_factory.mktemp("hosted")
    repository = snapshot(tmp_path_factory.mktemp("repository"))
    try:
        venv = folder / "venv"
        python = fresh.environment(venv, fresh.sys.executable, PINS, borrow=True)
    except subprocess.CalledProcessError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no packages can be installed: {fresh.told(error)}")
    before = fresh.packages(python)
    cell = first_cell(NOTEBOOKS[0])
    error = offline.run(cell, python, fresh.from_clone(repository, folder))
    return python, before, fresh.packages(python), error


def first_cell(path: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return nbformat.v4.new_notebook(cells=cells[:1])


def printed(notebook: nbformat.NotebookNode) -> str:
    return "".join(
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stdout"
    )


@pytest.mark.slow
def test_first_cell_installs_and_changes_nothing(hosted):
    _, before, after, error = hosted
    assert error == ""
    assert before["ipython"] == "7.34.0"
    assert before["ipywidgets"] == "7.7.1"
    assert "gencourse" not in before
    assert "gencourse" in after
    assert fresh.changed(before, after) == []
    assert set(after) - set(before) <= {
        *("gencourse", "lightning-fabric", "lightning-utilities"),
        # Colab has these already; torch's own dependencies bring them elsewhere.
        *("aiohappyeyeballs", "aiohttp", "aiosignal", "attrs", "frozenlist"),
        *("multidict", "propcache", "yarl"),
    }


ANSWERS = """
import json
from gencourse.exercises import EXERCISES as _exercises

_calls = {}


def _mine(key):
    def answer(*given, **named):
        _calls[key] += 1
        return _exercises[key].reference(*given, **named)

    _calls[key] = 0
    return answer
"""


def answered(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with each stub answered by a function that counts its calls.

    Those of the checks do not count. The last cell prints the numbers.
    """
    cells = []
    for cell in notebook.cells:
        found = CHECK.search(cell.source) if cell.cell_type == "code" else None
        if found:
            key, name = found[1], found[2]
            cells.append(nbformat.v4.new_code_cell(f'{name} = _mine("{key}")'))
            cell.source += f'\n_calls["{key}"] = 0'
        cells.append(cell)
    first = 1 + next(i for i, cell in enumerate(cells) if cell.cell_type == "code")
    cells.insert(first, nbformat.v4.new_code_cell(ANSWERS))
    cells.append(nbformat.v4.new_code_cell("import gencourse"))
    cells.append(nbformat.v4.new_code_cell("print(gencourse.__file__)"))
    cells.append(nbformat.v4.new_code_cell("print(json.dumps(_calls))"))
    return nbformat.v4.new_notebook(cells=cells)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_answered_notebook_runs_as_on_colab_and_uses_the_answers(
    path: Path, hosted, tmp_path: Path
):
    notebook = answered(nbformat.read(path, as_version=4))
    assert offline.run(notebook, hosted[0], offline.offline(tmp_path)) == ""
    where, calls = (cell.outputs[0].text for cell in notebook.cells[-2:])
    assert where.startswith(str(hosted[0].parents[1]))
    keys = [key for key in EXERCISES if key.startswith(f"{path.stem}.")]
    assert sorted(json.loads(calls)) == sorted(keys)
    assert [key for key, count in json.loads(calls).items() if not count] == []
    assert printed(notebook).count(": Passed.") == len(keys)
    assert "Going on with the course's own" not in printed(notebook)


def test_first_cell_may_run_twice(hosted, tmp_path: Path):
    twice = first_cell(NOTEBOOKS[0])
    twice.cells += first_cell(NOTEBOOKS[0]).cells
    assert offline.run(twice, hosted[0], offline.offline(tmp_path)) == ""


def test_error_of_a_notebook_is_told(tmp_path: Path):
    cell = nbformat.v4.new_code_cell("print(1)\nunknown")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    python = Path(fresh.sys.executable)
    told = offline.run(notebook, python, offline.offline(tmp_path))
    assert told == "NameError: name 'unknown' is not defined"


def test_what_is_changed_is_named():
    before = {"numpy": "2.1.3", "torch": "2.11.0", "six": "1.17.0"}
    after = {"numpy": "2.4.6", "torch": "2.11.0", "more": "1"}
    assert fresh.changed(before, after) == [
        "numpy 2.1.3 -> 2.4.6",
        "six 1.17.0 -> gone",
    ]
    assert fresh.changed(before, before) == []


def test_unknown_notebook_is_refused(capsys: pytest.CaptureFixture[str]):
    assert fresh.main(["desnity"]) == 1
    assert "no notebook desnity; known: autoencoder, " in capsys.readouterr().err


def test_failing_command_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    pins = tmp_path / "pins.txt"
    pins.write_text("no such line ==\n")
    arguments = ["density", "--pins", str(pins), "--environment", str(tmp_path / "e")]
    assert fresh.main(arguments) == 1
    assert "Invalid requirement" in capsys.readouterr().err


def test_pins_are_borrowed_or_installed():
    wanted = {borrowed.name_of(line) for line in borrowed.light(PINS.read_text())}
    assert {"ipython", "ipywidgets", "ipykernel", "traitlets"} <= wanted
    assert not wanted & set(borrowed.HEAVY)


def test_environment_of_a_notebook_knows_nothing_of_this_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    monkeypatch.setenv("GENCOURSE_DATA", str(ROOT))
    kept = offline.clean(tmp_path)
    assert not {"PYTHONPATH", "GENCOURSE_DATA"} & set(kept)
    assert kept["HOME"] == str(tmp_path)
