"""How long the chapters take in the quick profile, and how long the book's build.

A chapter's time is that of the outputs which it shows: the CPU seconds of the kernel
that made them, imports and all, as ``make run`` notes them. The book is built in a
folder of its own: all of it, then again with one line added to one page. CPU seconds;
wall-clock seconds beside, which depend on what else the machine does.

    python benchmarks/pages.py --json pages.json
"""

from __future__ import annotations

import json
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common import ROOT, Row, alone, options, table, write

CHANGED = "appendix/setup.md"


@contextmanager
def timed() -> Iterator[Row]:
    """Give a row that the CPU seconds of this process and its own are put into."""
    row: Row = {}
    cpu, wall = _cpu_seconds(), time.perf_counter()
    yield row
    row["seconds"] = _cpu_seconds() - cpu
    row["wall seconds"] = time.perf_counter() - wall


def _cpu_seconds() -> float:
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, who))


def chapters(root: Path) -> dict[str, Row]:
    """Return the CPU seconds that the notebooks note, of all that do; quickest last."""
    rows = {}
    for path in sorted(root.glob("book/*/*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        noted = notebook["metadata"].get("gencourse", {})
        if noted.get("made", {}).get("profile") == "quick" and "cpu_seconds" in noted:
            rows[path.stem] = {"seconds": noted["cpu_seconds"]}
    return dict(sorted(rows.items(), key=lambda row: -row[1]["seconds"]))


def book() -> dict[str, Row]:
    """Build the book twice in a folder of its own, and return what each time took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "book", folder / "book")
        for path in ROOT.iterdir():
            if path.name not in {"book", "_build", ".git", ".venv"}:
                (folder / path.name).symlink_to(path)
        with timed() as whole:
            build(folder)
        with (folder / "book" / CHANGED).open("a", encoding="utf-8") as page:
            page.write("\nOne line more.\n")
        with timed() as again:
            build(folder)
    return {"clean": whole, "one page changed": again}


def build(folder: Path) -> None:
    """Build the book as ``make book`` does; RuntimeError where that fails."""
    given = ["--config", str(folder / "_config.yml"), "--toc", str(folder / "_toc.yml")]
    code = "import sys; from jupyter_book.cli.main import main; sys.exit(main())"
    alone(
        "-c", code, "build", str(folder / "book"), *given, "--path-output", str(folder)
    )


def main(arguments: list[str] | None = None) -> None:
    """Print the tables, and write them as JSON where that is asked for."""
    given = options(__doc__, repeats=1).parse_args(arguments)
    ran, built = chapters(ROOT), {} if given.quick else book()
    for rows in (ran, built):
        if rows:
            table([{"": name, **row} for name, row in rows.items()])
    write(given.json, {"chapters": ran, "book": built})


if __name__ == "__main__":
    main()
