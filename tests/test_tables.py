"""The counting baselines of the scoreboard: fitted to training images, with a card."""

from __future__ import annotations

import hashlib
import json
from functools import partial

import pytest
import torch

from gencourse import data, tables
from gencourse.baselines import IndependentPixels, NeighbourTable
from gencourse.entry import entry
from gencourse.tables import DESCRIPTIONS, TABLES, fit_table

each_table = pytest.mark.parametrize("name", TABLES)


@pytest.fixture(scope="module")
def small():
    """Each table of few images, with its card, and what splits were asked for."""
    asked, load = [], partial(data.load, limit=100)

    def watched(name: str, split: str = "train", **more):
        asked.append((name, split))
        return load(name, split, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load", watched)
        patch.setattr(tables, "DATA", "fashion-mini")
        return {name: fit_table(name) for name in TABLES}, asked


def test_every_table_is_described():
    assert [*TABLES] == [*DESCRIPTIONS]
    assert [*TABLES] == ["independent-pixels", "count-table", "mixed-tables"]
    assert len({*DESCRIPTIONS.values()}) == len(TABLES)
    assert tables.DATA == "fashion-mnist"


@pytest.mark.parametrize(
    ("name", "expected", "parameters"),
    [
        ("independent-pixels", IndependentPixels, 784 * 256),
        ("count-table", NeighbourTable, 64**2 * 256),
        ("mixed-tables", partial(entry, levels=256), (64**2 + 24**3 + 12**4) * 256),
    ],
)
def test_a_table_is_counted_on_the_training_images_alone(
    name: str, expected, parameters: int, small
):
    found, card = small[0][name]
    assert small[1] == [("fashion-mini", "train")] * len(TABLES)
    same = expected(data.load("fashion-mini", "train", limit=100).x)
    assert found.table.equal(same.table)
    assert card["parameters"] == parameters == found.table.numel()
    counts = same.table.numpy().tobytes()
    assert card["weights_sha256"] == hashlib.sha256(counts).hexdigest()
    x = data.load("fashion-mini", "test", limit=5).x
    torch.testing.assert_close(found.log_prob(x), same.log_prob(x))


@each_table
def test_the_card_tells_how_it_was_made(name: str, small):
    _, card = small[0][name]
    assert card["name"] == name
    assert card["config"] == {
        "description": DESCRIPTIONS[name],
        "data": "fashion-mini",
        "levels": 256,
    }
    assert card["data"] == {"name": "fashion-mini", "split": "train", "images": 100}
    assert card["metrics_split"] == "test"
    assert 0 <= card["cpu_seconds"] < 60
    assert {"device", "python", "torch", "numpy", "date"} <= card["made"].keys()
    assert "commit" in card and "metrics" not in card
    assert json.loads(json.dumps(card, allow_nan=False)) == card


def test_an_unknown_table_is_told(monkeypatch):
    monkeypatch.delattr(data, "load")  # nothing is counted
    said = "no table 'flow', there are: independent-pixels, count-table, mixed-tables"
    with pytest.raises(ValueError, match=said):
        fit_table("flow")
