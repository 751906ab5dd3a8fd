"""A small convolutional classifier, whose features images are compared by."""

from __future__ import annotations

from math import prod

import torch.nn.functional as F
from torch import Tensor, nn

from gencourse.images import (
    Shape,
    check_count,
    check_images,
    check_labels,
    check_levels,
    check_shape,
    check_whole,
    divisible_by_four,
    scaled,
)


class ConvClassifier(nn.Module):
    """Two convolutions with pooling, and a hidden layer of features.

    Args:
        shape: (C, H, W) of an image; sides are multiples of four.
        levels: values are 0 ... levels - 1.
        classes: how many there are.
        width: channels of the first convolution.
        size: how many features the hidden layer has.
    """

    def __init__(
        self,
        *,
        shape: Shape = (1, 28, 28),
        levels: int = 256,
        classes: int = 10,
        width: int = 32,
        size: int = 64,
    ) -> None:
        super().__init__()
        check_shape(shape)
        check_levels(levels)
        channels, height, side = divisible_by_four(shape)
        for name, value in (("classes", classes), ("width", width), ("size", size)):
            check_count(name, value)
        self.shape, self.levels, self.classes = shape, levels, classes
        small = (2 * width, height // 4, side // 4)
        self.body = nn.Sequential(
            *(nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(width, 2 * width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Dropout(0.3), nn.Linear(prod(small), size), nn.ReLU()),
        )
        self.head = nn.Linear(size, classes)

    def features(self, x: Tensor) -> Tensor:
        """Return the hidden layer: levels (B, C, H, W) -> (B, size), 0 or more."""
        check_images(x, self.shape, self.levels, floats=True)
        found: Tensor = self.body(scaled(x, self.levels))
        return found

    def logits(self, x: Tensor) -> Tensor:
        """Return a score for each class: levels (B, C, H, W) -> (B, classes)."""
        scores: Tensor = self.head(self.features(x))
        return scores

    def losses(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """Return the cross entropy in nats per image; y is int64 (B,)."""
        check_whole(x)
        check_labels(y, len(x), self.classes)
        return {"cross_entropy": F.cross_entropy(self.logits(x), y)}

    def predict(self, x: Tensor) -> Tensor:
        """Return the likeliest class of each image: (B,) int64."""
        return self.logits(x).argmax(1)
