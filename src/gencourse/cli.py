"""The command line: gencourse train, sample, evaluate, scoreboard, recipes, grade."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gencourse import cli_options as options
from gencourse.cli_errors import on_any_screen, plain_errors, told_how_to_resume
from gencourse.grading.command import grade

if TYPE_CHECKING:
    from gencourse.recipe import Recipe

# Torch is imported inside the commands: --help must not wait for it.

app = typer.Typer(
    help="Train, sample and measure the models of the course.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.callback()(on_any_screen)
app.command()(grade)


@app.command()
def train(
    name: options.Name,
    resume: options.Resume = False,
    out: options.Out = None,
    steps: options.Steps = None,
    data: options.Data = None,
    device: options.Device = "auto",
    devices: options.Devices = 1,
    strategy: options.Strategy = "auto",
    precision: options.Precision = "auto",
    seed: options.Seed = None,
    compiled: options.Compiled = False,
    validation: options.Validation = False,
) -> None:
    """Train a model; write its weights and the card that says how they were made."""
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_MININTERVAL", "30")  # a log is not a screen
    with plain_errors():
        from gencourse import recipes
        from gencourse.recipe_training import checkpoint_of

        recipe = _changed(recipes.find(name), steps=steps, data=data, seed=seed)
        marks = ["-validation"] * validation + [f"-seed{seed}"] * (seed is not None)
        folder = out or Path("runs", "".join([name, *marks]))
        with told_how_to_resume(checkpoint_of(recipe, folder)):
            weights = recipes.train(
                recipe,
                out=folder,
                resume=resume,
                validation=validation,
                device=device,
                devices=devices,
                strategy=strategy,
                precision=precision,
                compiled=compiled,
            )
        card = recipes.card(name, folder)
        typer.echo(f"{weights}: {_told(card['metrics'])} ({card['metrics_split']})")


@app.command()
def sample(
    name: options.Name,
    out: Annotated[
        Path | None,
        typer.Option(help="The picture to write; else NAME.png."),
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="How many images.")] = 64,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    label: Annotated[
        int | None,
        typer.Option(help="Class of all images; else one class after another."),
    ] = None,
    path: options.From = None,
    reconstruct: Annotated[
        bool, typer.Option(help="Test images and, below each, its reconstruction.")
    ] = False,
) -> None:
    """Write a grid of images that a trained model draws."""
    with plain_errors():
        from gencourse import previews, recipes

        model = recipes.load(name, path)
        target = out or Path(f"{name}.png")
        if reconstruct:
            previews.write_grid(target, *previews.reconstructions(name, model, n))
        else:
            drawn = previews.samples(name, model, n, seed, label)
            previews.write_grid(target, drawn, 8)
        typer.echo(f"{target}: {n} images of {name}")


@app.command()
def evaluate(
    name: options.Name,
    path: options.From = None,
    few: Annotated[
        bool,
        typer.Option("--few", help="Only the first thousand images: a tenth as long."),
    ] = False,
    record: Annotated[
        bool,
        typer.Option("--record", help="Write what the scoreboard needs into the card."),
    ] = False,
) -> None:
    """Measure a row of the scoreboard again; exit 1 where it is not the card's."""
    with plain_errors():
        from gencourse import scoring

        if record and few:
            raise ValueError("--record takes all images: leave out --few")
        if record:
            section = scoring.record(name, path)
            typer.echo(f"{name}: {_told(section[scoring.ALL])}")
            return
        compared = scoring.evaluate(name, path, few=few)
        for metric, value in compared.found.items():
            on_card = compared.on_card.get(metric, float("nan"))
            typer.echo(f"{metric}: {value:.6g} (card {on_card:.6g})")
        if not compared.agrees:
            raise ValueError(f"not as on the card: {'; '.join(compared.differences)}")


@app.command()
def scoreboard(
    as_json: Annotated[bool, typer.Option("--json", help="As a JSON list.")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="As a table of Markdown.")
    ] = False,
) -> None:
    """Show every shipped model of images in one table, from the models' cards."""
    with plain_errors():
        if as_json and as_markdown:
            raise ValueError("expected --json or --markdown, got both")
        from gencourse import scoreboard_views as views
        from gencourse.scoreboard import rows

        markdown = views.as_markdown if as_markdown else views.as_text
        typer.echo((views.as_json if as_json else markdown)(rows()))


@app.command(name="recipes")
def list_recipes() -> None:
    """List what can be trained, and what comes trained with the package."""
    from gencourse.recipes import RECIPES, shipped

    ready = shipped()
    width = max(map(len, RECIPES))
    for name, recipe in RECIPES.items():
        state = "shipped" if name in ready else "-"
        typer.echo(
            f"{name:{width}}  {recipe.data:14}{recipe.steps:>7} steps  {state:8}  "
            f"{recipe.description}"
        )


def _changed(recipe: Recipe, **settings: int | str | None) -> Recipe:
    given = {name: value for name, value in settings.items() if value is not None}
    return replace(recipe, **given)  # type: ignore[arg-type]


def _told(metrics: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.6g}" for name, value in metrics.items())


if __name__ == "__main__":
    app()
