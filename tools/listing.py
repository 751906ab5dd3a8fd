"""The source of one object of a module, as a page shows it."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path


def source_of(path: Path, name: str) -> str:
    """Return the source of ``function`` or ``Class.method``, decorators included."""
    text = path.read_text(encoding="utf-8")
    nodes: list[ast.stmt] = ast.parse(text).body
    found: ast.stmt | None = None
    for part in name.split("."):
        found = next((n for n in nodes if getattr(n, "name", None) == part), None)
        if not isinstance(found, (ast.FunctionDef, ast.ClassDef)):
            raise ValueError(f"{path.name} has no {name}")
        nodes = found.body
    assert isinstance(found, (ast.FunctionDef, ast.ClassDef))
    start = min([found.lineno, *(each.lineno for each in found.decorator_list)])
    return textwrap.dedent("\n".join(text.split("\n")[start - 1 : found.end_lineno]))
