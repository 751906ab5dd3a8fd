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
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel
from tqdm.auto import tqdm

from gencourse.batches import Batches
from gencourse.checkpoint_io import CheckpointError
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
            a run without the interruption has.
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
    hidden = not progress
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


def precision(device: str) -> Literal["32-true", "bf16-mixed", "16-mixed"]:
    """Return Fabric's name of the precision for "cpu" or "cuda".

    "32-true" on a CPU. On a GPU "bf16-mixed" where the hardware itself has bfloat16,
    else "16-mixed", whose losses are scaled so that gradients survive half precision.
    """
    if device == "cpu":
        return "32-true"
    if torch.cuda.is_bf16_supported(including_emulation=False):
        return "bf16-mixed"
    return "16-mixed"


def make_fabric(device: str = "auto") -> Fabric:
    """Return a Fabric for one device: "cpu", "cuda", or "auto", a GPU if there is."""
    if device not in {"auto", "cpu", "cuda"}:
        raise ValueError(f"expected the device 'auto', 'cpu' or 'cuda', got {device!r}")
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("the device 'cuda' was asked for, and there is no CUDA here")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    from lightning_fabric import Fabric  # slow to import; loading a model needs it not

    return Fabric(accelerator=device, devices=1, precision=precision(device))


def _steps(run: TrainingRun, every: int) -> Iterator[dict[str, float]]:
    began = time.perf_counter() - run.history.seconds
    cpu_began = time.process_time() - run.history.cpu_seconds
    for module in run.modules:
        module.train()
    try:
        while run.step < run.batches.steps:
            rate = float(run.optimizers[0].param_groups[0]["lr"])
            terms = take_step(run)
            row = {**terms, "total": sum(terms.values()), "learning_rate": rate}
            row["seconds"] = time.perf_counter() - began
            row["cpu_seconds"] = time.process_time() - cpu_began
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
