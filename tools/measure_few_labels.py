"""Measure what an encoder is worth when labels are few, for a chapter of the book.

    python tools/measure_few_labels.py

It writes src/gencourse/measured/few-labels.json after every draw: stopped, it goes on
where it was. The learning rate and the C of the linear models and of the kernel machine
were chosen on the last 5,000 training images, which no draw of labels touches; the test
set is used for the final numbers alone. ``--validation`` judges by those images instead
and writes to runs/few-labels-validation.json.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import torch
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
from torch import Tensor
from torch.optim import Adam

import gencourse
from gencourse import data, provenance
from gencourse.autoencoder import Autoencoder, Classifier, ConvAutoencoder
from gencourse.codes import balanced_draw
from gencourse.data import Images
from gencourse.evaluate import MEASURED
from gencourse.train import Batches, fit

LABELS = (10, 100, 600, 1000)
DRAWS = 5
HELD_BACK = 5000
Fit = Callable[[Images, Tensor, int], Tensor]  # labelled, to predict, seed -> classes


def logistic_regression(labelled: Images, x: Tensor, seed: int) -> Tensor:
    """Return classes by logistic regression on the pixels."""
    return _by_sklearn(LogisticRegression(C=1.0, max_iter=2000), labelled, x)


def kernel_machine(labelled: Images, x: Tensor, seed: int) -> Tensor:
    """Return classes by a support vector machine with a radial kernel on the pixels."""
    return _by_sklearn(SVC(C=10), labelled, x)


def from_scratch(labelled: Images, x: Tensor, seed: int) -> Tensor:
    """Return classes by the encoder's network, all weights random."""
    torch.manual_seed(seed)
    return _trained(Classifier(ConvAutoencoder()), labelled, x, seed)


def fine_tuned(autoencoder: Autoencoder) -> Fit:
    """Return a fit that starts from the encoder and trains all of it."""

    def classify(labelled: Images, x: Tensor, seed: int) -> Tensor:
        torch.manual_seed(seed)
        return _trained(Classifier(autoencoder), labelled, x, seed)

    return classify


def frozen(autoencoder: Autoencoder) -> Fit:
    """Return a fit of a linear head on the codes of an encoder that stays as it is."""

    def classify(labelled: Images, x: Tensor, seed: int) -> Tensor:
        codes, to_predict = _codes(autoencoder, labelled.x), _codes(autoencoder, x)
        mean, std = codes.mean(0), codes.std(0)
        head = LogisticRegression(C=0.1, max_iter=2000)
        head.fit(((codes - mean) / std).numpy(), labelled.y.numpy())
        return torch.from_numpy(head.predict(((to_predict - mean) / std).numpy()))

    return classify


def draw_of(pool: Images, labels: int, draw: int) -> Images:
    """Return that many labelled images, as many of each class; a draw is a seed."""
    chooser = torch.Generator().manual_seed(draw)
    return pool[balanced_draw(pool.y, labels // 10, chooser)]


def methods() -> dict[str, Fit]:
    """Return what is compared, by name."""
    plain, denoising = (
        gencourse.load("autoencoder"),
        gencourse.load("denoising-autoencoder"),
    )
    assert isinstance(plain, Autoencoder)
    restorer = denoising.autoencoder
    assert isinstance(restorer, Autoencoder)
    return {
        "logistic regression on pixels": logistic_regression,
        "RBF-SVM on pixels": kernel_machine,
        "network from scratch": from_scratch,
        "frozen encoder, linear head": frozen(plain),
        "fine-tuned encoder": fine_tuned(plain),
        "frozen denoising encoder, linear head": frozen(restorer),
        "fine-tuned denoising encoder": fine_tuned(restorer),
    }


def _by_sklearn(model: LogisticRegression | SVC, labelled: Images, x: Tensor) -> Tensor:
    model.fit(labelled.x.flatten(1).numpy() / 255.0, labelled.y.numpy())
    return torch.from_numpy(model.predict(x.flatten(1).numpy() / 255.0))


def _trained(model: Classifier, labelled: Images, x: Tensor, seed: int) -> Tensor:
    batches = Batches(
        labelled.x, labelled.y, size=min(64, len(labelled)), steps=300, seed=seed
    )
    fit([(Adam(model.parameters(), lr=3e-3), model.losses)], batches, progress=False)
    with torch.inference_mode():
        return torch.cat([model.predict(part) for part in x.split(500)])


@torch.inference_mode()
def _codes(autoencoder: Autoencoder, x: Tensor) -> Tensor:
    return torch.cat([autoencoder.encode(part) for part in x.split(500)])


def main() -> None:
    """Measure every method, size and draw that the file does not have yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--validation", action="store_true")
    args = parser.parse_args()
    path = Path("runs/few-labels-validation.json")
    if not args.validation:
        path = MEASURED / "few-labels.json"
    train = data.load("fashion-mnist", "train")
    pool, held_back = train[:-HELD_BACK], train[-HELD_BACK:]
    judge = held_back if args.validation else data.load("fashion-mnist", "test")
    rows = json.loads(path.read_text())["rows"] if path.exists() else []
    done = {(row["method"], row["labels"], row["draw"]) for row in rows}
    compared = methods()
    for labels in LABELS:
        for draw in range(DRAWS):
            labelled = draw_of(pool, labels, draw)
            missing = [m for m in compared if (m, labels, draw) not in done]
            for method in missing:
                began = time.perf_counter()
                right = compared[method](labelled, judge.x, draw) == judge.y
                row = {"method": method, "labels": labels, "draw": draw}
                row["accuracy"] = round(right.double().mean().item(), 4)
                row["seconds"] = round(time.perf_counter() - began, 1)
                rows.append(row)
                print(row, flush=True)
            if missing:  # else the note of where it was made would be untrue
                _write(path, rows, "validation" if args.validation else "test")


def _write(path: Path, rows: list[dict[str, object]], split: str) -> None:
    result = {
        "command": "python tools/measure_few_labels.py",
        "split": split,
        "rows": rows,
        "made": provenance.describe(),
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
