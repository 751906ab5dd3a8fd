"""The book's own Sphinx extension: its map, and what stands around a chapter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.errors import ExtensionError

from gencourse_book import (
    access,
    address,
    age,
    directive,
    head,
    live,
    maths,
    pages,
    policy,
    quiz,
    weight,
    words,
)

if TYPE_CHECKING:
    from sphinx.application import Sphinx


PARTS = (
    *(access, address, age, directive, head, live, maths),
    *(pages, policy, quiz, weight, words),
)


def check_vendored(app: Sphinx) -> None:
    """Stop where KaTeX's style is missing: formulas would fall apart."""
    path = Path(app.srcdir, "assets", maths.STYLE)
    if not path.is_file():
        raise ExtensionError(f"{path} is missing: run `python tools/vendor.py`")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the parts; they keep no state of their own."""
    app.connect("builder-inited", check_vendored)
    for part in PARTS:
        part.setup(app)
    # What the search index holds is ours, too: a new number has every page read again.
    return {"parallel_read_safe": True, "parallel_write_safe": True, "env_version": 1}
