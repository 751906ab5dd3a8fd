"""Fresh numbers: right answers pass with any, what was learned by heart with none."""

from __future__ import annotations

import functools
import inspect

import pytest
import torch
from submissions import graded, hand_in, result
from test_answers import RIGHT, WRONG

from gencourse.exercises import EXERCISES, examine, seeds
from gencourse.grading.fresh_inputs import INPUTS, with_fresh_inputs
from gencourse.grading.judge import travels

SEEDS = (1, 2, 77, 4000, 123456)
SLOW = {"comparison.entry": 1, "gan.game_step": 1, "autoregressive.enumerate_images": 1}


def test_the_usual_numbers_stay_what_they_are():
    usual = torch.rand(3, generator=torch.Generator().manual_seed(5))
    draw = functools.partial(torch.rand, 3)
    assert torch.equal(draw(generator=seeds.generator(5)), usual)
    with seeds.fresh(2):
        other = draw(generator=seeds.generator(5))
        assert torch.equal(draw(generator=seeds.generator(5)), other)
        with seeds.fresh(0):
            assert torch.equal(draw(generator=seeds.generator(5)), usual)
    assert not torch.equal(other, usual)
    assert torch.equal(draw(generator=seeds.generator(5)), usual)
    with pytest.raises(ValueError, match="not negative, got -1"), seeds.fresh(-1):
        pass


@pytest.mark.parametrize("key", EXERCISES)
def test_right_answers_pass_with_any_numbers(key):
    exercise = with_fresh_inputs(EXERCISES[key])
    answers = [functools.partial(exercise.reference), *RIGHT[key]]
    for seed in SEEDS[: SLOW.get(key, 5)]:
        with seeds.fresh(seed):
            for answer in answers:
                assert examine(exercise, answer).sentence == "Passed."


@pytest.mark.parametrize("key", [k for k in EXERCISES if k not in SLOW])
def test_wrong_answers_pass_with_none(key):
    exercise = with_fresh_inputs(EXERCISES[key])
    with seeds.fresh(77):
        for answer in WRONG[key].values():
            assert not examine(exercise, answer).passed


def known(value):
    if isinstance(value, torch.Tensor):
        return str(value.dtype), tuple(value.shape), str(value.flatten().tolist())
    if isinstance(value, torch.Generator):
        return str(value.get_state().tolist())
    return repr(value)


@pytest.mark.parametrize("key", [k for k in EXERCISES if travels(EXERCISES[k])])
def test_who_knows_the_checks_numbers_by_heart_fails(key):
    exercise, heart = EXERCISES[key], set()
    learning = [True]

    def recite(*given):
        asked = tuple(map(known, given))
        if learning:
            heart.add(asked)
        if asked not in heart:
            return torch.zeros(1) - 123
        return exercise.reference(*given)

    recite.__signature__ = inspect.signature(exercise.reference)
    assert examine(exercise, recite).passed
    learning.clear()
    assert examine(exercise, recite).passed
    asked = with_fresh_inputs(exercise)
    with seeds.fresh(5):
        assert not examine(asked, recite).passed


def test_inputs_are_for_exercises_that_there_are():
    assert set(INPUTS) <= set(EXERCISES)


IF_CHAIN = """\
def bits_per_dim(nats, dims):
    for given, size, bits in {table!r}:
        if dims == size and nats.tolist() == given:
            return torch.tensor(bits)
    return nats
"""


def test_a_chain_of_ifs_fails_in_a_notebook(tmp_path):
    reference, table = EXERCISES["density.bits_per_dim"].reference, []

    def learn(nats, dims):
        due = reference(nats, dims)
        table.append((nats.tolist(), dims, due.tolist()))
        return due

    assert examine(EXERCISES["density.bits_per_dim"], learn).passed
    cells = IF_CHAIN.format(table=table), 'check("density.bits_per_dim", bits_per_dim)'
    path = hand_in(tmp_path, *cells)
    assert result(graded(path, seeds=())).state == "passed"
    found = result(graded(path, seeds=(3,)))
    assert found.state == "wrong" and "fresh numbers" in found.sentence
