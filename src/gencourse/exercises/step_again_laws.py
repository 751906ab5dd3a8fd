"""What a step of the game obeys beyond its gradients: what it returns and leaves."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim import Adam

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import expect, near
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.step_laws import TOLERANCE, logits_of
from gencourse.exercises.step_mistakes import EARLIER, fooled, told
from gencourse.exercises.step_worlds import DISCRIMINATOR, GENERATOR, game, played
from gencourse.game_step import game_step

# On losses that are those of another moment.
TOLD = (
    "The discriminator's loss is that after it moved; before is asked for.",
    "The discriminator's loss that you return is that after both have moved; before it "
    "moved is asked for.",
    "The discriminator's loss is halved in what you return.",
)
FOOLED = (
    "The generator moves by the right gradient, but the loss that you return is that "
    "against the discriminator before it moved.",
    "The generator's loss that you return is that after it moved; before is asked for, "
    "against the discriminator that has moved.",
)


def step_starts_anew(f: Answer) -> None:
    """What earlier turns left in the gradients has no part in the step."""
    clean = played(f, game())
    of = game()
    of.leave_gradients()
    left = {name: of.gradient(name) for name in of.networks}
    result = played(f, of)
    for name in (DISCRIMINATOR, GENERATOR):
        got = result.turn(name).gradient
        if near(got, clean.turn(name).gradient + left[name], TOLERANCE):
            raise Wrong(EARLIER.format(name=name))
    for name in (DISCRIMINATOR, GENERATOR):
        if not near(of.row(name), clean.turns[-1].after[name], TOLERANCE):
            raise Wrong(
                f"With gradients left in it before the call, the {name} ends elsewhere."
            )


def step_returns_losses(f: Answer) -> None:
    """The discriminator's loss before it moved, the generator's after that."""
    result, of = played(f, game()), game()
    before = logits_of(of)
    moved_to = result.turn(GENERATOR).after
    moved = logits_of(of, result.turn(GENERATOR).before[DISCRIMINATOR])
    got = torch.stack([result.told.double(), result.fooled.double()])
    first, late = told(*before).detach(), told(*moved).detach()
    second, early = fooled(moved[1]).detach(), fooled(before[1]).detach()
    if near(got, torch.stack([second, first]), TOLERANCE):
        raise Wrong("The pair is exchanged: the discriminator's loss comes first.")
    ended = logits_of(of, moved_to[DISCRIMINATOR], moved_to[GENERATOR])
    _expect_loss(got[0], first, TOLD, (late, told(*ended).detach(), first / 2))
    _expect_loss(got[1], second, FOOLED, (early, fooled(ended[1]).detach()))
    expect(got[0], first, "The discriminator's loss that you return is off.")
    expect(got[1], second, "The generator's loss that you return is off.")
    if result.graph:
        raise Wrong(
            "The losses are right, but those that you return still hold their graph: "
            "who keeps them keeps the memory of every step. Numbers are asked for."
        )


def _expect_loss(
    got: Tensor, right: Tensor, sentences: Sequence[str], wrong: Sequence[Tensor]
) -> None:
    for sentence, value in zip(sentences, wrong, strict=True):
        if near(got, value, TOLERANCE) and not near(got, right, TOLERANCE):
            raise Wrong(sentence)


def step_leaves_all_trainable(f: Answer) -> None:
    """Networks are as they were but for where they stand."""
    of = game()
    played(f, of)
    for name, network in of.networks.items():
        if not all(p.requires_grad for p in network.parameters()):
            raise Wrong(
                f"The {name}'s parameters need no gradient any more after your step: "
                "it could never move again."
            )
        if not network.training:
            raise Wrong(f"Your step leaves the {name} in eval mode.")


def step_after_step(f: Answer) -> None:
    """Two steps in a row lead where they should, by another optimiser too."""
    mine, due = (game(lambda p: Adam(p, lr=0.1, betas=(0.5, 0.9))) for _ in range(2))
    for number in ("first", "second"):
        played(f, mine)
        game_step(*due.given())  # type: ignore[arg-type]
        for name in (DISCRIMINATOR, GENERATOR):
            if not near(mine.row(name), due.row(name), TOLERANCE):
                raise Wrong(
                    f"After a {number} step with Adam the {name} is not where the "
                    "game leads it."
                )
