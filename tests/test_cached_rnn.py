from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor

from gencourse.images import Shape
from gencourse.pixelrnn import DiagonalBiLSTM, PixelRNN, RowLSTM
from gencourse.recurrent import lstm_cell
from gencourse.testing import strong_copy

HEADS = [("softmax", 2), ("bernoulli", 2), ("logistic", 4), ("softmax", 256)]
SHAPES = [(1, 4, 4), (1, 2, 5), (1, 5, 2), (1, 1, 4), (1, 4, 1), (3, 3, 2), (1, 1, 1)]
each_model = pytest.mark.parametrize("make", [RowLSTM, DiagonalBiLSTM])


def tiny(
    make: type[PixelRNN],
    shape: Shape = (1, 3, 4),
    levels: int = 4,
    head: str = "softmax",
    layers: int = 2,
) -> PixelRNN:
    model = make(
        shape=shape,
        levels=levels,
        features=3,
        layers=layers,
        head=head,
        components=3,
    )
    return strong_copy(model)


def random_images(model: PixelRNN, n: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(model.levels, (n, *model.shape), generator=generator)
    return x.to(torch.uint8)


def drawn(model: PixelRNN, n: int, *, cached: bool) -> Tensor:
    return model.sample(n, cached=cached, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def read_all(model: PixelRNN, x: Tensor) -> Tensor:
    """Return the cached numbers of x, each read before later pixels are known."""
    read, shown = model.reader(len(x), None), torch.zeros_like(x, dtype=torch.float64)
    numbers = torch.empty(*x.shape, model.head.size, dtype=torch.float64)
    channels, height, width = model.shape
    for i, j, c in product(range(height), range(width), range(channels)):
        numbers[:, c, i, j] = read(shown, i, j, c)
        shown[:, c, i, j] = x[:, c, i, j]
    return numbers


@each_model
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("layers", [1, 3])
def test_cached_numbers_are_the_forward_pass_s(
    make: type[PixelRNN], shape: Shape, layers: int
):
    model = tiny(make, shape, layers=layers)
    x = random_images(model, 3)
    expected = model.logits(x).detach()
    assert shape == (1, 1, 1) or expected.std(0).max() > 0.1
    torch.testing.assert_close(read_all(model, x), expected, rtol=1e-10, atol=1e-10)


@each_model
@pytest.mark.parametrize(("head", "levels"), HEADS)
@pytest.mark.parametrize(("n", "shape"), [(1, (1, 3, 4)), (4, (3, 2, 2))], ids=str)
def test_cached_samples_are_naive_samples(
    make: type[PixelRNN], head: str, levels: int, n: int, shape: Shape
):
    model = tiny(make, shape, levels, head)
    found = drawn(model, n, cached=True)
    assert torch.equal(found, drawn(model, n, cached=False))
    assert n == 1 or len(found.unique(dim=0)) > 1


@each_model
def test_completions_too(make: type[PixelRNN]):
    model = tiny(make, (3, 3, 2))
    x = random_images(model, 3)
    known = torch.rand(x.shape, generator=torch.Generator().manual_seed(1)) < 0.5
    first, second = (
        model.complete(
            x, known, cached=cached, generator=torch.Generator().manual_seed(0)
        )
        for cached in (True, False)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, x)


@each_model
def test_an_image_costs_one_forward_pass(
    make: type[PixelRNN], monkeypatch: pytest.MonkeyPatch
):
    """Every cell is computed once: H * W of them, in each direction of each layer."""
    cells: list[int] = []

    def counted(gates: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        cells.append(gates.numel() // gates.shape[-1])
        return lstm_cell(gates, before)

    monkeypatch.setattr("gencourse.cached_rnn.lstm_cell", counted)
    drawn(tiny(make, (1, 3, 4)), 2, cached=True)
    directions = 1 if make is RowLSTM else 2
    assert sum(cells) == 2 * 12 * 2 * directions


@each_model
def test_a_reader_starts_anew(make: type[PixelRNN]):
    model = tiny(make)
    first = drawn(model, 2, cached=True)
    assert torch.equal(drawn(model, 2, cached=True), first)
