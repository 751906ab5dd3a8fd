"""Whether gradients flow back through an answer, as a training needs them to."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer, Raised
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.results import converted

NO_GRADIENT = (
    "The values are right, but no gradient flows back through your function: nothing "
    "can be trained with it."
)


def gradients(f: Answer, *given: object) -> list[Tensor]:
    """Return the gradients of the sum of a result in the inputs that require one."""
    leaves = [g for g in given if isinstance(g, Tensor) and g.requires_grad]
    result = _called(f, given)
    if not (isinstance(result, Tensor) and result.requires_grad):
        raise Wrong(NO_GRADIENT)
    try:
        found = torch.autograd.grad(result.double().sum(), leaves, allow_unused=True)
    except RuntimeError:
        raise Wrong(
            "Autograd cannot go back through your function: leave its graph as it is, "
            "and the way back to the training."
        ) from None
    pairs = zip(found, leaves, strict=True)
    return [torch.zeros_like(leaf) if g is None else g for g, leaf in pairs]


def _called(f: Answer, given: tuple[object, ...]) -> object:
    try:
        return converted(f.exercise, f(*given), given)
    except Raised as raised:
        # torch refuses to make an array of what needs a gradient.
        if isinstance(raised.error, RuntimeError) and "grad" in str(raised.error):
            raise Wrong(NO_GRADIENT) from None
        raise
