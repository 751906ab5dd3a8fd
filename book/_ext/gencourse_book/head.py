"""What the head of a page tells browsers, search engines and those who share it."""

from __future__ import annotations

import re
from html import escape, unescape
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx_sitemap import add_html_link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

    Context = dict[str, Any]

COURSE = "gencourse, an open course on deep generative models"
LONGEST = 220  # characters: about what search engines and cards show
TITLES = {"genindex": "Index", "search": "Search"}  # of pages that are no document
ICONS = (
    ("icon", "favicon.ico", 'sizes="32x32"'),
    ("apple-touch-icon", "_static/apple-touch-icon.png", 'sizes="180x180"'),
)


def plain(node: nodes.Node) -> str:
    """Return a node's words; where they hold a formula, those before it."""
    if isinstance(node, nodes.raw):
        text = unescape(re.sub(r"<[^>]+>", "", node.astext()))
    else:
        text = ""
        for part in node.findall():
            if isinstance(part, nodes.math):
                break
            text += part.astext() if isinstance(part, nodes.Text) else ""
    return " ".join(text.split())


def opening(doctree: nodes.document) -> Iterator[str]:
    """Yield what stands at the beginning of a page: its lead and its paragraphs."""
    for node in doctree.findall():
        lead = isinstance(node, nodes.raw) and "gc-lead" in node.astext()
        own = isinstance(node, nodes.paragraph)
        if lead or (own and isinstance(node.parent, nodes.section)):
            yield plain(node)


def description(title: str, doctree: nodes.document | None) -> str:
    """Return a page's first whole sentences, `LONGEST` characters at most."""
    said = ""
    for text in opening(doctree) if doctree else ():
        for sentence in re.findall(r"\S.*?[.?!](?=\s|$)", text):
            longer = f"{said} {sentence}".strip()
            if len(longer) > LONGEST:
                return said or longer[: LONGEST - 1].rsplit(" ", 1)[0] + "…"
            said = longer
        if said and len(said) >= LONGEST // 2:
            break
    return said or f"{title}: {COURSE}"


def add(context: Context, tag: str) -> None:
    """Put a tag into the head; pages that are no document have none yet."""
    context["metatags"] = f"{context.get('metatags', '')}\n    {tag}"


def describe(
    app: Sphinx, page: str, template: str, context: Context, tree: nodes.document | None
) -> None:
    """Describe a page in its own words, for search engines and for cards alike."""
    title = context.get("title") or TITLES.get(page, page)
    title = unescape(re.sub(r"<[^>]+>", "", title))
    words = escape(description(title, tree))
    add(context, f'<meta name="description" content="{words}" />')
    context["meta"] = {**(context.get("meta") or {}), "og:description": words}


def icons(
    app: Sphinx, page: str, template: str, context: Context, tree: nodes.document | None
) -> None:
    """Name the pictures that browsers without SVG icons ask for."""
    for kind, path, size in ICONS:
        href = context["pathto"](path, 1)
        add(context, f'<link rel="{kind}" {size} href="{href}" />')


def unlisted(
    app: Sphinx, page: str, template: str, context: Context, tree: nodes.document | None
) -> None:
    """Keep the page of lost readers out of search engines: it has many addresses."""
    if page == app.config.notfound_pagename:
        context["content_root"] = app.config.notfound_urls_prefix
        context["pageurl"] = None
        add(context, '<meta name="robots" content="noindex" />')


def list_every_page(app: Sphinx, error: Exception | None) -> None:
    """Hand every page to the sitemap, which would list those written this time."""
    app.sitemap_links = Queue()  # type: ignore[attr-defined]
    for page in sorted(app.env.found_docs):
        add_html_link(app, page, "", {}, None)


def robots(app: Sphinx, error: Exception | None) -> None:
    """Write robots.txt, which names the sitemap."""
    if error or app.builder.format != "html":
        return
    lines = ["User-agent: *", "Allow: /", f"Sitemap: {app.config.html_baseurl}"]
    text = "\n".join(lines) + app.config.sitemap_filename + "\n"
    Path(app.outdir, "robots.txt").write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Register the hooks: before Open Graph's at 500, after the lost page's at 400."""
    for hook in (describe, icons, unlisted):
        app.connect("html-page-context", hook, priority=450)
    app.connect("build-finished", list_every_page, priority=400)
    app.connect("build-finished", robots)
