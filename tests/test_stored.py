"""A density that knows its images by heart, beside a loop."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from gencourse.images import Shape
from gencourse.stored import StoredImages

TINY = [((1, 2, 3), 2), ((1, 2, 2), 4), ((3, 1, 2), 2)]
each_tiny = pytest.mark.parametrize(("shape", "levels"), TINY)


def everything(shape: Shape, levels: int) -> Tensor:
    """Return all images of that shape."""
    rows = list(itertools.product(range(levels), repeat=math.prod(shape)))
    return torch.tensor(rows, dtype=torch.uint8).view(-1, *shape)


def some(shape: Shape, levels: int, count: int = 7, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randint(levels, (count, *shape), generator=generator)
    return x.to(torch.uint8)


@each_tiny
@pytest.mark.parametrize("error", [0.001, 0.3])
def test_all_images_together_have_probability_one(
    shape: Shape, levels: int, error: float
):
    model = StoredImages(some(shape, levels), levels=levels, error=error)
    log_prob = model.log_prob(everything(shape, levels))
    assert log_prob.dtype == torch.float64
    assert log_prob.exp().sum().item() == pytest.approx(1, abs=1e-12)


@each_tiny
def test_log_prob_is_that_of_a_loop(shape: Shape, levels: int):
    stored, error = some(shape, levels), 0.2
    model = StoredImages(stored, levels=levels, error=error)
    x = some(shape, levels, 23, seed=1)  # not a multiple of a batch
    for image, found in zip(x, model.log_prob(x).tolist(), strict=True):
        total = 0.0
        for known in stored:
            p = 1.0
            pairs = zip(image.flatten().tolist(), known.flatten().tolist(), strict=True)
            for mine, its in pairs:
                p *= 1 - error if mine == its else error / (levels - 1)
            total += p / len(stored)
        assert found == pytest.approx(math.log(total), abs=1e-12)


def test_far_from_all_images_it_is_still_a_number():
    stored = torch.zeros(3, 1, 28, 28, dtype=torch.uint8)
    model = StoredImages(stored)
    far, near = model.log_prob(torch.stack([stored[0] + 9, stored[0]])).tolist()
    assert far == pytest.approx(784 * math.log(1e-3 / 255), rel=1e-12)
    assert near == pytest.approx(784 * math.log1p(-1e-3), rel=1e-12)


def test_given_copies_is_one_stored_image():
    model = StoredImages(some((1, 2, 3), 4, 1), levels=4, error=0.1)
    same = torch.tensor([0, 2, 6])
    found = model.given_copies(same)
    expected = same * math.log(0.9) + (6 - same) * math.log(0.1 / 3)
    torch.testing.assert_close(found.float(), expected)
    assert found[2].item() == pytest.approx(model.log_prob(model.x).item(), abs=1e-12)


def test_samples_are_stored_images_up_to_the_error():
    stored, error = some((1, 12, 10), 16, 5), 0.05
    model = StoredImages(stored, levels=16, error=error)
    x = model.sample(3000, generator=torch.Generator().manual_seed(0))
    assert x.shape == (3000, 1, 12, 10) and x.dtype == torch.uint8
    other = (x[:, None] != stored).flatten(2).sum(2)
    wrong, which = other.min(1)
    counts = which.bincount(minlength=5)
    assert (abs(counts - 600) < 4 * (3000 * 0.2 * 0.8) ** 0.5).all()
    turned = 3000 * 120
    assert abs(wrong.sum() - error * turned) < 4 * (turned * error * 0.95) ** 0.5
    # A turned pixel has each other level equally often, never its own.
    step = (x.int() - stored[which].int())[x != stored[which]] % 16
    often = step.bincount(minlength=16)
    assert often[0] == 0 and abs(often[1:] / often.sum() * 15 - 1).max() < 0.2


@each_tiny
def test_samples_follow_the_law(shape: Shape, levels: int):
    model = StoredImages(some(shape, levels, 4), levels=levels, error=0.3)
    draws = model.sample(30_000, generator=torch.Generator().manual_seed(0))
    digits = levels ** torch.arange(math.prod(shape) - 1, -1, -1)
    number = (draws.flatten(1).long() * digits).sum(1)
    found = number.bincount(minlength=levels ** len(digits)) / len(draws)
    law = model.log_prob(everything(shape, levels)).exp()
    error = (law * (1 - law) / len(draws)).sqrt()
    assert (abs(found - law) < 5 * error).all()


def test_a_seed_repeats_the_sample():
    model = StoredImages(some((1, 2, 3), 4), levels=4, error=0.3)
    draws = [
        model.sample(20, generator=torch.Generator().manual_seed(s)) for s in (1, 1, 2)
    ]
    assert draws[0].equal(draws[1]) and not draws[0].equal(draws[2])


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (torch.zeros(2, 1, 2, 3), "got dtype float32"),
        (torch.zeros(1, 2, 3, dtype=torch.uint8), r"got shape \(1, 2, 3\)"),
        (torch.full((2, 1, 2, 3), 2, dtype=torch.uint8), "levels 0 to 1, got 2 to 2"),
        (torch.zeros(0, 1, 2, 3, dtype=torch.uint8), "empty batch"),
    ],
)
def test_what_are_no_images_is_said(x: Tensor, said: str):
    with pytest.raises(ValueError, match=said):
        StoredImages(x, levels=2)
    with pytest.raises(ValueError, match=said):
        StoredImages(some((1, 2, 3), 2), levels=2).log_prob(x)


def test_images_of_another_size_are_refused():
    model = StoredImages(some((1, 2, 3), 2), levels=2)
    with pytest.raises(ValueError, match=r"got shape \(1, 1, 3, 2\)"):
        model.log_prob(torch.zeros(1, 1, 3, 2, dtype=torch.uint8))


@pytest.mark.parametrize("error", [0, 1, -0.1, 2, math.nan])
def test_the_error_is_between_0_and_1(error: float):
    with pytest.raises(ValueError, match=f"between 0 and 1, got {error}"):
        StoredImages(some((1, 2, 3), 2), levels=2, error=error)


@pytest.mark.parametrize("levels", [1, 257, 2.0])
def test_levels_are_a_number_of_levels(levels: float):
    with pytest.raises(ValueError, match=f"2 to 256, got {levels}"):
        StoredImages(torch.zeros(2, 1, 2, 3, dtype=torch.uint8), levels=levels)


@pytest.mark.parametrize("n", [0, -3])
def test_there_is_no_sample_of_nothing(n: int):
    with pytest.raises(ValueError, match=f"got n = {n}"):
        StoredImages(some((1, 2, 3), 2), levels=2).sample(n)
