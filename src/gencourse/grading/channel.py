"""The judge's end: a submission's process, spoken to in frames and ended for good."""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from gencourse.grading import sandbox, wire
from gencourse.grading.sandbox import Isolation

START = 60.0  # seconds that Python and torch may take to start


class Ended(Exception):  # noqa: N818 - says what became of the process
    """The submission's process is over, or was ended; the message says why."""


class Channel:
    """A submission's process.

    Args:
        isolation: what keeps it in.
        memory: bytes beyond what an idle process holds.
        deadline: of the whole notebook, by time.monotonic().
    """

    def __init__(self, isolation: Isolation, memory: int, deadline: float) -> None:
        self.deadline, self.why = deadline, ""
        self.interrupted = False  # by the teacher
        self.pending = False  # an alarm may end the wait for a reply at any moment
        self._folder = tempfile.TemporaryDirectory(
            prefix="gencourse-", ignore_cleanup_errors=True
        )
        self._token = secrets.token_hex(16)
        folder = Path(self._folder.name).resolve()
        seconds = str(int(max(1, deadline - time.monotonic()) + 10))
        code = sandbox.child_code()
        self._process = subprocess.Popen(
            sandbox.command(isolation, folder, code, str(memory), seconds),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=sandbox.environment(folder, self._token),
            start_new_session=True,
        )
        assert self._process.stdin and self._process.stdout
        self._to = self._process.stdin.fileno()
        self._from = self._process.stdout.fileno()
        os.set_blocking(self._to, False)
        self._greet()

    def _greet(self) -> None:
        try:
            self.read(time.monotonic() + START)
        except Ended:  # nobody has it yet who could close it
            self.close()
            raise

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether it can still be asked: it lives, and owes no reply."""
        return not (self.why or self.pending)

    def ask(self, message: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Return the reply to a message; raise Ended where none comes in time."""
        self.pending = True
        try:
            self.write(message)
            reply = self.read(min(self.deadline, time.monotonic() + seconds))
        except KeyboardInterrupt:
            self.interrupted = True
            raise
        self.pending = False
        return reply

    def write(self, message: dict[str, Any]) -> None:
        """Send a message."""
        left = memoryview(wire.to_bytes(message))
        while left:
            self._wait([], [self._to], self.deadline)
            try:
                left = left[os.write(self._to, left) :]
            except OSError:
                self._end(self._death())

    def read(self, until: float) -> dict[str, Any]:
        """Return the next message, at the latest then, by time.monotonic()."""
        first, second = wire.LENGTH.unpack(self._exactly(wire.LENGTH.size, until))
        if first > wire.MOST_TEXT or first + second > wire.MOST_BYTES:
            self._end("it answered with more than the judge reads")
        text, body = self._exactly(first, until), self._exactly(second, until)
        try:
            return wire.from_bytes(text, body)
        except wire.Unreadable as why:
            self._end(f"it wrote something else than answers to the judge ({why})")
            raise

    def _exactly(self, count: int, until: float) -> bytes:
        parts = []
        while count:
            self._wait([self._from], [], until)
            part = os.read(self._from, min(count, 2**20))
            if not part:
                self._end(self._death())
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _wait(self, read: list[int], write: list[int], until: float) -> None:
        if self.why:
            raise Ended(self.why)
        left = until - time.monotonic()
        if left <= 0 or not any(select.select(read, write, [], left)):
            self._end("its time was over")

    def _death(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        code = self._process.returncode
        if code is None:
            return "it hung up"
        number = -code if code < 0 else code - 128
        names = {s.value: s.name for s in signal.Signals}
        if number in names:
            return f"it was ended by the signal {names[number]}"
        return f"it ended itself with exit code {code}"

    def _end(self, why: str) -> None:
        self.why = self.why or why
        self.kill()
        raise Ended(self.why)

    def kill(self) -> None:
        """End the process and all that it has started."""
        self.why = self.why or "it was stopped"
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        _sweep(self._token)

    def close(self) -> None:
        """End it, and remove its folder."""
        self.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._folder.cleanup()


def _sweep(token: str) -> None:
    """End processes that left the group: they carry its token in their environment."""
    if not sys.platform.startswith("linux"):
        return
    marked = f"GENCOURSE_GRADED={token}".encode()
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if marked in path.joinpath("environ").read_bytes():
                os.kill(int(path.name), signal.SIGKILL)
