"""What generator and discriminator of a GAN want, as plain functions.

A discriminator gives each image a logit, high for real ones. Every function returns a
mean over the batch, in nats where the logit is that of a probability.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Critic = Callable[[Tensor], Tensor]


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Return the cross entropy of telling real from fake, 2 log 2 where all is 0.

    Args:
        real: logits of real images, (B,).
        fake: logits of generated images, (B,).

    Returns:
        A scalar in nats, -E[log D(real)] - E[log(1 - D(fake))], D being the sigmoid of
        the logit (Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661).
    """
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def minimax_generator_loss(fake: Tensor) -> Tensor:
    """Return E[log(1 - D(fake))] in nats, of logits (B,): flat where D is sure."""
    return -F.softplus(fake).mean()


def non_saturating_generator_loss(fake: Tensor) -> Tensor:
    """Return -E[log D(fake)] in nats, of logits (B,): steep where D is sure."""
    return F.softplus(-fake).mean()


def hinge_discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Return E[max(0, 1 - real)] + E[max(0, 1 + fake)] of scores (B,) each.

    Lim and Ye 2017, https://arxiv.org/abs/1705.02894.
    """
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def critic_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Return E[fake] - E[real] of scores (B,) each: minus the Wasserstein estimate.

    It is one where the critic is 1-Lipschitz (Arjovsky et al. 2017,
    https://arxiv.org/abs/1701.07875).
    """
    return fake.mean() - real.mean()


def critic_generator_loss(fake: Tensor) -> Tensor:
    """Return -E[fake] of scores (B,): for a Wasserstein critic, and for the hinge."""
    return -fake.mean()


def gradient_norms(critic: Critic, x: Tensor) -> Tensor:
    """Return the norm of the critic's gradient at each image: (B, ...) -> (B,).

    The norm is that of the flattened image; it can be differentiated, and has the
    gradient 0 where it is 0.
    """
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    squares = gradient.flatten(1).square().sum(1)
    # The root has no slope at 0: a 1 stands in for it there.
    safe = torch.where(squares > 0, squares, 1.0)
    return torch.where(squares > 0, safe.sqrt(), 0.0)


def gradient_penalty(
    critic: Critic, real: Tensor, fake: Tensor, share: Tensor
) -> Tensor:
    """Return the mean of (norm - 1)^2 of the critic's gradient between the images.

    Args:
        critic: from images (B, ...) to scores (B,), each from its own image alone.
        real: (B, ...).
        fake: (B, ...), as many.
        share: of each real image in its mixture, uniform in [0, 1): (B,).

    Returns:
        A scalar (Gulrajani et al. 2017, https://arxiv.org/abs/1704.00028).
    """
    if real.shape != fake.shape or share.shape != (len(real),):
        shapes = ", ".join(str(tuple(t.shape)) for t in (real, fake, share))
        raise ValueError(f"expected two shapes (B, ...) and (B,), got {shapes}")
    along = share.view(-1, *[1] * (real.ndim - 1))
    between = along * real + (1 - along) * fake
    return (gradient_norms(critic, between) - 1).square().mean()


def real_gradient_penalty(critic: Critic, real: Tensor) -> Tensor:
    """Return half the mean squared norm of the critic's gradient at real images.

    R1 of Mescheder et al. 2018, https://arxiv.org/abs/1801.04406.
    """
    return 0.5 * gradient_norms(critic, real).square().mean()
