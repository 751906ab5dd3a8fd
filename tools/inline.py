"""Turn the roles and links inside MyST text into plain Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from book_index import Book

# A role, or a span of code, in which nothing is a role.
SPAN = re.compile(r"(?:\{([a-zA-Z][\w:.+-]*)\})?(`+)(.+?)(?<!`)\2(?!`)", re.DOTALL)
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
EXPLICIT = re.compile(r"^(.*?)\s*<([^<>]+)>$", re.DOTALL)


@dataclass
class Inline:
    """Rewrites one page's text; keeps the works that it cites, in order."""

    book: Book
    page: str  # e.g. "chapters/density"
    cited: list[str] = field(default_factory=list)

    def plain(self, text: str) -> str:
        """Return text with its roles and links in plain Markdown."""
        done, end = [], 0
        for span in SPAN.finditer(text):
            done.append(self.links(text[end : span.start()]))
            name, content = span.group(1), span.group(3)
            done.append(self.role(name, content) if name else span.group())
            end = span.end()
        return "".join([*done, self.links(text[end:])])

    def role(self, name: str, content: str) -> str:
        """Return a role in plain Markdown; one that has none is a ValueError."""
        if name in CODE_ROLES:
            return f"`{content.lstrip('~')}`"
        if name not in ROLES:
            raise ValueError(f"the role {{{name}}}`{content}` has no plain form")
        return ROLES[name](self, " ".join(content.split()))

    def cite(self, content: str) -> str:
        """Return (Author, year) for each key."""
        return f"({'; '.join(', '.join(work) for work in self.works(content))})"

    def cite_as_text(self, content: str) -> str:
        """Return Author (year) for each key."""
        return ", ".join(f"{who} ({year})" for who, year in self.works(content))

    def works(self, content: str) -> list[tuple[str, str]]:
        """Return authors and year for each key, which counts as cited."""
        keys = [key.strip() for key in content.split(",")]
        self.cited += [key for key in keys if key not in self.cited]
        return [self.book.authors_and_year(key) for key in keys]

    def ref(self, content: str) -> str:
        """Return a link to where a label stands."""
        text, target = split_target(content)
        label = self.book.label(target)
        return f"[{text or label.text or target}]({label.address})"

    def doc(self, content: str) -> str:
        """Return a link to a page of the site."""
        text, target = split_target(content)
        page = self.document(target)
        return f"[{text or self.book.title(page)}]({self.book.site.page(page)})"

    def term(self, content: str) -> str:
        """Return a glossary's term as plain text."""
        text, target = split_target(content)
        return text or target

    def maths(self, content: str) -> str:
        """Return a formula between dollars."""
        return f"${content}$"

    def words(self, content: str) -> str:
        """Return the words as they are."""
        return content

    def links(self, text: str) -> str:
        """Return text whose links to other pages lead to the site."""
        return LINK.sub(self.link, text)

    def link(self, found: re.Match[str]) -> str:
        """Return a link that works outside the site."""
        text, target = found.groups()
        if re.match(r"[a-z]+:", target):
            return found.group()
        path, _, anchor = target.partition("#")
        if not path and anchor not in self.book.labels:
            return f"[{text}]({self.book.site.page(self.page)}#{anchor})"
        if not path:
            return self.ref(f"{text} <{anchor}>" if text else anchor)
        page = self.document(re.sub(r"\.(md|ipynb|py|html)$", "", path))
        address = self.book.site.page(page) + (f"#{anchor}" if anchor else "")
        return f"[{text or self.book.title(page)}]({address})"

    def document(self, target: str) -> str:
        """Return the name of a page that this one refers to; ValueError if none."""
        page = normal(Path(target.lstrip("/")))
        if not target.startswith("/"):
            page = normal(Path(self.page).parent / target)
        self.book.title(page)
        return page


ROLES: dict[str, Callable[[Inline, str], str]] = {
    "cite": Inline.cite,
    "cite:p": Inline.cite,
    "cite:t": Inline.cite_as_text,
    "ref": Inline.ref,
    "numref": Inline.ref,
    "eq": Inline.ref,
    "prf:ref": Inline.ref,
    "doc": Inline.doc,
    "term": Inline.term,
    "math": Inline.maths,
    "abbr": Inline.words,
}
CODE_ROLES = {"code", "py:func", "py:class", "py:meth", "py:mod", "py:attr", "kbd"}


def split_target(content: str) -> tuple[str, str]:
    """Return the text, "" if there is none, and the target of "text <target>"."""
    found = EXPLICIT.match(content)
    return (found.group(1), found.group(2)) if found else ("", content)


def normal(path: Path) -> str:
    """Return a path with its ".." worked out, in a site's spelling."""
    parts: list[str] = []
    for part in path.parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts)
