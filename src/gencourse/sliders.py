"""Sliders over a code: live where somebody can move them, else a picture of each way.

A page without a kernel can move nothing, so a notebook that runs by itself makes no
widget at all: it shows where each slider leads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from IPython import get_ipython
from ipywidgets import HTML, FloatSlider, VBox
from torch import Tensor

from gencourse.figures import Picture, grid
from gencourse.latents import traversals

Decode = Callable[[Tensor], Tensor]
COLUMNS = 9  # images in a row of the still picture


def latent_sliders(
    decode: Decode,
    z: Tensor,
    *,
    dimensions: Sequence[int],
    alt: str,
    low: float = -3.0,
    high: float = 3.0,
) -> VBox | Picture:
    """Return sliders over a code and the image that follows them.

    Where a notebook runs by itself, return a picture with a row for each slider.

    Args:
        decode: from codes (N, D) to images, grey or colour in [0, 1], (N, C, H, W).
        z: the code to start from, (D,); what has no slider stays as it is.
        dimensions: those with a slider, each once.
        alt: what is shown, in words.
        low: the left end of every slider.
        high: the right end.

    Raises:
        ValueError: a dimension that the code has not, one that starts outside ``low``
            to ``high``, or a decoder of something else.
    """
    _check(z, dimensions, low, high)
    if somebody_is_there():
        return live_sliders(decode, z, dimensions, alt, low, high)
    return still_sliders(decode, z, dimensions, alt, low, high)


def somebody_is_there() -> bool:
    """Return whether a person runs this cell, in Jupyter or Colab.

    A front end with a person before it says that it can be asked for input. What runs
    notebooks by itself, for the site or in tests, says that it cannot.
    """
    parent: dict[str, Any] = getattr(get_ipython(), "get_parent", dict)()
    return bool(parent.get("content", {}).get("allow_stdin", False))


def live_sliders(
    decode: Decode,
    z: Tensor,
    dimensions: Sequence[int],
    alt: str,
    low: float,
    high: float,
) -> VBox:
    """Return widgets: a slider for each dimension, and last the image."""
    code = z.detach().clone()
    shown = HTML(_image(decode, code, alt))

    def move(change: dict[str, float], dimension: int) -> None:
        code[dimension] = change["new"]
        shown.value = _image(decode, code, alt)

    sliders = []
    for dimension in dimensions:
        slider = FloatSlider(
            value=float(z[dimension]),
            min=low,
            max=high,
            step=(high - low) / 60,
            description=_name(dimension),
        )
        slider.observe(partial(move, dimension=dimension), names="value")
        sliders.append(slider)
    return VBox([*sliders, shown])


def still_sliders(
    decode: Decode,
    z: Tensor,
    dimensions: Sequence[int],
    alt: str,
    low: float,
    high: float,
) -> Picture:
    """Return a row for each dimension, which goes from low to high in even steps."""
    values = torch.linspace(low, high, COLUMNS, dtype=z.dtype, device=z.device)
    codes = traversals(z.detach(), torch.tensor(list(dimensions)), values)
    rows = [_name(dimension) for dimension in dimensions]
    return grid(_decoded(decode, codes), alt, columns=COLUMNS, rows=rows)


def _image(decode: Decode, code: Tensor, alt: str) -> str:
    return grid(_decoded(decode, code[None]), alt, columns=1, zoom=6).markup


def _decoded(decode: Decode, codes: Tensor) -> Tensor:
    with torch.inference_mode():
        images = decode(codes.clone())
    if images.ndim != 4 or len(images) != len(codes) or not images.is_floating_point():
        given = f"{images.dtype} {tuple(images.shape)}"
        raise ValueError(
            f"expected decode to return floats ({len(codes)}, C, H, W), got {given}"
        )
    return images


def _name(dimension: int) -> str:
    return f"z[{dimension}]"


def _check(z: Tensor, dimensions: Sequence[int], low: float, high: float) -> None:
    if z.ndim != 1 or not z.is_floating_point():
        raise ValueError(
            f"expected one floating code (D,), got {z.dtype} {tuple(z.shape)}"
        )
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"expected low below high, both finite, got {low} and {high}")
    whole = all(type(d) is int and 0 <= d < len(z) for d in dimensions)
    if not whole or len(set(dimensions)) != len(dimensions) or len(dimensions) == 0:
        raise ValueError(
            f"expected different dimensions from 0 to {len(z) - 1}, got {dimensions!r}"
        )
    for dimension in dimensions:
        if not low <= float(z[dimension]) <= high:
            raise ValueError(
                f"expected {_name(dimension)} to start between {low:g} and {high:g}, "
                f"got {float(z[dimension]):g}: give a wider range"
            )
