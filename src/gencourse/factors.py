"""Images whose factors of variation are known, and how well a code keeps them apart.

The measure is the mutual information gap of Chen et al. 2018, section 4.1
(https://arxiv.org/abs/1802.04942), with codes counted in bins, as Locatello et al. 2019
count them (https://arxiv.org/abs/1811.12359); here each bin holds as many codes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.images import check_count, to_levels

FACTORS = ("x", "y", "size", "grey")
SIDE = 16
SOFTNESS = 0.4  # pixels over which the edge of a disc fades


def shapes(
    *, positions: int = 10, sizes: int = 5, greys: int = 4
) -> tuple[Tensor, Tensor]:
    """Return a soft-edged disc on black, once in each combination of four factors.

    The centre lies between 4.5 and 10.5 in both directions, the radius between 1.5 and
    3 pixels, the grey between 0.4 and 1: the border cuts no disc.

    Args:
        positions: how many, in x and in y, evenly spaced.
        sizes: how many radii, evenly spaced.
        greys: how many, evenly spaced.

    Returns:
        uint8 images (N, 1, 16, 16) of 256 levels, and int64 factors (N, 4), each the
        number of a value of x, y, size and grey; the last changes fastest.
    """
    counts = {"positions": positions, "sizes": sizes, "greys": greys}
    for name, count in counts.items():
        check_count(name, count)
    numbers = [torch.arange(n) for n in (positions, positions, sizes, greys)]
    factors = torch.cartesian_prod(*numbers)
    centre = torch.linspace(4.5, 10.5, positions)
    radius = torch.linspace(1.5, 3, sizes)
    grey = torch.linspace(0.4, 1, greys)
    x, y, size, tone = (part[:, None, None] for part in factors.unbind(1))
    pixel = torch.arange(SIDE)
    distance = torch.hypot(centre[x] - pixel, centre[y] - pixel[:, None])
    inside = ((radius[size] - distance) / SOFTNESS).sigmoid()
    return to_levels(grey[tone] * inside, 256).unsqueeze(1), factors


def information_shares(z: Tensor, factors: Tensor, bins: int = 20) -> Tensor:
    """Return which share of a factor's entropy each dimension of the code tells.

    Codes are counted in bins of equal mass: a dimension may be stretched, not mixed
    with others. Counting finds a little information where there is none, about (values
    - 1) (bins - 1) / 2 N nats: give more draws, (N, D), for less of it.

    Args:
        z: draws of q(z | x) for the images, as in the paper, (N, D). Means of q would
            hide that a collapsed dimension drowns in noise.
        factors: int64, (N, F), each of at least two values of 0 or more.
        bins: for a dimension; a factor with more values than bins is never told whole.

    Returns:
        Mutual information over entropy, in [0, 1]: float64 (F, D).
    """
    _check(z, factors, bins)
    shares = torch.arange(1, bins, device=z.device, dtype=torch.float64) / bins
    by_dimension = z.detach().double().T.contiguous()
    edges = torch.quantile(by_dimension, shares, dim=1).T.contiguous()
    binned = torch.searchsorted(edges, by_dimension, right=True)
    return torch.stack(
        [
            torch.stack([_information(one, factor) for one in binned])
            / _entropy(factor)
            for factor in factors.T
        ]
    )


def mutual_information_gap(z: Tensor, factors: Tensor, bins: int = 20) -> float:
    """Return how well each factor has a dimension of its own, in [0, 1].

    For each factor: the share of its entropy that the best dimension tells, minus that
    of the second best; then the mean over factors. It is 1 where each factor is told
    whole by one dimension and by no other (Chen et al. 2018, section 4.1).

    Args:
        z: draws of q(z | x), (N, D) with D of 2 or more; see `information_shares`.
        factors: int64, (N, F).
        bins: for a dimension.
    """
    shares = information_shares(z, factors, bins)
    if shares.shape[1] < 2:
        raise ValueError("expected codes of 2 or more dimensions, got 1")
    best, second = shares.topk(2, dim=1).values.unbind(1)
    return float((best - second).mean())


def _information(a: Tensor, b: Tensor) -> Tensor:
    """Return the mutual information of two whole numbers in nats: (N,), (N,) -> ()."""
    both = _entropy(a) + _entropy(b) - _entropy(a * (b.max() + 1) + b)
    return both.clamp(min=0)


def _entropy(numbers: Tensor) -> Tensor:
    """Return the entropy in nats of whole numbers, 0 or more, as counted."""
    shares = torch.bincount(numbers).double() / len(numbers)
    nats: Tensor = torch.special.entr(shares).sum()
    return nats


def _check(z: Tensor, factors: Tensor, bins: int) -> None:
    if z.ndim != 2 or len(z) == 0 or not z.is_floating_point():
        given = f"{z.dtype} {tuple(z.shape)}"
        raise ValueError(f"expected floating codes (N, D), got {given}")
    if not bool(z.isfinite().all()):
        raise ValueError("expected finite codes, got NaN or infinity")
    fits = factors.ndim == 2 and len(factors) == len(z) and factors.numel() > 0
    if factors.dtype != torch.int64 or not fits:
        given = f"{factors.dtype} {tuple(factors.shape)}"
        raise ValueError(f"expected int64 factors ({len(z)}, F), got {given}")
    if factors.min() < 0 or bool((factors == factors[0]).all(0).any()):
        raise ValueError("expected factors of 0 or more, each with two values or more")
    if type(bins) is not int or bins < 2:
        raise ValueError(f"expected bins to be an int of 2 or more, got {bins!r}")
