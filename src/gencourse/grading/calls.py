"""In a submission's process: calls of an answer, and the way back through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

KEPT = 50  # calls that autograd can still go back through


class Calls:
    """Calls an answer and keeps the graphs of the last calls for `backward`."""

    def __init__(self) -> None:
        self.number = 0
        self.graphs: dict[int, tuple[list[Tensor], list[Tensor]]] = {}

    def call(
        self, answer: Callable[..., object], given: list[object]
    ) -> dict[str, Any]:
        """Return the result, what the answer changed, and the call's number.

        Like in a notebook the answer gets copies, through which gradients flow.
        """
        copies = [g.clone() if isinstance(g, Tensor) else g for g in given]
        with torch.enable_grad():
            result = answer(*copies)
        self.number += 1
        outputs: list[Tensor] = []
        _collect(result, outputs)
        inputs = [g for g in given if isinstance(g, Tensor) and g.requires_grad]
        if outputs and inputs:
            self.graphs[self.number] = inputs, outputs
            self.graphs.pop(self.number - KEPT, None)
        states = {
            str(n): copy.get_state()
            for n, copy in enumerate(copies)
            if isinstance(copy, torch.Generator)
        }
        return {
            "result": result,
            "changed_inputs": _changed(given, copies),
            "states": states,
            "call": self.number,
        }

    def backward(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return the gradients in the inputs of a call, given those in its results."""
        try:
            inputs, outputs = self.graphs[message["call"]]
            pairs = zip(outputs, message["grads"], strict=True)
            live = [(o, g) for o, g in pairs if g is not None]
            found = torch.autograd.grad(
                [o for o, _ in live],
                inputs,
                [g for _, g in live],
                allow_unused=True,
                retain_graph=True,
            )
        except Exception as error:
            return {"raised": {"name": "RuntimeError", "message": str(error)[:300]}}
        return {"grads": list(found)}


def _collect(value: object, into: list[Tensor]) -> None:
    if isinstance(value, Tensor):
        if value.requires_grad:
            into.append(value)
    elif isinstance(value, (list, tuple)):
        for part in value:
            _collect(part, into)


def _changed(given: list[object], copies: list[object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for n, (before, after) in enumerate(zip(given, copies, strict=True)):
        if isinstance(before, Tensor) and isinstance(after, Tensor):
            same = before.dtype == after.dtype and torch.equal(before, after)
            if not same and not (before != before).any():
                found[str(n)] = after.detach()
    return found
