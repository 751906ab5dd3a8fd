from __future__ import annotations

import json
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gencourse.evaluate import (
    MEASURED,
    bits_per_dim,
    mean_over_images,
    measured,
    paired_difference,
)


def test_256_equal_levels_cost_8_bits():
    nats = torch.tensor([784 * math.log(256)], dtype=torch.float64)
    assert bits_per_dim(nats, 784).item() == pytest.approx(8, abs=1e-12)


def test_fair_coins_cost_a_bit_each():
    nats = torch.tensor(784 * math.log(2), dtype=torch.float64)
    assert nats.item() == pytest.approx(543.43, abs=5e-3)
    assert bits_per_dim(nats, 784).item() == pytest.approx(1, abs=1e-12)


def test_bits_keep_shape_and_precision():
    nats = torch.rand(2, 3, 4, dtype=torch.float64)
    assert bits_per_dim(nats, 12).shape == (2, 3, 4)
    expected = nats / 12 * math.log2(math.e)
    assert torch.allclose(bits_per_dim(nats, 12), expected, rtol=1e-14, atol=0)


def brightness(x: Tensor) -> Tensor:
    return x.double().flatten(1).square().mean(1)


@given(st.integers(1, 23), st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_the_mean_does_not_depend_on_the_batches(count: int, size: int):
    x = torch.rand(count, 1, 2, 3, generator=torch.Generator().manual_seed(count))
    expected = brightness(x).mean().item()
    assert mean_over_images(brightness, x, size) == pytest.approx(expected, abs=1e-12)


def test_float32_values_are_added_in_double_precision():
    x = torch.full((200_001, 1), 0.1)
    x[0] = 2.0**24  # to float32, 2^24 + 0.1 is 2^24
    expected = (2.0**24 + 200_000 * float(torch.tensor(0.1))) / 200_001
    got = mean_over_images(lambda part: part[:, 0], x)
    assert got == pytest.approx(expected, rel=1e-12)


def test_images_are_measured_without_gradients():
    seen = []

    def measure(part: Tensor) -> Tensor:
        seen.append((len(part), torch.is_inference_mode_enabled()))
        return part.sum(1)

    mean_over_images(measure, torch.ones(7, 2, requires_grad=True), 3)
    assert seen == [(3, True), (3, True), (1, True)]


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (lambda x: x.mean(), r"a number for each of 4 images, got shape \(\)"),
        (lambda x: x, r"got shape \(4, 2\)"),
        (lambda x: x[:3, 0], r"got shape \(3,\)"),
    ],
)
def test_a_measure_gives_a_number_for_each_image(measure, said: str):
    with pytest.raises(ValueError, match=said):
        mean_over_images(measure, torch.ones(4, 2))


def test_no_images_have_no_mean():
    with pytest.raises(ValueError, match="at least one image"):
        mean_over_images(brightness, torch.ones(0, 1, 2, 3))


def test_a_paired_difference_by_hand():
    a, b = torch.tensor([5.0, 9.0, 4.0]), torch.tensor([4.0, 9.0, 1.0])
    mean, error = paired_difference(a, b)  # differences 1, 0, 3 of variance 7 / 3
    assert (type(mean), type(error)) == (float, float)
    assert mean == pytest.approx(4 / 3, abs=1e-12)
    assert error == pytest.approx(math.sqrt(7) / 3, abs=1e-12)
    assert paired_difference(b, a) == (-mean, error)


def test_what_is_hard_for_both_falls_out_of_a_difference():
    hardness = 1e6 * torch.arange(4)
    a, b = hardness + 1, hardness + torch.tensor([0.0, 2.0, 0.0, 2.0])
    mean, error = paired_difference(a, b)
    assert mean == 0
    assert error == pytest.approx(math.sqrt(4 / 3) / 2, abs=1e-9)


def test_the_standard_error_is_the_spread_of_the_mean():
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 2000, 50, generator=generator, dtype=torch.float64)
    found = torch.tensor([paired_difference(x, y) for x, y in zip(a, b, strict=True)])
    assert found[:, 0].std().item() == pytest.approx(0.2, rel=0.06)
    assert found[:, 1].square().mean().sqrt().item() == pytest.approx(0.2, rel=0.02)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ((3,), (4,), r"\(3,\) and \(4,\)"),
        ((3,), (1,), r"\(3,\) and \(1,\)"),
        ((3, 2), (3, 2), r"a value of each model .* \(3, 2\)"),
        ((1,), (1,), "2 images or more, got 1"),
        ((0,), (0,), "2 images or more, got 0"),
    ],
)
def test_a_paired_difference_needs_pairs(first, second, said: str):
    with pytest.raises(ValueError, match=said):
        paired_difference(torch.zeros(first), torch.zeros(second))


def test_measurements_are_found_by_name():
    paths = list(MEASURED.glob("*.json"))
    assert paths
    for path in paths:
        found = measured(path.stem)
        assert found == json.loads(path.read_text(encoding="utf-8"))
        assert {"command", "made"} <= found.keys()


def test_an_unknown_measurement_lists_the_known():
    for name in ("baseline", "../measured/baselines", ""):
        with pytest.raises(ValueError, match=r"there are: .*baselines"):
            measured(name)
