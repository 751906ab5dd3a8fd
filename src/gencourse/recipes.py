"""How each shipped model was trained, and the things to do with a recipe."""

from __future__ import annotations

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
from gencourse.recipe_training import train
from gencourse.vae_recipes import VAE_RECIPES

__all__ = ["RECIPES", "Recipe", "find", "load", "train"]


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
    return cards.read_weights(weights_of(name, path), find(name).model())


def card(name: str, path: Path | str | None = None) -> dict[str, Any]:
    """Return how a trained model was made, and what it reached; see ``load``."""
    return cards.read_card(weights_of(name, path))


def weights_of(name: str, path: Path | str | None = None) -> Path:
    """Return where the weights of a model are, or would be; see ``load``."""
    return cards.shipped(name) if path is None else Path(path, f"{name}.safetensors")
