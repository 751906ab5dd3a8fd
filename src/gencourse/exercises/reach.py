"""Whether the gradients of a right answer reach each input, and are right there."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.backward import gradients
from gencourse.exercises.compare import expect
from gencourse.exercises.exercise import Wrong


def expect_gradients(
    f: Answer, given: Sequence[Tensor], right: Sequence[Tensor | None]
) -> None:
    """Raise Wrong unless the sum of a result has these gradients in its inputs.

    Args:
        f: an answer whose values are right.
        given: its arguments.
        right: the gradient in each; None where none is looked at.
    """
    pairs = zip(given, right, strict=True)
    leaves = [v if r is None else v.clone().requires_grad_() for v, r in pairs]
    found = iter(gradients(f, *leaves))
    for name, due in zip(f.names, right, strict=True):
        if due is None:
            continue
        got = next(found)
        if got.shape == due.shape and not got.any():
            raise Wrong(
                f"The values are right, but no gradient flows back to {name}: it "
                "cannot be trained."
            )
        what = f"The values are right, but the gradient with respect to {name} is not."
        expect(got.to(torch.float64), due.double(), what)
