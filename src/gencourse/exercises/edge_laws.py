"""What right answers obey where a wrong one that is right elsewhere goes wrong."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.distributions import Normal

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import expect, near, numbers, pair
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.kl_laws import exact_kl

ABOVE_0 = (
    "Where the Gaussians are narrow your value is off: a density may exceed 1, and its "
    "logarithm 0. Nothing is to be cut there."
)
NARROW = 0.01


def gaussian_above_0(f: Answer) -> None:
    """A narrow Gaussian has a positive log-density at its mean."""
    x, std = torch.tensor([0.3, 0.305]), torch.tensor([NARROW, NARROW])
    mean = torch.tensor([0.3, 0.3])
    right = Normal(mean.double(), std.double()).log_prob(x.double())
    expect(numbers(f(x, mean, std), (2,)), right, ABOVE_0, tolerance=1e-3)


def mixture_above_0(f: Answer) -> None:
    """A mixture of narrow Gaussians has a positive log-density at a mean."""
    weights, means = torch.tensor([0.25, 0.75]), torch.tensor([0.0, 5.0])
    stds = torch.full((2,), NARROW)
    right = weights.double().log() - math.log(NARROW * math.sqrt(2 * math.pi))
    got = numbers(f(means, weights, means, stds), (2,))
    expect(got, right, ABOVE_0, tolerance=1e-3)


def kernel_above_0(f: Answer) -> None:
    """Narrow kernels have a positive log-density at a data point."""
    data = torch.tensor([[0.0, 0.0], [4.0, 4.0]])
    value = -2 * math.log(NARROW * math.sqrt(2 * math.pi)) - math.log(2)
    got = numbers(f(data, data, NARROW), (2,))
    expect(got, torch.tensor([value, value]), ABOVE_0, tolerance=1e-3)


def divergence_of_rare(f: Answer) -> None:
    """What is rare under p counts, if it is rarer still under q."""
    p, q = torch.tensor([1e-4, 1 - 1e-4]), torch.tensor([1e-30, 1.0])
    right = 1e-4 * (math.log(1e-4) - math.log(1e-30)) + math.log1p(-1e-4)
    what = (
        "An outcome of probability 0.0001 under p and 1e-30 under q counts: is "
        "something small left out, or added?"
    )
    expect(numbers(f(p, q), ()), torch.tensor(right), what)


def elbo_of_unlikely(f: Answer) -> None:
    """An image may cost thousands of nats, and is no float as a probability."""
    likelihood, code = torch.full((2, 1, 3, 4), -300.0), torch.zeros(2, 2)
    _expect_far_codes(f)
    got = numbers(f(likelihood, code, code), (2,))
    what = (
        "Where an image costs 3,600 nats your value is off: its probability is 0 as a "
        "float, only the logarithm is not."
    )
    expect(got, torch.full((2,), -3600.0), what)


def _expect_far_codes(f: Answer) -> None:
    gain = torch.tensor([[1.0, 2.0], [-1.0, -2.0], [-1.0, -2.0], [-1.0, -2.0]])
    mu = torch.tensor([[0.0], [15.0], [0.0], [0.0]])
    log_var = torch.tensor([[0.0], [0.0], [-22.0], [9.0]])
    right = gain.double().sum(1) - exact_kl(mu, log_var)
    what = (
        "Where a code is far from the prior, or a log-likelihood above 0, your value "
        "is off: nothing is to be cut."
    )
    expect(numbers(f(gain, mu, log_var), (4,)), right, what)


def components_hold_their_variance(f: Answer) -> None:
    """Where no direction stands out the best k still hold more than any others."""
    generator = seeds.generator(0)
    x = torch.randn(120, 60, generator=generator).double()
    components = pair(f(x, 6), "mean", "components")[1]
    if isinstance(components, Tensor) and components.dtype != x.dtype:
        raise Wrong(
            f"From float64 your components come back in {components.dtype}: what is "
            "computed with them and with x then fails."
        )
    rows = numbers(components, (6, 60))
    centred = x.double() - x.double().mean(0)
    best = torch.linalg.svdvals(centred)[:6].square().sum()
    held = (centred @ rows.double().mT).square().sum()
    if held < 0.999 * best:
        raise Wrong(
            f"Where no direction stands out your components hold {held / best:.1%} of "
            "the variance that the best ones hold: is the decomposition approximate?"
        )


def components_are_orthonormal(f: Answer) -> None:
    """As many components as images are orthonormal, though the last holds nothing."""
    x = torch.randn(4, 6, generator=seeds.generator(0))
    rows = numbers(pair(f(x, 4), "mean", "components")[1], (4, 6))
    if not near(rows.double() @ rows.double().mT, torch.eye(4).double(), 1e-2):
        raise Wrong(
            "For 4 images and k = 4 your rows are not orthonormal: the last one holds "
            "no variance, and is a direction all the same."
        )
