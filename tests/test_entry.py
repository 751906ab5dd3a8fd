"""Tables of neighbours, mixed: laws over all tiny images, and the weights' optimum."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.optimize import minimize
from torch import Tensor

from gencourse import data
from gencourse import entry as entry_module
from gencourse.baselines import NeighbourTable
from gencourse.entry import LOOKS, MixedTables, contexts, entry
from gencourse.images import Shape

TINY = [((1, 2, 3), 2), ((1, 2, 2), 4), ((3, 1, 2), 2), ((1, 3, 2), 2), ((2, 2, 2), 2)]
each_tiny = pytest.mark.parametrize(("shape", "levels"), TINY)
WHOLE = slice(None)


def everything(shape: Shape, levels: int) -> Tensor:
    """Return all images of that shape."""
    rows = list(itertools.product(range(levels), repeat=math.prod(shape)))
    return torch.tensor(rows, dtype=torch.uint8).view(-1, *shape)


def smooth(shape: Shape, levels: int, count: int = 60, seed: int = 0) -> Tensor:
    """Return images whose pixels hang together: each is near those before it."""
    generator = torch.Generator().manual_seed(seed)
    steps = torch.rand((count, *shape), generator=generator) - 0.45
    hills = steps.cumsum(2) + steps.flip(3).cumsum(3).flip(3)
    hills = hills + 0.3 * torch.rand(hills.shape, generator=generator)
    return ((hills % 1) * levels).to(torch.uint8)


def fitted(shape: Shape, levels: int, seed: int = 0) -> MixedTables:
    return entry(smooth(shape, levels, seed=seed), levels)


# --- contexts


@pytest.mark.parametrize(("levels", "cuts"), [(256, 64), (256, 12), (16, 16), (5, 3)])
@pytest.mark.parametrize("neighbours", [1, 2, 3, 4])
def test_contexts_are_those_of_a_loop(levels: int, cuts: int, neighbours: int):
    generator = torch.Generator().manual_seed(levels)
    x = torch.randint(levels, (3, 2, 4, 5), generator=generator).to(torch.uint8)
    found = contexts(x, levels, neighbours, cuts)
    assert found.shape == x.shape and found.dtype == torch.int64
    for n, c, i, j in np.ndindex(*x.shape):
        places = [(i, j - 1), (i - 1, j), (i - 1, j - 1), (i - 1, j + 1)]
        number = 0
        for row, column in places[:neighbours]:
            inside = row >= 0 and 0 <= column < 5
            level = int(x[n, c, row, column]) if inside else 0
            number = number * cuts + level * cuts // levels
        assert found[n, c, i, j] == number


# --- laws


@each_tiny
def test_all_images_together_have_probability_one(shape: Shape, levels: int):
    log_prob = fitted(shape, levels).log_prob(everything(shape, levels))
    assert log_prob.shape == (levels ** math.prod(shape),)
    assert log_prob.dtype == torch.float64
    assert log_prob.exp().sum().item() == pytest.approx(1, abs=1e-9)
    assert log_prob.std() > 0.05  # it is not the uniform law


@each_tiny
def test_log_prob_adds_up_the_laws_of_the_pixels(shape: Shape, levels: int):
    model, x = fitted(shape, levels), everything(shape, levels)
    probs = model.pixel_probs(x, WHOLE, WHOLE)
    assert probs.shape == (*x.shape, levels)
    torch.testing.assert_close(probs.sum(-1), torch.ones(x.shape).double())
    of_own = probs.gather(-1, x.long().unsqueeze(-1)).log().flatten(1).sum(1)
    torch.testing.assert_close(model.log_prob(x), of_own, rtol=0, atol=1e-11)
    windows = itertools.product(range(shape[1]), range(shape[2]))
    for i, j in windows:
        window = slice(i, i + 1), slice(j, j + 1)
        torch.testing.assert_close(
            model.pixel_probs(x, *window), probs[:, :, window[0], window[1]]
        )


def test_a_law_is_the_weighted_mean_of_the_tables():
    """Counted once more by a loop, with the weights that it has found."""
    x, levels = smooth((1, 3, 4), 5, 40), 5
    model = MixedTables(x[:30], x[30:], levels=levels)
    expected = torch.zeros((*x.shape, levels), dtype=torch.float64)
    for weight, (neighbours, cuts) in zip(model.weights, LOOKS, strict=True):
        used = min(cuts, levels)
        numbers = contexts(x, levels, neighbours, used)
        counts = np.full((used**neighbours, levels), 0.02)
        for place in np.ndindex(30, 1, 3, 4):
            counts[int(numbers[place]), int(x[place])] += 1
        law = torch.tensor(counts / counts.sum(1, keepdims=True))
        expected += weight * law[numbers]
    found = model.pixel_probs(x, WHOLE, WHOLE)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    rows = sum(min(cuts, levels) ** n for n, cuts in LOOKS)
    assert model.table.shape == (rows, levels)


@each_tiny
def test_a_later_pixel_changes_no_earlier_law(shape: Shape, levels: int):
    model, x = fitted(shape, levels), everything(shape, levels)
    before = model.pixel_probs(x, WHOLE, WHOLE).flatten(2, 3)
    pixels, moved = shape[1] * shape[2], 0
    for place in range(pixels):
        changed = x.clone().flatten(2)
        changed[:, :, place] = (changed[:, :, place] + 1) % levels
        after = model.pixel_probs(changed.view_as(x), WHOLE, WHOLE).flatten(2, 3)
        assert before[:, :, : place + 1].equal(after[:, :, : place + 1])
        moved += int((before != after).any())
    assert moved == pixels - 1  # all but the last are looked at


@each_tiny
def test_channels_do_not_see_each_other(shape: Shape, levels: int):
    model, x = fitted(shape, levels), everything(shape, levels)
    changed = x.clone()
    changed[:, 0] = (changed[:, 0] + 1) % levels
    before, after = (model.pixel_probs(i, WHOLE, WHOLE) for i in (x, changed))
    assert before[:, 1:].equal(after[:, 1:]) and not before[:, 0].equal(after[:, 0])


@each_tiny
def test_samples_follow_the_law(shape: Shape, levels: int):
    model = fitted(shape, levels)
    draws = model.sample(20_000, generator=torch.Generator().manual_seed(0))
    assert draws.dtype == torch.uint8 and draws.shape == (20_000, *shape)
    digits = levels ** torch.arange(math.prod(shape) - 1, -1, -1)
    number = (draws.flatten(1).long() * digits).sum(1)
    found = number.bincount(minlength=levels ** len(digits))
    expected = 20_000 * model.log_prob(everything(shape, levels)).exp()
    often = expected >= 5
    pooled = torch.cat([found[often], found[~often].sum()[None]]).numpy()
    law = torch.cat([expected[often], expected[~often].sum()[None]]).numpy()
    assert stats.chisquare(pooled[law > 0], law[law > 0]).pvalue > 1e-3


def test_the_result_does_not_depend_on_the_company():
    x = smooth((1, 5, 4), 16, 1005)
    model = entry(x[:100], 16)
    alone = torch.cat([model.log_prob(x[i : i + 1]) for i in (0, 999, 1004)])
    torch.testing.assert_close(model.log_prob(x)[[0, 999, 1004]], alone)


# --- the weights


def likelihood(probs: np.ndarray, weights: np.ndarray) -> float:
    return float(np.log(weights @ probs).mean())


@pytest.mark.parametrize("counted", [20, 200, 2000])
def test_the_weights_are_those_of_most_likelihood(counted: int):
    """No worse than uniform ones; and what another optimiser finds is no better."""
    x = smooth((1, 6, 5), 16, counted + 50, seed=counted)
    seen, held_back = x[:-50], x[-50:]
    model = MixedTables(seen, held_back, levels=16)
    assert model.weights.sum().item() == pytest.approx(1, abs=1e-12)
    assert (model.weights >= 0).all()
    laws = [
        table[contexts(held_back, 16, n, min(cuts, 16)), held_back.long()]
        for table, (n, cuts) in zip(model.tables, LOOKS, strict=True)
    ]
    probs = torch.stack(laws).flatten(1).numpy()
    found = likelihood(probs, model.weights.numpy())
    for other in (np.full(3, 1 / 3), *np.eye(3)):
        assert found > likelihood(probs, other)
    best = minimize(
        lambda w: -likelihood(probs, w / w.sum()),
        np.full(3, 1 / 3),
        bounds=[(1e-9, 1)] * 3,
        tol=1e-12,
    )
    assert found == pytest.approx(-best.fun, abs=2e-4)
    for one, other in itertools.permutations(range(3), 2):
        moved = model.weights.numpy().copy()
        step = min(0.05, moved[one])
        moved[one] -= step
        moved[other] += step
        assert likelihood(probs, moved) <= found + 2e-4


# --- counting and weighing, against the slow way


def slow_shares(x: Tensor, levels: int, neighbours: int, cuts: int) -> Tensor:
    """Count all images at once."""
    place = contexts(x, levels, neighbours, cuts) * levels + x
    counts = torch.bincount(place.flatten(), minlength=cuts**neighbours * levels)
    weights = counts.double().view(-1, levels) + 0.02
    return weights / weights.sum(1, keepdim=True)


def slow_weights(probs: Tensor) -> Tensor:
    """Find the share of every table at every pixel, round after round."""
    weights = torch.full((len(probs),), 1 / len(probs), dtype=torch.float64)
    for _ in range(50):
        shares = weights[:, None] * probs
        weights = (shares / shares.sum(0)).mean(1)
    return weights


@pytest.mark.parametrize("levels", [3, 16])
@pytest.mark.parametrize("at_once", [1, 64, 500])
def test_tables_and_weights_are_those_of_the_slow_way(levels, at_once, monkeypatch):
    monkeypatch.setattr(entry_module, "AT_ONCE", at_once)
    x = smooth((2, 4, 3), levels, 140)
    seen, held_back = x[:130], x[130:]
    model = MixedTables(seen, held_back, levels=levels)
    laws = []
    for table, (neighbours, cuts) in zip(model.tables, LOOKS, strict=True):
        look = neighbours, min(cuts, levels)
        assert table.equal(slow_shares(seen, levels, *look))
        laws.append(table[contexts(held_back, levels, *look), held_back.long()])
    expected = slow_weights(torch.stack(laws).flatten(1))
    torch.testing.assert_close(model.weights, expected, rtol=1e-10, atol=1e-12)
    assert model.weights.max() - model.weights.min() > 0.05


# --- the entry


@pytest.mark.parametrize(("count", "held"), [(2, 1), (23, 1), (24, 2), (60, 5)])
def test_the_last_twelfth_weighs(count: int, held: int):
    x = smooth((1, 3, 2), 4, count)
    expected = MixedTables(x[:-held], x[-held:], levels=4)
    found = entry(x, 4)
    assert found.table.equal(expected.table) and found.weights.equal(expected.weights)


def test_it_beats_the_table_of_neighbours():
    train, test = (data.load("fashion-mini", split) for split in ("train", "test"))
    some = test.x[:200]
    mine, its = (
        -model.log_prob(some).mean() / 784 / math.log(2)
        for model in (entry(train.x, 256), NeighbourTable(train.x))
    )
    assert 3 < mine < its - 0.1


def test_two_level_images_of_another_size_have_an_entry():
    train = data.load("fashion-mini", "train", levels=2, limit=300).x[:, :, :20, 3:]
    model = entry(train, 2)
    drawn = model.sample(3, generator=torch.Generator().manual_seed(0))
    assert drawn.shape == (3, 1, 20, 25) and drawn.max() == 1
    assert (model.log_prob(drawn) < 0).all()


# --- bad inputs


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (torch.zeros(3, 1, 2, 3), "got dtype float32"),
        (torch.zeros(3, 2, 3, dtype=torch.uint8), r"got shape \(2, 2, 3\)"),
        (torch.full((3, 1, 2, 3), 2, dtype=torch.uint8), "levels 0 to 1, got 2 to 2"),
        (torch.zeros(1, 1, 2, 3, dtype=torch.uint8), "2 images or more, got 1"),
        (torch.zeros(0, 1, 2, 3, dtype=torch.uint8), "2 images or more, got 0"),
    ],
)
def test_what_are_no_images_is_said(x: Tensor, said: str):
    with pytest.raises(ValueError, match=said):
        entry(x, 2)


def test_each_part_is_checked():
    x = smooth((1, 2, 3), 2)
    with pytest.raises(ValueError, match=r"shape \(2, 1, 3, 2\)"):
        MixedTables(x, torch.zeros(2, 1, 3, 2, dtype=torch.uint8), levels=2)
    with pytest.raises(ValueError, match=r"got shape \(1, 1, 3, 2\)"):
        entry(x, 2).log_prob(torch.zeros(1, 1, 3, 2, dtype=torch.uint8))
    with pytest.raises(ValueError, match="got n = 0"):
        entry(x, 2).sample(0)


@pytest.mark.parametrize("levels", [1, 257, 2.0])
def test_levels_are_a_number_of_levels(levels: float):
    with pytest.raises(ValueError, match=f"2 to 256, got {levels}"):
        entry(torch.zeros(3, 1, 2, 3, dtype=torch.uint8), levels)


def test_there_is_no_one_row():
    with pytest.raises(TypeError, match="got several: use pixel_probs"):
        fitted((1, 2, 3), 2).rows(everything((1, 2, 3), 2))
