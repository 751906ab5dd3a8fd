"""How fast each recipe trains: images per CPU second, and the share of a matmul's rate.

A step is the recipe's own, all its turns; images are counted once a step, however many
turns see them. Operations are those of matrix products and convolutions, forward and
back; what else a step does (activations, the pixels' laws, the optimiser) takes time
and counts nothing. The rate is that of a product of two 1024 x 1024 matrices.

    python benchmarks/training.py --json training.json
"""

from __future__ import annotations

from dataclasses import replace

import torch
from common import Row, flops, flops_per_second, options, table, train, write

from gencourse import data
from gencourse.batches import Batches
from gencourse.recipe import Recipe
from gencourse.recipes import RECIPES

QUICK = ("linear-autoencoder", "gan")


def batches(recipe: Recipe, steps: int) -> Batches:
    """Return batches of a recipe's size from the small data set."""
    images = data.load("fashion-mini", levels=recipe.levels)
    parts = (images.x, images.y) if recipe.labels else (images.x,)
    return Batches(*parts, size=recipe.batch_size, steps=steps)


def one_step(name: str) -> None:
    """Take one step of a recipe's training."""
    train(RECIPES[name], batches(RECIPES[name], 1))


def measure(recipe: Recipe, speed: float, repeats: int) -> Row:
    """Return what a step costs, and what of the machine's speed it uses."""
    seconds = min(train(recipe, batches(recipe, 1 + repeats)))
    operations = flops(lambda: train(recipe, batches(recipe, 1)))
    return {
        "batch": recipe.batch_size,
        "turns": len(recipe.turns(recipe.model(), recipe.lr, recipe.weight_decay)),
        "seconds": seconds,
        "images per CPU second": recipe.batch_size / seconds,
        "GFLOP a step": operations / 1e9,
        "GFLOP/s": operations / seconds / 1e9,
        "share": operations / seconds / speed,
    }


def main(arguments: list[str] | None = None) -> None:
    """Print the table, and write it as JSON where that is asked for."""
    given = options(__doc__, repeats=5).parse_args(arguments)
    torch.set_num_threads(1)
    names = QUICK if given.quick else tuple(RECIPES)
    repeats = 1 if given.quick else given.repeats
    speed = flops_per_second()
    print(
        f"training steps on one thread, products at {speed / 1e9:.1f} GFLOP/s at most"
    )
    recipes = {name: replace(RECIPES[name], ema_decay=None) for name in names}
    rows = {name: measure(recipe, speed, repeats) for name, recipe in recipes.items()}
    table([{"recipe": name, **row} for name, row in rows.items()])
    write(given.json, {"flops_per_second": speed, "recipes": rows})


if __name__ == "__main__":
    main()
