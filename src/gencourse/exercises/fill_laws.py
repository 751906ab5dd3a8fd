"""What a right loop over the subpixels of images obeys."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import expect, near, numbers
from gencourse.exercises.exercise import Wrong

COUNT, CHANNELS, HEIGHT, WIDTH = 2, 2, 3, 4
LEVELS = 11
Place = tuple[int, ...]
# Row, column, channel.
RASTER: list[Place] = list(product(range(HEIGHT), range(WIDTH), range(CHANNELS)))


class Recorded:
    """A draw that depends on what comes before, and remembers how it was called."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.seen: list[Tensor] = []
        self.levels: list[Tensor] = []

    def __call__(self, x: Tensor, i: int, j: int, c: int) -> Tensor:
        """Return levels (B,), whatever place it is asked for."""
        place = int(i), int(j), int(c)
        self.places.append(place)
        self.seen.append(x.detach().clone().double())
        earlier = [x[:, b, k, m].long() for k, m, b in RASTER if (k, m, b) < place]
        weighted = (v * (n + 2) for n, v in enumerate(earlier))
        total = sum(weighted, torch.ones(len(x)).long()) + len(earlier)
        self.levels.append(total % LEVELS)
        return self.levels[-1].clone()

    def returned(self) -> Tensor:
        """Return what was drawn, as images, for places that were asked for in order."""
        drawn = torch.stack(self.levels, 1).view(-1, HEIGHT, WIDTH, CHANNELS)
        return drawn.movedim(-1, 1).float()


def _given(per_image: bool = True) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    size = COUNT, CHANNELS, HEIGHT, WIDTH
    x = torch.randint(1, LEVELS, size, generator=generator).float()
    known = torch.rand(size, generator=generator) < 0.4
    return x, known if per_image else known[:1].expand(size).clone()


def _filled(x: Tensor, known: Tensor) -> Tensor:
    draw, x = Recorded(), x * known
    for i, j, c in RASTER:
        drawn = draw(x, i, j, c).to(x.dtype)
        x[:, c, i, j] = torch.where(known[:, c, i, j], x[:, c, i, j], drawn)
    return x


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


def fill_asks_in_order(f: Answer) -> None:
    """Draw is called once for every subpixel, in raster order."""
    x, known = _given(per_image=False)
    draw = Recorded()
    f(x, known, draw)
    if draw.places == RASTER:
        return
    if not draw.places:
        raise Wrong("Your function never calls draw.")
    if draw.places == [p for p in RASTER if not known[0, p[2], p[0], p[1]]]:
        raise Wrong(
            "You call draw for unknown subpixels alone. It may keep what it computes "
            "for later, and so has to be called for the known ones too."
        )
    for sentence, places in ORDERS.items():
        if draw.places == places:
            raise Wrong(sentence)
    pairs = zip(draw.places, RASTER, strict=False)
    at = next((n for n, (a, b) in enumerate(pairs) if a != b), None)
    if at is None:
        raise Wrong(
            f"Your function calls draw {len(draw.places)} times; {len(RASTER)} are due."
        )
    raise Wrong(
        f"Call {at + 1} of draw is for (i, j, c) = {draw.places[at]}, where "
        f"{RASTER[at]} is due."
    )


def fill_shows_the_past(f: Answer) -> None:
    """Draw sees what is filled by then, and nothing of what is still to be drawn."""
    x, known = _given()
    draw = Recorded()
    numbers(f(x, known, draw), tuple(x.shape))
    right = _filled(x, known)
    for n, seen in enumerate(draw.seen):
        for i, j, c in RASTER[:n]:
            now = seen[:, c, i, j]
            if not near(now, right[:, c, i, j]):
                raise Wrong(_too_little(now, x[:, c, i, j], known[:, c, i, j]))
    for n, seen in enumerate(draw.seen):
        for i, j, c in RASTER[n:]:
            now = seen[:, c, i, j]
            if (now[~known[:, c, i, j]] != 0).any():
                raise Wrong(_too_much(now, x[:, c, i, j], n))


def _too_much(now: Tensor, old: Tensor, calls: int) -> str:
    if near(now, old):
        return (
            "You show draw what stood in unknown subpixels of x: it should see 0 there "
            "until they are drawn."
        )
    return f"Call {calls + 1} of draw is shown levels that are not drawn yet."


def _too_little(now: Tensor, old: Tensor, known: Tensor) -> str:
    if near(now, old):
        return (
            "You show draw x as it was given: what was drawn before should be in it, "
            "or no pixel knows of another."
        )
    if not now[~known].any():
        return (
            "What was drawn before is 0 in the x that draw is shown: each draw should "
            "know of those before it."
        )
    return "You show draw other levels than those that were drawn before."


def fill_keeps_the_known(f: Answer) -> None:
    """Known subpixels come back, unknown ones are what draw returned."""
    x, known = _given()
    draw = Recorded()
    got = numbers(f(x, known, draw), tuple(x.shape))
    drawn, nothing = draw.returned(), torch.zeros_like(x)
    mistakes = {
        "Your function returns x as it was: return the tensor that was filled.": x,
        "Known and unknown are exchanged: True is where x is kept.": (
            torch.where(known, drawn, x)
        ),
        "Unknown subpixels come back as 0, not as they were drawn.": (
            torch.where(known, x, nothing)
        ),
        "Known subpixels come back as 0; they are kept.": (
            torch.where(known, nothing, drawn)
        ),
        "A known subpixel is not kept: draw's level stands in its place.": drawn,
        "Each image has a mask of its own; you use the first one's for all.": (
            torch.where(known[:1], x, drawn)
        ),
    }
    right = torch.where(known, x, drawn)
    for sentence, wrong in mistakes.items():
        if near(got, wrong) and not near(got, right):
            raise Wrong(sentence)
    expect(got, right, "Known subpixels are kept, the others are what draw returned.")
