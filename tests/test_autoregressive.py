from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product

import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from gencourse.autoregressive import Autoregressive, fill, scaled
from gencourse.density import ExplicitDensity
from gencourse.heads import LogisticMixture
from gencourse.images import Shape
from gencourse.pixelcnn import GatedPixelCNN, PixelCNN
from gencourse.testing import (
    causal_jacobian,
    enumerate_images,
    image_numbers,
    leaks,
    strong_copy,
    total_probability,
)

BINARY, FOUR, RGB = ((1, 3, 3), 2), ((1, 2, 2), 4), ((3, 1, 2), 2)
Make = Callable[[Shape, int], Autoregressive]


def plain(head: str) -> Make:
    return lambda shape, levels: PixelCNN(
        shape=shape, levels=levels, features=3, blocks=1, head=head, components=2
    )


def gated(head: str, classes: int | None = None) -> Make:
    return lambda shape, levels: GatedPixelCNN(
        shape=shape,
        levels=levels,
        features=3,
        dilations=(1,),
        classes=classes,
        head=head,
        components=2,
    )


MAKERS = {
    f"{make.__name__}-{head}": make(head)
    for make in (plain, gated)
    for head in ("softmax", "bernoulli", "logistic")
}
MAKERS["conditional-softmax"] = gated("softmax", classes=3)
MAKERS["conditional-logistic"] = gated("logistic", classes=3)
CASES = [
    pytest.param(make, shape, levels, id=f"{name}-{shape}-{levels}")
    for name, make in MAKERS.items()
    for shape, levels in (BINARY, FOUR, RGB)
    if levels == 2 or "bernoulli" not in name
]
each_model = pytest.mark.parametrize(("make", "shape", "levels"), CASES)
# Naive drawing is slow, and equal to cached drawing (test_cached.py): a few are enough.
each_sampler = pytest.mark.parametrize(
    ("make", "shape", "levels", "cached"),
    [pytest.param(*case.values, True, id=f"{case.id}-cached") for case in CASES]
    + [
        pytest.param(MAKERS[name], *size, False, id=f"{name}-{size[0]}-naive")
        for name, size in (
            ("plain-softmax", BINARY),
            ("plain-logistic", RGB),
            ("gated-logistic", FOUR),
            ("conditional-softmax", RGB),
        )
    ],
)


def strong(make: Make, shape: Shape, levels: int) -> Autoregressive:
    """Return a float64 model of strong laws, far from uniform."""
    return strong_copy(make(shape, levels), seed=2)


def classes_of(model: Autoregressive) -> list[int | None]:
    return [None] if model.classes is None else list(range(model.classes))


def labels(y: int | None, count: int) -> Tensor | None:
    return None if y is None else torch.full((count,), y)


def some_labels(model: Autoregressive, count: int) -> Tensor | None:
    return None if model.classes is None else torch.arange(count) % model.classes


