"""Fréchet distance, precision and recall, where their values are known."""

from __future__ import annotations

import pytest
import scipy.linalg
import torch
from torch import Tensor

from gencourse.sample_quality import frechet_distance, moments, precision_and_recall


def normal(n: int, d: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=generator, dtype=torch.float64)


def test_moments_are_the_samples_own():
    x = normal(50, 3)
    mean, covariance = moments(x.float())
    torch.testing.assert_close(mean, x.float().double().mean(0))
    centred = x.float().double() - mean
    torch.testing.assert_close(covariance, centred.T @ centred / 49)
    assert moments(normal(5, 1))[1].shape == (1, 1)


@pytest.mark.parametrize("shape", [(1, 3), (4,), (0, 2)])
def test_moments_need_several_rows(shape: tuple[int, ...]):
    with pytest.raises(ValueError, match="expected features"):
        moments(torch.zeros(shape))


def test_distance_of_numbers_is_known():
    """Of N(m, s^2) and N(n, t^2) it is (m - n)^2 + (s - t)^2."""
    a = torch.tensor([1.0]).double(), torch.tensor([[4.0]]).double()
    b = torch.tensor([-2.0]).double(), torch.tensor([[9.0]]).double()
    assert frechet_distance(*a, *b).item() == pytest.approx(9 + 1)


@pytest.mark.parametrize("seed", range(3))
def test_distance_is_that_of_scipys_root(seed: int):
    a, b = normal(40, 6, seed), normal(50, 6, seed + 9) @ normal(6, 6, seed + 20)
    (mean_a, cov_a), (mean_b, cov_b) = moments(a), moments(b)
    root = scipy.linalg.sqrtm((cov_a @ cov_b).numpy()).real
    expected = (mean_a - mean_b).square().sum() + (cov_a + cov_b).trace()
    expected = expected.item() - 2 * root.trace()
    found = frechet_distance(mean_a, cov_a, mean_b, cov_b).item()
    assert found == pytest.approx(expected, rel=1e-8)
    turned = frechet_distance(mean_b, cov_b, mean_a, cov_a).item()
    assert found == pytest.approx(turned, rel=1e-9)


def test_distance_to_itself_is_zero_when_a_feature_is_dead():
    x = normal(30, 4)
    x[:, 2] = 0
    assert frechet_distance(*moments(x), *moments(x)).item() == pytest.approx(
        0, abs=1e-9
    )


def test_precision_and_recall_of_known_overlap():
    """Two far clusters of real images; samples reach one, and a place of their own."""
    near, far, alone = normal(40, 2), normal(60, 2, 1) + 100, normal(10, 2, 2) - 100
    real = torch.cat([near, far])
    fake = torch.cat([near + 1e-6, alone])
    assert precision_and_recall(real, fake) == pytest.approx((40 / 50, 40 / 100))
    assert precision_and_recall(real, real) == (1.0, 1.0)
    assert precision_and_recall(near, far) == (0.0, 0.0)


@pytest.mark.parametrize("k", [0, 5, -1])
def test_neighbours_must_exist(k: int):
    with pytest.raises(ValueError, match=rf"expected k in 1 to 4, got {k}"):
        precision_and_recall(normal(9, 2), normal(5, 2), k)
