"""Run the chapters and keep their outputs: what ``make run`` does.

People edit book/chapters/NAME.py; the site shows NAME.ipynb beside it. This brings the
second into step with the first. Where the code, or what it rests on, has changed since
the outputs were made, the chapter runs from top to bottom in an empty folder, and the
notebook is stamped; else only the text is carried over.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from chapters import page_sources, read_source, with_stable_ids, write_whole
from jupytext.compare import NotebookDifference, compare_notebooks
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from site_config import ROOT
from stamp import stamp

LIMIT = 60.0  # seconds that a chapter may take in the quick profile, on two cores
PROVENANCE = """
import json, time
from gencourse.provenance import describe
print(json.dumps({"made": describe(), "cpu_seconds": time.process_time()}))
"""
FAILURES = (CellExecutionError, CellTimeoutError, DeadKernelError)


def main(arguments: list[str] | None = None) -> int:
    """Bring the chapters named, or all of them, up to date; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chapters", nargs="*", help="names, e.g. density; default: all")
    parser.add_argument("--check", action="store_true", help="run nothing, list stale")
    parser.add_argument("--force", action="store_true", help="run fresh ones too")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds a chapter")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    given = parser.parse_args(arguments)
    try:
        sources = page_sources(given.root, given.chapters)
    except ValueError as error:
        parser.error(str(error))
    if given.check:
        problems = [line for source in sources for line in faults(source, given.root)]
        print("\n".join(problems) or "every chapter is in step and fresh")
        return int(bool(problems))
    done = [bring_up(path, given.root, given.force, given.limit) for path in sources]
    return int(not all(done))


def faults(source: Path, root: Path) -> list[str]:
    """Return a line for each way in which the notebook is behind its source."""
    path = source.with_suffix(".ipynb")
    if not path.is_file():
        return [f"{path.name} is missing: make run CHAPTER={source.stem}"]
    notebook = nbformat.read(path, as_version=4)
    found = [
        f"{path.name} and {source.name} are out of step: {line}"
        for line in drift(notebook, read_source(source))
    ]
    if not is_fresh(notebook, root):
        found.append(f"{path.name} has stale outputs: make run CHAPTER={source.stem}")
    return found


def drift(notebook: NotebookNode, source: NotebookNode) -> list[str]:
    """Return how a notebook and its source differ, outputs and ids aside."""
    try:
        compare_notebooks(
            notebook,
            source,
            fmt="py:percent",
            allow_expected_differences=True,
            compare_outputs=False,
            compare_ids=False,
        )
    except NotebookDifference as difference:
        return [" ".join(str(difference).split())]
    return []


def is_fresh(notebook: NotebookNode, root: Path, code: str | None = None) -> bool:
    """Return whether the outputs come from the code as it stands, or from that code."""
    made_by = notebook.metadata.get("gencourse", {}).get("code")
    return bool(made_by == stamp(notebook, root) and code in {None, made_by})


def bring_up(source: Path, root: Path, force: bool, limit: float) -> bool:
    """Bring one chapter's notebook up to date; return whether all went well."""
    path, notebook = source.with_suffix(".ipynb"), read_source(source)
    old = nbformat.read(path, as_version=4) if path.is_file() else None
    notebook.metadata["gencourse"] = {"code": stamp(notebook, root)}
    code = notebook.metadata["gencourse"]["code"]
    if old is not None and not force and is_fresh(old, root, code):
        carry_outputs(old, notebook)
        write_whole(notebook, path)
        print(f"{source.stem}: fresh")
        return True
    start = time.perf_counter()
    try:
        run(notebook)
    except FAILURES as error:
        print(f"{source.stem}: failed, {path.name} is left as it was\n{error}")
        return False
    seconds = time.perf_counter() - start
    write_whole(notebook, path)
    print(f"{source.stem}: {seconds:.1f} s", flush=True)
    if seconds > limit:
        print(f"{source.stem}: over the {limit:g} s that a chapter may take")
    return seconds <= limit


def carry_outputs(old: NotebookNode, new: NotebookNode) -> None:
    """Give new the outputs of old, whose code cells are the same."""
    pairs = zip(code_cells(old), code_cells(new), strict=True)
    for before, after in pairs:
        after.outputs, after.execution_count = before.outputs, before.execution_count
    new.metadata = {**old.metadata, **new.metadata, "gencourse": old.metadata.gencourse}


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the notebook's code cells, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def run(notebook: NotebookNode) -> None:
    """Run the notebook in place, in an empty folder, and say where that was."""
    last = nbformat.v4.new_code_cell(PROVENANCE)
    notebook.cells.append(last)
    profile = os.environ.get("GENCOURSE_PROFILE", "quick")
    # Progress bars tell a reader of the page nothing.
    environment = {**os.environ, "GENCOURSE_PROFILE": profile, "TQDM_DISABLE": "1"}
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=900,
            startup_timeout=120,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": folder}},
        )
        client.execute(env=environment)
    notebook.cells.remove(last)
    notebook.metadata["gencourse"] |= json.loads(last.outputs[0].text)
    for cell in code_cells(notebook):
        cell.metadata.pop("execution", None)
        cell.outputs = [kept for kept in map(without_progress, cell.outputs) if kept]
    with_stable_ids(notebook)


def without_progress(output: NotebookNode) -> NotebookNode | None:
    """Return the output, None where it was nothing but a progress bar."""
    if output.output_type != "stream" or output.name != "stderr":
        return output
    lines = [line.split("\r")[-1] for line in output.text.splitlines(keepends=True)]
    output.text = "".join(line for line in lines if not re.search(r"\d%\|", line))
    return output if output.text.strip() else None


if __name__ == "__main__":
    sys.exit(main())
