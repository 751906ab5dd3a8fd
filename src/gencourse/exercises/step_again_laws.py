"""What a step of the game obeys beyond its gradients: what it returns and leaves."""

from __future__ import annotations

import torch
from torch.optim import Adam

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import expect, near
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.step_laws import TOLERANCE, logits_of
from gencourse.exercises.step_mistakes import EARLIER, fooled, told
from gencourse.exercises.step_worlds import DISCRIMINATOR, GENERATOR, game, played
from gencourse.game_step import game_step


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
    moved = logits_of(of, result.turn(GENERATOR).before[DISCRIMINATOR])
    got = torch.stack([result.told.double(), result.fooled.double()])
    first, late = told(*before).detach(), told(*moved).detach()
    second, early = fooled(moved[1]).detach(), fooled(before[1]).detach()
    wrong = {
        "The pair is exchanged: the discriminator's loss comes first.": (second, first),
        "The discriminator's loss is that after it moved; before is asked for.": (
            late,
            second,
        ),
        "The generator moves by the right gradient, but the loss that you return is "
        "that against the discriminator before it moved.": (first, early),
        "The discriminator's loss is halved in what you return.": (first / 2, second),
    }
    for sentence, value in wrong.items():
        if near(got, torch.stack(value), TOLERANCE):
            raise Wrong(sentence)
    expect(got[0], first, "The discriminator's loss that you return is off.")
    expect(got[1], second, "The generator's loss that you return is off.")


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
