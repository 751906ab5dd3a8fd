"""Measure the counting baselines on all of Fashion-MNIST, for the chapter on density.

    python tools/measure_baselines.py

It writes src/gencourse/measured/baselines.json in about a minute. Nothing is chosen by
the test set: the smoothing is the models' default.
"""

from __future__ import annotations

import json

import torch

from gencourse import data, provenance
from gencourse.baselines import (
    IndependentPixels,
    LevelHistogram,
    NeighbourTable,
    TableDensity,
    UniformPixels,
)
from gencourse.evaluate import MEASURED, bits_per_dim, mean_over_images


def test_bits(model: TableDensity, x: torch.Tensor) -> float:
    """Return the mean bits per dimension of images."""
    nats = torch.tensor(test_nats(model, x), dtype=torch.float64)
    return float(bits_per_dim(nats, x[0].numel()))


def test_nats(model: TableDensity, x: torch.Tensor) -> float:
    """Return the mean negative log-likelihood in nats per image."""
    return -mean_over_images(model.log_prob, x)


def black_and_white() -> dict[str, float]:
    """Return the nats of images of two levels: white is what was above 127."""
    train, test = (
        data.load("fashion-mnist", split, levels=2).x for split in ("train", "test")
    )
    models = {
        "independent pixels": IndependentPixels(train, levels=2),
        "left and above": NeighbourTable(train, levels=2, contexts=2),
    }
    return {name: round(test_nats(m, test), 2) for name, m in models.items()}


def main() -> None:
    """Fit on the 60,000, test on the 10,000, write the numbers down."""
    train, test = (
        data.load("fashion-mnist", "train"),
        data.load("fashion-mnist", "test"),
    )
    models = {
        "uniform": UniformPixels(),
        "one histogram": LevelHistogram(train.x),
        "independent pixels": IndependentPixels(train.x),
        "left and above": NeighbourTable(train.x),
    }
    mini = data.load("fashion-mini", "test")
    found = {name: round(test_bits(m, test.x), 4) for name, m in models.items()}
    on_mini = {name: round(test_bits(m, mini.x), 4) for name, m in models.items()}
    result = {
        "command": "python tools/measure_baselines.py",
        "data": {"name": "fashion-mnist", "train": len(train), "test": len(test)},
        "smoothing": {"independent pixels": 0.1, "left and above": 0.02},
        "test_bits_per_dim": found,
        "fashion_mini_test_bits_per_dim": on_mini,
        "two_levels_test_nats": black_and_white(),
        "made": provenance.describe(),
    }
    path = MEASURED / "baselines.json"
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps([found, on_mini], indent=2))


if __name__ == "__main__":
    main()
