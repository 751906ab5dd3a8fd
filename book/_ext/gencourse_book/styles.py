"""One style sheet for all pages, without what no page uses.

The theme and the extensions bring a dozen sheets of 550 kB, three quarters of them for
parts that this book has not. What Sphinx copies stays as it is, and each build joins it
anew: the pages note which sheets they asked for.
"""

from __future__ import annotations

import posixpath
import re
import zlib
from typing import TYPE_CHECKING

from gencourse_book.node import ask

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

JOINED = "site.css"
SHEET = re.compile(
    r'[ \t]*<link (?=[^>]*rel="stylesheet")(?![^>]*media=)[^>]*?'
    r'href="([^"]*?_static/)([^"?]+\.css)[^"]*"[^>]*>\n?'
)
IMPORT = re.compile(r'@import\s+(?:url\()?["\']?([^"\')]+)["\']?\)?;')
NOTE = re.compile(r' data-sheets="([^"]*)"')
CLASSES = re.compile(r'\bclass="([^"]*)"')
WORD = re.compile(r"[\w-]*[a-zA-Z][\w-]*")


def sheets(page: str) -> list[str]:
    """Return the sheets that a page asks for, or asked for before it was relinked."""
    if note := NOTE.search(page):
        return note[1].split()
    return [name for _, name in SHEET.findall(page)]


def union(pages: Iterable[str]) -> list[str]:
    """Return the sheets of all pages, each once, in the order that the pages have."""
    found: list[str] = []
    for page in pages:
        place = 0
        for name in sheets(page):
            if name not in found:
                found.insert(place, name)
            place = found.index(name) + 1
    return found


def names(pages: Iterable[str], scripts: Iterable[str]) -> dict[str, list[str]]:
    """Return the class names that may occur, and how those begin that scripts make.

    A script may say ``bs-tooltip`` and add ``-auto`` to it later, or have ``btn-`` in a
    template.
    """
    words = {
        w for page in pages for given in CLASSES.findall(page) for w in given.split()
    }
    said = {word for script in scripts for word in WORD.findall(script)}
    starts = {word.rstrip("-") + "-" for word in said if "-" in word.strip("-")}
    starts |= {word for word in said if word.endswith("-") and word[0] != "-"}
    return {"words": sorted(words | said), "prefixes": sorted(starts)}


def expand(static: Path, name: str) -> list[dict[str, str]]:
    """Return a sheet after those that it imports: each one's place and its text."""
    text = (static / name).read_text("utf-8")
    places = [posixpath.join(posixpath.dirname(name), n) for n in IMPORT.findall(text)]
    parts = [part for p in places for part in expand(static, posixpath.normpath(p))]
    return [*parts, {"place": name, "text": IMPORT.sub("", text)}]


def join(static: Path, pages: list[str]) -> str:
    """Write the joined sheet into the folder ``static``; return its version."""
    own = [
        p for p in static.rglob("*.js") if p.relative_to(static).parts[0] != "vendor"
    ]
    scripts = [p.read_text("utf-8") for p in own if p.name != "fontawesome.js"]
    parts = [part for name in union(pages) for part in expand(static, name)]
    question = {**names(pages, scripts), "sheets": parts}
    text = ask("styles.mjs", "csstree.esm.js", question)
    (static / JOINED).write_text(text, encoding="utf-8")
    return f"{zlib.crc32(text.encode()):08x}"


def relink(page: str, version: str) -> str:
    """Return a page that asks for the joined sheet in place of its own ones."""
    if NOTE.search(page):
        return re.sub(
            rf"({re.escape(JOINED)}\?v=)\w+", rf"\g<1>{version}", page, count=1
        )
    found = SHEET.search(page)
    if found is None:
        return page
    link = (
        f'    <link rel="stylesheet" href="{found[1]}{JOINED}?v={version}" '
        f'data-sheets="{" ".join(sheets(page))}" />\n'
    )
    start = found.start()
    return page[:start] + link + SHEET.sub("", page[start:])
