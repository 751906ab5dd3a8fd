"""Which of a notebook's statements its answers need; the others are not run.

Grading takes seconds because a chapter's training and plots are left out. What is run,
in the notebook's order: imports; the answers' functions; each statement that binds or
changes a name which these need, directly or through others; and the calls of ``check``
and ``mine_or_reference``, which tell which function is meant for which exercise.
"""

from __future__ import annotations

import ast
import re
import symtable
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gencourse.exercises.core import EXERCISES
from gencourse.grading.reading import Cell, problem

TELLING = ("check", "mine_or_reference")


# A return outside a function and the like; a sum of a thousand terms.
UNREADABLE = (SyntaxError, ValueError, RecursionError)


@dataclass(frozen=True)
class Statement:
    """A statement at a cell's top level, and what it has to do with names."""

    cell: int
    source: str
    binds: frozenset[str]
    loads: frozenset[str]
    changes: frozenset[str]
    calls: frozenset[str]
    is_import: bool
    tells: dict[str, str]  # exercise -> name of the function that is meant


@dataclass
class Plan:
    """What to run, which function is meant for which exercise, and what is broken."""

    run: list[Statement]
    names: dict[str, str]
    broken: dict[int, str] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)  # function -> broken cell
    annotations: bool = False


def plan(cells: list[Cell]) -> Plan:
    """Return what to run of a notebook's cells."""
    broken = {c.number: why for c in cells if (why := problem(c.source))}
    whole = [c for c in cells if c.number not in broken]
    statements = [s for cell in whole for s in _statements(cell)]
    names = {key: name for s in statements for key, name in s.tells.items()}
    lost = {
        name: cell.number
        for cell in cells
        if cell.number in broken
        for name in re.findall(r"^[ \t]*def[ \t]+(\w+)", cell.source, re.MULTILINE)
    }
    for cell in cells:
        if cell.number in broken:  # the calls in it tell the chapter all the same
            found = re.findall(r"""["']([a-z]+\.\w+)["']""", cell.source)
            names = {k: k.partition(".")[2] for k in found if k in EXERCISES} | names
    names = _with_chapter(names, statements)
    future = any("__future__" in s.loads for s in statements)
    return Plan(_needed(statements, names), names, broken, lost, future)


def _with_chapter(names: dict[str, str], statements: list[Statement]) -> dict[str, str]:
    """Return all exercises of the chapters that a notebook belongs to."""
    chapters = {key.partition(".")[0] for key in names}
    if not chapters:  # no check is left: the functions' names tell
        bound = {name for s in statements if not s.is_import for name in s.binds}
        chapters = {k.partition(".")[0] for k in EXERCISES if k.split(".")[1] in bound}
    every = {k: k.split(".")[1] for k in EXERCISES if k.partition(".")[0] in chapters}
    return {key: names.get(key, name) for key, name in every.items()}


def _needed(statements: list[Statement], names: dict[str, str]) -> list[Statement]:
    needed = set(names.values())
    imported = {name for s in statements if s.is_import for name in s.binds}
    taken: set[int] = set()
    grown = True
    while grown:
        grown = False
        for number, s in reversed(list(enumerate(statements))):
            if number in taken:
                continue
            touched = s.binds | s.changes | (s.calls - imported)
            patches = s.changes & imported  # what it changes, answers may use
            if s.is_import or s.tells or patches or touched & needed:
                taken.add(number)
                grown = True
                needed |= s.loads
    return [statements[number] for number in sorted(taken)]


def _statements(cell: Cell) -> Iterator[Statement]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nodes = ast.parse(cell.source).body
        lines = cell.source.split("\n")
        for node, source in zip(nodes, _sources(nodes, lines), strict=True):
            yield _statement(cell.number, node, source)


def _sources(nodes: list[ast.stmt], lines: list[str]) -> Iterator[str]:
    """Return each statement as written; where several share a line, as Python's own."""
    spans = [(_first_line(node), node.end_lineno or node.lineno) for node in nodes]
    for number, (node, (first, last)) in enumerate(zip(nodes, spans, strict=True)):
        others = spans[max(0, number - 1) : number] + spans[number + 1 : number + 2]
        shared = any(a <= last and first <= b for a, b in others)
        whole = "\n".join(lines[first - 1 : last])
        try:
            yield ast.unparse(node) if shared else whole
        except RecursionError:
            yield whole


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


def _statement(cell: int, node: ast.stmt, source: str) -> Statement:
    try:
        top = symtable.symtable(source, "<cell>", "exec")
    except UNREADABLE:
        none = frozenset[str]()
        return Statement(cell, source, none, none, none, none, False, {})
    symbols = top.get_symbols()
    is_import = isinstance(node, (ast.Import, ast.ImportFrom))
    binds = {s.get_name() for s in symbols if s.is_assigned() or s.is_imported()}
    loads = {s.get_name() for s in symbols if s.is_referenced()} | set(_inner(top))
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        loads.add("__future__")
    touched = frozenset(_changed(node))
    changes, calls = touched, frozenset[str]()
    if isinstance(node, ast.Expr):
        changes, calls = calls, changes
    return Statement(
        cell,
        source,
        frozenset(binds),
        frozenset(loads),
        changes,
        calls,
        is_import,
        dict(_told(node)),
    )


def _inner(table: symtable.SymbolTable) -> Iterator[str]:
    for scope in table.get_children():
        yield from (s.get_name() for s in scope.get_symbols() if s.is_global())
        yield from _inner(scope)


def _changed(node: ast.stmt) -> Iterator[str]:
    """Return the names whose insides a statement changes: x.a = 1, x[0] = 1, x.f()."""
    targets: Iterable[ast.AST] = ()
    if isinstance(node, (ast.Assign, ast.Delete)):
        targets = node.targets
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        targets = [node.target]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        targets = [node.value.func]
    for target in targets:
        root = target
        while isinstance(root, (ast.Attribute, ast.Subscript)):
            root = root.value
        if root is not target and isinstance(root, ast.Name):
            yield root.id


def _told(node: ast.stmt) -> Iterator[tuple[str, str]]:
    for call in ast.walk(node):
        if not (isinstance(call, ast.Call) and len(call.args) == 2):
            continue
        called, (key, answer) = call.func, call.args
        said = getattr(called, "id", getattr(called, "attr", None))
        if (
            said in TELLING
            and isinstance(key, ast.Constant)
            and isinstance(key.value, str)
            and key.value in EXERCISES
        ):
            own = key.value.partition(".")[2]
            yield key.value, answer.id if isinstance(answer, ast.Name) else own
