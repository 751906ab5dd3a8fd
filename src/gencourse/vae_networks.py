"""The networks of a VAE: from an image to features, and from features to an image."""

from __future__ import annotations

from math import prod
from typing import Literal

from torch import Tensor, nn

from gencourse.images import Shape, check_count, divisible_by_four

NetworkName = Literal["dense", "conv"]
# What reads an image and how many features it gives; how many features the other takes
# and what writes the numbers of an image from them.
Networks = tuple[nn.Module, int, int, nn.Module]


def make_networks(name: NetworkName, shape: Shape, size: int, width: int) -> Networks:
    """Return the two networks of that name, and the features between which codes stand.

    Args:
        name: "dense" or "conv"; another is a ValueError that lists them.
        shape: (C, H, W) of an image.
        size: numbers that are written for each subpixel.
        width: units of a hidden layer, or channels at the full side.

    Returns:
        A reader (B, C, H, W) -> (B, read), the number read, the number written, and a
        writer (B, written) -> (B, C * size, H, W).
    """
    check_count("width", width)
    if name == "dense":
        return dense_networks(shape, size, width)
    if name == "conv":
        return conv_networks(shape, size, width)
    raise ValueError(f"expected network dense or conv, got {name!r}")


def dense_networks(shape: Shape, size: int, width: int) -> Networks:
    """Return two fully connected networks of two hidden layers each."""
    channels, height, side = shape
    reader = nn.Sequential(
        *(nn.Flatten(), nn.Linear(prod(shape), width), nn.GELU()),
        *(nn.Linear(width, width), nn.GELU()),
    )
    writer = nn.Sequential(
        *(nn.GELU(), nn.Linear(width, width), nn.GELU()),
        nn.Linear(width, size * prod(shape)),
        nn.Unflatten(1, (channels * size, height, side)),
    )
    return reader, width, width, writer


def conv_networks(shape: Shape, size: int, width: int) -> Networks:
    """Return strided convolutions down to a quarter of each side, and back up.

    Channels double where sides halve, and residual blocks stand between. The sides are
    multiples of four.
    """
    channels, height, side = divisible_by_four(shape)
    small = (4 * width, height // 4, side // 4)
    narrow = (width, height // 4, side // 4)
    reader = nn.Sequential(
        nn.Conv2d(channels, 2 * width, 4, stride=2, padding=1),
        Residual(2 * width),
        nn.Conv2d(2 * width, 4 * width, 4, stride=2, padding=1),
        *(Residual(4 * width), nn.GELU()),
        *(nn.Conv2d(4 * width, width, 1), nn.Flatten(), nn.GELU()),
    )
    writer = nn.Sequential(
        *(nn.Unflatten(1, narrow), nn.Conv2d(width, small[0], 1)),
        Residual(4 * width),
        nn.ConvTranspose2d(4 * width, 2 * width, 4, stride=2, padding=1),
        Residual(2 * width),
        nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1),
        Residual(width),
        *(nn.GELU(), nn.Conv2d(width, channels * size, 1)),
    )
    return reader, prod(narrow), prod(narrow), writer


class Residual(nn.Module):
    """Two convolutions beside a path that leaves the features as they are."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.step = nn.Sequential(
            *(nn.GELU(), nn.Conv2d(channels, channels, 3, padding=1)),
            *(nn.GELU(), nn.Conv2d(channels, channels, 3, padding=1)),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same shape: (B, channels, H, W)."""
        stepped: Tensor = self.step(x)
        return x + stepped
