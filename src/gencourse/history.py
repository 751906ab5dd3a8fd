"""What a training run leaves behind: a row of numbers for every step."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

ABOUT_THE_RUN = ("total", "learning_rate", "seconds", "cpu_seconds")


class History:
    """Columns of floats, a row per step of ``fit``.

    The columns are the terms of the losses in nats per image, ``total`` (their sum),
    ``learning_rate`` (of the first turn), and ``seconds`` and ``cpu_seconds`` since the
    run began, without the pauses between an interruption and its resumption.
    ``history["total"]`` is a list, ``len(history)`` the number of steps.
    """

    def __init__(self, columns: Mapping[str, list[float]] | None = None) -> None:
        self.columns: dict[str, list[float]] = dict(columns or {})
        if len({len(column) for column in self.columns.values()}) > 1:
            raise ValueError("expected columns of one length")

    @property
    def terms(self) -> list[str]:
        """The names of the terms of the losses."""
        return [name for name in self.columns if name not in ABOUT_THE_RUN]

    @property
    def seconds(self) -> float:
        """Wall-clock seconds of the run."""
        return self.columns["seconds"][-1] if len(self) else 0.0

    @property
    def cpu_seconds(self) -> float:
        """Processor seconds of the run, summed over threads."""
        return self.columns["cpu_seconds"][-1] if len(self) else 0.0

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))

    def __getitem__(self, name: str) -> list[float]:
        if name not in self.columns:
            known = ", ".join(self.columns)
            raise KeyError(f"no column {name!r} in the history, it has: {known}")
        return self.columns[name]

    def append(self, row: Mapping[str, float]) -> None:
        """Add a step; a ValueError unless it has the columns of the first."""
        if not self.columns:
            self.columns = {name: [] for name in row}
        if row.keys() != self.columns.keys():
            raise ValueError(
                f"expected the columns {list(self.columns)}, got {list(row)}"
            )
        for name, value in row.items():
            self.columns[name].append(value)

    def state_dict(self) -> dict[str, Tensor]:
        """Return a float64 tensor per column, (steps,)."""
        return {
            name: torch.tensor(column, dtype=torch.float64)
            for name, column in self.columns.items()
        }

    @classmethod
    def from_state_dict(cls, state: Mapping[str, Tensor]) -> History:
        """Return the history that ``state_dict`` was made from."""
        return cls({name: column.tolist() for name, column in state.items()})
