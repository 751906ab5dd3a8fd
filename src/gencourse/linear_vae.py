"""The VAE whose likelihood is known: linear decoder, Gaussian noise.

Its p(x) is a Gaussian, that of probabilistic principal component analysis (Tipping and
Bishop 1999, https://doi.org/10.1111/1467-9868.00196), so that every bound can be held
against the truth.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from gencourse.bounds import (
    evidence_lower_bound,
    importance_bound,
    kl_to_standard_normal,
    prior_over_posterior,
    reparameterise,
)
from gencourse.density import gaussian_log_prob
from gencourse.images import check_count


def linear_log_prob(x: Tensor, weight: Tensor, bias: Tensor, std: Tensor) -> Tensor:
    """Return log p(x) in nats of x = weight z + bias + std * noise, exactly.

    z and the noise are draws of N(0, I), so that x is one of N(bias, W W^T + std^2 I).

    Args:
        x: points, (B, D).
        weight: (D, K).
        bias: (D,).
        std: of the noise, a positive scalar.

    Returns:
        (B,).
    """
    covariance = weight @ weight.T + std.square() * torch.eye(len(weight)).to(weight)
    log_prob: Tensor = MultivariateNormal(bias, covariance).log_prob(x)
    return log_prob


def linear_posterior(
    x: Tensor, weight: Tensor, bias: Tensor, std: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the exact posterior p(z | x), a Gaussian: means (B, K), covariance (K, K).

    The model is x = weight z + bias + std * noise, z and the noise from N(0, I).

    Args:
        x: points, (B, D).
        weight: (D, K).
        bias: (D,).
        std: of the noise, a positive scalar.
    """
    variance = std.square()
    precision = torch.eye(weight.shape[1]).to(weight) + weight.T @ weight / variance
    covariance = torch.linalg.inv(precision)
    return (x - bias) @ weight @ covariance / variance, covariance


class LinearVAE(nn.Module):
    """A VAE with linear networks and p(x | z) = N(weight z + bias, std^2 I).

    Args:
        dims: numbers in a point.
        latent: numbers in a code.
        std: of the noise; learned from there on.
    """

    def __init__(self, *, dims: int, latent: int, std: float = 1.0) -> None:
        super().__init__()
        check_count("dims", dims)
        check_count("latent", latent)
        if not std > 0:
            raise ValueError(f"expected std > 0, got {std}")
        self.decoder, self.encoder = nn.Linear(latent, dims), nn.Linear(dims, latent)
        self.log_var = nn.Parameter(torch.zeros(latent))
        self.log_std = nn.Parameter(torch.tensor(math.log(std)))

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance of q(z | x): (B, dims) -> (B, latent) both."""
        if x.ndim != 2 or x.shape[1] != self.encoder.in_features:
            expected = f"expected points (B, {self.encoder.in_features})"
            raise ValueError(f"{expected}, got {tuple(x.shape)}")
        mu: Tensor = self.encoder(x)
        return mu, self.log_var.expand_as(mu)

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, exactly: (B, dims) -> (B,)."""
        weight, bias = self.decoder.weight, self.decoder.bias
        return linear_log_prob(x, weight, bias, self.log_std.exp())

    def elbo(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Return an estimate of the ELBO from one draw of z, in nats: (B,)."""
        mu, log_var = self.encode(x)
        noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
        likelihood = self._log_likelihood(x, reparameterise(mu, log_var, noise))
        return evidence_lower_bound(likelihood, mu, log_var)

    def iwae(
        self, x: Tensor, k: int, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return the importance-weighted bound with k draws of z, in nats: (B,)."""
        check_count("k", k)
        mu, log_var = self.encode(x)
        noise = torch.randn((k, *mu.shape), generator=generator, dtype=mu.dtype)
        z = reparameterise(mu, log_var, noise)
        likelihood = self._log_likelihood(x, z).sum(-1)
        return importance_bound(likelihood + prior_over_posterior(z, log_var, noise))

    def losses(self, x: Tensor) -> dict[str, Tensor]:
        """Return the two halves of the negative ELBO, in nats a point."""
        mu, log_var = self.encode(x)
        z = reparameterise(mu, log_var, torch.randn_like(mu))
        reconstruction = -self._log_likelihood(x, z).sum(1).mean()
        kl = kl_to_standard_normal(mu, log_var).mean()
        return {"reconstruction": reconstruction, "kl": kl}

    def _log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        return gaussian_log_prob(x, self.decoder(z), self.log_std.exp())
