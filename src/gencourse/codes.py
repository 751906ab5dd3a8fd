"""Tools to look at codes: the best linear ones, the lines between them, and the few
labels that they are tried on.
"""

from __future__ import annotations

import torch
from torch import Tensor


def pca(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return the mean (D,) and the first k principal components (k, D) of x (N, D).

    Components are orthonormal rows, the direction of greatest variance first. Their
    signs are arbitrary. k outside 1 ... min(N, D) is a ValueError.
    """
    if not 1 <= k <= min(x.shape):
        raise ValueError(f"expected k in 1 to {min(x.shape)}, got {k}")
    mean = x.mean(0)
    _, _, directions = torch.linalg.svd(x - mean, full_matrices=False)
    return mean, directions[:k]


def principal_angles(a: Tensor, b: Tensor) -> Tensor:
    """Return the angles between two subspaces, in radians, smallest first.

    Args:
        a: rows that span the first subspace, (k, D); they need not be orthonormal.
        b: rows that span the second, (k, D).

    Returns:
        (k,) angles in [0, pi/2]; all zero when the subspaces are the same.
    """
    basis_a, _ = torch.linalg.qr(a.T)  # (D, k), orthonormal columns
    basis_b, _ = torch.linalg.qr(b.T)
    cosines = torch.linalg.svdvals(basis_a.T @ basis_b)  # cos of each, largest first
    # An arc cosine cannot see angles below 1e-8: the sine of the rest of b can.
    sines = torch.linalg.svdvals(basis_b - basis_a @ (basis_a.T @ basis_b)).flip(0)
    return torch.atan2(sines, cosines)


def linear_gradients(
    x: Tensor, encoder: Tensor, decoder: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the gradients of a linear autoencoder's loss, derived by hand.

    The loss is half the squared error of ``x @ encoder @ decoder`` against x, summed
    over pixels and averaged over the batch.

    Args:
        x: centred images of P pixels, (N, P).
        encoder: (P, k).
        decoder: (k, P).

    Returns:
        The gradient with respect to the encoder, (P, k), and to the decoder, (k, P).
    """
    z = x @ encoder
    error = (z @ decoder - x) / len(x)
    return x.T @ (error @ decoder.T), z.T @ error


def interpolate(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """Return codes evenly spaced on the line from start (D,) to end (D,).

    Both ends are included. The result is (steps, D), row 0 is start.
    """
    share = torch.linspace(0, 1, steps, dtype=start.dtype, device=start.device)
    return start + share[:, None] * (end - start)


def balanced_draw(
    y: Tensor, per_class: int, generator: torch.Generator | None = None
) -> Tensor:
    """Return indices of a random draw with the same number of images of every class.

    Args:
        y: labels, int64 (N,).
        per_class: how many of each class that occurs in y; more than a class has is a
            ValueError that names the class.
        generator: makes the draw repeatable.

    Returns:
        int64 (classes * per_class,), no index twice.
    """
    drawn = []
    for label in y.unique():
        members = (y == label).nonzero().flatten()
        if not 1 <= per_class <= len(members):
            raise ValueError(
                f"class {label} has {len(members)} images, cannot draw {per_class}"
            )
        drawn.append(members[torch.randperm(len(members), generator=generator)])
    return torch.cat([members[:per_class] for members in drawn])
