"""How a quiz is written in a chapter, and what is wrong with one that is not well.

A question is text, and its answers follow as a list. The right one bears the mark
``[x]``. Below each answer, after a blank line, stands why it holds or fails::

    What is it?

    - [ ] A shoe.

      From afar. But it has a handle.

    - [x] A bag.

      It has a handle.

Text that is not indented begins the next question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

BULLET = re.compile(r"^[-*+]( |$)")
ANSWER = re.compile(r"^- \[([ x])\] (?=\S)")
INDENT = "  "


class QuizError(ValueError):
    """A quiz that is not well written; ``line`` counts from its first one, 0."""

    def __init__(self, line: int, said: str) -> None:
        super().__init__(said)
        self.line = line


@dataclass
class Part:
    """Some lines of a quiz, and where the first of them stands."""

    line: int
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the lines as one text."""
        return "\n".join(self.lines)

    @property
    def is_answer(self) -> bool:
        """Tell whether it begins as an item of a list does."""
        return bool(BULLET.match(self.lines[0]))

    def within(self, first: int, end: int | None = None) -> Part:
        """Return some of the lines, without blank ones at either end."""
        lines = self.lines[first:end]
        while lines and not lines[0].strip():
            lines, first = lines[1:], first + 1
        while lines and not lines[-1].strip():
            lines = lines[:-1]
        return Part(self.line + first, lines)


@dataclass
class Answer:
    """An answer: whether it is right, its words, and why."""

    right: bool
    words: Part
    why: Part


@dataclass
class Question:
    """A question with its answers."""

    words: Part
    answers: list[Answer] = field(default_factory=list)

    def check(self) -> None:
        """Raise a QuizError unless there is a choice, and one of it is right."""
        if len(self.answers) < 2:
            said = f"a question needs two answers or more, this has {len(self.answers)}"
            raise QuizError(self.words.line, f"{said}: {self.words.lines[0]!r}")
        if (right := sum(answer.right for answer in self.answers)) != 1:
            said = f"one answer must be marked [x], this question has {right}"
            raise QuizError(self.words.line, f"{said}: {self.words.lines[0]!r}")


def parts(lines: list[str]) -> list[Part]:
    """Return the questions' texts and the answers, each with all that is below it."""
    found: list[Part] = []
    for number, line in enumerate(lines):
        inside = bool(found) and found[-1].is_answer
        out = inside and bool(line.strip()) and not line.startswith(INDENT)
        if not found or out or BULLET.match(line):
            if out and not BULLET.match(line) and found[-1].lines[-1].strip():
                raise QuizError(number, f"not indented by two spaces: {line!r}")
            found.append(Part(number))
        found[-1].lines.append(line)
    return [part.within(0) for part in found]


def as_answer(part: Part) -> Answer:
    """Return the answer that a part is; QuizError where its mark or why is missing."""
    mark = ANSWER.match(part.lines[0])
    if mark is None:
        said = "an answer begins with '- [x] ' if it is right, with '- [ ] ' if not"
        raise QuizError(part.line, f"{said}, got {part.lines[0]!r}")
    first = part.lines[0][mark.end() :]
    own = Part(part.line, [first, *(x.removeprefix(INDENT) for x in part.lines[1:])])
    end = own.lines.index("") if "" in own.lines else len(own.lines)
    answer = Answer(mark[1] == "x", own.within(0, end), own.within(end))
    if not answer.why.lines:
        raise QuizError(part.line, f"no explanation below the answer {first!r}")
    return answer


def questions(lines: list[str]) -> list[Question]:
    """Return the questions of a quiz; QuizError where one is not well written."""
    found: list[Question] = []
    for part in parts([line.rstrip() for line in lines]):
        if not part.lines:
            continue
        if not part.is_answer:
            found.append(Question(part))
        elif found:
            found[-1].answers.append(as_answer(part))
        else:
            raise QuizError(part.line, f"an answer without a question: {part.text!r}")
    for question in found:
        question.check()
    if not found:
        raise QuizError(0, "a quiz without a question")
    return found
