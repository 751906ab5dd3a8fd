"""What a right loss of a generator in the non-saturating game obeys."""

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

FAKE = torch.tensor([-0.9, 0.3, -2.2, 1.3, -0.2])
OTHERS = torch.tensor([1.0, -1.4, 0.6, 2.0, -3.0])  # no two mistakes agree twice
SHAPES = {(5,): "The images of the batch are averaged."}
# Of the right value and the logits, in float64.
FOOLING: Mistakes = {
    "This is the minimax loss, E[log(1 - D)], flat where D is sure: the "
    "non-saturating one is asked for.": (
        lambda right, f: log_one_minus_sigmoid(f).mean()
    ),
    "The logit is subtracted from 1 in yours: D of that is not 1 - D, and the "
    "generator wants D itself to be high.": lambda right, f: -log_sigmoid(1 - f).mean(),
    "The logit is subtracted from 1 in yours, and the sign is that of a loss of "
    "log(1 - D): minus the logarithm of D itself is asked for.": (
        lambda right, f: log_sigmoid(1 - f).mean()
    ),
    "The labels are exchanged: yours is low where D is sure that the images are fake, "
    "and the generator wants them to pass for real.": (
        lambda right, f: -log_one_minus_sigmoid(f).mean()
    ),
    "The sign is turned: a loss is lowered, and yours is least where the generator "
    "fools nobody.": lambda right, f: -right,
    "You added up the images of the batch; their mean is asked for.": (
        lambda right, f: right * len(f)
    ),
    "Yours is divided by the number of images once too often.": (
        lambda right, f: right / len(f)
    ),
    "Your value is halved; nothing is to be averaged but the batch.": (
        lambda right, f: right / 2
    ),
    "These are bits; nats are asked for.": lambda right, f: right / math.log(2),
    "The sigmoid is taken twice: what the loss gets are logits already, or "
    "probabilities already, and not both.": (
        lambda right, f: -log_sigmoid(f.sigmoid()).mean()
    ),
    "The logarithm is missing: this is minus the mean probability.": (
        lambda right, f: -f.sigmoid().mean()
    ),
    "The logarithm is missing: this is one minus the mean probability.": (
        lambda right, f: 1 - f.sigmoid().mean()
    ),
    "This is minus the mean logit, a Wasserstein generator's loss: here D is the "
    "sigmoid of the logit.": lambda right, f: -f.mean(),
    "The probabilities are averaged before the logarithm; the mean comes last.": (
        lambda right, f: -f.sigmoid().mean().log()
    ),
    "The logits are averaged before all else; the mean comes last.": (
        lambda right, f: -log_sigmoid(f.mean())
    ),
    "These are squared errors of the logits; a logarithm is asked for.": (
        lambda right, f: (1 - f).square().mean()
    ),
    "These are squared errors; a logarithm is asked for.": (
        lambda right, f: (1 - f.sigmoid()).square().mean()
    ),
    "Both labels have a part in yours, real and fake: the generator wants its images "
    "to pass for real, no more.": (
        lambda right, f: right - log_one_minus_sigmoid(f).mean()
    ),
}
NOT_A_NUMBER = (
    "Your loss is NaN: is there a logarithm of a logit? Logits are no probabilities "
    "yet, and may be negative."
)


def _exact(fake: Tensor) -> Tensor:
    return -log_sigmoid(fake.double()).mean()


def fooling_is_known(f: Answer) -> None:
    """Of ordinary logits the value is known."""
    cases: list[tuple[Tensor, tuple[Tensor, ...]]] = []
    for logits in (FAKE, OTHERS):
        got, right = numbers(f(logits), (), SHAPES), _exact(logits)
        if got.isnan().any():
            raise Wrong(NOT_A_NUMBER)
        if near(got, right) and not cases:
            return
        cases.append((got, (right, logits.double())))
    if sentence := mistake_of(FOOLING, *cases):
        raise Wrong(sentence)
    fooling_of_one_image(f)  # few enough to be shown
    got, (right, _) = cases[0]
    what = "Your value is not the loss of images that should pass for real."
    expect(got, right, what)


def fooling_of_one_image(f: Answer) -> None:
    """At logit 0 it is log 2, and one image may stand alone."""
    for logit in (0.0, 1.0, -2.0):
        fake = torch.tensor([logit])
        got = numbers(f(fake), ())
        what = "Your value is not the loss of an image that should pass for real."
        expect(got, _exact(fake), what, told=f.for_inputs())


def fooling_is_finite(f: Answer) -> None:
    """However sure the discriminator is, the loss is a number, and a right one."""
    for far in (30.0, 200.0, 2000.0):
        for logit in (-far, far):
            fake = torch.tensor([logit])
            case = f"With an image of logit {logit:g}"
            expect_finite(numbers(f(fake), ()), _exact(fake), case, far)


def fooling_can_train(f: Answer) -> None:
    """Gradients go back to the images, and are steep where D is sure."""
    for fake in (FAKE, of_draws_alone(200.0)[1]):
        expect_gradients(f, (fake,), (-(-fake).sigmoid() / len(fake),))


def fooling_of_float64(f: Answer) -> None:
    """Logits may be float64, and the loss is a single number."""
    expect_any_dtype(f, (), _exact(FAKE.double()), (FAKE.double(),))
    expect_no_axes(f(FAKE), "a loss")
