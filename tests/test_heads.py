from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import stats
from torch import Tensor

from gencourse.heads import (
    Bernoulli,
    Categorical,
    Head,
    LogisticMixture,
    logistic_bin,
    make_head,
)

LAST = 1 - 2**-24  # the largest draw that torch.rand makes in float32
HEADS = [
    *(Categorical(levels) for levels in (2, 4, 16, 256)),
    Bernoulli(),
    *(LogisticMixture(levels, k) for levels, k in ((2, 1), (4, 3), (16, 2), (256, 10))),
]
NAMES = [f"{type(head).__name__}-{head.levels}" for head in HEADS]
each_head = pytest.mark.parametrize("head", HEADS, ids=NAMES)


def strong_numbers(head: Head, count: int, seed: int = 0) -> Tensor:
    """Return numbers of strong laws, float64: (count, size)."""
    generator = torch.Generator().manual_seed(seed)
    return 1.5 * torch.randn(count, head.size, generator=generator, dtype=torch.float64)


def law(head: Head, numbers: Tensor) -> Tensor:
    """Return the probability of every level: (..., size) -> (..., levels)."""
    levels = torch.arange(head.levels).expand(*numbers.shape[:-1], -1)
    each = numbers.unsqueeze(-2).expand(*levels.shape, -1)
    return head.log_prob(each, levels).exp()


# --- the law


@each_head
def test_levels_sum_to_one(head: Head):
    found = law(head, strong_numbers(head, 50)).sum(-1)
    torch.testing.assert_close(found, torch.ones_like(found), rtol=0, atol=1e-12)


@each_head
def test_numbers_change_the_law(head: Head):
    """One law for all numbers would sum to one as well."""
    found = law(head, strong_numbers(head, 50))
    assert (found.std(0) > 0.01 / head.levels).all()


def test_softmax_and_bernoulli_are_what_they_are_called():
    numbers = strong_numbers(HEADS[1], 3)
    torch.testing.assert_close(law(Categorical(4), numbers), numbers.softmax(-1))
    numbers = numbers[:, :1]
    on = numbers.sigmoid()
    torch.testing.assert_close(law(Bernoulli(), numbers), torch.cat([1 - on, on], -1))


def scipy_bins(mean: float, scale: float, levels: int) -> np.ndarray:
    """Return the mass of each bin as a difference of two CDF values, or survivals."""
    ends = (np.arange(levels - 1) + 0.5) / (levels - 1) * 2 - 1
    ends = np.concatenate([[-np.inf], ends, [np.inf]])
    known = stats.logistic(loc=mean, scale=scale)
    below, above = np.diff(known.cdf(ends)), -np.diff(known.sf(ends))
    return np.where(ends[1:] < mean, below, above)


@pytest.mark.parametrize("levels", [2, 4, 16, 256])
@pytest.mark.parametrize("log_scale", [-5.0, -2.0, 0.0, 3.0])
@pytest.mark.parametrize("mean", [-1.4, 0.0, 0.3])
def test_one_component_is_scipys_logistic(levels: int, log_scale: float, mean: float):
    numbers = torch.tensor([0.7, mean, log_scale], dtype=torch.float64)
    expected = scipy_bins(mean, math.exp(log_scale), levels)
    found = law(LogisticMixture(levels, 1), numbers)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)
    # The far tail too, where the probabilities themselves are less than 1e-10.
    sure = expected > 1e-280
    np.testing.assert_allclose(found[sure], expected[sure], rtol=1e-8)


def test_a_mixture_is_the_weighted_sum_of_its_components():
    head = LogisticMixture(16, 3)
    numbers = strong_numbers(head, 4)
    weights, means, log_scales = head.split(numbers)
    levels = torch.arange(16)[:, None, None]
    each = logistic_bin(levels, means, log_scales, 16).exp()
    expected = (each * weights.softmax(-1)).sum(-1).T
    torch.testing.assert_close(law(head, numbers), expected)


def test_the_order_of_components_changes_nothing():
    head = LogisticMixture(256, 5)
    numbers = strong_numbers(head, 4)
    weights, means, log_scales = (v.flip(-1) for v in head.split(numbers))
    spread = head.split(torch.zeros_like(numbers))[1]
    turned = torch.cat([weights, means - spread, log_scales], -1)
    assert not torch.allclose(turned, numbers)
    torch.testing.assert_close(law(head, turned), law(head, numbers))


def test_numbers_of_zero_spread_the_components():
    _, means, _ = LogisticMixture(256, 4).split(torch.zeros(12))
    assert means.tolist() == [-0.75, -0.25, 0.25, 0.75]


# --- the mean


