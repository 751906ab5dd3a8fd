"""The options of ``gencourse train``, and what several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(help="A recipe: see `gencourse recipes`.")]
From = Annotated[
    Path | None,
    typer.Option("--from", help="Folder of the model; else the shipped one."),
]
Resume = Annotated[bool, typer.Option(help="Go on from the checkpoint.")]
Out = Annotated[Path | None, typer.Option(help="Folder to write to; else runs/NAME.")]
Steps = Annotated[
    int | None, typer.Option(min=1, help="Steps instead of the recipe's.")
]
Data = Annotated[str | None, typer.Option(help="Data set instead of the recipe's.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Devices = Annotated[int, typer.Option(help="GPUs, or processes of a CPU.")]
Strategy = Annotated[
    str, typer.Option(help="Of several devices: auto, ddp or ddp_notebook.")
]
Precision = Annotated[str, typer.Option(help="auto, 32-true, bf16-mixed or 16-mixed.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Another seed.")]
Compiled = Annotated[
    bool, typer.Option("--compile", help="Compile the losses, on one GPU.")
]
Validation = Annotated[
    bool,
    typer.Option(help="Measure on held-back training images, not on the test set."),
]
