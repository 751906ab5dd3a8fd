"""The counting baselines that stand on the scoreboard, fitted to all training images.

They have a card and no weights: counting again takes seconds.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any, cast

from torch import Tensor

from gencourse import cards, data, provenance
from gencourse.baselines import IndependentPixels, NeighbourTable, TableDensity
from gencourse.entry import MixedTables, entry

DATA = "fashion-mnist"
TABLES: dict[str, Callable[[Tensor], TableDensity]] = {
    "independent-pixels": IndependentPixels,
    "count-table": NeighbourTable,
    "mixed-tables": lambda x: cast("MixedTables", entry(x, 256)),
}
DESCRIPTIONS = {
    "independent-pixels": "a histogram of levels for each pixel",
    "count-table": "a histogram for each pair of neighbours, left and above",
    "mixed-tables": "tables of two, three and four neighbours, mixed",
}


def fit_table(name: str) -> tuple[TableDensity, cards.Card]:
    """Return a baseline fitted to the training images, and how it was made.

    A name that is none of `TABLES` is a ValueError that lists them.
    """
    if name not in TABLES:
        raise ValueError(f"no table {name!r}, there are: {', '.join(TABLES)}")
    train = data.load(DATA, "train").x
    start = time.process_time()
    table = TABLES[name](train)
    seconds = time.process_time() - start
    return table, {**_card(name, table, len(train)), "cpu_seconds": round(seconds, 1)}


def _card(name: str, table: TableDensity, images: int) -> dict[str, Any]:
    counts = table.table.numpy().tobytes()
    return {
        "name": name,
        "config": {"description": DESCRIPTIONS[name], "data": DATA, "levels": 256},
        "parameters": table.table.numel(),
        "data": {"name": DATA, "split": "train", "images": images},
        "metrics_split": "test",
        "made": provenance.describe(),
        "commit": cards.commit(),
        "weights_sha256": hashlib.sha256(counts).hexdigest(),
    }
