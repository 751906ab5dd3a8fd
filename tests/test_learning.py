"""The learner's way: what the first cell says, and what is kept of the exercises."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import ipywidgets
import pytest
import torch

from gencourse import learning
from gencourse.evaluate import bits_per_dim
from gencourse.exercises import EXERCISES, check, core, mine_or_reference, todo
from gencourse.learning import panel, records, welcome
from gencourse.learning.records import NAME, Records

KEY = "density.bits_per_dim"
DENSITY = [key for key in EXERCISES if key.startswith("density.")]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(core, "listeners", [])
    monkeypatch.setattr(panel, "_open", {})


def right(nats, dims):
    return bits_per_dim(nats, dims)


def wrong(nats, dims):
    return nats / dims


def kept(folder: Path) -> dict[str, str]:
    return json.loads((folder / NAME).read_text())["exercises"]


# --- the first cell


def test_start_says_device_time_versions_and_exercises(capsys):
    learning.start("density", seconds=30)
    said = capsys.readouterr().out
    assert "Found no GPU: this runs on" in said or "Found a GPU" in said
    assert "Change runtime type" in said or "GPU: " in said
    assert f"torch {torch.__version__}" in said
    assert f"0 of {len(DENSITY)} exercises passed" in said
    for key in DENSITY:
        assert EXERCISES[key].title in said


def test_time_is_what_was_measured_or_said_to_be_unmeasured():
    assert "about 40 seconds" in welcome._time("quick", 40)
    assert "about a minute" in welcome._time("quick", None)
    assert "has not been measured" in welcome._time("full", 40)
    assert "40" not in welcome._time("full", 40)


def test_gpu_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Tesla T4")
    assert welcome._device() == "Found a GPU: Tesla T4."


def test_unknown_chapter_lists_the_known():
    with pytest.raises(ValueError, match=r"no chapter 'vea'; known: density, pixelrnn"):
        learning.start("vea")
    with pytest.raises(ValueError, match="known: density"):
        learning.progress("vea")


def test_start_may_run_twice(capsys, tmp_path: Path):
    learning.start("density")
    learning.start("density")
    check(KEY, right)
    assert kept(tmp_path) == {KEY: "passed"}
    assert len(core.listeners) == 1


# --- what a check changes


def test_check_is_counted_and_kept(capsys, tmp_path: Path):
    learning.start("density")
    check(KEY, wrong)
    assert kept(tmp_path) == {KEY: "tried"}
    check(KEY, right)
    assert kept(tmp_path) == {KEY: "passed"}
    capsys.readouterr()
    learning.start("density")  # tomorrow
    said = capsys.readouterr().out
    assert f"1 of {len(DENSITY)} exercises passed" in said
    assert "✓ passed  bits_per_dim" in said


def test_stub_stays_open(tmp_path: Path):
    learning.start("density")
    check(KEY, lambda *given: todo())
    assert not (tmp_path / NAME).exists()


def test_states_only_rise(tmp_path: Path):
    learning.start("density")
    for answer in (right, wrong, lambda *given: todo()):
        check(KEY, answer)
        assert kept(tmp_path) == {KEY: "passed"}


def test_nothing_is_written_before_start(tmp_path: Path):
    check(KEY, right)
    assert list(tmp_path.iterdir()) == []


def test_another_chapter_counts_too_and_unknown_keys_do_not(tmp_path: Path):
    learning.start("vae")
    check(KEY, right)
    check("no.such", right)
    check(["unhashable"], right)  # type: ignore[arg-type]
    assert kept(tmp_path) == {KEY: "passed"}


def test_failing_listener_stops_no_check(capsys):
    def broken(key, verdict):
        raise RuntimeError("the panel is gone")

    core.listeners.append(broken)
    check(KEY, right)
    assert f"✓ {KEY}: Passed." in capsys.readouterr().out


# --- the file


def test_two_notebooks_share_the_file(tmp_path: Path):
    one, two = Records(tmp_path), Records(tmp_path)
    one.note("vae.iwae", "passed")
    two.note("density.bits_per_dim", "tried")
    one.note("gan.minimax", "tried")
    states = {"vae.iwae": "passed", KEY: "tried", "gan.minimax": "tried"}
    assert kept(tmp_path) == states
    assert Records(tmp_path).states == states


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", '{"exercises": {}}', '{"gencourse": 1, "exercises": 3}',
     '{"gencourse": 0, "exercises": {}}', "\x00", "[" * 100_000],
)  # fmt: skip
def test_damaged_file_is_set_aside_not_lost(text: str, tmp_path: Path):
    (tmp_path / NAME).write_text(text)
    found = Records(tmp_path)
    found.note(KEY, "passed")
    assert kept(tmp_path) == {KEY: "passed"}
    aside = tmp_path / "gencourse-progress.damaged.json"
    assert aside.read_text() == text
    assert found.trouble == f"{NAME} was damaged; it is kept as {aside.name}."


def test_second_damaged_file_does_not_replace_the_first(tmp_path: Path):
    for text in ("first", "second"):
        (tmp_path / NAME).write_text(text)
        Records(tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [
        "gencourse-progress.damaged-2.json",
        "gencourse-progress.damaged.json",
    ]


def test_unknown_states_are_dropped_and_unknown_exercises_kept(tmp_path: Path):
    states = {"vae.iwae": "maybe", "later.exercise": "passed", KEY: 3}
    (tmp_path / NAME).write_text(json.dumps({"gencourse": 1, "exercises": states}))
    assert Records(tmp_path).states == {"later.exercise": "passed"}


def refuse(*given, **named):
    raise PermissionError(13, "Permission denied")


def test_folder_that_refuses_stops_nothing(tmp_path: Path, monkeypatch, capsys):
    learning.start("density")
    monkeypatch.setattr(records.Path, "write_text", refuse)
    check(KEY, right)
    assert "✓ density.bits_per_dim: Passed." in capsys.readouterr().out
    held = panel._open["density"]
    assert held.records.state(KEY) == "passed"
    assert "cannot be written (Permission denied)" in held.as_text()
    assert "cannot be written" in held.as_html()


def test_file_that_cannot_be_read_stops_nothing(tmp_path: Path):
    (tmp_path / NAME).mkdir()
    found = Records(tmp_path)
    assert "cannot be read (Is a directory)" in found.trouble
    found.note(KEY, "passed")
    assert found.state(KEY) == "passed"
    (tmp_path / NAME).rmdir()
    found.note(DENSITY[1], "tried")
    assert kept(tmp_path) == {KEY: "passed", DENSITY[1]: "tried"}
    assert found.trouble == ""


def test_file_that_cannot_be_read_for_a_while_is_left_alone(tmp_path, monkeypatch):
    Records(tmp_path).note("vae.iwae", "passed")
    before = (tmp_path / NAME).read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(records.Path, "read_bytes", refuse)
        found = Records(tmp_path)
        found.note(KEY, "passed")
        assert "cannot be read (Permission denied)" in found.trouble
    assert (tmp_path / NAME).read_bytes() == before
    found.note(KEY, "passed")
    assert kept(tmp_path) == {KEY: "passed", "vae.iwae": "passed"}


def test_file_of_a_later_release_is_left_alone(tmp_path: Path):
    text = '{"gencourse": 2, "exercises": {"vae.iwae": {"passed": true}}}'
    (tmp_path / NAME).write_text(text)
    found = Records(tmp_path)
    found.note(KEY, "passed")
    assert "a later release of gencourse wrote it" in found.trouble
    assert (tmp_path / NAME).read_text() == text


def test_damaged_file_that_stays_is_not_written_over(tmp_path: Path, monkeypatch):
    (tmp_path / NAME).write_text("{")
    monkeypatch.setattr(records.Path, "rename", refuse)
    found = Records(tmp_path)
    found.note(KEY, "passed")
    assert (tmp_path / NAME).read_text() == "{"
    assert "it is damaged, and stays: Permission denied" in found.trouble


def test_damage_is_told_until_the_kernel_ends(tmp_path: Path):
    (tmp_path / NAME).write_text("{")
    found = Records(tmp_path)
    found.note(KEY, "passed")
    assert "was damaged" in found.trouble


NOTES = """
import sys
from pathlib import Path
from gencourse.learning.records import Records
found = Records(Path(sys.argv[1]))
input()
for number in range(60):
    found.note(f"{sys.argv[2]}.{number}", "tried")
