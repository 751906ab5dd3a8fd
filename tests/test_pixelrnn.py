from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import prod

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gencourse.images import Shape
from gencourse.masked import MaskedConv2d
from gencourse.pixelrnn import DiagonalBiLSTM, PixelRNN, RowLSTM
from gencourse.recurrent import (
    DiagonalLayer,
    RowLayer,
    lstm_cell,
    one_row_down,
    skew,
    unskew,
)
from gencourse.testing import (
    causal_jacobian,
    leaks,
    strong_copy,
    total_probability,
    unseen,
)

MODELS = [RowLSTM, DiagonalBiLSTM]
SHAPES = [(1, 8, 8), (1, 4, 9), (1, 9, 4), (1, 1, 6), (1, 6, 1), (2, 3, 6)]
Sees = Callable[[int, int, int, int], bool]
each_model = pytest.mark.parametrize("make", MODELS)
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)
each_depth = pytest.mark.parametrize("layers", [1, 2, 3])


def tiny(make: type[PixelRNN], shape: Shape = (1, 8, 8), layers: int = 1) -> PixelRNN:
    return strong_copy(make(shape=shape, levels=2, features=2, layers=layers))


def jacobian(model: PixelRNN) -> Tensor:
    return causal_jacobian(model, images=1)  # no ReLU here: one image shows every edge


def field(shape: Shape, sees: Sees) -> Tensor:
    """Return which subpixels each one sees, (D, D), from a law of pixels before it.

    All channels of an earlier pixel, and the earlier channels of its own.
    """
    channels, height, width = shape
    pixels = list(product(range(height), range(width)))
    found = torch.zeros(len(pixels), channels, len(pixels), channels).bool()
    for p, q in product(range(len(pixels)), repeat=2):
        found[p, :, q, :] = q < p and sees(*pixels[p], *pixels[q])
    for p in range(len(pixels)):
        found[p, :, p] = torch.ones(channels, channels).tril(-1).bool()
    return found.view(prod(shape), prod(shape))


# --- receptive fields


def in_triangle(layers: int) -> Sees:
    """A Row LSTM: a row up is a step to either side; a layer is a step to the left.

    The 7x7 kernel adds 3 to the sides; on the right it must leave the row for that.
    """

    def sees(i: int, j: int, row: int, column: int) -> bool:
        up, right = i - row, column - j
        return -(3 + layers + up) <= right <= (2 + up if up else -1)

    return sees


def all_but_one(width: int) -> Sees:
    """A Diagonal BiLSTM: all but the last pixel of the row above.

    The 7x7 kernel reaches it from the last four columns.
    """
    return lambda i, j, row, column: (
        (row, column) != (i - 1, width - 1) or j + 3 >= width - 1
    )


@each_shape
@each_depth
def test_a_row_lstm_sees_its_triangle_and_nothing_else(shape: Shape, layers: int):
    found = jacobian(tiny(RowLSTM, shape, layers))
    assert len(leaks(found)) == 0
    assert torch.equal(found != 0, field(shape, in_triangle(layers)))


@each_shape
@each_depth
def test_a_diagonal_bilstm_sees_all_but_one_pixel(shape: Shape, layers: int):
    found = jacobian(tiny(DiagonalBiLSTM, shape, layers))
    assert len(leaks(found)) == 0
    assert torch.equal(found != 0, field(shape, all_but_one(shape[2])))


@pytest.mark.parametrize(
    ("make", "layers", "missing"),
    [(RowLSTM, 1, 200), (RowLSTM, 2, 156), (RowLSTM, 3, 133)]
    + [(DiagonalBiLSTM, layers, 28) for layers in (1, 3)],
)
def test_the_blind_spot_counted(make: type[PixelRNN], layers: int, missing: int):
    assert len(unseen(jacobian(tiny(make, layers=layers)))) == missing


# --- probabilities


@each_model
@pytest.mark.parametrize(
    ("shape", "levels", "head"),
    [
        ((1, 3, 3), 2, "bernoulli"),
        ((1, 2, 2), 4, "softmax"),
        ((1, 2, 2), 4, "logistic"),
        ((3, 1, 2), 3, "softmax"),
        ((3, 1, 2), 3, "logistic"),
    ],
    ids=str,
)
def test_the_probabilities_of_all_images_sum_to_one(
    make: type[PixelRNN], shape: Shape, levels: int, head: str
):
    model = make(shape=shape, levels=levels, features=2, head=head, components=2)
    assert total_probability(strong_copy(model)) == pytest.approx(1, abs=1e-9)


@each_model
def test_images_of_a_batch_do_not_meet_while_training(make: type[PixelRNN]):
    model = tiny(make, (2, 4, 3), 2).train()
    x = torch.randint(2, (5, 2, 4, 3), generator=torch.Generator().manual_seed(0))
    x = x.to(torch.uint8)
    alone = torch.cat([model.log_prob(image[None]) for image in x])
    torch.testing.assert_close(model.log_prob(x), alone, rtol=0, atol=1e-10)


