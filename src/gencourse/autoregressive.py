"""What PixelRNN and PixelCNN share: the chain rule, its heads, and sampling.

p(x) = prod_i p(x_i | x_1 ... x_(i-1)), pixels in raster order (row by row, from the
left), and inside a pixel one channel after another: R, G, B (van den Oord et al. 2016,
section 2, https://arxiv.org/abs/1601.06759).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import product
from typing import Protocol

import torch
from torch import Tensor, nn

from gencourse.heads import HeadName as HeadName
from gencourse.heads import make_head
from gencourse.images import (
    Shape,
    check_condition,
    check_count,
    check_images,
    check_known,
    check_shape,
    check_whole,
    scaled,
)


class Reader(Protocol):
    """Computes the head's numbers of one subpixel after another, in raster order."""

    def __call__(self, x: Tensor, i: int, j: int, c: int) -> Tensor:
        """Return the numbers of channel c at row i, column j: levels x -> (B, size).

        Called once for every subpixel, in order; those before it hold their levels.
        """


class Autoregressive(nn.Module, ABC):
    """An exact density, from numbers that depend on earlier pixels alone.

    A subclass writes ``numbers`` and ``reader``; the rest follows.

    Args:
        shape: (C, H, W) of an image.
        levels: values are 0 ... levels - 1.
        head: "softmax", "logistic" (a mixture of `components` discretised logistic
            laws) or "bernoulli" (two levels only).
        components: of the logistic mixture.
        classes: number of classes of a conditional model p(x | y), or None.
    """

    def __init__(
        self,
        shape: Shape,
        levels: int,
        head: HeadName,
        components: int,
        classes: int | None,
    ) -> None:
        super().__init__()
        check_shape(shape)
        if classes is not None:
            check_count("classes", classes)
        self.shape, self.levels, self.classes = shape, levels, classes
        self.head = make_head(head, levels, components)

    @abstractmethod
    def numbers(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Return what the head reads: (B, C, H, W) in [-1, 1] -> (B, C, H, W, size).

        The numbers of a subpixel depend on the subpixels before it, and on y.
        """

    @abstractmethod
    def reader(self, n: int, y: Tensor | None) -> Reader:
        """Return what computes the numbers pixel by pixel, keeping what it computed."""

    def logits(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the numbers that the head reads, causal in raster order.

        Args:
            x: levels, (B, C, H, W), uint8 or floating.
            y: int64 labels (B,) of a conditional model, else None.

        Returns:
            (B, C, H, W, size): of a softmax head the logits of the levels.
        """
        check_images(x, self.shape, self.levels, floats=True)
        check_condition(y, len(x), self.classes)
        return self.numbers(scaled(x.to(self._dtype), self.levels), y)

    def log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Return log p(x), or log p(x | y), in nats: levels (B, C, H, W) -> (B,)."""
        return self.head.log_prob(self.logits(x, y), x).flatten(1).sum(1)

    def losses(self, x: Tensor, y: Tensor | None = None) -> dict[str, Tensor]:
        """Return the mean negative log-likelihood of levels x, in nats per image."""
        check_whole(x)
        return {"nll": -self.log_prob(x, y).mean()}

    def sample(
        self,
        n: int,
        y: Tensor | None = None,
        *,
        cached: bool = True,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Return n images drawn pixel by pixel: uint8 (n, C, H, W).

        Args:
            n: how many, 1 or more.
            y: int64 labels (n,) of a conditional model, else None.
            cached: compute one column of features a pixel; else one whole forward pass
                a pixel, which gives the same images, slowly.
            generator: of the draws, on the model's device.
        """
        check_count("n", n)
        device = next(self.parameters()).device
        nothing = torch.zeros(n, *self.shape, dtype=torch.uint8, device=device)
        known = torch.zeros_like(nothing, dtype=torch.bool)
        return self._fill(nothing, known, y, cached, generator)

    def complete(
        self,
        x: Tensor,
        known: Tensor,
        y: Tensor | None = None,
        *,
        cached: bool = True,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Return x with the known pixels kept and the others drawn: uint8, same shape.

        Each pixel is drawn given the pixels before it. Where the known pixels come
        first in raster order (the upper half) this is a draw from the model's own law
        of the rest; known pixels that come later do not reach back.

        Args:
            x: levels, uint8 (B, C, H, W); what stands in unknown pixels is ignored.
            known: bool, True where x is kept: (H, W), or x's shape.
            y: int64 labels (B,) of a conditional model, else None.
            cached: see `sample`.
            generator: of the draws, on the model's device.
        """
        check_images(x, self.shape, self.levels)
        check_known(known, x)
        return self._fill(x, known.expand_as(x), y, cached, generator)

    @torch.no_grad()
    def _fill(
        self,
        x: Tensor,
        known: Tensor,
        y: Tensor | None,
        cached: bool,
        generator: torch.Generator | None,
    ) -> Tensor:
        check_condition(y, len(x), self.classes)
        uniform = torch.rand(
            (*x.shape, self.head.draws), generator=generator, device=x.device
        )
        read = self.reader(len(x), y) if cached else self._naive_reader(y)

        def draw(x: Tensor, i: int, j: int, c: int) -> Tensor:
            numbers = read(x, i, j, c)
            return self.head.sample(numbers, uniform[:, c, i, j].to(numbers.dtype))

        return fill(x.to(self._dtype), known, draw).to(torch.uint8)

    def _naive_reader(self, y: Tensor | None) -> Reader:
        return lambda x, i, j, c: self.logits(x, y)[:, c, i, j]

    @property
    def _dtype(self) -> torch.dtype:
        return next(self.parameters()).dtype


def fill(x: Tensor, known: Tensor, draw: Callable[..., Tensor]) -> Tensor:
    """Return a copy of x in which the unknown subpixels are drawn, in raster order.

    Row by row, from the left; inside a pixel one channel after another.

    Args:
        x: levels, (B, C, H, W); what stands where it is not known is not looked at.
        known: bool, the shape of x: True where x is kept.
        draw: draw(x, i, j, c) returns levels (B,) of channel c at row i, column j. Its
            x holds all that is known, what is drawn by then, and 0 elsewhere. It is
            called for every subpixel, a known one too: it may keep what it computes.
    """
    x = x.where(known, 0)
    channels, height, width = x.shape[1:]
    for i, j, c in product(range(height), range(width), range(channels)):
        drawn = draw(x, i, j, c).to(x.dtype)
        x[:, c, i, j] = x[:, c, i, j].where(known[:, c, i, j], drawn)
    return x
