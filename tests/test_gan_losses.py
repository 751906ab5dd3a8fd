"""The losses of a GAN against closed forms, and the variants that they are not."""

from __future__ import annotations

import math
from collections.abc import Callable

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


def shares(count: int) -> Tensor:
    generator = torch.Generator().manual_seed(4)
    return torch.rand(count, generator=generator, dtype=torch.float64)


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


@pytest.mark.parametrize("logit", [-7.0, -1.0, 0.5, 4.0])
def test_gradients_are_those_of_the_formulas(logit: float):
    """With D the sigmoid of the logit, the slopes are -D and -(1 - D)."""
    fake = torch.tensor([logit], dtype=torch.float64, requires_grad=True)
    d = 1 / (1 + math.exp(-logit))
    slopes = [
        torch.autograd.grad(loss(fake), fake)[0].item()
        for loss in (minimax_generator_loss, non_saturating_generator_loss)
    ]
    assert slopes == pytest.approx([-d, -(1 - d)], rel=1e-12)
    assert minimax_generator_loss(fake).item() == pytest.approx(math.log(1 - d))
    assert non_saturating_generator_loss(fake).item() == pytest.approx(-math.log(d))


def test_gradients_stay_finite_too():
    """At logits of -+10000 each slope is 0 or 1, halved by the mean."""
    for loss, expected in (
        (minimax_generator_loss, [0, -0.5]),
        (non_saturating_generator_loss, [-0.5, 0]),
        (lambda fake: discriminator_loss(-fake, fake), [0, 1]),
    ):
        fake = torch.tensor([-1e4, 1e4], requires_grad=True)
        (gradient,) = torch.autograd.grad(loss(fake), fake)
        assert gradient.tolist() == pytest.approx(expected)


def test_a_batch_counts_as_its_mean():
    real, fake = logits(6), logits(6, seed=1)
    for loss, given in (
        (discriminator_loss, (real, fake)),
        (hinge_discriminator_loss, (real, fake)),
        (critic_loss, (real, fake)),
        (critic_generator_loss, (fake,)),
        (minimax_generator_loss, (fake,)),
        (non_saturating_generator_loss, (fake,)),
    ):
        each = [loss(*(part[i : i + 1] for part in given)) for i in range(6)]
        torch.testing.assert_close(loss(*given), torch.stack(each).mean())


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
    share = shares(5)
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
    loss = gradient_penalty(linear(weight), real, -real, shares(4))
    (gradient,) = torch.autograd.grad(loss, weight)
    assert loss.item() == 1 and gradient.eq(0).all()


def test_penalty_has_a_right_second_derivative():
    weight = logits(2, 3, seed=3).requires_grad_()
    real, fake = logits(4, 3), logits(4, 3, seed=1)
    share = shares(4)

    def penalty(weight: Tensor) -> Tensor:
        def critic(x: Tensor) -> Tensor:
            return (x @ weight.T).tanh().sum(1)

        return gradient_penalty(critic, real, fake, share)

    assert torch.autograd.gradcheck(penalty, weight)
    assert torch.autograd.gradgradcheck(penalty, weight)


@pytest.mark.parametrize("wrong", ["share", "fake"])
def test_other_shapes_are_named(wrong: str):
    real, fake, share = logits(4, 3), logits(4, 3), shares(4)
    given = {"real": real, "fake": fake, "share": share}
    given[wrong] = shares(4)[:, None] if wrong == "share" else logits(2, 3)
    with pytest.raises(ValueError, match=r"expected two shapes .* got \(4, 3\)"):
        gradient_penalty(linear(torch.ones(3).double()), **given)


@pytest.mark.parametrize("shape", [(3,), (2, 3, 2)])
def test_each_image_has_its_own_gradient(shape: tuple[int, ...]):
    """Order does not matter, nor what else is in the batch."""
    weight = logits(math.prod(shape), 4, seed=3)

    def critic(x: Tensor) -> Tensor:
        return (x.flatten(1) @ weight).sin().sum(1)

    x = logits(5, *shape)
    norms = gradient_norms(critic, x)
    assert norms.shape == (5,) and norms.std() > 0.1
    turned = torch.tensor([3, 0, 4, 1, 2])
    torch.testing.assert_close(gradient_norms(critic, x[turned]), norms[turned])
    other = x.clone()
    other[2] += 1
    moved = gradient_norms(critic, other) - norms
    assert moved[2].abs() > 1e-3
    torch.testing.assert_close(moved[[0, 1, 3, 4]], torch.zeros(4).double())


