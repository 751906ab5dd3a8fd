"""What a reader's notebook has beside the chapter: its start, and help on exercises."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from site_config import Site

INSTALL = """\
# Installs the course's package where it is missing; what is there stays as it is.
try:
    import gencourse
except ImportError:
    %pip install -q "{requirement}"
try:
    from gencourse.learning import start
except ImportError:
    raise ImportError(
        "There is no gencourse, or one older than this notebook. Is there a network? "
        "What pip said stands above. In Kaggle, Settings, Internet must be on. "
        "Then run this cell again. An older one is replaced by "
        '%pip install -U "{requirement}"'
    ) from None

start("{chapter}"{seconds})"""
WELCOME = """\
# {title}

This is the reader's notebook of a chapter of **gencourse**, an open course on deep \
generative models. The chapter itself, with pictures and solutions, is \
[on the site]({page}).

Run the cells from top to bottom. The first one installs the course's package where it \
is missing, says what this machine has and how long the chapter takes, and shows the \
exercises. What you have passed is kept in the file `gencourse-progress.json`, beside \
this notebook. An exercise can be skipped: the cells after it run all the same, with \
the course's own function. One that you pass is what they use."""
HELP = """

Stuck? Run `hint("{key}")` in a cell of its own, up to three times. The solution is \
[on the site]({address})."""
LABEL = re.compile(r"^:label: *(\S+)", re.MULTILINE)
CHECK = re.compile(r"""^check\(["']([\w.]+)["']""", re.MULTILINE)


def opening(
    title: str, page: str, site: Site, seconds: int | None
) -> list[NotebookNode]:
    """Return the two cells that every reader's notebook starts with."""
    install = INSTALL.format(
        requirement=site.requirement,
        chapter=page.split("/")[-1],
        seconds=f", seconds={seconds}" if seconds else "",
    )
    return [
        nbformat.v4.new_markdown_cell(
            WELCOME.format(title=title, page=site.page(page))
        ),
        nbformat.v4.new_code_cell(install),
    ]


def seconds_of(source: Path) -> int | None:
    """Return how long a chapter took in seconds, up to the next 30; None if unknown."""
    path = source.with_suffix(".ipynb")
    if not path.is_file():
        return None
    ours = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("gencourse", {})
    taken = ours.get("cpu_seconds")
    return 30 * math.ceil(taken / 30) if taken else None


def help_with(cells: list[NotebookNode], page: str, site: Site) -> str:
    """Return where help is, "" if the first of the cells is no exercise to check."""
    if cells[0].cell_type != "markdown" or "{exercise}" not in cells[0].source:
        return ""
    label = LABEL.search(cells[0].source)
    checks = [CHECK.search(c.source) for c in cells[1:] if c.cell_type == "code"]
    found = next(filter(None, checks), None)
    if not (label and found):
        return ""
    address = f"{site.page(page)}#{label[1]}"
    return HELP.format(key=found[1], address=address)
