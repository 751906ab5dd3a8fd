"""What a right row of codes with every class obeys."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import (
    Mistakes,
    expect,
    expect_whole,
    near,
    numbers,
    pair,
)
from gencourse.exercises.exercise import Wrong

Z = torch.tensor([[0.5, -1.0], [2.0, 0.3], [-0.7, 1.6], [1.1, 0.8], [-0.2, -1.9]])
# The numbers of rows that common slips make are all different.
N, D, CLASSES = 5, 2, 3
BY_CLASS = (
    "Codes and labels fit each other, but stand in another order: all classes of the "
    "first code come first."
)
CODES: Mistakes = {
    "The order of the codes is mixed up: the first one comes with all classes before "
    "the second one comes at all.": lambda z, k: z.repeat(k, 1),
    "The codes come in reverse.": lambda z, k: z.flip(0).repeat_interleave(k, 0),
    "All codes are the first one.": lambda z, k: z[:1].expand(len(z) * k, -1),
    "The numbers of each code are exchanged.": (
        lambda z, k: z.flip(1).repeat_interleave(k, 0)
    ),
    "The numbers of the codes are cut anew: a row of z stays a row.": (
        lambda z, k: z.repeat(1, k).mT.reshape(-1, z.shape[1])
    ),
}
LABELS: Mistakes = {
    "The labels are interleaved wrong: each class should come once with a code, and "
    "yours gives a code the same class again.": (
        lambda n, k: torch.arange(k).repeat_interleave(n)
    ),
    "The labels tell which code it is; the class is asked for.": (
        lambda n, k: torch.arange(n).repeat_interleave(k)
    ),
    "Classes are numbered from 0; yours start at 1.": (
        lambda n, k: torch.arange(1, k + 1).repeat(n)
    ),
    "The classes of a code descend; they go 0, 1, and so on.": (
        lambda n, k: torch.arange(k).flip(0).repeat(n)
    ),
    "The labels count all rows; classes begin anew with each code.": (
        lambda n, k: torch.arange(n * k)
    ),
    "All labels are 0.": lambda n, k: torch.zeros(n * k),
    "Your labels count up to the number of codes; it is classes that are counted.": (
        lambda n, k: torch.arange(n).repeat(k)
    ),
}
CODE_SHAPES = {
    (N, D): "The codes come once; each is needed once for every class.",
    (N, CLASSES, D): "The rows are in one line, code after code.",
    (CLASSES, N, D): "The rows are in one line, code after code.",
    (CLASSES, D): "Each code comes with every class.",
    (N, D * CLASSES): "A copy of a code is a row of its own.",
    (N * CLASSES,): "The pair is exchanged, or a code lost its axis: codes first.",
    (N * CLASSES, D + CLASSES): "Codes and labels stay apart.",
    (N * CLASSES, D + 1): "Codes and labels stay apart.",
    (N * 10, D): "The number of classes is given; it is not always 10.",
    (N * N, D): "Each code is repeated as often as there are codes; it should be once "
    "for each class.",
    (N * (CLASSES - 1), D): "There is one class too few: they are 0 to classes - 1.",
    (N * (CLASSES + 1), D): "There is one class too many: they are 0 to classes - 1.",
}
LABEL_SHAPES = {
    (CLASSES,): "Every row of the codes has a label.",
    (N,): "Every row of the codes has a label.",
    (CLASSES * CLASSES,): "The labels begin anew once for each code.",
    (N * CLASSES, CLASSES): "A label is one whole number, not a row of 0 and 1.",
    (N * CLASSES, 1): "A label is one number: no second axis.",
    (N, CLASSES): "The labels are in one line, as the codes are.",
    (CLASSES, N): "The labels are in one line, as the codes are.",
    (N * 10,): "The number of classes is given; it is not always 10.",
}


def _right(z: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    both = [(code, label) for code in z.double() for label in range(classes)]
    return torch.stack([code for code, _ in both]), torch.tensor(
        [label for _, label in both]
    )


def codes_meet_every_class(f: Answer) -> None:
    """All classes of the first code, then all of the second."""
    first, second = pair(f(Z, CLASSES), "codes", "labels")
    got = numbers(first, (N * CLASSES, D), CODE_SHAPES)
    labels = numbers(second, (N * CLASSES,), LABEL_SHAPES)
    codes, due = _right(Z, CLASSES)
    given = (Z.double(), CLASSES)
    mixed = near(got, Z.repeat(CLASSES, 1))
    if mixed and near(labels, torch.arange(CLASSES).repeat_interleave(N)):
        raise Wrong(BY_CLASS)
    if not any(near(got, wrong(*given)) for wrong in CODES.values()):
        _check_same_style(got)
    expect(got, codes, "The codes are not those of z.", CODES, given)
    what = "The codes are right, but the labels are not."
    expect(labels, due, what, LABELS, (N, CLASSES))


def _check_same_style(got: Tensor) -> None:
    """Raise Wrong where rows are none of the codes that were given."""
    if not all(any(near(row, code) for code in Z) for row in got):
        raise Wrong(
            "Your codes are others than those of z: the same code comes with every "
            "class, so that the style stays."
        )


def codes_of_any_number(f: Answer) -> None:
    """One code, one class, and as many codes as classes go as well."""
    for n, classes, dims in ((1, 3, D), (3, 1, D), (3, 3, D), (2, 10, D), (3, 2, 1)):
        z = Z[:n, :dims].contiguous()
        first, second = pair(f(z, classes), "codes", "labels")
        codes, due = _right(z, classes)
        case = f"With z ({n}, {dims}) and {classes} classes"
        got = numbers(first, (n * classes, dims))
        expect(got, codes, f"{case} the codes are off.")
        labels = numbers(second, (n * classes,))
        expect(labels, due, f"{case} the labels are off.")


def labels_are_whole(f: Answer) -> None:
    """Labels are of an integer dtype, or they index nothing."""
    _, labels = pair(f(Z, CLASSES), "codes", "labels")
    expect_whole(labels, "Your labels")