def test_what_is_given_stays_as_it_was():
    real, fake = logits(4, 3), logits(4, 3, seed=1)
    before = real.clone(), fake.clone()
    weight = logits(3).requires_grad_()
    gradient_penalty(linear(weight), real, fake, shares(4))
    real_gradient_penalty(linear(weight), real)
    assert torch.equal(real, before[0]) and torch.equal(fake, before[1])
    assert not real.requires_grad and not fake.requires_grad and real.grad is None


def test_real_and_fake_change_places_with_their_shares():
    real, fake, share = logits(4, 3), logits(4, 3, seed=1), shares(4)

    def critic(x: Tensor) -> Tensor:
        return x.pow(3).sum(1)

    found = gradient_penalty(critic, real, fake, share)
    torch.testing.assert_close(gradient_penalty(critic, fake, real, 1 - share), found)


def test_the_real_penalty_is_half_a_mean_square():
    """Of D(x) = |x|^2 / 2 the gradient is x itself."""
    real = logits(4, 1, 3, 2)
    found = real_gradient_penalty(lambda x: 0.5 * x.square().sum((1, 2, 3)), real)
    torch.testing.assert_close(found, 0.5 * real.square().sum((1, 2, 3)).mean())
    weight = torch.zeros(6, dtype=torch.float64, requires_grad=True)
    flat = real_gradient_penalty(linear(weight), real)
    (gradient,) = torch.autograd.grad(flat, weight)
    assert flat.item() == 0 and gradient.eq(0).all()
    weight = logits(6, seed=2).requires_grad_()

    def penalty(weight: Tensor) -> Tensor:
        return real_gradient_penalty(lambda x: (x.flatten(1) @ weight).tanh(), real)

    assert torch.autograd.gradcheck(penalty, weight)
    assert torch.autograd.gradgradcheck(penalty, weight)


# --- the laws, and what public code makes of the penalty

Penalty = Callable[..., Tensor]


def right_for_a_linear_critic(penalty: Penalty) -> bool:
    weight, real, fake = logits(12, seed=2), logits(5, 2, 3, 2), logits(5, 2, 3, 2)
    found = penalty(linear(weight), real, -fake, shares(5))
    return torch.isclose(found, (weight.norm() - 1) ** 2).item()


def right_below_one(penalty: Penalty) -> bool:
    weight, real = 0.1 * torch.ones(4, dtype=torch.float64), logits(5, 1, 2, 2)
    found = penalty(linear(weight), real, -real, shares(5))
    return torch.isclose(found, torch.tensor(0.64).double()).item()


def right_between(penalty: Penalty) -> bool:
    """The critic's gradient at x is x: the penalty tells where it is taken."""
    real, fake, share = logits(5, 2, 3, 2), logits(5, 2, 3, 2, seed=1), shares(5)
    along = share[:, None]
    points = along * real.flatten(1) + (1 - along) * fake.flatten(1)
    expected = ((points.norm(dim=1) - 1) ** 2).mean()
    found = penalty(lambda x: 0.5 * x.square().flatten(1).sum(1), real, fake, share)
    return torch.isclose(found, expected).item()


def safe_at_zero(penalty: Penalty) -> bool:
    weight = torch.zeros(12, dtype=torch.float64, requires_grad=True)
    real = logits(5, 2, 3, 2)
    loss = penalty(linear(weight), real, -real, shares(5))
    (gradient,) = torch.autograd.grad(loss, weight)
    return loss.item() == 1 and bool(gradient.eq(0).all())


