"""What a right Frechet distance of two Gaussians obeys."""

from __future__ import annotations

from itertools import chain

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer, Raised
from gencourse.exercises.compare import expect, expect_no_axes, near, numbers
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.finite import NotFinite
from gencourse.exercises.frechet_mistakes import FRECHET, turned
from gencourse.exercises.logit_laws import expect_any_dtype

Gaussians = tuple[Tensor, Tensor, Tensor, Tensor]
SHAPES = {
    (3, 3): "A matrix has a trace, and that is a single number.",
    (3,): "Everything comes together in one number.",
}
OF_NUMBERS = (
    "is there a root of single numbers? Those of a covariance may be negative, its "
    "eigenvalues are not."
)
SINGULAR = (
    "Where a covariance has eigenvalues of 0, as that of fewer images than features "
    "has,"
)


def root(matrix: Tensor) -> Tensor:
    """Return the symmetric root of a symmetric matrix without negative eigenvalues."""
    left, values, right = torch.linalg.svd(matrix)
    return torch.as_tensor((left * values.sqrt()) @ right)


def exact_distance(
    mean_a: Tensor, covariance_a: Tensor, mean_b: Tensor, covariance_b: Tensor
) -> Tensor:
    """Return the distance from the singular values of the product of both roots."""
    a, b = covariance_a.double(), covariance_b.double()
    shared = torch.linalg.svdvals(root(a) @ root(b)).sum()
    square = (mean_a.double() - mean_b.double()).square().sum()
    return torch.as_tensor(square + a.trace() + b.trace() - 2 * shared)


def _case(dims: int, rank: int, dtype: torch.dtype = torch.float64) -> Gaussians:
    """Return two Gaussians whose covariances do not commute."""
    # By this seed no known mistake comes near the right value in three dimensions.
    generator = seeds.generator(92)
    draw = torch.randn(2, dims, rank, generator=generator, dtype=torch.float64)
    means = torch.randn(2, dims, generator=generator, dtype=torch.float64)
    a, b = draw @ draw.mT / rank
    first, second = means * torch.tensor([[1.0], [1.5]])
    return first.to(dtype), a.to(dtype), second.to(dtype), 2 * b.to(dtype)


def _first_call(f: Answer, *given: Tensor) -> object:
    try:
        return f(*given)
    except Raised as raised:
        if isinstance(raised.error, NotFinite):
            what = f"Eigenvalues are sought of a matrix with NaN: {OF_NUMBERS}"
            raise Wrong(what) from None
        if "torch.clamp: At least one" not in str(raised.error):
            raise
        raise Wrong(
            "A clamp without a bound: it asks for the least number that is let "
            "through, or the greatest."
        ) from None


def frechet_of_gaussians(f: Answer) -> None:
    """Of two Gaussians in three dimensions it is known."""
    given = _case(3, 4, torch.float32)
    got, right = numbers(_first_call(f, *given), (), SHAPES), exact_distance(*given)
    if got.isnan().any():
        raise Wrong(f"Your distance is NaN: {OF_NUMBERS}")
    exact = tuple(v.double() for v in given)
    if not near(got, right):
        known = ((s, mistake(right, *exact)) for s, mistake in FRECHET.items())
        for sentence, value in chain(known, turned(*exact)):
            if near(got, value):
                raise Wrong(sentence)
        frechet_of_numbers(f)  # few enough to be shown
    expect(got, right, "Your value is not the squared distance of the Gaussians.")


def frechet_of_numbers(f: Answer) -> None:
    """On a line it is the distance of the means and of the standard deviations."""
    for means, variances in (((1.0, 3.0), (4.0, 1.0)), ((0.0, 0.0), (9.0, 9.0))):
        a, b = (torch.tensor([m]) for m in means)
        var_a, var_b = (torch.tensor([[v]]) for v in variances)
        got = numbers(f(a, var_a, b, var_b), ())
        what = "Your value is not the squared distance of two Gaussians on a line."
        right = exact_distance(a, var_a, b, var_b)
        expect(got, right, what, told=f.for_inputs())


def frechet_of_any_size(f: Answer) -> None:
    """It is the same from either side, and 0 from a Gaussian to itself."""
    for dims in (1, 2, 6):
        mean_a, a, mean_b, b = given = _case(dims, 2 * dims)
        got = numbers(f(*given), ())
        case = f"In {dims} dimensions"
        expect(got, exact_distance(*given), f"{case} your distance is off.")
        back = numbers(f(mean_b, b, mean_a, a), ())
        expect(back, got.double(), f"{case} the way back should be as long.")
        none = numbers(f(mean_a, a, mean_a, a), ())
        what = f"{case} a Gaussian should be at distance 0 from itself."
        expect(none, torch.tensor(0.0), what)


def frechet_of_singular(f: Answer) -> None:
    """Covariances of few images have eigenvalues of 0."""
    line = torch.zeros(4, 4, dtype=torch.float64)
    flat, point = line.clone(), torch.zeros(4, dtype=torch.float64)
    line[0, 0], flat[1, 1] = 4.0, 9.0
    for given in (
        *(_case(6, rank) for rank in (1, 2, 3)),
        (point, line, point + 1, flat),
        (point, 0 * line, point + 1, 0 * flat),
    ):
        try:
            got = numbers(f(*given), ())
        except Raised as raised:
            raise Wrong(f"{SINGULAR} {_raised(raised.error)}") from None
        if not got.isfinite().all():
            raise Wrong(
                f"{SINGULAR} your distance is {got.item():g}: rounded, such an "
                "eigenvalue may fall below 0."
            )
        what = f"{SINGULAR} your distance is off: is something small added?"
        expect(got, exact_distance(*given), what)


def _raised(error: BaseException) -> str:
    """Return what an error with eigenvalues of 0 is about."""
    message = str(error)
    if isinstance(error, NotFinite) or "NaN" in message or "non-finite" in message:
        return (
            "your function works on a matrix that holds NaN or inf: rounded, such an "
            "eigenvalue may fall below 0, and negative numbers have no real root."
        )
    if "positive-definite" in message:
        return (
            "your function raises an error: a Cholesky factor asks for eigenvalues "
            "above 0."
        )
    return f"your function raises {type(error).__name__}."


def frechet_of_float64(f: Answer) -> None:
    """Means far from 0 ask for all of float64; the distance is a single number."""
    mean_a, a, mean_b, b = _case(3, 4)
    given = mean_a + 1e8, a, mean_b + 1e8, b
    expect_any_dtype(f, (), exact_distance(*given), given)
    expect_no_axes(f(*given), "a distance")
