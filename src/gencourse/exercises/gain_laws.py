"""What a density needs for images it has not seen, beside what a table needs."""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor

from gencourse import data
from gencourse.baselines import IndependentPixels, NeighbourTable, TableDensity
from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.fitted_laws import Fitted
from gencourse.images import Shape

# Every second pixel of images of clothes, so that a check takes a second or two.
FITTED, HELD_OUT, LEVELS = 1000, 500, 8
SHAPE: Shape = (1, 14, 14)
CASE = "of images 1x14x14 with 8 levels"
SAME = 1e-9
CHANCE = 1e6
MARGIN = 0.01  # in bits per dimension: other constants alone gain less


@functools.cache
def pictures() -> tuple[Tensor, Tensor]:
    """Return the images to fit to, and those to be held out, of the training split."""
    images = data.load("fashion-mini", levels=LEVELS, limit=FITTED + HELD_OUT)
    x = images.x[:, :, ::2, ::2].contiguous()
    return x[:FITTED], x[FITTED:]


@functools.cache
def needed_by_tables(negative: bool = False) -> tuple[Tensor, Tensor]:
    """Return what NeighbourTable and IndependentPixels say of each held-out image."""
    x, held_out = _turned(pictures()) if negative else pictures()
    rivals: tuple[TableDensity, TableDensity] = (
        NeighbourTable(x, shape=SHAPE, levels=LEVELS),
        IndependentPixels(x, shape=SHAPE, levels=LEVELS),
    )
    return rivals[0].log_prob(held_out), rivals[1].log_prob(held_out)


def _turned(images: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Negatives, upside down: images that are stored nowhere."""
    return tuple((LEVELS - 1 - x).flip(2) for x in images)  # type: ignore[return-value]


def _bits(log_probs: Tensor) -> float:
    return -log_probs.mean().item() / math.log(2) / math.prod(SHAPE)


def new_images_need_fewer_bits(f: Answer) -> None:
    """Of held-out images it needs fewer bits per dimension than NeighbourTable."""
    x, held_out = pictures()
    f.when_stopped = f"it is to fit {FITTED} images of 14x14 pixels in a few seconds."
    density = Fitted(f, x, LEVELS, CASE)
    found = _finite(density.log_prob(held_out))
    _expect_noise_is_rare(density)
    f.when_stopped = ""
    table, independent = needed_by_tables()
    _expect_no_table(found, table, independent)
    yours, its = _bits(found), _bits(table)
    if yours > its - MARGIN:
        on_x = _bits(_finite(density.log_prob(x)))
        raise Wrong(
            f"On {HELD_OUT} images it has not seen your density needs {yours:.4f} bits "
            f"per dimension, and NeighbourTable {its:.4f}: yours should need at least "
            f"{MARGIN:g} fewer. On the {FITTED} it was fitted to it needs {on_x:.4f}."
        )


def _expect_noise_is_rare(density: Fitted) -> None:
    """Of a density that sums to one, next to no image is far above the average.

    Images at random have more than K times the average with a chance below 1 / K.
    """
    generator = seeds.generator(0)
    noise = torch.randint(LEVELS, (16, *SHAPE), generator=generator)
    found = density.log_prob(noise.to(torch.uint8))
    most = math.log(CHANCE) - math.prod(SHAPE) * math.log(LEVELS)
    if found.max() > most:
        raise Wrong(
            f"On images of noise, 14x14 with {LEVELS} levels, your log_prob is "
            f"{found.max():.0f}. There are so many of them that the probabilities of "
            f"all would sum to far more than one: below {most:.0f} is due. Is there a "
            "clamp?"
        )


def _finite(found: Tensor) -> Tensor:
    if not found.isfinite().all():
        raise Wrong(
            f"On images {CASE.removeprefix('of images ')} your log_prob is not finite "
            f"for {int((~found.isfinite()).sum())} of {len(found)}: a product of the "
            "subpixels' probabilities is 0 as a float, the sum of their logarithms is "
            "not."
        )
    return found


def _expect_no_table(found: Tensor, table: Tensor, independent: Tensor) -> None:
    told = f"{_bits(table):.3f} bits per dimension on {HELD_OUT} images not in x"
    if torch.allclose(found, table, rtol=SAME):
        raise Wrong(
            f"This is NeighbourTable as it is, with {told}: fewer are asked for."
        )
    if torch.allclose(found, independent, rtol=SAME):
        raise Wrong(
            f"This is IndependentPixels, with {_bits(independent):.3f} bits per "
            f"dimension; NeighbourTable has {told}, and fewer are asked for."
        )


def other_images_need_fewer_bits(f: Answer) -> None:
    """It learns from x alone: of other images it needs fewer bits just as well."""
    x, held_out = _turned(pictures())
    found = _finite(Fitted(f, x, LEVELS, CASE).log_prob(held_out))
    yours, its = _bits(found), _bits(needed_by_tables(negative=True)[0])
    if yours >= its:
        raise Wrong(
            "On the images of clothes your density beats NeighbourTable, and on their "
            f"negatives, upside down, it needs {yours:.3f} bits per dimension and the "
            f"table {its:.3f}: is it fitted to x, and to x alone?"
        )
