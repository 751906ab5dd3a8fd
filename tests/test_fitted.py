from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn
from torch.distributions import (
    Categorical,
    Independent,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
)

from gencourse.data import Ring, TwoMoons
from gencourse.fitted import (
    Gaussian,
    GaussianMixture,
    Histogram,
    KernelDensity,
    NoiseTransformer,
)
from gencourse.train import Batches, fit


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def cloud(dims: int, count: int = 300) -> Tensor:
    """Return two correlated clumps off the origin, float64 (count, dims)."""
    x = torch.randn(count, dims, generator=seeded(1), dtype=torch.float64)
    x[:, 0] += 0.8 * x[:, -1] + 1
    x[: count // 3] = 0.4 * x[: count // 3] - 2
    return 0.6 * x


def strong_mixture(dims: int) -> GaussianMixture:
    model = GaussianMixture(components=4, dims=dims).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=seeded(7)))
        model.log_stds.mul_(0.3)
    return model


FITTED: dict[str, Callable[[int], object]] = {
    "histogram": lambda dims: Histogram(cloud(dims), bins=16, low=-8, high=8),
    "smoothed": lambda dims: Histogram(
        cloud(dims), bins=8, low=-8, high=8, smoothing=0.7
    ),
    "gaussian": lambda dims: Gaussian(cloud(dims)),
    "kernel": lambda dims: KernelDensity(cloud(dims), bandwidth=0.35),
    "mixture": strong_mixture,
}
each_kind = pytest.mark.parametrize("kind", FITTED)
each_dims = pytest.mark.parametrize("dims", [1, 2])
CELLS = {1: 4000, 2: 160}  # along an axis from -8 to 8, a multiple of every histogram's


def masses(model: object, dims: int) -> Tensor:
    """Return the probability of each cell of a fine grid, (cells,) * dims."""
    side = 16 / CELLS[dims]
    axis = -8 + side * (torch.arange(CELLS[dims], dtype=torch.float64) + 0.5)
    points = torch.cartesian_prod(*[axis] * dims).view(-1, dims)
    density = model.log_prob(points).detach().exp()
    return (density * side**dims).view([CELLS[dims]] * dims)


# --- what is true of each of them


@each_kind
@each_dims
def test_it_integrates_to_one(kind: str, dims: int):
    total = masses(FITTED[kind](dims), dims).sum().item()
    assert total == pytest.approx(1, abs=1e-6)


