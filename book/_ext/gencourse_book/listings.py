"""Listings without the mark-up that changes nothing.

Pygments puts every name, bracket and space into an element of its own, also where the
scheme paints it in the colour of all text: two thirds of the elements of a listing.
"""

from __future__ import annotations

import re

RULE = re.compile(
    r'(?m)^html\[data-theme="(\w+)"\] \.highlight (?:\.(\w+) )?\{([^}]*)\}'
)
COLOUR = re.compile(r"(?<![\w-])color: (#\w+)")
BLOCK = re.compile(r'(<div class="highlight"><pre>)(.*?)(</pre>)', re.DOTALL)
SPAN = re.compile(r'<span class="(\w+)">([^<]*)</span>')


def plain(sheet: str) -> set[str]:
    """Return the classes that a sheet gives the colour of all text in each scheme."""
    rules = RULE.findall(sheet)
    base = {scheme: COLOUR.findall(rule) for scheme, name, rule in rules if not name}
    same: dict[str, bool] = {}
    for scheme, name, rule in rules:
        alone = re.fullmatch(r"\s*color: #\w+;?\s*", rule)
        like = bool(alone) and COLOUR.findall(rule) == base.get(scheme)
        same[name] = same.get(name, True) and like
    return {name for name, like in same.items() if like and name}


def unwrap(page: str, classes: set[str]) -> str:
    """Return a page whose listings have no elements of these classes."""

    def bare(span: re.Match[str]) -> str:
        return span[2] if span[1] in classes else span[0]

    def block(found: re.Match[str]) -> str:
        return found[1] + SPAN.sub(bare, found[2]) + found[3]

    return BLOCK.sub(block, page)
