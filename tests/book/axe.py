"""What axe-core holds against a page, for every test that looks at one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from conftest import missing
from node_tools import node_modules

if TYPE_CHECKING:
    from playwright.sync_api import Page

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Experimental in axe-core, and yet plain failures where they strike.
MORE = (
    *("label-content-name-mismatch", "td-has-header", "table-fake-caption"),
    *("css-orientation-lock", "focus-order-semantics", "p-as-heading"),
)
# axe-core cannot tell what lies behind a word of a drawing, and takes long to say so.
DRAWN = "svg.gencourse-figure"
RUN = """async ([within, tags, names, drawn]) => {
  const rules = Object.fromEntries(names.map((name) => [name, { enabled: true }]));
  const { violations } = tags
    ? await axe.run(within, { runOnly: { type: "tag", values: tags },
        rules: { ...rules, "color-contrast": { enabled: false } },
        resultTypes: ["violations"] })
    : await axe.run({ include: [[within]], exclude: [[drawn]] },
        { runOnly: { type: "rule", values: names }, resultTypes: ["violations"] });
  return violations.flatMap((rule) =>
    rule.nodes.map(({ failureSummary, target }) => {
      const why = failureSummary.split("\\n").slice(1).join("").trim();
      return `${rule.id} (${rule.impact}): ${rule.help}: ${target.join(" ")}: ${why}`;
    }));
}"""
FAINT = """(drawn) => {
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const luminance = (layers) => {
    for (const [colour, opacity] of [["#fff", 1], ...layers]) {
      pen.globalAlpha = opacity;
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 1, 1);
    }
    const linear = [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3)
      .map((c) => (c <= 10 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return linear[0] * 0.2126 + linear[1] * 0.7152 + linear[2] * 0.0722;
  };
  const above = (e) => (e ? [...above(e.parentElement), getComputedStyle(e)] : []);
  return [...document.querySelectorAll(`:is(${drawn}) text, .gc-map text`)]
    .filter((word) => word.textContent.trim() && word.checkVisibility())
    .flatMap((word) => {
      const styles = above(word);
      const box = word.parentElement.querySelector(":scope > rect");
      const behind = styles.map((style) => [style.backgroundColor, 1]);
      if (box) behind.push([getComputedStyle(box).fill, 1]);
      const opacity = styles.reduce((all, style) => all * style.opacity, 1);
      const inks = [word, ...word.querySelectorAll("tspan")]
        .map((part) => luminance([...behind, [getComputedStyle(part).fill, opacity]]));
      const ground = luminance(behind);
      const contrast = Math.min(...inks.map((ink) =>
        (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05)));
      return contrast < 4.5
        ? [`faint words (serious): ${contrast.toFixed(2)}: ${word.textContent}`] : [];
    });
}"""


@cache
def source() -> str:
    """Return axe-core's script; without a network it may be missing."""
    try:
        return (node_modules() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    except SystemExit as error:
        missing(f"axe-core is not installed: {error}")
        raise


def faint(page: Page) -> list[str]:
    """Return the words of drawings whose contrast is under 4.5, with it."""
    return page.evaluate(FAINT, DRAWN)


def colours(page: Page, within: str = "html") -> list[str]:
    """Return the words on the page as it stands that are hard to tell from it.

    Not in forced colours, of which axe-core knows nothing: ask `faint` there.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(source())
    asked = ["color-contrast", "link-in-text-block"]
    return page.evaluate(RUN, [within, None, asked, DRAWN]) + faint(page)


def violations(page: Page, within: str = "html") -> list[str]:
    """Return what axe-core finds on the page as it stands, a line for each element.

    Or only in what the selector ``within`` finds, which takes less time. All impacts
    count, and so do the best practices. What is hidden is not looked at: open menus and
    dialogs before.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(source())
    found = page.evaluate(RUN, [within, STANDARDS, list(MORE), DRAWN])
    return found + colours(page, within)
