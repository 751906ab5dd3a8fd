"""Shapes of known factors, the information gap, and what it found of beta."""

from __future__ import annotations

import math
from itertools import product

import measure_beta as tool
import pytest
import torch
from sklearn.metrics import mutual_info_score

from gencourse.evaluate import measured
from gencourse.factors import (
    FACTORS,
    information_shares,
    mutual_information_gap,
    shapes,
)

N = 2000


def noise(*size, seed=0):
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed))


# --- the images


def test_every_combination_comes_once():
    x, factors = shapes(positions=3, sizes=2, greys=4)
    assert x.dtype == torch.uint8 and x.shape == (72, 1, 16, 16)
    assert factors.dtype == torch.int64 and factors.shape == (72, len(FACTORS))
    assert len(factors.unique(dim=0)) == len(x.unique(dim=0)) == 72
    assert factors.amax(0).tolist() == [2, 2, 1, 3] and factors.min() == 0
    again, _ = shapes(positions=3, sizes=2, greys=4)
    assert torch.equal(x, again)


def test_the_factors_are_what_they_are_called():
    x, factors = shapes()
    grey = x[:, 0].double()
    mass = grey.sum((1, 2))
    pixel = torch.arange(16).double()
    column, row = grey.sum(1) @ pixel / mass, grey.sum(2) @ pixel / mass
    places = torch.linspace(4.5, 10.5, 10).double()
    # Rounding to levels moves the centre of mass a little.
    torch.testing.assert_close(column, places[factors[:, 0]], atol=0.02, rtol=0)
    torch.testing.assert_close(row, places[factors[:, 1]], atol=0.02, rtol=0)
    tone = torch.linspace(0.4, 1, 4).double()[factors[:, 3]]
    radius = torch.linspace(1.5, 3, 5).double()[factors[:, 2]]
    area = mass / (255 * tone)
    # The soft edge adds pi^3 s^2 / 3 to the area of a disc, s being its width.
    expected = math.pi * radius**2 + math.pi**3 / 3 * 0.4**2
    torch.testing.assert_close(area, expected, atol=0, rtol=0.03)
    assert x[:, :, [0, -1]].max() < 10 and x[:, :, :, [0, -1]].max() < 10


@pytest.mark.parametrize("name", ["positions", "sizes", "greys"])
def test_no_values_are_refused(name):
    with pytest.raises(ValueError, match=f"expected {name} to be an int of 1 or more"):
        shapes(**{name: 0})


# --- the gap


@pytest.fixture(scope="module")
def factors():
    return shapes()[1]


def test_codes_that_are_the_factors_have_gap_one(factors):
    stretched = torch.stack(
        [
            -factors[:, 2].double(),
            factors[:, 0].double().exp(),
            noise(N),
            factors[:, 3].double() ** 3,
            0.01 * factors[:, 1].double(),
        ],
        dim=1,
    )
    flat = stretched.clone()
    flat[:, 2] = 0  # a dimension that says nothing takes nothing away
    assert mutual_information_gap(flat, factors) == pytest.approx(1, abs=1e-9)
    assert mutual_information_gap(stretched, factors) == pytest.approx(1, abs=0.05)


def test_a_rotation_by_45_degrees_leaves_no_gap(factors):
    places = factors[:, :2].double() + torch.rand(N, 2, generator=torch.manual_seed(0))
    apart = mutual_information_gap(places, factors[:, :2])
    turned = torch.stack([places.sum(1), places[:, 0] - places[:, 1]], dim=1)
    assert apart == pytest.approx(1, abs=0.02)
    assert mutual_information_gap(turned, factors[:, :2]) == pytest.approx(0, abs=0.02)


def test_noise_has_no_gap(factors):
    gap = mutual_information_gap(noise(20 * N, 6), factors.repeat(20, 1))
    assert gap == pytest.approx(0, abs=1e-3)


def test_two_dimensions_that_say_the_same_leave_no_gap(factors):
    twice = factors.double().repeat(1, 2)
    assert mutual_information_gap(twice, factors) == pytest.approx(0, abs=1e-9)


def test_the_order_of_dimensions_factors_and_images_does_not_matter(factors):
    z = factors.double() @ noise(4, 6).double() + noise(N, 6)
    gap = mutual_information_gap(z, factors)
    assert 0.02 < gap < 0.5
    shuffle = torch.randperm(N, generator=torch.Generator().manual_seed(1))
    assert mutual_information_gap(z[:, [3, 0, 5, 1, 2, 4]], factors) == gap
    changed = mutual_information_gap(z[shuffle], factors[shuffle][:, [2, 0, 3, 1]])
    assert changed == pytest.approx(gap, abs=1e-12)
    assert mutual_information_gap(z.exp() * 5, factors) == pytest.approx(gap, abs=1e-3)


