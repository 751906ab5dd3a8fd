"""What the search finds beside plain words: names in code, symbols, letters.

Sphinx's own index holds every word of a page, its code and its formulas included, as
they are written: ``log_prob`` and ``theta``, yet neither ``log prob`` nor ``p_theta``.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from sphinx.search import languages
from sphinx.search.en import SearchEnglish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa"),
    *("lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi"),
    "omega",
)
LETTERS = {  # Unicode names one of them in its own way.
    name: unicodedata.lookup(f"GREEK SMALL LETTER {name.replace('lambda', 'lamda')}")
    for name in GREEK
}
COMMAND = re.compile(r"\\(?:var)?([a-z]+)")
FONT = re.compile(r"\\(?:text|operatorname|math[a-z]+)\{(\w+)\}")
SYMBOL = re.compile(r"(?<!\w)([A-Za-z])_\{?\\?(?:var)?([A-Za-z]+)")
PART = re.compile(r"[A-Z]{2,}s?(?![a-z])|[A-Z]?[a-z]{2,}")


def letters(text: str) -> Iterator[str]:
    r"""Yield the Greek letters of TeX: "θ" of ``\theta``."""
    for name in COMMAND.findall(text):
        if name in LETTERS:
            yield LETTERS[name]


def symbols(text: str) -> Iterator[str]:
    r"""Yield TeX's letters with their index: "p_theta" of ``p_{\theta}``."""
    for letter, index in SYMBOL.findall(FONT.sub(r"\1", text)):
        yield f"{letter}_{index}"


def parts(word: str) -> list[str]:
    """Return what a name in code is put together from, in the order of reading."""
    found = PART.findall(word) if word.isascii() else []
    return found if len(found) > 1 else []


def without_accents(word: str) -> str:
    """Return a word as a keyboard without accents has it."""
    split = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in split if not unicodedata.combining(letter))


class Words(SearchEnglish):
    """English, with what readers of code and formulas type as well."""

    # The script looks words up in an object, which has this one from its class: it
    # would take that for pages, stop, and never say that it found nothing.
    stopwords = SearchEnglish.stopwords | {"constructor"}

    def split(self, input: str) -> list[str]:
        """Return every word of a text, and the other ways to look for it."""
        words = super().split(input)
        more = [*letters(input), *symbols(input)]
        for word in words:
            more += parts(word)
            if not word.isascii():
                more.append(without_accents(word))
        return words + more


def setup(app: Sphinx) -> None:
    """Take the place of Sphinx's English."""
    languages["en"] = Words
