"""A step of the game beside the same step written out with plain gradients."""

from __future__ import annotations

import copy
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim import SGD, Adam

from gencourse.game_step import game_step


class Judge(nn.Module):
    """A small discriminator: points (B, 2) to logits (B,)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).squeeze(1)


def players() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    maker = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))
    return maker.double(), Judge().double()


def batch(seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    draw = partial(torch.randn, generator=generator, dtype=torch.float64)
    return draw(7, 2) + 1, draw(7, 3)


def entropy(logits: Tensor, label: float) -> Tensor:
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def copied(module: nn.Module) -> list[Tensor]:
    return [p.detach().clone() for p in module.parameters()]


def by_hand(maker: nn.Module, judge: nn.Module, x: Tensor, z: Tensor, rate=0.1):
    """Take the step with plain gradients, in place; return both losses."""
    told = entropy(judge(x), 1.0) + entropy(judge(maker(z).detach()), 0.0)
    slopes = torch.autograd.grad(told, list(judge.parameters()))
    with torch.no_grad():
        for p, slope in zip(judge.parameters(), slopes, strict=True):
            p -= rate * slope
    fooled = entropy(judge(maker(z)), 1.0)
    slopes = torch.autograd.grad(fooled, list(maker.parameters()))
    with torch.no_grad():
        for p, slope in zip(maker.parameters(), slopes, strict=True):
            p -= rate * slope
    return told.item(), fooled.item()


def assert_same(first: nn.Module, second: nn.Module) -> None:
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_three_steps_are_those_by_hand():
    """Also with gradients left over from something else."""
    maker, judge = players()
    maker2, judge2 = copy.deepcopy((maker, judge))
    for p in (*maker.parameters(), *judge.parameters()):
        p.grad = torch.full_like(p, 100.0)
    optimizers = SGD(maker.parameters(), lr=0.1), SGD(judge.parameters(), lr=0.1)
    for seed in range(3):
        found = game_step(maker, judge, *optimizers, *batch(seed))
        expected = by_hand(maker2, judge2, *batch(seed))
        assert [type(loss) for loss in found] == [float, float]
        assert found == pytest.approx(expected, rel=1e-10)
        assert_same(maker, maker2)
        assert_same(judge, judge2)


@pytest.mark.parametrize("optimizer", [partial(SGD, momentum=0.9), Adam])
def test_each_optimiser_moves_its_own_network_once(optimizer):
    maker, judge = players()
    optimizers = [optimizer(p.parameters(), lr=0.05) for p in (maker, judge)]
    seen = []
    for name, o in zip(("maker", "judge"), optimizers, strict=True):
        o.register_step_pre_hook(
            lambda *_, name=name: seen.append((name, copied(maker), copied(judge)))
        )
        o.register_step_post_hook(
            lambda *_, name=name: seen.append((name, copied(maker), copied(judge)))
        )
    game_step(maker, judge, *optimizers, *batch())
    assert [name for name, *_ in seen] == ["judge", "judge", "maker", "maker"]
    before, told, again, after = (parts for _, *parts in seen)
    for still, moved, (one, other) in ((0, 1, (before, told)), (1, 0, (again, after))):
        assert all(map(torch.equal, one[still], other[still]))
        assert not any(map(torch.equal, one[moved], other[moved]))
    # Between the two steps nothing moves.
    assert all(map(torch.equal, told[0] + told[1], again[0] + again[1]))


@pytest.mark.parametrize("stays", ["maker", "judge"])
def test_a_player_with_no_rate_stays_and_the_other_plays_on(stays: str):
    maker, judge = players()
    rates = {"maker": 0.1, "judge": 0.1, stays: 0.0}
    kept = {"maker": copied(maker), "judge": copied(judge)}
    optimizers = (
        SGD(maker.parameters(), rates["maker"]),
        SGD(judge.parameters(), rates["judge"]),
    )
    game_step(maker, judge, *optimizers, *batch())
    for name, module in (("maker", maker), ("judge", judge)):
        same = map(torch.equal, kept[name], module.parameters())
        assert all(same) if name == stays else not any(same)


def test_the_generator_has_the_gradient_of_its_own_loss_alone():
    maker, judge = players()
    x, z = batch()
    optimizers = SGD(maker.parameters(), lr=0.0), SGD(judge.parameters(), lr=0.1)
    game_step(maker, judge, *optimizers, x, z)
    loss = entropy(judge(maker(z)), 1.0)  # the discriminator has moved
    for p, slope in zip(
        maker.parameters(),
        torch.autograd.grad(loss, list(maker.parameters())),
        strict=True,
    ):
        torch.testing.assert_close(p.grad, slope)


def test_the_generator_is_drawn_once():
    maker, judge = players()
    calls = []
    maker.register_forward_hook(lambda m, given, out: calls.append(given[0]))
    x, z = batch()
    kept = x.clone(), z.clone()
    optimizers = SGD(maker.parameters(), lr=0.1), SGD(judge.parameters(), lr=0.1)
    state = torch.get_rng_state()
    game_step(maker, judge, *optimizers, x, z)
    assert len(calls) == 1 and torch.equal(calls[0], z)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(x, kept[0]) and torch.equal(z, kept[1])
