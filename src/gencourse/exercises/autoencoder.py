"""The exercises of the chapter on autoencoders."""

from __future__ import annotations

import torch

from gencourse.autoencoder import add_noise, reconstruction_loss
from gencourse.codes import (
    balanced_draw,
    interpolate,
    linear_gradients,
    pca,
    principal_angles,
)
from gencourse.exercises import (
    autoencoder_laws,
    axes_laws,
    balanced_laws,
    edge_laws,
    error_laws,
    gradient_laws,
    linear_laws,
    random_laws,
)
from gencourse.exercises.exercise import Exercise

EXERCISES = (
    Exercise(
        key="autoencoder.reconstruction_loss",
        title="The loss that a decoder is there for",
        reference=reconstruction_loss,
        minutes=5,
        difficulty=1,
        hints=(
            "Pixels and images are treated differently: one is summed over, the other "
            "averaged.",
            "A mean over everything is smaller than what is asked for by the number of "
            "pixels of an image.",
            "For two images of four pixels that are all wrong by 1 the squares add up "
            "to 8, and the loss is 2. Which two numbers stand between?",
        ),
        laws=(
            autoencoder_laws.loss_of_images,
            autoencoder_laws.loss_of_vectors,
            gradient_laws.loss_can_train,
            error_laws.loss_needs_one_shape,
        ),
    ),
    Exercise(
        key="autoencoder.pca",
        title="The best linear code",
        reference=pca,
        minutes=10,
        difficulty=2,
        hints=(
            "Directions of variance are directions from the mean: what comes first?",
            "The right singular vectors of the centred data are the directions; the "
            "singular values tell how much it spreads along each.",
            "torch.linalg.svd with full_matrices=False returns three factors, sorted "
            "from the greatest. Their shapes tell which of them holds directions in "
            "the space of images, and whether as rows or as columns.",
        ),
        laws=(
            linear_laws.pca_finds_components,
            edge_laws.components_hold_their_variance,
            error_laws.pca_needs_k_in_range,
            error_laws.pca_takes_k_in_range,
            edge_laws.components_are_orthonormal,
        ),
    ),
    Exercise(
        key="autoencoder.principal_angles",
        title="How far apart two subspaces are",
        reference=principal_angles,
        minutes=15,
        difficulty=2,
        hints=(
            "The angle must not depend on which vectors span a subspace: which basis "
            "would make things simple?",
            "With orthonormal bases (a QR decomposition makes one), the inner products "
            "of one with the other form a k by k matrix.",
            "The k singular values of that matrix lie between 0 and 1, the largest for "
            "the smallest angle: which function of the angles are they? Rounding may "
            "lift one a little above 1, where the inverse gives NaN.",
        ),
        laws=(
            linear_laws.angles_are_known,
            linear_laws.angles_know_no_basis,
            linear_laws.angles_of_the_same,
            axes_laws.angles_keep_axes,
        ),
    ),
    Exercise(
        key="autoencoder.add_noise",
        title="Images to be cleaned",
        reference=add_noise,
        minutes=5,
        difficulty=1,
        hints=(
            "Every pixel of every image gets a draw of its own.",
            "torch.randn draws from the standard normal and takes generator=; "
            "torch.randn_like does not in every release.",
            "torch.randn's draws have standard deviation 1: what makes it std? And "
            "x += ... would change the images that you are given.",
        ),
        laws=(
            random_laws.noise_is_not_clamped,
            random_laws.noise_is_normal,
            random_laws.noise_of_channels,
            random_laws.noise_of_any_shape,
            random_laws.noise_uses_generator,
            random_laws.noise_without_generator,
        ),
    ),
    Exercise(
        key="autoencoder.interpolate",
        title="A straight path between two codes",
        reference=interpolate,
        minutes=5,
        difficulty=1,
        hints=(
            "Each row is a mixture of start and end: which share of end has the first, "
            "and which the last?",
            "The shares are evenly spaced from 0 to 1, both included.",
            "As a column, (steps, 1), the shares broadcast against a code of shape "
            "(D,). In a row with a share of 1/4 of end, how much is there of start?",
        ),
        laws=(
            autoencoder_laws.line_has_both_ends,
            autoencoder_laws.line_of_two,
            axes_laws.codes_keep_axes,
        ),
    ),
    Exercise(
        key="autoencoder.balanced_draw",
        title="A few labels, as many of each class",
        reference=balanced_draw,
        minutes=15,
        difficulty=2,
        hints=(
            "One class at a time: at which indices does it stand?",
            "A random permutation of a class's indices, cut after per_class, is a draw "
            "without repetition.",
            "y.unique() lists the classes, and nonzero tells where one stands. A "
            "permutation of a class's members gives places among them: how do these "
            "become indices in y? And what if there are fewer than per_class?",
        ),
        laws=(
            balanced_laws.draw_is_balanced,
            balanced_laws.draw_is_random,
            balanced_laws.draw_of_many_images,
            error_laws.draw_takes_all,  # first: else a class is told for another
            error_laws.draw_needs_enough,
            balanced_laws.draw_is_whole,
        ),
        dtype=torch.int64,
    ),
    Exercise(
        key="autoencoder.linear_gradients",
        title="The gradients of a linear autoencoder by hand",
        reference=linear_gradients,
        minutes=30,
        difficulty=3,
        hints=(
            "Name the parts: the codes are x E, the errors are x E D - x, and the loss "
            "is half the sum of their squares over N. How does it change with the "
            "errors?",
            "The gradient with respect to the reconstruction is the errors over N. "
            "From there the chain rule goes back through D to the codes, and through "
            "E.",
            "The gradient of a layer's weights is a product of what enters the layer "
            "and the gradient at what leaves it; the shapes tell which of the two is "
            "transposed, and the order. For the decoder the codes enter, and the "
            "gradient at its end is that of hint 2. And for the encoder?",
        ),
        laws=(
            gradient_laws.gradients_by_autograd,
            axes_laws.gradients_keep_axes,
        ),
    ),
)
