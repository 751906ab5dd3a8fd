"""What right answers do with axes of length 1, and with more axes than one."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import expect, numbers, pair
from gencourse.exercises.exercise import Law

AXES = "An axis of length 1 stays, and so does each of several: the shape is told."
OFF = "With axes of length 1, or with several, your value is off."
Given = tuple[object, ...]


def _count_up(*shape: int) -> Tensor:
    return torch.arange(1.0, 1 + torch.Size(shape).numel()).view(shape)


def _laws(*shape: int) -> Tensor:
    weights = _count_up(*shape).sin().square() + 0.1
    return weights / weights.sum(-1, keepdim=True)


def _zeros(x: Tensor, *place: int) -> Tensor:
    return torch.zeros(len(x), dtype=torch.int64)


def _keeps_axes(*cases: Given) -> Law:
    """Return the law that for these inputs a result has the reference's shape."""

    def keeps_axes(f: Answer) -> None:
        for given in cases:
            right = f.exercise.reference(*given)
            _compare(f, f(*given), right)

    return keeps_axes


def _compare(f: Answer, got: object, right: Tensor | tuple[Tensor, Tensor]) -> None:
    if isinstance(right, tuple):
        for mine, due in zip(pair(got, "the first", "the second"), right, strict=True):
            _compare(f, mine, due)
        return
    found = numbers(got, tuple(right.shape), _lost(right))
    expect(found, right.double(), OFF, told=f.for_inputs())


def _lost(right: Tensor) -> dict[tuple[int, ...], str]:
    """Return the sentence by the shapes that squeeze and flatten would leave."""
    if right.shape == (1,):
        return {}  # numbers has a sentence of its own
    return {tuple(right.squeeze().shape): AXES, (right.numel(),): AXES}


bits_keep_axes = _keeps_axes((_count_up(1, 3, 1), 12), (_count_up(2, 2), 12))
gaussian_keeps_axes = _keeps_axes(
    (_count_up(1, 3, 1), torch.zeros(1, 3, 1), torch.ones(1, 3, 1))
)
mixture_keeps_axes = _keeps_axes(
    (_count_up(1), _laws(2), torch.zeros(2), torch.ones(2)),
    (_count_up(3), _laws(1), torch.zeros(1), torch.ones(1)),
)
divergence_keeps_axes = _keeps_axes(
    (_laws(1, 3), _laws(1, 3).flip(-1)),
    (_laws(2, 1, 3), _laws(2, 1, 3).flip(-1)),
)
bin_keeps_axes = _keeps_axes(
    (_count_up(3, 1).to(torch.uint8), torch.zeros(1), torch.zeros(1), 8)
)
fill_keeps_axes = _keeps_axes(
    (torch.ones(1, 1, 1, 3), torch.tensor([[[[True, False, True]]]]), _zeros)
)
angles_keep_axes = _keeps_axes((_count_up(1, 3), _count_up(1, 3).flip(-1)))
codes_keep_axes = _keeps_axes((_count_up(1), -_count_up(1), 3))
gradients_keep_axes = _keeps_axes(
    (_count_up(4, 3).cos(), _count_up(3, 1), _count_up(1, 3).sin())
)
