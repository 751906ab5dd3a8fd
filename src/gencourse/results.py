"""The likelihoods that trained models reached, beside those of the baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gencourse import recipes
from gencourse.cards import Card
from gencourse.evaluate import measured
from gencourse.figures import Picture, table

HEADER = ("model", "bits per dimension", "parameters", "CPU-minutes", "seed")
CAPTION = (
    "Test bits per dimension on the 10,000 test pictures of Fashion-MNIST, 28 by 28, "
    "256 levels; lower is better. The first rows are counts, not networks. CPU-minutes "
    "are those of training."
)
BOUNDS_HEADER = (
    "model",
    "at most (IWAE-500), bits per dimension",
    "at most (ELBO), bits per dimension",
    "reconstruction, nats",
    "KL, nats",
    "active dimensions",
    *HEADER[2:],
)
BOUNDS = {
    "iwae_500_bits_per_dim": ".3f",
    "elbo_bits_per_dim": ".3f",
    "reconstruction_nats": ".1f",
    "kl_nats": ".1f",
    "active_dimensions": ".0f",
}
BOUNDS_CAPTION = (
    "What models with latent variables need at most for the 10,000 test pictures of "
    "Fashion-MNIST, 28 by 28, 256 levels; lower is better. The likelihood itself is "
    "known of none of them. Reconstruction and KL, in nats per picture, are the two "
    "halves of the ELBO; an active dimension of the code tells pictures apart. "
    "CPU-minutes are those of training."
)
SAMPLES_HEADER = ("model", "Fréchet distance", "precision", "recall", *HEADER[2:])
SAMPLES_CAPTION = (
    "Samples against the test pictures of Fashion-MNIST. Squared Fréchet distance in "
    "the features of the shipped {}, {:,} test pictures and as many samples; lower is "
    "better, and the first row is its floor: half of the training pictures, 30,000. "
    "Precision and recall with k = 3; those of the floor are of 10,000 training "
    "pictures. CPU-minutes are those of training."
)


def likelihoods(names: Sequence[str], remark: str = "") -> Picture:
    """Return a table of test bits per dimension: baselines, then trained models.

    The numbers are those of the measured baselines and of the models' cards.

    Args:
        names: shipped models of Fashion-MNIST that have the metric; see `recipes.load`
            for the errors of others.
        remark: added to the caption.
    """
    known = measured("baselines")["test_bits_per_dim"]
    rows: list[tuple[object, ...]] = [
        (name, f"{bits:.3f}", "-", "-", "-") for name, bits in known.items()
    ]
    for name in names:
        card = recipes.card(name)
        if "bits_per_dim" not in card["metrics"]:
            raise ValueError(f"expected models with bits per dimension, got {name!r}")
        bits = card["metrics"]["bits_per_dim"]
        rows.append((name, f"{bits:.3f}", *_made(card)))
    return table(HEADER, rows, f"{CAPTION} {remark}".strip())


def bounds(names: Sequence[str], remark: str = "") -> Picture:
    """Return a table of what bounds the test bits per dimension of trained models.

    The numbers are those of the models' cards.

    Args:
        names: shipped models of Fashion-MNIST, each with the metrics in BOUNDS; see
            `recipes.load` for the errors of others.
        remark: added to the caption.
    """
    rows, counts = [], set()
    for name in names:
        card = recipes.card(name)
        metrics = card["metrics"]
        if missing := BOUNDS.keys() - metrics.keys():
            raise ValueError(
                "expected models with bounds in bits per dimension, got "
                f"{name!r}, whose card has no {min(missing)}"
            )
        shown = [format(metrics[key], form) for key, form in BOUNDS.items()]
        rows.append((name, *shown, *_made(card)))
        counts.add(metrics.get("iwae_500_images", 10_000))
    if counts - {10_000}:
        told = " or ".join(f"{count:,.0f}" for count in sorted(counts))
        remark = f"IWAE-500 is that of the first {told} pictures. {remark}"
    return table(BOUNDS_HEADER, rows, f"{BOUNDS_CAPTION} {remark}".strip())


def samples(names: Sequence[str], remark: str = "") -> Picture:
    """Return a table of how good samples are, after what real images would get.

    The numbers are those of the models' cards; for models whose cards have none they
    were measured once, as `tools/measure_samples.py` does.

    Args:
        names: shipped models of Fashion-MNIST; see `recipes.load` for the errors of
            others.
        remark: added to the caption.
    """
    found = measured("samples")
    floor = found["floor"]
    rows: list[tuple[object, ...]] = [
        ("training pictures", *_quality({**floor, "frechet_distance": floor["half"]})),
    ]
    rows[0] += ("-", "-", "-")
    for name in names:
        card = recipes.card(name)
        quality = {**found["models"].get(name, {}), **card["metrics"]}
        if "frechet_distance" not in quality:
            raise ValueError(f"expected models with measured samples, got {name!r}")
        rows.append((name, *_quality(quality), *_made(card)))
    caption = SAMPLES_CAPTION.format(found["extractor"], found["images"])
    return table(SAMPLES_HEADER, rows, f"{caption} {remark}".strip())


def _quality(found: Mapping[str, float]) -> tuple[str, str, str]:
    distance = f"{found['frechet_distance']:.2f}"
    return distance, f"{found['precision']:.1%}", f"{found['recall']:.1%}"


def _made(card: Card) -> tuple[str, str, object]:
    """Return what a table says last of a model: parameters, CPU-minutes and seed."""
    minutes = card["cpu_seconds"] / 60
    return f"{card['parameters']:,}", f"{minutes:.0f}", card["seed"]
