"""What a right difference of two models on the same images obeys."""

from __future__ import annotations

import torch

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers, pair
from gencourse.exercises.error_laws import expect_value_error
from gencourse.exercises.exercise import Wrong

MEAN: Mistakes = {
    "The sign is turned: a - b is asked for.": lambda a, b: (b - a).mean(),
    "The differences are added up; their mean is asked for.": lambda a, b: (
        a - b
    ).sum(),
    "The absolute differences are averaged; differences of both signs should cancel.": (
        lambda a, b: (a - b).abs().mean()
    ),
    "This is the median of the differences; their mean is asked for.": (
        lambda a, b: (a - b).quantile(0.5)
    ),
    "The differences are squared before they are averaged.": (
        lambda a, b: (a - b).square().mean()
    ),
    "This is the mean of a and b; that of a - b is asked for.": (
        lambda a, b: (a + b).mean() / 2
    ),
}
ERROR: Mistakes = {
    "The standard deviation is multiplied by the root of N; it is divided by it.": (
        lambda a, b: (a - b).std() * len(a) ** 0.5
    ),
    "This is the differences' standard deviation; that of their mean is smaller, and "
    "shrinks with the number of images.": lambda a, b: (a - b).std(),
    "The standard deviation is divided by N; it shrinks with the root of N.": (
        lambda a, b: (a - b).std() / len(a)
    ),
    "The variance takes the place of the standard deviation: a root is missing.": (
        lambda a, b: (a - b).var() / len(a)
    ),
    "The variance is divided by the root of N: the root belongs over both.": (
        lambda a, b: (a - b).var() / len(a) ** 0.5
    ),
    "The standard deviation is taken with N in place of N - 1.": (
        lambda a, b: (a - b).std(correction=0) / len(a) ** 0.5
    ),
    "N - 1 belongs in the standard deviation alone; under the root stands N.": (
        lambda a, b: (a - b).std() / (len(a) - 1) ** 0.5
    ),
    "This is the error for two models on images of their own: on the same images what "
    "is hard for both falls out, if you subtract first.": (
        lambda a, b: ((a.var() + b.var()) / len(a)) ** 0.5
    ),
    "The two models' errors are added: subtract image by image first.": (
        lambda a, b: (a.std() + b.std()) / len(a) ** 0.5
    ),
    "The two models' errors are subtracted: subtract image by image first.": (
        lambda a, b: (a.std() - b.std()).abs() / len(a) ** 0.5
    ),
    "This is the error of a's mean alone.": lambda a, b: a.std() / len(a) ** 0.5,
    "This is 1.96 standard errors, half an interval; one is asked for.": (
        lambda a, b: 1.96 * (a - b).std() / len(a) ** 0.5
    ),
}


def difference_is_known(f: Answer) -> None:
    """Mean and standard error of known values are known."""
    a = torch.tensor([5.0, 9.0, 4.0, 12.0, 6.5])
    b = torch.tensor([4.0, 8.5, 4.5, 9.0, 6.0])
    first, second = pair(f(a, b), "mean", "standard error")
    exact = a.double(), b.double()
    difference = exact[0] - exact[1]
    mean, error = difference.mean(), (difference.var() / 5).sqrt()
    shapes = {(5,): "All images together give one number."}
    got = [numbers(part, (), shapes) for part in (first, second)]
    if near(got[0], error) and near(got[1], mean):
        raise Wrong("The pair is exchanged: the mean comes first.")
    what = "The mean is not that of the differences."
    expect(got[0], mean, what, MEAN, exact)
    what = "The mean is right, but the standard error is not."
    expect(got[1], error, what, ERROR, exact)


def difference_of_two(f: Answer) -> None:
    """Two images are enough; of the same values nothing is left."""
    a, b = torch.tensor([3.0, 1.0]), torch.tensor([1.0, 1.0])
    first, second = pair(f(a, b), "mean", "standard error")
    told = f.for_inputs()
    expect(numbers(first, ()), torch.tensor(1.0), "The mean is wrong.", told=told)
    expect(numbers(second, ()), torch.tensor(1.0), "The error is wrong.", told=told)
    if numbers(pair(f(b, a), "mean", "standard error")[0], ()) > 0:
        raise Wrong("Your mean is never negative; where a is the smaller it should be.")


def difference_of_like_ones(f: Answer) -> None:
    """Differences may be great and nearly the same."""
    b = torch.tensor([3.0, 250.0, -40.0, 7.0])
    a = b + torch.tensor([8000.0, 8000.5, 8001.0, 8000.25])
    exact = (a - b).double()
    error = numbers(pair(f(a, b), "mean", "standard error")[1], ())
    what = (
        "Where the differences are about 8,000 and nearly the same the error is off: "
        "the mean square less the squared mean loses its digits. Square how far each "
        "is from the mean."
    )
    expect(error, exact.std() / 2, what, tolerance=1e-3)
    same = torch.full((7,), 0.1)
    error = numbers(pair(f(same, 0 * same), "mean", "standard error")[1], ())
    what = "Seven differences of 0.1 have no spread, and the error is 0."
    expect(error, torch.tensor(0.0), what)


def difference_needs_pairs(f: Answer) -> None:
    """Values of other images, and too few of them, are ValueErrors."""
    for shape, other in (((4,), (1,)), ((1,), (4,)), ((4,), (3,)), ((4,), (4, 1))):
        case = f"For values of shapes {shape} and {other}"
        expect_value_error(f, case, torch.arange(4.0)[: shape[0]], torch.ones(other))
    case = "For a single image, which has no spread,"
    expect_value_error(f, case, torch.tensor([2.0]), torch.tensor([1.0]))
    case = "For no image at all"
    expect_value_error(f, case, torch.zeros(0), torch.zeros(0))
