"""CUDA graphs, as far as a CPU allows: what is recorded could be recorded."""

from __future__ import annotations

import contextlib

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from gencourse import cuda_graphs
from gencourse.cuda_graphs import graphed, graphed_sampler
from gencourse.gan import GAN
from gencourse.pixelcnn import GatedPixelCNN, PixelCNN
from gencourse.vae import VAE

SMALL = {"shape": (1, 4, 4), "levels": 4}
SAMPLERS = {
    "pixelcnn": lambda: PixelCNN(**SMALL, features=2, blocks=1),
    "gated": lambda: GatedPixelCNN(**SMALL, features=2),
    "vae": lambda: VAE(**SMALL, latent=2, width=4),
    "gan": lambda: GAN(**SMALL, latent=2, width=4),
}


class FakeGraph:
    """Replays by running what it recorded again, into the same tensors."""

    recorded = None

    def replay(self):
        function, inputs, output = self.recorded
        output.copy_(function(*inputs))


class FakeStream:
    def wait_stream(self, other):
        pass


@pytest.fixture
def gpu(monkeypatch):
    """Let a recording happen without a GPU; return how often the function ran."""
    monkeypatch.setattr(torch.cuda, "CUDAGraph", FakeGraph)
    monkeypatch.setattr(torch.cuda, "Stream", FakeStream)
    monkeypatch.setattr(torch.cuda, "current_stream", FakeStream)
    nothing = contextlib.nullcontext
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: nothing())
    monkeypatch.setattr(torch.cuda, "graph", lambda graph: nothing())

    def record(function, *examples):
        replayed = graphed(function, *examples, device="cuda")
        replayed.graph.recorded = (function, replayed.inputs, replayed.output)
        return replayed

    return record


def test_on_a_cpu_it_is_the_function_itself():
    function = torch.sin
    assert graphed(function, torch.zeros(2), device="cpu") is function


def test_a_replay_computes_with_what_it_is_given(gpu):
    calls = []

    def both(a, b):
        calls.append(torch.is_grad_enabled())
        return 2 * a + b

    replayed = gpu(both, torch.zeros(3), torch.zeros(3))
    assert calls == [False] * (cuda_graphs.WARM_UP + 1)
    a, b = torch.arange(3.0), torch.ones(3)
    first = replayed(a, b)
    second = replayed(b, b)
    assert torch.equal(first, 2 * a + b) and torch.equal(second, 3 * b)
    # What is given stays the caller's.
    assert torch.equal(a, torch.arange(3.0)) and torch.equal(b, torch.ones(3))


def test_other_shapes_are_refused(gpu):
    replayed = gpu(torch.sin, torch.zeros(3))
    for wrong in ((torch.zeros(2),), (), (torch.zeros(3), torch.zeros(3))):
        with pytest.raises(ValueError, match=r"expected the shapes .* \[\(3,\)\], got"):
            replayed(*wrong)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_sampler_on_a_cpu_draws_what_the_model_draws(name):
    model = SAMPLERS[name]().eval()
    draw = graphed_sampler(model, 3)
    torch.manual_seed(0)
    images = draw(), draw()
    torch.manual_seed(0)
    assert all(torch.equal(x, model.sample(3)) for x in images)
    assert images[0].shape == (3, 1, 4, 4) and images[0].dtype == torch.uint8


class NoLooking(TorchDispatchMode):
    """Refuses what makes a GPU wait for Python: no graph can record that."""

    refused = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "unique")

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.overloadpacket.__name__
        indexed = name == "index" and any(
            i is not None and i.dtype == torch.bool for i in args[1]
        )
        if name.lstrip("_") in {n.lstrip("_") for n in self.refused} or indexed:
            raise AssertionError(f"{name} looks at what is in a tensor")
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", SAMPLERS)
def test_sampling_never_looks_at_what_is_in_a_tensor(name):
    model = SAMPLERS[name]().eval()
    with NoLooking():
        assert model.sample(3).shape == (3, 1, 4, 4)


def test_looking_is_noticed():
    with NoLooking():
        for look in (torch.Tensor.item, torch.nonzero, lambda x: x[x > 0]):
            with pytest.raises(AssertionError, match="looks at"):
                look(torch.ones(1))
