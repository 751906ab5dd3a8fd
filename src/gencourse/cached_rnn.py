"""Cached sampling of the PixelRNNs: all pixels together cost one forward pass.

A state is computed once, when its pixel is reached, and kept for those that read it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast

import torch
from torch import Tensor, nn

from gencourse.cached import Columns
from gencourse.images import scaled
from gencourse.recurrent import DiagonalLayer, RowLayer, above_each, lstm_cell

if TYPE_CHECKING:
    from gencourse.pixelrnn import PixelRNN


class LayerCache(Protocol):
    """One layer, at one pixel after another, in raster order."""

    def __call__(self, x: Tensor, j: int) -> Tensor:
        """Return the states of the next pixel, in column j: (n, 2 h) -> (n, h)."""


class PixelRNNReader:
    """The layers of a PixelRNN, one pixel after another."""

    def __init__(
        self, model: PixelRNN, n: int, cache: Callable[[Any, int, int], LayerCache]
    ) -> None:
        _, height, width = model.shape
        self.model = model
        self.first = Columns(model.first, n, height, width)
        self.layers = [cache(layer, n, width) for layer in model.layers]
        self.features = torch.empty(0)

    def __call__(self, x: Tensor, i: int, j: int, c: int) -> Tensor:
        """Return the numbers of one subpixel: levels (n, C, H, W) -> (n, size)."""
        if c == 0:
            self._read(x, i, j)
        numbers: Tensor = self.model.readout(self.features, self._pixel(x, i, j))
        return numbers[:, c]

    def _read(self, x: Tensor, i: int, j: int) -> None:
        if i or j:  # the pixel before had no level yet when it was read
            before = divmod(i * x.shape[3] + j - 1, x.shape[3])
            self.first.put(self._pixel(x, *before), *before)
        features = self.first(self._pixel(x, i, j), i, j)
        layers = [partial(layer, j=j) for layer in self.layers]
        self.features = self.model.through(features, layers)

    def _pixel(self, x: Tensor, i: int, j: int) -> Tensor:
        """Return one pixel of levels (n, C, H, W), scaled: (n, C)."""
        return scaled(x[:, :, i, j], self.model.levels)


class RowCache:
    """A Row LSTM layer: the row above goes in at once, the inputs as they come."""

    def __init__(self, layer: RowLayer, n: int, width: int) -> None:
        new, features = layer.from_states.weight.new_zeros, layer.features
        self.layer = layer
        self.states, self.cells = new(width, n, features), new(width, n, features)
        self.nothing = new(n, 2 * features)

    def __call__(self, x: Tensor, j: int) -> Tensor:
        """Return the states of the next pixel, in column j: (n, 2 h) -> (n, h)."""
        if j == 0:
            self.links = self.layer.from_states(above_each(self.states))
            self.left = self.nothing
        gates = self.layer.from_input(torch.cat([self.left, x], -1)) + self.links[j]
        self.states[j], self.cells[j] = lstm_cell(gates, self.cells[j])
        self.left = x
        return self.states[j]


class DiagonalCache:
    """Both directions of a Diagonal BiLSTM layer.

    From the left a pixel at a time. From the right once a row, when the row is whole;
    what is found there is handed one row down.
    """

    def __init__(self, layer: DiagonalLayer, n: int, width: int) -> None:
        self.left, self.right = (
            Stream(layer, direction, n, width) for direction in range(2)
        )
        self.handed = torch.zeros_like(self.left.states)
        self.row: list[Tensor] = []

    def __call__(self, x: Tensor, j: int) -> Tensor:
        """Return the states of the next pixel, in column j: (n, 2 h) -> (n, h)."""
        states = self.left(x, j) + self.handed[j]
        self.row.append(x)
        if len(self.row) == len(self.handed):
            for column, seen in enumerate(reversed(self.row)):
                self.right(seen, column)
            self.handed = self.right.states.flip(0)
            self.row = []
        return states


class Stream:
    """One direction of a Diagonal BiLSTM layer, a row after another."""

    def __init__(
        self, layer: DiagonalLayer, direction: int, n: int, width: int
    ) -> None:
        from_input = cast(nn.Linear, layer.from_input[direction])
        from_states = cast(nn.Linear, layer.from_states[direction])
        above, beside = from_states.weight.T.chunk(2)
        self.above, self.bias = above, from_input.bias
        self.weight = torch.cat([from_input.weight.T, beside])  # (3 h, 4 h)
        self.states = above.new_zeros(width, n, layer.features)

    def __call__(self, x: Tensor, j: int) -> Tensor:
        """Return the states of the j-th pixel of the row: (n, 2 h) -> (n, h)."""
        if j == 0:
            self.links = self.states @ self.above + self.bias
            self.beside = self.cells = torch.zeros_like(self.states[0])
        seen = torch.cat([x, self.beside], 1)
        gates = torch.addmm(self.links[j], seen, self.weight)
        self.beside, self.cells = lstm_cell(gates, self.cells)
        self.states[j] = self.beside
        return self.beside
