"""The turns of a GAN: who moves what, how often, and that a run can stop."""

from __future__ import annotations

import copy
from functools import partial, wraps

import pytest
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

import gencourse
from gencourse import recipes
from gencourse.batches import Batches
from gencourse.cards import shipped
from gencourse.evaluate import measured
from gencourse.gan import GAN, PointGAN
from gencourse.gan_metrics import accuracy, draw_samples
from gencourse.gan_recipes import game_turns
from gencourse.schedules import warm_average, warmup_cosine
from gencourse.train import fit
from gencourse.turns import parameters_of

fit = partial(fit, progress=False)
SETTINGS = [
    {"network": "dense"},
    {"network": "dense", "classes": 3, "r1": 1.0},
    {"network": "conv", "norm": "batch"},
    {"network": "conv", "norm": "spectral", "game": "hinge", "classes": 3},
    {"network": "conv", "game": "wasserstein", "penalty": 10.0},
]
each_model = pytest.mark.parametrize(
    "settings", SETTINGS, ids=lambda s: "-".join(map(str, s.values()))
)


def make(**settings) -> GAN:
    torch.manual_seed(1)
    return GAN(shape=(1, 8, 8), width=2, latent=3, **settings)


def data(model: GAN, n: int = 24) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(256, (n, 1, 8, 8), generator=generator).to(torch.uint8)
    return (x,) if model.classes is None else (x, torch.arange(n) % model.classes)


def batches(model: GAN, steps: int) -> Batches:
    return Batches(*data(model), size=6, steps=steps, seed=3)


def makers_of(model: GAN) -> dict[str, Tensor]:
    """Return the generator's parameters by name, told from their names."""
    mine = ("generator.", "label_to_code.")
    return {n: p for n, p in model.named_parameters() if n.startswith(mine)}


def judges_of(model: GAN) -> dict[str, Tensor]:
    makers = makers_of(model)
    return {n: p for n, p in model.named_parameters() if n not in makers}


def copied(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in parameters.items()}


def moved(parameters: dict[str, Tensor], before: dict[str, Tensor]) -> set[str]:
    return {n for n, p in parameters.items() if not torch.equal(p, before[n])}


# --- who is in which turn


@each_model
def test_each_parameter_is_in_its_turn_and_in_no_other(settings: dict):
    model = make(**settings)
    judge, maker = game_turns(model, 1e-3, 0.0)
    for (optimizer, _), own in ((judge, judges_of(model)), (maker, makers_of(model))):
        assert {id(p) for p in parameters_of(optimizer)} == {
            id(p) for p in own.values()
        }
        assert len(parameters_of(optimizer)) == len(own)
    assert judge[1] == model.discriminator_losses
    assert maker[1] == model.generator_losses
    if model.classes:
        assert "label_to_code.weight" in makers_of(model)
        assert any(n.startswith("label_to_score.") for n in judges_of(model))


@pytest.mark.parametrize("steps", [1, 3])
def test_the_critic_has_so_many_turns_by_one_optimiser(steps: int):
    model = make(network="dense")
    turns = game_turns(model, 1e-3, 0.0, critic_steps=steps)
    names = [losses.__name__ for _, losses in turns]
    assert names == steps * ["discriminator_losses"] + ["generator_losses"]
    assert len({id(optimizer) for optimizer, _ in turns}) == 2
    counts = {"discriminator": 0, "generator": 0}
    for name, optimizer in (
        ("discriminator", turns[0][0]),
        ("generator", turns[-1][0]),
    ):

        def count(*_, name=name):
            counts[name] += 1

        optimizer.register_step_post_hook(count)
    history = fit(turns, batches(model, 4))
    assert counts == {"discriminator": 4 * steps, "generator": 4}
    assert history.terms == ["discriminator", "generator"]


def test_settings_reach_both_optimisers():
    turns = game_turns(make(), 3e-4, 0.02, betas=(0.0, 0.9))
    for optimizer, _ in turns:
        (group,) = optimizer.param_groups
        assert (group["lr"], group["betas"]) == (3e-4, (0.0, 0.9))
        assert group["weight_decay"] == 0.02


def test_points_have_turns_too():
    model = PointGAN(width=4)
    judge, maker = (parameters_of(optimizer) for optimizer, _ in
                    game_turns(model, 1e-3, 0.0))  # fmt: skip
    assert [*map(id, judge)] == [*map(id, model.discriminator.parameters())]
    assert [*map(id, maker)] == [*map(id, model.generator.parameters())]


