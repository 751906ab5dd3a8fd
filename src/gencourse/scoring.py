"""Measure a trained model again and compare with its card; record what a row needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gencourse import cards, data, provenance, recipes, row_measures
from gencourse.checkpoint_io import CheckpointError
from gencourse.gan_metrics import sample_quality
from gencourse.recipe import Metrics
from gencourse.recipe_metrics import bits_per_dim
from gencourse.recipe_training import Part, splits
from gencourse.row_measures import THOUSAND, Numbers, is_judged
from gencourse.tables import DATA, TABLES, fit_table

# Cards without weights: of the tables, and of runs with other seeds.
CARDS = cards.CHECKPOINTS / "cards"
SECTION, ALL, FEW = "scoreboard", "all", "first_thousand"


@dataclass(frozen=True)
class Comparison:
    """The metrics of a model, measured again and as its card has them.

    Attributes:
        found: metrics measured now.
        on_card: the same of the card.
        few: whether they are those of the first THOUSAND images.
    """

    found: Numbers
    on_card: Numbers
    few: bool = False

    @property
    def differences(self) -> list[str]:
        """What is not the card's within its tolerance, a sentence each."""
        return row_measures.differences(self.found, self.on_card, self.few)

    @property
    def agrees(self) -> bool:
        """Whether every metric is the card's, up to its tolerance."""
        return not self.differences


@dataclass(frozen=True)
class Subject:
    """A model with its card, what it is measured by, and on which images."""

    model: Any
    card: cards.Card
    metrics: Metrics
    images: Part


def evaluate(
    name: str, path: Path | str | None = None, *, few: bool = False
) -> Comparison:
    """Measure a model again, on the data that its card names, and compare.

    Args:
        name: a recipe's, or one of `tables.TABLES`, which is counted again.
        path: the folder that holds the model, as `recipes.load` takes it.
        few: measure on the first THOUSAND images alone.

    Raises:
        ValueError: the name is unknown, or ``few`` of a card that is not recorded.
        FileNotFoundError: weights or card are not there.
        CheckpointError: they are damaged, or do not belong together.
    """
    if name in TABLES:
        card_of(name)  # counting takes longer than missing it
    subject = _subject(name, path)
    if not few and SECTION not in subject.card:
        found = subject.metrics(subject.model, *subject.images)
        return Comparison(found, subject.card["metrics"])
    on_card = numbers_of(subject.card, FEW if few else ALL)
    images = _few(subject.images) if few else subject.images
    return Comparison(_measured(subject, images), on_card, few)


def record(name: str, path: Path | str | None = None) -> cards.Card:
    """Measure what the scoreboard needs beside a card's metrics; write it, return it.

    A table, which has no card before, gets one whole. See the errors of `evaluate`; a
    model without samples is a ValueError.
    """
    subject = _subject(name, path)
    if not hasattr(subject.model, "sample"):
        raise ValueError(f"{name!r} draws no samples, and has no row on the scoreboard")
    # Of trained weights the metrics are known; a table may have been counted otherwise.
    metrics = None if name in TABLES else subject.card["metrics"]
    section = {
        ALL: _measured(subject, subject.images, metrics),
        FEW: _measured(subject, _few(subject.images)),
        "seconds_for_64": row_measures.seconds_for_64(subject.model),
        "made": provenance.describe(),
    }
    if name in TABLES:
        table = {**subject.card, "metrics": section[ALL], SECTION: section}
        cards.write_card(card_path(name), table)
    else:
        cards.add(recipes.weights_of(name, path), SECTION, section)
    return section


def card_of(name: str) -> cards.Card:
    """Return the card of a shipped model, or of a table; see `evaluate`'s errors."""
    if name in TABLES:
        return cards.read_card(card_path(name))
    return recipes.card(name)


def cards_of_seeds(name: str) -> list[cards.Card]:
    """Return the cards of the runs of a recipe with other seeds, without weights."""
    return [cards.read_card(path) for path in sorted(CARDS.glob(f"{name}-seed*.json"))]


def numbers_of(card: cards.Card, which: str = ALL) -> Numbers:
    """Return what a card has recorded of ALL images, or of the first thousand, FEW.

    A card that is not recorded is a ValueError, a damaged section a CheckpointError.
    """
    name, section = card.get("name"), card.get(SECTION)
    if section is None:
        raise ValueError(
            f"the card of {name!r} has no numbers for the scoreboard: "
            f"gencourse evaluate {name} --record adds them"
        )
    found = section.get(which) if isinstance(section, dict) else section
    if not isinstance(found, dict) or any(
        type(value) not in (int, float) for value in found.values()
    ):
        raise CheckpointError(
            f"the card of {name!r} is damaged: {SECTION}.{which} is {found!r}"
        )
    return found


def card_path(name: str) -> Path:
    """Return where the card of a table is."""
    return CARDS / f"{name}.json"


def _few(images: Part) -> Part:
    return tuple(part[:THOUSAND] for part in images)


def _measured(subject: Subject, images: Part, known: Numbers | None = None) -> Numbers:
    """Return the metrics, unless they are known, and the quality of samples."""
    found = dict(known or subject.metrics(subject.model, *images))
    if "frechet_distance" not in found and is_judged(subject.model):
        found |= sample_quality(subject.model, *images)
    return found


def _subject(name: str, path: Path | str | None) -> Subject:
    if name in TABLES:
        if path is not None:
            raise ValueError(f"{name!r} is counted anew, and in no folder: got {path}")
        return _table(name)
    model, card = recipes.load(name, path), recipes.card(name, path)
    recipe = replace(recipes.find(name), data=card["config"]["data"])
    _, images = splits(recipe, card["metrics_split"] == "validation")
    return Subject(model, card, recipe.metrics, images)


def _table(name: str) -> Subject:
    table, card = fit_table(name)
    if card_path(name).is_file():
        recorded = cards.read_card(card_path(name))
        card |= {key: recorded[key] for key in ("metrics", SECTION) if key in recorded}
    test = data.load(DATA, "test").x
    return Subject(table, card, bits_per_dim, (test,))
