"""The lower bounds of log p(x) that a VAE has, and what they are made of."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def kl_to_standard_normal(mu: Tensor, log_var: Tensor) -> Tensor:
    """Return KL(N(mu, diag exp(log_var)) || N(0, I)) in nats, over the last axis.

    Args:
        mu: means, (..., D).
        log_var: natural logarithms of the variances, (..., D).

    Returns:
        (...), never negative.
    """
    return 0.5 * (mu.square() + log_var.exp() - 1 - log_var).sum(-1)


def reparameterise(mu: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
    """Return a draw of N(mu, diag exp(log_var)) that has gradients to both.

    Args:
        mu: means.
        log_var: natural logarithms of the variances.
        noise: draws of N(0, 1). The three shapes broadcast.

    Returns:
        The common shape (Kingma and Welling 2014, section 2.4,
        https://arxiv.org/abs/1312.6114).
    """
    return mu + (0.5 * log_var).exp() * noise


def evidence_lower_bound(log_likelihood: Tensor, mu: Tensor, log_var: Tensor) -> Tensor:
    """Return the ELBO of each image in nats: what z explains minus what z costs.

    Args:
        log_likelihood: log p(x | z) of every subpixel for a draw of z, (B, ...).
        mu: means of q(z | x), (B, D).
        log_var: natural logarithms of its variances, (B, D).

    Returns:
        (B,): sums over subpixels and over the code's dimensions, never means.
    """
    return log_likelihood.flatten(1).sum(1) - kl_to_standard_normal(mu, log_var)


def prior_over_posterior(z: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
    """Return log p(z) - log q(z | x) in nats, over the last axis: (..., D) -> (...).

    Args:
        z: draws of N(mu, diag exp(log_var)), (..., D).
        log_var: natural logarithms of the variances.
        noise: the draws of N(0, 1) that z was made from. The three shapes broadcast.
    """
    return 0.5 * (noise.square() + log_var - z.square()).sum(-1)


def importance_bound(log_weights: Tensor) -> Tensor:
    """Return the logarithm of the mean of k weights: a lower bound of log p(x) in nats.

    Args:
        log_weights: log p(x, z) - log q(z | x) for k draws of z, (k, ...).

    Returns:
        (...), finite however small the weights are (Burda et al. 2016,
        https://arxiv.org/abs/1509.00519).
    """
    return torch.logsumexp(log_weights, dim=0) - math.log(len(log_weights))
