"""Write what a page's live model loads: ONNX graphs, levels, numbers, a still picture.

Levels are raw bytes, an image after another in raster order: a picture format may be
recoloured by a browser, bytes are not.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import onnxruntime
import torch
from torch import Tensor, nn
from torchvision.utils import save_image

TOLERANCE = 1e-4  # the largest difference from PyTorch, absolute or relative
DRAWS = 20
OPSET = 17
Inputs = tuple[Tensor, ...]


@dataclass(frozen=True)
class Graph:
    """A module to export: its file's name, its inputs' names and its outputs'.

    ``draw`` gives random inputs, in the order of ``forward``. Shapes stay as the first
    draw has them, but for axes that ``dynamic`` names, e.g. {"z": {0: "batch"}}.
    """

    name: str
    module: nn.Module
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    draw: Callable[[torch.Generator], Inputs]
    dynamic: dict[str, dict[int, str]] | None = None


def write_graph(graph: Graph, folder: Path) -> float:
    """Write folder/NAME.onnx; return its largest difference from PyTorch.

    A difference above `TOLERANCE` at any of `DRAWS` random inputs is a ValueError, and
    no file is left.
    """
    path = folder / f"{graph.name}.onnx"
    module = graph.module.eval().requires_grad_(False)
    with torch.no_grad(), warnings.catch_warnings():
        # The exporter by tracing: deprecated, but its files are smaller by half.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            graph.draw(torch.Generator().manual_seed(0)),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_axes=graph.dynamic,
        )
    try:
        return difference(graph, path)
    except ValueError:
        path.unlink()
        raise


def difference(graph: Graph, path: Path) -> float:
    """Return the largest difference of a file from its module; see `write_graph`."""
    session = onnxruntime.InferenceSession(str(path))
    generator, worst = torch.Generator().manual_seed(1), 0.0
    for _ in range(DRAWS):
        given = graph.draw(generator)
        with torch.no_grad():
            found = graph.module(*given)
        wanted = found if isinstance(found, tuple) else (found,)
        feed = {k: v.numpy() for k, v in zip(graph.inputs, given, strict=True)}
        for name, ours, theirs in zip(
            graph.outputs, wanted, session.run(None, feed), strict=True
        ):
            off = (torch.from_numpy(theirs) - ours).abs() / ours.abs().clamp_min(1)
            largest = float(off.max())
            if not largest <= TOLERANCE:  # also where it is not a number
                raise ValueError(
                    f"{graph.name}: {name} differs from PyTorch by {largest:.2e}, "
                    f"expected at most {TOLERANCE:g}"
                )
            worst = max(worst, largest)
    return worst


def write_levels(images: Tensor, path: Path) -> None:
    """Write images (N, 1, H, W), uint8, as raw bytes in raster order."""
    if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] != 1:
        raise ValueError(
            f"expected uint8 images (N, 1, H, W), got {images.dtype} of shape "
            f"{tuple(images.shape)}"
        )
    path.write_bytes(images.contiguous().numpy().tobytes())


def show(greys: Tensor, *, columns: int, path: Path, scale: int = 2) -> None:
    """Write images (N, 1, H, W), grey in [0, 1], as one still picture of rows."""
    wide = greys.clamp(0, 1).repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    save_image(wide, path, nrow=columns, padding=scale, pad_value=0.5)


def write_numbers(numbers: object, path: Path) -> None:
    """Write numbers as JSON; one that is not finite is a ValueError."""
    path.write_text(json.dumps(numbers, allow_nan=False, separators=(",", ":")) + "\n")
