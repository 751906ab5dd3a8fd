"""Whatever the code does, it comes back in time and leaves nothing behind."""

from __future__ import annotations

import random
import signal
import sys
import threading
import time

import numpy as np
import pytest
import torch

from gencourse.exercises import limits

needs_alarm = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="the system has no alarm signal"
)


def forever():
    while True:
        pass


def sleep_stubbornly():
    while True:
        try:
            time.sleep(60)
        except:  # noqa: E722 - what learners write
            continue


def count_stubbornly():
    n = 0
    while True:
        try:
            n += 1
            int("x")
        except:  # noqa: E722
            n -= 1


def print_forever():
    while True:
        print("again")


def in_a_thread(call):
    """Return what call() returns or raises in a thread that is not the main one."""
    outcome = []

    def work():
        try:
            outcome.append(call())
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return outcome[0]


@needs_alarm
@pytest.mark.parametrize(
    "call", [forever, sleep_stubbornly, count_stubbornly, print_forever]
)
def test_main_thread_stops_in_time_and_restores_the_handler(call):
    def mine(number, frame):
        raise AssertionError("rang after the end")

    before = signal.signal(signal.SIGALRM, mine)
    try:
        start = time.monotonic()
        with pytest.raises(limits.TimeUp):
            limits.contained(0.2, call, limits.Printed())
        assert 0.15 < time.monotonic() - start < 5
        assert signal.getsignal(signal.SIGALRM) is mine
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_handler_is_restored_after_success():
    before = signal.getsignal(signal.SIGALRM)
    assert limits.within(5, lambda: 3) == 3
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@pytest.mark.parametrize("call", [forever, lambda: time.sleep(2)])
def test_other_threads_stop_waiting_in_time(call):
    start = time.monotonic()
    result = in_a_thread(lambda: limits.within(0.2, call))
    assert isinstance(result, limits.TimeUp)
    assert 0.15 < time.monotonic() - start < 1.5


def test_a_loop_in_another_thread_is_ended():
    before = threading.active_count()
    in_a_thread(lambda: limits.within(0.2, forever))
    time.sleep(0.2)
    assert threading.active_count() == before


def test_other_threads_pass_results_and_errors():
    assert in_a_thread(lambda: limits.within(5, lambda: 3)) == 3
    error = in_a_thread(lambda: limits.within(5, lambda: 1 / 0))
    assert isinstance(error, ZeroDivisionError)


def test_without_alarms_the_main_thread_uses_another(monkeypatch):
    monkeypatch.delattr(signal, "setitimer", raising=False)
    assert limits.within(5, threading.current_thread) is not threading.main_thread()


def test_random_states_come_back():
    def draw():
        return torch.rand(3).tolist(), np.random.rand(3).tolist(), random.random()

    def disturb():
        draw()
        torch.manual_seed(1), np.random.seed(1), random.seed(1)

    with limits.same_randomness():
        expected = draw()
    limits.contained(5, disturb, limits.Printed())
    with limits.same_randomness():
        assert draw() == expected


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is Linux's")
@pytest.mark.skipif(torch.cuda.is_available(), reason="no limit beside a GPU's driver")
def test_memory_is_limited_and_the_limit_goes(monkeypatch):
    import resource

    monkeypatch.setattr(limits, "SPARE_MEMORY", 2**28)  # filling more takes long
    before = resource.getrlimit(resource.RLIMIT_AS)

    def double():
        block = bytearray(2**20)
        while len(block) < 2**37:
            block = bytearray(2 * len(block))

    with pytest.raises(MemoryError):
        limits.contained(5, double, limits.Printed())
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_printed_keeps_the_beginning():
    printed = limits.Printed(most=5)
    limits.contained(5, lambda: print("abc\n" * 3), printed)
    assert printed.text == "abc\na"


def test_gradients_are_on_whatever_the_caller_did():
    modes = []
    with torch.no_grad():
        limits.contained(
            5, lambda: modes.append(torch.is_grad_enabled()), limits.Printed()
        )
    assert modes == [True]
