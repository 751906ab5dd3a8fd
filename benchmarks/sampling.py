"""What one image costs a Gated PixelCNN: cached, naive, cropped; and kernels cropped.

Naive sampling computes the whole image for every pixel. With rows cropped it computes
the rows down to the pixel's own. Cached sampling computes one column a pixel. All run
in this process on one thread; the least CPU time of the repeats counts, because what
else the machine does only adds to it.

Whole naive images would take an hour: the time of one pixel is multiplied by their
number. With rows cropped, the pixels of some rows are timed, and those of the rows
between interpolated.

The floor is the arithmetic of one forward pass at the speed of a large matrix product,
measured beside: every pixel's features once, with nothing lost.

    python benchmarks/sampling.py --json sampling.json
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from gencourse import provenance
from gencourse.autoregressive import Autoregressive
from gencourse.masked import gate
from gencourse.pixelcnn import GatedLayer, GatedPixelCNN

BATCHES = (1, 16, 64)
SIDES = (8, 12, 16, 24, 32)
Row = dict[str, float]


def least_seconds(run: Callable[[], object], repeats: int, warm: bool = True) -> float:
    """Return the least CPU seconds of ``run``, which runs once more before if warm."""
    if warm:
        run()
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return min(taken)


def flops_per_second() -> float:
    """Return the speed of a product of two 1024 x 1024 matrices."""
    side = 1024
    one, other = torch.rand(side, side), torch.rand(side, side)
    return 2 * side**3 / least_seconds(lambda: one @ other, 7)


def flops(run: Callable[[], object]) -> int:
    """Return the floating-point operations of the products in ``run``."""
    with FlopCounterMode(display=False) as counter:
        run()
    return int(counter.get_total_flops())


def gated(side: int = 28) -> GatedPixelCNN:
    """Return the model that is measured, of square images."""
    torch.manual_seed(0)
    return GatedPixelCNN(shape=(1, side, side), features=64).eval()


@torch.no_grad()
def naive_pixel(model: Autoregressive, x: Tensor) -> Tensor:
    """Return one drawn pixel as naive sampling computes it: the last one of x."""
    numbers = model.logits(x)[:, 0, -1, -1]
    return model.head.sample(numbers, torch.rand(len(x), 1))


def cached_image(model: Autoregressive, n: int, repeats: int) -> float:
    """Return the seconds of n images, cached."""
    return least_seconds(lambda: model.sample(n), repeats, warm=n < 64)


def naive_image(model: Autoregressive, n: int, repeats: int) -> float:
    """Return the seconds of n images, naive: those of a pixel times their number."""
    x = torch.zeros(n, *model.shape, dtype=torch.uint8)
    pixels = model.shape[1] * model.shape[2]
    return pixels * least_seconds(lambda: naive_pixel(model, x), repeats, warm=n < 64)


def cropped_image(model: GatedPixelCNN, n: int, repeats: int) -> float:
    """Return the seconds of n images, naive on the rows down to the pixel's own."""
    channels, height, width = model.shape
    timed = (1, 10, 19, height)
    seconds = []
    for rows in timed:
        part = copy.copy(model)  # the weights know no shape
        part.shape = (channels, rows, width)
        seconds.append(naive_image(part, n, repeats) / rows)  # of a row of pixels
    return float(np.interp(range(1, height + 1), timed, seconds).sum())


