"""What the documentation tells to type works as it is written."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import typer
from site_config import ROOT

from gencourse.cli import app
from gencourse.recipes import RECIPES
from gencourse.tables import TABLES

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "book" / "index.md"]
PAGES += sorted((ROOT / "book" / "appendix").glob("*.md"))
PAGES += sorted((ROOT / "book").glob("*/*.py"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
FENCE = re.compile(
    r"^ *```(console|text|bash|sh)\n(.*?)^ *```", re.DOTALL | re.MULTILINE
)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
WORDS = ("make", "gencourse", "python", "pip", ".venv/bin/python", "bash")
# A page of text says what a program prints, too; these blocks hold nothing but input.
TYPED = ("console", "bash", "sh")
ELSEWHERE = ("git", "cd")  # commands of others, which we cannot check


class Command(NamedTuple):
    """A command and where it stands."""

    page: str
    line: int
    text: str


def commands_in(path: Path) -> list[Command]:
    """Return what a page tells to type: in blocks of commands, and within a line."""
    text = path.read_text(encoding="utf-8")
    found = [
        (block.start(2) + line.start(), line[0].strip(), block[1] in TYPED)
        for block in FENCE.finditer(text)
        for line in re.finditer(r"^.*\S.*$", block[2], re.MULTILINE)
    ]
    found += [(span.start(), span[1], False) for span in SPAN.finditer(text)]
    return [
        Command(
            path.name,
            text.count("\n", 0, at) + 1,
            typed.removeprefix("$ ").partition(" # ")[0].strip(),
        )
        for at, typed, surely in found
        if surely or typed.startswith("$ ") or is_ours(typed)
    ]


def is_ours(typed: str) -> bool:
    """Return whether words begin as a command of ours does, and go on."""
    return " " in typed and typed.split()[:1] != [] and typed.split()[0] in WORDS


COMMANDS = [command for path in PAGES for command in commands_in(path)]


def fault(typed: str) -> str:
    """Return what is wrong with a command, "" if it can be typed as it stands."""
    first, *rest = shlex.split(typed.replace("…", "..."))
    if first == "make":
        return fault_of_make(rest)
    if first == "gencourse":
        return fault_of_gencourse(rest)
    if "python" in first and rest[0].startswith("tools/"):
        return fault_of_tool(rest)
    known = ("pip", "python", ".venv/bin/python", *ELSEWHERE)
    return "" if first in known else f"no such command: {first}"


def fault_of_make(words: list[str]) -> str:
    """Return which target or variable the Makefile does not have."""
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    for word in words:
        name, is_variable, _ = word.partition("=")
        if is_variable and not re.search(rf"\$\({name}\b|\b{name} \?=", MAKEFILE):
            return f"the Makefile has no variable {name}"
        if not is_variable and name not in targets | {"TARGET"}:
            return f"the Makefile has no target {name}"
    return ""


def fault_of_gencourse(words: list[str]) -> str:
    """Return which command or option the command line does not have."""
    group = typer.main.get_command(app)
    # [--json|--markdown] is a choice: each of it is tried.
    plain = [w for word in words for w in re.split(r"[|\[\]]", word) if w]
    command = group.commands.get(plain[0]) if plain else None
    if command is None:
        return f"gencourse has no command {plain[:1]}"
    known = {"--help"}
    for parameter in command.params:
        known |= {*parameter.opts, *parameter.secondary_opts}
    options = {word.partition("=")[0] for word in plain if word.startswith("-")}
    unknown = sorted(options - known)
    if unknown:
        return f"gencourse {plain[0]} has no option {unknown}"
    model = plain[1] if len(plain) > 1 and plain[1][0] not in "-." else "NAME"
    takes_model = any(parameter.name == "name" for parameter in command.params)
    counted = TABLES if plain[0] == "evaluate" else ()
    if takes_model and model not in {"NAME", *RECIPES, *counted}:
        return f"gencourse {plain[0]} knows no model {model}"
    return ""


def fault_of_tool(words: list[str]) -> str:
    """Return what a script of tools does not know: itself, or an option."""
    path = ROOT / words[0]
    if not path.is_file():
        return f"there is no {words[0]}"
    source = path.read_text(encoding="utf-8")
    options = [word.partition("=")[0] for word in words[1:] if word.startswith("--")]
    unknown = [o for o in options if f'"{o}"' not in source and o != "--help"]
    return f"{words[0]} has no option {unknown}" if unknown else ""


def test_there_are_commands():
    texts = [command.text for command in COMMANDS]
    for expected in ("make book", "make test", "make lab", "gencourse scoreboard"):
        assert expected in texts
    assert len(COMMANDS) > 40


@pytest.mark.parametrize(
    "command", COMMANDS, ids=lambda c: f"{c.page}:{c.line}:{c.text}"
)
def test_command_can_be_typed(command: Command):
    told = fault(command.text)
    assert told == "", f"{command.page}, line {command.line}: {told}"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("make bok", "no target bok"),
        ("make run CHAPTR=vae", "no variable CHAPTR"),
        ("gencourse scorebord", "no command"),
        ("gencourse scoreboard --jsn", "jsn"),
        ("gencourse evaluate sngan --fewer", "fewer"),
        ("gencourse evaluate sngann --few", "no model sngann"),
        ("gencourse train count-table", "no model count-table"),
        ("mkae book", "no such command: mkae"),
        ("python tools/nothing.py", "there is no tools/nothing.py"),
        ("python tools/readers.py --chek", "no option"),
    ],
)
def test_wrong_commands_are_told(typed: str, said: str):
    assert said in fault(typed)


def test_make_knows_how_to_do_them():
    typed = {c.text for c in COMMANDS if c.text.startswith("make ")}
    for text in sorted(typed - {"make TARGET"}):
        command = ["make", "--dry-run", *shlex.split(text)[1:]]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, f"{text}: {done.stderr}"


def test_block_and_span_are_both_found(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(
        "Say `make bok`.\n\n```console\n$ make tset   # all\n$ mkae book\n```\n"
        "```text\nmake lab\nit prints this\n```\n"
    )
    found = [(c.line, c.text) for c in commands_in(page)]
    blocks = [(4, "make tset"), (5, "mkae book"), (8, "make lab")]
    assert found == [*blocks, (1, "make bok")]


def test_two_commands_are_what_ci_runs():
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in ("make book", "make test"):
        assert f"$ {command}" in readme
        assert re.search(rf"^step \w+ {command}$", run, re.MULTILINE)


def test_readme_s_python_runs():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    found: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), found)
    shapes = dict(re.findall(r"^(\w+) = .*# (\(.*?\))", code, re.MULTILINE))
    assert len(shapes) >= 5
    for name, shape in shapes.items():
        assert str(tuple(found[name].shape)) == shape, name


def test_commands_that_are_quick_run():
    for words in (["scoreboard"], ["recipes"], ["scoreboard", "--json"]):
        command = [sys.executable, "-m", "gencourse.cli", *words]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        assert "gated-pixelcnn" in done.stdout


def test_variables_that_are_named_are_read():
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "book" / "_ext").rglob("*.py")]
    source = "".join(path.read_text(encoding="utf-8") for path in files)
    for path in PAGES:
        named = re.findall(r"\bGENCOURSE_[A-Z_]+\b", path.read_text(encoding="utf-8"))
        missing = {name for name in named if f'"{name}"' not in source}
        assert missing == set(), path.name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_files_that_are_named_exist(path: Path):
    spans = SPAN.findall(path.read_text(encoding="utf-8"))
    folders = ("src/", "tests/", "tools/", "book/", "notebooks/", "benchmarks/")
    for span in spans:
        word = span.split()[0]
        if word.startswith(folders) and not re.search(r"[A-Z]{2,}|::", word):
            assert (ROOT / word).exists(), f"{path.name}: {word}"
