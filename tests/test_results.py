"""The tables of likelihoods and of bounds: their numbers are the cards'."""

from __future__ import annotations

import pytest

from gencourse import recipes, results
from gencourse.evaluate import measured

METRICS = {
    "iwae_500_bits_per_dim": 3.41234,
    "elbo_bits_per_dim": 3.45678,
    "reconstruction_nats": 1841.56,
    "kl_nats": 36.94,
    "active_dimensions": 23,
}
CARD = {"parameters": 1_234_567, "cpu_seconds": 3661.0, "seed": 7}


def card_with(monkeypatch, metrics):
    monkeypatch.setattr(recipes, "card", lambda name: {**CARD, "metrics": metrics})


def test_the_numbers_are_those_of_cards_and_measurements():
    told = repr(results.likelihoods(["pixelcnn"], "And so on."))
    card = recipes.card("pixelcnn")
    minutes = card["cpu_seconds"] / 60
    row = f"pixelcnn | {card['metrics']['bits_per_dim']:.3f} | "
    row += f"{card['parameters']:,} | {minutes:.0f} | {card['seed']}"
    assert row in told and "And so on." in told
    for name, bits in measured("baselines")["test_bits_per_dim"].items():
        assert f"{name} | {bits:.3f} | -" in told


def test_a_model_without_likelihood_is_refused():
    with pytest.raises(ValueError, match="bits per dimension, got 'autoencoder'"):
        results.likelihoods(["autoencoder"])


def test_bounds_are_those_of_the_cards(monkeypatch):
    card_with(monkeypatch, METRICS)
    told = repr(results.bounds(["vae", "beta-vae"], "And so on.")).strip("[]")
    *_, caption_end, header, first, second = ["", *told.splitlines()]
    assert caption_end.endswith("And so on.")
    names = [cell.split(" (")[0] for cell in header.split(" | ")]
    assert names[:3] == ["model", "at most", "at most"]
    assert header.index("IWAE-500") < header.index("ELBO") < header.index("KL")
    row = "3.412 | 3.457 | 1841.6 | 36.9 | 23 | 1,234,567 | 61 | 7"
    assert (first, second) == (f"vae | {row}", f"beta-vae | {row}")


def test_the_caption_says_how_many_images_the_tighter_bound_is_of(monkeypatch):
    card_with(monkeypatch, METRICS)
    assert "first" not in repr(results.bounds(["vae"]))
    card_with(monkeypatch, {**METRICS, "iwae_500_images": 1000})
    assert "IWAE-500 is that of the first 1,000 pictures" in repr(
        results.bounds(["vae"], "And so on.")
    )


@pytest.mark.parametrize("name", METRICS)
def test_a_model_without_a_bound_is_refused(monkeypatch, name):
    card_with(monkeypatch, {key: METRICS[key] for key in METRICS if key != name})
    with pytest.raises(ValueError, match=rf"got 'vae', whose card has no {name}"):
        results.bounds(["vae"])


def test_samples_are_those_of_the_cards_after_the_floor():
    told = repr(results.samples(["sngan", "vae"], "And so on.")).strip("[]")
    known, card = measured("samples"), recipes.card("sngan")
    *_, caption_end, _, first, second, third = ["", *told.splitlines()]
    assert caption_end.endswith("And so on.") and "10,000 test pictures" in caption_end
    floor, found = known["floor"], card["metrics"]
    row = f"training pictures | {floor['half']:.2f} | {floor['precision']:.1%}"
    assert first == f"{row} | {floor['recall']:.1%} | - | - | -"
    row = f"sngan | {found['frechet_distance']:.2f} | {found['precision']:.1%}"
    assert second.startswith(f"{row} | {found['recall']:.1%} | {card['parameters']:,}")
    distance = known["models"]["vae"]["frechet_distance"]
    assert third.startswith(f"vae | {distance:.2f} | ")


def test_a_model_without_measured_samples_is_refused():
    with pytest.raises(ValueError, match="measured samples, got 'autoencoder'"):
        results.samples(["autoencoder"])
