from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap

from gencourse.masked import MaskedConv2d, Readout, blind_spot, causal_mask, gate

SEEN_BEFORE = [[1, 1, 1], [1, 0, 0], [0, 0, 0]]
SEEN_WITH_ITSELF = [[1, 1, 1], [1, 1, 0], [0, 0, 0]]


def images(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


# --- the mask


def test_masks_of_one_channel_by_hand():
    assert causal_mask(1, 1, 3, "A")[0, 0].tolist() == SEEN_BEFORE
    assert causal_mask(1, 1, 3, "B")[0, 0].tolist() == SEEN_WITH_ITSELF


def test_masks_of_three_channels_by_hand():
    """Rows of the centre are the channel that looks, columns the one looked at."""
    for mask, centre in (
        ("A", [[0, 0, 0], [1, 0, 0], [1, 1, 0]]),
        ("B", [[1, 0, 0], [1, 1, 0], [1, 1, 1]]),
    ):
        found = causal_mask(3, 3, 3, mask, channel_groups=3)
        assert found[:, :, 1, 1].tolist() == centre
        found[:, :, 1, 1] = 0
        assert (found == torch.tensor(SEEN_BEFORE)).all()


def test_the_channels_of_a_group_stand_side_by_side():
    found = causal_mask(3, 6, 1, "A", channel_groups=3)[:, :, 0, 0]
    before = [[0, 0, 0], [1, 0, 0], [1, 1, 0]]
    assert found.tolist() == [row for row in before for _ in range(2)]
    found = causal_mask(4, 2, 1, "B", channel_groups=2)[:, :, 0, 0]
    assert found.tolist() == [[1, 1, 0, 0], [1, 1, 1, 1]]


@pytest.mark.parametrize("kernel", [1, 3, 5, 7])
@pytest.mark.parametrize("mask", ["A", "B"])
def test_a_mask_is_the_raster_order(kernel: int, mask: str):
    place = torch.arange(kernel**2).view(kernel, kernel)
    centre = kernel**2 // 2
    expected = place < centre if mask == "A" else place <= centre
    assert torch.equal(causal_mask(1, 1, kernel, mask)[0, 0].bool(), expected)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: causal_mask(1, 1, 3, "C"), "expected mask 'A' or 'B', got 'C'"),
        (lambda: causal_mask(4, 3, 3, "A", 3), "channels in 3 equal groups, got 4"),
        (lambda: causal_mask(3, 4, 3, "A", 3), "channels in 3 equal groups, got 4"),
        (lambda: causal_mask(3, 3, 3, "A", 0), "channel_groups to be an int of 1 or"),
        (lambda: MaskedConv2d(1, 1, 4, mask="A"), "expected an odd kernel, got 4"),
        (lambda: MaskedConv2d(1, 1, 3, mask="a"), "expected mask 'A' or 'B', got 'a'"),
    ],
)
def test_wrong_settings_are_told(make, said: str):
    with pytest.raises(ValueError, match=said):
        make()


# --- the convolution


