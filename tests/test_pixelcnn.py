from __future__ import annotations

from itertools import product
from math import prod

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from gencourse.images import Shape
from gencourse.masked import causal_mask, gate
from gencourse.pixelcnn import GatedLayer, GatedPixelCNN, PixelCNN
from gencourse.testing import (
    causal_jacobian,
    leaks,
    receptive_field,
    strong_copy,
    total_probability,
    unseen,
)

SIDES = [(6, 6), (8, 8), (4, 9), (9, 4), (3, 13)]


def plain(sides: tuple[int, int], blocks: int, channels: int = 1) -> PixelCNN:
    shape = (channels, *sides)
    # Fewer features, and all the ReLUs at a pixel may be off: its edges would hide.
    return PixelCNN(shape=shape, levels=2, features=6, blocks=blocks)


def gated(
    sides: tuple[int, int], dilations: tuple[int, ...], channels: int = 1
) -> GatedPixelCNN:
    shape = (channels, *sides)
    return GatedPixelCNN(shape=shape, levels=2, features=2, dilations=dilations)


def past(shape: Shape) -> Tensor:
    return torch.ones(prod(shape), prod(shape)).tril(-1).bool()


def pairs(sides: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """Return row and column of every pixel, with those of every pixel before it."""
    height, width = sides
    pixels = list(product(range(height), range(width)))
    return [(*p, *q) for k, p in enumerate(pixels) for q in pixels[:k]]


# --- the cone of a PixelCNN


def in_cone(i: int, j: int, row: int, column: int, blocks: int) -> bool:
    """Return whether pixel (i, j) sees an earlier one, by the cone's closed form.

    A 7x7 kernel with mask A reaches 3 up, 3 left, and 3 right above its own row; each
    3x3 kernel with mask B adds 1 up, 1 left, and 1 right where it steps up. One row up
    is the 7x7 kernel's alone; every row more is a step of a block.
    """
    up, right = i - row, column - j
    if up == 0:
        return -right <= 3 + blocks
    return up <= 3 + blocks and -3 - blocks <= right <= 3 + min(up - 1, blocks)


def cone(sides: tuple[int, int], blocks: int) -> Tensor:
    height, width = sides
    found = torch.zeros(height * width, height * width, dtype=torch.bool)
    for i, j, row, column in pairs(sides):
        seen = in_cone(i, j, row, column, blocks)
        found[i * width + j, row * width + column] = seen
    return found


@pytest.mark.parametrize("sides", SIDES, ids=str)
@pytest.mark.parametrize("blocks", [1, 2, 3, 6])
def test_a_pixelcnn_sees_its_cone_and_nothing_else(sides: tuple[int, int], blocks: int):
    found = causal_jacobian(strong_copy(plain(sides, blocks)))
    assert len(leaks(found)) == 0
    assert torch.equal(found != 0, cone(sides, blocks))


@pytest.mark.parametrize(
    ("sides", "blocks", "missing"),
    [
        ((8, 8), 1, 724),
        ((8, 8), 2, 433),
        ((8, 8), 5, 125),
        ((8, 8), 30, 125),  # no depth closes the blind spot
        ((11, 11), 10, 714),
        ((5, 12), 2, 606),
        ((5, 12), 20, 285),
        ((12, 5), 20, 11),
    ],
)
def test_the_blind_spot_counted(sides: tuple[int, int], blocks: int, missing: int):
    assert int((past((1, *sides)) & ~cone(sides, blocks)).sum()) == missing
    if blocks <= 10:
        found = causal_jacobian(strong_copy(plain(sides, blocks)))
        assert len(unseen(found)) == missing


def test_of_a_deep_pixelcnn_only_what_lies_right_of_the_cone_is_unseen():
    height, width = 11, 11
    expected = [
        (i * width + j, row * width + column)
        for i, j, row, column in pairs((height, width))
        if column - j > 2 + (i - row)
    ]
    model = strong_copy(plain((height, width), 10))
    found = unseen(causal_jacobian(model))
    assert len(expected) == 714
    assert sorted(map(tuple, found.tolist())) == sorted(expected)


# --- Gated PixelCNN


def spread(seen: Tensor, offsets: list[tuple[int, int]]) -> Tensor:
    """Return what each pixel sees through others: (H, W, H, W), at given offsets."""
    height, width = seen.shape[:2]
    found = torch.zeros_like(seen)
    for i, j, (down, right) in product(range(height), range(width), offsets):
        if 0 <= i + down < height and 0 <= j + right < width:
            found[i, j] |= seen[i + down, j + right]
    return found


def reach(sides: tuple[int, int], dilations: tuple[int, ...]) -> Tensor:
    """Return what a Gated PixelCNN sees, by its kernels' offsets alone: (D, D)."""
    size = sides[0] * sides[1]
    itself = torch.eye(size).bool().view(*sides, *sides)
    above = spread(itself, list(product((-3, -2, -1), range(-3, 4))))
    left = spread(itself, [(0, -3), (0, -2), (0, -1)])
    for d in dilations:
        above = spread(above, list(product((-d, 0), (-d, 0, d))))
        left = spread(left, [(0, -d), (0, 0)]) | above
    return left.view(size, size)


@pytest.mark.parametrize("sides", SIDES, ids=str)
@pytest.mark.parametrize("dilations", [(1,), (1, 2), (2, 1), (1, 1, 1), (5,), (1, 7)])
def test_a_gated_pixelcnn_sees_what_its_dilations_reach(
    sides: tuple[int, int], dilations: tuple[int, ...]
):
    found = causal_jacobian(strong_copy(gated(sides, dilations)))
    assert len(leaks(found)) == 0
    assert torch.equal(found != 0, reach(sides, dilations))


def is_without_gaps(dilations: tuple[int, ...]) -> bool:
    """Return whether each layer's copies of the field before touch one another."""
    reaches = [3]
    for d in dilations:
        reaches.append(reaches[-1] + d)
    return all(d <= r for d, r in zip(dilations, reaches[:-1], strict=True))


@pytest.mark.parametrize("sides", SIDES, ids=str)
@pytest.mark.parametrize("dilations", [(1,), (1, 2), (1, 2, 4), (3, 6), (1, 1, 1)])
def test_the_field_is_a_box_of_3_and_the_sum_of_the_dilations(
    sides: tuple[int, int], dilations: tuple[int, ...]
):
    assert is_without_gaps(dilations)
    most, width = 3 + sum(dilations), sides[1]
    expected = torch.zeros_like(past((1, *sides)))
    for i, j, row, column in pairs(sides):
        near = max(i - row, abs(j - column)) <= most
        expected[i * width + j, row * width + column] = near
    found = causal_jacobian(strong_copy(gated(sides, dilations)))
    assert torch.equal(found != 0, expected)


@pytest.mark.parametrize(
    ("sides", "dilations"),
    [((8, 8), (1, 3)), ((8, 8), (1, 1, 1, 1)), ((5, 11), (1, 2, 4)), ((11, 5), (2, 5))],
)
def test_the_blind_spot_is_gone_where_the_reach_covers_the_image(
    sides: tuple[int, int], dilations: tuple[int, ...]
):
    assert 3 + sum(dilations) >= max(sides) - 1
    found = causal_jacobian(strong_copy(gated(sides, dilations)))
    assert torch.equal(found != 0, past((1, *sides)))


@pytest.mark.parametrize("pixel", [(27, 27), (27, 0), (14, 13), (1, 0), (0, 27)])
def test_the_usual_dilations_see_all_of_a_28x28_image(pixel: tuple[int, int]):
    model = GatedPixelCNN(levels=2, features=2)
    before = torch.arange(28 * 28).view(28, 28) < pixel[0] * 28 + pixel[1]
    assert torch.equal(receptive_field(model, pixel), before)


def test_the_first_pixel_depends_on_nothing():
    for model in (plain((4, 4), 1), gated((4, 4), (1,))):
        assert not receptive_field(model, (0, 0)).any()


# --- channels


@pytest.mark.parametrize("sides", [(1, 2), (2, 3), (3, 2)], ids=str)
@pytest.mark.parametrize("channels", [2, 3])
def test_channels_come_one_after_another(sides: tuple[int, int], channels: int):
    """Lower-triangular over C * H * W: red before green before blue, and all of it."""
    for model in (plain(sides, 2, channels), gated(sides, (1, 1), channels)):
        found = causal_jacobian(strong_copy(model)) != 0
        assert torch.equal(found, past(model.shape))


class WrongGroups(PixelCNN):
    """Channel groups in turn (R G B R G B) where the masks want R R G G B B."""

    def numbers(self, x: Tensor, y: Tensor | None) -> Tensor:
        features = self.first(x)
        features = features.unflatten(1, (self.shape[0], -1)).transpose(1, 2)
        features = features.flatten(1, 2)
        for block in self.blocks:
            features = block(features)
        numbers = self.out(self.hidden(features.relu()).relu())
        return numbers.unflatten(1, (self.shape[0], -1)).movedim(2, -1)


def test_channel_groups_in_another_order_are_caught():
    model = WrongGroups(shape=(3, 1, 2), levels=2, features=3, blocks=1)
    strong = strong_copy(model)
    found = leaks(causal_jacobian(strong))
    assert len(found) > 0
    assert set(map(tuple, (found // 3).tolist())) == {(0, 0), (1, 1)}  # in a pixel
    assert abs(total_probability(strong) - 1) > 0.01


# --- the layers, the slow and obvious way


def masked_kernel(cropped: Tensor, side: int, row: int, column: int) -> Tensor:
    """Return a square kernel of zeros with a cropped one put at (row, column)."""
    full = cropped.new_zeros(*cropped.shape[:2], side, side)
    height, width = cropped.shape[2:]
    full[:, :, row : row + height, column : column + width] = cropped
    return full


def convolve(x: Tensor, conv: nn.Conv2d, side: int, row: int, d: int = 1) -> Tensor:
    """Convolve with the square, masked kernel of a cropped one."""
    kernel = masked_kernel(conv.weight, side, row, 0)
    return F.conv2d(x, kernel, conv.bias, padding=d * (side // 2), dilation=d)


def masked_numbers(model: GatedPixelCNN, x: Tensor, y: Tensor | None) -> Tensor:
    """Return a Gated PixelCNN's numbers by square masked kernels, as in the paper."""
    above = convolve(x, model.first_above, 7, 0)
    left = convolve(x, model.first_left, 7, 3)
    for layer in model.layers:
        d, labels = layer.dilation, torch.zeros(1, 1)
        if y is not None:
            labels = layer.labels.weight[y]
        labels = labels.expand(-1, 4 * len(layer.residual.weight))
        for_above, for_left = labels.chunk(2, 1)
        tall = convolve(above, layer.above, 3, 0, d)
        wide = convolve(left, layer.left, 3, 1, d)
        wide = wide + layer.link(tall) + for_left[..., None, None]
        above = above + gate(tall + for_above[..., None, None], 1)
        left = left + layer.residual(gate(wide, 1))
    return model.readout(left.movedim(1, -1), x.movedim(1, -1)).movedim(-2, 1)


@pytest.mark.parametrize("classes", [None, 3])
@pytest.mark.parametrize("shape", [(1, 6, 6), (1, 3, 8), (3, 5, 4)], ids=str)
@pytest.mark.parametrize("dilations", [(1,), (1, 2, 4), (3,)])
def test_cropped_kernels_are_masked_kernels(
    shape: Shape, dilations: tuple[int, ...], classes: int | None
):
    model = strong_copy(
        GatedPixelCNN(
            shape=shape, levels=4, features=3, dilations=dilations, classes=classes
        )
    )
    x = torch.rand(3, *shape, dtype=torch.float64) * 2 - 1
    y = None if classes is None else torch.tensor([2, 0, 1])
    found = model.numbers(x, y)
    assert found.std() > 0.1
    torch.testing.assert_close(found, masked_numbers(model, x, y))


def test_the_cropped_parts_of_a_kernel_are_its_mask():
    """Above and left together show what masks A and B show."""
    ones = torch.ones(1, 1, 3, 7)
    before = masked_kernel(ones, 7, 0, 0) + masked_kernel(ones[:, :, :1, :3], 7, 3, 0)
    assert torch.equal(before, causal_mask(1, 1, 7, "A"))
    own_row = masked_kernel(ones[:, :, :1, :2], 3, 1, 0)
    shown = masked_kernel(ones[:, :, :1, :3], 3, 0, 0) + own_row
    assert torch.equal(shown, causal_mask(1, 1, 3, "B"))


def test_a_residual_block_is_the_paper_s():
    """ReLU before each convolution: 2h to h, 3x3 at h, h to 2h, added to its input."""
    block = plain((4, 4), 1).double().blocks[0]
    x = torch.randn(2, 12, 4, 4, dtype=torch.float64)
    found = x
    for conv in (block.enter, block.look, block.leave):
        side = conv.weight.shape[-1]
        kernel = conv.weight * causal_mask(*conv.weight.shape[1::-1], side, "B")
        found = F.conv2d(found.relu(), kernel, conv.bias, padding=side // 2)
    torch.testing.assert_close(block(x), x + found)
    assert block.enter.weight.shape[:2] == (6, 12)


# --- broken variants


class ShiftedLayer(GatedLayer):
    """The vertical stack is moved down by a row in every layer, not once."""

    def forward(
        self, above: Tensor, left: Tensor, y: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Its kernel ends above the pixel's own row: it spreads a column a row."""
        tall = self.above(F.pad(above, (1, 1, 2, 0)))[:, :, :-1]
        wide = self.left(F.pad(left, (1, 0))) + self.link(tall)
        return above + gate(tall, 1), left + self.residual(gate(wide, 1))


class ShiftedGatedPixelCNN(GatedPixelCNN):
    """A widely used Gated PixelCNN's mistake: causal, and as blind as a PixelCNN."""

    def __init__(self, *, shape: Shape, features: int, layers: int) -> None:
        ones = (1,) * layers
        super().__init__(shape=shape, levels=2, features=features, dilations=ones)
        self.layers = nn.ModuleList(ShiftedLayer(features, 1, None) for _ in ones)

    def numbers(self, x: Tensor, y: Tensor | None) -> Tensor:
        above = self.first_above(F.pad(x, (3, 3, 2, 0)))
        left = self.first_left(F.pad(x, (3, 0)))[..., :-1]
        for layer in self.layers:
            above, left = layer(above, left, y)
        return self.readout(left.movedim(1, -1), x.movedim(1, -1)).movedim(-2, 1)


def test_a_vertical_stack_shifted_in_every_layer_has_the_blind_spot():
    height, width = 4, 11
    broken = ShiftedGatedPixelCNN(shape=(1, height, width), features=2, layers=10)
    found = causal_jacobian(strong_copy(broken))
    expected = {
        (i * width + j, row * width + column)
        for i, j, row, column in pairs((height, width))
        if column - j > 3 + (i - row) and i > row
    }
    assert len(leaks(found)) == 0
    assert set(map(tuple, unseen(found).tolist())) == expected
    assert len(expected) > 50
    right = causal_jacobian(strong_copy(gated((height, width), (1,) * 10)))
    assert len(unseen(right)) == 0


class LeakyPixelCNN(PixelCNN):
    """Mask B where mask A belongs: every pixel sees itself."""

    def __init__(self, *, shape: Shape) -> None:
        super().__init__(shape=shape, levels=2, features=3, blocks=1)
        self.first.mask = causal_mask(1, 6, 7, "B")


def test_mask_b_in_the_first_layer_is_caught():
    model = LeakyPixelCNN(shape=(1, 3, 3))
    strong = strong_copy(model)
    assert leaks(causal_jacobian(strong)).tolist() == [[k, k] for k in range(9)]
    assert abs(total_probability(strong) - 1) > 0.01


class LateLink(GatedLayer):
    """The vertical stack joins after the gate, and never passes through it."""

    def forward(
        self, above: Tensor, left: Tensor, y: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        tall = self.above(F.pad(above, (1, 1, 1, 0)))
        wide = gate(self.left(F.pad(left, (1, 0))), 1)
        link = self.link(tall).chunk(2, 1)[0]
        return above + gate(tall, 1), left + self.residual(wide) + link


def test_a_link_after_the_gate_is_another_model():
    model = strong_copy(gated((4, 4), (1,)))
    x = torch.rand(2, 1, 4, 4, dtype=torch.float64)
    right = model.numbers(x, None)
    late = LateLink(2, 1, None).double()
    late.load_state_dict(model.layers[0].state_dict())
    model.layers[0] = late
    broken = model.numbers(x, None)
    assert (broken - right).abs().max() > 0.1
    model.layers[0].__class__ = GatedLayer
    torch.testing.assert_close(masked_numbers(model, x, None), right)


# --- shapes, and what is refused


@settings(max_examples=12, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5)),
    levels=st.integers(2, 5),
    depth=st.integers(1, 3),
)
def test_nothing_of_the_future_is_seen_in_any_shape(
    shape: Shape, levels: int, depth: int
):
    for model in (
        PixelCNN(shape=shape, levels=levels, features=2, blocks=depth),
        GatedPixelCNN(
            shape=shape, levels=levels, features=2, dilations=range(1, depth + 1)
        ),
    ):
        found = causal_jacobian(strong_copy(model), images=1)
        assert len(leaks(found)) == 0


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: GatedPixelCNN(dilations=()),
            "expected one dilation a layer, got none",
        ),
        (lambda: GatedPixelCNN(dilations=(1, 0)), "each of dilations .* got 0"),
        (lambda: GatedPixelCNN(dilations=(1.5,)), r"each of dilations .* got 1\.5"),
        (lambda: GatedPixelCNN(features=0), "expected features to be an int of 1 or"),
        (lambda: GatedPixelCNN(classes=0), "expected classes to be an int of 1 or"),
        (
            lambda: GatedPixelCNN(components=0, head="logistic"),
            "expected components to",
        ),
        (lambda: PixelCNN(features=2.0), r"features to be an int .* got 2\.0"),
        (
            lambda: PixelCNN(blocks=0),
            "expected blocks to be an int of 1 or more, got 0",
        ),
        (lambda: PixelCNN(levels=300), "levels to be an int from 2 to 256, got 300"),
        (lambda: PixelCNN(head="gauss"), "head softmax, bernoulli or logistic, got"),
        (lambda: PixelCNN(head="bernoulli"), "2 levels, got levels=256"),
        (lambda: PixelCNN(shape=(28, 28)), r"shape \(C, H, W\), got \(28, 28\)"),
        (lambda: PixelCNN(shape=(1, 0, 28)), "height to be an int of 1 or more, got 0"),
        (lambda: PixelCNN(shape=(1, 8, 8.0)), r"width to be an int .* got 8\.0"),
    ],
)
def test_wrong_settings_are_told(make, said: str):
    with pytest.raises(ValueError, match=said):
        make()
