"""The VAE with two latent numbers: its decoder, its encoder, and test images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.onnx import register_custom_op_symbolic

import gencourse
from gencourse import data
from gencourse.vae import VAE
from live.common import OPSET, Graph, show, write_graph
from live.graphs.codes import Reach, spread, write_codes

REACH: Reach = ((-5.1, 5.1), (-5.1, 5.1))
STILL: Reach = ((-3.2, 3.2), (-2.6, 2.6))


class Decoder(nn.Module):
    """A code (1, 2) and levels (1, 1, 28, 28) -> an image, and what it explains."""

    def __init__(self, model: VAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, z: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean of p(x | z), grey in [0, 1], and -log p(x | z) in nats."""
        numbers = self.model.numbers(z)
        grey = self.model.head.mean(numbers) / (self.model.levels - 1)
        return grey, -self.model.head.log_prob(numbers, x).flatten(1).sum(1)


class Encoder(nn.Module):
    """Levels (1, 1, 28, 28) -> the mean and the log-variance of q(z | x): (1, 2)."""

    def __init__(self, model: VAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return both numbers of every latent dimension."""
        return self.model.encode(x)


def expm1(graph: Any, x: Any) -> Any:  # noqa: ANN401 - the exporter's own classes
    """Return exp(x) - 1 in ONNX, which has no operator for it.

    With t = tanh(x / 2) it is 2 t / (1 - t): near zero no digits are lost.
    """
    half, one, two = (
        graph.op("Constant", value_t=torch.tensor(number)) for number in (0.5, 1.0, 2.0)
    )
    tanh = graph.op("Tanh", graph.op("Mul", x, half))
    return graph.op("Div", graph.op("Mul", two, tanh), graph.op("Sub", one, tanh))


def log_sigmoid(graph: Any, x: Any) -> Any:  # noqa: ANN401
    """Return log(sigmoid(x)) in ONNX; the exporter's own is -infinity far below 0."""
    return graph.op("Neg", graph.op("Softplus", graph.op("Neg", x)))


def pictures(generator: torch.Generator) -> tuple[Tensor]:
    """Return an image of independent levels."""
    return (torch.randint(256, (1, 1, 28, 28), generator=generator).float(),)


def both(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return a code anywhere on the plane, and an image."""
    z = REACH[0][1] * (2 * torch.rand(1, 2, generator=generator) - 1)
    return z, *pictures(generator)


def write(folder: Path) -> None:
    """Write decoder.onnx, encoder.onnx, codes.json, images.bin and still.png."""
    for operator in (expm1, log_sigmoid):
        register_custom_op_symbolic(f"aten::{operator.__name__}", operator, OPSET)
    model = gencourse.load("vae-2d")
    decoded, encoded = ("grey", "nats"), ("mu", "log_var")
    write_graph(Graph("decoder", Decoder(model), ("z", "x"), decoded, both), folder)
    write_graph(Graph("encoder", Encoder(model), ("x",), encoded, pictures), folder)
    with torch.no_grad():
        mu, _ = model.encode(data.load("fashion-mini", "test").x)
        still = model.decode(spread(STILL, columns=12, rows=5))
    write_codes(mu, REACH, folder)
    show(still, columns=12, path=folder / "still.png")
