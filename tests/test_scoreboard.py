"""One table from the cards: each column is a card's number, and nothing else is."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest

from gencourse import cards, gan_metrics, recipes, scoreboard, scoring
from gencourse.checkpoint_io import CheckpointError
from gencourse.evaluate import measured
from gencourse.gan_recipes import GAN_RECIPES
from gencourse.pixel_recipes import PIXEL_RECIPES
from gencourse.scoreboard import Row, names, row, rows
from gencourse.tables import TABLES
from gencourse.vae_recipes import VAE_RECIPES

JUDGED = {"frechet_distance": 40.0, "precision": 0.6, "recall": 0.5, "images": 10_000}
BOUND = {"elbo_bits_per_dim": 3.3, "iwae_500_images": 1000}
# What is measured of each model of a made-up course, and how long it was trained.
MADE_UP: dict[str, tuple[dict[str, float], float]] = {
    "count-table": ({"bits_per_dim": 3.4, **JUDGED}, 3.6),
    "gated-pixelcnn": ({"bits_per_dim": 2.8, **JUDGED}, 7200.0),
    "gated-pixelcnn-conditional": (
        {"bits_per_dim": 2.7, "bits_per_dim_wrong_label": 2.9, **JUDGED},
        1800.0,
    ),
    "pixelcnn-binary": ({"nll_nats": 95.0}, 360.0),
    "vae": ({"iwae_500_bits_per_dim": 3.25, **BOUND, **JUDGED}, 720.0),
    "vae-conditional": ({"iwae_500_bits_per_dim": 3.2, **BOUND, **JUDGED}, 900.0),
    "vae-binary": (
        {"iwae_500_nats": 110.0, "elbo_nats": 115.0, "iwae_500_images": 1000},
        180.0,
    ),
    "sngan": ({**JUDGED, "frechet_distance": 17.0}, 1050.0),
}
BITS = 784 * math.log(2)


def made_up(name: str) -> dict[str, Any]:
    found, seconds = MADE_UP[name]
    recipe = recipes.RECIPES.get(name)
    start = None if recipe is None else recipe.starts_from
    return {
        "name": name,
        "config": {
            "data": "fashion-mnist",
            "levels": 256 if recipe is None else recipe.levels,
            "labels": False if recipe is None else recipe.labels,
        },
        "parameters": 1000 + len(name),
        "cpu_seconds": seconds,
        "starts_from": start and {"name": start, "weights_sha256": "0"},
        "metrics_split": "test",
        "metrics": {},
        "weights_sha256": "0",
        "scoreboard": {
            "all": found,
            "first_thousand": dict.fromkeys(found, -1),
            "seconds_for_64": len(name) / 7,
        },
    }


def path_of(name: str) -> Path:
    folder = scoring.CARDS if name in TABLES else cards.CHECKPOINTS
    return folder / f"{name}.json"


def change(name: str, *keys: str, to: object) -> None:
    """Write something else into a card, at a path of keys."""
    path = path_of(name)
    card = json.loads(path.read_text())
    place = card
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = to
    path.write_text(json.dumps(card))


def add_run(name: str, seed: int, **found: float) -> None:
    card = made_up(name)
    card["scoreboard"]["all"] = {**card["scoreboard"]["all"], **found}
    path = scoring.CARDS / f"{name}-seed{seed}.json"
    path.write_text(json.dumps(card))


@pytest.fixture
def course(monkeypatch, tmp_path):
    """Cards of the made-up course, beside weights of no content."""
    monkeypatch.setattr(cards, "CHECKPOINTS", tmp_path)
    monkeypatch.setattr(scoring, "CARDS", tmp_path / "cards")
    monkeypatch.setattr(scoreboard, "TABLES", ["count-table"])
    scoring.CARDS.mkdir()
    for name in MADE_UP:
        path_of(name).write_text(json.dumps(made_up(name)))
        if name not in TABLES:
            cards.shipped(name).touch()


# --- a row is what its card says


@pytest.mark.usefixtures("course")
@pytest.mark.parametrize(
    ("name", "keys", "column", "value", "shown"),
    [
        ("vae", ["parameters"], "parameters", 77, 77),
        ("vae", ["cpu_seconds"], "cpu_hours", 1234.0, 1234 / 3600),
        ("vae", ["scoreboard", "seconds_for_64"], "seconds_for_64", 0.3, 0.3),
        *(
            ("sngan", ["scoreboard", "all", key], key, 0.123, 0.123)
            for key in ("frechet_distance", "precision", "recall")
        ),
        ("count-table", ["cpu_seconds"], "cpu_hours", 36.0, 0.01),
        ("count-table", ["scoreboard", "all", "bits_per_dim"], "bits_per_dim", 1, 1),
        ("gated-pixelcnn", ["config", "levels"], "levels", 2, 2),
        (
            "vae",
            ["scoreboard", "all", "iwae_500_bits_per_dim"],
            "bits_per_dim",
            1.5,
            1.5,
        ),
    ],
)
def test_what_changes_on_a_card_changes_in_its_row(
    name: str, keys: list[str], column: str, value: float, shown: float
):
    before = asdict(row(name))
    change(name, *keys, to=value)
    after = asdict(row(name))
    assert after[column] == pytest.approx(shown, rel=1e-12) != before[column]
    moved = {key for key in after if after[key] != before[key]}
    assert moved <= {column, f"{column}_of_seeds"}


@pytest.mark.usefixtures("course")
def test_other_sections_of_a_card_are_not_shown():
    before = rows()
    for name in MADE_UP:
        change(name, "scoreboard", "first_thousand", to={})
        change(name, "metrics", to={"frechet_distance": -5.0, "bits_per_dim": -5.0})
    assert rows() == before


@pytest.mark.usefixtures("course")
def test_the_kind_of_density_is_the_models():
    found = {each.model: each.density for each in rows()}
    assert found == {
        "count-table": "explicit, exact",
        "gated-pixelcnn": "explicit, exact",
        "gated-pixelcnn-conditional": "explicit, exact",
        "pixelcnn-binary": "explicit, exact",
        "vae": "explicit, bounded",
        "vae-conditional": "explicit, bounded",
        "vae-binary": "explicit, bounded",
        "sngan": "implicit",
    }


@pytest.mark.usefixtures("course")
def test_bits_are_exact_or_at_most():
    bound = "at most (IWAE-500 of the first 1,000 images)"
    found = {each.model: each.bits_are for each in rows()}
    assert found == {
        "count-table": "exact",
        "gated-pixelcnn": "exact",
        "gated-pixelcnn-conditional": "exact, given the class",
        "pixelcnn-binary": "exact",
        "vae": bound,
        "vae-conditional": f"{bound}, given the class",
        "vae-binary": bound,
        "sngan": None,
    }


@pytest.mark.usefixtures("course")
def test_bits_are_those_of_the_right_metric():
    found = {each.model: each.bits_per_dim for each in rows()}
    assert found == {
        "count-table": 3.4,
        "gated-pixelcnn": 2.8,
        "gated-pixelcnn-conditional": 2.7,
        "pixelcnn-binary": pytest.approx(95 / BITS, rel=1e-12),
        "vae": 3.25,
        "vae-conditional": 3.2,
        "vae-binary": pytest.approx(110 / BITS, rel=1e-12),
        "sngan": None,
    }


@pytest.mark.usefixtures("course")
def test_the_floor_stands_where_a_distance_does():
    floor = measured("samples")["floor"]["same"]
    assert 0.3 < floor < 0.6
    for each in rows():
        judged = [each.frechet_distance, each.frechet_floor, each.precision]
        judged.append(each.recall)
        if each.levels == 2:
            assert judged == [None] * 4 and each.frechet_distance_of_seeds == []
        else:
            assert None not in judged and each.frechet_floor == floor


@pytest.mark.usefixtures("course")
def test_training_counts_what_it_starts_from():
    assert row("gated-pixelcnn").cpu_hours == 2.0
    assert row("gated-pixelcnn-conditional").cpu_hours == 2.5
    change("gated-pixelcnn", "cpu_seconds", to=3600)
    assert row("gated-pixelcnn-conditional").cpu_hours == 1.5
    assert row("count-table").cpu_hours == pytest.approx(0.001)


# --- seeds


@pytest.mark.usefixtures("course")
def test_runs_with_other_seeds_are_counted_the_shipped_one_first():
    assert row("vae").seeds == 1 and row("vae").bits_per_dim_of_seeds == [3.25]
    add_run("vae", 2, iwae_500_bits_per_dim=3.5, frechet_distance=60.0)
    add_run("vae", 1, iwae_500_bits_per_dim=3.0, frechet_distance=30.0)
    found = row("vae")
    assert found.seeds == 3
    assert found.bits_per_dim_of_seeds == [3.25, 3.0, 3.5]
    assert found.frechet_distance_of_seeds == [40, 30, 60]
    shipped = (found.bits_per_dim, found.frechet_distance, found.precision)
    assert shipped == (3.25, 40, 0.6)
    assert row("vae-conditional").seeds == row("vae-binary").seeds == 1
    assert [each.model for each in rows()] == [*MADE_UP]


@pytest.mark.usefixtures("course")
def test_a_game_has_no_bits_of_any_seed():
    add_run("sngan", 1, frechet_distance=20.0)
    found = row("sngan")
    assert (found.seeds, found.bits_per_dim, found.bits_per_dim_of_seeds) == (
        2,
        None,
        [],
    )
    assert found.frechet_distance_of_seeds == [17, 20]


# --- what is listed


@pytest.mark.usefixtures("course")
def test_a_model_without_a_recorded_card_is_not_listed():
    change("vae", "scoreboard", to=None)
    with pytest.raises(ValueError, match="gencourse evaluate vae --record adds them"):
        row("vae")
    path = path_of("vae")
    card = json.loads(path.read_text())
    del card["scoreboard"]
    path.write_text(json.dumps(card))
    assert "vae" not in names() and "vae-binary" in names()


@pytest.mark.usefixtures("course")
def test_damaged_cards_are_told():
    change("vae", "scoreboard", "all", to=None)
    with pytest.raises(CheckpointError, match=r"'vae' is damaged: scoreboard.all is N"):
        rows()
    path_of("vae").write_text("{")
    with pytest.raises(CheckpointError, match=r"vae.json is damaged"):
        rows()


@pytest.mark.parametrize("name", ["flow", "autoencoder"])
def test_who_is_not_on_it_has_no_row(name: str):
    with pytest.raises((ValueError, FileNotFoundError), match=name):
        row(name)


# --- the course as it ships


def card_file(name: str) -> dict[str, Any]:
    path = scoring.card_path(name) if name in TABLES else cards.shipped(name)
    found: dict[str, Any] = json.loads(path.with_suffix(".json").read_text())
    return found


def test_every_shipped_model_that_draws_images_is_listed():
    recipes_of = (*PIXEL_RECIPES, *VAE_RECIPES, *GAN_RECIPES)
    expected = [r.name for r in recipes_of if r.name != gan_metrics.JUDGE]
    assert names() == [*TABLES, *expected]
    assert {*expected} <= {*recipes.shipped()}
    draws = [n for n in recipes.shipped() if hasattr(recipes.find(n).model(), "sample")]
    assert draws == expected
    assert [each.model for each in rows()] == names()


def test_no_number_is_on_no_card():
    """Each number of the table, from the files alone."""
    floor = measured("samples")["floor"]["same"]
    for found in rows():
        card = card_file(found.model)
        all_of_it, section = card["scoreboard"]["all"], card["scoreboard"]
        start = card.get("starts_from")
        before = card_file(start["name"])["cpu_seconds"] if start else 0
        seconds = card["cpu_seconds"] + before
        assert found.cpu_hours == pytest.approx(seconds / 3600, rel=1e-12)
        assert found.parameters == card["parameters"]
        assert found.seconds_for_64 == section["seconds_for_64"] > 0
        for metric in ("frechet_distance", "precision", "recall"):
            assert getattr(found, metric) == all_of_it.get(metric)
        judged = "frechet_distance" in all_of_it
        assert judged is (found.levels == 256)
        assert found.frechet_floor == (floor if judged else None)
        in_bits = {v for k, v in all_of_it.items() if k.endswith("bits_per_dim")}
        in_bits |= {v / BITS for k, v in all_of_it.items() if k.endswith("_nats")}
        if found.density == "implicit":
            assert found.bits_per_dim is None
        else:
            assert found.bits_per_dim in in_bits
        runs = [*scoring.CARDS.glob(f"{found.model}-seed*.json")]
        assert found.seeds == 1 + len(runs)


def test_each_family_has_three_runs_of_one_recipe():
    several = {each.density for each in rows() if each.seeds >= 3}
    assert several == {"explicit, exact", "explicit, bounded", "implicit"}
    for each in rows():
        assert each.seeds == 1 or each.seeds >= 3
        for runs in (each.bits_per_dim_of_seeds, each.frechet_distance_of_seeds):
            assert len(runs) in (0, each.seeds) and len({*runs}) == len(runs)


def test_cards_of_seeds_are_of_the_recipe_with_another_seed():
    for name in names():
        for card in scoring.cards_of_seeds(name):
            config = {**card["config"], "seed": 0}
            assert config == card_file(name)["config"]
            assert card["seed"] == card["config"]["seed"] > 0
            assert card["steps"] == recipes.find(name).steps


def test_the_known_bad_row_is_last():
    judged = [each for each in rows() if each.frechet_distance is not None]
    worst = max(judged, key=lambda each: each.frechet_distance)
    assert worst.model == "independent-pixels"
    exact = [e for e in rows() if e.levels == 256 and e.bits_per_dim is not None]
    assert max(exact, key=lambda e: e.bits_per_dim).model == "independent-pixels"


def test_a_row_is_made_of_what_json_has():
    kinds = {"str", "int", "float", "float | None", "str | None", "list[float]"}
    assert {str(field.type) for field in fields(Row)} <= kinds
