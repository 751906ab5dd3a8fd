from __future__ import annotations

import copy
import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gencourse import data
from gencourse.autoencoder import (
    Autoencoder,
    Classifier,
    ConvAutoencoder,
    Denoising,
    LinearAutoencoder,
    add_noise,
    reconstruction_loss,
)
from gencourse.codes import pca, principal_angles
from gencourse.images import Shape

SHAPE: Shape = (3, 8, 4)
KINDS = [LinearAutoencoder, ConvAutoencoder]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)


def some_images(count: int = 5, levels: int = 16, shape: Shape = SHAPE) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(levels, (count, *shape), generator=generator).to(torch.uint8)


def small(kind: type[Autoencoder]) -> Autoencoder:
    return kind(shape=SHAPE, levels=16, latent=5)


class Identity(Autoencoder):
    """An autoencoder that returns what it is given."""

    def __init__(self, shape: Shape = SHAPE, levels: int = 16) -> None:
        super().__init__()
        self.shape, self.levels, self.latent = shape, levels, math.prod(shape)
        self.encoder, self.decoder = nn.Flatten(), nn.Unflatten(1, shape)


# --- reconstruction


@each_kind
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_images_become_codes_and_images(kind: type[Autoencoder], dtype: torch.dtype):
    model, x = small(kind), some_images().to(dtype)
    z = model.encode(x)
    assert z.shape == (5, 5)
    assert model.decode(z).shape == x.shape
    assert model.reconstruct(x).equal(model.decode(z))
    assert z.dtype == model.reconstruct(x).dtype == torch.float32
    assert model.losses(x)["reconstruction"].shape == ()
    assert model.squared_error(x).shape == (5,)


@each_kind
def test_double_precision_stays(kind: type[Autoencoder], with_strong_weights):
    model = with_strong_weights(small(kind)).double()
    x = some_images().double()
    assert model.encode(x).dtype == torch.float64
    assert model.losses(x)["reconstruction"].dtype == torch.float64
    single = copy.deepcopy(model).float()
    codes = single.encode(some_images()).double()
    assert torch.allclose(codes, model.encode(x), rtol=1e-3, atol=1e-3)


@each_kind
def test_levels_reach_the_network_as_grey_values(kind: type[Autoencoder]):
    model, seen = small(kind), []
    model.encoder.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    x = some_images()
    model.encode(x)
    assert torch.allclose(seen[0], x / 15)


@each_kind
def test_the_loss_is_the_formula(kind: type[Autoencoder], with_strong_weights):
    model = with_strong_weights(small(kind)).double()
    x = some_images().double()
    error = (x / 15 - model.reconstruct(x)).detach().numpy()
    losses = model.losses(x)
    assert losses.keys() == {"reconstruction"}
    expected = 0.5 * sum((e**2).sum() for e in error) / 5
    assert losses["reconstruction"].item() == pytest.approx(expected, rel=1e-12)
    per_pixel = [(e**2).mean() for e in error]
    assert model.squared_error(x).tolist() == pytest.approx(per_pixel, rel=1e-12)


@each_kind
def test_losses_do_not_depend_on_the_batches(kind, with_strong_weights):
    model = with_strong_weights(small(kind)).double()
    x = some_images(6).double()
    halves = [model.losses(part)["reconstruction"] for part in x.split(3)]
    assert model.losses(x)["reconstruction"].item() == pytest.approx(
        torch.stack(halves).mean().item(), rel=1e-12
    )
    alone = torch.cat([model.squared_error(part) for part in x.split(1)])
    assert torch.allclose(model.squared_error(x), alone, rtol=1e-12)


def test_the_loss_is_nats_under_a_gaussian():
    x, other = (torch.rand(4, 3, 5, 2, dtype=torch.float64) for _ in range(2))
    law = torch.distributions.Normal(other, 1.0)
    nats = -law.log_prob(x).flatten(1).sum(1).mean()
    constant = 15 * math.log(2 * math.pi)  # 30 pixels, half each
    got = reconstruction_loss(x, other)
    assert got.item() == pytest.approx((nats - constant).item(), rel=1e-12)


def test_a_loss_is_of_two_of_a_shape():
    with pytest.raises(ValueError, match=r"got \(4, 3\) and \(4, 1\)"):
        reconstruction_loss(torch.rand(4, 3), torch.rand(4, 1))


