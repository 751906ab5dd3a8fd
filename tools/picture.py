"""Write the map of the course as a picture of its own, for the README.

The book draws it on its pages, where links and the style sheet reach it. This is the
same drawing with colours of its own and no links: book/assets/taxonomy.svg.
"""

from __future__ import annotations

import re
import sys

from site_config import ROOT

sys.path.append(str(ROOT / "book" / "_ext"))
from gencourse_book import taxonomy

PATH = ROOT / "book" / "assets" / "taxonomy.svg"
STYLE = """<style>
svg { color: #1f2a37; font-family: "Source Sans 3", system-ui, "Segoe UI", sans-serif; }
text { fill: currentColor; }
.gc-map-name { font-size: 16.5px; font-weight: 600; text-anchor: middle; }
.gc-map-note { font-size: 13px; text-anchor: middle; }
.gc-map-aside { font-size: 13px; font-style: italic; }
path { fill: none; stroke: #55606f; stroke-width: 1.3; }
.gc-map-dash { stroke-dasharray: 6 4; }
.gc-map-dots { stroke-dasharray: 1.5 4.5; stroke-linecap: round; stroke-width: 2; }
rect { fill: #f3f1ec; stroke: #bdb6a8; stroke-width: 1.3; }
.gc-map-todo rect { fill: #ffffff; stroke: #55606f; stroke-dasharray: 4 4; }
.gc-map-page rect { fill: #e9f0fb; stroke: #0b57c2; stroke-width: 1.8; }
.gc-map-page text { fill: #0b57c2; }
@media (prefers-color-scheme: dark) {
  svg { color: #e6ecf3; }
  path { stroke: #adb9c8; }
  rect { fill: #2e3a4a; stroke: #5d6d84; }
  .gc-map-todo rect { fill: #1d2530; stroke: #adb9c8; }
  .gc-map-page rect { fill: #22344d; stroke: #7fb2f5; }
  .gc-map-page text { fill: #7fb2f5; }
}
</style>"""


def picture() -> str:
    """Return the map as a whole SVG file; a chapter that exists has a blue edge."""
    drawn = taxonomy.wide(lambda page: page if exists(page) else None)
    drawn = re.sub(r"<a [^>]*>", "<g>", drawn).replace("</a>", "</g>")
    return drawn.replace(">", f">{STYLE}", 1) + "\n"


def exists(page: str) -> bool:
    """Return whether the book has that page."""
    return (ROOT / "book" / f"{page}.py").is_file()


if __name__ == "__main__":
    PATH.write_text(picture(), encoding="utf-8")
    print(PATH.relative_to(ROOT))
