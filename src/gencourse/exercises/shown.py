"""Show the inputs that lead to a wrong result, where they are few numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

Told = Callable[[tuple[int, ...], tuple[int, ...]], str]
MOST_NUMBERS = 8


def shown(given: Mapping[str, object], each: tuple[str, ...]) -> Told:
    """Return a function of a result's shape and a place in it that tells the inputs.

    Args:
        given: the inputs by name.
        each: names of the inputs that have a part of their own for each place.
    """

    def tell(shape: tuple[int, ...], at: tuple[int, ...]) -> str:
        parts = {
            name: _short(_part(value, shape, at) if name in each else value)
            for name, value in given.items()
        }
        return ", ".join(f"{name} = {part}" for name, part in parts.items() if part)

    return tell


def described(given: Mapping[str, object]) -> str:
    """Return the shapes of tensors by name, and short inputs of other kinds."""
    return ", ".join(filter(None, map(_description, given, given.values())))


def _description(name: str, value: object) -> str:
    if isinstance(value, Tensor):
        return f"{name} of shape {tuple(value.shape)}"
    plain = isinstance(value, (int, float, str, tuple)) and len(repr(value)) <= 20
    return f"{name} = {value!r}" if plain else ""


def _part(value: object, shape: tuple[int, ...], at: tuple[int, ...]) -> object:
    if not isinstance(value, Tensor):
        return value
    return (value.broadcast_to(shape) if value.ndim < len(shape) + 1 else value)[at]


def _short(value: object) -> str:
    """Return an input as text, empty where that would be long or say nothing."""
    if isinstance(value, Tensor):
        return _nested(value.tolist()) if value.numel() <= MOST_NUMBERS else ""
    return _nested(value) if isinstance(value, (int, float)) else ""


def _nested(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_nested, value))}]"
    return f"{value:.6g}"
