"""What a recipe is: a model, its data, and how the one is trained on the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.optim import AdamW

from gencourse import data
from gencourse.schedules import Schedule, warmup_cosine
from gencourse.turns import Turn, name_of

Metrics = Callable[[Any, Tensor], dict[str, float]]


def one_turn(model: Any, lr: float, weight_decay: float) -> list[Turn]:  # noqa: ANN401
    """Return the turn of a model with one loss: AdamW lowers ``model.losses``."""
    adam = AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    return [(adam, model.losses)]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A model, its data, and how the one is trained on the other.

    ``model`` builds the model, untrained; ``metrics`` measures it on levels
    (N, C, H, W); ``turns`` gives it optimisers. With ``ema_decay`` the weights are
    averaged over the run, and the average is kept.
    """

    name: str
    description: str
    model: Callable[[], nn.Module]
    metrics: Metrics
    data: str = "fashion-mnist"
    levels: int = 256
    batch_size: int = 128
    steps: int
    lr: float
    weight_decay: float = 0.0
    schedule: Schedule = warmup_cosine
    clip: float | None = None
    ema_decay: float | None = None
    seed: int = 0
    checkpoint_every: int = 200
    turns: Callable[[Any, float, float], list[Turn]] = one_turn

    def __post_init__(self) -> None:
        positive = ("batch_size", "steps", "checkpoint_every")
        wrong = {
            "name": not self.name or Path(self.name).name != self.name,
            "data": self.data not in data.NAMES,
            "levels": self.levels not in {2**bits for bits in range(1, 9)},
            "lr": not 0 < self.lr < float("inf"),
            "weight_decay": not self.weight_decay >= 0,
            "clip": self.clip is not None and not self.clip > 0,
            "ema_decay": self.ema_decay is not None and not 0 < self.ema_decay < 1,
            "seed": type(self.seed) is not int or self.seed < 0,
        }
        for name in positive:
            value = getattr(self, name)
            wrong[name] = type(value) is not int or value < 1
        for name, is_wrong in wrong.items():
            if is_wrong:
                raise ValueError(
                    f"recipe {self.name!r}: {name} is {getattr(self, name)!r}, "
                    f"expected {EXPECTED[name]}"
                )

    def config(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them, functions by their names."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {
            name: name_of(value) if callable(value) else value
            for name, value in values.items()
        }


EXPECTED = {
    "name": "a name without slashes",
    "data": f"one of {', '.join(data.NAMES)}",
    "levels": "a power of two from 2 to 256",
    "lr": "a number above 0",
    "weight_decay": "0 or more",
    "clip": "a norm above 0, or None",
    "ema_decay": "a number between 0 and 1, or None",
    "seed": "an int of 0 or more",
    "batch_size": "an int of 1 or more",
    "steps": "an int of 1 or more",
    "checkpoint_every": "an int of 1 or more",
}
