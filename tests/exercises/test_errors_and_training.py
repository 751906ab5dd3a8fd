"""A loss must be able to train; inputs that don't fit must be a ValueError."""

from __future__ import annotations

import autoencoder_answers as answers
import numpy as np
import pytest
import torch

from gencourse.exercises import EXERCISES, examine

LOSS = EXERCISES["autoencoder.reconstruction_loss"]
DRAW = EXERCISES["autoencoder.balanced_draw"]
NO_GRADIENT = "No gradient flows back through your loss: it cannot train anything."


def without_graph(x, r):
    with torch.no_grad():
        return answers.loss_right(x, r)


@pytest.mark.parametrize(
    "loss",
    [
        lambda x, r: answers.loss_right(x, r.detach()),
        lambda x, r: answers.loss_right(x, r).item(),
        lambda x, r: float(answers.loss_right(x, r)),
        lambda x, r: answers.loss_right(x, r).detach().numpy(),
        lambda x, r: np.square((x - r).numpy()).sum() / (2 * len(x)),
        lambda x, r: torch.tensor(answers.loss_right(x, r).item(), requires_grad=True),
        lambda x, r: answers.loss_right(x, r).detach() + 0 * r.sum(),
        without_graph,
    ],
)
def test_a_loss_without_gradient_does_not_pass(loss):
    verdict = examine(LOSS, answers.same_shape(loss))
    assert (verdict.passed, verdict.sentence) == (False, NO_GRADIENT)


@pytest.mark.parametrize(
    "same",
    [
        lambda a, b: a[0] == b[0],
        lambda a, b: a[1:] == b[1:],
        lambda a, b: len(a) == len(b),
        lambda a, b: a.numel() == b.numel(),
    ],
)
def test_whole_shapes_are_compared(same):
    def loss(x, r):
        if not same(x.shape, r.shape):
            raise ValueError
        return answers.loss_right(x, r)

    assert "a ValueError should be raised" in examine(LOSS, loss).sentence


@pytest.mark.parametrize(
    "message", ["class {}", "{}: 2 < 3", "only 2 of label {}.", "tensor({})"]
)
def test_a_label_counts_however_it_is_told(message):
    def error(label):
        return ValueError(message.format(int(label)))

    draw = answers.draw_by(answers._permuted, error=error)
    assert examine(DRAW, draw).sentence == "Passed."


@pytest.mark.parametrize("message", ["", "too few", "1", "wanted 3, 17 or 70 are left"])
def test_an_error_that_names_no_class_is_told(message):
    draw = answers.draw_by(answers._permuted, error=lambda c: ValueError(message))
    assert "does not say which class" in examine(DRAW, draw).sentence
