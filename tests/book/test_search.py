"""The search finds what a reader of code and formulas types."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from gencourse_book import words
from waiting import until

ASKED = {
    "log_prob": "chapters/density",  # a name in code
    "blind_spot": "chapters/pixelcnn",
    "gated pixelcnn": "chapters/pixelcnn",  # GatedPixelCNN, by its parts
    "self.register_buffer": "chapters/pixelcnn",  # in a listing of the package
    r"\mathbb{E}": "chapters/vae",  # a formula, as it is written
    "p_theta": "chapters/vae",
    "p_data": "chapters/gan",
    "θ": "chapters/autoencoder",
    "Make the sampler fast": "chapters/pixelcnn",  # an exercise's title
    "inverse_cdf": "chapters/pixelcnn",  # its stub
    "kl_to_standard_normal": "chapters/vae",  # a solution
    "Frechet": "appendix/glossary",  # where it has its accent
    "bottleneck": "appendix/glossary",
}


def test_search_finds_code_formulas_and_exercises(site, page):
    found = "all => all.map(link => link.href)"
    for query, wanted in ASKED.items():
        page.goto(f"{site.url}search.html?q={quote(query)}")
        page.wait_for_selector("#search-results li a")
        until(page, "document.querySelector('.search-summary').innerText")
        links = page.eval_on_selector_all("#search-results li a", found)
        assert any(f"/{wanted}.html" in link for link in links), query


@pytest.mark.parametrize("query", ["qqqqzzzz", "constructor"])
def test_search_says_when_it_finds_nothing(site, page, query):
    page.goto(f"{site.url}search.html?q={query}")
    until(page, "document.querySelector('.search-summary')?.innerText")
    assert "did not match" in page.inner_text("#search-results")


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("log_prob", {"log", "prob"}),
        ("GatedPixelCNNs", {"Gated", "Pixel", "CNNs"}),
        (r"\mathbb{E}_{q_\phi}", {"E_q", "φ"}),
        (r"p_{\text{data}}", {"p_data"}),
        (r"\varepsilon", {"ε"}),
        ("Fréchet", {"Frechet"}),
        ("ELBO __init__ x_1 2d", set()),
    ],
)
def test_words_are_indexed_in_every_way_to_look_for_them(text, more):
    plain = set(re.findall(r"\w+", text))
    assert plain | more == set(words.Words({}).split(text)) | more
    assert more <= set(words.Words({}).split(text))
