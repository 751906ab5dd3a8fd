"""What a model with latent variables does with its two networks.

A code z is drawn from N(0, I), an image from p(x | z). The law of the images, the
integral over all codes, is never computed: q(z | x) bounds it from below (Kingma and
Welling 2014, https://arxiv.org/abs/1312.6114).
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from gencourse.bounds import (
    evidence_lower_bound,
    importance_bound,
    kl_to_standard_normal,
    prior_over_posterior,
    reparameterise,
)
from gencourse.heads import Head
from gencourse.images import Shape, check_count, check_whole

# Images whose codes are drawn at once while a bound with many draws is computed, and
# that are decoded at once: what is computed of these stays in a processor's cache.
AT_ONCE, DECODED = 512, 64


class LatentVariableModel(nn.Module, ABC):
    """An image from a code: a subclass writes ``encode`` and ``numbers``.

    It has no ``log_prob``: its density is only bounded.
    """

    shape: Shape
    levels: int
    latent: int
    beta: float
    head: Head

    @abstractmethod
    def encode(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the mean and the log-variance of q(z | x): both (B, latent)."""

    @abstractmethod
    def numbers(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Return what the head reads: codes (B, latent) -> (B, C, H, W, size)."""

    def decode(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the mean of p(x | z), grey in [0, 1]: (B, latent) -> (B, C, H, W)."""
        level = self.head.mean(self.numbers(z, y))
        return level / (self.levels - 1)

    def reconstruct(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the decoded mean of q(z | x), grey in [0, 1], the shape of x."""
        return self.decode(self.encode(x, y)[0], y)

    def terms(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return -log p(x | z) for a draw of z, (B,), and the KL, (B, latent), in nats.

        The KL of the whole code is the sum of those of its dimensions.
        """
        mu, log_var = self.encode(x, y)
        log_likelihood = self._log_likelihood(x, y, mu, log_var, None)
        each = kl_to_standard_normal(mu.unsqueeze(-1), log_var.unsqueeze(-1))
        return -log_likelihood.flatten(1).sum(1), each

    def losses(self, x: Tensor, y: Tensor | None = None) -> dict[str, Tensor]:
        """Return the two halves of the negative ELBO, in nats per image.

        The KL is multiplied by ``beta``; their sum is what is minimised.
        """
        reconstruction, kl = self.terms(x, y)
        kl = self.beta * kl.sum(1).mean()
        return {"reconstruction": reconstruction.mean(), "kl": kl}

    def elbo(
        self,
        x: Tensor,
        y: Tensor | None = None,
        *,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Return an unbiased estimate of the ELBO, a lower bound of log p(x), in nats.

        One code is drawn for each image. ``beta`` plays no part: levels -> (B,).
        """
        mu, log_var = self.encode(x, y)
        log_likelihood = self._log_likelihood(x, y, mu, log_var, generator)
        return evidence_lower_bound(log_likelihood, mu, log_var)

    def iwae(
        self,
        x: Tensor,
        k: int,
        y: Tensor | None = None,
        *,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Return the importance-weighted bound of log p(x) in nats: levels -> (B,).

        Its mean grows with k, from the ELBO to log p(x) (Burda et al. 2016,
        https://arxiv.org/abs/1509.00519). Without gradients the memory in use does not
        grow with k: DECODED images are decoded at once.

        Args:
            x: levels, (B, C, H, W).
            k: how many codes are drawn for each image, 1 or more.
            y: int64 labels (B,) of a conditional model, else None.
            generator: of the draws, on the model's device.
        """
        check_count("k", k)
        posterior = self.encode(x, y)
        check_whole(x)
        at_once = max(1, AT_ONCE // len(x))
        counts = [min(at_once, k - done) for done in range(0, k, at_once)]
        weights = [
            self._log_weights(x, y, *posterior, count, generator) for count in counts
        ]
        return importance_bound(torch.cat(weights))

    @torch.no_grad()
    def sample(
        self,
        n: int,
        y: Tensor | None = None,
        *,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Return n images, a code first, then its pixels: uint8 (n, C, H, W).

        Args:
            n: how many, 1 or more.
            y: int64 labels (n,) of a conditional model, else None.
            generator: of the draws, on the model's device.
        """
        check_count("n", n)
        z = self._noise((n, self.latent), generator)
        numbers = self.numbers(z, y)
        size = (n, *self.shape, self.head.draws)
        uniform = torch.rand(size, generator=generator, device=z.device)
        return self.head.sample(numbers, uniform.to(z.dtype)).to(torch.uint8)

    def _log_likelihood(
        self,
        x: Tensor,
        y: Tensor | None,
        mu: Tensor,
        log_var: Tensor,
        generator: torch.Generator | None,
    ) -> Tensor:
        """Return log p(x | z) of every subpixel for a draw of z: (B, C, H, W)."""
        check_whole(x)
        z = reparameterise(mu, log_var, self._noise(mu.shape, generator))
        return self.head.log_prob(self.numbers(z, y), x)

    def _log_weights(
        self,
        x: Tensor,
        y: Tensor | None,
        mu: Tensor,
        log_var: Tensor,
        count: int,
        generator: torch.Generator | None,
    ) -> Tensor:
        """Return log p(x, z) - log q(z | x) for ``count`` draws of z: (count, B)."""
        noise = self._noise((count, *mu.shape), generator)
        z = reparameterise(mu, log_var, noise)
        likelihoods = []
        for rows in torch.arange(z[..., 0].numel(), device=z.device).split(DECODED):
            own = rows % len(x)
            numbers = self.numbers(z.flatten(0, 1)[rows], None if y is None else y[own])
            likelihoods.append(self.head.log_prob(numbers, x[own]).flatten(1).sum(1))
        likelihood = torch.cat(likelihoods).view(z.shape[:2])
        return likelihood + prior_over_posterior(z, log_var, noise)

    def _noise(
        self, shape: tuple[int, ...], generator: torch.Generator | None
    ) -> Tensor:
        like = next(self.parameters())
        return torch.randn(
            shape, generator=generator, dtype=like.dtype, device=like.device
        )
