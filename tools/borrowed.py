"""Lend a virtual environment the heavy packages of the environment that runs this.

Torch and what it needs take gigabytes. A link serves as well where the versions of
lighter packages are what matters. Pip sees the borrowed packages as installed, and
never touches them: they lie outside its environment.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HEAVY = (
    "torch",
    "torchvision",
    "triton",
    "setuptools",
    "numpy",
    "scipy",
    "scikit-learn",
    "matplotlib",
    "pillow",
)


def light(pins: str) -> list[str]:
    """Return the lines of a requirements file that are not borrowed."""
    lines = [line.partition("#")[0].strip() for line in pins.splitlines()]
    return [line for line in filter(None, lines) if name_of(line) not in HEAVY]


def name_of(requirement: str) -> str:
    """Return the canonical name of what a line of requirements asks for."""
    return canonicalize_name(Requirement(requirement).name)


def lend(site_packages: Path, without: set[str]) -> None:
    """Link the heavy packages, and what they need, into reach of a site-packages."""
    folder = site_packages / "borrowed-packages"
    folder.mkdir(exist_ok=True)
    for name, found in needed(*HEAVY).items():
        if name not in without:
            link(found, folder)
    (site_packages / "borrowed.pth").write_text(f"{folder}\n", encoding="utf-8")


def needed(*names: str) -> dict[str, Distribution]:
    """Return what these packages need to run here, themselves included, by name."""
    found: dict[str, Distribution] = {}
    waiting, seen = list(map(Requirement, names)), set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if (name, *wanted.extras) in seen:
            continue
        seen.add((name, *wanted.extras))
        with contextlib.suppress(PackageNotFoundError):  # needed on other systems only
            found[name] = distribution(name)
            waiting += needs(found[name], wanted.extras)
    return found


def needs(package: Distribution, extras: set[str]) -> Iterator[Requirement]:
    """Yield what a package needs on this system, with these extras."""
    for each in map(Requirement, package.requires or []):
        chosen = ({"extra": extra} for extra in ("", *extras))
        if not each.marker or any(map(each.marker.evaluate, chosen)):
            yield each


def link(package: Distribution, folder: Path) -> None:
    """Link each folder and file of a package that lies in site-packages itself."""
    tops = {file.parts[0] for file in package.files or []} - {"..", "__pycache__"}
    for top in tops:
        target = Path(str(package.locate_file(top)))
        if target.exists() and not (folder / top).exists():
            (folder / top).symlink_to(target)
