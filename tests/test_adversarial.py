"""The game: what each player lowers, and what reaches whom."""

from __future__ import annotations

import copy
import math
import pickle

import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from gencourse import gan_losses
from gencourse.adversarial import GAMES, Adversarial, check_game
from gencourse.density import ExplicitDensity, ImplicitDensity


class Tiny(Adversarial):
    """A game of pictures (2, 3, 2) whose players are linear; it notes what it sees."""

    shape = (2, 3, 2)

    def __init__(self, game="non-saturating", penalty=0.0, r1=0.0, classes=None):
        super().__init__()
        self.latent, self.game, self.penalty, self.r1 = 4, game, penalty, r1
        self.classes = classes
        self.maker, self.judge = nn.Linear(4, 12), nn.Linear(12, 1)
        self.labels: list[Tensor | None] = []
        self.seen: list[Tensor] = []
        self.codes: list[Tensor] = []

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        self.labels.append(y)
        self.codes.append(z)
        return self.maker(z).view(-1, *self.shape)

    def score(self, points: Tensor, y: Tensor | None = None) -> Tensor:
        self.labels.append(y)
        self.seen.append(points.detach())
        flat = points.flatten(1)
        return self.judge(flat + 0.1 * flat.square()).squeeze(1)

    def real(self, x: Tensor) -> Tensor:
        return 2 * x


def tiny(*given, **settings) -> Tiny:
    torch.manual_seed(0)
    return Tiny(*given, **settings).double()


def pictures(count: int = 6) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(count, 2, 3, 2, generator=generator, dtype=torch.float64)


each_game = pytest.mark.parametrize("game", GAMES)


# --- what is lowered

EXPECTED = {
    "non-saturating": (
        gan_losses.discriminator_loss,
        gan_losses.non_saturating_generator_loss,
    ),
    "minimax": (gan_losses.discriminator_loss, gan_losses.minimax_generator_loss),
    "hinge": (gan_losses.hinge_discriminator_loss, gan_losses.critic_generator_loss),
    "wasserstein": (gan_losses.critic_loss, gan_losses.critic_generator_loss),
}


@each_game
def test_each_game_has_its_losses(game: str):
    model, x = tiny(game), pictures()
    torch.manual_seed(2)
    told = model.discriminator_losses(x)
    torch.manual_seed(2)
    fooled = model.generator_losses(x)
    torch.manual_seed(2)
    fake = model.generate(model.noise(6))
    judged, tricked = EXPECTED[game]
    expected = judged(model.score(2 * x), model.score(fake))
    assert list(told) == ["discriminator"] and list(fooled) == ["generator"]
    torch.testing.assert_close(told["discriminator"], expected)
    torch.testing.assert_close(fooled["generator"], tricked(model.score(fake)))


def test_the_penalties_are_added_with_their_weights():
    model, x = tiny("wasserstein", penalty=7.0, r1=0.3), pictures()
    torch.manual_seed(2)
    found = model.discriminator_losses(x)
    torch.manual_seed(2)
    fake = model.generate(model.noise(6)).detach()
    share = torch.rand(6, dtype=torch.float64)
    between = gan_losses.gradient_penalty(model.score, 2 * x, fake, share)
    at_real = gan_losses.real_gradient_penalty(model.score, 2 * x)
    assert list(found) == ["discriminator", "penalty", "r1"]
    torch.testing.assert_close(found["penalty"], 7 * between)
    torch.testing.assert_close(found["r1"], 0.3 * at_real)
    for weights, names in (
        ({"penalty": 1.0}, ["discriminator", "penalty"]),
        ({"r1": 1.0}, ["discriminator", "r1"]),
    ):
        assert list(tiny(**weights).discriminator_losses(x)) == names


def test_of_the_data_the_generator_sees_the_number():
    model = tiny()
    found = []
    for x in (pictures(5), 100 * pictures(5)):
        torch.manual_seed(3)
        found.append(model.generator_losses(x)["generator"].item())
    assert found[0] == found[1]
    assert [len(z) for z in model.codes] == [5, 5]


def test_every_turn_draws_afresh():
    model, x = tiny(), pictures()
    torch.manual_seed(3)
    for _ in range(2):
        model.discriminator_losses(x)
        model.generator_losses(x)
    assert len({tuple(z.flatten().tolist()) for z in model.codes}) == 4


def test_labels_reach_both_networks_every_time():
    model, x, y = tiny(penalty=1.0, r1=1.0, classes=3), pictures(), torch.arange(6) % 3
    model.discriminator_losses(x, y)
    model.generator_losses(x, y)
    # generate, score twice, two penalties; then generate and score.
    assert len(model.labels) == 7
    assert all(given is y for given in model.labels)


# --- between real and generated


def shares_of(model: Tiny, count: int, calls: int) -> Tensor:
    """Return the places between that the critic was asked about: (calls, count, 12).

    Real pictures are 2 everywhere, generated ones 0.
    """
    with torch.no_grad():
        for parameter in model.maker.parameters():
            parameter.zero_()
    torch.manual_seed(5)
    found = []
    for _ in range(calls):
        model.seen.clear()
        model.discriminator_losses(torch.ones(count, *model.shape).double())
        _, _, between = model.seen
        found.append(between.flatten(1) / 2)
    return torch.stack(found)


