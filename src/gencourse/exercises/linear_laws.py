"""What right principal components, angles and gradients of a linear code obey."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers, pair
from gencourse.exercises.exercise import Wrong

COMPONENTS: Mistakes = {
    "Your components point where the data varies least; the greatest variance is asked "
    "for.": lambda axes, x: axes[-3:],
    "Your components belong to data that is not centred: subtract the mean first.": (
        lambda axes, x: torch.linalg.svd(x.double(), full_matrices=False).Vh[:3]
    ),
}
ANGLES: Mistakes = {
    "These are the cosines of the angles; the angles are asked for.": (
        lambda right: right.cos()
    ),
    "These are the sines of the angles; the angles are asked for.": (
        lambda right: right.sin()
    ),
    "These are degrees; radians are asked for.": lambda right: right.rad2deg(),
    "Your angles descend; the smallest comes first.": lambda right: right.flip(0),
    "These are the cosines in descending order; the angles are asked for.": (
        lambda right: right.cos().flip(0)
    ),
    "These are the angles to the complement: sine and cosine are exchanged.": (
        lambda right: (math.pi / 2 - right).flip(0)
    ),
}
# How each gradient goes wrong, for N = 7 images of D = 4 pixels.
GRADIENT: dict[str, Callable[[Tensor], Tensor]] = {
    "is summed over the images; the loss is a mean over them": lambda g: 7 * g,
    "is averaged over the pixels too; the loss is a sum over them": lambda g: g / 4,
    "is twice too large: the half cancels the 2 of the square": lambda g: 2 * g,
    "is half as large as it should be: the square brings a 2": lambda g: g / 2,
    "has its sign turned: it should point uphill": lambda g: -g,
}


def _spread_data() -> tuple[Tensor, Tensor]:
    """Data of variances far apart around a large mean, and its exact axes."""
    generator = torch.Generator().manual_seed(0)
    turn = torch.linalg.qr(torch.randn(6, 6, generator=generator)).Q
    scale = torch.tensor([27.0, 9.0, 3.0, 0.6, 0.2, 0.05])
    mean = torch.tensor([40.0, -20.0, 10.0, 5.0, 30.0, -8.0])
    x = torch.randn(50, 6, generator=generator) * scale @ turn.mT + mean
    centred = x.double() - x.double().mean(0)
    return x, torch.linalg.eigh(centred.mT @ centred).eigenvectors.flip(1).mT


def pca_finds_components(f: Answer) -> None:
    """Mean and rows are those of an exact eigendecomposition."""
    x, axes = _spread_data()
    first, second = pair(f(x, 3), "mean", "components")
    what = "The mean should be that of the data, a number for each pixel."
    expect(numbers(first, (6,)), x.double().mean(0), what, tolerance=1e-3)
    shapes = {
        (6, 3): "A component is a row.",
        (6, 6): "Keep the first k.",
        (50, 3): "These are the codes of the images; the directions are asked for.",
        (3,): "These are variances; the directions are asked for.",
    }
    rows = numbers(second, (3, 6), shapes)
    lengths = rows.norm(dim=1)
    if not near(lengths, torch.ones(3), 1e-2):
        raise Wrong(f"The rows should have length 1; the first has {lengths[0]:.4g}.")
    if not near(rows @ rows.mT, torch.eye(3), 1e-2):
        raise Wrong("The rows should be orthogonal to each other.")
    _check_directions(rows, axes, x)


def _check_directions(rows: Tensor, axes: Tensor, x: Tensor) -> None:
    def same(a: Tensor, b: Tensor) -> bool:  # whatever the order and the signs
        return near(a.mT @ a, b.mT @ b, 2e-2)

    for sentence, mistaken in COMPONENTS.items():
        if same(rows, mistaken(axes, x)):
            raise Wrong(sentence)
    if not same(rows, axes[:3]):
        raise Wrong("Your rows don't span the directions of greatest variance.")
    if near((rows * axes[:3].flip(0)).sum(1).abs(), torch.ones(3), 2e-2):
        raise Wrong("Your components ascend; the greatest variance comes first.")
    if not near((rows * axes[:3]).sum(1).abs(), torch.ones(3), 2e-2):
        raise Wrong(
            "Your rows span the right subspace, and turned within it: each should be "
            "the direction of greatest variance that is left."
        )


def _planes() -> tuple[Tensor, Tensor, Tensor]:
    """Orthonormal rows of two planes in five dimensions, and their known angles."""
    right = torch.tensor([0.3, 1.2])
    first, other = torch.eye(5)[:2], torch.eye(5)[2:4]
    second = first * right.cos()[:, None] + other * right.sin()[:, None]
    generator = torch.Generator().manual_seed(0)
    turn = torch.linalg.qr(torch.randn(5, 5, generator=generator)).Q
    mix = torch.linalg.qr(torch.randn(2, 2, generator=generator)).Q
    return first @ turn, mix @ second @ turn, right


def angles_are_known(f: Answer) -> None:
    """Two planes built to meet at two angles have these angles."""
    a, b, right = _planes()
    shapes = {
        (): "Two planes have two angles.",
        (2, 2): "Not between each two rows: between the subspaces.",
        (5,): "Keep to the subspaces: k rows, k angles.",
    }
    got = numbers(f(a, b), (2,), shapes)
    if got.isnan().any():
        raise Wrong("Your angles hold NaN: is some cosine above 1?")
    what = "The planes are built to meet at 0.3 and 1.2 radians."
    expect(got, right, what, ANGLES, (right.double(),), tolerance=2e-3)


def angles_know_no_basis(f: Answer) -> None:
    """Other vectors that span the same subspaces change nothing."""
    a, b, right = _planes()
    mix = torch.tensor([[2.0, 1.0], [0.5, -3.0]])
    what = (
        "The angles change when other vectors span the same subspaces: make each basis "
        "orthonormal first."
    )
    got = numbers(f(mix @ a, b), (2,))
    if got.isnan().any():
        raise Wrong(what)
    expect(got, right, what, tolerance=2e-3)
    expect(numbers(f(a, mix @ b), (2,)), right, what, tolerance=2e-3)


def angles_of_the_same(f: Answer) -> None:
    """A subspace is at angle 0 to itself, whatever the rounding."""
    generator = torch.Generator().manual_seed(3)
    for _ in range(20):  # rounding lifts the cosine above 1 in some of them
        a = torch.randn(3, 8, generator=generator)
        got = numbers(f(a, a), (3,))
        if got.isnan().any():
            raise Wrong(
                "Between a subspace and itself your angle is NaN: rounding can lift a "
                "cosine a little above 1."
            )
        what = "The angles between a subspace and itself should be 0."
        expect(got, torch.zeros(3), what, tolerance=3e-3)


def gradients_by_autograd(f: Answer) -> None:
    """Both gradients are those that autograd finds."""
    generator = torch.Generator().manual_seed(0)
    x, encoder = (torch.randn(*s, generator=generator) for s in ((7, 4), (4, 2)))
    decoder = torch.randn(2, 4, generator=generator)
    leaves = [w.double().requires_grad_() for w in (encoder, decoder)]
    errors = x.double() @ leaves[0] @ leaves[1] - x.double()
    right = torch.autograd.grad(0.5 * errors.square().sum() / len(x), leaves)
    first, second = pair(f(x - 0, encoder, decoder), "encoder's", "decoder's gradient")
    _check_exchanged(first, second, right)
    _check_gradient("encoder", first, right[0])
    _check_gradient("decoder", second, right[1])


def _check_exchanged(first: object, second: object, right: tuple[Tensor, ...]) -> None:
    shape = getattr(first, "shape", ()), getattr(second, "shape", ())
    if tuple(map(tuple, shape)) == ((2, 4), (4, 2)):
        turned = near(numbers(first, (2, 4)), right[0].mT)
        raise Wrong(
            "Your gradients are transposed: each has the shape of its weights."
            if turned
            else "The pair is exchanged: the encoder's gradient comes first."
        )


def _check_gradient(name: str, value: object, right: Tensor) -> None:
    shape = (4, 2) if name == "encoder" else (2, 4)
    got = numbers(value, shape, {shape[::-1]: f"This is the {name}'s gradient."})
    for mistake, mistaken in GRADIENT.items():
        if near(got, mistaken(right)):
            raise Wrong(f"The {name}'s gradient {mistake}.")
    expect(got, right, f"The {name}'s gradient differs from the loss's slope.")
