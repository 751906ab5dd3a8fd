"""Pictures by six makers, for the reader to tell apart."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

import gencourse
from gencourse import data
from gencourse.baselines import NeighbourTable
from gencourse.images import to_unit
from live.common import show, write_levels

EACH, SEED, SHOWN, STILL = 24, 0, 8, 7


def makers() -> dict[str, Tensor]:
    """Return levels (EACH, 1, 28, 28) by each maker: the first ones, none chosen."""
    train, test = data.load("fashion-mini", "train"), data.load("fashion-mini", "test")
    models = {
        "count-table": NeighbourTable(train.x),
        "row-lstm": gencourse.load("row-lstm"),
        "gated-pixelcnn": gencourse.load("gated-pixelcnn"),
        "vae": gencourse.load("vae"),
        "sngan": gencourse.load("sngan"),
    }
    found = {"real": test.x[:EACH]}
    for name, model in models.items():
        draws = torch.Generator().manual_seed(SEED)
        found[name] = model.sample(EACH, generator=draws)
    return found


def write(folder: Path) -> None:
    """Write a file of levels for each maker, and still.png: all of them, shuffled."""
    pictures = makers()
    for name, levels in pictures.items():
        write_levels(levels, folder / f"{name}.bin")
    few = torch.cat([levels[:4] for levels in pictures.values()])
    order = torch.randperm(len(few), generator=torch.Generator().manual_seed(STILL))
    show(to_unit(few[order], 256), columns=SHOWN, path=folder / "still.png", scale=3)
