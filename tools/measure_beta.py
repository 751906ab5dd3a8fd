"""Measure what beta does to a VAE on images of known factors, for a chapter.

    python tools/measure_beta.py

It writes src/gencourse/measured/beta.json in about eight minutes, after every run:
stopped, it goes on where it was. Every beta has the same network, steps, learning rate
and seeds; none was chosen by the result. Images of two levels were added when the first
grey ones had shown no larger gap for a larger beta. The numbers are those of the
training images, which are all combinations of the factors.
"""

from __future__ import annotations

import json
import statistics
from itertools import product
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam

from gencourse import provenance
from gencourse.bounds import reparameterise
from gencourse.evaluate import MEASURED
from gencourse.factors import FACTORS, mutual_information_gap, shapes
from gencourse.heads import HeadName
from gencourse.images import to_unit
from gencourse.latents import active_dimensions
from gencourse.schedules import warmup_cosine
from gencourse.train import Batches, fit
from gencourse.vae import VAE

BETAS = (0.25, 1.0, 4.0, 16.0, 64.0)
SEEDS = (0, 1, 2)
LATENT, WIDTH = 6, 128
STEPS, SIZE, RATE = 2500, 64, 2e-3
DRAWS = 20  # codes for each image
# The second as in the papers on beta: two levels, and no grey among the factors.
HEADS: dict[str, HeadName] = {"grey": "logistic", "binary": "bernoulli"}
Row = dict[str, Any]


def images_of(kind: str) -> tuple[Tensor, Tensor]:
    """Return images and their factors: all, or the brightest cut to two levels."""
    x, factors = shapes()
    if kind == "grey":
        return x, factors
    bright = factors[:, 3] == factors[:, 3].max()
    return (x[bright] > 127).to(torch.uint8), factors[bright, :3]


def trained(kind: str, x: Tensor, beta: float, seed: int, steps: int = STEPS) -> VAE:
    """Return a small VAE, trained on the images."""
    torch.manual_seed(seed)
    model = VAE(
        shape=(1, 16, 16),
        levels=256 if kind == "grey" else 2,
        network="dense",
        latent=LATENT,
        width=WIDTH,
        head=HEADS[kind],
        components=1,
        beta=beta,
    )
    adam = Adam(model.parameters(), lr=RATE)
    batches = Batches(x, size=SIZE, steps=steps, seed=seed)
    fit([(adam, model.losses)], batches, schedule=warmup_cosine, progress=False)
    return model


@torch.inference_mode()
def row_of(model: VAE, x: Tensor, factors: Tensor) -> dict[str, float]:
    """Return what is measured of a model: nats per image, whatever its beta, and so on.

    The draws are the same each time.
    """
    torch.manual_seed(0)
    mu, log_var = model.encode(x)
    terms = [model.terms(x) for _ in range(DRAWS)]
    many = mu.repeat(DRAWS, 1)
    z = reparameterise(many, log_var.repeat(DRAWS, 1), torch.randn_like(many))
    error = (model.reconstruct(x) - to_unit(x, model.levels)).square()
    found = {
        "reconstruction_nats": torch.stack([term[0] for term in terms]).mean(),
        "kl_nats": terms[0][1].sum(1).mean(),
        "active_dimensions": active_dimensions(mu).sum(),
        "squared_error": error.mean(),
        "gap": mutual_information_gap(z, factors.repeat(DRAWS, 1)),
        "gap_of_means": mutual_information_gap(mu, factors),
    }
    return {name: round(float(value), 6) for name, value in found.items()}


def summary(rows: list[Row], kind: str) -> list[dict[str, object]]:
    """Return, for each beta, the mean over seeds and the standard deviation (N - 1)."""
    found: list[dict[str, object]] = []
    of_kind = [row for row in rows if row["images"] == kind]
    for beta in sorted({row["beta"] for row in of_kind}):
        of_it = [row for row in of_kind if row["beta"] == beta]
        line: dict[str, object] = {"beta": beta}
        for name in sorted(of_it[0].keys() - {"images", "beta", "seed"}):
            values = [row[name] for row in of_it]
            spread = round(statistics.stdev(values), 6) if len(values) > 1 else None
            line[name] = {"mean": round(statistics.mean(values), 6), "std": spread}
        found.append(line)
    return found


def settings() -> dict[str, object]:
    """Return what the runs have in common, as the file says it."""
    return {
        "command": "python tools/measure_beta.py",
        "data": {
            kind: {"images": len(factors), "factors": [*FACTORS[: factors.shape[1]]]}
            for kind in HEADS
            for factors in images_of(kind)[1:]
        },
        "model": {"network": "dense", "latent": LATENT, "width": WIDTH}
        | {"heads": HEADS, "components": 1},
        "training": {"steps": STEPS, "batch_size": SIZE, "lr": RATE}
        | {"schedule": "warmup_cosine"},
        "draws": DRAWS,
    }


def rows_of(path: Path) -> list[Row]:
    """Return the runs that the file has already, none if it has other settings."""
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    same = all(old.get(name) == value for name, value in settings().items())
    rows: list[Row] = old["rows"] if same else []
    return rows


def main() -> None:
    """Train every beta with every seed that the file does not have yet."""
    path = MEASURED / "beta.json"
    rows = rows_of(path)
    done = {(row["images"], row["beta"], row["seed"]) for row in rows}
    for kind, beta, seed in product(HEADS, BETAS, SEEDS):
        if (kind, beta, seed) not in done:
            x, factors = images_of(kind)
            found = row_of(trained(kind, x, beta, seed), x, factors)
            rows.append({"images": kind, "beta": beta, "seed": seed, **found})
            print(rows[-1], flush=True)
            write(path, rows)


def write(path: Path, rows: list[Row]) -> None:
    """Write the runs, and their means and spreads, with how they were made."""
    result = {
        **settings(),
        "by_beta": {kind: summary(rows, kind) for kind in HEADS},
        "rows": sorted(rows, key=lambda row: (row["images"], row["beta"], row["seed"])),
        "made": provenance.describe(),
    }
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