def sampling(model: GatedPixelCNN, speed: float, repeats: int) -> list[Row]:
    """Return what n images cost each way, against each other and the floor."""
    rows = []
    for n in BATCHES:
        count = max(repeats // 2, 2) if n == 64 else repeats
        x = torch.zeros(n, *model.shape, dtype=torch.uint8)
        cached = cached_image(model, n, count)
        naive, cropped = naive_image(model, n, count), cropped_image(model, n, count)
        with torch.no_grad():
            floor = flops(lambda x=x: model.logits(x)) / speed  # type: ignore[misc]
        rows.append(
            {
                "batch": n,
                "cached": cached,
                "cropped": cropped,
                "naive": naive,
                "naive / cached": naive / cached,
                "cropped / cached": cropped / cached,
                "floor": floor,
                "cached / floor": cached / floor,
                "naive / floor": naive / floor,
            }
        )
    return rows


def growth(repeats: int) -> dict[str, object]:
    """Return what 16 images cost by the length of their side, and the exponents."""
    models = [gated(side) for side in SIDES]
    seconds = {
        "cached": [cached_image(model, 16, repeats) for model in models],
        "naive": [naive_image(model, 16, repeats) for model in models],
    }
    exponents = {
        name: float(np.polyfit(np.log(SIDES), np.log(values), 1)[0])
        for name, values in seconds.items()
    }
    return {"sides": SIDES, "batch": 16, "seconds": seconds, "exponent": exponents}


class MaskedLayer(nn.Module):
    """A gated layer with 3x3 and 1x3 kernels, of which masks hide what is cropped."""

    def __init__(self, layer: GatedLayer) -> None:
        super().__init__()
        self.layer = layer
        # The crop left out the row below, and the pixel on the right.
        self.above = nn.Parameter(F.pad(layer.above.weight.detach(), (0, 0, 0, 1)))
        self.left = nn.Parameter(F.pad(layer.left.weight.detach(), (0, 1)))
        rows, columns = torch.ones(3, 1), torch.ones(3)
        rows[-1] = columns[-1] = 0
        self.register_buffer("rows", rows)
        self.register_buffer("columns", columns)

    def forward(self, above: Tensor, left: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the cropped layer returns."""
        layer, d = self.layer, self.layer.dilation
        above_weight = self.above * cast(Tensor, self.rows)
        left_weight = self.left * cast(Tensor, self.columns)
        wide = F.conv2d(above, above_weight, layer.above.bias, 1, d, d)
        wide_left = F.conv2d(left, left_weight, layer.left.bias, 1, (0, d), d)
        gated_left = gate(wide_left + layer.link(wide), 1)
        return above + gate(wide, 1), left + layer.residual(gated_left)


def kernels(model: GatedPixelCNN, repeats: int) -> dict[str, Row]:
    """Return what all layers cost, forward and back, with cropped and masked kernels.

    A batch of 16; seconds and floating-point operations.
    """
    layers = [cast(GatedLayer, layer) for layer in model.layers]
    maps = torch.randn(2, 16, 64, 28, 28)
    ways: dict[str, Sequence[Callable[..., tuple[Tensor, Tensor]]]] = {
        "cropped": [lambda a, b, layer=layer: layer(a, b, None) for layer in layers],
        "masked": [MaskedLayer(layer) for layer in layers],
    }

    def through(way: str) -> Tensor:
        above, left = maps
        for layer in ways[way]:
            above, left = layer(above, left)
        return left

    if not torch.allclose(through("cropped"), through("masked"), atol=1e-4):
        raise RuntimeError("cropped and masked kernels compute different features")
    result = {}
    for way in ways:
        step = lambda way=way: through(way).sum().backward()  # noqa: E731
        result[way] = {"seconds": least_seconds(step, repeats), "flops": flops(step)}
    cropped, masked = result["cropped"], result["masked"]
    result["ratio"] = {name: masked[name] / cropped[name] for name in cropped}
    return result


def check(side: int = 6) -> None:
    """Raise a RuntimeError unless cached and naive sampling give the same images."""
    model = gated(side).double()
    cached, naive = (
        model.sample(2, cached=way, generator=torch.Generator().manual_seed(1))
        for way in (True, False)
    )
    if not torch.equal(cached, naive):
        raise RuntimeError("cached and naive sampling give different images")


def table(rows: Sequence[Row]) -> None:
    """Print rows under their names."""
    print("  ".join(f"{name:>8}" for name in rows[0]))
    for row in rows:
        cells = zip(row, row.values(), strict=True)
        print("  ".join(f"{value:{max(len(name), 8)}.4g}" for name, value in cells))


def report(rows: Sequence[Row], grown: dict[str, object], ways: dict[str, Row]) -> None:
    """Print the tables."""
    table(rows)
    print(f"cost ~ side^e for sides {SIDES}, 16 images: e = {grown['exponent']}")
    for name in ("seconds", "flops"):
        print(f"masked / cropped kernels, training, {name}: {ways['ratio'][name]:.2f}")


def main() -> None:
    """Print the tables, and write them as JSON where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to write the numbers")
    parser.add_argument("--repeats", type=int, default=4)
    given = parser.parse_args()
    torch.set_num_threads(1)
    check()
    model, speed = gated(), flops_per_second()
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"{parameters} parameters, 28x28, CPU seconds on one thread; the naive ones")
    print(f"from some pixels, multiplied. Floor at {speed / 1e9:.1f} GFLOP/s.")
    rows, grown = sampling(model, speed, given.repeats), growth(given.repeats)
    ways = kernels(model, given.repeats)
    report(rows, grown, ways)
    if given.json:
        told = {
            "parameters": parameters,
            "flops_per_second": speed,
            "sampling": rows,
            "growth": grown,
            "kernels": ways,
            "made": provenance.describe(),
        }
        given.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
