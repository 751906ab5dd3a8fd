"""The game between a generator and a discriminator, whatever they draw.

Each is trained against the other (Goodfellow et al. 2014,
https://arxiv.org/abs/1406.2661). Nobody writes a density down.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, Literal

import torch
from torch import Tensor, nn

from gencourse.gan_losses import (
    critic_generator_loss,
    critic_loss,
    discriminator_loss,
    gradient_penalty,
    hinge_discriminator_loss,
    minimax_generator_loss,
    non_saturating_generator_loss,
    real_gradient_penalty,
)

GameName = Literal["non-saturating", "minimax", "hinge", "wasserstein"]
# What the discriminator and what the generator lower.
GAMES = {
    "non-saturating": (discriminator_loss, non_saturating_generator_loss),
    "minimax": (discriminator_loss, minimax_generator_loss),
    "hinge": (hinge_discriminator_loss, critic_generator_loss),
    "wasserstein": (critic_loss, critic_generator_loss),
}


class Adversarial(nn.Module, ABC):
    """Two networks and their losses: a subclass writes what they compute.

    ``penalty`` and ``r1`` weigh the gradient penalties between real and generated
    points and at real ones; with 0 there is none.
    """

    latent: int
    game: GameName
    penalty: float
    r1: float
    classes: int | None = None

    @abstractmethod
    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Return what the generator makes of codes: (B, latent) -> (B, ...)."""

    @abstractmethod
    def score(self, points: Tensor, y: Tensor | None = None) -> Tensor:
        """Return a score, high for real points: (B, ...) -> (B,).

        In the first two games it is the logit of the probability to be real.
        """

    @abstractmethod
    def real(self, x: Tensor) -> Tensor:
        """Return data, checked, as the discriminator sees them: (B, ...)."""

    def discriminator_losses(
        self, x: Tensor, y: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Return what the discriminator lowers, given data: scalars.

        No gradient reaches the generator.
        """
        real = self.real(x)
        with torch.no_grad():
            fake = self.generate(self.noise(len(x)), y)
        loss, _ = GAMES[self.game]
        terms = {"discriminator": loss(self.score(real, y), self.score(fake, y))}

        def critic(points: Tensor) -> Tensor:
            return self.score(points, y)

        if self.penalty:
            share = torch.rand(len(x), dtype=real.dtype, device=real.device)
            between = gradient_penalty(critic, real, fake, share)
            terms["penalty"] = self.penalty * between
        if self.r1:
            terms["r1"] = self.r1 * real_gradient_penalty(critic, real)
        return terms

    def generator_losses(self, x: Tensor, y: Tensor | None = None) -> dict[str, Tensor]:
        """Return what the generator lowers; of x only the number of points counts."""
        _, loss = GAMES[self.game]
        fake = self.generate(self.noise(len(x)), y)
        return {"generator": loss(self.score(fake, y))}

    def noise(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Return n codes drawn from N(0, I): (n, latent)."""
        like = next(self.parameters())
        size = (n, self.latent)
        return torch.randn(
            size, generator=generator, dtype=like.dtype, device=like.device
        )

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        """Return what a module has; a density is what this one has not."""
        if name in ("log_prob", "elbo"):
            raise AttributeError(
                f"a GAN has no {name}: it is an implicit density, which can be sampled "
                "and whose p(x) nobody writes down"
            )
        return super().__getattr__(name)


def check_game(game: str, norm: str, penalty: float, r1: float) -> None:
    """Raise a ValueError unless there is such a game, with weights of 0 or more."""
    if game not in GAMES:
        raise ValueError(f"expected game {', '.join(GAMES)}, got {game!r}")
    for name, weight in (("penalty", penalty), ("r1", r1)):
        if not (math.isfinite(weight) and weight >= 0):
            raise ValueError(f"expected {name} of 0 or more, got {weight!r}")
    if norm == "batch" and (penalty or r1):
        # It ties the images of a batch to one another: no gradient is one image's own.
        raise ValueError("expected no batch norm beside a gradient penalty")
