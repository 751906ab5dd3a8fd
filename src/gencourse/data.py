"""Images as tensors of levels, and toy densities that are known exactly.

Fashion-MNIST: Xiao, Rasul and Vollgraf 2017, https://arxiv.org/abs/1708.07747.
MNIST: LeCun et al. 1998, https://doi.org/10.1109/5.726791.
CIFAR-10: Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gencourse import download as remote
from gencourse.archives import Bytes, read_cifar, read_idx
from gencourse.images import Shape
from gencourse.toy import Mixture1D, Ring, TwoMoons

__all__ = ["NAMES", "Images", "Mixture1D", "Ring", "TwoMoons", "load"]

MINI = Path(__file__).parent / "embedded" / "fashion-mini"

FASHION_CLASSES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
CIFAR_CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)


@dataclass(frozen=True)
class Layout:
    """What a data set's files hold: the images' shape, their number, the classes."""

    shape: Shape
    train: int
    test: int
    classes: tuple[str, ...]

    def count(self, split: str) -> int:
        """Return the number of images of a split."""
        return self.train if split == "train" else self.test


LAYOUTS = {
    "fashion-mini": Layout((1, 28, 28), 5_000, 1_000, FASHION_CLASSES),
    "fashion-mnist": Layout((1, 28, 28), 60_000, 10_000, FASHION_CLASSES),
    "mnist": Layout((1, 28, 28), 60_000, 10_000, tuple("0123456789")),
    "cifar10": Layout((3, 32, 32), 50_000, 10_000, CIFAR_CLASSES),
}
NAMES = tuple(LAYOUTS)


@dataclass(frozen=True, eq=False)
class Images:
    """Labelled images: uint8 levels ``x`` (N, C, H, W) and int64 classes ``y`` (N,)."""

    x: Tensor
    y: Tensor
    levels: int
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: slice | Tensor) -> Images:
        """Return the images of a slice, of a tensor of positions, or of a mask."""
        if not isinstance(index, slice | Tensor):
            raise TypeError(f"expected a slice or a tensor, got {type(index).__name__}")
        return Images(self.x[index], self.y[index], self.levels, self.classes)


def load(
    name: str,
    split: str = "train",
    *,
    levels: int = 256,
    size: int | None = None,
    limit: int | None = None,
    root: str | os.PathLike[str] | None = None,
    download: bool = True,
) -> Images:
    """Return a split of a data set, all of it in memory, in the data set's order.

    ``fashion-mini`` ships with the package: 5,000 and 1,000 images of Fashion-MNIST,
    classes balanced. The others are searched for in ``root``, ``$GENCOURSE_DATA``, the
    user's cache and Debian's folder, as FOLDER/NAME/FILE, and else downloaded.

    Args:
        name: fashion-mini, fashion-mnist, mnist or cifar10.
        split: train or test.
        levels: a power of two from 2 to 256; fewer drop the low bits.
        size: resize to (size, size), smoothed against aliasing, before quantising.
        limit: keep at most the first so many images.
        root: the folder to search first, and to download to instead of the cache.
        download: whether to download what is not found.

    Raises:
        ValueError: a wrong argument, or mirrors that send a wrong checksum.
        FileNotFoundError: not found, and ``download`` is false.
        ConnectionError: not found, and no mirror answers.
        OSError: a file is truncated or corrupted, or a folder cannot be written.
    """
    _check(name, split, levels, size, limit)
    layout = LAYOUTS[name]
    pixels, labels = _read(name, split, root, download)
    x = torch.from_numpy(pixels[:limit].copy())
    y = torch.from_numpy(labels[:limit].astype(np.int64))
    if size is not None and x.shape[2:] != (size, size):
        x = _resize(x, size)
    return Images(x >> (9 - levels.bit_length()), y, levels, layout.classes)


def _check(
    name: str, split: str, levels: int, size: int | None, limit: int | None
) -> None:
    if name not in LAYOUTS:
        raise ValueError(f"unknown data set {name!r}, expected {' or '.join(NAMES)}")
    if split not in ("train", "test"):
        raise ValueError(f"unknown split {split!r}, expected 'train' or 'test'")
    if type(levels) is not int or levels not in {2**bits for bits in range(1, 9)}:
        raise ValueError(f"levels is {levels!r}, expected a power of two from 2 to 256")
    for argument, value in (("size", size), ("limit", limit)):
        if value is not None and (type(value) is not int or value <= 0):
            raise ValueError(f"{argument} is {value!r}, expected an int above 0")


def _resize(x: Tensor, size: int) -> Tensor:
    # Here because torchvision takes a second to import, and most loads don't resize.
    from torchvision.transforms.v2.functional import resize

    resized: Tensor = resize(x, [size, size], antialias=True)
    return resized


def _read(
    name: str, split: str, root: str | os.PathLike[str] | None, download: bool
) -> tuple[Bytes, Bytes]:
    """Return pixels (N, C, H, W) and labels (N,) as the files hold them."""
    n, (_, height, width) = LAYOUTS[name].count(split), LAYOUTS[name].shape
    if name == "fashion-mini":
        paths = [MINI / f"{split}-{part}.xz" for part in remote.IDX_PARTS]
    else:
        files = remote.FILES[name, split]
        paths = [remote.locate(name, file, root, download) for file in files]
    if name == "cifar10":
        return read_cifar(paths[0], split, n)
    return read_idx(paths[0], (n, height, width))[:, None], read_idx(paths[1], (n,))
