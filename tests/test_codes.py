from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA
from torch import Tensor

from gencourse.codes import (
    balanced_draw,
    interpolate,
    linear_gradients,
    pca,
    principal_angles,
)
from gencourse.data import Images
from gencourse.images import to_unit


def normal(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def spread(count: int, dims: int) -> Tensor:
    """Return points around a far mean, with gaps between their variances."""
    turn = torch.linalg.qr(normal(dims, dims, seed=1)).Q
    return normal(count, dims) * 0.6 ** torch.arange(dims) @ turn + 10


# --- principal components


@pytest.mark.parametrize(("count", "dims", "k"), [(50, 6, 1), (50, 6, 6), (5, 9, 4)])
def test_components_are_sklearns_up_to_sign(count: int, dims: int, k: int):
    x = spread(count, dims)
    mean, components = pca(x, k)
    reference = PCA(k, svd_solver="full").fit(x.numpy())
    np.testing.assert_allclose(mean.numpy(), reference.mean_, atol=1e-12)
    assert components.shape == (k, dims)
    assert components.dtype == torch.float64
    signs = (components.numpy() * reference.components_).sum(1, keepdims=True)
    np.testing.assert_allclose(abs(signs), 1, atol=1e-9)
    np.testing.assert_allclose(
        components.numpy(), signs.round() * reference.components_, atol=1e-8
    )
    # Also where sklearn fixes an order: the variances descend.
    variances = ((x - mean) @ components.T).square().mean(0)
    assert (variances.diff() < 0).all()


@pytest.mark.parametrize("k", [0, -1, 6, 7])
def test_there_are_no_more_components_than_the_data_have(k: int):
    with pytest.raises(ValueError, match=f"expected k in 1 to 5, got {k}"):
        pca(normal(5, 8), k)


@pytest.mark.slow
def test_errors_of_pca_on_all_of_fashion_mnist(fashion_mnist: tuple[Images, Images]):
    train, test = (to_unit(part.x, 256).flatten(1) for part in fashion_mnist)
    mean, components = pca(train, 64)
    centred = test - mean
    found = {
        k: (centred - centred @ components[:k].T @ components[:k])
        .square()
        .mean()
        .item()
        for k in (2, 8, 16, 32, 64)
    }
    known = {2: 0.0461, 8: 0.0266, 16: 0.0205, 32: 0.0152, 64: 0.0104}
    assert found == pytest.approx(known, abs=2e-4)


# --- angles


@given(st.integers(1, 5), st.integers(0, 6), st.integers(0, 10_000))
@settings(max_examples=50, deadline=None)
def test_angles_are_scipys(k: int, more: int, seed: int):
    a, b = normal(k, k + more, seed=seed), normal(k, k + more, seed=seed + 1)
    expected = subspace_angles(a.T.numpy(), b.T.numpy())[::-1]
    np.testing.assert_allclose(principal_angles(a, b).numpy(), expected, atol=1e-7)


def planes(angles: Tensor, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Return rows that span two subspaces of known angles, in no special basis."""
    k = len(angles)
    turn = torch.linalg.qr(normal(2 * k + 1, 2 * k + 1, seed=seed)).Q
    first, other = turn[:k], turn[k : 2 * k]
    second = first * angles.cos()[:, None] + other * angles.sin()[:, None]
    return normal(k, k, seed=seed + 1) @ first, normal(k, k, seed=seed + 2) @ second


@pytest.mark.parametrize(
    "angles",
    [
        [1e-9],
        [math.pi / 2],
        [0.0, 1e-9, 1e-4, 0.3, math.pi / 2],
        [math.pi / 2, math.pi / 2],
        [1e-9, 2e-9],
    ],
)
def test_tiny_and_right_angles_are_found(angles: list[float]):
    expected = torch.tensor(angles, dtype=torch.float64)
    got = principal_angles(*planes(expected))
    assert torch.allclose(got, expected, rtol=1e-3, atol=5e-12)


def test_a_subspace_is_at_no_angle_to_itself():
    for seed in range(20):
        a = normal(3, 8, seed=seed)
        got = principal_angles(a, normal(3, 3, seed=seed + 99) @ a)
        assert torch.allclose(got, torch.zeros(3).double(), atol=1e-12)


# --- gradients of the linear autoencoder


@given(st.integers(1, 7), st.integers(1, 5), st.integers(1, 4), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_gradients_are_autograds(count: int, dims: int, k: int, seed: int):
    x = normal(count, dims, seed=seed)
    encoder = normal(dims, k, seed=seed + 1).requires_grad_()
    decoder = normal(k, dims, seed=seed + 2).requires_grad_()
    loss = 0.5 * (x @ encoder @ decoder - x).square().sum(1).mean()
    expected = torch.autograd.grad(loss, (encoder, decoder))
    got = linear_gradients(x, encoder.detach(), decoder.detach())
    for mine, right in zip(got, expected, strict=True):
        assert torch.allclose(mine, right, rtol=1e-10, atol=1e-10)


def test_pca_is_where_the_gradients_vanish():
    x = spread(50, 6)
    mean, components = pca(x, 3)
    for gradient in linear_gradients(x - mean, components.T, components):
        assert gradient.abs().max() < 1e-12


# --- lines between codes, and draws


@given(st.integers(2, 9), st.integers(1, 5), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_a_line_has_its_ends_and_even_steps(steps: int, dims: int, seed: int):
    start, end = normal(dims, seed=seed), normal(dims, seed=seed + 1)
    path = interpolate(start, end, steps)
    expected = np.linspace(start.numpy(), end.numpy(), steps)
    assert path.shape == (steps, dims)
    assert path.dtype == torch.float64
    assert path[0].equal(start)
    np.testing.assert_allclose(path.numpy(), expected, atol=1e-14)


LABELS = torch.tensor([7, 2, 2, 7, 4, 4, 2, 7, 2, 4, 4, 7])


@pytest.mark.parametrize("per_class", [1, 3, 4])
def test_a_balanced_draw_has_as_many_of_each(per_class: int):
    drawn = balanced_draw(LABELS, per_class, torch.Generator().manual_seed(0))
    assert drawn.dtype == torch.int64
    assert drawn.shape == (3 * per_class,)
    assert len(drawn.unique()) == len(drawn)
    counts = LABELS[drawn].bincount(minlength=8)
    assert counts.tolist() == [0, 0, per_class, 0, per_class, 0, 0, per_class]


def test_a_seed_repeats_the_draw():
    draws = []
    for everywhere, seed in [(0, 1), (5, 1), (0, 2), (0, 3)]:
        torch.manual_seed(everywhere)
        draws.append(balanced_draw(LABELS, 2, torch.Generator().manual_seed(seed)))
    assert draws[0].equal(draws[1])
    assert not draws[0].equal(draws[2]) or not draws[0].equal(draws[3])


def test_every_member_is_drawn_as_often():
    generator = torch.Generator().manual_seed(0)
    draws = [balanced_draw(LABELS, 1, generator) for _ in range(1200)]
    counts = torch.cat(draws).bincount(minlength=12)
    assert (counts - 300).abs().max() < 75  # five standard deviations of 15


@pytest.mark.parametrize("per_class", [5, 0, -1])
def test_what_cannot_be_drawn_is_said(per_class: int):
    said = f"class 2 has 4 images, cannot draw {per_class}"
    with pytest.raises(ValueError, match=said):
        balanced_draw(LABELS, per_class)
