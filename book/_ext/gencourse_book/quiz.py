"""The directive ``{quiz}``: questions whose answers open and say why they hold.

No script is needed: an answer is a ``<details>``. Several may be open at a time, for
why a wrong answer fails is worth reading beside the right one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from gencourse_book.quiz_text import Answer, Part, Question, QuizError, questions

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

RIGHT, WRONG = "Right.", "Not quite."


class quiz_part(nodes.General, nodes.Element):  # noqa: N801 - docutils' custom
    """A part of a quiz: ``opens`` and ``closes`` are the HTML around what it holds."""


class quiz_choice(nodes.General, nodes.TextElement):  # noqa: N801
    """What an answer says, always seen: words within a line."""


def part(opens: str, closes: str, *inside: nodes.Node, ids: str = "") -> quiz_part:
    """Return a part of a quiz with what is inside it."""
    return quiz_part("", *inside, opens=opens, closes=closes, ids=[ids] if ids else [])


class Quiz(SphinxDirective):
    """Put questions on a page; `quiz_text` tells how they are written."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the questions, numbered on from those that the page has already."""
        try:
            found = questions(list(self.content))
            before = self.env.temp_data.get("quiz", 0)
            self.env.temp_data["quiz"] = before + len(found)
            return [
                self.question(question, f"{number} of {len(found)}", before + number)
                for number, question in enumerate(found, 1)
            ]
        except QuizError as wrong:
            return [self.told(wrong)]

    def told(self, wrong: QuizError) -> nodes.Node:
        """Return a message that stands where the quiz is wrong; the build says it."""
        line = self.lineno + self.content_offset + wrong.line + 1
        return self.state.document.reporter.error(f"quiz: {wrong}", line=line)

    def question(self, question: Question, which: str, number: int) -> quiz_part:
        """Return a question with its answers; its id is that of page and number."""
        name = f"quiz-{self.env.docname.split('/')[-1]}-{number}"
        words = part(
            f'<div class="gc-question-text" id="{name}-text">'
            f'<span class="gc-question-number">Question {which}</span>',
            "</div>",
            *self.parsed(question.words),
        )
        answers = part(
            '<ol class="gc-answers" type="A">',
            "</ol></div>",
            *map(self.answer, question.answers),
        )
        opens = f'<div class="gc-question" id="{name}" role="group" aria-labelledby='
        whole = part(f'{opens}"{name}-text">', "", words, answers, ids=name)
        self.state.document.note_explicit_target(whole)
        return whole

    def answer(self, answer: Answer) -> quiz_part:
        """Return an answer that opens: what it says, and why it holds or fails."""
        kind, verdict = ("right", RIGHT) if answer.right else ("wrong", WRONG)
        why = with_verdict(verdict, self.parsed(answer.why))
        return part(
            f'<li><details class="gc-answer gc-{kind}">',
            "</details></li>",
            quiz_choice("", "", *self.line(answer.words)),
            part('<div class="gc-why">', "</div>", *why),
        )

    def parsed(self, given: Part) -> list[nodes.Node]:
        """Return Markdown as nodes."""
        inside = nodes.Element()
        lines = StringList(given.lines, source=self.env.docname)
        offset = self.content_offset + given.line
        self.state.nested_parse(lines, offset, inside)
        return inside.children

    def line(self, given: Part) -> list[nodes.Node]:
        """Return the inside of a single paragraph: a summary holds no other block."""
        found = self.parsed(given)
        if len(found) != 1 or not isinstance(found[0], nodes.paragraph):
            told = f"an answer is one paragraph, got {given.text!r}"
            raise QuizError(given.line, told)
        return found[0].children


def with_verdict(verdict: str, why: list[nodes.Node]) -> list[nodes.Node]:
    """Return an explanation that begins with its verdict."""
    if not why or not isinstance(why[0], nodes.paragraph):
        why = [nodes.paragraph(), *why]
    why[0].insert(0, [nodes.strong("", verdict), nodes.Text(" ")])
    return why


def visit_choice(self: HTML5Translator, node: quiz_choice) -> None:
    """Open what is always seen of an answer."""
    # In a box of its own, beside the mark that the style puts before it.
    self.body.append("<summary><span>")


def depart_choice(self: HTML5Translator, node: quiz_choice) -> None:
    """Close it."""
    self.body.append("</span></summary>")


def visit(self: HTML5Translator, node: quiz_part) -> None:
    """Open the part."""
    self.body.append(node["opens"])


def depart(self: HTML5Translator, node: quiz_part) -> None:
    """Close the part."""
    self.body.append(node["closes"])


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_node(quiz_part, html=(visit, depart))
    app.add_node(quiz_choice, html=(visit_choice, depart_choice))
    app.add_directive("quiz", Quiz)
