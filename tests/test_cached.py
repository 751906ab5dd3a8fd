from __future__ import annotations

from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gencourse.autoregressive import Autoregressive
from gencourse.cached import Columns
from gencourse.images import Shape
from gencourse.masked import MaskedConv2d
from gencourse.pixelcnn import GatedPixelCNN, PixelCNN
from gencourse.testing import strong_copy

SHAPES = [(1, 5, 5), (1, 3, 7), (1, 7, 3), (3, 3, 4), (1, 1, 1)]
HEADS = [
    *(("softmax", levels) for levels in (2, 4, 256)),
    ("bernoulli", 2),
    *(("logistic", levels) for levels in (2, 4, 256)),
]
each_head = pytest.mark.parametrize(("head", "levels"), HEADS)
each_model = pytest.mark.parametrize("name", ["plain", "gated", "dilated", "classes"])


def build(name: str, shape: Shape, levels: int, head: str) -> Autoregressive:
    """Return a float64 model of strong laws."""
    if name == "plain":
        model = PixelCNN(
            shape=shape, levels=levels, features=3, blocks=2, head=head, components=3
        )
        return strong_copy(model, gain=1.4)  # at 2 it draws one level alone
    model = GatedPixelCNN(
        shape=shape,
        levels=levels,
        features=4,
        dilations=(1, 3, 2) if name == "dilated" else (1, 1),
        classes=3 if name == "classes" else None,
        head=head,
        components=3,
    )
    return strong_copy(model)


def some_labels(model: Autoregressive, count: int) -> Tensor | None:
    return None if model.classes is None else torch.arange(count) % model.classes


