"""What a right discretised logistic bin obeys."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.backward import gradients
from gencourse.exercises.bin_mistakes import BIN, density, exact
from gencourse.exercises.compare import expect, near, numbers
from gencourse.exercises.exercise import Wrong

FLOORS = (1e-12, 1e-10, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4)


def _case(levels: int) -> tuple[Tensor, Tensor, Tensor, int]:
    x = torch.arange(levels, dtype=torch.uint8)[:, None]
    mean = torch.tensor([0.1, -0.6, 0.9, 1.2])
    log_scale = torch.tensor([-0.7, -0.8, -0.5, 0.4])
    return x, mean, log_scale, levels


def bins_of_few_levels(f: Answer) -> None:
    """All bins of four laws over 16 levels have the known log-probabilities."""
    _expect_bins(f, 16)


def bins_of_many_levels(f: Answer) -> None:
    """So have they for other numbers of levels, given as uint8."""
    for levels in (256, 2, 5):
        _expect_bins(f, levels)


def _expect_bins(f: Answer, levels: int) -> None:
    given = _case(levels)
    shapes = {
        (levels, levels): "x, mean and log_scale broadcast as they are.",
        (): "Every level has a value of its own: nothing is summed.",
    }
    got = numbers(f(*given), (levels, 4), shapes)
    right = exact(*given)
    _check_nan(got, given[2])
    told = f.for_inputs("x", "mean", "log_scale")
    what = f"This is not the log-probability of the bin, with {levels} levels."
    if not any(near(got, wrong(*given)) for wrong in BIN.values()):
        total = got.double().exp().sum(0)
        off = total[(total - 1).abs().argmax()].item()
        if math.isfinite(off) and abs(off - 1) > 0.03:
            what = f"The {levels} levels of a law sum to {off:.3g} instead of 1."
    expect(got, right, what, BIN, given, told=told)


def _check_nan(got: Tensor, log_scale: Tensor) -> None:
    inner = got[1:-1]
    if inner.numel() and inner.isnan().all():
        raise Wrong(
            "Between the outer bins your value is always NaN, as the logarithm of a "
            "negative number is. Is a difference turned round, or the sign of an "
            "exponent?"
        )
    if got[:, log_scale < 0].isnan().any():
        raise Wrong(
            "Your value is NaN where log_scale is negative: what is given is the "
            "logarithm of the scale."
        )


def _far() -> tuple[Tensor, Tensor, Tensor, int]:
    x = torch.tensor([0, 1, 7, 128, 200, 254, 255], dtype=torch.uint8)[:, None]
    mean = torch.tensor([0.0, 0.5, -3.0, 3.0, -40.0, 40.0, 0.0])
    log_scale = torch.tensor([-7.0, -12.0, -7.0, -5.0, -6.0, -6.5, 4.0])
    return x, mean, log_scale, 256


def bins_far_away(f: Answer) -> None:
    """Far from the mean the log-probability is large, finite and right in float32."""
    given = _far()
    got, right = numbers(f(*given), (7, 7)), exact(*given)
    if near(got, right):
        return
    if got.isnan().any():
        raise Wrong(_told(f, "NaN", got.isnan()))
    if got.isinf().any():
        raise Wrong(_told(f, f"infinite: {_why_infinite(got)}", got.isinf()))
    low = torch.empty_like(right)
    for floor in FLOORS:
        if bool((_close(got, low.fill_(math.log(floor))) | _close(got, right)).all()):
            raise Wrong(
                f"Far from the mean your value stays at {math.log(floor):.3g}, the "
                "logarithm of a floor: there it is no log-probability, and its "
                "gradient is 0."
            )
    if bool((_close(got, density(*given)) | _close(got, right)).all()):
        raise Wrong(
            "Far from the mean you take the density times the width; a bin may be many "
            "scales wide, and its density is not the same everywhere in it."
        )
    what = "Far from the mean your value is not that of the bin."
    expect(got, right, what, told=f.for_inputs("x", "mean", "log_scale"))


def _why_infinite(got: Tensor) -> str:
    if got.dtype == torch.float16:
        return "float16 has no numbers beyond 65504. Keep to float32"
    first = int(got.isinf().nonzero()[0, 0])
    if first in (0, len(got) - 1):  # an outer bin, which has one end alone
        return (
            "the probability of an outer bin, a single sigmoid, is rounded to 0 before "
            "its logarithm is taken"
        )
    return "both ends of the bin are rounded to the same probability"


def _close(got: Tensor, right: Tensor) -> Tensor:
    return torch.isclose(got.double(), right, rtol=1e-3, atol=1e-3)


def _told(f: Answer, what: str, wrong: Tensor) -> str:
    at = tuple(wrong.nonzero()[0].tolist())
    inputs = f.for_inputs("x", "mean", "log_scale")((7, 7), at)
    return f"Far from the mean your value is {what}. So it is for {inputs}."


def bins_can_train(f: Answer) -> None:
    """Gradients are finite far away, and right where laws usually are."""
    for x, mean, log_scale, levels in (_far(), _case(16)):
        leaves = mean.clone().requires_grad_(), log_scale.clone().requires_grad_()
        found = gradients(f, x, *leaves, levels)
        if not all(bool(g.isfinite().all()) for g in found):
            raise Wrong(
                "Your values are right, but a gradient is not finite: torch.where and "
                "clamp let a NaN through from what they do not choose."
            )
    right = torch.autograd.grad(exact(x, *leaves, levels).sum(), leaves)
    for name, got, due in zip(("mean", "log_scale"), found, right, strict=True):
        what = f"The values are right, but the gradient in {name} is not."
        expect(got.double(), due.double(), what, tolerance=1e-3)