@each_kind
@pytest.mark.parametrize(
    ("x", "said"),
    [
        (some_images().long(), "got dtype int64"),
        (
            some_images(shape=(3, 4, 8)),
            r"3, 8, 4\), got shape \(5, 3, 4, 8\)",
        ),
        (some_images()[0], r"got shape \(3, 8, 4\)"),
        (some_images()[:0], "empty batch"),
        (some_images() + 1, "expected levels 0 to 15, got 1 to 16"),
        (some_images().float() - 1, "expected levels 0 to 15, got -1"),
    ],
)
def test_what_are_no_images_is_said(kind: type[Autoencoder], x: Tensor, said: str):
    model = small(kind)
    for use in (model.encode, model.losses, model.squared_error, model.reconstruct):
        with pytest.raises(ValueError, match=said):
            use(x)
    with pytest.raises(ValueError, match=said):
        Classifier(model).logits(x)
    with pytest.raises(ValueError, match="got" if x.is_floating_point() else said):
        Denoising(model).losses(x)


def test_noise_is_put_on_levels_alone():
    with pytest.raises(ValueError, match=r"expected uint8 levels.*got dtype float32"):
        Denoising(small(LinearAutoencoder)).losses(some_images().float())


@each_kind
@pytest.mark.parametrize("shape", [(2, 4), (2, 6), (5,), (2, 5, 1)])
def test_codes_of_another_size_are_refused(kind: type[Autoencoder], shape: tuple):
    with pytest.raises(ValueError, match=r"codes of shape \(B, 5\), got"):
        small(kind).decode(torch.zeros(shape))


@pytest.mark.parametrize("shape", [(1, 27, 28), (1, 28, 30), (3, 2, 2)])
def test_convolutions_need_sides_that_halve_twice(shape: Shape):
    with pytest.raises(ValueError, match=r"multiples of 4, got \(\d, \d+, \d+\)"):
        ConvAutoencoder(shape=shape)


# --- a linear autoencoder is PCA


def fashion_points() -> tuple[Tensor, Tensor]:
    """Return 1,000 images of 14 x 14 levels in float64, and the same in [0, 1]."""
    x = data.load("fashion-mini", size=14, limit=1000).x.double()
    return x, (x / 255).flatten(1)


def pca_error(unit: Tensor, k: int) -> float:
    mean, components = pca(unit, k)
    centred = unit - mean
    return (centred - centred @ components.T @ components).square().mean().item()


def test_a_trained_linear_autoencoder_is_pca():
    x, unit = fashion_points()
    mean, components = pca(unit, 8)
    torch.manual_seed(0)
    model = LinearAutoencoder(shape=(1, 14, 14), latent=8).double()
    with torch.no_grad():
        # What starts at noise in pixels that hardly vary takes ages to unlearn it.
        nn.init.zeros_(model.encoder[1].weight)
        nn.init.orthogonal_(model.decoder[0].weight)
        model.decoder[0].bias.copy_(mean)
    optimizer = torch.optim.LBFGS(
        model.parameters(),
        max_iter=200,
        history_size=100,
        tolerance_change=1e-14,
        line_search_fn="strong_wolfe",
    )

    def loss_of_all() -> Tensor:
        optimizer.zero_grad()
        loss = model.losses(x)["reconstruction"]
        loss.backward()
        return loss

    optimizer.step(loss_of_all)
    best = pca_error(unit, 8)
    error = model.squared_error(x).mean().item()
    assert error == pytest.approx(best, rel=1e-5)
    assert error > best * (1 - 1e-9)
    angles = principal_angles(model.decoder[0].weight.detach().T, components)
    assert angles.max() < 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_no_linear_autoencoder_goes_below_pca(seed: int, with_strong_weights):
    x, unit = fashion_points()
    model = with_strong_weights(LinearAutoencoder(shape=(1, 14, 14), latent=4), seed)
    model = model.double()
    best = pca_error(unit, 4)
    assert model.squared_error(x).mean() > best
    # The best decoder for these codes, by least squares, is still no better.
    codes = F.pad(model.encode(x).detach(), (0, 1), value=1.0)
    solution = torch.linalg.lstsq(codes, unit).solution
    with torch.no_grad():
        model.decoder[0].weight.copy_(solution[:-1].T)
        model.decoder[0].bias.copy_(solution[-1])
    assert best * (1 - 1e-9) < model.squared_error(x).mean() < 10 * best
    # With the weights of PCA it is as good.
    mean, components = pca(unit, 4)
    with torch.no_grad():
        model.encoder[1].weight.copy_(components)
        model.encoder[1].bias.copy_(-components @ mean)
        model.decoder[0].weight.copy_(components.T)
        model.decoder[0].bias.copy_(mean)
    assert model.squared_error(x).mean().item() == pytest.approx(best, rel=1e-12)


