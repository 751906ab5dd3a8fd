"""What right noise obeys."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer, Raised
from gencourse.exercises.compare import near, numbers
from gencourse.exercises.exercise import Wrong


def _noise(f: Answer, x: Tensor, std: float, seed: int = 0) -> Tensor:
    generator = seeds.generator(seed)
    shapes = {tuple(x.shape[1:]): "The whole batch comes back."}
    return numbers(f(x, std, generator), tuple(x.shape), shapes) - x.double()


def noise_is_not_clamped(f: Answer) -> None:
    """Noise is added, to each image its own, and nothing is cut."""
    x = torch.linspace(0, 1, 4).expand(200, 1, 5, 4).contiguous()
    noise = _noise(f, x, 0.5)
    if not noise.any():
        raise Wrong("Nothing is added: the images come back as they were.")
    if not noise[x == 0].any():
        raise Wrong("Black pixels stay black: noise is added, not multiplied.")
    if (noise + x).min() >= 0 and (noise + x).max() <= 1 + 1e-6:
        raise Wrong(
            "Your result is cut at 0 and 1; noise may lead out of the unit range."
        )
    if near(noise, noise[:, :, :1, :1].expand_as(noise)):
        raise Wrong("All pixels of an image get the same noise; each gets its own.")
    if noise.min() >= 0:
        raise Wrong("Your noise is never negative; it should be normal around 0.")
    if near(noise, (noise[:1]).expand_as(noise)):
        raise Wrong("Every image gets the same noise; each should get its own.")


def noise_is_normal(f: Answer) -> None:
    """The noise has mean 0, the given spread and a normal's tails."""
    # 40,000 draws: a fair answer's own deviation is under a quarter of each limit.
    noise = _noise(f, torch.full((100, 1, 20, 20), 0.5), 0.3)
    mean, std = noise.mean().item(), noise.std().item()
    if abs(std - 0.09) < 0.006:
        raise Wrong("You used std as the variance: the noise is narrower, std².")
    if abs(std - 0.3**0.5) < 0.01:
        raise Wrong("You took the root of std: the noise is too wide.")
    if abs(std - 1) < 0.02 or abs(std - 0.577) < 0.01:
        raise Wrong("The noise is not scaled by std.")
    if abs(abs(mean) - 0.5) < 0.01:  # the images are 0.5 everywhere
        raise Wrong(
            "The images are missing from your result: it is noise alone."
            if mean < 0
            else "Your result holds the images twice: the noise has mean 0."
        )
    if abs(mean) > 0.01:
        raise Wrong(
            "The noise should have mean 0: x is 0.5 everywhere, and your result's mean "
            f"is {mean + 0.5:.3f}."
        )
    _expect_tails(noise)
    if abs(std - 0.3) > 0.006:
        raise Wrong(f"The noise's standard deviation is {std:.3f} where std is 0.3.")


def _expect_tails(noise: Tensor) -> None:
    beyond = (noise.abs() > 2 * noise.std()).double().mean().item()
    if abs(beyond - 0.0455) > 0.006:
        raise Wrong(
            f"The noise is not normal: {beyond:.1%} of it lies beyond two standard "
            "deviations, 4.6% should."
        )


def noise_uses_generator(f: Answer) -> None:
    """The generator decides the noise, and moves on."""
    x = torch.full((2, 1, 4, 4), 0.5)
    if not near(_noise(f, x, 0.3), _noise(f, x, 0.3)):
        raise Wrong(
            "Two calls with generators of the same seed give different noise: draw "
            "from the generator that you are given."
        )
    generator = seeds.generator(0)
    shape = tuple(x.shape)
    if near(numbers(f(x, 0.3, generator), shape), numbers(f(x, 0.3, generator), shape)):
        raise Wrong(
            "Two calls in a row give the same noise: draw from the generator, and "
            "don't set a seed."
        )


def noise_of_channels(f: Answer) -> None:
    """Every channel has noise of its own."""
    noise = _noise(f, torch.full((3, 2, 4, 5), 0.5), 0.3)
    if near(noise[:, :1], noise[:, 1:]):
        raise Wrong(
            "All channels of a pixel get the same noise; each should get its own."
        )


def noise_of_any_shape(f: Answer) -> None:
    """Anything may be made noisy: a code, a number, images in pairs."""
    for shape in ((7,), (3, 2), (2, 3, 1, 2, 2)):
        x = torch.full(shape, 0.5)
        try:
            _noise(f, x, 0.3)
        except Raised as raised:
            name = type(raised.error).__name__
            raise Wrong(
                f"Any shape of x is taken, but for {shape} your function raises {name}."
            ) from None


def noise_without_generator(f: Answer) -> None:
    """Where no generator is given, torch's own draws, and moves on."""
    x = torch.full((2, 1, 4, 4), 0.5)
    try:
        first, second = (numbers(f(x, 0.3), tuple(x.shape)) for _ in range(2))
    except (Raised, Wrong) as problem:
        # A function without the default is let pass: all cells give a generator.
        error = problem.error if isinstance(problem, Raised) else TypeError()
        if isinstance(error, TypeError):
            return
        raise
    if near(first, second):
        raise Wrong(
            "Without a generator two calls give the same noise: let torch draw from "
            "its own then, and make none."
        )
