"""Processes that are started together end together, and say what went wrong."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("process_runs.py")

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, SIGKILL")


def start(name, folder):
    return subprocess.Popen(
        [sys.executable, SCRIPT, name, folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    process = start("everything", tmp_path_factory.mktemp("runs"))
    try:
        told, errors = process.communicate(timeout=150)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        pytest.fail(f"a process hangs: {process.communicate()[1]}")
    assert process.returncode == 0, errors
    assert errors == ""
    return json.loads(told)


@pytest.mark.parametrize("dying", [0, 1])
def test_a_killed_process_ends_the_run(found, dying):
    death = found["deaths"][dying]
    pid = death["pids"][dying]
    assert death["error"] == (
        f"process {dying} of 2 (pid {pid}) ended by SIGKILL, and the others were "
        "stopped"
    )
    # The other one was busy for a minute.
    assert death["seconds"] < 20
    assert death["alive"] == [False, False]


@pytest.mark.parametrize("dying", [0, 1])
def test_its_checkpoint_is_whole_and_the_run_goes_on(found, dying):
    death = found["deaths"][dying]
    assert death["steps"] == 6 and death["resumed"] == [12, 6]
    assert not [name for name in death["files"] if name.endswith(".unfinished")]


def test_errors_arrive_as_they_were_raised(found):
    value, exists, other = found["errors"]
    assert value == ["ValueError", "('what one process says', 7)"]
    assert exists[0] == "FileExistsError"
    assert other[0] == "ProcessRaisedException"
    assert "in raising" in other[1] and "KeyError" in other[1]


def test_a_process_that_is_interrupted_is_no_good_end(found):
    assert "process 1 of 2" in found["interruption"]
    assert "exit code 130" in found["interruption"]


def test_nobody_waits_for_what_rank_zero_measures(found):
    assert found["patience"] == "measured"


def test_ctrl_c_ends_the_processes_too(found):
    assert found["stopping"] == []


def test_a_port_is_not_kept(found):
    assert found["port"] is False


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # Whoever adopts orphans may be slow to bury them.
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" in status.read_text()


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def test_processes_do_not_outlive_the_one_that_started_them(tmp_path):
    process = start("abandoned", tmp_path)
    try:
        files = [tmp_path / f"waits-{rank}" for rank in (0, 1)]
        wait_until(lambda: all(f.exists() and f.read_text() for f in files))
        pids = [int(file.read_text()) for file in files]
        process.kill()
        wait_until(lambda: all(map(gone, pids)), seconds=20)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
