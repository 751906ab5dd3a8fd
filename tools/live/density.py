"""Values on a line for the reader's Gaussians: the chapter's draws, and brightness."""

from __future__ import annotations

from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, Normal

from gencourse import data
from gencourse.images import to_unit
from live.common import write_numbers

TRUTH = data.Mixture1D(weights=(0.35, 0.65), means=(-1.5, 1.0), stds=(0.35, 0.8))
TRAIN, TEST = 1000, 1000
# Three Gaussians by eye, for the still picture.
BY_EYE = (torch.tensor([0.35, 0.4, 0.25]), torch.tensor([-1.4, 0.7, 1.7]))
WIDTHS = torch.tensor([0.5, 0.6, 0.6])


def draws(count: int, seed: int) -> Tensor:
    """Return draws from the chapter's mixture: (count,)."""
    return TRUTH.sample(count, generator=torch.Generator().manual_seed(seed)).flatten()


def brightness(split: str, count: int) -> Tensor:
    """Return the mean grey of garments, in percent of white: (count,)."""
    images = data.load("fashion-mini", split, limit=count)
    return 100 * to_unit(images.x, images.levels).flatten(1).mean(1)


def listed(values: Tensor) -> list[float]:
    """Return values with four decimals, in order."""
    return [round(value, 4) for value in values.double().sort().values.tolist()]


def kind(name: str, axis: str, train: Tensor, test: Tensor) -> dict[str, object]:
    """Return what the page is told of a kind of data."""
    return {"name": name, "axis": axis, "train": listed(train), "test": listed(test)}


def draw(values: Tensor, path: Path) -> None:
    """Draw three Gaussians under a histogram, in colours for both schemes."""
    line = torch.linspace(-4, 4, 400)
    parts = Normal(BY_EYE[1], WIDTHS)
    mixture = MixtureSameFamily(Categorical(BY_EYE[0]), parts)
    each = BY_EYE[0] * parts.log_prob(line[:, None]).exp()
    figure = Figure(figsize=(7, 2.7), dpi=100)
    axes = figure.subplots()
    axes.hist(values.numpy(), bins=50, range=(-4, 4), density=True, color="#c9cdd3")
    axes.plot(line, each, color="#b3681a", linewidth=1.4)
    axes.plot(line, mixture.log_prob(line).exp(), color="#0b57c2", linewidth=2.6)
    axes.plot(BY_EYE[1], each.max(0).values, "o", color="#b3681a", markersize=9)
    axes.set_xlabel("value")
    axes.set_ylabel("density")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, facecolor="white")


def write(folder: Path) -> None:
    """Write values.json, two kinds of data, and still.png."""
    train, test = draws(TRAIN, 1), draws(TEST, 2)
    kinds = [
        kind("1,000 draws of the chapter's mixture", "value", train, test),
        kind(
            "How bright 1,000 garments are",
            "mean grey, % of white",
            brightness("train", TRAIN),
            brightness("test", TEST),
        ),
    ]
    write_numbers({"kinds": kinds}, folder / "values.json")
    draw(train, folder / "still.png")
