"""Find the directives, the fences of code and the labels of MyST Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

FENCE = re.compile(r"^(\s*)(`{3,}|~{3,}|:{3,})\s*(.*?)\s*$")
NAMED = re.compile(r"^\{([\w:-]+)\}\s*(.*)$")
OPTION = re.compile(r"^:([\w-]+):\s*(.*)$")
LABEL = re.compile(r"^\([^()\s]+\)=\s*$")
MATHS_LABEL = re.compile(r"^(\s*\$\$) *\([^()\s]+\)\s*$")


@dataclass
class Directive:
    """One directive as it stands in the source."""

    name: str
    title: str
    options: dict[str, str]
    body: str

    def only(self, *allowed: str) -> None:
        """Raise a ValueError for an option that would be lost unsaid."""
        if unknown := sorted(set(self.options) - set(allowed)):
            raise ValueError(f"{{{self.name}}} with option :{unknown[0]}: is not known")


def parse(text: str) -> Iterator[str | tuple[str, Directive | str]]:
    """Yield lines of prose, and (indent, directive or whole fence of code)."""
    lines = iter(text.split("\n"))
    for line in lines:
        opened = FENCE.match(line)
        if opened is None or (opened.group(2)[0] == "`" and "`" in opened.group(3)):
            if not (line.startswith(("% ", "+++")) or line == "%" or LABEL.match(line)):
                yield MATHS_LABEL.sub(r"\1", line)
            continue
        indent, fence, info = opened.groups()
        body = list(until_closed(lines, fence, line))
        named = NAMED.match(info)
        if named:
            inner = [dedented(each, indent) for each in body]
            yield indent, as_directive(*named.groups(), inner)
        elif fence.startswith(":"):
            raise ValueError(f"a colon fence without a directive: {line}")
        else:
            whole = [dedented(each, indent) for each in [line, *body]]
            yield indent, "\n".join([*whole, fence])


def until_closed(lines: Iterator[str], fence: str, opening: str) -> Iterator[str]:
    """Yield the lines before the one that closes a fence; ValueError if none does."""
    for line in lines:
        bare = line.strip()
        if len(bare) >= len(fence) and bare == fence[0] * len(bare):
            return
        yield line
    raise ValueError(f"a fence is never closed: {opening.strip()}")


def as_directive(name: str, title: str, lines: list[str]) -> Directive:
    """Return a directive from its first line and those inside it."""
    options = {}
    while lines and (option := OPTION.match(lines[0])):
        options[option.group(1)] = option.group(2)
        lines = lines[1:]
    return Directive(name, title, options, "\n".join(lines).strip("\n"))


def dedented(line: str, indent: str) -> str:
    """Return the line without the indent of its fence."""
    return line.removeprefix(indent)
