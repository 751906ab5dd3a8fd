"""Distances between sets of images, by hand and beside torchmetrics."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import Tensor, nn
from torchmetrics.image import fid

from gencourse.classifier import ConvClassifier
from gencourse.frechet import Frechet, classifier_distance, inception_distance
from gencourse.sample_quality import frechet_distance, moments

RealInception = fid.FrechetInceptionDistance


def images(n: int, seed: int = 0, channels: int = 1, side: int = 28) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    size = (n, channels, side, side)
    return torch.randint(256, size, generator=generator).to(torch.uint8)


@pytest.fixture
def judge(monkeypatch) -> ConvClassifier:
    """A tiny untrained classifier in the place of the shipped one."""
    torch.manual_seed(0)
    tiny = ConvClassifier(width=2, size=3).eval()
    monkeypatch.setattr("gencourse.gan_metrics.judge", lambda: tiny)
    return tiny


def test_it_is_told_with_what_it_depends_on():
    told = str(Frechet(12.3456, "gencourse classifier", 10_000, 2500))
    assert told == "12.3 (gencourse classifier, 10,000 real, 2,500 generated)"
    assert str(Frechet(0.01234, "X", 3, 4)) == "0.0123 (X, 3 real, 4 generated)"


def test_the_classifiers_distance_is_that_by_hand(judge: ConvClassifier):
    """Over several batches, of different numbers."""
    real, fake = images(1030), images(520, 1) // 2
    found = classifier_distance(real, fake)
    with torch.no_grad():
        features = judge.features(real), judge.features(fake)
    expected = frechet_distance(*moments(features[0]), *moments(features[1]))
    assert found.distance == pytest.approx(expected.item(), rel=1e-6)
    assert found.distance > 0
    assert (found.extractor, found.real, found.fake) == (
        "gencourse classifier",
        1030,
        520,
    )
    assert "1,030 real, 520 generated" in str(found)
    turned = classifier_distance(fake, real)
    assert turned.distance == pytest.approx(found.distance, rel=1e-6)
    assert (turned.real, turned.fake) == (520, 1030)
    itself = classifier_distance(real, real).distance
    assert itself == pytest.approx(0, abs=1e-6)


def test_the_classifiers_distance_is_that_of_torchmetrics(judge: ConvClassifier):
    class Features(nn.Module):
        num_features = 3

        def forward(self, x: Tensor) -> Tensor:
            return judge.features(x)

    real, fake = images(300), images(200, 1) // 2
    metric = RealInception(feature=Features())
    metric.update(real, real=True)
    metric.update(fake, real=False)
    found = classifier_distance(real, fake).distance
    assert found == pytest.approx(metric.compute().item(), rel=1e-3)


@pytest.mark.parametrize(
    ("real", "fake", "said"),
    [
        (images(5, side=8), images(5), r"shape \(B, 1, 28, 28\), got shape"),
        (images(5), images(5, channels=3), r"shape \(B, 1, 28, 28\), got shape"),
        (images(1), images(5), "expected features .* 2 or more"),
        (images(5), images(1), "expected features .* 2 or more"),
        (images(5).float() - 1, images(5), "expected levels 0 to 255, got -1"),
    ],
)
def test_wrong_images_are_told(judge, real, fake, said: str):
    with pytest.raises(ValueError, match=said):
        classifier_distance(real, fake)


# --- Inception


class Colours(nn.Module):
    """Four features of a colour picture in [0, 1], which it notes."""

    num_features = 4

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []
        generator = torch.Generator().manual_seed(1)
        self.register_buffer("weight", torch.randn(48, 4, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x)
        return (3 * x.flatten(1) @ self.weight).sin()


@pytest.fixture
def colours(monkeypatch) -> Colours:
    """A small extractor in the place of Inception-v3, asked as that one is."""
    extractor = Colours()

    def metric(feature: int, normalize: bool):
        assert (feature, normalize) == (2048, True)
        return RealInception(feature=extractor, normalize=normalize)

    monkeypatch.setattr(fid, "FrechetInceptionDistance", metric)
    return extractor


@pytest.mark.parametrize("channels", [1, 3])
def test_the_inception_distance_is_that_by_hand(colours: Colours, channels: int):
    real, fake = images(1030, 0, channels, 4), images(520, 1, channels, 4) // 2
    found = inception_distance(real, fake)
    by_hand = Colours()
    features = [by_hand(x.expand(-1, 3, -1, -1) / 255) for x in (real, fake)]
    expected = frechet_distance(*moments(features[0]), *moments(features[1]))
    assert found.distance == pytest.approx(expected.item(), rel=1e-3)
    assert found.distance > 0.003
    assert str(found).endswith("(Inception-v3 2048, 1,030 real, 520 generated)")


def test_grey_becomes_three_equal_channels_and_loses_no_level(colours: Colours):
    """With normalize=True torchmetrics cuts 255 times a value down to a whole level."""
    every = torch.arange(256, dtype=torch.uint8).view(16, 1, 4, 4)
    inception_distance(every, every)
    seen = torch.cat(colours.seen)
    assert seen.shape == (32, 3, 4, 4)
    assert 0 == seen.min() < seen.max() == 1
    assert torch.equal((seen[:16] * 255).byte(), every.expand(-1, 3, -1, -1))


def test_without_its_weights_reader_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(fid, "_TORCH_FIDELITY_AVAILABLE", False)
    with pytest.raises(
        ModuleNotFoundError, match=r'pip install "torchmetrics\[image\]"'
    ):
        inception_distance(images(3), images(3))


def test_without_torchmetrics_it_says_so_too(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchmetrics.image.fid", None)
    with pytest.raises(
        ModuleNotFoundError, match=r'pip install "torchmetrics\[image\]"'
    ):
        inception_distance(images(3), images(3))
