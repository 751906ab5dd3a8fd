"""What the share of pairs that a score tells apart obeys."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers
from gencourse.exercises.exercise import Wrong

# In no order, with three ties, and such that no two mistakes have the same value.
INSIDE = torch.tensor([0.5, -0.5, 0.5, 0.7, 1.4, 1.2, 0.3])
OUTSIDE = torch.tensor([-0.6, 0.7, 0.7, 0.7, -0.6])


def _counts(inside: Tensor, outside: Tensor) -> tuple[float, float]:
    """How many pairs are told apart, and how many are ties, by loops."""
    pairs = [(i, o) for i in inside.tolist() for o in outside.tolist()]
    return float(sum(i > o for i, o in pairs)), float(sum(i == o for i, o in pairs))


def _exact(inside: Tensor, outside: Tensor) -> Tensor:
    higher, ties = _counts(inside, outside)
    share = (higher + ties / 2) / (len(inside) * len(outside))
    return torch.tensor(share, dtype=torch.float64)


def _accuracy(i: Tensor, o: Tensor, cut: Tensor) -> Tensor:
    return ((i > cut).double().sum() + (o <= cut).double().sum()) / (len(i) + len(o))


def _balanced(i: Tensor, o: Tensor, cut: Tensor) -> Tensor:
    return ((i > cut).double().mean() + (o <= cut).double().mean()) / 2


def _best(i: Tensor, o: Tensor) -> Tensor:
    return torch.stack([_accuracy(i, o, cut) for cut in torch.cat([i, o])]).max()


def _zipped(i: Tensor, o: Tensor) -> Tensor:
    n = min(len(i), len(o))
    gaps = i[:n] - o[:n]
    return ((gaps > 0).double() + (gaps == 0).double() / 2).mean()


def _middle(*parts: Tensor) -> Tensor:
    return torch.cat(parts).quantile(0.5)


# Of the right value, both kinds' scores in float64, and the numbers of pairs that are
# told apart, and that are ties.
AUROC: Mistakes = {
    "A tie counts nothing in yours; it counts one half.": (
        lambda right, i, o, n, t: n / (len(i) * len(o))
    ),
    "A tie counts as told apart in yours; it counts one half.": (
        lambda right, i, o, n, t: (n + t) / (len(i) * len(o))
    ),
    "Ties are left out in yours; they are pairs too, and count one half.": (
        lambda right, i, o, n, t: n / (len(i) * len(o) - t)
    ),
    "Half of the ties is rounded down in yours: are whole numbers divided by //?": (
        lambda right, i, o, n, t: (n + t // 2) / (len(i) * len(o))
    ),
    "The direction is turned: it is the inside image that should have the higher "
    "score.": lambda right, i, o, n, t: 1 - right,
    "The direction is turned, and a tie counts nothing.": (
        lambda right, i, o, n, t: 1 - (n + t) / (len(i) * len(o))
    ),
    "The direction is turned, and a tie counts as told apart.": (
        lambda right, i, o, n, t: 1 - n / (len(i) * len(o))
    ),
    "These are pairs; their share of all pairs is asked for.": (
        lambda right, i, o, n, t: right * len(i) * len(o)
    ),
    "The pairs are divided by N alone; there are N times M.": (
        lambda right, i, o, n, t: right * len(o)
    ),
    "The pairs are divided by M alone; there are N times M.": (
        lambda right, i, o, n, t: right * len(i)
    ),
    "The pairs are divided by N + M; there are N times M.": (
        lambda right, i, o, n, t: right * len(i) * len(o) / (len(i) + len(o))
    ),
    "This runs from -1 to 1: the pairs the wrong way round are subtracted. The share "
    "of the others is asked for.": lambda right, i, o, n, t: 2 * right - 1,
    "Images are compared with the one at the same place only, and those without a "
    "partner are left out; all pairs count.": lambda right, i, o, n, t: _zipped(i, o),
    "This is the accuracy at one threshold, the mean of all scores; no threshold is "
    "asked for.": lambda right, i, o, n, t: _accuracy(i, o, torch.cat([i, o]).mean()),
    "This is the accuracy at one threshold, the median of all scores; no threshold is "
    "asked for.": lambda right, i, o, n, t: _accuracy(i, o, _middle(i, o)),
    "This is the accuracy at the best threshold; no threshold is asked for.": (
        lambda right, i, o, n, t: _best(i, o)
    ),
    "This is the accuracy at the threshold 0; no threshold is asked for.": (
        lambda right, i, o, n, t: _accuracy(i, o, i.new_zeros(()))
    ),
    "This is the balanced accuracy at the mean of all scores; no threshold is asked "
    "for.": lambda right, i, o, n, t: _balanced(i, o, torch.cat([i, o]).mean()),
    "The means of both kinds are compared; it is the pairs that count.": (
        lambda right, i, o, n, t: (i.mean() > o.mean()).double()
    ),
    "The inside images are compared with the mean of the others; all pairs count.": (
        lambda right, i, o, n, t: (i > o.mean()).double().mean()
    ),
    "The inside images are compared with one of the others, the highest or the median; "
    "all pairs count.": (lambda right, i, o, n, t: (i > o.max()).double().mean()),
    "The sigmoid of each difference is averaged: how large a difference is should not "
    "matter.": lambda right, i, o, n, t: (i[:, None] - o).sigmoid().mean(),
    "This is the difference of the means, or the mean difference: how large a "
    "difference is should not matter.": lambda right, i, o, n, t: i.mean() - o.mean(),
    "The mean of the inside images' ranks, over N + M, is no share of pairs: their "
    "ranks among themselves are in it.": lambda right, i, o, n, t: (
        ((n + t / 2) / len(i) + (len(i) + 1) / 2) / (len(i) + len(o))
    ),
    "The inside images' ranks are added up, and their ranks among themselves are "
    "still in the sum: take the least that it can be away.": (
        lambda right, i, o, n, t: right + (len(i) + 1) / (2 * len(o))
    ),
}
ALL_PAIRS = "One number is asked for: the share of all pairs."
SHAPES = {
    **dict.fromkeys([(7,), (5,), (7, 5), (5, 7), (35,)], ALL_PAIRS),
    (2,): "One number is asked for: the share alone.",
}


def auroc_of_scores(f: Answer) -> None:
    """Of scores in no order, with ties, the pairs can be counted."""
    got, right = numbers(f(INSIDE, OUTSIDE), (), SHAPES), _exact(INSIDE, OUTSIDE)
    given = (right, INSIDE.double(), OUTSIDE.double())
    pairs = [torch.tensor(count) for count in _counts(INSIDE, OUTSIDE)]
    what = "Your value is not the share of the pairs."
    told = f.for_inputs()
    expect(got, right, what, AUROC, (*given, *pairs), told=told)


def auroc_may_be_low(f: Answer) -> None:
    """A score that is mostly wrong has less than one half."""
    got, right = numbers(f(OUTSIDE, INSIDE), (), SHAPES), _exact(OUTSIDE, INSIDE)
    if near(got, 1 - right):
        raise Wrong(
            "Where most outside images have the higher score yours is above 0.5: a "
            "score that is wrong should not count as right."
        )
    expect(got, right, "Where most outside images have the higher score yours is off.")
    for inside, outside, due in ((1.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 1.0, 0.5)):
        case = f"With {inside:g} for each inside image and {outside:g} for each other "
        if inside == outside:
            case = "With the same score for all images "
        scores = torch.full((4,), inside), torch.full((3,), outside)
        got = numbers(f(*scores), ())
        expect(got, torch.tensor(due), f"{case}the share is {due:g}.")


def auroc_of_any_numbers(f: Answer) -> None:
    """One image of each kind is a pair; there may be more of either kind."""
    generator = seeds.generator(0)
    for n, m in ((1, 1), (1, 6), (6, 1), (9, 30), (25, 4), (8, 8)):
        inside = torch.randint(0, 9, (n,), generator=generator) / 4
        outside = torch.randint(0, 7, (m,), generator=generator) / 4
        what = f"With {n} inside images and {m} others the share is not right."
        expect(numbers(f(inside, outside), ()), _exact(inside, outside), what)


def auroc_of_any_scale(f: Answer) -> None:
    """Only which score is higher counts, not by how much."""
    right = _exact(INSIDE, OUTSIDE)
    for scale in (1e6, 1e-6, 1e-12):
        got = numbers(f(INSIDE * scale, OUTSIDE * scale), ())
        what = (
            f"With all scores multiplied by {scale:g} the share should be the same: "
            "which of two is higher stays as it was."
        )
        expect(got, right, what)
