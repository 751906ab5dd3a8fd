"""What the right states of a Row LSTM obey."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer, Raised, describe_error
from gencourse.exercises.backward import gradients
from gencourse.exercises.compare import Mistakes, expect, near, numbers
from gencourse.exercises.exercise import Wrong

Pixel = tuple[int, int]  # row, column
OUTSIDE = (-1, 0)


def _cell(gates: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
    i, f, g, o = gates.chunk(4, -1)
    new = f.sigmoid() * cells + i.sigmoid() * g.tanh()
    return o.sigmoid() * new.tanh(), new


def _steps(*aside: int) -> Callable[..., list[Pixel]]:
    return lambda i, j: [(i - 1, j + step) for step in aside]


ABOVE = _steps(-1, 0, 1)


def _walk(
    inputs: Tensor,
    weight: Tensor,
    read: Callable[..., list[Pixel]] = ABOVE,
    memory: Callable[..., Pixel] = lambda i, j: (i - 1, j),
    cell: Callable[[Tensor, Tensor], tuple[Tensor, ...]] = _cell,
) -> tuple[Tensor, Tensor]:
    """Return states and cells, pixel by pixel; what is not there is 0.

    Args:
        inputs: as an answer gets them.
        weight: as an answer gets it.
        read: which three pixels' states a pixel reads.
        memory: which pixel's cell goes on.
        cell: makes states and cells.
    """
    nothing = inputs.new_zeros(inputs.shape[2], inputs.shape[3] // 4)
    states: dict[Pixel, Tensor] = {}
    cells: dict[Pixel, Tensor] = {}
    for i, j in itertools.product(range(inputs.shape[0]), range(inputs.shape[1])):
        three = torch.cat([states.get(at, nothing) for at in read(i, j)], -1)
        before = cells.get(memory(i, j), nothing)
        states[i, j], cells[i, j] = cell(inputs[i, j] + three @ weight.T, before)
    found = torch.stack([*states.values(), *cells.values()])
    first, second = found.view(2, *inputs.shape[:3], -1)
    return first, second


def _reading(read: Callable[..., list[Pixel]]) -> Callable[..., Tensor]:
    return lambda x, w: _walk(x, w, read)[0]


def _keeping(memory: Callable[..., Pixel]) -> Callable[..., Tensor]:
    return lambda x, w: _walk(x, w, memory=memory)[0]


# Of the inputs (4, 5, 2, 12) and the weight (12, 9).
STATES: Mistakes = {
    "The three states come from right to left; the weight has left above first.": (
        _reading(_steps(1, 0, -1))
    ),
    "The state above comes first of the three; it stands in the middle.": (
        _reading(_steps(0, -1, 1))
    ),
    "The state above comes last of the three; it stands in the middle.": (
        _reading(_steps(-1, 1, 0))
    ),
    "The state above is read three times; two of the three stand beside it.": (
        _reading(_steps(0, 0, 0))
    ),
    "Only the state above is read: those beside it are missing.": (
        _reading(lambda i, j: [OUTSIDE, (i - 1, j), OUTSIDE])
    ),
    "No state is read: the gates are made of the inputs alone.": (
        _reading(lambda i, j: [OUTSIDE] * 3)
    ),
    "What leaves the image on one side comes back on the other: outside states are "
    "0.": _reading(lambda i, j: [(i - 1, (j + s) % 5) for s in (-1, 0, 1)]),
    "In the first column the last state of the row above is read: a negative index "
    "counts from the end.": _reading(
        lambda i, j: [(i - 1, j - 1 if j else 4), (i - 1, j), (i - 1, j + 1)]
    ),
    "At the edges a state is read twice: outside the image states are 0.": _reading(
        lambda i, j: [(i - 1, min(max(j + s, 0), 4)) for s in (-1, 0, 1)]
    ),
    "The first of the three is of the pixel's own row: is the row above overwritten "
    "while it is still read?": _reading(
        lambda i, j: [(i, j - 1), (i - 1, j), (i - 1, j + 1)]
    ),
    "Beside the state above you read other images; its neighbours stand in its row.": (
        lambda x, w: _walk(x.transpose(1, 2), w)[0].transpose(1, 2)
    ),
    "The cells are forgotten: each row begins with cells of 0.": (
        _keeping(lambda i, j: OUTSIDE)
    ),
    "The cell that goes on is that of left above; it should be the one above.": (
        _keeping(lambda i, j: (i - 1, j - 1))
    ),
    "The cell that goes on is that of right above; it should be the one above.": (
        _keeping(lambda i, j: (i - 1, j + 1))
    ),
    "The cell that goes on is that of the left neighbour; it is the one above.": (
        _keeping(lambda i, j: (i, j - 1))
    ),
    "The states go along the rows, column by column: a step is a row as a whole.": (
        lambda x, w: _walk(x.transpose(0, 1), w)[0].transpose(0, 1)
    ),
    "The first axis is taken for the images; it holds the rows, and images come "
    "third.": lambda x, w: _walk(x.permute(1, 2, 0, 3), w)[0].permute(2, 0, 1, 3),
    "The rows run upwards: the first of them has nothing before it, not the last.": (
        lambda x, w: _walk(x.flip(0), w)[0].flip(0)
    ),
    "The rows are right, but in reverse order.": lambda x, w: _walk(x, w)[0].flip(0),
    "These are the cells; the states are asked for.": lambda x, w: _walk(x, w)[1],
    "States and cells are exchanged: the cell of an LSTM returns the states first.": (
        lambda x, w: _walk(x, w, cell=lambda gates, c: _cell(gates, c)[::-1])[0]
    ),
    "The map is a row late: each has the states of the row above it.": (
        lambda x, w: _walk(x, w)[0].roll(1, 0).index_fill(0, torch.tensor(0), 0)
    ),
    "The weight is laid out anew where it should be transposed: view and reshape keep "
    "the order of the numbers.": lambda x, w: _walk(x, w.reshape(9, 12).T)[0],
    "Features and states are mixed: of three states each comes as a whole, then the "
    "next.": lambda x, w: _walk(x, w.view(12, 3, 3).mT.flatten(1))[0],
    "All is 0: do the inputs reach the gates?": lambda x, w: 0 * x[..., :3],
}
SHAPES = {
    (5, 2, 3): "This is one row: those of all rows are asked for.",
    (5, 4, 2, 3): "Rows come first: height, then width.",
    (5, 5, 2, 3): "There is a row too many: is the one before the first in it?",
    (4, 7, 2, 3): "There are columns outside the image.",
    (4, 5, 2, 12): "The last axis is that of the gates; a state is a fourth as wide.",
    (2, 4, 5, 3): "Images come third, after rows and columns.",
    (4, 2, 5, 3): "Columns come before images.",
}


def _case(height: int, width: int, batch: int, h: int) -> tuple[Tensor, Tensor]:
    count = height * width * batch * 4 * h
    inputs = torch.arange(count).mul(0.7).sin().mul(2).view(height, width, batch, -1)
    return inputs, torch.arange(12 * h * h).mul(1.3).cos().mul(1.5).view(4 * h, 3 * h)


def _answered(f: Answer, inputs: Tensor, weight: Tensor) -> object:
    """Return what f does; where a product fails, tell how the weight is laid out."""
    try:
        return f(inputs, weight)
    except Raised as raised:
        if "shapes cannot be multiplied" not in str(raised.error):
            raise
        told = describe_error(raised.error, f.function)
        raise Wrong(
            f"{told} The weight has a row for each gate, and a column for each feature "
            "of the three states."
        ) from None


def states_are_known(f: Answer) -> None:
    """The states are those of a walk from pixel to pixel."""
    inputs, weight = _case(4, 5, 2, 3)
    got = numbers(_answered(f, inputs, weight), (4, 5, 2, 3), SHAPES)
    inputs, weight = inputs.double(), weight.double()
    right = _walk(inputs, weight)[0]
    what = "The first row is right: what does the next one read of it, and what stays?"
    if not near(got[:1], right[:1]):
        what = "In the first row, with nothing above it, only the inputs say anything."
    expect(got, right, what, STATES, (inputs, weight))


def states_of_other_maps(f: Answer) -> None:
    """Maps of any height and width, any number of images and features."""
    for sizes in ((1, 1, 1, 1), (2, 7, 3, 1), (5, 1, 1, 2), (3, 2, 1, 4), (1, 3, 2, 2)):
        inputs, weight = _case(*sizes)
        got = numbers(_answered(f, inputs, weight), sizes)
        what = f"For inputs of shape {tuple(inputs.shape)} the states are not right."
        expect(got, _walk(inputs.double(), weight.double())[0], what)


def states_can_train(f: Answer) -> None:
    """Gradients flow back through all rows, to the inputs and to the weight."""
    leaves = [leaf.requires_grad_() for leaf in _case(4, 3, 2, 2)]
    found = gradients(f, *leaves)
    inputs, weight = leaves
    right = torch.autograd.grad(_walk(inputs, weight)[0].sum(), leaves)
    for name, got, due in zip(("inputs", "weight"), found, right, strict=True):
        what = f"The values are right, but the gradient in {name} is not."
        expect(got.double(), due.double(), what)
