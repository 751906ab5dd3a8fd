"""The book's own Sphinx extension: its map, and what stands around a chapter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.errors import ExtensionError

from gencourse_book import directive, pages

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def check_vendored(app: Sphinx) -> None:
    """Stop where MathJax is missing: the pages would show raw formulas."""
    path = Path(app.srcdir, "assets", app.config.mathjax_path)
    if not path.is_file():
        raise ExtensionError(f"{path} is missing: run `python tools/vendor.py`")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register both parts; they keep no state of their own."""
    app.connect("builder-inited", check_vendored)
    directive.setup(app)
    pages.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
