"""One step of the game, written out for two networks and two optimisers."""

from __future__ import annotations

from torch import Tensor, nn
from torch.optim import Optimizer

from gencourse.gan_losses import discriminator_loss, non_saturating_generator_loss


def game_step(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_optimizer: Optimizer,
    discriminator_optimizer: Optimizer,
    x: Tensor,
    z: Tensor,
) -> tuple[float, float]:
    """Take a step of the non-saturating game: the discriminator first, then the other.

    Both turns play with the same draws. Each optimiser moves its own network, by the
    gradient of its own loss and of nothing else.

    Args:
        generator: from codes (B, L) to points (B, ...).
        discriminator: from points (B, ...) to logits (B,).
        generator_optimizer: of the generator's parameters.
        discriminator_optimizer: of the discriminator's.
        x: real points, (B, ...).
        z: codes, (B, L).

    Returns:
        The discriminator's loss before it moved, and the generator's against the
        discriminator that has moved, both in nats.
    """
    fake = generator(z)
    told = discriminator_loss(discriminator(x), discriminator(fake.detach()))
    discriminator_optimizer.zero_grad()
    told.backward()
    discriminator_optimizer.step()
    fooled = non_saturating_generator_loss(discriminator(fake))
    generator_optimizer.zero_grad()
    fooled.backward()
    generator_optimizer.step()
    return told.item(), fooled.item()
