"""What a recipe measures of samples, beside the same by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from gencourse import gan_metrics
from gencourse.classifier import ConvClassifier
from gencourse.gan import GAN, PointGAN
from gencourse.gan_metrics import accuracy, draw_samples, features_of, sample_quality
from gencourse.sample_quality import frechet_distance, moments, precision_and_recall


class Parity(nn.Module):
    """A judge of pictures of one number: its class is whether that is odd."""

    def features(self, x: Tensor) -> Tensor:
        flat = x.flatten(1).float()
        return torch.cat([flat, flat.square() / 255], dim=1)

    def predict(self, x: Tensor) -> Tensor:
        return x.flatten(1)[:, 0].long() % 2


class Numbers:
    """A model whose samples are numbers; with labels, odd or even as these say."""

    def __init__(self, most: int = 255, wrong: int = 0) -> None:
        self.most, self.wrong = most, wrong
        self.sizes: list[int] = []

    def sample(self, n: int, y: Tensor | None = None, *, generator) -> Tensor:
        self.sizes.append(n)
        drawn = torch.randint(self.most, (n, 2, 1, 1), generator=generator)
        if y is not None:
            drawn[:, 0, 0, 0] += (drawn[:, 0, 0, 0] + y) % 2
            drawn[: self.wrong, 0] += 1
        return drawn.to(torch.uint8)


@pytest.fixture
def parity(monkeypatch) -> Parity:
    judge = Parity()
    monkeypatch.setattr(gan_metrics, "judge", lambda: judge)
    return judge


def numbers(n: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(255, (n, 2, 1, 1), generator=generator).to(torch.uint8)


# --- accuracy


def test_accuracy_is_the_share_of_right_classes():
    x = torch.arange(7, dtype=torch.uint8).view(7, 1, 1, 1)
    y = torch.tensor([0, 1, 0, 1, 1, 0, 1])  # the last three are wrong
    assert accuracy(Parity(), x, y) == {"accuracy": 4 / 7}
    assert accuracy(Parity(), x, torch.arange(7) % 2) == {"accuracy": 1.0}
    assert accuracy(Parity(), x, torch.arange(1, 8) % 2) == {"accuracy": 0.0}


def test_accuracy_goes_over_all_batches():
    x = numbers(1234)
    y = Parity().predict(x)
    y[1100:] = 1 - y[1100:]
    assert accuracy(Parity(), x, y)["accuracy"] == pytest.approx(1100 / 1234)


# --- draws


def test_draws_repeat_whatever_the_seed_of_the_process():
    torch.manual_seed(0)
    model = PointGAN(width=4)
    first = draw_samples(model, 1203)
    torch.manual_seed(99)
    state = torch.get_rng_state()
    assert torch.equal(draw_samples(model, 1203), first)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(draw_samples(model, 1203, seed=1), first)
    assert first.shape == (1203, 2) and not first.requires_grad
    assert not torch.equal(first[:500], first[500:1000])


@pytest.mark.parametrize("n", [1, 499, 500, 501, 1200])
def test_draws_come_a_batch_at_a_time(n: int):
    model = Numbers()
    assert len(draw_samples(model, n)) == n
    assert sum(model.sizes) == n and max(model.sizes) <= 500
    generator = torch.Generator().manual_seed(0)
    expected = [Numbers().sample(k, generator=generator) for k in model.sizes]
    assert torch.equal(draw_samples(Numbers(), n), torch.cat(expected))


def test_labels_go_with_their_samples():
    y = torch.randint(2, (1203,), generator=torch.Generator().manual_seed(0))
    assert torch.equal(Parity().predict(draw_samples(Numbers(254), 1203, y)), y)


# --- features


def test_features_are_the_judges(parity: Parity):
    x = numbers(1203)
    assert torch.equal(features_of(x), parity.features(x))
    assert not features_of(x).requires_grad


def test_the_judge_is_the_shipped_classifier():
    judge = gan_metrics.judge()
    assert isinstance(judge, ConvClassifier) and not judge.training
    assert gan_metrics.judge() is judge
    x = torch.zeros(2, 1, 28, 28, dtype=torch.uint8)
    assert torch.equal(features_of(x), judge.features(x).detach())


# --- quality


def test_quality_is_that_by_hand(parity: Parity):
    x, model = numbers(300), Numbers(180)
    found = sample_quality(model, x)
    samples = draw_samples(Numbers(180), 300)
    real, fake = parity.features(x), parity.features(samples)
    distance = frechet_distance(*moments(real), *moments(fake))
    precision, recall = precision_and_recall(real, fake)
    assert found == {
        "frechet_distance": pytest.approx(distance.item()),
        "precision": precision,
        "recall": recall,
        "images": 300,
    }
    assert {type(value) for value in found.values()} == {float, int}
    # Samples up to 180 cover a half of the numbers up to 255, and all are among them.
    assert precision > 0.85 > 0.65 > recall > 0.4
    assert distance > 100


def test_the_intended_classes_are_found_again(parity: Parity):
    x, y = numbers(40), torch.arange(40) % 2
    found = sample_quality(Numbers(253, wrong=10), x, y)
    assert found["class_accuracy"] == pytest.approx(30 / 40)
    assert sample_quality(Numbers(253), x, y)["class_accuracy"] == 1
    assert "class_accuracy" not in sample_quality(Numbers(253), x)


def test_a_gan_is_measured_alike_each_time(monkeypatch):
    torch.manual_seed(0)
    judge = ConvClassifier(shape=(1, 8, 8), width=2, size=3, classes=2).eval()
    monkeypatch.setattr(gan_metrics, "judge", lambda: judge)
    model = GAN(shape=(1, 8, 8), width=2, latent=2, network="dense", classes=2).eval()
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(256, (30, 1, 8, 8), generator=generator).to(torch.uint8)
    y = torch.arange(30) % 2
    found = sample_quality(model, x, y)
    assert sample_quality(model, x, y) == found
    assert 0 <= found["class_accuracy"] <= 1 and found["frechet_distance"] > 0


def test_the_judge_may_be_asked_for_first_in_inference_mode():
    gan_metrics.judge.cache_clear()
    with torch.inference_mode():
        gan_metrics.judge()
    x = torch.zeros(2, 1, 28, 28, dtype=torch.uint8)
    gan_metrics.judge().features(x).sum().backward()
    assert not any(p.is_inference() for p in gan_metrics.judge().parameters())
    gan_metrics.judge().zero_grad()
