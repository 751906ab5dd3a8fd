"""Submissions that are broken, wild or dishonest: each is told as what it is."""

from __future__ import annotations

import json
import re

import pytest
from submissions import BITS, TELL_BITS, WRONG_BITS, graded, hand_in, result

from gencourse.exercises import EXERCISES
from gencourse.grading import tables

NOT_OWN = "not the learner's work"
NONE = "No function gaussian_log_prob of the learner's was found."
# By exercise: a cell that does without an answer of one's own, and what is said.
BORROWED = {
    "density.gaussian_log_prob": (
        "import gencourse.density as d0\n"
        "gaussian_log_prob = lambda *given: d0.gaussian_log_prob(*given)",
        "is called by the answer",
    ),
    "density.mixture_log_prob": (
        "import gencourse.density as d\n"
        "def mixture_log_prob(*given):\n    return d.mixture_log_prob(*given) + 0",
        "is called by the answer",
    ),
    "density.kl_divergence": (
        "import functools, importlib\n"
        "m = importlib.import_module('gencourse.' + 'den' + 'sity')\n"
        "kl_divergence = functools.partial(getattr(m, 'kl_' + 'divergence'))",
        "is called by the answer",
    ),
    "density.kernel_log_prob": (
        "from gencourse.exercises import EXERCISES\n"
        "def kernel_log_prob(x, data, width):\n    try:\n"
        "        EXERCISES['density.kernel_log_prob'].reference(x, data, width)\n"
        "    except BaseException:\n"
        "        return torch.zeros(len(x))",
        "is called by the answer",
    ),
    "density.pixel_table": (
        "import types, gencourse.density as d2\n"
        "pixel_table = types.FunctionType(d2.pixel_table.__code__, vars(d2))",
        "reads the source",
    ),
    "density.bits_per_dim": (
        "import math, gencourse.evaluate as e\n"
        "with open(e.__file__) as file:\n    text = file.read()\n"
        "def bits_per_dim(a, b, text=text):\n    return a / (b * math.log(2))",
        "reads the source",
    ),
}


@pytest.fixture(scope="module")
def borrowed(tmp_path_factory):
    cells = [cell for cell, _ in BORROWED.values()]
    return graded(hand_in(tmp_path_factory.mktemp("borrowed"), *cells, TELL_BITS))


@pytest.mark.parametrize("key", BORROWED)
def test_the_courses_own_solution_is_no_answer(key, borrowed):
    found = result(borrowed, key)
    assert found.state == NOT_OWN
    assert BORROWED[key][1] in found.sentence


# A cell that replaces what checks, with a right answer or a wrong one; what is said.
PATCHES = [
    (
        BITS,
        "from gencourse.exercises import core\n"
        "core.examine = lambda *given: core.Verdict(True, 'Passed.')",
        "tampered",
        "core.examine",
    ),
    (
        BITS,
        "from gencourse.exercises import EXERCISES\nEXERCISES.clear()",
        "tampered",
        "EXERCISES",
    ),
    (
        BITS,
        "torch.equal = torch.allclose = lambda *given, **named: True",
        "tampered",
        "torch.allclose",
    ),
    (
        WRONG_BITS,
        "from gencourse.exercises import core\nfrom gencourse import grading\n"
        "core.Verdict.passed = grading.judged = True\n"
        "torch.equal = torch.allclose = lambda *given, **named: True\n"
        'print("✓ density.bits_per_dim: Passed.")\n'
        'def check(key, answer):\n    print(f"✓ {key}: Passed.")',
        "wrong",
        "nats",
    ),
]


@pytest.mark.parametrize(("answer", "patch", "state", "word"), PATCHES)
def test_what_replaces_the_checks_is_told(answer, patch, state, word, tmp_path):
    found = result(graded(hand_in(tmp_path, patch, answer, TELL_BITS), seeds=()))
    assert found.state == state
    assert word in found.sentence


INSIDE = """\
import gc
from gencourse.exercises import core
def game_step(*given):
    for module in (core,):
        module.Verdict.__init__ = lambda self, *a, **k: self.__dict__.update(
            passed=True, sentence="Passed.", mark="", printed="", native=True)
        module._judge = lambda *a: module.Verdict()
    return 0.0, 0.0
"""


