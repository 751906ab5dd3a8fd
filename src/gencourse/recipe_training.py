"""From a recipe to weights and a card."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from gencourse import cards, data, provenance
from gencourse.recipe import Recipe
from gencourse.schedules import warm_average
from gencourse.train import Batches, History, fit, make_fabric

Part = tuple[Tensor, ...]


def train(
    recipe: Recipe,
    *,
    out: Path,
    resume: bool = False,
    validation: bool = False,
    device: str = "auto",
    progress: bool = True,
) -> Path:
    """Train, measure, write NAME.safetensors and its card; return the weights' path.

    A run that was stopped goes on with ``resume`` from NAME.checkpoint in ``out``.

    Args:
        recipe: one of `recipes.RECIPES`, or ``dataclasses.replace(one, steps=...)``.
        out: the folder to write to.
        resume: go on from the checkpoint if there is one; without, one is an error.
        validation: hold back the last twelfth of the training set and measure on that,
            to choose settings by; else the test set is measured.
        device: "cpu", "cuda" or "auto".
        progress: show a bar.
    """
    fabric = make_fabric(device)
    kept, measured = splits(recipe, validation)
    model, start = _begin(recipe)
    average = _average(model, recipe.ema_decay)
    size, steps = recipe.batch_size, recipe.steps
    batches = Batches(*kept, size=size, steps=steps, seed=recipe.seed)
    history = fit(
        recipe.turns(model, recipe.lr, recipe.weight_decay),
        batches,
        clip=recipe.clip,
        schedule=recipe.schedule,
        ema=average,
        checkpoint=checkpoint_of(recipe, out),
        every=recipe.checkpoint_every,
        resume=resume,
        fabric=fabric,
        progress=progress,
    )
    trained: nn.Module = model if average is None else average.module
    trained = trained.cpu().eval()
    card = {**_card(recipe, batches, history, trained), "starts_from": start}
    card["metrics_split"] = "validation" if validation else "test"
    card["metrics"] = recipe.metrics(trained, *measured)
    return cards.write(out, recipe.name, trained, card)


def checkpoint_of(recipe: Recipe, out: Path) -> Path:
    """Return where ``train`` keeps the state of a run that writes to ``out``."""
    return out / f"{recipe.name}.checkpoint"


def splits(recipe: Recipe, validation: bool) -> tuple[Part, Part]:
    """Return what to train on and what to measure on: (x,), or (x, y) with labels."""
    train = _load(recipe, "train")
    if not validation:
        return train, _load(recipe, "test")
    held_back = len(train[0]) // 12
    return (
        tuple(part[:-held_back] for part in train),
        tuple(part[-held_back:] for part in train),
    )


def _load(recipe: Recipe, split: str) -> Part:
    images = data.load(recipe.data, split, levels=recipe.levels)
    return (images.x, images.y) if recipe.labels else (images.x,)


def _begin(recipe: Recipe) -> tuple[nn.Module, dict[str, str] | None]:
    """Return the model before step 0, and the name and hash of what it starts from."""
    _seed(recipe.seed)
    model = recipe.model()
    if recipe.starts_from is None:
        return model, None
    digest = cards.start_from(cards.shipped(recipe.starts_from), model)
    return model, {"name": recipe.starts_from, "weights_sha256": digest}


def _seed(seed: int) -> None:
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


def _average(model: nn.Module, decay: float | None) -> AveragedModel | None:
    if decay is None:
        return None
    return AveragedModel(model, multi_avg_fn=partial(warm_average, decay=decay))


def _card(
    recipe: Recipe, batches: Batches, history: History, model: nn.Module
) -> cards.Card:
    return {
        "config": recipe.config(),
        "architecture": str(model).splitlines(),
        "parameters": cards.parameter_count(model),
        "data": {
            "name": recipe.data,
            "split": "train",
            "images": len(batches.data[0]),
            "sha256": batches.fingerprint()["data"],
        },
        "seed": recipe.seed,
        "steps": len(history),
        "last_loss": history["total"][-1],
        "wall_seconds": round(history.seconds, 1),
        "cpu_seconds": round(history.cpu_seconds, 1),
        "made": provenance.describe(),
        "commit": cards.commit(),
    }
