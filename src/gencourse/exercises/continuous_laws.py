"""What a right log-density obeys: the Gaussian, the mixture, the kernel estimate.

Each law knows the right numbers from another source than the package's function, and
the numbers to which typical mistakes lead.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, Normal

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, numbers
from gencourse.exercises.exercise import Wrong

LOG_ROOT_2PI = 0.5 * math.log(2 * math.pi)

GAUSSIAN: Mistakes = {
    "The part of the normaliser that depends on std is missing: a narrow Gaussian is "
    "higher at its mean.": lambda right, z, std: right + std.log(),
    "Your value is off by the constant 0.919: the 2π of the normaliser is missing.": (
        lambda right, z, std: right + LOG_ROOT_2PI
    ),
    "The normaliser is missing: the exponential of your value does not integrate to "
    "1.": lambda right, z, std: right + LOG_ROOT_2PI + std.log(),
    "You used std as if it were the variance; it is the standard deviation.": (
        lambda right, z, std: Normal(0, std.sqrt()).log_prob(z * std)
    ),
    "This is the density itself; its logarithm is asked for.": (
        lambda right, z, std: right.exp()
    ),
    "The sign is turned: the log-density is asked for, not its negative.": (
        lambda right, z, std: -right
    ),
    "The half in front of the square is missing.": (
        lambda right, z, std: right - z**2 / 2
    ),
    "These are bits; nats are asked for (the natural logarithm).": (
        lambda right, z, std: right / math.log(2)
    ),
}
MIXTURE: Mistakes = {
    "You averaged the logarithms of the components; a mixture adds their densities, "
    "and the logarithm comes last.": lambda right, logs, w: (logs * w).sum(-1),
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
}
KERNEL: Mistakes = {
    "The kernels are summed, not averaged: yours is larger by log N, and the density "
    "integrates to N.": lambda right, logs, one: logs.logsumexp(1),
    "Your normaliser is that of one dimension; a kernel in D dimensions has D of "
    "them.": lambda right, logs, one: right + 2 * one,
    "The kernels' normaliser is missing.": lambda right, logs, one: right + 3 * one,
    "You averaged the logarithms of the kernels; average the kernels, and take the "
    "logarithm last.": lambda right, logs, one: logs.mean(1),
    "This is the density; its logarithm is asked for.": (
        lambda right, logs, one: right.exp()
    ),
    "Only the nearest point counts in your answer; every one should.": (
        lambda right, logs, one: logs.amax(1) - math.log(logs.shape[1])
    ),
    "The sign is turned: the log-density is asked for, and it falls with distance.": (
        lambda right, logs, one: -right
    ),
}


def gaussian_at_points(f: Answer) -> None:
    """The value is that of torch.distributions.Normal."""
    x = torch.tensor([-1.5, 0.0, 0.3, 2.0])
    mean, std = torch.tensor([0.5, -1.0, 0.3, 4.0]), torch.tensor([0.5, 2.0, 3.0, 0.7])
    right = Normal(mean, std).log_prob(x)
    what = "Your value is not the logarithm of the Gaussian's density."
    given = (right, (x - mean) / std, std)
    expect(numbers(f(x, mean, std), (4,)), right, what, GAUSSIAN, given)


def gaussian_broadcasts(f: Answer) -> None:
    """The arguments broadcast against each other."""
    x, mean = torch.tensor([[0.0], [1.0]]), torch.tensor([0.0, 1.0, 2.0])
    std = torch.tensor(0.5)
    what = "With x (2, 1) and mean (3,) the arguments should broadcast to (2, 3)."
    expect(numbers(f(x, mean, std), (2, 3)), Normal(mean, std).log_prob(x), what)


def _finite(got: Tensor, centres: str) -> Tensor:
    if got.isinf().any():
        raise Wrong(
            f"At x = 1000 your value is infinite: far from every {centres} the "
            "densities underflow to 0 before the logarithm is taken. Stay with "
            "logarithms to the end."
        )
    return got


def gaussian_far_away(f: Answer) -> None:
    """A thousand standard deviations away the value is still right."""
    x, mean, std = torch.tensor([1000.0]), torch.zeros(1), torch.ones(1)
    got = _finite(numbers(f(x, mean, std), (1,)), "mean")
    expect(got, Normal(mean, std).log_prob(x), "At x = 1000, far from the mean:")


WEIGHTS, MEANS, STDS = (
    torch.tensor([0.2, 0.5, 0.3]),
    torch.tensor([-2.0, 0.0, 3.0]),
    torch.tensor([0.5, 1.0, 0.8]),
)


def _mixture(x: Tensor) -> Tensor:
    parts = Normal(MEANS.double(), STDS.double())
    mixture = MixtureSameFamily(Categorical(WEIGHTS.double()), parts)
    return torch.as_tensor(mixture.log_prob(x.double()))


def mixture_at_points(f: Answer) -> None:
    """The value is that of torch.distributions.MixtureSameFamily."""
    x = torch.tensor([-2.0, -0.5, 0.2, 1.0, 3.0])
    logs = Normal(MEANS.double(), STDS.double()).log_prob(x.double()[:, None])
    right = _mixture(x)
    shapes = {
        (5, 3): "Add up the components.",
        (3,): "There is one value for each x.",
        (): "There is one value for each x.",
    }
    got = numbers(f(x, WEIGHTS, MEANS, STDS), (5,), shapes)
    what = "Your value is not the logarithm of the mixture's density."
    expect(got, right, what, MIXTURE, (right, logs, WEIGHTS.double()))


def mixture_far_away(f: Answer) -> None:
    """Where every density underflows the value is still right."""
    x = torch.tensor([1000.0, -1000.0, 0.0])  # as many as components, on purpose
    got = _finite(numbers(f(x, WEIGHTS, MEANS, STDS), (3,)), "mean")
    expect(got, _mixture(x), "At x = 1000, far from every mean:")


def _kernel_logs(x: Tensor, data: Tensor, bandwidth: float) -> Tensor:
    """Log of each datum's kernel at each query, (M, N)."""
    normal = Normal(data.double(), bandwidth)
    return torch.stack([normal.log_prob(query).sum(-1) for query in x.double()])


def kernel_at_points(f: Answer) -> None:
    """The value is the log of the mean of torch.distributions' Gaussians."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4, 3, generator=generator)
    data, bandwidth = torch.randn(6, 3, generator=generator), 0.5
    logs = _kernel_logs(x, data, bandwidth)
    right = logs.logsumexp(1) - math.log(6)
    shapes = {
        (4, 6): "Average the kernels over the data.",
        (6,): "There is one value for each query.",
        (4, 3): "A query is one point of D dimensions, with one density.",
    }
    mistakes = KERNEL | {
        "You used bandwidth as the variance; it is the standard deviation.": (
            lambda *_: _kernel_logs(x, data, bandwidth**0.5).logsumexp(1) - math.log(6)
        )
    }
    got = numbers(f(x, data, bandwidth), (4,), shapes)
    what = "Your value is not the logarithm of the mean of the kernels."
    given = (right, logs, LOG_ROOT_2PI + math.log(bandwidth))
    expect(got, right, what, mistakes, given)


def kernel_far_away(f: Answer) -> None:
    """Where every kernel underflows the value is still right."""
    x, data = torch.full((1, 2), 1000.0), torch.tensor([[0.0, 0.0], [1.0, 2.0]])
    got = _finite(numbers(f(x, data, 1.0), (1,)), "data point")
    right = _kernel_logs(x, data, 1.0).logsumexp(1) - math.log(2)
    expect(got, right, "At x = 1000, far from the data:")
