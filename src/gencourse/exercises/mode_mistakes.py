"""What wrong counts of modes return."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises.compare import Mistakes


def both(modes: Tensor | float, share: Tensor | float) -> Tensor:
    """Return a number of modes and a share in one row."""
    return torch.tensor([float(modes), float(share)], dtype=torch.float64)


def _near(points: Tensor, centres: Tensor, radius: float) -> Tensor:
    """Whether each sample is within the radius of each centre, (N, K)."""
    return torch.as_tensor((points[:, None] - centres).norm(dim=-1) <= radius)


def _by(distances: Tensor, radius: float) -> Tensor:
    """The pair from a table of distances (N, K) of another kind."""
    least, nearest = distances.min(1)
    good = least <= radius
    return both(len(nearest[good].unique()), good.double().mean())


def _squares(points: Tensor, centres: Tensor) -> Tensor:
    return (points[:, None] - centres).square().sum(-1)


# Of the right pair, points, centres and the radius.
MODES: Mistakes = {
    "The pair is exchanged: the number of modes comes first.": (
        lambda right, p, c, r: right.flip(0)
    ),
    "A sample within the radius of two centres counts for both in yours; it counts for "
    "its nearest centre alone.": lambda right, p, c, r: both(
        _near(p, c, r).any(0).sum(), right[1]
    ),
    "All pairs of a sample and a centre within the radius are counted for the share; a "
    "sample counts once.": lambda right, p, c, r: both(
        right[0], _near(p, c, r).sum() / len(p)
    ),
    "A sample within the radius of two centres counts for both in your number of modes "
    "and in your share; it counts for its nearest centre alone.": (
        lambda right, p, c, r: both(
            _near(p, c, r).any(0).sum(), _near(p, c, r).sum() / len(p)
        )
    ),
    "Your number is that of good samples; several may share a mode.": (
        lambda right, p, c, r: both(right[1] * len(p), right[1])
    ),
    "Your number is that of modes with any sample nearest to them; the sample has to "
    "be within the radius too.": lambda right, p, c, r: both(
        len(_squares(p, c).argmin(1).unique()), right[1]
    ),
    "Your number is that of modes that no good sample reaches.": (
        lambda right, p, c, r: both(len(c) - right[0], right[1])
    ),
    "Your number is the greatest index of a mode that is reached, plus 1: a mode of a "
    "lower index may be missed.": lambda right, p, c, r: both(
        _squares(p, c).argmin(1)[_near(p, c, r).any(1)].max() + 1, right[1]
    ),
    "Your share is that of modes that are reached; the share of good samples is asked "
    "for.": lambda right, p, c, r: both(right[0], right[0] / len(c)),
    "Your first number is a share of the modes; how many there are is asked for.": (
        lambda right, p, c, r: both(right[0] / len(c), right[1])
    ),
    "Your share is that of samples that are not good.": (
        lambda right, p, c, r: both(right[0], 1 - right[1])
    ),
    "Your share is the number of good samples; divide by that of all.": (
        lambda right, p, c, r: both(right[0], right[1] * len(p))
    ),
    "Your share is a percentage; a number from 0 to 1 is asked for.": (
        lambda right, p, c, r: both(right[0], 100 * right[1])
    ),
    "Your share is that of all pairs of a sample and a centre; divide by the number of "
    "samples alone.": lambda right, p, c, r: both(
        right[0], _near(p, c, r).double().mean()
    ),
    "The number of good samples is divided by the number of modes; divide by that of "
    "all samples.": lambda right, p, c, r: both(right[0], right[1] * len(p) / len(c)),
    "Squared distances are held against the radius; it is a distance itself.": (
        lambda right, p, c, r: _by(_squares(p, c), r)
    ),
    "Distances are held against the square of the radius.": (
        lambda right, p, c, r: _by(_squares(p, c).sqrt(), r**2)
    ),
    "Distances are held against twice the radius.": (
        lambda right, p, c, r: _by(_squares(p, c).sqrt(), 2 * r)
    ),
    "Distances are held against three times the radius.": (
        lambda right, p, c, r: _by(_squares(p, c).sqrt(), 3 * r)
    ),
    "Distances are held against half the radius.": (
        lambda right, p, c, r: _by(_squares(p, c).sqrt(), r / 2)
    ),
    "The distance is the sum of absolute differences; the Euclidean one is due.": (
        lambda right, p, c, r: _by((p[:, None] - c).abs().sum(-1), r)
    ),
    "Each coordinate is held against the radius by itself: that is a square around "
    "the centre, and not a circle.": (
        lambda right, p, c, r: _by((p[:, None] - c).abs().amax(-1), r)
    ),
    "All samples are good in yours.": lambda right, p, c, r: both(
        len(_squares(p, c).argmin(1).unique()), 1.0
    ),
}
