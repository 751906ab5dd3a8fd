"""A run that can stop at any moment and go on as if it had not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel

from gencourse import checkpoint_io, distributed
from gencourse.batches import Batches
from gencourse.checkpoint_io import CheckpointError, State
from gencourse.history import History
from gencourse.schedules import Schedule, advance, averaging, check_average
from gencourse.turns import (
    NotFiniteError,
    Turn,
    all_finite,
    check_turns,
    describe,
    device_of,
    name_of,
    owner_of,
    parameters_of,
    set_up,
)

if TYPE_CHECKING:
    from lightning_fabric import Fabric

# What loading a state of another structure raises.
MISFIT = (LookupError, TypeError, ValueError, AttributeError, RuntimeError)


class TrainingRun:
    """Everything that changes while ``train.fit`` runs, and how a file keeps it."""

    def __init__(
        self,
        turns: Sequence[Turn],
        batches: Batches,
        clip: float | None,
        schedule: Schedule,
        ema: AveragedModel | None,
        modules: Sequence[nn.Module],
        fabric: Fabric,
    ) -> None:
        check_turns(turns)
        if clip is not None and not clip > 0:
            raise ValueError(f"expected clip above 0, got {clip}")
        distributed.check_shares(batches.size, fabric.world_size)
        owners = (owner_of(losses) for _, losses in turns)
        held = (m for m in (*owners, *modules) if m is not None)
        self.modules = list(dict.fromkeys(held))
        self.optimizers = list(dict.fromkeys(optimizer for optimizer, _ in turns))
        self.fabric, self.ema, self.clip, self.schedule = fabric, ema, clip, schedule
        check_average(ema, self.modules)
        self.identity = self._identity(turns, batches)
        self.homes = [(m, device_of(m)) for m in self.modules]
        self.turns = set_up(turns, fabric)
        self.batches = batches.to(fabric.device)
        self.schedulers = [LambdaLR(o, self._factor) for o in self.optimizers]
        self.history = History()
        self.checkpoint: Path | None = None
        self.saved_step: int | None = None
        for module in (*modules, *([] if ema is None else [ema])):
            fabric.to_device(module)
        if fabric.world_size > 1:
            distributed.seed_rank(batches.seed, fabric.global_rank, 0)

    @property
    def step(self) -> int:
        """How many steps have been taken."""
        return len(self.history)

    def batch(self, turn: int) -> tuple[Tensor, ...]:
        """Return this device's share of the batch for a turn of the coming step."""
        whole = self.batches.at(self.step * len(self.turns) + turn)
        return tuple(distributed.share(self.fabric, part) for part in whole)

    def after_step(self, row: dict[str, float]) -> None:
        """Move schedules and the average on; add a row to the history."""
        advance(self.schedulers)
        if self.ema is not None:
            self.ema.update_parameters(self.modules[0])
        self.history.append(row)

    @contextmanager
    def keeping(self, checkpoint: Path, resume: bool) -> Iterator[None]:
        """Keep the state in a file; with ``resume``, go on from what is there."""
        self._check_complete()
        lock = checkpoint_io.sole_writer if self.fabric.is_global_zero else nullcontext
        with lock(checkpoint):
            self.fabric.barrier()
            if checkpoint.exists() and not resume:
                raise FileExistsError(
                    f"{checkpoint} exists: pass resume=True to go on from it, "
                    "or remove it to start again"
                )
            if checkpoint.exists():
                self.load(checkpoint)
            self.checkpoint = checkpoint
            yield

    def leave(self) -> None:
        """Put the modules into eval mode, on the device that they came from."""
        for module, device in self.homes:
            module.eval().to(device)
        if self.ema is not None:
            self.ema.to(self.homes[0][1])

    def save(self) -> None:
        """Write the state to the checkpoint, if there is one; only finite weights."""
        if self.checkpoint is None:
            return
        if not all_finite(self.optimizers):
            raise NotFiniteError("a weight is infinite or not a number")
        state = self.state_dict()
        if self.fabric.is_global_zero:
            checkpoint_io.save_state(self.checkpoint, state)
        self.fabric.barrier()
        self.saved_step = self.step

    def load(self, path: Path) -> None:
        """Go on from a checkpoint of this very run; else a CheckpointError."""
        state = checkpoint_io.load_state(path)
        checkpoint_io.check_identity(path, state, self.identity)
        try:
            self.load_state_dict(state)
        except MISFIT as why:
            told = f"{type(why).__name__}: {why}"
            raise CheckpointError(f"{path} does not fit this run: {told}") from why
        self.saved_step = self.step

    def state_dict(self) -> State:
        """Return everything that the next step depends on, and the history."""
        return {
            "identity": self.identity,
            "parts": [part.state_dict() for part in self._parts()],
            "precision": self.fabric.strategy.precision.state_dict(),
            "random": checkpoint_io.random_states(self.fabric.world_size),
            "history": self.history.state_dict(),
        }

    def load_state_dict(self, state: State) -> None:
        """Put everything back to where ``state_dict`` found it."""
        for part, was in zip(self._parts(), state["parts"], strict=True):
            part.load_state_dict(was)
        if state["precision"]:
            self.fabric.strategy.precision.load_state_dict(state["precision"])
        self.history = History.from_state_dict(state["history"])
        rank, states = self.fabric.global_rank, state["random"]
        if 0 < rank >= len(states):  # this process is new to the run
            distributed.seed_rank(self.batches.seed, rank, self.step)
        else:
            checkpoint_io.set_random_state(states[rank])

    def stopped(self, why: str) -> str:
        """Return a sentence that says where the run stopped and what is left of it."""
        message = f"training stopped at step {self.step} of {self.batches.steps}: {why}"
        if self.saved_step is None:
            return f"{message}; no checkpoint was written"
        return (
            f"{message}; the last good checkpoint is {self.checkpoint}, "
            f"after step {self.saved_step}"
        )

    def _parts(self) -> list[Any]:
        average = [] if self.ema is None else [self.ema]
        return [*self.modules, *self.optimizers, *self.schedulers, *average]

    def _factor(self, step: int) -> float:
        # The middle of the step, so that neither the first nor the last is wasted on a
        # learning rate of zero.
        return self.schedule(min((step + 0.5) / self.batches.steps, 1.0))

    def _identity(self, turns: Sequence[Turn], batches: Batches) -> State:
        return {
            **batches.fingerprint(),
            "turns": "; ".join(map(describe, turns)),
            "clip": self.clip,
            "schedule": name_of(self.schedule),
            "average of the weights": averaging(self.ema),
        }

    def _check_complete(self) -> None:
        held = {id(p) for module in self.modules for p in module.parameters()}
        moved = {id(p) for o in self.optimizers for p in parameters_of(o)}
        if not moved <= held:
            raise ValueError(
                "a checkpoint needs the modules that own the parameters: pass "
                "modules=[...] to fit where losses are not methods of a module"
            )
