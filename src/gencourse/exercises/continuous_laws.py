"""What a right log-density of a Gaussian obeys.

Each law knows the right numbers from another source than the package's function, and
the numbers to which typical mistakes lead.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.distributions import Normal

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import COARSE, Mistakes, expect, near, numbers
from gencourse.exercises.exercise import Wrong

LOG_ROOT_2PI = 0.5 * math.log(2 * math.pi)

GAUSSIAN: Mistakes = {
    "You used std as if it were the variance; it is the standard deviation.": (
        lambda right, z, std: Normal(0, std.sqrt()).log_prob(z * std)
    ),
    "The square is divided by std where the variance belongs.": (
        lambda right, z, std: right + z**2 / 2 - z**2 * std / 2
    ),
    "The distance from the mean is not measured in units of std.": (
        lambda right, z, std: right + z**2 / 2 - (z * std) ** 2 / 2
    ),
    "The distance from the mean is multiplied by std; it is divided by it.": (
        lambda right, z, std: right + z**2 / 2 - (z * std**2) ** 2 / 2
    ),
    "The distance from the mean is not squared.": (
        lambda right, z, std: right + z**2 / 2 - z.abs() / 2
    ),
    "The standard deviation itself is subtracted where its logarithm belongs.": (
        lambda right, z, std: right + std.log() - std
    ),
    "This is the density itself; its logarithm is asked for.": (
        lambda right, z, std: right.exp()
    ),
    "The sign is turned: the log-density is asked for, not its negative.": (
        lambda right, z, std: -right
    ),
    "These are bits; nats are asked for (the natural logarithm).": (
        lambda right, z, std: right / math.log(2)
    ),
    "Your logarithm is to base 10; nats are asked for (the natural logarithm).": (
        lambda right, z, std: right / math.log(10)
    ),
    "The normaliser is missing: the exponential of your value does not integrate to "
    "1.": lambda right, z, std: -(z**2) / 2,
    "The logarithms in the normaliser are to base 10; the natural one is due.": (
        lambda right, z, std: -(z**2) / 2 + (right + z**2 / 2) / math.log(10)
    ),
    "The logarithms in the normaliser are to base 2; the natural one is due.": (
        lambda right, z, std: -(z**2) / 2 + (right + z**2 / 2) / math.log(2)
    ),
}
# An answer is a sum of three terms: how each goes wrong, by its factor in the answer.
SQUARE = {
    -0.5: "The square has the wrong sign: the density falls with the distance from "
    "the mean.",
    0.0: "The distance from the mean is missing.",
    0.25: "The square has one half too many.",
    1.0: "The half in front of the square is missing.",
}
LOG_STD = {
    -1.0: "The logarithm of std has the wrong sign: a narrow Gaussian is higher at "
    "its mean.",
    0.0: "The part of the normaliser that depends on std is missing: a narrow "
    "Gaussian is higher at its mean.",
    0.5: "Your value holds half the logarithm of std: the half would belong to the "
    "logarithm of the variance.",
    2.0: "Your value holds the logarithm of std twice: that of the variance needs "
    "its half.",
    1 / math.log(10): "The logarithm of std is to base 10; the natural one is due.",
    1 / math.log(2): "The logarithm of std is to base 2; the natural one is due.",
}
CONSTANT = {
    -LOG_ROOT_2PI: "The constant 0.919 has the wrong sign.",
    0.0: "Your value is off by the constant 0.919: the 2π of the normaliser is "
    "missing.",
    2 * LOG_ROOT_2PI: "Your constant is twice 0.919: the 2π stands under a root.",
    LOG_ROOT_2PI - 0.5 * math.log(2): "Your constant has π where 2π belongs.",
    LOG_ROOT_2PI / math.log(10): "Your constant is a logarithm to base 10.",
    LOG_ROOT_2PI / math.log(2): "Your constant is a logarithm to base 2.",
}
FACTORS = (SQUARE, LOG_STD, CONSTANT)
MEANS = {
    0.0: "The mean has no part in yours: it is the distance of x from it that counts.",
    -1.0: "The mean is added to x; the distance between them is a difference.",
}
HALF = (
    "At x = 1000 your value is infinite: float16 has no numbers beyond 65504. Keep to "
    "float32."
)


def _check_terms(got: Tensor, z: Tensor, std: Tensor) -> None:
    """Raise Wrong where an answer is the three terms with known wrong factors."""
    terms = torch.stack([z**2, std.log(), torch.ones_like(z)], 1)
    factors = torch.linalg.lstsq(terms, -got[:, None]).solution
    if not (got.isfinite().all() and near(-terms @ factors[:, 0], got)):
        return
    for factor, sentences in zip(factors[:, 0].tolist(), FACTORS, strict=True):
        for wrong, sentence in sentences.items():
            if math.isclose(factor, wrong, rel_tol=1e-3, abs_tol=1e-3):
                raise Wrong(sentence)


def gaussian_at_points(f: Answer) -> None:
    """The value is that of torch.distributions.Normal."""
    x = torch.tensor([3.0, -1.5, 0.0, 0.3, 2.0])
    mean = torch.tensor([1.0, 0.5, -1.0, 0.3, 4.0])
    std = torch.tensor([2.0, 0.5, 2.0, 3.0, 0.7])
    right = Normal(mean.double(), std.double()).log_prob(x.double())
    z = ((x - mean) / std).double()
    what = "Your value is not the logarithm of the Gaussian's density."
    got, told = numbers(f(x, mean, std), (5,)), f.for_inputs("x", "mean", "std")
    given = (right, z, std.double())
    if not any(near(got, wrong(*given)) for wrong in (*GAUSSIAN.values(), _right)):
        _check_mean(got, x.double(), mean.double(), std.double())
        _check_terms(got.double(), z, std.double())
    expect(got, right, what, GAUSSIAN, given, told=told)
    # 3.1416 is near enough, and 3.1413 is not.
    if got.dtype not in COARSE and not near(got, right, 1e-5):
        raise Wrong(
            f"Your values are all but right, and each is off by some "
            f"{(got - right).abs().min().item():.1g}: is π, or the constant, written "
            "down with too few digits, or a wrong one?"
        )


def _check_mean(got: Tensor, x: Tensor, mean: Tensor, std: Tensor) -> None:
    for factor, sentence in MEANS.items():
        if near(got, Normal(factor * mean, std).log_prob(x)):
            raise Wrong(sentence)


def _right(right: Tensor, z: Tensor, std: Tensor) -> Tensor:
    return right


def gaussian_broadcasts(f: Answer) -> None:
    """The arguments broadcast against each other."""
    x, mean = torch.tensor([[0.0], [1.0]]), torch.tensor([0.0, 1.0, 2.0])
    std = torch.tensor(0.5)
    what = "With x (2, 1) and mean (3,) the arguments should broadcast to (2, 3)."
    got, told = numbers(f(x, mean, std), (2, 3)), f.for_inputs("x", "mean", "std")
    expect(got, Normal(mean, std).log_prob(x), what, told=told)


def check_far(got: Tensor, centres: str) -> None:
    """Raise Wrong where values a thousand away from the centres show an underflow."""
    if got.isinf().any() and got.dtype == torch.float16:
        raise Wrong(HALF)
    if got.isinf().any():
        raise Wrong(
            f"At x = 1000 your value is infinite: far from {centres} the densities "
            "underflow to 0 before the logarithm is taken. Stay with logarithms to "
            "the end."
        )
    worst = got.min().item()
    if -1000 < worst < 0:
        raise Wrong(
            f"At x = 1000 your value is only {worst:.4g}: is there a small constant "
            "beside the density, or a clamp? It hides that the density underflows to "
            "0; stay with logarithms to the end."
        )
    if worst < -1e30:
        raise Wrong(
            f"At x = 1000 your value is {worst:.4g}, the lowest number of its dtype: "
            "putting a number in place of -inf hides the underflow, and does not "
            "mend it."
        )


def gaussian_far_away(f: Answer) -> None:
    """A thousand standard deviations away the value is still right."""
    x, mean, std = torch.tensor([1000.0]), torch.zeros(1), torch.ones(1)
    got = numbers(f(x, mean, std), (1,))
    check_far(got, "the mean")
    told = f.for_inputs("x", "mean", "std")
    expect(got, Normal(mean, std).log_prob(x), "Far from the mean:", told=told)
