"""What goes wrong in a step of the game, told by the gradients at each optimiser."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from gencourse.exercises.logit_laws import log_one_minus_sigmoid, log_sigmoid

Told = Callable[[Tensor, Tensor], Tensor]
Fooled = Callable[[Tensor], Tensor]


def told(real: Tensor, fake: Tensor) -> Tensor:
    """Return the discriminator's loss."""
    return -log_sigmoid(real).mean() - log_one_minus_sigmoid(fake).mean()


def fooled(fake: Tensor) -> Tensor:
    """Return the generator's loss in the non-saturating game."""
    return -log_sigmoid(fake).mean()


# Of the logits of real points and of generated ones.
TELLING: dict[str, Told] = {
    "The discriminator's labels are exchanged: it learns to take real points for fake "
    "ones.": lambda real, fake: told(fake, real),
    "The discriminator climbs its loss: it should go down.": (
        lambda real, fake: -told(real, fake)
    ),
    "The discriminator learns by half of its loss's gradient.": (
        lambda real, fake: told(real, fake) / 2
    ),
    "The discriminator learns from generated points alone; real ones count as much.": (
        lambda real, fake: -log_one_minus_sigmoid(fake).mean()
    ),
    "The discriminator learns from real points alone; generated ones count as much.": (
        lambda real, fake: -log_sigmoid(real).mean()
    ),
    "The discriminator learns that all points are real, generated ones too.": (
        lambda real, fake: -log_sigmoid(real).mean() - log_sigmoid(fake).mean()
    ),
    "The discriminator's loss is added up over the points; their mean is asked for.": (
        lambda real, fake: len(real) * told(real, fake)
    ),
    "When the discriminator's optimiser steps, its gradient holds that of the "
    "generator's loss too.": lambda real, fake: told(real, fake) + fooled(fake),
    "The discriminator learns by the generator's loss: it helps to be fooled.": (
        lambda real, fake: fooled(fake)
    ),
}
# Of the logits of generated points; the first one is right.
FOOLING: dict[str, Fooled] = {
    "": fooled,
    "The generator plays the minimax game: it lowers E[log(1 - D)], which is flat "
    "where D is sure. The non-saturating loss is asked for.": (
        lambda fake: log_one_minus_sigmoid(fake).mean()
    ),
    "The generator learns to be recognised: it lowers the loss of points that should "
    "count as fake.": lambda fake: -log_one_minus_sigmoid(fake).mean(),
    "The generator climbs its loss: it should go down.": lambda fake: -fooled(fake),
    "The generator learns by half of its loss's gradient.": (
        lambda fake: fooled(fake) / 2
    ),
    "The generator's loss is added up over the points; their mean is asked for.": (
        lambda fake: len(fake) * fooled(fake)
    ),
}
BEFORE_IT_MOVED = (
    "The generator learns against the discriminator as it was before its turn; it "
    "should meet the one that has moved."
)
CARRIED_BACK = (
    "When the generator's optimiser steps, its gradient holds that of the "
    "discriminator's loss too: in the discriminator's turn the generated points are "
    "there to be judged, and nothing should flow back through them."
)
# What torch's own errors on a graph come from; its advice would hide the mistake.
THROWN_AWAY = (
    "Your step goes back into the generator in the discriminator's turn, which throws "
    "that graph away, and the generator's turn needs it: torch stops the second "
    "backward{place}. To keep the graph would hide the mistake: nothing should flow "
    "back through the points while the discriminator learns."
)
TWICE_BACK = (
    "Two backward calls go through the same part of a graph, which the first one "
    "throws away: torch stops the second{place}. To keep it would hide the mistake: "
    "each turn goes back once, from a loss of its own, through what it may move."
)
CHANGED_BELOW = (
    "A backward call{place} goes through numbers that have changed since its loss was "
    "worked out, and torch stops it: are generated points scored before the {name} "
    "moved, and the scores used after?"
)
EARLIER = (
    "When the {name}'s optimiser steps, its gradient still holds what lay there "
    "before the call: gradients of earlier turns add up."
)
