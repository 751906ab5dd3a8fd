"""What a right choice of the active dimensions of a code obeys."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer, Raised
from gencourse.exercises.compare import Mistakes, expect, near, numbers
from gencourse.exercises.error_laws import expect_value_error
from gencourse.exercises.exercise import Wrong

# How far the four images lie around the mean of each dimension, and that mean. Most of
# them are there so that no two mistakes choose the same dimensions.
SPREAD = torch.tensor(
    [
        *(0, 1, 0.06, 0, 0.09, 0.006, 0.009, 0.0115, 0.03, 0.004),
        *(0.103, 0.113, 0.137, 0.045, 5e-5, 1.2, 0.2, 0.0062, 0.012),
    ]
)
MIDDLE = torch.tensor([2, 0, 0, 0.0625, 0.5, 0, -1, 0.2, *[0.0] * 11])
ABOUT = torch.tensor([[1.0, -1, 1, -1]] * 17 + [[3, -1, -1, -1], [1, 1, -1, -1]]).mT
MU = MIDDLE + SPREAD * ABOUT
D, ACTIVE_ONES = 19, 7
ACTIVE: Mistakes = {
    "These are the collapsed dimensions, those whose mean does not vary: the others "
    "are asked for.": lambda mu, at: mu.var(0) <= at,
    "The standard deviation is held against the threshold; the variance is asked "
    "for.": lambda mu, at: mu.std(0) > at,
    "The standard deviation, taken with N, is held against the threshold; the "
    "variance, with N - 1, is asked for.": (
        lambda mu, at: mu.std(0, correction=0) > at
    ),
    "The standard deviation is held against the square of the threshold; it is the "
    "variance that is a square.": lambda mu, at: mu.std(0) > at**2,
    "The variance is held against the root of the threshold; the threshold itself is "
    "meant.": lambda mu, at: mu.var(0) > at**0.5,
    "The variances are divided by the largest; each is held against the threshold as "
    "it is.": lambda mu, at: mu.var(0) / mu.var(0).max() > at,
    "The variances are divided by their sum; each is held against the threshold as it "
    "is.": lambda mu, at: mu.var(0) / mu.var(0).sum() > at,
    "The variances are divided by their mean; each is held against the threshold as "
    "it is.": lambda mu, at: mu.var(0) / mu.var(0).mean() > at,
    "The variance is rounded before it is held against the threshold.": (
        lambda mu, at: mu.var(0).round(decimals=2) > at
    ),
    "The steps from one image to the next decide in yours; the order of images says "
    "nothing.": lambda mu, at: mu.diff(dim=0).abs().mean(0) > at,
    "The size of the means decides in yours; a dimension may be far from 0 and say the "
    "same of every image.": lambda mu, at: mu.abs().mean(0) > at,
    "The mean over images decides in yours; it is how the means vary that counts.": (
        lambda mu, at: mu.mean(0) > at
    ),
    "The absolute value of the mean over images decides in yours; it is how the means "
    "vary that counts.": lambda mu, at: mu.mean(0).abs() > at,
    "The mean square decides in yours: a variance is taken around the mean.": (
        lambda mu, at: mu.square().mean(0) > at
    ),
    "The mean absolute deviation decides in yours; the variance is asked for.": (
        lambda mu, at: (mu - mu.mean(0)).abs().mean(0) > at
    ),
    "The range from the least to the greatest decides in yours; the variance is asked "
    "for.": lambda mu, at: mu.amax(0) - mu.amin(0) > at,
    "The variance is taken with N; N - 1 is asked for.": (
        lambda mu, at: mu.var(0, correction=0) > at
    ),
    "The sum of squares decides in yours; it is not divided by N - 1.": (
        lambda mu, at: (mu - mu.mean(0)).square().sum(0) > at
    ),
    "The standard error decides in yours; the variance is asked for.": (
        lambda mu, at: mu.std(0) / len(mu) ** 0.5 > at
    ),
    "All dimensions are active in yours.": (
        lambda mu, at: torch.ones(mu.shape[1], dtype=torch.bool)
    ),
    "No dimension is active in yours.": (
        lambda mu, at: torch.zeros(mu.shape[1], dtype=torch.bool)
    ),
    "These are the variances themselves; whether each is above the threshold is asked "
    "for.": lambda mu, at: mu.var(0),
    "These are standard deviations; whether each variance is above the threshold is "
    "asked for.": lambda mu, at: mu.std(0),
    "The threshold is not used: a variance above 0 is not enough.": (
        lambda mu, at: mu.var(0) > 0
    ),
}
SHAPES = {
    (4,): "There is a truth value for each dimension, not for each image: look along "
    "the images.",
    (4, D): "All images together decide on a dimension.",
    (): "There is a truth value for each dimension; their sum is the number of active "
    "ones.",
    (1, D): "The axis of the images goes.",
    **dict.fromkeys(
        [
            *((ACTIVE_ONES,), (ACTIVE_ONES, 1)),
            *((D - ACTIVE_ONES,), (D - ACTIVE_ONES, 1)),
        ],
        "A truth value for each dimension is asked for, not the places of some.",
    ),
}


def _right(mu: Tensor, threshold: float) -> Tensor:
    """The variance from the squared distances of all pairs, without their mean."""
    n = len(mu)
    between = (mu.double()[:, None] - mu.double()).square().sum((0, 1))
    return between / (2 * n * (n - 1)) > threshold


def dimensions_are_found(f: Answer) -> None:
    """Of made-up means it is known which vary enough."""
    got = numbers(f(MU, 0.01), (D,), SHAPES)
    what = "True is for a dimension whose mean varies by more than 0.01 over images."
    expect(got, _right(MU, 0.01), what, ACTIVE, (MU.double(), 0.01))


def dimensions_by_default(f: Answer) -> None:
    """Without a threshold it is 0.01."""
    try:
        got = numbers(f(MU), (D,))
    except (Raised, Wrong):
        got = torch.empty(0)
    if not near(got, _right(MU, 0.01)):
        raise Wrong("The threshold has a default: where none is given, it is 0.01.")


def dimensions_by_threshold(f: Answer) -> None:
    """Another threshold makes other dimensions active."""
    for threshold in (0.1, 1e-6, 1.2):
        got = numbers(f(MU, threshold), (D,), SHAPES)
        what = f"With threshold {threshold:g} it is not those of variance above it."
        if near(got, _right(MU, 0.01)):
            raise Wrong(
                f"With threshold {threshold:g} yours are the dimensions of variance "
                "above 0.01: the threshold that is given is not used."
            )
        expect(got, _right(MU, threshold), what)


def dimensions_at_the_threshold(f: Answer) -> None:
    """What varies by just the threshold is not active; nor is a constant above 0."""
    mu = torch.tensor([[0.0, 2.0, 1.0], [1.0, 2.0, 3.0]])
    for threshold, right in ((0.5, [0, 0, 1]), (0.0, [1, 0, 1])):
        got = numbers(f(mu, threshold), (3,))
        what = (
            "A dimension that varies by exactly the threshold is not active: more than "
            "that is asked for."
        )
        expect(got, torch.tensor(right), what, told=f.for_inputs())
    numbers(f(mu[:, :1], 0.0), (1,))


def dimensions_far_from_0(f: Answer) -> None:
    """A mean far from 0 leaves a variance its digits, in float32 too."""
    spread = torch.tensor([0.0, 0.02, 0.05, 0.12, 0.2, 0.5])
    middle = torch.tensor([1000.0, 1000.3, 999.4, 1000.7, 1000.0, 1000.1])
    mu = middle + spread * ABOUT[:, :1]
    got = numbers(f(mu, 0.01), (len(spread),))
    if not near(got, _right(mu, 0.01)):
        raise Wrong(
            "With means near 1000 other dimensions are active: a difference of large "
            "squares loses the digits that count. Subtract the mean, then square."
        )


def dimensions_need_images(f: Answer) -> None:
    """One image, or none, does not vary: a ValueError."""
    for n in (1, 0):
        expect_value_error(
            f, f"For mu of shape {(n, D)}, too few images to vary,", MU[:n], 0.01
        )
