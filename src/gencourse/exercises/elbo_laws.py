"""What a right evidence lower bound of each image obeys."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.kl_laws import NOT_A_NUMBER, exact_kl, reversed_kl
from gencourse.exercises.reach import expect_gradients

# Of log p(x | z) summed over each image, the KL, mu, log_var, and the number of
# subpixels.
ELBO: Mistakes = {
    "You averaged over the subpixels; their sum is asked for.": (
        lambda likelihood, kl, m, v, n: likelihood / n - kl
    ),
    "You averaged over the code's dimensions; their sum is asked for.": (
        lambda likelihood, kl, m, v, n: likelihood - kl / m.shape[-1]
    ),
    "You averaged over the subpixels and over the code's dimensions; sums are asked "
    "for.": lambda likelihood, kl, m, v, n: likelihood / n - kl / m.shape[-1],
    "The KL has the wrong sign: a code that says much costs much.": (
        lambda likelihood, kl, m, v, n: likelihood + kl
    ),
    "This is the negative of the bound, a loss; the bound itself is asked for.": (
        lambda likelihood, kl, m, v, n: kl - likelihood
    ),
    "The likelihood has the wrong sign: what z explains is gained.": (
        lambda likelihood, kl, m, v, n: -likelihood - kl
    ),
    "The KL is missing: this is what z explains, and what it costs is not paid.": (
        lambda likelihood, kl, m, v, n: likelihood
    ),
    "The likelihood is missing: this is the KL alone.": (
        lambda likelihood, kl, m, v, n: -kl
    ),
    "The KL is subtracted at each subpixel; an image pays for its code once.": (
        lambda likelihood, kl, m, v, n: likelihood - n * kl
    ),
    "Each image pays the KL of the whole batch; it should pay its own.": (
        lambda likelihood, kl, m, v, n: likelihood - kl.sum()
    ),
    "Each image pays the mean KL of the batch; it should pay its own.": (
        lambda likelihood, kl, m, v, n: likelihood - kl.mean()
    ),
    "Each image has the likelihood of the whole batch; it should have its own.": (
        lambda likelihood, kl, m, v, n: likelihood.sum() - kl
    ),
    "The KL counts double: is the half missing, or is it subtracted twice?": (
        lambda likelihood, kl, m, v, n: likelihood - 2 * kl
    ),
    "The KL is halved twice.": lambda likelihood, kl, m, v, n: likelihood - kl / 2,
    "The two sides of the KL are exchanged: it should average under q(z | x).": (
        lambda likelihood, kl, m, v, n: likelihood - reversed_kl(m, v)
    ),
    "In the KL log_var is used as if it were the standard deviation.": (
        lambda likelihood, kl, m, v, n: likelihood - exact_kl(m, 2 * v.abs().log())
    ),
    "In the KL log_var is used as the logarithm of the standard deviation.": (
        lambda likelihood, kl, m, v, n: likelihood - exact_kl(m, 2 * v)
    ),
    "In the KL the standard deviation stands where the variance belongs.": (
        lambda likelihood, kl, m, v, n: (
            likelihood - kl + (v.exp() - (v / 2).exp()).sum(-1) / 2
        )
    ),
    "In the KL the constant is missing: where q is N(0, I) itself, it is 0.": (
        lambda likelihood, kl, m, v, n: likelihood - kl - m.shape[-1] / 2
    ),
    "In the KL the constant has the wrong sign: where q is N(0, I) itself, it is 0.": (
        lambda likelihood, kl, m, v, n: likelihood - kl - m.shape[-1]
    ),
    "In the KL the mean enters without its square.": (
        lambda likelihood, kl, m, v, n: likelihood - kl + (m**2 - m).sum(-1) / 2
    ),
    "In the KL the mean is missing: one away from 0 costs too.": (
        lambda likelihood, kl, m, v, n: likelihood - kl + (m**2).sum(-1) / 2
    ),
    "In the KL the square of the mean has the wrong sign.": (
        lambda likelihood, kl, m, v, n: likelihood - kl + (m**2).sum(-1)
    ),
    "In the KL the variance itself is missing, or log_var stands in its place.": (
        lambda likelihood, kl, m, v, n: likelihood - kl + (v.exp() - v).sum(-1) / 2
    ),
    "In the KL the term log_var has the wrong sign.": (
        lambda likelihood, kl, m, v, n: likelihood - kl - v.sum(-1)
    ),
    "In the KL the term log_var is missing.": (
        lambda likelihood, kl, m, v, n: likelihood - kl - v.sum(-1) / 2
    ),
    "In the KL mu and log_var are exchanged.": (
        lambda likelihood, kl, m, v, n: likelihood - exact_kl(v, m)
    ),
    "These are bits; nats are asked for.": (
        lambda likelihood, kl, m, v, n: (likelihood - kl) / math.log(2)
    ),
    "You divided by the number of subpixels: nats of the whole image are asked for.": (
        lambda likelihood, kl, m, v, n: (likelihood - kl) / n
    ),
}
OFF = "Your value is not what z explains minus what z costs."
SHAPES = {
    (): "Each image has a bound of its own; the mean over images is taken later.",
    (5, 5): "Each image should meet its own KL alone: a column and a row of numbers "
    "broadcast to a table.",
    (5, 1): "An image has one number: the other axes go.",
    (5, 3): "The KL is a sum over the code's dimensions.",
    (5, 2, 4, 3): "Add up all the subpixels of an image.",
    (5, 4, 3): "Add up all the subpixels of an image, those of its channels too.",
    (5, 2, 4): "Add up all the subpixels of an image, along all its axes.",
    (5, 2): "Add up all the subpixels of an image, those of its channels too.",
}


def _case(*pixels: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = seeds.generator(0)
    mu, log_var = torch.randn(2, 5, 3, generator=generator)
    return -2 * torch.rand(5, *pixels, generator=generator), mu, log_var


def _exact(log_likelihood: Tensor, mu: Tensor, log_var: Tensor) -> Tensor:
    return log_likelihood.double().flatten(1).sum(1) - exact_kl(mu, log_var)


def elbo_of_images(f: Answer) -> None:
    """Each image has what its subpixels gain, less what its code costs."""
    likelihood, mu, log_var = given = _case(2, 4, 3)
    got, right = numbers(f(*given), (5,), SHAPES), _exact(*given)
    if got.isnan().any():
        raise Wrong(NOT_A_NUMBER)
    total = likelihood.double().flatten(1).sum(1)
    parts = (total, exact_kl(mu, log_var), mu.double(), log_var.double(), 24)
    known = (*ELBO.values(), lambda *parts: right)
    if not any(near(got, wrong(*parts)) for wrong in known):
        elbo_of_one_image(f)  # few enough to be shown
    expect(got, right, OFF, ELBO, parts)


def elbo_of_one_image(f: Answer) -> None:
    """An image of two subpixels with a code of one number can be done by hand."""
    given = torch.tensor([[-1.0, -2.0]]), torch.tensor([[1.0]]), torch.zeros(1, 1)
    got = numbers(f(*given), (1,))
    expect(got, torch.tensor([-3.5]), OFF, told=f.for_inputs())


def elbo_of_vectors(f: Answer) -> None:
    """An image may be a row of subpixels, or have more axes, or be alone."""
    elbo_of_one_image(f)
    for shape in ((7,), (1,), (1, 2, 2), (2, 1, 2, 3)):
        given = _case(*shape)
        what = f"For log_likelihood of shape {(5, *shape)} your value is off."
        got = numbers(f(*given), (5,), {**SHAPES, (5, *shape): "Add up the subpixels."})
        expect(got, _exact(*given), what)


def elbo_can_train(f: Answer) -> None:
    """Its gradients reach the decoder, and both outputs of the encoder."""
    likelihood, mu, log_var = given = _case(2, 4, 3)
    due = torch.ones_like(likelihood), -mu, (1 - log_var.exp()) / 2
    expect_gradients(f, given, due)
