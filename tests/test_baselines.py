from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from gencourse import baselines, data
from gencourse.baselines import (
    IndependentPixels,
    LevelHistogram,
    NeighbourTable,
    TableDensity,
    UniformPixels,
    draw_levels,
)
from gencourse.data import Images
from gencourse.evaluate import bits_per_dim, mean_over_images, measured
from gencourse.images import Shape

FITTED = [LevelHistogram, IndependentPixels, NeighbourTable]
TINY = [((1, 2, 3), 2), ((1, 2, 2), 4), ((3, 1, 2), 2), ((1, 3, 2), 2)]
each_tiny = pytest.mark.parametrize(("shape", "levels"), TINY)
each_fitted = pytest.mark.parametrize("kind", FITTED, ids=lambda k: k.__name__)


def everything(shape: Shape, levels: int) -> Tensor:
    """Return all images of that shape."""
    rows = list(itertools.product(range(levels), repeat=math.prod(shape)))
    return torch.tensor(rows, dtype=torch.uint8).view(-1, *shape)


def uneven(shape: Shape, levels: int, count: int = 25) -> Tensor:
    """Return training images whose pixels differ in law and hang together."""
    every = everything(shape, levels)
    liking = torch.rand(len(every), generator=torch.Generator().manual_seed(3)) ** 6
    liking *= 0.6 ** every.flatten(1).sum(1)  # dark levels are commoner
    seed = torch.Generator().manual_seed(4)
    return every[torch.multinomial(liking, count, replacement=True, generator=seed)]


def fitted(
    kind: Callable[..., TableDensity], shape: Shape, levels: int
) -> TableDensity:
    return kind(uneven(shape, levels), shape=shape, levels=levels, smoothing=0.3)


# --- laws


@each_tiny
@each_fitted
def test_all_images_together_have_probability_one(kind, shape: Shape, levels: int):
    log_prob = fitted(kind, shape, levels).log_prob(everything(shape, levels))
    assert log_prob.shape == (levels ** math.prod(shape),)
    assert log_prob.exp().sum().item() == pytest.approx(1, abs=1e-9)
    assert log_prob.std() > 0.1  # it is not the uniform law


@each_tiny
def test_uniform_pixels_like_all_images_the_same(shape: Shape, levels: int):
    log_prob = UniformPixels(shape=shape, levels=levels).log_prob(
        everything(shape, levels)
    )
    expected = -math.prod(shape) * math.log(levels)
    assert log_prob.tolist() == pytest.approx([expected] * len(log_prob), abs=1e-12)


@each_tiny
@each_fitted
def test_samples_follow_the_law(kind, shape: Shape, levels: int):
    model = fitted(kind, shape, levels)
    draws = model.sample(20_000, generator=torch.Generator().manual_seed(0))
    assert draws.dtype == torch.uint8
    assert draws.shape == (20_000, *shape)
    digits = levels ** torch.arange(math.prod(shape) - 1, -1, -1)
    found = (
        (draws.flatten(1).long() * digits)
        .sum(1)
        .bincount(minlength=levels ** math.prod(shape))
    )
    expected = 20_000 * model.log_prob(everything(shape, levels)).exp()
    often = expected >= 5
    pooled = torch.cat([found[often], found[~often].sum()[None]]).numpy()
    law = torch.cat([expected[often], expected[~often].sum()[None]]).numpy()
    keep = law > 0
    assert stats.chisquare(pooled[keep], law[keep]).pvalue > 1e-3


@each_fitted
def test_a_seed_repeats_the_sample(kind):
    model = fitted(kind, (1, 2, 3), 2)
    draws = [
        model.sample(20, generator=torch.Generator().manual_seed(s)) for s in (1, 1, 2)
    ]
    assert draws[0].equal(draws[1])
    assert not draws[0].equal(draws[2])


@pytest.mark.parametrize(
    "model",
    [UniformPixels(shape=(3, 1, 2), levels=2)]
    + [fitted(kind, (3, 1, 2), 2) for kind in FITTED],
    ids=lambda m: type(m).__name__,
)
def test_log_prob_adds_up_the_laws_of_the_pixels(model: TableDensity):
    x = everything((3, 1, 2), 2)
    probs = model.pixel_probs(x, slice(None), slice(None))
    assert probs.shape == (64, 3, 1, 2, 2)
    assert torch.allclose(probs.sum(-1), torch.ones(()).double(), atol=1e-12)
    expected = torch.zeros(64, dtype=torch.float64)
    for image, c, j in itertools.product(range(64), range(3), range(2)):
        expected[image] += probs[image, c, 0, j, int(x[image, c, 0, j])].log()
    assert torch.allclose(model.log_prob(x), expected, atol=1e-12)
    window = model.pixel_probs(x, slice(0, 1), slice(1, 2))
    assert window.equal(probs[:, :, 0:1, 1:2])


