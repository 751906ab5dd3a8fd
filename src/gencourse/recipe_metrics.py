"""What a recipe measures of its model, trained: ``metrics(model, x)``, or (x, y)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from gencourse import evaluate
from gencourse.autoencoder import Denoising, add_noise
from gencourse.bounds import kl_to_standard_normal
from gencourse.evaluate import mean_over_images
from gencourse.images import to_unit
from gencourse.latents import active_dimensions

# Images in a batch: those of 28x28 pixels have 80 MB of 256-way logits.
BATCH = 100
# Codes drawn for an image where a VAE's likelihood is bounded, and for one image in how
# many there is time: each code is a picture to decode.
DRAWS, ONE_IN = 500, 10


def reconstruction(model: Any, x: Tensor) -> dict[str, float]:  # noqa: ANN401
    """Return the mean squared error per pixel, grey in [0, 1]."""
    return {"squared_error": mean_over_images(model.squared_error, x)}


def restoration(model: Denoising, x: Tensor) -> dict[str, float]:
    """Return the error of restoring noisy images, and of reconstructing clean ones."""
    noise = torch.Generator().manual_seed(0)

    def error(batch: Tensor) -> Tensor:
        unit = to_unit(batch, model.autoencoder.levels)
        restored = model.denoise(add_noise(unit, model.noise, noise))
        return (restored - unit).square().flatten(1).mean(1)

    clean = reconstruction(model.autoencoder, x)
    return {"denoising_squared_error": mean_over_images(error, x), **clean}


def bits_per_dim(model: Any, x: Tensor) -> dict[str, float]:  # noqa: ANN401
    """Return the mean negative log-likelihood of an explicit density."""

    def bits(batch: Tensor) -> Tensor:
        return evaluate.bits_per_dim(-model.log_prob(batch), x[0].numel())

    return {"bits_per_dim": mean_over_images(bits, x, BATCH)}


def nats(model: Any, x: Tensor) -> dict[str, float]:  # noqa: ANN401
    """Return the mean negative log-likelihood of an explicit density, per image."""
    return {"nll_nats": -mean_over_images(model.log_prob, x, BATCH)}


def bits_per_dim_by_label(model: Any, x: Tensor, y: Tensor) -> dict[str, float]:  # noqa: ANN401
    """Return the bits of p(x | y), and of p(x | a wrong label): the class after y.

    A model that looks at its label pays more for a wrong one.
    """

    def mean(labels: Tensor) -> float:
        def bits(rows: Tensor) -> Tensor:
            nats = -model.log_prob(x[rows], labels[rows])
            return evaluate.bits_per_dim(nats, x[0].numel())

        return mean_over_images(bits, torch.arange(len(x)), BATCH)

    wrong = (y + 1) % model.classes
    return {"bits_per_dim": mean(y), "bits_per_dim_wrong_label": mean(wrong)}


def bounds_in_bits(model: Any, x: Tensor, y: Tensor | None = None) -> dict[str, float]:  # noqa: ANN401
    """Return the `bounds` of a VAE, those of the likelihood in bits per dimension."""
    found = bounds(model, x, y)
    for name in ("elbo", f"iwae_{DRAWS}"):
        nats = torch.tensor(found.pop(f"{name}_nats"), dtype=torch.float64)
        bits = evaluate.bits_per_dim(nats, x[0].numel())
        found = {f"{name}_bits_per_dim": float(bits), **found}
    return found


@torch.inference_mode()
def bounds(model: Any, x: Tensor, y: Tensor | None = None) -> dict[str, float]:  # noqa: ANN401
    """Return what bounds a VAE's negative log-likelihood from above, in nats per image.

    The ELBO and what it is made of, whatever ``beta`` was, over all images, with their
    signs turned; the importance-weighted bound over the first tenth of them, and what
    it gains on the ELBO of the same ones; the number of active dimensions of the code.
    The draws are the same each time.
    """
    parts = (x,) if y is None else (x, y)
    first = tuple(part[: -(-len(x) // ONE_IN)] for part in parts)
    draws = torch.Generator().manual_seed(0)
    mu, log_var = map(torch.cat, zip(*_each(model.encode, parts), strict=True))
    elbo = -torch.cat(_each(partial(model.elbo, generator=draws), parts)).double()
    iwae = -torch.cat(
        _each(lambda x, *y: model.iwae(x, DRAWS, *y, generator=draws), first)
    ).double()
    kl = kl_to_standard_normal(mu, log_var).double()
    return {
        f"iwae_{DRAWS}_nats": float(iwae.mean()),
        f"iwae_{DRAWS}_gain_nats": float((elbo[: len(iwae)] - iwae).mean()),
        f"iwae_{DRAWS}_images": len(iwae),
        "elbo_nats": float(elbo.mean()),
        "reconstruction_nats": float((elbo - kl).mean()),
        "kl_nats": float(kl.mean()),
        "active_dimensions": int(active_dimensions(mu).sum()),
    }


def _each(measure: Callable[..., Any], parts: tuple[Tensor, ...]) -> list[Any]:
    batches = zip(*(part.split(BATCH) for part in parts), strict=True)
    return [measure(*batch) for batch in batches]
