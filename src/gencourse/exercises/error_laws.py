"""What right answers do with inputs that they cannot work on: a ValueError."""

from __future__ import annotations

import re

import torch

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer, Raised
from gencourse.exercises.compare import numbers, pair
from gencourse.exercises.exercise import Wrong

# Shapes that broadcast, shapes that do not, and one of as many numbers.
UNLIKE = (
    ((4, 3), (4, 1)),
    ((4, 3), (1, 3)),
    ((4, 3), (3,)),
    ((4, 3), (5, 3)),
    ((4, 1, 2, 3), (4, 1, 3, 2)),
    ((4, 1, 2, 3), (4, 6)),
)


def loss_needs_one_shape(f: Answer) -> None:
    """A reconstruction of another shape is a ValueError, even where it broadcasts."""
    for shape, other in UNLIKE:
        case = f"For x of shape {shape} and a reconstruction of shape {other}"
        expect_value_error(f, case, torch.ones(shape), torch.zeros(other))


def pca_needs_k_in_range(f: Answer) -> None:
    """A number of components outside 1 to min(N, D) is a ValueError."""
    generator = seeds.generator(0)
    for n, d, k in ((6, 4, 0), (6, 4, 5), (4, 6, 5), (6, 4, -1)):
        x = torch.randn(n, d, generator=generator)
        case = f"For N = {n}, D = {d} and k = {k}, outside 1 to min(N, D),"
        expect_value_error(f, case, x, k)


def pca_takes_k_in_range(f: Answer) -> None:
    """From one component to min(N, D), all may be asked for."""
    generator = seeds.generator(0)
    for n, d, k in ((6, 4, 1), (6, 4, 4), (4, 6, 4)):
        case = f"For N = {n}, D = {d} and k = {k}"
        found = _taken(f, case, torch.randn(n, d, generator=generator), k)
        numbers(pair(found, "mean", "components")[1], (k, d))


def _taken(f: Answer, case: str, *given: object) -> object:
    """Return what the answer does; a ValueError is out of place here."""
    try:
        return f(*given)
    except Raised as raised:
        if not isinstance(raised.error, ValueError):
            raise
        raise Wrong(
            f"{case} your function raises a ValueError, and so much may be asked for."
        ) from None


def expect_value_error(f: Answer, case: str, *given: object) -> None:
    """Raise Wrong unless the answer raises a ValueError for what is given."""
    error = _error(f, *given)
    if isinstance(error, ValueError):
        return
    does = f"raises {type(error).__name__}" if error else "raises nothing"
    raise Wrong(f"{case} a ValueError should be raised; your function {does}.")


def draw_needs_enough(f: Answer) -> None:
    """A class with too few images is a ValueError that names the class."""
    # The label 7 is none of the counts that a message may tell as well.
    labels = torch.tensor([4, 4, 4, 7, 7])
    error = _error(f, labels, 3, seeds.generator(0))
    if not isinstance(error, ValueError):
        raise Wrong(
            f"A class with too few images raises {type(error).__name__}; a ValueError "
            "is asked for."
            if error
            else "With 2 images of a class and 3 asked for, a ValueError should be "
            "raised."
        )
    if not re.search(r"(?<![\d.])7(?!\d)", str(error)):
        raise Wrong(
            "Your ValueError does not say which class has too few images: its message "
            "should hold the label."
        )


def draw_takes_all(f: Answer) -> None:
    """As many as a class has may be drawn, and one of each."""
    for each in (2, 1):
        labels = torch.tensor([4, 7, 4, 7, 4] if each == 2 else [4, 7, 4, 4])
        case = f"Where 3 images of one class, {each} of another, and {each} of each"
        found = _taken(f, f"{case} are asked for", labels, each, seeds.generator(0))
        drawn = labels[numbers(found, (2 * each,)).long()]
        if sorted(drawn.tolist()) != [4] * each + [7] * each:
            raise Wrong(f"{case} are asked for, you draw the labels {drawn.tolist()}.")


def _error(f: Answer, *given: object) -> BaseException | None:
    try:
        f(*given)
    except Raised as raised:
        return raised.error
    except Wrong:  # nothing is returned: no error either
        return None
    return None
