"""Make of a function of the package a text that runs in a notebook's cell."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from typing import Any

# Annotations of the package are not evaluated; in a cell they must not be, either.
START = "from __future__ import annotations"


def runnable(function: Callable[..., Any]) -> str:
    """Return a function's source under the imports of all that it names.

    What its module imports is imported in the same way. What its module defines, such
    as a helper, is imported from there.
    """
    source = inspect.getsource(function).rstrip()
    tree = ast.parse(source)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used.discard(function.__name__)
    module = inspect.getmodule(function)
    assert module is not None, function
    parts = [START, *imports(ast.parse(inspect.getsource(module)), used)]
    if own := sorted(used & defined(ast.parse(inspect.getsource(module)))):
        parts.append(f"from {module.__name__} import {', '.join(own)}")
    return "\n".join(parts) + f"\n\n\n{source}"


def imports(module: ast.Module, used: set[str]) -> Iterator[str]:
    """Yield the module's import statements, cut down to the names that are used."""
    for node in ast.walk(module):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        names = [a for a in node.names if (a.asname or a.name.split(".")[0]) in used]
        if names:
            node.names = names
            yield ast.unparse(node)


def defined(module: ast.Module) -> set[str]:
    """Return the names of the functions, classes and values that a module makes."""
    found: set[str] = set()
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {t.id for t in targets if isinstance(t, ast.Name)}
    return found
