"""Read what was handed in, whatever it is: the code cells of a notebook."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_BYTES = 100 * 2**20
# A line that IPython alone understands, at the start of a statement.
_MAGIC = re.compile(
    r"^(\s*)(?:\w[\w, ]*=\s*)?[%!].*$|^(\s*)[\w.]+\?{1,2}\s*$|^(\s*)\?.*$"
)
_CELL_MAGICS_OF_PYTHON = ("%%time", "%%timeit", "%%capture", "%%prun")


class NoNotebook(ValueError):  # noqa: N818 - says what the file is
    """A file cannot be graded; the message says why."""


@dataclass(frozen=True)
class Cell:
    """A code cell: its number, counted as learners see it from 1, and its source."""

    number: int
    source: str


def read(path: Path) -> list[Cell]:
    """Return a notebook's code cells; a file that is none is a NoNotebook."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise NoNotebook(f"larger than {MOST_BYTES // 2**20} MB: clear its outputs")
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as why:
        raise NoNotebook(f"cannot be read: {why.strerror}") from None
    except (UnicodeDecodeError, RecursionError):
        raise NoNotebook("no notebook: it is not text in UTF-8") from None
    except NoNotebook:
        raise
    except ValueError as why:
        raise NoNotebook(f"broken JSON: {str(why)[:100]}") from None
    cells = _cells(content)
    return [
        Cell(number, plain(source))
        for number, cell in enumerate(cells, 1)
        if (source := _code(cell)).strip()
    ]


def _cells(content: Any) -> list[Any]:  # noqa: ANN401 - JSON
    if isinstance(content, dict):
        if isinstance(content.get("cells"), list):
            return list(content["cells"])
        sheets = content.get("worksheets")  # nbformat 3 and before
        if isinstance(sheets, list):
            found = [s.get("cells") for s in sheets if isinstance(s, dict)]
            return [
                cell for cells in found if isinstance(cells, list) for cell in cells
            ]
    raise NoNotebook("no notebook: it has no cells")


def _code(cell: Any) -> str:  # noqa: ANN401 - JSON
    if not isinstance(cell, dict) or cell.get("cell_type") != "code":
        return ""
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def plain(source: str) -> str:
    """Return a cell without what IPython alone understands; commands are left out."""
    source = source.replace("\r\n", "\n").replace("\x00", "")
    if source.lstrip().startswith("%%"):
        first, _, rest = source.lstrip().partition("\n")
        return plain(rest) if first.startswith(_CELL_MAGICS_OF_PYTHON) else ""
    if parses(source):
        return source
    lines = [_MAGIC.sub(r"\1\2\3pass", line) for line in source.split("\n")]
    without = "\n".join(lines)
    return without if parses(without) else source


def parses(source: str) -> bool:
    """Return whether this is Python; what the parser warns of is no matter."""
    return problem(source) is None


def problem(source: str) -> str | None:
    """Return what is wrong with a source's syntax, or None."""
    try:
        ast.parse(source)
    except SyntaxError as why:
        return f"{type(why).__name__} in line {why.lineno}: {why.msg}"
    except (ValueError, RecursionError, MemoryError) as why:
        return type(why).__name__
    return None
