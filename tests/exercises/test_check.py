"""check, hint and mine_or_reference: one line, whatever they are given."""

from __future__ import annotations

import sys
import threading

import autoregressive_answers
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gencourse.exercises import (
    EXERCISES,
    NotAttempted,
    check,
    core,
    examine,
    hint,
    limits,
    mine_or_reference,
    todo,
)
from gencourse.exercises.lines import WIDTH

KEY = "density.kl_divergence"
REFERENCE = EXERCISES[KEY].reference


def right(p, q):
    return REFERENCE(p, q)


def raise_unreadable(p, q):
    class UnreadableError(Exception):
        def __str__(self):
            raise ValueError

    raise UnreadableError


def damage(p, q):
    p += 1e-3
    return REFERENCE(p - 1e-3, q)


def recurse(p, q):
    return recurse(p, q)


def too_much_memory(p, q):
    return torch.empty(10**15)


def interrupt(p, q):
    raise KeyboardInterrupt


def second_line(p, q):
    return p / (q - q).sum().item() if False else int("seven")


def swallow(p, q):
    while True:
        try:
            p.sum()
        except:  # noqa: E722 - what learners write
            continue


def leave(p, q):
    sys.exit(3)


@pytest.fixture
def said(capsys):
    """``said(function, *arguments)`` returns what a call prints, a line a sentence."""

    def say(function, *arguments):
        function(*arguments)
        return capsys.readouterr().out.removesuffix("\n").replace("\n  ", " ")

    return say


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", 0.5)
    monkeypatch.setattr(core, "_hints_given", type(core._hints_given)())
    monkeypatch.delenv("GENCOURSE_STRICT", raising=False)


def test_right_answer(said):
    assert said(check, KEY, right) == f"✓ {KEY}: Passed."


def test_a_list_without_end_hears_of_its_length(said):
    key = "autoregressive.enumerate_images"
    verdict = said(check, key, autoregressive_answers.by_digits)
    assert "stopped after 0.5 seconds: 102 levels" in verdict
    assert "before any of them is made" in verdict
    assert "never end" not in verdict


def test_stub(said):
    assert said(check, KEY, lambda p, q: todo()) == f"○ {KEY}: Not attempted yet."
    with pytest.raises(NotAttempted, match="yours to write"):
        todo()


@pytest.mark.parametrize(
    ("answer", "phrase"),
    [
        (lambda p, q: None, "returned None"),
        (lambda p: p, "should take (p, q)"),
        (lambda: 0, "should take (p, q)"),
        (lambda p, q: p / {}, "raised TypeError: unsupported operand"),
        (second_line, "ValueError: invalid literal for int() with base 10: 'seven'"),
        (second_line, "(line 2 of your function)"),
        (raise_unreadable, "raised UnreadableError (line 6"),
        (recurse, "calls itself without end"),
        (leave, "tried to leave Python (SystemExit)"),
        (interrupt, "was interrupted"),
        (too_much_memory, "more memory"),
        (lambda p, q: (_ for _ in ()).throw(MemoryError), "more memory"),
        (damage, "changed its input p"),
        (lambda p, q: p.resize_(0), "changed its input p"),
        (lambda p, q: (v for v in p), "it yields where it should return"),
        (lambda p, q: "0.3", "returned a str; shape (2,) is expected"),
        (lambda p, q: {"kl": 1}, "returned a dict"),
        (lambda p, q: [[1], [2, 3]], "returned a list of 2"),
        (lambda p, q: np.zeros((2, 1)), "has shape (2, 1); shape (2,) is expected"),
        (lambda p, q: right(p, q) * 1j, "is complex; real numbers are expected"),
        (lambda p, q: [1j, 2.0], "is complex; real numbers are expected"),
        (lambda p, q: np.ones(2) * 1j, "is complex; real numbers are expected"),
        (lambda p, q: torch.full((2,), torch.nan), "yours is nan at index 0"),
        (swallow, "stopped after 0.5 seconds"),
        (3, "of type int"),
        ("kl_divergence", "of type str"),
        (None, "of type NoneType"),
        (REFERENCE, "the course's own function; run the cell"),
    ],
)
def test_wrong_answers_get_one_line(said, answer, phrase):
    line = said(check, KEY, answer)
    assert line.startswith(f"✗ {KEY}: ")
    assert phrase in line
    assert "\n" not in line


def test_no_word_is_broken_by_a_notebook_s_edge(capsys):
    hint(KEY, 2)
    first, *others = capsys.readouterr().out.splitlines()
    assert others and all(line.startswith("  ") for line in others)
    assert max(map(len, [first, *others])) <= WIDTH
    words = " ".join([first, *others]).split()
    assert words == f"Hint 2 of 3: {EXERCISES[KEY].hints[1]}".split()


