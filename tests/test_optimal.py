"""The best discriminator and the value of the game, on laws that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.spatial.distance import jensenshannon
from torch import Tensor
from torch.distributions import Normal

from gencourse.gan_losses import discriminator_loss
from gencourse.optimal import (
    game_value,
    jensen_shannon_divergence,
    optimal_discriminator,
)

PAIRS = [((0.0, 1.0), (1.0, 1.0)), ((0.0, 1.0), (0.0, 2.0)), ((-2.0, 0.3), (1.0, 0.7))]
each_pair = pytest.mark.parametrize(("data", "model"), PAIRS)
PLACES = torch.linspace(-16, 16, 64_001, dtype=torch.float64)
WIDTH = 32 / 64_000


def normal(law: tuple[float, float]) -> Normal:
    return Normal(*torch.tensor(law, dtype=torch.float64))


def masses(law: tuple[float, float]) -> Tensor:
    """Return the law on the grid's cells."""
    return normal(law).log_prob(PLACES).exp() * WIDTH


def laws(count: int = 5, k: int = 6, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    made = torch.randn(2, count, k, generator=generator, dtype=torch.float64)
    return tuple((2 * made).softmax(-1))


def divergence_by_quad(data: tuple[float, float], model: tuple[float, float]) -> float:
    p, q = (
        lambda x, m=m, s=s: math.exp(-(((x - m) / s) ** 2) / 2) / (s * math.tau**0.5)
        for m, s in (data, model)
    )

    def integrand(x: float) -> float:
        middle = (p(x) + q(x)) / 2
        parts = [v * math.log(v / middle) for v in (p(x), q(x)) if v > 0]
        return sum(parts) / 2

    breaks = [data[0], model[0]]
    return quad(integrand, -16, 16, points=breaks, limit=400, epsabs=1e-12)[0]


# --- the best discriminator


def test_of_equal_variances_the_best_logit_is_a_line():
    """Its slope is the distance of the means over the variance."""
    a, b, std = -1.0, 2.5, 0.8
    x = torch.linspace(-1.5, 3, 41, dtype=torch.float64)
    found = optimal_discriminator(
        *(normal((mean, std)).log_prob(x) for mean in (a, b))
    ).logit()
    expected = (a - b) / std**2 * (x - (a + b) / 2)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


@each_pair
def test_it_is_the_datas_share(data, model):
    x = torch.linspace(-4, 4, 33, dtype=torch.float64)
    real, fake = (normal(law).log_prob(x) for law in (data, model))
    found = optimal_discriminator(real, fake)
    torch.testing.assert_close(found, real.exp() / (real.exp() + fake.exp()))
    torch.testing.assert_close(optimal_discriminator(fake, real), 1 - found)


def test_of_discrete_laws_too():
    p = torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64)
    q = torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64)
    found = optimal_discriminator(p.log(), q.log())
    assert found.tolist() == pytest.approx([1 / 2, 2 / 3, 0])
    assert optimal_discriminator(q.log(), q.log()).tolist() == [0.5, 0.5, 0.5]


def test_it_is_finite_where_both_densities_underflow():
    low = torch.tensor([-1e4, -1e4, -2e4])
    found = optimal_discriminator(low, low.flip(0))
    assert found.tolist() == [1, 0.5, 0]
    near = optimal_discriminator(torch.tensor(-1e4) + 1, torch.tensor(-1e4))
    assert near.item() == pytest.approx(1 / (1 + math.exp(-1)), rel=1e-3)


@pytest.mark.parametrize(("data", "model"), [((3,), (4,)), ((3,), (3, 1)), ((), (1,))])
def test_other_shapes_are_named(data, model):
    with pytest.raises(ValueError, match="expected log-densities of one shape, got"):
        optimal_discriminator(torch.zeros(data), torch.zeros(model))


# --- the divergence


