"""The likelihoods that trained models reached, beside those of the baselines."""

from __future__ import annotations

from collections.abc import Sequence

from gencourse import recipes
from gencourse.evaluate import measured
from gencourse.figures import Picture, table

HEADER = ("model", "bits per dimension", "parameters", "CPU-minutes", "seed")
CAPTION = (
    "Test bits per dimension on the 10,000 test pictures of Fashion-MNIST, 28 by 28, "
    "256 levels; lower is better. The first rows are counts, not networks. CPU-minutes "
    "are those of training."
)


def likelihoods(names: Sequence[str], remark: str = "") -> Picture:
    """Return a table of test bits per dimension: baselines, then trained models.

    The numbers are those of the measured baselines and of the models' cards.

    Args:
        names: shipped models of Fashion-MNIST that have the metric; see `recipes.load`
            for the errors of others.
        remark: added to the caption.
    """
    known = measured("baselines")["test_bits_per_dim"]
    rows: list[tuple[object, ...]] = [
        (name, f"{bits:.3f}", "-", "-", "-") for name, bits in known.items()
    ]
    for name in names:
        card = recipes.card(name)
        if "bits_per_dim" not in card["metrics"]:
            raise ValueError(f"expected models with bits per dimension, got {name!r}")
        bits, minutes = card["metrics"]["bits_per_dim"], card["cpu_seconds"] / 60
        size = f"{card['parameters']:,}"
        rows.append((name, f"{bits:.3f}", size, f"{minutes:.0f}", card["seed"]))
    return table(HEADER, rows, f"{CAPTION} {remark}".strip())
