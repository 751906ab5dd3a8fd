"""A Diagonal BiLSTM layer by diagonals against the same layer pixel by pixel.

By diagonals both directions take H + W - 1 steps together, each over all pixels of its
diagonal. Pixel by pixel they take 2 H W steps. Both compute the same states from the
same weights, which is checked; then forward, and forward and back as in training, are
timed on one thread. The least CPU time of the repeats counts.

Also: what cached sampling of whole PixelRNNs costs against naive sampling, from the
time of one naive pixel, multiplied by their number.

    python benchmarks/pixelrnn_speed.py --json pixelrnn_speed.json
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from common import (
    Row,
    flops,
    flops_per_second,
    least_seconds,
    options,
    table,
    write,
)
from sampling import cached_image, naive_image
from torch import Tensor, nn

from gencourse.pixelrnn import DiagonalBiLSTM, PixelRNN, RowLSTM
from gencourse.recurrent import DiagonalLayer, lstm_cell, one_row_down

SIDE, FEATURES = 28, 32
BATCHES: tuple[int, ...] = (1, 16)


def by_pixels(layer: DiagonalLayer, x: Tensor) -> Tensor:
    """Return the states of a layer, one pixel after another: as ``layer(x)``."""
    left, right = (
        one_direction(layer, direction, x.flip(1) if direction else x)
        for direction in range(2)
    )
    return left + one_row_down(right.flip(1))


def one_direction(layer: DiagonalLayer, direction: int, x: Tensor) -> Tensor:
    """Return the states of what comes from the left: (H, W, B, 2 h) -> (H, W, B, h)."""
    from_input = cast(nn.Linear, layer.from_input[direction])
    from_states = cast(nn.Linear, layer.from_states[direction])
    nothing = x.new_zeros(x.shape[2], layer.features)
    above, rows = [nothing] * x.shape[1], []
    for row in x:
        beside = cells = nothing
        found = []
        for pixel, over in zip(row, above, strict=True):
            seen = from_states(torch.cat([over, beside], 1))
            beside, cells = lstm_cell(from_input(pixel) + seen, cells)
            found.append(beside)
        rows.append(torch.stack(found))
        above = found
    return torch.stack(rows)


def layers(side: int, n: int, speed: float, repeats: int) -> Row:
    """Return what a layer costs n images each way, forward and in training."""
    torch.manual_seed(0)
    layer = DiagonalLayer(FEATURES)
    x = torch.randn(side, side, n, 2 * FEATURES)
    ways: dict[str, Callable[[], Tensor]] = {
        "diagonals": lambda: layer(x),
        "pixels": lambda: by_pixels(layer, x),
    }
    with torch.no_grad():
        if not torch.allclose(ways["diagonals"](), ways["pixels"](), atol=1e-5):
            raise RuntimeError("diagonals and pixels give different states")
        row = {way: least_seconds(run, repeats) for way, run in ways.items()}
        floor = flops(ways["diagonals"]) / speed
    for way, run in ways.items():
        step = lambda run=run: run().sum().backward()  # noqa: E731
        row[f"{way}, training"] = least_seconds(step, repeats)
    row["ratio"] = row["pixels"] / row["diagonals"]
    row["ratio, training"] = row["pixels, training"] / row["diagonals, training"]
    return {"batch": n, **row, "floor": floor, "/ floor": row["diagonals"] / floor}


def sampling(model: PixelRNN, n: int, speed: float, repeats: int) -> Row:
    """Return what n images cost, cached and naive, against each other and the floor."""
    x = torch.zeros(n, *model.shape, dtype=torch.uint8)
    with torch.no_grad():
        floor = flops(lambda: model.logits(x)) / speed
    cached = cached_image(model, n, repeats)
    naive = naive_image(model, n, repeats)
    return {
        "batch": n,
        "cached": cached,
        "naive": naive,
        "ratio": naive / cached,
        "floor": floor,
        "/ floor": cached / floor,
    }


def main(arguments: list[str] | None = None) -> None:
    """Print the tables, and write them as JSON where that is asked for."""
    given = options(__doc__, repeats=4).parse_args(arguments)
    side, batches, repeats = SIDE, BATCHES, given.repeats
    if given.quick:
        side, batches, repeats = 8, (1,), 1
    torch.set_num_threads(1)
    speed = flops_per_second()
    print(f"Diagonal BiLSTM layer, {side}x{side}, h = {FEATURES}; CPU seconds on one")
    print(f"thread. Floor at {speed / 1e9:.1f} GFLOP/s.")
    told: dict[str, list[Row]] = {
        "layers": [layers(side, n, speed, repeats) for n in batches]
    }
    table(told["layers"])
    for kind in (RowLSTM, DiagonalBiLSTM):
        torch.manual_seed(0)
        model = kind(shape=(1, side, side)).eval()
        rows = [sampling(model, n, speed, repeats) for n in batches]
        told[kind.__name__] = rows
        print(f"sampling from {kind.__name__}()")
        table(rows)
    write(given.json, {**told, "flops_per_second": speed})


if __name__ == "__main__":
    main()
