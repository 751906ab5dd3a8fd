"""Right and wrong answers to the exercises on PixelRNN, written as learners would."""

from __future__ import annotations

import math

import numpy as np
import row_state_answers
import torch
import torch.nn.functional as F


def _at(values, x):
    return values.gather(-1, x.long()[..., None])[..., 0]


def log_prob_loss(logits, x):
    nats = F.cross_entropy(
        logits.movedim(-1, 0)[None], x.long()[None], reduction="none"
    )
    return -nats[0]


def log_prob_one_hot(logits, x):
    hot = F.one_hot(x.long(), logits.shape[-1])
    return (hot * (logits - logits.logsumexp(-1, keepdim=True))).sum(-1)


def log_prob_by_hand(logits, x):
    z = logits.double() - logits.double().amax(-1, keepdim=True)
    return _at(z, x) - z.exp().sum(-1).log()


def log_prob_crossed(logits, x):
    return logits.log_softmax(-1)[..., x.long()]


def skew_loop(x):
    *_, height, width = x.shape
    out = torch.zeros(*x.shape[:-1], height + width - 1)
    for i in range(height):
        out[..., i, i : i + width] = x[..., i, :]
    return out


def skew_numpy(x):
    x = x.numpy()
    *_, height, width = x.shape
    out = np.zeros((*x.shape[:-1], height + width - 1))
    row, col = np.mgrid[:height, :width]
    out[..., row, row + col] = x
    return out


def skew_rows(x):
    height = x.shape[-2]
    rows = [F.pad(x[..., i, :], (i, height - 1 - i)) for i in range(height)]
    return torch.stack(rows, -2)


def rolled(x, by, room=0):
    """Each row of (..., H, W) with so much room on the right, and then rolled."""
    wide = F.pad(x, (0, room))
    height = x.shape[-2]
    return torch.stack([wide[..., i, :].roll(by(i), -1) for i in range(height)], -2)


def skew_with(by, room=0):
    return lambda x: rolled(x, lambda i: by(i, x.shape[-2]), x.shape[-2] - 1 + room)


def skew_columns(x):
    return skew_loop(x.mT).mT


def skew_one_too_wide(x):
    return F.pad(skew_loop(x), (0, 1))


def skew_edges(x):
    out = skew_loop(x)
    ones = skew_loop(torch.ones_like(x))
    return torch.where(ones > 0, out, x[..., -1:])


def skew_square(x):
    """Of a square map right, and of a wide one; it cuts tall ones."""
    height, width = x.shape[-2:]
    out = torch.zeros(*x.shape[:-1], height + width - 1)
    for i in range(min(height, width)):
        out[..., i, i : i + width] = x[..., i, :]
    return out


def skew_flat(x):
    height, width = x.shape
    return F.pad(x, (0, height)).flatten()[:-height].view(height, height + width - 1)


def _width(y):
    return y.shape[-1] - y.shape[-2] + 1


def unskew_loop(y):
    width = _width(y)
    return torch.stack(
        [y[..., i, i : i + width] for i in range(y.shape[-2])], y.ndim - 2
    )


def unskew_gather(y):
    height, width = y.shape[-2], _width(y)
    place = torch.arange(height)[:, None] + torch.arange(width)
    return y.gather(-1, place.expand(*y.shape[:-1], width))


def unskew_numpy(y):
    row, col = np.mgrid[: y.shape[-2], : _width(y)]
    return y.numpy()[..., row, row + col]


def cut(by, start=0):
    """Roll each row, and keep as many columns as the image has."""

    def unskew(y):
        width = _width(y)
        moved = rolled(y, lambda i: by(i, y.shape[-2]))
        return moved[..., :width] if start == 0 else moved[..., -width:]

    return unskew


def unskew_nonzero(y):
    return y[y != 0].view(*y.shape[:-1], _width(y))


def unskew_sorted(y):
    """Push the zeros of each row to its end."""
    order = (y == 0).int().sort(dim=-1, stable=True).indices
    return y.gather(-1, order)[..., : _width(y)]


