"""The scoreboard as JSON, as Markdown, as text and as a table of a page."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict

from gencourse.figures import Picture, table
from gencourse.scoreboard import Row

HEADER = (
    "model",
    "density",
    "parameters",
    "CPU-hours",
    "test bits/dim",
    "which",
    "Fréchet distance",
    "precision",
    "recall",
    "seconds for 64",
    "runs",
)
CAPTION = (
    "Every shipped model of Fashion-MNIST, 28 by 28, and three tables of counts. Test "
    "bits per dimension, lower is better; of two-level models those of the images in "
    "black and white, which are no rivals of the others. IWAE-500 is the bound with "
    "500 codes, of the first 1,000 images. Squared Fréchet distance in the features of "
    "the shipped classifier, as many samples as the 10,000 test images; lower is "
    "better, and as many training images have {floor:.2f}. Precision and recall with "
    "k = 3. CPU-hours of training, and CPU-seconds in which one thread draws 64 "
    "images. Where there are several runs their range is in brackets."
)


def as_json(rows: Sequence[Row]) -> str:
    """Return a list with an object a row, numbers as they were measured."""
    return json.dumps([asdict(row) for row in rows], indent=1, allow_nan=False)


def as_markdown(rows: Sequence[Row]) -> str:
    """Return a table of Markdown, numbers rounded."""
    lines = [HEADER, ["---"] * len(HEADER), *map(cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def as_text(rows: Sequence[Row]) -> str:
    """Return columns for a terminal, numbers rounded."""
    lines = [HEADER, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = (
        "  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True))
        for line in lines
    )
    return "\n".join(line.rstrip() for line in padded)


def as_table(rows: Sequence[Row], remark: str = "") -> Picture:
    """Return the table for a page, its caption with a remark; one row has a floor."""
    floors = [row.frechet_floor for row in rows if row.frechet_floor is not None]
    if not floors:
        raise ValueError("expected a row with a Fréchet distance, got none")
    caption = f"{CAPTION.format(floor=floors[0])} {remark}".strip()
    return table(HEADER, list(map(cells, rows)), caption)


def cells(row: Row) -> list[str]:
    """Return what a table says of a row."""
    return [
        row.model if row.levels == 256 else f"{row.model} ({row.levels} levels)",
        row.density,
        f"{row.parameters:,}",
        f"{row.cpu_hours:.2f}",
        _with_range(row.bits_per_dim, row.bits_per_dim_of_seeds, ".3f"),
        re.sub(r" of the first [\d,]+ images", "", row.bits_are or "-"),
        _with_range(row.frechet_distance, row.frechet_distance_of_seeds, ".1f"),
        *("-" if x is None else f"{x:.1%}" for x in (row.precision, row.recall)),
        f"{row.seconds_for_64:.3g}",
        "1 seed" if row.seeds == 1 else f"{row.seeds} seeds",
    ]


def _with_range(value: float | None, runs: Sequence[float], form: str) -> str:
    if value is None:
        return "-"
    told = format(value, form)
    if len(runs) < 2:
        return told
    return f"{told} ({min(runs):{form}} to {max(runs):{form}})"
