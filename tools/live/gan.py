"""Two GANs: walks among codes, and what each discriminator says of a picture.

The discriminator sees what it saw in training: the generator's own output in [-1, 1],
not rounded to levels, and levels scaled to [-1, 1].
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

import gencourse
from gencourse import codes, data
from gencourse.gan import GAN
from gencourse.images import scaled
from live.common import Graph, show, write_graph, write_levels, write_numbers

IMAGES, JUDGED, DIGITS = 40, 500, 4
WALKS, STEPS = 5, 9
BATCH = {0: "batch"}


class Generator(nn.Module):
    """Codes (B, latent) -> images (B, 1, 28, 28) in [-1, 1], not rounded."""

    def __init__(self, model: GAN) -> None:
        super().__init__()
        self.model = model

    def forward(self, z: Tensor) -> Tensor:
        """Return what the generator makes of the codes."""
        return self.model.generate(z)


class Discriminator(nn.Module):
    """Images (B, 1, 28, 28) in [-1, 1] -> a score of each, high for real ones: (B,)."""

    def __init__(self, model: GAN) -> None:
        super().__init__()
        self.model = model

    def forward(self, points: Tensor) -> Tensor:
        """Return the scores."""
        return self.model.score(points)


def folded(model: GAN) -> GAN:
    """Return the model with each weight as its spectral norm leaves it in eval mode.

    ONNX has no operator for the norm's own step, and fixed weights need none.
    """
    for layer in model.eval().modules():
        if parametrize.is_parametrized(layer, "weight"):
            parametrize.remove_parametrizations(layer, "weight")
    return model


def write(folder: Path) -> None:
    """Write both players of each game, their scores, images.bin and still.png."""
    models = {"dcgan": gencourse.load("dcgan"), "sngan": gencourse.load("sngan")}
    test = data.load("fashion-mini", "test")
    scores = {}
    for name, model in models.items():
        write_players(name, folded(model), folder)
        scores[name] = scores_of(model, test.x[:JUDGED])
    write_numbers(scores, folder / "scores.json")
    write_levels(test.x[:IMAGES], folder / "images.bin")
    write_still(models["dcgan"], folder / "still.png")


def write_players(name: str, model: GAN, folder: Path) -> None:
    """Write NAME-generator.onnx and NAME-discriminator.onnx, for any batch."""

    def noise(generator: torch.Generator) -> tuple[Tensor]:
        return (model.noise(3, generator),)

    def pictures(generator: torch.Generator) -> tuple[Tensor]:
        drawn = model.generate(*noise(generator))
        levels = torch.randint(256, drawn.shape, generator=generator)
        return (torch.cat([drawn, scaled(levels, 256)]),)

    for player, module, given, found, draw in (
        ("generator", Generator(model), "z", "points", noise),
        ("discriminator", Discriminator(model), "points", "score", pictures),
    ):
        batches = {given: BATCH, found: BATCH}
        graph = Graph(f"{name}-{player}", module, (given,), (found,), draw, batches)
        write_graph(graph, folder)


@torch.inference_mode()
def scores_of(model: GAN, x: Tensor) -> dict[str, list[float]]:
    """Return the scores of images and of as many fakes, each from low to high."""
    fakes = model.generate(model.noise(len(x), torch.Generator().manual_seed(0)))
    sets = {"real": model.real(x), "fake": fakes}
    return {
        kind: [round(score, DIGITS) for score in model.score(points).sort()[0].tolist()]
        for kind, points in sets.items()
    }


@torch.inference_mode()
def write_still(model: GAN, path: Path) -> None:
    """Write five walks of nine pictures, each between two draws."""
    ends = model.noise(2 * WALKS, torch.Generator().manual_seed(4))
    pairs = zip(*ends.chunk(2), strict=True)
    walks = [codes.interpolate(start, end, STEPS) for start, end in pairs]
    greys = (model.generate(torch.cat(walks)) + 1) / 2
    show(greys, columns=STEPS, path=path)
