from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.integrate import quad
from torch import Tensor
from torch.distributions import (
    Categorical,
    Independent,
    MixtureSameFamily,
    Normal,
)

from gencourse.data import Mixture1D, Ring, TwoMoons

MIXTURE = Mixture1D(
    weights=[0.5, 0.3, 0.2], means=[-2.0, 0.5, 3.0], stds=[0.4, 1.0, 0.2]
)
PLANAR = [
    Ring(),
    Ring(modes=5, radius=1.5, std=0.3),
    Ring(modes=1, radius=0.0, std=0.2),
    TwoMoons(),
    TwoMoons(noise=0.3),
]
DENSITIES = [MIXTURE, *PLANAR]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def square(low: float, high: float, side: int) -> tuple[Tensor, float]:
    """Return the centres of a square's cells, (side**2, 2), and the area of one."""
    width = (high - low) / side
    axis = low + width * (torch.arange(side, dtype=torch.float64) + 0.5)
    return torch.cartesian_prod(axis, axis), width**2


def moons_by_quad(point: list[float], noise: float) -> float:
    """The log-density of the moons by adaptive quadrature: the independent oracle."""

    def gaussian(t: float, lower: bool) -> float:
        mean = (
            (1 - math.cos(t), 0.5 - math.sin(t))
            if lower
            else (math.cos(t), math.sin(t))
        )
        square = (point[0] - mean[0]) ** 2 + (point[1] - mean[1]) ** 2
        return math.exp(-square / (2 * noise**2)) / (2 * math.pi * noise**2)

    breaks = list(np.linspace(0, math.pi, 40)[1:-1])
    total = 0.0
    for lower in (False, True):
        f = partial(gaussian, lower=lower)
        total += quad(f, 0, math.pi, points=breaks, limit=400, epsabs=0, epsrel=1e-11)[
            0
        ]
    return math.log(total / (2 * math.pi))


def test_the_mixture_integrates_to_one():
    x = torch.linspace(-10, 10, 20001, dtype=torch.float64)
    total = torch.trapezoid(MIXTURE.log_prob(x[:, None]).exp(), x)
    assert total.item() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("density", PLANAR, ids=repr)
def test_planar_densities_integrate_to_one(density):
    x, area = square(-4, 4, 200)
    assert density.log_prob(x).exp().sum().item() * area == pytest.approx(1, abs=1e-6)


def test_the_mixture_agrees_with_torch_distributions():
    weights, means, stds = (
        torch.tensor(v, dtype=torch.float64)
        for v in (MIXTURE.weights, MIXTURE.means, MIXTURE.stds)
    )
    oracle = MixtureSameFamily(Categorical(weights), Normal(means, stds))
    x = torch.linspace(-9, 9, 301, dtype=torch.float64)
    torch.testing.assert_close(
        MIXTURE.log_prob(x[:, None]), oracle.log_prob(x), rtol=0, atol=1e-10
    )


def test_the_ring_agrees_with_torch_distributions():
    angles = [2 * math.pi * k / 6 for k in range(6)]
    centres = torch.tensor(
        [[1.7 * math.cos(a), 1.7 * math.sin(a)] for a in angles], dtype=torch.float64
    )
    gaussians = Independent(Normal(centres, torch.full_like(centres, 0.2)), 1)
    oracle = MixtureSameFamily(Categorical(torch.ones(6).double()), gaussians)
    ring = Ring(modes=6, radius=1.7, std=0.2)
    x, _ = square(-3, 3, 40)
    torch.testing.assert_close(ring.log_prob(x), oracle.log_prob(x), rtol=0, atol=1e-9)
    torch.testing.assert_close(ring.centres, centres.float())


@pytest.mark.parametrize("noise", [0.05, 0.1, 0.3])
def test_the_moons_agree_with_adaptive_quadrature(noise):
    rng = np.random.default_rng(0)
    samples = TwoMoons(noise).sample(20, generator=seeded(0)).double()
    x = samples + torch.from_numpy(rng.uniform(-7, 7, (20, 2))) * noise
    values = [moons_by_quad(row.tolist(), noise) for row in x]
    oracle = torch.tensor(values, dtype=torch.float64)
    found = TwoMoons(noise).log_prob(x)
    torch.testing.assert_close(found, oracle, rtol=0, atol=1e-8)


def test_the_mixture_samples_from_its_density():
    draws = MIXTURE.sample(20_000, generator=seeded(1))[:, 0].numpy()

    def cumulative(x):
        parts = zip(MIXTURE.weights, MIXTURE.means, MIXTURE.stds, strict=True)
        return sum(w * stats.norm.cdf(x, mean, std) for w, mean, std in parts)

    assert stats.kstest(draws, cumulative).pvalue > 0.01


