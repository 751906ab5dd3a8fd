"""What a right draw by inverse CDF obeys."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, expect_whole, near, numbers
from gencourse.exercises.exercise import Wrong

LAWS = ((0.1, 0.4, 0.2, 0.3), (0.3, 0.1, 0.4, 0.2))


def _passed(values: Tensor, uniform: Tensor) -> Tensor:
    return (values <= uniform).sum(-1)


def _first(values: Tensor, uniform: Tensor) -> Tensor:
    return (values > uniform).long().argmax(-1)  # 0 where none exceeds


# Of the logits: what is compared with the draw in place of their cumulated softmax.
CUMULATED: dict[str, Callable[[Tensor], Tensor]] = {
    "The logits are cumulated as they are, the softmax is missing: make probabilities "
    "of them first.": lambda z: z.cumsum(-1),
    "The exponentials of the logits sum to one only by chance: normalise them.": (
        lambda z: z.exp().cumsum(-1)
    ),
    "A sigmoid makes no probabilities of several levels: they should sum to one.": (
        lambda z: z.sigmoid().cumsum(-1)
    ),
    "The probabilities are compared with the draw one by one: cumulate them first.": (
        lambda z: z.softmax(-1)
    ),
    "The softmax goes over the laws; it belongs over the levels of each.": (
        lambda z: z.softmax(0).cumsum(-1)
    ),
    "You cumulate over the laws; each is cumulated over its own levels.": (
        lambda z: z.softmax(-1).cumsum(0)
    ),
    "This is the number of levels less likely than the draw, from sorted "
    "probabilities: levels keep their order.": (
        lambda z: z.softmax(-1).sort(-1).values.cumsum(-1)
    ),
}
# Of the right levels, the logits and the draws.
LEVEL: Mistakes = {
    "Your levels are one too high: the first level is 0.": lambda right, z, u: (
        right + 1
    ),
    "Your levels are one too low: the first whose cumulated probability exceeds the "
    "draw is asked for, and yours is the one before.": lambda right, z, u: right - 1,
    "Your levels are one too low, and cut at 0: the last level whose cumulated "
    "probability does not exceed the draw yet is the one before.": (
        lambda right, z, u: (right - 1).clamp(min=0)
    ),
    "Your level is one further than the one that is due, and 0 where the last is due: "
    "does each cumulated probability hold its own level's?": (
        lambda right, z, u: (right + 1) % z.shape[-1]
    ),
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
    "This is the level whose cumulated probability is nearest to the draw; the first "
    "that exceeds it is asked for.": (
        lambda right, z, u: (z.softmax(-1).cumsum(-1) - u).abs().argmin(-1)
    ),
}
SHAPES = {
    (40, 1): "There is one level for each law: the last axis goes.",
    (40, 4): "One level for each law is asked for, not a number for each level.",
    (40, 40): "Each law has a draw of its own; not every law meets every draw.",
    (): "There is one level for each law.",
}


def levels_are_known(f: Answer) -> None:
    """Evenly spread draws give each level as often as its probability says."""
    # A shift of logits changes nothing. No draw falls on a bound.
    shifted = torch.tensor(LAWS).log() + torch.tensor([[0.7], [2.0]])
    logits = shifted.repeat_interleave(20, 0)
    uniform = ((torch.arange(20) + 0.5) / 20).repeat(2)[:, None]
    often = torch.tensor([2, 8, 4, 6, 6, 2, 8, 4])
    right = torch.tensor([0, 1, 2, 3]).repeat(2).repeat_interleave(often)
    got = numbers(f(logits, uniform), (40,), SHAPES)
    again = numbers(f(logits, uniform), (40,), SHAPES)
    if not near(got, again):
        raise Wrong(
            "The same draws give other levels in a second call: uniform holds all the "
            "randomness that there is."
        )
    if not near(got, right):
        _find_cause(got, right, logits.double(), uniform.double())
    what = "The level is the first whose cumulated probability exceeds the draw."
    expect(got, right, what, told=f.for_inputs("logits", "uniform"))


def _find_cause(got: Tensor, right: Tensor, logits: Tensor, uniform: Tensor) -> None:
    wrongs = {s: [m(right, logits, uniform)] for s, m in LEVEL.items()}
    for sentence, values in CUMULATED.items():
        wrongs[sentence] = [g(values(logits), uniform) for g in (_passed, _first)]
    for sentence, mistaken in wrongs.items():
        # Some cut their levels at the last one, some do not.
        if any(near(got.clamp(max=3), wrong.clamp(max=3)) for wrong in mistaken):
            raise Wrong(sentence)


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
    generator = seeds.generator(0)
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


def levels_of_great_logits(f: Answer) -> None:
    """Only differences of logits count; the last level may be rare."""
    logits = torch.tensor([[1000.0, 1000.0]])
    got = numbers(f(logits, torch.tensor([[0.9]])), (1,))
    what = "Of logits 1000 and 1000 a draw of 0.9 gives level 1: exp(1000) is no float."
    expect(got, torch.ones(1), what)
    rare = torch.tensor([[0.9995, 0.0005]]).log()
    what = (
        "Of probabilities 0.9995 and 0.0005 a draw of 0.9998 gives level 1: is it cut?"
    )
    expect(numbers(f(rare, torch.tensor([[0.9998]])), (1,)), torch.ones(1), what)


def levels_are_whole(f: Answer) -> None:
    """Levels are of an integer dtype."""
    logits, uniform = torch.zeros(2, 4), torch.full((2, 1), 0.4)
    expect_whole(f(logits, uniform), "Your levels")
