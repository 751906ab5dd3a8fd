from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gencourse.testing import strong_copy
from gencourse.vae_networks import (
    Residual,
    conv_networks,
    dense_networks,
    make_networks,
)

SHAPES = [(1, 4, 8), (3, 8, 4)]
each_network = pytest.mark.parametrize("name", ["dense", "conv"])
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def normals(*size: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(size, generator=generator, dtype=torch.float64)


def strong(name: str, shape: tuple[int, int, int], size: int = 2):
    """Return the networks in float64 with large weights, and the counts between."""
    torch.manual_seed(0)
    reader, read, written, writer = make_networks(name, shape, size, 3)
    return strong_copy(reader), read, written, strong_copy(writer, seed=1)


@each_network
@each_shape
@pytest.mark.parametrize("size", [1, 5])
def test_shapes_are_as_promised(name: str, shape, size: int):
    reader, read, written, writer = strong(name, shape, size)
    channels, height, width = shape
    x = normals(2, *shape)
    assert reader(x).shape == (2, read)
    assert writer(normals(2, written)).shape == (2, channels * size, height, width)


@each_network
def test_a_side_of_28_is_read_and_written(name: str):
    reader, read, written, writer = make_networks(name, (1, 28, 28), 3, 2)
    assert reader(torch.zeros(1, 1, 28, 28)).shape == (1, read)
    assert writer(torch.zeros(1, written)).shape == (1, 3, 28, 28)


@each_network
@each_shape
def test_every_subpixel_is_read_and_every_feature_written_from(name: str, shape):
    reader, _, written, writer = strong(name, shape)
    x = normals(8, *shape).requires_grad_()
    weights = normals(*reader(x).shape)
    (reads,) = torch.autograd.grad((reader(x) * weights).sum(), x)
    assert (reads.abs().amax(0) > 1e-6).all()
    features = normals(8, written).requires_grad_()
    numbers = writer(features)
    (writes,) = torch.autograd.grad((numbers * normals(*numbers.shape)).sum(), features)
    assert (writes.abs().amax(0) > 1e-6).all()
    # Every number differs from code to code.
    assert (numbers.std(0) > 1e-3).all()


@each_network
@each_shape
@pytest.mark.parametrize("train", [True, False])
def test_a_batch_is_its_images_one_by_one(name: str, shape, train: bool):
    reader, _, written, writer = (
        part.train(train) if isinstance(part, torch.nn.Module) else part
        for part in strong(name, shape)
    )
    for network, given in (
        (reader, normals(4, *shape)),
        (writer, normals(4, written)),
    ):
        alone = torch.cat([network(one[None]) for one in given])
        torch.testing.assert_close(network(given), alone, rtol=0, atol=1e-10)


@each_network
def test_every_parameter_takes_part(name: str):
    reader, _, written, writer = strong(name, (1, 4, 4))
    for network, given in (
        (reader, normals(8, 1, 4, 4)),
        (writer, normals(8, written)),
    ):
        network.zero_grad()
        numbers = network(given)
        (numbers * normals(*numbers.shape)).sum().backward()
        for label, parameter in network.named_parameters():
            assert parameter.grad.abs().max() > 1e-9, label


def test_a_convolution_knows_its_neighbourhood():
    """A number of one corner hangs on the features of that corner, and not on all."""
    _, read, written, writer = strong("conv", (1, 32, 32), size=1)
    assert read == written == 3 * 8 * 8
    features = normals(1, written).requires_grad_()
    corner = writer(features)[0, 0, 0, 0]
    (found,) = torch.autograd.grad(corner, features)
    used = (found.view(3, 8, 8) != 0).any(0)
    assert used[:2, :2].all()
    assert not used[6:].any() and not used[:, 6:].any()


def test_a_residual_block_adds_to_what_comes_in():
    block, x = Residual(2).double(), normals(3, 2, 4, 6)
    inner = block.step(x)
    assert inner.shape == x.shape
    assert inner.abs().max() > 1e-2
    torch.testing.assert_close(block(x), x + inner)
    for parameter in block.parameters():
        torch.nn.init.zeros_(parameter)
    assert torch.equal(block(x), x)


def test_a_network_is_made_by_its_name():
    for name, make in (("dense", dense_networks), ("conv", conv_networks)):
        found, expected = make_networks(name, (1, 4, 4), 2, 3), make((1, 4, 4), 2, 3)
        assert found[1:3] == expected[1:3]
        for one, other in ((found[0], expected[0]), (found[3], expected[3])):
            shapes = [[p.shape for p in net.parameters()] for net in (one, other)]
            assert shapes[0] == shapes[1]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: make_networks("mlp", (1, 4, 4), 1, 2),
            "expected network dense or conv, got 'mlp'",
        ),
        (
            lambda: make_networks("conv", (1, 6, 4), 1, 2),
            r"sides that are multiples of 4, got \(1, 6, 4\)",
        ),
        (
            lambda: make_networks("conv", (1, 4, 7), 1, 2),
            r"sides that are multiples of 4, got \(1, 4, 7\)",
        ),
        (
            lambda: make_networks("dense", (1, 4, 4), 1, 0),
            "expected width to be an int of 1 or more, got 0",
        ),
        (
            lambda: make_networks("conv", (1, 4, 4), 1, 2.0),
            r"expected width to be an int of 1 or more, got 2\.0",
        ),
    ],
)
def test_wrong_settings_are_told(call, said: str):
    with pytest.raises(ValueError, match=said):
        call()