def test_the_share_is_uniform_and_one_for_each_image():
    found = shares_of(tiny(penalty=1.0), 500, 8)
    assert torch.equal(found, found[..., :1].expand_as(found))
    share = found[..., 0]
    assert len(share.unique()) > 3990
    assert 0 <= share.min() < 0.005 and 0.995 < share.max() < 1
    assert stats.kstest(share.flatten().numpy(), "uniform").pvalue > 0.01
    neighbours = torch.corrcoef(torch.stack([share[:, 1:], share[:, :-1]]).flatten(1))
    assert abs(neighbours[0, 1]) < 4 / 4000**0.5


@pytest.mark.parametrize("wrong", ["normal", "clipped", "from -1"])
def test_other_shares_would_be_seen(wrong: str):
    draws = torch.randn(4000, generator=torch.Generator().manual_seed(0))
    share = {"normal": draws, "clipped": draws.clamp(0, 1), "from -1": draws.tanh()}
    assert stats.kstest(share[wrong].numpy(), "uniform").pvalue < 1e-6


def test_the_share_is_drawn_on_the_datas_type():
    model = tiny(penalty=1.0).float()
    model.discriminator_losses(pictures().float())
    assert {points.dtype for points in model.seen} == {torch.float32}


# --- gradients


@each_game
def test_no_gradient_reaches_the_generator_from_its_judge(game: str):
    model = tiny(game, penalty=2.0, r1=0.5)
    sum(model.discriminator_losses(pictures()).values()).backward()
    assert all(p.grad is None for p in model.maker.parameters())
    assert model.judge.weight.grad.abs().min() > 0


@each_game
def test_the_generator_learns_through_its_judge(game: str):
    model = tiny(game)
    model.generator_losses(pictures())["generator"].backward()
    assert all(p.grad.abs().min() > 0 for p in model.maker.parameters())


def test_against_a_sure_judge_minimax_learns_nothing():
    """D is about e^-30 at every generated picture."""
    slopes = {}
    for game in ("minimax", "non-saturating"):
        model = tiny(game)
        with torch.no_grad():
            model.judge.bias.fill_(-30)
        torch.manual_seed(4)
        model.generator_losses(pictures())["generator"].backward()
        slopes[game] = model.maker.weight.grad.norm().item()
    assert 0 < slopes["minimax"] < 1e-11
    assert 0.05 < slopes["non-saturating"] < 50
    ratio = slopes["minimax"] / slopes["non-saturating"]
    assert math.exp(-33) < ratio < math.exp(-27)


# --- draws


def test_codes_are_standard_normal():
    model = tiny()
    z = model.noise(5000, torch.Generator().manual_seed(0))
    assert z.shape == (5000, 4) and z.dtype == torch.float64
    assert stats.kstest(z.flatten().numpy(), "norm").pvalue > 0.01
    again = model.noise(5000, torch.Generator().manual_seed(0))
    assert torch.equal(z, again)
    torch.manual_seed(9)
    first, second = model.noise(3), model.noise(3)
    torch.manual_seed(9)
    assert torch.equal(model.noise(3), first) and not torch.equal(first, second)
    assert model.float().noise(2).dtype == torch.float32


# --- what it has not


@pytest.mark.parametrize("name", ["log_prob", "elbo"])
def test_a_density_is_refused_with_the_reason(name: str):
    model = tiny()
    with pytest.raises(AttributeError, match=f"no {name}: it is an implicit density"):
        getattr(model, name)
    assert not hasattr(model, name)
    assert getattr(model, name, 3) == 3


def test_other_names_are_missing_as_usual():
    with pytest.raises(
        AttributeError, match="'Tiny' object has no attribute 'logprob'"
    ):
        tiny().logprob  # noqa: B018
    assert not hasattr(tiny(), "iwae")
    assert not isinstance(tiny(), ExplicitDensity)
    assert not isinstance(tiny(), ImplicitDensity)  # it has no sample


def test_it_can_be_copied_and_kept():
    model = tiny("hinge", penalty=3.0)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert (other.game, other.penalty, other.latent) == ("hinge", 3.0, 4)
        assert torch.equal(other.judge.weight, model.judge.weight)
        assert other.judge.weight is not model.judge.weight
        assert not hasattr(other, "log_prob")


def test_the_game_itself_cannot_be_played():
    with pytest.raises(TypeError, match="abstract"):
        Adversarial()


# --- settings


@each_game
@pytest.mark.parametrize("norm", ["none", "spectral"])
def test_what_can_be_played(game: str, norm: str):
    check_game(game, norm, 10, 0.5)
    check_game(game, "batch", 0.0, 0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("chess", "none", 0.0, 0.0), "expected game non-saturating, .*, got 'chess'"),
        (("hinge", "none", -1.0, 0.0), "expected penalty of 0 or more, got -1.0"),
        (("hinge", "none", math.nan, 0.0), "expected penalty of 0 or more, got nan"),
        (("hinge", "none", 0.0, math.inf), "expected r1 of 0 or more, got inf"),
        (("hinge", "none", 0.0, -0.1), "expected r1 of 0 or more, got -0.1"),
        (("hinge", "batch", 10.0, 0.0), "no batch norm beside a gradient penalty"),
        (("hinge", "batch", 0.0, 1.0), "no batch norm beside a gradient penalty"),
    ],
)
def test_what_cannot_be_played_is_named(given, said: str):
    with pytest.raises(ValueError, match=said):
        check_game(*given)
