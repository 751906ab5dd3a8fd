"""What a row of the scoreboard is measured by: the same for every model.

A card keeps the numbers twice, of all test images and of the first THOUSAND, which
takes a tenth of the time to find again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

Numbers = dict[str, float]
SHAPE, LEVELS = (1, 28, 28), 256
THOUSAND, DRAWN, REPEATS = 1000, 64, 3

# Relative: what float32 on two processors may differ by.
TOLERANCE = 1e-4
# Of samples: on another processor a pixel may be drawn differently, and then all that
# come after it. So they may differ as two seeds of the draws do. For all images, and
# for a thousand: a part of the distance, and shares.
OF_SAMPLES = {
    "frechet_distance": (0.15, 0.25),
    "precision": (0.03, 0.1),
    "recall": (0.03, 0.15),
    "class_accuracy": (0.02, 0.05),
}
# A small difference of two large numbers, in nats.
OF_GAIN = 0.05


def is_judged(model: Any) -> bool:  # noqa: ANN401
    """Return whether a model draws what the shipped classifier has learned to see."""
    its = tuple(getattr(model, "shape", ())), getattr(model, "levels", None)
    return hasattr(model, "sample") and its == (SHAPE, LEVELS)


def seconds_for_64(model: Any) -> float:  # noqa: ANN401
    """Return the CPU seconds in which one thread draws 64 images: the least of three.

    What else the machine does only adds to them.
    """
    classes = getattr(model, "classes", None)
    y = () if classes is None else (torch.arange(DRAWN) % classes,)
    taken = []
    with _one_thread(), torch.inference_mode():
        for seed in range(REPEATS):
            generator = torch.Generator().manual_seed(seed)
            start = time.process_time()
            model.sample(DRAWN, *y, generator=generator)
            taken.append(time.process_time() - start)
    return min(taken)


def differences(found: Numbers, on_card: Numbers, few: bool) -> list[str]:
    """Return what is not the card's: a sentence each, with what is allowed.

    Args:
        found: metrics and numbers of samples, measured now, by name.
        on_card: the same, as the card has it.
        few: whether they are of a THOUSAND images.
    """
    told = []
    for name in dict.fromkeys([*found, *on_card]):
        mine, its = found.get(name), on_card.get(name)
        if mine is None or its is None:
            told.append(f"{name} is {mine}, on the card {its}")
        elif not abs(mine - its) <= (allowed := _allowed(name, its, few)) < math.inf:
            told.append(f"{name} is {mine:.6g}, on the card {its:.6g} +- {allowed:.2g}")
    return told


def _allowed(name: str, value: float, few: bool) -> float:
    if name == "frechet_distance":
        return OF_SAMPLES[name][few] * abs(value)
    if name in OF_SAMPLES:
        return OF_SAMPLES[name][few]
    return OF_GAIN if "_gain_" in name else TOLERANCE * abs(value)


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
