"""What a page weighs: pictures on demand, short drawings, no script before its time."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from gencourse_book import icons, listings, policy, styles
from gencourse_book.node import ask

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.config import Config

    Context = dict[str, Any]

PICTURE = re.compile(r'<img ([^>]*?)src="data:image/png;base64,([^"]+)"([^>]*)>')
DRAWING = re.compile(r'<svg [^>]*class="gencourse-figure".*?</svg>', re.DOTALL)

# All of the theme's icons, and the search index, which only the search page needs.
UNUSED = re.compile(
    r"[ \t]*<script\b[^>]*_static/scripts/fontawesome\.js[^>]*></script>\n?"
)
# Preloaded, they would come before the page's style sheet and its words.
PRELOAD = re.compile(r'[ \t]*<link rel="preload" as="script"[^>]*>\n?')
SEARCH = re.compile(
    r'[ \t]*<script\b[^>]*[/"](?:searchtools|language_data|searchindex)\.js[^>]*>'
    r"</script>\n?"
)
# It names the page to the theme's switch of versions, which the book has not.
PAGE_NAME = re.compile(
    r"[ \t]*<script>DOCUMENTATION_OPTIONS\.\w+ = [^<;]*;</script>\n?"
)
BLOCKING = re.compile(r"<script (?![^>]*\b(?:defer|async|type)\b)(?=[^>]*\bsrc=)")
SILENT = re.compile(r'<(i|span) class="([^"]*\bfa-[^"]*)"(?! aria-hidden)')
# The theme asks for the system's scheme only after it has shown the page in another.
SCHEME = (
    'localStorage.getItem("theme") || "auto"',
    '["light", "dark"].find((name) => name === document.documentElement.dataset.mode)'
    ' || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")',
)
LOGO = re.compile(r"<img (?=[^>]*/logo_colab\.png|[^>]*/logo\.svg)(?![^>]*width=)")
EAGER = 1  # pictures that stand near the top of a page


def pictures(
    app: Sphinx, page: str, template: str, context: Context, tree: nodes.Node | None
) -> None:
    """Move pictures out of the page into files, which a browser loads when near."""
    seen = 0

    def file(found: re.Match[str]) -> str:
        nonlocal seen
        seen += 1
        raw = base64.b64decode(found[2])
        path = f"_images/{hashlib.sha256(raw).hexdigest()[:16]}.png"
        target = Path(app.outdir, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(raw)
        with Image.open(io.BytesIO(raw)) as picture:
            size = 'width="{}" height="{}"'.format(*picture.size)
        late = "" if seen <= EAGER else ' loading="lazy"'
        source = context["pathto"](path, 1)
        return f'<img {found[1]}src="{source}" {size}{late} decoding="async"{found[3]}>'

    if "body" in context:
        context["body"] = PICTURE.sub(file, context["body"])


def drawings(
    app: Sphinx, page: str, template: str, context: Context, tree: nodes.Node | None
) -> None:
    """Shorten the drawings that Matplotlib wrote with six decimals."""
    if found := DRAWING.findall(context.get("body", "")):
        shorter = iter(ask("svg.mjs", "svgo.browser.js", found))
        context["body"] = DRAWING.sub(lambda _: next(shorter), context["body"])


def lean(text: str, searches: bool) -> str:
    """Return a page whose scripts wait, and are those that it needs."""
    text = UNUSED.sub("", text)
    text = PRELOAD.sub("", text)
    text = PAGE_NAME.sub("", text)
    text = text if searches else SEARCH.sub("", text)
    text = text.replace(*SCHEME)
    text = BLOCKING.sub('<script defer="defer" ', text)
    text = LOGO.sub('<img width="64" height="64" ', text)
    return SILENT.sub(r'<\1 class="\2" aria-hidden="true"', text)


def finish(app: Sphinx, error: Exception | None) -> None:
    """Lighten what the theme wrote around each page, in those of earlier builds too."""
    if error or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    static = folder / "_static"
    before = {path: path.read_text("utf-8") for path in policy.pages(folder)}
    plain = listings.plain((static / "pygments.css").read_text("utf-8"))
    pages = {
        path: listings.unwrap(lean(text, path == folder / "search.html"), plain)
        for path, text in before.items()
        if styles.sheets(text)
    }
    texts = list(pages.values())
    version = styles.join(static, texts)
    icons.write(static, texts)
    icons.cut_formulas(Path(app.srcdir, "assets"), static, texts)
    for path, text in pages.items():
        if (after := styles.relink(text, version)) != before[path]:
            path.write_text(after, encoding="utf-8")


def keep_tools_out(app: Sphinx, config: Config) -> None:
    """Leave out of the site what only the build runs."""
    config.exclude_patterns.append("vendor/build")


def setup(app: Sphinx) -> None:
    """Register the hooks; the last one comes before the page's policy is written."""
    app.connect("config-inited", keep_tools_out)
    app.connect("html-page-context", pictures, priority=700)
    app.connect("html-page-context", drawings, priority=700)
    app.connect("build-finished", finish, priority=600)
