"""Laws of the bounds, each next to the popular mistakes that it rejects."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from gencourse.bounds import (
    evidence_lower_bound,
    importance_bound,
    kl_to_standard_normal,
    prior_over_posterior,
    reparameterise,
)

Law = Callable[..., None]


def normals(*size: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(size, generator=generator, dtype=torch.float64)


def posteriors(*size: int) -> tuple[Tensor, Tensor]:
    """Return means and log-variances far from those of N(0, I)."""
    return 1.5 * normals(*size), 1.5 * normals(*size, seed=1)


def gaussian(mu: Tensor, log_var: Tensor) -> Normal:
    return Normal(mu, (0.5 * log_var).exp())


# --- the KL


def kl_law(kl: Callable[[Tensor, Tensor], Tensor]) -> None:
    mu, log_var = posteriors(6, 5)
    standard = Normal(torch.zeros_like(mu), torch.ones_like(mu))
    expected = kl_divergence(gaussian(mu, log_var), standard).sum(-1)
    torch.testing.assert_close(kl(mu, log_var), expected)


WRONG_KL = {
    "another sign": lambda mu, log_var: -kl_to_standard_normal(mu, log_var),
    "another sign of log_var": lambda mu, log_var: kl_to_standard_normal(mu, -log_var),
    "a mean over dimensions": lambda mu, log_var: (
        0.5 * (mu.square() + log_var.exp() - 1 - log_var).mean(-1)
    ),
    "std for variance": lambda mu, log_var: (
        0.5 * (mu.square() + (0.5 * log_var).exp() - 1 - log_var).sum(-1)
    ),
    "log std for log_var": lambda mu, log_var: kl_to_standard_normal(mu, 2 * log_var),
    "no half": lambda mu, log_var: 2 * kl_to_standard_normal(mu, log_var),
    "the other direction": lambda mu, log_var: (
        0.5 * ((mu.square() + 1) * (-log_var).exp() - 1 + log_var).sum(-1)
    ),
    "a sum over the batch": lambda mu, log_var: (
        kl_to_standard_normal(mu, log_var).sum().expand(len(mu))
    ),
}


def test_the_kl_is_that_of_torch_distributions():
    kl_law(kl_to_standard_normal)


@pytest.mark.parametrize("wrong", WRONG_KL.values(), ids=WRONG_KL)
def test_a_wrong_kl_is_rejected(wrong):
    with pytest.raises(AssertionError):
        kl_law(wrong)


def test_the_kl_is_the_mean_of_a_difference_of_log_densities():
    mu, log_var = posteriors(1, 4)
    q, draws = gaussian(mu, log_var), 200_000
    z = reparameterise(mu, log_var, normals(draws, 4, seed=2))
    each = (q.log_prob(z) - Normal(0.0, 1.0).log_prob(z)).sum(-1)
    error = each.std() / draws**0.5
    assert error < 0.02
    assert abs(each.mean() - kl_to_standard_normal(mu, log_var)) < 4 * error


def test_the_kl_is_zero_only_where_the_laws_are_one():
    zero = torch.zeros(1, 3, dtype=torch.float64)
    assert kl_to_standard_normal(zero, zero).tolist() == [0]
    for value in (-2, -0.1, 0.1, 2):
        for other in (zero, torch.tensor([[0.0, value, 0.0]]).double()):
            moved = torch.tensor([[value, 0.0, 0.0]]).double()
            assert kl_to_standard_normal(moved, other) > 4e-3 * abs(value)
            assert kl_to_standard_normal(other, moved) > 2e-3 * abs(value)
    assert (kl_to_standard_normal(*posteriors(500, 2)) > 0).all()


def test_the_kl_is_taken_over_the_last_axis():
    mu, log_var = posteriors(2, 3, 4)
    found = kl_to_standard_normal(mu, log_var)
    assert found.shape == (2, 3)
    each = [[kl_to_standard_normal(m, s) for m, s in zip(*rows, strict=True)]
            for rows in zip(mu, log_var, strict=True)]  # fmt: skip
    torch.testing.assert_close(found, torch.tensor(each, dtype=torch.float64))


# --- draws that have gradients


def reparameterise_law(draw: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    """Noise at the quantiles of N(0, 1) becomes the quantiles of the law."""
    mu, log_var = posteriors(3, 2)
    share = (torch.arange(9, dtype=torch.float64)[:, None, None] + 0.5) / 9
    z = draw(mu, log_var, torch.special.ndtri(share))
    torch.testing.assert_close(gaussian(mu, log_var).cdf(z), share.expand(9, 3, 2))


WRONG_DRAWS = {
    "variance for std": lambda mu, log_var, e: mu + log_var.exp() * e,
    "log_var for std": lambda mu, log_var, e: mu + log_var * e,
    "one over std": lambda mu, log_var, e: mu + (-0.5 * log_var).exp() * e,
    "no mean": lambda mu, log_var, e: (0.5 * log_var).exp() * e,
    "another sign": lambda mu, log_var, e: (0.5 * log_var).exp() * e - mu,
}


def test_a_draw_has_the_law_that_it_is_asked_for():
    reparameterise_law(reparameterise)


@pytest.mark.parametrize("wrong", WRONG_DRAWS.values(), ids=WRONG_DRAWS)
def test_a_wrong_draw_is_rejected(wrong):
    with pytest.raises(AssertionError):
        reparameterise_law(wrong)


def quadratic_mean(mu: Tensor, log_var: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Return E[z^T a z + b z] over N(mu, diag exp(log_var)), in closed form."""
    return mu @ a @ mu + (a.diagonal() * log_var.exp()).sum() + b @ mu


