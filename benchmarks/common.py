"""What the benchmarks share: how seconds are counted, and how numbers are written.

CPU seconds of one thread, the least of some repeats: what else the machine does only
adds to them. A ratio is of two numbers of one run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from gencourse import provenance
from gencourse.batches import Batches
from gencourse.recipe import Recipe
from gencourse.train import fit

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent
Row = dict[str, float]
Cells = Mapping[str, object]


def options(description: str | None, repeats: int) -> argparse.ArgumentParser:
    """Return a parser with what every benchmark takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, help="where to write the numbers")
    parser.add_argument("--repeats", type=int, default=repeats)
    parser.add_argument("--quick", action="store_true", help="tiny, to see it run")
    return parser


def write(path: Path | None, result: Mapping[str, object]) -> None:
    """Write the numbers as JSON, with where and when; nothing without a path."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**result, "made": made()}, indent=2, allow_nan=False)
        path.write_text(text + "\n", encoding="utf-8")


def made() -> dict[str, str]:
    """Return the machine, how busy it is, the versions and the date."""
    load = f"{os.getloadavg()[0]:.1f} of {os.cpu_count()} cores"
    return {**provenance.describe(), "processor": processor(), "load": load}


def processor() -> str:
    """Return the processor's name as Linux tells it, or what Python knows of it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.is_file() else []
    names = [line.partition(":")[2] for line in lines if line.startswith("model name")]
    return names[0].strip() if names else platform.processor() or platform.machine()


def table(rows: Sequence[Cells]) -> None:
    """Print rows under their names."""
    shown = [{name: _cell(value) for name, value in row.items()} for row in rows]
    widths = {
        name: max(8, len(name), *(len(row[name]) for row in shown)) for name in rows[0]
    }
    print("  ".join(f"{name:>{width}}" for name, width in widths.items()))
    for row in shown:
        print("  ".join(f"{row[name]:>{width}}" for name, width in widths.items()))


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def least_seconds(run: Callable[[], object], repeats: int, warm: bool = True) -> float:
    """Return the least CPU seconds of ``run``, which runs once more before if warm."""
    if warm:
        run()
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return min(taken)


def flops_per_second() -> float:
    """Return the speed of a product of two 1024 x 1024 matrices."""
    side = 1024
    one, other = torch.rand(side, side), torch.rand(side, side)
    return 2 * side**3 / least_seconds(lambda: one @ other, 7)


class Counter(TorchDispatchMode):
    """Adds up the floating-point operations of matrix products and convolutions.

    With torch's own formulas; its FlopCounterMode refuses gradients of gradients.
    """

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        """Run an operation, counted; one that has no formula by what it is made of."""
        kwargs = kwargs or {}
        formula = flop_registry.get(func.overloadpacket)
        if formula is None:
            with self:
                parts = func.decompose(*args, **kwargs)
            return func(*args, **kwargs) if parts is NotImplemented else parts
        result = func(*args, **kwargs)
        self.total += formula(*args, **kwargs, out_val=result)
        return result


def flops(run: Callable[[], object]) -> int:
    """Return the floating-point operations of the products in ``run``."""
    with Counter() as counter:
        run()
    return counter.total


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Return e of the power law, seconds ~ size^e, that fits best in logarithms."""
    if len(sizes) != len(seconds) or len(sizes) < 2:
        given = f"{len(sizes)} and {len(seconds)}"
        raise ValueError(f"expected seconds for each of 2 sizes or more, got {given}")
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def train(recipe: Recipe, batches: Batches) -> list[float]:
    """Return the CPU seconds of each step but the first of a recipe's training.

    A step is as in ``gencourse train``: the batches, all turns, clipping, the schedule;
    the average of the weights, a small part of it, is left out.
    """
    torch.manual_seed(recipe.seed)
    turns = recipe.turns(recipe.model(), recipe.lr, recipe.weight_decay)
    history = fit(
        turns, batches, clip=recipe.clip, schedule=recipe.schedule, progress=False
    )
    return [after - before for before, after in pairwise(history["cpu_seconds"])]


@dataclass(frozen=True)
class Alone:
    """What a process of its own took, and what it printed."""

    cpu_seconds: float
    printed: str


def alone(*arguments: str) -> Alone:
    """Run Python with arguments in a process of its own, in the benchmarks' folder."""
    before = _children()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=FOLDER,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"python {' '.join(arguments)} failed: {done.stderr}")
    return Alone(_children() - before, done.stdout)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
