"""PixelRNN: every pixel's law from a recurrent network over the pixels before it.

van den Oord et al. 2016, https://arxiv.org/abs/1601.06759.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from torch import Tensor, nn

from gencourse.autoregressive import Autoregressive, HeadName, Reader
from gencourse.cached_rnn import DiagonalCache, PixelRNNReader, RowCache
from gencourse.images import Shape, check_count
from gencourse.masked import MaskedConv2d, Readout
from gencourse.recurrent import DiagonalLayer, RowLayer
from gencourse.recurrent import skew as skew
from gencourse.recurrent import unskew as unskew


class PixelRNN(Autoregressive):
    """A masked 7x7 convolution, recurrent layers, and a readout (section 3.3).

    Layers take (H, W, B, 2 h) and return states (H, W, B, h). These are projected to
    2 h and added to the layer's input (the residual connection), and once more to the
    output (the skip connection; of the last layer, the two are one). The 7x7
    convolution hides all channels of its pixel: features know earlier pixels alone, and
    the readout brings in R before G before B.

    Args:
        shape: (C, H, W) of an image.
        levels: values are 0 ... levels - 1.
        features: h.
        layers: from the input to the output.
        head: "softmax", "logistic" or "bernoulli".
        components: of the logistic mixture.
    """

    def __init__(
        self,
        shape: Shape,
        levels: int,
        features: int,
        layers: Iterable[nn.Module],
        head: HeadName,
        components: int,
    ) -> None:
        super().__init__(shape, levels, head, components, classes=None)
        self.first = MaskedConv2d(shape[0], 2 * features, 7, mask="A")
        self.layers = nn.ModuleList(layers)
        each = [nn.Linear(features, 2 * features) for _ in self.layers]
        self.ups = nn.ModuleList(each)
        self.skips = nn.ModuleList(nn.Linear(features, 2 * features) for _ in each[1:])
        self.readout = Readout(2 * features, shape[0], self.head.size)

    def numbers(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Return what the head reads: (B, C, H, W) -> (B, C, H, W, size)."""
        features = self.first(x).permute(2, 3, 0, 1).contiguous()
        features = self.through(features, self.layers).permute(2, 0, 1, 3)
        numbers: Tensor = self.readout(features, x.movedim(1, -1))
        return numbers.movedim(-2, 1)

    def through(
        self, features: Tensor, layers: Iterable[Callable[[Tensor], Tensor]]
    ) -> Tensor:
        """Return what the readout reads: the first features (..., 2 h) -> (..., 2 h).

        The layers are those of the model, or what computes them pixel by pixel.
        """
        found: list[Tensor] = []
        for layer, up in zip(layers, self.ups, strict=True):
            found.append(layer(features))
            features = features + up(found[-1])
        for skip, states in zip(self.skips, found[:-1], strict=True):
            features = features + skip(states)
        return features


class RowLSTM(PixelRNN):
    """PixelRNN by rows: quick, and blind outside a triangle above (section 3.1).

    Each layer widens the triangle by what its convolutions reach.

    Args:
        shape: (C, H, W) of an image.
        levels: values are 0 ... levels - 1.
        features: h, the width of the states; the maps between layers are 2 h wide.
        layers: how many.
        head: "softmax", "logistic" or "bernoulli".
        components: of the logistic mixture.
    """

    def __init__(
        self,
        *,
        shape: Shape = (1, 28, 28),
        levels: int = 256,
        features: int = 32,
        layers: int = 2,
        head: HeadName = "softmax",
        components: int = 10,
    ) -> None:
        check_count("features", features)
        check_count("layers", layers)
        each = [RowLayer(features) for _ in range(layers)]
        super().__init__(shape, levels, features, each, head, components)

    def reader(self, n: int, y: Tensor | None) -> Reader:
        """Return the cached computation of one pixel after another."""
        return PixelRNNReader(self, n, RowCache)


class DiagonalBiLSTM(PixelRNN):
    """PixelRNN by diagonals, from both sides (section 3.2).

    It sees all pixels before, but for one: the last pixel of the row above, which the
    step of one row down hides where the 7x7 kernel does not reach it.

    Args:
        shape: (C, H, W) of an image.
        levels: values are 0 ... levels - 1.
        features: h, the width of the states; the maps between layers are 2 h wide.
        layers: how many.
        head: "softmax", "logistic" or "bernoulli".
        components: of the logistic mixture.
    """

    def __init__(
        self,
        *,
        shape: Shape = (1, 28, 28),
        levels: int = 256,
        features: int = 32,
        layers: int = 2,
        head: HeadName = "softmax",
        components: int = 10,
    ) -> None:
        check_count("features", features)
        check_count("layers", layers)
        each = [DiagonalLayer(features) for _ in range(layers)]
        super().__init__(shape, levels, features, each, head, components)

    def reader(self, n: int, y: Tensor | None) -> Reader:
        """Return the cached computation of one pixel after another."""
        return PixelRNNReader(self, n, DiagonalCache)
