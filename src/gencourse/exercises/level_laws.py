"""What a right draw by inverse CDF obeys."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, expect_whole, near, numbers
from gencourse.exercises.exercise import Wrong

LAW = (0.1, 0.4, 0.2, 0.3)


def _passed(values: Tensor, uniform: Tensor) -> Tensor:
    return (values <= uniform).sum(-1)


# Of the right levels, the logits and the draws.
LEVEL: Mistakes = {
    "Your levels are one too high: the first level is 0.": lambda right, z, u: (
        right + 1
    ),
    "Your levels are one too low: the first whose cumulated probability exceeds the "
    "draw is asked for, and yours is the one before.": lambda right, z, u: right - 1,
    "You count from the end: the cumulated probabilities below the draw are passed, "
    "those above are not.": lambda right, z, u: z.shape[-1] - right,
    "You cumulate from the last level: level 0 comes first.": (
        lambda right, z, u: (
            z.shape[-1] - 1 - _passed(z.flip(-1).softmax(-1).cumsum(-1), u)
        )
    ),
    "The draw takes no part: this is always the likeliest level.": (
        lambda right, z, u: z.argmax(-1).expand_as(right)
    ),
    "The logits take no part: every level is drawn as often.": (
        lambda right, z, u: (u * z.shape[-1]).long().squeeze(-1)
    ),
    "The logits are cumulated as they are: make probabilities of them first.": (
        lambda right, z, u: _passed(z.cumsum(-1), u)
    ),
    "The exponentials of the logits sum to one only by chance: normalise them.": (
        lambda right, z, u: _passed(z.exp().cumsum(-1), u)
    ),
    "A sigmoid makes no probabilities of several levels: they should sum to one.": (
        lambda right, z, u: _passed(z.sigmoid().cumsum(-1), u)
    ),
    "The probabilities are compared with the draw one by one: cumulate them first.": (
        lambda right, z, u: _passed(z.softmax(-1), u)
    ),
    "The softmax goes over the laws; it belongs over the levels of each.": (
        lambda right, z, u: _passed(z.softmax(0).cumsum(-1), u)
    ),
    "You cumulate over the laws; each is cumulated over its own levels.": (
        lambda right, z, u: _passed(z.softmax(-1).cumsum(0), u)
    ),
    "This is the level whose cumulated probability is nearest to the draw; the first "
    "that exceeds it is asked for.": (
        lambda right, z, u: (z.softmax(-1).cumsum(-1) - u).abs().argmin(-1)
    ),
    "This is the number of levels less likely than the draw, from sorted "
    "probabilities: levels keep their order.": (
        lambda right, z, u: _passed(z.softmax(-1).sort(-1).values.cumsum(-1), u)
    ),
}
SHAPES = {
    (20, 1): "There is one level for each law: the last axis goes.",
    (20, 4): "One level for each law is asked for, not a number for each level.",
    (20, 20): "Each law has a draw of its own; not every law meets every draw.",
    (): "There is one level for each law.",
}


def levels_are_known(f: Answer) -> None:
    """Evenly spread draws give each level as often as its probability says."""
    # A shift of logits changes nothing. No draw falls on a bound.
    logits = torch.tensor(LAW).log().expand(20, 4) + 0.7
    uniform = ((torch.arange(20) + 0.5) / 20)[:, None]
    right = torch.tensor([0, 1, 2, 3]).repeat_interleave(torch.tensor([2, 8, 4, 6]))
    got = numbers(f(logits, uniform), (20,), SHAPES)
    again = numbers(f(logits, uniform), (20,), SHAPES)
    if not near(got, again):
        raise Wrong(
            "The same draws give other levels in a second call: uniform holds all the "
            "randomness that there is."
        )
    told = f.for_inputs("uniform")
    if not near(got, right):
        for sentence, mistaken in LEVEL.items():
            wrong = mistaken(right, logits.double(), uniform.double())
            # Some cut their levels at the last one, some do not.
            if near(got.clamp(max=3), wrong.clamp(max=3)):
                raise Wrong(sentence)
    what = "The level is the first whose cumulated probability exceeds the draw."
    expect(got, right, what, told=told)


def levels_of_any_shape(f: Answer) -> None:
    """The laws may stand in any shape, or be a single one."""
    logits = torch.linspace(0, 9, 30).sin().view(2, 3, 5)
    uniform = torch.linspace(0.03, 0.97, 6).view(2, 3, 1)
    right = _passed(logits.double().softmax(-1).cumsum(-1), uniform.double())
    what = "The laws stand in shape (2, 3) here, their levels on the last axis."
    expect(numbers(f(logits, uniform), (2, 3)), right, what)
    what = "A single law of shape (levels,) gives a single level."
    expect(numbers(f(logits[0, 1], uniform[0, 1]), ()), right[0, 1], what)


def levels_of_no_chance(f: Answer) -> None:
    """A level of probability 0 is never drawn, not even by a draw on its bound."""
    never = float("-inf")
    logits = torch.tensor([[never, 0.0, 0.0], [0.0, never, 0.0]])
    uniform = torch.tensor([[0.0], [0.5]])
    got = numbers(f(logits, uniform), (2,))
    if near(got, torch.tensor([0, 0])):
        raise Wrong(
            "A draw that equals a cumulated probability gives that level: it has to be "
            "exceeded, or a draw of 0 gives a level of probability 0."
        )
    what = "A logit of -inf is a level of probability 0."
    expect(got, torch.tensor([1, 2]), what, told=f.for_inputs("logits", "uniform"))


def levels_stay_in_range(f: Answer) -> None:
    """A draw just below 1 gives a level that there is, whatever is rounded."""
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(400, 256, generator=generator)
    uniform = torch.full((400, 1), 1 - 2.0**-24)
    got = numbers(f(logits, uniform), (400,))
    if got.max() > 255:
        raise Wrong(
            f"Of levels 0 to 255 your function draws {got.max().item():g}: rounding "
            "can leave the last cumulated probability below a draw close to 1."
        )
    if got.min() < 200:
        raise Wrong(
            f"A draw just below 1 gives {got.min().item():g} of 255: only the last "
            "levels are that far up."
        )


def levels_are_whole(f: Answer) -> None:
    """Levels are of an integer dtype."""
    logits, uniform = torch.zeros(2, 4), torch.full((2, 1), 0.4)
    expect_whole(f(logits, uniform), "Your levels")