def test_the_divergence_is_scipys_squared():
    p, q = laws(20)
    found = jensen_shannon_divergence(p, q)
    assert found.shape == (20,)
    expected = jensenshannon(p.numpy(), q.numpy(), axis=1) ** 2
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9)
    torch.testing.assert_close(jensen_shannon_divergence(q, p), found)


def test_the_divergence_of_equal_and_of_disjoint_laws():
    p, _ = laws(3)
    assert jensen_shannon_divergence(p, p).tolist() == [0, 0, 0]
    apart = torch.cat([p, 0 * p], dim=1), torch.cat([0 * p, p], dim=1)
    torch.testing.assert_close(
        jensen_shannon_divergence(*apart), torch.full((3,), math.log(2)).double()
    )
    half = torch.tensor([[1.0, 0.0], [0.5, 0.5]], dtype=torch.float64)
    expected = (math.log(4 / 3) + 0.5 * math.log(2 / 3) + 0.5 * math.log(2)) / 2
    assert jensen_shannon_divergence(*half).item() == pytest.approx(expected)


@each_pair
def test_the_divergence_of_gaussians_is_their_integral(data, model):
    found = jensen_shannon_divergence(masses(data), masses(model)).item()
    assert found == pytest.approx(divergence_by_quad(data, model), abs=1e-7)
    assert 0.01 < found < math.log(2)


# --- the value


def test_the_value_of_equal_and_of_disjoint_laws():
    p, _ = laws(3)
    torch.testing.assert_close(
        game_value(p, p), torch.full((3,), -math.log(4)).double()
    )
    apart = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert game_value(*apart).item() == pytest.approx(0, abs=1e-6)


@each_pair
def test_the_value_is_what_the_best_discriminator_loses(data, model):
    """On a grid; and with draws, within four standard errors."""
    real, fake = normal(data), normal(model)

    def logits(x: Tensor) -> Tensor:
        return real.log_prob(x) - fake.log_prob(x)

    value = game_value(masses(data), masses(model)).item()
    softplus = torch.nn.functional.softplus
    loss = masses(data) @ softplus(-logits(PLACES))
    loss += masses(model) @ softplus(logits(PLACES))
    assert value == pytest.approx(-loss.item(), abs=1e-9)
    expected = 2 * divergence_by_quad(data, model) - 2 * math.log(2)
    assert value == pytest.approx(expected, abs=1e-7)
    torch.manual_seed(0)
    x, z = real.sample((40_000,)), fake.sample((40_000,))
    found = discriminator_loss(logits(x), logits(z)).item()
    parts = softplus(-logits(x)), softplus(logits(z))
    error = sum(part.var().item() / 40_000 for part in parts) ** 0.5
    assert abs(-found - value) < 4 * error < 0.1


def loss_of(logits: Tensor, p: Tensor, q: Tensor) -> Tensor:
    """Return the discriminator's loss on discrete laws, (...)."""
    softplus = torch.nn.functional.softplus
    return (p * softplus(-logits) + q * softplus(logits)).sum(-1)


def test_every_other_discriminator_loses_more():
    p, q = laws(8)
    best = optimal_discriminator(p.log(), q.log())
    least = loss_of(best.logit(), p, q)
    torch.testing.assert_close(least, -game_value(p, q))
    generator = torch.Generator().manual_seed(1)
    for size in (0.01, 0.3, 3.0):
        step = size * torch.randn(8, 6, generator=generator, dtype=torch.float64)
        more = loss_of(best.logit() + step, p, q) - least
        assert more.min() > 0
        if size == 0.01:  # the loss is a parabola about its minimum
            bend = ((p + q) * best * (1 - best) * step.square()).sum(-1) / 2
            torch.testing.assert_close(more, bend, rtol=0.02, atol=0)


def test_at_the_best_discriminator_nothing_pulls():
    p, q = laws(8)
    logits = optimal_discriminator(p.log(), q.log()).logit().requires_grad_()
    (gradient,) = torch.autograd.grad(loss_of(logits, p, q).sum(), logits)
    torch.testing.assert_close(gradient, torch.zeros_like(gradient), atol=1e-12, rtol=0)
