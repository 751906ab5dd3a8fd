"""What the first cell of a reader's notebook says."""

from __future__ import annotations

import os
import platform

from gencourse.exercises.lines import say
from gencourse.learning.panel import exercises_of, open_panel

HOW_TO_GET_ONE = (
    "None is needed. To switch one on: in Colab choose Runtime, Change runtime type, "
    "T4 GPU; in Kaggle choose Settings, Accelerator; then run all cells from the top."
)


def start(chapter: str, *, seconds: int | None = None) -> None:
    """Say what this notebook runs on and how long it takes, and show the exercises.

    Args:
        chapter: its name, such as "vae"; an unknown one is a ValueError.
        seconds: how long the chapter took in the profile quick, where it was measured.
    """
    exercises_of(chapter)
    import gencourse

    say(_device())
    say(_time(gencourse.profile(), seconds))
    say(f"{_versions()}; these go into a report when something fails.")
    open_panel(chapter)


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return f"Found a GPU: {torch.cuda.get_device_name()}."
    cores = os.cpu_count() or 1
    return f"Found no GPU: this runs on {cores} processor cores. {HOW_TO_GET_ONE}"


def _time(profile: str, seconds: int | None) -> str:
    if profile == "full":
        return (
            "The chapter trains its models in full. How long that takes on a GPU has "
            "not been measured; GENCOURSE_PROFILE=quick makes the runs short."
        )
    measured = f"about {seconds} seconds" if seconds else "about a minute"
    return (
        f"Here the chapter's runs are short, and trained weights are loaded: {measured}"
        " on one core of the machine that it was measured on."
    )


def _versions() -> str:
    import numpy
    import torch

    import gencourse

    return (
        f"gencourse {gencourse.__version__}, torch {torch.__version__}, "
        f"numpy {numpy.__version__}, Python {platform.python_version()}"
    )
