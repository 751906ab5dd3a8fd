"""The command line: what works, and that what does not says so in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn
from typer.testing import CliRunner

from gencourse import data, previews, recipes
from gencourse.autoencoder import LinearAutoencoder
from gencourse.cli import app

MINI = ["--data", "fashion-mini"]


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def one_line(result):
    assert result.exit_code == 1, result.output
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("gencourse: ")
    return line


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    result = run("train", "linear-autoencoder", *MINI, "--steps", 3, "--out", out)
    assert result.exit_code == 0, result.output
    assert "squared_error" in result.stdout and "(test)" in result.stdout
    return out


def test_help_is_quick():
    script = (
        "import sys; from gencourse.cli import app\n"
        "try: app(['--help'])\n"
        "except SystemExit as over: assert over.code == 0\n"
        "assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for command in ("train", "sample", "evaluate", "recipes"):
        assert command in done.stdout


def test_train_writes_weights_and_card(trained):
    assert recipes.card("linear-autoencoder", trained)["steps"] == 3
    recipes.load("linear-autoencoder", trained)


def test_train_does_not_overwrite_and_resumes(trained):
    arguments = ["train", "linear-autoencoder", *MINI, "--steps", 3, "--out", trained]
    assert "go on with --resume" in one_line(run(*arguments))
    assert run(*arguments, "--resume").exit_code == 0
    arguments[arguments.index(3)] = 4
    line = one_line(run(*arguments, "--resume"))
    assert "another run: its steps is 3, not 4" in line


def test_train_goes_to_runs_by_itself(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("train", "linear-autoencoder", *MINI, "--steps", 1).exit_code == 0
    arguments = ["train", "linear-autoencoder", *MINI, "--steps", 1, "--validation"]
    assert "(validation)" in run(*arguments).stdout
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.json")}
    assert found == {
        "runs/linear-autoencoder/linear-autoencoder.json",
        "runs/linear-autoencoder-validation/linear-autoencoder.json",
    }


def test_an_interruption_says_how_to_go_on(monkeypatch, tmp_path):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(recipes, "train", interrupted)
    arguments = ["train", "autoencoder", "--out", tmp_path]
    result = run(*arguments)
    assert result.exit_code == 130 and "nothing was saved yet" in result.stderr
    assert "--resume" not in result.stderr
    (tmp_path / "autoencoder.checkpoint").touch()
    result = run(*arguments)
    assert result.exit_code == 130 and "nothing was saved" not in result.stderr
    assert "go on from the last checkpoint" in result.stderr
    assert "--resume" in result.stderr


def test_only_a_checkpoint_is_a_run_already(monkeypatch, tmp_path):
    def exists(*_, **__):
        raise FileExistsError("something else is in the way")

    monkeypatch.setattr(recipes, "train", exists)
    arguments = ["train", "autoencoder", "--out", tmp_path]
    assert one_line(run(*arguments)).endswith("something else is in the way")
    (tmp_path / "autoencoder.checkpoint").touch()
    assert "holds a run already" in one_line(run(*arguments))


def test_a_folder_that_is_none_is_one_line_and_nothing_trains(monkeypatch, tmp_path):
    def trains(*_, **__):
        raise AssertionError("training began")

    monkeypatch.setattr(LinearAutoencoder, "losses", trains)
    file = tmp_path / "file"
    file.touch()
    places = {
        file: "expected a folder, but",
        file / "deeper": "can't write to the folder",
    }
    if sys.platform == "linux":
        places[Path("/proc")] = "can't write to the folder /proc: "
    for place, message in places.items():
        line = one_line(run("train", "linear-autoencoder", *MINI, "--out", place))
        assert message in line and "holds a run" not in line
        assert str(place) in line
    assert list(tmp_path.iterdir()) == [file] and file.read_bytes() == b""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "flow"], "no recipe 'flow', there are: linear-autoencoder"),
        (["train", "autoencoder", "--data", "x"], "data is 'x', expected one of fash"),
        (["train", "autoencoder", "--device", "tpu"], "got 'tpu'"),
        (["evaluate", "flow"], "no model 'flow' comes with the package"),
        (["sample", "flow"], "no model 'flow' comes with the package"),
        (["evaluate", "autoencoder", "--from", "/nowhere"], "no weights at /nowhere"),
    ],
)
def test_mistakes_are_one_line(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in one_line(run(*arguments))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [["train"], ["train", "autoencoder", "--steps", "0"], ["paint"]]
)
def test_wrong_usage_has_exit_code_two(arguments):
    assert run(*arguments).exit_code == 2


def test_evaluate_compares_with_the_card(trained, tmp_path):
    result = run("evaluate", "linear-autoencoder", "--from", trained)
    assert result.exit_code == 0 and "squared_error" in result.stdout
    for suffix in (".safetensors", ".json"):
        name = f"linear-autoencoder{suffix}"
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    card = json.loads((tmp_path / "linear-autoencoder.json").read_text())
    card["metrics"]["squared_error"] /= 2
    (tmp_path / "linear-autoencoder.json").write_text(json.dumps(card))
    line = one_line(run("evaluate", "linear-autoencoder", "--from", tmp_path))
    assert "not as on the card: squared_error" in line


def test_an_autoencoder_cannot_sample_but_reconstructs(trained, tmp_path):
    arguments = ["sample", "linear-autoencoder", "--from", trained]
    picture = tmp_path / "deep" / "a.png"
    line = one_line(run(*arguments, "--out", picture))
    assert "cannot sample" in line and not picture.exists()
    result = run(*arguments, "--reconstruct", "-n", 5, "--out", picture)
    assert result.exit_code == 0, result.output
    with Image.open(picture) as image:
        assert image.size == (5 * 30 + 2, 2 * 30 + 2)
    line = one_line(run(*arguments, "--reconstruct", "--out", tmp_path / "a.jpg"))
    assert "ends in .png" in line


class Dice(nn.Module):
    levels = 256

    def sample(self, n, generator=None):
        shape = (n, 1, 4, 4)
        return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)


def test_a_generative_model_samples_by_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(recipes, "load", lambda name, path: Dice())
    pictures = []
    for seed in (1, 1, 2):
        picture = tmp_path / f"{len(pictures)}.png"
        result = run("sample", "dice", "-n", 9, "--seed", seed, "--out", picture)
        assert result.exit_code == 0, result.output
        pictures.append(picture.read_bytes())
    assert pictures[0] == pictures[1] != pictures[2]
    with pytest.raises(ValueError, match="dice cannot reconstruct"):
        previews.reconstructions("dice", Dice(), 2)


class Labelled(nn.Module):
    levels, classes = 256, 10

    def sample(self, n, y, generator=None):
        assert n == len(y) <= previews.BATCH
        return (y[:, None, None, None] * 20).to(torch.uint8).expand(n, 1, 4, 4)


def test_a_conditional_model_samples_a_class_or_all_in_turn(tmp_path, monkeypatch):
    drawn = previews.samples("model", Labelled(), 150, seed=0) * 255 / 20
    assert torch.equal(drawn[:, 0, 0, 0].round().long(), torch.arange(150) % 10)
    monkeypatch.setattr(recipes, "load", lambda name, path: Labelled())
    picture = tmp_path / "seven.png"
    result = run("sample", "model", "-n", 3, "--label", 7, "--out", picture)
    assert result.exit_code == 0, result.output
    with Image.open(picture) as image:
        assert image.getpixel((4, 4)) == (140, 140, 140)
    for label in (-1, 10):
        line = one_line(run("sample", "model", "--label", label))
        assert f"expected a label from 0 to 9, got {label}" in line
    monkeypatch.setattr(recipes, "load", lambda name, path: Dice())
    assert "dice takes no label" in one_line(run("sample", "dice", "--label", 0))


class Reader(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.classes = classes

    def reconstruct(self, x, y=None):
        assert (y is None) == (self.classes is None)
        grey = torch.zeros(len(x)) if y is None else y / 10
        return grey[:, None, None, None].expand(x.shape)


@pytest.mark.parametrize("classes", [None, 10])
def test_a_conditional_model_reconstructs_with_the_labels(monkeypatch, classes):
    mini = replace(recipes.find("linear-autoencoder"), data="fashion-mini")
    monkeypatch.setattr(previews, "find", lambda name: mini)
    pairs, n = previews.reconstructions("model", Reader(classes), 5)
    test = data.load("fashion-mini", "test", limit=5)
    assert n == 5 and pairs.shape == (10, 1, 28, 28)
    torch.testing.assert_close(pairs[:5], test.x / 255)
    expected = test.y / 10 if classes else torch.zeros(5)
    assert len(test.y.unique()) > 1
    assert torch.equal(pairs[5:, 0, 3, 4], expected)


def test_batches_of_samples_differ():
    drawn = previews.samples("dice", Dice(), 2 * previews.BATCH + 1, seed=0)
    assert len(drawn.unique(dim=0)) == len(drawn) == 129


def test_recipes_are_listed():
    result = run("recipes")
    assert result.exit_code == 0
    for name, recipe in recipes.RECIPES.items():
        assert name in result.stdout and recipe.description in result.stdout
