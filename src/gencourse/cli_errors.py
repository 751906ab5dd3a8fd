"""What the command line says when something goes wrong."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what a user can do something about into one line and exit code 1."""
    try:
        yield
    except (ValueError, OSError, FloatingPointError) as why:
        typer.echo(f"gencourse: {why}", err=True)
        raise typer.Exit(1) from None


@contextmanager
def told_how_to_resume(checkpoint: Path) -> Iterator[None]:
    """Say on Ctrl-C, where a checkpoint is in the way, and after a death, how to go on.

    A death is that of one of several processes, a ChildProcessError.
    """
    kept = "go on from the last checkpoint with the same command and --resume"
    lost = "nothing was saved yet: the same command starts again"
    try:
        yield
    except ChildProcessError as why:
        typer.echo(err=True)  # the bar of a process that is gone ends without
        what_now = kept if checkpoint.exists() else lost
        raise ChildProcessError(f"{why}; {what_now}") from None
    except FileExistsError:
        if not checkpoint.exists():
            raise
        raise ValueError(
            f"{checkpoint.parent} holds a run already: go on with --resume, "
            "or write elsewhere with --out"
        ) from None
    except KeyboardInterrupt:
        typer.echo(f"\nstopped; {kept if checkpoint.exists() else lost}", err=True)
        raise typer.Exit(130) from None


def on_any_screen() -> None:
    """Let no character that a screen or a file does not know end a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
