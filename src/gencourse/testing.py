"""Measure what a model sees and whether its probabilities sum to one.

A subpixel is one channel of one pixel. Subpixels are counted in raster order, the
channels of a pixel one after another: number (row * W + column) * C + channel.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn
from torch.func import jacrev

from gencourse.autoregressive import Autoregressive
from gencourse.images import Shape, check_count, check_levels, check_shape

MOST_IMAGES = 2**20
Net = TypeVar("Net", bound=nn.Module)


class ImageDensity(Protocol):
    """An explicit density of small images (see `gencourse.density`)."""

    shape: Shape
    levels: int

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats: levels (B, C, H, W) -> (B,)."""


def causal_jacobian(
    model: Autoregressive,
    x: Tensor | None = None,
    y: int | None = None,
    *,
    images: int = 4,
) -> Tensor:
    """Return how strongly each subpixel's law reacts to each subpixel: (D, D).

    Row i, column k holds the largest |d numbers_i / d level_k| met, in float64, where
    numbers_i is a random mixture of what the head reads at subpixel i. It is exactly 0
    where no path leads from k to i: in a causal model on and above the diagonal. One
    image is not enough, because a ReLU that is off hides an edge.

    Args:
        model: costs D = C * H * W backward passes an image. It is copied, and the copy
            put in eval mode.
        x: levels, (B, C, H, W); by default random ones.
        y: the class, of a conditional model.
        images: how many random images, where x is None.
    """
    exact = _in_float64(model)
    x = _chosen_images(model, x, images)
    weights = torch.randn(exact.head.size, generator=_seeded(), dtype=torch.float64)

    def mixed(image: Tensor) -> Tensor:
        numbers = exact.logits(image[None], _labels(y, 1))[0]  # (C, H, W, size)
        return _raster(numbers @ weights)

    each = torch.stack([jacrev(mixed)(image) for image in x])  # (B, D, C, H, W)
    return _raster(each.abs().amax(0).detach())


def receptive_field(
    model: Autoregressive,
    pixel: tuple[int, int],
    x: Tensor | None = None,
    y: int | None = None,
    *,
    images: int = 4,
) -> Tensor:
    """Return which pixels the law of one pixel depends on: bool (H, W).

    Measured as in `causal_jacobian`, but by one backward pass. Of several channels a
    pixel depends on itself, because its green looks at its red.

    Args:
        model: of any size.
        pixel: (row, column).
        x: levels, (B, C, H, W); by default random ones.
        y: the class, of a conditional model.
        images: how many random images, where x is None.
    """
    (_, height, width), (row, column) = model.shape, pixel
    if not (0 <= row < height and 0 <= column < width):
        raise ValueError(f"expected a pixel inside {height}x{width}, got {pixel}")
    x = _chosen_images(model, x, images).requires_grad_()
    numbers = _in_float64(model).logits(x, _labels(y, len(x)))[:, :, row, column]
    weights = torch.randn(numbers.shape, generator=_seeded(), dtype=torch.float64)
    (gradient,) = torch.autograd.grad((numbers * weights).sum(), x)
    return (gradient != 0).any(dim=1).any(dim=0)


def leaks(jacobian: Tensor) -> Tensor:
    """Return the pairs (i, k) where subpixel i sees k >= i, itself or later: (N, 2).

    Args:
        jacobian: (D, D); i sees k where row i, column k is not 0, however small.
    """
    return (jacobian != 0).triu().nonzero()


def unseen(jacobian: Tensor) -> Tensor:
    """Return the pairs (i, k) where subpixel i does not see the earlier k: (N, 2)."""
    return (jacobian == 0).tril(-1).nonzero()


def strong_copy(model: Net, *, gain: float = 2.0, seed: int = 0) -> Net:
    """Return a float64 copy with large random weights; the model stays as it was.

    A fresh network's laws hardly differ, and hide many a mistake. Weights are drawn
    from N(0, gain^2 / inputs of the layer), biases from N(0, 1/4).
    """
    strong, generator = _in_float64(model), _seeded(seed)
    with torch.no_grad():
        for parameter in strong.parameters():
            large = gain / parameter[0].numel() ** 0.5 if parameter.ndim > 1 else 0.5
            parameter.normal_(std=large, generator=generator)
    return strong


def enumerate_images(shape: Shape, levels: int) -> Tensor:
    """Return every image there is: uint8 (levels ** (C * H * W), C, H, W).

    In the order of numbers with a digit for each subpixel, the first one leading. More
    than 2 ** 20 images are a ValueError.
    """
    check_levels(levels)
    check_shape(shape)
    channels, height, width = shape
    size = channels * height * width
    if size > 20 or levels**size > MOST_IMAGES:
        raise ValueError(
            f"expected at most {MOST_IMAGES} images, got {levels} levels and "
            f"shape {tuple(shape)}: {levels} ** {size}"
        )
    number = torch.arange(levels**size)
    digits = number[:, None] // _places(size, levels) % levels  # (N, D)
    images = digits.view(-1, height, width, channels).movedim(-1, 1)
    return images.to(torch.uint8).contiguous()


def image_numbers(x: Tensor, levels: int) -> Tensor:
    """Return where images stand in `enumerate_images`: (B, C, H, W) -> int64 (B,)."""
    digits = _raster(x).long()
    return (digits * _places(digits.shape[1], levels).to(x.device)).sum(1)


def total_probability(model: ImageDensity, y: int | None = None) -> float:
    """Return the sum of p(x), or p(x | y), over every image of the model's shape.

    Computed in float64. A model that sees what it is to predict does not give 1. More
    than 2 ** 20 images are a ValueError.
    """
    exact = _in_float64(model) if isinstance(model, nn.Module) else model
    log_prob: Callable[..., Tensor] = exact.log_prob
    total = 0.0
    with torch.no_grad():
        for x in enumerate_images(model.shape, model.levels).split(4096):
            labels = () if y is None else (_labels(y, len(x)),)
            total += log_prob(x, *labels).double().exp().sum().item()
    return total


def _in_float64(model: Net) -> Net:
    return copy.deepcopy(model).cpu().double().eval()


def _seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _labels(y: int | None, count: int) -> Tensor | None:
    return None if y is None else torch.full((count,), y)


def _chosen_images(model: Autoregressive, x: Tensor | None, count: int) -> Tensor:
    check_count("images", count)
    if x is None:
        size = (count, *model.shape)
        x = torch.randint(model.levels, size, generator=_seeded())
    return x.detach().to("cpu", torch.float64, copy=True)


def _raster(x: Tensor) -> Tensor:
    """Return (..., C, H, W) as (..., D), in raster order."""
    return x.movedim(-3, -1).flatten(-3)


def _places(size: int, levels: int) -> Tensor:
    """Return what a digit is worth at each place, the leading one first: (size,)."""
    return levels ** torch.arange(size - 1, -1, -1)
