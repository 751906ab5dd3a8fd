"""What a right log-density of a kernel estimate obeys."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.distributions import Normal

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers
from gencourse.exercises.continuous_laws import LOG_ROOT_2PI, check_far
from gencourse.exercises.exercise import Wrong

DIMS, BANDWIDTH = 2, 0.6
KERNEL: Mistakes = {
    "The kernels are summed, not averaged: yours is larger by log N, and the density "
    "integrates to N.": lambda right, logs, one: logs.logsumexp(1),
    "Your normaliser is that of one dimension; a kernel in D dimensions has D of "
    "them.": lambda right, logs, one: right + (DIMS - 1) * one,
    "The kernels' normaliser is missing.": lambda right, logs, one: right + DIMS * one,
    "You averaged the logarithms of the kernels; average the kernels, and take the "
    "logarithm last.": lambda right, logs, one: logs.mean(1),
    "This is the density; its logarithm is asked for.": (
        lambda right, logs, one: right.exp()
    ),
    "Only the nearest point counts in your answer; every one should.": (
        lambda right, logs, one: logs.amax(1) - math.log(logs.shape[1])
    ),
    "The sign is turned: the log-density is asked for, and it falls with distance.": (
        lambda right, logs, one: -right
    ),
    "The logarithm of N is added where the mean takes it away.": (
        lambda right, logs, one: right + 2 * math.log(logs.shape[1])
    ),
    "Your mean divides by the number of points in x; the kernels are as many as the "
    "data.": lambda right, logs, one: right + math.log(logs.shape[1] / len(logs)),
    "These are bits; nats are asked for (the natural logarithm).": (
        lambda right, logs, one: right / math.log(2)
    ),
    "Your logarithm is to base 10; nats are asked for (the natural logarithm).": (
        lambda right, logs, one: right / math.log(10)
    ),
    "Of the logarithm of the bandwidth your normaliser holds a half: is it halved, or "
    "taken once, where each of the D coordinates has one?": lambda right, logs, one: (
        right + (DIMS - 1) * (one - LOG_ROOT_2PI)
    ),
    "The logarithm of the bandwidth is doubled in yours: it is the standard deviation, "
    "not its root.": lambda right, logs, one: right - DIMS * (one - LOG_ROOT_2PI),
    "The 2π stands once in your normaliser; each of the D coordinates has one.": (
        lambda right, logs, one: right + (DIMS - 1) * LOG_ROOT_2PI
    ),
    "The normaliser is added to the logarithm; it divides the density.": (
        lambda right, logs, one: right + 2 * DIMS * one
    ),
    "The 2π of the normaliser is missing.": (
        lambda right, logs, one: right + DIMS * LOG_ROOT_2PI
    ),
    "The bandwidth is missing from the normaliser.": (
        lambda right, logs, one: right + DIMS * (one - LOG_ROOT_2PI)
    ),
    "The logarithm of your normaliser is twice too large: each of its D factors "
    "stands under a root.": lambda right, logs, one: right - DIMS * one,
}
# How the exponents go wrong, from the distances in units of bandwidth; whatever the
# normaliser is.
EXPONENTS: Mistakes = {
    "The half in the exponent is missing.": lambda far: -(far**2),
    "The distances in the exponent are not squared.": (
        lambda far: -far / BANDWIDTH / 2
    ),
    "Neither the distances in the exponent nor the bandwidth are squared.": (
        lambda far: -far / 2
    ),
    "The distances in the exponent are neither squared nor halved.": lambda far: -far,
    "You used bandwidth as the variance; it is the standard deviation.": (
        lambda far: -(far**2) * BANDWIDTH / 2
    ),
    "The distances in the exponent are not in units of bandwidth.": (
        lambda far: -((far * BANDWIDTH) ** 2) / 2
    ),
    "The squares are averaged over the D coordinates; the distance adds them up.": (
        lambda far: -(far**2) / 2 / DIMS
    ),
    "The distances are multiplied by the bandwidth; they are divided by it.": (
        lambda far: -((far * BANDWIDTH**2) ** 2) / 2
    ),
    "The exponent has the wrong sign: a kernel falls with the distance.": (
        lambda far: far**2 / 2
    ),
}


def _kernel_logs(x: Tensor, data: Tensor, bandwidth: float) -> Tensor:
    """Log of each datum's kernel at each point, (M, N)."""
    normal = Normal(data.double(), bandwidth)
    return torch.stack([normal.log_prob(point).sum(-1) for point in x.double()])


def kernel_at_points(f: Answer) -> None:
    """The value is the log of the mean of torch.distributions' Gaussians."""
    x = torch.tensor([[0.5, 0.0], [-1.0, 0.3], [0.2, 1.5], [2.0, -0.7]])
    data = torch.tensor([[0.0, 0.0], [1.0, -0.5], [-0.4, 1.2]])
    logs = _kernel_logs(x, data, BANDWIDTH)
    right = logs.logsumexp(1) - math.log(len(data))
    shapes = {
        (4, 3): "Average the kernels over the data.",
        (3,): "There is one value for each point of x.",
        (4, 2): "A point has D coordinates and one density.",
    }
    got = numbers(f(x, data, BANDWIDTH), (4,), shapes)
    _check_exponents(got, torch.cdist(x.double(), data.double()) / BANDWIDTH)
    _check_coordinates(got, x, data)
    what = "Your value is not the logarithm of the mean of the kernels."
    given = (right, logs, LOG_ROOT_2PI + math.log(BANDWIDTH))
    expect(got, right, what, KERNEL, given, told=f.for_inputs("x"))


def _check_exponents(got: Tensor, far: Tensor) -> None:
    for sentence, exponents in EXPONENTS.items():
        off = got - exponents(far).logsumexp(1)
        if near(off, off[:1].expand_as(off)):
            raise Wrong(sentence)


def _check_coordinates(got: Tensor, x: Tensor, data: Tensor) -> None:
    """Raise Wrong where each coordinate has an estimate of its own."""
    each = Normal(data.double(), BANDWIDTH).log_prob(x.double()[:, None])
    apart = each.logsumexp(1).sum(-1)
    if any(near(got, apart - n * math.log(len(data))) for n in (0, 1, DIMS)):
        raise Wrong(
            "Each coordinate has a mean of its own in yours, as if they were "
            "independent: a kernel multiplies its D factors first, and kernels are "
            "averaged after that."
        )


def kernel_in_any_dimension(f: Answer) -> None:
    """Points have as many coordinates as they have."""
    generator = seeds.generator(0)
    for count, dims in ((5, 1), (2, 3), (4, 6)):
        x = torch.randn(3, dims, generator=generator)
        data = torch.randn(count, dims, generator=generator)
        right = _kernel_logs(x, data, 0.8).logsumexp(1) - math.log(count)
        what = f"For D = {dims} and {count} data points your value is off."
        expect(numbers(f(x, data, 0.8), (3,)), right, what)


def kernel_far_away(f: Answer) -> None:
    """Where every kernel underflows the value is still right."""
    x, data = torch.full((1, 2), 1000.0), torch.tensor([[0.0, 0.0], [1.0, 2.0]])
    got = numbers(f(x, data, 1.0), (1,))
    check_far(got, "the data")
    right = _kernel_logs(x, data, 1.0).logsumexp(1) - math.log(2)
    expect(got, right, "Far from the data:", told=f.for_inputs("x"))
