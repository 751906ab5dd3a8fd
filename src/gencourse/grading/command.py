"""The command ``gencourse grade``."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gencourse.grading.sandbox import Isolation

# Torch is imported inside: --help must not wait for it.


Notebooks = Annotated[
    list[Path], typer.Argument(help="Notebooks, or folders: every .ipynb below them.")
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
AsMarkdown = Annotated[
    bool, typer.Option("--markdown", help="As two tables of Markdown.")
]
AsCsv = Annotated[
    bool, typer.Option("--csv", help="A row for each learner and exercise.")
]
Output = Annotated[Path | None, typer.Option(help="Write there, not to the screen.")]
Seconds = Annotated[float, typer.Option(min=1, help="Time for each notebook.")]
Memory = Annotated[
    float, typer.Option(min=0.1, help="Memory for each notebook, in GB.")
]
Seed = Annotated[
    int | None,
    typer.Option(min=1, help="First fresh seed of the checks; else a random one."),
]
Seeds = Annotated[int, typer.Option(min=0, max=20, help="How many of them.")]
RequireIsolation = Annotated[
    bool,
    typer.Option("--require-isolation", help="Grade nothing where nothing isolates."),
]


def grade(
    notebooks: Notebooks,
    as_json: AsJson = False,
    as_markdown: AsMarkdown = False,
    as_csv: AsCsv = False,
    output: Output = None,
    seconds: Seconds = 300.0,
    memory: Memory = 2.0,
    seed: Seed = None,
    seeds: Seeds = 2,
    require_isolation: RequireIsolation = False,
) -> None:
    """Grade learners' notebooks: a table for each learner and for the class.

    Each notebook runs in a process of its own: without network and without your
    files where bubblewrap is there (with unshare they can be read), and else it is
    said that nothing isolates it. Of a notebook only what its answers need is run.
    Every answer is checked again, with fresh random numbers too; what a notebook
    prints counts for nothing.

    Exit codes: 0 every notebook was graded, 1 some could not be, 2 wrong use.
    """
    view = _view(json=as_json, markdown=as_markdown, csv=as_csv)
    paths = found(notebooks)
    if output is not None and not output.resolve().parent.is_dir():
        _refuse(f"{output} cannot be written: there is no folder {output.parent}")
    isolation = _isolation(require_isolation)
    from gencourse.grading import tables
    from gencourse.grading.classes import grade_all
    from gencourse.grading.judge import Settings

    first = seed or 1 + secrets.randbelow(10**6)
    each = tuple(range(first, first + seeds))
    settings = Settings(isolation, seconds, int(memory * 2**30), each)
    report = grade_all(paths, settings, _progress)
    _write(getattr(tables, f"as_{view}")(report), output)
    raise typer.Exit(int(any(graded.problem for graded in report.notebooks)))


def _view(**wanted: bool) -> str:
    names = [name for name, is_wanted in wanted.items() if is_wanted]
    if len(names) > 1:
        _refuse("expected one of --json, --markdown and --csv, got several")
    return names[0] if names else "text"


def _isolation(required: bool) -> Isolation:
    from gencourse.grading import sandbox

    isolation = sandbox.best()
    if isolation is sandbox.NONE:
        typer.echo(f"gencourse: {sandbox.OPEN}", err=True)
        if required:
            _refuse("--require-isolation: nothing was run")
    return isolation


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