def cell_numpy(gates, cells):
    i, f, g, o = np.split(gates.double().numpy(), 4, -1)
    i, f, o = (0.5 * (np.tanh(v / 2) + 1) for v in (i, f, o))
    cells = f * cells.double().numpy() + i * np.tanh(g)
    return o * np.tanh(cells), cells


def cell_sliced(gates, cells):
    h = cells.shape[-1]
    i, f, o = (torch.sigmoid(gates[..., n * h : (n + 1) * h]) for n in (0, 1, 3))
    new = f * cells + i * torch.tanh(gates[..., 2 * h : 3 * h])
    return [o * torch.tanh(new), new]


def cell_by_torch(gates, cells):
    flat = cells.reshape(-1, cells.shape[-1])
    cell = torch.nn.LSTMCell(gates.shape[-1], cells.shape[-1], dtype=cells.dtype)
    with torch.no_grad():
        cell.weight_ih.copy_(torch.eye(gates.shape[-1]))
        for zero in (cell.weight_hh, cell.bias_ih, cell.bias_hh):
            zero.zero_()
        states, new = cell(gates.reshape(len(flat), -1), (torch.zeros_like(flat), flat))
    return states.view_as(cells), new.view_as(cells)


def cell(
    order=(0, 1, 2, 3),
    squash=torch.tanh,
    write=lambda i, f, g, c: f * c + i * g,
    out=lambda o, new, old: o * new.tanh(),
    gate=torch.sigmoid,
):
    """An LSTM cell with one of its parts made otherwise."""

    def lstm_cell(gates, cells):
        parts = gates.chunk(4, -1)
        i, f, g, o = (parts[n] for n in order)
        new = write(gate(i), gate(f), squash(g), cells)
        return out(o.sigmoid(), new, cells), new

    return lstm_cell


def cell_interleaved(gates, cells):
    return cell()(gates.unflatten(-1, (-1, 4)).mT.flatten(-2), cells)


def cell_of_rows(gates, cells):
    i, f, g, o = gates.chunk(4, 1)
    cells = f.sigmoid() * cells + i.sigmoid() * g.tanh()
    return o.sigmoid() * cells.tanh(), cells


def down_loop(x):
    out = torch.zeros_like(x)
    for i in range(1, len(x)):
        out[i] = x[i - 1]
    return out


def down_rolled(x):
    out = x.roll(1, 0)
    out[0] = 0
    return out


def down_numpy(x):
    return np.concatenate([np.zeros_like(x[:1].numpy()), x[:-1].numpy()])


def down_in_place(x):
    x[1:] = x[:-1].clone()
    x[0] = 0
    return x


def down_added(x):
    return torch.cat([x[1:], torch.zeros_like(x[:1])])


def down_columns(x):
    return F.pad(x.movedim(1, -1), (1, 0))[..., :-1].movedim(-1, 1)


def leaks_loop(jacobian):
    pairs = []
    for i in range(len(jacobian)):
        for k in range(i, len(jacobian)):
            if jacobian[i, k] != 0:
                pairs.append((i, k))
    return torch.tensor(pairs)


def leaks_by_column(jacobian):
    size = len(jacobian)
    return [(i, k) for k in range(size) for i in range(k + 1) if jacobian[i, k] != 0]


def pairs(choose):
    return lambda j: choose(j).nonzero()


def _grid(height, width):
    return torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")


def field(inside):
    """The pixels of which inside(rows above, columns aside, row, column) holds."""

    def row_field(height, width, i, j):
        row, col = _grid(height, width)
        return inside(i - row, (col - j).abs(), row, col - j)

    return row_field


def field_loop(height, width, i, j):
    seen = np.zeros((height, width), bool)
    for r in range(1, i + 1):
        seen[i - r, max(j - r, 0) : j + r + 1] = True
    return seen


def field_recursive(height, width, i, j):
    seen = torch.zeros(height, width)
    if i > 0:
        for k in range(max(j - 1, 0), min(j + 2, width)):
            seen[i - 1, k] = 1
        above = seen[:i].clone()
        above[-1] = 0
        for r in range(i - 2, -1, -1):
            wide = F.pad(seen[r + 1], (1, 1))
            seen[r] = torch.maximum(torch.maximum(wide[:-2], wide[1:-1]), wide[2:])
    return seen


