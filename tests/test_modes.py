"""Gaussians on a grid against their density, and modes counted by hand."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor
from torch.distributions import (
    Categorical,
    Independent,
    MixtureSameFamily,
    Normal,
)

from gencourse.density import ExplicitDensity
from gencourse.modes import Grid, modes_reached
from gencourse.toy import Ring

GRIDS = [
    Grid(side=2, spacing=1.5, std=0.3),
    Grid(side=3, std=0.2),
    Grid(side=1, std=0.4),
]
each_grid = pytest.mark.parametrize("grid", GRIDS, ids=repr)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def cells(side: int, far: float = 3.5) -> tuple[Tensor, float]:
    """Return the centres of a square's cells, (side**2, 2), and the area of one."""
    width = 2 * far / side
    axis = -far + width * (torch.arange(side, dtype=torch.float64) + 0.5)
    return torch.cartesian_prod(axis, axis), width**2


# --- the grid


def test_centres_stand_on_a_square_around_the_origin():
    expected = [(x, y) for x in (-2.0, 0.0, 2.0) for y in (-2.0, 0.0, 2.0)]
    assert Grid(side=3, spacing=2.0).centres.tolist() == [list(c) for c in expected]
    assert Grid(side=1).centres.tolist() == [[0.0, 0.0]]
    assert Grid(side=2).centres.tolist() == [
        [-0.5, -0.5],
        [-0.5, 0.5],
        [0.5, -0.5],
        [0.5, 0.5],
    ]
    assert Grid().centres.shape == (25, 2) and Grid().centres.dtype == torch.float32


@each_grid
def test_the_density_integrates_to_one(grid: Grid):
    x, area = cells(200)
    assert grid.log_prob(x).exp().sum().item() * area == pytest.approx(1, abs=1e-6)


@each_grid
def test_the_density_agrees_with_torch_distributions(grid: Grid):
    centres = grid.centres.double()
    parts = Independent(Normal(centres, torch.full_like(centres, grid.std)), 1)
    oracle = MixtureSameFamily(Categorical(torch.ones(len(centres)).double()), parts)
    x, _ = cells(30)
    torch.testing.assert_close(grid.log_prob(x), oracle.log_prob(x), rtol=0, atol=1e-9)
    assert grid.log_prob(x.float()).dtype == torch.float32


@each_grid
def test_samples_follow_the_density(grid: Grid):
    """A chi-squared test of counts in cells, each integrated by 10 x 10 points."""
    n, side, fine = 20_000, 20, 10
    x, area = cells(side * fine)
    mass = grid.log_prob(x).exp().reshape(side, fine, side, fine).sum((1, 3)) * area
    draws = grid.sample(n, generator=seeded(2)).numpy()
    counts = np.histogram2d(*draws.T, bins=side, range=2 * [[-3.5, 3.5]])[0]
    expected = n * mass.numpy()
    kept = expected > 5
    chi = ((counts[kept] - expected[kept]) ** 2 / expected[kept]).sum()
    chi += (counts[~kept].sum() - expected[~kept].sum()) ** 2 / max(
        expected[~kept].sum(), 1
    )
    assert 0.001 < stats.chi2.sf(chi, kept.sum()) < 0.9999


def test_means_and_variances_are_known():
    """Places on a line of five have the variance 2, each Gaussian adds its own."""
    grid, n = Grid(spacing=0.7, std=0.2), 50_000
    x = grid.sample(n, generator=seeded(0)).double()
    variance = 2 * 0.7**2 + 0.2**2
    assert x.dtype == torch.float64 and x.shape == (n, 2)
    assert (x.mean(0).abs() < 4 * (variance / n) ** 0.5).all()
    spread = ((x - x.mean(0)).square() / variance).mean(0)
    assert ((spread - 1).abs() < 4 * (2 / n) ** 0.5).all()
    assert abs(torch.corrcoef(x.T)[0, 1]) < 4 / n**0.5


def test_samples_are_float32_and_follow_the_seed():
    first, again, other = (Grid().sample(50, generator=seeded(s)) for s in (3, 3, 4))
    assert first.dtype == torch.float32 and first.shape == (50, 2)
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert isinstance(Grid(), ExplicitDensity)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"side": 0}, "expected side to be an int of 1 or more, got 0"),
        ({"side": 2.0}, "expected side to be an int of 1 or more, got 2.0"),
        ({"spacing": 0.0}, "expected spacing above 0, got 0.0"),
        ({"spacing": math.nan}, "expected spacing above 0, got nan"),
        ({"std": -0.1}, "expected std above 0, got -0.1"),
        ({"std": math.inf}, "expected std above 0, got inf"),
    ],
)
def test_bad_grids_are_refused(settings: dict, said: str):
    with pytest.raises(ValueError, match=said):
        Grid(**settings)


