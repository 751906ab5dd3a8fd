"""The wheel holds the whole package, and works without a network."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from offline import OFFLINE

ROOT = Path(__file__).resolve().parents[1]


def pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as `pip wheel .` builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--no-cache-dir", "--quiet"]
    pip("wheel", ".", *options, "--wheel-dir", folder)
    (built,) = folder.glob("gencourse-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a Python that has the wheel, no network and no src."""
    target = tmp_path_factory.mktemp("installed")
    offline = tmp_path_factory.mktemp("offline")
    home = tmp_path_factory.mktemp("home")
    pip("install", "--no-deps", "--no-index", "--quiet", "--target", target, wheel)
    (offline / "sitecustomize.py").write_text(OFFLINE)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GENCOURSE")}
    return kept | {
        "PYTHONPATH": os.pathsep.join(map(str, [offline, target])),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home),
        "GENCOURSE_PROFILE": "quick",
        "OMP_NUM_THREADS": "1",
        "WHEEL_TARGET": str(target),
    }


def run(code: str, environment: dict[str, str], folder: Path) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_wheel_holds_the_package_whole(wheel: Path):
    held = {
        name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name
    }
    src = ROOT / "src"
    ours = {
        path.relative_to(src).as_posix()
        for path in (src / "gencourse").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == ours
    assert "gencourse/py.typed" in held
    assert any(name.startswith("gencourse/embedded/") for name in held)


def test_wheel_carries_licence_and_command(wheel: Path):
    archive = zipfile.ZipFile(wheel)
    (licence,) = [n for n in archive.namelist() if n.endswith("licenses/LICENSE")]
    assert b"MIT License" in archive.read(licence)
    (entries,) = [n for n in archive.namelist() if n.endswith("entry_points.txt")]
    assert b"gencourse = gencourse.cli:app" in archive.read(entries)


def test_network_is_off(installed: dict[str, str], tmp_path: Path):
    """Else other tests would prove nothing. 192.0.2.1 is nobody's."""
    code = """
import socket
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except OSError as error:
    print(error)
try:
    socket.getaddrinfo("example.org", 80)
except OSError as error:
    print(error)
"""
    told = run(code, installed, tmp_path)
    assert told.count("the network is off") == 2


def test_data_loads_from_the_wheel(installed: dict[str, str], tmp_path: Path):
    code = """
import os, pathlib, gencourse
from gencourse import data
assert pathlib.Path(gencourse.__file__).is_relative_to(os.environ["WHEEL_TARGET"])
print(*data.load("fashion-mini", "train").x.shape)
print(*data.load("fashion-mini", "test").x.shape)
"""
    told = run(code, installed, tmp_path).splitlines()
    assert told == ["5000 1 28 28", "1000 1 28 28"]
