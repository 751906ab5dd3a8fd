"""A process for each device: started together, and ended together.

The process that starts them takes no part: it waits, and says what went wrong.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import active_children, parent_process
from threading import Thread
from typing import TYPE_CHECKING, Any

from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from torch.multiprocessing import (  # type: ignore[attr-defined]
    ProcessExitedException,
    ProcessRaisedException,
    get_context,
)

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue

# What a user can do something about: it arrives as it was raised.
PLAIN = (ValueError, OSError, FloatingPointError)


class QuietDDP(DDPStrategy):
    """DistributedDataParallel that says nothing, in processes that leave no orphan."""

    def setup_environment(self) -> None:
        """Join the other processes."""
        logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
        Thread(target=_end_with_parent, daemon=True).start()
        super().setup_environment()


def call_in_processes(fabric: Fabric, function: Callable[..., Any], *args: Any) -> Any:  # noqa: ANN401
    """Return what ``function(fabric, *args)`` returns in the process of rank 0.

    See `distributed.launch`, which is this for several devices.
    """
    errors: SimpleQueue[Exception] = get_context("spawn").SimpleQueue()
    try:
        with _no_orphans(), _port_given_back():
            return fabric.launch(partial(_call, errors, function, args))
    except ProcessRaisedException:
        # The first is the cause: what the others raise is that it does not answer.
        if errors.empty():
            raise
        raise errors.get() from None
    except ProcessExitedException as why:
        ended = why.signal_name or f"exit code {why.exit_code}"
        raise ChildProcessError(
            f"process {why.error_index} of {fabric.world_size} (pid {why.error_pid}) "
            f"ended by {ended}, and the others were stopped"
        ) from None


def _call(
    errors: SimpleQueue[Exception],
    function: Callable[..., Any],
    args: tuple[Any, ...],
    fabric: Fabric,
) -> Any:  # noqa: ANN401
    try:
        return function(fabric, *args)
    except PLAIN as why:
        errors.put(why)
        raise
    except KeyboardInterrupt:
        # An end without an answer would look like a good one.
        sys.exit(130)


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)


@contextmanager
def _no_orphans() -> Iterator[None]:
    before = active_children()
    told = logging.getLogger("torch.multiprocessing.spawn")
    level = told.level
    told.setLevel(logging.ERROR)  # that it stops the others, our error says
    try:
        yield
    finally:
        told.setLevel(level)
        for child in active_children():
            if child not in before:
                child.kill()
                child.join()


@contextmanager
def _port_given_back() -> Iterator[None]:
    """Forget the port that Fabric chose, or the next run here would take it again."""
    given = os.environ.get("MASTER_PORT")
    try:
        yield
    finally:
        os.environ.pop("MASTER_PORT", None)
        if given is not None:
            os.environ["MASTER_PORT"] = given