def trains(penalty: Penalty) -> bool:
    weight = logits(12, seed=2).requires_grad_()
    loss = penalty(linear(weight), *2 * [logits(5, 2, 3, 2)], shares(5))
    if not loss.requires_grad:
        return False
    (gradient,) = torch.autograd.grad(loss, weight)
    expected = 2 * (1 - 1 / weight.norm()) * weight
    return torch.allclose(gradient, expected)


LAWS = (
    right_for_a_linear_critic,
    right_below_one,
    right_between,
    safe_at_zero,
    trains,
)


def slope(critic, x: Tensor, *, graph: bool = True) -> Tensor:
    x = x.detach().requires_grad_()
    return torch.autograd.grad(critic(x).sum(), x, create_graph=graph)[0]


def mixed(real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
    along = share.view(-1, 1, 1, 1)
    return along * real + (1 - along) * fake


def root(squares: Tensor) -> Tensor:
    positive = squares > 0
    return torch.where(positive, torch.where(positive, squares, 1).sqrt(), 0)


def norms(gradient: Tensor) -> Tensor:
    return root(gradient.flatten(1).square().sum(1))


def drawn_normal(critic, real, fake, share):
    share = logits(len(real), seed=5) / 3
    return (norms(slope(critic, mixed(real, fake, share))) - 1).square().mean()


def drawn_for_each_pixel(critic, real, fake, share):
    along = shares(real.numel()).view(real.shape)
    points = along * real + (1 - along) * fake
    return (norms(slope(critic, points)) - 1).square().mean()


def drawn_for_all(critic, real, fake, share):
    along = share[:1].expand(len(real))
    return (norms(slope(critic, mixed(real, fake, along))) - 1).square().mean()


def one_under_the_root(critic, real, fake, share):
    gradient = slope(critic, mixed(real, fake, share)).flatten(1)
    return ((gradient.square().sum(1) + 1).sqrt() - 1).square().mean()


def not_flattened(critic, real, fake, share):
    gradient = slope(critic, mixed(real, fake, share))
    return (root(gradient.square().sum(1)) - 1).square().mean()


def of_the_batch(critic, real, fake, share):
    gradient = slope(critic, mixed(real, fake, share))
    return (root(gradient.square().sum()) - 1).square()


def one_sided(critic, real, fake, share):
    found = norms(slope(critic, mixed(real, fake, share)))
    return (found - 1).clamp(min=0).square().mean()


def of_the_squared_norm(critic, real, fake, share):
    found = norms(slope(critic, mixed(real, fake, share)))
    return (found.square() - 1).square().mean()


def at_real_ones(critic, real, fake, share):
    return (norms(slope(critic, real)) - 1).square().mean()


def unsafe(critic, real, fake, share):
    found = slope(critic, mixed(real, fake, share)).flatten(1).norm(dim=1)
    return (found.square().sum(0).sqrt() / len(real) ** 0.5 - 1).square()


def without_a_graph(critic, real, fake, share):
    points = mixed(real, fake, share)
    return (norms(slope(critic, points, graph=False)) - 1).square().mean()


REJECTED = {
    drawn_normal: right_between,
    drawn_for_each_pixel: right_between,
    drawn_for_all: right_between,
    at_real_ones: right_between,
    one_under_the_root: right_for_a_linear_critic,
    not_flattened: right_for_a_linear_critic,
    of_the_batch: right_for_a_linear_critic,
    of_the_squared_norm: right_for_a_linear_critic,
    one_sided: right_below_one,
    unsafe: safe_at_zero,
    without_a_graph: trains,
}


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_penalty_keeps_the_law(law):
    assert law(gradient_penalty)


@pytest.mark.parametrize("wrong", REJECTED, ids=lambda wrong: wrong.__name__)
def test_another_penalty_breaks_its_law(wrong: Penalty):
    assert not REJECTED[wrong](wrong)


def test_the_laws_do_not_ask_for_the_same_lines():
    def written_otherwise(critic, real, fake, share):
        found = []
        for r, f, s in zip(real, fake, share, strict=True):
            here = torch.lerp(f, r, s)[None]
            found.append((norms(slope(critic, here)) - 1) ** 2)
        return torch.cat(found).mean()

    assert all(law(written_otherwise) for law in LAWS)
