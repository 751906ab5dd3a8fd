"""What the text of a notebook says about how it treats the course's checks.

Only a look: what is hidden from it is no proof of anything, and what it finds is for
the teacher to read.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

from gencourse.grading.reading import Cell, parses

_CHECKS = ("check", "examine", "mine_or_reference", "todo", "EXERCISES", "Verdict")
_READING = ("getsource", "getsourcelines", "getsourcefile")
_CHANGING = ("clear", "pop", "popitem", "update", "setdefault", "__setitem__")


@dataclass
class Scan:
    """What was found: replaced parts of the checks, and notes for the teacher."""

    replaced: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def scan(cells: list[Cell]) -> Scan:
    """Return what the code cells of a notebook say."""
    found, names = Scan(), dict[str, str]()
    for cell in cells:
        if not parses(cell.source):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(cell.source)
        for node in ast.walk(tree):
            names.update(_imported(node))
        for name in set(names) & set(_bound(tree)):
            del names[name]  # a list `todo` of the learner's is no part of the checks
        for node in ast.walk(tree):
            for what in _replaced(node, names):
                found.replaced.append(f"{what} (cell {cell.number})")
            found.notes += [f"cell {cell.number} {note}" for note in _noted(node)]
    return found


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            whole = alias.name if alias.asname else alias.name.partition(".")[0]
            yield alias.asname or whole, whole
    elif isinstance(node, ast.ImportFrom) and node.module:
        for alias in node.names:
            yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _bound(tree: ast.AST) -> Iterator[str]:
    """Return the names that a cell gives to things of its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


def _path(node: ast.AST, names: dict[str, str]) -> str:
    """Return what an expression such as core.EXERCISES["x"] is a part of."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        inner = _path(node.value, names)
        return f"{inner}.{node.attr}" if inner else ""
    if isinstance(node, ast.Subscript):
        return _path(node.value, names)
    return ""


def _replaced(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    targets: list[ast.expr] = []
    if isinstance(node, (ast.Assign, ast.Delete)):
        targets = [t for t in node.targets if not isinstance(t, ast.Name)]
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        targets = [node.target] if not isinstance(node.target, ast.Name) else []
    elif isinstance(node, ast.Call):
        func = node.func
        if getattr(func, "id", "") in ("setattr", "delattr") and node.args:
            targets = node.args[:1]
        if isinstance(func, ast.Attribute) and func.attr in _CHANGING:
            targets = [func.value]
    for target in targets:
        path = _path(target, names)
        if path.startswith(("gencourse.exercises", "gencourse.grading")):
            yield path


def _noted(node: ast.AST) -> Iterator[str]:
    bound = getattr(node, "name", None) if isinstance(node, ast.FunctionDef) else None
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        bound = node.id
    if bound in _CHECKS:
        yield f"defines its own {bound}: what it prints is ignored"
    if isinstance(node, ast.Attribute) and node.attr in _READING:
        yield f"reads source code ({node.attr})"
    if isinstance(node, ast.Attribute) and node.attr == "reference":
        yield "takes a .reference"
    if isinstance(node, ast.Attribute) and node.attr in ("__code__", "__globals__"):
        yield f"takes a function apart ({node.attr})"
