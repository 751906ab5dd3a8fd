"""Which exercises were tried and passed, kept in a file beside the notebook."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

NAME = "gencourse-progress.json"
VERSION = 1
OPEN, TRIED, PASSED = "open", "tried", "passed"
_ORDER = (OPEN, TRIED, PASSED)


class Records:
    """The state of each exercise by its key, and the file that holds them.

    States only rise: what has passed stays passed when the answer is edited later, and
    a stub that is run again takes nothing away. Several notebooks share one file.
    Nothing here raises for a file that cannot be read or written: `trouble` holds the
    sentence to show, and the states live on in memory.

    Args:
        folder: where the file lies; default the working folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or _here()) / NAME
        self.trouble = ""
        self.states: dict[str, str] = {}
        self._take(self._read())

    def state(self, key: str) -> str:
        """Return "open", "tried" or "passed"."""
        return self.states.get(key, OPEN)

    def note(self, key: str, state: str) -> None:
        """Keep what became of an exercise, here and in the file."""
        self._take({key: state})
        self._take(self._read())  # another notebook may have written meanwhile
        self._write()

    def _take(self, states: Mapping[str, str]) -> None:
        for key, state in states.items():
            best = max(self.state(key), state, key=_ORDER.index)
            if best != OPEN:
                self.states[key] = best

    def _read(self) -> dict[str, str]:
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            return self._set_aside(error)
        try:
            return _states_in(text)
        except (ValueError, RecursionError) as error:
            return self._set_aside(error)

    def _set_aside(self, error: Exception) -> dict[str, str]:
        kept = self.path.with_suffix(".damaged.json")
        number = 1
        while kept.exists():
            number += 1
            kept = self.path.with_suffix(f".damaged-{number}.json")
        try:
            self.path.rename(kept)
        except OSError:
            self.trouble = f"{NAME} cannot be read ({error}): progress is not kept."
        else:
            self.trouble = f"{NAME} was damaged; it is kept as {kept.name}."
        return {}

    def _write(self) -> None:
        content = {"gencourse": VERSION, "exercises": dict(sorted(self.states.items()))}
        try:
            _replace(self.path, json.dumps(content, indent=1) + "\n")
        except OSError as error:
            reason = error.strerror or error
            self.trouble = f"{NAME} cannot be written ({reason}): progress is not kept."


def _here() -> Path:
    """Return the working folder, "." where it has been deleted."""
    try:
        return Path.cwd()
    except OSError:
        return Path()


def _states_in(text: str) -> dict[str, str]:
    """Return the states in a file's text; what is no such file is a ValueError."""
    content = json.loads(text)
    states = content.get("exercises") if isinstance(content, dict) else None
    if not isinstance(states, dict) or content.get("gencourse") != VERSION:
        raise ValueError("no file of gencourse's progress")
    # Keys of another release stay: they may be known again in the next.
    return {key: state for key, state in states.items() if state in _ORDER}


def _replace(path: Path, text: str) -> None:
    """Write a file so that another reader sees the old one or the new, never half."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
