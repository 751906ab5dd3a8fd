"""Prove the learner's path in a fresh environment: what ``make fresh`` does.

A virtual environment gets the packages of a list of pins, such as those that a hosted
notebook has, and nothing of the course. In an empty folder the first cell of a reader's
notebook runs as it is: it must install the course and change no package that was there.
Then the network goes off, and every reader's notebook runs from top to bottom.

The first cell installs from the repository's public address. Git is told to read the
clone on this machine instead, so what is proven is the last commit here.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from borrowed import lend, light, name_of
from offline import clean, offline, run
from packaging.utils import canonicalize_name
from site_config import ROOT, read_site

Packages = dict[str, str]


def main(arguments: list[str] | None = None) -> int:
    """Build the environment, run the notebooks, print a line each; 1 if one fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", help="names, e.g. density; default all")
    parser.add_argument("--python", default=sys.executable, help="builds the venv")
    parser.add_argument("--pins", type=Path, help="requirements file; default: none")
    parser.add_argument(
        "--borrow", action="store_true", help="link this environment's torch and like"
    )
    parser.add_argument("--environment", type=Path, help="a folder to keep the venv in")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    given = parser.parse_args(arguments)
    try:
        paths = reader_notebooks(given.root, given.notebooks)
        with folder_for(given.environment) as folder:
            python = environment(
                folder / "venv", given.python, given.pins, given.borrow
            )
            return int(not prove(python, paths, given.root, folder))
    except (ValueError, subprocess.CalledProcessError) as error:
        print(told(error), file=sys.stderr)
        return 1


def told(error: Exception) -> str:
    """Return an error with the last lines of what a command said."""
    said = (getattr(error, "stderr", "") or "").strip().splitlines()[-5:]
    return "\n".join([str(error), *said])


def reader_notebooks(root: Path, names: list[str]) -> list[Path]:
    """Return the readers' notebooks of these names, or all; ValueError for another."""
    known = {path.stem: path for path in sorted((root / "notebooks").glob("*.ipynb"))}
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"no notebook {', '.join(unknown)}; known: {', '.join(known)}")
    return [known[name] for name in names or known]


@contextlib.contextmanager
def folder_for(kept: Path | None) -> Iterator[Path]:
    """Give the folder named, made if need be, or one that is deleted at the end."""
    if kept:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="gencourse-fresh-") as made:
        yield Path(made)


def environment(venv: Path, builder: str, pins: Path | None, borrow: bool) -> Path:
    """Return the Python of a virtual environment that holds the pins.

    It is built where it is missing or stayed half-built.
    """
    python, ready = venv / "bin" / "python", venv / "ready"
    if ready.is_file():
        return python
    quietly([builder, "-m", "venv", "--clear", str(venv)])
    if borrow:
        borrowed_environment(python, pins.read_text(encoding="utf-8") if pins else "")
    elif pins:
        pip(python, "install", "--quiet", "--requirement", str(pins))
    ready.touch()
    return python


def borrowed_environment(python: Path, pins: str) -> None:
    """Link the heavy packages and install the light pins alone."""
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site_packages = Path(quietly([str(python), "-c", where]).strip())
    wanted = light(pins)
    lend(site_packages, without={name_of(line) for line in wanted})
    pip(python, "uninstall", "--quiet", "--yes", "setuptools")  # else it hides the link
    pip(python, "install", "--quiet", *wanted)


def quietly(command: list[str], folder: Path | None = None) -> str:
    """Return what a command prints; where it fails, raise CalledProcessError."""
    done = subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


def pip(python: Path, *arguments: str) -> str:
    """Return what pip prints for a Python."""
    options = ["-m", "pip", "--disable-pip-version-check"]
    return quietly([str(python), *options, *arguments])


def packages(python: Path) -> Packages:
    """Return the versions of what is installed, by name."""
    listed = json.loads(pip(python, "list", "--format", "json"))
    return {canonicalize_name(each["name"]): each["version"] for each in listed}


def changed(before: Packages, after: Packages) -> list[str]:
    """Return a line for each package that went away or has another version."""
    return [
        f"{name} {version} -> {after.get(name, 'gone')}"
        for name, version in before.items()
        if after.get(name) != version
    ]


def prove(python: Path, paths: list[Path], root: Path, folder: Path) -> bool:
    """Run the first cell, then every notebook offline; return whether all went well."""
    before = packages(python)
    first = nbformat.read(paths[0], as_version=4)
    cells = [cell for cell in first.cells if cell.cell_type == "code"][:1]
    began = time.monotonic()
    error = run(nbformat.v4.new_notebook(cells=cells), python, from_clone(root, folder))
    after = packages(python)
    differences = changed(before, after)
    added = sorted(f"{name} {after[name]}" for name in after.keys() - before.keys())
    print(f"first cell: {error or 'ok'}, {time.monotonic() - began:.0f} s")
    print(f"added: {', '.join(added) or 'nothing'}")
    print(f"changed: {', '.join(differences) or 'nothing'}")
    good = not error and not differences and "gencourse" in after
    for path in paths if good else ():
        began = time.monotonic()
        error = run(nbformat.read(path, as_version=4), python, offline(folder))
        print(f"{path.stem}: {error or 'ok'}, {time.monotonic() - began:.0f} s")
        good &= not error
    return good


def from_clone(root: Path, folder: Path) -> dict[str, str]:
    """Return an environment where git reads this clone at the public address."""
    return clean(folder) | {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"url.{root.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": read_site(root).repository,
        "GIT_CONFIG_KEY_1": "safe.directory",
        "GIT_CONFIG_VALUE_1": "*",
    }


if __name__ == "__main__":
    sys.exit(main())
