"""What is read and what is written: files, names, tables, exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from submissions import BITS, TELL_BITS, hand_in, notebook
from typer.testing import CliRunner

from gencourse.cli import app
from gencourse.grading import sandbox, tables, wire
from gencourse.grading.reading import NoNotebook, plain, read
from gencourse.grading.report import Graded, Report, Result, learners

BROKEN = {
    "{broken": "broken JSON",
    "[1, 2]": "no cells",
    '{"cells": 3}': "no cells",
    "": "broken JSON",
    "[" * 100_000: "no notebook",
}


@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_notebook_is_told(text, tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_text(text)
    with pytest.raises(NoNotebook, match=BROKEN[text]):
        read(path)


def test_bytes_and_folders_are_no_notebooks(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(NoNotebook, match="not text"):
        read(path)
    with pytest.raises(NoNotebook, match="cannot be read"):
        read(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        {"worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1"}]}]},
        {"cells": [7, None, {}, {"cell_type": "code", "source": ["x", " = 1"]}]},
        {"cells": [{"cell_type": "markdown", "source": "# t"}]},
        {"cells": [{"cell_type": "code", "source": 5}]},
    ],
)
def test_old_and_torn_notebooks_are_read(content, tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(content), encoding="utf-8-sig")
    assert [cell.source for cell in read(path)] in ([], ["x = 1"])


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("x = 1", "x = 1"),
        ("!ls\nx = 1", "pass\nx = 1"),
        ("if x:\n    %pip install y", "if x:\n    pass"),
        ("files = !ls\nx?", "pass\npass"),
        ("%%time\nx = 1", "x = 1"),
        ("%%bash\nrm x", ""),
        ("x = (7\n% 3)", "x = (7\n% 3)"),
        ("x = (", "x = ("),
    ],
)
def test_what_ipython_alone_understands_is_left_out(source, left):
    assert plain(source) == left


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/c/anna.ipynb", "/c/ben.ipynb"], ["anna", "ben"]),
        (["/c/anna/vae.ipynb", "/c/ben/vae.ipynb"], ["anna", "ben"]),
        (["/1/anna/vae.ipynb", "/2/anna/vae.ipynb"], ["1/anna", "2/anna"]),
        (["/c/a/vae.ipynb", "/c/a/gan.ipynb", "/c/b/vae.ipynb"], ["a", "a", "b"]),
        (["/c/a/x.ipynb"], ["x"]),
    ],
)
def test_names_of_learners(paths, names):
    assert learners([Path(p) for p in paths]) == names


ODD = Report(
    [
        Graded(
            '=HYPERLINK("x")',
            "a|b\n.ipynb",
            isolation=sandbox.NONE.as_dict(),
            exercises=[
                Result(
                    "density.bits_per_dim", "wrong", "@a | b\x1b[31m `c`\n", "outside"
                ),
                Result("density.kl_divergence", "passed", "", "inside"),
            ],
        ),
        Graded("-1", "c.ipynb", problem="+broken"),
    ],
    [3],
    "1",
)


def test_csv_holds_no_formula():
    head, *rows = csv.reader(io.StringIO(tables.as_csv(ODD)))
    assert tuple(head) == tables.COLUMNS
    assert [row[0] for row in rows] == ['\'=HYPERLINK("x")'] * 2 + ["'-1"]
    assert rows[0][4].startswith("'@a | b") and rows[2][7] == "'+broken"
    assert "\x1b" not in tables.as_csv(ODD)
    assert rows[1][5:7] == ["inside", "none"]


def test_markdown_is_two_whole_tables():
    first, second, again = tables.as_markdown(ODD).split("\n\n")
    assert "--seed 3 --seeds 1" in again
    for table, columns in ((first, 5), (second, 4)):
        for line in table.split("\n"):
            assert line.replace("\\|", "").count("|") == columns + 1
    assert "\\`c\\`" in first and "not graded" in first
    assert "| density.kl\\_divergence | 1 | 1 |" in second


def test_text_tells_each_learner_and_the_class():
    text = tables.as_text(ODD)
    assert "1 of 2 passed, isolation: none" in text
    assert "-1 (c.ipynb): not graded: +broken" in text
    assert "1 x @a | b" in text and "\x1b" not in text
    assert text.endswith("The same checks again: --seed 3 --seeds 1")


def test_json_keeps_its_schema():
    content = json.loads(tables.as_json(ODD))
    assert set(content) == {"schema", "gencourse", "seeds", "notebooks", "exercises"}
    first = content["notebooks"][0]
    assert set(first) == {
        *("learner", "notebook", "problem", "isolation", "notes"),
        *("exercises", "seconds"),
    }
    assert set(first["isolation"]) == {"by", "network", "files"}
    assert first["isolation"]["network"] in ("cut off", "open")
    assert set(first["exercises"][0]) == {"exercise", "state", "sentence", "checked"}
    assert set(content["exercises"][0]) == {
        *("exercise", "passed", "of", "commonest", "times"),
    }


def run(*given):
    return CliRunner().invoke(app, ["grade", *map(str, given)])


def test_a_class_of_good_and_broken_notebooks(tmp_path):
    hand_in(tmp_path, BITS, TELL_BITS, name="Anna/density")
    (tmp_path / "ben").mkdir()
    (tmp_path / "ben" / "density.ipynb").write_text("{")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    hand_in(tmp_path, BITS, name=".ipynb_checkpoints/density")
    output = tmp_path / "out.json"
    done = run(tmp_path, "--json", "--output", output, "--seed", 4, "--seeds", 1)
    assert done.exit_code == 1, done.output
    content = json.loads(output.read_text())
    assert [n["learner"] for n in content["notebooks"]] == ["Anna", "ben"]
    assert content["seeds"] == [4]
    assert "broken JSON" in content["notebooks"][1]["problem"]
    assert content["notebooks"][0]["exercises"][0]["state"] == "passed"


def test_wrong_use_is_exit_code_2(tmp_path):
    assert run(tmp_path / "none.ipynb").exit_code == 2
    assert run(tmp_path).exit_code == 2
    path = hand_in(tmp_path, BITS)
    assert "several" in run(path, "--json", "--csv").stderr
    assert run(path, "--seconds", 0).exit_code == 2


def test_a_folder_that_is_missing_is_told_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "best", lambda: pytest.fail("it went on"))
    done = run(hand_in(tmp_path, BITS), "--output", tmp_path / "no" / "out.json")
    assert done.exit_code == 2 and "there is no folder" in done.stderr


def test_a_screen_of_few_characters_ends_no_command(tmp_path):
    path = hand_in(tmp_path, BITS, name="Żaneta/density")
    done = subprocess.run(
        [sys.executable, "-m", "gencourse.cli", "grade", path, "--seeds", "0"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
    )
    assert done.returncode == 0, done.stderr
    assert b"density.bits_per_dim" in done.stdout
    assert b"Traceback" not in done.stderr


def test_no_isolation_is_said_and_can_be_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "best", lambda: sandbox.NONE)
    path = hand_in(tmp_path, "x = 1")
    done = run(path)
    assert done.exit_code == 1 and "cannot isolate" in done.stderr
    assert "no exercise" in done.stdout
    done = run(path, "--require-isolation")
    assert done.exit_code == 2 and done.stdout == ""


def test_help_waits_for_no_torch():
    script = (
        "import sys\nfrom gencourse.cli import app\n"
        "try: app(['grade', '--help'])\n"
        "except SystemExit as over: assert over.code == 0\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert b"Exit codes" in done.stdout


def test_frames_carry_data_alone():
    generator = torch.Generator().manual_seed(3)
    sent = {
        "a": [torch.randn(2, 0, 3), torch.tensor(True), (1, "x", None, 2.5)],
        "b": torch.arange(6).view(2, 3).mT,
        "c": torch.ones(3, requires_grad=True),
        "d": generator,
        "e": object(),
    }
    frame = wire.to_bytes(sent)
    text, body = wire.LENGTH.unpack(frame[:16])
    got = wire.from_bytes(frame[16 : 16 + text], frame[16 + text :], strides=True)
    assert body == len(frame) - 16 - text
    assert torch.equal(got["a"][0], sent["a"][0]) and got["a"][2] == sent["a"][2]
    assert torch.equal(got["b"], sent["b"]) and got["b"].stride() == (1, 3)
    assert got["c"].requires_grad
    assert torch.equal(got["d"].get_state(), generator.get_state())
    assert isinstance(got["e"], wire.Opaque)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b'{"!": "tensor", "dtype": "float32", "shape": [9], "grad": false, "at": 0}',
        b'{"!": "tensor", "dtype": "object", "shape": [1], "grad": false, "at": 0}',
        b'{"!": "tensor", "dtype": "int8", "shape": [-1], "grad": false, "at": 0}',
        b'{"!": "list", "of": [[1]]}',
        b"{" * 9999,
        b'{"!": "dict", "of": {"x": {"!": "generator", "state": 1}}}',
    ],
)
def test_frames_of_other_things_are_refused(text):
    with pytest.raises(wire.Unreadable):
        wire.from_bytes(text, b"1234")


def test_a_notebook_in_json_is_one():
    assert json.loads(notebook("x"))["nbformat"] == 4
