"""Every exercise: the reference and right answers pass, wrong ones hear why."""

from __future__ import annotations

import ast
import functools
import inspect
import re
import textwrap

import autoencoder_answers
import autoregressive_answers
import comparison_answers
import density_answers
import edge_answers
import gan_answers
import pixelcnn_answers
import pixelrnn_answers
import pytest
import slip_answers
import torch
import unusual_answers
import vae_answers

from gencourse.exercises import EXERCISES, examine, todo

RIGHT = (
    density_answers.RIGHT
    | pixelrnn_answers.RIGHT
    | pixelcnn_answers.RIGHT
    | autoregressive_answers.RIGHT
    | autoencoder_answers.RIGHT
    | vae_answers.RIGHT
    | gan_answers.RIGHT
    | comparison_answers.RIGHT
)
WRONG = (
    density_answers.WRONG
    | pixelrnn_answers.WRONG
    | pixelcnn_answers.WRONG
    | autoregressive_answers.WRONG
    | autoencoder_answers.WRONG
    | vae_answers.WRONG
    | gan_answers.WRONG
    | comparison_answers.WRONG
)
for key, answers in unusual_answers.RIGHT.items():
    RIGHT[key] = [*RIGHT[key], *answers]
for key, slips in (*slip_answers.WRONG.items(), *edge_answers.WRONG.items()):
    WRONG[key] = WRONG[key] | slips
WRONG_CASES = [
    pytest.param(key, phrase, id=f"{key}-{phrase}")
    for key, answers in WRONG.items()
    for phrase in answers
]


@functools.cache
def sentences(key):
    """What the wrong answers to an exercise hear."""
    return [examine(EXERCISES[key], f).sentence for f in WRONG[key].values()]


def test_every_exercise_has_answers_of_both_kinds():
    assert set(EXERCISES) == set(RIGHT) == set(WRONG)
    for key in EXERCISES:
        assert len(RIGHT[key]) >= 4
        assert len(WRONG[key]) >= 5


@pytest.mark.parametrize("key", EXERCISES)
def test_most_wrong_answers_hear_a_cause_and_not_only_numbers(key):
    causes = [said for said in sentences(key) if not said.endswith(" is due.")]
    assert len(causes) >= 5
    assert len(causes) > 0.7 * len(sentences(key))


@pytest.mark.parametrize("key", EXERCISES)
def test_reference_obeys_every_law(key):
    same = functools.partial(EXERCISES[key].reference)  # itself it is not accepted
    assert examine(EXERCISES[key], same).sentence == "Passed."


@pytest.mark.parametrize(
    ("key", "number"), [(key, n) for key in RIGHT for n in range(len(RIGHT[key]))]
)
def test_right_answers_pass_however_written(key, number):
    assert examine(EXERCISES[key], RIGHT[key][number]).sentence == "Passed."


class Called:
    """An object that can be called."""

    def __init__(self, function):
        self.function = function

    def __call__(self, *given):
        return self.function(*given)


class Layer(torch.nn.Module):
    """A layer of torch."""

    def __init__(self, function):
        super().__init__()
        self.forward = function


def decorated(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@pytest.mark.parametrize("key", EXERCISES)
@pytest.mark.parametrize("kind", [Called, Layer, decorated])
def test_whatever_can_be_called_may_be_an_answer(key, kind):
    assert examine(EXERCISES[key], kind(EXERCISES[key].reference)).passed


@pytest.mark.parametrize(("key", "phrase"), WRONG_CASES)
def test_wrong_answer_hears_what_is_wrong(key, phrase):
    verdict = examine(EXERCISES[key], WRONG[key][phrase])
    assert not verdict.passed
    assert phrase in verdict.sentence


@pytest.mark.parametrize("key", EXERCISES)
def test_each_wrong_answer_has_a_sentence_of_its_own(key):
    said = sentences(key)
    assert len(set(said)) == len(said)
    assert all(s[0].isupper() and s.endswith((".", "?")) for s in said)


@pytest.mark.parametrize("key", EXERCISES)
def test_stub_is_not_attempted(key):
    verdict = examine(EXERCISES[key], lambda *arguments: todo())
    assert (verdict.passed, verdict.sentence) == (False, "Not attempted yet.")


def _plain(text: str) -> str:
    return "".join(text.split()).replace('"', "'")


def _solution_lines(key):
    """The reference's statements without docstring and checks of its input."""
    source = textwrap.dedent(inspect.getsource(EXERCISES[key].reference))
    function = ast.parse(source).body[0]
    statements = [
        ast.unparse(node)
        for node in ast.walk(function)
        if isinstance(node, (ast.Assign, ast.Return, ast.AugAssign))
    ]
    right_sides = [s.split(" = ", 1)[-1].removeprefix("return ") for s in statements]
    return [_plain(s) for s in right_sides if len(_plain(s)) > 12]


@pytest.mark.parametrize("key", EXERCISES)
def test_nothing_printed_holds_the_solution(key):
    said = sentences(key)
    text = _plain(" ".join([*said, *EXERCISES[key].hints, EXERCISES[key].title]))
    lines = _solution_lines(key)
    assert lines, "the reference should have a line to look for"
    assert [line for line in lines if line in text] == []


@pytest.mark.parametrize("key", EXERCISES)
def test_words_are_those_of_the_statements(key):
    exercise = EXERCISES[key]
    said = sentences(key)
    text = " ".join([*said, *exercise.hints, exercise.title])
    others = r"\b(query|queries|upper|planes?|left and up|up are|every mean)\b"
    assert re.findall(others, text) == []


@pytest.mark.parametrize("key", EXERCISES)
def test_an_exercise_is_complete(key):
    exercise = EXERCISES[key]
    assert exercise.key == key
    assert key.partition(".")[2] == exercise.reference.__name__
    longest = 60 if exercise.title.startswith("Project") else 30
    assert 0 < exercise.minutes <= longest
    assert exercise.difficulty in {1, 2, 3}
    assert len(set(exercise.hints)) == 3
    assert exercise.laws


@pytest.mark.parametrize(
    "chapter",
    ["density", "pixelrnn", "pixelcnn", "autoencoder", "vae", "gan", "comparison"],
)
def test_a_chapter_goes_from_recall_to_half_an_hour(chapter):
    minutes = [e.minutes for k, e in EXERCISES.items() if k.startswith(f"{chapter}.")]
    assert len(minutes) >= 5
    assert min(minutes) <= 5
    assert max(minutes) == (60 if chapter == "comparison" else 30)  # its project
