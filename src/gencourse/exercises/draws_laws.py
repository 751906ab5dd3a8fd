"""What samples of a density obey whose probabilities are all known."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.fitted_laws import Fitted
from gencourse.testing import image_numbers

DRAWS = 4000


def samples_follow(
    density: Fitted, x: Tensor, every: Tensor, log_probs: Tensor
) -> None:
    """Samples are as frequent as ``log_prob`` says, and the generator draws them.

    Args:
        density: what was fitted to x.
        x: the training images.
        every: all images there are, in order.
        log_probs: their log-probabilities, which sum to one.
    """
    density.sample(1, None)
    first, second, other = (
        density.sample(DRAWS, seeds.generator(seed)) for seed in (0, 0, 1)
    )
    if (first == first[0]).all():
        raise Wrong(f"Your {DRAWS} samples are all the same image: nothing is drawn.")
    if not torch.equal(first, second):
        raise Wrong(
            "With generators of the same seed your sample() draws other images: is "
            "something drawn without generator=?"
        )
    if torch.equal(first, other):
        raise Wrong(
            "With generators of different seeds your sample() returns the same images: "
            "is a seed set in it?"
        )
    _expect_frequencies(density, x, every, log_probs, first)


def _expect_frequencies(
    density: Fitted, x: Tensor, every: Tensor, log_probs: Tensor, samples: Tensor
) -> None:
    drawn = image_numbers(samples, density.levels).bincount(minlength=len(every))
    due = log_probs.exp() * DRAWS
    in_x = torch.zeros(len(every), dtype=torch.bool)
    in_x[image_numbers(x, density.levels)] = True
    new = due[~in_x].sum().item()
    if new > 30 and not drawn[~in_x].any():
        raise Wrong(
            f"Each of your {DRAWS} samples is an image of x, and by log_prob {new:.0f} "
            "should be none: draw new images, do not pick from the old."
        )
    often = due >= 5  # the others together, so that no cell is nearly empty
    off = (drawn - due).square() / due
    rest = (drawn[~often].sum() - due[~often].sum()).square() / due[~often].sum()
    total = off[often].sum() + (rest if due[~often].sum() >= 5 else 0)
    free = max(int(often.sum()), 1)
    # Eight standard deviations of chi-square, and more where it is far from normal:
    # no seed of a right answer comes near.
    if total > free + 8 * math.sqrt(2 * free) + 20:
        raise Wrong(_furthest(density, every, drawn, due, off.where(often, 0.0)))


def _furthest(
    density: Fitted, every: Tensor, drawn: Tensor, due: Tensor, off: Tensor
) -> str:
    at = int(off.argmax())
    return (
        f"Your samples do not follow your log_prob: {density.case}, {DRAWS} samples "
        f"hold {every[at].tolist()} {int(drawn[at])} times, and by its log_prob "
        f"{due[at]:.0f} times are due."
    )
