"""Right and wrong answers to the exercise on the states of a Row LSTM."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def cell(gates, cells):
    i, f, g, o = gates.chunk(4, -1)
    cells = f.sigmoid() * cells + i.sigmoid() * g.tanh()
    return o.sigmoid() * cells.tanh(), cells


def three(states):
    """The states above each pixel, side by side: (W, B, h) -> (W, B, 3 h)."""
    wide = F.pad(states, (0, 0, 0, 0, 1, 1))
    return torch.cat([wide[:-2], wide[1:-1], wide[2:]], -1)


def rows(
    read=three,
    multiply=F.linear,
    cell=cell,
    memory=lambda cells: cells,
    carry=lambda states: states,
):
    """A Row LSTM with one of its parts made otherwise."""

    def row_states(inputs, weight):
        states = cells = inputs.new_zeros(*inputs.shape[1:3], inputs.shape[3] // 4)
        found = []
        for row in inputs:
            gates = row + multiply(read(carry(states)), weight)
            states, cells = cell(gates, memory(cells))
            found.append(states)
        return torch.stack(found)

    return row_states


def with_conv(inputs, weight):
    _, width, batch, size = inputs.shape
    kernel = weight.unflatten(1, (3, size // 4)).mT
    states = cells = torch.zeros(batch, size // 4, width)
    found = []
    for row in inputs.permute(0, 2, 3, 1):
        i, f, g, o = (row + F.conv1d(states, kernel, padding=1)).chunk(4, 1)
        cells = torch.sigmoid(f) * cells + torch.sigmoid(i) * torch.tanh(g)
        states = torch.sigmoid(o) * torch.tanh(cells)
        found.append(states)
    return torch.stack(found).permute(0, 3, 1, 2)


def with_unfold(inputs, weight):
    def read(states):
        image = states.permute(1, 2, 0)[:, :, None]
        patches = F.unfold(image, (1, 3), padding=(0, 1))
        patches = patches.unflatten(1, (-1, 3)).transpose(1, 2).flatten(1, 2)
        return patches.permute(2, 0, 1)

    return rows(read)(inputs, weight)


def with_lstm_cell(inputs, weight):
    _, width, batch, size = inputs.shape
    left, above, right = weight.chunk(3, 1)
    layer = torch.nn.LSTMCell(size + size // 2, size // 4, bias=False)
    own = {
        "weight_ih": torch.cat([torch.eye(size), left, right], 1),
        "weight_hh": above,
    }
    hidden = (
        torch.zeros(width * batch, size // 4),
        torch.zeros(width * batch, size // 4),
    )
    found = []
    for row in inputs:
        first, middle, last = three(hidden[0].view(width, batch, -1)).chunk(3, -1)
        seen = torch.cat([row, first, last], -1).flatten(0, 1)
        given = (seen, (middle.flatten(0, 1), hidden[1]))
        hidden = torch.func.functional_call(layer, own, given)
        found.append(hidden[0].view(width, batch, -1))
    return torch.stack(found)


def with_pixels(inputs, weight):
    height, width, batch, size = inputs.shape
    nothing = torch.zeros(batch, size // 4)
    states = [[nothing] * (width + 2)]
    cells = [nothing] * width
    for i in range(height):
        row = [nothing]
        for j in range(width):
            seen = torch.cat(states[i][j : j + 3], 1)
            state, cells[j] = cell(inputs[i, j] + seen @ weight.T, cells[j])
            row.append(state)
        states.append([*row, nothing])
    return [row[1:-1] for row in states[1:]]


def with_frame(inputs, weight):
    """All states lie in one map with a frame of zeros, filled in place."""
    height, width, batch, size = inputs.shape
    states = torch.zeros(height + 1, width + 2, batch, size // 4)
    cells = torch.zeros(width, batch, size // 4)
    weights = weight.unflatten(1, (3, -1))
    for i in range(height):
        seen = torch.stack([states[i, k : k + width] for k in range(3)])
        gates = inputs[i] + torch.einsum("swbh,gsh->wbg", seen, weights)
        states[i + 1, 1:-1], cells = cell(gates, cells)
    return states[1:, 1:-1]


def moved(x, by):
    """The states of a row, each at the place of one beside it, zeros at the edge."""
    return F.pad(x, (0, 0, 0, 0, by, -by))


def in_order(*aside):
    return rows(lambda s: torch.cat([moved(s, -step) for step in aside], -1))


def rolled(s):
    return torch.cat([s.roll(1, 0), s, s.roll(-1, 0)], -1)


def negative_index(s):
    return torch.cat([s.roll(1, 0), s, moved(s, -1)], -1)


def edges_twice(s):
    wide = torch.cat([s[:1], s, s[-1:]])
    return torch.cat([wide[:-2], wide[1:-1], wide[2:]], -1)


def other_images(s):
    wide = F.pad(s, (0, 0, 1, 1))
    return torch.cat([wide[:, :-2], wide[:, 1:-1], wide[:, 2:]], -1)


def interleaved(s):
    wide = F.pad(s, (0, 0, 0, 0, 1, 1))
    return torch.stack([wide[:-2], wide[1:-1], wide[2:]], -1).flatten(-2)


def overwritten(inputs, weight):
    """A single row of states, from which is read while it is written."""
    _, width, batch, size = inputs.shape
    nothing = torch.zeros(batch, size // 4)
    states, cells = [nothing] * (width + 2), [nothing] * width
    found = []
    for row in inputs:
        for j in range(width):
            gates = row[j] + torch.cat(states[j : j + 3], 1) @ weight.T
            states[j + 1], cells[j] = cell(gates, cells[j])
        found.append(torch.stack(states[1:-1]))
    return torch.stack(found)


def cell_on_the_left(inputs, weight):
    _, width, batch, size = inputs.shape
    states = torch.zeros(width, batch, size // 4)
    found = []
    for row in inputs:
        gates = row + three(states) @ weight.T
        cells, line = torch.zeros(batch, size // 4), []
        for gate in gates:
            state, cells = cell(gate, cells)
            line.append(state)
        states = torch.stack(line)
        found.append(states)
    return torch.stack(found)


def cells_kept(inputs, weight):
    """The cells are collected in place of the states."""
    states = cells = inputs.new_zeros(*inputs.shape[1:3], inputs.shape[3] // 4)
    found = []
    for row in inputs:
        states, cells = cell(row + three(states) @ weight.T, cells)
        found.append(cells)
    return torch.stack(found)


def kept_too_early(inputs, weight):
    states = cells = inputs.new_zeros(*inputs.shape[1:3], inputs.shape[3] // 4)
    found = []
    for row in inputs:
        found.append(states)
        states, cells = cell(row + three(states) @ weight.T, cells)
    return torch.stack(found)


def changed_in_place(inputs, weight):
    states = cells = inputs.new_zeros(*inputs.shape[1:3], inputs.shape[3] // 4)
    for i in range(len(inputs)):
        inputs[i] += three(states) @ weight.T
        states, cells = cell(inputs[i], cells)
    return rows()(inputs, weight)


def for_one_width(inputs, weight):
    return right(inputs, weight).view(len(inputs), 5, -1, inputs.shape[3] // 4)


def in_one_frame(inputs, weight):
    """The map that is filled in place is still needed on the way back."""
    height, width, batch, size = inputs.shape
    states = torch.zeros(height + 1, width, batch, size // 4)
    cells = torch.zeros(width, batch, size // 4)
    left, above, right = weight.chunk(3, 1)
    for i in range(height):
        gates = inputs[i] + states[i] @ above.T
        gates = gates + moved(states[i], 1) @ left.T + moved(states[i], -1) @ right.T
        states[i + 1], cells = cell(gates, cells)
    return states[1:]


right = rows()

RIGHT = [
    with_conv,
    with_unfold,
    with_lstm_cell,
    with_pixels,
    with_frame,
    in_order(-1, 0, 1),
    rows(multiply=lambda x, w: x @ w.T),
]
WRONG = {
    "from right to left": in_order(1, 0, -1),
    "comes first of the three": in_order(0, -1, 1),
    "comes last of the three": in_order(-1, 1, 0),
    "read three times": in_order(0, 0, 0),
    "Only the state above": rows(lambda s: F.pad(s, (s.shape[-1], s.shape[-1]))),
    "No state is read": rows(carry=torch.zeros_like),
    "comes back on the other": rows(rolled),
    "a negative index counts": rows(negative_index),
    "a state is read twice": rows(edges_twice),
    "overwritten while": overwritten,
    "you read other images": rows(other_images),
    "The cells are forgotten": rows(memory=torch.zeros_like),
    "that of left above": rows(memory=lambda c: moved(c, 1)),
    "that of right above": rows(memory=lambda c: moved(c, -1)),
    "that of the left neighbour": cell_on_the_left,
    "go along the rows": lambda x, w: right(x.transpose(0, 1), w).transpose(0, 1),
    "taken for the images": lambda x, w: right(x.permute(1, 2, 0, 3), w).permute(
        2, 0, 1, 3
    ),
    "The rows run upwards": lambda x, w: right(x.flip(0), w).flip(0),
    "but in reverse": lambda x, w: right(x, w).flip(0),
    "These are the cells": cells_kept,
    "States and cells are exchanged": rows(cell=lambda g, c: cell(g, c)[::-1]),
    "a row late": kept_too_early,
    "view and reshape keep": lambda x, w: rows(
        multiply=lambda s, w: s @ w.view(w.shape[1], -1)
    )(x, w),
    "Features and states are mixed": rows(interleaved),
    "All is 0": lambda x, w: right(0 * x, w),
    "a row for each gate": rows(multiply=torch.matmul),
    "This is one row": lambda x, w: right(x, w)[-1],
    "height, then width": lambda x, w: right(x, w).transpose(0, 1),
    "a row too many": lambda x, w: F.pad(right(x, w), (0, 0, 0, 0, 0, 0, 1, 0)),
    "columns outside": lambda x, w: F.pad(right(x, w), (0, 0, 0, 0, 1, 1)),
    "a fourth as wide": lambda x, w: right(x, w).repeat(1, 1, 1, 4),
    "Images come third": lambda x, w: right(x, w).permute(2, 0, 1, 3),
    "Columns come before": lambda x, w: right(x, w).transpose(1, 2),
    "changed its input inputs": changed_in_place,
    "is invalid for input of size": for_one_width,
    "only the inputs say": lambda x, w: right(x + 0.1, w),
    "what stays?": rows(multiply=lambda s, w: 2 * F.linear(s, w)),
    "inputs of shape (2, 7, 3, 4)": lambda x, w: right(x, w) * (len(x) != 2),
    "no gradient flows": lambda x, w: right(x.detach(), w.detach()),
    "gradient in inputs is not": rows(carry=torch.Tensor.detach),
    "gradient in weight is not": lambda x, w: right(x, w.detach()),
    "Autograd cannot go back": in_one_frame,
}
# What each may be called with once it has passed.
INPUTS = (
    torch.arange(96.0).sin().view(2, 3, 2, 8),
    torch.arange(48.0).cos().view(8, 6),
)
