"""The networks of a GAN: from noise to an image, and from an image to features."""

from __future__ import annotations

from math import prod
from typing import Literal

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from gencourse.images import Shape, check_count, divisible_by_four

NetworkName = Literal["dense", "conv"]
NormName = Literal["batch", "spectral", "none"]


def make_generator(
    network: NetworkName, shape: Shape, latent: int, width: int
) -> nn.Module:
    """Return a network (B, latent) -> (B, C, H, W) in [-1, 1].

    Args:
        network: "dense" or "conv" (sides are multiples of four); another is an error.
        shape: (C, H, W) of an image.
        latent: numbers that it starts from.
        width: units of a hidden layer, or channels at the full side.
    """
    check_count("width", width)
    if network == "dense":
        return dense_generator(shape, latent, width)
    if network == "conv":
        return conv_generator(shape, latent, width)
    raise ValueError(f"expected network dense or conv, got {network!r}")


def make_features(
    network: NetworkName, shape: Shape, width: int, norm: NormName
) -> tuple[nn.Module, int]:
    """Return a network (B, C, H, W) -> (B, features), and the number of features.

    Args:
        network: as of `make_generator`.
        shape: (C, H, W) of an image.
        width: units of a hidden layer, or channels after the first.
        norm: "batch" (never with a gradient penalty: it ties the images of a batch to
            one another), "spectral" or "none"; another is a ValueError.
    """
    check_count("width", width)
    if norm not in ("batch", "spectral", "none"):
        raise ValueError(f"expected norm batch, spectral or none, got {norm!r}")
    if network == "dense":
        return dense_features(shape, width, norm)
    if network == "conv":
        return conv_features(shape, width, norm)
    raise ValueError(f"expected network dense or conv, got {network!r}")


def dense_generator(shape: Shape, latent: int, width: int) -> nn.Module:
    """Return two hidden layers, the second twice as wide."""
    return nn.Sequential(
        *(nn.Linear(latent, width), nn.LeakyReLU(0.2)),
        *(nn.Linear(width, 2 * width), nn.BatchNorm1d(2 * width), nn.LeakyReLU(0.2)),
        *(nn.Linear(2 * width, prod(shape)), nn.Tanh(), nn.Unflatten(1, shape)),
    )


def conv_generator(shape: Shape, latent: int, width: int) -> nn.Module:
    """Return transposed convolutions from a quarter of each side up.

    With batch normalisation, as in DCGAN (Radford et al. 2016,
    https://arxiv.org/abs/1511.06434).
    """
    channels, height, side = divisible_by_four(shape)
    small = (4 * width, height // 4, side // 4)
    return nn.Sequential(
        *(nn.Linear(latent, prod(small)), nn.Unflatten(1, small)),
        *(nn.BatchNorm2d(4 * width), nn.ReLU()),
        nn.ConvTranspose2d(4 * width, 2 * width, 4, stride=2, padding=1),
        *(nn.BatchNorm2d(2 * width), nn.ReLU()),
        nn.ConvTranspose2d(2 * width, channels, 4, stride=2, padding=1),
        nn.Tanh(),
    )


def dense_features(shape: Shape, width: int, norm: NormName) -> tuple[nn.Module, int]:
    """Return two hidden layers, the second half as wide."""
    network = nn.Sequential(
        *(nn.Flatten(), _normed(nn.Linear(prod(shape), 2 * width), norm)),
        *(nn.LeakyReLU(0.2), _normed(nn.Linear(2 * width, width), norm)),
        nn.LeakyReLU(0.2),
    )
    return network, width


def conv_features(shape: Shape, width: int, norm: NormName) -> tuple[nn.Module, int]:
    """Return strided convolutions down to a quarter of each side."""
    channels, height, side = divisible_by_four(shape)
    small = (4 * width, height // 4, side // 4)
    first = nn.Conv2d(channels, width, 4, stride=2, padding=1)
    second = nn.Conv2d(width, 2 * width, 4, stride=2, padding=1)
    third = nn.Conv2d(2 * width, 4 * width, 3, padding=1)
    network = nn.Sequential(
        # The first looks at the images themselves and is not batch-normalised.
        *(first if norm == "batch" else _normed(first, norm), nn.LeakyReLU(0.2)),
        *(_normed(second, norm), nn.LeakyReLU(0.2)),
        *(_normed(third, norm), nn.LeakyReLU(0.2), nn.Flatten()),
    )
    return network, prod(small)


def _normed(layer: nn.Linear | nn.Conv2d, norm: NormName) -> nn.Module:
    if norm == "spectral":
        return spectral_norm(layer)
    if norm == "none":
        return layer
    if isinstance(layer, nn.Conv2d):
        return nn.Sequential(layer, nn.BatchNorm2d(layer.out_channels))
    return nn.Sequential(layer, nn.BatchNorm1d(layer.out_features))
