"""Write fashion-mini, the part of Fashion-MNIST that ships inside the package.

It is the first 500 images of each class of the training split and the first 100 of
the test split, in the data set's order, as IDX files compressed with xz. The same
input gives the same bytes (with the same liblzma).

    python tools/embed.py            # needs Fashion-MNIST, and downloads it if need be
"""

from __future__ import annotations

import lzma
from pathlib import Path

import torch
from torch import Tensor

from gencourse.archives import IDX_BYTES
from gencourse.data import LAYOUTS, MINI, Images, load
from gencourse.download import IDX_PARTS


def first_of_each(y: Tensor, each: int, classes: int) -> Tensor:
    """Return the positions of the first ``each`` of every class, in rising order."""
    positions = [torch.nonzero(y == c).flatten()[:each] for c in range(classes)]
    return torch.cat(positions).sort().values


def write_idx(path: Path, values: Tensor) -> None:
    """Write a uint8 tensor as an IDX file, compressed with xz."""
    header = [IDX_BYTES + values.ndim, *values.shape]
    raw = b"".join(number.to_bytes(4, "big") for number in header)
    raw += values.numpy().tobytes()
    path.write_bytes(lzma.compress(raw, preset=9 | lzma.PRESET_EXTREME))


def embed(full: Images, folder: Path, split: str) -> None:
    """Write the split of fashion-mini that the full split gives."""
    classes = len(full.classes)
    each = LAYOUTS["fashion-mini"].count(split) // classes
    mini = full[first_of_each(full.y, each, classes)]
    folder.mkdir(parents=True, exist_ok=True)
    images, labels = (folder / f"{split}-{part}.xz" for part in IDX_PARTS)
    write_idx(images, mini.x[:, 0])
    write_idx(labels, mini.y.to(torch.uint8))


if __name__ == "__main__":
    for split in ("train", "test"):
        embed(load("fashion-mnist", split), MINI, split)
