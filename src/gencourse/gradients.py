"""Two ways to estimate the gradient of a mean by draws."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gencourse.bounds import reparameterise


def score_function_gradient(
    values: Tensor, z: Tensor, mu: Tensor, std: Tensor
) -> Tensor:
    """Return an estimate of d/dmu E[f(z)] from each draw z of N(mu, diag std^2).

    The function's values are enough, its derivative is not needed (Williams 1992,
    https://doi.org/10.1007/BF00992696).

    Args:
        values: f at each draw, (N,).
        z: the draws, (N, D).
        mu: (D,).
        std: standard deviations, (D,), positive.

    Returns:
        (N, D): f(z) times the gradient of log N(z; mu, std^2) with respect to mu; its
        mean over draws is unbiased.
    """
    return values[:, None] * (z - mu) / std.square()


def pathwise_gradient(
    f: Callable[[Tensor], Tensor], mu: Tensor, std: Tensor, noise: Tensor
) -> Tensor:
    """Return an estimate of d/dmu E[f(z)] from each draw of the noise, by its path.

    The draws are z = mu + std * noise, and the gradient goes through them (Kingma and
    Welling 2014, https://arxiv.org/abs/1312.6114).

    Args:
        f: from draws (N, D) to values (N,), each from its own draw.
        mu: (D,).
        std: standard deviations, (D,).
        noise: draws of N(0, I), (N, D).

    Returns:
        (N, D); its mean over draws is unbiased.
    """
    means = mu.expand_as(noise).clone().requires_grad_()
    z = reparameterise(means, 2 * std.log(), noise)
    (gradient,) = torch.autograd.grad(f(z).sum(), means)
    return gradient
