"""The classifier that judges samples: shapes, features, and what it learns."""

from __future__ import annotations

import copy
import re
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.optim import Adam

from gencourse.batches import Batches
from gencourse.classifier import ConvClassifier
from gencourse.testing import strong_copy
from gencourse.train import fit

fit = partial(fit, progress=False)
SHAPES = [(1, 8, 8), (3, 12, 8)]


def make(shape=(1, 8, 8), **settings) -> ConvClassifier:
    torch.manual_seed(0)
    given = {"levels": 4, "classes": 3, "width": 2, "size": 5, **settings}
    return ConvClassifier(shape=shape, **given)


def some(shape=(1, 8, 8), n: int = 6) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(4, (n, *shape), generator=generator, dtype=torch.uint8)
    return x, torch.arange(n) % 3


@pytest.mark.parametrize("shape", SHAPES)
def test_everything_has_its_shape(shape):
    model, (x, y) = make(shape), some(shape)
    features = model.features(x)
    assert features.shape == (6, 5) and features.min() >= 0
    assert model.logits(x).shape == (6, 3)
    loss = model.losses(x, y)
    assert list(loss) == ["cross_entropy"] and loss["cross_entropy"].shape == ()
    found = model.predict(x)
    assert found.shape == (6,) and found.dtype == torch.int64


def test_the_defaults_are_a_judge_of_fashion_mnist():
    torch.manual_seed(0)
    model = ConvClassifier().eval()
    x = torch.randint(256, (2, 1, 28, 28), dtype=torch.uint8)
    assert model.logits(x).shape == (2, 10) and model.features(x).ndim == 2
    assert sum(4 * p.numel() for p in model.parameters()) < 5e6  # bytes


def test_logits_read_the_features_alone():
    model = strong_copy(make()).float()
    x, y = some()
    features, logits = model.features(x), model.logits(x)
    torch.testing.assert_close(logits, features @ model.head.weight.T + model.head.bias)
    assert torch.equal(model.predict(x), logits.argmax(1))
    each = -logits.log_softmax(1)[torch.arange(6), y]
    torch.testing.assert_close(model.losses(x, y)["cross_entropy"], each.mean())
    with torch.no_grad():
        model.head.bias[0] += 1e4
    assert model.predict(x).eq(0).all()


def test_levels_are_scaled_once():
    """Black is -1 and white is 1, whatever the dtype."""
    model, seen = make(), []
    model.body.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    x = torch.tensor([0, 1, 2, 3], dtype=torch.uint8).repeat(16).view(1, 1, 8, 8)
    model.features(x)
    model.features(x.float())
    for given in seen:
        expected = torch.tensor([-1, -1 / 3, 1 / 3, 1])
        torch.testing.assert_close(given.flatten()[:4], expected)


def test_in_eval_mode_an_image_is_judged_alone_and_every_time_alike():
    model = strong_copy(make((3, 12, 8))).float()
    x, _ = some((3, 12, 8))
    together = model.features(x)
    assert torch.equal(model.features(x), together)
    for i in range(6):
        torch.testing.assert_close(model.features(x[i : i + 1]), together[i : i + 1])
    model.train()
    assert any(isinstance(m, nn.Dropout) for m in model.modules())
    torch.manual_seed(0)
    assert not torch.equal(model.logits(x), model.logits(x))


def test_every_subpixel_is_seen():
    model = strong_copy(make((3, 12, 8), width=8))
    x = some((3, 12, 8), 60)[0].double().requires_grad_()
    (gradient,) = torch.autograd.grad(model.logits(x).square().sum(), x)
    assert gradient.abs().amax(0).min() > 1e-9


def test_it_learns_which_half_is_bright():
    y = torch.arange(60) % 2
    x, _ = some(n=60)
    x = x // 2
    x[y == 0, :, :, :4] += 2
    x[y == 1, :, :, 4:] += 2
    model = make(classes=2, width=4)
    before = copy.deepcopy(model).eval().losses(x, y)["cross_entropy"].item()
    adam = Adam(model.parameters(), lr=1e-2)
    fit([(adam, model.losses)], Batches(x, y, size=30, steps=40))
    assert 0.5 < before < 1
    with torch.no_grad():
        assert 0 <= model.losses(x, y)["cross_entropy"] < 0.1
    assert torch.equal(model.predict(x), y)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"shape": (8, 8)}, "expected shape (C, H, W), got (8, 8)"),
        ({"shape": (0, 8, 8)}, "expected channels to be an int of 1 or more, got 0"),
        ({"shape": (1, 6, 8)}, "sides that are multiples of 4, got (1, 6, 8)"),
        ({"levels": 1}, "expected levels to be an int from 2 to 256, got 1"),
        ({"classes": 0}, "expected classes to be an int of 1 or more, got 0"),
        ({"width": 0}, "expected width to be an int of 1 or more, got 0"),
        ({"size": 1.5}, "expected size to be an int of 1 or more, got 1.5"),
    ],
)
def test_wrong_settings_are_told(settings: dict, said: str):
    with pytest.raises(ValueError, match=re.escape(said)):
        make(**settings)


X, Y = some()


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (X + 4, "expected levels 0 to 3, got 4 to 7"),
        (X.int(), "expected uint8 levels of shape (B, 1, 8, 8), got dtype int32"),
        (X[:, :, :4], "got shape (6, 1, 4, 8)"),
        (X[:0], "got an empty batch"),
        (X.float() / 0, "expected levels 0 to 3, got nan"),
    ],
)
def test_wrong_images_are_told(x, said: str):
    for call in (make().features, make().logits, make().predict):
        with pytest.raises(ValueError, match=re.escape(said)):
            call(x)


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (X, Y + 1, "expected 6 int64 labels from 0 to 2, got 1 to 3"),
        (X, Y[:5], "expected 6 int64 labels from 0 to 2, got torch.int64 (5,)"),
        (X, Y.float(), "expected 6 int64 labels from 0 to 2, got torch.float32"),
        (X, None, "expected 6 int64 labels"),
        (X / 3, Y, "expected whole levels, got fractions"),
    ],
)
def test_wrong_batches_are_told(x, y, said: str):
    with pytest.raises(ValueError, match=re.escape(said)):
        make().losses(x, y)
