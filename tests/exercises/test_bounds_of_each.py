"""Each check has its bounds: on time, memory, what is printed, and ways to leave."""

from __future__ import annotations

import functools
import sys
import time

import numpy as np
import pytest
import torch

from gencourse.exercises import EXERCISES, examine, limits
from gencourse.exercises.exercise import Exercise

HUGE = 100 * 2**30  # bytes
on_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux") or torch.cuda.is_available(),
    reason="the limit on memory is Linux's, and none beside a GPU's driver",
)


def forever(*_):
    while True:
        pass


def printed_forever(*_):
    while True:
        print("again")


def ones_of_torch(*_):
    return torch.ones(HUGE // 4)


def ones_of_numpy(*_):
    return np.ones(HUGE // 8)


def leave(*_):
    sys.exit(3)


def interrupt(*_):
    raise KeyboardInterrupt


def call_itself(*given):
    return call_itself(*given)


def at_call(exercise: Exercise, which: int, otherwise):
    """Return the reference, but for one call of it, counted from the end if < 0."""
    if which < 0:
        calls = []
        counted = functools.partial(_noted, exercise.reference, calls)
        assert examine(exercise, counted).passed
        which += len(calls)
    made = []

    def answer(*given):
        made.append(None)
        chosen = otherwise if len(made) == which + 1 else exercise.reference
        return chosen(*given)

    return answer


def _noted(function, calls, *given):
    calls.append(None)
    return function(*given)


eigvals = torch.linalg.eigvals


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", 0.1)


@pytest.mark.parametrize("key", EXERCISES)
@pytest.mark.parametrize("answer", [forever, printed_forever])
def test_what_never_ends_is_stopped(key, answer, soon):
    start = time.monotonic()
    verdict = examine(EXERCISES[key], answer)
    assert time.monotonic() - start < 5
    assert torch.linalg.eigvals is eigvals
    seconds = f"{0.1 * EXERCISES[key].patience:g}"
    told = f"Your function was stopped after {seconds} seconds: "
    assert verdict.sentence.startswith(told)
    assert len(verdict.printed) == (300 if answer is printed_forever else 0)


@on_linux
@pytest.mark.parametrize("key", EXERCISES)
@pytest.mark.parametrize("answer", [ones_of_torch, ones_of_numpy])
def test_too_much_memory_is_told(key, answer):
    sentence = examine(EXERCISES[key], answer).sentence
    assert sentence.endswith("function asked for more memory than there is to spare.")


@pytest.mark.parametrize("key", EXERCISES)
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (leave, "tried to leave Python (SystemExit)"),
        (interrupt, "was interrupted before it was done (KeyboardInterrupt)"),
        (call_itself, "calls itself without end (RecursionError)"),
    ],
)
def test_ways_to_leave_end_no_notebook(key, answer, told):
    assert told in examine(EXERCISES[key], answer).sentence


@on_linux
@pytest.mark.parametrize("key", EXERCISES)
@pytest.mark.parametrize(
    ("otherwise", "told"),
    [
        (ones_of_torch, r"more memory than there is to spare"),
        (leave, r"tried to leave Python"),
        (interrupt, r"was interrupted before it was done"),
    ],
)
def test_a_late_end_is_told_as_what_it_is(key, otherwise, told):
    # Not the last call of all: where all images are too many, memory may run out.
    which = -2 if key == "autoregressive.enumerate_images" else -1
    sentence = examine(
        EXERCISES[key], at_call(EXERCISES[key], which, otherwise)
    ).sentence
    if otherwise is ones_of_torch and key == "autoregressive.enumerate_images":
        told = r"a ValueError is due before any of them is made"
    assert told in sentence


@pytest.mark.parametrize("key", EXERCISES)
def test_eigenvalues_of_nan_end_no_process(key):
    def answer(*_):
        return torch.linalg.eigvals(torch.full((3, 3), torch.nan))

    sentence = examine(EXERCISES[key], answer).sentence
    assert "igenvalues" in sentence
    assert "NaN" in sentence


@pytest.mark.parametrize("key", EXERCISES)
def test_each_check_is_done_long_before_its_time(key):
    """A slower machine, by three times, still checks a right answer in time."""
    exercise = EXERCISES[key]
    answer = functools.partial(exercise.reference)
    examine(exercise, answer)  # what is slow the first time only
    start = time.process_time()
    assert examine(exercise, answer).passed
    assert time.process_time() - start < limits.SECONDS * exercise.patience / 3
