"""The networks of a GAN: their shapes, norms, and how large a layer may be."""

from __future__ import annotations

import re

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from gencourse.gan import GAN, PointGAN
from gencourse.gan_networks import make_features, make_generator

SHAPES = [(1, 8, 8), (3, 12, 8), (2, 4, 16)]
each_shape = pytest.mark.parametrize("shape", SHAPES)
each_network = pytest.mark.parametrize("network", ["dense", "conv"])
each_norm = pytest.mark.parametrize("norm", ["none", "batch", "spectral"])


def normals(*size: int, seed: int = 0) -> Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed))


def kinds(module: nn.Module, kind) -> list[nn.Module]:
    return [m for m in module.modules() if isinstance(m, kind)]


def layers(module: nn.Module) -> list[nn.Module]:
    return kinds(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)


@each_network
@each_shape
def test_a_generator_draws_pictures(network: str, shape):
    torch.manual_seed(0)
    generator = make_generator(network, shape, 5, 4)
    pictures = generator(3 * normals(7, 5))
    assert pictures.shape == (7, *shape)
    assert -1 <= pictures.min() < 0 < pictures.max() <= 1
    assert pictures.std(0).min() > 1e-4  # a code matters everywhere
    z = normals(7, 5).requires_grad_()
    mixed = (generator(z) * normals(7, *shape, seed=1)).sum()
    (gradient,) = torch.autograd.grad(mixed, z)
    assert gradient.abs().sum(0).min() > 1e-4  # and every number of it


@each_network
@each_norm
@each_shape
def test_features_are_as_many_as_said(network: str, norm: str, shape):
    torch.manual_seed(0)
    features, count = make_features(network, shape, 4, norm)
    x = normals(7, *shape).requires_grad_()
    found = features(x)
    assert found.shape == (7, count)
    (gradient,) = torch.autograd.grad((found * normals(7, count, seed=1)).sum(), x)
    assert gradient.abs().amax(0).min() > 1e-6  # every subpixel is seen


@each_network
def test_width_is_width(network: str):
    sizes = [
        sum(p.numel() for p in make_generator(network, (1, 8, 8), 5, w).parameters())
        for w in (4, 8)
    ]
    assert 1.5 < sizes[1] / sizes[0] < 4.5


@each_network
@pytest.mark.parametrize("norm", ["none", "spectral"])
def test_without_batch_norm_an_image_is_judged_alone(network: str, norm: str):
    torch.manual_seed(0)
    features, _ = make_features(network, (1, 8, 8), 4, norm)
    features.eval()  # the power iteration stands still
    x = normals(5, 1, 8, 8)
    together = features(x)
    for i in range(5):
        torch.testing.assert_close(features(x[i : i + 1]), together[i : i + 1])
    features.train()
    assert not kinds(features, nn.BatchNorm1d | nn.BatchNorm2d)


@each_network
def test_batch_norm_ties_images_together(network: str):
    """What a gradient penalty must not meet."""
    torch.manual_seed(0)
    features, _ = make_features(network, (1, 8, 8), 4, "batch")
    norms = kinds(features, nn.BatchNorm1d | nn.BatchNorm2d)
    assert norms
    x = normals(5, 1, 8, 8)
    other = torch.cat([x[:4], 3 * x[4:]])
    assert (features(x)[:4] - features(other)[:4]).abs().max() > 1e-3
    # Public code has one of 0.8, by a slip in the order of the arguments.
    assert {norm.eps for norm in norms} == {1e-5}


@each_network
def test_every_generator_norm_has_a_small_eps(network: str):
    norms = kinds(make_generator(network, (1, 8, 8), 5, 4),
                  nn.BatchNorm1d | nn.BatchNorm2d)  # fmt: skip
    assert norms and {norm.eps for norm in norms} == {1e-5}


# --- spectral normalisation


def largest(layer: nn.Module) -> float:
    return torch.linalg.svdvals(layer.weight.detach().flatten(1))[0].item()


def judges(kind: str) -> tuple[nn.Module, list[nn.Module], Tensor]:
    """Return a model, the layers of its discriminator, and data for it."""
    torch.manual_seed(0)
    if kind == "points":
        model = PointGAN(dims=3, width=12, norm="spectral")
        return model, layers(model.discriminator), normals(6, 3)
    model = GAN(shape=(3, 12, 8), width=4, latent=3, network=kind, norm="spectral")
    x = torch.randint(256, (6, 3, 12, 8), generator=torch.Generator().manual_seed(0))
    return model, [*layers(model.features), model.score_of], x.to(torch.uint8)


each_judge = pytest.mark.parametrize("kind", ["dense", "conv", "points"])


