"""How the posterior of the model with a linear decoder goes wrong."""

from __future__ import annotations

import torch

from gencourse.exercises.compare import Mistakes

HALF = (
    "Mind the half in a Gaussian's exponent: the precision is what stands inside the "
    "half."
)
# Of W, the noise's variance s, and the identity I of the code, in float64.
COVARIANCE: Mistakes = {
    "This is the precision, the inverse of what is asked for.": (
        lambda w, s, i: i + w.mT @ w / s
    ),
    "The noise enters by std, where its variance belongs.": (
        lambda w, s, i: torch.linalg.inv(i + w.mT @ w / s.sqrt())
    ),
    "The variance of the noise is missing: the less of it, the more x tells of z.": (
        lambda w, s, i: torch.linalg.inv(i + w.mT @ w)
    ),
    "The variance of the noise multiplies where it should divide.": (
        lambda w, s, i: torch.linalg.inv(i + w.mT @ w * s)
    ),
    "The prior is missing: z is from N(0, I) before x is seen.": (
        lambda w, s, i: torch.linalg.pinv(w.mT @ w / s)
    ),
    "A factor is missing, the variance of the noise: without x's help (W = 0) the "
    "covariance is that of the prior, I.": (
        lambda w, s, i: torch.linalg.inv(w.mT @ w + s * i)
    ),
    "A factor of std is missing: without x's help (W = 0) the covariance is that of "
    "the prior, I.": lambda w, s, i: s.sqrt() * torch.linalg.inv(w.mT @ w + s * i),
    "This is the covariance of the prior: x tells something of z.": (lambda w, s, i: i),
    "Of the covariance only the diagonal is left: what x tells of one number of the "
    "code depends on the others.": (
        lambda w, s, i: torch.linalg.inv(i + w.mT @ w / s) * i
    ),
    "The off-diagonal numbers of the precision are left out before it is inverted.": (
        lambda w, s, i: torch.linalg.inv((i + w.mT @ w / s) * i)
    ),
    "Each number of the precision is inverted alone; it is a matrix that has an "
    "inverse.": lambda w, s, i: 1 / (i + w.mT @ w / s),
    "This is a triangular factor of the covariance.": (
        lambda w, s, i: torch.linalg.cholesky(torch.linalg.inv(i + w.mT @ w / s))
    ),
    "The prior adds the identity matrix, not 1 to every number.": (
        lambda w, s, i: torch.linalg.pinv(1 + w.mT @ w / s)
    ),
    f"The covariance is twice too large. {HALF}": (
        lambda w, s, i: 2 * torch.linalg.inv(i + w.mT @ w / s)
    ),
    f"The covariance is half of what is due. {HALF}": (
        lambda w, s, i: torch.linalg.inv(i + w.mT @ w / s) / 2
    ),
    "Your prior has the variance of the noise; its own is 1.": (
        lambda w, s, i: torch.linalg.inv(i / s + w.mT @ w / s)
    ),
    "The sign of what x tells is turned: it can only make z surer.": (
        lambda w, s, i: torch.linalg.inv(i - w.mT @ w / s)
    ),
}
# Of x, W, bias, the noise's variance s, and the right covariance c, in float64.
MEANS: Mistakes = {
    "The bias is not subtracted from x.": lambda x, w, b, s, c: x @ w @ c / s,
    "The bias is added to x; it should be subtracted.": (
        lambda x, w, b, s, c: (x + b) @ w @ c / s
    ),
    "The variance of the noise does not divide the means in yours.": (
        lambda x, w, b, s, c: (x - b) @ w @ c
    ),
    "The means are divided by std, where the variance of the noise belongs.": (
        lambda x, w, b, s, c: (x - b) @ w @ c / s.sqrt()
    ),
    "The variance of the noise multiplies the means; it should divide them.": (
        lambda x, w, b, s, c: (x - b) @ w @ c * s
    ),
    "The means are divided by the variance of the noise twice.": (
        lambda x, w, b, s, c: (x - b) @ w @ c / s**2
    ),
    "The covariance has no part in your means.": (
        lambda x, w, b, s, c: (x - b) @ w / s
    ),
    "The covariance is applied twice in your means.": (
        lambda x, w, b, s, c: (x - b) @ w @ c @ c / s
    ),
    "Your means are x - bias through W alone.": lambda x, w, b, s, c: (x - b) @ w,
    "The precision is applied where the covariance is due in your means.": (
        lambda x, w, b, s, c: (x - b) @ w @ torch.linalg.inv(c) / s
    ),
    "These are the codes of least squares: the prior, which draws them towards 0, is "
    "missing.": lambda x, w, b, s, c: (x - b) @ torch.linalg.pinv(w).mT,
    "The sign of your means is turned.": lambda x, w, b, s, c: (b - x) @ w @ c / s,
}
