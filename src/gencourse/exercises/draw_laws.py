"""What a right reparameterised draw obeys."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.reach import expect_gradients

# Of mu, log_var and noise.
DRAW: Mistakes = {
    "The noise is scaled by the variance; it is the standard deviation that scales "
    "it.": lambda m, v, e: m + v.exp() * e,
    "You used log_var as if it were the standard deviation; it is the logarithm of "
    "the variance.": lambda m, v, e: m + v * e,
    "The noise is scaled by half of log_var; an exponential is missing.": (
        lambda m, v, e: m + v / 2 * e
    ),
    "The noise is divided by the standard deviation.": (
        lambda m, v, e: m + e / (v / 2).exp()
    ),
    "The root is taken twice: the noise is scaled by the root of the standard "
    "deviation.": (lambda m, v, e: m + (v / 4).exp() * e),
    "The variance is squared where its root is due.": (
        lambda m, v, e: m + (2 * v).exp() * e
    ),
    "The noise is not scaled: log_var has no part in your draw.": (
        lambda m, v, e: m + e
    ),
    "The mean is scaled too; only the noise is.": (
        lambda m, v, e: (m + e) * (v / 2).exp()
    ),
    "The mean is missing from your draw.": lambda m, v, e: (v / 2).exp() * e,
    "The mean and the standard deviation are exchanged.": (
        lambda m, v, e: (v / 2).exp() + m * e
    ),
    "The standard deviation is added to the noise; it should scale it.": (
        lambda m, v, e: m + (v / 2).exp() + e
    ),
    "The noise is subtracted; it is to be added.": lambda m, v, e: (
        m - (v / 2).exp() * e
    ),
    "The mean comes back twice.": lambda m, v, e: 2 * m + (v / 2).exp() * e,
}
NOT_A_NUMBER = (
    "Your draw holds NaN: is there a root or a logarithm of log_var? It may be "
    "negative."
)


def _case(*shape: int) -> tuple[Tensor, Tensor, Tensor]:
    mu, log_var, noise = torch.randn(3, *shape, generator=seeds.generator(0))
    return 2 * mu, log_var, noise


def _exact(mu: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
    scaled = log_var.double().exp().sqrt() * noise.double()
    return torch.as_tensor(mu.double() + scaled)


def draw_uses_the_noise(f: Answer) -> None:
    """The noise that is given decides the draw, and nothing else does."""
    mu, log_var, noise = _case(4, 3)
    shapes = {
        (4, 1): "Each dimension has a draw of its own.",
        (4,): "Each dimension has a draw of its own.",
        (): "A draw has the shape of mu.",
    }
    got, again, other = (
        numbers(f(mu, log_var, e), (4, 3), shapes) for e in (noise, noise, -2 * noise)
    )
    if got.isnan().any():
        raise Wrong(NOT_A_NUMBER)
    if not near(got, again):
        raise Wrong(
            "Two calls with the same noise give different draws: use the noise that "
            "you are given, and draw none."
        )
    if near(got, other):
        still = near(got, mu.double())
        raise Wrong(
            "Your draw is the mean alone: the noise has no part in it."
            if still
            else "Your draw does not depend on the noise that you are given."
        )


def draw_has_mean_and_spread(f: Answer) -> None:
    """A draw is as many standard deviations from the mean as the noise says."""
    given = _case(4, 3)
    got = numbers(f(*given), (4, 3))
    exact = tuple(v.double() for v in given)
    what = "Your draw is not as far from mu as the noise says."
    told = f.for_inputs("mu", "log_var", "noise")
    expect(got, _exact(*given), what, DRAW, exact, told=told)


def draw_broadcasts(f: Answer) -> None:
    """Several draws for each mean come from noise with an axis in front."""
    mu, log_var, _ = _case(4, 3)
    for noise, scale in (
        (_case(5, 4, 3)[2], log_var),
        (_case(4, 3)[2], log_var[0]),
        (_case(3)[2], log_var[:, :1]),
        (_case(4, 3)[2], torch.tensor(-1.0)),
    ):
        shape = (mu + scale + noise).shape
        case = (
            f"With mu (4, 3), log_var {tuple(scale.shape)} and noise "
            f"{tuple(noise.shape)} the shapes should broadcast to {tuple(shape)}."
        )
        shapes = {(4, 3): case, (5, 3): case, (5, 12): case}
        got = numbers(f(mu, scale, noise), tuple(shape), shapes)
        expect(got, _exact(mu, scale, noise), case)


def draw_can_train(f: Answer) -> None:
    """Gradients go through the draw to the mean and to the log-variance."""
    mu, log_var, noise = given = _case(4, 3)
    due = torch.ones(4, 3), _exact(0 * mu, log_var, noise) / 2, None
    expect_gradients(f, given, due)


def draw_from_far_clouds(f: Answer) -> None:
    """Very narrow and very wide clouds are drawn from too."""
    mu, noise = torch.zeros(4, 1), torch.ones(4, 1)
    for far in (
        torch.tensor([-25.0, -8.0, -5.0, -4.5]),
        torch.tensor([4.0, 5.0, 8.0, 12.0]),
    ):
        log_var = far[:, None]
        spread = _exact(mu, log_var, noise)
        what = (
            "Where log_var is far from 0 your draw is not as far from mu as the noise "
            "says: nothing is to be clamped."
        )
        expect(numbers(f(mu, log_var, noise), (4, 1)), spread, what)
