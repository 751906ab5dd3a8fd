"""What a right LSTM cell obeys."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, near, numbers, pair
from gencourse.exercises.exercise import Wrong

# Of the gates, squashed, and the cells that come in.
CELLS: Mistakes = {
    "The candidate goes through a sigmoid; tanh is for it, and it may be negative.": (
        lambda i, f, g, o, c: f * c + i * g.atanh().sigmoid()
    ),
    "The candidate does not go through tanh.": (
        lambda i, f, g, o, c: f * c + i * g.atanh()
    ),
    "The forget gate is on the candidate and the input gate on the old cells: it is "
    "the other way round.": lambda i, f, g, o, c: i * c + f * g,
    "The old cells come in whole: the forget gate is missing.": (
        lambda i, f, g, o, c: c + i * g
    ),
    "The candidate comes in whole: the input gate is missing.": (
        lambda i, f, g, o, c: f * c + g
    ),
    "The forget gate is on the old cells and on the candidate; it is for the cells "
    "alone.": lambda i, f, g, o, c: f * (c + i * g),
    "The forget gate is turned round: 1 keeps a cell, 0 forgets it.": (
        lambda i, f, g, o, c: (1 - f) * c + i * g
    ),
    "The input gate takes no part: the candidate's share is not 1 minus the forget "
    "gate's.": lambda i, f, g, o, c: f * c + (1 - f) * g,
    "The old cells are lost: they come in through the forget gate.": (
        lambda i, f, g, o, c: i * g
    ),
    "These are the cells that came in: nothing is written into them.": (
        lambda i, f, g, o, c: c
    ),
    "The new cells go through tanh; it is for the states, and the cells stay as they "
    "are.": lambda i, f, g, o, c: (f * c + i * g).tanh(),
    "The output gate is on the cells; it is for the states alone.": (
        lambda i, f, g, o, c: o * (f * c + i * g)
    ),
    "The parts are multiplied; the new cells are a sum.": (
        lambda i, f, g, o, c: f * c * i * g
    ),
    "A sign is turned: the candidate's share is added.": (
        lambda i, f, g, o, c: f * c - i * g
    ),
    "The gates are used as they come; a sigmoid brings them between 0 and 1.": (
        lambda i, f, g, o, c: f.logit() * c + i.logit() * g
    ),
    "The input gate is used as it comes; a sigmoid brings it between 0 and 1.": (
        lambda i, f, g, o, c: f * c + i.logit() * g
    ),
    "The forget gate is used as it comes; a sigmoid brings it between 0 and 1.": (
        lambda i, f, g, o, c: f.logit() * c + i * g
    ),
    "Gates and candidate are used as they come: a gate lies between 0 and 1, the "
    "candidate between -1 and 1.": lambda i, f, g, o, c: (
        f.logit() * c + i.logit() * g.atanh()
    ),
    "Input and forget gate go through tanh; a gate lies between 0 and 1.": (
        lambda i, f, g, o, c: f.logit().tanh() * c + i.logit().tanh() * g
    ),
}
# Of the output gate, squashed, the right new cells, and those that came in.
STATES: Mistakes = {
    "The cells are given out without tanh.": lambda o, new, c: o * new,
    "The cells that came in are given out; the new ones are asked for.": (
        lambda o, new, c: o * c.tanh()
    ),
    "The cells that came in are given out, and without tanh: the new ones are asked "
    "for.": lambda o, new, c: o * c,
    "The output gate is missing from the states.": lambda o, new, c: new.tanh(),
    "The states go through a sigmoid where they should go through tanh.": (
        lambda o, new, c: o * new.sigmoid()
    ),
    "tanh is taken of the product; it is for the cells alone.": (
        lambda o, new, c: (o * new).tanh()
    ),
    "The output gate goes through tanh; a gate lies between 0 and 1.": (
        lambda o, new, c: o.logit().tanh() * new.tanh()
    ),
    "The output gate is used as it comes; a sigmoid brings it between 0 and 1.": (
        lambda o, new, c: o.logit() * new.tanh()
    ),
    "These are the new cells once more; the output gate lets out the states.": (
        lambda o, new, c: new
    ),
}


def _squashed(parts: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    i, f, g, o = parts
    return i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()


def _cell(parts: tuple[Tensor, ...], cells: Tensor) -> tuple[Tensor, Tensor]:
    i, f, g, o = _squashed(parts)
    new = f * cells + i * g
    return o * new.tanh(), new


def _case(*shape: int) -> tuple[Tensor, Tensor]:
    size = 4 * torch.Size(shape).numel()
    gates = torch.linspace(0.5, 30, size).sin().mul(2).view(*shape[:-1], 4 * shape[-1])
    return gates, torch.linspace(-1.2, 1.5, size // 4).view(shape).cos()


def _answered(f: Answer, gates: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
    shape = tuple(cells.shape)
    shapes = {
        tuple(gates.shape): "The last axis holds four gates; states and cells are a "
        "fourth as wide."
    }
    first, second = pair(f(gates, cells), "states", "cells")
    return numbers(first, shape, shapes), numbers(second, shape, shapes)


def cell_is_known(f: Answer) -> None:
    """States and cells of known gates are known."""
    gates, cells = _case(5, 3)
    got = _answered(f, gates, cells)
    gates, cells = gates.double(), cells.double()
    parts = gates.chunk(4, -1)
    states, new = _cell(parts, cells)
    _check_order(got, parts, gates, cells)
    what = "The new cells are not those of an LSTM."
    expect(got[1], new, what, CELLS, (*_squashed(parts), cells))
    what = "The new cells are right, but the states are not."
    expect(got[0], states, what, STATES, (_squashed(parts)[3], new, cells))


def _check_order(
    got: tuple[Tensor, Tensor], parts: tuple[Tensor, ...], gates: Tensor, cells: Tensor
) -> None:
    """Raise Wrong where a right cell reads its gates, or returns, in another order."""
    right = _cell(parts, cells)
    if near(got[0], right[1]) and near(got[1], right[0]):
        raise Wrong("The pair is exchanged: the states come first.")
    if _same(got, _cell(gates.unflatten(-1, (-1, 4)).unbind(-1), cells)):
        raise Wrong(
            "You take every fourth number for a gate; the gates stand in blocks, one "
            "after another."
        )
    for order in itertools.permutations("ifgo"):
        given = dict(zip(order, parts, strict=True))
        found = _cell(tuple(given[name] for name in "ifgo"), cells)
        if "".join(order) not in ("ifgo", "figo") and _same(got, found):
            raise Wrong(
                f"You read the gates in the order {', '.join(order)}; they stand in "
                "that of torch.nn.LSTMCell."
            )


def _same(got: tuple[Tensor, Tensor], found: tuple[Tensor, Tensor]) -> bool:
    return near(got[0], found[0]) and near(got[1], found[1])


def cell_of_any_shape(f: Answer) -> None:
    """The gates stand on the last axis, whatever stands before it."""
    for shape in ((2, 4, 3, 2), (4, 4, 4), (6,)):
        gates, cells = _case(*shape)
        got = _answered(f, gates, cells)
        right = _cell(gates.double().chunk(4, -1), cells.double())
        for name, found, due in zip(("states", "cells"), got, right, strict=True):
            what = f"For cells of shape {shape} the {name} are not right."
            expect(found, due, what)


def cell_keeps_and_forgets(f: Answer) -> None:
    """Gates far from 0 are open or shut: a cell is kept, and one overwritten."""
    far = 200.0  # exp(far) is no float32
    gates = torch.tensor([-far, far, far, far, far, -far, -far, far]).view(2, 4)
    got = _answered(f, gates, torch.tensor([[0.5], [7.0]]))
    told = f.for_inputs()
    what = "Gates far from 0 are wide open or shut."
    expect(got[1], torch.tensor([[0.5], [-1.0]]), what, told=told)
    expect(got[0], torch.tensor([[0.5], [-1.0]]).tanh(), what, told=told)
