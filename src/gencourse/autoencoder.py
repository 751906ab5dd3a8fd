"""Autoencoders, and a classifier that starts from a trained encoder.

The decoder and the reconstruction exist only to make a loss: what is kept is the
encoder, https://doi.org/10.1126/science.1127647 (Hinton and Salakhutdinov 2006).
"""

from __future__ import annotations

import copy
from math import prod

import torch.nn.functional as F
from torch import Tensor, nn

from gencourse.images import (
    Shape,
    check_count,
    check_images,
    check_labels,
    check_whole,
    divisible_by_four,
    to_unit,
)
from gencourse.images import add_noise as add_noise


class Autoencoder(nn.Module):
    """What every autoencoder does with its two networks, ``encoder`` and ``decoder``.

    It has no ``log_prob`` and no ``sample``: it is no model of p(x).
    """

    encoder: nn.Module  # (B, C, H, W) in [0, 1] -> (B, latent)
    decoder: nn.Module  # (B, latent) -> (B, C, H, W)
    shape: Shape
    levels: int
    latent: int

    def encode(self, x: Tensor) -> Tensor:
        """Return the codes of images: levels (B, C, H, W) -> (B, latent)."""
        check_images(x, self.shape, self.levels, floats=True)
        z: Tensor = self.encoder(to_unit(x, self.levels))
        return z

    def decode(self, z: Tensor) -> Tensor:
        """Return grey values near [0, 1]: (B, latent) -> (B, C, H, W)."""
        if z.ndim != 2 or z.shape[1] != self.latent:
            raise ValueError(
                f"expected codes of shape (B, {self.latent}), got {tuple(z.shape)}"
            )
        grey: Tensor = self.decoder(z)
        return grey

    def reconstruct(self, x: Tensor) -> Tensor:
        """Return decode(encode(x)): levels -> grey values near [0, 1], same shape."""
        return self.decode(self.encode(x))

    def losses(self, x: Tensor) -> dict[str, Tensor]:
        """Return the loss of reconstructing levels x: see `reconstruction_loss`."""
        check_whole(x)
        loss = reconstruction_loss(to_unit(x, self.levels), self.reconstruct(x))
        return {"reconstruction": loss}

    def squared_error(self, x: Tensor) -> Tensor:
        """Return each image's mean squared error per pixel, grey in [0, 1]: (B,)."""
        error = to_unit(x, self.levels) - self.reconstruct(x)
        return error.square().flatten(1).mean(1)


class LinearAutoencoder(Autoencoder):
    """One linear layer each way; its best loss is that of PCA (Baldi and Hornik 1989).

    https://doi.org/10.1016/0893-6080(89)90014-2
    """

    def __init__(
        self, *, shape: Shape = (1, 28, 28), levels: int = 256, latent: int = 32
    ) -> None:
        super().__init__()
        check_count("latent", latent)
        self.shape, self.levels, self.latent = shape, levels, latent
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(prod(shape), latent))
        self.decoder = nn.Sequential(
            nn.Linear(latent, prod(shape)), nn.Unflatten(1, shape)
        )


class ConvAutoencoder(Autoencoder):
    """Strided convolutions down to a code, and back up; sides are multiples of four.

    ``width`` is the number of channels of the first layer.
    """

    def __init__(
        self,
        *,
        shape: Shape = (1, 28, 28),
        levels: int = 256,
        latent: int = 32,
        width: int = 32,
    ) -> None:
        super().__init__()
        channels, height, side = divisible_by_four(shape)
        check_count("latent", latent)
        self.shape, self.levels, self.latent = shape, levels, latent
        small = (2 * width, height // 4, side // 4)
        self.encoder = nn.Sequential(
            nn.Conv2d(channels, width, 4, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(2 * width, 2 * width, 3, padding=1),
            nn.GELU(),
            *(nn.Flatten(), nn.Linear(prod(small), latent)),
        )
        self.decoder = nn.Sequential(
            *(nn.Linear(latent, prod(small)), nn.GELU(), nn.Unflatten(1, small)),
            nn.Conv2d(2 * width, 2 * width, 3, padding=1),
            nn.GELU(),
            nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1),
            nn.GELU(),
            nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1),
        )


class Denoising(nn.Module):
    """Train an autoencoder to undo Gaussian noise; ``noise`` is its standard deviation.

    Vincent et al. 2008, https://doi.org/10.1145/1390156.1390294.
    """

    def __init__(self, autoencoder: Autoencoder, *, noise: float = 0.5) -> None:
        super().__init__()
        if not noise > 0:
            raise ValueError(f"expected noise > 0, got {noise}")
        self.autoencoder, self.noise = autoencoder, noise

    def denoise(self, noisy: Tensor) -> Tensor:
        """Return clean grey values for noisy ones: (B, C, H, W) both."""
        clean: Tensor = self.autoencoder.decoder(self.autoencoder.encoder(noisy))
        return clean

    def losses(self, x: Tensor) -> dict[str, Tensor]:
        """Return the loss of the *clean* image given the noisy one; x is levels."""
        check_images(x, self.autoencoder.shape, self.autoencoder.levels)
        unit = to_unit(x, self.autoencoder.levels)
        restored = self.denoise(add_noise(unit, self.noise))
        return {"reconstruction": reconstruction_loss(unit, restored)}


class Classifier(nn.Module):
    """A linear layer on a copy of an autoencoder's encoder.

    ``frozen=True`` trains the linear layer alone; else the encoder is fine-tuned. An
    untrained autoencoder gives the same network from scratch.
    """

    def __init__(
        self, autoencoder: Autoencoder, *, classes: int = 10, frozen: bool = False
    ) -> None:
        super().__init__()
        check_count("classes", classes)
        self.shape, self.levels = autoencoder.shape, autoencoder.levels
        self.encoder = copy.deepcopy(autoencoder.encoder).requires_grad_(not frozen)
        self.head = nn.Linear(autoencoder.latent, classes)

    def logits(self, x: Tensor) -> Tensor:
        """Return a score for each class: levels (B, C, H, W) -> (B, classes)."""
        check_images(x, self.shape, self.levels, floats=True)
        scores: Tensor = self.head(self.encoder(to_unit(x, self.levels)))
        return scores

    def losses(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """Return the cross entropy in nats per image; y is int64 (B,)."""
        check_whole(x)
        check_labels(y, len(x), self.head.out_features)
        return {"cross_entropy": F.cross_entropy(self.logits(x), y)}

    def predict(self, x: Tensor) -> Tensor:
        """Return the likeliest class of each image: (B,) int64."""
        return self.logits(x).argmax(1)


def reconstruction_loss(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Return half the squared error, summed over pixels, averaged over the batch.

    Args:
        x: grey values, (B, ...).
        reconstruction: the same shape; another is a ValueError.

    Returns:
        A scalar: up to a constant, nats per image under a Gaussian of variance one.
    """
    if x.shape != reconstruction.shape:
        shapes = f"{tuple(x.shape)} and {tuple(reconstruction.shape)}"
        raise ValueError(f"expected one shape, got {shapes}")
    return 0.5 * (x - reconstruction).square().flatten(1).sum(1).mean()
