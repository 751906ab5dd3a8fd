"""Print sentences so that a notebook breaks none of their words."""

from __future__ import annotations

import textwrap

WIDTH = 88  # characters; a notebook's output area breaks longer lines anywhere


def say(text: str) -> None:
    """Print a text in lines of whole words, the first one marked by standing out."""
    print(
        textwrap.fill(
            text,
            WIDTH,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    )
