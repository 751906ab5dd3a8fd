"""The losses of a GAN against closed forms, and the variants that they are not."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from gencourse.gan_losses import (
    critic_generator_loss,
    critic_loss,
    discriminator_loss,
    gradient_norms,
    gradient_penalty,
    hinge_discriminator_loss,
    minimax_generator_loss,
    non_saturating_generator_loss,
    real_gradient_penalty,
)


def logits(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_logit_zero_is_a_coin():
    zero = torch.zeros(5, dtype=torch.float64)
    assert discriminator_loss(zero, zero).item() == pytest.approx(2 * math.log(2))
    assert non_saturating_generator_loss(zero).item() == pytest.approx(math.log(2))
    assert minimax_generator_loss(zero).item() == pytest.approx(-math.log(2))
    assert hinge_discriminator_loss(zero, zero).item() == 2
    assert critic_loss(zero, zero).item() == critic_generator_loss(zero).item() == 0


def test_losses_are_cross_entropies():
    real, fake = logits(7), logits(7, seed=1)
    entropy = torch.nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones_like(real), torch.zeros_like(real)
    expected = entropy(real, ones) + entropy(fake, zeros)
    torch.testing.assert_close(discriminator_loss(real, fake), expected)
    torch.testing.assert_close(non_saturating_generator_loss(fake), entropy(fake, ones))
    torch.testing.assert_close(minimax_generator_loss(fake), -entropy(fake, zeros))


def test_losses_stay_finite_where_probabilities_underflow():
    far = torch.tensor([-1e4, 1e4])
    assert discriminator_loss(far, -far).item() == pytest.approx(1e4)
    assert non_saturating_generator_loss(far).item() == pytest.approx(5e3)
    assert minimax_generator_loss(far).item() == pytest.approx(-5e3)


def test_minimax_is_flat_where_the_discriminator_is_sure():
    fake = torch.full((3,), -20.0, dtype=torch.float64, requires_grad=True)
    (flat,) = torch.autograd.grad(minimax_generator_loss(fake), fake)
    (steep,) = torch.autograd.grad(non_saturating_generator_loss(fake), fake)
    torch.testing.assert_close(flat, torch.full_like(fake, -math.exp(-20) / 3))
    torch.testing.assert_close(steep, torch.full_like(fake, -1 / 3))


def test_hinge_stops_beyond_the_margin():
    real, fake = torch.tensor([3.0, 0.5]), torch.tensor([-2.0, -0.5])
    assert hinge_discriminator_loss(real, fake).item() == pytest.approx(0.5)
    assert critic_loss(real, fake).item() == pytest.approx(-3.0)
    assert critic_generator_loss(fake).item() == pytest.approx(1.25)


def linear(weight: Tensor):
    return lambda x: x.flatten(1) @ weight


@pytest.mark.parametrize("shape", [(6,), (1, 2, 3), (3, 2, 1)])
def test_penalty_of_a_linear_critic_is_known(shape: tuple[int, ...]):
    weight = logits(6, seed=2)
    real, fake = logits(5, *shape), logits(5, *shape, seed=1)
    share = torch.rand(5, dtype=torch.float64)
    expected = (weight.norm() - 1) ** 2
    critic = linear(weight)
    torch.testing.assert_close(gradient_penalty(critic, real, fake, share), expected)
    half = 0.5 * weight.square().sum()
    torch.testing.assert_close(real_gradient_penalty(critic, real), half)
    torch.testing.assert_close(gradient_norms(critic, real), weight.norm().expand(5))


def test_penalty_is_taken_on_the_line_between():
    """Of D(x) = |x|^2 / 2 the gradient is x itself."""
    real, fake = logits(4, 3), logits(4, 3, seed=1)
    share = torch.tensor([0.0, 1.0, 0.25, 0.5], dtype=torch.float64)
    between = torch.stack(
        [s * r + (1 - s) * f for s, r, f in zip(share, real, fake, strict=True)]
    )
    expected = ((between.norm(dim=1) - 1) ** 2).mean()
    found = gradient_penalty(lambda x: 0.5 * x.square().sum(1), real, fake, share)
    torch.testing.assert_close(found, expected)


def test_penalty_is_safe_at_zero_gradient():
    weight = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    real = logits(4, 3)
    loss = gradient_penalty(linear(weight), real, -real, torch.rand(4).double())
    (gradient,) = torch.autograd.grad(loss, weight)
    assert loss.item() == 1 and gradient.eq(0).all()


def test_penalty_has_a_right_second_derivative():
    weight = logits(2, 3, seed=3).requires_grad_()
    real, fake = logits(4, 3), logits(4, 3, seed=1)
    share = torch.rand(4, dtype=torch.float64)

    def penalty(weight: Tensor) -> Tensor:
        def critic(x: Tensor) -> Tensor:
            return (x @ weight.T).tanh().sum(1)

        return gradient_penalty(critic, real, fake, share)

    assert torch.autograd.gradcheck(penalty, weight)
    assert torch.autograd.gradgradcheck(penalty, weight)


@pytest.mark.parametrize("wrong", ["share", "fake"])
def test_other_shapes_are_named(wrong: str):
    real, fake, share = logits(4, 3), logits(4, 3), torch.rand(4)
    given = {"real": real, "fake": fake, "share": share}
    given[wrong] = torch.rand(4, 3) if wrong == "share" else logits(2, 3)
    with pytest.raises(ValueError, match=r"expected two shapes .* got \(4, 3\)"):
        gradient_penalty(linear(torch.ones(3).double()), **given)
