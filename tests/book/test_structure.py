"""The shape of the house: who imports whom, how long things are, nothing twice."""

from __future__ import annotations

import ast
import inspect
import re
import statistics
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from chapters import chapter_sources, page_sources, read_source
from listing import source_of
from nbformat import NotebookNode
from site_config import ROOT
from stamp import imported, python_of

from gencourse.exercises import EXERCISES

SRC = ROOT / "src" / "gencourse"
MODULES = sorted(SRC.rglob("*.py"))
CHAPTERS = chapter_sources(ROOT)
each_module = pytest.mark.parametrize(
    "path", MODULES, ids=lambda path: path.relative_to(SRC).as_posix()
)
each_page = pytest.mark.parametrize(
    "source", page_sources(ROOT), ids=lambda path: path.stem
)
each_chapter = pytest.mark.parametrize("source", CHAPTERS, ids=lambda path: path.stem)

LISTING = re.compile(r"\{literalinclude\} (\S+)\n\s*:pyobject: (\S+)")

MODELS = {"density", "autoregressive", "pixelrnn", "pixelcnn", "autoencoder"} | {
    *("vae", "gan")
}
# Data, model, loss, training and plots meet on the page and in these alone.
MEETING_PLACES = {"recipes", "cli"}
KNOWN_BY_NO_MODEL = {"train", "data", "evaluate", "figures"} | MEETING_PLACES
SHARED = {"pixelrnn": {"autoregressive"}, "pixelcnn": {"autoregressive"}}
MOST_LINES = 200
MOST_LINES_OF_A_FUNCTION = 25
# What is longer, and why.
LONGER_MODULES: dict[str, str] = {}
LONGER_FUNCTIONS: dict[str, str] = {}
# Modules that are parts of another one, or too small for a file: where their tests are.
TESTED_ELSEWHERE: dict[str, str] = {
    **{
        f"grading/{name}.py": f"grading/test_{test}.py"
        for test, names in {
            "adversaries": "calls channel child plan remote scan session tamper",
            "all_right": "judge",
            "fresh": "fresh_inputs",
            "isolation": "confine sandbox",
            "report": "__init__ classes command reading report tables wire",
        }.items()
        for name in names.split()
    },
    "exercises/seeds.py": "grading/test_fresh.py",
    "prepared.py": "test_own_images.py",
    **dict.fromkeys(
        [f"learning/{name}.py" for name in ("__init__", "panel", "records", "welcome")],
        "test_learning.py",
    ),
    **dict.fromkeys(["archives.py", "download.py"], "test_data.py"),
    **dict.fromkeys(
        [
            "checkpoint_io.py",
            "history.py",
            "schedules.py",
            "training_run.py",
            "turns.py",
        ],
        "test_train.py",
    ),
    "__init__.py": "test_init.py",
    **dict.fromkeys(
        [
            "cards.py",
            "recipe.py",
            "recipe_metrics.py",
            "recipe_training.py",
        ],
        "test_recipes.py",
    ),
    "previews.py": "test_cli.py",
    **{
        path.relative_to(SRC).as_posix(): "exercises/test_answers.py"
        for path in (SRC / "exercises").glob("*.py")
    },
}


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path: Path) -> set[str]:
    """Return the names of gencourse's own modules that a module imports."""
    package = ".".join(["gencourse", *path.relative_to(SRC).parts[:-1]])
    names = [name.split(".") for name in imported(tree_of(path), package)]
    return {parts[1] for parts in names if len(parts) > 1}


