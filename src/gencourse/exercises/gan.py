"""The exercises of the chapter on generative adversarial networks."""

from __future__ import annotations

import torch

from gencourse.exercises import (
    fooling_laws,
    frechet_laws,
    mode_laws,
    optimum_laws,
    penalty_laws,
    step_again_laws,
    step_laws,
    step_worlds,
    telling_laws,
)
from gencourse.exercises.exercise import Exercise
from gencourse.game_step import game_step
from gencourse.gan_losses import (
    discriminator_loss,
    gradient_penalty,
    non_saturating_generator_loss,
)
from gencourse.modes import modes_reached
from gencourse.optimal import optimal_discriminator
from gencourse.sample_quality import frechet_distance

EXERCISES = (
    Exercise(
        key="gan.discriminator_loss",
        title="Telling real from fake",
        reference=discriminator_loss,
        minutes=10,
        difficulty=1,
        hints=(
            "It is a classifier of two classes: what does a classifier lower?",
            "Two means are added: one over real images, whose D should be high, and "
            "one over fake ones, whose 1 - D should be. Of a logit, 1 - D is D of "
            "minus the logit.",
            "Where D rounds to 0 its logarithm is -inf, so that no sigmoid is to be "
            "worked out on the way: -log D of a logit is log(1 + exp(-logit)), and "
            "torch has that function, and one for the cross entropy of logits too.",
        ),
        laws=(
            telling_laws.telling_is_cross_entropy,
            telling_laws.telling_is_finite,
            telling_laws.telling_can_train,
            telling_laws.telling_of_float64,
        ),
    ),
    Exercise(
        key="gan.non_saturating_generator_loss",
        title="What the generator wants",
        reference=non_saturating_generator_loss,
        minutes=5,
        difficulty=1,
        hints=(
            "The generator wants the discriminator to say of its images what it says "
            "of real ones.",
            "It is the real images' part of the discriminator's loss, of fake ones.",
            "The mean of log(1 + exp(-logit)), by a function that does not overflow: "
            "where the discriminator is sure that an image is fake, the loss grows "
            "like minus the logit, and its gradient stays near -1.",
        ),
        laws=(
            fooling_laws.fooling_is_known,
            fooling_laws.fooling_is_finite,
            fooling_laws.fooling_can_train,
            fooling_laws.fooling_of_float64,
        ),
    ),
    Exercise(
        key="gan.optimal_discriminator",
        title="The best discriminator",
        reference=optimal_discriminator,
        minutes=10,
        difficulty=1,
        hints=(
            "Half of the points come from the data, half from the model. At a point "
            "where the data are three times as dense, how likely is it a real one?",
            "Divide above and below by the density of the data: only the ratio of the "
            "two counts, and a ratio is a difference of logarithms.",
            "1 / (1 + ratio) with the ratio as an exponential: that is a function of "
            "the difference that has a name, and torch's own does not overflow.",
        ),
        laws=(
            optimum_laws.optimum_of_points,
            optimum_laws.optimum_is_finite,
            optimum_laws.optimum_far_apart,
            optimum_laws.optimum_of_any_shape,
            optimum_laws.optimum_of_float64,
        ),
    ),
    Exercise(
        key="gan.gradient_penalty",
        title="A slope of 1 between the images",
        reference=gradient_penalty,
        minutes=20,
        difficulty=3,
        hints=(
            "Three steps: points between real and fake, the critic's gradient at each "
            "of them, and how far its norm is from 1.",
            "share needs as many axes as the images, so that it broadcasts along all "
            "but the first. The points between have to require a gradient; that of "
            "the sum of all scores is each image's own, since no score depends on "
            "another image.",
            "torch.autograd.grad forgets how it came to a gradient unless it is asked "
            "to keep the graph, and then the critic learns nothing. Flatten before the "
            "norm. A root has no slope at 0: something has to stand in for the 0 "
            "there, or NaN comes back.",
        ),
        laws=(
            penalty_laws.penalty_draws_nothing,
            penalty_laws.penalty_of_images,
            penalty_laws.penalty_of_any_axes,
            penalty_laws.penalty_can_train,
            penalty_laws.penalty_leaves_nothing,
            penalty_laws.penalty_where_flat,
        ),
    ),
    Exercise(
        key="gan.modes_reached",
        title="Count the modes",
        reference=modes_reached,
        minutes=10,
        difficulty=2,
        hints=(
            "Of each sample two things count: which centre is nearest, and how far it "
            "is.",
            "A table of all distances, samples by centres: what do its rows give? "
            "torch.cdist makes such a table.",
            "min along an axis returns the values and the places. Keep the places of "
            "the good samples, and count how many different ones there are; the share "
            "is the mean of the truth values.",
        ),
        laws=(
            mode_laws.modes_are_counted,
            mode_laws.modes_at_the_radius,
            mode_laws.modes_of_any_sizes,
            mode_laws.modes_are_whole,
            mode_laws.modes_of_float64,
        ),
        dtype=(torch.int64, None),
    ),
    Exercise(
        key="gan.game_step",
        title="Find the bugs in a step of the game",
        reference=game_step,
        minutes=15,
        difficulty=2,
        hints=(
            "Go through the step line by line, and write down for each network what "
            "lies in its .grad: whose loss, and of which turn.",
            "backward adds to what lies in .grad, and goes as far back as the graph "
            "does: in the discriminator's turn, where does the graph of the generated "
            "points lead? And which loss is steep where the discriminator is sure?",
            "Each optimiser forgets its gradients before its own backward. The "
            "discriminator judges points that are cut off from their generator; the "
            "generator's turn judges them whole, by the discriminator that has moved.",
        ),
        laws=(
            step_laws.step_takes_two_turns,
            step_laws.step_moves_by_turns_alone,
            step_laws.step_uses_the_codes,
            step_laws.step_of_discriminator,
            step_laws.step_of_generator,
            step_again_laws.step_starts_anew,
            step_again_laws.step_returns_losses,
            step_again_laws.step_leaves_all_trainable,
            step_again_laws.step_after_step,
        ),
        prepare=step_worlds.make_ready,
    ),
    Exercise(
        key="gan.frechet_distance",
        title="How far apart two Gaussians are",
        reference=frechet_distance,
        minutes=30,
        difficulty=3,
        hints=(
            "Means and covariances each have a part; try numbers, D = 1, before "
            "matrices: what is left of the formula then?",
            "The root of a matrix is not that of its numbers. A symmetric matrix is "
            "vectors, eigenvalues, vectors transposed: its root has the same vectors, "
            "and the roots of the eigenvalues. torch.linalg.eigh finds them.",
            "Of the second root only the trace is asked for, the sum of its "
            "eigenvalues, and those are the roots of the eigenvalues of what stands "
            "under it, a symmetric matrix. Rounded, an eigenvalue of 0 may fall below "
            "0: clamp before a root.",
        ),
        laws=(
            frechet_laws.frechet_of_gaussians,
            frechet_laws.frechet_of_numbers,
            frechet_laws.frechet_of_any_size,
            frechet_laws.frechet_of_singular,
            frechet_laws.frechet_of_float64,
        ),
    ),
)
