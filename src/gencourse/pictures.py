"""Pictures of pixels: receptive fields, masks and heat maps.

They follow the page's colour scheme and carry alt text, as `gencourse.figures` do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgb
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from torch import Tensor

from gencourse.figures import COLOURS, INK, figure

# Each kind of pixel differs from the others in its colour and in its pattern.
KINDS: tuple[dict[str, Any], ...] = (
    {"label": "seen", "facecolor": COLOURS[0], "edgecolor": "none"},
    {
        "label": "earlier, not seen",
        "facecolor": "none",
        "edgecolor": COLOURS[1],
        "hatch": "/////",
    },
    {"label": "later", "facecolor": "none", "edgecolor": INK, "alpha": 0.35},
    {
        "label": "later, but seen",
        "facecolor": COLOURS[4],
        "edgecolor": INK,
        "hatch": "xxxxx",
    },
    {"label": "the pixel itself", "facecolor": INK, "edgecolor": INK},
)
LATER, ITSELF = KINDS[2], KINDS[4]


def fields(panels: Mapping[str, Tensor], at: tuple[int, int], alt: str) -> None:
    """Show which pixels a pixel sees, one panel beside the other, over a legend.

    Args:
        panels: a title, and bool (H, W), True where a pixel is seen.
        at: (row, column) of the pixel that looks, the same in every panel.
        alt: what the figure shows, in words.
    """
    _check(panels, at, _is_mask, "bool")
    masks = torch.stack([_kinds(seen.cpu(), at) for seen in panels.values()])
    shown = masks.flatten(2).any(2).any(0)
    handles = [Patch(**KINDS[k]) for k in shown.nonzero().flatten()]
    with _panels(panels, alt, room=0.3 * len(handles) / len(panels)) as axes:
        for axis, found in zip(axes, masks, strict=True):
            for kind, cells in zip(KINDS, found, strict=True):
                axis.add_patch(PathPatch(_squares(cells), linewidth=0.6, **kind))
        axes[0].figure.legend(
            handles=handles,
            loc="outside lower center",
            ncols=min(2 * len(panels), len(handles)),
            handlelength=1.0,
            handleheight=1.0,
            columnspacing=1.2,
        )


def heat(
    panels: Mapping[str, Tensor], alt: str, *, at: tuple[int, int], label: str
) -> None:
    """Show values of pixels as strength of colour, panels side by side on one scale.

    Args:
        panels: a title, and floats (H, W), 0 or more; 0 has no colour.
        alt: what the figure shows, in words.
        at: (row, column) of a pixel to mark, the same in every panel.
        label: what the values are, written beside their scale.
    """
    _check(panels, at, _is_strength, "finite numbers, 0 or more,")
    strong = to_rgb(COLOURS[0])
    colours = LinearSegmentedColormap.from_list(
        "strength", [(0.0, (*strong, 0.0)), (1.0, (*strong, 1.0))]
    )
    scale = Normalize(0, max(float(values.max()) for values in panels.values()) or 1)
    with _panels(panels, alt, room=0.0) as axes:
        for axis, values in zip(axes, panels.values(), strict=True):
            drawn = colours(scale(values.detach().cpu().double().numpy()))
            axis.imshow(drawn, interpolation="nearest")
            axis.add_patch(PathPatch(_edge(values.shape), **LATER))
            own = torch.zeros(values.shape, dtype=torch.bool)
            own[at] = True
            axis.add_patch(PathPatch(_squares(own, 0.3), **ITSELF))
        bar = axes[0].figure.colorbar(
            ScalarMappable(scale, colours), ax=axes, label=label, shrink=0.8
        )
        bar.solids.set_rasterized(True)
        bar.outline.set_visible(False)


def bars(
    values: Mapping[str, float], alt: str, *, xlabel: str, log: bool = False
) -> None:
    """Show a horizontal bar for each value, its name and its number beside it.

    Args:
        values: finite numbers; with ``log`` above 0, else 0 or more. The first is at
            the top.
        alt: what the figure shows, in words.
        xlabel: what the values are, with their unit.
        log: make the axis logarithmic.
    """
    found = torch.tensor([*values.values()], dtype=torch.float64)
    fits = found > 0 if log else found >= 0
    if not len(found) or not (found.isfinite() & fits).all():
        least = "above 0" if log else "0 or more"
        raise ValueError(f"expected finite numbers, {least}, got {dict(values)}")
    with figure(alt, height=0.7 + 0.28 * len(found)) as axes:
        drawn = axes.barh(list(values), found.tolist(), color=COLOURS[0], log=log)
        axes.bar_label(drawn, fmt=shortened, padding=3)
        axes.invert_yaxis()
        axes.margins(x=0.15)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(xlabel)


def shortened(value: float) -> str:
    """Return a number with three digits that count, whole ones in full."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


@contextmanager
def _panels(panels: Mapping[str, Tensor], alt: str, room: float) -> Iterator[list[Any]]:
    """Give axes for grids of pixels, titled, and ``room`` inches below them."""
    height, width = next(iter(panels.values())).shape
    wide = min(7.0 / len(panels), 3.0)
    tall = wide * height / width + 0.3 + room
    with figure(alt, width=wide * len(panels), height=tall, columns=len(panels)) as got:
        axes = got if len(panels) > 1 else [got]
        for axis, title in zip(axes, panels, strict=True):
            axis.set(xlim=(-0.6, width - 0.4), ylim=(height - 0.4, -0.6), title=title)
            axis.set(aspect="equal", xticks=[], yticks=[])
            axis.set_axis_off()
        yield axes


def _kinds(seen: Tensor, at: tuple[int, int]) -> Tensor:
    """Return the pixels of each of KINDS: bool (5, H, W)."""
    order = torch.arange(seen.numel()).view(seen.shape)
    earlier, later = order < order[at], order > order[at]
    own = order == order[at]
    return torch.stack(
        [earlier & seen, earlier & ~seen, later & ~seen, later & seen, own]
    )


def _squares(cells: Tensor, half: float = 0.4) -> Path:
    """Return a square on each cell of a mask (H, W), all of them one path."""
    corners = half * torch.tensor([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
    centres = cells.nonzero().flip(1)  # column, row
    points = (centres[:, None] + corners).flatten(0, 1)
    codes = [Path.MOVETO, *3 * [Path.LINETO], Path.CLOSEPOLY] * len(centres)
    return Path(points.numpy(), codes)


def _edge(shape: torch.Size) -> Path:
    """Return the outline of a whole grid."""
    return Path.unit_rectangle().transformed(
        Affine2D().scale(shape[1], shape[0]).translate(-0.5, -0.5)
    )


def _is_mask(values: Tensor) -> bool:
    return values.dtype == torch.bool


def _is_strength(values: Tensor) -> bool:
    return bool((values.isfinite() & (values >= 0)).all())


def _check(
    panels: Mapping[str, Tensor],
    at: tuple[int, int],
    fits: Callable[[Tensor], bool],
    expected: str,
) -> None:
    if not panels:
        raise ValueError("expected at least one panel, got none")
    shape = next(iter(panels.values())).shape
    for title, values in panels.items():
        if values.ndim != 2 or values.shape != shape or not fits(values):
            raise ValueError(
                f"expected {expected} (H, W), one shape in every panel, got "
                f"{values.dtype} {tuple(values.shape)} in {title!r}"
            )
    if not all(0 <= k < side for k, side in zip(at, shape, strict=True)):
        raise ValueError(f"expected a pixel inside {tuple(shape)}, got {at}")
