from __future__ import annotations

from itertools import product
from math import prod

import pytest
import torch
from torch import Tensor, nn

from gencourse.autoregressive import Autoregressive, Reader
from gencourse.baselines import IndependentPixels, NeighbourTable, UniformPixels
from gencourse.images import Shape
from gencourse.pixelcnn import GatedPixelCNN
from gencourse.testing import (
    causal_jacobian,
    enumerate_images,
    image_numbers,
    leaks,
    receptive_field,
    strong_copy,
    total_probability,
    unseen,
)

SHAPES = [(1, 2, 3), (1, 4, 2), (3, 2, 2), (2, 1, 3)]
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


class Chosen(Autoregressive):
    """Every subpixel's logit is a sum over the subpixels that it is told to see."""

    def __init__(self, shape: Shape, sees: Tensor, *, hinge: bool = False) -> None:
        super().__init__(shape, 2, "bernoulli", 1, None)
        generator = torch.Generator().manual_seed(0)
        weight = torch.randn(sees.shape, generator=generator)
        self.weight, self.hinge = nn.Parameter(weight * sees), hinge

    def numbers(self, x: Tensor, y: Tensor | None) -> Tensor:
        flat = x.permute(0, 2, 3, 1).flatten(1)
        if self.hinge:  # only a pixel that is on can be seen
            flat = flat.relu()
        channels, height, width = self.shape
        found = (flat @ self.weight.T).view(-1, height, width, channels)
        return found.permute(0, 3, 1, 2).unsqueeze(-1)

    def reader(self, n: int, y: Tensor | None) -> Reader:
        raise AssertionError("is not read")


def some_pairs(shape: Shape) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(prod(shape), prod(shape), generator=generator) < 0.5


def past(shape: Shape) -> Tensor:
    return torch.ones(prod(shape), prod(shape)).tril(-1).bool()


# --- what is seen


@each_shape
def test_the_jacobian_finds_exactly_the_pairs_there_are(shape: Shape):
    sees = some_pairs(shape)
    found = causal_jacobian(Chosen(shape, sees))
    assert found.dtype == torch.float64
    assert torch.equal(found != 0, sees)


def test_the_jacobian_is_the_derivative_up_to_one_factor():
    model = Chosen((3, 2, 2), some_pairs((3, 2, 2)))
    ratio = causal_jacobian(model) / model.weight.detach().abs()
    ratio = ratio[~ratio.isnan()]
    torch.testing.assert_close(ratio, ratio[:1].expand_as(ratio), rtol=1e-6, atol=0)
    assert ratio[0] > 0.1


@each_shape
def test_the_receptive_field_is_the_jacobian_s_row(shape: Shape):
    sees, (channels, height, width) = some_pairs(shape), shape
    model = Chosen(shape, sees)
    each = sees.view(height, width, channels, height, width, channels)
    for i, j in product(range(height), range(width)):
        expected = each[i, j].any(0).any(-1)
        assert torch.equal(receptive_field(model, (i, j)), expected)


def test_several_images_find_what_one_hides():
    """Behind a ReLU that is off nothing is seen."""
    shape = (1, 3, 3)
    model = Chosen(shape, past(shape), hinge=True)
    dark = torch.zeros(1, *shape, dtype=torch.uint8)
    assert not causal_jacobian(model, dark).any()
    assert not receptive_field(model, (2, 2), dark).any()
    one = causal_jacobian(model, images=1)
    assert len(unseen(one)) > 0
    assert torch.equal(causal_jacobian(model, images=12) != 0, past(shape))
    assert receptive_field(model, (2, 2), images=12).sum() == 8
    both = torch.cat([dark, 1 - dark])
    assert torch.equal(causal_jacobian(model, both) != 0, past(shape))


@each_shape
def test_leaks_and_blind_spots_are_named_pair_by_pair(shape: Shape):
    sees = past(shape)
    assert len(leaks(sees)) == len(unseen(sees)) == 0
    sees[1, 1] = sees[0, 2] = True
    sees[3, 1] = False
    assert leaks(sees).tolist() == [[0, 2], [1, 1]]
    assert unseen(sees).tolist() == [[3, 1]]


def test_the_class_is_given_on(with_strong_weights):
    model = GatedPixelCNN(
        shape=(1, 2, 2), levels=3, features=3, dilations=(1,), classes=4
    )
    with_strong_weights(model)
    first, second = (causal_jacobian(model, y=y) for y in (0, 3))
    assert torch.equal(first != 0, past((1, 2, 2)))
    assert not torch.allclose(first, second)
    assert receptive_field(model, (1, 1), y=2).sum() == 3
    with pytest.raises(ValueError, match="expected y: the model has 4 classes"):
        causal_jacobian(model)
    with pytest.raises(ValueError, match="labels from 0 to 3, got 4 to 4"):
        receptive_field(model, (1, 1), y=4)


def test_measuring_leaves_the_model_and_the_random_state_as_they_were():
    model = GatedPixelCNN(shape=(1, 2, 2), levels=2, features=2, dilations=(1,))
    model.train()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    state = torch.get_rng_state()
    causal_jacobian(model)
    receptive_field(model, (1, 1))
    total_probability(model)
    strong_copy(model)
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training
    for name, p in model.named_parameters():
        assert torch.equal(p, before[name])
        assert p.dtype == torch.float32
        assert p.grad is None


