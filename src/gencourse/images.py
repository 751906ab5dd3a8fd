"""What every model does with images: check them, scale them, and turn them back.

Images are tensors of levels: whole numbers 0 ... levels - 1, shape (B, C, H, W).
"""

from __future__ import annotations

import torch
from torch import Tensor

Shape = tuple[int, int, int]


def check_images(x: Tensor, shape: Shape, levels: int, *, floats: bool = False) -> None:
    """Raise a ValueError that names what was given unless x is a batch of levels.

    Args:
        x: uint8 levels, (B, C, H, W) with B > 0; with ``floats=True`` a floating
            tensor of levels passes too, so that a Jacobian with respect to the
            pixels exists.
        shape: the (C, H, W) that is expected.
        levels: values lie in 0 ... levels - 1.
        floats: whether a floating tensor is taken.
    """
    expected = f"expected uint8 levels of shape (B, {', '.join(map(str, shape))})"
    if not isinstance(x, Tensor):
        raise ValueError(f"{expected}, got {type(x).__name__}")
    if x.dtype != torch.uint8 and not (floats and x.is_floating_point()):
        raise ValueError(f"{expected}, got dtype {str(x.dtype).removeprefix('torch.')}")
    if x.ndim != 4 or tuple(x.shape[1:]) != tuple(shape):
        raise ValueError(f"{expected}, got shape {tuple(x.shape)}")
    if len(x) == 0:
        raise ValueError(f"{expected}, got an empty batch: {tuple(x.shape)}")
    low, high = x.min().item(), x.max().item()
    if not (low >= 0 and high <= levels - 1):  # NaN fails too
        raise ValueError(f"expected levels 0 to {levels - 1}, got {low:g} to {high:g}")


def to_unit(x: Tensor, levels: int) -> Tensor:
    """Return levels as floats in [0, 1], same shape; float64 stays float64."""
    dtype = x.dtype if x.is_floating_point() else torch.get_default_dtype()
    return x.to(dtype) / (levels - 1)


def to_levels(unit: Tensor, levels: int) -> Tensor:
    """Return floats in [0, 1] as the nearest uint8 level; what lies outside is cut."""
    return (unit.clamp(0, 1) * (levels - 1)).round().to(torch.uint8)
