from __future__ import annotations

from itertools import product

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from gencourse.recurrent import (
    DiagonalLayer,
    RowLayer,
    diagonals,
    lstm_cell,
    one_row_down,
    row_field,
    skew,
    unskew,
)
from gencourse.testing import strong_copy

SIDES = [(4, 4), (2, 5), (5, 2), (1, 4), (4, 1), (1, 1)]
each_size = pytest.mark.parametrize("sides", SIDES, ids=str)
sizes = st.tuples(*[st.integers(1, 6)] * 2)


def normal(*size: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(size, generator=generator, dtype=torch.float64)


# --- skewing


@given(sizes)
@settings(deadline=None, max_examples=30)
def test_skew_is_the_slow_loop(sides: tuple[int, int]):
    height, width = sides
    x = normal(2, 3, *sides)
    expected = torch.zeros(2, 3, height, height + width - 1, dtype=torch.float64)
    for i, j in product(range(height), range(width)):
        expected[..., i, i + j] = x[..., i, j]
    assert torch.equal(skew(x), expected)


@given(sizes)
@settings(deadline=None, max_examples=30)
def test_unskew_undoes_skew(sides: tuple[int, int]):
    x = normal(2, *sides)
    assert torch.equal(unskew(skew(x)), x)


@given(sizes)
@settings(deadline=None, max_examples=30)
def test_unskew_is_the_adjoint_of_skew(sides: tuple[int, int]):
    x, y = normal(*sides), normal(sides[0], sum(sides) - 1, seed=1)
    assert torch.allclose((skew(x) * y).sum(), (x * unskew(y)).sum(), atol=1e-12)


def test_what_cannot_have_been_skewed_is_refused():
    with pytest.raises(ValueError, match="got 3 rows of 2"):
        unskew(torch.zeros(3, 2))


@given(sizes)
@settings(deadline=None, max_examples=30)
def test_diagonals_come_in_order_from_the_top(sides: tuple[int, int]):
    height, width = sides
    pixels = sorted(product(range(height), range(width)), key=lambda p: (sum(p), p[0]))
    order, lengths = diagonals(height, width)
    assert order.tolist() == [i * width + j for i, j in pixels]
    sums = [sum(p) for p in pixels]
    assert lengths == [sums.count(t) for t in range(height + width - 1)]


def test_one_row_down():
    x = normal(3, 2)
    expected = torch.stack([torch.zeros_like(x[0]), x[0], x[1]])
    assert torch.equal(one_row_down(x), expected)
    assert torch.equal(one_row_down(x[:1]), torch.zeros_like(x[:1]))


# --- cells


def copied(layer: nn.Linear, recurrent: Tensor) -> nn.LSTMCell:
    """Return a torch.nn.LSTMCell of these weights: inputs, and states (4 h, h)."""
    cell = nn.LSTMCell(layer.in_features, recurrent.shape[1]).double()
    with torch.no_grad():
        cell.weight_ih.copy_(layer.weight)
        cell.weight_hh.copy_(recurrent)
        cell.bias_ih.copy_(layer.bias)
        cell.bias_hh.zero_()
    return cell


def test_a_cell_is_torch_s():
    inputs, recurrent = strong_copy(nn.Linear(3, 8)), normal(8, 2)
    x, states, cells = normal(5, 3), normal(5, 2, seed=1), normal(5, 2, seed=2)
    expected = copied(inputs, recurrent)(x, (states, cells))
    found = lstm_cell(inputs(x) + states @ recurrent.T, cells)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_a_column_of_a_row_layer_is_torch_s_lstm():
    """With a width of 1 the neighbours to the sides take no part."""
    layer, x = strong_copy(RowLayer(2)), normal(6, 1, 3, 4)
    own = nn.Linear(4, 8).double()
    own.weight.data, own.bias.data = (
        layer.from_input.weight[:, 4:],
        (layer.from_input.bias),
    )
    cell = copied(own, layer.from_states.weight[:, 2:4])
    state = None
    for row, found in zip(x[:, 0], layer(x)[:, 0], strict=True):
        state = cell(row, state)
        torch.testing.assert_close(found, state[0], rtol=0, atol=1e-12)


def test_states_of_a_row_layer_reach_straight_down_where_the_sides_weigh_nothing():
    layer, x = strong_copy(RowLayer(2)), normal(5, 4, 3, 4)
    with torch.no_grad():
        layer.from_states.weight[:, :2] = layer.from_states.weight[:, 4:] = 0
        layer.from_input.weight[:, :4] = 0
    together = layer(x)
    for j in range(4):
        alone = layer(x[:, j : j + 1])
        torch.testing.assert_close(together[:, j : j + 1], alone, rtol=0, atol=1e-12)


def test_a_row_of_a_diagonal_layer_is_torch_s_lstm():
    """In one row nothing stands above, and nothing can be handed down to it."""
    layer, x = strong_copy(DiagonalLayer(2)), normal(1, 6, 3, 4)
    cell = copied(layer.from_input[0], layer.from_states[0].weight[:, 2:])
    state = None
    for pixel, found in zip(x[0], layer(x)[0], strict=True):
        state = cell(pixel, state)
        torch.testing.assert_close(found, state[0], rtol=0, atol=1e-12)


def test_forget_gates_start_open():
    diagonal = DiagonalLayer(3)
    for linear in [RowLayer(3).from_input, *diagonal.from_input]:
        assert (linear.bias[3:6] == 1).all()
        assert (linear.bias[:3] != 1).all() and (linear.bias[6:] != 1).all()


# --- layers


@each_size
def test_a_row_layer_is_the_paper_s_convolutions(sides: tuple[int, int]):
    """A masked 1x3 over the map, then Conv1d(h, 4 h, 3) from row to row."""
    layer, x = strong_copy(RowLayer(2)), normal(*sides, 3, 4)
    left, own = layer.from_input.weight.chunk(2, 1)
    kernel = torch.stack([left, own, torch.zeros_like(own)], -1)[:, :, None]
    inputs = F.conv2d(x.permute(2, 3, 0, 1), kernel, padding=(0, 1))
    inputs = inputs + layer.from_input.bias[:, None, None]
    kernel = torch.stack(layer.from_states.weight.chunk(3, 1), -1)
    states = cells = torch.zeros(3, 2, sides[1], dtype=torch.float64)
    for i, found in enumerate(layer(x)):
        gates = inputs[:, :, i] + F.conv1d(states, kernel, padding=1)
        both = lstm_cell(gates.mT, cells.mT)
        states, cells = (each.mT for each in both)
        expected = states.permute(2, 0, 1)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def one_way(layer: DiagonalLayer, direction: int, x: Tensor) -> Tensor:
    """Return the states of one direction, one pixel after another: (H, W, B, h)."""
    height, width, count, _ = x.shape
    nothing = x.new_zeros(count, layer.features)
    states: dict[tuple[int, int], Tensor] = {}
    cells: dict[tuple[int, int], Tensor] = {}
    for i, j in product(range(height), range(width)):
        above, beside = (
            states.get(place, nothing) for place in ((i - 1, j), (i, j - 1))
        )
        gates = layer.from_input[direction](x[i, j]) + layer.from_states[direction](
            torch.cat([above, beside], 1)
        )
        before = cells.get((i, j - 1), nothing)
        states[i, j], cells[i, j] = lstm_cell(gates, before)
    return torch.stack(list(states.values())).view(height, width, count, -1)


@each_size
def test_a_diagonal_layer_is_the_slow_loop_over_pixels(sides: tuple[int, int]):
    layer, x = strong_copy(DiagonalLayer(2)), normal(*sides, 3, 4)
    expected = one_way(layer, 0, x)
    right = one_way(layer, 1, x.flip(1)).flip(1)
    expected[1:] += right[:-1]
    torch.testing.assert_close(layer(x), expected, rtol=0, atol=1e-12)


@each_size
def test_one_recurrence_for_both_directions_is_two_alone(sides: tuple[int, int]):
    layer, x = strong_copy(DiagonalLayer(2)), normal(*sides, 3, 4)
    order, lengths = diagonals(*sides)
    both = torch.stack([x, x.flip(1)]).flatten(1, 2)[:, order]
    inputs = torch.stack(
        [linear(each) for linear, each in zip(layer.from_input, both, strict=True)]
    )
    lines = inputs.flatten(1, 2).split([3 * length for length in lengths], 1)
    found = layer.recur(lines, *sides).unflatten(1, (-1, 3))
    for direction, each in enumerate((x, x.flip(1))):
        expected = one_way(layer, direction, each).flatten(0, 1)[order]
        torch.testing.assert_close(found[direction], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("make", [RowLayer, DiagonalLayer])
def test_images_of_a_batch_do_not_meet(make: type[nn.Module]):
    layer, x = strong_copy(make(2)).train(), normal(3, 4, 3, 4)
    alone = torch.cat([layer(x[:, :, k : k + 1]) for k in range(3)], 2)
    torch.testing.assert_close(layer(x), alone, rtol=0, atol=1e-12)


def test_a_diagonal_layer_takes_as_many_steps_as_there_are_diagonals(
    monkeypatch: pytest.MonkeyPatch,
):
    steps: list[torch.Size] = []

    def counted(gates: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
        steps.append(gates.shape)
        return lstm_cell(gates, cells)

    monkeypatch.setattr("gencourse.recurrent.lstm_cell", counted)
    strong_copy(DiagonalLayer(2))(normal(3, 5, 1, 4))
    assert [shape[1] for shape in steps] == [1, 2, 3, 3, 3, 2, 1]
    assert {shape[0] for shape in steps} == {2}  # both directions at once


@each_size
def test_a_row_field_is_what_the_gradient_reaches(sides: tuple[int, int]):
    """Where the input of the left neighbour weighs nothing: beside the pixel's own."""
    layer = strong_copy(RowLayer(2))
    with torch.no_grad():
        layer.from_input.weight[:, :4] = 0
    x = normal(*sides, 1, 4).requires_grad_()
    states = layer(x)
    for i, j in product(*map(range, sides)):
        (gradient,) = torch.autograd.grad(states[i, j].sum(), x, retain_graph=True)
        expected = row_field(*sides, i, j)
        expected[i, j] = True
        assert torch.equal((gradient != 0).any(-1).any(-1), expected)
