from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import special, stats
from sklearn.neighbors import KernelDensity as ReferenceKernelDensity
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, Normal

from gencourse.autoencoder import (
    Classifier,
    ConvAutoencoder,
    Denoising,
    LinearAutoencoder,
)
from gencourse.baselines import (
    IndependentPixels,
    LevelHistogram,
    NeighbourTable,
    UniformPixels,
)
from gencourse.data import Mixture1D, Ring, TwoMoons
from gencourse.density import (
    ExplicitDensity,
    ImplicitDensity,
    gaussian_log_prob,
    kernel_log_prob,
    kl_divergence,
    mixture_log_prob,
    neighbour_counts,
    pixel_table,
)
from gencourse.fitted import (
    Gaussian,
    GaussianMixture,
    Histogram,
    KernelDensity,
    NoiseTransformer,
)

WEIGHTS, MEANS, STDS = [0.2, 0.5, 0.3], [-2.0, 0.3, 1.5], [0.3, 1.1, 0.6]
LINE = torch.linspace(-12, 12, 6001, dtype=torch.float64)
SEED = torch.Generator().manual_seed(0)
POINTS = torch.randn(40, 2, generator=SEED, dtype=torch.float64) * torch.tensor([1, 2])


def doubles(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def mixture(x: Tensor) -> Tensor:
    return mixture_log_prob(x, *(doubles(*v).to(x) for v in (WEIGHTS, MEANS, STDS)))


# --- on the line and in the plane


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (-3.0, 0.2), (2.5, 7.0)])
def test_gaussian_is_scipys(mean: float, std: float):
    x = torch.linspace(-20, 20, 101, dtype=torch.float64)
    got = gaussian_log_prob(x, doubles(mean), doubles(std))
    expected = stats.norm(mean, std).logpdf(x.numpy())
    np.testing.assert_allclose(got.numpy(), expected, rtol=1e-12, atol=1e-12)


def test_gaussian_broadcasts_element_by_element():
    x, mean, std = torch.rand(4, 1, 3), torch.rand(5, 1), torch.rand(3) + 0.5
    got = gaussian_log_prob(x, mean, std)
    assert got.shape == (4, 5, 3)
    assert torch.allclose(got, Normal(mean, std).log_prob(x), atol=1e-6)


def test_mixture_is_torchs():
    components = Normal(doubles(*MEANS), doubles(*STDS))
    expected = MixtureSameFamily(Categorical(doubles(*WEIGHTS)), components)
    difference = mixture(LINE) - expected.log_prob(LINE)
    assert difference.abs().max() < 1e-10


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("bandwidth", [0.1, 0.7, 3.0])
def test_kernel_is_sklearns(dims: int, bandwidth: float):
    rng = np.random.default_rng(0)
    data, x = rng.normal(size=(30, dims)), rng.normal(size=(50, dims)) * 2
    got = kernel_log_prob(torch.from_numpy(x), torch.from_numpy(data), bandwidth)
    expected = ReferenceKernelDensity(bandwidth=bandwidth, rtol=1e-12).fit(data)
    np.testing.assert_allclose(got.numpy(), expected.score_samples(x), atol=1e-9)


def test_densities_on_the_line_integrate_to_one():
    gaussian = gaussian_log_prob(LINE, doubles(0.5), doubles(0.8))
    kernel = kernel_log_prob(LINE[:, None], POINTS[:, :1], 0.3)
    for log_prob in (gaussian, mixture(LINE), kernel):
        assert torch.trapezoid(log_prob.exp(), LINE) == pytest.approx(1, abs=1e-9)


def test_the_kernel_estimate_integrates_to_one_in_the_plane():
    axis = torch.linspace(-12, 12, 121, dtype=torch.float64)
    total = kernel_log_prob(torch.cartesian_prod(axis, axis), POINTS, 0.5).exp().sum()
    assert total * (axis[1] - axis[0]) ** 2 == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_far_away_log_densities_are_finite_and_right(dtype: torch.dtype):
    x = torch.tensor([1000.0, -1000.0], dtype=dtype)
    nearest = [stats.norm(1.5, 0.6), stats.norm(0.3, 1.1)]
    assert mixture(x).dtype == dtype
    # At -1000 and 1000 the widest component is all that is left.
    wide = [math.log(0.5) + nearest[1].logpdf(v) for v in (1000, -1000)]
    np.testing.assert_allclose(mixture(x).numpy(), wide, rtol=1e-6)
    far = kernel_log_prob(x[:, None], torch.zeros(1, 1, dtype=dtype), 0.2)
    expected = stats.norm(0, 0.2).logpdf([1000, -1000])
    np.testing.assert_allclose(far.numpy(), expected, rtol=1e-6)


# --- the divergence


def to_laws(weights: np.ndarray) -> np.ndarray:
    """Return rows that sum to one; a row of zeros becomes the uniform law."""
    filled = weights + (weights.sum(-1, keepdims=True) == 0)
    return filled / filled.sum(-1, keepdims=True)


laws = npst.arrays(
    np.float64,
    st.tuples(st.integers(1, 4), st.integers(2, 6)),
    elements=st.just(0.0) | st.floats(1e-6, 1),
).map(to_laws)


@given(laws, st.data())
@settings(max_examples=100, deadline=None)
def test_divergence_is_scipys_and_never_negative(p: np.ndarray, draw: st.DataObject):
    q = draw.draw(st.permutations(range(p.shape[1])).map(lambda order: p[:, order]))
    got = kl_divergence(torch.from_numpy(p), torch.from_numpy(q)).numpy()
    np.testing.assert_allclose(got, special.rel_entr(p, q).sum(-1), atol=1e-12)
    assert (got >= 0).all()


