"""Animations that need no JavaScript: images that grow pixel by pixel.

They follow the page's colour scheme and carry alt text, as `gencourse.figures` do.
"""

from __future__ import annotations

import base64
import html
import io

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from gencourse.figures import Picture
from gencourse.images import check_count, check_images, to_levels, to_unit

MOST_BYTES = 300_000
# The last frame stands on paper, and for readers who ask for no motion or for a pause.
RULES = """<style>
.gencourse-animation .still { display: none; }
.gencourse-animation:has(:checked) .still { display: block; }
.gencourse-animation:has(:checked) .moving { display: none; }
@media print, (prefers-reduced-motion: reduce) {
.gencourse-animation .still { display: block; }
.gencourse-animation .moving, .gencourse-animation label { display: none; }
}
</style>"""


def growing(x: Tensor, *, levels: int = 256, known: Tensor | None = None) -> Tensor:
    """Return the frames of images that come pixel by pixel, in raster order.

    What an autoregressive model has drawn it does not change any more: its images tell
    how they grew.

    Args:
        x: uint8 levels, (N, C, H, W).
        levels: the number of levels.
        known: bool (H, W), True where a pixel was there from the beginning; or None.

    Returns:
        (2 H + 1, N, C, H, W): half a row more in each frame, grey in [0, 1], NaN where
        there is no pixel yet.
    """
    check_images(x, (*x.shape[1:],), levels)
    height, width = x.shape[-2:]
    order = torch.arange(height * width).view(height, width)
    if known is not None:
        if known.dtype != torch.bool or known.shape != order.shape:
            given = f"{known.dtype} {tuple(known.shape)}"
            raise ValueError(f"expected known bool {height, width}, got {given}")
        order = order.masked_fill(known.cpu(), -1)
    counts = torch.arange(2 * height + 1) * width // 2
    there = order < counts[:, None, None]  # (T, H, W)
    return torch.where(there[:, None, None], to_unit(x.cpu(), levels), torch.nan)


def animation(
    frames: Tensor,
    alt: str,
    *,
    columns: int = 8,
    zoom: int = 3,
    seconds: float = 4.0,
) -> Picture:
    """Return images side by side that move, over and over, with a box to stop them.

    The last frame also comes first, so that what shows one frame alone shows the
    finished images.

    Args:
        frames: grey or colour in [0, 1] (cut to it), (T, N, C, H, W), C 1 or 3; NaN is
            transparent.
        alt: what the animation shows, in words.
        columns: images in a row.
        zoom: screen pixels for each pixel of an image.
        seconds: of the frames together; the last one then stands for half as long.

    Raises:
        ValueError: other frames, or so many that they take over 300 kB.
    """
    if frames.ndim != 5 or frames.shape[2] not in (1, 3) or 0 in frames.shape:
        given = tuple(frames.shape)
        raise ValueError(f"expected frames (T, N, 1 or 3, H, W), got {given}")
    check_count("columns", columns)
    sheets = [_sheet(x, min(columns, len(x))) for x in frames.detach().cpu()]
    moving, still = _webp(sheets, seconds), _uri("png", sheets[-1], optimize=True)
    if len(moving) > MOST_BYTES:
        raise ValueError(
            f"expected an animation of at most {MOST_BYTES // 1000} kB, got "
            f"{len(moving) // 1000}: show fewer frames or images"
        )
    style = f"width: 100%; max-width: {sheets[0].width * zoom}px; padding: 0"
    told = f'alt="{html.escape(alt)}" style="{style}; background: none; '
    told += 'image-rendering: pixelated"'
    markup = (
        f'{RULES}<figure class="gencourse-animation" style="margin: 0">'
        f'<img class="moving" {told} src="{moving}">'
        f'<img class="still" {told} src="{still}">'
        '<label style="font-size: .85em"><input type="checkbox"> finished images only'
        "</label></figure>"
    )
    return Picture(markup, alt)


def _sheet(x: Tensor, columns: int) -> Image.Image:
    """Return images (N, C, H, W) on one sheet, two transparent pixels between."""
    there = (~x.isnan()).all(1, keepdim=True).to(x.dtype)
    both = torch.cat([x.nan_to_num().expand(-1, 3, -1, -1), there], 1)
    rows = -(-len(x) // columns)
    both = F.pad(both, (0, 2, 0, 2, 0, 0, 0, rows * columns - len(x)))
    height, width = both.shape[2:]
    sheet = both.view(rows, columns, 4, height, width).permute(0, 3, 1, 4, 2)
    pixels = to_levels(sheet.reshape(rows * height, columns * width, 4), 256)
    return Image.fromarray(pixels.numpy())


def _webp(sheets: list[Image.Image], seconds: float) -> str:
    each, last = round(1000 * seconds / len(sheets)), round(500 * seconds)
    return _uri(
        "webp",
        sheets[-1],
        save_all=True,
        append_images=sheets,
        duration=[last, *[each] * len(sheets)],
        loop=0,
        lossless=True,
        method=6,
        minimize_size=True,
    )


def _uri(form: str, first: Image.Image, **settings: object) -> str:
    file = io.BytesIO()
    first.save(file, format=form, **settings)
    return f"data:image/{form};base64," + base64.b64encode(file.getvalue()).decode()
