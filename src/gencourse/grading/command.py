"""The command ``gencourse grade``."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

# Torch is imported inside: --help must not wait for it.


def grade(
    notebooks: Annotated[
        list[Path],
        typer.Argument(help="Notebooks, or folders: every .ipynb below them."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="As two tables of Markdown.")
    ] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="A row for each learner and exercise.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(help="Write there, not to the screen.")
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=1, help="Time for each notebook.")
    ] = 300.0,
    memory: Annotated[
        float, typer.Option(min=0.1, help="Memory for each notebook, in GB.")
    ] = 2.0,
    seed: Annotated[
        int | None,
        typer.Option(min=1, help="First fresh seed of the checks; else a random one."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=0, max=20, help="How many of them.")] = 2,
    require_isolation: Annotated[
        bool,
        typer.Option(
            "--require-isolation", help="Grade nothing where nothing isolates."
        ),
    ] = False,
) -> None:
    """Grade learners' notebooks: a table for each learner and for the class.

    Each notebook runs in a process of its own: without network and without your
    files where bubblewrap is there (with unshare they can be read), and else it is
    said that nothing isolates it. Of a notebook only what its answers need is run.
    Every answer is checked again, with fresh random numbers too; what a notebook
    prints counts for nothing.

    Exit codes: 0 every notebook was graded, 1 some could not be, 2 wrong use.
    """
    if as_json + as_markdown + as_csv > 1:
        _refuse("expected one of --json, --markdown and --csv, got several")
    paths = found(notebooks)
    from gencourse.grading import sandbox, tables

    isolation = sandbox.best()
    if isolation is sandbox.NONE:
        typer.echo(f"gencourse: {sandbox.OPEN}", err=True)
        if require_isolation:
            _refuse("--require-isolation: nothing was run")
    first = seed or 1 + secrets.randbelow(10**6)
    from gencourse.grading.classes import grade_all
    from gencourse.grading.judge import Settings

    each = tuple(range(first, first + seeds))
    settings = Settings(isolation, seconds, int(memory * 2**30), each)
    report = grade_all(paths, settings, _progress)
    views = {"json": as_json, "markdown": as_markdown, "csv": as_csv}
    name = next((name for name, wanted in views.items() if wanted), "text")
    _write(getattr(tables, f"as_{name}")(report), output)
    raise typer.Exit(int(any(graded.problem for graded in report.notebooks)))


def _write(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text)
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as why:
        _refuse(f"{output} cannot be written: {why.strerror}")


def _refuse(why: str) -> None:
    typer.echo(f"gencourse: {why}", err=True)
    raise typer.Exit(2)


def _progress(number: int, of: int, learner: str) -> None:
    typer.echo(f"[{number}/{of}] {learner}", err=True)


def found(given: list[Path]) -> list[Path]:
    """Return the notebooks of files and folders, each once; refuse what is missing."""
    paths: list[Path] = []
    for place in given:
        if place.is_dir():
            inside = sorted(place.rglob("*.ipynb"))
            paths += [p for p in inside if not _hidden(p.relative_to(place))]
            continue
        if not place.exists():
            _refuse(f"{place}: no such file or folder")
        paths.append(place)
    if not paths:
        _refuse("no notebook (.ipynb) in what was given")
    once: dict[Path, Path] = {}
    for path in paths:
        once.setdefault(path.resolve(), path)
    return list(once.values())


def _hidden(path: Path) -> bool:
    """Return whether Jupyter or a system keeps it for itself."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
