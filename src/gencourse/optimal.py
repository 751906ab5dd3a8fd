"""The best discriminator, and what the game is worth against it.

Both laws must be known for that, as those of points on a line can be (Goodfellow et al.
2014, section 4, https://arxiv.org/abs/1406.2661).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gencourse.density import kl_divergence


def optimal_discriminator(log_data: Tensor, log_model: Tensor) -> Tensor:
    """Return the best D, p(data) / (p(data) + p(model)), from logarithms.

    Args:
        log_data: log-density of the data at some points, in nats.
        log_model: that of the generator's draws at the same points, of that shape.

    Returns:
        Probabilities to be real, of the same shape, finite however small both are.
    """
    if log_data.shape != log_model.shape:
        shapes = f"{tuple(log_data.shape)} and {tuple(log_model.shape)}"
        raise ValueError(f"expected log-densities of one shape, got {shapes}")
    return torch.sigmoid(log_data - log_model)


def jensen_shannon_divergence(p: Tensor, q: Tensor) -> Tensor:
    """Return the Jensen-Shannon divergence of discrete laws in nats, 0 to log 2.

    Args:
        p: probabilities, (..., K).
        q: probabilities, (..., K).

    Returns:
        (...), the mean of both divergences from the mean of both laws (Lin 1991,
        https://doi.org/10.1109/18.61115).
    """
    middle = (p + q) / 2
    return (kl_divergence(p, middle) + kl_divergence(q, middle)) / 2


def game_value(p: Tensor, q: Tensor) -> Tensor:
    """Return 2 JSD(p, q) - log 4 of discrete laws, in nats: -log 4 where they agree.

    The discriminator's loss is minus this, if it is the best there is.

    Args:
        p: probabilities of the data, (..., K).
        q: probabilities of the generator's draws, (..., K).
    """
    return 2 * jensen_shannon_divergence(p, q) - math.log(4)