def field_dilated(height, width, i, j):
    seen = torch.zeros(1, 1, height, width)
    seen[..., i, j] = 1
    kernel = torch.zeros(1, 1, 3, 3)
    kernel[..., 2, :] = 1
    start = seen.clone()
    for _ in range(i):
        seen = (seen + F.conv2d(seen, kernel, padding=1)).clamp(max=1)
    return (seen - start)[0, 0].tolist()


def field_sliced(first, last):
    """A loop over the rows above, with slices that may begin below 0."""

    def row_field(height, width, i, j):
        seen = torch.zeros(height, width, dtype=torch.bool)
        for r in range(1, i + 1):
            seen[i - r, first(j, r) : last(j, r)] = True
        return seen

    return row_field


def field_wrapped(height, width, i, j):
    seen = torch.zeros(height, width, dtype=torch.bool)
    for r in range(1, i + 1):
        for k in range(j - r, j + r + 1):
            seen[i - r, k % width] = True
    return seen


RIGHT = {
    "pixelrnn.categorical_log_prob": [
        log_prob_loss,
        log_prob_one_hot,
        log_prob_by_hand,
    ],
    "pixelrnn.skew": [skew_loop, skew_numpy, skew_rows],
    "pixelrnn.unskew": [
        unskew_loop,
        unskew_gather,
        unskew_numpy,
        cut(lambda i, height: -i),
    ],
    "pixelrnn.lstm_cell": [cell_numpy, cell_sliced, cell_by_torch, cell()],
    "pixelrnn.one_row_down": [
        down_loop,
        down_rolled,
        lambda x: F.pad(x.movedim(0, -1), (1, -1)).movedim(-1, 0),
        lambda x: torch.stack([torch.zeros_like(x[0]), *x[:-1]]),
    ],
    "pixelrnn.leaks": [
        leaks_loop,
        leaks_by_column,
        lambda j: np.argwhere(np.triu(j.numpy())),
        lambda j: torch.stack(torch.where((j != 0).triu()), 1).to(torch.int32),
    ],
    "pixelrnn.row_field": [field_loop, field_recursive, field_dilated],
    "pixelrnn.row_states": row_state_answers.RIGHT,
}

