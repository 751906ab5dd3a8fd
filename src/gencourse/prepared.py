"""A picture's file as an image of levels, whatever kind of file it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from PIL.Image import Image

Fit = Literal["crop", "pad"]
LEVELS = 256


def preparation(
    size: int, channels: int, fit: Fit, background: int
) -> Callable[[Path], Tensor]:
    """Return what makes levels (C, size, size) of a file; damage is an OSError.

    Without Pillow it is an ImportError.
    """
    try:
        import PIL  # noqa: F401
    except ImportError:
        raise ImportError(
            "your own images need Pillow: pip install pillow, or gencourse[chapters]"
        ) from None

    def prepare(path: Path) -> Tensor:
        flat = _flat(path, background).convert("L" if channels == 1 else "RGB")
        square = _square(flat, size, fit, background)
        levels = torch.from_numpy(np.array(square, dtype=np.uint8))
        return levels.view(size, size, channels).movedim(-1, 0).contiguous()

    return prepare


def _flat(path: Path, background: int) -> Image:
    """Return a file's picture upright, on a background; damage is an OSError."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as file:
            return _on_background(ImageOps.exif_transpose(file), background)
    except (SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise OSError(str(error)) from None


def _square(picture: Image, size: int, fit: Fit, background: int) -> Image:
    from PIL import Image, ImageOps

    smooth, sides = Image.Resampling.LANCZOS, (size, size)
    if fit == "crop":
        return ImageOps.fit(picture, sides, smooth)
    colour = background if picture.mode == "L" else (background,) * 3
    return ImageOps.pad(picture, sides, smooth, color=colour)


def _on_background(picture: Image, background: int) -> Image:
    """Return a picture without transparency, in 8 bits a channel."""
    from PIL import Image

    if picture.mode.startswith(("I", "F")):  # 16 bits and more: to 0 ... 255
        values = np.asarray(picture, dtype=np.float64)
        top = 65535 if values.max() > 255 else 255
        return Image.fromarray(
            (values.clip(0, top) * 255 / top).round().astype("uint8")
        )
    if picture.mode == "CMYK":
        return picture.convert("RGB")
    clear = picture.convert("RGBA")
    below = Image.new("RGBA", clear.size, (background, background, background, 255))
    return Image.alpha_composite(below, clear).convert("RGB")