@each_model
@each_depth
def test_every_parameter_is_trained(make: type[PixelRNN], layers: int):
    model = make(shape=(3, 3, 4), levels=8, features=2, layers=layers)
    x = torch.randint(8, (4, 3, 3, 4), generator=torch.Generator().manual_seed(0))
    model.losses(x.to(torch.uint8))["nll"].backward()
    still = [name for name, p in model.named_parameters() if not p.grad.any()]
    assert still == []


@each_model
def test_a_skip_connection_of_every_layer_but_the_last(make: type[PixelRNN]):
    model = tiny(make, layers=3)
    x = torch.ones(1, 1, 8, 8, dtype=torch.uint8)
    before = model.log_prob(x)
    for connection in [*model.ups[:-1], *model.skips]:
        kept = connection.bias.detach().clone()
        connection.bias.data += 1
        assert (model.log_prob(x) - before).abs() > 1e-6
        connection.bias.data = kept
    assert (len(model.ups), len(model.skips)) == (3, 2)


@each_model
@pytest.mark.parametrize("name", ["features", "layers"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True, "2"], ids=str)
def test_counts_are_checked(make: type[PixelRNN], name: str, value: object):
    with pytest.raises(ValueError, match=f"{name}.*got {value!r}"):
        make(**{name: value})


# --- the bugs of published implementations, and the law that catches each


