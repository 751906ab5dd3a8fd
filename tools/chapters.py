"""What the notebook tools share: where chapters are, how they are read and written."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

FORMAT = "py:percent"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def chapter_sources(root: Path, names: list[str] | None = None) -> list[Path]:
    """Return book/chapters/NAME.py of every chapter, or of those named.

    A name without a chapter is a ValueError that lists those there are.
    """
    return _named(sorted(root.glob("book/chapters/*.py")), names)


def page_sources(root: Path, names: list[str] | None = None) -> list[Path]:
    """Return the sources of the chapters, and of the appendix's pages with outputs.

    These have no exercises and no reader's notebook. See `chapter_sources`.
    """
    appendix = sorted(root.glob("book/appendix/*.py"))
    return _named([*chapter_sources(root), *appendix], names)


def _named(sources: list[Path], names: list[str] | None) -> list[Path]:
    found = {path.stem: path for path in sources}
    if unknown := sorted(set(names or []) - set(found)):
        known = ", ".join(found) or "none"
        raise ValueError(f"no chapter {', '.join(unknown)}; there are: {known}")
    return [found[name] for name in names] if names else list(found.values())


def read_source(path: Path) -> NotebookNode:
    """Return the notebook that a py:percent file stands for, with stable cell ids."""
    notebook = jupytext.read(path, fmt=FORMAT)
    notebook.metadata.setdefault("kernelspec", KERNEL)
    return with_stable_ids(notebook)


def with_stable_ids(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook with each cell's id made from what the cell says.

    An edit then changes one id, and writing twice changes nothing.
    """
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        text = f"{cell.cell_type}\n{cell.source}".encode()
        digest = hashlib.sha256(text).hexdigest()[:12]
        seen[digest] += 1
        cell["id"] = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def write_whole(notebook: NotebookNode, path: Path) -> None:
    """Write the notebook, valid and all at once: no reader sees half a file."""
    nbformat.validate(notebook)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(as_text(notebook), encoding="utf-8")
    os.replace(draft, path)


def as_text(notebook: NotebookNode) -> str:
    """Return the file's text, as nbformat writes it."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"
