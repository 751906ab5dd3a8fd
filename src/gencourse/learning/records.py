"""Which exercises were tried and passed, kept in a file beside the notebook."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from filelock import FileLock

NAME = "gencourse-progress.json"
VERSION = 1
OPEN, TRIED, PASSED = "open", "tried", "passed"
_ORDER = (OPEN, TRIED, PASSED)
WAIT = 1.0  # seconds for another notebook to be done with the file


class Newer(Exception):  # noqa: N818 - no error of anybody
    """A later release of gencourse wrote the file."""


class Records:
    """The state of each exercise by its key, and the file that holds them.

    States only rise: what has passed stays passed when the answer is edited later, and
    a stub that is run again takes nothing away. Several notebooks share one file, and
    may write at the same time. Nothing here raises for a file that cannot be read or
    written: `trouble` holds the sentence to show, and the states live on in memory.

    Args:
        folder: where the file lies; default the working folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or _here()) / NAME
        self.states: dict[str, str] = {}
        self._damage = self._failure = ""
        self._read()

    @property
    def trouble(self) -> str:
        """What is wrong with the file, "" if nothing is."""
        return " ".join(filter(None, [self._damage, self._failure]))

    def state(self, key: str) -> str:
        """Return "open", "tried" or "passed"."""
        return self.states.get(key, OPEN)

    def note(self, key: str, state: str) -> None:
        """Keep what became of an exercise, here and in the file."""
        self._take({key: state})
        with _kept_by_one(self.path):
            if self._read():  # what another notebook wrote meanwhile
                self._write()

    def _take(self, states: Mapping[str, str]) -> None:
        for key, state in states.items():
            best = max(self.state(key), state, key=_ORDER.index)
            if best != OPEN:
                self.states[key] = best

    def _read(self) -> bool:
        """Take what the file holds; return whether it may be written anew."""
        self._failure = ""
        try:
            self._take(_states_in(self.path.read_bytes()))
        except FileNotFoundError:
            return True
        except Newer:
            self._fails("read", "a later release of gencourse wrote it")
        except OSError as error:
            self._fails("read", error.strerror or str(error))
        except (ValueError, RecursionError):
            return self._set_aside()
        return not self._failure

    def _set_aside(self) -> bool:
        kept = self.path.with_suffix(".damaged.json")
        number = 1
        while kept.exists():
            number += 1
            kept = self.path.with_suffix(f".damaged-{number}.json")
        try:
            self.path.rename(kept)
        except FileNotFoundError:  # another notebook was faster
            return True
        except OSError as error:
            self._fails("read", f"it is damaged, and stays: {error.strerror or error}")
            return False
        self._damage = f"{NAME} was damaged; it is kept as {kept.name}."
        return True

    def _write(self) -> None:
        content = {"gencourse": VERSION, "exercises": dict(sorted(self.states.items()))}
        try:
            _replace(self.path, json.dumps(content, indent=1) + "\n")
        except OSError as error:
            self._fails("written", error.strerror or str(error))

    def _fails(self, what: str, why: str) -> None:
        self._failure = f"{NAME} cannot be {what} ({why}): progress is not kept."


def _here() -> Path:
    """Return the working folder, "." where it has been deleted."""
    try:
        return Path.cwd()
    except OSError:
        return Path()


@contextlib.contextmanager
def _kept_by_one(path: Path) -> Iterator[None]:
    """Let nobody else read and write the file meanwhile, where that can be had.

    A folder or a file system that has no locks is no reason to wait, or to stop.
    """
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=WAIT)
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError, NotImplementedError):
            held.enter_context(lock)
        yield


def _states_in(text: bytes) -> dict[str, str]:
    """Return the states in a file's text; what is no such file is a ValueError."""
    content = json.loads(text)
    states = content.get("exercises") if isinstance(content, dict) else None
    version = content.get("gencourse") if isinstance(content, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise Newer
    if not isinstance(states, dict) or version != VERSION:
        raise ValueError("no file of gencourse's progress")
    # Keys of another release stay: they may be known again in the next.
    return {key: state for key, state in states.items() if state in _ORDER}


def _replace(path: Path, text: str) -> None:
    """Write a file so that another reader sees the old one or the new, never half."""
    half = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        half.write_text(text, encoding="utf-8")
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)
