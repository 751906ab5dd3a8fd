"""The table of likelihoods: its numbers are the cards'."""

from __future__ import annotations

import pytest

from gencourse import recipes, results
from gencourse.evaluate import measured


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
