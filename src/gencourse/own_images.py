"""A folder of your own pictures as images to train on, split without overlap."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import torch
from torch import Tensor

from gencourse.data import Images
from gencourse.prepared import LEVELS, Fit, preparation

ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
LEAST = 10


@dataclass(frozen=True)
class OwnImages:
    """Pictures in three parts that share none, and what was left out.

    Attributes:
        train: eight tenths of them.
        validation: a tenth, to choose by.
        test: the rest, to measure on once.
        copies: files whose picture, as it is seen here, another file has already.
        damaged: files that could not be read, if they were to be left out.
        others: files that are no pictures by their ending.
    """

    train: Images
    validation: Images
    test: Images
    copies: tuple[Path, ...]
    damaged: tuple[Path, ...]
    others: tuple[Path, ...]


def load(
    folder: Path | str,
    *,
    size: int = 28,
    channels: int = 1,
    fit: Fit = "crop",
    background: int = 255,
    leave_out_damaged: bool = False,
    seed: int = 0,
) -> OwnImages:
    """Return every picture below a folder, as uint8 levels (N, C, size, size).

    The classes are the folders directly below; without such folders there is one. A
    picture goes to a part by a hash of its own pixels, so that the same files always
    make the same parts, under whatever names they lie. Of equal pictures one is kept.

    Args:
        folder: pictures of any usual kind, of any sizes.
        size: the side of the images made of them.
        channels: 1 for grey, 3 for colour.
        fit: "crop" cuts a square out of the middle, "pad" adds to the short side.
        background: the level, 0 to 255, under what is transparent and what is added.
        leave_out_damaged: whether files that cannot be read are left out; else the
            first of them is an error.
        seed: of the split.

    Raises:
        ImportError: Pillow is missing.
        OSError: there is no such folder, or a file is damaged.
        ValueError: a setting is wrong, or there are fewer than ten different pictures.
    """
    _check_settings(size, channels, fit, background)
    paths, others = _files(Path(folder))
    prepare = preparation(size, channels, fit, background)
    found, copies, damaged = _read(paths, prepare, leave_out_damaged, seed)
    if len(found) < LEAST:
        raise ValueError(
            f"expected at least {LEAST} different pictures in {folder}, got "
            f"{len(found)} (endings that are known: {', '.join(ENDINGS)})"
        )
    train, validation, test = _parts(found, Path(folder))
    return OwnImages(
        train, validation, test, tuple(copies), tuple(damaged), tuple(others)
    )


def _read(
    paths: list[Path],
    prepare: Callable[[Path], Tensor],
    leave_out_damaged: bool,
    seed: int,
) -> tuple[dict[str, tuple[Path, Tensor]], list[Path], list[Path]]:
    """Return the different pictures by hash, the copies, and the damaged files."""
    found: dict[str, tuple[Path, Tensor]] = {}
    copies, damaged = [], []
    for path in paths:
        try:
            x = prepare(path)
        except OSError as error:
            if not leave_out_damaged:
                raise OSError(f"{path} cannot be read as a picture: {error}") from None
            damaged.append(path)
            continue
        key = hashlib.sha256(f"{seed} ".encode() + x.numpy().tobytes()).hexdigest()
        if key in found:
            copies.append(path)
        else:
            found[key] = (path, x)
    return found, copies, damaged


def _check_settings(size: int, channels: int, fit: str, background: int) -> None:
    if size < 1:
        raise ValueError(f"expected a size of 1 or more, got {size}")
    if channels not in (1, 3):
        raise ValueError(f"expected 1 or 3 channels, got {channels}")
    if fit not in get_args(Fit):
        raise ValueError(f"expected fit 'crop' or 'pad', got {fit!r}")
    if not 0 <= background < LEVELS:
        raise ValueError(f"expected a background of 0 to 255, got {background}")


def _files(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the pictures below a folder and the other files, hidden ones aside."""
    if not folder.is_dir():
        unpack = ""
        if folder.name.lower().endswith(ARCHIVES):
            unpack = f': unpack it by shutil.unpack_archive("{folder}", "pictures")'
        wanted = "expected a folder of pictures, got"
        raise NotADirectoryError(f"{wanted} {folder}{unpack}")
    # os.walk goes into no linked folder: a circle of links has no end.
    every = [
        Path(place, name)
        for place, folders, names in os.walk(folder)
        for name in names
        if not any(part.startswith(".") for part in _below(Path(place, name), folder))
    ]
    pictures = sorted(path for path in every if path.suffix.lower() in ENDINGS)
    return pictures, sorted(set(every) - set(pictures))


def _below(path: Path, folder: Path) -> tuple[str, ...]:
    return path.relative_to(folder).parts


def _parts(found: dict[str, tuple[Path, Tensor]], folder: Path) -> Iterator[Images]:
    """Yield training, validation and test images, in the order of their hashes."""
    keys = sorted(found)
    label = {key: _class_of(found[key][0], folder) for key in keys}
    classes = tuple(sorted(set(label.values())))
    tenth = max(1, len(keys) // 10)
    ends = (len(keys) - 2 * tenth, len(keys) - tenth, len(keys))
    for start, end in zip((0, *ends), ends, strict=False):
        mine = keys[start:end]
        x = torch.stack([found[key][1] for key in mine])
        y = torch.tensor([classes.index(label[key]) for key in mine])
        yield Images(x, y, LEVELS, classes)


def _class_of(path: Path, folder: Path) -> str:
    parts = _below(path, folder)
    return parts[0] if len(parts) > 1 else "all"
