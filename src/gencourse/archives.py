"""The file formats that images come in: IDX, and the binary version of CIFAR-10.

Both are read whole and checked against what is expected before anything is returned.
"""

from __future__ import annotations

import gzip
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

IDX_BYTES = 0x0800  # the type code of unsigned bytes; the number of axes is added
CIFAR_BATCHES = {
    "train": [f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6)],
    "test": ["cifar-10-batches-bin/test_batch.bin"],
}
CIFAR_RECORD = 1 + 3 * 32 * 32  # a label, then the red, green and blue planes


def read_idx(path: Path, shape: tuple[int, ...]) -> Bytes:
    """Return the bytes of a compressed IDX file (.gz or .xz) as an array of that shape.

    A truncated or corrupted file, or another shape, is an OSError that names the file.
    """
    expected = np.array([IDX_BYTES + len(shape), *shape], dtype=">i4").tobytes()
    decompress = lzma.open if path.suffix == ".xz" else gzip.open
    with _named(path), decompress(path) as stream:
        if stream.read(len(expected)) != expected:
            raise ValueError(f"expected the header of IDX bytes of shape {shape}")
        size = int(np.prod(shape))
        # One more than fits: finds a longer file, and has the stream check its sum.
        body = stream.read(size + 1)
        if len(body) != size:
            raise ValueError(f"expected {size} bytes, got {_count(body, size)}")
    return np.frombuffer(body, dtype=np.uint8).reshape(shape)


def read_cifar(path: Path, split: str, n: int) -> tuple[Bytes, Bytes]:
    """Return pixels (n, 3, 32, 32) and labels (n,) of CIFAR-10's binary archive.

    Only the split's own batches are read, and nothing is unpacked to disk. A truncated
    or corrupted archive, or another number of images, is an OSError that names it.
    """
    wanted = CIFAR_BATCHES[split]
    size = n // len(wanted) * CIFAR_RECORD
    found: dict[str, bytes] = {}
    with _named(path), gzip.open(path) as stream:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                if member.name in wanted and member.isfile() and member.size == size:
                    body = archive.extractfile(member)
                    found[member.name] = body.read() if body else b""
        while stream.read(1 << 20):  # to the end, where gzip keeps its sum
            pass
        missing = [name for name in wanted if len(found.get(name, b"")) != size]
        if missing:
            raise ValueError(f"expected {size} bytes in each of {', '.join(missing)}")
    records = np.frombuffer(b"".join(found[name] for name in wanted), dtype=np.uint8)
    records = records.reshape(n, CIFAR_RECORD)
    return records[:, 1:].reshape(n, 3, 32, 32), records[:, 0]


def _count(body: bytes, size: int) -> str:
    return str(len(body)) if len(body) < size else "more"


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turn every sign of damage into one OSError that names the file."""
    try:
        yield
    except (
        EOFError,
        ValueError,
        gzip.BadGzipFile,
        lzma.LZMAError,
        tarfile.TarError,
        zlib.error,
    ) as error:
        raise OSError(
            f"{path} is truncated or corrupted ({error}): delete it and load again"
        ) from error
