"""What measuring costs: the Frechet distance, precision and recall, a VAE's bound.

The Frechet distance needs the trace of a root of a product of two covariances. The
package takes it from eigenvalues of a symmetric matrix; the usual way is scipy's root
of a matrix. Both are run on the same covariances, in float64 on one thread, and must
agree. Precision and recall are those of 2,000 features a side, 64 numbers each. The
bound is the importance-weighted one of 2 images with 500 codes each.

    python benchmarks/evaluation.py --json evaluation.json
"""

from __future__ import annotations

import math

import scipy.linalg
import torch
from common import Row, least_seconds, options, table, write
from threadpoolctl import threadpool_limits
from torch import Tensor

import gencourse
from gencourse import data
from gencourse.sample_quality import frechet_distance, moments, precision_and_recall

FEATURES = (64, 256, 1024, 2048)
POINTS, SIZE = 2000, 64
IMAGES, CODES = 2, 500
Moments = tuple[Tensor, Tensor]


def some_moments(size: int, seed: int) -> Moments:
    """Return mean and covariance of random features whose scales differ."""
    random = torch.Generator().manual_seed(seed)
    features = torch.randn(2 * size, size, generator=random, dtype=torch.float64)
    return moments(features * torch.linspace(0.1, 2, size))


def by_root(real: Moments, fake: Moments) -> float:
    """Return the squared Frechet distance by scipy's root of a matrix."""
    (mean_a, a), (mean_b, b) = real, fake
    root = scipy.linalg.sqrtm((a @ b).numpy())
    squares = (mean_a - mean_b).square().sum()
    return float(squares + a.trace() + b.trace() - 2 * root.real.trace())


def distances(size: int, repeats: int) -> Row:
    """Return what the distance costs both ways; RuntimeError where they disagree."""
    real, fake = some_moments(size, 0), some_moments(size, 1)
    ours, theirs = float(frechet_distance(*real, *fake)), by_root(real, fake)
    if not math.isclose(ours, theirs, rel_tol=1e-6):
        raise RuntimeError(f"{ours} by eigenvalues, {theirs} by the root, of {size}")
    count = 1 if size > 1000 else repeats
    eigenvalues = least_seconds(lambda: frechet_distance(*real, *fake), count, False)
    root = least_seconds(lambda: by_root(real, fake), count, False)
    return {
        "features": size,
        "eigenvalues": eigenvalues,
        "scipy": root,
        "ratio": root / eigenvalues,
    }


def others(points: int, codes: int, repeats: int) -> Row:
    """Return the seconds of precision and recall, and of a VAE's bound."""
    random = torch.Generator().manual_seed(0)
    real, fake = (torch.randn(points, SIZE, generator=random) for _ in range(2))
    x = data.load("fashion-mini", "test").x[:IMAGES]
    vae = gencourse.load("vae")
    with torch.inference_mode():
        return {
            "precision and recall": least_seconds(
                lambda: precision_and_recall(real, fake), repeats
            ),
            "bound": least_seconds(lambda: vae.iwae(x, codes), repeats, False),  # type: ignore[operator]
        }


def main(arguments: list[str] | None = None) -> None:
    """Print the tables, and write them as JSON where that is asked for."""
    given = options(__doc__, repeats=5).parse_args(arguments)
    torch.set_num_threads(1)
    sizes, points, codes, repeats = FEATURES, POINTS, CODES, given.repeats
    if given.quick:
        sizes, points, codes, repeats = (8, 16), 50, 5, 1
    with threadpool_limits(1):  # scipy's own threads
        rows = [distances(size, repeats) for size in sizes]
    rest = others(points, codes, repeats)
    print("Frechet distance, CPU seconds on one thread")
    table(rows)
    print(f"{points} points a side, {SIZE} features; {IMAGES} images, {codes} codes")
    table([rest])
    told = {"points": points, "size": SIZE, "images": IMAGES, "codes": codes}
    write(given.json, {"frechet": rows, "others": rest, **told})


if __name__ == "__main__":
    main()
