"""What a density of images obeys: on small ones, of which all can be counted."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.draws_laws import samples_follow
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.fitted_laws import Fitted
from gencourse.images import Shape
from gencourse.testing import enumerate_images

SPACES: tuple[tuple[Shape, int], ...] = (((1, 2, 3), 2), ((1, 2, 2), 3), ((3, 1, 2), 2))
AT_ONCE = 4096
EXACT = 5e-6  # how far the sum of all probabilities may be from one, in float32 too


def seen(shape: Shape, levels: int, count: int = 40) -> Tensor:
    """Return images whose pixels are mostly alike: uint8 levels (count, C, H, W)."""
    generator = seeds.generator(0)
    first = torch.randint(levels, (count, 1, 1, 1), generator=generator)
    other = torch.randint(levels, (count, *shape), generator=generator)
    same = torch.rand(count, *shape, generator=generator) < 0.8
    return torch.where(same, first, other).to(torch.uint8)


def of(shape: Shape, levels: int) -> str:
    """Return the words that say which images are meant."""
    return f"of images {'x'.join(map(str, shape))} with {levels} levels"


def upper(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[0].upper() + text[1:]


def small_images_have_a_law(f: Answer) -> None:
    """The probabilities of all images sum to one, and samples follow them."""
    fitted = []
    for shape, levels in SPACES:
        x, every = seen(shape, levels), enumerate_images(shape, levels)
        density = Fitted(f, x, levels, of(shape, levels))
        fitted.append((density, x, every, law(f, density, every)))
    for each in fitted:
        samples_follow(*each)


def law(f: Answer, density: Fitted, every: Tensor) -> Tensor:
    """Return the log-probabilities of ``every``, all images there are: (N,) float64.

    Raises Wrong where they are no logarithms of probabilities that sum to one.
    """
    found = torch.cat([density.log_prob(part) for part in every.split(AT_ONCE)])
    again = density.log_prob(every[:AT_ONCE])
    if not torch.allclose(found[:AT_ONCE], again, rtol=1e-4, atol=1e-5, equal_nan=True):
        raise Wrong(
            "Your log_prob gives the same images other numbers when it is called again:"
            " it should be exact, and stay as it was fitted."
        )
    _expect_numbers(found, density.case)
    if found.isinf().any():
        raise Wrong(
            f"{upper(density.case)} your log_prob is infinite for "
            f"{int(found.isinf().sum())} of the {len(found)} that there are: what x "
            "does not hold is rare, not impossible, so that no count is to stay 0."
        )
    _expect_each_alone(density, every, found)
    total = found.exp().sum().item()
    if abs(total - 1) > EXACT:
        raise Wrong(_why(f, density, found, total))
    return found


def _expect_numbers(found: Tensor, case: str) -> None:
    if found.isnan().any():
        raise Wrong(
            f"{upper(case)} your log_prob is NaN for {int(found.isnan().sum())} of "
            f"{len(found)}: is there 0 / 0, or a logarithm of what is below 0?"
        )


def _expect_each_alone(density: Fitted, every: Tensor, found: Tensor) -> None:
    step = max(9, len(every) // 64)
    some = range(0, len(every), step)
    alone = torch.cat([density.log_prob(every[n : n + 1]) for n in some])
    if torch.allclose(alone, found[::step], rtol=1e-4, atol=1e-5):
        return
    if not alone.any():
        raise Wrong(
            "An image alone has log_prob 0 in yours: the images of the batch share "
            "the probability that all images there are should share."
        )
    raise Wrong(
        "The log_prob of an image depends on the others in its batch in yours; it is "
        "the image's own."
    )


def _meant(found: Tensor, size: int, levels: int) -> dict[str, Tensor]:
    """Return what the logarithms would be, had each mistake been made."""
    return {
        "Your log_prob is in bits; nats are asked for (the natural logarithm).": (
            found * math.log(2)
        ),
        "Your log_prob is the mean over the subpixels; their sum is asked for.": (
            found * size
        ),
        "Your log_prob is in bits per dimension; nats of the whole image are asked "
        "for, and they are below 0.": -found * math.log(2) * size,
        "The sign of your log_prob is turned: it is the logarithm of a probability, "
        "not a loss.": -found,
        "Your log_prob is a loss, the mean over the subpixels; their sum is asked for, "
        "of the logarithms themselves.": -found * size,
        "Your log_prob returns probabilities; their logarithms are asked for.": (
            found.abs().log()
        ),
        "Your log_prob spreads one over the levels' range from 0 to 1, as a density; "
        "probabilities of levels are asked for.": found - size * math.log(levels - 1),
    }


def _why(f: Answer, density: Fitted, found: Tensor, total: float) -> str:
    meant = _meant(found, math.prod(density.shape), density.levels)
    for sentence, log in meant.items():
        if abs(log.exp().sum().item() - 1) < EXACT and (found - log).any():
            return sentence
    return (
        f"{upper(density.case)} the probabilities of all {len(found)} images sum "
        f"to {total:.6g}, not to one{_of_one_pixel(f, density.levels)}"
    )


def _of_one_pixel(f: Answer, levels: int) -> str:
    shape = (1, 1, 1)
    try:
        density = Fitted(f, seen(shape, levels), levels, of(shape, levels))
        total = density.log_prob(enumerate_images(shape, levels)).exp().sum().item()
    except Wrong:
        return "."
    if abs(total - 1) < EXACT:
        return (
            ". Of images of one pixel they do: does the law of a pixel depend on "
            "pixels that come later, or on itself, or is a probability changed after "
            "it was normalised, or laws combined otherwise than by a weighted mean?"
        )
    return (
        f". Of images of one pixel they sum to {total:.4g}: does the law of a pixel "
        "not sum to one over the levels, or does the pixel see itself (roll wraps "
        "round)?"
    )


def images_of_any_size_have_one(f: Answer) -> None:
    """Two images are enough, and there may be 256 levels and several channels."""
    shape, levels = (2, 3, 5), 256
    x = seen(shape, levels, 2)
    case = f"of 2 {of(shape, levels).removeprefix('of ')}"
    density = Fitted(f, x, levels, case)
    found = density.log_prob(torch.cat([x, 255 - x]))
    _expect_numbers(found, case)
    if found.isinf().any():
        raise Wrong(
            f"{upper(case)} your log_prob is infinite: is a product of many "
            "probabilities 0 as a float, where their logarithms have a sum? Or has a "
            "context that x does not hold no law?"
        )
    if found.max() > 0:
        raise Wrong(
            f"{upper(case)} your log_prob is {found.max().item():.4g}: above 0, "
            "where no probability is."
        )
    density.sample(3, None)
