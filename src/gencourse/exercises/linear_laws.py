"""What right principal components and right angles between subspaces obey."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers, pair
from gencourse.exercises.exercise import Wrong

COMPONENTS: Mistakes = {
    "Your components point where the data varies least; the greatest variance is asked "
    "for.": lambda axes, x: axes[-3:],
    "Your components belong to data whose pixels are scaled to the same spread: only "
    "subtract the mean.": lambda axes, x: _exact_axes(x / x.std(0)).mT[:3],
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
    "These are 1 minus the cosines; the angles are asked for.": (
        lambda right: 1 - right.cos()
    ),
    "Sine and cosine are exchanged: each angle is taken from the complement.": (
        lambda right: math.pi / 2 - right
    ),
    "You took the squares of the cosines for the cosines.": (
        lambda right: right.cos().square().acos()
    ),
    "You took the squares of the cosines for the cosines, in ascending order.": (
        lambda right: right.cos().square().acos().flip(0)
    ),
    "Your angles are all 0, as if the subspaces were the same: a QR decomposition "
    "makes columns orthonormal, and it is rows that span the subspaces.": (
        torch.zeros_like
    ),
    "These are the cosines in descending order; the angles are asked for.": (
        lambda right: right.cos().flip(0)
    ),
    "These are the angles to the complement: sine and cosine are exchanged.": (
        lambda right: (math.pi / 2 - right).flip(0)
    ),
}


MEAN_SHAPES = {
    (): "The mean is taken over the images alone, at each pixel.",
    (50,): "That is the mean of each image; the mean image is asked for.",
    (1, 6): "The mean has one axis.",
    (3, 6): "The pair is exchanged: the mean comes first.",
}
MEANS: Mistakes = {
    "Your mean is 0, that of the centred data; the mean of x is asked for.": (
        torch.zeros_like
    ),
}


def _exact_axes(x: Tensor) -> Tensor:
    """The directions of x, the greatest variance first, as columns."""
    centred = x.double() - x.double().mean(0)
    ascending: Tensor = torch.linalg.eigh(centred.mT @ centred).eigenvectors
    return ascending.flip(1)


def _spread_data() -> tuple[Tensor, Tensor]:
    """Data of variances far apart around a large mean, and its exact axes."""
    generator = seeds.generator(0)
    turn = torch.linalg.qr(torch.randn(6, 6, generator=generator)).Q
    scale = torch.tensor([27.0, 9.0, 3.0, 0.6, 0.2, 0.05])
    mean = torch.tensor([40.0, -20.0, 10.0, 5.0, 30.0, -8.0])
    x = torch.randn(50, 6, generator=generator) * scale @ turn.mT + mean
    return x, _exact_axes(x).mT


def pca_finds_components(f: Answer) -> None:
    """Mean and rows are those of an exact eigendecomposition."""
    x, axes = _spread_data()
    first, second = pair(f(x, 3), "mean", "components")
    what = "The mean should be that of the data, a number for each pixel."
    got = numbers(first, (6,), MEAN_SHAPES)
    expect(got, x.double().mean(0), what, MEANS, (got,), tolerance=1e-3)
    shapes = {
        (6, 3): "A component is a row.",
        (6, 6): "Keep the first k.",
        (50, 3): "These are the codes of the images; the directions are asked for.",
        (50, 6): "These are images made of codes; the directions are asked for.",
        (3, 50): "These hold a number for each image, not for each pixel.",
        (3,): "These tell the spread along directions; the directions are asked for.",
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

    columns = _exact_axes(x).abs()  # each known but for its sign
    if any(near(rows.abs(), m[:3], 2e-2) for m in (columns, columns.flip(1))):
        raise Wrong("Your rows cut across a matrix whose columns are the components.")
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
    generator = seeds.generator(0)
    turn = torch.linalg.qr(torch.randn(5, 5, generator=generator)).Q
    mix = torch.linalg.qr(torch.randn(2, 2, generator=generator)).Q
    return first @ turn, mix @ second @ turn, right


def angles_are_known(f: Answer) -> None:
    """Two planes built to meet at two angles have these angles."""
    a, b, right = _planes()
    shapes = {
        (): "Two subspaces of k rows each have k angles.",
        (2, 2): "Not between each two rows: between the subspaces.",
        (5,): "Keep to the subspaces: k rows, k angles.",
    }
    got = numbers(f(a, b), (2,), shapes)
    if got.isnan().any():
        raise Wrong("Your angles hold NaN: is some cosine above 1?")
    what = "The two subspaces are built to meet at 0.3 and 1.2 radians."
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
    generator = seeds.generator(3)
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