def test_what_an_answer_replaces_while_it_is_checked_inside_is_told(tmp_path):
    tell = 'check("gan.game_step", game_step)'
    found = result(graded(hand_in(tmp_path, INSIDE, tell), seeds=()), "gan.game_step")
    assert found.state != "passed"
    assert found.checked == "inside"


# What an answer's body is, its state, and what is said.
WILD = {
    "gan.optimal_discriminator": (
        "while True:\n        pass",
        "stopped",
        "after 5 seconds",
    ),
    "gan.discriminator_loss": ("import os; os._exit(0)", "stopped", "exit code 0"),
    "gan.frechet_distance": ("import sys; sys.exit()", "wrong", "SystemExit"),
    "gan.modes_reached": (
        "import ctypes; ctypes.string_at(0)",
        "stopped",
        "SIGSEGV",
    ),
    "gan.non_saturating_generator_loss": ("return input('? ')", "wrong", "EOFError"),
    "gan.game_step": ("import os; os._exit(5)", "stopped", "exit code 5"),
    "vae.kl_to_standard_normal": ("return [0] * 10**10", "wrong", "more memory"),
    "vae.reparameterise": (
        "import os\n    while True:\n        os.fork()",
        "wrong",
        "PermissionError",
    ),
    "vae.evidence_lower_bound": (
        "import os; os.system('true')",
        "wrong",
        "PermissionError",
    ),
    "vae.score_function_gradient": (
        "print('x' * 10**7, flush=True); return given[0].flatten()",
        "wrong",
        "shape",
    ),
    "vae.linear_posterior": (
        "import os\n    for n in range(3, 9):\n        try: os.write(n, b'{' * 64)\n"
        "        except OSError: pass",
        "stopped",
        "something else than answers|more than the judge reads",
    ),
    "vae.importance_bound": (
        "given[0].mul_(0); return given[0].sum(0)",
        "wrong",
        "changed its input",
    ),
    "vae.active_dimensions": ("return object()", "wrong", "."),
    "vae.every_class": ("return todo()", "not attempted", "^$"),
}


@pytest.fixture(scope="module")
def wild(tmp_path_factory):
    cells = [
        f"def {key.split('.')[1]}(*given):\n    {body}\n"
        f"check({key!r}, {key.split('.')[1]})"
        for key, (body, _, _) in WILD.items()
    ]
    path = hand_in(tmp_path_factory.mktemp("wild"), *cells)
    return graded(path, seeds=(), seconds=200)


@pytest.mark.parametrize("key", WILD)
def test_a_wild_answer_is_told_and_ends_no_other(key, wild):
    _, state, words = WILD[key]
    found = result(wild, key)
    assert found.state == state, found
    assert re.search(words, found.sentence), found.sentence


def test_a_time_for_all_is_kept(tmp_path):
    cell = "def bits_per_dim(a, b):\n    while True:\n        pass\n" + TELL_BITS
    (found,) = graded(hand_in(tmp_path, cell), seconds=4, seeds=()).notebooks
    assert found.seconds < 12
    assert {r.state for r in found.exercises} <= {"stopped", "missing"}


OTHERS = [
    "!rm -rf /\n%matplotlib inline\nfiles = !ls",
    "%%bash\nexit 1",
    "display(1)\nget_ipython().run_line_magic('x', '')",
    "while True:\n    pass",
    "import os\nos._exit(3)",
    "def other(:\n    pass",
    "1 / 0\nraise ValueError",
    "broken = 1 / 0",
    "import a_module_that_nobody_has",
    "scale = 1 if os._exit(3) else 2\ndef kl_divergence(p, q):\n    return scale",
    "LOG2 = torch.tensor(2.0).log()",
    "def scaled(x):\n    return x / LOG2",
    "def bits_per_dim(a, b):\n    return scaled(a) / b",
    TELL_BITS,
]


def test_other_cells_are_no_hindrance_and_helpers_are_found(tmp_path):
    report = graded(hand_in(tmp_path, *OTHERS), seeds=())
    assert result(report).state == "passed"
    assert result(report, "density.kl_divergence").state in ("stopped", "wrong")
    (found,) = report.notebooks
    assert any("exit code 3" in note for note in found.notes)
    assert any("SyntaxError" in note for note in found.notes)
    assert any("a_module_that_nobody_has" in note for note in found.notes)


