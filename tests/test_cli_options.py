"""The options of a command are those that its page documents, each with its help."""

from __future__ import annotations

import pytest
import typer

from gencourse.cli import app

TRAIN = {
    *("--resume", "--out", "--steps", "--data", "--device", "--devices"),
    *("--strategy", "--precision", "--seed", "--compile", "--validation"),
}


def parameters(command):
    return typer.main.get_command(app).commands[command].params


def test_train_takes_what_it_always_took():
    names = {p.opts[0] for p in parameters("train") if p.param_type_name == "option"}
    assert names == TRAIN


@pytest.mark.parametrize("command", ["train", "sample", "evaluate"])
def test_the_first_argument_is_a_recipe(command):
    first, *others = parameters(command)
    assert (first.name, first.required) == ("name", True)
    assert not any(other.required for other in others)


def test_every_option_says_what_it_is_for():
    assert all(p.help for p in parameters("train"))
