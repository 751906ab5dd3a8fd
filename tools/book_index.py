"""What the book refers to: its labels, its pages' titles and its bibliography."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from chapters import read_source
from docutils.nodes import make_id
from pybtex.database import Entry, Person, parse_file
from pybtex.richtext import Text
from site_config import Site

HEADING = re.compile(r"^#+ +(.+?)\s*$", re.MULTILINE)
TARGET = re.compile(r"^\(([^()\s]+)\)=\s*\n+(?:#+ +(.+?)\s*$)?", re.MULTILINE)
DIRECTIVE = re.compile(
    r"^\s*(?::{3,}|`{3,})\{[\w:-]+\} *(.*)\n(?:\s*:[\w-]+:.*\n)*?"
    r"\s*:(?:label|name): *(\S+)",
    re.MULTILINE,
)
EQUATION = re.compile(r"^\s*\$\$ *\(([^()\s]+)\)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Label:
    """Where a label stands: the text that stands for it, and its address."""

    text: str
    address: str


class Book:
    """The book below a root, as far as references need it."""

    def __init__(self, root: Path, site: Site) -> None:
        self.root = root
        self.site = site

    @cached_property
    def pages(self) -> dict[str, str]:
        """Return the Markdown of each page, by its name without a suffix."""
        folder = self.root / "book"
        found = {
            path.relative_to(folder).with_suffix("").as_posix(): path.read_text("utf-8")
            for path in sorted(folder.rglob("*.md"))
        }
        for path in sorted(folder.glob("chapters/*.py")):
            cells = read_source(path).cells
            text = [cell.source for cell in cells if cell.cell_type == "markdown"]
            found[f"chapters/{path.stem}"] = "\n\n".join(text) + "\n"
        return found

    @cached_property
    def labels(self) -> dict[str, Label]:
        """Return every label of the book."""
        found = {}
        for page, text in self.pages.items():
            address = self.site.page(page)
            for label, heading in TARGET.findall(text):
                found[label] = Label(heading, f"{address}#{make_id(label)}")
            for title, label in DIRECTIVE.findall(text):
                found[label] = Label(title.strip(), f"{address}#{make_id(label)}")
            for label in EQUATION.findall(text):
                where = f"{address}#equation-{make_id(label)}"
                found[label] = Label("the equation", where)
        return found

    @cached_property
    def references(self) -> dict[str, Entry]:
        """Return the bibliography's entries, by key."""
        path = self.root / "book" / "references.bib"
        return dict(parse_file(str(path)).entries) if path.is_file() else {}

    def label(self, name: str) -> Label:
        """Return the label of that name; an unknown one is a ValueError."""
        if name not in self.labels:
            raise ValueError(f"the book has no label {name!r}")
        return self.labels[name]

    def title(self, page: str) -> str:
        """Return a page's title; a page that is not there is a ValueError."""
        if page not in self.pages:
            raise ValueError(f"the book has no page {page!r}")
        heading = HEADING.search(self.pages[page])
        return heading.group(1) if heading else page

    def reference(self, key: str) -> Entry:
        """Return the entry with that key; an unknown one is a ValueError."""
        if key not in self.references:
            raise ValueError(f"book/references.bib has no entry {key!r}")
        return self.references[key]

    def authors_and_year(self, key: str) -> tuple[str, str]:
        """Return who wrote a work and when, e.g. "Kingma and Welling" and "2014"."""
        entry = self.reference(key)
        names = [surname(person) for person in entry.persons.get("author", [])]
        who = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
        return who, entry.fields.get("year", "n.d.")

    def described(self, key: str) -> str:
        """Return a work as an item of a list of sources."""
        who, year = self.authors_and_year(key)
        fields = self.reference(key).fields
        title = plain(fields.get("title", key))
        doi = f"https://doi.org/{fields['doi']}" if "doi" in fields else ""
        address = fields.get("url", doi)
        return f"{who} ({year}). " + (f"[{title}]({address})" if address else title)


def surname(person: Person) -> str:
    """Return a person's last name with what belongs in front of it."""
    parts = [*person.rich_prelast_names, *person.rich_last_names]
    return " ".join(part.render_as("text") for part in parts)


def plain(latex: str) -> str:
    """Return a field of the bibliography without its LaTeX."""
    return str(Text.from_latex(latex).render_as("text"))
