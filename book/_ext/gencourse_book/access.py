"""Names and roles that the theme's pages lack for readers who do not see or point."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from gencourse_book.policy import pages

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# What the theme and its extensions write, and what a page should have in its place.
MENDED = {
    # The words on it are its name.
    r'<summary aria-label="Toggle hidden content">': "<summary>",
    # An id stands once on a page, and these would once for each exercise.
    r'<section id="(?:exercise|solution)-content">': "<section>",
    # The role of a work was withdrawn: it is an item of its list.
    r'role="doc-biblioentry"': 'role="listitem"',
    # The field says "Search" itself; its shortcut is part of its words.
    r'(<button class="btn search-button-field[^"]*")[^>]*>': r'\1 type="button">',
    r'aria-label="Color mode" data-bs-title="Color mode"': (
        'aria-label="Colour scheme" data-bs-title="Colour scheme"'
    ),
    # An icon says nothing that its button does not say.
    r'<(i|span) (class="[^"]*\bfa-[^"]*")>': r'<\1 \2 aria-hidden="true">',
    r'(<i class="theme-switch[^"]*" data-mode="\w+") +title="[^"]*">': (
        r'\1 aria-hidden="true">'
    ),
    r'alt="Open in Colab logo"': 'alt=""',
    r'title="Toggle primary sidebar"': 'title="Contents of the course"',
    r'title="Toggle secondary sidebar"': 'title="On this page"',
    r'aria-label="Source repositories"': 'aria-label="Source of this page"',
    r'(<dialog id="pst-search-dialog")>': r'\1 aria-label="Search">',
    r'(<dialog id="pst-primary-sidebar-modal")>': (
        r'\1 aria-label="Contents of the course">'
    ),
    r'(<dialog id="pst-secondary-sidebar-modal")>': r'\1 aria-label="On this page">',
    # All that a page shows belongs to a landmark, the logo too.
    r'(<div class="sidebar-primary-item")>(?=\s*<a class="navbar-brand)': (
        r'\1 role="banner">'
    ),
    # Without scripts nothing turns "auto" into a scheme, and every colour is missing.
    r'(<html [^>]*data-theme=)"auto"': r'\1"light"',
}


# Opens the list of a page's contents, and stands where there is none, too.
OPENS_NOTHING = re.compile(
    r'<button class="sidebar-toggle secondary-toggle[^>]*>.*?</button>', re.DOTALL
)


def mended(text: str) -> str:
    """Return a page with all of it mended; one that is stays as it is."""
    if "bd-sidebar-secondary" not in text:
        text = OPENS_NOTHING.sub("", text)
    for wrong, right in MENDED.items():
        text = re.sub(wrong, right, text)
    return text


def mend(app: Sphinx, error: Exception | None) -> None:
    """Mend every page of the site, those of earlier builds too."""
    if error or app.builder.format != "html":
        return
    for path in pages(Path(app.outdir)):
        before = path.read_text(encoding="utf-8")
        after = mended(before)
        if after != before:
            path.write_text(after, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Register the hook, before the page's policy is made; and what goes with it."""
    app.connect("build-finished", mend, priority=800)
    app.add_js_file("access.js", loading_method="defer")
