"""What models are compared by, beside a number each."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def contaminated_log_prob(log_p: Tensor, log_noise: Tensor, share: float) -> Tensor:
    """Return the log-likelihood of a model that mostly draws from something else.

    With probability ``share`` it draws from p, else from the noise (Theis et al. 2016,
    section 3, https://arxiv.org/abs/1511.01844).

    Args:
        log_p: log p(x) in nats, (B,).
        log_noise: the noise's log-likelihood of the same images, (B,).
        share: 0 < share < 1.

    Returns:
        (B,), in nats: never more than -log(share) below log_p.
    """
    if log_p.shape != log_noise.shape:
        shapes = f"{tuple(log_p.shape)} and {tuple(log_noise.shape)}"
        raise ValueError(f"expected log-likelihoods of one shape, got {shapes}")
    if not 0 < share < 1:
        raise ValueError(f"expected a share between 0 and 1, got {share}")
    return torch.logaddexp(log_p + math.log(share), log_noise + math.log1p(-share))


def auroc(inside: Tensor, outside: Tensor) -> float:
    """Return how often a score tells images of two kinds apart.

    The share of all pairs, one of each kind, in which the inside image has the higher
    score; a tie counts one half. It is the area under the ROC curve: 1 tells all pairs
    apart, 0.5 is guessing, and 0 is always wrong (Hanley and McNeil 1982,
    https://doi.org/10.1148/radiology.143.1.7063747).

    Args:
        inside: scores of images of the model's own kind, (N,), N of 1 or more.
        outside: scores of others, (M,), M of 1 or more.
    """
    if inside.ndim != 1 or outside.ndim != 1 or not (len(inside) and len(outside)):
        shapes = f"{tuple(inside.shape)} and {tuple(outside.shape)}"
        raise ValueError(f"expected scores (N,) and (M,), got {shapes}")
    if inside.isnan().any() or outside.isnan().any():
        raise ValueError("expected scores, got NaN among them")
    higher, same = inside[:, None] > outside, inside[:, None] == outside
    return (higher.double() + 0.5 * same).mean().item()


def pareto_front(costs: Tensor) -> Tensor:
    """Return which rows are beaten by no other row: bool (M,).

    A row beats another where it is nowhere more and somewhere less.

    Args:
        costs: (M, K), K things of which less is better. Two equal rows do not beat each
            other.
    """
    if costs.ndim != 2 or not len(costs) or costs.isnan().any():
        raise ValueError(f"expected costs (M, K) without NaN, got {costs}")
    mine, others = costs[:, None], costs[None]
    beats_me = (others <= mine).all(2) & (others < mine).any(2)  # (M, M)
    return ~beats_me.any(1)


def welch_t(a: Tensor, b: Tensor) -> float:
    """Return the difference of two means, in units of what luck alone makes it.

    (mean(a) - mean(b)) / sqrt(var(a) / N + var(b) / M), the variances with N - 1 and
    M - 1 (Welch 1947, https://doi.org/10.2307/2332510).

    Args:
        a: one recipe's results, a run each, (N,), N of 2 or more.
        b: another recipe's, (M,), M of 2 or more.
    """
    if a.ndim != 1 or b.ndim != 1 or len(a) < 2 or len(b) < 2:
        shapes = f"{tuple(a.shape)} and {tuple(b.shape)}"
        raise ValueError(f"expected two runs or more of each, got {shapes}")
    a, b = a.double(), b.double()
    error = (a.var() / len(a) + b.var() / len(b)).sqrt()
    return float((a.mean() - b.mean()) / error)
