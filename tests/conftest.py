from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from gencourse import data

TESTS = Path(__file__).parent
# Each takes minutes: begun last, they would keep one worker while others have no work.
LONGEST = (TESTS / "test_scoring.py", TESTS / "test_fresh.py")
StrongWeights = Callable[..., nn.Module]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files."""
    items.sort(key=lambda item: item.path not in LONGEST)


def strong_weights(module: nn.Module, seed: int = 0) -> nn.Module:
    """Fill every parameter from N(0, 0.7^2), in place, and return the module.

    At default initialisation a wrong variance or a reversed scan passes every law.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for parameter in module.parameters():
            nn.init.normal_(parameter, std=0.7)
    return module


@pytest.fixture
def with_strong_weights() -> StrongWeights:
    """``with_strong_weights(module, seed)`` fills the module and returns it."""
    return strong_weights


@pytest.fixture(scope="session")
def fashion_mnist() -> tuple[data.Images, data.Images]:
    """All of Fashion-MNIST, train and test, where it lies on this machine."""
    try:
        return tuple(
            data.load("fashion-mnist", split, download=False)
            for split in ("train", "test")
        )
    except FileNotFoundError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"Fashion-MNIST is not on this machine: {error}")