# --- what a step moves


@each_model
@pytest.mark.parametrize("turn", ["judge", "maker"])
def test_a_turn_moves_its_own_parameters_alone(settings: dict, turn: str):
    """In one `fit` with both turns, what changes between one step and the next."""
    model = make(**settings)
    turns = game_turns(model, 1e-2, 0.0)
    (optimizer, _) = turns[0 if turn == "judge" else 1]
    own, others = judges_of(model), makers_of(model)
    if turn == "maker":
        own, others = others, own
    # Weight decay and momentum move what has no gradient: let both have begun.
    fit(turns, batches(model, 2))
    kept: list[dict[str, Tensor]] = []
    note = lambda *_: kept.append(copied(dict(model.named_parameters())))  # noqa: E731
    optimizer.register_step_pre_hook(note)
    optimizer.register_step_post_hook(note)
    fit(turns, batches(model, 1))
    before, after = kept
    changed = moved(after, before)
    assert not changed & set(others)
    # A bias just before batch normalisation has no slope; all else has.
    assert len(changed) >= len(own) - 3 and changed <= set(own)


@each_model
@pytest.mark.parametrize("turn", [0, 1])
def test_a_turn_by_itself_leaves_the_other_player_as_it_was(settings: dict, turn: int):
    model = make(**settings)
    turns = game_turns(model, 1e-2, 0.1)
    own, others = judges_of(model), makers_of(model)
    if turn == 1:
        own, others = others, own
    before = copied(dict(model.named_parameters()))
    fit([turns[turn]], batches(model, 3))
    assert moved(others, before) == set()
    assert moved(own, before)


def test_labels_are_learned_by_both():
    model = make(network="dense", classes=3)
    before = copied(dict(model.named_parameters()))
    fit(game_turns(model, 1e-2, 0.0), batches(model, 3))
    changed = moved(dict(model.named_parameters()), before)
    assert {"label_to_code.weight", "label_to_score.weight"} <= changed


# --- a run: averaged, repeated, stopped


def run(settings: dict, steps: int = 6, **more):
    model = make(**settings)
    turns = game_turns(model, 1e-2, 0.01, critic_steps=2)
    ema = AveragedModel(model, multi_avg_fn=partial(warm_average, decay=0.6))
    torch.manual_seed(7)
    given = {"schedule": warmup_cosine, "every": 2, **more}
    history = fit(turns, batches(model, steps), ema=ema, **given)
    return model, turns, ema, history


def assert_same_run(one, other) -> None:
    for first, second in zip(one[:1] + one[2:3], other[:1] + other[2:3], strict=True):
        for (name, a), b in zip(
            first.state_dict().items(), second.state_dict().values(), strict=True
        ):
            assert torch.equal(a, b), name
    for (first, _), (second, _) in zip(one[1], other[1], strict=True):
        states = [o.state_dict()["state"].values() for o in (first, second)]
        for kept, kept2 in zip(*states, strict=True):
            assert all(torch.equal(kept[name], kept2[name]) for name in kept)
    for name in one[3].terms:
        assert one[3][name] == other[3][name]


def test_the_average_is_that_by_hand():
    """Of all parameters, after each whole step; the rest is as in the model."""
    model = make(network="conv", classes=3)
    turns = game_turns(model, 1e-2, 0.0, critic_steps=2)
    ema = AveragedModel(model, multi_avg_fn=partial(warm_average, decay=0.5))
    seen: list[dict[str, Tensor]] = []
    turns[-1][0].register_step_post_hook(
        lambda *_: seen.append(copied(dict(model.named_parameters())))
    )
    fit(turns, batches(model, 14), ema=ema)
    assert len(seen) == 14
    expected = seen[0]
    for count, current in enumerate(seen[1:], start=1):
        decay = min(0.5, (1 + count) / (10 + count))
        expected = {
            name: decay * expected[name] + (1 - decay) * p
            for name, p in current.items()
        }
    found = dict(ema.module.named_parameters())
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name].detach(), value, rtol=1e-5, atol=1e-6)
    assert moved(found, copied(dict(model.named_parameters())))
    for own, averaged in zip(model.buffers(), ema.module.buffers(), strict=True):
        assert torch.equal(own, averaged)
    y = torch.arange(5) % 3
    assert ema.module.sample(5, y).shape == (5, 1, 8, 8)


