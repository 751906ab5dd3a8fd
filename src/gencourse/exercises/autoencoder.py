"""The exercises of the chapter on autoencoders."""

from __future__ import annotations

from gencourse.autoencoder import add_noise, reconstruction_loss
from gencourse.codes import (
    balanced_draw,
    interpolate,
    linear_gradients,
    pca,
    principal_angles,
)
from gencourse.exercises import autoencoder_laws, linear_laws, random_laws
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
            "Square the difference, add it all up, and divide once: by 2 and by the "
            "length of the batch.",
        ),
        laws=(autoencoder_laws.loss_of_images, autoencoder_laws.loss_of_vectors),
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
            "from the greatest. The rows of the third are the components: keep k.",
        ),
        laws=(linear_laws.pca_finds_components,),
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
            "Its singular values are the cosines of the angles, from the largest "
            "cosine to the smallest. Rounding may lift one above 1: clamp it before "
            "the inverse cosine.",
        ),
        laws=(
            linear_laws.angles_are_known,
            linear_laws.angles_know_no_basis,
            linear_laws.angles_of_the_same,
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
            "Scale a standard normal draw of the images' own shape by std, and return "
            "a sum, so that the images that you are given stay as they are.",
        ),
        laws=(
            random_laws.noise_is_not_clamped,
            random_laws.noise_is_normal,
            random_laws.noise_uses_generator,
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
            "Make torch.linspace's shares a column, (steps, 1), and let them broadcast "
            "against the two codes; torch.lerp is another way.",
        ),
        laws=(autoencoder_laws.path_has_both_ends, autoencoder_laws.path_of_two),
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
            "For each class in y.unique(): nonzero gives its indices, torch.randperm "
            "with the generator their order. Compare its length with per_class first, "
            "and join the draws at the end.",
        ),
        laws=(
            random_laws.draw_is_balanced,
            random_laws.draw_is_random,
            random_laws.draw_needs_enough,
        ),
    ),
    Exercise(
        key="autoencoder.linear_gradients",
        title="The gradients of a linear autoencoder by hand",
        reference=linear_gradients,
        minutes=30,
        difficulty=3,
        hints=(
            "Name the parts: the codes are x E, the errors are x E Dm - x, and the "
            "loss is half their mean square. How does it change with the errors?",
            "The slope with respect to the reconstruction is the errors over N. From "
            "there the chain rule goes back through Dm to the codes, and through E.",
            "Each gradient is a product of what enters a layer, transposed, and the "
            "slope at what leaves it. What leaves the encoder is the codes, and the "
            "slope there is the errors sent back through Dm transposed.",
        ),
        laws=(linear_laws.gradients_by_autograd,),
    ),
)
