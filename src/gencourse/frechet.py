"""Frechet distances between two sets of images, with what they depend on.

The same model has another distance under another extractor, or with other numbers of
images: a distance without them says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from gencourse.gan_metrics import BATCH, JUDGE, features_of
from gencourse.images import to_unit
from gencourse.sample_quality import frechet_distance, moments


@dataclass(frozen=True)
class Frechet:
    """A squared Frechet distance, its extractor, and how many images went in."""

    distance: float
    extractor: str
    real: int
    fake: int

    def __str__(self) -> str:
        return (
            f"{self.distance:.3g} ({self.extractor}, {self.real:,} real, "
            f"{self.fake:,} generated)"
        )


def classifier_distance(real: Tensor, fake: Tensor) -> Frechet:
    """Return the distance in the features of the shipped classifier.

    Args:
        real: levels of Fashion-MNIST's shape, uint8 (N, 1, 28, 28), N of 2 or more.
        fake: likewise, of any number.
    """
    found = frechet_distance(*moments(features_of(real)), *moments(features_of(fake)))
    return Frechet(float(found), f"gencourse {JUDGE}", len(real), len(fake))


def inception_distance(real: Tensor, fake: Tensor) -> Frechet:
    """Return the distance in the 2048 features of Inception-v3, through torchmetrics.

    Its weights, about 100 MB, are downloaded once; a ModuleNotFoundError says what to
    install.

    Args:
        real: uint8 levels (N, C, H, W), C 1 or 3; grey is repeated in three channels.
        fake: likewise, of any number.
    """
    try:
        from torchmetrics.image.fid import FrechetInceptionDistance

        metric = FrechetInceptionDistance(feature=2048, normalize=True)
    except ModuleNotFoundError as why:
        raise ModuleNotFoundError(
            'the Inception distance needs: pip install "torchmetrics[image]"'
        ) from why
    for images, is_real in ((real, True), (fake, False)):
        for batch in images.split(BATCH):
            colours = to_unit(batch, 256).expand(-1, 3, -1, -1)
            metric.update(colours, real=is_real)
    return Frechet(float(metric.compute()), "Inception-v3 2048", len(real), len(fake))
