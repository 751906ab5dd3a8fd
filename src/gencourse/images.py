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


def check_whole(x: Tensor) -> None:
    """Raise a ValueError unless a floating tensor of levels holds whole numbers.

    Images that were scaled to [0, 1] already would be scaled once more.
    """
    if x.is_floating_point() and bool((x != x.round()).any()):
        raise ValueError(
            "expected whole levels, got fractions: give uint8 images, not scaled ones"
        )


def check_labels(y: Tensor, count: int, classes: int) -> None:
    """Raise a ValueError unless y is int64 (count,), each 0 ... classes - 1."""
    expected = f"expected {count} int64 labels from 0 to {classes - 1}"
    if not isinstance(y, Tensor) or y.dtype != torch.int64 or y.shape != (count,):
        given = f"{y.dtype} {tuple(y.shape)}" if isinstance(y, Tensor) else type(y)
        raise ValueError(f"{expected}, got {given}")
    if y.min() < 0 or y.max() >= classes:
        raise ValueError(f"{expected}, got {y.min()} to {y.max()}")


def check_shape(shape: Shape) -> None:
    """Raise a ValueError unless shape is (C, H, W), ints of 1 or more."""
    if len(shape) != 3:
        raise ValueError(f"expected shape (C, H, W), got {tuple(shape)}")
    for name, side in zip(("channels", "height", "width"), shape, strict=True):
        check_count(name, side)


def check_condition(y: Tensor | None, count: int, classes: int | None) -> None:
    """Raise a ValueError unless y is None or labels, as a model's classes ask."""
    if classes is None and y is not None:
        raise ValueError("expected no y: the model was built without classes=")
    if classes is not None and y is None:
        raise ValueError(f"expected y: the model has {classes} classes")
    if classes is not None and y is not None:
        check_labels(y, count, classes)


def check_known(known: Tensor, x: Tensor) -> None:
    """Raise a ValueError unless known is a bool mask of the shape of x, or (H, W)."""
    if not isinstance(known, Tensor) or known.dtype != torch.bool:
        given = known.dtype if isinstance(known, Tensor) else type(known).__name__
        raise ValueError(f"expected known to be a bool mask, got {given}")
    if known.shape not in (x.shape, x.shape[-2:]):
        raise ValueError(
            f"expected known of shape {tuple(x.shape[-2:])} or {tuple(x.shape)}, "
            f"got {tuple(known.shape)}"
        )


def check_count(name: str, value: int) -> None:
    """Raise a ValueError that names the setting unless it is an int of 1 or more."""
    if type(value) is not int or value < 1:
        raise ValueError(f"expected {name} to be an int of 1 or more, got {value!r}")


def check_levels(levels: int) -> None:
    """Raise a ValueError unless levels is an int from 2 to 256."""
    if type(levels) is not int or not 2 <= levels <= 256:
        raise ValueError(f"expected levels to be an int from 2 to 256, got {levels!r}")


def divisible_by_four(shape: Shape) -> Shape:
    """Return the shape; a ValueError unless height and width are multiples of four."""
    if shape[1] % 4 or shape[2] % 4:
        raise ValueError(f"expected sides that are multiples of 4, got {shape}")
    return shape


def to_unit(x: Tensor, levels: int) -> Tensor:
    """Return levels as floats in [0, 1], same shape; float64 stays float64."""
    dtype = x.dtype if x.is_floating_point() else torch.get_default_dtype()
    return x.to(dtype) / (levels - 1)


def scaled(x: Tensor, levels: int) -> Tensor:
    """Return levels as floats in [-1, 1], same shape; float64 stays float64."""
    return 2 * to_unit(x, levels) - 1


def to_levels(unit: Tensor, levels: int) -> Tensor:
    """Return floats in [0, 1] as the nearest uint8 level; what lies outside is cut."""
    return (unit.clamp(0, 1) * (levels - 1)).round().to(torch.uint8)


def add_noise(
    x: Tensor, std: float, generator: torch.Generator | None = None
) -> Tensor:
    """Return x plus independent Gaussian noise of standard deviation std, same shape.

    The result is a new tensor and is not cut to [0, 1].
    """
    noise = torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)
    return x + std * noise
