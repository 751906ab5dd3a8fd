"""What a right gradient penalty obeys."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer, Raised
from gencourse.exercises.compare import expect, expect_no_axes, near, numbers
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.penalty_mistakes import (
    ADDED,
    OF_GRADIENT,
    OF_POINTS,
    mixed,
    penalty,
    with_added,
)

SHAPE = (4, 2, 4, 4)  # as many images as rows and columns: a wrong axis goes unnoticed
NO_TRAINING = (
    "The value is right, but no gradient flows back to the critic: it has to learn "
    "from its slope, so that the slope itself must be differentiable."
)
SHAPES = {
    (4,): "The images of the batch are averaged.",
    (4, 4, 4): "An image has one norm, over all its numbers.",
    (4, 2): "An image has one norm, over all its numbers.",
    SHAPE: "Norms are asked for, and their mean.",
}


class _Critic(nn.Module):
    """Scores whose slope is known by hand: out . tanh(weight x) + line . x."""

    def __init__(self, size: int, scale: float = 1.0) -> None:
        super().__init__()
        # By this seed norms lie on both sides of 1, and no two mistakes agree.
        generator = seeds.generator(4)
        rows = torch.randn(4, size, generator=generator, dtype=torch.float64)
        out = torch.tensor([1.0, -0.6, 0.8], dtype=torch.float64)
        self.weight = nn.Parameter(scale * 0.3 * rows[:3])
        self.out = nn.Parameter(scale * out)
        self.line = nn.Parameter(scale * 0.05 * rows[3])

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (B,) of images (B, ...)."""
        flat = x.flatten(1)
        return (flat @ self.weight.mT).tanh() @ self.out + flat @ self.line

    def slope(self, x: Tensor) -> Tensor:
        """Return the gradient at each image, without autograd."""
        steep = 1 - (x.flatten(1) @ self.weight.mT).tanh().square()
        return ((steep * self.out) @ self.weight + self.line).view(x.shape)