@each_kind
@each_dims
def test_samples_follow_the_density(kind: str, dims: int):
    model = FITTED[kind](dims)
    boxes = 32 if dims == 1 else 16
    fine = masses(model, dims).numpy()
    shape = [n for _ in range(dims) for n in (boxes, CELLS[dims] // boxes)]
    expected = fine.reshape(shape).sum(tuple(range(1, 2 * dims, 2))).flatten()
    draws = model.sample(20_000, generator=seeded(2)).numpy()
    edges = [np.linspace(-8, 8, boxes + 1)] * dims
    found = np.histogramdd(draws, bins=edges)[0].flatten()
    rare = expected * 20_000 < 5
    pooled = np.append(found[~rare], 20_000 - found[~rare].sum())
    law = np.append(expected[~rare], 1 - expected[~rare].sum())
    if law[-1] * 20_000 < 5:
        pooled, law = pooled[:-1], law[:-1] / law[:-1].sum()
        pooled[0] += 20_000 - pooled.sum()
    assert stats.chisquare(pooled, law * 20_000).pvalue > 1e-3


@each_kind
def test_samples_on_the_line_pass_kolmogorov_and_smirnov(kind: str):
    model = FITTED[kind](1)
    grid = np.linspace(-8, 8, CELLS[1] + 1)
    below = np.append(0, masses(model, 1).numpy().cumsum())
    draws = model.sample(5000, generator=seeded(3))[:, 0].numpy()
    assert stats.kstest(draws, lambda v: np.interp(v, grid, below)).pvalue > 1e-3


@each_kind
@each_dims
def test_a_seed_repeats_the_sample(kind: str, dims: int):
    model = FITTED[kind](dims)
    torch.manual_seed(0)
    first = model.sample(50, generator=seeded(5))
    torch.manual_seed(1)
    assert first.shape == (50, dims)
    assert first.equal(model.sample(50, generator=seeded(5)))
    assert not first.equal(model.sample(50, generator=seeded(6)))


@each_kind
def test_points_of_another_width_are_refused(kind: str):
    model = FITTED[kind](2)
    for shape in [(4, 1), (4, 3), (4,), (0, 2), (4, 2, 1)]:
        with pytest.raises(ValueError, match=r"points of shape \(N, 2\), got shape"):
            model.log_prob(torch.zeros(shape))


@pytest.mark.parametrize("kind", [*FITTED, "network"])
def test_there_is_no_sample_of_nothing(kind: str):
    model = NoiseTransformer() if kind == "network" else FITTED[kind](2)
    for n in (0, -1):
        with pytest.raises(ValueError, match=f"got n = {n}"):
            model.sample(n)


@pytest.mark.parametrize("model", [Histogram, Gaussian, KernelDensity])
@pytest.mark.parametrize("shape", [(0, 2), (5,), (5, 2, 1)])
def test_what_is_no_set_of_points_is_refused(model: type, shape: tuple[int, ...]):
    with pytest.raises(ValueError, match=r"points of shape \(N, D\), got shape"):
        model(torch.zeros(shape))


# --- the histogram


def test_boxes_are_as_dense_as_their_share():
    data = torch.tensor([[0.0], [0.1], [0.6], [0.9], [1.0]])
    model = Histogram(data, bins=4, low=0, high=2)
    x = torch.tensor([[0.0], [0.3], [0.49], [0.5], [0.99], [1.0], [1.7], [2.0]])
    shares = torch.tensor([2, 2, 2, 2, 2, 1, 0, 0]) / 5
    assert torch.allclose(model.log_prob(x), (shares / 0.5).log(), atol=1e-6)


def test_smoothing_is_added_to_every_box():
    model = Histogram(
        torch.tensor([[0.0], [0.1], [1.0]]), bins=2, low=0, high=1, smoothing=0.5
    )
    expected = torch.tensor([2.5, 1.5]) / 4 / 0.5
    got = model.log_prob(torch.tensor([[0.2], [0.8]]))
    assert torch.allclose(got, expected.log(), atol=1e-6)


def test_both_ends_belong_to_the_range_and_nothing_beyond():
    model = Histogram(torch.tensor([[-1.0, 1.0], [1.0, -1.0]]), bins=3, low=-1, high=1)
    high, beyond = 1.0, np.nextafter(np.float32(1), np.float32(2))
    inside = torch.tensor([[-high, high], [high, -high]])
    each = math.log(0.5 / (2 / 3) ** 2)
    assert torch.allclose(model.log_prob(inside), torch.tensor(each), atol=1e-6)
    for point in ([beyond, -high], [-beyond, high], [high, -beyond], [math.inf, 0]):
        assert model.log_prob(torch.tensor([point])).item() == -math.inf


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"low": -1}, r"data in \[-1, 4.0\], got -2 to 3"),
        ({"high": 2}, r"data in \[-4.0, 2\], got -2 to 3"),
        ({"low": 3, "high": -2}, r"data in \[3, -2\]"),
        ({"bins": 0}, r"bins >= 1 and smoothing >= 0, got 0 and 0.0"),
        ({"smoothing": -0.1}, r"bins >= 1 and smoothing >= 0, got 30 and -0.1"),
        ({"smoothing": math.nan}, r"got 30 and nan"),
    ],
)
def test_a_histogram_says_what_is_wrong(wrong: dict[str, float], said: str):
    with pytest.raises(ValueError, match=said):
        Histogram(torch.tensor([[-2.0], [3.0]]), **wrong)


def test_points_at_nan_fit_in_no_range():
    with pytest.raises(ValueError, match="got nan"):
        Histogram(torch.tensor([[0.0], [math.nan]]))


# --- the Gaussian


@each_dims
def test_the_gaussian_has_the_datas_mean_and_covariance(dims: int):
    x = cloud(dims).numpy()
    model = Gaussian(cloud(dims))
    expected = stats.multivariate_normal(
        x.mean(0), np.cov(x, rowvar=False, bias=True)
    ).logpdf(x)
    got = model.log_prob(cloud(dims)).numpy()
    np.testing.assert_allclose(got, expected, rtol=1e-10)


@each_dims
def test_no_gaussian_is_likelier(dims: int):
    x = cloud(dims)
    model = Gaussian(x)
    mean = model.law.mean.clone().requires_grad_()
    scale = model.law.scale_tril.clone().requires_grad_()
    best = MultivariateNormal(mean, scale_tril=scale).log_prob(x).mean()
    best.backward()
    assert best.item() == pytest.approx(model.log_prob(x).mean().item(), abs=1e-12)
    assert mean.grad.abs().max() < 1e-12
    assert scale.grad.tril().abs().max() < 1e-12
    for i, j in itertools.product(range(dims), repeat=2):
        for step in (-1e-2, 1e-2):
            shifted, turned = mean.detach().clone(), scale.detach().clone()
            shifted[i] += step
            turned[max(i, j), min(i, j)] += step
            for moved in ((shifted, scale.detach()), (mean.detach(), turned)):
                law = MultivariateNormal(moved[0], scale_tril=moved[1])
                assert law.log_prob(x).mean() < best - 1e-6


def test_points_on_a_line_have_no_gaussian_in_the_plane():
    with pytest.raises(ValueError, match="covariance_matrix"):
        Gaussian(torch.arange(6.0)[:, None].expand(6, 2))


# --- kernels and mixtures