@pytest.mark.parametrize("density", PLANAR, ids=repr)
def test_planar_samplers_agree_with_log_prob(density):
    """A chi-squared test of counts in cells, each integrated by 8 x 8 points."""
    n, side, fine = 40_000, 24, 8
    x, area = square(-4, 4, side * fine)
    mass = density.log_prob(x).exp().reshape(side, fine, side, fine).sum((1, 3)) * area
    draws = density.sample(n, generator=seeded(2)).numpy()
    counts = np.histogram2d(*draws.T, bins=side, range=[[-4, 4], [-4, 4]])[0]
    expected = n * mass.numpy()
    kept = expected > 5
    rest = n - counts[kept].sum(), n - expected[kept].sum()
    observed = np.append(counts[kept], rest[0])
    predicted = np.append(expected[kept], rest[1])
    observed, predicted = observed[predicted > 5], predicted[predicted > 5]
    chi = ((observed - predicted) ** 2 / predicted).sum()
    assert 0.001 < stats.chi2.sf(chi, len(observed) - 1) < 0.9999


@pytest.mark.parametrize("density", DENSITIES, ids=repr)
def test_samples_are_float32_and_follow_the_seed(density):
    first, again, other = (density.sample(50, generator=seeded(s)) for s in (3, 3, 4))
    assert first.dtype == torch.float32
    assert first.shape == (50, 1 if density is MIXTURE else 2)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("density", DENSITIES, ids=repr)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_log_prob_keeps_the_dtype_and_one_value_a_row(density, dtype):
    x = density.sample(9000, generator=seeded(5)).to(dtype)
    values = density.log_prob(x)
    assert values.dtype == dtype
    assert values.shape == (9000,)
    # A row's value does not depend on the rows beside it.
    torch.testing.assert_close(values[5000:5003], density.log_prob(x[5000:5003]))


def test_the_density_has_a_gradient_also_far_away():
    x = torch.tensor([[50.0, 50.0]], requires_grad=True)
    Ring().log_prob(x).sum().backward()
    assert torch.isfinite(x.grad).all()
    assert (x.grad < 0).all()


@pytest.mark.parametrize(
    ("weights", "means", "stds", "message"),
    [
        ([0.5, 0.4], [0, 1], [1, 1], "sum to 1"),
        ([1.5, -0.5], [0, 1], [1, 1], "positive weights"),
        ([math.nan, 1.0], [0, 1], [1, 1], "positive weights"),
        ([0.5, 0.5], [0, 1], [1, -1], "above 0, got -1"),
        ([0.5, 0.5], [0, 1], [1, 0], "above 0, got 0"),
        ([0.5, 0.5], [0, math.inf], [1, 1], "finite means"),
        (
            [0.5, 0.5],
            [0, 1],
            [1],
            r"as many weights as means and stds, got \(2, 2, 1\)",
        ),
        ([], [], [], "positive weights"),
    ],
)
def test_a_bad_mixture_is_refused(weights, means, stds, message):
    with pytest.raises(ValueError, match=message):
        Mixture1D(weights, means, stds)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (partial(Ring, modes=0), "modes above 0, got 0"),
        (partial(Ring, modes=2.0), "modes above 0, got 2.0"),
        (partial(Ring, radius=-1.0), "radius of 0 or more, got -1"),
        (partial(Ring, radius=math.nan), "radius of 0 or more, got nan"),
        (partial(Ring, std=-0.1), "std above 0, got -0.1"),
        (partial(TwoMoons, noise=0.0), "noise above 0, got 0"),
        (partial(TwoMoons, noise=math.inf), "noise above 0, got inf"),
    ],
)
def test_a_bad_shape_of_density_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("density", DENSITIES, ids=repr)
@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.zeros(4, 3), r"got shape \(4, 3\)"),
        (torch.zeros(2), r"got shape \(2,\)"),
        (torch.zeros(4, 2, dtype=torch.int64), "got int64"),
        ([[0.0, 1.0]], "got list"),
    ],
)
def test_bad_points_are_refused(density, x, message):
    with pytest.raises(ValueError, match=message):
        density.log_prob(x)


@pytest.mark.parametrize("density", DENSITIES, ids=repr)
@pytest.mark.parametrize("n", [0, -1, 2.5, True])
def test_a_bad_number_of_samples_is_refused(density, n):
    with pytest.raises(ValueError, match="number of samples above 0"):
        density.sample(n)
