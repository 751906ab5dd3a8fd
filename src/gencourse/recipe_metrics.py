"""What a recipe measures of its model, trained: ``metrics(model, x)``, or (x, y)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gencourse import evaluate
from gencourse.autoencoder import Denoising, add_noise
from gencourse.evaluate import mean_over_images
from gencourse.images import to_unit

# Images in a batch: those of 28x28 pixels have 80 MB of 256-way logits.
BATCH = 100


def reconstruction(model: Any, x: Tensor) -> dict[str, float]:  # noqa: ANN401
    """Return the mean squared error per pixel, grey in [0, 1]."""
    return {"squared_error": mean_over_images(model.squared_error, x)}


def restoration(model: Denoising, x: Tensor) -> dict[str, float]:
    """Return the error of restoring noisy images, and of reconstructing clean ones."""
    noise = torch.Generator().manual_seed(0)

    def error(batch: Tensor) -> Tensor:
        unit = to_unit(batch, model.autoencoder.levels)
        restored = model.denoise(add_noise(unit, model.noise, noise))
        return (restored - unit).square().flatten(1).mean(1)

    clean = reconstruction(model.autoencoder, x)
    return {"denoising_squared_error": mean_over_images(error, x), **clean}


def bits_per_dim(model: Any, x: Tensor) -> dict[str, float]:  # noqa: ANN401
    """Return the mean negative log-likelihood of an explicit density."""

    def bits(batch: Tensor) -> Tensor:
        return evaluate.bits_per_dim(-model.log_prob(batch), x[0].numel())

    return {"bits_per_dim": mean_over_images(bits, x, BATCH)}


def bits_per_dim_by_label(model: Any, x: Tensor, y: Tensor) -> dict[str, float]:  # noqa: ANN401
    """Return the bits of p(x | y), and of p(x | a wrong label): the class after y.

    A model that looks at its label pays more for a wrong one.
    """

    def mean(labels: Tensor) -> float:
        def bits(rows: Tensor) -> Tensor:
            nats = -model.log_prob(x[rows], labels[rows])
            return evaluate.bits_per_dim(nats, x[0].numel())

        return mean_over_images(bits, torch.arange(len(x)), BATCH)

    wrong = (y + 1) % model.classes
    return {"bits_per_dim": mean(y), "bits_per_dim_wrong_label": mean(wrong)}
