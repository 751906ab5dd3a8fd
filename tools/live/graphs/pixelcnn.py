"""The Gated PixelCNN cut into steps: a row, a pixel, and a pixel's law.

They do what `gencourse.cached` does. What they keep for later is handed out and back
in; where it lies until then is for the caller.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gencourse.heads import LogisticMixture
from gencourse.masked import gate
from gencourse.pixelcnn import GatedLayer, GatedPixelCNN


class Row(nn.Module):
    """What the rows above tell each pixel of a row, in every layer, with the class."""

    def __init__(self, model: GatedPixelCNN) -> None:
        super().__init__()
        self.model = model

    def forward(self, rows: Tensor, before: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return this row's input of each layer, and what each pixel is told.

        Args:
            rows: the three rows above in [-1, 1], 0 outside the image: (1, 1, 3, W).
            before: inputs of the layers, each a dilation higher: (layers, f, W).
            y: the class, int64 (1,).

        Returns:
            (layers, f, W) and (W, layers, 2 f).
        """
        above = self.model.first_above(F.pad(rows, (3, 3)))  # (1, f, 1, W)
        inputs, links = [], []
        for layer, higher in zip(layers_of(self.model), before, strict=True):
            d = layer.dilation
            for_above, for_left = (b[..., None, None] for b in layer.biases(y))
            pair = F.pad(torch.cat([higher[None, :, None], above], 2), (d, d))
            conv = layer.above
            wide = F.conv2d(pair, conv.weight, conv.bias, dilation=(1, d))
            link = layer.link(wide) + for_left
            inputs.append(above[0, :, 0])
            links.append(link[0, :, 0].T)
            above = above + gate(wide + for_above, 1)
        return torch.stack(inputs), torch.stack(links, 1)


class Pixel(nn.Module):
    """A column of the horizontal stack, and the law of its pixel."""

    def __init__(self, model: GatedPixelCNN) -> None:
        super().__init__()
        self.model = model
        self.law = Law(cast(LogisticMixture, model.head))

    def forward(
        self, taps: Tensor, links: Tensor, before: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return this column's input of each layer, and log p of every level.

        Args:
            taps: the three pixels on the left in [-1, 1], 0 outside: (1, 3).
            links: what `Row` told this pixel: (layers, 2 f).
            before: inputs of the layers, each a dilation to the left: (layers, f).

        Returns:
            (layers, f), and nats (levels,).
        """
        first = self.model.first_left
        left = F.linear(taps, first.weight.flatten(1), first.bias)
        inputs = []
        for k, layer in enumerate(layers_of(self.model)):
            inputs.append(left)
            pair = torch.stack([before[k : k + 1], left], 2)  # (1, f, 2)
            kernel = layer.left.weight.flatten(1)
            wide = F.linear(pair.flatten(1), kernel, layer.left.bias)
            weight = layer.residual.weight.flatten(1)
            opened = gate(wide + links[k : k + 1], 1)
            left = left + F.linear(opened, weight, layer.residual.bias)
        numbers = self.model.readout(left, left[:, :1])  # grey: no channel comes before
        return torch.cat(inputs), self.law(numbers[0, 0])


class Law(nn.Module):
    """The law of `LogisticMixture` in operations that ONNX keeps exact."""

    edges: Tensor

    def __init__(self, head: LogisticMixture) -> None:
        super().__init__()
        self.head = head
        levels = head.levels
        self.reach = 1 / (levels - 1)  # half a bin
        centres = 2 * self.reach * torch.arange(levels - 1.0) - 1
        self.register_buffer("edges", centres + self.reach)

    def forward(self, numbers: Tensor) -> Tensor:
        """Return log p of every level in nats: (3 K,) -> (levels,)."""
        weights, means, log_scales = self.head.split(numbers)
        precision = torch.exp(-log_scales)
        ends = (self.edges[:, None] - means) * precision  # (levels - 1, K)
        sure = torch.zeros_like(ends[:1])
        below = torch.cat([-F.softplus(-ends), sure])  # log P(X < upper end)
        above = torch.cat([sure, -F.softplus(ends)])  # log P(X > lower end)
        # 1 - exp(-2 t) = 2 tanh(t) / (1 + tanh(t)): ONNX has no expm1.
        bend = torch.tanh(self.reach * precision)
        inside = torch.log(2 * bend / (1 + bend)).expand(len(ends) - 1, -1)
        each = below + above + torch.cat([sure, inside, sure])
        return torch.logsumexp(weights.log_softmax(-1) + each, dim=-1)


def layers_of(model: GatedPixelCNN) -> list[GatedLayer]:
    """Return the layers, typed."""
    return cast("list[GatedLayer]", list(model.layers))
