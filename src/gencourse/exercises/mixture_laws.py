"""What a right log-density of a mixture of Gaussians obeys."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, Normal

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers
from gencourse.exercises.continuous_laws import LOG_ROOT_2PI, check_far
from gencourse.exercises.exercise import Wrong

MIXTURE: Mistakes = {
    "You averaged the logarithms of the components; a mixture adds their densities, "
    "and the logarithm comes last.": lambda right, logs, w: (logs * w).sum(-1),
    "The logarithms of the components are added up, as if x were drawn from all of "
    "them: densities add up.": lambda right, logs, w: (logs + w.log()).sum(-1),
    "The logarithm of a weight is subtracted: a weight multiplies its component.": (
        lambda right, logs, w: (logs - w.log()).logsumexp(-1)
    ),
    "You divide by K as well: the weights sum to one already.": (
        lambda right, logs, w: right - math.log(len(w))
    ),
    "The weights are missing: each component counts fully.": (
        lambda right, logs, w: logs.logsumexp(-1)
    ),
    "Each component counts the same in your mixture; the weights are ignored.": (
        lambda right, logs, w: logs.logsumexp(-1) - math.log(len(w))
    ),
    "You added the weights to log-densities; among logarithms a weight enters by its "
    "logarithm.": lambda right, logs, w: (logs + w).logsumexp(-1),
    "You multiplied log-densities by their weights, and then added exponentials.": (
        lambda right, logs, w: (logs * w).logsumexp(-1)
    ),
    "Only the likeliest component counts in your answer; all of them should.": (
        lambda right, logs, w: (logs + w.log()).amax(-1)
    ),
    "This is the mixture's density; its logarithm is asked for.": (
        lambda right, logs, w: right.exp()
    ),
    "The sign is turned: the log-density is asked for.": lambda right, logs, w: -right,
    "The normaliser's 2π is missing in each component.": (
        lambda right, logs, w: right + LOG_ROOT_2PI
    ),
    "These are bits; nats are asked for (the natural logarithm).": (
        lambda right, logs, w: right / math.log(2)
    ),
    "Your logarithm is to base 10; nats are asked for (the natural logarithm).": (
        lambda right, logs, w: right / math.log(10)
    ),
}
# How the log-density of each component goes wrong, from z = (x - mean) / std.
COMPONENTS: Mistakes = {
    "has std where the variance belongs": (
        lambda z, std: Normal(0, std.sqrt()).log_prob(z * std)
    ),
    "lacks the half in front of the square": (
        lambda z, std: -(z**2) - std.log() - LOG_ROOT_2PI
    ),
    "lacks the part of its normaliser that depends on std": (
        lambda z, std: -(z**2) / 2 - LOG_ROOT_2PI
    ),
    "lacks its normaliser": lambda z, std: -(z**2) / 2,
    "holds half the logarithm of std": (
        lambda z, std: -(z**2) / 2 - std.log() / 2 - LOG_ROOT_2PI
    ),
    "has its square divided by std, not by the variance": (
        lambda z, std: -(z**2) * std / 2 - std.log() - LOG_ROOT_2PI
    ),
}

WEIGHTS, MEANS, STDS = (
    torch.tensor([0.2, 0.5, 0.3]),
    torch.tensor([-2.0, 0.0, 3.0]),
    torch.tensor([0.5, 1.5, 0.8]),
)


def _mixture(x: Tensor) -> Tensor:
    parts = Normal(MEANS.double(), STDS.double())
    mixture = MixtureSameFamily(Categorical(WEIGHTS.double()), parts)
    return torch.as_tensor(mixture.log_prob(x.double()))


def mixture_at_points(f: Answer) -> None:
    """The value is that of torch.distributions.MixtureSameFamily."""
    x = torch.tensor([-2.0, -0.5, 0.2, 1.0, 3.0])
    logs = Normal(MEANS.double(), STDS.double()).log_prob(x.double()[:, None])
    right, weights = _mixture(x), WEIGHTS.double()
    shapes = {
        (5, 3): "Add up the components.",
        (3,): "There is one value for each x.",
        (): "There is one value for each x.",
    }
    got = numbers(f(x, WEIGHTS, MEANS, STDS), (5,), shapes)
    what = "Your value is not the logarithm of the mixture's density."
    for slip, component in COMPONENTS.items():
        each = component((x.double()[:, None] - MEANS) / STDS, STDS.double())
        if near(got, (weights.log() + each).logsumexp(-1)):
            raise Wrong(f"The log-density of each component {slip}.")
    given = (right, logs, weights)
    expect(got, right, what, MIXTURE, given, told=f.for_inputs("x"))


def mixture_far_away(f: Answer) -> None:
    """Where every density underflows the value is still right."""
    x = torch.tensor([1000.0, -1000.0, 0.0])  # as many as components, on purpose
    got = numbers(f(x, WEIGHTS, MEANS, STDS), (3,))
    check_far(got, "all the means")
    what = "Far from all the means the value is off."
    expect(got, _mixture(x), what, told=f.for_inputs("x"))
