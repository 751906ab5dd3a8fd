"""What a recipe measures of a model that can only be sampled."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

from gencourse import cards
from gencourse.classifier import ConvClassifier
from gencourse.evaluate import mean_over_images
from gencourse.sample_quality import frechet_distance, moments, precision_and_recall

# Images in a batch, and the model that features are taken from.
BATCH, JUDGE = 500, "classifier"
# Images that the judge sees at once: their features stay in a processor's cache.
AT_ONCE = 50


def accuracy(model: Any, x: Tensor, y: Tensor) -> dict[str, float]:  # noqa: ANN401
    """Return the share of images whose class is found."""

    def right(rows: Tensor) -> Tensor:
        found: Tensor = model.predict(x[rows]) == y[rows]
        return found.double()

    return {"accuracy": mean_over_images(right, torch.arange(len(x)))}


@cache
def judge() -> ConvClassifier:
    """Return the shipped classifier."""
    # It is kept, and its weights may take gradients wherever it was first asked for.
    with torch.inference_mode(False):
        found = cards.read_weights(cards.shipped(JUDGE), ConvClassifier())
        # Channels side by side: convolutions of few channels take half the time.
        return found.to(memory_format=torch.channels_last)


@torch.inference_mode()
def features_of(x: Tensor) -> Tensor:
    """Return the judge's features of images: levels (N, C, H, W) -> (N, D)."""
    return torch.cat([judge().features(batch) for batch in x.split(AT_ONCE)])


@torch.inference_mode()
def draw_samples(model: Any, n: int, y: Tensor | None = None, seed: int = 0) -> Tensor:  # noqa: ANN401
    """Return n samples, drawn a batch at a time from one generator."""
    generator = torch.Generator().manual_seed(seed)
    drawn = []
    for rows in torch.arange(n).split(BATCH):
        labels = () if y is None else (y[rows],)
        drawn.append(model.sample(len(rows), *labels, generator=generator))
    return torch.cat(drawn)


def sample_quality(
    model: Any,  # noqa: ANN401
    x: Tensor,
    y: Tensor | None = None,
) -> dict[str, float]:
    """Return how far as many samples are from images, in the judge's features.

    The Frechet distance, precision and recall; with labels the samples have those of
    the images, and the share is told whose class the judge finds again.
    """
    samples = draw_samples(model, len(x), y)
    real, fake = features_of(x), features_of(samples)
    distance = frechet_distance(*moments(real), *moments(fake))
    precision, recall = precision_and_recall(real, fake)
    found = {"frechet_distance": float(distance)}
    found |= {"precision": precision, "recall": recall, "images": len(x)}
    if y is not None:
        found["class_accuracy"] = accuracy(judge(), samples, y)["accuracy"]
    return found
