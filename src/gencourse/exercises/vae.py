"""The exercises of the chapter on variational autoencoders."""

from __future__ import annotations

import torch

from gencourse.bounds import (
    evidence_lower_bound,
    importance_bound,
    kl_to_standard_normal,
    reparameterise,
)
from gencourse.exercises import (
    active_laws,
    class_laws,
    draw_laws,
    edge_laws,
    elbo_laws,
    iwae_laws,
    kl_laws,
    posterior_laws,
    score_laws,
)
from gencourse.exercises.exercise import Exercise
from gencourse.gradients import score_function_gradient
from gencourse.latents import active_dimensions, every_class
from gencourse.linear_vae import linear_posterior

EXERCISES = (
    Exercise(
        key="vae.kl_to_standard_normal",
        title="What a code costs",
        reference=kl_to_standard_normal,
        minutes=10,
        difficulty=1,
        hints=(
            "The dimensions are independent: what is the divergence of one of them, "
            "and how do those of several come together?",
            "Write the divergence as the mean under q of log q - log p. Both "
            "logarithms are quadratic in z, and under q the mean of (z - mu)² is the "
            "variance, that of z² the variance and mu² together.",
            "Half of four terms is left in each dimension: the square of mu, the "
            "variance, a constant, and log_var. Where q is N(0, I) itself they cancel, "
            "and where the variance goes to 0 the sum should grow without end: that "
            "settles the signs.",
        ),
        laws=(kl_laws.kl_of_rows, kl_laws.kl_of_any_axes, kl_laws.kl_can_train),
    ),
    Exercise(
        key="vae.reparameterise",
        title="A draw that gradients go through",
        reference=reparameterise,
        minutes=5,
        difficulty=1,
        hints=(
            "The randomness is there already: no draw is left to make.",
            "A draw of N(0, 1) becomes one of any Gaussian by stretching and shifting.",
            "It is stretched by the standard deviation. log_var is the logarithm of "
            "its square: what does half of log_var hold the logarithm of?",
        ),
        laws=(
            draw_laws.draw_uses_the_noise,
            draw_laws.draw_has_mean_and_spread,
            draw_laws.draw_broadcasts,
            draw_laws.draw_can_train,
            draw_laws.draw_from_far_clouds,
        ),
    ),
    Exercise(
        key="vae.evidence_lower_bound",
        title="The bound from its parts",
        reference=evidence_lower_bound,
        minutes=10,
        difficulty=1,
        hints=(
            "Two numbers for each image: what its code explains, and what the code "
            "costs.",
            "Given z the subpixels are independent: how do their log-probabilities "
            "come together? And the cost is an exercise that stands before this one.",
            "log_likelihood may have one axis or several behind that of the images; "
            "flatten can make them one. Both parts have shape (B,) before one is "
            "subtracted from the other, or broadcasting makes a table of them.",
        ),
        laws=(
            elbo_laws.elbo_of_images,
            elbo_laws.elbo_of_vectors,
            edge_laws.elbo_of_unlikely,
            elbo_laws.elbo_can_train,
        ),
    ),
    Exercise(
        key="vae.score_function_gradient",
        title="A gradient without a derivative of f",
        reference=score_function_gradient,
        minutes=15,
        difficulty=2,
        hints=(
            "f is a number for each draw, and no more is asked of it: what is it that "
            "mu changes?",
            "The gradient of a density is the density times the gradient of its "
            "logarithm, so that an integral over it is a mean over draws again.",
            "Only one term of log N(z; mu, std²) holds mu: half a square, divided by "
            "the variance, with a minus. Derive it in each dimension. Then each draw's "
            "row is multiplied by that draw's own value: as a column, values broadcast "
            "along the dimensions.",
        ),
        laws=(score_laws.score_of_draws, score_laws.score_of_any_number),
    ),
    Exercise(
        key="vae.linear_posterior",
        title="The posterior that an encoder should find",
        reference=linear_posterior,
        minutes=30,
        difficulty=3,
        hints=(
            "Add log p(z) and log p(x | z), and keep what holds z: it is quadratic, so "
            "that the posterior is a Gaussian.",
            "In the exponent of a Gaussian the matrix of the quadratic part is the "
            "inverse of its covariance. Two terms add up to it: one from the prior, "
            "one from what x tells, which counts more the less noise there is.",
            "The part linear in z is the precision times the mean. It comes from x - "
            "bias alone, through the weights and over the noise's variance; the "
            "covariance undoes the precision. With points as rows, (B, D), the "
            "products come in the order that the shapes allow.",
        ),
        laws=(
            posterior_laws.posterior_is_known,
            posterior_laws.posterior_of_any_sizes,
            posterior_laws.posterior_keeps_float64,
        ),
    ),
    Exercise(
        key="vae.importance_bound",
        title="A tighter bound from several draws",
        reference=importance_bound,
        minutes=10,
        difficulty=2,
        hints=(
            "What is averaged, the weights or their logarithms? The order of mean and "
            "logarithm is the whole difference to the ELBO.",
            "An image's weights are of the order of exp(-2000), which is 0 as a float: "
            "torch has a function for the logarithm of a sum of exponentials.",
            "A mean is a sum divided by k: what does the division become outside the "
            "logarithm? And the draws lie along the first axis.",
        ),
        laws=(
            iwae_laws.bound_of_draws,
            iwae_laws.bound_of_one_draw,
            iwae_laws.bound_of_any_axes,
            iwae_laws.bound_is_finite,
            iwae_laws.bound_of_draws_apart,
        ),
    ),
    Exercise(
        key="vae.active_dimensions",
        title="Find the collapsed dimensions",
        reference=active_dimensions,
        minutes=10,
        difficulty=2,
        hints=(
            "A collapsed dimension has the same posterior mean for every image. Which "
            "number tells that?",
            "The variance over the images, one for each dimension: along which axis?",
            "Tensor.var divides by N - 1 unless it is told otherwise. A comparison "
            "gives the truth values; active is what lies above the threshold. And of "
            "one image there is no variance: look before you compute.",
        ),
        laws=(
            active_laws.dimensions_are_found,
            active_laws.dimensions_by_default,
            active_laws.dimensions_by_threshold,
            active_laws.dimensions_at_the_threshold,
            active_laws.dimensions_far_from_0,
            active_laws.dimensions_need_images,
        ),
        dtype=torch.bool,
    ),
    Exercise(
        key="vae.every_class",
        title="One style in all classes",
        reference=every_class,
        minutes=15,
        difficulty=2,
        hints=(
            "For two codes and three classes, write the six rows down: code and class "
            "of each.",
            "Down your list one column changes at each row, and the other stays for "
            "a while.",
            "torch has a function for each: repeat goes through all and begins anew, "
            "repeat_interleave stays with one before it goes on. Which of the two do "
            "codes need, and which do labels? Labels are whole numbers from 0.",
        ),
        laws=(
            class_laws.codes_meet_every_class,
            class_laws.codes_of_any_number,
            class_laws.labels_are_whole,
        ),
        dtype=(None, torch.int64),
    ),
)
