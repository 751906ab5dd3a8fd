"""The tested models behind gencourse, an open course on deep generative models."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

__version__ = "0.1.0"


def profile() -> str:
    """Return "full" where CUDA is available, else "quick".

    ``GENCOURSE_PROFILE`` overrides it; another value is a ValueError.
    """
    import torch

    found = os.environ.get("GENCOURSE_PROFILE")
    if found is None:
        return "full" if torch.cuda.is_available() else "quick"
    if found not in {"quick", "full"}:
        raise ValueError(f"GENCOURSE_PROFILE is {found!r}, expected 'quick' or 'full'")
    return found


def load(name: str) -> nn.Module:
    """Return the shipped, trained model of that name, in eval mode.

    A name that is not shipped is a ValueError that lists those that are.
    """
    from gencourse.recipes import load as load_recipe

    return load_recipe(name)
