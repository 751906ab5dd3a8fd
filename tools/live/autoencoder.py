"""The autoencoder with codes of two numbers: both networks, and test images."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import torch
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from torch import Tensor, nn
from torchvision.utils import make_grid

import gencourse
from gencourse import data
from gencourse.autoencoder import Autoencoder
from live.common import Graph, write_graph
from live.graphs.codes import Reach, spread, write_codes

REACH: Reach = ((-8.0, 10.0), (-9.0, 9.0))
NAMED = ("Trouser", "Pullover", "T-shirt/top", "Sneaker", "Ankle boot", "Bag")
SIDE = 6  # decoded images in a row of the still picture


class Half(nn.Module):
    """One of both ways: of a code to an image, or of levels to a code."""

    def __init__(self, model: Autoencoder, way: str) -> None:
        super().__init__()
        self.model, self.way = model, way

    def forward(self, given: Tensor) -> Tensor:
        """Return the image, grey near [0, 1], or the code."""
        found: Tensor = getattr(self.model, self.way)(given)
        return found


def pictures(generator: torch.Generator) -> tuple[Tensor]:
    """Return an image of independent levels."""
    return (torch.randint(256, (1, 1, 28, 28), generator=generator).float(),)


def places(generator: torch.Generator) -> tuple[Tensor]:
    """Return a code anywhere on the plane."""
    low, high = torch.tensor(REACH).T
    return (low + (high - low) * torch.rand(1, 2, generator=generator),)


def draw_still(codes: Tensor, test: data.Images, grey: Tensor, path: Path) -> None:
    """Draw codes on black, with the names of their classes, beside decoded images.

    Args:
        codes: of the test images, (N, 2).
        test: the images and their classes.
        grey: decoded from `spread`, (SIDE * SIDE, 1, 28, 28).
        path: of the PNG file.
    """
    figure = Figure(figsize=(6.8, 3.4), facecolor="black")
    for side in (0, 1):
        axes = figure.add_axes((side / 2, 0, 1 / 2, 1))
        axes.axis("off")
        if side:
            grid = make_grid(grey.clamp(0, 1), nrow=SIDE, padding=0)
            axes.imshow(grid.permute(1, 2, 0), interpolation="nearest")
    axes = figure.axes[0]
    axes.set(xlim=REACH[0], ylim=REACH[1])
    outline = [withStroke(linewidth=3, foreground="black")]
    for label, name in enumerate(test.classes):
        own = codes[test.y == label]
        axes.scatter(*own.T, s=4, color=matplotlib.colormaps["tab10"](label))
        if name in NAMED:
            style = {"ha": "center", "fontsize": 11, "path_effects": outline}
            outside = 1.7 * own.quantile(0.5, 0)
            axes.text(*outside, name, color="white", **style)
    figure.savefig(path, dpi=100)


def write(folder: Path) -> None:
    """Write decoder.onnx, encoder.onnx, codes.json, images.bin and still.png."""
    model = gencourse.load("autoencoder-2d")
    decoder, encoder = Half(model, "decode"), Half(model, "encode")
    write_graph(Graph("decoder", decoder, ("z",), ("grey",), places), folder)
    write_graph(Graph("encoder", encoder, ("x",), ("mu",), pictures), folder)
    test = data.load("fashion-mini", "test")
    with torch.no_grad():
        codes = model.encode(test.x)
        grey = model.decode(spread(REACH, SIDE, SIDE))
    write_codes(codes, REACH, folder)
    draw_still(codes, test, grey, folder / "still.png")
