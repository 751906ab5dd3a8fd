"""How the shipped variational autoencoders were trained."""

from __future__ import annotations

from functools import partial

from gencourse.kl_options import eased_turn
from gencourse.recipe import Recipe
from gencourse.recipe_metrics import bounds, bounds_in_bits
from gencourse.vae import VAE

vae = partial(VAE, latent=64)

VAE_RECIPES = (
    Recipe(
        name="vae",
        description="a convolutional VAE, 64 numbers an image; logistic mixture",
        model=vae,
        metrics=bounds_in_bits,
        turns=partial(eased_turn, warmup=500),
        batch_size=16,
        steps=36000,
        lr=4e-3,
        clip=2e3,
        ema_decay=0.999,
    ),
    # Short codes, trained from the start: those that have learned to hold the class
    # before there were labels go on to hold it, and the label does nothing.
    Recipe(
        name="vae-conditional",
        description="a convolutional VAE p(x | y), 16 numbers beside the class",
        model=partial(VAE, latent=16, classes=10),
        metrics=bounds_in_bits,
        turns=eased_turn,
        labels=True,
        batch_size=16,
        steps=8000,
        lr=4e-3,
        clip=2e3,
        ema_decay=0.999,
    ),
    Recipe(
        name="vae-2d",
        description="a convolutional VAE, 2 numbers an image, to be drawn",
        model=partial(VAE, latent=2),
        metrics=bounds_in_bits,
        turns=eased_turn,
        batch_size=32,
        steps=3000,
        lr=4e-3,
        clip=1e4,
        ema_decay=0.999,
    ),
    Recipe(
        name="beta-vae",
        description="the VAE with beta 8, whose codes say little and cost little",
        model=partial(vae, beta=8.0),
        metrics=bounds_in_bits,
        turns=eased_turn,
        batch_size=32,
        steps=3000,
        lr=4e-3,
        clip=1e4,
        ema_decay=0.999,
    ),
    Recipe(
        name="vae-binary",
        description="a convolutional VAE of black and white images, 32 numbers each",
        model=partial(VAE, levels=2, latent=32, head="bernoulli"),
        metrics=bounds,
        levels=2,
        turns=eased_turn,
        batch_size=32,
        steps=5000,
        lr=4e-3,
        clip=1e4,
        ema_decay=0.999,
    ),
)
