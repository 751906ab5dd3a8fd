"""What a right reconstruction loss and a right line between two codes obey."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import (
    Mistakes,
    expect,
    expect_no_axes,
    near,
    numbers,
)

LOSS: Mistakes = {
    "You averaged over the pixels as well; the sum over them is asked for.": (
        lambda right, e: right / e[0].numel()
    ),
    "You averaged over the pixels, and the half is missing: sum over the pixels, and "
    "average over the images alone.": lambda right, e: 2 * right / e[0].numel(),
    "The half is missing: yours is twice too large.": lambda right, e: 2 * right,
    "You summed over the images too; their mean is asked for.": (
        lambda right, e: right * len(e)
    ),
    "You summed over the images too, and the half is missing.": (
        lambda right, e: 2 * right * len(e)
    ),
    "The errors are not squared: these are absolute values.": (
        lambda right, e: e.abs().sum() / len(e)
    ),
    "The errors are not squared: these are half the absolute values.": (
        lambda right, e: e.abs().sum() / len(e) / 2
    ),
    "You took a root: the squared error is asked for, not the distance.": (
        lambda right, e: e.flatten(1).norm(dim=1).mean()
    ),
    "The sign is turned: a loss is to be made small.": lambda right, e: -right,
    "You divided by the number of images twice: their mean is asked for.": (
        lambda right, e: right / len(e)
    ),
    "You averaged over the pixels and summed over the images; it is the other way "
    "round.": lambda right, e: right * len(e) / e[0].numel(),
    "You summed over one axis of each image and averaged over the others: sum over "
    "all of its pixels.": lambda right, e: right / e[0, 0].numel(),
    "You divided by the size of another axis than that of the images.": (
        lambda right, e: right * len(e) / e.shape[1]
    ),
    "Your value is halved twice.": lambda right, e: right / 2,
    "The errors are not squared: this is the mean of absolute values.": (
        lambda right, e: e.abs().mean()
    ),
    "You took a root of the mean: the squared error is asked for.": (
        lambda right, e: e.square().mean().sqrt()
    ),
    "You took a root of half the squared error; leave it as it is.": (
        lambda right, e: (e.flatten(1).square().sum(1) / 2).sqrt().mean()
    ),
    "The errors are not squared: negative ones cancel positive ones.": (
        lambda right, e: e.sum() / len(e) / 2
    ),
    "The errors are added up before they are squared, so that they cancel.": (
        lambda right, e: e.flatten(1).sum(1).square().mean() / 2
    ),
}
LINE: Mistakes = {
    "The end is not reached: the last row should be end itself.": (
        lambda s, e: s + (e - s) * torch.arange(5)[:, None] / 5
    ),
    "The line runs backwards: the first row is start, the last is end.": (
        lambda s, e: e + (s - e) * torch.arange(5)[:, None] / 4
    ),
    "Both ends are left out: the first row is start, the last is end.": (
        lambda s, e: s + (e - s) * torch.arange(1, 6)[:, None] / 6
    ),
    "The start is left out: the first row should be start itself.": (
        lambda s, e: s + (e - s) * torch.arange(1, 6)[:, None] / 5
    ),
    "The line begins at 0 instead of start.": (
        lambda s, e: (e - s) * torch.arange(5)[:, None] / 4
    ),
    "The line ends at start + end: what is added to start is not end, but the way "
    "from start to end.": lambda s, e: s + e * torch.arange(5)[:, None] / 4,
    "The line begins at 0 instead of start: start has no share in it.": (
        lambda s, e: e * torch.arange(5)[:, None] / 4
    ),
    "The way from start to end is end - start, not their sum.": (
        lambda s, e: s + (s + e) * torch.arange(5)[:, None] / 4
    ),
    "The second row is end already, and the line goes on: the steps share the way.": (
        lambda s, e: s + (e - s) * torch.arange(5)[:, None]
    ),
    "The line runs backwards, and start is not reached: row 0 is start.": (
        lambda s, e: e + (s - e) * torch.arange(5)[:, None] / 5
    ),
    "Every row is the same: the step should grow from row to row.": (
        lambda s, e: ((s + e) / 2).expand(5, -1)
    ),
}


def loss_of_images(f: Answer) -> None:
    """The loss of images is the known one, a single number."""
    generator = seeds.generator(0)
    x, other = (torch.rand(5, 3, 2, 4, generator=generator) for _ in range(2))
    errors = (x - other).double()
    right = 0.5 * errors.square().sum() / 5
    shapes = {
        (5,): "Take the mean over the batch.",
        (5, 3, 2, 4): "Sum over the pixels, then take the mean over the batch.",
    }
    what = "Your value is not the mean over images of half their squared errors."
    got, given = numbers(f(x, other), (), shapes), (right, errors)
    if not any(near(got, wrong(*given)) for wrong in (*LOSS.values(), _right)):
        loss_of_vectors(f)  # few enough to be shown
    expect(got, right, what, LOSS, given)


def _right(right: Tensor, errors: Tensor) -> Tensor:
    return right


def loss_of_vectors(f: Answer) -> None:
    """The loss takes vectors as well as images."""
    x, other = torch.zeros(2, 3), torch.tensor([[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]])
    what = "Your value is not the mean over vectors of half their squared errors."
    got = f(x, other)
    expect(numbers(got, ()), torch.tensor(3.5), what, told=f.for_inputs())
    expect_no_axes(got, "a loss")


def line_has_both_ends(f: Answer) -> None:
    """The rows are evenly spaced from start to end, both included."""
    start, end = torch.tensor([1.0, -2.0, 3.0]), torch.tensor([2.0, 4.0, 8.0])
    steps = torch.arange(5, dtype=torch.float64)[:, None] / 4
    right = start + (end - start) * steps
    shapes = {
        (3, 5): "A code is a row.",
        (6, 3): "There is one row too many: steps counts the rows, ends included.",
        (4, 3): "There is one row too few: steps counts the rows, ends included.",
        (7, 3): "There are two rows too many: steps counts the ends too.",
        (2, 3): "The rows between the ends are missing.",
        (10, 3): "steps tells how many rows there are.",
        (3,): "The line has a row for each step.",
    }
    got = numbers(f(start, end, 5), (5, 3), shapes)
    ends = near(got[[0, -1]], right[[0, -1]])
    what = (
        "The ends are right; between them the rows should be evenly spaced."
        if ends
        else "The first row should be start and the last end."
    )
    given = (start.double(), end.double())
    expect(got, right, what, LINE, given, told=f.for_inputs())


def line_of_two(f: Answer) -> None:
    """A line of two steps is its two ends."""
    ends = torch.tensor([[0.0, 1.0], [5.0, -1.0]])
    what = "Two steps are start and end alone."
    got = numbers(f(ends[0], ends[1], 2), (2, 2))
    expect(got, ends, what, told=f.for_inputs())
