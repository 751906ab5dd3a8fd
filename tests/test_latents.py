from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from gencourse.latents import (
    active_dimensions,
    every_class,
    quantile_grid,
    traversals,
)


def normals(*size: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(size, generator=generator, dtype=torch.float64)


# --- which dimensions are in use


def test_a_dimension_in_use_is_active_and_a_collapsed_one_is_not():
    mu = normals(500, 4) * torch.tensor([1.0, 0.05, 0.0, 0.3])
    mu = mu + torch.tensor([0.0, 9.0, 5.0, -3.0])  # where it stands does not matter
    assert active_dimensions(mu).tolist() == [True, False, False, True]


def test_the_threshold_is_of_the_variance_with_one_image_less():
    mu = torch.tensor([[0.0], [1.0], [2.0]])  # variance 1; 2/3 with division by N
    for threshold, active in ((0.99, True), (0.7, True), (1.0, False), (1.01, False)):
        assert active_dimensions(mu, threshold).tolist() == [active]
    # A standard deviation of 0.05 is above 0.01, its variance is not.
    two = torch.tensor([[0.0, 0.0], [0.05, 0.15]]) * 2**0.5
    assert active_dimensions(two).tolist() == [False, True]


def test_the_answer_is_one_bool_a_dimension_whatever_the_order():
    mu = normals(50, 6) * torch.linspace(0, 0.3, 6)
    found = active_dimensions(mu)
    assert (found.dtype, found.shape) == (torch.bool, (6,))
    assert torch.equal(active_dimensions(mu.flip(0)), found)
    assert torch.equal(active_dimensions(mu.flip(1)), found.flip(0))
    assert 0 < found.sum() < 6


@pytest.mark.parametrize("threshold", [-0.1, float("nan")])
def test_a_threshold_is_no_less_than_zero(threshold: float):
    with pytest.raises(ValueError, match="expected a threshold of 0 or more, got"):
        active_dimensions(torch.zeros(3, 2), threshold)


@pytest.mark.parametrize("size", [(1, 3), (0, 3), (3,), (2, 2, 2)])
def test_means_of_another_shape_are_told(size: tuple[int, ...]):
    with pytest.raises(ValueError, match=r"expected means \(N, D\), N of 2 or more"):
        active_dimensions(torch.zeros(size))


# --- rows of codes


def test_every_code_comes_with_every_class():
    z = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    codes, labels = every_class(z, 3)
    assert codes.tolist() == [[1, 2]] * 3 + [[3, 4]] * 3
    assert labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert labels.dtype == torch.int64
    with pytest.raises(ValueError, match="expected classes to be an int of 1 or more"):
        every_class(z, 0)


def test_a_traversal_changes_one_dimension_at_a_time():
    z, values = torch.tensor([5.0, 6.0, 7.0]), torch.tensor([-1.0, 0.0, 1.0, 2.0])
    found = traversals(z, torch.tensor([2, 0]), values)
    expected = [[5, 6, v] for v in (-1, 0, 1, 2)] + [[v, 6, 7] for v in (-1, 0, 1, 2)]
    assert found.tolist() == expected
    assert z.tolist() == [5, 6, 7]
    assert traversals(z.double(), torch.tensor([1]), values).dtype == torch.float64


def test_a_dimension_that_is_not_there_is_told():
    with pytest.raises(IndexError, match="3"):
        traversals(torch.zeros(3), torch.tensor([3]), torch.zeros(2))


# --- the grid


def test_the_corners_of_a_grid_by_hand():
    """Like a map: up is more of the second coordinate, right more of the first."""
    edge = stats.norm.ppf(1 / 6)
    assert quantile_grid(3).numpy() == pytest.approx(
        np.array(
            [
                *([edge, -edge], [0, -edge], [-edge, -edge]),
                *([edge, 0], [0, 0], [-edge, 0]),
                *([edge, edge], [0, edge], [-edge, edge]),
            ]
        ),
        abs=1e-6,
    )
    assert quantile_grid(1).tolist() == [[0, 0]]


@pytest.mark.parametrize("side", [1, 2, 7, 20])
def test_a_grid_is_symmetric_and_in_order(side: int):
    grid = quantile_grid(side)
    assert grid.shape == (side**2, 2)
    torch.testing.assert_close(grid, -grid.flip(0), rtol=0, atol=1e-6)
    square = grid.view(side, side, 2)
    assert (square[:, :, 0].diff(dim=1) > 0).all()
    assert (square[:, :, 1].diff(dim=0) < 0).all()
    assert (square[:, :, 0] == square[:1, :, 0]).all()
    assert (square[:, :, 1] == square[:, :1, 1]).all()


def test_each_code_of_a_grid_stands_for_one_share_of_the_prior():
    side = 8
    share = stats.norm.cdf(quantile_grid(side).double().numpy())
    cells = np.floor(share * side).astype(int)
    assert sorted(map(tuple, cells)) == [(i, j) for i in range(8) for j in range(8)]
    np.testing.assert_allclose(share * side - cells, 0.5, atol=1e-5)


@pytest.mark.parametrize("side", [0, -1, 2.0, True])
def test_a_side_of_no_codes_is_told(side):
    with pytest.raises(ValueError, match="expected side to be an int of 1 or more"):
        quantile_grid(side)
