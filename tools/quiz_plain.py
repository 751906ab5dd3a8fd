"""A quiz in plain Markdown with two HTML tags, as Jupyter and Colab show it.

A blank line ends the HTML of a ``<summary>`` line, so that what follows is Markdown
again, and its formulas are set. What stands inside a ``<summary>`` would stay as it is
typed: therefore the answers stand above, in a list.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from string import ascii_uppercase

from site_config import ROOT

sys.path.append(str(ROOT / "book" / "_ext"))
from gencourse_book.quiz import RIGHT, WRONG
from gencourse_book.quiz_text import Answer, Question, questions

Flatten = Callable[[str], str]


def plain_quiz(body: str, flatten: Flatten) -> str:
    """Return a quiz in plain Markdown; one that is not well written is a ValueError."""
    found = questions(body.split("\n"))
    return "\n\n".join(
        plain_question(question, f"{number} of {len(found)}", flatten)
        for number, question in enumerate(found, 1)
    )


def plain_question(question: Question, which: str, flatten: Flatten) -> str:
    """Return a question, its answers as a list, and what opens below."""
    answers = list(zip(ascii_uppercase, question.answers, strict=False))
    choices = [
        f"- **{letter}.** {' '.join(flatten(answer.words.text).split())}"
        for letter, answer in answers
    ]
    reasons = [
        f"<details>\n<summary>Is it {letter}?</summary>\n\n{reason(answer, flatten)}"
        "\n\n</details>"
        for letter, answer in answers
    ]
    words = f"### Question {which}\n\n{flatten(question.words.text)}"
    return "\n\n".join([words, "\n".join(choices), *reasons])


def reason(answer: Answer, flatten: Flatten) -> str:
    """Return whether an answer is right, and why, which may begin with any block."""
    return f"**{RIGHT if answer.right else WRONG}**\n\n{flatten(answer.why.text)}"
