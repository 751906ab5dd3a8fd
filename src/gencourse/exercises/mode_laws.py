"""What a right count of the modes that samples reach obeys."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import (
    expect,
    expect_whole,
    mistake_of,
    near,
    numbers,
    pair,
)
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.mode_mistakes import MODES, both

CENTRES = torch.tensor(
    [
        *([0.0, 0.0], [0.7, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0], [8.0, 8.0]),
        *([-5.0, 2.0], [9.0, -5.0], [-8.0, -8.0], [20.0, 20.0], [-20.0, 20.0]),
    ]
)
# The first three are near two centres; the others lie at distances, and in directions,
# such that no two mistakes find the same modes and as many good samples.
POINTS = torch.tensor(
    [
        *([0.28, 0.0], [0.28, 0.1], [0.2, -0.1], [4.4, 0.4], [0.59, 4.59], [4.9, 4.0]),
        *([8.33, 8.0], [-5.0, 2.5], [9.7, -5.0], [9.0, -5.7], [6.0, 6.5]),
        *([-9.5, -9.5], [-9.0, -9.5]),
    ]
)
RADIUS = 0.6
# By so many samples no two mistakes agree by chance.
MANY = 10 * torch.rand(250, 2, generator=torch.Generator().manual_seed(0))


def _counts(points: Tensor, centres: Tensor, radius: float) -> Tensor:
    """How many good samples each centre has, by loops."""
    counts = torch.zeros(len(centres), dtype=torch.float64)
    for point in points:
        distances = [float((point - c).square().sum()) ** 0.5 for c in centres]
        least = min(distances)
        if least <= radius:
            counts[distances.index(least)] += 1
    return counts


def _exact(points: Tensor, centres: Tensor, radius: float) -> Tensor:
    counts = _counts(points.double(), centres.double(), radius)
    return both((counts > 0).sum(), counts.sum() / len(points))


def _found(f: Answer, *given: object) -> Tensor:
    modes, share = pair(f(*given), "modes reached", "share of good samples")
    shapes = {
        (len(CENTRES),): "One number counts the modes, whichever they are.",
        (len(POINTS),): "The samples come together in one number.",
    }
    parts = [numbers(part, (), shapes).double() for part in (modes, share)]
    return torch.stack(parts)


def modes_are_counted(f: Answer) -> None:
    """Of samples made by hand it is known which modes they reach."""
    given = POINTS, CENTRES, RADIUS
    got, right = _found(f, *given), _exact(*given)
    exact = (right, POINTS.double(), CENTRES.double(), RADIUS)
    if near(got, right):
        return
    many = MANY[50:], MANY[:50], 0.5
    known = (_exact(*many), *(v.double() for v in many[:2]), 0.5)
    if sentence := mistake_of(MODES, (got, exact), (_found(f, *many), known)):
        raise Wrong(sentence)
    modes_on_a_line(f)  # few enough to be shown
    expect(got[0], right[0], "Your number of modes with a good sample is wrong.")
    what = "Your number of modes is right, the share of good samples is not."
    expect(got[1], right[1], what)


def modes_on_a_line(f: Answer) -> None:
    """A sample just at the radius is good still; points on a line are counted too."""
    points, centres = torch.tensor([[0.0], [1.0], [7.0]]), torch.tensor([[2.0], [9.0]])
    for radius, modes, share in ((0.5, 0, 0.0), (1.5, 1, 1 / 3), (4.0, 2, 1.0)):
        told = f"With points 0, 1, 7, centres 2, 9 and radius {radius:g}"
        got = _found(f, points, centres, radius)
        expect(got[0], torch.tensor(modes), f"{told} the number of modes is wrong.")
        expect(got[1], torch.tensor(share), f"{told} the share is wrong.")


def modes_at_the_radius(f: Answer) -> None:
    """Within the radius is what lies just at it, too."""
    points, centres = torch.tensor([[1.0], [7.0]]), torch.tensor([[2.0], [9.0]])
    for radius, modes, share in ((1.0, 1, 0.5), (2.0, 2, 1.0)):
        got = _found(f, points, centres, radius)
        if not near(got, both(modes, share)):
            raise Wrong(
                "A sample exactly at the radius is good still: it is within the radius."
            )


def modes_of_any_sizes(f: Answer) -> None:
    """One sample, one mode, more modes than samples, more axes; none may be good."""
    generator = seeds.generator(0)
    for n, k, d in ((1, 1, 1), (1, 5, 2), (9, 1, 3), (3, 8, 2), (40, 6, 4)):
        points = torch.randn(n, d, generator=generator)
        centres = torch.randn(k, d, generator=generator)
        for radius in (1e-3, 0.8, 50.0):
            case = (
                f"With points of shape {(n, d)}, centres of shape {(k, d)} and radius "
                f"{radius:g}"
            )
            got = _found(f, points, centres, radius)
            modes, share = _exact(points, centres, radius)
            expect(got[0], modes, f"{case} the number of modes is wrong.")
            expect(got[1], share, f"{case} the share of good samples is wrong.")


def modes_are_whole(f: Answer) -> None:
    """A number of modes is counted, so that it is a whole number."""
    modes, _ = pair(f(POINTS, CENTRES, RADIUS), "modes reached", "share")
    expect_whole(modes, "Your counts of modes")


def modes_of_float64(f: Answer) -> None:
    """Samples may be float64, and far from 0."""
    points = 3e5 + torch.tensor([[0.04], [0.0]], dtype=torch.float64)
    if not near(_found(f, points, points[1:], 0.035), both(1, 0.5)):
        raise Wrong(
            "With points of float64 near 300000 yours is not right: is a distance "
            "worked out in float32?"
        )
