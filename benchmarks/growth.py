"""How the time of a training step grows: with the image's side, the batch, the layers.

One model a family, built as by default but small. Where a family's class has no number
of layers, the width of its layers takes that place. A power law, seconds ~ size^e, is
fitted to all sizes; "at the end" is its exponent between the two largest, where what a
step costs at any size weighs least.

    python benchmarks/growth.py --json growth.json
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from common import exponent, options, table, train, write

from gencourse.autoencoder import ConvAutoencoder
from gencourse.batches import Batches
from gencourse.gan import GAN
from gencourse.gan_recipes import game_turns
from gencourse.pixelcnn import GatedPixelCNN
from gencourse.pixelrnn import DiagonalBiLSTM
from gencourse.recipe import Recipe, one_turn
from gencourse.turns import Turn
from gencourse.vae import VAE

SIDE, BATCH = 16, 8
SIZES = {
    "side": (8, 12, 16, 24, 32),
    "batch": (1, 4, 16, 64),
    "layers": (1, 2, 4, 8),
    "width": (8, 16, 32, 64),
}
QUICK = {"side": (8, 12), "batch": (1, 2), "layers": (1, 2), "width": (4, 8)}


@dataclass(frozen=True)
class Family:
    """A way to build a model of images of one side, and what it is measured along."""

    build: Callable[[int, int], Any]  # of side, and of layers or width
    axis: str  # "layers" or "width"
    usual: int
    turns: Callable[[Any, float, float], list[Turn]] = one_turn


FAMILIES = {
    "Gated PixelCNN": Family(
        lambda side, layers: GatedPixelCNN(
            shape=(1, side, side), features=16, dilations=layers * [1], head="logistic"
        ),
        *("layers", 4),
    ),
    "Diagonal BiLSTM": Family(
        lambda side, layers: DiagonalBiLSTM(
            shape=(1, side, side), features=16, layers=layers, head="logistic"
        ),
        *("layers", 2),
    ),
    "autoencoder": Family(
        lambda side, width: ConvAutoencoder(shape=(1, side, side), width=width),
        *("width", 32),
    ),
    "VAE": Family(
        lambda side, width: VAE(shape=(1, side, side), width=width), *("width", 16)
    ),
    "GAN": Family(
        lambda side, width: GAN(shape=(1, side, side), width=width),
        *("width", 24, game_turns),
    ),
}


def seconds(family: Family, side: int, batch: int, size: int, repeats: int) -> float:
    """Return the least CPU seconds of a training step on random images."""
    recipe = Recipe(
        name="growth",
        description="",
        model=lambda: family.build(side, size),
        metrics=dict,
        steps=1 + repeats,
        lr=1e-4,
        turns=family.turns,
    )
    random = torch.Generator().manual_seed(0)
    shape = (batch, 1, side, side)
    x = torch.randint(0, 256, shape, dtype=torch.uint8, generator=random)
    return min(train(recipe, Batches(x, size=batch, steps=recipe.steps)))


def along(
    family: Family, axis: str, sizes: Sequence[int], repeats: int
) -> dict[str, object]:
    """Return what a step costs by one size, the others as they are, and the law."""
    usual = {"side": SIDE, "batch": BATCH, family.axis: family.usual}
    taken = []
    for size in sizes:
        side, batch, third = ({**usual, axis: size}[name] for name in usual)
        taken.append(seconds(family, side, batch, third, repeats))
    return {
        "sizes": list(sizes),
        "seconds": taken,
        "exponent": exponent(sizes, taken),
        "at the end": exponent(sizes[-2:], taken[-2:]),
    }


def main(arguments: list[str] | None = None) -> None:
    """Print the table, and write it as JSON where that is asked for."""
    given = options(__doc__, repeats=5).parse_args(arguments)
    torch.set_num_threads(1)
    sizes, repeats = (QUICK, 1) if given.quick else (SIZES, given.repeats)
    found = {
        name: {
            axis: along(family, axis, sizes[axis], repeats)
            for axis in ("side", "batch", family.axis)
        }
        for name, family in FAMILIES.items()
    }
    print(f"a training step: side {SIDE}, batch {BATCH}, but for what is changed")
    table(
        [
            {
                "family": name,
                "along": axis,
                "exponent": law["exponent"],
                "at the end": law["at the end"],
                "ms": " ".join(f"{1e3 * s:.3g}" for s in law["seconds"]),  # type: ignore[attr-defined]
            }
            for name, laws in found.items()
            for axis, law in laws.items()
        ]
    )
    write(given.json, {"side": SIDE, "batch": BATCH, "families": found})


if __name__ == "__main__":
    main()
