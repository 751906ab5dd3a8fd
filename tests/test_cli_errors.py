"""What goes wrong at the command line is a line and an exit code."""

from __future__ import annotations

import pytest
import typer

from gencourse.checkpoint_io import CheckpointError
from gencourse.cli_errors import plain_errors, told_how_to_resume


@pytest.mark.parametrize(
    "error",
    [
        ValueError("what was given"),
        CheckpointError("what was given"),
        FileNotFoundError("what was given"),
        FloatingPointError("what was given"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_a_user_can_mend_is_one_line(error: Exception, capsys):
    with pytest.raises(typer.Exit) as over, plain_errors():
        raise error
    assert over.value.exit_code == 1
    out, err = capsys.readouterr()
    assert out == "" and err == "gencourse: what was given\n"


@pytest.mark.parametrize("kind", [RuntimeError, KeyError, AttributeError])
def test_what_is_a_bug_is_shown_whole(kind: type[Exception], capsys):
    with pytest.raises(kind), plain_errors():
        raise kind
    assert capsys.readouterr() == ("", "")


def test_what_works_is_left_alone(tmp_path, capsys):
    with plain_errors(), told_how_to_resume(tmp_path / "a.checkpoint"):
        pass
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("saved", [True, False])
def test_an_interruption_says_what_is_kept(saved: bool, tmp_path, capsys):
    checkpoint = tmp_path / "a.checkpoint"
    if saved:
        checkpoint.touch()
    with pytest.raises(typer.Exit) as over, told_how_to_resume(checkpoint):
        raise KeyboardInterrupt
    assert over.value.exit_code == 130
    err = capsys.readouterr().err
    assert ("with the same command and --resume" in err) is saved
    assert ("nothing was saved yet" in err) is not saved


def test_only_a_checkpoint_in_the_way_is_a_run(tmp_path):
    checkpoint = tmp_path / "a.checkpoint"
    with pytest.raises(FileExistsError), told_how_to_resume(checkpoint):
        raise FileExistsError
    checkpoint.touch()
    said = f"{tmp_path} holds a run already: go on with --resume"
    with pytest.raises(ValueError, match=said), told_how_to_resume(checkpoint):
        raise FileExistsError
