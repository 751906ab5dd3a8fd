"""What right bits per dimension and a right divergence obey."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, numbers
from gencourse.exercises.exercise import Wrong

BITS: Mistakes = {
    "This is nats per dimension, too small by a factor of ln 2 = 0.693: a bit is the "
    "smaller unit, so there are more of them.": lambda right: right * math.log(2),
    "Going from nats to bits the number should grow, and yours shrinks, as if it went "
    "from bits to nats.": lambda right: right * math.log(2) ** 2,
    "These are the bits of the whole image: share them out among its dimensions.": (
        lambda right: right * 784
    ),
    "The sign is turned: what you are given is a negative log-likelihood already.": (
        lambda right: -right
    ),
    "You took the logarithm of the number of dimensions; the dimensions themselves "
    "share the bits.": lambda right: right * 784 / math.log(784),
    "You divided by the number of dimensions twice.": lambda right: right / 784,
    "You multiplied by the number of dimensions; they share the bits.": (
        lambda right: right * 784**2
    ),
    "Your logarithm is to base 10; a bit is a logarithm to base 2.": (
        lambda right: right * math.log(2) / math.log(10)
    ),
}
DIVERGENCE: Mistakes = {
    "This is KL(q || p): the two are exchanged, and KL is not symmetric.": (
        lambda right, reverse, p, q: reverse
    ),
    "This is KL(p || q) in bits; nats are asked for.": (
        lambda right, reverse, p, q: right / math.log(2)
    ),
    "You averaged over the outcomes; the sum is asked for.": (
        lambda right, reverse, p, q: right / p.shape[-1]
    ),
    "The sign is turned: a divergence is never negative.": (
        lambda right, reverse, p, q: -right
    ),
    "This is the cross-entropy of p and q; the entropy of p is still in it.": (
        lambda right, reverse, p, q: -(p * q.log()).sum(-1)
    ),
    "This is symmetric in p and q; KL is not, it averages under p alone.": (
        lambda right, reverse, p, q: (right + reverse) / 2
    ),
    "This is KL(p || q) to base 10; nats are asked for (the natural logarithm).": (
        lambda right, reverse, p, q: right / math.log(10)
    ),
    "The sign is turned, and p and q are exchanged.": (
        lambda right, reverse, p, q: -reverse
    ),
    "The absolute values of the terms are added; a term may be negative.": (
        lambda right, reverse, p, q: (p * (p / q).log()).abs().sum(-1)
    ),
    "The logarithms are not weighted: an outcome counts as often as p says.": (
        lambda right, reverse, p, q: (p / q).log().sum(-1)
    ),
}


def bits_of_images(f: Answer) -> None:
    """Images of known nats, a uniform one among them, cost the known bits."""
    nats = torch.tensor([1000.0, 784 * math.log(256), 40.0])
    right = nats.double() / 784 * math.log2(math.e)
    shapes = {(): "Each image keeps a value of its own; the mean is taken later."}
    got = numbers(f(nats, 784), (3,), shapes)
    what = "With 256 equally likely levels, a pixel should cost 8 bits per dimension."
    expect(got, right, what, BITS, (right,), told=f.for_inputs("nats"))


def bits_of_one(f: Answer) -> None:
    """A single number of nats gives a single number."""
    right = torch.tensor(3.0)
    nats = torch.tensor(36 * math.log(2))
    got, what = numbers(f(nats, 12), ()), "Shared by 12 dimensions, 36 bits are 3."
    expect(got, right, what, told=f.for_inputs())


def _divergence(p: Tensor, q: Tensor) -> Tensor:
    """KL of each row, summed by a loop over plain floats: (B, K), (B, K) -> (B,)."""
    rows = []
    for outcomes in zip(p.tolist(), q.tolist(), strict=True):
        pairs = [(a, b) for a, b in zip(*outcomes, strict=True) if a > 0]
        rows.append(sum(a * math.log(a / b) if b > 0 else math.inf for a, b in pairs))
    return torch.tensor(rows, dtype=torch.float64)


def divergence_of_rows(f: Answer) -> None:
    """Each pair of rows has the divergence that a plain loop finds."""
    p = torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.25, 0.25]])
    q = torch.tensor([[0.3, 0.3, 0.2, 0.2], [0.7, 0.1, 0.1, 0.1]])
    shapes = {
        (2, 4): "Add up along the last axis.",
        (): "There is one divergence for each pair of rows: add up the last axis only.",
        (4,): "That is the wrong axis: a distribution lies along the last one.",
    }
    got = numbers(f(p, q), (2,), shapes)
    right = _divergence(p, q)
    what = "Your value is not the mean under p of log p - log q."
    given = (right, _divergence(q, p), p.double(), q.double())
    expect(got, right, what, DIVERGENCE, given, told=f.for_inputs("p", "q"))


def divergence_with_zeros(f: Answer) -> None:
    """An outcome of probability 0 under p adds nothing."""
    p = torch.tensor([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]])
    q = torch.tensor([[0.25, 0.5, 0.25], [0.0, 0.5, 0.5]])
    got = numbers(f(p, q), (2,))
    if got.isnan().any():
        raise Wrong("Where p is 0 your value is NaN; 0 log 0 counts as 0.")
    what = "An outcome that p never takes should add 0."
    expect(got, _divergence(p, q), what, told=f.for_inputs("p", "q"))


def divergence_is_infinite(f: Answer) -> None:
    """What q excludes and p allows makes the divergence infinite."""
    p, q = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([1.0, 0.0, 0.0])
    got = numbers(f(p, q), ()).item()
    if got == math.inf:
        return
    cause = "is there a small constant beside q, or is the outcome left out?"
    if math.isfinite(got) and abs(got) > 1e30:
        cause = (
            "that is the largest number of its dtype, which nan_to_num puts in place "
            "of infinity. Only where p is 0 is there something to replace."
        )
    if math.isnan(got):
        cause = "keep the outcomes with p = 0 out, and this one in."
    raise Wrong(
        f"For p = [0.5, 0.5, 0] and q = [1, 0, 0] your value is {got:.4g}, where inf "
        f"is right: {cause}"
    )
