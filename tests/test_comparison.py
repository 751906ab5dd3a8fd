"""What models are compared by, against libraries and slow loops."""

from __future__ import annotations

import math

import pytest
import torch
from scipy import stats
from sklearn.metrics import roc_auc_score
from torch import Tensor

from gencourse.comparison import (
    auroc,
    contaminated_log_prob,
    pareto_front,
    welch_t,
)


def draw(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


# --- a model that mostly draws noise


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9])
def test_the_mixture_is_a_law_and_has_so_much_of_the_model(share: float):
    log_p, log_noise = draw(40).log_softmax(0), draw(40, seed=1).log_softmax(0)
    found = contaminated_log_prob(log_p, log_noise, share)
    assert found.exp().sum().item() == pytest.approx(1, abs=1e-12)
    expected = share * log_p.exp() + (1 - share) * log_noise.exp()
    torch.testing.assert_close(found.exp(), expected)


def test_no_image_loses_more_than_the_share_costs():
    log_p = torch.linspace(-5000, -5, 200, dtype=torch.float64)
    poor = torch.full_like(log_p, -1e9)
    for share in (0.01, 0.3):
        lost = log_p - contaminated_log_prob(log_p, poor, share)
        torch.testing.assert_close(lost, torch.full_like(lost, -math.log(share)))
        # Where the noise is likelier than the model nothing is lost.
        lost = log_p - contaminated_log_prob(log_p, log_p + 10, share)
        assert (lost < 0).all()
    # In float32 too: e^-5000 is nought, its logarithm is not.
    found = contaminated_log_prob(*torch.full((2, 3), -5000.0), 0.01)
    torch.testing.assert_close(found, torch.full((3,), -5000.0))


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.1, math.nan])
def test_a_share_is_between_0_and_1(share: float):
    with pytest.raises(ValueError, match=f"between 0 and 1, got {share}"):
        contaminated_log_prob(draw(3), draw(3), share)


def test_log_likelihoods_are_of_the_same_images():
    for shape in ((1,), (4,), (3, 1), ()):
        with pytest.raises(ValueError, match=r"one shape, got \(3,\) and \("):
            contaminated_log_prob(draw(3), torch.zeros(shape), 0.5)


# --- telling images apart


@pytest.mark.parametrize("digits", [0, 1, 8], ids=lambda d: f"rounded to {d}")
def test_the_area_is_that_of_scikit_learn(digits: int):
    for seed in range(5):
        inside = (0.7 + draw(37, seed=seed)).round(decimals=digits)
        outside = draw(53, seed=seed + 100).round(decimals=digits)
        truth = torch.cat([torch.ones(37), torch.zeros(53)])
        expected = roc_auc_score(truth, torch.cat([inside, outside]))
        assert auroc(inside, outside) == pytest.approx(expected, abs=1e-12)
        back = auroc(outside, inside)
        assert auroc(inside, outside) + back == pytest.approx(1, abs=1e-12)
        assert 0.5 < auroc(inside, outside) < 0.95


def test_the_ends_of_the_area():
    low, high = torch.tensor([-3.0, -2.0]), torch.tensor([1.0])
    assert (auroc(high, low), auroc(low, high), auroc(low, low)) == (1, 0, 0.5)


def test_scores_that_cannot_be_subtracted_are_compared():
    """What no model can draw has -inf; and levels are uint8, which wrap around."""
    never = torch.tensor([-torch.inf, -torch.inf])
    assert auroc(never, never) == 0.5
    assert auroc(torch.tensor([-torch.inf, 0.0]), never) == 0.75
    dark, light = (torch.tensor([level], dtype=torch.uint8) for level in (3, 200))
    assert (auroc(dark, light), auroc(light, dark)) == (0, 1)


