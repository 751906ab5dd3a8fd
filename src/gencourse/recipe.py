"""What a recipe is: a model, its data, and how the one is trained on the other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn
from torch.optim import AdamW

from gencourse import data
from gencourse.schedules import Schedule, warmup_cosine
from gencourse.turns import Turn, name_of

Metrics = Callable[..., dict[str, float]]


def one_turn(model: Any, lr: float, weight_decay: float) -> list[Turn]:  # noqa: ANN401
    """Return the turn of a model with one loss: AdamW lowers ``model.losses``."""
    adam = AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    return [(adam, model.losses)]


def nimble_turn(model: Any, lr: float, weight_decay: float) -> list[Turn]:  # noqa: ANN401
    """Return the turn of `one_turn` with a short memory of squared gradients, 0.95.

    For short runs of small batches at high rates, where the gradients' size changes
    within a few hundred steps.
    """
    betas = (0.9, 0.95)
    adam = AdamW(model.parameters(), lr=lr, betas=betas, weight_decay=weight_decay)
    return [(adam, model.losses)]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A model, its data, and how the one is trained on the other.

    ``model`` builds the model, untrained; ``metrics(model, x)`` measures it on levels
    (N, C, H, W); ``turns`` gives it optimisers. With ``labels`` the losses and the
    metrics are given y, (N,), after x. ``starts_from`` names a shipped model whose
    weights training starts from; what that one has not starts at zero. With
    ``ema_decay`` the weights are averaged over the run, and the average is kept.
    """

    name: str
    description: str
    model: Callable[[], nn.Module]
    metrics: Metrics
    data: str = "fashion-mnist"
    levels: int = 256
    labels: bool = False
    starts_from: str | None = None
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
        for name, (fits, expected) in RULES.items():
            value = getattr(self, name)
            if not fits(value):
                raise ValueError(
                    f"recipe {self.name!r}: {name} is {value!r}, expected {expected}"
                )

    def config(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them, functions by their names."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {
            name: name_of(value) if callable(value) else value
            for name, value in values.items()
        }


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != "" and Path(value).name == value


def _is_int(value: object, least: int) -> bool:
    return type(value) is int and value >= least


def _is_number(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)  # type: ignore[arg-type]


Rule = tuple[Callable[[Any], bool], str]
FUNCTION: Rule = (callable, "a function")
COUNT: Rule = (partial(_is_int, least=1), "an int of 1 or more")
RULES: dict[str, Rule] = {
    "name": (_is_name, "a name without slashes"),
    "description": (lambda v: isinstance(v, str), "a string"),
    "model": FUNCTION,
    "metrics": FUNCTION,
    "data": (lambda v: v in data.NAMES, f"one of {', '.join(data.NAMES)}"),
    "levels": (
        lambda v: type(v) is int and v in {2**bits for bits in range(1, 9)},
        "a power of two from 2 to 256",
    ),
    "labels": (lambda v: isinstance(v, bool), "True or False"),
    "starts_from": (lambda v: v is None or _is_name(v), "a model's name, or None"),
    "batch_size": COUNT,
    "steps": COUNT,
    "lr": (lambda v: _is_number(v) and v > 0, "a number above 0"),
    "weight_decay": (lambda v: _is_number(v) and v >= 0, "0 or more"),
    "schedule": FUNCTION,
    "clip": (
        lambda v: v is None or (_is_number(v) and v > 0),
        "a norm above 0, or None",
    ),
    "ema_decay": (
        lambda v: v is None or (_is_number(v) and 0 < v < 1),
        "a number between 0 and 1, or None",
    ),
    "seed": (partial(_is_int, least=0), "an int of 0 or more"),
    "checkpoint_every": COUNT,
    "turns": FUNCTION,
}