@pytest.mark.parametrize("n", [0, -1, 2.5, True])
def test_a_bad_number_of_samples_is_refused(n):
    with pytest.raises(ValueError, match="n to be an int of 1 or more"):
        Grid().sample(n)


@pytest.mark.parametrize("x", [torch.zeros(4, 3), torch.zeros(2), [[0.0, 0.0]]])
def test_bad_points_are_refused(x):
    with pytest.raises(ValueError, match=r"floating tensor of shape \(N, 2\)"):
        Grid().log_prob(x)


# --- modes reached

THREE = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 4.0]])


def test_modes_are_counted_by_hand():
    points = torch.tensor([[0.1, 0.0], [0.0, -0.2], [2.0, 0.4], [1.0, 1.0], [9.0, 9.0]])
    assert modes_reached(points, THREE, 0.5) == (2, 3 / 5)
    assert modes_reached(points, THREE, 0.3) == (1, 2 / 5)
    assert modes_reached(points, THREE, 0.15) == (1, 1 / 5)
    assert modes_reached(points, THREE, 0.05) == (0, 0.0)
    assert modes_reached(points, THREE, 20.0) == (3, 1.0)
    count, share = modes_reached(points, THREE, 0.5)
    assert type(count) is int and type(share) is float


def test_the_border_is_inside():
    point = torch.tensor([[3.0, 4.0]])
    assert modes_reached(point, torch.zeros(1, 2), 5.0) == (1, 1.0)
    assert modes_reached(point, torch.zeros(1, 2), 4.999) == (0, 0.0)


def test_a_sample_near_two_modes_counts_for_the_nearer():
    centres = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    assert modes_reached(torch.tensor([[0.4, 0.0]]), centres, 0.7) == (1, 1.0)
    both = torch.tensor([[0.4, 0.0], [0.6, 0.0]])
    assert modes_reached(both, centres, 0.7) == (2, 1.0)


@pytest.mark.parametrize("dims", [1, 3])
def test_modes_of_other_dimensions(dims: int):
    centres = 10 * torch.eye(4, dims)
    points = centres[:1] + 0.1
    assert modes_reached(points, centres, 0.2) == (1, 1.0)
    assert modes_reached(points, centres, 0.05) == (0, 0.0)


@pytest.mark.parametrize("away", [0.0, 64.0])
def test_a_sample_is_judged_alone(away: float):
    """On the border too, where products of matrices would round."""
    centres = Grid().centres + away
    points = (centres + torch.tensor([0.15, 0.1])).repeat(3, 1)
    distances = (points - centres.repeat(3, 1)).double().norm(dim=1)
    radius = distances.max().item() * (1 + 1e-6)
    alone = [modes_reached(point[None], centres, radius)[1] for point in points]
    assert alone == 75 * [1.0]
    assert modes_reached(points, centres, radius) == (25, 1.0)
    less = distances.min().item() * (1 - 1e-6)
    assert modes_reached(points, centres, less) == (0, 0.0)


@pytest.mark.parametrize("law", [Ring(), Grid()], ids=repr)
def test_three_deviations_hold_what_they_should(law):
    """Of a round Gaussian 1 - exp(-9/2) lies within three of its deviations."""
    n = 20_000
    x = law.sample(n, generator=seeded(0))
    modes, share = modes_reached(x, law.centres, 3 * law.std)
    assert modes == len(law.centres)
    expected = 1 - math.exp(-4.5)
    assert abs(share - expected) < 4 * (expected * (1 - expected) / n) ** 0.5
    kept = x[x[:, 0] > 0.6]
    fewer, _ = modes_reached(kept, law.centres, 3 * law.std)
    assert fewer == int((law.centres[:, 0] > 0.5).sum())


def test_a_diverged_sample_is_not_good():
    points = torch.tensor([[math.nan, 0.0], [math.inf, 0.0], [0.0, 0.0]])
    assert modes_reached(points, THREE, 1.0) == (1, pytest.approx(1 / 3))


@pytest.mark.parametrize(
    ("points", "centres"),
    [
        ((0, 2), (3, 2)),
        ((4, 2), (0, 2)),
        ((4, 3), (3, 2)),
        ((4,), (3, 2)),
        ((4, 2), (2,)),
        ((4, 2, 1), (3, 2, 1)),
    ],
)
def test_bad_shapes_are_named(points, centres):
    said = f"expected points (N, D) and centres (K, D), got {points} and {centres}"
    with pytest.raises(ValueError, match=re.escape(said)):
        modes_reached(torch.zeros(points), torch.zeros(centres), 1.0)
