"""What right bits per dimension, a right divergence and a right pixel table obey."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers
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
    "The logarithms are not weighted: an outcome counts as often as p says.": (
        lambda right, reverse, p, q: (p / q).log().sum(-1)
    ),
}
TABLE: Mistakes = {
    "These are counts; probabilities are asked for.": lambda counts: counts,
    "These are smoothed counts; probabilities are asked for.": (
        lambda counts: counts + 0.5
    ),
    "The smoothing is left out: a level that was never seen gets 0.": (
        lambda counts: counts / 7
    ),
    "The probabilities of a pixel sum to more than 1: smoothing is added to each of "
    "the levels, and the total grows by all of it.": lambda counts: (counts + 0.5) / 7,
    "The total grows by one smoothing for each level, and you added one in all.": (
        lambda counts: (counts + 0.5) / 7.5
    ),
    "The counts of all pixels are pooled; each pixel should have its own.": (
        lambda counts: (counts.sum((0, 1, 2)) + 0.5).expand_as(counts) / (7 * 30 + 2)
    ),
    "The smoothed counts are divided by the number of pixels; it is the images that "
    "are counted at each pixel.": lambda counts: (counts + 0.5) / (7 * 30 + 2),
    "These are log-probabilities; probabilities are asked for.": (
        lambda counts: ((counts + 0.5) / 9).log()
    ),
}


def bits_of_images(f: Answer) -> None:
    """Images of known nats, a uniform one among them, cost the known bits."""
    nats = torch.tensor([1000.0, 784 * math.log(256), 40.0])
    right = nats.double() / 784 * math.log2(math.e)
    shapes = {(): "Each image keeps a value of its own; the mean is taken later."}
    got = numbers(f(nats, 784), (3,), shapes)
    what = "With 256 equally likely levels, a pixel should cost 8 bits per dimension."
    expect(got, right, what, BITS, (right,))


def bits_of_one(f: Answer) -> None:
    """A single number of nats gives a single number."""
    right = torch.tensor(3.0)
    nats = torch.tensor(36 * math.log(2))
    expect(numbers(f(nats, 12), ()), right, "Shared by 12 dimensions, 36 bits are 3.")


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
    expect(got, right, what, DIVERGENCE, given)


def divergence_with_zeros(f: Answer) -> None:
    """An outcome of probability 0 under p adds nothing."""
    p = torch.tensor([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]])
    q = torch.tensor([[0.25, 0.5, 0.25], [0.0, 0.5, 0.5]])
    got = numbers(f(p, q), (2,))
    if got.isnan().any():
        raise Wrong("Where p is 0 your value is NaN; 0 log 0 counts as 0.")
    expect(got, _divergence(p, q), "An outcome that p never takes should add 0.")


def divergence_is_infinite(f: Answer) -> None:
    """What q excludes and p allows makes the divergence infinite."""
    p, q = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([1.0, 0.0, 0.0])
    got = numbers(f(p, q), ()).item()
    if got != math.inf:
        raise Wrong(
            f"Where q is 0 and p is not, your value is {got:.4g}; inf is right. Is "
            "there a small constant beside q, or is the outcome left out?"
        )


def _count(x: Tensor, levels: int) -> Tensor:
    """Count every level at every pixel by a loop."""
    counts = torch.zeros(*x.shape[1:], levels, dtype=torch.float64)
    for image in x:
        for place in itertools.product(*map(range, image.shape)):
            counts[(*place, int(image[place]))] += 1
    return counts


def table_of_pixels(f: Answer) -> None:
    """Each pixel's table is the smoothed count that a loop finds."""
    x = torch.randint(4, (7, 2, 3, 5), generator=torch.Generator().manual_seed(0))
    shapes = {
        (4, 2, 3, 5): "The levels belong last.",
        (4,): "Each pixel has a table of its own.",
        (3, 5, 4): "Each channel has tables of its own.",
    }
    got = numbers(f(x.to(torch.uint8), 4, 0.5), (2, 3, 5, 4), shapes)
    counts = _count(x, 4)
    right = (counts + 0.5) / (counts + 0.5).sum(-1, keepdim=True)
    what = "Each entry should be the smoothed share of the images with that level."
    expect(got, right, what, TABLE, (counts,))


def table_of_many(f: Answer) -> None:
    """More images than a uint8 can count are counted."""
    x = torch.zeros(300, 1, 1, 2, dtype=torch.uint8)
    x[:290, ..., 1] = 1
    counts = _count(x, 2)
    got = numbers(f(x, 2, 1.0), (1, 1, 2, 2))
    wrapped = counts % 256 + 1
    if any(near(got, wrapped / n) for n in (302, wrapped.sum(-1, keepdim=True))):
        raise Wrong("With over 255 images your counts start again at 0: uint8 is full.")
    expect(got, (counts + 1) / 302, "With 300 images the table is off.")
