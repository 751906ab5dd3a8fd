"""What each pixel sees in small models with strong weights, measured by Jacobians."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from gencourse import testing
from gencourse.autoregressive import Autoregressive
from gencourse.masked import MaskedConv2d
from gencourse.pixelcnn import GatedPixelCNN, PixelCNN
from gencourse.pixelrnn import DiagonalBiLSTM, RowLSTM
from live.common import write_numbers

SIDE, FEATURES, IMAGES = 15, 4, 3
SHAPE = (1, SIDE, SIDE)
STILL = (7, 9)  # the pixel whose field the still picture shows
Maker = Callable[[], Autoregressive]


def row_lstm(layers: int) -> Maker:
    """Return what makes a Row LSTM of some layers."""
    return lambda: RowLSTM(shape=SHAPE, features=FEATURES, layers=layers)


def diagonal(layers: int) -> Maker:
    """Return what makes a Diagonal BiLSTM of some layers."""
    return lambda: DiagonalBiLSTM(shape=SHAPE, features=FEATURES, layers=layers)


def pixelcnn(blocks: int) -> Maker:
    """Return what makes a PixelCNN of some residual blocks."""
    return lambda: PixelCNN(shape=SHAPE, features=FEATURES, blocks=blocks)


def gated(*dilations: int) -> Maker:
    """Return what makes a Gated PixelCNN with a layer for each dilation."""
    return lambda: GatedPixelCNN(shape=SHAPE, features=FEATURES, dilations=dilations)


def leaking() -> Autoregressive:
    """Return a PixelCNN whose first mask lets a pixel see itself."""
    model = PixelCNN(shape=SHAPE, features=FEATURES, blocks=2)
    model.first = MaskedConv2d(1, 2 * FEATURES, 7, mask="B")
    return model


MODELS: dict[str, Maker] = {
    "Row LSTM, 1 layer": row_lstm(1),
    "Row LSTM, 2 layers": row_lstm(2),
    "Row LSTM, 4 layers": row_lstm(4),
    "Diagonal BiLSTM, 1 layer": diagonal(1),
    "Diagonal BiLSTM, 2 layers": diagonal(2),
    "PixelCNN, 1 block": pixelcnn(1),
    "PixelCNN, 3 blocks": pixelcnn(3),
    "PixelCNN, 8 blocks": pixelcnn(8),
    "Gated PixelCNN, 1 layer": gated(1),
    "Gated PixelCNN, 3 layers": gated(1, 1, 1),
    "Gated PixelCNN, 4 layers dilated 1, 2, 4, 8": gated(1, 2, 4, 8),
    "A PixelCNN with a bug: mask B comes first": leaking,
}


def seen(make: Maker) -> Tensor:
    """Return which pixels move the law of which: bool (D, D), a row for each law."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = testing.strong_copy(make())
    return testing.causal_jacobian(model, images=IMAGES) != 0


def packed(mask: Tensor) -> str:
    """Return a mask as base64, eight entries in a byte, the first one highest."""
    return base64.b64encode(np.packbits(mask.flatten().numpy()).tobytes()).decode()


def draw(fields: dict[str, Tensor], path: Path) -> None:
    """Draw what one pixel sees in a few models, in colours for both schemes."""
    place = STILL[0] * SIDE + STILL[1]
    figure = Figure(figsize=(7, 2.35), dpi=100)
    for axes, (title, field) in zip(
        figure.subplots(1, len(fields)), fields.items(), strict=True
    ):
        shades = np.full((SIDE, SIDE, 3), 0.93)
        past = np.arange(SIDE * SIDE).reshape(SIDE, SIDE) < place
        shades[past] = (0.93, 0.62, 0.30)
        shades[field[place].view(SIDE, SIDE).numpy()] = (0.25, 0.52, 0.84)
        shades[STILL] = (0.1, 0.1, 0.1)
        axes.imshow(shades)
        axes.set_title(title, fontsize=10)
        axes.set_xticks(np.arange(-0.5, SIDE), [])
        axes.set_yticks(np.arange(-0.5, SIDE), [])
        axes.grid(color="white", linewidth=0.6)
        axes.tick_params(length=0)
    figure.tight_layout()
    figure.savefig(path, facecolor="white")


def write(folder: Path) -> None:
    """Write fields.json, a mask for each model, and still.png."""
    fields = {name: seen(make) for name, make in MODELS.items()}
    masks = [{"name": name, "bits": packed(mask)} for name, mask in fields.items()]
    write_numbers({"side": SIDE, "models": masks}, folder / "fields.json")
    shown = {name.replace(", ", "\n", 1): mask for name, mask in fields.items()}
    few = [list(shown)[i] for i in (0, 3, 6)]
    draw({name: shown[name] for name in few}, folder / "still.png")
