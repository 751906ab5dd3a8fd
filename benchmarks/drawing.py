"""How long each shipped model takes to draw 64 images.

PixelCNNs and PixelRNNs draw pixel after pixel, with what is needed again kept; the
others draw all pixels at once.

    python benchmarks/drawing.py --json drawing.json
"""

from __future__ import annotations

import torch
from common import Row, least_seconds, options, table, write

import gencourse
from gencourse import cards, recipes

DRAWN = 64
QUICK = ("gan", "vae")


def drawers() -> list[str]:
    """Return the names of the shipped models that draw images."""
    return [
        name for name in recipes.shipped() if hasattr(gencourse.load(name), "sample")
    ]


@torch.inference_mode()
def draw(name: str, n: int = DRAWN, repeats: int = 1, warm: bool = False) -> Row:
    """Return what n images of a shipped model cost; classes take turns."""
    model = gencourse.load(name)
    classes = getattr(model, "classes", None)
    y = () if classes is None else (torch.arange(n) % classes,)
    random = torch.Generator().manual_seed(0)
    run = lambda: model.sample(n, *y, generator=random)  # type: ignore[operator]  # noqa: E731
    return {
        "parameters": cards.parameter_count(model),
        "seconds": least_seconds(run, repeats, warm),
    }


def main(arguments: list[str] | None = None) -> None:
    """Print the table, and write it as JSON where that is asked for."""
    given = options(__doc__, repeats=3).parse_args(arguments)
    torch.set_num_threads(1)
    names = QUICK if given.quick else drawers()
    repeats = 1 if given.quick else given.repeats
    rows = {name: draw(name, repeats=repeats, warm=True) for name in names}
    fastest = min(row["seconds"] for row in rows.values())
    rows = {
        n: {**row, "/ fastest": row["seconds"] / fastest} for n, row in rows.items()
    }
    print(f"{DRAWN} images, CPU seconds on one thread")
    table([{"model": name, **row} for name, row in rows.items()])
    write(given.json, {"images": DRAWN, "models": rows})


if __name__ == "__main__":
    main()