def _case(*shape: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = seeds.generator(0)
    real, fake = torch.randn(2, *shape, generator=generator, dtype=torch.float64)
    share = torch.rand(len(real), generator=generator, dtype=torch.float64)
    return real, fake - 0.5, share


def _gradient(
    f: Answer, critic: _Critic, given: Iterable[Tensor]
) -> tuple[Tensor, Tensor]:
    """Return a penalty and its gradient in the critic's numbers, in one row."""
    value = f(critic, *given)
    if not (isinstance(value, Tensor) and value.requires_grad):
        raise Wrong(NO_TRAINING)
    if not all(p.requires_grad for p in critic.parameters()):
        raise Wrong("Your function leaves a critic whose parameters need no gradient.")
    parameters = list(critic.parameters())
    found = torch.autograd.grad(value.double().sum(), parameters, allow_unused=True)
    return value, _row(found, parameters)


def _row(found: Iterable[Tensor | None], parameters: list[nn.Parameter]) -> Tensor:
    pairs = zip(found, parameters, strict=True)
    rows = [torch.zeros_like(p) if g is None else g for g, p in pairs]
    return torch.cat([row.flatten() for row in rows])


def penalty_draws_nothing(f: Answer) -> None:
    """The shares that are given decide, and nothing else does."""
    given = _case(*SHAPE)
    got, again = (numbers(f(_Critic(32), *given), (), SHAPES) for _ in range(2))
    if got.isnan().any():
        raise Wrong("Your penalty is NaN.")
    if not near(got, again):
        raise Wrong(
            "Two calls with the same share give different penalties: the mixture is "
            "given, and nothing is left to draw."
        )


def penalty_of_images(f: Answer) -> None:
    """Of a critic whose slope is known, the penalty is too."""
    critic, given = _Critic(32), _case(*SHAPE)
    got = numbers(f(critic, *given), (), SHAPES)
    gradient = critic.slope(mixed(*given))
    right = penalty(gradient)
    wrong = {s: m(gradient) for s, m in OF_GRADIENT.items()}
    wrong |= {s: m(critic.slope, *given) for s, m in OF_POINTS.items()}
    for sentence, value in wrong.items():
        if near(got, value) and not near(got, right):
            raise Wrong(sentence)
    what = "Your value is not the mean of (norm - 1)² between the images."
    other = numbers(f(_Critic(32), *given[:2], 1 - given[2]), ())
    if near(got, other):
        what = "Your penalty does not depend on the share that you are given."
    _expect_no_constant(f, got, gradient)
    expect(got, right, what)


def _expect_no_constant(f: Answer, got: Tensor, gradient: Tensor) -> None:
    """Raise Wrong where a value is off by what is added to norms or under the root."""
    if near(got, penalty(gradient)):
        return
    try:
        flat = numbers(f(_Critic(32, scale=0.0), *_case(*SHAPE)), ())
    except Raised:
        return
    least = 1 - flat.sqrt()
    if least > 0 and any(near(got, v, 1e-6) for v in with_added(gradient, least)):
        raise Wrong(ADDED.format(norm=least.item()))


def penalty_of_any_axes(f: Answer) -> None:
    """Points have one axis behind that of the batch, images three; any will do."""
    for shape in ((5, 2), (3, 3), (1, 4), (2, 3, 4, 5), (4, 1, 1, 2), (2, 3, 2)):
        size = torch.Size(shape[1:]).numel()
        critic, given = _Critic(size), _case(*shape)
        case = f"With real and fake of shape {shape}"
        try:
            got = numbers(f(critic, *given), ())
        except Raised as raised:
            name = type(raised.error).__name__
            raise Wrong(
                f"{case} your function raises {name}, and with images of shape {SHAPE} "
                "it does not: any axes may follow that of the batch."
            ) from None
        gradient = critic.slope(mixed(*given))
        _expect_no_constant(f, got, gradient)
        what = f"{case} your value is off, and with shape {SHAPE} it is right."
        expect(got, penalty(gradient), what)


def penalty_can_train(f: Answer) -> None:
    """The critic learns from the penalty, and from nothing that is left behind."""
    critic, given = _Critic(32), _case(*SHAPE)
    _, got = _gradient(f, critic, given)
    right = penalty(critic.slope(mixed(*given)))
    parameters = list(critic.parameters())
    due = _row(torch.autograd.grad(right, parameters), parameters)
    if not got.any():
        raise Wrong(NO_TRAINING)
    what = "The value is right, but its gradient in the critic's parameters is not."
    expect(got, due, what)


def penalty_leaves_nothing(f: Answer) -> None:
    """Neither the critic nor the images have changed after a call."""
    critic, given = _Critic(32), _case(*SHAPE)
    f(critic, *given)
    if any(p.grad is not None and p.grad.any() for p in critic.parameters()):
        raise Wrong(
            "Your function leaves gradients in the critic's parameters, and the next "
            "step of an optimiser would add them: ask for the gradient in the images "
            "alone."
        )
    copies = [v.clone() for v in given]
    f.function(critic, *copies)  # f itself would give it other copies
    for name, value in zip(f.names[1:], copies, strict=True):
        if value.requires_grad:
            raise Wrong(
                f"Your function leaves its input {name} requiring a gradient: only the "
                "points between, which are yours, need one."
            )


def penalty_where_flat(f: Answer) -> None:
    """Where the slope is 0 the penalty is 1, and its gradient a number."""
    critic = _Critic(32, scale=0.0)
    value, got = _gradient(f, critic, _case(*SHAPE))
    if not got.isfinite().all():
        raise Wrong(
            "Where the critic is flat, the gradient of your penalty is NaN, and one "
            "such step ruins the critic: a root has no slope at 0."
        )
    found = numbers(value, ())
    # 1e-6 under a root, for safety's sake, is let pass.
    if 2.5e-3 < 1 - found.double() < 1e-2:
        raise Wrong(ADDED.format(norm=1 - found.double().sqrt().item()))
    what = "Where the critic is flat, each image's norm is 0, and the penalty 1."
    expect(found, torch.tensor(1.0), what, tolerance=2.5e-3)
    expect_no_axes(value, "a penalty")