WRONG = {
    "pixelrnn.categorical_log_prob": {
        "These are probabilities": lambda z, x: _at(z.softmax(-1), x),
        "sign is turned": lambda z, x: -log_prob_one_hot(z, x),
        "These are bits": lambda z, x: log_prob_one_hot(z, x) / math.log(2),
        "base 10": lambda z, x: log_prob_one_hot(z, x) / math.log(10),
        "not normalised yet": _at,
        "normalisation and logarithm are": lambda z, x: _at(z.exp(), x),
        "over the first axis": lambda z, x: _at(z.log_softmax(0), x),
        "over the pixels; it belongs": lambda z, x: _at(z.log_softmax(1), x),
        "over pixels and levels together": lambda z, x: _at(
            z.flatten().log_softmax(0).view_as(z), x
        ),
        "taken twice": lambda z, x: log_prob_one_hot(z.softmax(-1), x),
        "A sigmoid is for two": lambda z, x: _at(F.logsigmoid(z), x),
        "x takes no part": lambda z, x: z.log_softmax(-1).max(-1).values,
        "levels are added up": lambda z, x: z.log_softmax(-1).sum(-1),
        "level 0 has index 0": lambda z, x: _at(
            z.log_softmax(-1), (x.long() - 1) % z.shape[-1]
        ),
        "where is the level's own logit": lambda z, x: z.logsumexp(-1),
        "where its logarithm should be": lambda z, x: _at(z, x) - z.exp().sum(-1),
        "of a quotient the": lambda z, x: _at(z, x) / z.logsumexp(-1),
        "nothing is summed yet": lambda z, x: log_prob_one_hot(z, x).sum(),
        "summed over the image later": lambda z, x: log_prob_one_hot(z, x).sum(-1),
        "only the pixel's own counts": lambda z, x: z.log_softmax(-1),
        "axis of the levels goes": lambda z, x: log_prob_one_hot(z, x)[..., None],
        "is a mask to torch": lambda z, x: z.log_softmax(-1)[..., x],
        "Expected dtype int32/int64": lambda z, x: z.log_softmax(-1).gather(
            -1, x[..., None]
        )[..., 0],
        "shape (2, 3) is expected": log_prob_crossed,
        "underflows": lambda z, x: _at(z.softmax(-1), x).log(),
        "overflows": lambda z, x: _at(z, x) - z.exp().sum(-1).log(),
        "hides that the probability": lambda z, x: (
            _at(z.softmax(-1), x) + 1e-12
        ).log(),
        "no gradient flows": lambda z, x: log_prob_one_hot(z.detach(), x),
        "x = 1 yours is -0.516": lambda z, x: log_prob_one_hot(z, x) - math.log(2) / 2,
    },
    "pixelrnn.skew": {
        "the wrong way": skew_with(lambda i, height: height - 1 - i),
        "move left, and wrap around": skew_with(lambda i, height: -i),
        "comes back on the left": lambda x: F.pad(
            rolled(x, lambda i: i), (0, x.shape[-2] - 1)
        ),
        "has to find room": lambda x: rolled(x, lambda i: i),
        "one column too far": skew_with(lambda i, height: i + 1),
        "are moved down; it is the rows": skew_columns,
        "The diagonals are the columns": lambda x: skew_loop(x).mT,
        "a column too many": skew_one_too_wide,
        "a column too few": lambda x: skew_loop(x)[..., :-1],
        "but not moved": skew_with(lambda i, height: 0),
        "rows come in reverse order": lambda x: skew_loop(x.flip(-2)),
        "upside down": lambda x: skew_loop(x).flip(-2),
        "pixels of a row come in reverse": lambda x: skew_loop(x.flip(-1)),
        "is mirrored": lambda x: skew_loop(x).flip(-1),
        "something else than 0": skew_edges,
        "too many values to unpack": skew_flat,
        "but not for 5 of 2": skew_square,
        "x = [[1, 2], [3, 4]] yours is 4 at": skew_with(lambda i, height: 2 * i),
    },
    "pixelrnn.unskew": {
        "right once more": cut(lambda i, height: i),
        "are cut, but not moved": lambda y: y[..., : _width(y)],
        "cut on the left alike": lambda y: y[..., -_width(y) :],
        "one column too late": cut(lambda i, height: -i - 1),
        "The last row is taken": cut(lambda i, height: i - height + 1),
        "but come in reverse order": lambda y: unskew_loop(y).flip(-2),
        "pixels of a row come in reverse": lambda y: unskew_loop(y).flip(-1),
        "cut on the left where": cut(lambda i, height: -i, start=1),
        "What was added on the right goes": lambda y: rolled(y, lambda i: -i),
        "a column too few": lambda y: unskew_loop(y)[..., :-1],
        "a column too many": lambda y: unskew_loop(F.pad(y, (0, 1))),
        "Rows and columns are exchanged": lambda y: unskew_loop(y).mT,
        "skew it once more": skew_loop,
        "The image has rows again": lambda y: y[y != 0],
        "shape '[4, 6]' is invalid": unskew_nonzero,
        "either may be 0": unskew_sorted,
        "too little": cut(lambda i, height: min(1 - i, 0)),
    },
    "pixelrnn.lstm_cell": {
        "candidate goes through a sigmoid": cell(squash=torch.sigmoid),
        "candidate does not go through tanh": cell(squash=lambda g: g),
        "given out without tanh": cell(out=lambda o, new, old: o * new),
        "given out; the new": cell(out=lambda o, new, old: o * old.tanh()),
        "given out, and without tanh": cell(out=lambda o, new, old: o * old),
        "in the order i, f, o, g": cell((0, 1, 3, 2)),
        "in the order i, g, f, o": cell((0, 2, 1, 3)),
        "forget gate is on the candidate and": cell((1, 0, 2, 3)),
        "The pair is exchanged": lambda gates, c: cell()(gates, c)[::-1],
        "output gate is missing": cell(out=lambda o, new, old: new.tanh()),
        "through a sigmoid where": cell(out=lambda o, new, old: o * new.sigmoid()),
        "forget gate is missing": cell(write=lambda i, f, g, c: c + i * g),
        "input gate is missing": cell(write=lambda i, f, g, c: f * c + g),
        "on the old cells and on": cell(write=lambda i, f, g, c: f * (c + i * g)),
        "turned round: 1 keeps": cell(write=lambda i, f, g, c: (1 - f) * c + i * g),
        "1 minus the forget": cell(write=lambda i, f, g, c: f * c + (1 - f) * g),
        "used as they come": cell(gate=lambda v: v),
        "The input gate is used as it comes": cell(
            write=lambda i, f, g, c: f * c + i.logit() * g
        ),
        "The forget gate is used as it comes": cell(
            write=lambda i, f, g, c: f.logit() * c + i * g
        ),
        "Gates and candidate are used": cell(
            gate=lambda v: v,
            squash=lambda g: g,
            out=lambda o, new, old: o.logit() * new,
        ),
        "Input and forget gate go": cell(
            gate=torch.tanh, out=lambda o, new, old: o.logit().tanh() * new.tanh()
        ),
        "tanh; it is for the states": lambda gates, c: (
            cell()(gates, c)[0],
            cell()(gates, c)[1].tanh(),
        ),
        "nothing is written": lambda gates, c: (cell()(gates, c)[0], c),
        "every fourth number": cell_interleaved,
        "a pair (states, cells) is": lambda gates, c: cell()(gates, c)[0],
        "function raised RuntimeError": cell_of_rows,
    },
    "pixelrnn.one_row_down": {
        "last row comes back on top": lambda x: x.roll(1, 0),
        "first row comes back at the bottom": lambda x: x.roll(-1, 0),
        "The rows move up": down_added,
        "no gradient flows back": down_numpy,
        "Columns are moved; it": down_columns,
        "Columns are rolled": lambda x: x.roll(1, 1),
        "The last row is emptied": lambda x: torch.cat(
            [x[:-1], torch.zeros_like(x[:1])]
        ),
        "The first row is emptied": lambda x: torch.cat(
            [torch.zeros_like(x[:1]), x[1:]]
        ),
        "a row too many": lambda x: torch.cat([torch.zeros_like(x[:1]), x]),
        "a row too few": lambda x: x[:-1],
        "counts axes from the last": lambda x: F.pad(x, (0, 0, 1, 0))[:-1],
        "Nothing has moved": lambda x: x,
        "stays on top as well": lambda x: torch.cat([x[:1], x[:-1]]),
        "changed its input x": down_in_place,
        "down by two": lambda x: down_loop(down_loop(x)),
        "but for the first": lambda x: torch.cat([torch.ones_like(x[:1]), x[:-1]]),
        "yours is 2 at index (1, 0), where 1": lambda x: torch.cat(
            [torch.zeros_like(x[:1]), 2 * x[:-1]]
        ),
    },
    "pixelrnn.leaks": {
        "with itself is missing": pairs(lambda j: j.triu(1)),
        "the earlier subpixels that are seen": pairs(lambda j: j.tril(-1)),
        "Earlier subpixels are in it too": pairs(lambda j: j),
        "the later ones are not": pairs(torch.tril),
        "which of them leak": pairs(lambda j: j - j.diag().diag()),
        "are turned round": lambda j: leaks_loop(j).flip(1),
        "of the Jacobian are exchanged": pairs(lambda j: j.T.triu()),
        "Negative entries are left out": pairs(lambda j: (j > 0).triu()),
        "Negative entries and the pairs": pairs(lambda j: (j > 0).triu(1)),
        "A small entry": pairs(lambda j: (j.abs() > 1e-9).triu()),
        "do not leak": pairs(lambda j: (j == 0).triu()),
        "the blind spot": pairs(lambda j: (j == 0).tril(-1)),
        "how many there are, len tells": lambda j: len(leaks_loop(j)),
        "not a map": lambda j: (j != 0).triu(),
        "who sees whom": lambda j: (j != 0).triu().any(1),
        "Each pair is a row": lambda j: (j != 0).triu().nonzero().T,
        "two parts": lambda j: (j != 0).triu().nonzero(as_tuple=True),
        "count from 1": lambda j: leaks_loop(j) + 1,
        "as floats": lambda j: leaks_loop(j).double(),
        "comes twice": lambda j: torch.cat([leaks_loop(j), leaks_loop(j)[:1]]),
        "The pair (1, 1) is missing": pairs(lambda j: (j.abs() > 0.5).triu()),
        "all 3 subpixels see all": lambda j: leaks_loop(j)[:5],
    },
    "pixelrnn.row_field": {
        "The pixel itself is in it": field(
            lambda up, aside, row, by: (up >= 0) & (aside <= up)
        ),
        "Pixels on the left in the own row": field(
            lambda up, aside, row, by: (
                ((up > 0) & (aside <= up)) | ((up == 0) & (by < 0))
            )
        ),
        "as a whole; how far": field(lambda up, aside, row, by: up > 0),
        "This is a square": lambda height, width, i, j: field(
            lambda up, aside, row, by: (up > 0) & (aside <= i)
        )(height, width, i, j),
        "a strip three": field(lambda up, aside, row, by: (up > 0) & (aside <= 1)),
        "Only the row above": field(
            lambda up, aside, row, by: (up == 1) & (aside <= 1)
        ),
        "one column; a state": field(lambda up, aside, row, by: (up > 0) & (by == 0)),
        "where it should be narrowest": field(
            lambda up, aside, row, by: (up > 0) & (aside <= row)
        ),
        "those further up more": field(
            lambda up, aside, row, by: (up > 0) & (aside <= row + 1)
        ),
        "rows below": field(lambda up, aside, row, by: (up < 0) & (aside <= -up)),
        "comes back on the other": field_wrapped,
        "a negative index counts": field_sliced(
            lambda j, r: j - r, lambda j, r: j + r + 1
        ),
        "missing on the right": field_sliced(
            lambda j, r: max(j - r, 0), lambda j, r: j + r
        ),
        "missing on either side": field_sliced(
            lambda j, r: max(j - r + 1, 0), lambda j, r: j + r
        ),
        "too many is in it on either": field(
            lambda up, aside, row, by: (up > 0) & (aside <= up + 1)
        ),
        "the states alone are meant": field(
            lambda up, aside, row, by: (up > 0) & (by <= up) & (-by <= up + 1)
        ),
        "right half is missing": field(
            lambda up, aside, row, by: (up > 0) & (by <= 0) & (-by <= up)
        ),
        "the triangle's border": field(
            lambda up, aside, row, by: (up > 0) & (aside == up)
        ),
        "column of the pixel are exchanged": lambda height, width, i, j: field(
            lambda up, aside, row, by: (up > 0) & (aside <= up)
        )(height, width, j, i),
        "True and False": lambda *given: ~torch.tensor(field_loop(*given)),
        "Rows come first": lambda *given: field_loop(*given).T,
        "pixel (0, 6) is not seen": field(
            lambda up, aside, row, by: (
                (up > 0) & (aside <= up) & ~((row == 0) & (by == 1))
            )
        ),
    },
    "pixelrnn.row_states": row_state_answers.WRONG,
}

# What each may be called with once it has passed.
INPUTS = {
    "pixelrnn.categorical_log_prob": (
        torch.arange(24.0).sin().view(2, 3, 4),
        torch.tensor([[0, 3, 1], [2, 0, 3]], dtype=torch.uint8),
    ),
    "pixelrnn.skew": (torch.arange(24.0).view(2, 3, 4),),
    "pixelrnn.unskew": (torch.arange(36.0).view(2, 3, 6),),
    "pixelrnn.lstm_cell": (torch.arange(24.0).view(2, 12), torch.ones(2, 3)),
    "pixelrnn.one_row_down": (torch.arange(24.0).view(3, 4, 2),),
    "pixelrnn.leaks": (torch.eye(3),),
    "pixelrnn.row_field": (4, 6, 2, 5),
    "pixelrnn.row_states": row_state_answers.INPUTS,
}
