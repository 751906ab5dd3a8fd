"""How each shipped model was trained, and the things to do with a recipe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn

from gencourse import cards
from gencourse.autoencoder import ConvAutoencoder, Denoising, LinearAutoencoder
from gencourse.gan_recipes import GAN_RECIPES
from gencourse.pixel_recipes import PIXEL_RECIPES
from gencourse.recipe import Recipe
from gencourse.recipe_metrics import reconstruction, restoration
from gencourse.recipe_training import splits, train
from gencourse.vae_recipes import VAE_RECIPES

__all__ = ["RECIPES", "Comparison", "Recipe", "evaluate", "find", "load", "train"]

# Relative: what float32 on two processors may differ by.
TOLERANCE = 1e-4


def denoising_autoencoder() -> Denoising:
    """Return the convolutional autoencoder, to be trained on noisy images."""
    return Denoising(ConvAutoencoder(latent=32), noise=0.5)


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="linear-autoencoder",
            description="a linear encoder and decoder, 32 numbers: PCA by gradient",
            model=partial(LinearAutoencoder, latent=32),
            metrics=reconstruction,
            batch_size=256,
            steps=3000,
            lr=2e-3,
        ),
        Recipe(
            name="autoencoder",
            description="a convolutional autoencoder, 32 numbers an image",
            model=partial(ConvAutoencoder, latent=32),
            metrics=reconstruction,
            steps=6000,
            lr=2e-3,
            clip=10.0,
            ema_decay=0.999,
        ),
        Recipe(
            name="autoencoder-2d",
            description="a convolutional autoencoder, 2 numbers an image, to be drawn",
            model=partial(ConvAutoencoder, latent=2),
            metrics=reconstruction,
            steps=4000,
            lr=2e-3,
            clip=10.0,
            ema_decay=0.999,
        ),
        Recipe(
            name="denoising-autoencoder",
            description="a convolutional autoencoder that restores noisy images",
            model=denoising_autoencoder,
            metrics=restoration,
            steps=4000,
            lr=2e-3,
            clip=10.0,
            ema_decay=0.999,
        ),
        *PIXEL_RECIPES,
        *VAE_RECIPES,
        *GAN_RECIPES,
    )
}


def find(name: str) -> Recipe:
    """Return the recipe of that name; another name is a ValueError that lists them."""
    if name not in RECIPES:
        raise ValueError(f"no recipe {name!r}, there are: {', '.join(RECIPES)}")
    return RECIPES[name]


def shipped() -> list[str]:
    """Return the names of the models that come with the package, trained."""
    return [name for name in RECIPES if cards.shipped(name).is_file()]


def load(name: str, path: Path | str | None = None) -> nn.Module:
    """Return a trained model in eval mode, on the CPU.

    Args:
        name: the name of a recipe.
        path: the folder that holds NAME.safetensors and NAME.json; without it the
            models that come with the package.

    Raises:
        ValueError: the name is unknown, or no such model comes with the package.
        FileNotFoundError: weights or card are not there.
        CheckpointError: they are damaged, or do not belong together.
    """
    if path is None and name not in shipped():
        raise ValueError(
            f"no model {name!r} comes with the package, "
            f"these do: {', '.join(shipped()) or 'none yet'}"
        )
    return cards.read_weights(_weights(name, path), find(name).model())


def card(name: str, path: Path | str | None = None) -> dict[str, Any]:
    """Return how a trained model was made, and what it reached; see ``load``."""
    return cards.read_card(_weights(name, path))


@dataclass(frozen=True)
class Comparison:
    """The metrics of a model, measured again and as its card has them."""

    found: dict[str, float]
    on_card: dict[str, float]

    @property
    def agrees(self) -> bool:
        """Whether the metrics are the same, up to a relative TOLERANCE."""
        return self.found.keys() == self.on_card.keys() and all(
            abs(value - self.on_card[name]) <= TOLERANCE * abs(self.on_card[name])
            for name, value in self.found.items()
        )


def evaluate(name: str, path: Path | str | None = None) -> Comparison:
    """Measure a trained model again, on the data that its card names; see ``load``."""
    model, said = load(name, path), card(name, path)
    recipe = replace(find(name), data=said["config"]["data"])
    _, measured = splits(recipe, said["metrics_split"] == "validation")
    return Comparison(recipe.metrics(model, *measured), said["metrics"])


def _weights(name: str, path: Path | str | None) -> Path:
    return cards.shipped(name) if path is None else Path(path, f"{name}.safetensors")