def test_printing_is_shown_under_the_verdict(said):
    def chatty(p, q):
        print("hello")
        return right(p, q)

    verdict, printed, *_ = said(check, KEY, chatty).splitlines()
    assert verdict == f"✓ {KEY}: Passed."
    assert printed == "Your function printed: hello"


def test_tensors_that_need_gradients_pass():
    def learnt(p, q):
        return right(p, q.requires_grad_())

    assert examine(EXERCISES[KEY], learnt).passed


def test_works_in_another_thread(said):
    def elsewhere(answer):
        thread = threading.Thread(target=check, args=(KEY, answer))
        thread.start()
        thread.join()

    assert said(elsewhere, right) == f"✓ {KEY}: Passed."
    done = threading.Event()

    def swallow_until_done(p, q):  # a thread that outlives the tests may abort them
        while not done.is_set():
            try:
                p.sum()
            except:  # noqa: E722
                continue

    assert "stopped after" in said(elsewhere, swallow_until_done)
    done.set()


def test_global_randomness_is_untouched(said):
    def seeded(p, q):
        torch.manual_seed(0), np.random.seed(0)
        return right(p, q)

    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    said(check, KEY, seeded)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()


def test_torch_defaults_come_back(said):
    def careless(p, q):
        torch.set_default_dtype(torch.float64)
        torch.set_num_threads(threads + 1)
        return right(p, q)

    threads = torch.get_num_threads()
    assert said(check, KEY, careless) == f"✓ {KEY}: Passed."
    assert (torch.get_default_dtype(), torch.get_num_threads()) == (
        torch.float32,
        threads,
    )


def test_unknown_key_lists_the_known(said):
    for call in (check, mine_or_reference):
        line = said(call, "density.kl", right)
        assert line.startswith(
            "There is no exercise 'density.kl'. Do you mean 'density.kl_divergence'? "
            "Known: "
        )
        assert all(key in line for key in EXERCISES)
    assert "There is no exercise" in said(hint, "density.kl")
    assert "There is no exercise 3. Known" in said(check, 3, right)
    assert "mean 'autoencoder.pca'?" in said(hint, "pca")


def test_strict_mode_raises_the_same_sentence(said, monkeypatch):
    monkeypatch.setenv("GENCOURSE_STRICT", "1")
    assert said(check, KEY, right) == f"✓ {KEY}: Passed."
    with pytest.raises(AssertionError, match="Your function returned None"):
        check(KEY, lambda p, q: None)
    with pytest.raises(AssertionError, match="Not attempted yet"):
        check(KEY, lambda p, q: todo())
    with pytest.raises(AssertionError, match="There is no exercise"):
        check("nothing", right)
    monkeypatch.setenv("GENCOURSE_STRICT", "0")
    check(KEY, None)


def test_hints_come_one_by_one(said):
    hints = EXERCISES[KEY].hints
    for number, text in enumerate(hints, 1):
        assert said(hint, KEY) == f"Hint {number} of 3: {text}"
    assert said(hint, KEY).startswith("Those were all 3 hints")
    assert said(hint, KEY).startswith("Those were all 3 hints")
    assert said(hint, KEY, 2) == f"Hint 2 of 3: {hints[1]}"
    assert said(hint, KEY, 0) == said(hint, KEY, 4) == "Hints are numbered 1 to 3."
    assert said(hint, "density.bits_per_dim").startswith("Hint 1 of 3")


def test_a_right_answer_stays_the_readers_own(said, capsys):
    assert mine_or_reference(KEY, right) is right
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("answer", [lambda p, q: todo(), None, leave, REFERENCE])
def test_else_the_courses_own_goes_on(answer, capsys):
    assert mine_or_reference(KEY, answer) is REFERENCE
    assert capsys.readouterr().out == "Going on with the course's own kl_divergence.\n"


values = st.one_of(
    st.none(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.complex_numbers(),
    st.lists(st.integers() | st.floats() | st.text(max_size=2), max_size=4),
    st.tuples(st.integers(), st.lists(st.floats(), max_size=3)),
    st.dictionaries(st.integers(), st.integers(), max_size=2),
    st.lists(st.integers(0, 7), max_size=4).map(torch.zeros),
    st.lists(st.integers(0, 7), max_size=4).map(np.ones),
    st.sampled_from([object(), int, lambda: 0, torch.Generator(), {1}, range(9)]),
)
answers = st.one_of(
    values,
    values.map(lambda v: lambda *given: v),
    values.map(lambda v: lambda one, two, three, four: v),
    st.sampled_from([print, len, int, torch.add, torch.nn.Linear, dict, sys.exit]),
    st.sampled_from([lambda *given: given, lambda *given: given[0].double().mean()]),
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(key=st.sampled_from(list(EXERCISES)), answer=answers)
def test_never_raises_and_never_passes_garbage(key, answer):
    check(key, answer)
    verdict = examine(EXERCISES[key], answer)
    assert not verdict.passed
    assert "\n" not in verdict.sentence
