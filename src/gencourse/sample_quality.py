"""How good samples are, told from features of theirs and of real images."""

from __future__ import annotations

import torch
from torch import Tensor

# Points that are compared with all others at once.
SIZE = 1000


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean (D,) and covariance (D, D), with N - 1, of features (N, D)."""
    if features.ndim != 2 or len(features) < 2:
        given = tuple(features.shape)
        raise ValueError(f"expected features (N, D), N of 2 or more, got {given}")
    exact = features.double()
    return exact.mean(0), torch.cov(exact.T).view(2 * exact.shape[1:])


def frechet_distance(
    mean_a: Tensor, covariance_a: Tensor, mean_b: Tensor, covariance_b: Tensor
) -> Tensor:
    """Return the squared Frechet distance of two Gaussians, a scalar.

    |m_a - m_b|^2 + tr(A + B - 2 (A^(1/2) B A^(1/2))^(1/2)), as between the features of
    two sets of images (Heusel et al. 2017, https://arxiv.org/abs/1706.08500).

    Args:
        mean_a: (D,).
        covariance_a: (D, D), symmetric, with no negative eigenvalue.
        mean_b: (D,).
        covariance_b: (D, D), likewise.
    """
    values, vectors = torch.linalg.eigh(covariance_a)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    # Symmetric, so that its eigenvalues are real: no root of a matrix is needed.
    shared = torch.linalg.eigvalsh(root @ covariance_b @ root).clamp(min=0).sqrt()
    traces = covariance_a.trace() + covariance_b.trace() - 2 * shared.sum()
    distance: Tensor = (mean_a - mean_b).square().sum() + traces
    return distance


def precision_and_recall(real: Tensor, fake: Tensor, k: int = 3) -> tuple[float, float]:
    """Return the share of samples near real images, and of real images near samples.

    Near is within the distance from an image of the other set to its k-th neighbour in
    its own set (Kynkaanniemi et al. 2019, https://arxiv.org/abs/1904.06991).

    Args:
        real: features of real images, (N, D).
        fake: features of samples, (M, D).
        k: which neighbour sets the radius; 1 to min(N, M) - 1.
    """
    if not 1 <= k < min(len(real), len(fake)):
        raise ValueError(f"expected k in 1 to {min(len(real), len(fake)) - 1}, got {k}")
    # Products of features lose the last digits of a distance in float32.
    real, fake = real.double(), fake.double()
    reach_of_real, reach_of_fake = _radii(real, k), _radii(fake, k)
    found, near_real = [], torch.zeros(len(fake), dtype=torch.bool, device=fake.device)
    for part, reach in zip(real.split(SIZE), reach_of_real.split(SIZE), strict=True):
        apart = torch.cdist(part, fake)  # both questions are asked of it
        near_real |= (apart <= reach[:, None]).any(0)
        found.append((apart <= reach_of_fake).any(1))
    return float(near_real.double().mean()), float(torch.cat(found).double().mean())


def nearest(points: Tensor, among: Tensor, size: int = SIZE) -> tuple[Tensor, Tensor]:
    """Return the Euclidean distance to the nearest of others, and which that is.

    Args:
        points: (N, ...).
        among: (M, ...), each of a point's shape.
        size: how many points are compared at once.

    Returns:
        Distances (N,) and int64 indices into ``among`` (N,).
    """
    if points.shape[1:] != among.shape[1:] or not len(among):
        shapes = f"{tuple(points.shape)} and {tuple(among.shape)}"
        raise ValueError(f"expected (N, ...) and (M, ...), M above 0, got {shapes}")
    others = among.flatten(1).float()
    found = [
        torch.cdist(part.flatten(1).float(), others).argmin(1)
        for part in points.split(size)
    ]
    places = torch.cat(found)
    # Measured once more: the fast way leaves a copy some levels away from itself.
    apart = points.flatten(1).double() - among[places].flatten(1).double()
    return apart.norm(dim=1).float(), places


def _radii(centres: Tensor, k: int) -> Tensor:
    """Return the distance of each centre to its k-th neighbour: (N, D) -> (N,)."""
    # The nearest to a point is itself, at distance 0. Beside kthvalue, topk does not
    # order what is far.
    nearest = (
        torch.cdist(part, centres).topk(k + 1, largest=False).values
        for part in centres.split(SIZE)
    )
    return torch.cat([values.amax(1) for values in nearest])
