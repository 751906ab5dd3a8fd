"""What a right log-probability of a softmax law obeys."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer, Raised
from gencourse.exercises.backward import gradients
from gencourse.exercises.compare import Mistakes, expect, near, numbers
from gencourse.exercises.exercise import Wrong


def _at(values: Tensor, x: Tensor) -> Tensor:
    return values.gather(-1, x.long()[..., None])[..., 0]


# Of the right values, the logits and the levels.
SOFTMAX: Mistakes = {
    "These are probabilities; their logarithms are asked for.": (
        lambda right, z, x: right.exp()
    ),
    "The sign is turned: the logarithm of a probability is never positive.": (
        lambda right, z, x: -right
    ),
    "These are bits; nats are asked for (the natural logarithm).": (
        lambda right, z, x: right / math.log(2)
    ),
    "Your logarithm is to base 10; nats are asked for (the natural logarithm).": (
        lambda right, z, x: right / math.log(10)
    ),
    "These are the logits of the levels: they are not normalised yet.": (
        lambda right, z, x: _at(z, x)
    ),
    "These are exponentials of logits: normalisation and logarithm are missing.": (
        lambda right, z, x: _at(z, x).exp()
    ),
    "The softmax goes over the first axis; it belongs over the levels.": (
        lambda right, z, x: _at(z.log_softmax(0), x)
    ),
    "The softmax goes over the pixels; it belongs over the levels of each.": (
        lambda right, z, x: _at(z.log_softmax(1), x)
    ),
    "The softmax goes over pixels and levels together; each pixel has a law of its "
    "own.": lambda right, z, x: _at(z.flatten().log_softmax(0).view_as(z), x),
    "The softmax is taken twice: what you give to the second is no logit any more.": (
        lambda right, z, x: _at(z.softmax(-1).log_softmax(-1), x)
    ),
    "A sigmoid is for two levels; of several, its values don't sum to one.": (
        lambda right, z, x: _at(z, x).sigmoid().log()
    ),
    "This is the likeliest level's: x takes no part.": (
        lambda right, z, x: z.log_softmax(-1).amax(-1)
    ),
    "All levels are added up; only the pixel's own is asked for.": (
        lambda right, z, x: z.log_softmax(-1).sum(-1)
    ),
    "All levels are averaged; only the pixel's own is asked for.": (
        lambda right, z, x: z.log_softmax(-1).mean(-1)
    ),
    "This is the level below the pixel's own: level 0 has index 0.": (
        lambda right, z, x: _at(z.log_softmax(-1), (x.long() - 1) % z.shape[-1])
    ),
    "This is the logarithm of the normaliser: where is the level's own logit?": (
        lambda right, z, x: z.logsumexp(-1)
    ),
    "The normaliser is subtracted where its logarithm should be.": (
        lambda right, z, x: _at(z, x) - z.exp().sum(-1)
    ),
    "The logarithm of the normaliser is added; the law is divided by it.": (
        lambda right, z, x: _at(z, x) + z.logsumexp(-1)
    ),
    "The logit is divided by the logarithm of the normaliser: of a quotient the "
    "logarithm is a difference.": lambda right, z, x: _at(z, x) / z.logsumexp(-1),
}
SHAPES = {
    (): "Each pixel has a value of its own: nothing is summed yet.",
    (2,): "Each pixel has a value of its own; they are summed over the image later.",
    (2, 3, 4): "Of all levels only the pixel's own counts.",
    (2, 3, 1): "The axis of the levels goes.",
    (2, 3, 3): "Does each pixel choose its own level, and only that?",
}


def _case() -> tuple[Tensor, Tensor]:
    logits = torch.linspace(0.3, 20, 24).sin().mul(2).view(2, 3, 4)
    return logits, torch.tensor([[0, 3, 1], [2, 0, 3]], dtype=torch.uint8)


def _right(logits: Tensor, x: Tensor) -> Tensor:
    law = torch.distributions.Categorical(logits=logits.double())
    found: Tensor = law.log_prob(x.double())
    return found


def softmax_is_known(f: Answer) -> None:
    """The log-probabilities are those of torch.distributions."""
    logits, x = _case()
    got, right = numbers(_called(f, logits, x), (2, 3), SHAPES), _right(logits, x)
    if not any(near(got, m(right, logits.double(), x)) for m in SOFTMAX.values()):
        softmax_of_one(f)  # few enough to be shown
    what = "Your value is not the log-probability of the pixel's level."
    expect(got, right, what, SOFTMAX, (right, logits.double(), x))


def _called(f: Answer, logits: Tensor, x: Tensor) -> object:
    try:
        return f(logits, x)
    except Raised as raised:
        if isinstance(raised.error, IndexError) and "mask" in str(raised.error):
            raise Wrong(
                "An index of dtype uint8 is a mask to torch, True or False for each "
                "place, and chooses no level: make int64 of x first."
            ) from None
        raise


def softmax_of_one(f: Answer) -> None:
    """A single law may stand alone, and levels may be int64."""
    logits, x = torch.tensor([0.0, 2.0, -1.0]), torch.tensor(1)
    what = "Your value is not the log-probability of the level."
    got = numbers(f(logits, x), ())
    expect(got, _right(logits, x), what, told=f.for_inputs())


def softmax_of_images(f: Answer) -> None:
    """Laws stand in the shape of the images, whatever it is."""
    logits = torch.linspace(-9, 9, 270).cos().mul(3).view(2, 1, 3, 5, 9)
    x = torch.arange(30).mul(7).remainder(9).view(2, 1, 3, 5).to(torch.uint8)
    what = "The laws stand in shape (2, 1, 3, 5) here, their levels on the last axis."
    expect(numbers(f(logits, x), (2, 1, 3, 5)), _right(logits, x), what)


def softmax_far_apart(f: Answer) -> None:
    """Logits far apart give large, finite values."""
    logits = torch.tensor([[0.0, 1000.0], [-800.0, 0.0], [500.0, 502.0]])
    x = torch.tensor([0, 0, 1], dtype=torch.uint8)
    got, right = numbers(f(logits, x), (3,)), _right(logits, x)
    told = f.for_inputs("logits", "x")
    if not got[2].isfinite():
        raise Wrong(
            f"For {told((3,), (2,))} your value is {got[2].item():g}: exp of a large "
            "logit overflows. What may be subtracted from all logits of a law?"
        )
    if not got.isfinite().all():
        at = tuple((~got.isfinite()).nonzero()[0].tolist())
        raise Wrong(
            f"For {told((3,), at)} your value is {got[at].item():g}: the probability "
            "underflows to 0 before its logarithm is taken."
        )
    if -200 < got.min().item() < -1:
        raise Wrong(
            f"Where logits lie far apart your value stays at {got.min().item():.3g}: a "
            "small constant or a clamp hides that the probability underflows to 0."
        )
    expect(got, right, "Logits far apart:", told=told)


def softmax_can_train(f: Answer) -> None:
    """Gradients flow back to the logits: those that one hot and softmax make."""
    logits, x = _case()
    leaf = logits.clone().requires_grad_()
    (got,) = gradients(f, leaf, x)
    (right,) = torch.autograd.grad(_right(leaf, x).sum(), leaf)
    what = "The values are right, but the gradient in logits is not."
    expect(got.double(), right.double(), what)
