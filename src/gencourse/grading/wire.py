"""Messages between the judge and a submission's process: data, never code.

A frame is a length, a JSON text and the raw bytes of its tensors. Nothing is pickled,
so what a submission sends can be wrong, but it cannot run here.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np
import torch
from torch import Tensor

MOST_BYTES = 128 * 2**20
MOST_TEXT = 8 * 2**20  # as Python objects it takes twenty times as much
LENGTH = struct.Struct("!QQ")
DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.bool),
        *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
        *(torch.complex64, torch.complex128),
    )
}


class Unreadable(ValueError):  # noqa: N818 - says what the bytes are
    """A frame is none, or holds what no frame may hold."""


class Opaque:
    """Stands for a result that is no data: it keeps the name of its type alone."""

    def __init__(self, name: str) -> None:
        self.name = name


def to_bytes(message: dict[str, Any]) -> bytes:
    """Return a message as a frame."""
    blobs: list[bytes] = []
    text = json.dumps(_packed(message, blobs, 0)).encode()
    body = b"".join(blobs)
    return LENGTH.pack(len(text), len(body)) + text + body


def from_bytes(text: bytes, body: bytes, *, strides: bool = False) -> dict[str, Any]:
    """Return the message of a frame's two parts; else raise Unreadable.

    Args:
        text: the JSON part.
        body: the tensors' bytes.
        strides: whether tensors get the strides that are told; only of the judge.
    """
    try:
        message = _unpacked(json.loads(text), body, strides)
    except (Exception, MemoryError) as why:
        raise Unreadable(f"{type(why).__name__}: {str(why)[:100]}") from None
    if not isinstance(message, dict):
        raise Unreadable("no message")
    return message


def _packed(value: object, blobs: list[bytes], depth: int) -> object:
    if depth > 30:
        raise ValueError("nested too deeply")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Tensor) and _plain(value):
        return _packed_tensor(value, blobs)
    if isinstance(value, torch.Generator):
        return {"!": "generator", "state": _packed_tensor(value.get_state(), blobs)}
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biuf":
        tensor = torch.from_numpy(np.array(value))
        kind = "array" if isinstance(value, np.ndarray) else "number"
        return {"!": kind, "of": _packed_tensor(tensor, blobs)}
    if isinstance(value, (list, tuple)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {"!": kind, "of": [_packed(v, blobs, depth + 1) for v in value]}
    if isinstance(value, dict) and all(type(k) is str for k in value):
        of = {k: _packed(v, blobs, depth + 1) for k, v in value.items()}
        return {"!": "dict", "of": of}
    return {"!": "opaque", "name": type(value).__name__}


def _plain(value: Tensor) -> bool:
    name = str(value.dtype).removeprefix("torch.")
    return value.layout == torch.strided and name in DTYPES and not value.is_meta


def _packed_tensor(value: Tensor, blobs: list[bytes]) -> dict[str, object]:
    # A copy of its own: a lazily conjugated or negated tensor has no bytes to view.
    flat = value.detach().cpu().resolve_conj().resolve_neg().contiguous().reshape(-1)
    start = sum(map(len, blobs))
    blobs.append(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")
    return {
        "!": "tensor",
        "dtype": str(value.dtype).removeprefix("torch."),
        "shape": list(value.shape),
        "stride": list(value.stride()),
        "grad": value.requires_grad,
        "at": start,
    }


def _unpacked(value: Any, body: bytes, strides: bool) -> object:  # noqa: ANN401 - JSON
    if not isinstance(value, dict):
        if isinstance(value, list):
            raise ValueError("a bare list")
        return value
    kind = value["!"]
    if kind == "tensor":
        return _unpacked_tensor(value, body, strides)
    if kind == "generator":
        generator = torch.Generator()
        generator.set_state(_unpacked_tensor(value["state"], body, False))
        return generator
    if kind in ("array", "number"):
        array = _unpacked_tensor(value["of"], body, False).numpy()
        return array if kind == "array" else array[()]
    if kind in ("list", "tuple"):
        parts = [_unpacked(v, body, strides) for v in value["of"]]
        return parts if kind == "list" else tuple(parts)
    if kind == "dict":
        return {str(k): _unpacked(v, body, strides) for k, v in value["of"].items()}
    return Opaque(str(value["name"])[:80])


def _unpacked_tensor(told: dict[str, Any], body: bytes, strides: bool) -> Tensor:
    dtype, shape, start = DTYPES[told["dtype"]], told["shape"], told["at"]
    whole = [n for n in (start, *shape) if type(n) is int and n >= 0]
    if len(whole) != 1 + len(shape) or len(shape) > 25:
        raise ValueError("no shape")
    size = math.prod(shape) * dtype.itemsize
    if start + size > len(body):
        raise ValueError("a tensor beyond the end")
    if size:
        part = bytearray(body[start : start + size])
        tensor = torch.frombuffer(part, dtype=dtype).reshape(shape)
    else:
        tensor = torch.empty(shape, dtype=dtype)
    dense = math.prod(shape) > 0 and 0 not in told["stride"]
    if strides and dense:
        tensor = torch.empty_strided(shape, told["stride"], dtype=dtype).copy_(tensor)
    if told["grad"] and (dtype.is_floating_point or dtype.is_complex):
        tensor.requires_grad_()
    return tensor
