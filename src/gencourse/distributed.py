"""One device or many: where a run goes, and what its processes agree on.

On many devices every process holds the model and takes its share of each batch; the
gradients meet before the optimiser moves (PyTorch's DistributedDataParallel, Li et al.
2020, https://arxiv.org/abs/2006.15704).
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import torch

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]
DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "32-true", "bf16-mixed", "16-mixed")
# How the processes start. A notebook can only be forked, see Fabric's documentation.
STRATEGIES = {"auto": "spawn", "ddp": "spawn", "ddp_notebook": "fork"}


def make_fabric(
    device: str = "auto",
    *,
    devices: int = 1,
    strategy: str = "auto",
    precision: str = "auto",
) -> Fabric:
    """Return a Fabric for one device or for several of a kind.

    What runs on several is a function that `launch` calls in a process for each.

    Args:
        device: "cpu", "cuda", or "auto", GPUs if there are.
        devices: how many GPUs, or how many processes on the CPU.
        strategy: "ddp", "ddp_notebook" (processes that are forked, as a notebook needs
            it), or "auto", which is "ddp". It says nothing about one device.
        precision: "32-true", "bf16-mixed", "16-mixed" (on a GPU), or "auto": see
            `precision`.

    Raises:
        ValueError: there is no such thing, or not here.
    """
    device = _device(device)
    _check(device, devices, strategy, precision)
    numbers = _precision(device, precision)
    with _unseen("torchmetrics"):  # which Fabric would import to know its version
        from lightning_fabric import Fabric  # slow; loading a model needs it not

    if devices == 1:
        return Fabric(accelerator=device, devices=1, precision=numbers)
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment

    from gencourse.processes import QuietDDP

    spread = QuietDDP(start_method=STRATEGIES[strategy])  # type: ignore[arg-type]
    return Fabric(
        accelerator=device,
        devices=devices,
        strategy=spread,
        precision=numbers,
        plugins=[LightningEnvironment()],
    )


@contextmanager
def _unseen(name: str) -> Iterator[None]:
    """Let what is imported meanwhile miss a package, unless it is loaded already."""
    hidden = name not in sys.modules
    if hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hidden:
            del sys.modules[name]


def precision(device: str) -> Precision:
    """Return Fabric's name of the precision for "cpu" or "cuda".

    "32-true" on a CPU. On a GPU "bf16-mixed" where the hardware itself has bfloat16,
    else "16-mixed", whose losses are scaled so that gradients survive half precision.
    """
    if device == "cpu":
        return "32-true"
    if torch.cuda.is_bf16_supported(including_emulation=False):
        return "bf16-mixed"
    return "16-mixed"


def precision_of(fabric: Fabric) -> str:
    """Return the name of the precision that a Fabric computes in."""
    return str(fabric.strategy.precision.precision)


def launch(fabric: Fabric, function: Callable[..., Any], *args: Any) -> Any:  # noqa: ANN401
    """Return ``function(fabric, *args)``, called on every device.

    With one device it is called here. With several, this process starts one for each,
    waits, and returns what the one of rank 0 returned; the function and its arguments
    have to be such that pickle can send them.

    Raises:
        ChildProcessError: a process was killed, or ended before its time. The others
            are stopped first.
        ValueError, OSError, FloatingPointError: what a process raised of these.
        ProcessRaisedException: a process raised something else; with its traceback.
    """
    if fabric.world_size == 1:
        return function(fabric, *args)
    from gencourse.processes import call_in_processes

    return call_in_processes(fabric, function, *args)


def share(fabric: Fabric, batch: torch.Tensor) -> torch.Tensor:
    """Return this process's share of a batch: (B, ...) -> (B / devices, ...)."""
    return batch[fabric.global_rank :: fabric.world_size]


def check_shares(size: int, devices: int) -> None:
    """Raise a ValueError unless the devices can share a batch evenly."""
    if size % devices:
        raise ValueError(
            f"expected a batch size that {devices} devices can share evenly, got {size}"
        )


def seed_rank(seed: int, rank: int, step: int) -> None:
    """Seed the global generators from all three, so that no two ranks draw alike."""
    for_torch, for_numpy, for_python = np.random.SeedSequence(
        [seed, rank, step]
    ).generate_state(3)
    torch.manual_seed(int(for_torch))
    np.random.seed(int(for_numpy))
    random.seed(int(for_python))


def summed(fabric: Fabric, value: float) -> float:
    """Return the sum of a number over the processes; called in all of them."""
    if fabric.world_size == 1:
        return value
    here = torch.tensor(value, dtype=torch.float64, device=fabric.device)
    return float(cast(torch.Tensor, fabric.all_reduce(here, reduce_op="sum")))


def _device(wanted: str) -> str:
    if wanted not in DEVICES:
        raise ValueError(f"expected the device 'auto', 'cpu' or 'cuda', got {wanted!r}")
    here = torch.cuda.is_available()
    if wanted == "cuda" and not here:
        raise ValueError("the device 'cuda' was asked for, and there is no CUDA here")
    return ("cuda" if here else "cpu") if wanted == "auto" else wanted


def _precision(device: str, wanted: str) -> Precision:
    return precision(device) if wanted == "auto" else cast(Precision, wanted)


def _check(device: str, devices: int, strategy: str, wanted: str) -> None:
    if type(devices) is not int or devices < 1:
        raise ValueError(f"expected 1 device or more, got {devices!r}")
    if strategy not in STRATEGIES:
        known = ", ".join(STRATEGIES)
        raise ValueError(f"expected a strategy out of {known}, got {strategy!r}")
    if wanted not in PRECISIONS:
        known = ", ".join(PRECISIONS)
        raise ValueError(f"expected a precision out of {known}, got {wanted!r}")
    if device == "cpu" and wanted == "16-mixed":
        raise ValueError("the precision '16-mixed' needs a GPU, and this is a CPU")
    if device == "cuda" and devices > torch.cuda.device_count():
        raise ValueError(
            f"{devices} devices were asked for, and there are "
            f"{torch.cuda.device_count()} GPUs"
        )
