"""What the planes of two models share: codes of test images, and the images shown."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from gencourse import data
from live.common import write_levels, write_numbers

POINTS, EACH = 600, 2  # codes on the plane; images of each class to choose from
Reach = tuple[tuple[float, float], tuple[float, float]]


def choose(y: Tensor, each: int = EACH) -> list[int]:
    """Return where the first images of each class stand, class by class."""
    places = [(y == label).nonzero().flatten()[:each] for label in y.unique()]
    if any(len(found) < each for found in places):
        raise ValueError(f"expected {each} images of each class among {len(y)}")
    return torch.cat(places).tolist()


def write_codes(places: Tensor, reach: Reach, folder: Path) -> None:
    """Write codes.json, the codes of test images, and images.bin, some of these.

    Args:
        places: a code of two numbers for each of the test images.
        reach: the part of the plane to be shown, across and up.
        folder: where to.
    """
    test = data.load("fashion-mini", "test")
    low, high = torch.tensor(reach).T
    if places.shape != (len(test), 2) or not ((low <= places) & (places <= high)).all():
        raise ValueError(f"expected {len(test)} codes of two numbers within {reach}")
    points = [
        [round(x, 3), round(y, 3), label]
        for (x, y), label in zip(places.tolist(), test.y.tolist(), strict=True)
    ]
    shown = choose(test.y)
    numbers = {
        "classes": list(test.classes),
        "points": points[:POINTS],
        "reach": reach,
        "shown": [{"place": i, "kind": int(test.y[i])} for i in shown],
    }
    write_numbers(numbers, folder / "codes.json")
    write_levels(test.x[shown], folder / "images.bin")


def spread(reach: Reach, columns: int, rows: int) -> Tensor:
    """Return codes evenly over the plane, row by row from the top: (rows * columns, 2).

    They stand in the middles of equal cells.
    """
    (left, right), (bottom, top) = reach
    across = left + (right - left) * (torch.arange(columns) + 0.5) / columns
    down = top - (top - bottom) * (torch.arange(rows) + 0.5) / rows
    return torch.cartesian_prod(down, across).flip(1)
