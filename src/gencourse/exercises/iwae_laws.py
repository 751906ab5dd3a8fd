"""What a right importance-weighted bound obeys."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers
from gencourse.exercises.exercise import Wrong

# Of the right values and the log weights w, (5, 3), in float64.
BOUND: Mistakes = {
    "This is the mean of the logarithms, the ELBO: the weights are averaged first, and "
    "the logarithm comes last.": lambda right, w: w.mean(0),
    "The weights are added up; their mean is asked for.": (
        lambda right, w: right + math.log(len(w))
    ),
    "The logarithms are added up; the weights are averaged first, and the logarithm "
    "comes last.": lambda right, w: w.sum(0),
    "The logarithms are averaged, and the worst draw counts most: a draw should count "
    "by its weight, and inside the logarithm.": (
        lambda right, w: ((-w).softmax(0) * w).sum(0)
    ),
    "The sign is turned, and the worst draw counts most: the better a draw explains "
    "the image, the more it should count.": (
        lambda right, w: ((-w).softmax(0) * -w).sum(0)
    ),
    "The logarithms are averaged by the normalised weights: the gradient of that is "
    "the bound's, but its value is too high, and may lie above log p(x).": (
        lambda right, w: (w.softmax(0) * w).sum(0)
    ),
    "The logarithms are averaged by the normalised weights, and the sign is turned: "
    "that is a loss with the right gradient, and not the bound.": (
        lambda right, w: -(w.softmax(0) * w).sum(0)
    ),
    "The sign is turned: the bound is asked for, not a loss.": lambda right, w: -right,
    "This is the mean of the weights; its logarithm is asked for.": (
        lambda right, w: w.exp().mean(0)
    ),
    "Only the greatest weight counts in your answer; all of them should.": (
        lambda right, w: w.amax(0)
    ),
    "Only the greatest weight counts in your answer, a k-th of it; all of them "
    "should.": lambda right, w: w.amax(0) - math.log(len(w)),
    "The logarithm is divided by k; it is the weights that k divides.": (
        lambda right, w: w.logsumexp(0) / len(w)
    ),
    "You subtract k, where its logarithm belongs.": (
        lambda right, w: w.logsumexp(0) - len(w)
    ),
    "The logarithm of k has the wrong sign.": (
        lambda right, w: right + 2 * math.log(len(w))
    ),
    "The logarithm is divided by that of k; it is the weights that k divides.": (
        lambda right, w: w.logsumexp(0) / math.log(len(w))
    ),
    "The sum is divided by the number of images; it is draws that are averaged.": (
        lambda right, w: w.logsumexp(0) - math.log(w.shape[1])
    ),
    "The sum is divided by k and by the number of images; it is draws that are "
    "averaged.": lambda right, w: right - math.log(w.shape[1]),
    "The sum is divided by k - 1; a mean divides by k.": (
        lambda right, w: w.logsumexp(0) - math.log(len(w) - 1)
    ),
    "The logarithm of k is to base 2; the natural one is due.": (
        lambda right, w: w.logsumexp(0) - math.log2(len(w))
    ),
    "These are bits; nats are asked for.": lambda right, w: right / math.log(2),
    "This is the median of the logarithms; the mean of the weights comes first.": (
        lambda right, w: w.median(0).values
    ),
}
SHAPES = {
    (5,): "That is the wrong axis: draws lie along the first one, images along the "
    "second.",
    (): "Each image has a bound of its own: only the draws are averaged.",
    (5, 3): "The draws of an image give one number.",
    (1, 3): "The axis of the draws goes.",
}
WEIGHTS = torch.tensor(
    [
        [-1.0, 0.4, -3.5],
        [-2.5, -1.1, -0.2],
        [0.3, -0.6, -6.0],
        [-4.0, 0.9, -1.7],
        [-0.4, -2.2, -0.9],
    ]
)

APART = (
    "Draws of one image may lie hundreds of nats apart: shift by the greatest, or the "
    "exponential overflows."
)
# Log weights of one image. Shifts by the least, the mean, the median and any one draw
# overflow at different ones; the last two overflow float64 as well.
FAR_DRAWS = (
    [0.0, 0.0, 0.0, 0.0, -100.0],
    [0.0, 0.0, 0.0, -300.0, -300.0],
    [0.0, 0.0, -300.0, -300.0, -300.0],
    [-300.0, 0.0, -300.0, -300.0, -300.0],
    [-300.0, -300.0, 0.0, -300.0, -300.0],
    [-300.0, -300.0, -300.0, 0.0, -300.0],
    [0.0, -900.0, -900.0, -900.0, -900.0],
    [-900.0, -900.0, -900.0, -900.0, 0.0],
)


def _exact(log_weights: Tensor) -> Tensor:
    """The bounds by a sum that leaves the greatest weight outside, in float64."""
    greatest = log_weights.double().amax(0)
    mean = (log_weights.double() - greatest).exp().mean(0)
    return torch.as_tensor(greatest + mean.log())


def bound_of_draws(f: Answer) -> None:
    """Of weights near 1 the bound is known."""
    got, right = numbers(f(WEIGHTS), (3,), SHAPES), _exact(WEIGHTS)
    given = (right, WEIGHTS.double())
    if not any(near(got, wrong(*given)) for wrong in (*BOUND.values(), _right)):
        bound_of_two_draws(f)  # few enough to be shown
    what = "Your value is not the logarithm of the mean weight."
    expect(got, right, what, BOUND, given)


def _right(right: Tensor, log_weights: Tensor) -> Tensor:
    return right


def bound_of_two_draws(f: Answer) -> None:
    """Weights of 1 and 3 have a mean of 2."""
    log_weights = torch.tensor([[0.0], [math.log(3)]])
    what = "Your value is not the logarithm of the mean weight."
    got = numbers(f(log_weights), (1,))
    expect(got, torch.tensor([math.log(2)]), what, told=f.for_inputs())


def bound_of_one_draw(f: Answer) -> None:
    """A single draw gives its own log weight: that is the ELBO's estimate."""
    what = "With one draw the bound is its log weight itself."
    expect(numbers(f(WEIGHTS[:1]), (3,)), WEIGHTS[0], what, told=f.for_inputs())