def random_images(model: Autoregressive, count: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    size = (count, *model.shape)
    x = torch.randint(model.levels, size, generator=generator)
    return x.to(torch.uint8)


def subpixels(model: Autoregressive) -> product:
    channels, height, width = model.shape
    return product(range(height), range(width), range(channels))


@torch.no_grad()
def read_all(model: Autoregressive, x: Tensor, y: Tensor | None) -> Tensor:
    """Return the cached numbers of x, subpixel by subpixel: (B, C, H, W, size).

    Subpixels are filled in as they are read: what comes later is not known yet.
    """
    read = model.reader(len(x), y)
    shown = torch.zeros_like(x, dtype=torch.float64)
    numbers = torch.empty(*x.shape, model.head.size, dtype=torch.float64)
    for i, j, c in subpixels(model):
        numbers[:, c, i, j] = read(shown, i, j, c)
        shown[:, c, i, j] = x[:, c, i, j].double()
    return numbers


def samples(model: Autoregressive, n: int, cached: bool, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    y = some_labels(model, n)
    return model.sample(n, y, cached=cached, generator=generator)


# --- cached is naive


@each_model
@pytest.mark.parametrize(
    ("head", "levels", "shape"),
    [(*head, (3, 2, 3)) for head in HEADS]
    + [("softmax", 4, shape) for shape in SHAPES],
)
def test_cached_numbers_are_the_forward_pass_s(
    name: str, head: str, levels: int, shape: Shape
):
    model = build(name, shape, levels, head)
    x = random_images(model, 3)
    y = some_labels(model, 3)
    found = read_all(model, x, y)
    expected = model.logits(x, y).detach()
    assert shape == (1, 1, 1) or expected.std() > 0.1
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


@each_model
@each_head
@pytest.mark.parametrize("n", [1, 3, 16])
def test_cached_samples_are_naive_samples(name: str, head: str, levels: int, n: int):
    model = build(name, (3, 1, 3) if n == 3 else (1, 3, 4), levels, head)
    found = samples(model, n, cached=True)
    assert torch.equal(found, samples(model, n, cached=False))
    assert n == 1 or len(found.unique(dim=0)) > 1


@each_model
def test_samples_in_float32_too(name: str):
    model = build(name, (1, 6, 6), 256, "logistic").float()
    assert torch.equal(samples(model, 8, True), samples(model, 8, False))


@each_model
def test_completions_too(name: str):
    model = build(name, (3, 3, 4), 4, "softmax")
    x, y = random_images(model, 5), some_labels(model, 5)
    known = torch.rand(x.shape, generator=torch.Generator().manual_seed(1)) < 0.5
    first, second = (
        model.complete(
            x, known, y, cached=cached, generator=torch.Generator().manual_seed(0)
        )
        for cached in (True, False)
    )
    assert torch.equal(first, second)


@each_model
def test_one_sample_after_another_starts_afresh(name: str):
    """Nothing is kept from one call to the next, whatever the sizes."""
    model = build(name, (1, 4, 4), 4, "softmax")
    first = samples(model, 4, True)
    samples(model, 7, True, seed=5)
    assert torch.equal(samples(model, 4, True), first)


@each_model
def test_new_weights_are_seen(name: str):
    """Weights that a reader keeps are those of its own call."""
    model = build(name, (1, 4, 4), 4, "softmax")
    samples(model, 4, True)
    model.load_state_dict(strong_copy(model, seed=3).state_dict())
    assert torch.equal(samples(model, 4, True), samples(model, 4, False))


# --- and costs a column a pixel


@each_model
def test_no_forward_pass_is_made(name: str, monkeypatch: pytest.MonkeyPatch):
    model = build(name, (1, 4, 4), 4, "softmax")

    def refuse(*_: object) -> Tensor:
        raise AssertionError("a whole forward pass for a pixel")

    monkeypatch.setattr(type(model), "numbers", refuse)
    samples(model, 2, cached=True)
    with pytest.raises(AssertionError, match="a whole forward pass"):
        samples(model, 2, cached=False)


def multiplications(model: Autoregressive, cached: bool) -> int:
    """Return the floating-point operations of the matrix products of one sample."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        samples(model, 1, cached)
    return counter.get_total_flops()


@pytest.mark.parametrize("name", ["plain", "gated", "dilated"])
def test_an_image_costs_about_one_forward_pass(name: str):
    """All pixels of 4x4: naive drawing costs 16 passes, cached drawing about one."""
    model = build(name, (1, 4, 4), 4, "softmax")
    naive, cached = (multiplications(model, kind) for kind in (False, True))
    assert naive > 0
    assert cached < 1.5 * naive / 16


# --- one convolution


@pytest.mark.parametrize("kernel", [1, 3, 7])
@pytest.mark.parametrize("mask", ["A", "B"])
@pytest.mark.parametrize("sides", [(4, 4), (2, 7), (7, 2)], ids=str)
def test_columns_are_a_masked_convolution(
    kernel: int, mask: str, sides: tuple[int, int]
):
    conv = MaskedConv2d(3, 6, kernel, mask=mask, channel_groups=3).double()
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, *sides, generator=generator, dtype=torch.float64)
    columns = Columns(conv, 2, *sides)
    expected = conv(x)
    for i, j in product(*map(range, sides)):
        found = columns(x[:, :, i, j], i, j)
        torch.testing.assert_close(found, expected[:, :, i, j])


def remembered(columns: Columns, column: Tensor, i: int, j: int) -> Tensor:
    """Compute a column the slow way: all inputs are kept, of 1x1 kernels too."""
    m = columns.margin
    columns.put(column, i, j)
    above = columns.seen[:, i : i + m, j : j + 2 * m + 1].flatten(1)
    own = columns.seen[:, i + m, j : j + m + 1].flatten(1)
    return torch.addmm(columns.bias, torch.cat([above, own], 1), columns.weight)


@pytest.mark.parametrize("head", ["softmax", "logistic"])
def test_what_a_1x1_kernel_does_not_remember_is_not_missed(head: str, monkeypatch):
    model = PixelCNN(shape=(1, 6, 5), levels=16, features=4, blocks=2, head=head)
    drawn = samples(model, 9, True)
    monkeypatch.setattr(Columns, "__call__", remembered)
    assert drawn.equal(samples(model, 9, True))  # bit for bit
    assert drawn.unique().numel() > 8


def test_a_column_that_is_not_remembered_is_caught():
    """The stale cache: a pixel's level is drawn after its column was first put."""
    model = build("plain", (1, 4, 4), 4, "softmax")
    x = random_images(model, 3)
    read = model.reader(3, None)
    first = read.convs[model.first]
    first.put = lambda column, i, j: None
    numbers = [read(x, i, j, c) for i, j, c in subpixels(model)]
    expected = model.logits(x)
    gap = [
        (n - expected[:, c, i, j]).abs().max()
        for n, (i, j, c) in zip(numbers, subpixels(model), strict=True)
    ]
    assert gap[0] < 1e-10
    assert max(gap) > 0.1


@settings(max_examples=15, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4)),
    levels=st.integers(2, 5),
    dilations=st.lists(st.integers(1, 6), min_size=1, max_size=3),
    n=st.integers(1, 4),
)
def test_cached_samples_are_naive_samples_in_any_shape(
    shape: Shape, levels: int, dilations: list[int], n: int
):
    for model in (
        PixelCNN(shape=shape, levels=levels, features=2, blocks=len(dilations)),
        GatedPixelCNN(shape=shape, levels=levels, features=2, dilations=dilations),
    ):
        strong = strong_copy(model)
        assert torch.equal(samples(strong, n, True), samples(strong, n, False))
