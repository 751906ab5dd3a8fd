"""What a right score-function estimate of a gradient obeys."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.distributions import Normal

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers

MU = torch.tensor([0.5, -1.0, 2.0, 0.2])
STD = torch.tensor([0.5, 2.0, 1.5, 0.8])
# Draws as near and as far as such a Gaussian's.
NOISE = torch.tensor(
    [
        [0.3, -1.2, 0.8, 2.0],
        [-0.5, 0.4, 1.6, -0.9],
        [1.1, 0.7, -1.4, 0.2],
        [-1.8, -0.3, 0.6, 1.3],
    ]
)
VALUES = torch.tensor([2.0, 0.5, 3.0, 1.2])
# Of values (N, 1), the distance of the draws from mu, and std, with N = D = 4.
SCORE: Mistakes = {
    "The distance from mu is divided by the standard deviation; look at what the "
    "derivative of log N divides by.": lambda f, d, s: f * d / s,
    "The distance from mu is not divided by the variance.": lambda f, d, s: f * d,
    "You multiplied by the variance, where you should divide.": lambda f, d, s: (
        f * d * s**2
    ),
    "You divided by the variance twice.": lambda f, d, s: f * d / s**4,
    "You divided by twice the variance: the 2 of the square cancels it.": (
        lambda f, d, s: f * d / (2 * s**2)
    ),
    "Your estimate is twice too large: the half cancels the 2 of the square.": (
        lambda f, d, s: 2 * f * d / s**2
    ),
    "The sign is turned: log N grows when mu moves towards the draw.": (
        lambda f, d, s: -f * d / s**2
    ),
    "The values are missing: this is the gradient of log N alone.": (
        lambda f, d, s: d / s**2
    ),
    "The gradient of log N is missing: these are the values alone.": (
        lambda f, d, s: f.expand_as(d)
    ),
    "You multiplied values along the dimensions; there is a value for each draw.": (
        lambda f, d, s: f.mT * d / s**2
    ),
    "A mean of the values is subtracted. That may help, but it is another estimate.": (
        lambda f, d, s: (f - f.mean()) * d / s**2
    ),
    "This is the gradient with respect to std; that with respect to mu is asked for.": (
        lambda f, d, s: f * (d**2 / s**3 - 1 / s)
    ),
    "This is the value times log N itself; its gradient is asked for.": (
        lambda f, d, s: f * Normal(0, s).log_prob(d)
    ),
    "This is the gradient of the density; that of its logarithm is asked for.": (
        lambda f, d, s: f * d / s**2 * Normal(0, s).log_prob(d).exp()
    ),
    "The gradient holds the density of the whole draw; its logarithm has none.": (
        lambda f, d, s: f * d / s**2 * Normal(0, s).log_prob(d).sum(1, True).exp()
    ),
    "Yours is turned: draws are rows.": lambda f, d, s: (f * d / s**2).mT,
    "Yours is turned: draws are rows, and each has its own value.": lambda f, d, s: (
        f * (d / s**2).mT
    ),
    "All draws share one value, the mean of f; each has its own.": lambda f, d, s: (
        f.mean() * d / s**2
    ),
    "All draws share one estimate; each keeps its own, and their mean is taken "
    "later.": lambda f, d, s: (f * d / s**2).mean(0).expand_as(d),
    "You divided by the number of draws: their mean is taken later.": (
        lambda f, d, s: f * d / s**2 / len(d)
    ),
    "The distances are added up over the dimensions; mu has a gradient in each.": (
        lambda f, d, s: (f * d / s**2).sum(1, True).expand_as(d)
    ),
    "The mean mu is not subtracted from the draws.": lambda f, d, s: (
        f * (d + MU) / s**2
    ),
    "The logarithm of the values is multiplied, not the values.": (
        lambda f, d, s: f.log() * d / s**2
    ),
}
MEAN_LATER = "Each draw keeps an estimate of its own; their mean is taken later."


def _exact(values: Tensor, z: Tensor, mu: Tensor, std: Tensor) -> Tensor:
    """The values times the gradients that autograd finds, draw by draw, in float64."""
    means = mu.double().expand_as(z).clone().requires_grad_()
    score = Normal(means, std.double()).log_prob(z.double()).sum()
    (gradient,) = torch.autograd.grad(score, means)
    return values.double()[:, None] * gradient


def score_of_draws(f: Answer) -> None:
    """Each draw's estimate is its value times the gradient of its log-density."""
    z = MU + STD * NOISE
    right = _exact(VALUES, z, MU, STD)
    shapes = {
        **dict.fromkeys([(4,), (1, 4)], MEAN_LATER),
        (): "There is a row for each draw.",
    }
    got = numbers(f(VALUES, z, MU, STD), (4, 4), shapes)
    given = (VALUES.double()[:, None], (z - MU).double(), STD.double())
    known = (*SCORE.values(), lambda *given: right)
    if not any(near(got, wrong(*given)) for wrong in known):
        score_of_one_draw(f)  # few enough to be shown
    what = "Your value is not that of f(z) times the gradient of log N."
    expect(got, right, what, SCORE, given)


def score_of_one_draw(f: Answer) -> None:
    """One draw of one number can be done by hand."""
    given = torch.tensor([3.0]), torch.tensor([[2.0]]), torch.ones(1), 2 * torch.ones(1)
    what = "Your value is not that of f(z) times the gradient of log N."
    got = numbers(f(*given), (1, 1))
    expect(got, torch.tensor([[0.75]]), what, told=f.for_inputs())


def score_of_any_number(f: Answer) -> None:
    """There may be more draws than dimensions, or one of both."""
    for n, d in ((4, 2), (2, 4), (1, 3), (3, 1), (1, 1)):
        z, mu, std, values = MU[:d] + NOISE[:n, :d], MU[:d], STD[:d], VALUES[:n] - 1
        case = f"With values ({n},) and z ({n}, {d})"
        shapes = {
            (d,): MEAN_LATER,
            (n,): "Each dimension of mu has a gradient.",
            (d, n): "A draw is a row.",
            (): "There is a row for each draw.",
        }
        got = numbers(f(values, z, mu, std), (n, d), shapes)
        what = f"{case} your estimate is off."
        expect(got, _exact(values, z, mu, std), what, told=f.for_inputs())
