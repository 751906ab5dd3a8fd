"""Several devices: what two processes compute is what one computes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
import distributed_runs as runs

from gencourse import checkpoint_io, distributed
from gencourse.batches import Batches
from gencourse.train import CheckpointError, make_fabric

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def one():
    return make_fabric("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    runs.interrupted(runs.settled_run, one(), folder / "one.checkpoint", 12)
    runs.interrupted(runs.noisy_run, one(), folder / "noisy-one.checkpoint", 7)
    process = subprocess.Popen(
        [sys.executable, runs.__file__, folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        told, _ = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        pytest.fail(f"two processes hang: {process.communicate()[0]}")
    assert process.returncode == 0, told
    assert told == ""  # nothing of Fabric's talk
    return folder


@pytest.fixture(scope="module")
def ranks(folder):
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in (0, 1)]


def error(found, expected):
    return float((found - expected).norm() / expected.norm())


def assert_all_equal(found, expected):
    assert found.keys() == expected.keys()
    for name in found:
        assert torch.equal(found[name], expected[name]), name


# --- gradients and curves


@pytest.mark.parametrize("name", ["pixelcnn", "vae", "gan"])
def test_gradients_are_those_of_the_whole_batch(ranks, name):
    expected = runs.gradients(one())[name]
    first, second = (found["gradients"][name] for found in ranks)
    assert len(expected) == {"pixelcnn": 3, "vae": 3, "gan": 9}[name]
    for here, there, whole in zip(first, second, expected, strict=True):
        assert torch.equal(here, there)
        assert whole.norm() > 1e-3 and error(here, whole) < 1e-6


def same_curve(found, expected):
    for name in ("nll", "total", "learning_rate"):
        assert found["history"][name] == pytest.approx(
            expected["history"][name], rel=1e-4
        )
    for part in ("weights", "average"):
        for name, weights in expected[part].items():
            torch.testing.assert_close(found[part][name], weights, rtol=1e-3, atol=1e-4)


def test_the_loss_curve_is_that_of_one_process(ranks):
    whole = runs.settled_run(one())
    for found in ranks:
        same_curve(found["settled"], whole)
    assert whole["history"]["nll"][-1] < 0.99 * whole["history"]["nll"][0]
    for part in ("weights", "average"):
        assert_all_equal(*(found["settled"][part] for found in ranks))


def test_the_processor_seconds_are_those_of_all_processes(ranks):
    first, second = (found["settled"]["history"]["cpu_seconds"] for found in ranks)
    assert first == second == sorted(first) and first[0] > 0


def test_a_game_of_two_turns_keeps_the_processes_together(ranks):
    first, second = (found["game"] for found in ranks)
    assert_all_equal(first["weights"], second["weights"])
    assert all(first["moved"])
    for name in ("discriminator", "generator"):
        assert first["history"][name] == second["history"][name]
        assert np.isfinite(first["history"][name]).all()


# --- data and noise


def test_the_shares_are_the_batch_and_every_image_comes_once_an_epoch(ranks):
    batches = Batches(torch.arange(10.0)[:, None], size=4, steps=4, seed=1)
    seen = [[x.flatten().tolist() for x in found["stream"]] for found in ranks]
    assert [len(shares) for shares in seen] == [8, 8]
    for t, (here, there) in enumerate(zip(*seen, strict=True)):
        whole = batches.at(t)[0].flatten().tolist()
        assert sorted(here + there) == sorted(whole)
        assert len(here) == len(there) == 2
    both = [i for here, there in zip(*seen, strict=True) for i in sorted(here + there)]
    assert sorted(both[:20]) != sorted(both[12:])
    # Eight batches of four: three epochs of ten and two more.
    counts = np.bincount(np.array(both, int), minlength=10)
    assert len(both) == 32 and counts.min() >= 3 and counts.max() <= 4


def test_every_process_draws_numbers_of_its_own(ranks):
    first, second = (np.array(found["noisy"]["drawn"]) for found in ranks)
    assert first.shape == second.shape == (12, 3)
    assert len(np.unique(np.concatenate([first, second]))) == 72
    assert torch.equal(*(found["noisy"]["point"] for found in ranks))


def test_seeds_of_ranks_depend_on_all_three():
    drawn = set()
    for numbers in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)]:
        distributed.seed_rank(*numbers)
        drawn.add((torch.rand(()).item(), np.random.rand(), runs.random.random()))
    assert len(drawn) == 4 and len({value for row in drawn for value in row}) == 12


# --- one writer, and what stops all


def test_rank_zero_alone_writes_and_shows(ranks):
    first, second = (found["writing"] for found in ranks)
    assert first["written"] == ["written.checkpoint"] * 2
    assert "nats" in first["shown"] and "4/4" in first["shown"]
    assert second == {"written": [], "shown": ""}


def test_a_nan_in_one_process_stops_all_with_one_error(ranks, folder):
    first, second = (found["explosion"] for found in ranks)
    assert first["error"] == second["error"]
    assert "step 5 of 12: the loss 'noise' is nan" in first["error"]
    assert "after step 4" in first["error"]
    assert torch.equal(first["point"], second["point"])
    state = checkpoint_io.load_state(folder / "exploded.checkpoint")
    assert len(state["history"]["noise"]) == 4 and len(state["random"]) == 2


def test_what_cannot_be_shared_is_refused(ranks):
    for found in ranks:
        function, stranger, odd = found["refusals"]
        assert "must be methods of the module" in function and "<lambda>" in function
        assert "Noise.losses is not" in stranger
        assert odd == "expected a batch size that 2 devices can share evenly, got 3"


# --- resuming


def test_two_processes_resume_bit_by_bit(ranks):
    for found in ranks:
        assert torch.equal(found["noisy again"]["point"], found["noisy"]["point"])
        assert found["noisy again"]["drawn"] == found["noisy"]["drawn"][4:]


def test_two_go_on_from_one_and_one_from_two(ranks, folder, tmp_path):
    whole = runs.settled_run(one())
    for found in ranks:
        same_curve(found["from one"], whole)
    path = shutil.copy(folder / "two.checkpoint", tmp_path)
    assert len(checkpoint_io.load_state(Path(path))["history"]["nll"]) == 10
    same_curve(runs.settled_run(one(), Path(path), resume=True), whole)


def test_a_new_process_draws_anew_and_the_old_one_goes_on(ranks):
    first, second = (found["noisy from one"]["drawn"] for found in ranks)
    torch.manual_seed(0)
    assert first[0][0] == torch.randn(5, 2)[4, 0].item()
    distributed.seed_rank(9, 1, 4)
    assert second[0][0] == torch.randn(2)[0].item()
    assert len(first) == len(second) == 8


def test_a_checkpoint_that_counts_devices_still_resumes(tmp_path):
    path = tmp_path / "old.checkpoint"
    runs.interrupted(runs.noisy_run, one(), path, 7)
    state = checkpoint_io.load_state(path)
    state["identity"]["number of devices"] = 3
    checkpoint_io.save_state(path, state)
    whole = runs.noisy_run(one())
    assert torch.equal(
        runs.noisy_run(one(), path, resume=True)["point"], whole["point"]
    )
    state["random"] = []
    checkpoint_io.save_state(path, state)
    with pytest.raises(CheckpointError, match="does not fit this run"):
        runs.noisy_run(one(), path, resume=True)


# --- what is asked for


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"devices": 0}, "expected 1 device or more, got 0"),
        ({"devices": 1.5}, "expected 1 device or more, got 1.5"),
        ({"strategy": "fsdp"}, "out of auto, ddp, ddp_notebook, got 'fsdp'"),
        ({"precision": "8"}, "out of auto, 32-true, bf16-mixed, 16-mixed, got '8'"),
        ({"precision": "16-mixed"}, "needs a GPU"),
    ],
)
def test_what_is_not_there_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_fabric("cpu", **arguments)


def test_more_devices_than_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ValueError, match="3 devices were asked for, and there are 2 G"):
        make_fabric("cuda", devices=3)


def test_one_device_starts_nothing(monkeypatch):
    monkeypatch.setattr("lightning_fabric.Fabric.launch", None)
    fabric = make_fabric("cpu", strategy="ddp", precision="bf16-mixed")
    assert type(fabric.strategy).__name__ == "SingleDeviceStrategy"
    assert distributed.precision_of(fabric) == "bf16-mixed"
    assert distributed.precision_of(one()) == "32-true"
    here = distributed.launch(fabric, lambda fabric, x: (os.getpid(), x), 3)
    assert here == (os.getpid(), 3)


def test_several_devices_are_spawned_or_forked():
    for strategy, method in (("auto", "spawn"), ("ddp", "spawn")):
        fabric = make_fabric("cpu", devices=2, strategy=strategy)
        assert fabric.world_size == 2
        assert fabric.strategy.launcher._start_method == method
    assert runs.two_processes().strategy.launcher._start_method == "fork"
