"""A data set in memory as an endless, reproducible stream of minibatches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor


class Batches:
    """Minibatches of a tensor held whole in memory, every one of them full.

    The stream is one random order of the data after another, cut every ``size``
    images: each image comes once per epoch, and a batch may end one epoch and begin
    the next. Batch t depends on (seed, t) alone, so that a run can go on from any step.

    Args:
        x: the data, (N, ...); kept in its own type, uint8 for images.
        y: labels, (N, ...), or None; batches are then ``(x,)``.
        size: images in a batch, 1 to N.
        steps: how many steps ``fit`` makes; one step takes a batch for each turn.
        seed: of the orders, 0 or more.
    """

    def __init__(
        self,
        x: Tensor,
        y: Tensor | None = None,
        *,
        size: int = 64,
        steps: int = 1000,
        seed: int = 0,
    ) -> None:
        _check_types(x, y, {"size": size, "steps": steps, "seed": seed})
        if x.ndim == 0 or len(x) == 0:
            raise ValueError(f"expected at least one image, got shape {tuple(x.shape)}")
        if y is not None and tuple(y.shape[:1]) != (len(x),):
            found = len(y) if y.ndim else "a scalar"
            raise ValueError(f"expected {len(x)} labels, one an image, got {found}")
        if not 1 <= size <= len(x):
            raise ValueError(f"expected a batch size of 1 to {len(x)}, got {size}")
        if steps < 1:
            raise ValueError(f"expected steps of 1 or more, got {steps}")
        if seed < 0:
            raise ValueError(f"expected a seed of 0 or more, got {seed}")
        self.data = (x,) if y is None else (x, y)
        self.size, self.steps, self.seed = size, steps, seed
        self._orders: dict[int, Tensor] = {}

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        return map(self.at, range(self.steps))

    def at(self, t: int) -> tuple[Tensor, ...]:
        """Return batch t of the endless stream: ``(x,)`` or ``(x, y)``, each full."""
        n = len(self.data[0])
        start, end = t * self.size, (t + 1) * self.size
        epochs = range(start // n, (end - 1) // n + 1)
        order = torch.cat([self._order(epoch) for epoch in epochs])
        first = start - epochs[0] * n
        chosen = order[first : first + self.size]
        return tuple(part[chosen] for part in self.data)

    def to(self, device: torch.device | str) -> Batches:
        """Return the same stream with the data on another device."""
        data = [part.to(device) for part in self.data]
        return Batches(*data, size=self.size, steps=self.steps, seed=self.seed)

    def fingerprint(self) -> dict[str, str | int]:
        """Return what makes this stream itself: a hash of the data, sizes and seed."""
        digest = hashlib.sha256()
        for part in self.data:
            digest.update(f"{part.dtype}{tuple(part.shape)}".encode())
            digest.update(part.detach().cpu().contiguous().numpy().tobytes())
        return {
            "data": digest.hexdigest(),
            "batch size": self.size,
            "steps": self.steps,
            "seed": self.seed,
        }

    def _order(self, epoch: int) -> Tensor:
        if epoch not in self._orders:
            shuffled = np.random.default_rng([self.seed, epoch]).permutation(
                len(self.data[0])
            )
            # Two epochs meet in a batch, never three.
            self._orders = {k: v for k, v in self._orders.items() if k == epoch - 1}
            self._orders[epoch] = torch.from_numpy(shuffled).to(self.data[0].device)
        return self._orders[epoch]


def _check_types(x: object, y: object, numbers: dict[str, object]) -> None:
    for name, value in {"x": x, **({} if y is None else {"y": y})}.items():
        if not isinstance(value, Tensor):
            inside = hasattr(value, name) and not isinstance(value, np.ndarray)
            hint = f": pass images.{name}" if inside else ""
            given = type(value).__name__
            raise TypeError(f"expected a tensor as {name}, got {given}{hint}")
    for name, number in numbers.items():
        if type(number) is not int:
            raise TypeError(f"expected an int as {name}, got {number!r}")
