"""Fréchet distance, precision and recall, neighbours, where they are known."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import scipy.spatial
import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from gencourse.sample_quality import (
    frechet_distance,
    moments,
    nearest,
    precision_and_recall,
)


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


def test_moments_are_numpys():
    x = normal(30, 4) @ normal(4, 4, 1) + 3
    mean, covariance = moments(x)
    np.testing.assert_allclose(mean, x.numpy().mean(0), rtol=1e-12)
    np.testing.assert_allclose(covariance, np.cov(x.numpy().T), rtol=1e-10)


def test_moments_of_far_features_keep_their_digits():
    x = normal(500, 3)
    _, covariance = moments((x + 4096).float())
    torch.testing.assert_close(covariance, moments(x)[1], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("shape", [(1, 3), (4,), (0, 2), (3, 2, 2)])
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


def positive(d: int, seed: int) -> Tensor:
    """Return a symmetric matrix with eigenvalues above 0."""
    factor = normal(d, d, seed)
    return factor @ factor.T + 0.1 * torch.eye(d).double()


def test_equal_covariances_leave_the_means():
    mean_a, mean_b = normal(2, 5)
    covariance = positive(5, 1)
    found = frechet_distance(mean_a, covariance, mean_b, covariance)
    torch.testing.assert_close(found, (mean_a - mean_b).square().sum())


def test_diagonal_covariances_go_number_by_number():
    stds_a, stds_b = normal(2, 5).abs() + 0.1
    mean = torch.zeros(5).double()
    found = frechet_distance(mean, stds_a.square().diag(), mean, stds_b.square().diag())
    torch.testing.assert_close(found, (stds_a - stds_b).square().sum())


def test_commuting_covariances_have_common_axes():
    axes = torch.linalg.qr(normal(4, 4)).Q
    roots_a, roots_b = normal(2, 4, 1).abs() + 0.1
    a, b = (axes @ roots.square().diag() @ axes.T for roots in (roots_a, roots_b))
    found = frechet_distance(axes[0], a, axes[1], b)
    expected = 2 + (roots_a - roots_b).square().sum()  # two rows, a right angle apart
    torch.testing.assert_close(found, expected)


def test_distance_does_not_depend_on_the_axes():
    a, b = (normal(2, 4, seed)[0] for seed in (1, 2)), (positive(4, s) for s in (3, 4))
    (mean_a, mean_b), (cov_a, cov_b) = a, b
    axes = torch.linalg.qr(normal(4, 4)).Q
    turned = frechet_distance(
        *(axes @ mean_a, axes @ cov_a @ axes.T),
        *(axes @ mean_b, axes @ cov_b @ axes.T),
    )
    found = frechet_distance(mean_a, cov_a, mean_b, cov_b)
    torch.testing.assert_close(found, turned)
    swapped = frechet_distance(mean_b, cov_b, mean_a, cov_a)
    torch.testing.assert_close(found, swapped)
    doubled = frechet_distance(2 * mean_a, 4 * cov_a, 2 * mean_b, 4 * cov_b)
    torch.testing.assert_close(doubled, 4 * found)


def test_fewer_images_than_features_are_no_trouble():
    """The reference: the nuclear norm of the product of the factors."""
    few, many = normal(5, 12), normal(7, 12, 1) @ normal(12, 12, 2)
    (mean_a, cov_a), (mean_b, cov_b) = moments(few), moments(many)
    factor_a = (few - mean_a) / 4**0.5  # covariance = factor.T @ factor
    factor_b = (many - mean_b) / 6**0.5
    shared = torch.linalg.svdvals(factor_a @ factor_b.T).sum()
    expected = (mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace()
    found = frechet_distance(mean_a, cov_a, mean_b, cov_b)
    assert found.item() == pytest.approx((expected - 2 * shared).item(), rel=1e-6)
    same = frechet_distance(mean_a, cov_a, mean_a, cov_a)
    assert same.item() == pytest.approx(0, abs=1e-6)


class Extractor(nn.Module):
    """Five features of an image, and how many they are."""

    num_features = 5

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", normal(12, 5, 7).float())

    def forward(self, x: Tensor) -> Tensor:
        return (x.flatten(1).float() @ self.weight).tanh()


def test_distance_is_that_of_torchmetrics():
    real, fake = normal(90, 12).float(), normal(70, 12, 1).float() + 0.3
    extract = Extractor()
    metric = FrechetInceptionDistance(feature=extract)
    for images, is_real in ((real, True), (fake, False)):
        for batch in images.view(-1, 3, 2, 2).split(32):
            metric.update(batch, real=is_real)
    found = frechet_distance(*moments(extract(real)), *moments(extract(fake)))
    assert found.item() == pytest.approx(metric.compute().item(), rel=1e-4)
    assert found.item() > 0.1


@pytest.mark.parametrize("n", [50, 200])
def test_the_bias_falls_like_one_over_n(n: int):
    """From n draws of N(0, I_d) to N(0, I_d) itself it is (d + d (d + 1) / 4) / n."""
    d, tries = 4, 400
    truth = torch.zeros(d).double(), torch.eye(d).double()
    draws = normal(tries * n, d, n).view(tries, n, d)
    times_n = n * torch.stack([frechet_distance(*moments(x), *truth) for x in draws])
    error = times_n.std() / tries**0.5
    expected = d + d * (d + 1) / 4
    # The next term falls like 1 / n^2.
    assert abs(times_n.mean() - expected) < 4 * error + 20 / n
    assert times_n.mean() > 0.8 * expected


# --- precision and recall


def test_precision_and_recall_of_known_overlap():
    """Two far clusters of real images; samples reach one, and a place of their own."""
    near, far, alone = normal(40, 2), normal(60, 2, 1) + 100, normal(10, 2, 2) - 100
    real = torch.cat([near, far])
    fake = torch.cat([near + 1e-6, alone])
    assert precision_and_recall(real, fake) == pytest.approx((40 / 50, 40 / 100))
    assert precision_and_recall(real, real) == (1.0, 1.0)
    assert precision_and_recall(near, far) == (0.0, 0.0)


def test_one_of_two_clusters_is_precise_and_half_complete():
    near, far = normal(60, 2), normal(60, 2, 1) + 100
    both, some = torch.cat([near, far]), normal(80, 2, 2)
    precision, recall = precision_and_recall(both, some)
    assert 0.85 < precision <= 1 and 0.4 < recall <= 0.5
    assert precision_and_recall(some, both) == (recall, precision)


def inside_by_hand(points: Tensor, centres: Tensor, k: int) -> float:
    count = 0
    for point in points.double().numpy():
        for i, centre in enumerate(centres.double().numpy()):
            others = np.delete(centres.double().numpy(), i, axis=0)
            radius = np.sort(np.linalg.norm(others - centre, axis=1))[k - 1]
            if np.linalg.norm(point - centre) <= radius:
                count += 1
                break
    return count / len(points)


@pytest.mark.parametrize("k", [1, 3, 7])
def test_precision_and_recall_are_those_of_a_double_loop(k: int):
    real, fake = normal(23, 3), 1.5 * normal(17, 3, 1) + 0.5
    expected = inside_by_hand(fake, real, k), inside_by_hand(real, fake, k)
    assert precision_and_recall(real, fake, k) == expected
    assert min(expected) > 0.2 and (k > 1 or max(expected) < 1)


@pytest.mark.parametrize("away", [0.0, 1024.0])
def test_far_features_keep_their_distances(away: float):
    """Large sets take a fast way, which must not cost digits."""
    real, fake = (normal(1100, 2, seed).float() + away for seed in (0, 1))
    found = precision_and_recall(real, fake, 1)
    apart = scipy.spatial.distance.cdist
    for share, points, centres in ((found[0], fake, real), (found[1], real, fake)):
        own = np.sort(apart(centres, centres), axis=1)[:, 1]
        expected = (apart(points, centres) <= own).any(1).mean()
        assert share == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("k", [0, 5, -1])
def test_neighbours_must_exist(k: int):
    with pytest.raises(ValueError, match=rf"expected k in 1 to 4, got {k}"):
        precision_and_recall(normal(9, 2), normal(5, 2), k)


# --- the nearest neighbour


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_the_nearest_is_that_of_a_loop(size: int):
    points, among = normal(10, 6).view(10, 1, 2, 3), normal(30, 6, 1).view(30, 1, 2, 3)
    distances, places = nearest(points, among, size)
    assert places.dtype == torch.int64 and distances.shape == places.shape == (10,)
    for point, distance, place in zip(points, distances, places, strict=True):
        each = [(point - other).square().sum().sqrt().item() for other in among]
        assert place == int(np.argmin(each))
        assert distance.item() == pytest.approx(min(each), rel=1e-5)


def test_a_copy_is_at_no_distance():
    """Of whole images too, where squares are large; one level more is 1 away."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(255, (200, 1, 28, 28), generator=generator).to(torch.uint8)
    copies = images[50:90].clone()
    copies[20:, 0, 14, 3] += 1
    distances, places = nearest(copies, images)
    assert torch.equal(places, torch.arange(50, 90))
    assert torch.equal(distances, torch.arange(40).ge(20).float())


@pytest.mark.parametrize(
    ("points", "among"), [((3, 2), (4, 3)), ((3, 2), (0, 2)), ((3, 2), (4, 2, 1))]
)
def test_neighbours_have_one_shape(points, among):
    with pytest.raises(ValueError, match=r"expected \(N, ...\) and \(M, ...\)"):
        nearest(torch.zeros(points), torch.zeros(among))
