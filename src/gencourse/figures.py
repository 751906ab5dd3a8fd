"""Figures that follow the page's colour scheme and say in words what they show.

Lines are inline SVG in the colour of the text around them; images are PNG. Every figure
needs its alt text: what a reader who cannot see it should know.
"""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
import torch
import torch.nn.functional as F
from cycler import cycler
from IPython.display import display
from matplotlib.figure import Figure as Canvas
from PIL import Image
from torch import Tensor

from gencourse.images import check_images, to_levels, to_unit

# Each at least 3:1 against white and against the dark scheme's slate.
COLOURS = ("#2f81f7", "#d9730d", "#2a9d5c", "#b05fd0", "#d64550", "#7d8590")
INK = "#0badf0"  # stands for the colour of the text until the SVG is written
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 11,
    **{f"axes.spines.{side}": False for side in ("top", "right")},
    "axes.grid": True,
    "grid.alpha": 0.2,
    "grid.color": INK,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "savefig.transparent": True,
    **{f"{part}.color": INK for part in ("text", "xtick", "ytick")},
    **{f"axes.{part}color": INK for part in ("edge", "label", "title")},
}
# In a grid: a row's name, and its images, with no ground of the page's in the gaps.
NAME = "align-self: center; font-size: .85em; padding-right: .7em; text-align: right"
STRIP = "background: none; image-rendering: pixelated; padding: 0; width: 100%"


class Picture:
    """HTML that a notebook shows; its ``repr`` is the alt text."""

    def __init__(self, markup: str, alt: str) -> None:
        if not alt.strip():
            raise ValueError("expected alt text that says what the figure shows")
        self.markup, self.alt = markup, alt

    def _repr_html_(self) -> str:
        return self.markup

    def __repr__(self) -> str:
        return f"[{self.alt}]"


@contextmanager
def figure(
    alt: str, *, width: float = 5.8, height: float = 3.0, columns: int = 1
) -> Iterator[Any]:
    """Give matplotlib axes to draw on, and show them as SVG afterwards.

    Args:
        alt: what the figure shows, in words.
        width: inches, of which a phone shows about six.
        height: inches.
        columns: with more than one, a list of axes side by side.
    """
    with matplotlib.rc_context({**STYLE, "axes.prop_cycle": cycler(color=COLOURS)}):
        canvas = Canvas(figsize=(width, height), layout="constrained")
        axes = list(canvas.subplots(1, columns, squeeze=False)[0])
        yield axes[0] if columns == 1 else axes
        display(Picture(as_svg(canvas, alt), alt))


def as_svg(canvas: Canvas, alt: str) -> str:
    """Return a matplotlib figure as inline SVG in the colour of the text around it."""
    file = io.StringIO()
    # The salt keeps ids apart between figures, and the same from run to run.
    with matplotlib.rc_context({"svg.hashsalt": alt}):
        canvas.savefig(file, format="svg", metadata={"Date": None})
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    # matplotlib's style element would style every other drawing of the page too.
    svg = re.sub(r"<(metadata|style).*?</\1>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' id="[a-zA-Z0-9]+(\.[a-z]+)?_\d+"', "", svg)  # axes_1 and its like
    # The page's font stays: matplotlib 3.11 names a family, older ones do so in "font".
    svg = re.sub(r"font-family: [^;\"]+;? ?", "", svg)
    svg = re.sub(r"font: [^;\"]*?([\d.]+px) [^;\"]+", r"font-size: \1", svg)
    label = f'class="gencourse-figure" role="img" aria-label="{html.escape(alt)}"'
    width = f"width: 100%; max-width: {96 * canvas.get_figwidth():.0f}px"
    style = f'{label} style="{width}; height: auto; stroke-linejoin: round"'
    return re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', lambda _: style, svg, count=1)


def curves(
    series: Mapping[str, Sequence[float]],
    alt: str,
    *,
    xlabel: str = "step",
    ylabel: str = "nats per image",
    log: bool = False,
    average: int = 1,
) -> None:
    """Show one line for each series, a moving mean over ``average`` values.

    ``log`` makes the vertical axis logarithmic.
    """
    with figure(alt) as axes:
        for name, values in series.items():
            window = min(average, len(values))
            smooth = np.convolve(values, np.ones(window) / window, mode="valid")
            axes.plot(np.arange(window, len(values) + 1), smooth, label=name)
        axes.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if log else "linear")
        axes.legend()


def grid(
    images: Tensor,
    alt: str,
    *,
    columns: int = 10,
    rows: Sequence[str] = (),
    zoom: int = 3,
    levels: int = 256,
) -> Picture:
    """Return images side by side as one PNG.

    Args:
        images: uint8 levels, or floats in [0, 1] (cut to it), (N, C, H, W), C 1 or 3.
        alt: what the picture shows, in words.
        columns: images in a row.
        rows: a name for each row, written beside it.
        zoom: screen pixels for each pixel of an image.
        levels: the number of levels of uint8 images.
    """
    if images.ndim != 4 or images.shape[1] not in (1, 3) or not len(images):
        raise ValueError(f"expected (N, 1 or 3, H, W), got {tuple(images.shape)}")
    if not images.is_floating_point():
        check_images(images, (*images.shape[1:],), levels)
        images = to_unit(images, levels)
    unit = images.detach().cpu().float().clamp(0, 1)
    columns = min(columns, len(unit))
    lines = [_png(line, columns) for line in unit.split(columns)]
    if rows and len(rows) != len(lines):
        raise ValueError(f"expected a name for each of {len(lines)} rows, got {rows}")
    names = [f'<span style="{NAME}">{html.escape(name)}</span>' for name in rows]
    cells = zip(names or [""] * len(lines), lines, strict=True)
    markup = "".join(
        f'{name}<img alt="" style="{STRIP}" src="{s}">' for name, s in cells
    )
    width = f"calc({columns * (unit.shape[-1] + 2) * zoom}px + {7 * bool(rows)}em)"
    tracks = f"{'fit-content(7em) ' * bool(rows)}minmax(0, 1fr)"
    style = f"display: grid; grid-template-columns: {tracks}; max-width: {width}"
    head = f'<figure class="gencourse-grid" role="img" aria-label="{html.escape(alt)}"'
    return Picture(f'{head} style="{style}">{markup}</figure>', alt)


def table(
    header: Sequence[str], rows: Sequence[Sequence[object]], caption: str
) -> Picture:
    """Return a table under its caption; cells are shown as ``str`` has them."""
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"expected {len(header)} cells in a row, got {row}")
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in header)
    body = "".join(
        f'<tr><th scope="row">{html.escape(str(first))}</th>'
        + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return Picture(
        f'<table class="gencourse-table"><caption>{html.escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>",
        "\n".join([caption, *(" | ".join(map(str, row)) for row in [header, *rows])]),
    )


def _png(line: Tensor, columns: int) -> str:
    """Return images (N, C, H, W) in a row as a data URI, two pixels between."""
    opaque = torch.cat([line, torch.ones_like(line[:, :1])], dim=1)
    # What lies between, and the places that are left over, are transparent.
    padded = F.pad(opaque, (0, 2, 0, 2, 0, 0, 0, columns - len(line)))
    pixels = to_levels(padded.permute(2, 0, 3, 1).flatten(1, 2), 256)
    file = io.BytesIO()
    Image.fromarray(pixels.numpy()).save(file, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
