"""What the log-likelihood of a model that mostly draws noise obeys."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers
from gencourse.exercises.exercise import Wrong

LOG_P = torch.tensor([-1.2, -0.4, -3.1, 0.3])
LOG_NOISE = torch.tensor([-0.3, -1.5, -2.0, -1.6])
SHARE = 0.3
EACH = "Every image has a log-likelihood of its own."
SHAPES = {
    (): f"{EACH} Yours has one of all.",
    (2, 4): f"{EACH} p and the noise come together in it.",
    (4, 2): f"{EACH} p and the noise come together in it.",
    (4, 4): "Both log-likelihoods are those of the same image.",
    (4, 1): f"{EACH} The result has shape (B,).",
    (1, 4): f"{EACH} The result has shape (B,).",
}


def _exact(log_p: Tensor, log_noise: Tensor, share: float) -> Tensor:
    """The mixture, with the greater of the two densities taken out."""
    p, noise = log_p.double(), log_noise.double()
    most = torch.maximum(p, noise)
    mixed = share * (p - most).exp() + (1 - share) * (noise - most).exp()
    return most + mixed.log()


def _mixed(p: Tensor, noise: Tensor) -> Tensor:
    return (p.exp() + noise.exp()).log()


# Of the right values, both log-likelihoods in float64, log(share) and log(1 - share).
MIXTURE: Mistakes = {
    "The logarithms are averaged; it is the densities that mix.": (
        lambda right, p, q, s, r: s.exp() * p + r.exp() * q
    ),
    "The shares are exchanged: p is drawn from with probability share.": (
        lambda right, p, q, s, r: _mixed(p + r, q + s)
    ),
    "The shares are missing: the two densities are added as they are.": (
        lambda right, p, q, s, r: _mixed(p, q)
    ),
    "Both shares are one half in yours.": (
        lambda right, p, q, s, r: _mixed(p, q) - math.log(2)
    ),
    "The share of the noise is missing.": (lambda right, p, q, s, r: _mixed(p + s, q)),
    "The share of p is missing.": lambda right, p, q, s, r: _mixed(p, q + r),
    "Both densities have p's share in yours; the noise has what is left to one.": (
        lambda right, p, q, s, r: _mixed(p + s, q + s)
    ),
    "The share of the noise is 1 + share in yours: the two shares sum to one.": (
        lambda right, p, q, s, r: _mixed(p + s, q + s.exp().log1p())
    ),
    "The share divides the density of p; it multiplies it.": (
        lambda right, p, q, s, r: _mixed(p - s, q + r)
    ),
    "Both shares divide in yours; they multiply.": (
        lambda right, p, q, s, r: _mixed(p - s, q - r)
    ),
    "The shares multiply the logarithms; it is the densities that they multiply.": (
        lambda right, p, q, s, r: _mixed(p * s.exp(), q * r.exp())
    ),
    "The shares themselves are added to the logarithms; their logarithms are to be.": (
        lambda right, p, q, s, r: _mixed(p + s.exp(), q + r.exp())
    ),
    "The logarithms of the shares multiply; in a logarithm they are added.": (
        lambda right, p, q, s, r: _mixed(p * s, q * r)
    ),
    "The greater of the two terms stands for their sum.": (
        lambda right, p, q, s, r: torch.maximum(p + s, q + r)
    ),
    "This is the greater of the two log-likelihoods: the shares have no part in it.": (
        lambda right, p, q, s, r: torch.maximum(p, q)
    ),
    "The noise has no part in yours: that is the least that the value can be.": (
        lambda right, p, q, s, r: p + s
    ),
    "The model p has no part in yours.": lambda right, p, q, s, r: q + r,
    "The two logarithms are added, as if an image were drawn from both.": (
        lambda right, p, q, s, r: p + s + q + r
    ),
    "This is the density; its logarithm is asked for.": (
        lambda right, p, q, s, r: right.exp()
    ),
    "These are bits; nats are asked for (the natural logarithm).": (
        lambda right, p, q, s, r: right / math.log(2)
    ),
    "The sign is turned: the log-likelihood is asked for, not a loss.": (
        lambda right, p, q, s, r: -right
    ),
    "This is how probable it is that the image was drawn from p.": (
        lambda right, p, q, s, r: (p + s - right).exp()
    ),
    "This is the logarithm of how probable it is that the image was drawn from p.": (
        lambda right, p, q, s, r: p + s - right
    ),
}
NOT_A_NUMBER = (
    "Your values hold NaN: is there a logarithm of a log-likelihood? It may be "
    "negative."
)


def mixture_of_images(f: Answer) -> None:
    """Of ordinary log-likelihoods the mixture is known."""
    got = numbers(f(LOG_P, LOG_NOISE, SHARE), (4,), SHAPES)
    if got.isnan().any():
        raise Wrong(NOT_A_NUMBER)
    right = _exact(LOG_P, LOG_NOISE, SHARE)
    shares = torch.tensor([SHARE, 1 - SHARE], dtype=torch.float64).log()
    given = (right, LOG_P.double(), LOG_NOISE.double(), *shares)
    what = "Your value is not the logarithm of the mixed density."
    told = f.for_inputs("log_p", "log_noise")
    expect(got, right, what, MIXTURE, given, told=told)


def mixture_of_any_share(f: Answer) -> None:
    """Whatever the share and however many images."""
    generator = seeds.generator(0)
    for count, share in ((1, 0.01), (6, 0.5), (3, 0.99), (2, 1e-6)):
        log_p, log_noise = torch.randn(2, count, generator=generator)
        what = f"With {count} images and share {share:g} your value is not right."
        got = numbers(f(log_p, log_noise, share), (count,))
        told = f.for_inputs("log_p", "log_noise")
        expect(got, _exact(log_p, log_noise, share), what, told=told)


def mixture_is_finite(f: Answer) -> None:
    """The log-likelihoods of real images are no logarithms of floats any more."""
    apart = torch.tensor([0.0, 3.0, -40.0, 40.0])
    for middle in (-2000.0, 2000.0):
        given = (middle + apart, torch.full((4,), middle), 0.01)
        case = f"Where log-likelihoods are near {middle:g} nats"
        _expect_finite(f, given, case)
    far = torch.tensor([-100.0, -3000.0]), torch.tensor([-3000.0, -100.0]), 0.01
    _expect_finite(f, far, "Where log_p and log_noise are -100 and -3000 nats")
    _expect_each_its_own(f)


def _expect_each_its_own(f: Answer) -> None:
    """Images of one batch may be far apart."""
    given = torch.tensor([-100.0, -2000.0]), torch.tensor([-3000.0, -2100.0]), 0.01
    if not numbers(f(*given), (2,)).isfinite().all():
        raise Wrong(
            "With an image at -100 nats and one at -2000 in one batch your values are "
            "not finite: is one maximum taken out of all? Each image needs its own."
        )
    _expect_finite(f, given, "Where the images of a batch are far apart")


def _expect_finite(f: Answer, given: tuple[Tensor, Tensor, float], case: str) -> None:
    got, right = numbers(f(*given), given[0].shape), _exact(*given)
    if not got.isfinite().all():
        first = int((~got.isfinite()).nonzero()[0])
        log_p, log_noise = (value[first].item() for value in given[:2])
        raise Wrong(
            f"Where log_p is {log_p:g} and log_noise {log_noise:g} your value is "
            f"{got[first].item():g}: exp makes 0 of the one, or infinity of their "
            "difference. The densities are no floats, only their logarithms are."
        )
    if not near(got, right):
        at = (got.double() - right).abs().argmax()
        raise Wrong(
            f"{case} your value is {got[at].item():.6g}, where {right[at]:.6g} is due: "
            "is there a small constant or a clamp? Such densities are no floats any "
            "more."
        )