def random_images(model: Autoregressive, count: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    size = (count, *model.shape)
    return torch.randint(model.levels, size, generator=generator, dtype=torch.uint8)


@torch.no_grad()
def law(model: Autoregressive, y: int | None = None) -> Tensor:
    """Return the probability of every image, in the order of their enumeration."""
    x = enumerate_images(model.shape, model.levels)
    return model.log_prob(x, labels(y, len(x))).exp()


def p_value(numbers: Tensor, probability: Tensor) -> float:
    """Return the chi-square p-value of drawn images' numbers, rare ones as one."""
    expected = probability * len(numbers)
    counts = torch.bincount(numbers, minlength=len(expected)).double()
    rare = expected < 5
    counts, expected = (
        torch.cat([v[~rare], v[rare].sum()[None]]) for v in (counts, expected)
    )
    possible = expected > 1e-9
    assert counts[~possible].sum() == 0
    return float(stats.chisquare(counts[possible], expected[possible])[1])


# --- the density


@each_model
def test_all_images_sum_to_one(make: Make, shape: Shape, levels: int):
    model = strong(make, shape, levels)
    for y in classes_of(model):
        assert total_probability(model, y) == pytest.approx(1, abs=1e-10)
        # A law that hardly differs from the uniform one would pass other tests too.
        assert law(model, y).max() > 5 / levels ** (shape[0] * shape[1] * shape[2])


@each_model
def test_the_chain_rule_by_hand(make: Make, shape: Shape, levels: int):
    """log p(x) is the sum of log p(x_i | x_<i), whatever stands behind pixel i."""
    model = strong(make, shape, levels)
    x, other = random_images(model, 4), random_images(model, 4, seed=1)
    y = some_labels(model, 4)
    total = torch.zeros(4, dtype=torch.float64)
    channels, height, width = shape
    seen = other.clone()
    for i, j, c in product(range(height), range(width), range(channels)):
        numbers = model.logits(seen, y)[:, c, i, j]
        seen[:, c, i, j] = x[:, c, i, j]
        total += model.head.log_prob(numbers, x[:, c, i, j])
    torch.testing.assert_close(total, model.log_prob(x, y))


def test_losses_are_the_mean_in_nats_per_image():
    model = strong(MAKERS["gated-softmax"], *FOUR)
    x = random_images(model, 7)
    losses = model.losses(x)
    assert list(losses) == ["nll"]
    torch.testing.assert_close(losses["nll"], -model.log_prob(x).mean())
    torch.testing.assert_close(losses["nll"], model.losses(x.double())["nll"])
    halves = [model.losses(part)["nll"] * len(part) for part in x.split(3)]
    torch.testing.assert_close(losses["nll"], sum(halves) / 7)


def test_it_is_an_explicit_density():
    assert isinstance(MAKERS["plain-softmax"](*BINARY), ExplicitDensity)


def test_the_label_changes_the_law():
    for name in ("conditional-softmax", "conditional-logistic"):
        laws = [law(strong(MAKERS[name], *FOUR), y) for y in range(3)]
        for first, second in ((0, 1), (1, 2), (0, 2)):
            assert (laws[first] - laws[second]).abs().sum() > 0.2


def test_each_image_goes_with_its_own_label():
    model = strong(MAKERS["conditional-softmax"], *FOUR)
    x = random_images(model, 1).expand(3, -1, -1, -1)
    found = model.log_prob(x, torch.tensor([2, 0, 1]))
    each = [model.log_prob(x[:1], labels(y, 1)) for y in (2, 0, 1)]
    torch.testing.assert_close(found, torch.cat(each))


def test_levels_are_scaled_to_minus_one_to_one():
    x = torch.tensor([0, 51, 255], dtype=torch.uint8)
    assert scaled(x, 256).tolist() == pytest.approx([-1, -0.6, 1])
    assert scaled(x.double(), 256).dtype == torch.float64


# --- one image does not know of the others


@each_model
@pytest.mark.parametrize("train", [True, False])
def test_a_batch_is_its_images_one_by_one(
    make: Make, shape: Shape, levels: int, train: bool
):
    model = strong(make, shape, levels).train(train)
    x, y = random_images(model, 5), some_labels(model, 5)
    together = model.logits(x, y)
    for k in range(5):
        alone = model.logits(x[k : k + 1], None if y is None else y[k : k + 1])
        torch.testing.assert_close(together[k], alone[0], rtol=0, atol=1e-11)


@each_model
def test_training_and_evaluation_agree(make: Make, shape: Shape, levels: int):
    model = strong(make, shape, levels)
    x, y = random_images(model, 5), some_labels(model, 5)
    assert torch.equal(model.train().logits(x, y), model.eval().logits(x, y))


class Normalised(PixelCNN):
    """Batch norm behind the first layer: in training it mixes pixels and images."""

    def __init__(self, *, shape: Shape, levels: int) -> None:
        super().__init__(shape=shape, levels=levels, features=3, blocks=1)
        self.first = nn.Sequential(self.first, nn.BatchNorm2d(6))


def test_batch_norm_is_caught_in_training_and_only_there():
    model = Normalised(shape=(1, 3, 3), levels=2).double()
    # The usual measurement, one image in eval mode, finds nothing.
    assert len(leaks(causal_jacobian(model))) == 0
    x = random_images(model, 4).double()
    other = x.clone()
    other[1:, :, 1, 1] = 1 - other[1:, :, 1, 1]  # the other images, not the first
    moved = [
        (net.logits(other)[0] - net.logits(x)[0]).abs().max().item()
        for net in (model.train(), PixelCNN(shape=(1, 3, 3), levels=2).double())
    ]
    assert moved[0] > 1e-3
    assert moved[1] == 0


# --- drawing


@each_sampler
def test_samples_follow_the_law(make: Make, shape: Shape, levels: int, cached: bool):
    model, count = strong(make, shape, levels), 5000
    generator = torch.Generator().manual_seed(1)
    for y in classes_of(model)[:2]:
        x = model.sample(count, labels(y, count), cached=cached, generator=generator)
        assert x.dtype == torch.uint8
        assert x.shape == (count, *shape)
        assert p_value(image_numbers(x, levels), law(model, y)) > 1e-3


def test_a_law_of_another_order_or_label_is_rejected():
    """The chi-square test above can fail."""
    model = strong(MAKERS["conditional-softmax"], *FOUR)
    x = model.sample(8000, labels(0, 8000), generator=torch.Generator().manual_seed(1))
    assert p_value(image_numbers(x, 4), law(model, 0)) > 1e-3
    assert p_value(image_numbers(x, 4), law(model, 1)) < 1e-9
    assert p_value(image_numbers(x.flip(2), 4), law(model, 0)) < 1e-9


@torch.no_grad()
def sample_unrounded(model: Autoregressive, n: int) -> Tensor:
    """Draw as some public code does: values are rounded at the end, not fed back so."""
    head, levels = model.head, model.levels
    assert isinstance(head, LogisticMixture)
    draws = torch.rand(
        (*(n, *model.shape), 2), generator=torch.Generator().manual_seed(0)
    ).double()
    fine = LogisticMixture(2, head.components)
    x = torch.zeros(n, *model.shape, dtype=torch.float64)
    for i, j in product(range(model.shape[1]), range(model.shape[2])):
        weights, means, log_scales = head.split(model.logits(x)[:, 0, i, j])
        # Two levels of a mixture of no width: which component the first draw takes.
        chosen = weights.softmax(-1).cumsum(-1) <= draws[:, 0, i, j, :1]
        k = chosen.sum(-1, keepdim=True).clamp(max=fine.components - 1)
        mean, log_scale = means.gather(-1, k), log_scales.gather(-1, k)
        value = mean + log_scale.exp() * torch.logit(draws[:, 0, i, j, 1:], eps=2**-25)
        x[:, 0, i, j] = ((value[:, 0] + 1) / 2 * (levels - 1)).clamp(0, levels - 1)
    return x.round().to(torch.uint8)


def test_values_fed_back_unrounded_are_caught():
    model = strong(MAKERS["gated-logistic"], *FOUR)
    broken = sample_unrounded(model, 8000)
    assert p_value(image_numbers(broken, 4), law(model)) < 1e-6
    # The first pixel, which nothing was fed back to, is right; the rest is not.
    honest = model.sample(8000, generator=torch.Generator().manual_seed(0))
    assert torch.equal(honest[:, 0, 0, 0], broken[:, 0, 0, 0])
    assert p_value(image_numbers(honest, 4), law(model)) > 1e-3


def test_a_generator_decides_the_samples():
    model = strong(MAKERS["gated-softmax"], *FOUR)
    state = torch.get_rng_state()
    first, second, other = (
        model.sample(9, generator=torch.Generator().manual_seed(seed))
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_sampling_asks_for_no_gradient_and_leaves_the_mode():
    model = strong(MAKERS["plain-softmax"], *FOUR).train()
    assert not model.sample(2).requires_grad
    assert model.training


# --- completion


@each_sampler
def test_known_pixels_stay(make: Make, shape: Shape, levels: int, cached: bool):
    model = strong(make, shape, levels)
    x, y = random_images(model, 30), some_labels(model, 30)
    generator = torch.Generator().manual_seed(0)
    for size in (shape[1:], x.shape):
        known = torch.rand(size, generator=generator) < 0.5
        before = x.clone(), known.clone()
        found = model.complete(x, known, y, cached=cached, generator=generator)
        assert found.dtype == torch.uint8
        mask = known.expand_as(x)
        assert torch.equal(found[mask], x[mask])
        assert not torch.equal(found, x)
        assert torch.equal(x, before[0])
        assert torch.equal(known, before[1])


@each_model
def test_everything_known_is_x_and_nothing_known_is_a_sample(
    make: Make, shape: Shape, levels: int
):
    model = strong(make, shape, levels)
    x, y = random_images(model, 8), some_labels(model, 8)
    every = torch.ones(shape[1:], dtype=torch.bool)
    assert torch.equal(model.complete(x, every, y), x)
    drawn, sampled = (
        draw(generator=torch.Generator().manual_seed(2))
        for draw in (
            lambda generator: model.complete(x, ~every, y, generator=generator),
            lambda generator: model.sample(8, y, generator=generator),
        )
    )
    assert torch.equal(drawn, sampled)


@each_sampler
def test_with_the_first_pixels_known_the_rest_follows_the_posterior(
    make: Make, shape: Shape, levels: int, cached: bool
):
    model, count = strong(make, shape, levels), 4000
    known = torch.arange(shape[1] * shape[2]).view(shape[1:]) < shape[1] * shape[2] // 2
    every = enumerate_images(shape, levels)
    for y, start in zip(classes_of(model)[:2], (1, 5), strict=False):
        given = random_images(model, 1, seed=start)
        fits = (every == given)[:, :, known].flatten(1).all(1)
        posterior = law(model, y) * fits
        assert 1 < fits.sum() < len(every)
        x = model.complete(
            given.expand(count, -1, -1, -1),
            known,
            labels(y, count),
            cached=cached,
            generator=torch.Generator().manual_seed(3),
        )
        found = image_numbers(x, levels)
        assert p_value(found, posterior / posterior.sum()) > 1e-3


def test_unknown_pixels_are_not_looked_at():
    model = strong(MAKERS["gated-softmax"], *FOUR)
    known = torch.tensor([[True, False], [False, False]])
    first, second = random_images(model, 9), random_images(model, 9, seed=1)
    second[..., 0, 0] = first[..., 0, 0]
    found = [
        model.complete(x, known, generator=torch.Generator().manual_seed(0))
        for x in (first, second)
    ]
    assert torch.equal(*found)


def test_filling_shows_what_is_known_or_drawn_and_zeros_elsewhere():
    x = torch.full((1, 2, 1, 2), 7)
    known = torch.tensor([[[[True, False]], [[False, False]]]])
    shown = []

    def draw(x: Tensor, i: int, j: int, c: int) -> Tensor:
        shown.append(((i, j, c), x[0, :, 0].T.flatten().tolist()))  # raster order
        return torch.full((1,), len(shown))

    found = fill(x, known, draw)
    assert shown == [
        ((0, 0, 0), [7, 0, 0, 0]),
        ((0, 0, 1), [7, 0, 0, 0]),
        ((0, 1, 0), [7, 2, 0, 0]),
        ((0, 1, 1), [7, 2, 3, 0]),
    ]
    assert found.tolist() == [[[[7, 3]], [[2, 4]]]]
    assert (x == 7).all()


# --- wrong inputs

X = torch.zeros(2, 1, 2, 2, dtype=torch.uint8)
Y = torch.tensor([0, 2])
KNOWN = torch.ones(2, 2, dtype=torch.bool)
WRONG = [
    (lambda m, c: m.losses(X / 3 + 0.3), "expected whole levels, got fractions"),
    (lambda m, c: m.logits(X.int()), "expected uint8 levels .* got dtype int32"),
    (lambda m, c: m.log_prob(X + 4), "expected levels 0 to 3, got 4 to 4"),
    (lambda m, c: m.losses(X.float() - 1), "expected levels 0 to 3, got -1 to -1"),
    (lambda m, c: m.logits(X.float() / 0), "expected levels 0 to 3, got nan"),
    (lambda m, c: m.logits(X[:, :, :1]), r"shape \(B, 1, 2, 2\), got .*\(2, 1, 1, 2\)"),
    (lambda m, c: m.logits(X[0]), r"shape \(B, 1, 2, 2\), got shape \(1, 2, 2\)"),
    (lambda m, c: m.losses(X[:0]), "got an empty batch"),
    (lambda m, c: m.losses(X, Y), "expected no y: the model was built without"),
    (lambda m, c: m.sample(2, Y), "expected no y"),
    (lambda m, c: m.complete(X, KNOWN, Y), "expected no y"),
    (lambda m, c: c.losses(X), "expected y: the model has 3 classes"),
    (lambda m, c: c.sample(2), "expected y: the model has 3 classes"),
    (lambda m, c: c.complete(X, KNOWN), "expected y: the model has 3 classes"),
    (lambda m, c: c.losses(X, Y + 1), "2 int64 labels from 0 to 2, got 1 to 3"),
    (lambda m, c: c.losses(X, Y - 1), "2 int64 labels from 0 to 2, got -1 to 1"),
    (lambda m, c: c.losses(X, Y.int()), r"2 int64 labels .* got torch\.int32 \(2,\)"),
    (lambda m, c: c.losses(X, Y.float()), r"int64 labels .* got torch\.float32"),
    (lambda m, c: c.losses(X, Y[:1]), r"2 int64 labels .* got torch\.int64 \(1,\)"),
    (lambda m, c: c.losses(X, [0, 2]), "2 int64 labels .* got <class 'list'>"),
    (lambda m, c: c.sample(3, Y), r"3 int64 labels .* got torch\.int64 \(2,\)"),
    (lambda m, c: m.sample(0), "expected n to be an int of 1 or more, got 0"),
    (lambda m, c: m.sample(-2), "expected n to be an int of 1 or more, got -2"),
    (lambda m, c: m.sample(2.0), r"expected n to be an int of 1 or more, got 2\.0"),
    (lambda m, c: m.sample(True), "expected n to be an int of 1 or more, got True"),
    (lambda m, c: m.sample(X), "expected n to be an int of 1 or more, got tensor"),
    (lambda m, c: m.complete(X.float(), KNOWN), "uint8 levels .* got dtype float32"),
    (lambda m, c: m.complete(X + 4, KNOWN), "expected levels 0 to 3, got 4 to 4"),
    (lambda m, c: m.complete(X[:, :, :1], KNOWN), r"\(B, 1, 2, 2\), got shape"),
    (lambda m, c: m.complete(X, KNOWN.int()), "known to be a bool mask, got torch.int"),
    (lambda m, c: m.complete(X, [[True]]), "known to be a bool mask, got list"),
    (
        lambda m, c: m.complete(X, KNOWN[:1]),
        r"known of shape \(2, 2\) or \(2, 1, 2, 2\), got \(1, 2\)",
    ),
    (lambda m, c: m.complete(X, KNOWN[None]), r"known of shape .* got \(1, 2, 2\)"),
]


@pytest.mark.parametrize("name", ["plain", "gated"])
@pytest.mark.parametrize(
    ("call", "said"), WRONG, ids=[re.sub(r"\W+", "-", said) for _, said in WRONG]
)
def test_wrong_inputs_are_told(name: str, call, said: str):
    model = MAKERS[f"{name}-softmax"](*FOUR)
    conditional = MAKERS["conditional-softmax"](*FOUR)
    with pytest.raises(ValueError, match=said):
        call(model, conditional)
