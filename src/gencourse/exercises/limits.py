"""Run somebody's code with a limit on time, memory and what it leaves behind.

In the main thread an alarm signal interrupts the code; in other threads, and where
there is no such signal, the code runs in a thread of its own that is asked to stop
and then left behind.

What cannot be stopped: one call into compiled code that does not come back, such as
``sum(itertools.count())``; it can only be waited for, or the kernel restarted. In a
thread, neither can a blocking call or a loop that catches every exception: the check
goes on without it, and the thread lives until the kernel ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TypeVar

import numpy as np
import torch

from gencourse.exercises.finite import only_finite

T = TypeVar("T")
SECONDS = 5.0
SPARE_MEMORY = 2 * 2**30  # bytes beyond what the process holds already
# An alarm caught by a bare `except:` is lost; the next ones come so close together
# that one soon falls between the end of the handler and the next turn of the loop.
RING_AGAIN = 1e-4


class TimeUp(BaseException):
    """The code has had its time. No Exception: `except Exception` lets it pass."""


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return call(), or raise TimeUp when it takes longer than so many seconds."""
    main = threading.current_thread() is threading.main_thread()
    if main and hasattr(signal, "setitimer"):
        return _under_alarm(seconds, call)
    return _in_thread(seconds, call)


def _under_alarm(seconds: float, call: Callable[[], T]) -> T:
    armed = True

    def ring(number: int, frame: FrameType | None) -> None:
        # In this file's own frames an alarm would prevent the tidying below.
        if armed and frame is not None and frame.f_code.co_filename != __file__:
            raise TimeUp

    handler = signal.signal(signal.SIGALRM, ring) or signal.SIG_DFL
    timer = signal.setitimer(signal.ITIMER_REAL, seconds, RING_AGAIN)
    try:
        return call()
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, handler)


def _in_thread(seconds: float, call: Callable[[], T]) -> T:
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call())
        except BaseException as error:
            errors.append(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(seconds)
    for _ in range(10):  # a bare `except:` may swallow one
        if not worker.is_alive() or results or errors:
            break
        _interrupt(worker)
        worker.join(0.05)
    if results:
        return results[0]
    raise errors[0] if errors else TimeUp


def _interrupt(thread: threading.Thread) -> None:
    identity = ctypes.c_ulong(thread.ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(identity, ctypes.py_object(TimeUp))


@contextlib.contextmanager
def same_randomness() -> Iterator[None]:
    """Give torch, numpy and Python their random states back at the end."""
    numpy_state, python_state = np.random.get_state(), random.getstate()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        np.random.set_state(numpy_state)
        random.setstate(python_state)


@contextlib.contextmanager
def same_defaults() -> Iterator[None]:
    """Give torch its default dtype and its number of threads back at the end."""
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)


@contextlib.contextmanager
def limited_memory() -> Iterator[None]:
    """Turn a runaway allocation into a MemoryError, on Linux without a GPU.

    Elsewhere the system has no such limit, or the GPU's driver breaks under it.
    """
    if not sys.platform.startswith("linux") or torch.cuda.is_available():
        yield
        return
    import resource

    with open("/proc/self/statm") as file:
        held = int(file.read().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limits = [held + SPARE_MEMORY, *(n for n in (soft, hard) if n >= 0)]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


class Printed(io.TextIOBase):
    """A standard output that keeps the beginning, so that a loop cannot flood it."""

    def __init__(self, most: int = 300) -> None:
        self.text, self.most = "", most

    def writable(self) -> bool:
        """Return True: it is written to."""
        return True

    def write(self, text: str, /) -> int:
        """Keep what still fits, and return the length as if all did."""
        self.text += text[: self.most - len(self.text)]
        return len(text)


def contained(seconds: float, call: Callable[[], object], printed: Printed) -> None:
    """Run call() under every limit; what it prints goes to printed."""

    def with_gradients() -> None:  # a thread of its own has its own gradient mode
        with torch.enable_grad():
            call()

    with (
        contextlib.redirect_stdout(printed),
        warnings.catch_warnings(),
        same_randomness(),
        same_defaults(),
        limited_memory(),
        only_finite(),
    ):
        warnings.simplefilter("ignore")
        within(seconds, with_gradients)
