"""From a recipe to weights and a card, and back; and what must not load."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import FrozenInstanceError, replace
from functools import partial

import pytest
import torch
from torch import nn

import gencourse
from gencourse import cards, data, recipe_metrics, recipes, scoring
from gencourse.autoencoder import ConvAutoencoder, LinearAutoencoder
from gencourse.evaluate import mean_over_images
from gencourse.pixelcnn import GatedPixelCNN
from gencourse.recipe_metrics import bits_per_dim, bits_per_dim_by_label
from gencourse.train import CheckpointError

TINY = recipes.Recipe(
    name="tiny",
    description="a linear autoencoder, trained for a moment",
    model=partial(LinearAutoencoder, latent=2),
    metrics=recipes.reconstruction,
    data="fashion-mini",
    batch_size=50,
    steps=30,
    lr=1e-2,
    clip=10.0,
    ema_decay=0.9,
    seed=4,
)


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setitem(recipes.RECIPES, "tiny", TINY)
    return TINY


@pytest.fixture
def trained(tiny, tmp_path):
    recipes.train(tiny, out=tmp_path, progress=False)
    return tmp_path


# --- the dataclass


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("name", "", "a name without slashes"),
        ("name", "a/b", "a name without slashes"),
        ("data", "imagenet", "one of fashion-mini, fashion-mnist, mnist, cifar10"),
        ("levels", 3, "a power of two from 2 to 256"),
        *(("labels", value, "True or False") for value in (1, None, "yes")),
        *(("starts_from", v, "a model's name, or None") for v in ("", "a/b", 5)),
        ("batch_size", 0, "an int of 1 or more"),
        ("steps", 0, "an int of 1 or more"),
        ("steps", 1.5, "an int of 1 or more"),
        ("lr", 0.0, "a number above 0"),
        ("lr", float("nan"), "a number above 0"),
        ("lr", float("inf"), "a number above 0"),
        *(("lr", value, "a number above 0") for value in ("0.1", None, True, [1])),
        ("name", 5, "a name without slashes"),
        ("description", None, "a string"),
        ("data", ["mnist"], "one of fashion-mini, fashion-mnist, mnist, cifar10"),
        ("levels", [2], "a power of two from 2 to 256"),
        *((name, None, "a function") for name in ("model", "metrics", "schedule")),
        ("turns", 5, "a function"),
        ("weight_decay", "0", "0 or more"),
        ("clip", "1", "a norm above 0, or None"),
        ("ema_decay", "1", "a number between 0 and 1, or None"),
        ("batch_size", "1", "an int of 1 or more"),
        ("weight_decay", -1.0, "0 or more"),
        ("clip", 0.0, "a norm above 0, or None"),
        ("ema_decay", 1.0, "a number between 0 and 1, or None"),
        ("seed", -1, "an int of 0 or more"),
        ("checkpoint_every", 0, "an int of 1 or more"),
    ],
)
def test_a_wrong_field_is_named(field, value, expected):
    with pytest.raises(ValueError) as refused:
        replace(TINY, **{field: value})
    assert f"{field} is {value!r}, expected {expected}" in str(refused.value)


def test_a_recipe_is_frozen():
    with pytest.raises(FrozenInstanceError):
        TINY.steps = 5


def test_the_catalogue():
    for name, recipe in recipes.RECIPES.items():
        assert recipe.name == name and recipes.find(name) is recipe
        json.dumps(recipe.config(), allow_nan=False)
    assert set(recipes.RECIPES) >= {
        *("linear-autoencoder", "autoencoder", "autoencoder-2d"),
        "denoising-autoencoder",
    }
    with pytest.raises(ValueError, match="no recipe 'flow', there are: linear-auto"):
        recipes.find("flow")


@pytest.mark.parametrize("name", list(recipes.RECIPES))
def test_every_recipe_trains_and_measures(name, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "load", partial(data.load, limit=60))
    monkeypatch.setattr(recipe_metrics, "DRAWS", 3)
    monkeypatch.setattr(recipe_metrics, "ONE_IN", 1)
    short = replace(recipes.find(name), data="fashion-mini", steps=1, batch_size=4)
    recipes.train(short, out=tmp_path, progress=False)
    metrics = recipes.card(name, tmp_path)["metrics"]
    # After one step no dimension need be in use, no class found, no sample near.
    may_be_0 = {"active_dimensions", "precision", "recall"}
    may_be_0 |= {"accuracy", "class_accuracy"}
    least = {name: 0 if name in may_be_0 else 1e-9 for name in metrics}
    assert metrics and all(value >= least[name] for name, value in metrics.items())
    assert scoring.evaluate(name, tmp_path).agrees


# --- training


def test_the_card_says_how_the_weights_were_made(trained):
    card = json.loads((trained / "tiny.json").read_text())
    weights = (trained / "tiny.safetensors").read_bytes()
    assert card["weights_sha256"] == hashlib.sha256(weights).hexdigest()
    assert card["config"]["model"] == "LinearAutoencoder(latent=2)"
    assert card["config"]["schedule"] == "warmup_cosine"
    assert card["config"]["lr"] == 1e-2 and card["seed"] == 4 and card["steps"] == 30
    assert card["parameters"] == 784 * 2 + 2 + 2 * 784 + 784
    assert card["data"]["name"] == "fashion-mini" and card["data"]["images"] == 5000
    assert len(card["data"]["sha256"]) == 64
    assert card["wall_seconds"] >= 0 and card["cpu_seconds"] >= 0
    assert {"device", "python", "torch", "numpy", "date"} <= card["made"].keys()
    assert "commit" in card and card["metrics_split"] == "test"


def test_the_metrics_are_those_of_the_loaded_weights(trained):
    model = recipes.load("tiny", trained)
    assert not model.training
    x = data.load("fashion-mini", "test").x
    with torch.no_grad():
        expected = model.squared_error(x).mean().item()
    found = recipes.card("tiny", trained)["metrics"]["squared_error"]
    assert found == pytest.approx(expected, rel=1e-5)
    torch.manual_seed(TINY.seed)
    untrained = TINY.model().squared_error(x).mean().item()
    assert found < 0.75 * untrained


def test_the_same_recipe_gives_the_same_weights(trained, tiny, tmp_path):
    torch.rand(5)
    again = recipes.train(tiny, out=tmp_path / "again", progress=False)
    assert again.read_bytes() == (trained / "tiny.safetensors").read_bytes()
    other = replace(tiny, seed=5)
    other = recipes.train(other, out=tmp_path / "other", progress=False)
    assert other.read_bytes() != again.read_bytes()


def test_the_average_is_what_is_kept(trained, tiny, tmp_path):
    plain = replace(tiny, ema_decay=None)
    path = recipes.train(plain, out=tmp_path / "plain", progress=False)
    assert path.read_bytes() != (trained / "tiny.safetensors").read_bytes()


def test_a_stopped_recipe_resumes_to_the_same_weights(
    trained, tiny, tmp_path, monkeypatch
):
    whole, calls = LinearAutoencoder.losses, []

    def interrupted(self, x):
        calls.append(None)
        if len(calls) > 17:
            raise KeyboardInterrupt
        return whole(self, x)

    interrupted.__qualname__ = whole.__qualname__
    often, out = replace(tiny, checkpoint_every=5), tmp_path / "stopped"
    monkeypatch.setattr(LinearAutoencoder, "losses", interrupted)
    with pytest.raises(KeyboardInterrupt):
        recipes.train(often, out=out, progress=False)
    assert not (out / "tiny.safetensors").exists()
    monkeypatch.undo()
    path = recipes.train(often, out=out, resume=True, progress=False)
    assert path.read_bytes() == (trained / "tiny.safetensors").read_bytes()


def test_validation_never_sees_the_test_set(tiny, tmp_path, monkeypatch):
    asked, load = [], data.load

    def watched(name, split, **settings):
        asked.append(split)
        return load(name, split, **settings)

    monkeypatch.setattr(data, "load", watched)
    seen = []
    spying = replace(
        tiny, steps=1, metrics=lambda model, x: seen.append(x) or {"images": len(x)}
    )
    recipes.train(spying, out=tmp_path, validation=True, progress=False)
    card = cards.read_card(tmp_path / "tiny.safetensors")
    assert set(asked) == {"train"} and card["metrics_split"] == "validation"
    # The last twelfth: 5,000 of Fashion-MNIST's 60,000, here 416 of 5,000.
    assert torch.equal(seen[0], load("fashion-mini", "train").x[-416:])
    assert card["data"]["images"] == 5000 - 416


# --- labels, and weights to start from


SIDES = {"shape": (1, 28, 28), "levels": 2, "features": 3, "head": "bernoulli"}
SETTINGS = {**SIDES, "dilations": (1, 2)}
EXPLICIT = recipes.Recipe(
    name="explicit",
    description="a small explicit density",
    model=partial(GatedPixelCNN, **SETTINGS),
    metrics=bits_per_dim,
    data="fashion-mini",
    levels=2,
    batch_size=20,
    steps=2,
    lr=1e-2,
)
CONDITIONAL = replace(
    EXPLICIT,
    name="conditional",
    model=partial(GatedPixelCNN, **SETTINGS, classes=10),
    metrics=bits_per_dim_by_label,
    labels=True,
    starts_from="explicit",
)


@pytest.fixture
def explicit(monkeypatch, tmp_path):
    monkeypatch.setattr(data, "load", partial(data.load, limit=130))
    monkeypatch.setattr(cards, "CHECKPOINTS", tmp_path / "shipped")
    for recipe in (EXPLICIT, CONDITIONAL):
        monkeypatch.setitem(recipes.RECIPES, recipe.name, recipe)
    recipes.train(EXPLICIT, out=cards.CHECKPOINTS, progress=False)
    return recipes.load("explicit")


def test_labels_reach_the_losses_and_the_metrics(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "load", partial(data.load, limit=120))
    seen, measured = [], []
    losses = GatedPixelCNN.losses

    def spying(self, x, y):
        seen.append((x, y))
        return losses(self, x, y)

    def metrics(model, x, y):
        measured.append((x, y))
        return {"images": len(y)}

    monkeypatch.setattr(GatedPixelCNN, "losses", spying)
    recipe = replace(CONDITIONAL, metrics=metrics, starts_from=None)
    recipes.train(recipe, out=tmp_path, validation=True, progress=False)
    images = data.load("fashion-mini", "train", levels=2)
    for x, y in seen:
        assert len(y) == 20 and y.dtype == torch.int64
        for image, label in zip(x, y, strict=True):
            same = (images.x[:110] == image).flatten(1).all(1)
            assert label in images.y[:110][same]
    assert torch.equal(measured[0][0], images.x[-10:])
    assert torch.equal(measured[0][1], images.y[-10:])


def test_the_bits_are_those_of_the_likelihood(explicit):
    test = data.load("fashion-mini", "test", levels=2)
    with torch.no_grad():
        expected = -explicit.log_prob(test.x).double().mean().item()
    found = recipes.card("explicit")["metrics"]
    assert found == {"bits_per_dim": pytest.approx(expected / 784 / math.log(2), 1e-5)}
    assert 0.3 < found["bits_per_dim"] < 2  # a fair coin costs one bit


def test_the_bits_of_right_and_wrong_labels(explicit):
    torch.manual_seed(0)
    model = CONDITIONAL.model()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    test = data.load("fashion-mini", "test", levels=2)
    found = bits_per_dim_by_label(model, test.x, test.y)
    with torch.no_grad():
        each = [-model.log_prob(test.x, torch.full_like(test.y, k)) for k in range(10)]
    rows = torch.arange(len(test.y))
    for name, shift in (("bits_per_dim", 0), ("bits_per_dim_wrong_label", 1)):
        nats = torch.stack(each)[(test.y + shift) % 10, rows].double().mean().item()
        assert found[name] == pytest.approx(nats / 784 / math.log(2), rel=1e-5)
    assert found["bits_per_dim"] != found["bits_per_dim_wrong_label"]


def test_a_conditional_model_starts_as_the_unconditional_one(explicit):
    test = data.load("fashion-mini", "test", levels=2)
    torch.manual_seed(1)
    model = CONDITIONAL.model()
    digest = cards.start_from(cards.shipped("explicit"), model)
    assert digest == recipes.card("explicit")["weights_sha256"]
    with torch.no_grad():
        started, expected = model.log_prob(test.x, test.y), explicit.log_prob(test.x)
    assert torch.equal(started, expected)
    assert all((layer.labels.weight == 0).all() for layer in model.layers)


def test_the_card_says_what_training_started_from(explicit, tmp_path):
    still = replace(CONDITIONAL, lr=1e-12)
    recipes.train(still, out=tmp_path, progress=False)
    card, start = recipes.card("conditional", tmp_path), recipes.card("explicit")
    assert start["starts_from"] is None
    assert card["starts_from"] == {
        "name": "explicit",
        "weights_sha256": start["weights_sha256"],
    }
    assert card["config"]["starts_from"] == "explicit" and card["config"]["labels"]
    bits = start["metrics"]["bits_per_dim"]
    for name in ("bits_per_dim", "bits_per_dim_wrong_label"):
        assert card["metrics"][name] == pytest.approx(bits, rel=1e-5)
    assert scoring.evaluate("conditional", tmp_path).agrees


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"features": 4},
            r"first_above.weight is \(3, 1, 3, 7\), exp.* \(4, 1, 3, 7\)",
        ),
        ({"dilations": (1,)}, r"it has layers.1.above.bias and 7 more that the model"),
        ({"dilations": (1, 4)}, r"it has \(above\): Conv2d.* dilation=\(2, 2\)\) and"),
    ],
)
def test_another_model_cannot_be_started_from(explicit, changes, message):
    model = GatedPixelCNN(**{**SETTINGS, **changes}, classes=10)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(CheckpointError, match=message):
        cards.start_from(cards.shipped("explicit"), model)
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())


def test_what_is_started_from_must_be_there(explicit, tmp_path):
    recipe = replace(CONDITIONAL, starts_from="nothing")
    with pytest.raises(FileNotFoundError, match=r"no weights at .*nothing.safetensors"):
        recipes.train(recipe, out=tmp_path, progress=False)
    path = cards.shipped("explicit")
    path.write_bytes(flip(path.read_bytes()))
    with pytest.raises(CheckpointError, match=r"explicit.safetensors is damaged"):
        recipes.train(CONDITIONAL, out=tmp_path, progress=False)
    assert not (tmp_path / "conditional.checkpoint").exists()


# --- loading


def test_unknown_and_unshipped_names_list_what_is_shipped(monkeypatch, trained):
    monkeypatch.setattr(cards, "CHECKPOINTS", trained)
    for name in ("flow", "autoencoder"):
        with pytest.raises(ValueError, match=rf"no model '{name}' .*these do: tiny"):
            gencourse.load(name)
    assert isinstance(gencourse.load("tiny"), LinearAutoencoder)


def test_every_shipped_model_loads():
    for name in recipes.shipped():
        model = gencourse.load(name)
        assert not model.training
        assert recipes.card(name)["parameters"] == cards.parameter_count(model)


def test_a_missing_file_is_named(trained, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no weights at .*tiny.safetensors"):
        recipes.load("tiny", tmp_path / "nowhere")
    (trained / "tiny.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"has no card: .*tiny.json"):
        recipes.load("tiny", trained)


def flip(content):
    return content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]


@pytest.mark.parametrize("damage", [flip, lambda c: c[:100], lambda _: b""])
def test_damaged_weights_are_named(trained, damage):
    path = trained / "tiny.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(
        CheckpointError, match=r"tiny.safetensors is damaged, or is not"
    ):
        recipes.load("tiny", trained)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "\udcff"])
def test_a_damaged_card_is_named(trained, content):
    (trained / "tiny.json").write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(CheckpointError, match=r"tiny.json"):
        recipes.load("tiny", trained)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"config": None}, "config is None"),
        ({"config": []}, r"config is \[\]"),
        ({"config": {}}, "config.data is None"),
        ({"config": {"data": 5}}, "config.data is 5"),
        ({"metrics": None}, "metrics is None"),
        ({"metrics": {"error": None}}, "metrics.error is None"),
        ({"metrics": {"error": "0.1"}}, "metrics.error is '0.1'"),
        ({"metrics_split": "train"}, "metrics_split is 'train'"),
        ({"metrics_split": []}, r"metrics_split is \[\]"),
        ({"weights_sha256": 5}, "weights_sha256 is 5"),
    ],
)
def test_a_damaged_field_of_a_card_is_named(trained, changes, named):
    path = trained / "tiny.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    for use in (recipes.card, scoring.evaluate):
        with pytest.raises(CheckpointError, match=rf"tiny.json is damaged: {named}"):
            use("tiny", trained)


@pytest.mark.parametrize("field", ["config", "metrics", "metrics_split"])
def test_a_field_that_a_card_lacks_is_named(trained, field):
    path = trained / "tiny.json"
    card = json.loads(path.read_text())
    del card[field]
    path.write_text(json.dumps(card))
    with pytest.raises(
        CheckpointError, match=rf"tiny.json is damaged: {field} is None"
    ):
        scoring.evaluate("tiny", trained)


def test_a_card_of_other_weights_is_refused(trained, tiny, tmp_path):
    other = tmp_path / "other"
    recipes.train(replace(tiny, steps=1), out=other, progress=False)
    (trained / "tiny.json").write_bytes((other / "tiny.json").read_bytes())
    with pytest.raises(CheckpointError, match="its hash is not the card's"):
        recipes.load("tiny", trained)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (partial(LinearAutoencoder, latent=3), r"encoder.1.weight is \(2, 784\), exp"),
        (ConvAutoencoder, r"encoder.0.weight is absent, expected \(32, 1, 4, 4\)"),
    ],
)
def test_another_architecture_is_refused(trained, tiny, monkeypatch, model, message):
    monkeypatch.setitem(recipes.RECIPES, "tiny", replace(tiny, model=model))
    with pytest.raises(CheckpointError, match=message):
        recipes.load("tiny", trained)


def test_weights_too_many_are_refused(tmp_path):
    path = cards.write(tmp_path, "both", nn.ModuleList([nn.Linear(1, 1)] * 1), {})
    with pytest.raises(CheckpointError, match=r"it has 0.bias and 1 more"):
        cards.read_weights(path, nn.ModuleList())


def test_weights_that_are_no_safetensors_are_refused(tmp_path):
    path = cards.write(tmp_path, "model", nn.Linear(1, 1), {})
    path.write_bytes(b"not weights")
    digest = hashlib.sha256(b"not weights").hexdigest()
    path.with_suffix(".json").write_text(json.dumps({"weights_sha256": digest}))
    with pytest.raises(CheckpointError, match="no safetensors file"):
        cards.read_weights(path, nn.Linear(1, 1))


def test_a_nan_is_no_metric(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        cards.write(
            tmp_path, "model", nn.Linear(1, 1), {"metrics": {"a": float("nan")}}
        )
    assert list(tmp_path.iterdir()) == []


# --- adding to a card


def test_a_section_is_added_and_replaced_and_nothing_else_changes(trained):
    weights, path = trained / "tiny.safetensors", trained / "tiny.json"
    before, content = json.loads(path.read_text()), weights.read_bytes()
    names = sorted(trained.iterdir())
    for section in ({"all": {"recall": 0.5}}, {"first": 1}):
        cards.add(weights, "scoreboard", section)
        assert json.loads(path.read_text()) == {**before, "scoreboard": section}
    cards.add(weights, "a remark", ["by", "hand"])
    found = cards.read_card(weights)
    assert found == {**before, "scoreboard": {"first": 1}, "a remark": ["by", "hand"]}
    assert [*found][: len(before)] == [*before]  # in the order that people know
    assert weights.read_bytes() == content and sorted(trained.iterdir()) == names


@pytest.mark.parametrize("value", [float("nan"), torch.zeros(1), {1, 2}])
def test_what_json_cannot_hold_leaves_the_card_as_it_was(trained, value):
    path = trained / "tiny.json"
    before, names = path.read_bytes(), sorted(trained.iterdir())
    with pytest.raises((ValueError, TypeError), match="JSON"):
        cards.add(trained / "tiny.safetensors", "scoreboard", {"all": value})
    assert path.read_bytes() == before and sorted(trained.iterdir()) == names


def test_a_card_that_cannot_be_written_stays_whole(trained, monkeypatch):
    def full(_):
        raise OSError("no space left on device")

    path = trained / "tiny.json"
    before, names = path.read_bytes(), sorted(trained.iterdir())
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space left"):
        cards.add(trained / "tiny.safetensors", "scoreboard", {"all": {}})
    assert path.read_bytes() == before and sorted(trained.iterdir()) == names


def test_nothing_is_added_to_what_does_not_belong_together(trained):
    weights, path = trained / "tiny.safetensors", trained / "tiny.json"
    whole, card = weights.read_bytes(), path.read_bytes()
    for content, other, message in (
        (flip(whole), card, "its hash is not the card's"),
        (whole, b"{", r"tiny.json is damaged"),
        (whole, card.replace(b'"metrics":', b'"numbers":'), "metrics is None"),
    ):
        weights.write_bytes(content)
        path.write_bytes(other)
        with pytest.raises(CheckpointError, match=message):
            cards.add(weights, "scoreboard", {})
        assert weights.read_bytes() == content and path.read_bytes() == other
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"has no card: .*tiny.json"):
        cards.add(weights, "scoreboard", {})
    weights.unlink()
    with pytest.raises(FileNotFoundError, match=r"no weights at .*tiny.safetensors"):
        cards.add(weights, "scoreboard", {})
    assert not weights.exists() and not path.exists()


def test_a_card_is_written_to_a_new_folder_and_read_back(tmp_path):
    card = {
        "weights_sha256": "0",
        "config": {"data": "fashion-mini"},
        "metrics": {"recall": 0.5},
        "metrics_split": "test",
        "remark": "Fréchet",
    }
    path = tmp_path / "deep" / "table.json"
    cards.write_card(path, card)
    assert cards.read_card(path) == card
    assert [*path.parent.iterdir()] == [path] and path.read_bytes().endswith(b"}\n")


# --- measuring again


def test_evaluate_agrees_with_the_card_until_it_does_not(trained):
    assert scoring.evaluate("tiny", trained).agrees
    path = trained / "tiny.json"
    card = json.loads(path.read_text())
    error = card["metrics"]["squared_error"]
    for factor, agrees in ((1.00005, True), (0.99995, True), (1.001, False)):
        card["metrics"]["squared_error"] = error * factor
        path.write_text(json.dumps(card))
        assert scoring.evaluate("tiny", trained).agrees is agrees
    card["metrics"] = {}
    path.write_text(json.dumps(card))
    assert not scoring.evaluate("tiny", trained).agrees


def test_a_mean_does_not_depend_on_the_batches():
    x = torch.arange(7.0)
    for size in (1, 2, 3, 7, 50):
        assert mean_over_images(lambda part: part**2, x, size) == pytest.approx(13.0)
    with pytest.raises(ValueError, match="at least one image"):
        mean_over_images(lambda part: part, x[:0])
