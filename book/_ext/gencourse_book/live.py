"""The directive ``{live}``: a figure that a reader can bring to life.

Its argument names the live model: assets/live/NAME.js runs it, and the still picture
assets/models/NAME/still.png stands for it until then, and where there is no JavaScript.
"""

from __future__ import annotations

import posixpath
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from PIL import Image
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

STYLE, SCRIPT = "live/live.css", "live/live.js"


class live_model(nodes.General, nodes.Element):  # noqa: N801 - docutils' custom
    """Where a live model stands; what is inside is its caption."""


class Live(SphinxDirective):
    """Put a live model on a page. ``:alt:`` says what its still picture shows."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        "alt": directives.unchanged_required,
        "words": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return the model's node with its caption."""
        name = self.arguments[0]
        assets = Path(self.env.srcdir, "assets")
        still = assets / "models" / name / "still.png"
        if not (assets / "live" / f"{name}.js").is_file():
            raise self.error(f"there is no live model {name!r}: assets/live/{name}.js")
        if not still.is_file():
            raise self.error(f"{still} is missing: run `python tools/export_live.py`")
        if not self.options.get("alt") or not self.content:
            raise self.error(f"the live model {name!r} needs :alt: and a caption")
        with Image.open(still) as picture:
            size = picture.size
        self.env.note_dependency(str(still))
        self.env.metadata[self.env.docname]["live"] = True
        node = live_model("", name=name, alt=self.options["alt"], size=size)
        if self.env.docname.split("/")[-1] == name:  # its chapter: {ref} finds it there
            node["ids"], node["names"] = [f"live-{name}"], [f"live-{name}"]
            self.state.document.note_explicit_target(node)
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


def visit(self: HTML5Translator, node: live_model) -> None:
    """Open the figure: a still picture, and a word for readers without JavaScript."""
    here = posixpath.dirname(self.builder.get_target_uri(self.builder.current_docname))
    name, (width, height) = node["name"], node["size"]
    source = posixpath.relpath(f"_static/models/{name}/still.png", here or ".")
    self.body.append(
        f'<figure class="gc-live" id="live-{name}" data-live="{name}">'
        f'<div class="gc-live-stage"><img class="gc-live-still" src="{source}" '
        f'alt="{escape(node["alt"])}" width="{width}" height="{height}" '
        'loading="lazy"></div><figcaption>'
        "<noscript><p>With JavaScript switched on, this picture comes to life.</p>"
        "</noscript>"
    )


def depart(self: HTML5Translator, node: live_model) -> None:
    """Close the figure after its caption."""
    self.body.append("</figcaption></figure>")


def add_files(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.Node
) -> None:
    """Have a page with a live model load what starts it, and no other page."""
    if "live" in app.env.metadata.get(page, {}):
        app.add_css_file(STYLE)
        app.add_js_file(SCRIPT, type="module")


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_node(live_model, html=(visit, depart))
    app.add_directive("live", Live)
    app.connect("html-page-context", add_files)
