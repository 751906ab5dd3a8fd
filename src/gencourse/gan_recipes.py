"""How the shipped GANs were trained, and the classifier that judges their samples."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import nn
from torch.optim import Adam

from gencourse.classifier import ConvClassifier
from gencourse.gan import GAN
from gencourse.gan_metrics import accuracy, sample_quality
from gencourse.recipe import Recipe
from gencourse.turns import Turn


def game_turns(
    model: Any,  # noqa: ANN401
    lr: float,
    weight_decay: float,
    *,
    critic_steps: int = 1,
    betas: tuple[float, float] = (0.5, 0.999),
) -> list[Turn]:
    """Return the turns of a GAN: the discriminator's, so many, then the generator's."""
    labels = [model.label_to_code] if model.classes else []
    makers = list(nn.ModuleList([model.generator, *labels]).parameters())
    mine = {id(p) for p in makers}
    judges = [p for p in model.parameters() if id(p) not in mine]
    adam = partial(Adam, lr=lr, betas=betas, weight_decay=weight_decay)
    judge = (adam(judges), model.discriminator_losses)
    return [*critic_steps * [judge], (adam(makers), model.generator_losses)]


gan = partial(
    Recipe,
    metrics=sample_quality,
    turns=game_turns,
    batch_size=32,
    lr=2e-3,
    ema_decay=0.999,
)

GAN_RECIPES = (
    Recipe(
        name="classifier",
        description="a convolutional classifier, whose features samples are judged by",
        model=ConvClassifier,
        metrics=accuracy,
        labels=True,
        batch_size=64,
        steps=6000,
        lr=1e-3,
        weight_decay=1e-2,
        ema_decay=0.999,
    ),
    gan(
        name="gan",
        description="a fully connected GAN, non-saturating, with R1",
        model=partial(GAN, network="dense", width=256, r1=0.05),
        lr=1e-3,
        steps=24000,
    ),
    gan(
        name="dcgan",
        description="a convolutional GAN, non-saturating, with R1",
        model=partial(GAN, r1=0.05),
        steps=16000,
    ),
    gan(
        name="wgan-gp",
        description="a convolutional Wasserstein GAN with gradient penalty",
        model=partial(GAN, game="wasserstein", penalty=10.0),
        turns=partial(game_turns, critic_steps=3, betas=(0.0, 0.9)),
        lr=1e-3,
        steps=7000,
    ),
    gan(
        name="sngan",
        description="a convolutional GAN, hinge game, spectral normalisation",
        model=partial(GAN, game="hinge", norm="spectral"),
        lr=1e-3,
        steps=16000,
    ),
    gan(
        name="dcgan-conditional",
        description="the convolutional GAN p(x | y), as sngan",
        model=partial(GAN, game="hinge", norm="spectral", classes=10),
        labels=True,
        lr=1e-3,
        steps=14000,
    ),
)
