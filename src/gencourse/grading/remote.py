"""A learner's function in another process, called like one in this one.

The laws run here, with the course's own untouched functions; of the submission come
numbers alone. Gradients flow through by a second question for the way back.
"""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Iterator
from typing import Any, TypeGuard

import torch
from torch import Tensor

from gencourse.exercises.core import EXERCISES
from gencourse.exercises.exercise import NotAttempted
from gencourse.exercises.finite import NotFinite
from gencourse.exercises.limits import SECONDS, TimeUp
from gencourse.grading.channel import Channel, Ended

_KINDS = list(inspect._ParameterKind)


def _is_error(value: object) -> TypeGuard[type[BaseException]]:
    return isinstance(value, type) and issubclass(value, BaseException)


_KNOWN: dict[str, type[BaseException]] = {
    **{e.__name__: e for e in vars(builtins).values() if _is_error(e)},
    "NotFinite": NotFinite,
}


class Remote:
    """The answer to an exercise as a function; see the module."""

    def __init__(
        self, channel: Channel, key: str, passed: set[str], parameters: object
    ) -> None:
        # The check's own limit comes first; this one is for where it has no alarm.
        self.seconds = EXERCISES[key].patience * SECONDS + 2
        self.channel, self.key, self.passed = channel, key, sorted(passed)
        self.called: set[str] = set()
        self.read: set[str] = set()
        self.__signature__ = _signature(parameters)

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return the reply; what owes one still is not asked again."""
        if self.channel.pending and not self.channel.why:
            raise TimeUp
        reply = self.channel.ask(message, self.seconds)
        self.called |= _words(reply.get("called"))
        self.read |= _words(reply.get("read"))
        return reply

    def __call__(self, *given: object) -> object:
        """Return what the learner's function returns, or raise what it raises."""
        sent = [g.detach().requires_grad_() if _grad(g) else g for g in given]
        message = {"do": "call", "key": self.key, "passed": self.passed, "given": sent}
        reply = self.ask(message)
        if isinstance(reply.get("raised"), dict):
            raise _error(reply["raised"])
        self._change(given, reply)
        leaves = [g for g in given if _grad(g)]
        outputs: list[Tensor] = []
        result = _detached(reply.get("result"), outputs)
        if not (outputs and leaves):
            return result
        back = _Back.apply(self, reply.get("call"), len(outputs), *outputs, *leaves)
        return _with(result, iter(back))

    def _change(self, given: tuple[object, ...], reply: dict[str, Any]) -> None:
        for n, value in enumerate(given):
            changed = _of(reply, "changed_inputs").get(str(n))
            state = _of(reply, "states").get(str(n))
            if isinstance(value, Tensor) and isinstance(changed, Tensor):
                with torch.no_grad():
                    if changed.shape == value.shape:
                        value.copy_(changed)
            if isinstance(value, torch.Generator) and isinstance(state, Tensor):
                try:
                    value.set_state(state)
                except RuntimeError:
                    raise Ended("it returned no state of a generator") from None


class _Back(torch.autograd.Function):
    """The results as functions of the inputs; the way back is asked for."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's
        remote: Remote,
        call: object,
        count: int,
        *tensors: Tensor,
    ) -> tuple[Tensor, ...]:
        ctx.remote, ctx.call, ctx.leaves = remote, call, tensors[count:]
        return tuple(t.clone() for t in tensors[:count])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[object, ...]:  # noqa: ANN401
        message = {"do": "backward", "call": ctx.call, "grads": list(grads)}
        reply = ctx.remote.ask(message)
        found = reply.get("grads")
        if not isinstance(found, list) or len(found) != len(ctx.leaves):
            told = _of(reply, "raised").get("message")
            raise RuntimeError(f"no way back: {told}")
        fits = zip(found, ctx.leaves, strict=True)
        ready = [g if _fits(g, leaf) else None for g, leaf in fits]
        return None, None, None, *[None] * len(grads), *ready


def _fits(grad: object, leaf: Tensor) -> bool:
    return isinstance(grad, Tensor) and grad.shape == leaf.shape


def _grad(value: object) -> TypeGuard[Tensor]:
    return isinstance(value, Tensor) and value.requires_grad


def _of(reply: dict[str, Any], name: str) -> dict[str, Any]:
    part = reply.get(name)
    return part if isinstance(part, dict) else {}


def _words(part: object) -> set[str]:
    return {p for p in part if type(p) is str} if isinstance(part, list) else set()


class _Mark:
    """Stands where a tensor with a graph belongs."""


def _detached(value: object, outputs: list[Tensor]) -> object:
    """Return a result with marks in place of the tensors that have a graph."""
    if isinstance(value, Tensor) and value.requires_grad:
        outputs.append(value.detach())
        return _Mark
    if isinstance(value, (list, tuple)):
        return type(value)(_detached(v, outputs) for v in value)
    return value


def _with(value: object, back: Iterator[Tensor]) -> object:
    if value is _Mark:
        return next(back)
    if isinstance(value, (list, tuple)):
        return type(value)(_with(v, back) for v in value)
    return value


def _error(told: dict[str, Any]) -> BaseException:
    """Return an error like the one that the submission told of."""
    if told.get("not_attempted") is True:
        return NotAttempted()
    name = str(told.get("name"))[:80]
    message = f"{told.get('message', '')}"[:300].rstrip(".")
    where = str(told.get("where", ""))[:60]
    plain: type[Exception] = type(
        name if name.isidentifier() else "Error", (Exception,), {}
    )
    try:
        return _KNOWN.get(name, plain)(f"{message}{where}")
    except TypeError:  # UnicodeDecodeError and its like take more
        return plain(f"{message}{where}")


def _signature(parameters: object) -> inspect.Signature:
    each: list[inspect.Parameter] = []
    try:
        for name, kind, has_default in parameters:  # type: ignore[attr-defined]
            default = None if has_default else inspect.Parameter.empty
            each.append(inspect.Parameter(name, _KINDS[kind], default=default))
        if each:
            return inspect.Signature(each)
    except (TypeError, ValueError, IndexError):
        pass
    return inspect.signature(_anything)


def _anything(*given: object) -> None:
    """Take whatever comes: the signature of what has none."""
