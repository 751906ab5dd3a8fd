"""Codes to look at: which dimensions are in use, and rows of codes to decode."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.images import check_count


def active_dimensions(mu: Tensor, threshold: float = 0.01) -> Tensor:
    """Return which dimensions of the code tell images apart: bool (D,).

    A dimension is active if its posterior mean varies over the images by more than the
    threshold (Burda et al. 2016, https://arxiv.org/abs/1509.00519). The
    others have collapsed: they say the same of every image.

    Args:
        mu: means of q(z | x), one row for each image, (N, D); fewer than 2 images are a
            ValueError.
        threshold: of the variance over images (with N - 1), 0 or more.
    """
    if mu.ndim != 2 or len(mu) < 2:
        raise ValueError(
            f"expected means (N, D), N of 2 or more, got {tuple(mu.shape)}"
        )
    if not threshold >= 0:
        raise ValueError(f"expected a threshold of 0 or more, got {threshold}")
    return mu.var(0) > threshold


def every_class(z: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Return each code once with every class, to decode the same style in all of them.

    Args:
        z: codes, (N, D).
        classes: how many there are, 1 or more.

    Returns:
        Codes (N * classes, D) and int64 labels (N * classes,): all classes 0, 1, ... of
        the first code, then all of the second.
    """
    check_count("classes", classes)
    labels = torch.arange(classes, device=z.device).repeat(len(z))
    return z.repeat_interleave(classes, 0), labels


def traversals(z: Tensor, dimensions: Tensor, values: Tensor) -> Tensor:
    """Return copies of a code in which one dimension takes each of the values.

    Args:
        z: a code, (D,).
        dimensions: which to change, one after another, int64 (R,).
        values: what each is set to, (S,).

    Returns:
        (R * S, D), all values of the first dimension, then all of the second.
    """
    codes = z.repeat(len(dimensions), len(values), 1)  # (R, S, D)
    for row, dimension in zip(codes, dimensions.tolist(), strict=True):
        row[:, dimension] = values
    return codes.flatten(0, 1)


def quantile_grid(side: int) -> Tensor:
    """Return side * side codes of two dimensions that share N(0, I) out evenly.

    Row by row, the second coordinate falls and the first rises, as on a map. Each is
    the quantile of (k + 1/2) / side.
    """
    check_count("side", side)
    share = (torch.arange(side) + 0.5) / side
    quantile = torch.special.ndtri(share)
    second, first = torch.meshgrid(quantile.flip(0), quantile, indexing="ij")
    return torch.stack([first, second], dim=-1).flatten(0, 1)