@pytest.mark.parametrize(
    ("inside", "outside", "said"),
    [
        (torch.zeros(0), torch.zeros(2), r"got \(0,\) and \(2,\)"),
        (torch.zeros(2), torch.zeros(0), r"got \(2,\) and \(0,\)"),
        (torch.zeros(2, 1), torch.zeros(2), r"got \(2, 1\) and \(2,\)"),
        (torch.zeros(2), torch.tensor(1.0), r"got \(2,\) and \(\)"),
        (torch.tensor([math.nan, 1]), torch.zeros(2), "NaN"),
        (torch.zeros(2), torch.tensor([math.nan]), "NaN"),
    ],
)
def test_scores_are_a_row_each(inside: Tensor, outside: Tensor, said: str):
    with pytest.raises(ValueError, match=said):
        auroc(inside, outside)


# --- who is beaten by nobody


def slow_front(costs: Tensor) -> list[bool]:
    kept = []
    for mine in costs.tolist():
        beaten = False
        for other in costs.tolist():
            pairs = list(zip(other, mine, strict=True))
            nowhere_more = all(a <= b for a, b in pairs)
            beaten |= nowhere_more and any(a < b for a, b in pairs)
        kept.append(not beaten)
    return kept


@pytest.mark.parametrize("things", [1, 2, 3, 4])
@pytest.mark.parametrize("levels", [3, 10_000])
def test_the_front_is_that_of_a_double_loop(things: int, levels: int):
    for seed in range(10):
        generator = torch.Generator().manual_seed(seed)
        costs = torch.randint(levels, (25, things), generator=generator)
        for given in (costs, costs.double() / 7):
            assert pareto_front(given).tolist() == slow_front(given)
        order = torch.randperm(25, generator=generator)
        assert pareto_front(costs[order]).equal(pareto_front(costs)[order])


def test_the_front_of_few_rows():
    assert pareto_front(torch.tensor([[3.0, 1.0]])).tolist() == [True]
    assert pareto_front(torch.ones(3, 2)).tolist() == [True] * 3
    costs = torch.tensor([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0]])
    assert pareto_front(costs).tolist() == [True, True, False, True]
    unknown = torch.tensor([[torch.inf, 1.0], [5.0, 1.0], [torch.inf, 0.5]])
    assert pareto_front(unknown).tolist() == [False, True, True]


@pytest.mark.parametrize(
    "costs",
    [torch.zeros(3), torch.zeros(0, 2), torch.tensor([[1.0, math.nan], [0.0, 0.0]])],
)
def test_costs_are_a_table_of_numbers(costs: Tensor):
    with pytest.raises(ValueError, match=r"expected costs \(M, K\) without NaN"):
        pareto_front(costs)


# --- luck


@pytest.mark.parametrize(("few", "many"), [(2, 2), (3, 3), (3, 7)])
def test_the_difference_is_welchs(few: int, many: int):
    for seed in range(5):
        a, b = 3 + draw(few, seed=seed), 2.5 * draw(many, seed=seed + 9)
        expected = stats.ttest_ind(a, b, equal_var=False).statistic
        assert welch_t(a, b) == pytest.approx(expected, rel=1e-10)
        assert welch_t(b, a) == pytest.approx(-expected, rel=1e-10)
        assert welch_t(7 * a + 2, 7 * b + 2) == pytest.approx(expected, rel=1e-9)
    assert isinstance(welch_t(a, b), float)


def test_whole_numbers_and_half_precision_are_runs_too():
    a, b = torch.tensor([1, 2, 4]), torch.tensor([5, 6, 6])
    expected = stats.ttest_ind(a, b, equal_var=False).statistic
    for dtype in (torch.int64, torch.float16, torch.float32):
        assert welch_t(a.to(dtype), b.to(dtype)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (torch.zeros(1), torch.zeros(2), r"got \(1,\) and \(2,\)"),
        (torch.zeros(2), torch.zeros(1), r"got \(2,\) and \(1,\)"),
        (torch.zeros(2, 2), torch.zeros(2), r"got \(2, 2\) and \(2,\)"),
        (torch.tensor(1.0), torch.zeros(2), r"got \(\) and \(2,\)"),
    ],
)
def test_one_run_tells_nothing_of_luck(a: Tensor, b: Tensor, said: str):
    with pytest.raises(ValueError, match=f"two runs or more of each, {said}"):
        welch_t(a, b)
