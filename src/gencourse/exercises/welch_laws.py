"""What the difference of two recipes' means, in units of luck, obeys."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers
from gencourse.exercises.exercise import Wrong

A = torch.tensor([3.1, 2.4, 4.9, 2.7, 3.6])
B = torch.tensor([1.2, 2.9, 1.6])


def _spread(runs: Tensor) -> Tensor:
    """The variance with N - 1, from the squared distances of all pairs."""
    n = len(runs)
    return (runs[:, None] - runs).square().sum() / (2 * n * (n - 1))


def _gap(a: Tensor, b: Tensor) -> Tensor:
    return a.mean() - b.mean()


def _exact(a: Tensor, b: Tensor) -> Tensor:
    a, b = a.double(), b.double()
    error = (_spread(a) / len(a) + _spread(b) / len(b)).sqrt()
    return _gap(a, b) / error


def _pooled(a: Tensor, b: Tensor) -> Tensor:
    """The variance that both would have if they had the same."""
    n, m = len(a) - 1, len(b) - 1
    return (n * a.var() + m * b.var()) / (n + m)


def _over(a: Tensor, b: Tensor, error: Tensor) -> Tensor:
    return _gap(a, b) / error


def _paired(a: Tensor, b: Tensor) -> Tensor:
    n = min(len(a), len(b))
    gaps = a[:n] - b[:n]
    return gaps.mean() / (gaps.var() / n).sqrt()


# Of the right value and both recipes' results, in float64.
WELCH: Mistakes = {
    "The sign is turned: mean(a) - mean(b) is asked for.": lambda t, a, b: -t,
    "This is the square of what is asked for.": lambda t, a, b: t**2,
    "Yours is upside down: the difference is divided by its error.": (
        lambda t, a, b: 1 / t
    ),
    "This is the difference of the means; in units of its error it is asked for.": (
        lambda t, a, b: _gap(a, b)
    ),
    "This is the error of the difference; the difference is divided by it.": (
        lambda t, a, b: _gap(a, b) / t
    ),
    "Both variances are taken with N; N - 1 is asked for.": lambda t, a, b: _over(
        a, b, (a.var(correction=0) / len(a) + b.var(correction=0) / len(b)).sqrt()
    ),
    "The variances are divided by N - 1 and M - 1 once more; it is the number of runs "
    "that a mean's variance is divided by.": lambda t, a, b: _over(
        a, b, (a.var() / (len(a) - 1) + b.var() / (len(b) - 1)).sqrt()
    ),
    "The two variances are pooled into one; each recipe has its own.": (
        lambda t, a, b: _over(a, b, (_pooled(a, b) * (1 / len(a) + 1 / len(b))).sqrt())
    ),
    "The variances are not divided by the number of runs: so much single runs differ, "
    "and means differ less.": lambda t, a, b: _over(a, b, (a.var() + b.var()).sqrt()),
    "The mean of the variances stands under the root; each is divided by its number "
    "of runs, and they are added.": (
        lambda t, a, b: _over(a, b, ((a.var() + b.var()) / 2).sqrt())
    ),
    "The pooled variance stands under the root, and the numbers of runs are not "
    "used.": lambda t, a, b: _over(a, b, _pooled(a, b).sqrt()),
    "The sum of the variances is divided by the number of all runs; each is divided "
    "by its own.": (
        lambda t, a, b: _over(a, b, ((a.var() + b.var()) / (len(a) + len(b))).sqrt())
    ),
    "The variances are divided by each other's number of runs.": (
        lambda t, a, b: _over(a, b, (a.var() / len(b) + b.var() / len(a)).sqrt())
    ),
    "The root is missing.": (
        lambda t, a, b: _over(a, b, a.var() / len(a) + b.var() / len(b))
    ),
    "The roots are added; it is the squared errors of the means that add up, and the "
    "root comes last.": lambda t, a, b: _over(
        a, b, a.std() / len(a) ** 0.5 + b.std() / len(b) ** 0.5
    ),
    "The standard deviations are added, and not divided by the root of the number of "
    "runs.": lambda t, a, b: _over(a, b, a.std() + b.std()),
    "The standard deviations stand where the variances belong.": (
        lambda t, a, b: _over(a, b, (a.std() / len(a) + b.std() / len(b)).sqrt())
    ),
    "The standard deviations are divided by N and M and added; variances are.": (
        lambda t, a, b: _over(a, b, a.std() / len(a) + b.std() / len(b))
    ),
    "The error of the first mean alone divides; the second is uncertain too.": (
        lambda t, a, b: _over(a, b, (a.var() / len(a)).sqrt())
    ),
    "The error of the second mean alone divides; the first is uncertain too.": (
        lambda t, a, b: _over(a, b, (b.var() / len(b)).sqrt())
    ),
    "The difference of the variances stands under the root; both add to the error.": (
        lambda t, a, b: _over(a, b, (a.var() / len(a) - b.var() / len(b)).abs().sqrt())
    ),
    "The difference is divided by the standard deviation of all runs together, which "
    "holds the difference itself.": (
        lambda t, a, b: _over(a, b, torch.cat([a, b]).std())
    ),
    "The medians are subtracted; the means are asked for.": (
        lambda t, a, b: (a.quantile(0.5) - b.quantile(0.5)) * t / _gap(a, b)
    ),
    "The runs are taken in pairs, and those without a partner are left out; run 1 of "
    "a has nothing to do with run 1 of b.": lambda t, a, b: _paired(a, b),
    "The means are added; their difference is asked for.": (
        lambda t, a, b: (a.mean() + b.mean()) * t / _gap(a, b)
    ),
}
ONE = "One number is asked for: the means of all runs are compared."
SHAPES = {
    (2,): "One number is asked for: the first, if the second is a probability.",
    (5,): ONE,
    (3,): ONE,
    (5, 3): ONE,
}
NOT_A_NUMBER = "Your value is NaN: what stands under the root?"


def welch_of_runs(f: Answer) -> None:
    """Of five runs and three the value is known, whichever comes first."""
    got, right = numbers(f(A, B), (), SHAPES), _exact(A, B)
    if got.isnan():
        raise Wrong(NOT_A_NUMBER)
    what = "Your value is not the difference of the means over its error."
    given = (right, A.double(), B.double())
    told = f.for_inputs()
    expect(got, right, what, WELCH, given, told=told)
    got = numbers(f(B, A), (), SHAPES)
    if near(got, right):
        raise Wrong(
            "Your value is never negative; where mean(a) is the smaller one it should "
            "be."
        )
    expect(got, -right, what, told=f.for_inputs())


def welch_of_any_numbers(f: Answer) -> None:
    """Two runs are enough, and many are no other thing; equal means are 0 apart."""
    generator = seeds.generator(0)
    for n, m in ((2, 2), (2, 7), (40, 3), (6, 6)):
        a = torch.randn(n, generator=generator)
        b = 1 + 3 * torch.randn(m, generator=generator)
        what = f"With {n} runs of a and {m} of b your value is not right."
        expect(numbers(f(a, b), (), SHAPES), _exact(a, b), what)
    what = (
        "With all runs a thousandth of what they were your value is another one; it "
        "has no unit. Is a constant added under the root?"
    )
    small = (A * 1e-3).double(), (B * 1e-3).double()
    expect(numbers(f(*small), (), SHAPES), _exact(*small), what)
    what = "Where the means are equal, their difference is 0."
    expect(numbers(f(A, A.flip(0)), ()), torch.zeros(()), what)


def welch_far_from_0(f: Answer) -> None:
    """Results far from 0 leave a variance its digits, in float32 too."""
    a, b = A + 3000, B + 3000.5
    if not near(numbers(f(a, b), ()), _exact(a, b), 5e-3):
        raise Wrong(
            "With results near 3000 your value is off: a difference of large squares "
            "loses the digits that count. Subtract the mean, then square."
        )
