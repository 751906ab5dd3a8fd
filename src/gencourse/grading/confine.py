"""In a submission's process: its channel to the judge, and its limits."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from gencourse.grading.wire import LENGTH, MOST_BYTES

FILE_BYTES = 16 * 2**20
OPEN_FILES = 256
PROCESSES = 128  # threads among them
_ends: list[int] = []


def take_channel() -> None:
    """Keep stdin and stdout for the frames; the notebook's own go nowhere."""
    _ends[:] = [os.dup(0), os.dup(1)]
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    sys.stdin = os.fdopen(0, closefd=False)


def write_all(frame: bytes) -> None:
    """Write a whole frame."""
    left = memoryview(frame)
    while left:
        left = left[os.write(_ends[1], left) :]


def read_frame() -> tuple[bytes, bytes] | None:
    """Return the two parts of the next frame, or None where the judge hung up."""
    head = _exactly(LENGTH.size)
    if head is None:
        return None
    first, second = LENGTH.unpack(head)
    if max(first, second) > MOST_BYTES:
        return None
    text, body = _exactly(first), _exactly(second)
    return None if text is None or body is None else (text, body)


def _exactly(count: int) -> bytes | None:
    parts = []
    while count:
        part = os.read(_ends[0], min(count, 2**20))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def limit(memory: int, seconds: int) -> None:
    """Set this process's limits, for good.

    Args:
        memory: bytes beyond what it holds already.
        seconds: of processor time.
    """
    try:
        import resource
    except ImportError:  # Windows has none
        return
    wanted = {
        "RLIMIT_CORE": 0,
        "RLIMIT_CPU": seconds,
        "RLIMIT_FSIZE": FILE_BYTES,
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_NPROC": PROCESSES if _own_users() else None,
        "RLIMIT_AS": None if (held := _held()) is None else held + memory,
    }
    for name, most in wanted.items():
        if most is None or not hasattr(resource, name):
            continue
        number = getattr(resource, name)
        hard = resource.getrlimit(number)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(number, (most, most))


def _own_users() -> bool:
    """Return whether this is a user namespace, where the teacher's own do not count."""
    try:
        lines = Path("/proc/self/uid_map").read_text().split("\n")
    except OSError:
        return False
    return lines[0].split()[-1:] == ["1"]


def _held() -> int | None:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGESIZE")
