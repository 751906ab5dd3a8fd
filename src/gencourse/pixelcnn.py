"""PixelCNN and Gated PixelCNN: every pixel's law at once, by masked convolution.

van den Oord et al. 2016a, https://arxiv.org/abs/1601.06759 (PixelCNN), and 2016b,
https://arxiv.org/abs/1606.05328 (gates, two stacks, classes).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from gencourse.autoregressive import Autoregressive, Reader
from gencourse.cached import GatedReader, PixelCNNReader
from gencourse.heads import HeadName
from gencourse.images import Shape, check_count
from gencourse.masked import MaskedConv2d as MaskedConv2d
from gencourse.masked import Readout, gate


class ResidualBlock(nn.Module):
    """x + 1x1(relu(3x3(relu(1x1(relu(x)))))), masked (2016a, figure 5, left)."""

    def __init__(self, features: int, channels: int) -> None:
        super().__init__()
        wide, narrow = 2 * features * channels, features * channels
        self.enter = MaskedConv2d(wide, narrow, 1, mask="B", channel_groups=channels)
        self.look = MaskedConv2d(narrow, narrow, 3, mask="B", channel_groups=channels)
        self.leave = MaskedConv2d(narrow, wide, 1, mask="B", channel_groups=channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same shape: (B, wide, H, W)."""
        added: Tensor = self.leave(self.look(self.enter(x.relu()).relu()).relu())
        return x + added


class PixelCNN(Autoregressive):
    """PixelCNN: a masked 7x7 convolution and residual blocks (2016a, section 3.5).

    The blocks grow the context upwards as a cone: it never reaches the pixels above and
    to the right of that cone, the blind spot.

    Args:
        shape: (C, H, W) of an image.
        levels: values are 0 ... levels - 1.
        features: h of the paper, for each colour channel; a block is 2 h wide.
        blocks: how many residual blocks.
        head: "softmax", "logistic" or "bernoulli".
        components: of the logistic mixture.
    """

    def __init__(
        self,
        *,
        shape: Shape = (1, 28, 28),
        levels: int = 256,
        features: int = 32,
        blocks: int = 6,
        head: HeadName = "softmax",
        components: int = 10,
    ) -> None:
        super().__init__(shape, levels, head, components, classes=None)
        check_count("features", features)
        check_count("blocks", blocks)
        groups = shape[0]
        wide, out = 2 * features * groups, self.head.size * groups
        self.first = MaskedConv2d(groups, wide, 7, mask="A", channel_groups=groups)
        self.blocks = nn.ModuleList(
            ResidualBlock(features, groups) for _ in range(blocks)
        )
        self.hidden = MaskedConv2d(wide, wide, 1, mask="B", channel_groups=groups)
        self.out = MaskedConv2d(wide, out, 1, mask="B", channel_groups=groups)

    def numbers(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Return what the head reads: (B, C, H, W) -> (B, C, H, W, size)."""
        features = self.first(x)
        for block in self.blocks:
            features = block(features)
        numbers = self.out(self.hidden(features.relu()).relu())
        each: Tensor = numbers.unflatten(1, (self.shape[0], -1))
        return each.movedim(2, -1)

    def reader(self, n: int, y: Tensor | None) -> Reader:
        """Return the cached computation of one pixel after another."""
        return PixelCNNReader(self, n)


class GatedLayer(nn.Module):
    """One layer of both stacks, and the link from above to the left.

    The vertical stack holds what the rows above say, the horizontal one what the pixels
    on the left say too (2016b, section 2.2 and figure 2). Kernels are cropped where a
    mask would be zero: 3x3 to 2x3 above, 1x3 to 1x2 on the left.
    """

    def __init__(self, features: int, dilation: int, classes: int | None) -> None:
        super().__init__()
        wide = 2 * features
        self.dilation = dilation
        self.above = nn.Conv2d(features, wide, (2, 3), dilation=dilation)
        self.left = nn.Conv2d(features, wide, (1, 2), dilation=dilation)
        self.link = nn.Conv2d(wide, wide, 1)
        self.residual = nn.Conv2d(features, features, 1)
        self.labels = None if classes is None else nn.Embedding(classes, 2 * wide)

    def forward(
        self, above: Tensor, left: Tensor, y: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Return the features of both stacks, each (B, features, H, W) as it was."""
        d = self.dilation
        for_above, for_left = (b[..., None, None] for b in self.biases(y))
        wide_above = self.above(F.pad(above, (d, d, d, 0)))
        wide_left = self.left(F.pad(left, (d, 0))) + self.link(wide_above) + for_left
        above = above + gate(wide_above + for_above, 1)
        return above, left + self.residual(gate(wide_left, 1))

    def biases(self, y: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return what a class adds before the gates: (B, 2 features) for each stack."""
        if self.labels is None or y is None:
            none = self.link.weight.new_zeros(1, len(self.link.weight))
            return none, none
        for_above, for_left = self.labels(y).chunk(2, 1)
        return for_above, for_left


class GatedPixelCNN(Autoregressive):
    """Gated PixelCNN: two stacks of cropped convolutions, and no blind spot.

    Dilated layers (as in 1511.07122) let few layers see all of a 28x28 image.

    Args:
        shape: (C, H, W) of an image.
        levels: values are 0 ... levels - 1.
        features: of each stack.
        dilations: of the layers, one each; the layers reach 3 + sum(dilations) pixels.
        classes: number of classes of a conditional model p(x | y), or None.
        head: "softmax", "logistic" or "bernoulli".
        components: of the logistic mixture.
    """

    def __init__(
        self,
        *,
        shape: Shape = (1, 28, 28),
        levels: int = 256,
        features: int = 48,
        dilations: Sequence[int] = (1, 2, 4, 8, 1, 2, 4, 8),
        classes: int | None = None,
        head: HeadName = "softmax",
        components: int = 10,
    ) -> None:
        super().__init__(shape, levels, head, components, classes)
        check_count("features", features)
        if not dilations:
            raise ValueError("expected one dilation a layer, got none")
        for dilation in dilations:
            check_count("each of dilations", dilation)
        self.first_above = nn.Conv2d(shape[0], features, (3, 7))
        self.first_left = nn.Conv2d(shape[0], features, (1, 3))
        self.layers = nn.ModuleList(
            GatedLayer(features, dilation, classes) for dilation in dilations
        )
        self.readout = Readout(features, shape[0], self.head.size)

    def numbers(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Return what the head reads: (B, C, H, W) -> (B, C, H, W, size)."""
        # A row and a column too many, cut off: features stand one pixel behind.
        above = self.first_above(F.pad(x, (3, 3, 3, 0)))[:, :, :-1]
        left = self.first_left(F.pad(x, (3, 0)))[..., :-1]
        for layer in self.layers:
            above, left = layer(above, left, y)
        numbers: Tensor = self.readout(left.movedim(1, -1), x.movedim(1, -1))
        return numbers.movedim(-2, 1)

    def reader(self, n: int, y: Tensor | None) -> Reader:
        """Return the cached computation of one pixel after another."""
        return GatedReader(self, n, y)
