"""Losses that torch.compile translates into kernels of their own, on one GPU.

Ansel et al. 2024, https://doi.org/10.1145/3620665.3640366.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from gencourse.turns import Losses, Turn

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def check_compiling(fabric: Fabric) -> None:
    """Raise a ValueError unless the run is on one GPU."""
    if fabric.world_size > 1:
        raise ValueError(
            f"expected one device with compiled losses, got {fabric.world_size}"
        )
    if fabric.device.type != "cuda":
        raise ValueError(
            "compiled losses are for a GPU: on a CPU translating them takes longer "
            "than it saves; train without"
        )


def compile_turns(turns: Sequence[Turn], backend: str = "inductor") -> list[Turn]:
    """Return the turns with their losses compiled, those that are one still one.

    Compiled losses know the module that they belong to, and ``fit`` takes them.
    """
    ready: dict[Losses, Losses] = {}
    for _, losses in turns:
        if losses not in ready:
            ready[losses] = torch.compile(losses, backend=backend)
    return [(optimizer, ready[losses]) for optimizer, losses in turns]


@contextmanager
def told_what_compiles() -> Iterator[None]:
    """Say in a ValueError that a gradient penalty cannot be compiled."""
    try:
        yield
    except RuntimeError as why:
        if "double backward" not in str(why):
            raise
        raise ValueError(
            "losses with a gradient penalty, a gradient of a gradient, cannot be "
            "compiled: train without"
        ) from why