def test_many_points_are_evaluated_in_parts_that_fit():
    model = KernelDensity(cloud(2), bandwidth=0.5)
    x = torch.randn(2345, 2, generator=seeded(0), dtype=torch.float64)
    alone = torch.stack([model.log_prob(x[i : i + 1])[0] for i in (0, 999, 1000, 2344)])
    assert torch.allclose(model.log_prob(x)[[0, 999, 1000, 2344]], alone, atol=1e-12)


@pytest.mark.parametrize("bandwidth", [0.0, -1.0, math.nan])
def test_a_kernel_has_a_width(bandwidth: float):
    with pytest.raises(ValueError, match="expected a bandwidth above 0, got"):
        KernelDensity(cloud(1), bandwidth=bandwidth)


@each_dims
def test_the_mixture_is_torchs(dims: int):
    model = strong_mixture(dims)
    stds = model.log_stds.exp()[:, None].expand_as(model.means)
    components = Independent(Normal(model.means, stds), 1)
    expected = MixtureSameFamily(Categorical(logits=model.scores), components)
    x = 3 * torch.randn(50, dims, generator=seeded(0), dtype=torch.float64)
    got = model.log_prob(x)
    assert torch.allclose(got, expected.log_prob(x), atol=1e-10)
    losses = model.losses(x)
    assert losses.keys() == {"negative_log_likelihood"}
    assert losses["negative_log_likelihood"].item() == pytest.approx(-got.mean().item())


def test_training_brings_a_mixture_to_the_truth():
    truth = Ring(modes=4)
    train, test = (truth.sample(2000, generator=seeded(s)) for s in (1, 2))
    torch.manual_seed(0)
    model = GaussianMixture(components=8)
    before = model.log_prob(test).mean().item()
    turn = (torch.optim.Adam(model.parameters(), lr=5e-2), model.losses)
    fit([turn], Batches(train, size=500, steps=300), progress=False)
    best = truth.log_prob(test).mean().item()
    assert before < best - 1
    assert model.log_prob(test).mean().item() == pytest.approx(best, abs=0.05)


def test_a_mixture_has_a_component():
    with pytest.raises(ValueError, match="expected one component or more, got 0"):
        GaussianMixture(components=0)


# --- the network that is no density


class Always(nn.Module):
    """A network that turns any noise into the same points."""

    def __init__(self, points: Tensor) -> None:
        super().__init__()
        self.points = points

    def forward(self, noise: Tensor) -> Tensor:
        assert noise.shape == self.points.shape
        return self.points


def distance(x: Tensor, fake: Tensor, directions: int) -> float:
    model = NoiseTransformer(dims=x.shape[1], directions=directions)
    model.network = Always(fake)
    return model.losses(x)["sliced_wasserstein"].item()


def test_on_the_line_it_is_the_cheapest_matching():
    x, fake = cloud(1, 30), 1.5 * cloud(1, 60)[30:] + 0.3
    costs = (x - fake.T).square().numpy()
    cheapest = costs[linear_sum_assignment(costs)].mean()
    assert distance(x, fake, 3) == pytest.approx(cheapest, rel=1e-10)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_the_same_points_in_another_order_are_no_distance_apart(dims: int):
    x = cloud(dims, 50)
    order = torch.randperm(50, generator=seeded(0))
    assert distance(x, x[order], 64) == pytest.approx(0, abs=1e-25)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_a_shift_is_seen_from_all_sides(dims: int):
    torch.manual_seed(0)
    x, shift = cloud(dims, 20), torch.arange(1.0, dims + 1).double()
    expected = shift.square().sum().item() / dims
    assert distance(x, x + shift, 100_000) == pytest.approx(expected, rel=0.02)


def test_training_brings_the_samples_to_the_data():
    data = TwoMoons(noise=0.1).sample(1000, generator=seeded(1))
    torch.manual_seed(0)
    model = NoiseTransformer()
    turn = (torch.optim.Adam(model.parameters(), lr=5e-3), model.losses)
    loss = fit([turn], Batches(data, size=500, steps=200), progress=False)["total"]
    assert np.mean(loss[-10:]) < 0.05 * np.mean(loss[:3])
    fake = model.sample(5000, generator=seeded(2))
    assert torch.allclose(fake.mean(0), data.mean(0), atol=0.1)
    assert torch.allclose(fake.T.cov(), data.T.cov(), atol=0.15)


def test_the_network_draws_the_same_from_a_seed():
    model = NoiseTransformer(dims=3).double()
    first = model.sample(9, generator=seeded(1))
    assert first.shape == (9, 3)
    assert first.dtype == torch.float64
    assert first.equal(model.sample(9, generator=seeded(1)))
    assert not first.equal(model.sample(9, generator=seeded(2)))
    assert not first.requires_grad


def test_the_network_refuses_points_of_another_width():
    with pytest.raises(ValueError, match=r"points of shape \(N, 2\), got shape"):
        NoiseTransformer().losses(torch.zeros(5, 3))
