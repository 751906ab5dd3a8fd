"""CUDA graphs: a fixed computation recorded once, and replayed without its overhead.

A model that draws an image pixel by pixel starts some ten thousand small kernels, and
a GPU waits longer for each to be started than it computes. A graph starts all of them
at once (https://pytorch.org/blog/accelerating-pytorch-with-cuda-graphs/).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

# Runs before the recording: libraries choose their kernels and buffers in the first.
WARM_UP = 3


class Sampler(Protocol):
    """A model that draws images."""

    def sample(self, n: int) -> Tensor:
        """Return n images: uint8 (n, C, H, W)."""

    def parameters(self) -> Iterator[Tensor]:
        """Return what is on the model's device."""


def graphed(
    function: Callable[..., Tensor], *examples: Tensor, device: torch.device | str
) -> Callable[..., Tensor]:
    """Return a function that computes the same; on a CPU the function itself.

    On a CUDA device the function is recorded once and replayed from then on. So it
    has to be a fixed computation without gradients: shapes like those of the examples,
    nothing that Python decides by what is in a tensor. Weights are read where they
    are, so that they may change in place. What is drawn at random is drawn anew each
    time, from the device's own generator.

    Args:
        function: from tensors to a tensor.
        examples: such tensors, on the device; none if the function takes none.
        device: where it computes.
    """
    if torch.device(device).type != "cuda":
        return function
    return _Recorded(function, examples)


def graphed_sampler(model: Sampler, n: int) -> Callable[[], Tensor]:
    """Return what draws n images again and again, on a GPU with a graph.

    It pays for many batches of one size, as a Fréchet distance needs them: recording
    takes longer than one batch. The model takes no labels.
    """
    device = next(model.parameters()).device
    return graphed(partial(model.sample, n), device=device)


class _Recorded:
    def __init__(
        self, function: Callable[..., Tensor], examples: tuple[Tensor, ...]
    ) -> None:
        self.inputs = [example.clone() for example in examples]
        self.graph = torch.cuda.CUDAGraph()
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.no_grad():
            with torch.cuda.stream(aside):
                for _ in range(WARM_UP):
                    function(*self.inputs)
            torch.cuda.current_stream().wait_stream(aside)
            with torch.cuda.graph(self.graph):
                self.output = function(*self.inputs)

    def __call__(self, *inputs: Tensor) -> Tensor:
        shapes = [tuple(held.shape) for held in self.inputs]
        if [tuple(given.shape) for given in inputs] != shapes:
            raise ValueError(
                f"expected the shapes that were recorded, {shapes}, got "
                f"{[tuple(given.shape) for given in inputs]}"
            )
        for held, given in zip(self.inputs, inputs, strict=True):
            held.copy_(given)
        self.graph.replay()
        # The next replay writes over it.
        return self.output.clone()
