"""Variational autoencoders: an autoencoder whose codes have a known law.

A code z is drawn from N(0, I), an image from p(x | z). What is learned beside the
decoder is q(z | x), a guess of which codes an image may have come from (Kingma and
Welling 2014, https://arxiv.org/abs/1312.6114).
"""

from __future__ import annotations

import math

from torch import Tensor, nn

from gencourse.bounds import evidence_lower_bound as evidence_lower_bound
from gencourse.bounds import importance_bound as importance_bound
from gencourse.bounds import kl_to_standard_normal as kl_to_standard_normal
from gencourse.bounds import prior_over_posterior as prior_over_posterior
from gencourse.bounds import reparameterise as reparameterise
from gencourse.heads import HeadName, make_head
from gencourse.images import (
    Shape,
    check_condition,
    check_count,
    check_images,
    check_shape,
    scaled,
)
from gencourse.latent import LatentVariableModel
from gencourse.vae_networks import NetworkName, make_networks


class VAE(LatentVariableModel):
    """A variational autoencoder. It has no ``log_prob``: its density is only bounded.

    Args:
        shape: (C, H, W) of an image.
        levels: values are 0 ... levels - 1.
        latent: how many numbers a code has.
        network: "conv" (sides are multiples of four) or "dense".
        width: channels at the full side, or units of a hidden layer.
        head: p(x | z) of a pixel: "logistic" (a mixture of `components` discretised
            logistic laws), "softmax", or "bernoulli" (two levels only).
        components: of the logistic mixture.
        classes: number of classes of a conditional model p(x | y), or None.
        beta: what a nat of the KL weighs in the loss; 1 is the ELBO (Higgins et al.
            2017, https://openreview.net/forum?id=Sy2fzU9gl).
    """

    def __init__(
        self,
        *,
        shape: Shape = (1, 28, 28),
        levels: int = 256,
        latent: int = 32,
        network: NetworkName = "conv",
        width: int = 16,
        head: HeadName = "logistic",
        components: int = 5,
        classes: int | None = None,
        beta: float = 1.0,
    ) -> None:
        super().__init__()
        check_shape(shape)
        check_count("latent", latent)
        if classes is not None:
            check_count("classes", classes)
        if not (math.isfinite(beta) and beta >= 0):
            raise ValueError(f"expected beta to be a number of 0 or more, got {beta!r}")
        self.shape, self.levels, self.classes = shape, levels, classes
        self.latent, self.beta = latent, beta
        self.head = make_head(head, levels, components)
        networks = make_networks(network, shape, self.head.size, width)
        self.reader, read, written, self.writer = networks
        self.to_posterior = nn.Linear(read, 2 * latent)
        self.from_code = nn.Linear(latent, written)
        if classes is not None:
            self.label_to_posterior = nn.Embedding(classes, 2 * latent)
            self.label_to_image = nn.Embedding(classes, written)

    def encode(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the mean and the log-variance of q(z | x): both (B, latent).

        Args:
            x: levels, (B, C, H, W), uint8 or floating.
            y: int64 labels (B,) of a conditional model, else None.
        """
        check_images(x, self.shape, self.levels, floats=True)
        check_condition(y, len(x), self.classes)
        features = self.reader(scaled(x.to(self.from_code.weight.dtype), self.levels))
        posterior = self.to_posterior(features)
        if y is not None:
            posterior = posterior + self.label_to_posterior(y)
        mu, log_var = posterior.chunk(2, 1)
        return mu, log_var

    def numbers(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Return what the head reads: codes (B, latent) -> (B, C, H, W, size).

        These are the law p(x | z), given which the pixels are independent.
        """
        if z.ndim != 2 or z.shape[1] != self.latent:
            raise ValueError(
                f"expected codes of shape (B, {self.latent}), got {tuple(z.shape)}"
            )
        check_condition(y, len(z), self.classes)
        features = self.from_code(z)
        if y is not None:
            features = features + self.label_to_image(y)
        grid: Tensor = self.writer(features).unflatten(1, (self.shape[0], -1))
        return grid.movedim(2, -1)