# Noise whose means and squares are those of N(0, I) exactly: every corner of a cube.
CORNERS = torch.tensor(list(product((-1.0, 1.0), repeat=3))).double()


def drawn_mean(mu: Tensor, log_var: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Return the mean of z^T a z + b z over draws, exact for a quadratic."""
    z = reparameterise(mu, log_var, CORNERS)
    return ((z @ a * z).sum(-1) + z @ b).mean()


def test_the_gradient_of_a_draw_is_that_of_the_mean():
    """Autograd through draws, autograd of the closed form, finite differences: one."""
    mu, log_var = (p[0].requires_grad_() for p in posteriors(1, 3))
    settings = normals(3, 3, seed=2), normals(3, seed=3)
    found = torch.autograd.grad(drawn_mean(mu, log_var, *settings), [mu, log_var])
    known = torch.autograd.grad(quadratic_mean(mu, log_var, *settings), [mu, log_var])
    torch.testing.assert_close(found, known)
    closed = (settings[0] + settings[0].T) @ mu + settings[1]
    torch.testing.assert_close(found[0], closed.detach())
    step = 1e-5 * torch.eye(3, dtype=torch.float64)
    for i in range(3):
        for d, which in zip(found, ((1, 0), (0, 1)), strict=True):
            ends = [
                quadratic_mean(
                    mu + sign * which[0] * step[i],
                    log_var + sign * which[1] * step[i],
                    *settings,
                )
                for sign in (1, -1)
            ]
            assert d[i].item() == pytest.approx(
                (ends[0] - ends[1]).item() / 2e-5, rel=1e-6, abs=1e-8
            )


def test_gradcheck_accepts_draw_and_kl():
    mu, log_var = (p.requires_grad_() for p in posteriors(2, 3))
    noise = normals(2, 3, seed=4)
    assert torch.autograd.gradcheck(reparameterise, (mu, log_var, noise))
    assert torch.autograd.gradcheck(kl_to_standard_normal, (mu, log_var))


# --- the evidence lower bound


def elbo_law(bound: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    """Written out with loops: every subpixel, then every dimension of the code."""
    likelihood, (mu, log_var) = normals(3, 2, 4, 5, seed=5), posteriors(3, 6)
    for found, pixels, m, s in zip(
        bound(likelihood, mu, log_var), likelihood, mu, log_var, strict=True
    ):
        explained = math.fsum(pixels.flatten().tolist())
        cost = [
            0.5 * (a * a + math.exp(b) - 1 - b)
            for a, b in zip(m.tolist(), s.tolist(), strict=True)
        ]
        assert found.item() == pytest.approx(explained - math.fsum(cost), rel=1e-12)


WRONG_ELBO = {
    "the KL added": lambda p, mu, log_var: (
        p.flatten(1).sum(1) + kl_to_standard_normal(mu, log_var)
    ),
    "pixels averaged": lambda p, mu, log_var: (
        p.flatten(1).mean(1) - kl_to_standard_normal(mu, log_var)
    ),
    "the KL averaged": lambda p, mu, log_var: (
        p.flatten(1).sum(1) - kl_to_standard_normal(mu, log_var) / mu.shape[1]
    ),
    "a mean over the batch": lambda p, mu, log_var: (
        evidence_lower_bound(p, mu, log_var).mean().expand(len(mu))
    ),
    "std for variance": lambda p, mu, log_var: evidence_lower_bound(p, mu, log_var / 2),
    "no KL": lambda p, mu, log_var: p.flatten(1).sum(1),
}


def test_the_elbo_is_two_sums():
    elbo_law(evidence_lower_bound)
    # Points have one axis less than images.
    likelihood, (mu, log_var) = normals(3, 4), posteriors(3, 2)
    found = evidence_lower_bound(likelihood, mu, log_var)
    image = evidence_lower_bound(likelihood.view(3, 1, 2, 2), mu, log_var)
    assert torch.equal(found, image)


@pytest.mark.parametrize("wrong", WRONG_ELBO.values(), ids=WRONG_ELBO)
def test_a_wrong_elbo_is_rejected(wrong):
    with pytest.raises(AssertionError):
        elbo_law(wrong)


# --- the importance-weighted bound, on a code of two bits that is enumerated

PRIOR = np.array([0.4, 0.1, 0.3, 0.2])  # of the codes 00, 01, 10, 11
LIKELIHOOD = np.array([0.02, 0.7, 0.1, 1e-4])  # of one x, given each of them
GUESS = np.array([0.1, 0.35, 0.25, 0.3])  # q(z | x)
EVIDENCE = math.log(PRIOR @ LIKELIHOOD)
WEIGHTS = np.log(PRIOR * LIKELIHOOD / GUESS)
ELBO = float(GUESS @ WEIGHTS)


def every_draw(k: int) -> tuple[Tensor, np.ndarray]:
    """Return the log-weights of all 4^k draws of k codes, (k, 4^k), and their law."""
    draws = np.array(list(product(range(4), repeat=k))).T
    return torch.from_numpy(WEIGHTS[draws]), GUESS[draws].prod(0)


def mean_bound(bound: Callable[[Tensor], Tensor], k: int) -> float:
    weights, probability = every_draw(k)
    return float(bound(weights).numpy() @ probability)


def importance_law(bound: Callable[[Tensor], Tensor]) -> None:
    """The mean over all draws is what logarithms of plain means give."""
    for k in (1, 2, 3):
        weights, probability = every_draw(k)
        plain = np.log(np.exp(weights.numpy()).mean(0)) @ probability
        assert mean_bound(bound, k) == pytest.approx(plain, abs=1e-12)
    assert mean_bound(bound, 1) == pytest.approx(ELBO, abs=1e-12)


WRONG_BOUNDS = {
    # Weighted by the losses: the worst draws count most.
    "softmax of losses": lambda w: ((-w).softmax(0) * w).sum(0),
    "sum of w log w": lambda w: (w.softmax(0) * w).sum(0),
    "minus the sum of w log w": lambda w: -(w.softmax(0) * w).sum(0),
    "no log k": lambda w: torch.logsumexp(w, 0),
    "log k added": lambda w: torch.logsumexp(w, 0) + math.log(len(w)),
    "a mean of logarithms": lambda w: w.mean(0),
    "the best draw": lambda w: w.amax(0),
    "over another axis": lambda w: (
        (torch.logsumexp(w, -1) - math.log(w.shape[-1])).mean().expand(w.shape[1])
    ),
}


def test_the_mean_of_the_bound_over_all_draws_of_two_bits():
    importance_law(importance_bound)


@pytest.mark.parametrize("wrong", WRONG_BOUNDS.values(), ids=WRONG_BOUNDS)
def test_a_wrong_bound_is_rejected(wrong):
    with pytest.raises(AssertionError):
        importance_law(wrong)


def test_the_bound_grows_with_k_from_the_elbo_towards_the_evidence():
    means = [mean_bound(importance_bound, k) for k in range(1, 8)]
    assert (np.diff(means) > 1e-3).all()
    assert means[0] == pytest.approx(ELBO, abs=1e-12)
    assert means[-1] < EVIDENCE
    # Short of the evidence by half the relative variance of a weight over k, nearly.
    variance = GUESS @ np.exp(2 * WEIGHTS) / math.exp(2 * EVIDENCE) - 1
    assert EVIDENCE - means[-1] == pytest.approx(variance / 14, rel=0.35)


def test_what_the_elbo_lacks_is_the_distance_to_the_posterior():
    posterior = PRIOR * LIKELIHOOD / math.exp(EVIDENCE)
    gap = float(GUESS @ np.log(GUESS / posterior))
    assert gap > 0.5
    elbo = mean_bound(importance_bound, 1)
    assert elbo + gap == pytest.approx(EVIDENCE, abs=1e-12)


def test_every_code_once_is_the_evidence():
    weights = torch.from_numpy(np.log(PRIOR * LIKELIHOOD / 0.25))  # q is uniform
    assert importance_bound(weights).item() == pytest.approx(EVIDENCE, abs=1e-12)


def test_under_the_posterior_every_draw_gives_the_evidence():
    posterior = PRIOR * LIKELIHOOD / math.exp(EVIDENCE)
    weights = torch.from_numpy(np.log(PRIOR * LIKELIHOOD / posterior))
    for k in (1, 2, 3):
        draws = torch.tensor(list(product(range(4), repeat=k))).T
        found = importance_bound(weights[draws])
        torch.testing.assert_close(found, torch.full_like(found, EVIDENCE))


def test_the_weights_themselves_are_right_on_average():
    for k in (1, 2, 3):
        weights, probability = every_draw(k)
        mean = importance_bound(weights).exp().numpy() @ probability
        assert math.log(mean) == pytest.approx(EVIDENCE, abs=1e-12)


def test_the_bound_is_taken_over_the_first_axis_and_keeps_the_others():
    weights = 3 * normals(5, 2, 3)
    expected = logsumexp(weights.numpy(), axis=0) - math.log(5)
    np.testing.assert_allclose(importance_bound(weights), expected, rtol=1e-12)


@pytest.mark.parametrize("shift", [-1e5, -2000.0, 0.0, 2000.0])
def test_the_bound_is_finite_however_small_the_weights_are(shift: float):
    weights = normals(7, 4)
    found = importance_bound(weights + shift)
    torch.testing.assert_close(found - shift, importance_bound(weights), atol=1e-10,
                               rtol=0)  # fmt: skip
    assert importance_bound((weights + shift).float()).isfinite().all()


def test_one_weight_is_itself():
    weights = normals(1, 4)
    assert torch.equal(importance_bound(weights), weights[0])


def test_the_gradient_weighs_the_draws_by_their_share():
    weights = (2 * normals(6, 3)).requires_grad_()
    (found,) = torch.autograd.grad(importance_bound(weights).sum(), weights)
    naive = weights.exp().mean(0).log().sum()
    (expected,) = torch.autograd.grad(naive, weights)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(found, weights.softmax(0))
    assert torch.equal(found.argmax(0), weights.argmax(0))  # the best, not the worst


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtypes_stay(dtype: torch.dtype):
    mu, log_var = (p.to(dtype) for p in posteriors(2, 3))
    likelihood = normals(2, 1, 2, 2).to(dtype)
    assert kl_to_standard_normal(mu, log_var).dtype == dtype
    assert reparameterise(mu, log_var, mu).dtype == dtype
    assert evidence_lower_bound(likelihood, mu, log_var).dtype == dtype
    assert importance_bound(mu).dtype == dtype


# --- the prior over the posterior


def test_prior_over_posterior_is_that_of_torch_distributions():
    generator = torch.Generator().manual_seed(0)
    mu, log_var, noise = torch.randn(3, 4, 5, 6, generator=generator).double()
    z = reparameterise(mu, log_var, noise)
    posterior = torch.distributions.Normal(mu, (0.5 * log_var).exp())
    prior = torch.distributions.Normal(torch.zeros(6).double(), 1.0)
    expected = (prior.log_prob(z) - posterior.log_prob(z)).sum(-1)
    found = prior_over_posterior(z, log_var, noise)
    assert found.shape == (4, 5)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
