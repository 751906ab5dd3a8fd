"""What a right step of the game obeys, on networks of a few numbers."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils import vector_to_parameters

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import near
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.logit_laws import log_one_minus_sigmoid
from gencourse.exercises.step_mistakes import (
    BEFORE_IT_MOVED,
    CARRIED_BACK,
    FOOLING,
    TELLING,
    fooled,
    told,
)
from gencourse.exercises.step_worlds import (
    DISCRIMINATOR,
    GENERATOR,
    Game,
    game,
    played,
)

TOLERANCE = 1e-7  # all is worked out in float64


def step_takes_two_turns(f: Answer) -> None:
    """Each optimiser steps once, the discriminator's first."""
    turns = played(f, game()).turns
    names = [turn.name for turn in turns]
    counts = {name: names.count(name) for name in (DISCRIMINATOR, GENERATOR)}
    for name, count in counts.items():
        if not count:
            raise Wrong(f"The {name}'s optimiser never steps: call its step().")
        if count > 1:
            raise Wrong(
                f"The {name}'s optimiser steps {count} times; each has one turn, and "
                "moves its own network in it."
            )
    if names == [DISCRIMINATOR, GENERATOR]:
        return
    if GENERATOR not in turns[0].touched:
        raise Wrong(
            "The optimisers are exchanged: where the discriminator has its gradient, "
            "the generator's optimiser steps."
        )
    raise Wrong("The generator moves first; the discriminator should.")


def step_moves_by_turns_alone(f: Answer) -> None:
    """Nothing moves but by its own optimiser."""
    start = game()
    of = game()
    first, second = played(f, of).turns
    for name, at in (
        (GENERATOR, (start.row(GENERATOR), second.before[GENERATOR])),
        (GENERATOR, (second.after[GENERATOR], of.row(GENERATOR))),
        (DISCRIMINATOR, (start.row(DISCRIMINATOR), first.before[DISCRIMINATOR])),
        (DISCRIMINATOR, (first.after[DISCRIMINATOR], of.row(DISCRIMINATOR))),
    ):
        if not near(*at, TOLERANCE):
            raise Wrong(f"The {name} moves outside its own optimiser's step.")


def step_uses_the_codes(f: Answer) -> None:
    """The codes that are given decide what is generated."""
    losses = []
    for codes in (2, 2, 3):
        result = played(f, game(codes=codes))
        losses.append(torch.stack([result.told, result.fooled]))
    if not near(losses[0], losses[1], TOLERANCE):
        raise Wrong(
            "Two calls with the same networks, points and codes end differently: both "
            "turns play with the codes z that are given, and nothing is left to draw."
        )
    for number, name in enumerate((DISCRIMINATOR, GENERATOR)):
        if near(losses[0][number], losses[2][number], TOLERANCE):
            raise Wrong(f"The {name}'s loss does not depend on the codes z.")


def logits_of(
    of: Game, discriminator: Tensor | None = None, generator: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Logits of real and of generated points, by networks of other numbers."""
    judge = _moved(of.networks[DISCRIMINATOR], discriminator)
    maker = _moved(of.networks[GENERATOR], generator)
    return judge(of.x), judge(maker(of.z))


def _moved(network: nn.Module, row: Tensor | None) -> nn.Module:
    if row is None:
        return network
    other = copy.deepcopy(network)
    vector_to_parameters(row, other.parameters())
    return other


def step_of_discriminator(f: Answer) -> None:
    """It moves by the gradient of its own loss."""
    got = played(f, game()).turn(DISCRIMINATOR).gradient
    of = game()
    real, fake = logits_of(of)
    right = of.slope(DISCRIMINATOR, told(real, fake))
    if near(got, right, TOLERANCE):
        return
    if not got.any():
        raise Wrong(
            "The discriminator's gradient is 0 when its optimiser steps: is it worked "
            "out after the step, or zeroed between?"
        )
    for sentence, loss in TELLING.items():
        if near(got, of.slope(DISCRIMINATOR, loss(real, fake)), TOLERANCE):
            raise Wrong(sentence)
    raise Wrong(
        "When the discriminator's optimiser steps, its gradient is not that of its "
        "own loss."
    )


def _at_generators_turn(f: Answer) -> tuple[Tensor, Game, Tensor, Tensor]:
    """The generator's gradient, and the logits of its points before and then."""
    turn = played(f, game()).turn(GENERATOR)
    of = game()
    before = logits_of(of)[1]
    return turn.gradient, of, before, logits_of(of, turn.before[DISCRIMINATOR])[1]


def step_of_generator(f: Answer) -> None:
    """It moves by the gradient of its own loss, against the one that has moved."""
    got, of, before, moved = _at_generators_turn(f)
    if near(got, of.slope(GENERATOR, fooled(moved)), TOLERANCE):
        return
    if not got.any():
        raise Wrong(
            "The generator's gradient is 0 when its optimiser steps: is it worked out "
            "after the step, zeroed between, or cut off?"
        )
    carried = of.slope(GENERATOR, -log_one_minus_sigmoid(before).mean())
    for extra, carries in ((0, False), (carried, True)):
        for logits in (moved, before):
            for sentence, loss in FOOLING.items():
                if near(got, of.slope(GENERATOR, loss(logits)) + extra, TOLERANCE):
                    raise Wrong(
                        CARRIED_BACK if carries else sentence or BEFORE_IT_MOVED
                    )
    raise Wrong(
        "When the generator's optimiser steps, its gradient is not that of its own "
        "loss."
    )
