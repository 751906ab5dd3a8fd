"""What holds for the repository as a whole: one address, small files, honest pins."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from picture import PATH, picture
from site_config import ROOT, read_site

import gencourse

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MEGABYTE = 10**6
TARGETS = {"book", "test", "lab", "run", "notebooks", "serve", "lint", "bench", "clean"}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def tracked() -> list[Path]:
    """Return every file that the repository holds or would hold."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file()]


def requirements(lines: list[str]) -> dict[str, Requirement]:
    kept = [line.split("#")[0].strip() for line in lines]
    return {r.name: r for r in (Requirement(line) for line in kept if line)}


def test_the_address_stands_in_one_place():
    site = read_site(ROOT)
    address = re.compile(
        f"{re.escape(site.owner)}/{re.escape(site.name)}\\b(?!/)"
        f"|{re.escape(site.owner)}\\.github\\.io",
        re.IGNORECASE,
    )
    holders = {
        path.relative_to(ROOT).as_posix()
        for path in tracked()
        if b"\0" not in (data := path.read_bytes())
        and address.search(data.decode(errors="replace"))
    }
    generated = {name for name in holders if name.startswith("notebooks/")}
    assert holders - generated - {"CITATION.cff"} == {"_config.yml"}


def test_files_are_small():
    large = {path: size for path in tracked() if (size := path.stat().st_size) > 5e6}
    assert large == {}


def test_the_repository_is_small():
    assert sum(path.stat().st_size for path in tracked()) < 60 * MEGABYTE


def test_the_package_asks_for_lower_bounds_only():
    extras = PROJECT["optional-dependencies"].values()
    for line in [*PROJECT["dependencies"], *(one for extra in extras for one in extra)]:
        operators = {part.operator for part in Requirement(line).specifier}
        assert operators == {">="}, line
    assert PROJECT["requires-python"] == ">=3.10"


def test_pins_are_exact_and_cover_the_package():
    pinned = requirements((ROOT / "requirements.txt").read_text().splitlines())
    for name, pin in pinned.items():
        assert [part.operator for part in pin.specifier] == ["=="], name
    extras = PROJECT["optional-dependencies"].values()
    asked = requirements(
        [*PROJECT["dependencies"], *(one for extra in extras for one in extra)]
    )
    backend = requirements(PYPROJECT["build-system"]["requires"])
    for name, asking in {**asked, **backend}.items():
        assert name in pinned, f"requirements.txt does not pin {name}"
        version = next(iter(pinned[name].specifier)).version
        assert asking.specifier.contains(version, prereleases=True), name


def test_the_version_stands_for_the_same_everywhere():
    assert PROJECT["version"] == gencourse.__version__
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"[{gencourse.__version__}]" in changes or "[Unreleased]" in changes


def test_make_help_lists_every_target():
    told = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert {line.split()[1] for line in told.splitlines()} >= TARGETS
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {f"make {name}" for name in ("book", "test")} <= set(
        re.findall(r"make [a-z]+", readme)
    )


@pytest.mark.parametrize("target", sorted(TARGETS - {"clean"}))
def test_every_target_sets_up_by_itself(target: str):
    assert re.search(rf"^{target}: \$\(READY\)", MAKEFILE, re.MULTILINE)


def test_a_python_that_is_too_old_is_refused(tmp_path: Path):
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).touch()
    for given, told in ((str(old), "no Python of 3.11"), ("", "found none")):
        done = subprocess.run(
            ["make", "install", f"PYTHON={given}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode != 0
        assert told in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_make_test_fails_when_either_half_fails(tmp_path: Path):
    """With stand-ins for both halves: the exit code is that of the worse."""
    rule = re.search(r"^test: .*\n(?:\t.*\n)+", MAKEFILE, re.MULTILINE)
    assert rule is not None
    for code, notebooks, expected in ((0, 0, 0), (1, 0, 2), (0, 1, 2)):
        (tmp_path / "Makefile").write_text(
            f"test-code:\n\t@exit {code}\ntest-notebooks:\n"
            f"\t@echo notebooks ran; exit {notebooks}\n{rule.group()}"
        )
        environment = {k: v for k, v in os.environ.items() if "MAKE" not in k}
        done = subprocess.run(
            ["make", "test"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == expected
        assert "notebooks ran" in done.stdout


def test_ci_runs_what_the_readme_says():
    path = ROOT / ".ci" / "run"
    assert os.access(path, os.X_OK)
    text = path.read_text(encoding="utf-8")
    steps = re.findall(r"^step \S+ (make \w+)$", text, re.MULTILINE)
    assert steps == ["make install", "make test", "make lint", "make book"]


def test_workflows_pin_actions_and_keep_no_rights():
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        text = path.read_text(encoding="utf-8")
        for action in re.findall(r"uses: (.+)", text):
            assert re.fullmatch(r"\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action
        assert "\npermissions: {}\n" in text
        assert text.count("actions/checkout@") == text.count(
            "persist-credentials: false"
        )
        assert 0 < text.count("runs-on:") <= text.count("timeout-minutes:")


def test_the_readmes_picture_is_fresh():
    assert PATH.read_text(encoding="utf-8") == picture(), "make notebooks"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert PATH.relative_to(ROOT).as_posix() in readme
    assert "<a " not in picture()


def test_files_that_the_readme_names_exist():
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^):]+)\)", text):
            assert (ROOT / target).exists(), target