# --- denoising


class TargetsTheNoisy(Denoising):
    """Wrong: it is asked to return the noise."""

    def losses(self, x: Tensor) -> dict[str, Tensor]:
        noisy = add_noise(x / (self.autoencoder.levels - 1), self.noise)
        return {"reconstruction": reconstruction_loss(noisy, self.denoise(noisy))}


def identity_pays_for_the_noise(kind: Callable[..., Denoising]) -> None:
    x = some_images(400)
    loss = kind(Identity(), noise=0.3).losses(x)["reconstruction"].item()
    assert loss == pytest.approx(0.5 * 96 * 0.3**2, rel=0.03)


def black_pays_for_the_clean_image_alone(kind: Callable[..., Denoising]) -> None:
    model = small(LinearAutoencoder)
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    x = some_images()
    loss = kind(model, noise=2.0).losses(x)["reconstruction"].item()
    expected = 0.5 * (x / 15).square().sum().item() / 5
    assert loss == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "law", [identity_pays_for_the_noise, black_pays_for_the_clean_image_alone]
)
def test_the_target_is_the_clean_image(law: Callable[..., None]):
    torch.manual_seed(0)
    law(Denoising)
    with pytest.raises(AssertionError):
        law(TargetsTheNoisy)


@pytest.mark.parametrize("noise", [0.2, 0.7])
def test_noise_is_new_for_each_pixel_image_and_call(noise: float):
    torch.manual_seed(0)
    model, seen = Identity((1, 16, 16)), []
    model.encoder.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    x = some_images(1, shape=(1, 16, 16)).expand(100, -1, -1, -1)
    denoising = Denoising(model, noise=noise)
    denoising.losses(x)
    denoising.losses(x)
    first, second = ((noisy - x / 15).flatten(1) for noisy in seen)
    assert first.std().item() == pytest.approx(noise, rel=0.02)
    assert first.mean().item() == pytest.approx(0, abs=5 * noise / 160)
    assert first.mean(0).std().item() == pytest.approx(noise / 10, rel=0.3)
    assert first.mean(1).std().item() == pytest.approx(noise / 16, rel=0.3)
    among = first[:50].flatten() * first[50:].flatten()
    between = first.flatten() * second.flatten()
    assert among.mean().abs() < 5 * noise**2 / 113
    assert between.mean().abs() < 5 * noise**2 / 160


def test_denoising_uses_encoder_and_decoder(with_strong_weights):
    model = with_strong_weights(small(ConvAutoencoder))
    noisy = torch.randn(4, *SHAPE)
    expected = model.decoder(model.encoder(noisy))
    assert Denoising(model).denoise(noisy).equal(expected)


@pytest.mark.parametrize("noise", [0.0, -0.5, math.nan])
def test_there_is_noise(noise: float):
    with pytest.raises(ValueError, match=f"expected noise > 0, got {noise}"):
        Denoising(small(LinearAutoencoder), noise=noise)


