"""Formulas are set while the book is built: readers load no script for them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from gencourse_book.node import ask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.writers.html5 import HTML5Translator

LOGGER = logging.getLogger(__name__)
STYLE = "vendor/katex/katex.min.css"
Formula = tuple[str, bool]  # TeX, and whether it stands on a line of its own


def formula(node: nodes.Element) -> Formula:
    """Return a node's TeX as KaTeX wants it, and whether it is displayed."""
    tex = node.astext().strip()
    if isinstance(node, nodes.math):
        return tex, False
    if node.get("nowrap"):
        return tex, True
    parts = [part.strip() for part in tex.split("\n\n") if part.strip()]
    parts = [rf"\begin{{split}}{p}\end{{split}}" if r"\\" in p else p for p in parts]
    many = r"\begin{gathered}" + r"\\".join(parts) + r"\end{gathered}"
    return (many if len(parts) > 1 else "".join(parts)), True


class Formulas:
    """What every formula of the book looks like in HTML, set in one go."""

    def __init__(self) -> None:
        self.known: dict[Formula, dict[str, str]] = {}

    def learn(self, wanted: Iterable[Formula]) -> None:
        """Set those formulas that are not known yet."""
        new = sorted(set(wanted) - self.known.keys())
        if new:
            question = [{"tex": tex, "display": display} for tex, display in new]
            answers = ask("typeset.mjs", "katex.mjs", question)
            self.known.update(zip(new, answers, strict=True))

    def collect(self, app: Sphinx, env: BuildEnvironment) -> None:
        """Set all formulas of the book."""
        if app.builder.format == "html":
            trees = map(env.get_doctree, sorted(env.found_docs))
            kinds = (nodes.math, nodes.math_block)
            self.learn(formula(n) for t in trees for k in kinds for n in t.findall(k))

    def html(self, node: nodes.Element) -> str:
        """Return a formula's HTML; one that cannot be set is shown as it is written."""
        wanted = formula(node)
        self.learn([wanted])
        answer = self.known[wanted]
        if "error" in answer:
            LOGGER.warning(
                "the formula %r cannot be set: %s",
                wanted[0],
                answer["error"],
                location=node,
            )
        return answer.get("html") or escape(wanted[0])

    def inline(self, writer: HTML5Translator, node: nodes.math) -> None:
        """Write a formula within a line."""
        start = writer.starttag(node, "span", "", CLASS="math notranslate nohighlight")
        writer.body.append(f"{start}{self.html(node)}</span>")
        raise nodes.SkipNode

    def display(self, writer: HTML5Translator, node: nodes.math_block) -> None:
        """Write a formula that stands alone, with its number where it has one."""
        start = writer.starttag(node, "div", CLASS="math notranslate nohighlight")
        writer.body.append(start)
        if node.get("number"):
            number = get_node_equation_number(writer, node)
            writer.body.append(f'<span class="eqno">({number})')
            writer.add_permalink_ref(node, "Link to this equation")
            writer.body.append("</span>")
        writer.body.append(f"{self.html(node)}</div>\n")
        raise nodes.SkipNode


def add_style(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.Node
) -> None:
    """Have a page with formulas load how they look, and no other page."""
    if 'class="katex' in context.get("body", ""):
        app.add_css_file(STYLE, priority=700)


def setup(app: Sphinx) -> None:
    """Take the place of Sphinx's MathJax."""
    formulas = Formulas()
    renderers = (formulas.inline, None), (formulas.display, None)
    app.add_html_math_renderer("gencourse", *renderers)
    app.connect("env-updated", formulas.collect)
    app.connect("html-page-context", add_style)
