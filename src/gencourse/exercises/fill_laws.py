"""What a right loop over the subpixels of images obeys."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import expect, near, numbers
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.fill_orders import (
    CHANNELS,
    COUNT,
    HEIGHT,
    ORDERS,
    RASTER,
    WIDTH,
    Place,
)

LEVELS = 11


class Recorded:
    """A draw that depends on what comes before, and remembers how it was called."""

    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        self.dtype = dtype
        self.places: list[Place] = []
        self.seen: list[Tensor] = []
        self.levels: list[Tensor] = []

    def __call__(self, x: Tensor, i: int, j: int, c: int) -> Tensor:
        """Return levels (B,), whatever place it is asked for."""
        if x.dtype != self.dtype:
            shown, due = (str(d).removeprefix("torch.") for d in (x.dtype, self.dtype))
            raise Wrong(
                f"The picture that you show draw is {shown}, and x is {due}: a copy of "
                "x keeps its dtype."
            )
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
    generator = seeds.generator(3)
    size = COUNT, CHANNELS, HEIGHT, WIDTH
    x = torch.randint(LEVELS, size, generator=generator).float()
    known = torch.rand(size, generator=generator) < 0.4
    return x, known if per_image else known[:1].expand(size).clone()


def _filled(x: Tensor, known: Tensor) -> Tensor:
    draw, x = Recorded(), x * known
    for i, j, c in RASTER:
        drawn = draw(x, i, j, c).to(x.dtype)
        x[:, c, i, j] = torch.where(known[:, c, i, j], x[:, c, i, j], drawn)
    return x


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
            if not near(now[known[:, c, i, j]], x[:, c, i, j][known[:, c, i, j]]):
                raise Wrong(
                    "What is known and still ahead does not stand in the picture that "
                    "you show draw: it is shown all that is known."
                )


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


def fill_of_levels(f: Answer) -> None:
    """Levels may be whole numbers, and stay so."""
    x, known = _given()
    right = _filled(x, known)
    got = numbers(f(x.to(torch.uint8), known, Recorded(torch.uint8)), tuple(x.shape))
    expect(got, right, "Where x is uint8 your result is not what it is for float32.")


def fill_keeps_the_known(f: Answer) -> None:
    """Known subpixels come back, unknown ones are what draw returned."""
    x, known = _given()
    draw = Recorded()
    got = numbers(f(x, known, draw), tuple(x.shape))
    drawn = draw.returned()
    right = torch.where(known, x, drawn)
    for sentence, wrong in _mistakes(x, known, drawn).items():
        if near(got, wrong) and not near(got, right):
            raise Wrong(sentence)
    expect(got, right, "Known subpixels are kept, the others are what draw returned.")


def _mistakes(x: Tensor, known: Tensor, drawn: Tensor) -> dict[str, Tensor]:
    kept = x * known
    first, everywhere, anywhere = known[:1], known.all(0), known.any(0)
    return {
        "Your function returns x as it was: return the tensor that was filled.": x,
        "Known and unknown are exchanged: True is where x is kept.": (
            torch.where(known, drawn, x)
        ),
        "A level 0 that is known is drawn anew: known says what is kept, not the "
        "level.": torch.where(kept == 0, drawn, kept),
        "Unknown subpixels come back as 0, not as they were drawn.": kept,
        "Known subpixels come back as 0; they are kept.": drawn * ~known,
        "A known subpixel is not kept: draw's level stands in its place.": drawn,
        "Each image has a mask of its own; you use the first one's for all.": (
            torch.where(first, x, drawn)
        ),
        "You decide by the first image's mask for all; known differs from image to "
        "image, and what another one does not know stays 0.": (
            torch.where(first, kept, drawn)
        ),
        "A subpixel is kept only where all images know it; known differs from image "
        "to image.": torch.where(everywhere, x, drawn),
        "A subpixel is not drawn as soon as one image knows it; known differs from "
        "image to image.": torch.where(anywhere, kept, drawn),
    }
