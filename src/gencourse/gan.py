"""Generative adversarial networks: models that draw, and have no density."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gencourse.adversarial import Adversarial, GameName, check_game
from gencourse.gan_networks import (
    NetworkName,
    NormName,
    make_features,
    make_generator,
)
from gencourse.images import (
    Shape,
    check_condition,
    check_count,
    check_images,
    check_levels,
    check_shape,
    scaled,
    to_levels,
)


class GAN(Adversarial):
    """A generator of images and a discriminator.

    Args:
        shape: (C, H, W) of an image.
        levels: values are 0 ... levels - 1.
        latent: how many numbers the generator starts from.
        network: "conv" (sides are multiples of four) or "dense".
        width: channels at the full side, or units of a hidden layer.
        game: what is played: "non-saturating", "minimax", "hinge" or "wasserstein".
        norm: of the discriminator: "none", "batch" or "spectral".
        penalty: weight of the gradient penalty between real and generated images.
        r1: weight of the gradient penalty at real images.
        classes: number of classes of a conditional model, or None. The discriminator
            compares an image's features with its class (Miyato and Koyama 2018,
            https://arxiv.org/abs/1802.05637).
    """

    def __init__(
        self,
        *,
        shape: Shape = (1, 28, 28),
        levels: int = 256,
        latent: int = 64,
        network: NetworkName = "conv",
        width: int = 24,
        game: GameName = "non-saturating",
        norm: NormName = "none",
        penalty: float = 0.0,
        r1: float = 0.0,
        classes: int | None = None,
    ) -> None:
        super().__init__()
        check_shape(shape)
        check_levels(levels)
        check_count("latent", latent)
        check_game(game, norm, penalty, r1)
        self.shape, self.levels, self.classes = shape, levels, classes
        self.latent, self.game, self.penalty, self.r1 = latent, game, penalty, r1
        self.generator = make_generator(network, shape, latent, width)
        self.features, count = make_features(network, shape, width, norm)
        self.score_of = nn.Linear(count, 1)
        if norm == "spectral":
            spectral_norm(self.score_of)
        if classes is not None:
            check_count("classes", classes)
            self.label_to_code = nn.Embedding(classes, latent)
            self.label_to_score = nn.Embedding(classes, count)
            # As large as the linear layer's beside it, or labels are heard too late.
            nn.init.normal_(self.label_to_score.weight, std=count**-0.5)
            if norm == "spectral":
                spectral_norm(self.label_to_score)

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Return images of codes: (B, latent) -> (B, C, H, W) in [-1, 1]."""
        if z.ndim != 2 or z.shape[1] != self.latent:
            raise ValueError(
                f"expected codes of shape (B, {self.latent}), got {tuple(z.shape)}"
            )
        check_condition(y, len(z), self.classes)
        images: Tensor = self.generator(z if y is None else z + self.label_to_code(y))
        return images

    def score(self, points: Tensor, y: Tensor | None = None) -> Tensor:
        """Return a score of each image, high for real ones: in [-1, 1] -> (B,)."""
        check_condition(y, len(points), self.classes)
        features = self.features(points)
        score: Tensor = self.score_of(features).squeeze(1)
        if y is not None:
            score = score + (features * self.label_to_score(y)).sum(1)
        return score

    def real(self, x: Tensor) -> Tensor:
        """Return levels (B, C, H, W) scaled to [-1, 1]."""
        check_images(x, self.shape, self.levels)
        return scaled(x, self.levels)

    @torch.no_grad()
    def sample(
        self,
        n: int,
        y: Tensor | None = None,
        *,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Return n images: uint8 (n, C, H, W).

        Args:
            n: how many, 1 or more.
            y: int64 labels (n,) of a conditional model, else None.
            generator: of the draws, on the model's device.
        """
        check_count("n", n)
        images = self.generate(self.noise(n, generator), y)
        return to_levels((images + 1) / 2, self.levels)


class PointGAN(Adversarial):
    """A GAN of points: two small networks, to watch the game where all is known.

    Args:
        dims: numbers in a point.
        latent: how many numbers the generator starts from.
        width: units of the two hidden layers of each network.
        game: as of `GAN`, and so are the others.
        norm: "none" or "spectral".
        penalty: weight of the gradient penalty between real and generated points.
        r1: weight of the gradient penalty at real points.
    """

    def __init__(
        self,
        *,
        dims: int = 2,
        latent: int = 2,
        width: int = 64,
        game: GameName = "non-saturating",
        norm: NormName = "none",
        penalty: float = 0.0,
        r1: float = 0.0,
    ) -> None:
        super().__init__()
        for name, count in (("dims", dims), ("latent", latent), ("width", width)):
            check_count(name, count)
        if norm not in ("none", "spectral"):
            raise ValueError(f"expected norm none or spectral, got {norm!r}")
        check_game(game, norm, penalty, r1)
        self.dims, self.latent = dims, latent
        self.game, self.penalty, self.r1 = game, penalty, r1
        self.generator = _layers(latent, width, dims)
        self.discriminator = _layers(dims, width, 1)
        if norm == "spectral":
            for layer in self.discriminator[::2]:
                spectral_norm(layer)

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Return points of codes: (B, latent) -> (B, dims)."""
        points: Tensor = self.generator(z)
        return points

    def score(self, points: Tensor, y: Tensor | None = None) -> Tensor:
        """Return a score of each point, high for real ones: (B, dims) -> (B,)."""
        score: Tensor = self.discriminator(points).squeeze(1)
        return score

    def real(self, x: Tensor) -> Tensor:
        """Return the points, (B, dims); of another shape they are a ValueError."""
        if x.ndim != 2 or x.shape[1] != self.dims:
            raise ValueError(f"expected points (B, {self.dims}), got {tuple(x.shape)}")
        return x

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return n points: (n, dims)."""
        check_count("n", n)
        return self.generate(self.noise(n, generator))


def _layers(size: int, width: int, out: int) -> nn.Sequential:
    return nn.Sequential(
        *(nn.Linear(size, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()),
        nn.Linear(width, out),
    )
