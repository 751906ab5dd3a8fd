"""What losses of logits have in common: far logits, and inputs of float64."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer, Raised
from gencourse.exercises.compare import Shape, near, numbers
from gencourse.exercises.exercise import Wrong

FAREST_EXP = 88.0  # of the numbers whose exponential is a float32


def log_sigmoid(x: Tensor) -> Tensor:
    """Return log sigmoid(x) without a sigmoid, so that it is right however far x is."""
    return x.clamp(max=0) - (-x.abs()).exp().log1p()


def log_one_minus_sigmoid(x: Tensor) -> Tensor:
    """Return log(1 - sigmoid(x)) likewise."""
    return log_sigmoid(-x)


def of_draws_alone(far: float) -> tuple[Tensor, Tensor]:
    """Return logits of real and of fake images, sure and right, sure and wrong."""
    return torch.tensor([far, -far, 0.5]), torch.tensor([-far, far, -0.5])


def expect_finite(got: Tensor, right: Tensor, case: str, far: float) -> None:
    """Raise Wrong unless a loss of logits as far as this is what it should be."""
    if near(got, right):
        return
    if not got.isfinite().all():
        raise Wrong(
            f"{case} your loss is {got.item():g}, where {right.item():.6g} is due: "
            f"{_why_infinite(far)}"
        )
    raise Wrong(
        f"{case} your loss is {got.item():.6g}, where {right.item():.6g} is due: is "
        "there a clamp or a small constant in it?"
    )


def _why_infinite(far: float) -> str:
    if far < FAREST_EXP:
        return "as a float such a probability is 0 or 1. Work with the logit itself."
    return (
        f"in float32 exp({far:g}) is inf, and the sigmoid of -{far:g} is 0. Softplus "
        "and logsigmoid of a logit overflow nowhere."
    )


def expect_any_dtype(
    f: Answer, shape: Shape, right: Tensor, given: tuple[object, ...]
) -> None:
    """Raise Wrong unless inputs of float64 give a right result of all its digits."""
    try:
        got = numbers(f(*given), shape)
    except Raised as raised:
        name = type(raised.error).__name__
        raise Wrong(
            f"With inputs of float64 your function raises {name}, and with float32 it "
            "is right: make your own tensors in the dtype of the inputs."
        ) from None
    if not near(got, right):
        raise Wrong(
            "With inputs of float64 your result is right to a few digits only, or not "
            "at all: is a part of it worked out in float32?"
        )
