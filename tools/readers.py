"""Write the reader's notebooks, for Colab and Jupyter: what ``make notebooks`` does.

notebooks/NAME.ipynb comes from book/chapters/NAME.py: plain Markdown, no solutions and
no outputs, and a first cell that installs the package where it is missing. A chapter
whose first cell has the tag ``gpu`` asks Colab for one.

Tags that are understood: ``solution`` and ``site-only`` cells are left out; what the
site hides (``hide-input``, ``remove-cell`` and their like) is folded.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import nbformat
from book_index import HEADING, Book
from chapters import (
    KERNEL,
    as_text,
    chapter_sources,
    read_source,
    with_stable_ids,
    write_whole,
)
from flatten import Flattener
from nbformat import NotebookNode
from opening import help_with, opening, seconds_of
from site_config import ROOT, read_site

LEFT_OUT = {"solution", "site-only"}
HIDDEN = {f"{verb}-{what}" for verb in ("hide", "remove") for what in ("cell", "input")}
KEPT_TAGS = {"exercise", "experiment", "raises-exception", "nbval-skip"}


def main(arguments: list[str] | None = None) -> int:
    """Write the notebooks, or compare those on disk; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chapters", nargs="*", help="names, e.g. density; default: all")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    given = parser.parse_args(arguments)
    try:
        sources = chapter_sources(given.root, given.chapters)
        book = Book(given.root, read_site(given.root))
        written = {path.stem: reader_notebook(path, book) for path in sources}
    except ValueError as error:
        parser.error(str(error))
    if given.check:
        problems = differences(given.root, written)
        print("\n".join(problems) or "every reader's notebook is fresh")
        return int(bool(problems))
    for name, notebook in written.items():
        write_whole(notebook, given.root / "notebooks" / f"{name}.ipynb")
        print(f"notebooks/{name}.ipynb")
    return 0


def differences(root: Path, written: dict[str, NotebookNode]) -> list[str]:
    """Return a line for each notebook that is missing, behind or without a chapter."""
    found = []
    for name, notebook in written.items():
        path = root / "notebooks" / f"{name}.ipynb"
        if not path.is_file() or path.read_text(encoding="utf-8") != as_text(notebook):
            found.append(f"notebooks/{name}.ipynb is not fresh: make notebooks")
    for path in sorted(root.glob("notebooks/*.ipynb")):
        if not (root / "book" / "chapters" / f"{path.stem}.py").is_file():
            found.append(f"notebooks/{path.name} has no chapter: delete it")
    return found


def reader_notebook(source: Path, book: Book) -> NotebookNode:
    """Return the reader's notebook of a chapter.

    What has no plain form is a ValueError that names the chapter and the cell.
    """
    chapter = read_source(source)
    page = f"chapters/{source.stem}"
    flattener = Flattener(book, page)
    if not chapter.cells or not HEADING.search(text_of(chapter.cells[0])):
        raise ValueError(f"{source.name}: the first cell must be text with a title")
    title = flattener.inline.plain(book.title(page))
    wants_gpu = "gpu" in tags_of(chapter.cells[0])
    cells = opening(title, page, book.site, seconds_of(source))
    for number, cell in enumerate(chapter.cells):
        try:
            cells += reader_cell(cell, flattener)
            cells[-1].source += help_with(chapter.cells[number:], page, book.site)
        except ValueError as error:
            start = cell.source.strip().split("\n")[0]
            where = f"{source.name}, cell {number + 1} ({start[:50]})"
            raise ValueError(f"{where}: {error}") from error
    notebook = nbformat.v4.new_notebook(
        cells=without_title(cells), metadata=metadata(wants_gpu)
    )
    return with_stable_ids(notebook)


def reader_cell(cell: NotebookNode, flattener: Flattener) -> list[NotebookNode]:
    """Return what a chapter's cell becomes: one cell or none."""
    tags = tags_of(cell)
    if tags & LEFT_OUT:
        return []
    kept = sorted(tags & KEPT_TAGS)
    meta: dict[str, object] = {"tags": kept} if kept else {}
    if cell.cell_type == "code":
        if tags & HIDDEN:
            meta |= {"cellView": "form", "jupyter": {"source_hidden": True}}
        return [nbformat.v4.new_code_cell(cell.source, metadata=meta)]
    text = "" if "remove-cell" in tags else flattener.flatten(cell.source)
    return [nbformat.v4.new_markdown_cell(text, metadata=meta)] if text else []


def without_title(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Return the cells without the chapter's own title: the opening says it."""
    welcome, install, *rest = cells
    if rest and rest[0].cell_type == "markdown":
        rest[0].source = HEADING.sub("", rest[0].source, count=1).strip("\n")
        rest = rest if rest[0].source else rest[1:]
    return [welcome, install, *rest]


def tags_of(cell: NotebookNode) -> set[str]:
    """Return a cell's tags."""
    return set(cell.metadata.get("tags", []))


def text_of(cell: NotebookNode) -> str:
    """Return a cell's Markdown, "" for one of code."""
    return str(cell.source) if cell.cell_type == "markdown" else ""


def metadata(wants_gpu: bool) -> dict[str, object]:
    """Return a notebook's metadata, as Jupyter and Colab read it."""
    found: dict[str, object] = {
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
    }
    if wants_gpu:
        found |= {"accelerator": "GPU", "colab": {"gpuType": "T4"}}
    return found


if __name__ == "__main__":
    sys.exit(main())
