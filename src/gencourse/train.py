"""One loop that trains every model of the course.

A turn is an optimiser and the losses that it lowers: a variational autoencoder has one,
a generative adversarial network has two. The loop knows no model; a model knows no
optimiser and no data.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel
from tqdm.auto import tqdm

from gencourse.batches import Batches
from gencourse.checkpoint_io import CheckpointError
from gencourse.distributed import launch, make_fabric, precision, summed
from gencourse.history import History
from gencourse.schedules import Schedule, constant, warm_average, warmup_cosine
from gencourse.training_run import TrainingRun
from gencourse.turns import Losses, NotFiniteError, Turn, finite_values, only

if TYPE_CHECKING:
    from lightning_fabric import Fabric

__all__ = [
    "Batches",
    "CheckpointError",
    "History",
    "Losses",
    "NotFiniteError",
    "Schedule",
    "Turn",
    "constant",
    "fit",
    "launch",
    "make_fabric",
    "precision",
    "take_turn",
    "warm_average",
    "warmup_cosine",
]


def fit(
    turns: Sequence[Turn],
    batches: Batches,
    *,
    clip: float | None = None,
    schedule: Schedule = constant,
    ema: AveragedModel | None = None,
    checkpoint: Path | str | None = None,
    every: int = 500,
    resume: bool = False,
    modules: Sequence[nn.Module] = (),
    fabric: Fabric | None = None,
    progress: bool = True,
) -> History:
    """Train, and return the history: a row per step, a step being all the turns.

    The modules that own the losses are in training mode meanwhile; after, they are in
    eval mode and on the device that they came from.

    On several devices ``fit`` runs in a process for each, called through `launch`. Each
    takes its share of every batch, the history holds the means over all of them, and
    rank 0 alone writes the checkpoint and shows the bar. Every process draws random
    numbers of its own, and a batch norm sees its process's share alone.

    Args:
        turns: pairs of an optimiser and ``losses(*batch)``, which returns a dict of
            scalar terms in nats per image; their sum is lowered. Each turn takes the
            next batch, and moves the parameters of its own optimiser alone.
        batches: the data, the batch size and the number of steps.
        clip: the largest norm that the gradient of a turn may have.
        schedule: a factor of the learning rate, given the share of the run in [0, 1].
        ema: an average of the first turn's module, updated after every step.
        checkpoint: the file that the state of the run is written to, atomically.
        every: steps from one checkpoint to the next; the last step writes one too.
        resume: go on from the checkpoint if it exists, to the weights, bit by bit, that
            a run without the interruption has. On another number of devices the run
            goes on from the same weights, optimiser and place in the data, but not bit
            by bit: sums are rounded in another order, and other numbers are drawn.
        modules: what a checkpoint holds beside the modules that own the losses; needed
            where losses are plain functions.
        fabric: devices and precision; without it one GPU if there is one, else the CPU.
        progress: show a bar with the loss.

    Raises:
        NotFiniteError: a term was NaN or infinite; that step is not taken.
        CheckpointError: the checkpoint is damaged, is another run's, or another
            process is writing it.
        FileExistsError: the checkpoint exists and ``resume`` is not set.
    """
    if every < 1:
        raise ValueError(f"expected every of 1 step or more, got {every}")
    if resume and checkpoint is None:
        raise ValueError("resume=True needs checkpoint=, the file to go on from")
    fabric = fabric or make_fabric()
    run = TrainingRun(turns, batches, clip, schedule, ema, modules, fabric)
    kept = (
        nullcontext() if checkpoint is None else run.keeping(Path(checkpoint), resume)
    )
    hidden = not (progress and fabric.is_global_zero)
    with kept, tqdm(total=batches.steps, initial=run.step, disable=hidden) as bar:
        for row in _steps(run, every):
            bar.set_postfix_str(f"{row['total']:.4g} nats", refresh=False)
            bar.update()
    return run.history


def take_turn(
    fabric: Fabric,
    optimizer: Optimizer,
    losses: Losses,
    batch: tuple[Tensor, ...],
    clip: float | None = None,
) -> dict[str, float]:
    """Lower the losses of a batch by one step; return what they were, in nats."""
    optimizer.zero_grad()
    with fabric.autocast():
        terms = losses(*batch)
    values = finite_values(terms, fabric)
    fabric.backward(torch.stack([*terms.values()]).sum())
    if clip is not None:
        _clip(fabric, optimizer, clip)
    optimizer.step()
    return values


def take_step(run: TrainingRun) -> dict[str, float]:
    """Take every turn once; return the losses, means where a turn was taken again."""
    found: dict[str, tuple[Turn, list[float]]] = {}
    for i, turn in enumerate(run.turns):
        with only(turn[0], run.optimizers):
            values = take_turn(run.fabric, *turn, run.batch(i), run.clip)
        for name, value in values.items():
            first, so_far = found.setdefault(name, (turn, []))
            if first is not turn:
                raise ValueError(f"two turns have a loss {name!r}: rename one of them")
            so_far.append(value)
    return {name: sum(values) / len(values) for name, (_, values) in found.items()}


def _steps(run: TrainingRun, every: int) -> Iterator[dict[str, float]]:
    began = time.perf_counter() - run.history.seconds
    cpu_began, cpu_before = time.process_time(), run.history.cpu_seconds
    for module in run.modules:
        module.train()
    try:
        while run.step < run.batches.steps:
            rate = float(run.optimizers[0].param_groups[0]["lr"])
            terms = take_step(run)
            row = {**terms, "total": sum(terms.values()), "learning_rate": rate}
            row["seconds"] = time.perf_counter() - began
            cpu = summed(run.fabric, time.process_time() - cpu_began)
            row["cpu_seconds"] = cpu_before + cpu
            run.after_step(row)
            if run.step % every == 0 or run.step == run.batches.steps:
                run.save()
            yield row
    except NotFiniteError as why:
        raise NotFiniteError(run.stopped(str(why))) from None
    finally:
        run.leave()


def _clip(fabric: Fabric, optimizer: Optimizer, norm: float) -> None:
    # Fabric takes the parameters from the optimiser, the module is for sharding alone.
    # In half precision an infinite gradient only makes the scaler skip the step.
    fabric.clip_gradients(
        nn.Module(), optimizer, max_norm=norm, error_if_nonfinite=False
    )