@each_head
def test_the_mean_is_the_sum_over_levels(head: Head):
    numbers = strong_numbers(head, 50)
    levels = torch.arange(head.levels, dtype=torch.float64)
    found = head.mean(numbers)
    torch.testing.assert_close(found, law(head, numbers) @ levels)
    assert found.std() > 0.02 * (head.levels - 1)  # it is not the middle everywhere


@each_head
def test_the_mean_keeps_axes_and_dtype(head: Head):
    numbers = strong_numbers(head, 6).view(2, 3, head.size)
    found = head.mean(numbers)
    assert (found.shape, found.dtype) == ((2, 3), torch.float64)
    torch.testing.assert_close(found[1, 2], head.mean(numbers[1, 2]))
    single = head.mean(numbers.float())
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), found, rtol=1e-4, atol=1e-4)


@each_head
def test_the_mean_is_that_of_draws(head: Head):
    generator, count = torch.Generator().manual_seed(5), 20_000
    for numbers in strong_numbers(head, 3, seed=2):
        draws = torch.rand(count, head.draws, generator=generator).double()
        levels = head.sample(numbers.expand(count, -1), draws).double()
        error = levels.std() / count**0.5
        assert abs(levels.mean() - head.mean(numbers)) < 4 * error


@each_head
def test_the_mean_lies_between_the_first_level_and_the_last(head: Head):
    for dtype in (torch.float32, torch.float64):
        found = head.mean(40 * strong_numbers(head, 200).to(dtype))
        assert found.min() >= 0 and found.max() <= head.levels - 1 + 1e-4


# --- float32


@pytest.mark.parametrize("levels", [2, 16, 256])
def test_values_and_gradients_are_finite_in_float32(levels: int):
    log_scale = torch.linspace(-7, 4, 45)[:, None, None].requires_grad_()
    mean = torch.tensor([-40.0, -3, -1, 0, 0.1, 1, 3, 40])[:, None].requires_grad_()
    found = logistic_bin(torch.arange(levels), mean, log_scale, levels)
    assert found.dtype == torch.float32
    assert found.isfinite().all()
    for gradient in torch.autograd.grad(found.sum(), [mean, log_scale]):
        assert gradient.isfinite().all()
    assert (found <= 0).all()


def test_float32_agrees_with_float64():
    head = LogisticMixture(256, 10)
    numbers = strong_numbers(head, 20)
    levels = torch.arange(256).expand(20, -1)
    exact = head.log_prob(numbers[:, None], levels)
    found = head.log_prob(numbers.float()[:, None], levels)
    torch.testing.assert_close(found, exact.float(), rtol=2e-4, atol=1e-3)


@pytest.mark.parametrize("levels", [4, 256])
def test_wide_laws_lose_no_digits_in_float32(levels: int):
    """1 - exp(-d) keeps three digits of a small d; expm1 keeps them all."""
    log_scale = torch.linspace(0, 6, 13, dtype=torch.float64)[:, None, None]
    mean = torch.linspace(-1, 1, 5, dtype=torch.float64)[:, None]
    x = torch.arange(levels)
    found = logistic_bin(x, mean.float(), log_scale.float(), levels)
    exact = logistic_bin(x, mean, log_scale, levels)
    torch.testing.assert_close(found.double(), exact, rtol=0, atol=5e-6)


def test_scales_below_the_least_are_the_least():
    head = LogisticMixture(256, 1)
    least, less = (law(head, torch.tensor([0.0, 0.1, s])) for s in (-7.0, -90.0))
    assert torch.equal(least, less)


def test_scales_above_the_greatest_are_the_greatest():
    """A bin of a law without a bound has no width, and an image an infinite loss."""
    head = LogisticMixture(256, 1)
    most, more = (law(head, torch.tensor([0.0, 0.1, s])) for s in (7.0, 90.0))
    assert torch.equal(most, more)
    assert more.log().isfinite().all()


