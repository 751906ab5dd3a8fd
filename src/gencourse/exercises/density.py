"""The exercises of the chapter on density."""

from __future__ import annotations

import torch

from gencourse.density import (
    gaussian_log_prob,
    kernel_log_prob,
    kl_divergence,
    mixture_log_prob,
    neighbour_counts,
    pixel_table,
)
from gencourse.evaluate import bits_per_dim
from gencourse.exercises import (
    axes_laws,
    context_laws,
    continuous_laws,
    discrete_laws,
    edge_laws,
    kernel_laws,
    mixture_laws,
    neighbour_laws,
    table_laws,
)
from gencourse.exercises.exercise import Exercise

EXERCISES = (
    Exercise(
        key="density.bits_per_dim",
        title="From nats to bits per dimension",
        reference=bits_per_dim,
        minutes=3,
        difficulty=1,
        hints=(
            "Two things change: the unit of information, and over how many numbers it "
            "is shared.",
            "One bit is ln 2 = 0.693 nats, so an image has more bits than nats.",
            "An image of 784 pixels, each with 256 equally likely levels, costs "
            "784 ln 256 nats. Two divisions turn that into 8: find them.",
        ),
        laws=(
            discrete_laws.bits_of_images,
            discrete_laws.bits_of_one,
            axes_laws.bits_keep_axes,
        ),
    ),
    Exercise(
        key="density.gaussian_log_prob",
        title="The logarithm of a Gaussian's density",
        reference=gaussian_log_prob,
        minutes=5,
        difficulty=1,
        hints=(
            "Write the density down, and take its logarithm on paper before you write "
            "code: a product becomes a sum, and the exponential goes away.",
            "Three terms are left: the squared distance from the mean in units of std, "
            "the logarithm of std, and a constant.",
            "At x = mean only two terms are left: -0.919 in all where std is 1, "
            "-1.612 where it is 2. One std away from the mean the value is lower by "
            "one half, two away by 2: write a term for each of these facts.",
        ),
        laws=(
            continuous_laws.gaussian_at_points,
            edge_laws.gaussian_above_0,
            continuous_laws.gaussian_broadcasts,
            continuous_laws.gaussian_far_away,
            axes_laws.gaussian_keeps_axes,
        ),
    ),
    Exercise(
        key="density.mixture_log_prob",
        title="A mixture that survives far from its means",
        reference=mixture_log_prob,
        minutes=10,
        difficulty=2,
        hints=(
            "First get the log-density of every component at every x, a table of shape "
            "(N, K): an axis of length 1 makes x broadcast against the components.",
            "A weight multiplies a density, so its logarithm is added to a "
            "log-density. What is left is the logarithm of a sum of exponentials.",
            "Far from all the means each exponential is 0 and its logarithm -inf: the "
            "largest term has to come out of the sum first. torch has a function that "
            "does so; which of the two axes is it to add up?",
        ),
        laws=(
            mixture_laws.mixture_at_points,
            edge_laws.mixture_above_0,
            mixture_laws.mixture_far_away,
            axes_laws.mixture_keeps_axes,
        ),
    ),
    Exercise(
        key="density.kl_divergence",
        title="Kullback-Leibler divergence with its zeros",
        reference=kl_divergence,
        minutes=10,
        difficulty=2,
        hints=(
            "It is a mean under p: of what, and along which axis is it summed?",
            "Where p is 0, the product of 0 and -inf is NaN to a computer, and 0 to "
            "us. Where q alone is 0, infinity is the right answer: let it be.",
            "torch.where puts something harmless in the place of what would be NaN; "
            "torch.xlogy knows that 0 log 0 is 0. Which zeros need it: those of p, "
            "those of q, or both?",
        ),
        laws=(
            discrete_laws.divergence_of_rows,
            discrete_laws.divergence_with_zeros,
            discrete_laws.divergence_is_infinite,
            edge_laws.divergence_of_rare,
            axes_laws.divergence_keeps_axes,
        ),
    ),
    Exercise(
        key="density.kernel_log_prob",
        title="A Gaussian on every data point",
        reference=kernel_log_prob,
        minutes=15,
        difficulty=2,
        hints=(
            "A kernel estimate is a mixture: which are its components, and which "
            "weight has each?",
            "You need all M times N squared distances: broadcasting (M, 1, D) against "
            "(1, N, D), or torch.cdist, gives them.",
            "A kernel in D dimensions is a product of D Gaussians, so its log-density "
            "is a sum over D. Densities, not logarithms, are averaged over the data: "
            "what does dividing by N become once you have taken logarithms?",
        ),
        laws=(
            kernel_laws.kernel_at_points,
            kernel_laws.kernel_in_any_dimension,
            edge_laws.kernel_above_0,
            kernel_laws.kernel_far_away,
        ),
    ),
    Exercise(
        key="density.pixel_table",
        title="Independent pixels: a table for each",
        reference=pixel_table,
        minutes=15,
        difficulty=2,
        hints=(
            "Count, at one pixel, how many images have each level there; then do it "
            "for all pixels at once.",
            "Comparing x with one level gives a truth value for each image and pixel; "
            "summing them over the images counts. One-hot vectors do it in one go.",
            "With the levels' counts along a new last axis, smoothing and one division "
            "are left. For 7 images, 4 levels and smoothing 0.5 the divisor is 9, at "
            "every pixel: what is the 2 on top of the 7?",
        ),
        laws=(
            table_laws.table_of_pixels,
            table_laws.table_of_many,
            table_laws.table_of_rare_levels,
        ),
    ),
    Exercise(
        key="density.neighbour_counts",
        title="Which level follows the neighbours left and above",
        reference=neighbour_counts,
        minutes=30,
        difficulty=3,
        hints=(
            "Make two more tensors of the shape of x: at each pixel its left "
            "neighbour's level, and that of the one above; 0 where there is none.",
            "Turn both into contexts, in int64: a uint8 times 64 starts again at 0. A "
            "triple (left, above, level) then names one cell of the table.",
            "torch.bincount counts whole numbers, so number the cells in the order of "
            "memory. From one level to the next the number grows by 1: by how much "
            "from one context above to the next, and by how much from one on the left?",
        ),
        laws=(
            neighbour_laws.counts_of_neighbours,
            neighbour_laws.counts_in_uneven_contexts,
            neighbour_laws.counts_without_overflow,
            context_laws.counts_of_absent_levels,
            context_laws.counts_of_equal_pixels,
            context_laws.counts_of_every_level,
            neighbour_laws.counts_are_whole,
        ),
        dtype=torch.int64,
    ),
)
