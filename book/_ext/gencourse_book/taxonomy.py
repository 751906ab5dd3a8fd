"""The map of the course, drawn as two inline SVGs.

One drawing is wide and one is for a phone; the style sheet shows one of them. Both come
from the same tree, and so does a nested list for readers who want no picture. A box
links to its page once that page exists, and says "in preparation" until then.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Link = Callable[[str], str | None]

LABEL = "Map of the generative models in this course"
HERE = "#"
ELSEWHERE = "filed under implicit in the classic notes"


@dataclass(frozen=True)
class Place:
    """A box of the map: its words, its page, and where the wide drawing has it."""

    name: str
    note: str
    x: int  # centre
    y: int  # top edge
    width: int
    page: str | None = None
    aside: str = ""
    children: tuple[Place, ...] = ()

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Place]]:
        """Yield every place below this one, and itself, with its depth."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


def leaf(name: str, note: str, x: int, page: str, aside: str = "") -> Place:
    """Return a box of the bottom row that has a page of its own."""
    return Place(name, note, x, 300, 114, f"chapters/{page}", aside)


TRACTABLE = Place(
    *("Tractable", "log p(x) exactly", 184, 202, 170),
    children=(
        leaf("PixelRNN", "row by row", 63, "pixelrnn"),
        leaf("PixelCNN", "masked convolution", 184, "pixelcnn"),
        leaf("Summary", "what it costs", 305, "autoregressive"),
    ),
)
VAE = leaf("VAE", "a latent and a bound", 452, "vae", ELSEWHERE)
APPROXIMATE = Place(
    "Approximate", "a bound on log p(x)", 452, 202, 170, children=(VAE,)
)
GAN = leaf("GAN", "a game of two", 650, "gan")
EXPLICIT = Place(
    *("Explicit density", "p(x) can be computed", 290, 104, 210),
    children=(TRACTABLE, APPROXIMATE),
)
IMPLICIT = Place("Implicit density", "only samples", 650, 104, 190, children=(GAN,))
ROOT = Place(
    *("Generative models", "one question: what is p(x)?", 400, 6, 250),
    page="chapters/density",
    children=(EXPLICIT, IMPLICIT),
)
BACKGROUND = Place(
    *("Autoencoder", "background for the VAE", 452, 402, 190),
    page="chapters/autoencoder",
)
COMPARISON = Place(
    *("Comparison", "every model, one data set, one table", 380, 494, 748),
    page="chapters/comparison",
)
PLACES = tuple(ROOT.walk())


def noted(place: Place, url: str | None) -> str:
    """Return what stands under a place's name."""
    if place.page and url is None:
        return "in preparation"
    return "you are here" if url == HERE else place.note


def box(place: Place, left: float, top: float, width: float, link: Link) -> str:
    """Return a box with its words; a link where its page exists."""
    url = link(place.page) if place.page else None
    note = noted(place, url)
    kind = "page" if url else "todo" if place.page else "kind"
    middle = left + width / 2
    drawn = (
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="52" rx="9"/>'
        f'<text class="gc-map-name" x="{middle:g}" y="{top + 23:g}">'
        f"{escape(place.name)}</text>"
        f'<text class="gc-map-note" x="{middle:g}" y="{top + 41:g}">'
        f"{escape(note)}</text>"
    )
    linked = f'<a href="{escape(url)}">{drawn}</a>' if url else drawn
    return f'<g class="gc-map-{kind}">{linked}</g>'


def svg(size: tuple[int, int], kind: str, drawn: str) -> str:
    """Return the drawing as an SVG whose links stay reachable."""
    return (
        f'<svg class="gc-map-{kind}" viewBox="0 0 {size[0]} {size[1]}" role="group" '
        f'aria-label="{LABEL}" xmlns="http://www.w3.org/2000/svg">{drawn}</svg>'
    )


def wide(link: Link) -> str:
    """Return the tree from top to bottom."""
    lines = [
        f'<path d="M{parent.x} {parent.y + 52}V{child.y - 24}H{child.x}V{child.y}"/>'
        for _, parent in PLACES
        for child in parent.children
    ]
    lines.append(f'<path class="gc-map-dash" d="M{VAE.x} 402V352"/>')
    lines.append('<path class="gc-map-dots" d="M590 156C560 190 556 322 509 326"/>')
    boxes = [
        box(place, place.x - place.width / 2, place.y, place.width, link)
        for _, place in [*PLACES, (0, BACKGROUND), (0, COMPARISON)]
    ]
    aside = "".join(
        f'<text class="gc-map-aside" x="572" y="{y}">{words}</text>'
        for y, words in (
            (424, "dotted: the classic notes"),
            (441, "file it as implicit"),
        )
    )
    return svg((760, 552), "wide", "".join([*lines, *boxes, aside]))


def narrow(link: Link) -> str:
    """Return the tree as an indented column, for a phone."""
    rows: list[tuple[int, Place]] = []
    for depth, place in PLACES:
        rows.append((depth, place))
        if place is VAE:
            rows.append((depth, BACKGROUND))
    rows.append((0, COMPARISON))
    drawn, tops, y = "", {}, 2
    for depth, place in rows:
        left = 2 + 20 * depth
        tops[depth] = y
        if depth:
            trunk = tops[depth - 1] + 52
            dash = ' class="gc-map-dash"' if place is BACKGROUND else ""
            drawn += f'<path{dash} d="M{left - 10} {trunk}V{y + 26}H{left}"/>'
        drawn += box(place, left, y, 336 - left, link)
        if place.aside:
            y += 16
            words = escape(place.aside)
            drawn += (
                f'<text class="gc-map-aside" x="{left + 4}" y="{y + 51}">{words}</text>'
            )
        y += 64
    return svg((340, y), "narrow", drawn)


def listed(place: Place, link: Link) -> str:
    """Return a place and those below it as an item of a nested list."""
    url = link(place.page) if place.page else None
    name = f'<a href="{escape(url)}">{escape(place.name)}</a>' if url else place.name
    note = place.note if url or not place.page else "in preparation"
    words = "; ".join(part for part in (note, place.aside) if part)
    below = "".join(listed(child, link) for child in place.children)
    return f"<li>{name}: {escape(words)}{f'<ul>{below}</ul>' if below else ''}</li>"


def render(link: Link) -> str:
    """Return the whole map as HTML; ``link`` gives a page's address, or None."""
    items = "".join(listed(place, link) for place in (ROOT, BACKGROUND, COMPARISON))
    return (
        f'<div class="gc-map">{wide(link)}{narrow(link)}'
        f"<details><summary>The map as a list</summary><ul>{items}</ul></details></div>"
    )
