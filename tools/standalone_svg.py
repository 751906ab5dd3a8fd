"""Make of a figure in a notebook's output an SVG that stands alone, for slides.

On the site a figure takes its colours, font and width from the page. Here each is
written into the file, which refers to nothing outside itself and holds no script.
"""

from __future__ import annotations

import base64
import re
import struct
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
DC = "http://purl.org/dc/elements/1.1/"
FONT = "'Source Sans 3', 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
# The ink and the ground of the site's two colour schemes.
SCHEMES = {"default": ("#1f2a37", "#ffffff"), "slate": ("#dde5ee", "#232c39")}
MARGIN = 12.0  # around the drawing
LETTER = 7.2  # no letter of a name in a grid is wider, on average
for prefix, namespace in (("", SVG), ("xlink", XLINK), ("dc", DC)):
    ET.register_namespace(prefix, namespace)


@dataclass(frozen=True)
class Credit:
    """What the file says of itself: alt text, where it is from, and its licence."""

    alt: str
    source: str
    rights: str


def alt_of(markup: str) -> str | None:
    """Return the alt text of a figure's HTML, or None where it is no figure."""
    soup = BeautifulSoup(markup, "html.parser")
    found = soup.select_one(
        "svg.gencourse-figure, figure.gencourse-grid, .gencourse-animation img.still"
    )
    if found is None:
        return None
    return str(found.get("aria-label") or found["alt"])


def standalone(markup: str, credit: Credit, scheme: str) -> str:
    """Return a figure's HTML as the text of an SVG file, in a scheme's colours.

    Of an animation it is the still picture of its end.
    """
    ink, ground = SCHEMES[scheme]
    start = markup.find("<svg")
    if start >= 0:
        text = markup[start : markup.rindex("</svg>") + len("</svg>")]
        root = drawing(ET.fromstring(text.replace("currentColor", ink)))
    else:
        root = pictures(BeautifulSoup(markup, "html.parser"), ink)
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    back = {"x": left, "y": top, "width": width, "height": height}
    rect = ET.Element(f"{{{SVG}}}rect", {k: f"{v:g}" for k, v in back.items()})
    rect.set("fill", ground)
    for number, part in enumerate([*said(credit), rect]):
        root.insert(number, part)
    root.attrib |= {"role": "img", "font-family": FONT, "version": "1.1"}
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return head + ET.tostring(root, encoding="unicode") + "\n"


def said(credit: Credit) -> list[ET.Element]:
    """Return the elements in which the file says what it is."""
    title, desc = ET.Element(f"{{{SVG}}}title"), ET.Element(f"{{{SVG}}}desc")
    title.text, desc.text = credit.source, credit.alt
    metadata = ET.Element(f"{{{SVG}}}metadata")
    for name, text in (("source", credit.source), ("rights", credit.rights)):
        ET.SubElement(metadata, f"{{{DC}}}{name}").text = text
    return [title, desc, metadata]


def drawing(root: ET.Element) -> ET.Element:
    """Return a plot with the size that it has on a wide page, and a margin."""
    for name in ("class", "style", "aria-label"):
        root.attrib.pop(name, None)
    root.set("stroke-linejoin", "round")
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    return sized(root, width, height, scale=96 / 72)  # matplotlib counts in points


def sized(
    root: ET.Element, width: float, height: float, scale: float = 1
) -> ET.Element:
    """Return the element with a view box, a size in pixels, and room around."""
    wide, high = width + 2 * MARGIN, height + 2 * MARGIN
    root.set("viewBox", f"{-MARGIN:g} {-MARGIN:g} {wide:g} {high:g}")
    root.attrib |= {"width": f"{wide * scale:g}", "height": f"{high * scale:g}"}
    return root


def pictures(soup: BeautifulSoup, ink: str) -> ET.Element:
    """Return rows of PNG pictures with their names, each pixel as it was."""
    still = soup.select_one("img.still")
    rows = [still] if still else soup.select("img")
    names = [name.get_text() for name in soup.select("figure > span")]
    left = LETTER * max(map(len, names), default=0) + (8 if names else 0)
    wide = shown_width(soup)
    root = ET.Element(f"{{{SVG}}}svg")
    y = 0.0
    for number, row in enumerate(rows):
        source = str(row["src"])
        across, down = png_size(source)
        high = wide * down / across
        place = {"x": left, "y": y, "width": wide, "height": high}
        image = {k: f"{v:g}" for k, v in place.items()}
        image |= {f"{{{XLINK}}}href": source, "style": "image-rendering: pixelated"}
        if names:
            look = {"x": f"{left - 8:g}", "y": f"{y + high / 2 + 4:g}", "fill": ink}
            look |= {"font-size": "13px", "text-anchor": "end"}
            ET.SubElement(root, f"{{{SVG}}}text", look).text = names[number]
        ET.SubElement(root, f"{{{SVG}}}image", image)
        y += high
    return sized(root, left + wide, y)


def shown_width(soup: BeautifulSoup) -> float:
    """Return how many pixels wide the site shows the pictures at most."""
    for part in soup.select("figure, img.still"):
        style = str(part.get("style")) if isinstance(part, Tag) else ""
        if found := re.search(r"max-width: (?:calc\()?([\d.]+)px", style):
            return float(found[1])
    raise ValueError("a picture that has no max-width")


def png_size(source: str) -> tuple[int, int]:
    """Return the width and height in pixels of a PNG in a data URI."""
    head = "data:image/png;base64,"
    if not source.startswith(head):
        raise ValueError(f"expected a PNG inside the page, got {source[:40]}")
    width, height = struct.unpack(">II", base64.b64decode(source[len(head) :])[16:24])
    return width, height
