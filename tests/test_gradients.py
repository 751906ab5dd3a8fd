"""Two estimates of one gradient, held against its closed form."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Normal

from gencourse.gradients import pathwise_gradient, score_function_gradient

A = torch.tensor([[0.7, -1.2], [0.4, 1.5]], dtype=torch.float64)
B = torch.tensor([-0.8, 2.0], dtype=torch.float64)
MU = torch.tensor([0.6, -1.1], dtype=torch.float64)
STD = torch.tensor([0.5, 1.7], dtype=torch.float64)
EXACT = (A + A.T) @ MU + B  # d/dmu E[f(z)], whatever the standard deviation


def quadratic(z: Tensor) -> Tensor:
    return (z @ A * z).sum(-1) + z @ B + 3


def wavy(z: Tensor) -> Tensor:
    return z.sin().sum(-1)


WAVY = MU.cos() * (-STD.square() / 2).exp()  # d/dmu E[sin z] = exp(-std^2 / 2) cos mu


def noise(count: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 2, generator=generator, dtype=torch.float64)


def score(f: Callable[[Tensor], Tensor], draws: Tensor) -> Tensor:
    z = MU + STD * draws
    return score_function_gradient(f(z), z, MU, STD)


def path(f: Callable[[Tensor], Tensor], draws: Tensor) -> Tensor:
    return pathwise_gradient(f, MU, STD, draws)


def quadrature() -> tuple[Tensor, Tensor]:
    """Return Gauss-Hermite nodes of N(0, I) in two dimensions, and their weights."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(30)
    weights = torch.from_numpy(weights / math.sqrt(2 * math.pi))
    nodes = torch.from_numpy(nodes)
    return torch.cartesian_prod(nodes, nodes), torch.outer(weights, weights).flatten()


each_way = pytest.mark.parametrize("way", [score, path])
each_f = pytest.mark.parametrize(("f", "exact"), [(quadratic, EXACT), (wavy, WAVY)])


@each_way
@each_f
def test_the_mean_over_all_draws_is_the_gradient(way, f, exact: Tensor):
    nodes, weights = quadrature()
    torch.testing.assert_close(weights @ way(f, nodes), exact, rtol=0, atol=1e-9)


@each_way
@each_f
def test_the_mean_over_many_draws_is_within_its_error(way, f, exact: Tensor):
    found = way(f, noise(100_000))
    error = found.std(0) / len(found) ** 0.5
    assert (error < 0.2).all()
    assert ((found.mean(0) - exact).abs() < 4 * error).all()


def test_the_path_of_a_quadratic_draw_by_draw():
    draws = noise(50)
    z = MU + STD * draws
    torch.testing.assert_close(path(quadratic, draws), z @ (A + A.T) + B)


def test_the_path_by_finite_differences():
    draws, step = noise(20), 1e-6
    for d, unit in enumerate(torch.eye(2, dtype=torch.float64)):
        ends = [wavy(MU + sign * step * unit + STD * draws) for sign in (1, -1)]
        slope = (ends[0] - ends[1]) / (2 * step)
        torch.testing.assert_close(path(wavy, draws)[:, d], slope, rtol=1e-6, atol=1e-8)


def test_the_score_is_the_gradient_of_the_log_density_times_the_value():
    z = MU + STD * noise(30)
    mu = MU.clone().expand(30, 2).clone().requires_grad_()
    log_prob = (quadratic(z) * Normal(mu, STD).log_prob(z).sum(-1)).sum()
    (expected,) = torch.autograd.grad(log_prob, mu)
    torch.testing.assert_close(
        score_function_gradient(quadratic(z), z, MU, STD), expected
    )


def test_the_score_needs_values_alone():
    """A step has no derivative; the gradient of its mean is a density."""
    edge = 0.3
    found = score(lambda z: (z[:, 0] > edge).double(), noise(100_000))
    error = found.std(0) / len(found) ** 0.5
    exact = Normal(MU[0], STD[0]).log_prob(torch.tensor(edge)).exp()
    assert abs(found.mean(0)[0] - exact) < 4 * error[0] < 0.02
    assert abs(found.mean(0)[1]) < 4 * error[1]


def test_variances_that_are_known():
    """Of a constant, c^2 / std^2 against 0; of a linear function a path has none."""
    nodes, weights = quadrature()
    constant = score(lambda z: 0 * z[:, 0] + 3, nodes)
    torch.testing.assert_close(weights @ constant.square(), 9 / STD.square())
    torch.testing.assert_close(weights @ constant, torch.zeros_like(MU))
    linear = path(lambda z: z @ B, noise(9))
    torch.testing.assert_close(linear, B.expand(9, 2))


def test_the_path_varies_less_on_a_quadratic():
    draws = noise(5000)
    ratio = score(quadratic, draws).var(0) / path(quadratic, draws).var(0)
    assert (ratio > 3).all()


WRONG = {
    "std for variance": lambda v, z, mu, std: v[:, None] * (z - mu) / std,
    "another sign": lambda v, z, mu, std: v[:, None] * (mu - z) / std.square(),
    "no value": lambda v, z, mu, std: (z - mu) / std.square(),
    "no centre": lambda v, z, mu, std: v[:, None] * z / std.square(),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_score_is_rejected(wrong):
    nodes, weights = quadrature()
    z = MU + STD * nodes
    assert ((weights @ wrong(quadratic(z), z, MU, STD) - EXACT).abs() > 0.01).any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_shapes_and_dtypes(dtype: torch.dtype):
    mu, std, draws = MU.to(dtype), STD.to(dtype), noise(7).to(dtype)
    found = (
        pathwise_gradient(wavy, mu, std, draws),
        score_function_gradient(wavy(draws), draws, mu, std),
    )
    for each in found:
        assert (each.shape, each.dtype) == ((7, 2), dtype)
        assert not each.requires_grad
    assert not mu.requires_grad


def test_a_mean_that_is_a_parameter_gets_no_gradient_of_its_own():
    mu = MU.clone().requires_grad_()
    found = pathwise_gradient(wavy, mu, STD, noise(4))
    assert mu.grad is None
    torch.testing.assert_close(found, path(wavy, noise(4)))