@given(laws)
@settings(max_examples=100, deadline=None)
def test_rounding_brings_no_divergence_below_zero(p: np.ndarray):
    nearly = torch.from_numpy(p).float()
    got = kl_divergence(nearly, nearly * (1 + 1e-7))
    assert (got >= 0).all()
    assert (got <= 1e-6).all()


def test_divergence_with_zeros_and_infinity():
    p = doubles(0.5, 0.5, 0.0).expand(3, 3)
    q = torch.stack([doubles(0.25, 0.5, 0.25), doubles(0, 1, 0), doubles(0.5, 0.5, 0)])
    got = kl_divergence(p, q).tolist()
    assert got == [pytest.approx(0.5 * math.log(2), abs=1e-15), math.inf, 0]


def test_the_gradient_of_the_divergence_is_that_of_softmax():
    p, scores = doubles(0.5, 0.3, 0.2, 0.0), doubles(0.3, -1.0, 2.0, 0.1)
    scores.requires_grad_()
    q = scores.softmax(0)
    kl_divergence(p, q).backward()
    assert torch.allclose(scores.grad, (q - p).detach(), atol=1e-14)


def test_no_gradient_of_the_divergence_is_nan():
    p, q = doubles(0.5, 0.5, 0.0, 0.0), doubles(0.25, 0.5, 0.25, 0.0)
    p.requires_grad_()
    q.requires_grad_()
    kl_divergence(p, q).backward()
    assert torch.allclose(q.grad, doubles(-2, -1, 0, 0), atol=1e-14)
    assert torch.allclose(p.grad, doubles(math.log(2) + 1, 1, 0, 0), atol=1e-14)


# --- counting pixels

shapes = st.tuples(
    st.integers(1, 4), st.sampled_from([1, 3]), st.integers(1, 4), st.integers(1, 5)
)


def some_images(shape: tuple[int, ...], levels: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(levels, shape, generator=generator).to(torch.uint8)


@given(shapes, st.sampled_from([2, 5, 256]), st.sampled_from([0.1, 1.0]), st.integers())
@settings(max_examples=30, deadline=None)
def test_pixel_table_counts(shape, levels: int, smoothing: float, seed: int):
    x = some_images(shape, levels, seed % 1000)
    expected = np.full((*shape[1:], levels), smoothing)
    for image in x.tolist():
        for place in np.ndindex(*shape[1:]):
            c, i, j = place
            expected[(*place, image[c][i][j])] += 1
    expected /= shape[0] + levels * smoothing
    np.testing.assert_allclose(
        pixel_table(x, levels, smoothing).numpy(), expected, rtol=1e-12
    )


@given(shapes, st.sampled_from([(2, 2), (5, 3), (256, 64), (256, 7)]), st.integers())
@settings(max_examples=30, deadline=None)
def test_neighbour_counts_count(shape, sizes: tuple[int, int], seed: int):
    levels, contexts = sizes
    x = some_images(shape, levels, seed % 1000)
    expected = np.zeros((contexts, contexts, levels), dtype=np.int64)
    for image in x.tolist():
        for c, i, j in np.ndindex(*shape[1:]):
            left = image[c][i][j - 1] if j else 0
            above = image[c][i - 1][j] if i else 0
            places = left * contexts // levels, above * contexts // levels
            expected[(*places, image[c][i][j])] += 1
    got = neighbour_counts(x, levels, contexts)
    assert got.dtype == torch.int64
    assert got.sum() == x.numel()
    np.testing.assert_array_equal(got.numpy(), expected)


# --- the taxonomy, in types

IMAGES = some_images((5, 1, 4, 4), 2, seed=0)
SMALL = {"shape": (1, 4, 4), "levels": 2}
EXPLICIT = [
    Mixture1D(weights=WEIGHTS, means=MEANS, stds=STDS),
    Ring(),
    TwoMoons(),
    Histogram(POINTS, low=-9, high=9),
    Gaussian(POINTS),
    KernelDensity(POINTS),
    GaussianMixture(),
    UniformPixels(**SMALL),
    LevelHistogram(IMAGES, **SMALL),
    IndependentPixels(IMAGES, **SMALL),
    NeighbourTable(IMAGES, **SMALL),
]
CODES = [
    LinearAutoencoder(**SMALL),
    ConvAutoencoder(**SMALL),
    Denoising(LinearAutoencoder(**SMALL)),
    Classifier(LinearAutoencoder(**SMALL)),
]


@pytest.mark.parametrize("model", EXPLICIT, ids=lambda m: type(m).__name__)
def test_an_explicit_density_can_also_be_drawn_from(model: object):
    assert isinstance(model, ExplicitDensity)
    assert isinstance(model, ImplicitDensity)
    draws = model.sample(3, generator=torch.Generator().manual_seed(0))
    assert len(draws) == 3
    assert model.log_prob(draws).shape == (3,)


def test_a_sampler_alone_is_implicit():
    model = NoiseTransformer()
    assert isinstance(model, ImplicitDensity)
    assert not isinstance(model, ExplicitDensity)
    assert not hasattr(model, "log_prob")
    assert model.sample(3).shape == (3, 2)


@pytest.mark.parametrize("model", CODES, ids=lambda m: type(m).__name__)
def test_an_autoencoder_is_no_density(model: object):
    assert not isinstance(model, ImplicitDensity)
    assert not isinstance(model, ExplicitDensity)
