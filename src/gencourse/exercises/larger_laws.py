"""What a density of images obeys beyond its first rows and columns."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.entry_laws import law, of, seen
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.fitted_laws import Fitted
from gencourse.images import Shape
from gencourse.testing import enumerate_images

# As high and as wide as the pictures that follow, and a block: all can be counted.
SPACES: tuple[Shape, ...] = ((1, 3, 4), (1, 14, 1), (1, 1, 14))
LEVELS, FITTED = 2, 60
DRAWS = 12_000
# Of about 300 frequencies none of a right answer is so many standard deviations off.
SIGMAS = 7
SIGMAS_OF_MEAN = 5


def larger_images_have_a_law(f: Answer) -> None:
    """So are they where an image has as many rows, or columns, as larger ones."""
    for shape in SPACES:
        every = enumerate_images(shape, LEVELS)
        density = Fitted(f, seen(shape, LEVELS, FITTED), LEVELS, of(shape, LEVELS))
        log_probs = law(f, density, every)
        samples = density.sample(DRAWS, seeds.generator(2))
        _expect_pairs(density, every, log_probs.exp(), samples)
        _expect_entropy(density, log_probs, samples)


def _together(images: Tensor, weights: Tensor) -> Tensor:
    """Return how often two pixels are 1 together: (D, D), one alone on its diagonal."""
    ones = images.flatten(1).double()
    return ones.T @ (weights[:, None] * ones)


def _expect_pairs(
    density: Fitted, every: Tensor, probs: Tensor, samples: Tensor
) -> None:
    due = _together(every, probs)
    drawn = _together(samples, torch.full((DRAWS,), 1 / DRAWS, dtype=torch.float64))
    spread = (due * (1 - due) / DRAWS).clamp(min=0).sqrt() + 1 / DRAWS
    off = (drawn - due).abs() / spread
    if off.max() <= SIGMAS:
        return
    first, second = divmod(int(off.argmax()), len(due))
    raise Wrong(
        f"Your samples do not follow your log_prob: {density.case}, "
        f"{_pixels(density.shape[2], first, second)} 1 in "
        f"{DRAWS * drawn[first, second]:.0f} of {DRAWS} samples, and by log_prob "
        f"{DRAWS * due[first, second]:.0f} times are due."
    )


def _pixels(width: int, first: int, second: int) -> str:
    (row, column), (other_row, other_column) = (
        divmod(at, width) for at in sorted((first, second))
    )
    if first == second:
        return f"the pixel in row {row}, column {column} is"
    return (
        f"the pixels in row {row}, column {column} and row {other_row}, column "
        f"{other_column} are both"
    )


def _expect_entropy(density: Fitted, log_probs: Tensor, samples: Tensor) -> None:
    """Hold the mean log-probability of samples against minus the entropy."""
    probs = log_probs.exp()
    due = (probs * log_probs).sum()
    spread = (probs * (log_probs - due).square()).sum().sqrt()
    drawn = density.log_prob(samples).mean()
    off = (drawn - due) * DRAWS**0.5 / (spread + 1e-6)
    if off.abs() > SIGMAS_OF_MEAN:
        likely = "likely" if off > 0 else "unlikely"
        raise Wrong(
            f"Your samples do not follow your log_prob: {density.case}, they are too "
            f"{likely}. The mean log_prob of {DRAWS} is {drawn:.3f}, and {due:.3f} is "
            "due. Is each pixel drawn by the law that log_prob takes for it?"
        )
