"""Each exercise's statement: what goes in and out, an example that holds, its marks."""

from __future__ import annotations

import doctest
import inspect
import re

import pytest
import torch
import torch.nn.functional as F
from site_config import ROOT

from gencourse.exercises import EXERCISES

STATEMENT = re.compile(r"^:::\{exercise\} .*?\n:::\n", re.DOTALL | re.MULTILINE)
CHECKER = doctest.DocTestRunner(verbose=False)


def statement_of(key: str) -> tuple[str, str]:
    """The exercise's statement, and what follows it on the page."""
    chapter = key.partition(".")[0]
    page = (ROOT / "book" / "chapters" / f"{chapter}.py").read_text(encoding="utf-8")
    check = re.search(rf'^check\(\s*"{re.escape(key)}"', page, re.MULTILINE)
    assert check, key
    found = list(STATEMENT.finditer(page, 0, check.start()))[-1]
    return found[0], page[found.end() :]


def failures(key: str, text: str) -> list[str]:
    """What the examples in a text get wrong, with the reference as the answer."""
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    (block,) = (block for block in blocks if block.startswith(">>> "))
    names = {"torch": torch, "F": F, key.partition(".")[2]: EXERCISES[key].reference}
    test = doctest.DocTestParser().get_doctest(block, names, key, None, None)
    told: list[str] = []
    torch.manual_seed(0)
    CHECKER.run(test, out=told.append)
    assert any(example.want for example in test.examples)
    assert len(test.examples) <= 6
    return told


@pytest.mark.parametrize("key", EXERCISES)
def test_example_is_what_the_course_s_own_function_gives(key: str):
    assert failures(key, statement_of(key)[0]) == []


def test_wrong_example_is_told():
    text = statement_of("pixelrnn.one_row_down")[0]
    assert failures("pixelrnn.one_row_down", text.replace("[3, 4]])", "[5, 6]])"))


@pytest.mark.parametrize("key", EXERCISES)
def test_statement_says_time_and_difficulty_and_a_solution_follows(key: str):
    exercise, (text, after) = EXERCISES[key], statement_of(key)
    marked = f"*{exercise.minutes} minutes, difficulty {exercise.difficulty} of 3.*"
    assert marked in text
    (label,) = re.findall(r"^:label: (ex-[\w-]+)$", text, re.MULTILINE)
    until = after.split(":::{exercise}")[0]
    assert f"{{solution}} {label}\n" in until
    assert 'tags=["exercise"]' in until
    assert len(exercise.hints) == 3
    assert len(set(exercise.hints)) == 3


def unsaid(key: str, text: str) -> list[str]:
    """What a statement leaves unsaid: shapes of what goes in and out, parameters."""
    _, goes_in, comes_out = re.split(
        r"^- \*\*(?:In|Out):\*\* ", text, flags=re.MULTILINE
    )
    names = inspect.signature(EXERCISES[key].reference).parameters
    missing = [name for name in names if f"`{name}`" not in goes_in]
    return missing + ["what comes out"] * (not comes_out.split("\n\nFor example:")[0])


@pytest.mark.parametrize("key", EXERCISES)
def test_statement_says_what_goes_in_and_what_comes_out(key: str):
    assert unsaid(key, statement_of(key)[0]) == []


def test_parameter_that_a_statement_leaves_out_is_told():
    text = statement_of("pixelrnn.lstm_cell")[0].replace("`cells`", "`the cells`")
    assert unsaid("pixelrnn.lstm_cell", text) == ["cells"]


@pytest.mark.parametrize("key", EXERCISES)
def test_reader_s_notebook_has_the_example(key: str):
    chapter = key.partition(".")[0]
    notebook = ROOT / "notebooks" / f"{chapter}.ipynb"
    example = re.search(r"^>>> .*$", statement_of(key)[0], re.MULTILINE)
    assert example
    told = example[0].replace("\\", "\\\\").replace('"', '\\"')
    assert told in notebook.read_text(encoding="utf-8")