def test_independent_pixels_are_the_product_of_their_shares():
    x = uneven((1, 2, 3), 2)
    model = IndependentPixels(x, shape=(1, 2, 3), levels=2, smoothing=0.5)
    share = (x.sum(0) + 0.5) / (len(x) + 1)
    every = everything((1, 2, 3), 2)
    expected = torch.where(every == 1, share, 1 - share).log().flatten(1).sum(1)
    assert torch.allclose(model.log_prob(every).float(), expected, atol=1e-5)


def test_a_histogram_of_levels_knows_no_place():
    x = uneven((1, 2, 2), 4)
    model = LevelHistogram(x, shape=(1, 2, 2), levels=4, smoothing=0.5)
    shares = [((x == level).sum().item() + 0.5) / (x.numel() + 2) for level in range(4)]
    image = torch.tensor([0, 3, 3, 1], dtype=torch.uint8).view(1, 1, 2, 2)
    expected = sum(math.log(shares[level]) for level in (0, 3, 3, 1))
    assert model.log_prob(image).item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("contexts", [1, 2, 3, 64])
def test_a_neighbour_table_looks_left_and_above(contexts: int):
    x, levels = uneven((1, 2, 2), 4), 4
    model = NeighbourTable(
        x, shape=(1, 2, 2), levels=4, contexts=contexts, smoothing=0.5
    )
    used = min(contexts, levels)
    counts = np.full((used, used, levels), 0.5)

    def places(image: list[list[int]]) -> list[tuple[int, int, int]]:
        (a, b), (c, d) = image
        pairs = [(0, 0, a), (a, 0, b), (0, a, c), (c, b, d)]
        return [(p * used // 4, q * used // 4, level) for p, q, level in pairs]

    for image in x[:, 0].tolist():
        for place in places(image):
            counts[place] += 1
    laws = counts / counts.sum(-1, keepdims=True)
    every = everything((1, 2, 2), 4)
    expected = [sum(math.log(laws[p]) for p in places(i)) for i in every[:, 0].tolist()]
    np.testing.assert_allclose(model.log_prob(every).numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("place", range(6))
def test_a_later_pixel_changes_no_earlier_law(place: int):
    shape = (1, 2, 3)
    model = fitted(NeighbourTable, shape, 2)
    x = everything(shape, 2)
    changed = x.clone()
    changed.view(-1, 6)[:, place] = 1 - changed.view(-1, 6)[:, place]
    whole = slice(None)
    before, after = (
        model.pixel_probs(i, whole, whole).flatten(1, 3) for i in (x, changed)
    )
    assert before[:, : place + 1].equal(after[:, : place + 1])
    moved = (before != after).flatten(2).any(2).any(0).nonzero().flatten().tolist()
    right = [place + 1] if place % 3 < 2 else []
    below = [place + 3] if place < 3 else []
    assert moved == right + below


def test_channels_do_not_see_each_other():
    model = fitted(NeighbourTable, (3, 1, 2), 2)
    x = everything((3, 1, 2), 2)
    changed = x.clone()
    changed[:, 0] = 1 - changed[:, 0]
    whole = slice(None)
    before, after = (model.pixel_probs(i, whole, whole) for i in (x, changed))
    assert before[:, 1:].equal(after[:, 1:])


def test_the_result_does_not_depend_on_the_company():
    x = data.load("fashion-mini", "test").x[:1005]
    model = NeighbourTable(x)
    alone = torch.cat([model.log_prob(x[i : i + 1]) for i in (0, 999)])
    assert model.log_prob(x)[[0, 999]].equal(alone)


# --- drawing, against the slow way


def slowly_drawn(model: TableDensity, n: int, seed: int) -> Tensor:
    """Draw with the laws of whole images, and a loop over the levels."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.zeros(n, *model.shape, dtype=torch.uint8)
    for i, j in itertools.product(*map(range, model.shape[1:])):
        laws = model.table[model.rows(x)][:, :, i, j]
        uniform = torch.rand(laws.shape[:2], dtype=torch.float64, generator=generator)
        for image, c in itertools.product(range(n), range(model.shape[0])):
            ends = laws[image, c].cumsum(0).tolist()
            draw = uniform[image, c].item() * ends[-1]
            x[image, c, i, j] = next(k for k, end in enumerate(ends) if end > draw)
    return x


@pytest.mark.parametrize("at_once", [1, 3, 500])
@pytest.mark.parametrize(("shape", "levels"), [((1, 4, 3), 4), ((2, 3, 2), 3)])
@each_fitted
def test_samples_are_those_of_whole_images(kind, shape, levels, at_once, monkeypatch):
    monkeypatch.setattr(baselines, "AT_ONCE", at_once)
    generator = torch.Generator().manual_seed(1)
    x = torch.randint(levels, (30, *shape), generator=generator).to(torch.uint8)
    model = kind(x.sort(2).values, shape=shape, levels=levels, smoothing=0.1)
    drawn = model.sample(7, generator=torch.Generator().manual_seed(2))
    assert drawn.equal(slowly_drawn(model, 7, 2))
    assert drawn.unique().numel() > 2


@pytest.mark.parametrize(
    "row", [slice(i, j) for i in range(4) for j in range(i + 1, 5)]
)
@pytest.mark.parametrize("column", [slice(None), slice(0, 1), slice(2, 3), slice(1, 9)])
def test_the_laws_of_a_window_are_cut_out_of_the_whole(row: slice, column: slice):
    generator = torch.Generator().manual_seed(1)
    x = torch.randint(4, (6, 2, 4, 3), generator=generator).to(torch.uint8)
    model = NeighbourTable(x, shape=(2, 4, 3), levels=4)
    expected = model.table[model.rows(x)][:, :, row, column]
    assert model.pixel_probs(x, row, column).equal(expected)


def test_levels_are_drawn_in_the_shares_of_their_law():
    laws = torch.tensor([[0.0, 0.2, 0.0, 0.8, 0.0], [0.5, 0.1, 0.1, 0.2, 0.1]]).double()
    many = laws.expand(20_000, 2, 5)
    drawn = draw_levels(many, torch.Generator().manual_seed(0))
    assert drawn.shape == (20_000, 2) and drawn.dtype == torch.uint8
    for column, law in zip(drawn.T, laws, strict=True):
        found = column.int().bincount(minlength=5)
        assert found[law == 0].sum() == 0
        seen = law > 0
        assert stats.chisquare(found[seen], 20_000 * law[seen]).pvalue > 1e-3


def test_a_draw_of_zero_chooses_no_impossible_level(monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda size, **_: torch.zeros(size).double())
    assert draw_levels(torch.tensor([[0.0, 0.0, 0.3, 0.7]]).double()).tolist() == [2]


# --- bad inputs


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (torch.zeros(2, 1, 2, 3), "got dtype float32"),
        (torch.zeros(2, 1, 3, 2, dtype=torch.uint8), r"got shape \(2, 1, 3, 2\)"),
        (torch.zeros(1, 2, 3, dtype=torch.uint8), r"got shape \(1, 2, 3\)"),
        (torch.full((2, 1, 2, 3), 2, dtype=torch.uint8), "levels 0 to 1, got 2 to 2"),
        (torch.zeros(0, 1, 2, 3, dtype=torch.uint8), "empty batch"),
    ],
)
def test_what_are_no_images_is_said(x: Tensor, said: str):
    shape, levels = (1, 2, 3), 2
    for kind in FITTED:
        with pytest.raises(ValueError, match=said):
            kind(x, shape=shape, levels=levels)
        with pytest.raises(ValueError, match=said):
            fitted(kind, shape, levels).log_prob(x)
    with pytest.raises(ValueError, match=said):
        UniformPixels(shape=shape, levels=levels).log_prob(x)


@each_fitted
@pytest.mark.parametrize("smoothing", [0, -0.1, math.nan])
def test_what_was_never_seen_needs_smoothing(kind, smoothing: float):
    x = uneven((1, 2, 3), 2)
    with pytest.raises(ValueError, match=f"smoothing above 0, got {smoothing}"):
        kind(x, shape=(1, 2, 3), levels=2, smoothing=smoothing)


def test_there_is_a_context():
    with pytest.raises(ValueError, match="expected one context or more, got 0"):
        NeighbourTable(uneven((1, 2, 3), 2), shape=(1, 2, 3), levels=2, contexts=0)


@pytest.mark.parametrize("n", [0, -3])
def test_there_is_no_sample_of_nothing(n: int):
    with pytest.raises(ValueError, match=f"got n = {n}"):
        UniformPixels().sample(n)


# --- real data

KINDS = {
    "one histogram": LevelHistogram,
    "independent pixels": IndependentPixels,
    "left and above": NeighbourTable,
}


def bits(train: Images, test: Images) -> dict[str, float]:
    models = {name: kind(train.x) for name, kind in KINDS.items()}
    models["uniform"] = UniformPixels()
    nats = {name: -mean_over_images(m.log_prob, test.x) for name, m in models.items()}
    return {name: bits_per_dim(torch.tensor(n), 784).item() for name, n in nats.items()}


def test_fashion_mini_has_these_bits():
    found = bits(data.load("fashion-mini"), data.load("fashion-mini", "test"))
    expected = {
        "uniform": 8.0,
        "one histogram": 4.8912,
        "independent pixels": 4.5972,
        "left and above": 3.6763,
    }
    assert found == pytest.approx(expected, abs=1e-3)


@pytest.mark.slow
def test_all_of_fashion_mnist_has_these_bits(fashion_mnist: tuple[Images, Images]):
    found = bits(*fashion_mnist)
    known = {
        "uniform": 8.000,
        "one histogram": 4.917,
        "independent pixels": 4.588,
        "left and above": 3.455,
    }
    assert found == pytest.approx(known, abs=3e-3)
    assert found == pytest.approx(measured("baselines")["test_bits_per_dim"], abs=1e-3)
