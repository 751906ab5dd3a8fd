"""The stamp of a chapter: a hash of everything of ours that its outputs rest on.

Its code cells, the gencourse modules that they import, directly or through others, and
the weights that they load by name.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

PACKAGE = "gencourse"
ENDINGS = (".json", ".safetensors")
SCOREBOARD = "scoreboard"  # what imports it shows every checkpoint


def stamp(notebook: NotebookNode, root: Path) -> str:
    """Return the SHA-256 of the notebook's code and of what it rests on, in hex."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    code = python_of(cells)
    digest = hashlib.sha256()
    for cell in cells:
        digest.update(cell.encode() + b"\0")
    for path in [*modules_of(code, root / "src"), *weights_of(code, root / "src")]:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def python_of(cells: list[str]) -> str:
    """Return the cells as one module, what only IPython reads turned into calls."""
    return "\n".join(TransformerManager().transform_cell(cell) for cell in cells)


def weights_of(code: str, src: Path) -> list[Path]:
    """Return the files of what the code names in ``load("…")`` or ``measured("…")``.

    Where it shows the scoreboard, of all checkpoints.
    """
    calls = [
        (ast.unparse(call.func).split(".")[-1], call.args[0].value)
        for call in ast.walk(ast.parse(code))
        if isinstance(call, ast.Call)
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    ]
    checkpoints, kept = src / PACKAGE / "checkpoints", src / PACKAGE / "measured"
    found = [kept / f"{name}.json" for verb, name in calls if verb == "measured"]
    if f"{PACKAGE}.{SCOREBOARD}" in imported(ast.parse(code), package=""):
        found += checkpoints.rglob("*")
    for verb, name in calls:
        if verb == "load":
            found += [checkpoints / f"{name}{end}" for end in ENDINGS]
    return sorted({path for path in found if path.is_file()})


def modules_of(code: str, src: Path) -> list[Path]:
    """Return the files of the package that the code imports, and theirs in turn."""
    todo = [*imported(ast.parse(code), package="")]
    seen: set[str] = set()
    files: set[Path] = set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for path, scope, package in resolve(name, src):
            files.add(path)
            todo += imported(scope, package)
    return sorted(files)


def imported(tree: ast.AST, package: str) -> Iterator[str]:
    """Yield each dotted name of ours that is imported or reached as an attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join(parents) if node.level else ""
            start = ".".join(part for part in (base, node.module or "") if part)
            names = [f"{start}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Attribute):
            names = [ast.unparse(node)]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == PACKAGE)


def resolve(name: str, src: Path) -> Iterator[tuple[Path, ast.AST, str]]:
    """Yield, for each module on the way to a dotted name, what of it is used.

    That is a module's file, the part of it whose imports count, and the package that
    relative imports in it start from.
    """
    folder, parts = src, name.split(".")
    for position, part in enumerate(parts):
        package = ".".join(parts[: position + 1])
        module, init = folder / f"{part}.py", folder / part / "__init__.py"
        if module.is_file():
            parent = ".".join(parts[:position])
            yield module, ast.parse(module.read_text(encoding="utf-8")), parent
            return
        if not init.is_file():
            return
        rest = parts[position + 1] if position + 1 < len(parts) else None
        yield init, part_in_use(init, rest), package
        folder /= part


def part_in_use(init: Path, name: str | None) -> ast.AST:
    """Return a package's ``__init__``; of our own, without the functions not in use.

    Else ``gencourse.load``, which can build every model, would tie each chapter that
    says ``gencourse`` at all to all of them.
    """
    tree = ast.parse(init.read_text(encoding="utf-8"))
    if init.parent.name == PACKAGE:
        tree.body = [
            node
            for node in tree.body
            if not isinstance(node, ast.FunctionDef) or node.name == name
        ]
    return tree
