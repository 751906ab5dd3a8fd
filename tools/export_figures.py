"""Write every figure of the book as an SVG of its own: what ``make figures`` does.

_build/figures/PAGE-NN-WORDS.svg has the light scheme's colours, the same below
_build/figures/slate those of the dark one. index.html beside them shows all, with what
each says and how to credit it. Figures come from the committed outputs.
"""

from __future__ import annotations

import argparse
import html
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from book_index import HEADING
from chapters import page_sources
from site_config import ROOT, Site, read_site
from standalone_svg import SCHEMES, Credit, alt_of, standalone

WHERE = Path("_build", "figures")
RIGHTS = (
    "© The gencourse authors, {url}, licence CC BY 4.0, "
    "https://creativecommons.org/licenses/by/4.0/"
)
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Figures of gencourse</title>
<style>
body {{ background: {ground}; color: {ink}; font-family: sans-serif; margin: 1rem; }}
main {{ display: grid; gap: 1.5rem;
  grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); }}
a {{ color: inherit; }}
figure {{ margin: 0; }}
img {{ height: auto; max-width: 100%; }}
</style>
</head>
<body>
<h1>Figures of gencourse</h1>
<p>Credit them as: {rights}. Say so if you changed one.</p>
<main>
{figures}
</main>
</body>
</html>
"""


@dataclass(frozen=True)
class Found:
    """A figure: its file's name, where it stands, what it shows, its HTML."""

    name: str
    place: str
    alt: str
    markup: str


def main(arguments: list[str] | None = None) -> int:
    """Write the figures of all pages, or of those named; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", help="names, e.g. density; default: all")
    parser.add_argument("--scheme", choices=SCHEMES, help="one of them; default: both")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    given = parser.parse_args(arguments)
    schemes = [given.scheme] if given.scheme else list(SCHEMES)
    try:
        sources = page_sources(given.root, given.pages)
        found = [figure for path in sources for figure in figures_of(path)]
        site = read_site(given.root)
        files = {scheme: as_files(found, scheme, site) for scheme in schemes}
    except ValueError as error:
        parser.error(str(error))
    for scheme, texts in files.items():
        folder = given.root / WHERE / ("" if scheme == "default" else scheme)
        write(folder, texts)
        print(f"{folder}: {len(found)} figures, and index.html")
    return 0


def figures_of(source: Path) -> Iterator[Found]:
    """Yield a page's figures in order; a page without outputs is a ValueError."""
    path = source.with_suffix(".ipynb")
    name = path.stem
    cells = nbformat.read(path, as_version=4).cells if path.is_file() else []
    if not any(cell.get("outputs") for cell in cells):
        raise ValueError(f"{path.name} has no outputs: make run CHAPTER={name}")
    heading, number, title = "", 0, ""
    for cell in cells:
        if cell.cell_type == "markdown" and (all_ := HEADING.findall(cell.source)):
            heading, title = all_[-1], title or all_[0]
        for output in cell.get("outputs", []):
            markup = output.get("data", {}).get("text/html", "")
            if alt := alt_of(markup):
                number += 1
                place = title if heading == title else f"{title}: {heading}"
                yield Found(f"{name}-{number:02}-{slug(alt)}.svg", place, alt, markup)


def slug(alt: str) -> str:
    """Return the first five words of a text, as a file may be called."""
    return "-".join(re.findall(r"[a-z0-9]+", alt.lower())[:5])


def as_files(found: list[Found], scheme: str, site: Site) -> dict[str, str]:
    """Return the text of each file by its name, the contact sheet among them."""
    rights = RIGHTS.format(url=site.page("index"))
    texts = {}
    for figure in found:
        credit = Credit(figure.alt, f"gencourse, {figure.place}", rights)
        try:
            texts[figure.name] = standalone(figure.markup, credit, scheme)
        except ValueError as error:
            raise ValueError(f"{figure.name}: {error}") from error
    ink, ground = SCHEMES[scheme]
    shown = "\n".join(map(entry, found))
    texts["index.html"] = PAGE.format(
        ink=ink, ground=ground, rights=html.escape(rights), figures=shown
    )
    return texts


def entry(figure: Found) -> str:
    """Return a figure's place on the contact sheet."""
    alt, place = html.escape(figure.alt), html.escape(figure.place)
    return (
        f'<figure><a href="{figure.name}"><img src="{figure.name}" alt="{alt}" '
        f'loading="lazy"></a><figcaption><strong>{place}</strong><br>{alt}<br>'
        f"<code>{figure.name}</code></figcaption></figure>"
    )


def write(folder: Path, texts: dict[str, str]) -> None:
    """Write the files in place of those that an earlier run left of the same pages."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {name.split("-")[0] for name in texts}
    for old in folder.glob("*-[0-9][0-9]-*.svg"):
        if old.name.split("-")[0] in pages - {"index.html"}:
            old.unlink()
    for name, text in texts.items():
        draft = folder / f".{name}.draft"
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, folder / name)


if __name__ == "__main__":
    sys.exit(main())
