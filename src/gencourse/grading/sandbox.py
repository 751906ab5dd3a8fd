"""How a submission is kept from the network and from the teacher's files.

Bubblewrap if it is there, else ``unshare``, else nothing, and then this is said.
"""

from __future__ import annotations

import functools
import os
import shutil
import site
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import gencourse

PACKAGE = Path(gencourse.__file__).parent
BOOT = (
    "import sys; sys.path[:] = {path!r}; "
    "from gencourse.grading.child import main; main()"
)
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SOME_OF_ETC = ("ld.so.cache", "alternatives", "localtime")
OPEN = (
    "cannot isolate: neither bwrap nor unshare works here, so the network and the "
    "teacher's files are open to submissions"
)
_SMALL = ("--size", str(64 * 2**20), "--tmpfs")  # bubblewrap knows --size since 0.5
# Everything that is mounted becomes read-only, then the folder to work in is laid over.
# The capabilities that could undo it are dropped.
_REMOUNT = """
set -e
cut -d' ' -f5 /proc/self/mountinfo | while read -r at; do
  mount -o remount,bind,ro "$at" 2>/dev/null || [ "$at" != / ]
done
for at in /run /var/run; do  # a socket there leads to a server of the teacher's
  mount -t tmpfs -o size=1m none "$at" 2>/dev/null || true
done
mount -t tmpfs -o size=64m none "$1"
cd "$1"
shift
exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs -- "$@"
"""


@dataclass(frozen=True)
class Isolation:
    """What keeps a submission in.

    Attributes:
        by: "bubblewrap", "unshare" or "none".
        network: "cut off" or "open": whether it reaches others.
        files: "hidden", "read-only" or "open": what it can do with the teacher's files.
    """

    by: str
    network: str
    files: str

    def as_dict(self) -> dict[str, object]:
        """Return it for the JSON."""
        return asdict(self)


BUBBLEWRAP = Isolation("bubblewrap", "cut off", "hidden")
UNSHARE = Isolation("unshare", "cut off", "read-only")
NONE = Isolation("none", "open", "open")


def command(isolation: Isolation, folder: Path, code: str, *given: str) -> list[str]:
    """Return the command that runs Python code in a folder of its own."""
    inner = [sys.executable, "-I", "-c", code, *given]
    return _WRAPPERS[isolation.by](folder) + inner


def child_code() -> str:
    """Return the code that starts `child.main`, with this process's packages."""
    return BOOT.format(path=[str(path) for path in _places()] + [str(PACKAGE.parent)])


def environment(folder: Path, token: str) -> dict[str, str]:
    """Return all that a submission sees of the environment."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "MPLBACKEND": "agg",
        "PYTHONDONTWRITEBYTECODE": "1",
        "GENCOURSE_GRADED": token,
        **{k: v for k, v in os.environ.items() if k == "SYSTEMROOT"},
    }


def _places() -> list[Path]:
    """Return this process's import path, but for folders of the teacher's own."""
    roots = [*_roots(), *map(Path, site.getsitepackages())]
    roots += [Path(site.getusersitepackages())]
    found = [Path(entry) for entry in sys.path if entry]
    return [p for p in found if p.exists() and any(p.is_relative_to(r) for r in roots)]


def _roots() -> list[Path]:
    real = Path(sys.executable).resolve().parent.parent
    return [Path(sys.prefix), Path(sys.base_prefix), real]


def _bubblewrap(folder: Path) -> list[str]:
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL"]
    for path in SYSTEM:
        if Path(path).is_symlink():
            words += ["--symlink", os.readlink(path), path]
        elif Path(path).exists():
            words += ["--ro-bind", path, path]
    for name in SOME_OF_ETC:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    words += ["--proc", "/proc", "--dev", "/dev"]
    words += ["--remount-ro", "/dev", *_SMALL, "/dev/shm", *_SMALL, "/tmp"]
    words += ["--ro-bind-try", "/sys/devices/system/cpu", "/sys/devices/system/cpu"]
    for place in dict.fromkeys([*_roots(), *_places(), PACKAGE]):
        if not place.is_relative_to("/usr"):
            words += ["--ro-bind", str(place), str(place)]
    return [*words, *_SMALL, str(folder), "--chdir", str(folder), "--"]


def _unshare(folder: Path) -> list[str]:
    kinds = ["--user", "--map-root-user", "--net", "--ipc", "--uts", "--pid", "--mount"]
    ended = ["--fork", "--kill-child=KILL", "--mount-proc"]
    return ["unshare", *kinds, *ended, "sh", "-c", _REMOUNT, "sh", str(folder)]


def _plain(folder: Path) -> list[str]:
    return []


_WRAPPERS: dict[str, Callable[[Path], list[str]]] = {
    "bubblewrap": _bubblewrap,
    "unshare": _unshare,
    "none": _plain,
}
_TOOLS = {"bubblewrap": ("bwrap",), "unshare": ("unshare", "setpriv", "mount", "cut")}


@functools.cache
def works(isolation: Isolation) -> bool:
    """Return whether this kind of isolation starts Python here."""
    import tempfile

    if not all(shutil.which(tool) for tool in _TOOLS.get(isolation.by, ())):
        return False
    with tempfile.TemporaryDirectory(prefix="gencourse-") as folder:
        words = command(isolation, Path(folder), "print(1)")
        space = environment(Path(folder), "")
        try:
            done = subprocess.run(
                words, capture_output=True, timeout=20, cwd=folder, env=space
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
    return done.stdout.strip() == b"1"


def best() -> Isolation:
    """Return the strongest isolation that works here."""
    return next(i for i in (BUBBLEWRAP, UNSHARE, NONE) if i is NONE or works(i))
