"""What a right KL divergence of a Gaussian from the standard normal obeys."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, numbers
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.reach import expect_gradients


def exact_kl(mu: Tensor, log_var: Tensor) -> Tensor:
    """Return the divergence of each row in float64, as torch.distributions has it."""
    mu, std = mu.double(), log_var.double().exp().sqrt()
    one = torch.ones_like(mu)
    return kl_divergence(Normal(mu, std), Normal(0 * one, one)).sum(-1)


def reversed_kl(mu: Tensor, log_var: Tensor) -> Tensor:
    """Return KL(N(0, I) || N(mu, diag exp(log_var))) of each row."""
    mu, std = mu.double(), log_var.double().exp().sqrt()
    one = torch.ones_like(mu)
    return kl_divergence(Normal(0 * one, one), Normal(mu, std)).sum(-1)


def _halves(terms: Tensor) -> Tensor:
    return terms.sum(-1) / 2


NOT_A_NUMBER = (
    "Your value is NaN: is there a logarithm or a root of log_var? It is a logarithm "
    "already, and may be negative."
)
# Of the right values, mu and log_var, in float64.
KL: Mistakes = {
    "You averaged over the dimensions; their sum is asked for.": (
        lambda right, m, v: right / m.shape[-1]
    ),
    "You averaged over the dimensions, and the half is missing.": (
        lambda right, m, v: 2 * right / m.shape[-1]
    ),
    "The half is missing: yours is twice too large.": lambda right, m, v: 2 * right,
    "Your value is halved twice.": lambda right, m, v: right / 2,
    "The sign is turned: a divergence is never negative.": lambda right, m, v: -right,
    "The sign is turned, and the half is missing.": lambda right, m, v: -2 * right,
    "The sign is turned, and you averaged over the dimensions.": (
        lambda right, m, v: -right / m.shape[-1]
    ),
    "This is KL(N(0, I) || q): the two are exchanged, and KL is not symmetric.": (
        lambda right, m, v: reversed_kl(m, v)
    ),
    "You used log_var as if it were the standard deviation; it is the logarithm of "
    "the variance.": lambda right, m, v: _halves(m**2 + v**2 - 1 - (v**2).log()),
    "You used log_var as the logarithm of the standard deviation; it is that of the "
    "variance.": lambda right, m, v: _halves(m**2 + (2 * v).exp() - 1 - 2 * v),
    "The standard deviation stands where the variance belongs.": (
        lambda right, m, v: _halves(m**2 + (v / 2).exp() - 1 - v)
    ),
    "The variance is squared; it enters as it is.": (
        lambda right, m, v: _halves(m**2 + (2 * v).exp() - 1 - v)
    ),
    "The logarithm of the standard deviation stands where that of the variance "
    "belongs.": lambda right, m, v: _halves(m**2 + v.exp() - 1 - v / 2),
    "The variance itself is missing, or log_var stands in its place.": (
        lambda right, m, v: _halves(m**2 - 1)
    ),
    "The mean enters without its square.": lambda right, m, v: _halves(
        m + v.exp() - 1 - v
    ),
    "The mean enters by its absolute value, not by its square.": (
        lambda right, m, v: _halves(m.abs() + v.exp() - 1 - v)
    ),
    "The mean mu is missing: one away from 0 costs too.": (
        lambda right, m, v: _halves(v.exp() - 1 - v)
    ),
    "The square of mu has the wrong sign: a mean away from 0 costs more.": (
        lambda right, m, v: _halves(v.exp() - 1 - v - m**2)
    ),
    "The constant is missing: where q is N(0, I) itself, the divergence is 0.": (
        lambda right, m, v: _halves(m**2 + v.exp() - v)
    ),
    "The constant is there once; every dimension has its own.": (
        lambda right, m, v: (m**2 + v.exp() - v).sum(-1) / 2 - 0.5
    ),
    "The constant has the wrong sign: where q is N(0, I) itself, the divergence is "
    "0.": lambda right, m, v: _halves(m**2 + v.exp() + 1 - v),
    "The sign of log_var is wrong: a very narrow q is far from N(0, I).": (
        lambda right, m, v: _halves(m**2 + v.exp() - 1 + v)
    ),
    "The term log_var is missing: a very narrow q is far from N(0, I).": (
        lambda right, m, v: _halves(m**2 + v.exp() - 1)
    ),
    "The square of mu lacks the half, which belongs to each term.": (
        lambda right, m, v: right + _halves(m**2)
    ),
    "These are bits; nats are asked for (the natural logarithm).": (
        lambda right, m, v: right / math.log(2)
    ),
}
SHAPES = {
    (4, 3): "Add up the dimensions, along the last axis.",
    (): "Each row has a divergence of its own: add up the last axis only.",
    (3,): "That is the wrong axis: the dimensions lie along the last one.",
    (4, 1): "The last axis goes.",
}
MU = torch.tensor(
    [[0.5, -1.0, 2.0], [0.0, 0.3, -0.7], [-1.5, 0.2, 0.1], [2.5, 1.0, 0.4]]
)
LOG_VAR = torch.tensor(
    [[0.4, -0.8, 1.1], [-2.0, 0.6, -0.3], [0.9, -1.2, 0.2], [-0.5, 0.7, 1.4]]
)


def kl_of_rows(f: Answer) -> None:
    """Each row has the divergence that torch.distributions finds, a far one too."""
    got, right = numbers(f(MU, LOG_VAR), (4,), SHAPES), exact_kl(MU, LOG_VAR)
    if got.isnan().any():
        raise Wrong(NOT_A_NUMBER)
    what = "Your value is not the divergence of that Gaussian from N(0, I)."
    given = (right, MU.double(), LOG_VAR.double())
    expect(got, right, what, KL, given, told=f.for_inputs("mu", "log_var"))
    mu, log_var = torch.zeros(5, 1), torch.tensor([-30.0, -12.0, -5.0, 5.0, 10.5])
    log_var = log_var[:, None]
    what = (
        "Where log_var is far from 0 your value is not the divergence: nothing is to "
        "be clamped."
    )
    expect(numbers(f(mu, log_var), (5,)), exact_kl(mu, log_var), what)


def kl_of_any_axes(f: Answer) -> None:
    """Whatever axes come before the last one stay, none or several."""
    generator = seeds.generator(0)
    for shape in ((2,), (2, 3, 4), (1, 4, 2, 3)):
        mu, log_var = torch.randn(2, *shape, generator=generator)
        before = f"With mu of shape {shape} the dimensions lie along the last axis, "
        # The common slips lose another axis than the last, or all of them.
        lost = {s: f"{before}and the others stay." for s in _without_an_axis(shape)}
        got = numbers(f(mu, log_var), shape[:-1], lost)
        expect(got, exact_kl(mu, log_var), f"{before}of which yours is no sum.")


def _without_an_axis(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    some = [shape[:n] + shape[n + 1 :] for n in range(len(shape) - 1)]
    return [(), shape[:1], *some]


def kl_can_train(f: Answer) -> None:
    """Its gradients bring mu to 0, and log_var too."""
    due = MU, (LOG_VAR.exp() - 1) / 2
    expect_gradients(f, (MU, LOG_VAR), due)
