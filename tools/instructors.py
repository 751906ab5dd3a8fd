"""Write the instructors' notebooks: what ``make notebooks SOLUTIONS=1`` does.

_build/instructors/NAME.ipynb is notebooks/NAME.ipynb with the solution in a cell of its
own between each stub and its check, so that every check passes when the notebook runs.
They are not committed, and nothing here writes below notebooks/.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import nbformat
from book_index import HEADING, Book
from chapters import chapter_sources, with_stable_ids, write_whole
from nbformat import NotebookNode
from opening import CHECK
from readers import reader_notebook
from runnable import runnable
from site_config import ROOT, read_site

from gencourse.exercises import EXERCISES

WHERE = Path("_build", "instructors")
MARK = "Instructor's notebook: "
NOTICE = """\
> **This notebook holds the solutions.** Each stands in a cell of its own, after the \
stub that learners see and before its check. Share it with instructors only."""


def main(arguments: list[str] | None = None) -> int:
    """Write the notebooks and print their paths; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chapters", nargs="*", help="names, e.g. density; default: all")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    given = parser.parse_args(arguments)
    try:
        book = Book(given.root, read_site(given.root))
        written = {
            path.stem: instructor_notebook(path, book)
            for path in chapter_sources(given.root, given.chapters)
        }
    except ValueError as error:
        parser.error(str(error))
    for name, notebook in written.items():
        path = WHERE / f"{name}.ipynb"
        write_whole(notebook, given.root / path)
        print(path.as_posix())
    return 0


def instructor_notebook(source: Path, book: Book) -> NotebookNode:
    """Return a chapter's reader's notebook with the solutions in their places.

    A check of an unknown exercise is a ValueError that names it and the chapter.
    """
    notebook = reader_notebook(source, book)
    welcome, *rest = notebook.cells
    welcome.source = HEADING.sub(rf"# {MARK}\1", welcome.source, count=1)
    cells = [welcome, nbformat.v4.new_markdown_cell(NOTICE)]
    for cell in rest:
        if found := CHECK.search(cell.source if cell.cell_type == "code" else ""):
            cells.append(solution(found[1], source.name))
        cells.append(cell)
    notebook.cells = cells
    return with_stable_ids(notebook)


def solution(key: str, chapter: str) -> NotebookNode:
    """Return the cell that defines the course's own answer to an exercise."""
    if key not in EXERCISES:
        known = ", ".join(EXERCISES)
        raise ValueError(f"{chapter}: there is no exercise {key}; known: {known}")
    code = f"# The solution of {key}.\n{runnable(EXERCISES[key].reference)}"
    return nbformat.v4.new_code_cell(code, metadata={"tags": ["solution"]})


if __name__ == "__main__":
    sys.exit(main())
