"""Autoencoders: an encoder, a bottleneck, a decoder; and a classifier that starts
from a trained encoder.

The decoder and the reconstruction exist only to make a loss: what is kept is the
encoder (Hinton and Salakhutdinov 2006, https://doi.org/10.1126/science.1127647).
"""

from __future__ import annotations

import copy
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gencourse.images import Shape, check_images, to_unit


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
        """Return the reconstruction loss of levels x, as `reconstruction_loss` has it.

        Up to a constant it is the nats per image of a Gaussian of variance one around
        the reconstruction.
        """
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
        self.shape, self.levels, self.latent = shape, levels, latent
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(prod(shape), latent))
        self.decoder = nn.Sequential(
            nn.Linear(latent, prod(shape)), nn.Unflatten(1, shape)
        )


class ConvAutoencoder(Autoencoder):
    """Strided convolutions down to a code, transposed convolutions back up.

    Height and width are multiples of four. ``width`` counts the first layer's channels.
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
        channels, height, side = shape
        if height % 4 or side % 4:
            raise ValueError(f"expected sides that are multiples of 4, got {shape}")
        self.shape, self.levels, self.latent = shape, levels, latent
        small = (2 * width, height // 4, side // 4)
        self.encoder = nn.Sequential(
            nn.Conv2d(channels, width, 4, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(2 * width, 2 * width, 3, padding=1),
            nn.GELU(),
            nn.Flatten(),
            nn.Linear(prod(small), latent),
        )
        self.decoder = nn.Sequential(
            nn.Linear(latent, prod(small)),
            nn.GELU(),
            nn.Unflatten(1, small),
            nn.Conv2d(2 * width, 2 * width, 3, padding=1),
            nn.GELU(),
            nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1),
            nn.GELU(),
            nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1),
        )


class Denoising(nn.Module):
    """Train an autoencoder to undo noise: Vincent et al. 2008, with Gaussian noise.

    https://doi.org/10.1145/1390156.1390294. ``noise`` is the standard deviation, in
    units of the grey range [0, 1].
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
        self.shape, self.levels = autoencoder.shape, autoencoder.levels
        self.encoder = copy.deepcopy(autoencoder.encoder).requires_grad_(not frozen)
        self.head = nn.Linear(autoencoder.latent, classes)

    def logits(self, x: Tensor) -> Tensor:
        """Return unnormalised log-probabilities: levels (B, C, H, W) -> (B, classes)."""
        check_images(x, self.shape, self.levels, floats=True)
        scores: Tensor = self.head(self.encoder(to_unit(x, self.levels)))
        return scores

    def losses(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """Return the cross entropy in nats per image; y is int64 (B,)."""
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
        raise ValueError(
            f"expected one shape, got {tuple(x.shape)} and "
            f"{tuple(reconstruction.shape)}"
        )
    return 0.5 * (x - reconstruction).square().flatten(1).sum(1).mean()


def pca(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return the mean (D,) and the first k principal components (k, D) of x (N, D).

    Components are orthonormal rows, the direction of greatest variance first. Their
    signs are arbitrary. k outside 1 ... min(N, D) is a ValueError.
    """
    if not 1 <= k <= min(x.shape):
        raise ValueError(f"expected k in 1 to {min(x.shape)}, got {k}")
    mean = x.mean(0)
    _, _, directions = torch.linalg.svd(x - mean, full_matrices=False)
    return mean, directions[:k]


def principal_angles(a: Tensor, b: Tensor) -> Tensor:
    """Return the angles between two subspaces, in radians, smallest first.

    Args:
        a: rows that span the first subspace, (k, D); they need not be orthonormal.
        b: rows that span the second, (k, D).

    Returns:
        (k,) angles in [0, pi/2]; all zero when the subspaces are the same.
    """
    basis_a, _ = torch.linalg.qr(a.T)  # (D, k), orthonormal columns
    basis_b, _ = torch.linalg.qr(b.T)
    cosines = torch.linalg.svdvals(basis_a.T @ basis_b)  # cos of each, largest first
    # An arc cosine cannot see angles below 1e-8: the sine of the rest of b can.
    sines = torch.linalg.svdvals(basis_b - basis_a @ (basis_a.T @ basis_b)).flip(0)
    return torch.atan2(sines, cosines)


def add_noise(x: Tensor, std: float, generator: torch.Generator | None = None) -> Tensor:
    """Return x plus independent Gaussian noise of standard deviation std, same shape.

    The result is a new tensor and is not cut to [0, 1].
    """
    noise = torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)
    return x + std * noise


def interpolate(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """Return codes evenly spaced on the line from start (D,) to end (D,), ends included.

    The result is (steps, D): row 0 is start, the last row is end.
    """
    share = torch.linspace(0, 1, steps, dtype=start.dtype, device=start.device)
    return start + share[:, None] * (end - start)


def balanced_draw(
    y: Tensor, per_class: int, generator: torch.Generator | None = None
) -> Tensor:
    """Return indices of a random draw with the same number of images of every class.

    Args:
        y: labels, int64 (N,).
        per_class: how many of each class that occurs in y; more than a class has is a
            ValueError.
        generator: makes the draw repeatable.

    Returns:
        int64 (classes * per_class,), no index twice.
    """
    drawn = []
    for label in y.unique():
        members = (y == label).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError(
                f"class {label} has {len(members)} images, expected {per_class}"
            )
        drawn.append(members[torch.randperm(len(members), generator=generator)])
    return torch.cat([members[:per_class] for members in drawn])


def linear_gradients(
    x: Tensor, encoder: Tensor, decoder: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the gradients of a linear autoencoder's loss, derived by hand.

    The loss is half the squared error of ``x @ encoder @ decoder`` against x, summed
    over pixels and averaged over the batch.

    Args:
        x: centred images, (N, D).
        encoder: (D, k).
        decoder: (k, D).

    Returns:
        The gradient with respect to the encoder, (D, k), and to the decoder, (k, D).
    """
    z = x @ encoder
    error = (z @ decoder - x) / len(x)
    return x.T @ (error @ decoder.T), z.T @ error
