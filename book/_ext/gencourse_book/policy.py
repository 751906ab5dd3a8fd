"""A strict Content-Security-Policy on every page, for the scripts that it holds."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.util import logging

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

LOGGER = logging.getLogger(__name__)
NO_PAGES = {"_static", "_sources"}
DATA = re.compile(r"^(?!text/javascript|application/javascript|module|importmap).+")
CHARSET = re.compile(r'<meta charset="[^"]+" ?/?>', re.IGNORECASE)
OWN = re.compile(r'\n? *<meta http-equiv="Content-Security-Policy"[^>]*>')

# The theme's two buttons, and what assets/actions.js does in place of their handlers.
ACTIONS = {
    'onclick="window.print()"': 'data-gc-action="print"',
    'onclick="toggleFullScreen()"': 'data-gc-action="fullscreen"',
}


class Scripts(HTMLParser):
    """Collects what a policy is about: inline scripts, and handlers in the markup."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.bodies: list[str] = []
        self.handlers: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note handlers, and whether a script's body follows that the page runs."""
        given = {name: value or "" for name, value in attrs}
        for name, value in given.items():
            code = value.strip().lower().startswith("javascript:")
            if name.startswith("on") or code:
                self.handlers.append(f'<{tag} {name}="{value}">')
        runs = not DATA.match(given.get("type", "").lower())
        self.inside = tag == "script" and "src" not in given and runs
        if self.inside:
            self.bodies.append("")

    def handle_data(self, data: str) -> None:
        """Add to the script that is open."""
        if self.inside:
            self.bodies[-1] += data

    def handle_endtag(self, tag: str) -> None:
        """Close the script."""
        self.inside = self.inside and tag != "script"


def digest(body: str) -> str:
    """Return how a policy names an inline script."""
    # A browser hashes a script after it has read line ends, as "\n" alone.
    raw = body.replace("\r\n", "\n").encode()
    return f"'sha256-{base64.b64encode(hashlib.sha256(raw).digest()).decode()}'"


def policy(bodies: list[str]) -> str:
    """Return the policy of a page with these inline scripts."""
    hashes = sorted({digest(body) for body in bodies})
    rules = {
        "default-src": ["'none'"],
        # WebAssembly is compiled, never evaluated as text: models run in it.
        "script-src": ["'self'", "'wasm-unsafe-eval'", *hashes],
        # Formulas, drawn figures and tables come with styles of their own.
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "worker-src": ["'self'", "blob:"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
    return "; ".join(" ".join([rule, *allowed]) for rule, allowed in rules.items())


def with_policy(text: str) -> tuple[str, list[str]]:
    """Return a page with its policy, and the handlers that the policy would stop.

    Raises:
        ValueError: The page does not say its charset, which a policy comes after.
    """
    for handler, action in ACTIONS.items():
        text = text.replace(handler, action)
    text = OWN.sub("", text)
    place = CHARSET.search(text)
    if place is None:
        raise ValueError('no <meta charset="..."> to put the policy behind')
    found = Scripts()
    found.feed(text)
    found.close()
    rules = policy(found.bodies)
    tag = f'<meta http-equiv="Content-Security-Policy" content="{rules}" />'
    return f"{text[: place.end()]}\n    {tag}{text[place.end() :]}", found.handlers


def pages(folder: Path) -> Iterator[Path]:
    """Yield the site's pages; the theme's own templates lie among its static files."""
    for path in sorted(folder.rglob("*.html")):
        if path.relative_to(folder).parts[0] not in NO_PAGES:
            yield path


def protect(app: Sphinx, error: Exception | None) -> None:
    """Write the policy into every page of the site, those of earlier builds too."""
    if error or app.builder.format != "html":
        return
    for path in pages(Path(app.outdir)):
        name = path.relative_to(app.outdir).as_posix()
        before = path.read_text(encoding="utf-8")
        try:
            after, handlers = with_policy(before)
        except ValueError as wrong:
            LOGGER.warning("%s: %s", name, wrong)
            continue
        for handler in handlers:
            LOGGER.warning("%s: the page's policy stops %s", name, handler)
        if after != before:
            path.write_text(after, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Register the hook, after all that writes pages."""
    app.connect("build-finished", protect, priority=900)
