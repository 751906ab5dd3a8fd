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

import copy
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from common import (
    Row,
    exponent,
    flops,
    flops_per_second,
    least_seconds,
    options,
    table,
    write,
)
from torch import Tensor, nn

from gencourse.autoregressive import Autoregressive
from gencourse.masked import gate
from gencourse.pixelcnn import GatedLayer, GatedPixelCNN

BATCHES: tuple[int, ...] = (1, 16, 64)
SIDES: tuple[int, ...] = (8, 12, 16, 24, 32)


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
    timed = sorted({1, height // 3, 2 * height // 3, height})
    seconds = []
    for rows in timed:
        part = copy.copy(model)  # the weights know no shape
        part.shape = (channels, rows, width)
        seconds.append(naive_image(part, n, repeats) / rows)  # of a row of pixels
    return float(np.interp(range(1, height + 1), timed, seconds).sum())


def sampling(
    model: GatedPixelCNN, batches: Sequence[int], speed: float, repeats: int
) -> list[Row]:
    """Return what n images cost each way, against each other and the floor."""
    rows = []
    for n in batches:
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


def growth(sides: Sequence[int], repeats: int) -> dict[str, Any]:
    """Return what 16 images cost by the length of their side, and the exponents."""
    models = [gated(side) for side in sides]
    seconds = {
        "cached": [cached_image(model, 16, repeats) for model in models],
        "naive": [naive_image(model, 16, repeats) for model in models],
    }
    exponents = {name: exponent(sides, values) for name, values in seconds.items()}
    return {
        "sides": list(sides),
        "batch": 16,
        "seconds": seconds,
        "exponent": exponents,
    }


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
    maps = torch.randn(2, 16, 64, *model.shape[1:])
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


def report(rows: Sequence[Row], grown: dict[str, Any], ways: dict[str, Row]) -> None:
    """Print the tables."""
    table(rows)
    print(
        f"cost ~ side^e for sides {grown['sides']}, 16 images: e = {grown['exponent']}"
    )
    for name in ("seconds", "flops"):
        print(f"masked / cropped kernels, training, {name}: {ways['ratio'][name]:.2f}")


def main(arguments: list[str] | None = None) -> None:
    """Print the tables, and write them as JSON where that is asked for."""
    given = options(__doc__, repeats=4).parse_args(arguments)
    torch.set_num_threads(1)
    check()
    batches, sides, repeats = BATCHES, SIDES, given.repeats
    if given.quick:
        batches, sides, repeats = (1,), (4, 8), 1
    model, speed = gated(8 if given.quick else 28), flops_per_second()
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"{parameters} parameters, CPU seconds on one thread; the naive ones")
    print(f"from some pixels, multiplied. Floor at {speed / 1e9:.1f} GFLOP/s.")
    rows, grown = sampling(model, batches, speed, repeats), growth(sides, repeats)
    ways = kernels(model, repeats)
    report(rows, grown, ways)
    told = {
        "parameters": parameters,
        "flops_per_second": speed,
        "sampling": rows,
        "growth": grown,
        "kernels": ways,
    }
    write(given.json, told)


if __name__ == "__main__":
    main()
