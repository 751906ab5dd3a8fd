from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gencourse.images import check_images, to_levels, to_unit

SHAPE = (1, 2, 3)


def images(*shape: int) -> Tensor:
    return torch.zeros(*shape, dtype=torch.uint8)


@pytest.mark.parametrize("levels", [2, 4, 16, 256])
def test_images_of_levels_pass(levels: int):
    x = (torch.arange(12).view(2, 1, 2, 3) % levels).to(torch.uint8)
    x[0, 0, 0, 0] = levels - 1
    check_images(x, SHAPE, levels)
    check_images(x.double(), SHAPE, levels, floats=True)
    check_images(x.float().requires_grad_(), SHAPE, levels, floats=True)


@pytest.mark.parametrize(
    ("x", "said"),
    [
        ([[1, 2]], r"expected uint8 levels of shape \(B, 1, 2, 3\), got list"),
        (np.zeros((1, 1, 2, 3), np.uint8), "got ndarray"),
        (images(1, 1, 2, 3).float(), "got dtype float32"),
        (images(1, 1, 2, 3).long(), "got dtype int64"),
        (images(1, 1, 2, 3).bool(), "got dtype bool"),
        (images(1, 2, 3), r"got shape \(1, 2, 3\)"),
        (images(1, 2, 3, 1), r"got shape \(1, 2, 3, 1\)"),
        (images(1, 1, 3, 2), r"got shape \(1, 1, 3, 2\)"),
        (images(1, 1, 1, 2, 3), r"got shape \(1, 1, 1, 2, 3\)"),
        (images(0, 1, 2, 3), r"got an empty batch: \(0, 1, 2, 3\)"),
        (images(1, 1, 2, 3) + 4, "expected levels 0 to 3, got 4 to 4"),
    ],
)
def test_what_is_wrong_with_images_is_said(x: Tensor, said: str):
    with pytest.raises(ValueError, match=said):
        check_images(x, SHAPE, 4)


@pytest.mark.parametrize("bad", [-0.5, 3.5, float("nan"), float("inf")])
def test_float_images_are_checked_too(bad: float):
    x = torch.ones(2, 1, 2, 3)
    x[1, 0, 1, 2] = bad
    with pytest.raises(ValueError, match="expected levels 0 to 3, got"):
        check_images(x, SHAPE, 4, floats=True)
    with pytest.raises(ValueError, match="got dtype int64"):
        check_images(x.long(), SHAPE, 4, floats=True)


@pytest.mark.parametrize("levels", range(2, 257))
def test_levels_come_back_from_unit(levels: int):
    x = torch.arange(levels).to(torch.uint8).view(1, 1, 1, levels)
    for given_levels in (x, x.float(), x.double()):
        unit = to_unit(given_levels, levels)
        assert unit.min() == 0
        assert unit.max() == 1
        assert to_levels(unit, levels).equal(x)


def test_unit_keeps_the_precision():
    x = torch.arange(4, dtype=torch.uint8).view(1, 1, 2, 2)
    assert to_unit(x, 4).dtype == torch.float32
    assert to_unit(x.double(), 4).dtype == torch.float64
    expected = torch.tensor([0, 1 / 3, 2 / 3, 1], dtype=torch.float64)
    assert torch.allclose(to_unit(x.double(), 4).flatten(), expected, atol=1e-15)


@given(st.floats(-2, 3, allow_nan=False), st.sampled_from([2, 4, 16, 256]))
@settings(max_examples=100, deadline=None)
def test_levels_are_the_nearest(unit: float, levels: int):
    level = to_levels(torch.tensor([unit], dtype=torch.float64), levels)
    assert level.dtype == torch.uint8
    cut = min(max(unit, 0.0), 1.0)
    assert abs(level.item() / (levels - 1) - cut) <= 0.5 / (levels - 1) + 1e-12
