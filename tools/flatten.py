"""Turn a page's MyST Markdown into plain Markdown, for a notebook read elsewhere.

Colab and Jupyter show directives and roles as they are typed. Each one that the course
uses is written out here in plain Markdown; any other is an error, never passed on.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from book_index import Book
from inline import Inline, normal
from listing import source_of
from myst import Directive, parse
from quiz_plain import plain_quiz
from site_config import ROOT

if TYPE_CHECKING:
    from gencourse_book.taxonomy import Place


class Flattener:
    """Flattens one page's Markdown, e.g. that of "chapters/density"."""

    def __init__(self, book: Book, page: str) -> None:
        self.book = book
        self.page = page
        self.inline = Inline(book, page)

    def flatten(self, text: str) -> str:
        """Return plain Markdown for MyST Markdown; ValueError where there is none."""
        blocks: list[str] = []
        prose: list[str] = []
        for piece in parse(text):
            if isinstance(piece, str):
                prose.append(piece)
                continue
            indent, found = piece
            blocks.append(self.inline.plain("\n".join(prose)))
            written = found if isinstance(found, str) else self.directive(found)
            blocks.append(textwrap.indent(written, indent))
            prose = []
        blocks.append(self.inline.plain("\n".join(prose)))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(blocks)).strip("\n")

    def directive(self, found: Directive) -> str:
        """Return a directive in plain Markdown; one that has none is a ValueError."""
        if found.name.startswith("prf:") or found.name in TITLED | UNTITLED:
            return self.note(found)
        if found.name not in DIRECTIVES:
            raise ValueError(f"the directive {{{found.name}}} has no plain form")
        return DIRECTIVES[found.name](self, found)

    def note(self, found: Directive) -> str:
        """Return a block quote with a bold title."""
        kind = found.name.removeprefix("prf:").capitalize()
        title, body = found.title or kind, found.body
        if found.name.startswith("prf:") and found.title:
            title = f"{kind}: {found.title}"
        if found.name in UNTITLED:  # what follows the name is the text's first line
            title, body = kind, f"{found.title}\n{found.body}".strip("\n")
        quoted = f"**{self.inline.plain(title)}**\n\n{self.flatten(body)}"
        return "\n".join(f"> {line}".rstrip() for line in quoted.split("\n"))

    def exercise(self, found: Directive) -> str:
        """Return an exercise under a bold title."""
        title = self.inline.plain(found.title)
        return f"**Exercise: {title}**\n\n{self.flatten(found.body)}"

    def nothing(self, found: Directive) -> str:
        """Return nothing: a solution is for those who ask for it, on the site."""
        return ""

    def picture(self, found: Directive) -> str:
        """Return a picture, loaded from the repository, with its caption."""
        if not found.options.get("alt"):
            raise ValueError(f"{{{found.name}}} {found.title} has no :alt: text")
        path = self.file(found.title)
        picture = f"![{found.options['alt']}]({self.book.site.raw(path)})"
        return f"{picture}\n\n{self.flatten(found.body)}".strip("\n")

    def listing(self, found: Directive) -> str:
        """Return the source of one object of the package, as a fence."""
        found.only("pyobject", "dedent", "language", "caption", "name", "class")
        if "pyobject" not in found.options:
            raise ValueError("{literalinclude} is known with :pyobject: only")
        path = self.book.root / self.file(found.title)
        return f"```python\n{source_of(path, found.options['pyobject'])}\n```"

    def code(self, found: Directive) -> str:
        """Return a fence of code."""
        return f"```{found.title}\n{found.body}\n```"

    def maths(self, found: Directive) -> str:
        """Return a displayed formula."""
        return f"$$\n{found.body.strip()}\n$$"

    def table(self, found: Directive) -> str:
        """Return a Markdown table under its caption."""
        return f"**{self.inline.plain(found.title)}**\n\n{self.flatten(found.body)}"

    def live(self, found: Directive) -> str:
        """Return a block quote that links to where the live model runs."""
        url = f"{self.book.site.page(self.page)}#live-{found.title}"
        said = f"**On the site, this comes to life: [try it]({url}).**"
        quoted = f"{said}\n\n{self.flatten(found.body)}"
        return "\n".join(f"> {line}".rstrip() for line in quoted.split("\n"))

    def quiz(self, found: Directive) -> str:
        """Return questions with answers that open."""
        found.only()
        return plain_quiz(found.body, self.flatten)

    def sources(self, found: Directive) -> str:
        """Return the works cited so far, as a list."""
        works = [self.book.described(key) for key in self.inline.cited]
        return "\n".join(f"- {work}" for work in sorted(works))

    def tabs(self, found: Directive) -> str:
        """Return what stands inside: each tab has a title of its own."""
        return self.flatten(found.body)

    def taxonomy(self, found: Directive) -> str:
        """Return the map of the course as a nested list."""
        return "\n".join(map_as_list(self.book))

    def file(self, target: str) -> str:
        """Return the path, from the root, of a file that the page names."""
        path = normal(Path("book", self.page).parent / target)
        if target.startswith("/"):
            path = f"book{target}"
        if not (self.book.root / path).is_file():
            raise ValueError(f"there is no file {path}")
        return path


DIRECTIVES: dict[str, Callable[[Flattener, Directive], str]] = {
    "exercise": Flattener.exercise,
    "solution": Flattener.nothing,
    "figure": Flattener.picture,
    "image": Flattener.picture,
    "literalinclude": Flattener.listing,
    "code-block": Flattener.code,
    "code": Flattener.code,
    "live": Flattener.live,
    "math": Flattener.maths,
    "quiz": Flattener.quiz,
    "table": Flattener.table,
    "bibliography": Flattener.sources,
    "tab-set": Flattener.tabs,
    "taxonomy": Flattener.taxonomy,
}
TITLED = {"admonition", "dropdown", "margin", "sidebar", "tab-item"}
UNTITLED = {"note", "tip", "hint", "important", "seealso", "warning", "caution"}


def map_as_list(book: Book) -> Iterator[str]:
    """Yield the map of the course as lines; what has a page links to the site."""
    extensions = str(ROOT / "book" / "_ext")
    if extensions not in sys.path:
        sys.path.append(extensions)
    from gencourse_book import taxonomy

    for start in (taxonomy.ROOT, taxonomy.BACKGROUND, taxonomy.COMPARISON):
        for depth, place in start.walk():
            yield f"{'  ' * depth}- {place_in_words(place, book)}"


def place_in_words(place: Place, book: Book) -> str:
    """Return a place of the map with its note, and a link once its page exists."""
    if place.page is None:
        return f"{place.name}: {place.note}"
    if place.page not in book.pages:
        return f"{place.name}: in preparation"
    return f"[{place.name}]({book.site.page(place.page)}): {place.note}"
