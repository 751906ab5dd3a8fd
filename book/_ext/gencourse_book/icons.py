"""The few icons in use, cut out of the icon font that the theme brings.

The theme would load a script of 1.5 MB that holds two thousand of them.
"""

from __future__ import annotations

import logging as standard
import re
from pathlib import Path
from typing import TYPE_CHECKING

from fontTools.subset import Options, Subsetter, load_font, save_font
from sphinx.util import logging

if TYPE_CHECKING:
    from collections.abc import Iterable

LOGGER = logging.getLogger(__name__)
standard.getLogger("fontTools").setLevel(standard.WARNING)  # it tells every step
FOLDER = "vendor/fontawesome/webfonts"
FORMULAS = "vendor/katex/fonts"
FONTS = {
    **dict.fromkeys(("fas", "fa-solid"), "fa-solid-900"),
    **dict.fromkeys(("fab", "fa-brands"), "fa-brands-400"),
}
MARK = re.compile(r'<(?:i|span) class="([^"]*\bfa-[^"]*)"')
SIZES = {"fa-lg", "fa-fw", "fa-sm", "fa-xs", "fa-2x"}
# One that a style sheet itself puts somewhere.
SHOWN = re.compile(r'content:"\\(f[0-9a-f]{3})";font-family:Font Awesome')
CODE = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}')


def codes(sheet: str) -> dict[str, int]:
    """Return each icon's place in its font, by its class, as a style sheet says."""
    return {
        name: int(code, 16)
        for names, code in CODE.findall(sheet)
        for name in re.findall(r"\.(fa-[\w-]+):", names)
    }


def wanted(pages: Iterable[str], sheet: str) -> dict[str, set[int]]:
    """Return for each font the places of the icons that the pages show."""
    known = codes(sheet)
    found: dict[str, set[int]] = {font: set() for font in FONTS.values()}
    found[FONTS["fas"]] |= {int(code, 16) for code in SHOWN.findall(sheet)}
    for given in {names for page in pages for names in MARK.findall(page)}:
        names = set(given.split())
        fonts = [FONTS[name] for name in names & FONTS.keys()]
        icons = {n for n in names - FONTS.keys() - SIZES if n.startswith("fa-")}
        if len(fonts) != 1 or len(icons) != 1 or not icons <= known.keys():
            LOGGER.warning("no such icon in the theme's fonts: %r", given)
            continue
        found[fonts[0]].add(known[icons.pop()])
    return found


def cut(source: Path, places: set[int], target: Path) -> None:
    """Write a font with these characters of the font ``source`` alone."""
    options = Options(flavor=target.suffix[1:], layout_features=[], hinting=False)
    font = load_font(source, options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=places)
    subsetter.subset(font)
    target.parent.mkdir(parents=True, exist_ok=True)
    save_font(font, target, options)


def theme(static: Path) -> str:
    """Return the theme's own style sheets."""
    names = ("pydata-sphinx-theme", "sphinx-book-theme")
    sheets = [static / "styles" / f"{name}.css" for name in names]
    return "\n".join(sheet.read_text("utf-8") for sheet in sheets)


def write(static: Path, pages: Iterable[str]) -> None:
    """Write the fonts that gencourse.css names, with the icons that the pages show."""
    for font, places in wanted(pages, theme(static)).items():
        source = static / FOLDER / f"{font}.ttf"
        cut(source, places, static / "icons" / f"{font}.woff")


def cut_formulas(assets: Path, static: Path, pages: Iterable[str]) -> None:
    """Write KaTeX's fonts with the characters that the pages show."""
    places = {ord(letter) for page in pages for letter in set(page)}
    places |= set(range(0x20, 0x7F))  # HTML writes some of them as entities
    for source in (assets / FORMULAS).glob("*.woff2"):
        cut(source, places, static / FORMULAS / source.name)
