"""The shipped PixelCNNs and PixelRNNs: what they reach, and that they look back."""

from __future__ import annotations

import hashlib

import pytest
import torch
from torch import Tensor

import gencourse
from gencourse import recipes
from gencourse.cards import shipped
from gencourse.data import Images
from gencourse.evaluate import bits_per_dim, paired_difference
from gencourse.testing import receptive_field

# Bits per dimension of the test set: no more than that.
BOUNDS = {
    "pixelcnn": 3.25,
    "gated-pixelcnn": 2.90,
    "gated-pixelcnn-conditional": 2.90,
    "row-lstm": 3.25,
    "diagonal-bilstm": 3.30,
}
each_model = pytest.mark.parametrize("name", BOUNDS)


def bits(name: str, images: Images, shift: int = 0) -> Tensor:
    """Return the bits per dimension of each image, its label shifted by ``shift``."""
    model = gencourse.load(name)
    labels = () if model.classes is None else ((images.y + shift) % model.classes,)
    with torch.inference_mode():
        nats = [
            -model.log_prob(*parts)
            for parts in zip(
                images.x.split(50), *(y.split(50) for y in labels), strict=True
            )
        ]
    return bits_per_dim(torch.cat(nats), images.x[0].numel())


@each_model
def test_the_card_tells_an_honest_run(name: str):
    card = recipes.card(name)
    assert 2 < card["metrics"]["bits_per_dim"] <= BOUNDS[name]
    assert card["metrics_split"] == "test" and card["data"]["images"] == 60_000
    assert card["commit"]["dirty"] is False
    assert card["steps"] == recipes.find(name).steps and card["seed"] == 0
    assert card["config"] == recipes.find(name).config()
    assert shipped(name).stat().st_size < 5_000_000


def test_the_class_is_worth_something(fashion_mnist):
    images = fashion_mnist[1][:200]
    right = bits("gated-pixelcnn-conditional", images)
    for shift in (1, 4):
        wrong = bits("gated-pixelcnn-conditional", images, shift)
        gain, error = paired_difference(wrong, right)
        assert gain > 4 * error
    metrics = recipes.card("gated-pixelcnn-conditional")["metrics"]
    assert metrics["bits_per_dim_wrong_label"] > metrics["bits_per_dim"]


def test_the_conditional_model_comes_from_the_shipped_one():
    start = recipes.card("gated-pixelcnn-conditional")["starts_from"]
    weights = shipped("gated-pixelcnn").read_bytes()
    assert start["name"] == "gated-pixelcnn"
    assert start["weights_sha256"] == hashlib.sha256(weights).hexdigest()
    without = recipes.card("gated-pixelcnn")["metrics"]["bits_per_dim"]
    metrics = recipes.card("gated-pixelcnn-conditional")["metrics"]
    assert metrics["bits_per_dim"] <= without + 0.01


@each_model
@pytest.mark.parametrize("pixel", [(0, 0), (13, 14), (27, 27)])
def test_no_shipped_model_looks_ahead(name: str, pixel: tuple[int, int], fashion_mnist):
    model = gencourse.load(name)
    y = None if model.classes is None else 3
    field = receptive_field(model, pixel, fashion_mnist[1].x[:2], y).flatten()
    before = 28 * pixel[0] + pixel[1]
    assert not field[before:].any()
    if name.startswith("gated"):  # no blind spot on images of 28x28
        assert field[:before].all()
