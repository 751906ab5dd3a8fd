"""Cached sampling: a pixel costs one column of features, not a forward pass.

What was computed for earlier pixels is kept (the idea: Ramachandran et al. 2017,
https://arxiv.org/abs/1704.06001). A convolution at one pixel is one matrix product with
the few columns that its kernel touches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from gencourse.images import scaled
from gencourse.masked import MaskedConv2d, gate

if TYPE_CHECKING:
    from gencourse.pixelcnn import GatedLayer, GatedPixelCNN, PixelCNN, ResidualBlock


def column(seen: Tensor, weight: Tensor, bias: Tensor, i: int, j: int) -> Tensor:
    """Return the features of one pixel of a convolution, at the cost of that pixel.

    Args:
        seen: the input, padded with k // 2 zeros on each side: (n, in, H + k - 1,
            W + k - 1).
        weight: (out, in, k, k), masked already.
        bias: (out,).
        i: the row of the pixel, in the image without padding.
        j: its column.

    Returns:
        (n, out): what the convolution of the whole image has at [:, :, i, j].
    """
    side = weight.shape[-1]
    patch = seen[:, :, i : i + side, j : j + side]
    return torch.addmm(bias, patch.flatten(1), weight.flatten(1).T)


class Columns:
    """A masked convolution, computed at one pixel after another, in raster order.

    It remembers the columns that it was given, and so pays one column of work a pixel:
    that of `column`, without the taps that the mask hides.
    """

    def __init__(self, conv: MaskedConv2d, n: int, height: int, width: int) -> None:
        self.margin = margin = conv.weight.shape[-1] // 2
        weight = (conv.weight * conv.mask).detach()  # (out, in, k, k)
        above = weight[:, :, :margin].permute(2, 3, 1, 0).flatten(0, 2)
        own = weight[:, :, margin, : margin + 1].permute(2, 1, 0).flatten(0, 1)
        self.weight = torch.cat([above, own])  # (taps * in, out)
        self.bias = conv.bias.detach()
        side = width + 2 * margin
        self.seen = weight.new_zeros(n, height + margin, side, weight.shape[1])

    def put(self, column: Tensor, i: int, j: int) -> None:
        """Remember the input at row i, column j: (n, in)."""
        self.seen[:, i + self.margin, j + self.margin] = column

    def __call__(self, column: Tensor, i: int, j: int) -> Tensor:
        """Return the features at row i, column j: its input (n, in) -> (n, out)."""
        m = self.margin
        if m == 0:  # no neighbour is looked at: nothing to remember
            return torch.addmm(self.bias, column, self.weight)
        self.put(column, i, j)
        above = self.seen[:, i : i + m, j : j + 2 * m + 1].flatten(1)
        own = self.seen[:, i + m, j : j + m + 1].flatten(1)
        return torch.addmm(self.bias, torch.cat([above, own], 1), self.weight)


class PixelCNNReader:
    """Every masked convolution of a PixelCNN, one pixel after another."""

    def __init__(self, model: PixelCNN, n: int) -> None:
        self.model = model
        self.convs = {
            module: Columns(module, n, *model.shape[1:])
            for module in model.modules()
            if isinstance(module, MaskedConv2d)
        }

    def __call__(self, x: Tensor, i: int, j: int, c: int) -> Tensor:
        """Return the numbers of one subpixel: levels (n, C, H, W) -> (n, size)."""
        model, convs = self.model, self.convs
        first = convs[model.first]
        if i or j:  # the pixel before had no level yet when it was read
            row, column = divmod(i * x.shape[3] + j - 1, x.shape[3])
            first.put(scaled(x[:, :, row, column], model.levels), row, column)
        features = first(scaled(x[:, :, i, j], model.levels), i, j)
        for block in cast("list[ResidualBlock]", model.blocks):
            found = convs[block.enter](features.relu(), i, j).relu()
            found = convs[block.look](found, i, j).relu()
            features = features + convs[block.leave](found, i, j)
        hidden = convs[model.hidden](features.relu(), i, j).relu()
        return convs[model.out](hidden, i, j).chunk(x.shape[1], 1)[c]


class GatedReader:
    """Both stacks of a Gated PixelCNN: above once a row, left once a pixel."""

    def __init__(self, model: GatedPixelCNN, n: int, y: Tensor | None) -> None:
        self.model = model
        layers = cast("list[GatedLayer]", model.layers)
        self.layers = [LayerCache(layer, model, n, y) for layer in layers]
        self.weight = model.first_left.weight.flatten(1).T
        self.bias = cast(Tensor, model.first_left.bias)
        self.features = torch.empty(0)

    def __call__(self, x: Tensor, i: int, j: int, c: int) -> Tensor:
        """Return the numbers of one subpixel: levels (n, C, H, W) -> (n, size)."""
        if c == 0 and j == 0:
            self._above(x, i)
        if c == 0:
            self._left(x, i, j)
        pixel = scaled(x[:, :, i, j], self.model.levels)
        numbers: Tensor = self.model.readout(self.features, pixel)
        return numbers[:, c]

    def _above(self, x: Tensor, i: int) -> None:
        rows = scaled(x[:, :, max(i - 3, 0) : i], self.model.levels)
        rows = F.pad(rows, (3, 3, 3 - rows.shape[2], 0))
        above = self.model.first_above(rows)[:, :, 0].movedim(2, 0)  # (W, n, f)
        for layer in self.layers:
            above = layer.row(above, i)

    def _left(self, x: Tensor, i: int, j: int) -> None:
        taps = scaled(x[:, :, i, max(j - 3, 0) : j], self.model.levels)
        taps = F.pad(taps, (3 - taps.shape[2], 0)).flatten(1)
        left = torch.addmm(self.bias, taps, self.weight)
        for layer in self.layers:
            left = layer.column(left, j)
        self.features = left


class LayerCache:
    """One gated layer, by rows above and by columns on the left."""

    def __init__(
        self, layer: GatedLayer, model: GatedPixelCNN, n: int, y: Tensor | None
    ) -> None:
        (_, height, width), d = model.shape, layer.dilation
        new, features = layer.link.weight.new_zeros, layer.residual.in_channels
        self.layer = layer
        self.for_above, for_left = layer.biases(y)
        self.for_left = for_left + cast(Tensor, layer.left.bias)
        self.rows = new(height + d, width + 2 * d, n, features)
        self.columns = [new(n, features)] * (width + d)
        self.links: Sequence[Tensor] = ()
        self.above, self.left, self.residual = (
            conv.weight.permute(2, 3, 1, 0).flatten(0, 2)  # (taps * in, out)
            for conv in (layer.above, layer.left, layer.residual)
        )
        self.bias = cast(Tensor, layer.residual.bias)

    def row(self, above: Tensor, i: int) -> Tensor:
        """Take a row of the vertical stack; return the next layer's: (W, n, f)."""
        layer, d, width = self.layer, self.layer.dilation, len(above)
        self.rows[i + d, d:-d] = above
        both = (self.rows[i], self.rows[i + d])
        taps = [row[k : k + width] for row in both for k in (0, d, 2 * d)]
        wide = F.linear(torch.cat(taps, 2), self.above.T, layer.above.bias)
        link = F.linear(wide, layer.link.weight.flatten(1), layer.link.bias)
        self.links = (link + self.for_left).unbind(0)  # W times (n, 2 f)
        return above + gate(wide + self.for_above, 2)

    def column(self, left: Tensor, j: int) -> Tensor:
        """Take a pixel's column of the left stack; return the next one: (n, f)."""
        self.columns[j + self.layer.dilation] = left
        taps = torch.cat([self.columns[j], left], 1)
        wide = torch.addmm(self.links[j], taps, self.left)
        return torch.addmm(left, gate(wide, 1), self.residual) + self.bias
