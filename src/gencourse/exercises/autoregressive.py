"""The exercises of the chapter that sums up the autoregressive models."""

from __future__ import annotations

import torch

from gencourse.autoregressive import fill
from gencourse.evaluate import paired_difference
from gencourse.exercises import axes_laws, fill_laws, image_laws, paired_laws
from gencourse.exercises.exercise import Exercise
from gencourse.testing import enumerate_images

EXERCISES = (
    Exercise(
        key="autoregressive.enumerate_images",
        title="Every image there is",
        reference=enumerate_images,
        minutes=10,
        difficulty=2,
        hints=(
            "Each subpixel takes each level, whatever the others have. How many images "
            "does that make?",
            "An image is a number with a digit for each subpixel, and levels is the "
            "base. itertools.product counts in that way too.",
            "Number n has the digit n // base ** place % base, with place 0 for the "
            "last subpixel. All numbers as a column and all places as a row give all "
            "digits at once; then they are put in the images' shape. Count before you "
            "begin: too many are an error.",
        ),
        laws=(
            image_laws.images_are_all_there,
            image_laws.images_of_any_shape,
            image_laws.images_are_whole,
            image_laws.images_are_not_too_many,
            image_laws.images_may_be_many,
        ),
        dtype=torch.uint8,
    ),
    Exercise(
        key="autoregressive.fill",
        title="One loop that samples and completes",
        reference=fill,
        minutes=15,
        difficulty=2,
        hints=(
            "Three loops stand inside one another: over what do they go, from the "
            "outermost in?",
            "Work on a new tensor, in which unknown subpixels start at 0. After each "
            "draw it is written into it, so that the next draw knows of it.",
            "In each turn draw is called, whatever is known, and gives one level for "
            "every image. torch.where, or the method of that name, then chooses image "
            "by image between what stands there and the draw.",
        ),
        laws=(
            fill_laws.fill_asks_in_order,
            fill_laws.fill_keeps_the_known,
            fill_laws.fill_shows_the_past,
            fill_laws.fill_of_levels,
            axes_laws.fill_keeps_axes,
        ),
    ),
    Exercise(
        key="autoregressive.paired_difference",
        title="Is one model better than another?",
        reference=paired_difference,
        minutes=10,
        difficulty=1,
        hints=(
            "Both models saw the same images: what is there for each image?",
            "Subtract first, image by image. The rest is about one list of numbers: "
            "its mean, and how far that mean may be off.",
            "A mean of N independent numbers varies less than they do themselves, by "
            "the root of N. Tensor.std has N - 1 by default. Look at the shapes before "
            "you subtract: broadcasting would hide an error.",
        ),
        laws=(
            paired_laws.difference_is_known,
            paired_laws.difference_of_two,
            paired_laws.difference_of_like_ones,
            paired_laws.difference_needs_pairs,
        ),
    ),
)
