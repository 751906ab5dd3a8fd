"""Inputs that no notebook has seen, for exercises whose laws draw nothing at random.

Their laws have examples chosen by hand, each for a mistake. An answer that knows these
by heart would pass them under any seed, so the grader asks for others too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Generator, Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import near, numbers
from gencourse.exercises.exercise import Exercise, Wrong

TIMES = 4
UNORDERED = frozenset({"pixelrnn.leaks"})  # its pairs may come in any order
BY_HEART = (
    "With fresh numbers your function is not right, though it is with those of the "
    "check: does it do what is asked for those alone?"
)
Drawn = tuple[object, ...]


def _whole(g: Generator, least: int, most: int) -> int:
    return int(torch.randint(least, most + 1, (), generator=g))


def _normal(g: Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=g)


def _scales(g: Generator, *shape: int) -> Tensor:
    return 0.4 + 2 * torch.rand(*shape, generator=g)


def _shares(g: Generator, *shape: int) -> Tensor:
    return _normal(g, *shape).softmax(-1)


def _mixture(g: Generator) -> Drawn:
    k = _whole(g, 2, 5)
    return 2 * _normal(g, 6), _shares(g, k), 2 * _normal(g, k), _scales(g, k)


def _kernel(g: Generator) -> Drawn:
    return _normal(g, 5, 3), _normal(g, 7, 3), 0.3 + _whole(g, 0, 9) / 10


def _categorical(g: Generator) -> Drawn:
    levels = _whole(g, 2, 7)
    return 2 * _normal(g, 4, 3, levels), torch.randint(levels, (4, 3), generator=g)


def _cell(g: Generator) -> Drawn:
    h = _whole(g, 1, 4)
    return 2 * _normal(g, 6, 4 * h), _normal(g, 6, h)


def _states(g: Generator) -> Drawn:
    h = _whole(g, 1, 3)
    sizes = _whole(g, 1, 4), _whole(g, 1, 5), 2
    return _normal(g, *sizes, 4 * h), _normal(g, 4 * h, 3 * h)


def _jacobian(g: Generator) -> Drawn:
    n = _whole(g, 3, 7)
    lower = _normal(g, n, n).tril(-1)
    upper = _normal(g, n, n).triu() * (torch.rand(n, n, generator=g) < 0.15)
    both = (lower + upper).double()
    both[0, n - 1] = 0.5  # one at least: none may be told in several shapes
    return (both,)


def _place(g: Generator) -> tuple[int, int, int, int]:
    height, width = _whole(g, 2, 7), _whole(g, 2, 9)
    return height, width, _whole(g, 0, height - 1), _whole(g, 0, width - 1)


def _field(g: Generator) -> Drawn:
    height, width, i, j = _place(g)
    return torch.rand(height, width, generator=g) < 0.5, i, j


def _bins(g: Generator) -> Drawn:
    levels = _whole(g, 3, 40)
    x = torch.randint(levels, (9, 1), generator=g).to(torch.uint8)
    return x, 0.7 * _normal(g, 4), 0.5 * _normal(g, 4) - 0.5, levels


def _score(g: Generator) -> Drawn:
    n, d = _whole(g, 3, 6), _whole(g, 1, 4)
    return _normal(g, n), _normal(g, n, d), _normal(g, d), _scales(g, d)


def _spread(g: Generator) -> Drawn:
    scales = torch.tensor([0.0, 0.01, 0.05, 0.3, 1.0, 2.0])
    order = torch.randperm(6, generator=g)
    return _normal(g, 40, 6) * scales[order], 0.01


def _gate(g: Generator) -> Drawn:
    return _normal(g, 3, 2 * _whole(g, 1, 4), 5), 1


INPUTS: dict[str, Callable[[Generator], Drawn]] = {
    "density.bits_per_dim": lambda g: (
        900 * torch.rand(4, generator=g),
        _whole(g, 2, 99),
    ),
    "density.gaussian_log_prob": lambda g: (
        _normal(g, 5),
        _normal(g, 5),
        _scales(g, 5),
    ),
    "density.mixture_log_prob": _mixture,
    "density.kl_divergence": lambda g: (_shares(g, 3, 5), _shares(g, 3, 5)),
    "density.kernel_log_prob": _kernel,
    "pixelrnn.categorical_log_prob": _categorical,
    "pixelrnn.skew": lambda g: (_normal(g, _whole(g, 2, 6), _whole(g, 1, 7)),),
    "pixelrnn.unskew": lambda g: (_normal(g, 3, 2 + _whole(g, 1, 6)),),
    "pixelrnn.lstm_cell": _cell,
    "pixelrnn.one_row_down": lambda g: (_normal(g, 2, 3, _whole(g, 1, 5), 4),),
    "pixelrnn.leaks": _jacobian,
    "pixelrnn.row_field": _place,
    "pixelrnn.row_states": _states,
    "pixelcnn.raster_mask": lambda g: (2 * _whole(g, 1, 6) + 1, "AB"[_whole(g, 0, 1)]),
    "pixelcnn.blind_spot": _field,
    "pixelcnn.gate": _gate,
    "pixelcnn.logistic_bin": _bins,
    "autoregressive.enumerate_images": lambda g: (
        (_whole(g, 1, 2), _whole(g, 1, 2), _whole(g, 1, 2)),
        _whole(g, 2, 3),
    ),
    "autoregressive.paired_difference": lambda g: (_normal(g, 8), _normal(g, 8)),
    "autoencoder.interpolate": lambda g: (
        _normal(g, 4),
        _normal(g, 4),
        _whole(g, 2, 9),
    ),
    "vae.score_function_gradient": _score,
    "vae.active_dimensions": _spread,
    "vae.every_class": lambda g: (_normal(g, _whole(g, 1, 5), 3), _whole(g, 2, 6)),
    "gan.discriminator_loss": lambda g: (2 * _normal(g, 7), 2 * _normal(g, 7)),
    "gan.non_saturating_generator_loss": lambda g: (2 * _normal(g, 7),),
}


def with_fresh_inputs(exercise: Exercise) -> Exercise:
    """Return an exercise with one more law, on inputs that its own have not.

    It comes first: after a law that stops an answer nothing more can be asked.
    """
    draw = INPUTS.get(exercise.key)
    if draw is None:
        return exercise

    def same_as_reference(f: Answer) -> None:
        generator = seeds.generator(0)
        for _ in range(TIMES):
            given = draw(generator)
            _compare(f(*given), exercise.reference(*given), exercise.key in UNORDERED)

    return replace(exercise, laws=(same_as_reference, *exercise.laws))


def _compare(got: object, right: object, unordered: bool) -> None:
    if isinstance(right, tuple) and isinstance(got, (tuple, list)):
        if len(got) != len(right):
            raise Wrong(BY_HEART)
        for part, other in zip(got, right, strict=True):
            _compare(part, other, unordered)
        return
    due = torch.as_tensor(right)
    try:
        found = numbers(got, tuple(due.shape))
    except Wrong:
        raise Wrong(BY_HEART) from None
    if unordered:
        found, due = (t.double().unique(dim=0) for t in (found, due))
    if not near(found, due.double()):
        raise Wrong(BY_HEART)