@each_judge
def test_every_weight_has_the_norm_one(kind: str):
    model, found, x = judges(kind)
    assert len(found) >= 3
    with torch.no_grad():
        for i, layer in enumerate(found):
            original = layer.parametrizations.weight.original
            original.copy_(3 * normals(*original.shape, seed=i))
    model.eval()  # or looking at a weight moves the iteration on
    before = [largest(layer) for layer in found]
    model.train()
    for _ in range(80):
        model.discriminator_losses(x)
    model.eval()
    for layer in found:
        assert largest(layer) == pytest.approx(1, abs=1e-2)
    assert max(abs(norm - 1) for norm in before) > 0.1


@each_network
def test_the_labels_weight_has_the_norm_one_too(network: str):
    torch.manual_seed(0)
    model = GAN(shape=(1, 8, 8), width=4, latent=3, network=network, norm="spectral",
                classes=5)  # fmt: skip
    original = model.label_to_score.parametrizations.weight.original
    with torch.no_grad():
        original.copy_(3 * normals(*original.shape))
    x, y = torch.zeros(10, 1, 8, 8, dtype=torch.uint8), torch.arange(10) % 5
    for _ in range(60):
        model.discriminator_losses(x, y)
    model.eval()
    assert largest(model.label_to_score) == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize("kind", ["dense", "points"])
def test_a_normed_judge_is_one_lipschitz(kind: str):
    """Convolutions are larger than their flattened weights, by the taps that meet."""
    model, _, x = judges(kind)
    for _ in range(60):
        model.discriminator_losses(x)
    model.eval()
    points = model.real(x).requires_grad_()
    (gradient,) = torch.autograd.grad(model.score(points).sum(), points)
    norms = gradient.flatten(1).norm(dim=1)
    assert 0 < norms.min() <= norms.max() < 1.03


@each_judge
def test_the_norm_stands_still_in_eval_mode(kind: str):
    model, found, x = judges(kind)
    model.eval()
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    weights = [layer.weight.detach().clone() for layer in found]
    for _ in range(3):
        model.score(model.real(x))
    assert all(torch.equal(v, kept[name]) for name, v in model.state_dict().items())
    assert all(torch.equal(layer.weight, w)
               for layer, w in zip(found, weights, strict=True))  # fmt: skip
    model.train()
    model.score(model.real(x))
    assert any(not torch.equal(v, kept[name]) for name, v in model.state_dict().items())


@each_judge
def test_only_the_discriminator_is_normed(kind: str):
    model, found, _ = judges(kind)
    assert all(is_parametrized(layer, "weight") for layer in found)
    assert not any(is_parametrized(layer) for layer in layers(model.generator))
    plain = GAN(shape=(1, 8, 8), width=2) if kind != "points" else PointGAN()
    assert not any(is_parametrized(layer) for layer in layers(plain))


# --- wrong settings


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("resnet", (1, 8, 8), 5, 4), "expected network dense or conv, got 'resnet'"),
        (("conv", (1, 6, 8), 5, 4), "sides that are multiples of 4, got (1, 6, 8)"),
        (("conv", (1, 8, 9), 5, 4), "sides that are multiples of 4, got (1, 8, 9)"),
        (("dense", (1, 8, 8), 5, 0), "expected width to be an int of 1 or more, got 0"),
        (("conv", (1, 8, 8), 5, 2.0), "width to be an int of 1 or more, got 2.0"),
    ],
)
def test_wrong_generators_are_told(given, said: str):
    with pytest.raises(ValueError, match=re.escape(said)):
        make_generator(*given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("resnet", (1, 8, 8), 4, "none"), "network dense or conv, got 'resnet'"),
        (
            ("conv", (1, 6, 8), 4, "none"),
            "sides that are multiples of 4, got (1, 6, 8)",
        ),
        (("conv", (1, 8, 8), -1, "none"), "width to be an int of 1 or more, got -1"),
        (("dense", (1, 8, 8), 4, "layer"), "batch, spectral or none, got 'layer'"),
        (("conv", (1, 8, 8), 4, None), "batch, spectral or none, got None"),
    ],
)
def test_wrong_features_are_told(given, said: str):
    with pytest.raises(ValueError, match=re.escape(said)):
        make_features(*given)


def test_a_dense_network_takes_odd_sides():
    generator = make_generator("dense", (1, 5, 7), 3, 4)
    assert generator(normals(2, 3)).shape == (2, 1, 5, 7)
    features, count = make_features("dense", (1, 5, 7), 4, "none")
    assert features(normals(2, 1, 5, 7)).shape == (2, count)
