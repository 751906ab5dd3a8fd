"""Export what the pages' live models load, into book/assets/models/NAME.

Each live model has a module in tools/live whose ``write(folder)`` makes its files. One
is made anew when that module has changed, or the package's modules or checkpoints that
it rests on.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

from stamp import modules_of, weights_of

TOOLS = Path(__file__).resolve().parent
ROOT = TOOLS.parent
ASSETS = ROOT / "book" / "assets"
TARGET = ASSETS / "models"
RUNTIME = ASSETS / "vendor" / "onnxruntime" / "ort-wasm-simd-threaded.wasm"


def names() -> list[str]:
    """Return the names of the live models."""
    found = {path.stem for path in (TOOLS / "live").glob("*.py")}
    return sorted(found - {"__init__", "common"})


def digest(name: str) -> str:
    """Return a checksum of everything that one's files rest on."""
    found = hashlib.sha256(f"torch {version_of_torch()}".encode())
    sources = [TOOLS / "live" / f"{name}.py", TOOLS / "live" / "common.py"]
    own = sources[0].read_text(encoding="utf-8")
    sources += [TOOLS / "live" / "graphs" / f"{part}.py" for part in graphs_of(own)]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    code = code.replace("from __future__ import annotations\n", "")
    src = ROOT / "src"
    for path in [*sources, *modules_of(code, src), *weights_of(code, src)]:
        found.update(path.read_bytes() + b"\0")
    return found.hexdigest()


def graphs_of(code: str) -> list[str]:
    """Return the names of the modules of live.graphs that a module imports."""
    return sorted(set(re.findall(r"^from live\.graphs\.(\w+) import", code, re.M)))


def version_of_torch() -> str:
    """Return the version of torch, without the time that importing it takes."""
    from importlib.metadata import version

    return version("torch")


def is_fresh(name: str, target: Path = TARGET) -> bool:
    """Return whether ``target`` holds one's files as they would be made now."""
    kept = target / name / "stamp"
    return kept.is_file() and kept.read_text().strip() == digest(name)


def export(name: str, target: Path = TARGET) -> None:
    """Make one's files, all or none."""
    target.mkdir(parents=True, exist_ok=True)
    (target / ".gitignore").write_text("*\n")
    # Beside the target, so that the last step is a rename: never half a folder.
    with tempfile.TemporaryDirectory(dir=target, prefix=".new-") as temporary:
        folder = Path(temporary) / name
        folder.mkdir()
        importlib.import_module(f"live.{name}").write(folder)
        sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
        sizes["runtime"] = RUNTIME.stat().st_size
        (folder / "files.json").write_text(json.dumps(sizes) + "\n")
        (folder / "stamp").write_text(digest(name) + "\n")
        shutil.rmtree(target / name, ignore_errors=True)
        folder.rename(target / name)


def main(wanted: list[str]) -> None:
    """Export the live models named, or all that are not fresh."""
    known = names()
    if unknown := sorted(set(wanted) - set(known)):
        sys.exit(f"no live model {', '.join(unknown)}; there are: {', '.join(known)}")
    for name in wanted or [name for name in known if not is_fresh(name)]:
        export(name)
        print(f"exported {name} into {TARGET / name}")


if __name__ == "__main__":
    main(sys.argv[1:])
