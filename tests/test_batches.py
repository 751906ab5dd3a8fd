"""The stream of minibatches: every image once an epoch, and any batch at any time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gencourse.batches import Batches
from gencourse.data import Images


def indices(batches, first, last):
    return torch.cat([batches.at(t)[0] for t in range(first, last)])


@pytest.mark.parametrize(("n", "size"), [(12, 4), (10, 4), (7, 7), (5, 1), (13, 9)])
def test_every_image_comes_once_per_epoch(n, size):
    batches = Batches(torch.arange(n), size=size)
    stream = indices(batches, 0, 3 * n)  # 3 * size epochs
    for epoch in stream.view(-1, n):
        assert epoch.sort().values.tolist() == list(range(n))
    assert {len(batch) for (batch,) in batches} == {size}


def test_epochs_differ_and_are_shuffled():
    epochs = indices(Batches(torch.arange(100), size=10), 0, 30).view(3, 100)
    assert not torch.equal(epochs[0], epochs[1])
    assert not torch.equal(epochs[0], torch.arange(100))


def test_a_batch_depends_on_seed_and_number_alone():
    one, other = (Batches(torch.arange(20), size=6, seed=3) for _ in range(2))
    backwards = [other.at(t)[0] for t in reversed(range(12))][::-1]
    assert torch.equal(indices(one, 0, 12), torch.cat(backwards))
    third = Batches(torch.arange(20), size=6, seed=4)
    assert not torch.equal(indices(one, 0, 3), indices(third, 0, 3))


def test_orders_are_uniform():
    # Each of the six orders of three images: 2,000 epochs, 333 expected, sd 17.
    stream = indices(Batches(torch.arange(3), size=3), 0, 2000)
    _, counts = torch.unique(stream.view(-1, 3), dim=0, return_counts=True)
    assert len(counts) == 6
    assert counts.min() > 333 - 5 * 17 and counts.max() < 333 + 5 * 17


def test_labels_stay_with_their_images_and_types_are_kept():
    x = torch.arange(9, dtype=torch.uint8).view(9, 1, 1, 1)
    for images, labels in Batches(x, torch.arange(9), size=4, steps=5):
        assert images.dtype == torch.uint8 and images.shape == (4, 1, 1, 1)
        assert torch.equal(images.flatten().long(), labels)


def test_length_is_the_steps():
    assert len(Batches(torch.arange(9), size=4, steps=5)) == 5


def test_the_fingerprint_tells_streams_apart():
    x = torch.zeros(8, 2)
    first = Batches(x, size=4).fingerprint()
    assert first == Batches(x.clone(), size=4).fingerprint()
    others = [
        Batches(x + 1, size=4),
        Batches(x.view(8, 1, 2), size=4),
        Batches(x.int(), size=4),
        Batches(x, torch.zeros(8), size=4),
        Batches(x, size=2),
        Batches(x, size=4, steps=1),
        Batches(x, size=4, seed=1),
    ]
    assert all(other.fingerprint() != first for other in others)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": torch.zeros(0, 3)}, r"expected at least one image, got shape \(0, 3\)"),
        ({"x": torch.tensor(1.0)}, "expected at least one image"),
        ({"y": torch.zeros(4)}, "expected 8 labels, one an image, got 4"),
        ({"y": torch.tensor(1)}, "expected 8 labels, one an image, got a scalar"),
        ({"size": 0}, "expected a batch size of 1 to 8, got 0"),
        ({"size": 9}, "expected a batch size of 1 to 8, got 9"),
        ({"steps": 0}, "expected steps of 1 or more, got 0"),
        ({"seed": -1}, "expected a seed of 0 or more, got -1"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Batches(**{"x": torch.zeros(8, 3), "size": 4, **arguments})


IMAGES = Images(torch.zeros(8, 1, 2, 2), torch.zeros(8), 256, ())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": IMAGES}, "expected a tensor as x, got Images: pass images.x$"),
        ({"y": IMAGES}, "expected a tensor as y, got Images: pass images.y$"),
        ({"x": [[0.0]] * 8}, "expected a tensor as x, got list$"),
        ({"x": np.zeros((8, 3))}, "expected a tensor as x, got ndarray$"),
        ({"y": [0] * 8}, "expected a tensor as y, got list$"),
        ({"size": 2.5}, "expected an int as size, got 2.5"),
        ({"size": True}, "expected an int as size, got True"),
        ({"steps": 2.5}, "expected an int as steps, got 2.5"),
        ({"steps": "9"}, "expected an int as steps, got '9'"),
        ({"seed": None}, "expected an int as seed, got None"),
    ],
)
def test_wrong_types_are_named(arguments, message):
    with pytest.raises(TypeError, match=message):
        Batches(**{"x": torch.zeros(8, 3), "size": 4, **arguments})