print(found.trouble)
"""


def test_notebooks_that_write_at_once_lose_nothing(tmp_path: Path):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", NOTES, str(tmp_path), name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in "abc"
    ]  # fmt: skip
    time.sleep(1)  # until all wait at their input
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    assert [writer.communicate(timeout=60)[0] for writer in writers] == ["\n"] * 3
    assert len(kept(tmp_path)) == 180


def test_notebook_that_holds_the_file_is_not_waited_for(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(records, "WAIT", 0.05)
    with records._kept_by_one(tmp_path / NAME):
        Records(tmp_path).note(KEY, "passed")
    assert kept(tmp_path) == {KEY: "passed"}


def test_file_system_without_locks_is_no_obstacle(tmp_path: Path, monkeypatch):
    def unknown(self):
        raise NotImplementedError("no flock here")

    monkeypatch.setattr(records.FileLock, "_acquire", unknown)
    Records(tmp_path).note(KEY, "passed")
    assert kept(tmp_path) == {KEY: "passed"}


def test_others_may_read_the_file_if_they_may_read_any(tmp_path: Path):
    Records(tmp_path).note(KEY, "passed")
    (tmp_path / "any").touch()
    assert (tmp_path / NAME).stat().st_mode == (tmp_path / "any").stat().st_mode


def test_half_written_file_is_never_seen(tmp_path: Path, monkeypatch):
    found = Records(tmp_path)
    found.note(KEY, "tried")

    def broken(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(records.os, "replace", broken)
    found.note(KEY, "passed")
    assert kept(tmp_path) == {KEY: "tried"}
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f".{NAME}.lock", NAME]
    assert "No space left" in found.trouble


# --- what is shown


class Shown(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def test_widget_and_text_say_the_same(tmp_path: Path):
    found = Records(tmp_path)
    found.note(KEY, "passed")
    found.note(DENSITY[1], "tried")
    shown = panel.Panel("density", found)
    parser = Shown()
    parser.feed(shown.as_html())
    assert parser.tags.count("li") == len(DENSITY)
    for said in (parser.text, shown.as_text()):
        assert shown.summary() in said
        assert "✓" in said
        assert "✗" in said
        assert said.count("○") == len(DENSITY) - 2
    assert "&lt;" not in parser.text


def test_minutes_that_are_left(tmp_path: Path):
    found = Records(tmp_path)
    shown = panel.Panel("density", found)
    whole = sum(EXERCISES[key].minutes for key in DENSITY)
    assert shown.summary() == (
        f"0 of {len(DENSITY)} exercises passed, about {whole} minutes left."
    )
    for key in DENSITY:
        found.note(key, "passed")
    done = f"All {len(DENSITY)} exercises passed: this chapter is done."
    assert shown.summary() == f"{done} The next one is pixelrnn."
    last = panel.Panel("comparison", found)
    for exercise in last.exercises:
        found.note(exercise.key, "passed")
    assert "It is the last one" in last.summary()


def test_two_panels_live_side_by_side(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(panel, "_widget", ipywidgets.HTML)
    learning.start("vae")
    learning.progress("density")
    check(KEY, right)
    check("vae.importance_bound", lambda log_weights: log_weights.mean(0))
    assert "1 of" in panel._open["density"].widget.value
    assert panel._open["vae"].records is panel._open["density"].records
    assert kept(tmp_path) == {KEY: "passed", "vae.importance_bound": "tried"}


def test_progress_without_a_chapter_lists_all(capsys):
    learning.progress()
    lines = capsys.readouterr().out.splitlines()
    chapters = ["density", "pixelrnn", "pixelcnn", "autoregressive", "autoencoder"]
    assert [line.partition(":")[0] for line in lines] == [
        *chapters, "vae", "gan", "comparison",
    ]  # fmt: skip


def test_widget_is_updated_in_a_notebook(tmp_path: Path, monkeypatch):
    made = ipywidgets.HTML()
    monkeypatch.setattr(panel, "_widget", lambda: made)
    learning.start("density")
    assert "0 of" in made.value
    check(KEY, right)
    assert "1 of" in made.value


@pytest.mark.parametrize("missing", ["ipywidgets", "IPython"])
def test_text_where_a_package_is_missing(missing: str, tmp_path: Path):
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from gencourse.learning import start\nstart('density')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "0 of 7 exercises passed" in done.stdout


# --- a passing answer is what the notebook goes on with


@pytest.mark.parametrize("key", EXERCISES)
def test_passing_answer_is_the_one_used(key: str, monkeypatch):
    def mine(*given):
        return EXERCISES[key].reference(*given)

    verdict = core.Verdict(True, "Passed.", "✓")
    monkeypatch.setattr(core, "examine", lambda exercise, answer: verdict)
    assert mine_or_reference(key, mine) is mine
    failed = core.Verdict(False, "No.")
    monkeypatch.setattr(core, "examine", lambda exercise, answer: failed)
    assert mine_or_reference(key, lambda *given: None) is EXERCISES[key].reference
