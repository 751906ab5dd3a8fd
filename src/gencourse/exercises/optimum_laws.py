"""What the best discriminator of two known laws obeys."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer, Raised
from gencourse.exercises.compare import COARSE, Mistakes, expect, near, numbers
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.logit_laws import expect_any_dtype

LOG_DATA = torch.tensor([-1.2, 0.4, -3.1, -0.7])
LOG_MODEL = torch.tensor([-0.3, -1.5, -2.0, -1.6])
SHAPES = {
    (): "Every point has a probability of its own.",
    (4, 2): "One probability for each point: that of the data.",
    (2, 4): "One probability for each point: that of the data.",
    (4, 1): "The result has the shape of the log-densities.",
    (1, 4): "The result has the shape of the log-densities.",
    (4, 4): "Both densities are those at the same point.",
}
# Of the right values and both densities, in float64.
OPTIMUM: Mistakes = {
    "Data and model are exchanged: this is the probability to be fake.": (
        lambda right, p, q: q / (p + q)
    ),
    "This is the ratio of the densities; it should lie between 0 and 1.": (
        lambda right, p, q: p / q
    ),
    "This is the ratio of the model's density to the data's; a probability is asked "
    "for.": lambda right, p, q: q / p,
    "This is the logit; its probability is asked for.": (
        lambda right, p, q: (p / q).log()
    ),
    "This is the logit of being fake; the probability to be real is asked for.": (
        lambda right, p, q: (q / p).log()
    ),
    "This is the logarithm of the probability.": lambda right, p, q: right.log(),
    "You decided for one of the two; the probability is asked for.": (
        lambda right, p, q: (p > q).double()
    ),
    "Your values sum to 1 over the points: it is data and model that share each "
    "point.": lambda right, p, q: (p / q) / (p / q).sum(),
    "Your values sum to 1 over the points; the model has no part in them.": (
        lambda right, p, q: p / p.sum()
    ),
    "Each density is divided by its sum over the points first; densities stay as they "
    "are.": lambda right, p, q: p / p.sum() / (p / p.sum() + q / q.sum()),
    "The logarithms stand where the densities belong.": (
        lambda right, p, q: p.log() / (p.log() + q.log())
    ),
    "This is the density of the data; its share of both is asked for.": (
        lambda right, p, q: p
    ),
    "This is the sigmoid of the data's log-density: the model has no part in it.": (
        lambda right, p, q: p / (1 + p)
    ),
    "The sum of the densities is halved: D is twice too large.": (
        lambda right, p, q: 2 * right
    ),
    "This is half of what is due.": lambda right, p, q: right / 2,
    "This is the difference of the densities over their sum, between -1 and 1.": (
        lambda right, p, q: (p - q) / (p + q)
    ),
    "The densities are multiplied; it is their sum that divides.": (
        lambda right, p, q: p * q / (p + q)
    ),
    "The sigmoid is taken of the ratio; the ratio's logarithm is the logit.": (
        lambda right, p, q: (p / q).sigmoid()
    ),
    "The sigmoid is taken of a difference of densities, not of their logarithms.": (
        lambda right, p, q: (p - q).sigmoid()
    ),
    "The sigmoid is taken of the sum of the logarithms: they are to be subtracted.": (
        lambda right, p, q: (p * q).log().sigmoid()
    ),
}
NOT_A_NUMBER = (
    "Your values hold NaN: is there a logarithm of a log-density? It may be negative."
)


def _exact(log_data: Tensor, log_model: Tensor) -> Tensor:
    """The share of the data, both shifted by the greater of the two."""
    both = torch.stack([log_data, log_model]).double()
    shares = (both - both.amax(0)).exp()
    return shares[0] / shares.sum(0)


def optimum_of_points(f: Answer) -> None:
    """Of ordinary densities the share is known."""
    got = numbers(f(LOG_DATA, LOG_MODEL), (4,), SHAPES)
    if got.isnan().any():
        raise Wrong(NOT_A_NUMBER)
    right = _exact(LOG_DATA, LOG_MODEL)
    given = (right, LOG_DATA.double().exp(), LOG_MODEL.double().exp())
    what = "Your value is not the share of the data's density."
    told = f.for_inputs("log_data", "log_model")
    expect(got, right, what, OPTIMUM, given, told=told)


def optimum_is_finite(f: Answer) -> None:
    """Far from both laws, and at very high peaks, the share is still a number."""
    apart = torch.tensor([0.0, 1.0, -3.0])
    for middle in (-120.0, -2000.0, 120.0, 2000.0):
        log_data, log_model = middle + apart, torch.full((3,), middle)
        got = numbers(f(log_data, log_model), (3,))
        case = f"Where both log-densities are near {middle:g} "
        if not got.isfinite().all():
            raise Wrong(
                f"{case}your value is {got[~got.isfinite()][0].item():g}: such "
                "densities are no floats any more, only their logarithms are."
            )
        right = _exact(log_data, log_model)
        if not near(got, right):
            at = (got.double() - right).abs().argmax()
            raise Wrong(
                f"{case}your value is {got[at].item():.4g}, where {right[at]:.4g} is "
                "due: is there a small constant or a clamp? Such densities are no "
                "floats any more."
            )


def optimum_far_apart(f: Answer) -> None:
    """Where one law has all, D is 0 or 1."""
    log_data = torch.tensor([0.0, -3000.0, 150.0, -800.0])
    log_model = torch.tensor([-3000.0, 0.0, -150.0, 0.0])
    got = numbers(f(log_data, log_model), (4,))
    what = "Where one density is far larger than the other, D should be 0 or 1."
    told = f.for_inputs("log_data", "log_model")
    expect(got, _exact(log_data, log_model), what, told=told)


def optimum_of_any_shape(f: Answer) -> None:
    """Points may lie on a grid, or one be alone in a row."""
    generator = seeds.generator(0)
    for shape in ((2, 3), (1,), (2, 2, 2)):
        given = torch.randn(2, *shape, generator=generator).unbind()
        case = f"With log-densities of shape {shape}"
        try:
            got = numbers(f(*given), shape)
        except Raised as raised:
            raise Wrong(
                f"{case} your function raises {type(raised.error).__name__}, and with "
                "shape (4,) it does not: the result has the shape of the log-densities."
            ) from None
        what = f"{case} each point is to be judged alone."
        expect(got, _exact(*given), what)


def optimum_of_float64(f: Answer) -> None:
    """In float64 a small difference of large log-densities counts, and a small D."""
    log_data = torch.tensor([-1e7, -1e7 + 0.3], dtype=torch.float64)
    log_model = torch.tensor([-1e7 - 0.4, -1e7], dtype=torch.float64)
    given = log_data, log_model
    expect_any_dtype(f, (2,), _exact(*given), given)
    optimum_of_small_shares(f)


def optimum_of_small_shares(f: Answer) -> None:
    """However small D or 1 - D is, it is not held at a greater number."""
    for apart in (12.0, 60.0):
        low, high = (torch.tensor([v], dtype=torch.float64) for v in (0.0, apart))
        due = 1 / (1 + math.exp(apart))
        _expect_share(numbers(f(low, high), (1,)), due, f"0 and log_model = {apart:g}")
        certain = numbers(f(high, low), (1,))
        if certain.dtype not in COARSE:  # those have no digits for it
            case = f"{apart:g} and log_model = 0"
            _expect_share(1 - certain, due, case, "1 - D")


def _expect_share(got: Tensor, due: float, case: str, name: str = "D") -> None:
    found = got.double().item()
    # So far a hyperbolic tangent, which rounds near 1, is right as well.
    if not math.isclose(found, due, rel_tol=2e-2, abs_tol=1e-11):
        raise Wrong(
            f"With log_data = {case} your {name} is {found:.3g}, where {due:.3g} is "
            "due: is something clamped, or a small constant added?"
        )