def test_the_function_in_a_broken_cell_is_missed_by_name(tmp_path):
    path = hand_in(tmp_path, "def bits_per_dim(a, b:\n    return a", TELL_BITS)
    found = result(graded(path))
    assert found.state == "missing"
    assert "cell 2" in found.sentence and "SyntaxError" in found.sentence


def test_a_renamed_function_is_found_by_its_check_and_the_last_one_counts(tmp_path):
    wrong, right = (s.replace("def bits_per_dim", "def my") for s in (WRONG_BITS, BITS))
    tell = 'check("density.bits_per_dim", my)'
    assert result(graded(hand_in(tmp_path, wrong, tell, right))).state == "passed"


def test_each_exercise_of_the_chapter_is_in_the_report(tmp_path):
    (found,) = graded(hand_in(tmp_path, BITS, TELL_BITS)).notebooks
    keys = [key for key in EXERCISES if key.startswith("density.")]
    assert [r.exercise for r in found.exercises] == keys
    assert found.exercises[1].sentence == NONE


def test_only_the_courses_own_by_its_name_is_no_answer(tmp_path):
    cell = "from gencourse.density import gaussian_log_prob"
    report = graded(hand_in(tmp_path, cell, BITS, TELL_BITS))
    found = result(report, "density.gaussian_log_prob")
    assert (found.state, found.sentence) == ("missing", NONE)


def test_a_reloaded_copy_of_the_course_is_no_answer(tmp_path):
    cell = (
        "import importlib, gencourse.evaluate as e\n"
        "def bits_per_dim(nats, dims):\n"
        "    return importlib.reload(e).bits_per_dim(nats, dims)"
    )
    assert result(graded(hand_in(tmp_path, cell, TELL_BITS))).state == NOT_OWN


HONEST = {
    "a list called todo": "def reached(start):\n    todo = [start]\n    todo.pop()",
    "a dict called hint": "hint = {}\nhint['a'] = 'b'",
    "a helper imported later": "from gencourse.evaluate import bits_per_dim",
    "a result of that name": "bits_per_dim = bits_per_dim(torch.tensor(1.0), 7)",
    "a long sum": "y = " + "+".join("1" * 1500) + "; z = 2",
}


@pytest.mark.parametrize("what", HONEST)
def test_an_honest_learner_is_not_accused(what, tmp_path):
    found = result(graded(hand_in(tmp_path, BITS, TELL_BITS, HONEST[what])))
    assert found.state == "passed", found.sentence


def test_a_bracket_that_is_missing_is_no_borrowing(tmp_path):
    chapter = "from gencourse.evaluate import bits_per_dim"
    broken = "def bits_per_dim(a, b):\n    return (a"
    found = result(graded(hand_in(tmp_path, chapter, broken, TELL_BITS)))
    assert found.state == "missing"
    assert "SyntaxError" in found.sentence


FORGED = """
from gencourse.grading import confine, wire
{bytes}
bits_per_dim = confine.write_all(frame)
"""
BREAKING = [
    "def bits_per_dim(a, b):\n    raise ValueError('caf\\ud800')",
    FORGED.format(
        bytes='t = b\'{"!":"dict","of":[]}\'\nframe = wire.LENGTH.pack(len(t), 0) + t'
    ),
    FORGED.format(
        bytes="frame = wire.to_bytes({'errors': {chr(178): 'x'}, 'found': {}})"
    ),
]


@pytest.mark.parametrize("cell", BREAKING)
def test_one_submission_does_not_end_the_class(cell, tmp_path):
    paths = [
        hand_in(tmp_path, cell, TELL_BITS, name="a"),
        hand_in(tmp_path, BITS, TELL_BITS, name="b"),
    ]
    report = graded(*paths)
    json.loads(tables.as_json(report).encode("utf-8"))
    _, other = report.notebooks
    states = {r.exercise: r.state for r in other.exercises}
    assert states["density.bits_per_dim"] == "passed"
