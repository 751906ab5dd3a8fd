"""The command line: what works, and that what does not says so in one line."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn
from typer.testing import CliRunner

from gencourse import data, previews, recipes, scoreboard, scoring
from gencourse.autoencoder import LinearAutoencoder
from gencourse.cli import app
from gencourse.gan import GAN

MINI = ["--data", "fashion-mini"]
CPU = ["--device", "cpu"]


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
    for command in ("train", "sample", "evaluate", "scoreboard", "recipes"):
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


def test_another_seed_goes_to_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["train", "linear-autoencoder", *MINI, "--steps", 1]
    for seed in (0, 3):
        assert run(*arguments, "--seed", seed).exit_code == 0
        folder = Path("runs", f"linear-autoencoder-seed{seed}")
        card = recipes.card("linear-autoencoder", folder)
        assert card["seed"] == card["config"]["seed"] == seed
        assert card["devices"] == 1 and card["precision"] == "32-true"
    assert run(*arguments, "--seed", 3, "--validation").exit_code == 0
    assert Path("runs", "linear-autoencoder-validation-seed3").is_dir()


def wait_until(condition, process, seconds=240):
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def children_of(pid):
    """Return the processes that it spawned, in their order."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = path.joinpath("stat").read_text().rsplit(")", 1)[1].split()[1]
            if (
                int(parent) == pid
                and "spawn_main" in path.joinpath("cmdline").read_text()
            ):
                found.append(int(path.name))
    return sorted(found)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_two_processes_train_one_is_killed_and_one_goes_on(tmp_path):
    arguments = ["train", "linear-autoencoder", *MINI, *CPU, "--steps", "600"]
    arguments += ["--out", str(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "gencourse.cli", *arguments, "--devices", "2"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        checkpoint = tmp_path / "linear-autoencoder.checkpoint"
        wait_until(checkpoint.exists, process)
        first, second = children_of(process.pid)
        os.kill(second, signal.SIGKILL)
        out, err = process.communicate(timeout=60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert process.returncode == 1 and out == ""
    said = [line for line in err.splitlines() if line.startswith("gencourse: ")]
    assert len(said) == 1 and "Traceback" not in err
    assert f"process 1 of 2 (pid {second}) ended by SIGKILL" in said[0]
    assert said[0].endswith("the same command and --resume")
    assert not Path(f"/proc/{first}").exists()
    assert not list(tmp_path.glob("*.json"))
    result = run(*arguments, "--resume")
    assert result.exit_code == 0, result.output
    card = recipes.card("linear-autoencoder", tmp_path)
    assert card["steps"] == 600 and card["devices"] == 1


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
        (["train", "autoencoder", "--devices", "0"], "expected 1 device or more"),
        (["train", "autoencoder", "--devices", "3"], "3 devices can share evenly"),
        (["train", "autoencoder", "--strategy", "fsdp"], "out of auto, ddp, ddp_note"),
        (["train", "autoencoder", "--precision", "8"], "out of auto, 32-true, bf16-"),
        (["train", "autoencoder", *CPU, "--precision", "16-mixed"], "needs a GPU"),
        (["train", "autoencoder", *CPU, "--compile"], "compiled losses are for a GPU"),
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


@pytest.fixture
def game(monkeypatch, tmp_path):
    """A small GAN, trained on few images for a step, and its folder."""
    small = replace(
        recipes.find("gan"),
        model=partial(GAN, network="dense", width=8, latent=2),
        data="fashion-mini",
        batch_size=10,
        steps=1,
    )
    monkeypatch.setattr(data, "load", partial(data.load, limit=40))
    monkeypatch.setitem(recipes.RECIPES, "gan", small)
    recipes.train(small, out=tmp_path, progress=False)
    return tmp_path


def test_evaluate_records_and_finds_again_what_it_has_recorded(game):
    arguments = ["evaluate", "gan", "--from", game]
    before = recipes.card("gan", game)
    line = one_line(run(*arguments, "--few"))
    assert line.endswith("gencourse evaluate gan --record adds them")
    assert recipes.card("gan", game) == before
    result = run(*arguments, "--record")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("gan: frechet_distance ")
    assert len(result.stdout.splitlines()) == 1
    card = recipes.card("gan", game)
    assert card.keys() - before.keys() == {"scoreboard"}
    for more in ([], ["--few"]):
        result = run(*arguments, *more)
        assert result.exit_code == 0, result.output
        lines = result.stdout.splitlines()
        assert [told.split(":")[0] for told in lines] == [*card["metrics"]]
        assert all(re.search(r": (\S+) \(card \1\)$", told) for told in lines)


def test_a_number_that_is_not_the_cards_ends_with_one(game):
    arguments = ["evaluate", "gan", "--from", game]
    assert run(*arguments, "--record").exit_code == 0
    path = game / "gan.json"
    card = json.loads(path.read_text())
    card["scoreboard"]["first_thousand"]["frechet_distance"] *= 2
    card["scoreboard"]["all"]["more"] = 1.0
    path.write_text(json.dumps(card))
    before = path.read_bytes()
    line = one_line(run(*arguments, "--few"))
    assert "not as on the card: frechet_distance is " in line
    assert "not as on the card: more is None" in one_line(run(*arguments))
    assert path.read_bytes() == before


def test_what_draws_nothing_cannot_be_recorded(trained):
    path = trained / "linear-autoencoder.json"
    before = path.read_bytes()
    arguments = ["evaluate", "linear-autoencoder", "--from", trained]
    assert "draws no samples" in one_line(run(*arguments, "--record"))
    assert path.read_bytes() == before


# --- the scoreboard


def test_the_scoreboard_is_json_on_standard_output_alone():
    script = "from gencourse.cli import app; app()"
    done = subprocess.run(
        [sys.executable, "-c", script, "scoreboard", "--json"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and done.stderr == ""
    found = json.loads(done.stdout)
    assert isinstance(found, list) and len(found) == len(scoreboard.names())
    assert found == [asdict(row) for row in scoreboard.rows()]


def test_the_scoreboard_has_three_forms():
    names = scoreboard.names()
    text = run("scoreboard")
    assert text.exit_code == 0 and text.stderr == ""
    assert [line.split()[0] for line in text.stdout.splitlines()] == ["model", *names]
    markdown = run("scoreboard", "--markdown")
    assert markdown.exit_code == 0 and markdown.stderr == ""
    lines = markdown.stdout.splitlines()
    assert [line.split()[1] for line in lines] == ["model", "---", *names]
    line = one_line(both := run("scoreboard", "--json", "--markdown"))
    assert "expected --json or --markdown, got both" in line and both.stdout == ""


def test_a_damaged_card_on_the_scoreboard_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(scoring, "CARDS", tmp_path)
    for name in scoreboard.TABLES:
        (tmp_path / f"{name}.json").write_text("{}")
    result = run("scoreboard", "--json")
    assert "independent-pixels.json is damaged" in one_line(result)
    assert result.stdout == ""


# --- samples


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
