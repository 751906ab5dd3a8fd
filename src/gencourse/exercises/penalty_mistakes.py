"""What wrong gradient penalties return, from the gradients of a known critic."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from gencourse.exercises.compare import Mistakes

Slope = Callable[[Tensor], Tensor]  # from images to the critic's gradient at each


def mixed(real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
    """Return the points between, each image with its own share of the real one."""
    along = _along(share, real)
    return along * real + (1 - along) * fake


def _along(share: Tensor, real: Tensor) -> Tensor:
    return share.reshape(len(share), *[1] * (real.ndim - 1))


def penalty(gradient: Tensor) -> Tensor:
    """Return the right penalty of gradients (B, ...)."""
    return (norms(gradient) - 1).square().mean()


def norms(gradient: Tensor) -> Tensor:
    """Return the norm of each image's gradient: (B, ...) -> (B,)."""
    return gradient.flatten(1).square().sum(1).sqrt()


def with_added(gradient: Tensor, least: Tensor) -> tuple[Tensor, Tensor]:
    """Return penalties of norms of at least so much, under the root and outside."""
    found = norms(gradient)
    added = (found.square() + least.square()).sqrt(), found + least
    return (added[0] - 1).square().mean(), (added[1] - 1).square().mean()


ADDED = (
    "A norm of 0 is {norm:.2g} in yours: what is added under the root, or to the norm, "
    "is large enough to change the penalty."
)
# Of the gradient at the points between: (B, ...), of at least two axes.
OF_GRADIENT: Mistakes = {
    "The norm is that over the channels at each pixel; an image has one norm, over all "
    "its numbers.": lambda g: (g.norm(dim=1) - 1).square().mean(),
    "The norm is that of each row of pixels; an image has one norm, over all its "
    "numbers.": lambda g: (g.norm(dim=-1) - 1).square().mean(),
    "The norm is that of each channel; an image has one norm, over all its numbers.": (
        lambda g: (g.flatten(2).norm(dim=2) - 1).square().mean()
    ),
    "The norm is taken over the images of the batch; each image has one of its own.": (
        lambda g: (g.norm(dim=0) - 1).square().mean()
    ),
    "There is one norm for the whole batch in yours; each image has one of its own.": (
        lambda g: (g.norm() - 1).square()
    ),
    "The norms are averaged before the 1 is subtracted; each image pays for its own.": (
        lambda g: (norms(g).mean() - 1).square()
    ),
    "The root is missing: the norm's square is held against 1.": (
        lambda g: (norms(g) ** 2 - 1).square().mean()
    ),
    "There is no 1 in yours: this is the mean norm.": lambda g: norms(g).mean(),
    "There is no 1 in yours: this is the mean square of the norm.": (
        lambda g: norms(g).square().mean()
    ),
    "There is no 1 in yours: this is half the mean square of the norm, as of R1.": (
        lambda g: norms(g).square().mean() / 2
    ),
    "The 1 is subtracted from the norm, and the difference is not squared: too steep "
    "and too flat cancel.": lambda g: (norms(g) - 1).mean(),
    "The norm is squared, and the difference is not: too steep and too flat cancel.": (
        lambda g: (norms(g).square() - 1).mean()
    ),
    "The square is missing: these are distances of the norm from 1.": (
        lambda g: (norms(g) - 1).abs().mean()
    ),
    "Only a norm above 1 costs in yours; one below 1 costs as well.": (
        lambda g: (norms(g) - 1).relu().square().mean()
    ),
    "Only a norm below 1 costs in yours; one above 1 costs as well.": (
        lambda g: (1 - norms(g)).relu().square().mean()
    ),
    "A 1 is added under the root: every norm is too large.": (
        lambda g: ((norms(g).square() + 1).sqrt() - 1).square().mean()
    ),
    "The gradients are those of the mean score: each is too small by the number of "
    "images.": lambda g: penalty(g / len(g)),
    "The gradients are averaged over the images before their norm.": (
        lambda g: (g.mean(0).norm() - 1).square()
    ),
    "The norm is divided by the number of pixels and channels, or by its root: the "
    "sum of squares counts, not their mean.": (
        lambda g: (g.flatten(1).square().mean(1).sqrt() - 1).square().mean()
    ),
    "The norm is the sum of absolute values; the root of the sum of squares is due.": (
        lambda g: (g.flatten(1).abs().sum(1) - 1).square().mean()
    ),
    "The norm is the greatest absolute value; the root of the sum of squares is due.": (
        lambda g: (g.flatten(1).abs().amax(1) - 1).square().mean()
    ),
    "The numbers of the gradient are added up and not squared: that is no norm.": (
        lambda g: (g.flatten(1).sum(1) - 1).square().mean()
    ),
    "The 1 is subtracted from every number of the gradient, before the norm.": (
        lambda g: (g - 1).flatten(1).square().sum(1).mean()
    ),
    "You added up the images of the batch; their mean is asked for.": (
        lambda g: len(g) * penalty(g)
    ),
    "Yours is halved; the mean of the squares is asked for as it is.": (
        lambda g: penalty(g) / 2
    ),
    "A weight of 10 is in yours; the penalty alone is asked for.": (
        lambda g: 10 * penalty(g)
    ),
    "The sign is turned: a penalty is never negative.": lambda g: -penalty(g),
}
# Of the critic's slope, real, fake and share, as many images as an image has columns.
OF_POINTS: Mistakes = {
    "Your gradients are those at the real images; they are asked for between real and "
    "fake ones.": lambda slope, x, y, a: penalty(slope(x)),
    "Your gradients are those at the fake images; they are asked for between real and "
    "fake ones.": lambda slope, x, y, a: penalty(slope(y)),
    "Your gradients are those in the real images: how the scores change with the "
    "points between is asked for.": (
        lambda slope, x, y, a: penalty(_along(a, x) * slope(mixed(x, y, a)))
    ),
    "Your gradients are those in the fake images: how the scores change with the "
    "points between is asked for.": (
        lambda slope, x, y, a: penalty((1 - _along(a, x)) * slope(mixed(x, y, a)))
    ),
    "Your gradients are those in the shares: how the scores change with the points "
    "between is asked for.": lambda slope, x, y, a: penalty(
        (slope(mixed(x, y, a)) * (x - y)).flatten(1).sum(1, keepdim=True)
    ),
    "The share is the real image's part; in yours it is the fake one's.": (
        lambda slope, x, y, a: penalty(slope(mixed(y, x, a)))
    ),
    "Your gradients are those half way between the two: the share says how far.": (
        lambda slope, x, y, a: penalty(slope((x + y) / 2))
    ),
    "The shares run along the columns in yours; each image has one of its own.": (
        lambda slope, x, y, a: penalty(slope(a * x + (1 - a) * y))
    ),
    "The shares run along the rows in yours; each image has one of its own.": (
        lambda slope, x, y, a: penalty(slope(a[:, None] * x + (1 - a[:, None]) * y))
    ),
    "All images are mixed by the first share; each has one of its own.": (
        lambda slope, x, y, a: penalty(slope(a[0] * x + (1 - a[0]) * y))
    ),
    "All images are mixed by the mean share; each has one of its own.": (
        lambda slope, x, y, a: penalty(slope(a.mean() * x + (1 - a.mean()) * y))
    ),
    "The fake image enters whole; the parts of the two should sum to 1.": (
        lambda slope, x, y, a: penalty(slope(mixed(x, 0 * y, a) + y))
    ),
    "The real image enters whole; the parts of the two should sum to 1.": (
        lambda slope, x, y, a: penalty(slope(x + mixed(0 * x, y, a)))
    ),
    "The difference has the wrong sign: your points do not lie between.": (
        lambda slope, x, y, a: penalty(slope(mixed(2 * y - x, y, a)))
    ),
}