class Textbook(nn.Module):
    """A Diagonal BiLSTM layer as a text tells it: skew, step, unskew, hand down.

    Its mistakes override one line each.
    """

    def __init__(self, layer: DiagonalLayer) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        left, right = self.one_way(x, 0), self.one_way(self.turned(x), 1)
        return left + self.handed(self.turned_back(right))

    def one_way(self, x: Tensor, direction: int) -> Tensor:
        return self.unskewed(self.stepped(self.skewed(x, direction), direction))

    def skewed(self, x: Tensor, direction: int) -> Tensor:
        inputs = self.layer.from_input[direction](x)  # (H, W, B, 4 h)
        return skew(inputs.permute(2, 3, 0, 1)).permute(3, 2, 0, 1)

    def unskewed(self, states: Tensor) -> Tensor:
        return unskew(states.permute(2, 3, 1, 0)).permute(2, 3, 0, 1)

    def stepped(self, lines: Tensor, direction: int) -> Tensor:
        states = cells = lines.new_zeros(*lines.shape[1:3], self.layer.features)
        found = []
        for line in lines:
            seen = torch.cat([self.above(states), states], -1)
            gates = line + self.layer.from_states[direction](seen)
            states, cells = self.cell(gates, cells)
            found.append(states)
        return torch.stack(found)

    def turned(self, x: Tensor) -> Tensor:
        return x.flip(1)

    def turned_back(self, x: Tensor) -> Tensor:
        return x.flip(1)

    def handed(self, x: Tensor) -> Tensor:
        return one_row_down(x)

    def above(self, states: Tensor) -> Tensor:
        return one_row_down(states)

    def cell(self, gates: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
        return lstm_cell(gates, cells)


class SamePaddingAtTheBottom(Textbook):
    def above(self, states: Tensor) -> Tensor:
        return torch.cat([states[1:], torch.zeros_like(states[:1])])


class GatesSplitByRows(Textbook):
    def cell(self, gates: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
        quarters = gates.transpose(0, 1).flatten(1).chunk(4, 1)  # of a (B, H * 4 h)
        wrong = [q.unflatten(1, cells.shape[::2]).transpose(0, 1) for q in quarters]
        return lstm_cell(torch.cat(wrong, -1), cells)


class RightToLeftNotHandedDown(Textbook):
    def handed(self, x: Tensor) -> Tensor:
        return x


class ZerosAppendedAtTheBottom(Textbook):
    def handed(self, x: Tensor) -> Tensor:
        return torch.cat([x[1:], torch.zeros_like(x[:1])])


class FlippedVerticallyAndNeverBack(Textbook):
    def turned(self, x: Tensor) -> Tensor:
        return x.flip(0)

    def turned_back(self, x: Tensor) -> Tensor:
        return x


class FlippedAndNeverBack(Textbook):
    def turned_back(self, x: Tensor) -> Tensor:
        return x


class SkewedOnceAndFlippedThere(Textbook):
    def forward(self, x: Tensor) -> Tensor:
        left = self.one_way(x, 0)
        right = self.stepped(self.skewed(x, 1).flip(0), 1).flip(0)
        return left + self.handed(self.unskewed(right))


class OneDirectionOnly(Textbook):
    def forward(self, x: Tensor) -> Tensor:
        return self.one_way(x, 0)


class NeverUnskewed(Textbook):
    def unskewed(self, states: Tensor) -> Tensor:
        height = states.shape[1]
        return states[: len(states) - height + 1].transpose(0, 1)


class BidirectionalAlongSkewedRows(Textbook):
    def stepped(self, lines: Tensor, direction: int) -> Tensor:
        there = super().stepped(lines, direction)
        return there + super().stepped(lines.flip(0), direction).flip(0)


class SigmoidCandidate(Textbook):
    def cell(self, gates: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
        i, f, g, o = gates.sigmoid().chunk(4, -1)
        cells = f * cells + i * g
        return o * cells.tanh(), cells


class CellWithoutTanh(Textbook):
    def cell(self, gates: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
        cells = lstm_cell(gates, cells)[1]
        return gates.chunk(4, -1)[3].sigmoid() * cells, cells


class RowTextbook(nn.Module):
    """A Row LSTM layer, a row after another; mistakes override one line."""

    def __init__(self, layer: RowLayer) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        left = F.pad(x, (0, 0, 0, 0, 1, 0))[:, :-1]
        rows = self.layer.from_input(torch.cat([left, x], -1))
        states = cells = x.new_zeros(*x.shape[1:3], self.layer.features)
        found = []
        for row in rows:
            seen = F.pad(states, (0, 0, 0, 0, 1, 1))
            seen = torch.cat([seen[:-2], seen[1:-1], seen[2:]], -1)
            states, cells = lstm_cell(row + self.layer.from_states(seen), cells)
            found.append(self.viewed(states))
        return torch.stack(found)

    def viewed(self, states: Tensor) -> Tensor:
        return states


class ChannelsViewedAsColumns(RowTextbook):
    def viewed(self, states: Tensor) -> Tensor:
        laid_out = states.permute(1, 2, 0).flatten(1)  # (B, channel * W)
        return laid_out.view(-1, len(states), states.shape[2]).transpose(0, 1)


class AlongTheRow(RowTextbook):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.transpose(0, 1)).transpose(0, 1)


LEAKING = [
    SamePaddingAtTheBottom,
    GatesSplitByRows,
    RightToLeftNotHandedDown,
    ZerosAppendedAtTheBottom,
    FlippedVerticallyAndNeverBack,
    BidirectionalAlongSkewedRows,
    ChannelsViewedAsColumns,
    AlongTheRow,
]
BLIND = [
    FlippedAndNeverBack,
    SkewedOnceAndFlippedThere,
    OneDirectionOnly,
    NeverUnskewed,
]
OTHERWISE_WRONG = [SigmoidCandidate, CellWithoutTanh]


def with_layer(kind: type[nn.Module], shape: Shape = (1, 6, 6)) -> PixelRNN:
    """Return a strong model whose layer is computed by a textbook's."""
    model = tiny(RowLSTM if issubclass(kind, RowTextbook) else DiagonalBiLSTM, shape)
    model.layers = nn.ModuleList([kind(model.layers[0])])
    return model


@pytest.mark.parametrize("kind", [Textbook, RowTextbook])
@each_shape
def test_the_textbook_layer_is_ours(kind: type[nn.Module], shape: Shape):
    make = DiagonalBiLSTM if kind is Textbook else RowLSTM
    x = torch.randint(2, (3, *shape), generator=torch.Generator().manual_seed(0))
    expected = tiny(make, shape).logits(x.double())
    found = with_layer(kind, shape).logits(x.double())
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("kind", LEAKING)
def test_a_leak_is_seen_in_the_jacobian_and_in_the_sum(kind: type[nn.Module]):
    assert len(leaks(jacobian(with_layer(kind)))) > 0
    assert abs(total_probability(with_layer(kind, (1, 3, 3))) - 1) > 1e-6


@pytest.mark.parametrize("kind", BLIND)
def test_a_wrong_blind_spot_is_seen_in_the_jacobian(kind: type[nn.Module]):
    shape = (1, 11, 9)  # what is missing lies farther than the 7x7 kernel reaches
    found = jacobian(with_layer(kind, shape))
    assert len(leaks(found)) == 0  # the sum is 1, and tells nothing
    assert not torch.equal(found != 0, field(shape, all_but_one(9)))


@pytest.mark.parametrize("kind", OTHERWISE_WRONG)
def test_a_wrong_cell_is_seen_beside_torch_s(kind: type[Textbook]):
    layer = strong_copy(DiagonalLayer(2))
    gates = torch.linspace(-2, 2, 8).double()[None]
    cells = torch.tensor([[3.0, -2.0]]).double()
    found = kind(layer).cell(gates, cells)[0]
    torchs = nn.LSTMCell(8, 2, bias=False).double()
    torchs.weight_ih.data, torchs.weight_hh.data[:] = torch.eye(8).double(), 0
    expected = torchs(gates, (torch.zeros_like(cells), cells))[0]
    assert torch.allclose(lstm_cell(gates, cells)[0], expected)
    assert not torch.allclose(found, expected, atol=1e-2)


@pytest.mark.parametrize("make", MODELS)
def test_an_input_scored_at_its_own_step_is_seen(make: type[PixelRNN]):
    model = tiny(make, (1, 3, 3))
    shown = MaskedConv2d(1, 4, 7, mask="B").double()
    shown.weight, shown.bias = model.first.weight, model.first.bias
    model.first = shown
    itself = leaks(jacobian(model))
    assert itself.tolist() == [[k, k] for k in range(9)]
    assert abs(total_probability(model) - 1) > 1e-6
