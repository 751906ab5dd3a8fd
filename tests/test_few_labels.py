"""The measurement of few labels is whole, and the code still gives its cheap rows."""

from __future__ import annotations

import measure_few_labels as tool
import pytest

from gencourse.evaluate import measured

ROWS = {
    (row["method"], row["labels"], row["draw"]): row["accuracy"]
    for row in measured("few-labels")["rows"]
}


def test_every_method_has_every_draw():
    assert measured("few-labels")["split"] == "test"
    wanted = {
        (method, labels, draw)
        for method in tool.methods()
        for labels in tool.LABELS
        for draw in range(tool.DRAWS)
    }
    assert ROWS.keys() == wanted
    assert len(measured("few-labels")["rows"]) == len(wanted)


@pytest.mark.parametrize(
    "method",
    [
        "logistic regression on pixels",
        "RBF-SVM on pixels",
        "frozen encoder, linear head",
    ],
)
def test_a_row_comes_back(fashion_mnist, method: str):
    train, test = fashion_mnist
    labelled = tool.draw_of(train[: -tool.HELD_BACK], 100, 1)
    predicted = tool.methods()[method](labelled, test.x, 1)
    accuracy = (predicted == test.y).double().mean().item()
    assert accuracy == pytest.approx(ROWS[method, 100, 1], abs=0.002)
