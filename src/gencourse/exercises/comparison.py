"""The exercises of the chapter that compares the models."""

from __future__ import annotations

import torch

from gencourse.comparison import (
    auroc,
    contaminated_log_prob,
    pareto_front,
    welch_t,
)
from gencourse.entry import entry
from gencourse.exercises import (
    auroc_laws,
    contaminated_laws,
    entry_laws,
    front_laws,
    gain_laws,
    larger_laws,
    welch_laws,
)
from gencourse.exercises.exercise import Exercise

EXERCISES = (
    Exercise(
        key="comparison.welch_t",
        title="More than luck",
        reference=welch_t,
        minutes=5,
        difficulty=1,
        hints=(
            "The difference of two means is uncertain because each of them is: by how "
            "much, if the runs were done again?",
            "The variance of a mean is that of a single run, divided by the number of "
            "runs. Of what is independent the variances add up, for a difference too.",
            "Tensor.var divides by N - 1 unless it is told otherwise. Two quotients, "
            "each with its own number of runs, are added; then comes the root, and "
            "the difference of the means is divided by it. It keeps its sign.",
        ),
        laws=(
            welch_laws.welch_of_runs,
            welch_laws.welch_of_any_numbers,
            welch_laws.welch_far_from_0,
        ),
    ),
    Exercise(
        key="comparison.contaminated_log_prob",
        title="A good likelihood and poor samples",
        reference=contaminated_log_prob,
        minutes=10,
        difficulty=1,
        hints=(
            "Write the density of the mixture down first, without any logarithm: two "
            "terms.",
            "What a share multiplies in the density, its logarithm is added to in the "
            "log-likelihood. Then both terms are logarithms, and of the sum of what "
            "they are the logarithms of, the logarithm is due.",
            "exp(-2000) is 0 as a float, so that neither density may ever be worked "
            "out: torch has a function for the logarithm of the sum of two "
            "exponentials. The share is a Python float, for which math has a "
            "logarithm; the noise's share is what is left to one.",
        ),
        laws=(
            contaminated_laws.mixture_of_images,
            contaminated_laws.mixture_of_any_share,
            contaminated_laws.mixture_is_finite,
        ),
    ),
    Exercise(
        key="comparison.auroc",
        title="Can a score tell two kinds apart?",
        reference=auroc,
        minutes=10,
        difficulty=2,
        hints=(
            "There are N times M pairs. For one of them, what decides whether it is "
            "told apart?",
            "Broadcasting makes a table of all pairs, (N, M), of two rows of scores: "
            "one of them stands as a column.",
            "Two comparisons make two tables of truth values, one for higher and one "
            "for equal. The mean of a table, as floats, is a share of the pairs; that "
            "of the second counts one half.",
        ),
        laws=(
            auroc_laws.auroc_of_scores,
            auroc_laws.auroc_may_be_low,
            auroc_laws.auroc_of_any_numbers,
            auroc_laws.auroc_of_any_scale,
        ),
    ),
    Exercise(
        key="comparison.pareto_front",
        title="Models that no other beats",
        reference=pareto_front,
        minutes=15,
        difficulty=2,
        hints=(
            "Take two rows of two columns. When would you say, whatever the columns "
            "are worth to you, that the first is the better one? And when not?",
            "A row beats another where two things hold at once: one about all "
            "columns, one about any of them. Two loops over rows will do.",
            "Without loops: broadcasting compares all pairs of rows in all columns, "
            "(M, M, K), and all and any take the last axis away. Of the table that is "
            "left, one axis is for the rows that beat and one for those that are "
            "beaten; a row is kept if nothing beats it. A row does not beat itself: "
            "nowhere is it less.",
        ),
        laws=(
            front_laws.front_is_found,
            front_laws.front_of_few,
            front_laws.front_of_any_sizes,
        ),
        dtype=torch.bool,
    ),
    Exercise(
        key="comparison.entry",
        title="Project: an entry of your own",
        reference=entry,
        minutes=60,
        difficulty=3,
        hints=(
            "NeighbourTable looks at two of the pixels that came before. Which other "
            "one tells most about the next level, and how many contexts would there be "
            "with it? Keep images aside to see whether it helps.",
            "A subclass of gencourse.baselines.TableDensity has log_prob and sample "
            "already. It needs two things: super().__init__(weights, shape) with "
            "counts of each level in each context, each with something added, and "
            "rows(x), which says in which context each pixel is, int64 and of x's "
            "shape, from the pixels above and on the left alone. "
            "torch.nn.functional.pad moves an image by a pixel, and torch.bincount "
            "counts.",
            "More neighbours make more contexts, most of them hardly seen: put the "
            "levels of the farther ones into few contexts. Then mix. The laws of two "
            "tables for the same pixel, weighted so that the weights sum to one, are "
            "a law again; in a subclass override pixel_probs and log_prob with it. "
            "Find the weights on images that no table was counted on, by trying some, "
            "and never use a test set for it.",
        ),
        laws=(
            entry_laws.small_images_have_a_law,
            larger_laws.larger_images_have_a_law,
            entry_laws.images_of_any_size_have_one,
            gain_laws.new_images_need_fewer_bits,
            gain_laws.other_images_need_fewer_bits,
        ),
        prepare=gain_laws.needed_by_tables,
        patience=6.0,
    ),
)
