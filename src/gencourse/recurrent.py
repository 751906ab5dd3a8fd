"""What PixelRNNs are made of: LSTM cells over a map, by rows and by diagonals.

van den Oord et al. 2016, sections 3.1 and 3.2, https://arxiv.org/abs/1601.06759. A map
is laid out as (H, W, B, features), so that the cells of one step lie together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn


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
    return flat.view(*x.shape[:-1], height + width - 1)


def unskew(x: Tensor) -> Tensor:
    """Return what was skewed as it was: (..., H, H + W - 1) -> (..., H, W).

    Whatever stands around the rows is dropped.
    """
    height, count = x.shape[-2:]
    if count < height:
        raise ValueError(f"expected H rows of H + W - 1, got {height} rows of {count}")
    flat = F.pad(x.flatten(-2), (0, height))
    return flat.view(*x.shape[:-1], count + 1)[..., : count - height + 1]


def diagonals(height: int, width: int) -> tuple[Tensor, list[int]]:
    """Return the raster numbers of the pixels, diagonal by diagonal, and its lengths.

    On a diagonal the pixels come from the top. (H, W) -> (H W,), and H + W - 1 ints.
    """
    numbers = 1 + torch.arange(height * width).view(height, width)
    lines = skew(numbers).T
    # Counted, not read off the tensor: torch 2.6 can't read one within torch.func.
    count = height + width - 1
    lengths = [min(t + 1, height, width, count - t) for t in range(count)]
    return lines[lines > 0] - 1, lengths


def above_each(row: Tensor) -> Tensor:
    """Return the three states above each pixel of the next row: (W, B, h) -> 3 h."""
    wide = F.pad(row, (0, 0, 0, 0, 1, 1))
    return torch.cat([wide[:-2], wide[1:-1], wide[2:]], -1)


def row_field(height: int, width: int, i: int, j: int) -> Tensor:
    """Return whose states reach that of pixel (i, j) in a Row LSTM layer: bool (H, W).

    A state reads the three states of the row above it, of the columns to the left, its
    own and to the right, as far as the image has them; these read theirs in turn. It
    reads none of its own row.
    """
    up = i - torch.arange(height)[:, None]
    aside = (torch.arange(width) - j).abs()
    return (up > 0) & (aside <= up)


def row_states(inputs: Tensor, weight: Tensor) -> Tensor:
    """Return the states of a Row LSTM, computed row by row: (H, W, B, h).

    The gates of a pixel are its inputs plus what the weight makes of three states of
    the row above: left above, above, right above, one after another. Outside the image
    states are 0; the cell that goes on is that of the pixel above.

    Args:
        inputs: what the picture says to the gates, (H, W, B, 4 h); see `lstm_cell`.
        weight: from three states to the gates, (4 h, 3 h).
    """
    states = cells = inputs.new_zeros(*inputs.shape[1:3], inputs.shape[3] // 4)
    found = []
    for row in inputs:
        states, cells = lstm_cell(row + F.linear(above_each(states), weight), cells)
        found.append(states)
    return torch.stack(found)


class RowLayer(nn.Module):
    """A Row LSTM layer: h of a row from the inputs and the row above (section 3.1).

    The input-to-state convolution is the paper's 1x3 with mask B, cropped to the 1x2
    that the mask leaves; the state-to-state convolution is 1x3. All inputs go in at
    once, then the rows follow one another: H dependent steps.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.features = features
        self.from_input = remember(nn.Linear(4 * features, 4 * features))
        self.from_states = nn.Linear(3 * features, 4 * features, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the states: (H, W, B, 2 h) -> (H, W, B, h)."""
        left = F.pad(x, (0, 0, 0, 0, 1, 0))[:, :-1]
        inputs = self.from_input(torch.cat([left, x], -1))
        return row_states(inputs, self.from_states.weight)


class DiagonalLayer(nn.Module):
    """A Diagonal BiLSTM layer: h from the pixel above and the one beside (section 3.2).

    One direction comes from the left, the other from the right; both step along their
    diagonals together: H + W - 1 dependent steps. What comes from the right has seen
    pixels of the own row that are still to come, so it is handed one row down.

    A skewed map is half empty. So the numbers of the pixels are skewed, not the map,
    and a step computes the pixels of its diagonal alone.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.features = features
        self.from_input, self.from_states = nn.ModuleList(), nn.ModuleList()
        for _ in range(2):
            self.from_input.append(remember(nn.Linear(2 * features, 4 * features)))
            self.from_states.append(nn.Linear(2 * features, 4 * features, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """Return the states: (H, W, B, 2 h) -> (H, W, B, h)."""
        order, lengths = diagonals(*x.shape[:2])
        both = torch.stack([x, x.flip(1)]).flatten(1, 2)[:, order]
        linears = cast("list[nn.Linear]", self.from_input)
        bias = torch.stack([linear.bias for linear in linears])[:, None]
        inputs = torch.baddbmm(bias, both.flatten(1, 2), stacked(self.from_input))
        batch, height, width = x.shape[2], *x.shape[:2]
        lines = inputs.split([length * batch for length in lengths], 1)
        states = self.recur(lines, height, width).unflatten(1, (-1, batch))
        # Back in raster order: what came from the left, and from the right.
        maps: Tensor = states[:, order.argsort()].view(2, *x.shape[:3], -1)
        return maps[0] + one_row_down(maps[1].flip(1))

    def recur(self, lines: Sequence[Tensor], height: int, width: int) -> Tensor:
        """Return the states of both directions, (2, H W B, h), diagonal by diagonal.

        Args:
            lines: what the inputs say to the gates: (2, length * B, 4 h) a diagonal.
            height: H.
            width: W.
        """
        weight = stacked(self.from_states)
        nothing = lines[0].new_zeros(2, lines[0].shape[1], self.features)
        states = cells = nothing[:, :0]
        found = []
        for t, line in enumerate(lines):
            # Nothing stands above the first row, and nothing beside the first column.
            top, end = [nothing] * (t < width), [nothing] * (t < height)
            before = torch.cat([*top, states, *end], 1)
            beside = torch.cat([*top, cells, *end], 1)[:, nothing.shape[1] :]
            above, left = before[:, : -nothing.shape[1]], before[:, nothing.shape[1] :]
            gates = torch.baddbmm(line, torch.cat([above, left], -1), weight)
            states, cells = lstm_cell(gates, beside)
            found.append(states)
        return torch.cat(found, 1)


def stacked(linears: nn.ModuleList) -> Tensor:
    """Return the weights of several linear layers: (layers, in, out)."""
    return torch.stack([linear.weight.T for linear in cast("list[nn.Linear]", linears)])


def one_row_down(x: Tensor) -> Tensor:
    """Return x with each row in the place of the next, zeros in the first: (H, ...)."""
    return torch.cat([torch.zeros_like(x[:1]), x[:-1]])


def remember(linear: nn.Linear) -> nn.Linear:
    """Return the layer with a bias of 1 for the forget gates, changed in place.

    A new network then keeps its cells for long (Jozefowicz et al. 2015,
    https://proceedings.mlr.press/v37/jozefowicz15.html).
    """
    with torch.no_grad():
        linear.bias.chunk(4)[1].fill_(1)
    return linear
