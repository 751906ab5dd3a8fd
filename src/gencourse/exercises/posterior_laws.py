"""What a right posterior of the model with a linear decoder obeys."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer, Raised
from gencourse.exercises.compare import (
    Causes,
    Mistakes,
    expect,
    near,
    numbers,
    pair,
)
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.posterior_mistakes import COVARIANCE, MEANS

# The first case has 5 points of 4 numbers, and codes of 2.
COVARIANCE_SHAPES = {
    (5, 2, 2): "The covariance is the same for every point: one matrix.",
    (1, 2, 2): "The covariance is the same for every point: one matrix.",
    (4, 4): "That is a matrix for the numbers of x; z is the code.",
    (2,): "The numbers of a code depend on each other: the covariance is a matrix.",
    (5, 2): "The pair is exchanged: the means come first.",
    (): "The numbers of a code depend on each other: the covariance is a matrix.",
}
MEAN_SHAPES = {
    (2, 5): "A point is a row.",
    (2,): "Each point has a posterior mean of its own.",
    (2, 2): "The pair is exchanged: the means come first.",
    (5, 4): "Those would be means of x; z is the code.",
    (5, 2, 1): "A mean is a row.",
}


def _case(points: int, dims: int, latent: int) -> tuple[Tensor, ...]:
    generator = seeds.generator(0)
    shapes = (points, dims), (dims, latent), (dims,)
    return *(torch.randn(s, generator=generator) for s in shapes), torch.tensor(0.6)


def _exact(
    x: Tensor, weight: Tensor, bias: Tensor, std: Tensor
) -> tuple[Tensor, Tensor]:
    """From the joint Gaussian of x and z, conditioned on x, in float64."""
    x, weight, bias, std = (v.double() for v in (x, weight, bias, std))
    marginal = weight @ weight.mT + std**2 * torch.eye(len(weight)).double()
    gain = torch.linalg.solve(marginal, weight).mT
    identity = torch.eye(weight.shape[1]).double()
    return (x - bias) @ gain.mT, identity - gain @ weight


def posterior_is_known(f: Answer) -> None:
    """It is the joint Gaussian of x and z, conditioned on x."""
    given = _case(5, 4, 2)
    first, second = pair(f(*given), "means", "covariance")
    means = _part("means", first, (5, 2), MEAN_SHAPES)
    got = _part("covariance", second, (2, 2), COVARIANCE_SHAPES)
    if got.isnan().any() or means.isnan().any():
        raise Wrong("Your posterior holds NaN.")
    x, weight, bias, std = (v.double() for v in given)
    due = _exact(*given)
    parts: tuple[Tensor, ...] = (weight, std**2, torch.eye(2).double())
    _expect(
        f, got, due[1], "The covariance is not that of z given x.", COVARIANCE, parts
    )
    parts = (x, weight, bias, std**2, due[1])
    _expect(
        f, means, due[0], "The covariance is right, the means are not.", MEANS, parts
    )


def _part(
    name: str, value: object, shape: tuple[int, ...], shapes: Causes | None = None
) -> Tensor:
    """Return a part of the pair as numbers; where it is none, say which part it is."""
    try:
        return numbers(value, shape, shapes)
    except Wrong as wrong:
        raise Wrong(f"Of your pair, look at the {name}. {wrong}") from None


def _expect(
    f: Answer,
    got: Tensor,
    due: Tensor,
    what: str,
    mistakes: Mistakes,
    parts: tuple[Tensor, ...],
) -> None:
    known = (*mistakes.values(), lambda *parts: due)
    if not any(near(got, wrong(*parts)) for wrong in known):
        posterior_of_one_number(f)  # few enough to be shown
    expect(got, due, what, mistakes, parts)


def posterior_of_one_number(f: Answer) -> None:
    """A code of one number behind a point of one number can be done by hand."""
    for weight, mean, covariance in ((2.0, 0.8, 0.2), (0.0, 0.0, 1.0)):
        given = (torch.tensor([[v]]) for v in (3.0, weight))
        first, second = pair(
            f(*given, torch.ones(1), torch.tensor(1.0)), "means", "covariance"
        )
        told = f.for_inputs()
        for value, right, name in (
            (second, covariance, "covariance"),
            (first, mean, "mean"),
        ):
            what = f"The {name} is not that of z given x."
            got = _part(name, value, (1, 1))
            expect(got, torch.tensor([[right]]), what, told=told)


def posterior_of_any_sizes(f: Answer) -> None:
    """A code may have more numbers than a point, and there may be a single point."""
    for sizes in ((4, 2, 3), (1, 3, 2), (3, 3, 3), (3, 2, 1)):
        given = _case(*sizes)
        first, second = pair(f(*given), "means", "covariance")
        points, dims, latent = sizes
        case = f"With x ({points}, {dims}) and weight ({dims}, {latent})"
        got = _part("covariance", second, (latent, latent))
        due = _exact(*given)
        expect(got, due[1], f"{case} the covariance is off.")
        means = _part("means", first, (points, latent))
        expect(means, due[0], f"{case} the means are off.")


def posterior_keeps_float64(f: Answer) -> None:
    """Two columns of weights that are nearly the same ask for all of float64."""
    x, weight, bias, _ = (v.double() for v in _case(5, 4, 2))
    weight[:, 1] = weight[:, 0] + 1e-4 * weight[:, 1]
    given = x, weight, bias, torch.tensor(1e-4).double()
    try:
        first, second = pair(f(*given), "means", "covariance")
    except Raised as raised:
        name = type(raised.error).__name__
        raise Wrong(
            f"With inputs of float64 your function raises {name}, and with float32 it "
            "is right: make your own tensors in the dtype of the inputs."
        ) from None
    due = _exact(*given)
    got = _part("means", first, (5, 2)), _part("covariance", second, (2, 2))
    if not all(near(*part, 1e-3) for part in zip(got, due, strict=True)):
        raise Wrong(
            "With inputs of float64 your posterior is right to a few digits only: is "
            "a part of it worked out in float32, or something small added?"
        )
