"""Right answers may be of any floating dtype, and are held to what it can tell."""

from __future__ import annotations

import math

import autoencoder_answers
import autoregressive_answers
import comparison_answers
import density_answers
import gan_answers
import numpy as np
import pixelcnn_answers
import pixelrnn_answers
import pytest
import torch
import vae_answers

from gencourse.exercises import EXERCISES, compare, examine

HALVES = [torch.float16, torch.bfloat16]
OBJECTS = {"comparison.entry"}  # no numbers are returned
FLOATS = [
    key
    for key, exercise in EXERCISES.items()
    if not exercise.whole and key not in OBJECTS
]
# Far away their values lie beyond the largest float16.
FAR = {f"density.{kind}_log_prob" for kind in ("gaussian", "mixture", "kernel")}
FAR |= {"pixelcnn.logistic_bin"}
# A product of its result and its input needs one dtype.
BOUND = {"autoencoder.pca"}


WRONG = (
    density_answers.WRONG
    | pixelrnn_answers.WRONG
    | pixelcnn_answers.WRONG
    | autoregressive_answers.WRONG
    | autoencoder_answers.WRONG
    | vae_answers.WRONG
    | gan_answers.WRONG
    | comparison_answers.WRONG
)
FLOAT_PAIRS = {"gan.game_step"}  # Python's floats are of one precision


def cast(result, dtype):
    if isinstance(result, tuple):
        return tuple(cast(part, dtype) for part in result)
    return result.to(dtype) if isinstance(result, torch.Tensor) else result


def rounded(key, dtype):
    return examine(
        EXERCISES[key], lambda *given: cast(EXERCISES[key].reference(*given), dtype)
    )


@pytest.mark.parametrize("dtype", [*HALVES, torch.float64])
@pytest.mark.parametrize("key", FLOATS)
def test_right_answers_pass_in_any_precision(key, dtype):
    sentence = rounded(key, dtype).sentence
    if key in FAR and dtype == torch.float16:
        assert "float16 has no numbers beyond 65504" in sentence
    elif key in BOUND and dtype != torch.float64:
        assert f"From float64 your components come back in {dtype}" in sentence
    else:
        assert sentence == "Passed."


def test_arrays_of_half_precision_pass():
    exercise = EXERCISES["density.bits_per_dim"]
    for dtype, passes in ((np.float16, True), (np.float32, True), (np.int64, False)):
        verdict = examine(
            exercise, lambda x, d, t=dtype: exercise.reference(x, d).numpy().astype(t)
        )
        assert verdict.passed == passes


@pytest.mark.parametrize(
    ("dtype", "due"),
    [
        (torch.float16, 2e-3),
        (torch.bfloat16, 2e-2),
        (torch.float32, 1e-4),
        (torch.float64, 1e-4),
    ],
)
def test_tolerance_is_that_of_the_dtype(dtype, due):
    def passes(error):
        exercise = EXERCISES["density.bits_per_dim"]
        return examine(
            exercise, lambda x, d: (exercise.reference(x, d) * (1 + error)).to(dtype)
        ).passed

    assert passes(due / 2)
    assert not passes(2 * due)


@pytest.mark.parametrize("dtype", HALVES)
def test_small_numbers_are_held_to_the_absolute_tolerance(dtype):
    got, right = torch.tensor([1e-3]).to(dtype), torch.zeros(1)
    assert not compare.near(got, right)


@pytest.mark.parametrize("dtype", HALVES)
def test_a_mistake_is_told_in_half_precision(dtype):
    exercise = EXERCISES["density.bits_per_dim"]
    verdict = examine(
        exercise, lambda x, d: (exercise.reference(x, d) * math.log(2)).to(dtype)
    )
    assert "nats per dimension" in verdict.sentence
    off = examine(exercise, lambda x, d: (exercise.reference(x, d) * 1.3).to(dtype))
    assert "is due" in off.sentence


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("key", sorted(WRONG.keys() - FLOAT_PAIRS - OBJECTS))
def test_wrong_answers_stay_wrong_in_half_precision(key, dtype):
    for phrase, answer in WRONG[key].items():
        if phrase == "which nan_to_num puts":  # its largest float32 rounds to inf
            continue
        verdict = examine(
            EXERCISES[key], lambda *given, f=answer: cast(f(*given), dtype)
        )
        assert not verdict.passed, phrase
        full = examine(EXERCISES[key], answer).sentence
        assert ("function raise" in verdict.sentence) <= ("function raise" in full)
