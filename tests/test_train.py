"""The loop: what a turn moves, what a schedule does, what stops a run, what resumes."""

from __future__ import annotations

import io
import math
import os
import random
import signal
import subprocess
import sys
import time
from functools import partial, wraps
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision
from torch import Tensor, nn
from torch.optim import SGD, Adam
from torch.optim.swa_utils import AveragedModel

from gencourse import checkpoint_io
from gencourse.batches import Batches
from gencourse.gan import PointGAN
from gencourse.gan_recipes import game_turns as turns_of
from gencourse.history import History
from gencourse.train import (
    CheckpointError,
    NotFiniteError,
    constant,
    fit,
    make_fabric,
    precision,
    warm_average,
    warmup_cosine,
)

fit = partial(fit, progress=False)


class Quadratic(nn.Module):
    """Half the squared distance of a point to the data: its minimum is the mean."""

    def __init__(self, start=0.0):
        super().__init__()
        self.point = nn.Parameter(torch.full((3,), start))

    def losses(self, x: Tensor):
        return {"distance": 0.5 * (x - self.point).square().sum(1).mean()}


class Noisy(nn.Module):
    """A network whose steps depend on weights, optimiser and random numbers."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(5, 16), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, 5)
        )

    def losses(self, x: Tensor):
        unit = x.float() / 255
        # numpy's and Python's generators are part of the state too.
        shift = 0.1 * float(np.random.rand()) + 0.1 * random.random()
        error = self.net(unit + shift) - unit
        return {"reconstruction": 0.5 * error.square().sum(1).mean()}


def levels(n=50, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, 5), generator=generator, dtype=torch.uint8)


def noisy_run(checkpoint=None, *, steps=40, resume=False, every=7, x=None, **changes):
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    model = Noisy()
    adam = Adam(model.parameters(), lr=changes.pop("lr", 1e-2))
    ema = AveragedModel(model, multi_avg_fn=partial(warm_average, decay=0.9))
    batches = Batches(levels() if x is None else x, size=8, steps=steps, seed=3)
    history = fit(
        [(adam, model.losses)],
        batches,
        **{"clip": 1.0, "schedule": warmup_cosine, **changes},
        ema=ema,
        checkpoint=checkpoint,
        every=every,
        resume=resume,
    )
    return model, adam, ema, history


def assert_same_run(one, other):
    (model, adam, ema, history), (model2, adam2, ema2, history2) = one, other
    for part, part2 in ((model, model2), (ema, ema2)):
        for (name, a), b in zip(
            part.state_dict().items(), part2.state_dict().values(), strict=True
        ):
            assert torch.equal(a, b), name
    states = [list(o.state_dict()["state"].values()) for o in (adam, adam2)]
    for kept, kept2 in zip(*states, strict=True):
        assert all(torch.equal(kept[name], kept2[name]) for name in kept)
    for name in ("reconstruction", "total", "learning_rate"):
        assert history[name] == history2[name]


# --- the loop


def test_the_loop_reaches_the_minimum_of_a_quadratic():
    x = torch.randn(40, 3, generator=torch.Generator().manual_seed(0))
    model = Quadratic(start=4.0)
    turn = (SGD(model.parameters(), lr=0.5), model.losses)
    history = fit([turn], Batches(x, size=40, steps=60))
    assert torch.allclose(model.point, x.mean(0), atol=1e-6)
    best = 0.5 * (x - x.mean(0)).square().sum(1).mean().item()
    assert history["distance"][-1] == pytest.approx(best, rel=1e-6)
    assert len(history) == 60 and history["total"] == history["distance"]


def test_a_step_is_the_one_written_out_by_hand():
    x = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    model = Quadratic(start=1.0)
    batches = Batches(x, size=2, steps=1, seed=5)
    fit([(SGD(model.parameters(), lr=0.1), model.losses)], batches)
    (batch,) = batches.at(0)
    assert torch.allclose(model.point, 1 - 0.1 * (1 - batch.mean(0)))


def test_the_terms_of_a_loss_are_added():
    model = Quadratic(start=1.0)
    twice = lambda x: {"a": model.losses(x)["distance"], "b": 3 * model.point.sum()}  # noqa: E731
    history = fit(
        [(SGD(model.parameters(), lr=0.1), twice)],
        Batches(torch.zeros(2, 3), size=2, steps=1),
    )
    assert torch.allclose(model.point, torch.full((3,), 1 - 0.1 * (1 + 3)))
    assert history.terms == ["a", "b"]
    assert history["total"] == [history["a"][0] + history["b"][0]] == [1.5 + 9]


class Game(nn.Module):
    """Two players whose losses both depend on both."""

    def __init__(self):
        super().__init__()
        self.first = nn.Parameter(torch.tensor(1.0))
        self.second = nn.Parameter(torch.tensor(2.0))
        self.seen = []

    def first_losses(self, x: Tensor):
        self.seen.append(x)
        return {"first": self.first * self.second.square()}

    def second_losses(self, x: Tensor):
        self.seen.append(x)
        return {"second": self.first * self.second}


def game_turns(game):
    first = (SGD([game.first], lr=0.1), game.first_losses)
    return first, (SGD([game.second], lr=0.1), game.second_losses)


def test_turns_move_their_own_parameters_one_after_the_other():
    game = Game()
    first, second = game_turns(game)
    history = fit([first, second], Batches(torch.zeros(4, 1), size=2, steps=1))
    assert game.first.item() == pytest.approx(1 - 0.1 * 4)
    # The second player sees where the first has gone.
    assert game.second.item() == pytest.approx(2 - 0.1 * 0.6)
    assert history["second"] == pytest.approx([0.6 * 2])


def test_gradients_reach_only_the_turns_own_parameters():
    game = Game()
    first, _ = game_turns(game)
    idle = (SGD([game.second], lr=0.0), lambda x: {"idle": 0 * game.second})
    fit([idle, first], Batches(torch.zeros(4, 1), size=2, steps=1))
    assert game.second.grad.item() == 0 and game.first.grad.item() == 4
    assert game.first.requires_grad and game.second.requires_grad


def test_each_turn_takes_the_next_batch_and_repeats_are_averaged():
    game = Game()
    first, second = game_turns(game)
    batches = Batches(torch.arange(30.0)[:, None], size=3, steps=2, seed=1)
    history = fit(3 * [first] + [second], batches)
    expected = [batches.at(t)[0] for t in range(8)]
    assert all(torch.equal(a, b) for a, b in zip(game.seen, expected, strict=True))
    assert len(history) == 2
    # One parameter falls by 0.4 a turn while the other is 2: mean of 4, 2.4, 0.8.
    assert history["first"][0] == pytest.approx((4 + 2.4 + 0.8) / 3)


def test_two_turns_with_a_loss_of_one_name_are_refused():
    game = Game()
    first, second = game_turns(game)
    same = (second[0], lambda x: {"first": game.second})
    with pytest.raises(ValueError, match="two turns have a loss 'first'"):
        fit([first, same], Batches(torch.zeros(4, 1), size=2))


def test_labels_come_along():
    seen = []
    model = Quadratic()

    def losses(x, y):
        seen.append((x, y))
        return model.losses(x)

    x = torch.arange(5.0)[:, None].expand(5, 3)
    turn = (SGD(model.parameters(), lr=0.1), losses)
    fit([turn], Batches(x, torch.arange(5), size=2, steps=3))
    assert all(torch.equal(x[:, 0].long(), y) for x, y in seen)


def test_training_mode_meanwhile_and_eval_mode_after():
    modes = []
    model = Noisy()
    model.eval()
    model.net[2].register_forward_hook(lambda m, *_: modes.append(m.training))
    turn = (SGD(model.parameters(), lr=0.1), model.losses)
    fit([turn], Batches(levels(), size=8, steps=2))
    assert modes == [True, True]
    assert not any(module.training for module in model.modules())


def test_clipping_bounds_the_step_of_each_turn():
    model = Quadratic(start=100.0)
    turn = (SGD(model.parameters(), lr=1.0), model.losses)
    fit([turn], Batches(torch.zeros(2, 3), size=2, steps=1), clip=0.5)
    assert (100 - model.point).norm().item() == pytest.approx(0.5, rel=1e-4)


def test_the_schedule_multiplies_the_rate_by_the_middle_of_each_step():
    model = Quadratic()
    turn = (SGD(model.parameters(), lr=0.2), model.losses)
    batches = Batches(torch.zeros(2, 3), size=2, steps=5)
    history = fit([turn], batches, schedule=lambda share: share)
    assert history["learning_rate"] == pytest.approx([0.02, 0.06, 0.10, 0.14, 0.18])


def test_schedules():
    assert {constant(share) for share in (0, 0.3, 1)} == {1.0}
    assert warmup_cosine(0) == 0
    assert warmup_cosine(0.025) == pytest.approx(0.5)
    assert warmup_cosine(0.05) == pytest.approx(1)
    assert warmup_cosine(0.525) == pytest.approx(0.5)
    assert warmup_cosine(1) == pytest.approx(0, abs=1e-12)
    assert warmup_cosine(0.5, warmup=0) == pytest.approx(0.5)


def test_the_average_follows_its_recursion():
    points = []
    model = Quadratic(start=1.0)
    ema = AveragedModel(model, multi_avg_fn=partial(warm_average, decay=0.5))
    optimizer = SGD(model.parameters(), lr=0.1)
    optimizer.register_step_post_hook(lambda *_: points.append(model.point[0].item()))
    batches = Batches(torch.zeros(2, 3), size=2, steps=20)
    fit([(optimizer, model.losses)], batches, ema=ema)
    expected = points[0]
    for count, point in enumerate(points[1:], start=1):
        decay = min(0.5, (1 + count) / (10 + count))
        expected = decay * expected + (1 - decay) * point
    assert ema.module.point[0].item() == pytest.approx(expected, rel=1e-5)
    assert ema.n_averaged == 20


def test_the_bar_can_be_shown_and_hidden(capsys):
    model = Quadratic()
    turn = (SGD(model.parameters(), lr=0.1), model.losses)
    batches = Batches(torch.zeros(2, 3), size=2, steps=2)
    fit([turn], batches)
    assert capsys.readouterr().err == ""
    fit([turn], batches, progress=True)
    assert "nats" in capsys.readouterr().err


# --- bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"clip": 0}, "expected clip above 0, got 0"),
        ({"every": 0}, "expected every of 1 step or more, got 0"),
        ({"resume": True}, "resume=True needs checkpoint="),
        ({"ema": AveragedModel(nn.Linear(2, 2))}, "AveragedModel of the first turn"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    model = Quadratic()
    turn = (SGD(model.parameters(), lr=0.1), model.losses)
    with pytest.raises(ValueError, match=message):
        fit([turn], Batches(torch.zeros(2, 3), size=2), **arguments)


def test_no_turns_are_refused():
    with pytest.raises(ValueError, match="expected at least one turn"):
        fit([], Batches(torch.zeros(2, 3), size=2))


def test_turns_that_are_no_pairs_are_refused():
    model = Quadratic()
    adam, batches = Adam(model.parameters()), Batches(torch.zeros(2, 3), size=2)
    good = (adam, model.losses)
    for turns, message in (
        ([(model.losses, adam)], r"losses\) as turn 0, got \(method, Adam\)"),
        ([good, (adam,)], r"as turn 1, got \(Adam\)"),
        ([(*good, 5)], r"as turn 0, got \(Adam, method, int\)"),
        (good, r"as turn 0, got \(Adam\)"),
        ([(adam, None)], r"as turn 0, got \(Adam, NoneType\)"),
        (adam, "expected a list of turns, got Adam"),
    ):
        with pytest.raises(TypeError, match=message):
            fit(turns, batches)
    assert len(fit([list(good)], Batches(torch.zeros(2, 3), size=2, steps=1))) == 1


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (torch.tensor(1.0), "expected a dict of scalar tensors"),
        ({}, "expected a dict of scalar tensors"),
        ({"a": torch.ones(2)}, "expected a scalar tensor as loss 'a'"),
        ({"a": 1.0}, "expected a scalar tensor as loss 'a'"),
    ],
)
def test_losses_that_are_no_dict_of_scalars_are_refused(returned, message):
    model = Quadratic()
    turn = (SGD(model.parameters(), lr=0.1), lambda x: returned)
    with pytest.raises(TypeError, match=message):
        fit([turn], Batches(torch.zeros(2, 3), size=2))


# --- precision and devices


@pytest.mark.parametrize(
    ("device", "native", "expected"),
    [
        ("cpu", True, "32-true"),
        ("cpu", False, "32-true"),
        ("cuda", True, "bf16-mixed"),
        ("cuda", False, "16-mixed"),
    ],
)
def test_precision_is_the_devices(monkeypatch, device, native, expected):
    def supported(including_emulation=True):
        return native or including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    assert precision(device) == expected


def test_devices(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert make_fabric().device.type == "cpu"
    with pytest.raises(ValueError, match="no CUDA here"):
        make_fabric("cuda")
    with pytest.raises(ValueError, match="got 'gpu'"):
        make_fabric("gpu")


def test_float64_stays_float64():
    model = Quadratic().double()
    turn = (SGD(model.parameters(), lr=1.0), model.losses)
    x = torch.tensor([[1 / 3, 2 / 3, 1.0]], dtype=torch.float64)
    fit([turn], Batches(x, size=1, steps=2))
    assert torch.allclose(model.point, x[0], atol=1e-15, rtol=0)


# --- half precision, with its scaled losses, as far as a CPU has it


def half(scale=2.0**16):
    scaler = torch.amp.GradScaler("cpu", init_scale=scale, growth_interval=1000)
    return Fabric(
        accelerator="cpu",
        devices=1,
        plugins=[MixedPrecision("16-mixed", "cpu", scaler)],
    )


class Halves(Noisy):
    """`Noisy` without its numpy, and with weights whose gradients half cannot hold."""

    def losses(self, x: Tensor):
        unit = x.float() / 255
        return {"reconstruction": 0.5 * (self.net(unit) - unit).square().sum(1).mean()}


def test_clipping_bounds_the_gradient_and_not_the_scaled_one():
    model = Quadratic(start=100.0)
    turn = (SGD(model.parameters(), lr=1.0), model.losses)
    batches = Batches(torch.zeros(2, 3), size=2, steps=1)
    fit([turn], batches, clip=0.5, fabric=half())
    assert (100 - model.point).norm().item() == pytest.approx(0.5, rel=1e-4)


def test_a_gradient_that_half_cannot_hold_skips_the_step_and_lowers_the_scale():
    torch.manual_seed(0)
    model, fabric = Halves(), half(2.0**40)
    before = [p.detach().clone() for p in model.parameters()]
    moved = []
    optimizer = SGD(model.parameters(), lr=0.1)
    optimizer.register_step_post_hook(lambda *_: moved.append(None))
    batches = Batches(levels(), size=8, steps=1)
    fit([(optimizer, model.losses)], batches, clip=1.0, fabric=fabric)
    pairs = zip(model.parameters(), before, strict=True)
    assert all(torch.equal(p, q) for p, q in pairs) and not moved
    scaler = fabric.strategy.precision.scaler
    assert scaler.get_scale() == 2.0**39
    batches = Batches(levels(), size=8, steps=60)
    fit([(optimizer, model.losses)], batches, clip=1.0, fabric=fabric)
    assert 20 < len(moved) < 60 and scaler.get_scale() < 2.0**39
    assert all(torch.isfinite(p).all() for p in model.parameters())


def test_the_scale_is_part_of_a_checkpoint(tmp_path):
    def run(fabric, checkpoint=None, stop=99, resume=False):
        torch.manual_seed(0)
        model = Halves()
        model.net.register_forward_pre_hook(
            lambda *_: seen.append(None) if len(seen) < stop else 1 / 0
        )
        seen = []
        turn = (Adam(model.parameters(), lr=1e-2), model.losses)
        batches = Batches(levels(), size=8, steps=20)
        fit(
            [turn],
            batches,
            checkpoint=checkpoint,
            every=5,
            resume=resume,
            fabric=fabric,
        )
        return model.net[0].weight, fabric.strategy.precision.scaler.get_scale()

    path = tmp_path / "run.checkpoint"
    with pytest.raises(ZeroDivisionError):
        run(half(2.0**24), path, stop=12)
    (weight, scale), (whole, last) = (
        run(half(), path, resume=True),
        run(half(2.0**24)),
    )
    assert torch.equal(weight, whole) and scale == last < 2.0**24


def test_a_gradient_penalty_in_half_precision_is_near_that_in_full():
    def game(fabric):
        torch.manual_seed(0)
        gan = PointGAN(width=16, game="wasserstein", penalty=1.0, r1=0.5)
        x = torch.randn(64, 2, generator=torch.Generator().manual_seed(1))
        judge, fool = turns_of(gan, 1e-3, 0.0)
        batches = Batches(x, size=32, steps=20)
        history = fit([judge, fool], batches, clip=1.0, fabric=fabric)
        return history

    found, full = game(half(2.0**10)), game(make_fabric("cpu"))
    for name in ("penalty", "r1", "discriminator"):
        assert found[name] == pytest.approx(full[name], rel=0.02, abs=0.002)
    assert found["penalty"] != full["penalty"]


# --- what stops a run


class Exploding(Quadratic):
    def __init__(self, at):
        super().__init__()
        self.at, self.calls = at, 0

    def losses(self, x: Tensor):
        self.calls += 1
        bad = math.nan if self.calls > self.at else 0.0
        return {"kept": super().losses(x)["distance"], "broken": bad * self.point.sum()}


def test_a_nan_names_step_term_and_last_good_checkpoint(tmp_path):
    path = tmp_path / "run.checkpoint"
    model = Exploding(at=25)
    batches = Batches(torch.ones(4, 3), size=2, steps=100)
    turn = (Adam(model.parameters(), lr=0.1), model.losses)
    with pytest.raises(NotFiniteError) as stopped:
        fit([turn], batches, checkpoint=path, every=10)
    message = str(stopped.value)
    assert "step 25 of 100" in message and "'broken' is nan" in message
    assert str(path) in message and "after step 20" in message
    assert torch.isfinite(model.point).all()
    # The checkpoint is good: a model that does not explode goes on from it.
    assert len(checkpoint_io.load_state(path)["history"]["total"]) == 20
    model.at = 1000
    assert len(fit([turn], batches, checkpoint=path, every=10, resume=True)) == 100


def test_a_nan_without_a_checkpoint_says_so():
    model = Exploding(at=0)
    turn = (Adam(model.parameters(), lr=0.1), model.losses)
    with pytest.raises(FloatingPointError, match="no checkpoint was written"):
        fit([turn], Batches(torch.ones(4, 3), size=2))


def test_an_infinite_weight_is_not_saved(tmp_path):
    path = tmp_path / "run.checkpoint"
    model = Quadratic()

    def spoil(optimizer, *_):
        if len(steps) == 3:
            model.point.data[0] = math.inf
        steps.append(None)

    steps = []
    optimizer = SGD(model.parameters(), lr=0.1)
    optimizer.register_step_post_hook(spoil)
    turn = (optimizer, model.losses)
    with pytest.raises(NotFiniteError, match=r"a weight is infinite.*after step 2"):
        fit([turn], Batches(torch.ones(4, 3), size=2), checkpoint=path, every=2)
    (weights, *_) = checkpoint_io.load_state(path)["parts"]
    assert torch.isfinite(weights["point"]).all()


# --- checkpoints


def test_checkpoints_change_nothing(tmp_path):
    assert_same_run(noisy_run(), noisy_run(tmp_path / "a.checkpoint", every=3))


@pytest.mark.parametrize("stop", [1, 6, 7, 8, 20, 39])
def test_a_run_that_stopped_goes_on_as_if_it_had_not(tmp_path, monkeypatch, stop):
    path = tmp_path / "run.checkpoint"
    whole = Noisy.losses

    @wraps(whole)
    def interrupted(self, x):
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls > stop:
            raise KeyboardInterrupt
        return whole(self, x)

    monkeypatch.setattr(Noisy, "losses", interrupted)
    with pytest.raises(KeyboardInterrupt):
        noisy_run(path)
    monkeypatch.setattr(Noisy, "losses", whole)
    torch.rand(3)  # whatever the process did meanwhile
    assert_same_run(noisy_run(path, resume=True), noisy_run())


def test_a_run_that_is_over_resumes_to_its_end(tmp_path):
    path = tmp_path / "run.checkpoint"
    whole = noisy_run(path)
    again = noisy_run(path, resume=True)
    assert_same_run(again, whole)
    assert again[3]["seconds"] == whole[3]["seconds"]


def test_seconds_go_on_and_never_back(tmp_path):
    history = noisy_run(tmp_path / "run.checkpoint")[3]
    for name in ("seconds", "cpu_seconds"):
        assert history[name] == sorted(history[name])
    assert history.seconds > 0 and history.cpu_seconds > 0


def test_a_checkpoint_is_not_overwritten_unasked(tmp_path):
    path = tmp_path / "run.checkpoint"
    noisy_run(path, steps=2)
    before = path.read_bytes()
    with pytest.raises(
        FileExistsError, match=r"run.checkpoint exists: pass resume=True"
    ):
        noisy_run(path, steps=2)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"steps": 41}, "steps is 40, not 41"),
        ({"lr": 0.5}, "lr=0.5"),
        ({"clip": None}, "clip is 1.0, not None"),
        ({"schedule": constant}, "schedule is warmup_cosine, not constant"),
        ({"x": levels(seed=9)}, "data is"),
        ({"x": levels(51)}, "data is"),
    ],
)
def test_the_checkpoint_of_another_run_is_refused(tmp_path, changes, named):
    path = tmp_path / "run.checkpoint"
    noisy_run(path)
    with pytest.raises(CheckpointError, match="of another run") as refused:
        noisy_run(path, resume=True, **changes)
    assert named in str(refused.value) and str(path) in str(refused.value)


@pytest.mark.parametrize(
    "damage",
    [lambda c: c[: len(c) // 2], lambda c: c[:-1], lambda _: b"", lambda _: b"no zip"],
)
def test_a_damaged_checkpoint_is_named(tmp_path, damage):
    path = tmp_path / "run.checkpoint"
    noisy_run(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CheckpointError, match=r"run.checkpoint is damaged"):
        noisy_run(path, resume=True)


def test_a_flipped_bit_is_found_wherever_it_matters(tmp_path):
    path = tmp_path / "some.checkpoint"
    values = torch.arange(2000.0)
    checkpoint_io.save_state(path, {"values": values, "step": 3})
    good = path.read_bytes()
    inside = good.find(values.numpy().tobytes()) + 5
    chance, found = random.Random(0), 0
    for place in [inside, *(chance.randrange(len(good)) for _ in range(99))]:
        damaged = bytearray(good)
        damaged[place] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            state = checkpoint_io.load_state(path)
        except CheckpointError:
            found += 1
        else:  # padding, dates
            assert torch.equal(state["values"], values) and state["step"] == 3
    assert found > 60  # the tensor is over 8,000 of some 10,000 bytes


def test_a_checkpoint_runs_no_code(tmp_path):
    path = tmp_path / "run.checkpoint"
    torch.save({"identity": Path}, path)
    with pytest.raises(CheckpointError, match="damaged or is no checkpoint"):
        noisy_run(path, resume=True)


@pytest.mark.parametrize("identity", [{}, {"identity": 5}, {"identity": None}])
def test_a_checkpoint_without_an_identity_is_named(tmp_path, identity):
    path = tmp_path / "run.checkpoint"
    checkpoint_io.save_state(path, identity)
    with pytest.raises(CheckpointError, match=r"run.checkpoint is no checkpoint of a"):
        noisy_run(path, resume=True)


@pytest.mark.parametrize(
    "changes",
    [
        *({"parts": value} for value in (None, 5, [], [5] * 4, [{}] * 4)),
        *({"history": value} for value in (None, [1.0], {"total": 5})),
        *({"random": value} for value in (None, [], [5], [{}])),
    ],
)
def test_a_checkpoint_of_another_structure_is_named(tmp_path, changes):
    path = tmp_path / "run.checkpoint"
    noisy_run(path, steps=2)
    state = checkpoint_io.load_state(path)
    checkpoint_io.save_state(path, {**state, **changes})
    with pytest.raises(CheckpointError, match=r"run.checkpoint does not fit this run"):
        noisy_run(path, steps=2, resume=True)


def test_a_folder_that_is_none_is_named_before_training(tmp_path):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(NotADirectoryError, match=r"expected a folder, but .*file is a"):
        noisy_run(file / "run.checkpoint")
    with pytest.raises(OSError, match=r"can't write to the folder .*deeper: Not a dir"):
        noisy_run(file / "deeper" / "run.checkpoint")
    assert list(tmp_path.iterdir()) == [file]


def test_plain_functions_need_modules_to_be_kept(tmp_path):
    model = Quadratic()
    turn = (Adam(model.parameters(), lr=0.1), lambda x: model.losses(x))
    batches = Batches(torch.ones(4, 3), size=2, steps=3)
    path = tmp_path / "run.checkpoint"
    with pytest.raises(ValueError, match=r"modules=\[...\]"):
        fit([turn], batches, checkpoint=path)
    fit([turn], batches, checkpoint=path, modules=[model])
    assert path.exists()


def test_a_failed_write_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "a"
    checkpoint_io.write_atomically(path, lambda file: file.write(b"old"))

    def fail(file):
        file.write(b"half")
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):
        checkpoint_io.write_atomically(path, fail)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def slow_save(state, path, announce):
    """Write half of the file, announce it and wait: a kill often falls into that."""
    content = io.BytesIO()
    torch.save(state, content)
    half = len(content.getvalue()) // 2

    def write(file):
        file.write(content.getvalue()[:half])
        file.flush()
        os.write(announce, b".")
        time.sleep(0.01)
        file.write(content.getvalue()[half:])

    checkpoint_io.write_atomically(path, write)


def start_run(path):
    """Start, or go on with, the run in a process of its own; return id and pipe."""
    hear, announce = os.pipe()
    child = os.fork()
    if child:
        os.close(announce)
        return child, hear
    checkpoint_io.save_state = lambda path, state: slow_save(state, path, announce)
    noisy_run(path, steps=120, resume=True, every=2)
    os._exit(0)


def kill_again_and_again(path, kills):
    """Kill the run at random moments, then let it end; print the kills in a write."""
    chance, halves = random.Random(7), 0
    for _ in range(kills):
        child, hear = start_run(path)
        for _ in range(chance.randint(3, 12)):
            assert os.read(hear, 1) == b"."
        time.sleep(chance.uniform(0, 0.03))
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        os.close(hear)
        halves += len(list(path.parent.glob(".*.unfinished")))
        checkpoint_io.load_state(path)  # what is there is whole
    child, hear = start_run(path)
    while os.read(hear, 100):
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    print(halves)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
def test_a_run_that_is_killed_again_and_again_ends_bit_by_bit_the_same(tmp_path):
    path = tmp_path / "run.checkpoint"
    # A process that imports once and forks: it must not have started any threads.
    script = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import torch, lightning_fabric, test_train, pathlib\n"
        "torch.set_num_threads(1)\n"
        f"test_train.kill_again_and_again(pathlib.Path({str(path)!r}), kills=5)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout), "no kill fell into a write: the test has lost its point"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    whole = noisy_run(steps=120)
    torch.set_num_threads(threads)
    assert_same_run(noisy_run(path, steps=120, resume=True), whole)
    assert list(tmp_path.iterdir()) == [path]


needs_locks = pytest.mark.skipif(
    checkpoint_io.fcntl is None, reason="the system has no fcntl"
)


def hold_the_lock(path):
    """Start a process that writes ``path`` until it is killed; return it."""
    script = (
        "import sys, time, pathlib\n"
        "from gencourse.checkpoint_io import sole_writer\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "with sole_writer(path):\n"
        "    path.with_name('.run.checkpoint.1.unfinished').touch()\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE
    )
    assert holder.stdout.readline() == b"ready\n"
    holder.stdout.close()
    return holder


@needs_locks
def test_a_second_writer_is_refused_until_the_first_is_killed(tmp_path):
    path = tmp_path / "run.checkpoint"
    noisy_run(path, steps=2)
    before = path.read_bytes()
    holder = hold_the_lock(path)
    unfinished = tmp_path / ".run.checkpoint.1.unfinished"
    try:
        for resume in (True, False):
            with pytest.raises(
                CheckpointError, match=r"another process is writing .*run"
            ):
                noisy_run(path, steps=2, resume=resume)
        assert unfinished.exists() and path.read_bytes() == before
    finally:
        holder.kill()
        holder.wait()
    noisy_run(path, steps=2, resume=True)
    assert list(tmp_path.iterdir()) == [path]


@needs_locks
@pytest.mark.parametrize("end", [0, 1])
def test_the_lock_ends_with_the_run(tmp_path, end):
    path = tmp_path / "a"
    for _ in range(2):
        try:
            with checkpoint_io.sole_writer(path):
                with (
                    pytest.raises(CheckpointError, match="another process"),
                    checkpoint_io.sole_writer(path),
                ):
                    pass
                1 / end
        except ZeroDivisionError:
            pass
        assert list(tmp_path.iterdir()) == []


@needs_locks
def test_a_lock_file_that_its_holder_removed_is_no_lock(tmp_path, monkeypatch):
    path, lock, real = tmp_path / "a", tmp_path / ".a.lock", checkpoint_io.fcntl.flock
    taken = []

    def late(file, how):
        if not taken:
            lock.unlink()  # the holder ends between our opening and our locking
        taken.append(file.name)
        return real(file, how)

    monkeypatch.setattr(checkpoint_io.fcntl, "flock", late)
    with checkpoint_io.sole_writer(path):
        assert len(taken) == 2 and lock.exists()


def test_without_locks_runs_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint_io, "fcntl", None)
    path = tmp_path / "run.checkpoint"
    noisy_run(path, steps=2)
    assert list(tmp_path.iterdir()) == [path]


# --- the history


def test_a_history_survives_its_state():
    history = History()
    history.append({"a": 0.1, "seconds": 1.0})
    history.append({"a": 1 / 3, "seconds": 2.0})
    again = History.from_state_dict(history.state_dict())
    assert again.columns == history.columns and again.terms == ["a"]
    assert again.seconds == 2.0


def test_a_history_refuses_other_columns():
    history = History({"a": [1.0]})
    with pytest.raises(ValueError, match="expected the columns"):
        history.append({"b": 1.0})
    with pytest.raises(KeyError, match="no column 'b'"):
        history["b"]
    with pytest.raises(ValueError, match="one length"):
        History({"a": [1.0], "b": []})


class Traveller(nn.Linear):
    """A module that keeps a list of where it was sent."""

    def __init__(self) -> None:
        super().__init__(2, 2)
        self.sent: list[object] = []

    def to(self, *where: object, **more: object) -> Traveller:
        self.sent.append(where[0] if where else None)
        return super().to(*where, **more)

    def losses(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"square": self(x).square().mean()}


def test_modules_come_back_to_their_device() -> None:
    model = Traveller()
    turn = (torch.optim.SGD(model.parameters(), lr=0.1), model.losses)
    fit([turn], Batches(torch.zeros(4, 2), size=2, steps=2), progress=False)
    assert model.sent[-1] == torch.device("cpu")
    assert not model.training