def test_added_noise_is_normal_repeatable_and_not_cut():
    x = torch.ones(100, 1, 10, 10, dtype=torch.float64)
    draws = [
        add_noise(x, 0.5, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    ]
    assert draws[0].equal(draws[1])
    assert not draws[0].equal(draws[2])
    assert x.equal(torch.ones_like(x))
    assert draws[0].dtype == torch.float64
    assert draws[0].std().item() == pytest.approx(0.5, rel=0.03)
    assert (draws[0] > 1).double().mean().item() == pytest.approx(0.5, abs=0.03)


# --- a classifier from an encoder


def take_steps(model: Classifier, steps: int = 5) -> None:
    optimizer = torch.optim.SGD(
        [p for p in model.parameters() if p.requires_grad], lr=0.1, weight_decay=0.1
    )
    x, y = some_images(8), torch.arange(8) % 4
    for _ in range(steps):
        optimizer.zero_grad()
        model.losses(x, y)["cross_entropy"].backward()
        optimizer.step()


def classifier(model: Autoencoder, *, frozen: bool) -> Classifier:
    torch.manual_seed(1)
    return Classifier(model, classes=4, frozen=frozen)


def bits_of(module: nn.Module) -> list[Tensor]:
    return [value.clone() for value in module.state_dict().values()]


def same(a: list[Tensor], b: list[Tensor]) -> list[bool]:
    return [x.equal(y) for x, y in zip(a, b, strict=True)]


@each_kind
@pytest.mark.parametrize("frozen", [True, False])
def test_training_a_classifier_leaves_the_autoencoder_as_it_was(kind, frozen: bool):
    model = small(kind)
    before = bits_of(model)
    head = classifier(model, frozen=frozen)
    assert all(same(bits_of(head.encoder), bits_of(model.encoder)))
    take_steps(head)
    assert all(same(before, bits_of(model)))
    assert all(p.requires_grad for p in model.parameters())
    assert all(p.grad is None for p in model.parameters())


@each_kind
def test_a_frozen_encoder_stays_to_the_bit(kind: type[Autoencoder]):
    model = small(kind)
    head = classifier(model, frozen=True)
    before = bits_of(head.head)
    take_steps(head)
    assert all(same(bits_of(head.encoder), bits_of(model.encoder)))
    assert not any(same(before, bits_of(head.head)))


@each_kind
def test_a_fine_tuned_encoder_moves(kind: type[Autoencoder]):
    model = small(kind)
    head = classifier(model, frozen=False)
    take_steps(head)
    assert not any(same(bits_of(head.encoder), bits_of(model.encoder)))


@each_kind
def test_both_begin_with_the_same_scores(kind: type[Autoencoder], with_strong_weights):
    model, x = with_strong_weights(small(kind)), some_images()
    heads = [classifier(model, frozen=frozen) for frozen in (True, False)]
    assert heads[0].logits(x).equal(heads[1].logits(x))
    expected = F.linear(model.encode(x), heads[0].head.weight, heads[0].head.bias)
    assert torch.allclose(heads[0].logits(x), expected, rtol=1e-5, atol=1e-5)


def test_a_classifier_has_scores_losses_and_predictions(with_strong_weights):
    head = with_strong_weights(classifier(small(ConvAutoencoder), frozen=False))
    x, y = some_images(8), torch.arange(8) % 4
    logits = head.logits(x)
    assert logits.shape == (8, 4)
    losses = head.losses(x, y)
    assert losses.keys() == {"cross_entropy"}
    expected = -logits.log_softmax(1)[torch.arange(8), y].mean()
    assert losses["cross_entropy"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert head.predict(x).equal(logits.argmax(1))
    assert head.predict(x).dtype == torch.int64


def test_labels_are_checked_before_they_are_learned():
    classifier = Classifier(LinearAutoencoder(shape=(3, 8, 4), levels=16, latent=2))
    x = torch.zeros(2, 3, 8, 4, dtype=torch.uint8)
    for y in (torch.tensor([0, 99]), torch.tensor([0]), torch.tensor([0.0, 1.0])):
        with pytest.raises(ValueError, match="expected 2 int64 labels from 0 to 9"):
            classifier.losses(x, y)


@pytest.mark.parametrize("latent", [0, -1, 2.5])
def test_a_code_holds_one_number_or_more(latent: int):
    for kind in (LinearAutoencoder, ConvAutoencoder):
        with pytest.raises(ValueError, match="expected latent to be an int of 1"):
            kind(latent=latent)
    with pytest.raises(ValueError, match="expected classes to be an int of 1"):
        Classifier(LinearAutoencoder(latent=2), classes=0)


def test_images_that_were_scaled_already_are_not_trained_on():
    scaled = torch.full((2, 3, 8, 4), 0.5)
    autoencoder = LinearAutoencoder(shape=(3, 8, 4), levels=16, latent=2)
    with pytest.raises(ValueError, match="expected whole levels, got fractions"):
        autoencoder.losses(scaled)
    with pytest.raises(ValueError, match="expected whole levels, got fractions"):
        Classifier(autoencoder).losses(scaled, torch.tensor([0, 1]))
