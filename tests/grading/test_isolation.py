"""What a submission can see and do under each kind of isolation."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path

import pytest
from submissions import TELL_BITS, graded, hand_in, result

from gencourse.grading import channel, sandbox
from gencourse.grading.sandbox import BUBBLEWRAP, NONE, UNSHARE

LOOK = """\
import os, pathlib
def can(what, *given):
    try:
        what(*given)
        return True
    except BaseException:
        return False
def bits_per_dim(log_likelihood, dims):
    links = [l for l in open("/proc/net/dev").read().split("\\n")[2:] if l.strip()]
    raise RuntimeError(" ".join([
        f"reads={{can(open, {secret!r})}}",
        f"writes={{can(open, {secret!r} + '.new', 'w')}}",
        f"package={{can(open, {package!r} + '/new', 'w')}}",
        f"links={{len(links)}}",
        f"here={{os.listdir()}}",
        f"own={{can(open, 'mine', 'w')}}",
        f"token={{os.environ.get('A_SECRET_TOKEN')}}",
        f"processes={{len([p for p in os.listdir('/proc') if p.isdigit()])}}",
    ]))
"""


def skipped(kind):
    if not sandbox.works(kind):
        pytest.skip(f"{kind.by} does not work here")


@pytest.fixture
def looked(tmp_path, monkeypatch):
    def look(kind):
        monkeypatch.setenv("A_SECRET_TOKEN", "xyz")
        secret = tmp_path / "solutions.txt"
        secret.write_text("42")
        package = str(tmp_path) if kind is NONE else str(sandbox.PACKAGE)
        cell = LOOK.format(secret=str(secret), package=package)
        found = result(
            graded(hand_in(tmp_path, cell, TELL_BITS), isolation=kind, seeds=())
        )
        said = found.sentence
        assert "RuntimeError" in said, said
        return said

    return look


def test_something_isolates_here():
    if sys.platform != "linux" or os.environ.get("GENCOURSE_NO_ISOLATION"):
        pytest.skip("no Linux, or GENCOURSE_NO_ISOLATION is set")
    assert sandbox.best() in (BUBBLEWRAP, UNSHARE), "apt-get install bubblewrap"


def test_bubblewrap_hides_files_network_and_secrets(looked):
    skipped(BUBBLEWRAP)
    said = looked(BUBBLEWRAP)
    for fact in ("reads=False", "package=False", "links=1", "here=[]", "own=True"):
        assert fact in said, said
    assert "token=None" in said
    assert not list(sandbox.PACKAGE.glob("new"))


def test_unshare_lets_files_be_read_and_not_written(looked):
    skipped(UNSHARE)
    said = looked(UNSHARE)
    for fact in ("reads=True", "writes=False", "package=False", "links=1", "here=[]"):
        assert fact in said, said
    assert "own=True" in said and "token=None" in said


def test_without_isolation_the_environment_and_folder_are_its_own(looked):
    said = looked(NONE)
    assert "here=[]" in said and "own=True" in said and "token=None" in said


HIDE = """\
import ctypes, time
libc = ctypes.CDLL(None)
def bits_per_dim(log_likelihood, dims):
    for n in range(2):
        if libc.fork() == 0:
            libc.setsid()
            if libc.fork() == 0:
                libc.prctl(15, b"{name}")  # what /proc calls it
                libc.sleep(98765)
            libc._exit(0)
    libc._exit(0)
"""


@pytest.mark.parametrize("kind", [BUBBLEWRAP, UNSHARE, NONE], ids=lambda k: k.by)
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_children_that_leave_the_group_are_ended_too(kind, tmp_path):
    skipped(kind)
    name = f"{kind.by[:4]}-{os.getpid()}"  # other tests grade at the same time
    path = hand_in(tmp_path, HIDE.format(name=name), TELL_BITS)
    found = result(graded(path, isolation=kind, seeds=()))
    assert found.state in ("stopped", "wrong")
    end = time.monotonic() + 5
    while running(name) and time.monotonic() < end:
        time.sleep(0.1)
    assert not running(name)


def running(name):
    """Return the processes that call themselves so."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if path.joinpath("comm").read_text().strip() == name:
                found.add(path.name)
    return found


def test_what_does_not_start_leaves_nothing(tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr(channel, "START", 0.0)
    path = hand_in(tmp_path, "def bits_per_dim(a, b): return a / b", TELL_BITS)
    (found,) = graded(path, seeds=()).notebooks
    assert found.problem == "its process did not start: its time was over"
    assert list(temporary.iterdir()) == []
