"""One table of every shipped model of images, from their cards alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gencourse import recipes, scoring
from gencourse.cards import Card
from gencourse.evaluate import measured
from gencourse.recipe_metrics import DRAWS
from gencourse.row_measures import SHAPE, Numbers
from gencourse.scoring import SECTION
from gencourse.tables import TABLES

HOUR = 3600
BITS = math.prod(SHAPE) * math.log(2)  # nats of an image at one bit per dimension
IWAE = f"iwae_{DRAWS}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A model on the scoreboard; what a model has not, or nobody knows, is None.

    Attributes:
        model: its name.
        density: "explicit, exact", "explicit, bounded" or "implicit".
        levels: of its images: 256, or 2 for black and white ones.
        parameters: numbers that training, or counting, chose.
        cpu_hours: of training, with that of the model whose weights it starts from.
        bits_per_dim: of the test images, exact, or at most.
        bits_are: "exact", or which bound and of how many images.
        frechet_distance: squared, of as many samples from the test images.
        frechet_floor: the distance of as many training images.
        precision: share of samples near test images.
        recall: share of test images near samples.
        seconds_for_64: CPU seconds in which one thread draws 64 images.
        seeds: how many runs there are.
        bits_per_dim_of_seeds: those of all runs, the shipped one first.
        frechet_distance_of_seeds: likewise.
    """

    model: str
    density: str
    levels: int
    parameters: int
    cpu_hours: float
    bits_per_dim: float | None
    bits_are: str | None
    frechet_distance: float | None
    frechet_floor: float | None
    precision: float | None
    recall: float | None
    seconds_for_64: float
    seeds: int
    bits_per_dim_of_seeds: list[float]
    frechet_distance_of_seeds: list[float]


def names() -> list[str]:
    """Return what the scoreboard lists: tables, then models with a recorded card."""
    trained = [n for n in recipes.shipped() if SECTION in recipes.card(n)]
    return [*TABLES, *trained]


def rows() -> list[Row]:
    """Return the scoreboard, in the order of the chapters."""
    return [row(name) for name in names()]


def row(name: str) -> Row:
    """Return the row of one model; see `names` and the errors of `scoring.evaluate`."""
    card = scoring.card_of(name)
    runs = [*map(scoring.numbers_of, (card, *scoring.cards_of_seeds(name)))]
    found = runs[0]
    bits = [value for run in runs if (value := _bits(run)) is not None]
    distances = [r["frechet_distance"] for r in runs if "frechet_distance" in r]
    return Row(
        model=name,
        density=_density(name),
        levels=card["config"]["levels"],
        parameters=card["parameters"],
        cpu_hours=_cpu_seconds(card) / HOUR,
        bits_per_dim=bits[0] if bits else None,
        bits_are=_bits_are(found, card["config"].get("labels", False)),
        frechet_distance=distances[0] if distances else None,
        frechet_floor=measured("samples")["floor"]["same"] if distances else None,
        precision=found.get("precision"),
        recall=found.get("recall"),
        seconds_for_64=card[SECTION]["seconds_for_64"],
        seeds=len(runs),
        bits_per_dim_of_seeds=bits,
        frechet_distance_of_seeds=distances,
    )


def _density(name: str) -> str:
    if name in TABLES:
        return "explicit, exact"
    model = recipes.find(name).model()
    if hasattr(model, "log_prob"):
        return "explicit, exact"
    return "explicit, bounded" if hasattr(model, "elbo") else "implicit"


def _bits(found: Numbers) -> float | None:
    """Return a negative log-likelihood in bits per dimension, or what bounds it."""
    for name in ("bits_per_dim", f"{IWAE}_bits_per_dim"):
        if name in found:
            return found[name]
    for name in ("nll_nats", f"{IWAE}_nats"):
        if name in found:
            return found[name] / BITS
    return None


def _bits_are(found: Numbers, given_class: bool) -> str | None:
    if _bits(found) is None:
        return None
    count = found.get(f"{IWAE}_images")
    told = "exact"
    if count is not None:
        told = f"at most (IWAE-{DRAWS} of the first {count:,.0f} images)"
    return f"{told}, given the class" if given_class else told


def _cpu_seconds(card: Card) -> float:
    """Return what training took, and before it that of the weights it starts from."""
    start = card.get("starts_from")
    before = _cpu_seconds(recipes.card(start["name"])) if start else 0.0
    return float(card["cpu_seconds"]) + before