@each_model
def test_the_same_seeds_make_the_same_run(settings: dict):
    first, second = run(settings), run(settings)
    assert_same_run(first, second)
    y = None if first[0].classes is None else torch.arange(4) % 3
    draws = [
        model.sample(4, y, generator=torch.Generator().manual_seed(0))
        for model in (first[2].module.eval(), second[2].module.eval())
    ]
    assert torch.equal(*draws)


@each_model
@pytest.mark.parametrize("stop", [7, 10])
def test_a_run_that_stopped_goes_on_as_if_it_had_not(
    tmp_path, monkeypatch, settings: dict, stop: int
):
    """It stops within a step, after one player's turn; see ``every`` in `run`."""
    path, whole, calls = tmp_path / "run.checkpoint", GAN.discriminator_losses, []

    @wraps(whole)
    def interrupted(self, *batch):
        calls.append(1)
        if len(calls) > stop:
            raise KeyboardInterrupt
        return whole(self, *batch)

    monkeypatch.setattr(GAN, "discriminator_losses", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(settings, checkpoint=path)
    monkeypatch.setattr(GAN, "discriminator_losses", whole)
    torch.rand(3)  # whatever the process did meanwhile
    assert path.exists()
    assert_same_run(run(settings, checkpoint=path, resume=True), run(settings))


def test_a_run_does_not_forget_a_player(tmp_path):
    """The laws above see each part: a copy with one other weight is another run."""
    one = run(SETTINGS[0])
    for name in ("generator", "features"):
        other = copy.deepcopy(one[0])
        with torch.no_grad():
            next(getattr(other, name).parameters()).flatten()[0] += 1
        with pytest.raises(AssertionError):
            assert_same_run(one, (other, *one[1:]))
    assert isinstance(one[2].module, nn.Module)


# --- what ships

SHIPPED = ("gan", "dcgan", "wgan-gp", "sngan", "dcgan-conditional")


@pytest.mark.parametrize("name", (*SHIPPED, "classifier"))
def test_the_card_tells_an_honest_run(name: str):
    card, recipe = recipes.card(name), recipes.find(name)
    assert card["metrics_split"] == "test" and card["data"]["images"] == 60_000
    assert card["commit"]["dirty"] is False
    assert card["steps"] == recipe.steps and card["seed"] == 0
    assert card["config"] == recipe.config()
    assert shipped(name).stat().st_size < 5_000_000


def test_the_judge_sees_well(fashion_mnist):
    said = recipes.card("classifier")["metrics"]["accuracy"]
    assert 0.91 <= said < 0.96
    some = fashion_mnist[1][::10]
    found = accuracy(gencourse.load("classifier"), some.x, some.y)["accuracy"]
    assert abs(found - said) < 4 * (said * (1 - said) / 1000) ** 0.5


def test_every_gan_beats_the_vae_twice_over_and_real_images_beat_them():
    known = measured("samples")
    vae, floor = known["models"]["vae"]["frechet_distance"], known["floor"]["half"]
    assert 0 < floor < 1
    for name in SHIPPED:
        metrics = recipes.card(name)["metrics"]
        assert metrics["images"] == known["images"] == 10_000
        assert floor < metrics["frechet_distance"]
    best = min(recipes.card(name)["metrics"]["frechet_distance"] for name in SHIPPED)
    assert best <= vae / 2


def test_the_class_that_was_asked_for_is_drawn():
    card = recipes.card("dcgan-conditional")["metrics"]
    assert 0.85 <= card["class_accuracy"] <= 1
    model, y = gencourse.load("dcgan-conditional"), torch.arange(500) % 10
    drawn = draw_samples(model, 500, y, seed=3)
    found = accuracy(gencourse.load("classifier"), drawn, y)["accuracy"]
    assert abs(found - card["class_accuracy"]) < 4 * (0.25 / 500) ** 0.5


def test_settings_of_the_game_are_the_recipes():
    """Wasserstein's critic moves three times for each step of its generator."""
    recipe = recipes.find("wgan-gp")
    turns = recipe.turns(recipe.model(), recipe.lr, recipe.weight_decay)
    names = [losses.__name__ for _, losses in turns]
    assert names == 3 * ["discriminator_losses"] + ["generator_losses"]