def functions_of(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function's body, its docstring left out."""
    told = ast.get_docstring(function) is not None
    body = function.body[1:] if told else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


# --- the package


@each_module
def test_models_stand_alone(path: Path):
    name = path.stem
    if path.parent != SRC or name not in MODELS:
        return
    known = imports_of(path) - SHARED.get(name, set())
    assert known & (MODELS | KNOWN_BY_NO_MODEL) - {name} == set()


@pytest.mark.parametrize("name", ["train", "data", "figures"])
def test_what_models_meet_knows_no_model(name: str):
    path = SRC / f"{name}.py"
    assert imports_of(path) & (MODELS | MEETING_PLACES) == set()


@each_module
def test_modules_are_short(path: Path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if path.relative_to(SRC).as_posix() not in LONGER_MODULES:
        assert lines <= MOST_LINES


@each_module
def test_functions_are_short(path: Path):
    where = path.relative_to(SRC).as_posix()
    long = {
        f"{where}:{function.name}": length(function)
        for function in functions_of(tree_of(path))
        if length(function) > MOST_LINES_OF_A_FUNCTION
    }
    assert {name: n for name, n in long.items() if name not in LONGER_FUNCTIONS} == {}


def test_the_median_function_is_short():
    lengths = [length(f) for path in MODULES for f in functions_of(tree_of(path))]
    assert statistics.median(lengths) < 12


def test_exceptions_are_still_needed():
    for name in LONGER_MODULES:
        assert len((SRC / name).read_text().splitlines()) > MOST_LINES
    for name in LONGER_FUNCTIONS:
        path, function = name.split(":")
        found = [f for f in functions_of(tree_of(SRC / path)) if f.name == function]
        assert any(length(f) > MOST_LINES_OF_A_FUNCTION for f in found)


@each_module
def test_tests_mirror_the_package(path: Path):
    where = path.relative_to(SRC)
    mirrored = where.with_name(f"test_{where.name}").as_posix()
    expected = TESTED_ELSEWHERE.get(where.as_posix(), mirrored)
    assert (ROOT / "tests" / expected).is_file(), f"tests/{expected} is missing"


# --- the chapters


def code_cells(source: Path) -> list[NotebookNode]:
    return [cell for cell in read_source(source).cells if cell.cell_type == "code"]


def tags_of(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def definitions(cell: NotebookNode) -> list[ast.FunctionDef | ast.ClassDef]:
    tree = ast.parse(python_of([cell.source]))
    return [n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]


def checks(source: Path) -> dict[str, str]:
    """Return the key that each function of a chapter is checked under."""
    code = python_of([cell.source for cell in code_cells(source)])
    return {
        ast.unparse(call.args[1]): ast.literal_eval(call.args[0])
        for call in ast.walk(ast.parse(code))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "check"
    }


def stubs(source: Path) -> Iterator[ast.FunctionDef]:
    for cell in code_cells(source):
        if "exercise" in tags_of(cell):
            for node in definitions(cell):
                assert isinstance(node, ast.FunctionDef), f"{node.name} is no function"
                yield node


def stub_for(reference: object) -> str:
    """Return the stub of a function: its signature and docstring over todo()."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(reference)))  # type: ignore[arg-type]
    (function,) = tree.body
    assert isinstance(function, ast.FunctionDef)
    function.decorator_list = []
    told = [function.body[0]] if ast.get_docstring(function) else []
    function.body = [*told, *ast.parse("return todo()").body]
    return ast.unparse(function)


@each_chapter
def test_stubs_are_the_references_signature_and_docstring(source: Path):
    keys = checks(source)
    for stub in stubs(source):
        assert stub.name in keys, f"{stub.name} is never checked"
        expected = stub_for(EXERCISES[keys[stub.name]].reference)
        assert ast.unparse(stub) == expected, f"expected this stub:\n\n{expected}\n"


@each_chapter
def test_every_exercise_of_the_chapter_is_in_it(source: Path):
    ours = {key for key in EXERCISES if key.split(".")[0] == source.stem}
    assert set(checks(source).values()) == ours
    assert {stub.name for stub in stubs(source)} == set(checks(source))
    assert len(ours) >= (3 if source.stem == "autoregressive" else 5)  # a summary


@each_chapter
def test_a_solution_shows_the_reference(source: Path):
    text = "\n".join(
        cell.source
        for cell in read_source(source).cells
        if "solution" in tags_of(cell) and cell.cell_type == "markdown"
    )
    shown = {
        name: (source.parent / path).resolve() for path, name in LISTING.findall(text)
    }
    for key in checks(source).values():
        reference = EXERCISES[key].reference
        file = inspect.getsourcefile(reference)
        assert file is not None
        assert shown.get(reference.__qualname__) == Path(file).resolve(), key


@each_page
def test_every_listing_names_something_that_exists(source: Path):
    text = "\n".join(cell.source for cell in read_source(source).cells)
    for path, name in LISTING.findall(text):
        assert source_of(source.parent / path, name)


@each_page
def test_cells_define_only_stubs_and_experiments(source: Path):
    for cell in code_cells(source):
        if not tags_of(cell) & {"exercise", "experiment"}:
            names = [node.name for node in definitions(cell)]
            assert names == [], f"{names}: tag the cell exercise or experiment"


def test_no_page_redefines_what_the_package_has():
    package = {
        node.name
        for path in MODULES
        for node in tree_of(path).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
    for source in CHAPTERS:
        for cell in code_cells(source):
            if "exercise" not in tags_of(cell):
                assert package & {node.name for node in definitions(cell)} == set()


@each_page
def test_cells_are_short(source: Path):
    for cell in code_cells(source):
        if not tags_of(cell) & {"exercise", "experiment"}:
            lines = [line for line in cell.source.splitlines() if line.strip()]
            assert len(lines) <= 20, cell.source