def test_wrong_inputs_are_told():
    model = Chosen((1, 2, 3), some_pairs((1, 2, 3)))
    for pixel in ((2, 0), (0, 3), (-1, 0)):
        with pytest.raises(ValueError, match="expected a pixel inside 2x3, got"):
            receptive_field(model, pixel)
    wrong = torch.zeros(1, 1, 3, 3, dtype=torch.uint8)
    with pytest.raises(ValueError, match=r"shape \(B, 1, 2, 3\), got shape"):
        causal_jacobian(model, wrong)
    with pytest.raises(ValueError, match=r"expected levels 0 to 1, got 2 to 2"):
        receptive_field(model, (0, 0), 2 + wrong[:, :, :2])
    with pytest.raises(ValueError, match="images to be an int of 1 or more, got 0"):
        causal_jacobian(model, images=0)


# --- strong weights


def test_a_strong_copy_has_large_weights_and_says_different_things():
    model = GatedPixelCNN(shape=(1, 4, 4), levels=2, features=8, dilations=(1, 2))
    strong = strong_copy(model, gain=3, seed=1)
    weight = strong.layers[0].above.weight
    assert weight.dtype == torch.float64
    inputs = weight[0].numel()
    assert abs(weight.std() / (3 / inputs**0.5) - 1) < 0.1
    again = strong_copy(model, gain=3, seed=1)
    assert torch.equal(weight, again.layers[0].above.weight)
    assert not torch.equal(weight, strong_copy(model).layers[0].above.weight)
    x = torch.randint(2, (50, 1, 4, 4), dtype=torch.uint8)
    spread = [net.log_prob(x).std() for net in (model, strong)]
    assert spread[1] > 5 * spread[0]


# --- enumeration


def test_all_images_of_two_pixels_by_hand():
    found = enumerate_images((1, 1, 2), 3)
    assert found.dtype == torch.uint8
    expected = [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2], [2, 0], [2, 1], [2, 2]]
    assert found[:, 0, 0].tolist() == expected


@each_shape
@pytest.mark.parametrize("levels", [2, 3])
def test_every_image_is_there_once_and_knows_its_number(shape: Shape, levels: int):
    if levels == 3 and prod(shape) > 8:
        return
    found = enumerate_images(shape, levels)
    count = levels ** prod(shape)
    assert found.shape == (count, *shape)
    assert len(found.unique(dim=0)) == count
    assert found.max() == levels - 1
    assert torch.equal(image_numbers(found, levels), torch.arange(count))


def test_subpixels_are_digits_in_raster_order():
    image = torch.zeros(1, 3, 2, 2, dtype=torch.uint8)
    image[0, 1, 0, 1] = 1  # green of the second pixel: the fifth of twelve
    assert image_numbers(image, 2).tolist() == [2 ** (12 - 5)]


@pytest.mark.parametrize(
    ("shape", "levels", "said"),
    [
        ((1, 28, 28), 2, r"at most 1048576 images, got 2 .* \(1, 28, 28\): 2 \*\* 784"),
        ((1, 3, 7), 2, r"at most 1048576 images, .* 2 \*\* 21"),
        ((1, 1, 3), 256, r"256 \*\* 3"),
        ((1, 2, 2), 1, "levels to be an int from 2 to 256, got 1"),
        ((2, 2), 2, r"expected shape \(C, H, W\), got \(2, 2\)"),
        ((1, 0, 2), 2, "expected height to be an int of 1 or more, got 0"),
    ],
)
def test_what_cannot_be_enumerated_is_told(shape: Shape, levels: int, said: str):
    with pytest.raises(ValueError, match=said):
        enumerate_images(shape, levels)


def test_the_largest_enumerations_still_run():
    assert len(enumerate_images((1, 4, 5), 2)) == 2**20


# --- probability


def test_the_baselines_are_densities():
    x = torch.randint(3, (40, 1, 2, 3), dtype=torch.uint8)
    for model in (
        UniformPixels(shape=(1, 2, 3), levels=3),
        IndependentPixels(x, shape=(1, 2, 3), levels=3),
        NeighbourTable(x, shape=(1, 2, 3), levels=3),
    ):
        assert total_probability(model) == pytest.approx(1, abs=1e-12)
    many = UniformPixels(shape=(1, 2, 7), levels=2)  # 16384: more than one batch
    assert total_probability(many) == pytest.approx(1, abs=1e-12)


def test_a_model_that_sees_the_answer_does_not_sum_to_one():
    shape = (1, 2, 3)
    honest = Chosen(shape, past(shape))
    assert total_probability(honest) == pytest.approx(1, abs=1e-12)
    sees = past(shape)
    sees[2, 2] = sees[0, 4] = True
    assert abs(total_probability(Chosen(shape, sees)) - 1) > 0.02


def test_a_conditional_model_is_summed_class_by_class(with_strong_weights):
    model = GatedPixelCNN(
        shape=(1, 2, 2), levels=3, features=3, dilations=(1,), classes=2
    )
    with_strong_weights(model)
    for y in (0, 1):
        assert total_probability(model, y) == pytest.approx(1, abs=1e-12)
    with pytest.raises(ValueError, match="expected y: the model has 2 classes"):
        total_probability(model)
