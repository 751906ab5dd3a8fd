"""Run every reader's notebook with what is installed, and report in Markdown.

The scheduled workflow "newest" calls it where the newest releases of torch and its
friends were installed. It compares their versions with the pins of requirements.txt,
and says which pages will soon be too old to build.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

import nbformat
from offline import clean, run
from packaging.requirements import Requirement
from site_config import ROOT

NAMES = (
    *("torch", "torchvision", "numpy", "lightning-fabric", "safetensors", "pooch"),
    *("matplotlib", "scikit-learn", "scipy", "ipywidgets", "ipython", "pillow"),
)
SOON = 30  # days


@dataclass(frozen=True)
class Ran:
    """What became of a notebook: its name, its first error or "", and the seconds."""

    name: str
    error: str
    seconds: float


def main(arguments: list[str] | None = None) -> int:
    """Run the notebooks, write the report; return 1 where it has bad news."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", help="names, e.g. density; default all")
    parser.add_argument("--report", type=Path, help="a file to write, beside printing")
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    given = parser.parse_args(arguments)
    known = {path.stem: path for path in sorted(given.root.glob("notebooks/*.ipynb"))}
    if unknown := [name for name in given.notebooks if name not in known]:
        parser.error(f"no notebook {', '.join(unknown)}; known: {', '.join(known)}")
    results = [try_one(known[name], given.python) for name in given.notebooks or known]
    stale = soon_stale(given.root)
    text = report(results, versions(), pins(given.root), stale)
    if given.report:
        given.report.write_text(text, encoding="utf-8")
    print(text)
    return int(bool(stale) or any(result.error for result in results))


def try_one(path: Path, python: Path) -> Ran:
    """Run a notebook in an empty folder, in the profile quick."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        variables = clean(Path(home)) | {"GENCOURSE_PROFILE": "quick"}
        try:
            error = run(nbformat.read(path, as_version=4), python, variables)
        except (RuntimeError, ValueError) as broken:  # no kernel, or no notebook
            error = f"{type(broken).__name__}: {broken}"[:300]
    return Ran(path.stem, error, time.monotonic() - began)


def versions() -> dict[str, str]:
    """Return the versions that are installed here, "none" for what is missing."""
    found = {"Python": sys.version.split()[0]}
    for name in NAMES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def pins(root: Path) -> dict[str, str]:
    """Return the pinned versions by name."""
    lines = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and line[0] != "#"]
    return {each.name: str(each.specifier).removeprefix("==") for each in wanted}


def soon_stale(root: Path) -> list[str]:
    """Return a line for each page that will be too old to build within 30 days."""
    age = ages()
    now = age.today(os.environ)
    paths = sorted((root / "book").rglob("*.ipynb"))
    return [line for p in paths if (line := age.fault(p, now, age.DAYS - SOON))]


def ages() -> ModuleType:
    """Return the book's module of that name, without the rest of its extension.

    The whole of it needs what builds the site, and that is not installed here.
    """
    path = ROOT / "book" / "_ext" / "gencourse_book" / "age.py"
    spec = importlib.util.spec_from_file_location("gencourse_age", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def report(
    results: list[Ran],
    installed: dict[str, str],
    pinned: dict[str, str],
    stale: list[str],
) -> str:
    """Return the report in Markdown."""
    failed = [result.name for result in results if result.error]
    said = f"{len(failed)} of {len(results)} fail" if failed else "all notebooks run"
    lines = [f"## The readers' notebooks with the newest releases: {said}", ""]
    lines += ["| notebook | | seconds |", "| --- | --- | --- |"]
    for result in results:
        told = cell(result.error) or "ok"
        lines.append(f"| {result.name} | {told} | {result.seconds:.0f} |")
    lines += ["", "| package | installed | pinned |", "| --- | --- | --- |"]
    for name, found in installed.items():
        lines.append(f"| {name} | {found} | {pinned.get(name, '')} |")
    if stale:
        days = f"{SOON} days before they are too old to build"
        lines += ["", f"Pages that want to be run again, {days}:", ""]
        lines += [f"- {line}" for line in stale]
    return "\n".join(lines) + "\n"


def cell(text: str) -> str:
    """Return text as it may stand in a cell of a Markdown table."""
    plain = " ".join(text.split()).replace("|", "\\|").replace("`", "'")
    return f"`{plain}`" if plain else ""


if __name__ == "__main__":
    sys.exit(main())
