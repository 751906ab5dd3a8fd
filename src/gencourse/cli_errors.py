"""What the command line says when something goes wrong."""

from __future__ import annotations

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
    """Say on Ctrl-C, and where a checkpoint is in the way, how to go on."""
    try:
        yield
    except FileExistsError:
        if not checkpoint.exists():
            raise
        raise ValueError(
            f"{checkpoint.parent} holds a run already: go on with --resume, "
            "or write elsewhere with --out"
        ) from None
    except KeyboardInterrupt:
        kept = "go on from the last checkpoint with the same command and --resume"
        lost = "nothing was saved yet: the same command starts again"
        typer.echo(f"\nstopped; {kept if checkpoint.exists() else lost}", err=True)
        raise typer.Exit(130) from None
