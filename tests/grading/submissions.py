"""Notebooks as learners hand them in, written for the tests."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

from gencourse.grading import sandbox
from gencourse.grading.classes import grade_all
from gencourse.grading.judge import Settings

ANSWERS = Path(__file__).parents[1] / "exercises"
IMPORTS = """\
import torch
from gencourse.exercises import check, hint, mine_or_reference, todo
"""
BITS = """\
import math

def bits_per_dim(log_likelihood, dims):
    return log_likelihood / (dims * math.log(2))
"""
WRONG_BITS = """\
def bits_per_dim(log_likelihood, dims):
    return log_likelihood / dims
"""
TELL_BITS = """\
check("density.bits_per_dim", bits_per_dim)
bits_per_dim = mine_or_reference("density.bits_per_dim", bits_per_dim)
"""


def notebook(*sources):
    """The JSON of a notebook of code cells."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": source.splitlines(keepends=True),
        }
        for source in sources
    ]
    return json.dumps(
        {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    )


def hand_in(folder, *sources, name="anna"):
    """Write a notebook of these cells after the imports; return its path."""
    path = Path(folder) / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook(IMPORTS, *sources), encoding="utf-8")
    return path


def graded(*paths, isolation=None, seconds=120, memory=2, seeds=(1,)):
    """The report on notebooks."""
    kind = isolation or sandbox.best()
    settings = Settings(kind, seconds, int(memory * 2**30), seeds)
    return grade_all(list(paths), settings)


def result(report, key="density.bits_per_dim"):
    """What became of one exercise of the first notebook."""
    (notebook,) = report.notebooks
    assert notebook.problem == ""
    return next(r for r in notebook.exercises if r.exercise == key)


@functools.cache
def _source(name):
    return (ANSWERS / f"{name}.py").read_text(encoding="utf-8")


def _with_helpers(name):
    """The modules that one imports from its own folder, before it."""
    used = re.findall(r"^(?:import|from) (\w+)", _source(name), re.MULTILINE)
    own = [u for u in used if (ANSWERS / f"{u}.py").is_file()]
    return [*dict.fromkeys(m for u in own for m in _with_helpers(u)), name]


def all_right(keys, answers):
    """Cells with a right answer to each of these exercises, helpers and all.

    Args:
        keys: the exercises.
        answers: the name of the module with the right answers.
    """
    sources = {name: _source(name) for name in _with_helpers(answers)}
    cells = [
        "import sys, types\n\ndef made(name, source):\n"
        "    module = types.ModuleType(name)\n"
        "    sys.modules[name] = module\n"
        "    exec(source, vars(module))\n"
        "    return module\n",
        f"{answers} = [made(*each) for each in {sources!r}.items()][-1]",
    ]
    for key in keys:
        name = key.partition(".")[2]
        cells += [
            f"def {name}(*given):\n    return {answers}.RIGHT[{key!r}][0](*given)",
            f"check({key!r}, {name})\n{name} = mine_or_reference({key!r}, {name})",
        ]
    return cells
