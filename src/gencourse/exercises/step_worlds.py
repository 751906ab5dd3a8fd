"""Small games on which a step is played, and a record of what happened in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer, Raised, place
from gencourse.exercises.compare import numbers, pair
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.step_mistakes import CHANGED_BELOW, THROWN_AWAY, TWICE_BACK

GENERATOR, DISCRIMINATOR = "generator", "discriminator"


def make_ready() -> None:
    """Make an optimiser: the first one has torch import its compiler, for seconds."""
    SGD([nn.Parameter(torch.zeros(1))], lr=1.0)


@dataclass(frozen=True)
class Game:
    """Two networks, their optimisers, real points and codes."""

    networks: dict[str, nn.Module]
    optimizers: dict[str, Optimizer]
    x: Tensor
    z: Tensor

    def given(self) -> tuple[object, ...]:
        """Return the arguments of a step."""
        return *self.networks.values(), *self.optimizers.values(), self.x, self.z

    def row(self, name: str) -> Tensor:
        """Return a copy of a network's numbers in one row."""
        return torch.cat([p.detach().flatten() for p in self._parameters(name)])

    def gradient(self, name: str) -> Tensor:
        """Return a copy of what lies in the .grad of its parameters, 0 for None."""
        pairs = ((p, p.grad) for p in self._parameters(name))
        parts = [torch.zeros_like(p) if g is None else g for p, g in pairs]
        return torch.cat([part.detach().flatten() for part in parts])

    def slope(self, name: str, loss: Tensor) -> Tensor:
        """Return the gradient of a loss in a network, without a trace in .grad."""
        found = torch.autograd.grad(
            loss, self._parameters(name), retain_graph=True, allow_unused=True
        )
        pairs = zip(found, self._parameters(name), strict=True)
        parts = [torch.zeros_like(p) if g is None else g for g, p in pairs]
        return torch.cat([part.flatten() for part in parts])

    def leave_gradients(self) -> None:
        """Put gradients of an earlier turn into both networks."""
        for name in self.networks:
            for number, p in enumerate(self._parameters(name)):
                p.grad = torch.full_like(p, 0.4 + 0.3 * number)

    def _parameters(self, name: str) -> list[nn.Parameter]:
        return list(self.networks[name].parameters())


def game(
    optimizer: Callable[[Iterable[nn.Parameter]], Optimizer] | None = None,
    codes: int = 2,
) -> Game:
    """Return the same game each time; a seed of its own decides the codes."""
    generator = seeds.generator(0)
    networks: dict[str, nn.Module] = {
        GENERATOR: nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2)),
        DISCRIMINATOR: nn.Sequential(
            nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0)
        ),
    }
    for network in networks.values():
        network.double()
        for p in network.parameters():
            nn.init.normal_(p, std=0.9, generator=generator)
    made = optimizer or (lambda parameters: SGD(parameters, lr=0.5))
    optimizers = {name: made(n.parameters()) for name, n in networks.items()}
    x = 1 + torch.randn(5, 2, generator=generator, dtype=torch.float64)
    seeded = seeds.generator(codes)
    return Game(
        networks,
        optimizers,
        x,
        torch.randn(5, 2, generator=seeded, dtype=torch.float64),
    )


@dataclass(frozen=True)
class Turn:
    """A step of an optimiser: whose, by which gradient, and where both stood then.

    Attributes:
        touched: the networks whose gradients are not what they were at first.
    """

    name: str
    gradient: Tensor
    touched: frozenset[str]
    before: dict[str, Tensor]
    after: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Played:
    """What happened in a step."""

    turns: list[Turn]
    told: Tensor
    fooled: Tensor
    graph: bool  # whether what is returned requires a gradient

    def turn(self, name: str) -> Turn:
        """Return the first turn of a network."""
        return next(turn for turn in self.turns if turn.name == name)


class _Record:
    """Writes down the steps of both optimisers of a game while it is entered."""

    def __init__(self, of: Game) -> None:
        self.of = of
        self.turns: list[Turn] = []
        self.at_first = {name: of.gradient(name) for name in of.networks}

    def __enter__(self) -> list[Turn]:
        """Return the list of turns, which grows."""
        self.handles = [
            handle
            for name, optimizer in self.of.optimizers.items()
            for handle in (
                optimizer.register_step_pre_hook(partial(self._begin, name)),
                optimizer.register_step_post_hook(self._end),
            )
        ]
        return self.turns

    def __exit__(self, *_: object) -> None:
        """Leave the optimisers as they were."""
        for handle in self.handles:
            handle.remove()

    def _begin(self, name: str, *_: object) -> None:
        first = self.at_first.items()
        touched = frozenset(n for n, g in first if not g.equal(self.of.gradient(n)))
        self.turns.append(Turn(name, self.of.gradient(name), touched, self._rows()))

    def _end(self, *_: object) -> None:
        self.turns[-1].after.update(self._rows())

    def _rows(self) -> dict[str, Tensor]:
        return {name: self.of.row(name) for name in self.of.networks}


def played(f: Answer, of: Game) -> Played:
    """Return what happens in a step of an answer."""
    with _Record(of) as turns:
        try:
            result = f(*of.given())
        except Raised as raised:
            raise _explained(raised, turns, f) from None
    first, second = pair(result, "discriminator's loss", "generator's loss")
    parts = numbers(first, ()), numbers(second, ())
    graph = any(getattr(part, "requires_grad", False) for part in (first, second))
    return Played(turns, *parts, graph)


def _explained(raised: Raised, turns: list[Turn], f: Answer) -> Exception:
    """Return the sentence on torch's complaint of a graph, or else what was raised."""
    message, where = str(raised.error), place(raised.error, f.function)
    if "the graph a second time" in message:
        carried = turns and turns[0].name == DISCRIMINATOR
        carried = carried and GENERATOR in turns[0].touched
        return Wrong((THROWN_AWAY if carried else TWICE_BACK).format(place=where))
    if "modified by an inplace operation" in message and turns:
        return Wrong(CHANGED_BELOW.format(place=where, name=turns[-1].name))
    return raised
