"""Measure samples that the chapters compare, and what real images would get.

Writes src/gencourse/measured/samples.json; takes some minutes.
"""

from __future__ import annotations

import json

import torch
from torch import Tensor

import gencourse
from gencourse import data, provenance
from gencourse.evaluate import MEASURED
from gencourse.gan_metrics import JUDGE, draw_samples, features_of, sample_quality
from gencourse.sample_quality import (
    frechet_distance,
    moments,
    nearest,
    precision_and_recall,
)

MODELS = ("vae", "beta-vae", "vae-2d")
GANS = ("gan", "dcgan", "wgan-gp", "sngan")
COMPARED = 1000  # images whose nearest training image is looked for
SIZES = (100, 200, 500, 1000, 2000, 5000, 10000)
DRAWS = 5


def distance(real: Tensor, fake: Tensor) -> float:
    """Return the squared Frechet distance of two sets of features."""
    return float(frechet_distance(*moments(real), *moments(fake)))


def floor(train: Tensor, test: Tensor) -> dict[str, float]:
    """Return what real images get: half of the training set, and as many as tested."""
    half, same = train[::2], train[: len(test)]
    precision, recall = precision_and_recall(test, same)
    return {
        "half": distance(test, half),
        "half_images": len(half),
        "same": distance(test, same),
        "precision": precision,
        "recall": recall,
    }


def by_number(train: Tensor, test: Tensor) -> dict[str, list[float]]:
    """Return the distance of n random training images from the test images."""
    draws = torch.Generator().manual_seed(0)
    return {
        str(n): [
            distance(test, train[torch.randperm(len(train), generator=draws)[:n]])
            for _ in range(DRAWS)
        ]
        for n in SIZES
    }


def how_near(test: Tensor, train: Tensor) -> dict[str, float]:
    """Return the median distance in levels to the nearest training image."""
    sets = {"test pictures": test[:COMPARED]}
    sets |= {name: draw_samples(gencourse.load(name), COMPARED) for name in GANS}
    return {who: float(nearest(x, train)[0].median()) for who, x in sets.items()}


def main() -> None:
    """Measure everything and write it."""
    x, pictures = (data.load("fashion-mnist", part).x for part in ("test", "train"))
    test, train = features_of(x), features_of(pictures)
    found = {
        "command": "python tools/measure_samples.py",
        "extractor": JUDGE,
        "images": len(x),
        "floor": floor(train, test),
        "by_number": by_number(train, test),
        "nearest": how_near(x, pictures),
        "models": {name: sample_quality(gencourse.load(name), x) for name in MODELS},
        "made": provenance.describe(),
    }
    path = MEASURED / "samples.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