def robust_bin(x: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """PixelCNN++'s bin of 256 levels: a density times a width, where the mass is small.

    Salimans et al. 2017 publish this branch with their paper's code.
    """
    centre, precision = x.to(mean.dtype) / 127.5 - 1, torch.exp(-log_scale)
    upper = precision * (centre - mean + 1 / 255)
    lower = precision * (centre - mean - 1 / 255)
    middle = precision * (centre - mean)
    mass = upper.sigmoid() - lower.sigmoid()
    density = middle - log_scale - 2 * F.softplus(middle) - math.log(127.5)
    inside = torch.where(mass > 1e-5, mass.clamp(min=1e-12).log(), density)
    outer = torch.where(x == 255, -F.softplus(lower), inside)
    return torch.where(x == 0, upper - F.softplus(upper), outer)


def test_the_branch_of_pixelcnn_plus_plus_does_not_sum_to_one_and_ours_does():
    levels = torch.arange(256)
    mean = torch.linspace(-1.5, 1.5, 31, dtype=torch.float64)[:, None, None]
    log_scale = torch.linspace(-7, 1, 33, dtype=torch.float64)[:, None]
    theirs = robust_bin(levels, mean, log_scale).exp().sum(-1) - 1
    ours = logistic_bin(levels, mean, log_scale, 256).exp().sum(-1) - 1
    assert theirs.abs().max() > 1e-6
    assert ours.abs().max() < 1e-12


# --- drawing


@pytest.mark.parametrize("head", HEADS[:5], ids=NAMES[:5])
def test_one_draw_runs_through_the_levels_in_order(head: Head):
    """Evenly spaced draws give each level its share, to within one draw."""
    count = 10_000
    draws = (torch.arange(count, dtype=torch.float64)[:, None] + 0.5) / count
    for numbers in strong_numbers(head, 5):
        levels = head.sample(numbers.expand(count, -1), draws)
        assert levels.dtype == torch.int64
        assert (levels.diff() >= 0).all()
        shares = torch.bincount(levels, minlength=head.levels)
        assert (shares - count * law(head, numbers)).abs().max() < 1 + 1e-6


def p_value(head: Head, numbers: Tensor, levels: Tensor) -> float:
    """Return the p-value of drawn levels under the head's law, rare levels as one."""
    expected = len(levels) * law(head, numbers)
    counts = torch.bincount(levels, minlength=head.levels).double()
    rare = expected < 5
    pairs = [torch.cat([v[~rare], v[rare].sum()[None]]) for v in (counts, expected)]
    counts, expected = (pair[pairs[1] > 0] for pair in pairs)
    return float(stats.chisquare(counts, expected * counts.sum() / expected.sum())[1])


@each_head
def test_draws_follow_the_law(head: Head):
    generator = torch.Generator().manual_seed(3)
    for numbers in strong_numbers(head, 4, seed=1):
        draws = torch.rand(30_000, head.draws, generator=generator)
        levels = head.sample(numbers.expand(len(draws), -1), draws.double())
        assert p_value(head, numbers, levels) > 1e-3


@each_head
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_outermost_draws_are_levels_that_can_happen(head: Head, dtype: torch.dtype):
    for scale in (1, 4):
        numbers = (scale * strong_numbers(head, 200)).to(dtype)
        probability = law(head, numbers)
        for edge in (0.0, LAST):
            levels = head.sample(numbers, torch.full((200, head.draws), edge).to(dtype))
            assert levels.min() >= 0
            assert levels.max() < head.levels
            assert (probability.gather(1, levels[:, None]) > 0).all()


def test_a_level_of_probability_zero_is_never_drawn():
    never = -math.inf
    numbers = torch.tensor([[never, 0, never, 1, never], [0, never, never, never, 2]])
    for draw in (0.0, 2**-24, 0.3, 0.7, LAST):
        levels = Categorical(5).sample(numbers, torch.full((2, 1), draw))
        assert numbers.gather(1, levels[:, None]).isfinite().all()
    certain = torch.tensor([[-200.0], [200.0]])
    for draw in (0.0, LAST):
        found = Bernoulli().sample(certain, torch.full((2, 1), draw))
        assert found.tolist() == [0, 1]


def test_a_narrow_logistic_never_draws_a_level_far_from_its_mean():
    """The logit of a draw of 0 is -infinity: once in 2^24 draws a black pixel."""
    numbers = torch.tensor([0.0, 1.0, -7.0])
    found = [
        LogisticMixture(256, 1).sample(numbers, torch.full((2,), u)).item()
        for u in (0.0, 0.5, LAST)
    ]
    assert found == [253, 255, 255]


# --- what is refused


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Categorical(1), "expected levels to be an int from 2 to 256, got 1"),
        (lambda: Categorical(257), "from 2 to 256, got 257"),
        (lambda: Categorical(4.0), r"from 2 to 256, got 4\.0"),
        (lambda: LogisticMixture(0, 3), "from 2 to 256, got 0"),
        (
            lambda: LogisticMixture(4, 0),
            "expected components to be an int of 1 or more",
        ),
        (lambda: LogisticMixture(4, 2.5), r"components .* got 2\.5"),
        (lambda: Bernoulli(4), "a Bernoulli head has 2 levels, got levels=4"),
        (lambda: make_head("bernoulli", 256, 10), "2 levels, got levels=256"),
        (
            lambda: make_head("gauss", 256, 10),
            "expected head softmax, bernoulli or logistic, got 'gauss'",
        ),
    ],
)
def test_wrong_settings_are_told(make, said: str):
    with pytest.raises(ValueError, match=said):
        make()


def test_a_head_is_made_by_its_name():
    assert type(make_head("softmax", 4, 10)) is Categorical
    assert type(make_head("bernoulli", 2, 10)) is Bernoulli
    mixture = make_head("logistic", 16, 3)
    assert (type(mixture), mixture.size) == (LogisticMixture, 9)
