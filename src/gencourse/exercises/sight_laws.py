"""What a right blind spot obeys."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers
from gencourse.exercises.exercise import Wrong

# Of the pixels' row, column and place in raster order n, the field, and pixel (i, j).
SPOT: Mistakes = {
    "The pixel itself is in it; it is not earlier than itself.": (
        lambda row, col, n, field, i, j: (n <= n[i, j]) & ~field
    ),
    "Later pixels are in it: of them the pixel must not know.": (
        lambda row, col, n, field, i, j: ~field
    ),
    "These are the earlier pixels that it does see.": (
        lambda row, col, n, field, i, j: (n < n[i, j]) & field
    ),
    "These are all earlier pixels: which of them does the field hold already?": (
        lambda row, col, n, field, i, j: n < n[i, j]
    ),
    "This is the field itself: what is not in it is asked for.": (
        lambda row, col, n, field, i, j: field
    ),
    "The pixels on the left in the pixel's own row are left out; they are earlier.": (
        lambda row, col, n, field, i, j: (row < i) & ~field
    ),
    "Pixels above and to the right are left out; a row above is earlier as a whole.": (
        lambda row, col, n, field, i, j: (n < n[i, j]) & (col <= j) & ~field
    ),
    "Of the rows above only what stands further left is in it; a row above is earlier "
    "as a whole.": (lambda row, col, n, field, i, j: (row <= i) & (col < j) & ~field),
    "Yours are pixels that are both above and on the left; rows above are earlier as a "
    "whole, and so is what stands on the left in the pixel's own row.": (
        lambda row, col, n, field, i, j: (row < i) & (col < j) & ~field
    ),
    "The pixels on the right in the pixel's own row are in it; they are later.": (
        lambda row, col, n, field, i, j: (row <= i) & (n != n[i, j]) & ~field
    ),
    "Your order goes down the columns; raster order goes along the rows.": (
        lambda row, col, n, field, i, j: ((col < j) | ((col == j) & (row < i))) & ~field
    ),
    "The row and the column of the pixel are exchanged: i is the row.": (
        lambda row, col, n, field, i, j: (n < j * n.shape[1] + i) & ~field
    ),
    "A row counts as many pixels as the image is wide, not high.": (
        lambda row, col, n, field, i, j: (n < i * len(n) + j) & ~field
    ),
    "True and False are exchanged: True is for an earlier pixel that is not seen.": (
        lambda row, col, n, field, i, j: (n >= n[i, j]) | field
    ),
}
SHAPES = {
    (): "A map of the pixels is asked for; its sum is their number.",
    (6, 4): "Rows come first, as in the field.",
    (24,): "A map has rows and columns, as the field has.",
}


def _cone(i: int, j: int) -> Tensor:
    """What a few 3x3 convolutions let pixel (i, j) of a 4x6 image see."""
    row, col = torch.meshgrid(torch.arange(4), torch.arange(6), indexing="ij")
    above = (row < i) & (row >= i - 2) & (col <= j + i - row) & (col >= j - 2)
    return above | ((row == i) & (col < j) & (col >= j - 2))


def spot_is_known(f: Answer) -> None:
    """Of known fields the blind spot is known."""
    n = torch.arange(24).view(4, 6)
    cases = [(_cone(i, j), i, j) for i, j in ((2, 3), (3, 2), (1, 5), (0, 4))]
    # Scattered, so that no two mistakes look alike.
    cases.append(((n % 5 == 2) & (n < 16), 2, 4))
    found = [numbers(f(*case), (4, 6), SHAPES) for case in cases]
    right = [(n < n[i, j]) & ~field for field, i, j in cases]
    if not near(torch.stack(found), torch.stack(right)):
        for sentence, mistaken in SPOT.items():
            wrong = [mistaken(n // 6, n % 6, n, *case) for case in cases]
            if near(torch.stack(found), torch.stack(wrong)):
                raise Wrong(sentence)
    for got, due, (_, i, j) in zip(found, right, cases, strict=True):
        what = f"True is for an earlier pixel that pixel ({i}, {j}) does not see."
        expect(got, due, what)


def spot_is_earlier(f: Answer) -> None:
    """What the field holds besides earlier pixels is in no blind spot."""
    n = torch.arange(20).view(4, 5)
    field = (n % 3 == 0) | (n == 12)
    got = numbers(f(field, 2, 2), (4, 5))
    if got[(n >= 12) & field].any():
        raise Wrong(
            "A pixel that the field holds and that is not earlier is in yours: a field "
            "may hold the pixel itself, as with several channels, but a blind spot has "
            "earlier pixels alone."
        )
    what = "True is for an earlier pixel that pixel (2, 2) does not see."
    expect(got, (n < 12) & ~field, what)


def spot_of_the_first(f: Answer) -> None:
    """Before the first pixel there is nothing, whatever the field holds."""
    field = torch.zeros(3, 2, dtype=torch.bool)
    got = numbers(f(field, 0, 0), (3, 2))
    what = "The first pixel has no earlier ones: nothing is in its blind spot."
    expect(got, torch.zeros(3, 2), what)
