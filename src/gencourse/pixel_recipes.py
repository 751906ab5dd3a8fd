"""How the shipped PixelCNNs and PixelRNNs were trained."""

from __future__ import annotations

from functools import partial

from gencourse.pixelcnn import GatedPixelCNN, PixelCNN
from gencourse.pixelrnn import DiagonalBiLSTM, RowLSTM
from gencourse.recipe import Recipe, nimble_turn
from gencourse.recipe_metrics import bits_per_dim, bits_per_dim_by_label, nats

gated = partial(GatedPixelCNN, features=48, head="logistic")

# Chosen on held-back training images: in short runs of a smaller Gated PixelCNN batches
# of 8 beat those of 16 at equal cost, and a rate of 4e-3 beat 2e-3.
PIXEL_RECIPES = (
    Recipe(
        name="pixelcnn",
        description="PixelCNN, with its blind spot; a mixture of logistic laws",
        model=partial(PixelCNN, features=32, blocks=6, head="logistic"),
        metrics=bits_per_dim,
        turns=nimble_turn,
        batch_size=8,
        steps=6000,
        lr=4e-3,
        clip=1e4,
        ema_decay=0.999,
    ),
    Recipe(
        name="gated-pixelcnn",
        description="Gated PixelCNN, without a blind spot; logistic mixture",
        model=gated,
        metrics=bits_per_dim,
        turns=nimble_turn,
        batch_size=8,
        steps=14000,
        lr=4e-3,
        clip=1e4,
        ema_decay=0.999,
    ),
    Recipe(
        name="gated-pixelcnn-conditional",
        description="Gated PixelCNN p(x | y), from the unconditional one",
        model=partial(gated, classes=10),
        metrics=bits_per_dim_by_label,
        turns=nimble_turn,
        labels=True,
        starts_from="gated-pixelcnn",
        batch_size=8,
        steps=1500,
        lr=1e-3,
        clip=1e4,
        ema_decay=0.999,
    ),
    Recipe(
        name="row-lstm",
        description="PixelRNN with Row LSTM layers; logistic mixture",
        model=partial(RowLSTM, features=48, layers=2, head="logistic"),
        metrics=bits_per_dim,
        turns=nimble_turn,
        batch_size=8,
        steps=5000,
        lr=3e-3,
        clip=1e4,
        ema_decay=0.999,
    ),
    Recipe(
        name="diagonal-bilstm",
        description="PixelRNN with Diagonal BiLSTM layers; logistic mixture",
        model=partial(DiagonalBiLSTM, features=48, layers=2, head="logistic"),
        metrics=bits_per_dim,
        turns=nimble_turn,
        batch_size=8,
        steps=4000,
        lr=3e-3,
        clip=1e4,
        ema_decay=0.999,
    ),
    Recipe(
        name="pixelcnn-binary",
        description="Gated PixelCNN of black and white images",
        model=partial(GatedPixelCNN, levels=2, features=24, head="bernoulli"),
        metrics=nats,
        levels=2,
        turns=nimble_turn,
        batch_size=8,
        steps=4000,
        lr=4e-3,
        clip=1e4,
        ema_decay=0.999,
    ),
)
