"""Processes that die, raise, or are slow: what the tests start as a script.

``python process_runs.py NAME FOLDER`` calls a function of this module by its name.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import timedelta
from multiprocessing import active_children
from pathlib import Path

import torch
from distributed_runs import Noise, two_processes
from lightning_fabric import Fabric
from torch.multiprocessing import ProcessRaisedException
from torch.optim import Adam

from gencourse.processes import QuietDDP
from gencourse.train import Batches, fit, launch

STEPS, DEATH = 12, 7


def run(fabric, folder, dying=None, resume=False):
    """Train; the dying process is killed in step DEATH while the others are busy."""
    (folder / f"{fabric.global_rank}.pid").write_text(str(os.getpid()))
    model = Noise()

    def fatal(*_):
        if len(model.seen) == DEATH and dying is not None:
            if fabric.global_rank != dying:
                time.sleep(60)
            (folder / "death").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    optimizer = Adam(model.parameters(), lr=0.1)
    optimizer.register_step_pre_hook(fatal)
    batches = Batches(torch.arange(10.0)[:, None], size=4, steps=STEPS, seed=9)
    history = fit(
        [(optimizer, model.losses)],
        batches,
        checkpoint=folder / "run.checkpoint",
        every=3,
        resume=resume,
        fabric=fabric,
        progress=False,
    )
    return len(history), len(model.seen)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def death(folder, dying):
    """Return what a run says whose process is killed, and what is left of it."""
    folder = folder / f"dying-{dying}"
    folder.mkdir()
    try:
        launch(two_processes(), run, folder, dying)
    except ChildProcessError as why:
        after = time.time() - (folder / "death").stat().st_mtime
        pids = [int((folder / f"{rank}.pid").read_text()) for rank in (0, 1)]
        return {
            "error": str(why),
            "seconds": after,
            "pids": pids,
            "alive": [alive(pid) for pid in pids] + [c.pid for c in active_children()],
            "steps": len(
                torch.load(folder / "run.checkpoint", weights_only=True)["history"][
                    "noise"
                ]
            ),
            "files": sorted(path.name for path in folder.glob(".*")),
            "resumed": launch(two_processes(), run, folder, None, True),
        }


def raising(fabric, error, rank):
    if fabric.global_rank == rank:
        raise error("what one process says", 7)
    fabric.barrier()


def errors():
    """Return the type and text of what arrives of what a process raises."""
    found = []
    for error, rank in ((ValueError, 1), (FileExistsError, 0), (KeyError, 1)):
        try:
            launch(two_processes(), raising, error, rank)
        except (ValueError, OSError, ProcessRaisedException) as why:
            found.append([type(why).__name__, str(why)])
    return found


def interrupted(fabric):
    if fabric.global_rank == 1:
        # Where a shell started the tests in the background, interrupts are ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)


def interruption():
    try:
        launch(two_processes(), interrupted)
    except ChildProcessError as why:
        return str(why)


def slow(fabric):
    if fabric.is_global_zero:
        time.sleep(2.5)
        return "measured"


def patience():
    """Return what rank 0 measures in a longer time than processes wait for another."""
    spread = QuietDDP(start_method="fork", timeout=timedelta(seconds=1))
    fabric = Fabric(accelerator="cpu", devices=2, strategy=spread)
    return launch(fabric, slow)


def stopping(folder):
    """Return whether Ctrl-C in the process that waits ends the others too."""
    signal.signal(signal.SIGALRM, _interrupt)
    signal.setitimer(signal.ITIMER_REAL, 3)
    try:
        launch(two_processes(), waiting, folder)
    except KeyboardInterrupt:
        return [c.pid for c in active_children()]


def _interrupt(*_):
    raise KeyboardInterrupt


def waiting(fabric, folder):
    (folder / f"waits-{fabric.global_rank}").write_text(str(os.getpid()))
    time.sleep(60)


def everything(folder):
    given = dict(os.environ)
    found = {
        "deaths": [death(folder, dying) for dying in (0, 1)],
        "errors": errors(),
        "interruption": interruption(),
        "patience": patience(),
        "stopping": stopping(folder),
    }
    left = {name for name in os.environ if name not in given}
    print(json.dumps({**found, "port": "MASTER_PORT" in left}))


def abandoned(folder):
    """Start processes that wait for ever; the test kills this one."""
    launch(two_processes(), waiting, folder)


if __name__ == "__main__":
    torch.set_num_threads(1)
    {"everything": everything, "abandoned": abandoned}[sys.argv[1]](Path(sys.argv[2]))
