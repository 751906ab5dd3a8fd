"""What a right loss of a discriminator obeys."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import (
    Mistakes,
    expect,
    expect_no_axes,
    mistake_of,
    near,
    numbers,
)
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.logit_laws import (
    expect_any_dtype,
    expect_finite,
    log_one_minus_sigmoid,
    log_sigmoid,
    of_draws_alone,
)
from gencourse.exercises.reach import expect_gradients

REAL = torch.tensor([1.5, -0.4, 0.7, 2.6, -1.1])
FAKE = torch.tensor([-0.9, 0.3, -2.2, 1.3, -0.2])
# Two mistakes may agree by chance, but not twice.
OTHERS = torch.tensor([0.2, 1.9, -0.8, -1.7, 3.1]), torch.tensor([1, -1.4, 0.6, 2, -3])
SHAPES = {
    (5,): "The images of the batch are averaged.",
    (10,): "The images of the batch are averaged.",
    (2,): "The two parts, of real and of fake images, are added.",
    (5, 5): "Every real image meets every fake one there; each is judged alone.",
}
# Of the right value, the logits of real images and those of fake ones, in float64.
TELLING: Mistakes = {
    "The sign is turned: a loss is lowered, and yours is least where the "
    "discriminator is wrong.": lambda right, r, f: -right,
    "Real and fake are exchanged: a high logit means real.": (
        lambda right, r, f: -log_one_minus_sigmoid(r).mean() - log_sigmoid(f).mean()
    ),
    "Yours is half of what is due: the means of real and of fake images are added, "
    "not averaged.": lambda right, r, f: right / 2,
    "You added up the images of the batch; their mean is asked for.": (
        lambda right, r, f: right * len(r)
    ),
    "Yours is divided by the number of images once too often.": (
        lambda right, r, f: right / len(r)
    ),
    "These are bits; nats are asked for.": lambda right, r, f: right / math.log(2),
    "The sigmoid is taken twice: what the loss gets are logits already, or "
    "probabilities already, and not both.": (
        lambda right, r, f: (
            -log_sigmoid(r.sigmoid()).mean() - log_one_minus_sigmoid(f.sigmoid()).mean()
        )
    ),
    "Fake images count as real in yours: the part of fake images should be low where "
    "their logit is.": lambda right, r, f: (
        -log_sigmoid(r).mean() - log_sigmoid(f).mean()
    ),
    "Real images count as fake in yours: the part of real images should be low where "
    "their logit is high.": lambda right, r, f: (
        -log_one_minus_sigmoid(r).mean() - log_one_minus_sigmoid(f).mean()
    ),
    "The part of real images is missing.": lambda right, r, f: (
        -log_one_minus_sigmoid(f).mean()
    ),
    "The part of fake images is missing.": lambda right, r, f: -log_sigmoid(r).mean(),
    "The part of fake images has the wrong sign.": (
        lambda right, r, f: -log_sigmoid(r).mean() + log_one_minus_sigmoid(f).mean()
    ),
    "The part of real images has the wrong sign.": (
        lambda right, r, f: log_sigmoid(r).mean() - log_one_minus_sigmoid(f).mean()
    ),
    "Of fake images the logit is subtracted from 1 in yours: D of that is not 1 - D, "
    "which is a probability.": lambda right, r, f: (
        -log_sigmoid(r).mean() - log_sigmoid(1 - f).mean()
    ),
    "For fake images the 1 stands outside the logarithm; it belongs inside.": (
        lambda right, r, f: -log_sigmoid(r).mean() - 1 + log_sigmoid(f).mean()
    ),
    "The logarithms are missing: these are mean probabilities of an error.": (
        lambda right, r, f: (1 - r.sigmoid()).mean() + f.sigmoid().mean()
    ),
    "The probabilities are averaged before the logarithm; the mean comes last.": (
        lambda right, r, f: -r.sigmoid().mean().log() - (1 - f.sigmoid().mean()).log()
    ),
    "The logits are averaged before all else; the mean comes last.": (
        lambda right, r, f: -log_sigmoid(r.mean()) - log_one_minus_sigmoid(f.mean())
    ),
    "This is a Wasserstein critic's loss; here logits are those of probabilities.": (
        lambda right, r, f: f.mean() - r.mean()
    ),
    "This is the hinge loss; the cross entropy is asked for.": (
        lambda right, r, f: (1 - r).relu().mean() + (1 + f).relu().mean()
    ),
    "These are squared errors; the cross entropy is asked for.": (
        lambda right, r, f: (
            (1 - r.sigmoid()).square().mean() + f.sigmoid().square().mean()
        )
    ),
    "These are squared errors of the logits; the cross entropy is asked for.": (
        lambda right, r, f: (1 - r).square().mean() + f.square().mean()
    ),
    "Real and fake are subtracted before the sigmoid: each image is to be judged "
    "alone.": lambda right, r, f: -2 * log_sigmoid(r - f).mean(),
    "Real and fake are subtracted inside one logarithm: each image is to be judged "
    "alone.": lambda right, r, f: -log_sigmoid(r - f).mean(),
}
NOT_A_NUMBER = (
    "Your loss is NaN: is there a logarithm of a logit? Logits are no probabilities "
    "yet, and may be negative."
)


def _exact(real: Tensor, fake: Tensor) -> Tensor:
    r, f = real.double(), fake.double()
    return -log_sigmoid(r).mean() - log_one_minus_sigmoid(f).mean()


def telling_is_cross_entropy(f: Answer) -> None:
    """Of ordinary logits the value is known."""
    cases: list[tuple[Tensor, tuple[Tensor, ...]]] = []
    for logits in ((REAL, FAKE), OTHERS):
        got, right = numbers(f(*logits), (), SHAPES), _exact(*logits)
        if got.isnan().any():
            raise Wrong(NOT_A_NUMBER)
        if near(got, right) and not cases:
            return
        cases.append((got, (right, *(v.double() for v in logits))))
    if sentence := mistake_of(TELLING, *cases):
        raise Wrong(sentence)
    telling_of_one_image(f)  # few enough to be shown
    got, (right, *_) = cases[0]
    expect(got, right, "Your value is not the cross entropy of telling real from fake.")


def telling_of_one_image(f: Answer) -> None:
    """Where all is 0 it is 2 log 2, and one image may stand alone."""
    for logits in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)):
        real, fake = (torch.tensor([v]) for v in logits)
        got = numbers(f(real, fake), ())
        what = "Your value is not the cross entropy of telling real from fake."
        expect(got, _exact(real, fake), what, told=f.for_inputs())


def telling_is_finite(f: Answer) -> None:
    """However sure the discriminator is, the loss is a number, and a right one."""
    zero = torch.zeros(1)
    for far in (30.0, 200.0, 2000.0):
        for real in (-far, far):
            logit = torch.tensor([real])
            case = f"With a real image of logit {real:g}"
            expect_finite(numbers(f(logit, zero), ()), _exact(logit, zero), case, far)
            case = f"With a fake image of logit {real:g}"
            expect_finite(numbers(f(zero, logit), ()), _exact(zero, logit), case, far)


def telling_can_train(f: Answer) -> None:
    """Gradients go back to both kinds of images, from sure judgements too."""
    for real, fake in ((REAL, FAKE), of_draws_alone(200.0)):
        due = -(-real).sigmoid() / len(real), fake.sigmoid() / len(fake)
        expect_gradients(f, (real, fake), due)


def telling_of_float64(f: Answer) -> None:
    """Logits may be float64, and the loss is a single number."""
    given = REAL.double(), FAKE.double()
    expect_any_dtype(f, (), _exact(*given), given)
    expect_no_axes(f(REAL, FAKE), "a loss")
