"""The shipped VAEs: what they reach, and that their cards tell the truth."""

from __future__ import annotations

import math

import pytest
import torch

import gencourse
from gencourse import recipes
from gencourse.bounds import kl_to_standard_normal
from gencourse.cards import shipped
from gencourse.data import Images, load
from gencourse.evaluate import measured, paired_difference
from gencourse.latents import every_class
from gencourse.recipe_metrics import bounds, bounds_in_bits
from gencourse.vae import VAE

LEVELS = ("vae", "vae-conditional", "vae-2d", "beta-vae")
each_model = pytest.mark.parametrize("name", (*LEVELS, "vae-binary"))
BITS = 784 * math.log(2)


def some(name: str, images: Images) -> tuple[torch.Tensor, ...]:
    """Return 250 test images as the model takes them, with labels if it has classes."""
    model = gencourse.load(name)
    chosen = images[::40]
    x = chosen.x if model.levels == 256 else chosen.x >> 7
    return (x,) if model.classes is None else (x, chosen.y)


@each_model
def test_the_card_tells_an_honest_run(name: str):
    card, recipe = recipes.card(name), recipes.find(name)
    assert card["metrics_split"] == "test" and card["data"]["images"] == 60_000
    assert card["commit"]["dirty"] is False
    assert card["steps"] == recipe.steps and card["seed"] == 0
    assert card["config"] == recipe.config()
    assert shipped(name).stat().st_size < 5_000_000


def test_the_vae_is_good_enough():
    metrics = recipes.card("vae")["metrics"]
    assert 2.8 < metrics["iwae_500_bits_per_dim"] <= 3.5
    assert 2.8 < metrics["elbo_bits_per_dim"] <= 3.5  # of all 10,000 images
    assert metrics["iwae_500_gain_nats"] > 0


def test_black_and_white_is_between_the_counts_and_the_exact_model():
    bound = recipes.card("vae-binary")["metrics"]["iwae_500_nats"]
    exact = recipes.card("pixelcnn-binary")["metrics"]["nll_nats"]
    counts = measured("baselines")["two_levels_test_nats"]
    assert 50 < exact < bound < counts["left and above"]


@each_model
def test_the_cards_parts_make_its_sum(name: str):
    metrics = recipes.card(name)["metrics"]
    if name == "vae-binary":
        elbo = metrics["elbo_nats"]
    else:
        elbo = metrics["elbo_bits_per_dim"] * BITS
    parts = metrics["reconstruction_nats"] + metrics["kl_nats"]
    assert parts == pytest.approx(elbo, rel=1e-6)


@each_model
def test_more_draws_bound_more_tightly(name: str, fashion_mnist):
    model = gencourse.load(name)
    batch = tuple(part[:24] for part in some(name, fashion_mnist[1]))
    draws = torch.Generator().manual_seed(2)
    with torch.inference_mode():
        elbo = torch.stack([model.elbo(*batch, generator=draws) for _ in range(10)])
        iwae = model.iwae(batch[0], 40, *batch[1:], generator=draws)
    gain, error = paired_difference(iwae, elbo.mean(0))
    assert gain > 2 * error
    assert gain < 60


def test_the_class_is_worth_something(fashion_mnist):
    """A wrong label costs: bounds of the same images, of the same noise."""
    x, y = some("vae-conditional", fashion_mnist[1])
    model = gencourse.load("vae-conditional")
    with torch.inference_mode():
        right, wrong = (
            model.elbo(x, labels, generator=torch.Generator().manual_seed(0))
            for labels in (y, (y + 3) % 10)
        )
    gain, error = paired_difference(right, wrong)
    assert gain > 4 * error


def test_the_class_decides_what_is_drawn():
    """The judge is the nearest mean picture of a class, which sees the shapes."""
    train = load("fashion-mini", "train")
    means = torch.stack([train.x[train.y == k].float().mean(0) for k in range(10)])
    model = gencourse.load("vae-conditional")
    z = torch.randn(20, model.latent, generator=torch.Generator().manual_seed(0))
    codes, labels = every_class(z, 10)
    with torch.inference_mode():
        drawn = 255 * model.decode(codes, labels)
    nearest = torch.cdist(drawn.flatten(1), means.flatten(1)).argmin(1)
    # Of real pictures the same judge finds two thirds, by chance it would find a tenth.
    assert 0.3 < (nearest == labels).double().mean() <= 0.8


def test_beta_saves_on_the_code(fashion_mnist):
    plain, dialled = (recipes.card(n)["metrics"] for n in ("vae", "beta-vae"))
    assert dialled["kl_nats"] < plain["kl_nats"] / 2
    assert dialled["reconstruction_nats"] > plain["reconstruction_nats"]
    dear = {}
    for name in ("vae", "beta-vae"):
        with torch.inference_mode():
            posterior = gencourse.load(name).encode(fashion_mnist[1].x[:250])
        mu, log_var = (part.unsqueeze(-1) for part in posterior)
        dear[name] = int((kl_to_standard_normal(mu, log_var).mean(0) > 0.1).sum())
    assert 2 <= dear["beta-vae"] < dear["vae"] / 2


@pytest.mark.parametrize("levels", [2, 256])
def test_bounds_are_those_of_the_model(levels: int, monkeypatch):
    """The metrics, beside a slow computation with the same draws."""
    monkeypatch.setattr("gencourse.recipe_metrics.DRAWS", 3)
    monkeypatch.setattr("gencourse.recipe_metrics.ONE_IN", 2)
    torch.manual_seed(0)
    model = VAE(levels=levels, latent=3, network="dense", width=8)
    x = load("fashion-mini", "test", levels=levels, limit=8).x
    found = bounds(model, x)
    draws = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        mu, log_var = model.encode(x)
        elbo = -model.elbo(x, generator=draws)
        iwae = -model.iwae(x[:4], 3, generator=draws)
        kl = kl_to_standard_normal(mu, log_var).mean()
    assert found["elbo_nats"] == pytest.approx(elbo.mean().item(), rel=1e-5)
    assert found["iwae_3_nats"] == pytest.approx(iwae.mean().item(), rel=1e-5)
    gain = (elbo[:4] - iwae).mean().item()
    assert found["iwae_3_gain_nats"] == pytest.approx(gain, rel=1e-3, abs=1e-3)
    assert found["iwae_3_images"] == 4
    assert found["kl_nats"] == pytest.approx(kl.item(), rel=1e-5)
    in_bits = bounds_in_bits(model, x)
    bits = found["elbo_nats"] / BITS
    assert in_bits["elbo_bits_per_dim"] == pytest.approx(bits, rel=1e-6)
    assert in_bits["kl_nats"] == found["kl_nats"]
    assert "elbo_nats" not in in_bits


def test_labels_reach_the_bounds(monkeypatch):
    monkeypatch.setattr("gencourse.recipe_metrics.DRAWS", 2)
    torch.manual_seed(0)
    model = VAE(latent=2, network="dense", width=8, classes=10)
    images = load("fashion-mini", "test", limit=6)
    right = bounds(model, images.x, images.y)
    assert bounds(model, images.x, images.y) == right
    other = bounds(model, images.x, (images.y + 1) % 10)
    assert other["elbo_nats"] != right["elbo_nats"]
