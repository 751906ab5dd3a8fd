"""The class-conditional Gated PixelCNN, a pixel at a time, and test images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import matplotlib
import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle
from torch import Tensor

import gencourse
from gencourse import data
from gencourse.images import scaled
from gencourse.pixelcnn import GatedPixelCNN
from gencourse.recipes import card
from live.common import TOLERANCE, Graph, write_graph, write_levels, write_numbers
from live.graphs.pixelcnn import Pixel, Row

SIDE = 28
IMAGES = (19, 5, 20, 29, 57, 82, 7, 70, 30, 28)  # of the test set, one of each class
STAGES = (237, 307, 402, 506, 642)
BOOT, STILL_SEED = 9, 3
Inputs = tuple[Tensor, ...]


def graphs(model: GatedPixelCNN) -> tuple[Graph, Graph]:
    """Return both graphs, with what to try them on."""
    count, f = len(model.layers), model.first_left.out_channels

    def around(generator: torch.Generator, *shape: int) -> Tensor:
        return 2 * torch.rand(shape, generator=generator) - 1

    def row(generator: torch.Generator) -> tuple[Tensor, ...]:
        y = torch.randint(cast(int, model.classes), (1,), generator=generator)
        rows = around(generator, 1, 1, 3, SIDE)
        return rows, 3 * around(generator, count, f, SIDE), y

    def pixel(generator: torch.Generator) -> tuple[Tensor, ...]:
        links = 3 * around(generator, count, 2 * f)
        return around(generator, 1, 3), links, 3 * around(generator, count, f)

    return (
        Graph("row", Row(model), ("rows", "before", "y"), ("inputs", "links"), row),
        Graph(
            *("pixel", Pixel(model), ("taps", "links", "before")),
            *(("inputs", "log_probs"), pixel),
        ),
    )


class Chain:
    """Both written graphs, run one after the other as a page runs them."""

    def __init__(self, folder: Path, model: GatedPixelCNN) -> None:
        self.row, self.pixel = (
            onnxruntime.InferenceSession(str(folder / f"{name}.onnx"))
            for name in ("row", "pixel")
        )
        self.dilations = [cast(int, layer.dilation) for layer in model.layers]

    def laws(self, x: Tensor, y: int) -> Iterator[Tensor]:
        """Yield log p of every level in nats, a pixel of the levels (H, W) at a time.

        The law of a pixel is made from the pixels before it alone.
        """
        grey = F.pad(scaled(x, 256), (3, 0, 3, 0))
        rows: list[Tensor] = []
        for i in range(SIDE):
            above = grey[None, None, i : i + 3, 3:]
            given = (above, self.before(rows, self.row), torch.tensor([y]))
            inputs, links = run(self.row, given)
            rows.append(inputs)
            columns: list[Tensor] = []
            for j in range(SIDE):
                taps = grey[i + 3, j : j + 3][None]
                given = (taps, links[j], self.before(columns, self.pixel))
                inputs, law = run(self.pixel, given)
                columns.append(inputs)
                yield law

    def before(
        self, kept: list[Tensor], session: onnxruntime.InferenceSession
    ) -> Tensor:
        """Return the layers' inputs, each a dilation before: zeros where none was."""
        shapes = {given.name: given.shape for given in session.get_inputs()}
        found = torch.zeros(shapes["before"])
        for k, d in enumerate(self.dilations):
            if len(kept) >= d:
                found[k] = kept[-d][k]
        return found


def run(session: onnxruntime.InferenceSession, given: Inputs) -> Inputs:
    """Return what a graph makes of its inputs, in the order it names both."""
    names = [each.name for each in session.get_inputs()]
    feed = {name: value.numpy() for name, value in zip(names, given, strict=True)}
    return tuple(torch.from_numpy(value) for value in session.run(None, feed))


@torch.no_grad()
def check_chain(chain: Chain, model: GatedPixelCNN, x: Tensor, y: int) -> float:
    """Return how far the chain's laws are from the model's own over an image (H, W).

    A difference above `TOLERANCE` is a ValueError.
    """
    numbers = model.logits(x[None, None], torch.tensor([y]))[0, 0].flatten(0, 1)
    wanted = model.head.log_prob(numbers[:, None], torch.arange(model.levels))
    found = torch.stack(list(chain.laws(x, y)))
    worst = float(((found - wanted).abs() / wanted.abs().clamp_min(1)).max())
    if not worst <= TOLERANCE:  # also where it is not a number
        raise ValueError(
            f"pixel by pixel the laws differ from PyTorch by {worst:.2e}, "
            f"expected at most {TOLERANCE:g}"
        )
    return worst


def write_still(x: Tensor, laws: Tensor, path: Path) -> None:
    """Write an image (H, W) at five stages, and under each the law of the next pixel.

    ``laws`` are probabilities, (H W, levels).
    """
    dark, pale, blue, gold = "#10151c", "#e8edf3", "#24507f", "#ffb020"
    colours = matplotlib.colormaps["gray"].with_extremes(bad=blue)
    # The button that brings the picture to life stands on its lower end.
    layout = ConstrainedLayoutEngine(rect=(0, 0.17, 1, 0.83))
    figure = Figure(figsize=(7, 3.3), dpi=100, facecolor=dark, layout=layout)
    axes = figure.subplots(2, len(STAGES), height_ratios=(5, 3))
    for (top, bottom), at in zip(axes.T, STAGES, strict=True):
        drawn = np.where(np.arange(SIDE * SIDE) < at, x.flatten().numpy(), np.nan)
        top.imshow(drawn.reshape(SIDE, SIDE), cmap=colours, vmin=0, vmax=255)
        corner = (at % SIDE - 0.5, at // SIDE - 0.5)
        top.add_patch(Rectangle(corner, 1, 1, fill=False, color=gold, lw=2))
        top.axis("off")
        bottom.bar(np.arange(256), laws[at].numpy(), width=1.6, color=pale)
        level = int(x.flatten()[at])
        bottom.axvline(level, color=gold, lw=1.5)
        bottom.set(facecolor=dark, xlim=(-4, 259), xticks=[0, 255], yticks=[])
        bottom.tick_params(colors=pale, length=0, labelsize=9)
        bottom.spines[:].set_visible(False)
    figure.savefig(path)


@torch.no_grad()
def write(folder: Path) -> None:
    """Write row.onnx, pixel.onnx, model.json, images.bin and still.png."""
    model = cast(GatedPixelCNN, gencourse.load("gated-pixelcnn-conditional"))
    for graph in graphs(model):
        write_graph(graph, folder)
    generator = torch.Generator().manual_seed(STILL_SEED)
    noise = torch.randint(256, (SIDE, SIDE), generator=generator).byte()
    y = torch.tensor([BOOT])
    drawn = model.sample(1, y, generator=generator)[0, 0]
    chain = Chain(folder, model)
    check_chain(chain, model, noise, 3)
    check_chain(chain, model, drawn, BOOT)
    test = data.load("fashion-mini", "test")
    chosen = torch.tensor(IMAGES)
    write_levels(test.x[chosen], folder / "images.bin")
    numbers = {
        "dilations": chain.dilations,
        "features": model.first_left.out_channels,
        "classes": list(test.classes),
        "labels": test.y[chosen].tolist(),
        "bits_per_dim": card("gated-pixelcnn-conditional")["metrics"]["bits_per_dim"],
    }
    write_numbers(numbers, folder / "model.json")
    laws = torch.stack(list(chain.laws(drawn, BOOT))).exp()
    write_still(drawn, laws, folder / "still.png")
