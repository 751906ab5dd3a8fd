"""The exercises of the chapter on density."""

from __future__ import annotations

from gencourse.density import (
    gaussian_log_prob,
    kernel_log_prob,
    kl_divergence,
    mixture_log_prob,
    neighbour_counts,
    pixel_table,
)
from gencourse.evaluate import bits_per_dim
from gencourse.exercises import continuous_laws, discrete_laws, neighbour_laws
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
        laws=(discrete_laws.bits_of_images, discrete_laws.bits_of_one),
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
            "The first term is minus half the square of (x - mean) / std; from it go "
            "the logarithm of std and half the logarithm of 2π, which is 0.919.",
        ),
        laws=(
            continuous_laws.gaussian_at_points,
            continuous_laws.gaussian_broadcasts,
            continuous_laws.gaussian_far_away,
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
            "Far from every mean each exponential is 0 and the logarithm -inf. Take "
            "the largest term out of the sum first; torch.logsumexp does just that.",
        ),
        laws=(continuous_laws.mixture_at_points, continuous_laws.mixture_far_away),
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
            "Sum p times the difference of the two logarithms; before the sum, put a 0 "
            "where p is 0 with torch.where, or use torch.xlogy, which knows 0 log 0.",
        ),
        laws=(
            discrete_laws.divergence_of_rows,
            discrete_laws.divergence_with_zeros,
            discrete_laws.divergence_is_infinite,
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
            "is a sum over D. Then logsumexp over the data, and take away the "
            "logarithm of N for the mean.",
        ),
        laws=(continuous_laws.kernel_at_points, continuous_laws.kernel_far_away),
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
            "Stack the counts of all levels along a new last axis, add smoothing to "
            "each, and divide by what each pixel's row now sums to: the images, and "
            "one smoothing for each level.",
        ),
        laws=(discrete_laws.table_of_pixels, discrete_laws.table_of_many),
    ),
    Exercise(
        key="density.neighbour_counts",
        title="Which level follows its left and upper neighbours",
        reference=neighbour_counts,
        minutes=30,
        difficulty=3,
        hints=(
            "Make two more tensors of the shape of x: at each pixel its left "
            "neighbour's level, and its upper neighbour's; 0 where there is none.",
            "Turn both into contexts, in int64: a uint8 times 64 starts again at 0. A "
            "triple (left, up, level) then names one cell of the table.",
            "Number the cells in the order of memory, so that a triple becomes a "
            "single whole number; torch.bincount with minlength counts them all, and "
            "a reshape gives the table back.",
        ),
        laws=(
            neighbour_laws.counts_of_neighbours,
            neighbour_laws.counts_without_overflow,
        ),
    ),
)