@pytest.mark.parametrize("mask", ["A", "B"])
@pytest.mark.parametrize("groups", [1, 3])
def test_a_masked_convolution_sees_what_its_mask_shows(mask: str, groups: int):
    conv = MaskedConv2d(3, 3, 5, mask=mask, channel_groups=groups).double()
    jacobian = jacrev(conv)(images(1, 3, 4, 5))[0, :, :, :, 0]
    place = torch.arange(20).view(4, 5)
    group = torch.arange(3) * groups // 3
    for c, i, j in [(0, 0, 0), (1, 2, 2), (2, 3, 4), (1, 1, 4)]:
        near = ((place // 5 - i).abs() <= 2) & ((place % 5 - j).abs() <= 2)
        before = (place < place[i, j]).expand(3, -1, -1).clone()
        before[:, i, j] = group < group[c] if mask == "A" else group <= group[c]
        assert torch.equal(jacobian[c, i, j] != 0, before & near)


@pytest.mark.parametrize("kernel", [1, 3, 7])
def test_with_a_mask_of_ones_it_is_a_convolution(kernel: int):
    conv = MaskedConv2d(2, 5, kernel, mask="B").double()
    conv.mask.fill_(1)
    x = images(3, 2, 6, 4)
    expected = F.conv2d(x, conv.weight, conv.bias, padding=kernel // 2)
    assert torch.equal(conv(x), expected)


def test_the_mask_is_not_part_of_a_checkpoint():
    assert set(MaskedConv2d(1, 1, 3, mask="A").state_dict()) == {"weight", "bias"}


# --- the mask stands in the product, never in the weight


class MaskedInPlace(nn.Conv2d):
    """What many public versions do: the mask is written into the weight."""

    def __init__(self, *sizes: int) -> None:
        super().__init__(*sizes, padding=sizes[2] // 2)
        self.register_buffer("mask", causal_mask(*sizes, "A"))

    def forward(self, x: Tensor) -> Tensor:
        self.weight.data *= self.mask
        return super().forward(x)


def masked_gradient(conv: nn.Module) -> float:
    """Return the largest gradient of a weight that the mask hides."""
    conv(images(2, 1, 5, 5)).pow(2).sum().backward()
    return (conv.weight.grad * (1 - conv.mask)).abs().max().item()


def leak_after_a_step(conv: nn.Module) -> float:
    """Return the largest change of a masked weight's share in a copy after Adam."""
    start = (conv.weight * (1 - conv.mask)).detach().clone()
    optimizer = torch.optim.Adam(conv.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        conv(images(2, 1, 5, 5)).pow(2).sum().backward()
        optimizer.step()
    return (conv.weight * (1 - conv.mask) - start).abs().max().item()


def test_masked_weights_get_no_gradient_and_never_move():
    assert masked_gradient(MaskedConv2d(1, 4, 5, mask="A").double()) == 0
    assert leak_after_a_step(MaskedConv2d(1, 4, 5, mask="A").double()) == 0


def test_weight_decay_pulls_masked_weights_to_zero_and_does_nothing_else():
    conv = MaskedConv2d(1, 4, 5, mask="A").double()
    hidden = 1 - conv.mask
    start = (conv.weight * hidden).detach().clone()
    optimizer = torch.optim.AdamW(conv.parameters(), lr=0.1, weight_decay=0.5)
    for _ in range(3):
        optimizer.zero_grad()
        conv(images(2, 1, 5, 5)).pow(2).sum().backward()
        optimizer.step()
    torch.testing.assert_close(conv.weight * hidden, start * (1 - 0.1 * 0.5) ** 3)


def test_masking_in_place_is_caught():
    torch.manual_seed(0)
    assert masked_gradient(MaskedInPlace(1, 4, 5).double()) > 1
    conv = MaskedInPlace(1, 4, 5).double()
    conv(images(2, 1, 5, 5))
    # Saved or averaged now, between a step and the next forward pass, it sees ahead.
    assert leak_after_a_step(conv) > 0.05


def test_a_stack_of_models_runs_under_vmap():
    def run(conv: nn.Module) -> Tensor:
        stacked = {name: torch.stack([p, p]) for name, p in conv.named_parameters()}
        x = images(1, 1, 5, 5)
        return vmap(lambda weights: functional_call(conv, weights, (x,)))(stacked)

    conv = MaskedConv2d(1, 4, 5, mask="A").double()
    first, second = run(conv)
    torch.testing.assert_close(first, conv(images(1, 1, 5, 5)))
    torch.testing.assert_close(first, second)
    with pytest.raises(RuntimeError):
        run(MaskedInPlace(1, 4, 5).double())


# --- gate and readout


def test_a_gate_is_tanh_times_sigmoid():
    x = torch.tensor([[0.5, -2.0, 0.0, 3.0]], dtype=torch.float64)
    expected = torch.tensor([[0.5, -2.0]]).double().tanh() * torch.tensor(
        [[0.5, 1 / (1 + torch.tensor(-3.0).double().exp())]]
    )
    torch.testing.assert_close(gate(x, 1), expected)
    torch.testing.assert_close(gate(x.T, 0), expected.T)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_readout_shows_each_channel_the_earlier_ones(
    channels: int, with_strong_weights
):
    readout = with_strong_weights(Readout(4, channels, 5).double())
    features, x = images(4), images(channels, seed=1)
    jacobian = jacrev(readout, argnums=1)(features, x).abs().sum(1)
    assert torch.equal(jacobian != 0, torch.ones_like(jacobian).tril(-1).bool())
    assert (jacrev(readout)(features, x).abs().sum(1) > 0).all()


def test_a_readout_treats_every_pixel_alike(with_strong_weights):
    readout = with_strong_weights(Readout(4, 3, 5).double())
    features, x = images(2, 6, 4), images(2, 6, 3, seed=1)
    found = readout(features, x)
    assert found.shape == (2, 6, 3, 5)
    torch.testing.assert_close(found[1, 4], readout(features[1, 4], x[1, 4]))


# --- the blind spot of a field


def test_the_blind_spot_is_the_past_that_is_not_seen():
    field = torch.tensor([[1, 0, 1], [0, 0, 1], [0, 0, 0]]).bool()
    found = blind_spot(field, 1, 1)
    assert found.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert not blind_spot(field, 0, 0).any()
    assert blind_spot(torch.zeros(2, 3).bool(), 1, 2).sum() == 5
