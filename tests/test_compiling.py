"""Compiled losses: the same numbers, where they are allowed."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.optim import SGD

from gencourse.compiling import check_compiling, compile_turns, told_what_compiles
from gencourse.gan import PointGAN
from gencourse.gan_recipes import game_turns
from gencourse.train import Batches, fit, make_fabric
from gencourse.turns import describe, owner_of


class Curve(nn.Linear):
    def __init__(self):
        super().__init__(3, 3)
        nn.init.eye_(self.weight)
        nn.init.zeros_(self.bias)

    def losses(self, x):
        return {"square": (self(x) - 1).square().sum(1).mean()}


def run(backend=None):
    model = Curve()
    turns = 2 * [(SGD(model.parameters(), lr=0.01), model.losses)]
    if backend:
        turns = compile_turns(turns, backend)
        assert turns[0] == turns[1] and owner_of(turns[0][1]) is model
        assert describe(turns[0]).startswith("Curve.losses by SGD")
    x = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    history = fit(turns, Batches(x, size=4, steps=5), progress=False)
    assert not model.training
    return history["square"]


def test_compiled_losses_are_the_same():
    # This backend follows the code as any other, and translates nothing.
    found = run("aot_eager")
    assert found == pytest.approx(run(), rel=1e-6) and found[-1] < found[0]


@pytest.mark.filterwarnings("ignore:The .grad attribute")
def test_a_gradient_penalty_cannot_be_compiled():
    gan = PointGAN(width=4, r1=1.0)
    turns = compile_turns(game_turns(gan, 0.01, 0.0), "aot_eager")
    batches = Batches(torch.randn(8, 2), size=4, steps=1)
    with pytest.raises(ValueError, match="gradient penalty"), told_what_compiles():
        fit(turns, batches, progress=False)


def test_other_errors_stay_what_they_are():
    with pytest.raises(RuntimeError, match="else"), told_what_compiles():
        raise RuntimeError("something else")


def test_a_cpu_and_several_devices_are_refused():
    with pytest.raises(ValueError, match="compiled losses are for a GPU"):
        check_compiling(make_fabric("cpu"))
    with pytest.raises(ValueError, match=r"expected one device .* got 2"):
        check_compiling(make_fabric("cpu", devices=2))
