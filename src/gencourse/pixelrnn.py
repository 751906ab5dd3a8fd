"""PixelRNN: recurrent density models of images, row by row or along diagonals.

van den Oord et al. 2016, https://arxiv.org/abs/1601.06759. A map is laid out as
(H, W, B, features), so that the cells of one step lie together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gencourse.autoregressive import Autoregressive, HeadName, Reader
from gencourse.cached_rnn import DiagonalReader, RowReader
from gencourse.images import Shape, check_count
from gencourse.masked import MaskedConv2d, Readout


def lstm_cell(gates: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
    """Return the states and the new cells of an LSTM: (..., 4 h), (..., h) -> (..., h).

    The gates stand in the order of torch.nn.LSTMCell, before their sigmoid and tanh:
    input i, forget f, candidate g, output o (section 3.1, equation 3).
    """
    i, f, g, o = gates.chunk(4, -1)
    cells = f.sigmoid() * cells + i.sigmoid() * g.tanh()
    return o.sigmoid() * cells.tanh(), cells


def skew(x: Tensor) -> Tensor:
    """Return x with row i shifted right by i, zeros around: (..., H, W) -> (..., H, D).

    D = H + W - 1. Column t of the result is the diagonal of the pixels i + j = t, which
    one step of a Diagonal BiLSTM computes (figure 3).
    """
    height, width = x.shape[-2:]
    # H zeros after each row, then rows cut one shorter: each starts one later.
    flat = F.pad(x, (0, height)).flatten(-2)[..., : height * (height + width - 1)]
    return flat.unflatten(-1, (height, height + width - 1))


def unskew(x: Tensor) -> Tensor:
    """Return x with row i shifted back left by i: (..., H, D) -> (..., H, D - H + 1)."""
    height, count = x.shape[-2:]
    if count < height:
        raise ValueError(f"expected H + W - 1 columns of H rows, got {height}x{count}")
    flat = F.pad(x.flatten(-2), (0, height))
    return flat.unflatten(-1, (height, count + 1))[..., : count - height + 1]


def diagonals(height: int, width: int) -> tuple[Tensor, list[int]]:
    """Return the raster numbers of the pixels, diagonal by diagonal, and its lengths.

    On a diagonal the pixels come from the top. (H, W) -> (H W,), and H + W - 1 ints.
    """
    numbers = 1 + torch.arange(height * width).view(height, width)
    lines = skew(numbers).T
    return lines[lines > 0] - 1, (lines > 0).sum(1).tolist()


class RowLayer(nn.Module):
    """A Row LSTM layer: h of a row from the inputs and the row above (section 3.1).

    The input-to-state convolution is the paper's 1x3 with mask B, cropped to the 1x2
    that the mask leaves; the state-to-state convolution is 1x3. All inputs go in at
    once, then the rows follow one another: H dependent steps.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.features = features
        self.from_input = nn.Linear(4 * features, 4 * features)
        self.from_states = nn.Linear(3 * features, 4 * features, bias=False)
        remember(self.from_input)

    def forward(self, x: Tensor) -> Tensor:
        """Return the states: (H, W, B, 2 h) -> (H, W, B, h)."""
        left = F.pad(x, (0, 0, 0, 0, 1, 0))[:, :-1]
        rows = self.from_input(torch.cat([left, x], -1))
        states = cells = x.new_zeros(*x.shape[1:3], self.features)
        found = []
        for row in rows:
            wide = F.pad(states, (0, 0, 0, 0, 1, 1))
            above = torch.cat([wide[:-2], wide[1:-1], wide[2:]], -1)
            states, cells = lstm_cell(row + self.from_states(above), cells)
            found.append(states)
        return torch.stack(found)


class DiagonalLayer(nn.Module):
    """A Diagonal BiLSTM layer: h from the pixel above and the one beside (section 3.2).

    One direction comes from the left, the other from the right; both step along their
    diagonals together: H + W - 1 dependent steps. What comes from the right has seen
    pixels of the own row that are still to come, so it is handed one row down.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.features = features
        self.from_input, self.from_states = nn.ModuleList(), nn.ModuleList()
        for _ in range(2):
            self.from_input.append(nn.Linear(2 * features, 4 * features))
            self.from_states.append(nn.Linear(2 * features, 4 * features, bias=False))
        for linear in self.from_input:
            remember(linear)

    def forward(self, x: Tensor) -> Tensor:
        """Return the states: (H, W, B, 2 h) -> (H, W, B, h)."""
        order, lengths = diagonals(*x.shape[:2])
        both = torch.stack([x, x.flip(1)]).flatten(1, 2)[:, order]
        weight = torch.stack([linear.weight.T for linear in self.from_input])
        bias = torch.stack([linear.bias for linear in self.from_input])
        inputs = torch.baddbmm(bias[:, None], both.flatten(1, 2), weight)
        inputs = inputs.unflatten(1, both.shape[1:3])
        states = self.recur(inputs.split(lengths, 1), *x.shape[:2])
        left, right = states[:, order.argsort()].unflatten(1, x.shape[:2])
        return left + one_row_down(right.flip(1))

    def recur(self, lines: Sequence[Tensor], height: int, width: int) -> Tensor:
        """Return the states of both directions, (2, H W, B, h), diagonal by diagonal.

        Args:
            lines: what the inputs say to the gates: a (2, length, B, 4 h) a diagonal.
            height: H.
            width: W.
        """
        weight = torch.stack([linear.weight.T for linear in self.from_states])
        states = cells = lines[0].new_zeros(2, 0, lines[0].shape[2], self.features)
        found = []
        for t, line in enumerate(lines):
            # Nothing stands above the first row, and nothing beside the first column.
            ends = (0, 0, 0, 0, int(t < width), int(t < height))
            before, cells = F.pad(states, ends), F.pad(cells, ends)[:, 1:]
            above, beside = before[:, :-1], before[:, 1:]
            seen = torch.cat([above, beside], -1).flatten(1, 2)
            gates = torch.baddbmm(line.flatten(1, 2), seen, weight).view_as(line)
            states, cells = lstm_cell(gates, cells)
            found.append(states)
        return torch.cat(found, 1)


def one_row_down(x: Tensor) -> Tensor:
    """Return x with each row in the place of the next, zeros in the first: (H, ...)."""
    return torch.cat([torch.zeros_like(x[:1]), x[:-1]])


def remember(linear: nn.Linear) -> None:
    """Set the bias of the forget gates to 1, so that a new network keeps its cells.

    Jozefowicz et al. 2015, section 2.2.
    """
    with torch.no_grad():
        linear.bias.chunk(4)[1].fill_(1)


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
        found = []
        for layer, up in zip(self.layers, self.ups, strict=True):
            found.append(layer(features))
            features = features + up(found[-1])
        for skip, states in zip(self.skips, found[:-1], strict=True):
            features = features + skip(states)
        features = features.permute(2, 0, 1, 3)
        return self.readout(features, x.movedim(1, -1)).movedim(-2, 1)


class RowLSTM(PixelRNN):
    """row LSTM"""

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
        return RowReader(self, n)


class DiagonalBiLSTM(PixelRNN):
    """diagonal"""

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
        return DiagonalReader(self, n)