def test_shares_are_those_of_scikit_learn(factors):
    z = factors.double() @ noise(4, 3).double() + 3 * noise(N, 3)
    shares = information_shares(z, factors, bins=7)
    assert shares.shape == (4, 3)
    for k, factor in enumerate(factors.T):
        for j, code in enumerate(z.T):
            rank = code.argsort().argsort() * 7 // N  # bins of equal mass
            found = mutual_info_score(rank.numpy(), factor.numpy())
            entropy = mutual_info_score(factor.numpy(), factor.numpy())
            assert shares[k, j].item() == pytest.approx(found / entropy, abs=2e-3)


def test_a_gap_by_hand():
    # Two fair bits: one dimension is the first of them, another says a little of it.
    bits = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]]).repeat(2, 1)
    half = torch.tensor([0.0, 0, 1, 1, 0, 0, 0, 0])
    z = torch.stack([bits[:, 0].float(), half], dim=1)
    shares = information_shares(z, bits, bins=4)
    # I = H(1/4) - H(half | bit) = H(1/4) - 1/2 log 2.
    quarter = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    expected = (quarter - 0.5 * math.log(2)) / math.log(2)
    assert shares.flatten().tolist() == pytest.approx([1, expected, 0, 0], abs=1e-9)
    gap = mutual_information_gap(z, bits, bins=4)
    assert gap == pytest.approx((1 - expected) / 2, abs=1e-9)


@pytest.mark.parametrize(
    ("z", "factors", "bins", "message"),
    [
        (torch.zeros(4), torch.zeros(4, 1).long(), 20, r"floating codes \(N, D\), got"),
        (torch.zeros(4, 2).long(), torch.zeros(4, 1).long(), 20, "int64"),
        (torch.full((2, 2), math.nan), torch.tensor([[0], [1]]), 20, "finite"),
        (torch.zeros(2, 2), torch.tensor([[0.0], [1.0]]), 20, "float32"),
        (torch.zeros(2, 2), torch.tensor([[0], [1], [2]]), 20, r"\(2, F\), got"),
        (torch.zeros(2, 2), torch.zeros(2, 0).long(), 20, r"\(2, F\), got"),
        (torch.zeros(2, 2), torch.tensor([[0], [-1]]), 20, "0 or more"),
        (torch.zeros(2, 2), torch.tensor([[3], [3]]), 20, "two values"),
        (torch.zeros(2, 2), torch.tensor([[0], [1]]), 1, "bins to be an int of 2"),
        (torch.zeros(2, 1), torch.tensor([[0], [1]]), 20, "2 or more dimensions"),
    ],
)
def test_what_is_no_code_or_no_factor_is_refused(z, factors, bins, message):
    with pytest.raises(ValueError, match=message):
        mutual_information_gap(z, factors, bins)


# --- what was measured


def test_the_measurement_of_beta_is_whole():
    found = measured("beta")
    assert {name: found[name] for name in tool.settings()} == tool.settings()
    runs = [(row["images"], row["beta"], row["seed"]) for row in found["rows"]]
    assert sorted(runs) == sorted(product(tool.HEADS, tool.BETAS, tool.SEEDS))
    for kind, lines in found["by_beta"].items():
        assert [line["beta"] for line in lines] == sorted(tool.BETAS)
        assert lines == tool.summary(found["rows"], kind)


def test_a_summary_is_the_mean_and_the_spread_over_seeds():
    line = tool.summary(
        [
            {"images": "grey", "beta": 1.0, "seed": 0, "gap": 0.25},
            {"images": "grey", "beta": 1.0, "seed": 1, "gap": 0.75},
            {"images": "binary", "beta": 1.0, "seed": 0, "gap": 9.0},
        ],
        "grey",
    )
    assert line == [{"beta": 1.0, "gap": {"mean": 0.5, "std": 0.353553}}]


def test_a_short_run_is_measured_the_same_twice():
    x, factors = tool.images_of("binary")
    assert x.max() == 1 and len(x) == len(factors) == 500
    model = tool.trained("binary", x, beta=1.0, seed=0, steps=20)
    row = tool.row_of(model, x, factors)
    assert row == tool.row_of(model, x, factors)
    assert 0 < row["gap"] < 1 and 0 < row["squared_error"] < 1
    assert row["kl_nats"] > 0 and 0 < row["reconstruction_nats"] < 256 * math.log(2)
