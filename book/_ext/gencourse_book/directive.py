"""The directive ``{taxonomy}``, which puts the map of the course on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from gencourse_book import taxonomy

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.writers.html5 import HTML5Translator


class taxonomy_map(nodes.General, nodes.Element):  # noqa: N801 - docutils' custom
    """Where the map stands; drawn when the page is written."""


class Taxonomy(SphinxDirective):
    """Put the map of the course on a page."""

    def run(self) -> list[nodes.Node]:
        """Return the map's node, and note the page for `outdated`."""
        self.env.metadata[self.env.docname]["taxonomy"] = True
        return [taxonomy_map()]


def visit(self: HTML5Translator, node: taxonomy_map) -> None:
    """Write the map with links relative to the page that it is on."""
    builder = self.builder

    def link(page: str) -> str | None:
        if page not in builder.env.found_docs:
            return None
        return builder.get_relative_uri(builder.current_docname, page) or taxonomy.HERE

    self.body.append(taxonomy.render(link))
    raise nodes.SkipNode


def outdated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Have the pages with a map written anew: a linked page may have come or gone."""
    return [name for name, data in env.metadata.items() if "taxonomy" in data]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_node(taxonomy_map, html=(visit, None))
    app.add_directive("taxonomy", Taxonomy)
    app.connect("env-updated", outdated)
