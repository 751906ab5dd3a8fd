"""Files that are whole or absent, and the state of a run in one of them."""

from __future__ import annotations

import os
import pickle
import random
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

State = dict[str, Any]
# What zipfile, zlib and torch raise on content that is not what was written.
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, pickle.UnpicklingError, EOFError, OSError),
    *(RuntimeError, ValueError, NotImplementedError, struct.error),
)


class CheckpointError(ValueError):
    """A checkpoint that is damaged, or that belongs to something else."""


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let ``write`` fill a file that then appears at ``path`` whole.

    A reader sees the old file or the new one, also after a crash or a power cut; if
    writing fails, the old one stays and nothing else is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder: a file can only be renamed atomically within a file system.
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        with unfinished.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    _sync_folder(path.parent)


def remove_unfinished(path: Path) -> None:
    """Remove what killed processes left of writing ``path``."""
    for unfinished in path.parent.glob(f".{path.name}.*.unfinished"):
        unfinished.unlink(missing_ok=True)


@contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """Keep the runs of other processes from writing ``path`` meanwhile.

    The system frees the lock of a process that dies. Where there are no locks, as on
    Windows, nothing is refused. A CheckpointError if another process is writing, an
    OSError if the folder can't be made or written to.
    """
    make_folder(path.parent)
    if fcntl is None:
        yield
        return
    lock = path.with_name(f".{path.name}.lock")
    with _locked(path, lock):
        try:
            remove_unfinished(path)
            yield
        finally:
            # While it is held, or another process could hold the file that goes.
            lock.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder that files can be written to; an OSError says why it can't be."""
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"expected a folder, but {folder} is a file")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as why:
        raise OSError(f"can't write to the folder {folder}: {why.strerror}") from why


def save_state(path: Path, state: State) -> None:
    """Write tensors, numbers, strings and containers of them to a file, atomically."""
    write_atomically(path, lambda file: torch.save(state, file))


def load_state(path: Path) -> State:
    """Return what ``save_state`` wrote, on the CPU, without running any code in it.

    A missing file is a FileNotFoundError, a damaged one a CheckpointError.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no checkpoint at {path}")
    try:
        # Every entry has a checksum, which torch itself does not look at.
        if broken := zipfile.ZipFile(path).testzip():
            raise ValueError(f"wrong checksum of {broken}")
        state = torch.load(path, map_location="cpu", weights_only=True)
    except DAMAGE as why:
        raise CheckpointError(
            f"{path} is damaged or is no checkpoint ({_first_line(why)}); "
            "remove it to start again"
        ) from why
    if not isinstance(state, dict):
        raise CheckpointError(
            f"{path} is no checkpoint: it holds {type(state).__name__}"
        )
    return state


def check_identity(path: Path, state: State, expected: State) -> None:
    """Raise a CheckpointError unless the state is of the run that is expected."""
    found = state.get("identity")
    if not isinstance(found, dict):
        raise CheckpointError(
            f"{path} is no checkpoint of a run: its identity is {found!r}"
        )
    for name, value in expected.items():
        if found.get(name) != value:
            raise CheckpointError(
                f"{path} is a checkpoint of another run: its {name} is "
                f"{found.get(name)}, not {value}"
            )


def random_state() -> State:
    """Return the states of the global generators: torch, CUDA, numpy and Python."""
    kind, keys, *position = np.random.get_state(legacy=True)
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
        "numpy": [kind, torch.from_numpy(np.asarray(keys).astype(np.int64)), *position],
        "python": random.getstate(),
    }


def random_states(processes: int) -> list[State]:
    """Return ``random_state`` of every process of a run, by rank."""
    states = [random_state()]
    if processes > 1:
        states = [{}] * processes
        torch.distributed.all_gather_object(states, random_state())
    return states


def set_random_state(state: State) -> None:
    """Put the global generators where ``random_state`` found them."""
    torch.set_rng_state(state["torch"])
    if state["cuda"] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
    kind, keys, *position = state["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *position))
    random.setstate(state["python"])


def _locked(path: Path, lock: Path) -> BinaryIO:
    while True:
        file = lock.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise CheckpointError(
                f"another process is writing {path}: wait for its end or stop it"
            ) from None
        except OSError:  # a file system without locks
            return file
        # Its last holder may have removed the file since it was opened here.
        if os.fstat(file.fileno()).st_nlink:
            return file
        file.close()


def _first_line(why: BaseException) -> str:
    return (str(why).splitlines() or [type(why).__name__])[0]


def _sync_folder(folder: Path) -> None:
    # Windows can't open a folder; its renames are durable without.
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