def bound_of_any_axes(f: Answer) -> None:
    """Whatever axes follow the first one stay, none or several."""
    log_weights = -3 * torch.rand(5, 2, 4, generator=seeds.generator(0))
    what = "With log_weights (5, 2, 4) the draws lie along the first axis alone."
    shapes = dict.fromkeys([(5, 2), (5, 4), (5,), (2,), (4,), (8,), ()], what)
    expect(numbers(f(log_weights), (2, 4), shapes), _exact(log_weights), what)
    what = "The draws of a single image, in a row, give one number."
    row = log_weights[:, 0, 0]
    expect(numbers(f(row), (), {(5,): what}), _exact(row), what, told=f.for_inputs())


def bound_is_finite(f: Answer) -> None:
    """Weights of real images are far smaller than any float, or larger."""
    far = WEIGHTS + torch.tensor([-2000.0, 900.0, -30.0])
    alone = [numbers(f(column), (1,)) for column in far.split(1, 1)]
    together = numbers(f(far), (3,))
    for got, near_to in zip(alone, (-2000, 900, -30), strict=True):
        if not got.isfinite().all():
            raise Wrong(
                f"With log weights near {near_to} your value is {got.item()}: such "
                "weights are no floats any more, only their logarithms are."
            )
    if not near(torch.cat(alone), _exact(far)):
        raise Wrong(
            f"With log weights near -2000 your value is {alone[0].item():.4g}: is "
            "there a small constant, or a clamp? It hides that such weights are no "
            "floats any more."
        )
    if not together.isfinite().all():
        raise Wrong(
            "Images whose log weights lie far apart are right one by one, and not "
            "together: what suits the weights of one image does not suit another's."
        )
    expect(together, _exact(far), "With log weights far apart it is off.")


def bound_of_draws_apart(f: Answer) -> None:
    """One draw may be far better than the others, whichever it is."""
    for draws in FAR_DRAWS:
        log_weights = torch.tensor(draws)
        got = numbers(f(log_weights), ())
        expect(got, _exact(log_weights), APART, told=f.for_inputs())
    together = torch.tensor(FAR_DRAWS).mT
    expect(numbers(f(together), (len(FAR_DRAWS),)), _exact(together), APART)
