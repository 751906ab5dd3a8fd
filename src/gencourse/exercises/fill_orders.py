"""In which orders the subpixels of an image are asked for, and which is right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

COUNT, CHANNELS, HEIGHT, WIDTH = 2, 2, 3, 4
Place = tuple[int, ...]
# Row, column, channel.
RASTER: list[Place] = list(product(range(HEIGHT), range(WIDTH), range(CHANNELS)))


def _ordered(*axes: tuple[int, Sequence[int]]) -> list[Place]:
    """Return places with the first of the axes outermost: (axis of a place, values)."""
    turns = [axis for axis, _ in axes]
    each = product(*(values for _, values in axes))
    return [tuple(place[turns.index(axis)] for axis in range(3)) for place in each]


ROWS, COLUMNS, CHANNEL = (0, range(HEIGHT)), (1, range(WIDTH)), (2, range(CHANNELS))
ORDERS: dict[str, list[Place]] = {
    "You fill one channel of the whole image after another; all channels of a pixel "
    "come before the next pixel.": _ordered(CHANNEL, ROWS, COLUMNS),
    "You go down the columns; raster order goes along the rows.": (
        _ordered(COLUMNS, ROWS, CHANNEL)
    ),
    "You fill one channel of a row after another; all channels of a pixel come before "
    "the next pixel.": _ordered(ROWS, CHANNEL, COLUMNS),
    "You begin at the end: the first pixel is in the first row, on the left.": (
        RASTER[::-1]
    ),
    "The channels of a pixel come in the wrong order: channel 0 is the first.": (
        _ordered(ROWS, COLUMNS, (2, range(CHANNELS)[::-1]))
    ),
    "The rows are filled from the right; raster order goes from the left.": (
        _ordered(ROWS, (1, range(WIDTH)[::-1]), CHANNEL)
    ),
    "You give draw its places as (c, i, j): it takes x, i, j, c.": (
        [(c, i, j) for i, j, c in RASTER]
    ),
    "You give draw its places as (j, i, c): it takes x, i, j, c, row before column.": (
        [(j, i, c) for i, j, c in RASTER]
    ),
    "You call draw for each image alone; it draws a level of all images at once.": (
        RASTER * COUNT
    ),
    "The first channel alone is filled: every channel of a pixel is drawn.": (
        [place for place in RASTER if place[2] == 0]
    ),
}
