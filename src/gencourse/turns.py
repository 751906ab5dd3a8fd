"""Turns: an optimiser, and the losses that it lowers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from inspect import ismethod
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Losses = Callable[..., dict[str, Tensor]]
Turn = tuple[Optimizer, Losses]


class NotFiniteError(FloatingPointError):
    """A loss, or a weight, that is infinite or not a number."""


def check_turns(turns: Sequence[Turn]) -> None:
    """Raise an error that names what was given unless turns are as ``Turn`` says."""
    if not isinstance(turns, Sequence):
        raise TypeError(f"expected a list of turns, got {type(turns).__name__}")
    if not turns:
        raise ValueError("expected at least one turn, (optimizer, losses)")
    for i, turn in enumerate(turns):
        parts = list(turn) if isinstance(turn, Sequence) else [turn]
        is_pair = len(parts) == 2 and isinstance(turn, Sequence)
        if not (is_pair and isinstance(parts[0], Optimizer) and callable(parts[1])):
            given = ", ".join(type(part).__name__ for part in parts)
            raise TypeError(f"expected (optimizer, losses) as turn {i}, got ({given})")


def owner_of(losses: Losses) -> nn.Module | None:
    """Return the module that a bound method belongs to; None for a plain function.

    Also of a method that torch.compile has made a function of.
    """
    method = losses if ismethod(losses) else getattr(losses, "__wrapped__", None)
    owner = getattr(method, "__self__", None)
    return owner if isinstance(owner, nn.Module) else None


def parameters_of(optimizer: Optimizer) -> list[Tensor]:
    """Return the parameters that the optimiser moves."""
    return [p for group in optimizer.param_groups for p in group["params"]]


def device_of(module: nn.Module) -> torch.device:
    """Return where the module's parameters are; the CPU if it has none."""
    return next((p.device for p in module.parameters()), torch.device("cpu"))


def describe(turn: Turn) -> str:
    """Return which losses are lowered how, the same in every process."""
    optimizer, losses = turn
    settings = {
        # A schedule has already changed "lr" where a scheduler is attached.
        name: group.get("initial_lr", value) if name == "lr" else value
        for group in optimizer.param_groups
        for name, value in group.items()
        if name not in {"params", "initial_lr"}
    }
    told = ", ".join(f"{name}={value}" for name, value in sorted(settings.items()))
    shapes = [tuple(p.shape) for p in parameters_of(optimizer)]
    return f"{name_of(losses)} by {type(optimizer).__name__}({told}) on {shapes}"


def name_of(function: Callable[..., object]) -> str:
    """Return a name without addresses, so that two processes agree on it."""
    if isinstance(function, partial):
        given = [*map(str, function.args)]
        given += [f"{name}={value}" for name, value in function.keywords.items()]
        return f"{name_of(function.func)}({', '.join(given)})"
    return getattr(function, "__qualname__", type(function).__qualname__)


def set_up(turns: Sequence[Turn], fabric: Fabric) -> list[Turn]:
    """Return the turns on the devices of Fabric, their modules moved there in place."""
    movers: dict[int, Optimizer] = {}
    wrapped: dict[tuple[int, int], Any] = {}
    ready: dict[tuple[int, Losses], Turn] = {}
    for optimizer, losses in turns:
        owner, mover = owner_of(losses), id(optimizer)
        if mover not in movers:
            movers[mover] = fabric.setup_optimizers(optimizer)  # type: ignore[assignment]
        if fabric.world_size > 1:
            _check_held(optimizer, losses)
        if owner is not None and (mover, id(owner)) not in wrapped:
            wrapped[mover, id(owner)] = _wrapped(optimizer, owner, fabric)
        if (mover, losses) not in ready:
            through = losses
            if fabric.world_size > 1:
                through = _through(wrapped[mover, id(owner)], losses)
            ready[mover, losses] = (movers[mover], through)
    return [ready[id(optimizer), losses] for optimizer, losses in turns]


def _wrapped(optimizer: Optimizer, owner: nn.Module, fabric: Fabric) -> nn.Module:
    # Only what the optimiser moves: the rest has no gradients to wait for.
    moved = {id(p) for p in parameters_of(optimizer)}
    with _frozen(p for p in owner.parameters() if id(p) not in moved):
        return fabric.setup_module(owner)


def _check_held(optimizer: Optimizer, losses: Losses) -> None:
    # Gradients meet where the module is called; a plain function goes past that.
    owner = owner_of(losses) if ismethod(losses) else None
    held = set() if owner is None else {id(p) for p in owner.parameters()}
    if not {id(p) for p in parameters_of(optimizer)} <= held:
        raise ValueError(
            "on several devices losses must be methods of the module that holds what "
            f"they move: {name_of(losses)} is not"
        )


def _through(wrapped: Any, losses: Losses) -> Losses:  # noqa: ANN401
    if losses.__name__ == "forward":
        return cast(Losses, wrapped)
    wrapped.mark_forward_method(losses)
    return cast(Losses, getattr(wrapped, losses.__name__))


@contextmanager
def _frozen(parameters: Iterable[Tensor]) -> Iterator[None]:
    frozen = [p for p in parameters if p.requires_grad]
    for p in frozen:
        p.requires_grad_(False)
    try:
        yield
    finally:
        for p in frozen:
            p.requires_grad_(True)


@contextmanager
def only(optimizer: Optimizer, others: Sequence[Optimizer]) -> Iterator[None]:
    """Let gradients reach the parameters of one optimiser and of none of the others."""
    mine = {id(p) for p in parameters_of(optimizer)}
    theirs = (p for other in others for p in parameters_of(other))
    with _frozen(p for p in theirs if id(p) not in mine):
        yield


def finite_values(terms: dict[str, Tensor], fabric: Fabric) -> dict[str, float]:
    """Return the terms as floats, averaged over devices; NotFiniteError if one is not.

    Anything but a dict of scalar tensors is a TypeError.
    """
    if not isinstance(terms, dict) or not terms:
        raise TypeError(f"expected a dict of scalar tensors as losses, got {terms!r}")
    for name, term in terms.items():
        if not isinstance(term, Tensor) or term.ndim:
            raise TypeError(f"expected a scalar tensor as loss {name!r}, got {term!r}")
    values = torch.stack([term.detach().double() for term in terms.values()])
    if fabric.world_size > 1:
        values = fabric.all_reduce(values, reduce_op="mean")  # type: ignore[assignment]
    found = dict(zip(terms, values.tolist(), strict=True))
    for name, value in found.items():
        if not math.isfinite(value):
            raise NotFiniteError(f"the loss {name!r} is {value}")
    return found


def all_finite(optimizers: Sequence[Optimizer]) -> bool:
    """Return whether all parameters, and what optimisers keep of them, are finite."""
    return all(
        bool(torch.isfinite(tensor).all())
        for optimizer in optimizers
        for tensor in [*parameters_of(optimizer), *_kept_by(optimizer)]
    )


def _kept_by(optimizer: Optimizer) -> list[Tensor]:
    return [
        value
        for kept in optimizer.state.values()
        for value in kept.values()
        if isinstance(value, Tensor)
    ]
