"""What stands in the head of a page and around it: policy, addresses, cards."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import xml.etree.ElementTree as ElementTree
from functools import cache
from urllib.parse import quote, urljoin, urlsplit

import card
import pytest
import yaml
from bs4 import BeautifulSoup
from gencourse_book import address, head, policy
from PIL import Image
from site_config import ROOT, read_site
from sphinx.application import Sphinx
from sphinx.errors import ConfigError
from sphinx.util.docutils import docutils_namespace
from waiting import until

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
SETTINGS = CONFIG["sphinx"]["config"]
REDIRECTS = SETTINGS["redirects"]
HOME = address.published_at(CONFIG["repository"]["url"])
NO_DOCUMENTS = {"404.html", "genindex.html", "search.html"}
EXTENSIONS = ("sphinx_reredirects", "sphinx_sitemap", "sphinxext.opengraph")
LOST = "chapters/deep/down/nothing.html"
RULES = {
    "default-src": "'none'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
}
NOTE_VIOLATIONS = """() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (broken) =>
        window.violations.push(`${broken.violatedDirective} ${broken.blockedURI}`));
}"""
INLINE = """() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.body.append(script);
}"""
FETCH = """(url) => fetch(url).then(() => "fetched", () => "stopped")"""


@cache
def soup(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def documents(site):
    return [name for name in site.pages if name not in NO_DOCUMENTS]


def redirected():
    return [f"{name}.html" for name in REDIRECTS]


def meta(page, name):
    """Return the content of a page's one meta tag of that name or property."""
    tags = page.head.find_all("meta", attrs={"name": name})
    tags += page.head.find_all("meta", attrs={"property": name})
    assert len(tags) == 1, (name, tags)
    return tags[0]["content"]


def rules(page):
    """Return the page's policy, a string for each directive."""
    tag = page.head.find_all("meta", attrs={"http-equiv": "Content-Security-Policy"})
    assert len(tag) == 1
    given = [rule.strip().split(" ", 1) for rule in tag[0]["content"].split(";")]
    assert len(given) == len(dict(given))
    return dict(given)


def hashed(script):
    raw = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(raw).decode()}'"


# ---- the policy ----


def test_every_page_has_a_strict_policy_before_all_that_it_rules(site):
    for name in [*site.pages, *redirected()]:
        page = soup(site.folder / name)
        first, second = page.head.find_all(True)[:2]
        assert first.get("charset") == "utf-8", name
        assert second.get("http-equiv") == "Content-Security-Policy", name
        given = rules(page)
        scripts = given.pop("script-src").split()
        assert given == RULES, name
        bodies = {tag.string for tag in page("script") if not tag.get("src")}
        bodies -= {tag.string for tag in page("script", type="application/json")}
        wanted = {"'self'", "'wasm-unsafe-eval'", *map(hashed, bodies)}
        assert set(scripts) == wanted, name


def test_no_page_has_a_handler_in_its_markup(site):
    for name in [*site.pages, *redirected()]:
        for tag in soup(site.folder / name)(True):
            assert not [key for key in tag.attrs if key.startswith("on")], (name, tag)
            assert not str(tag.get("href", "")).startswith("javascript:"), (name, tag)


def test_no_page_breaks_its_policy(site, browser):
    context = browser.new_context()
    context.add_init_script(f"({NOTE_VIOLATIONS})()")
    tab = context.new_page()
    said = []
    tab.on("console", lambda message: said.append(message.text))
    for name in [*site.pages, f"search.html?q={quote('log_prob')}"]:
        tab.goto(site.url + name)
        assert tab.evaluate("violations") == [], name
    assert [text for text in said if "Content Security Policy" in text] == []
    context.close()


def test_the_policy_stops_what_it_should(site, page):
    page.add_init_script(f"({NOTE_VIOLATIONS})()")
    page.goto(site.url)
    page.evaluate(INLINE)
    assert page.evaluate("window.ran") is None
    page.evaluate("document.body.setAttribute('onclick', 'window.handled = 1')")
    page.click(".bd-article h1")
    assert page.evaluate("window.handled") is None
    assert page.evaluate(FETCH, "https://example.org/") == "stopped"
    assert page.evaluate(FETCH, site.url) == "fetched"
    broken = " ".join(page.evaluate("violations"))
    for directive in ("script-src-elem", "script-src-attr", "connect-src"):
        assert directive in broken


def test_the_headers_buttons_print_and_fill_the_screen(site, page):
    page.add_init_script("window.print = () => { window.printed = true; }")
    page.goto(site.url + "chapters/density.html")
    page.click(".dropdown-download-buttons > button")
    page.click("[data-gc-action=print]")
    assert page.evaluate("window.printed")
    page.click("[data-gc-action=fullscreen]")
    until(page, "document.fullscreenElement !== null")


PAGE = '<head><meta charset="utf-8" />{}</head><body>{}</body>'


def test_a_policy_names_the_scripts_that_a_page_runs():
    runs = "<script>let a = '<b>';\r\n</script><script type=module>b</script>"
    not_run = '<script src="x.js">c</script><script type="application/json">{}</script>'
    text, handlers = policy.with_policy(PAGE.format(runs, not_run))
    given = set(rules(BeautifulSoup(text, "html.parser"))["script-src"].split())
    wanted = {hashed("let a = '<b>';\n"), hashed("b")}
    assert given == {"'self'", "'wasm-unsafe-eval'", *wanted}
    assert handlers == []
    assert policy.with_policy(text) == (text, [])


def test_a_policy_says_what_it_stops():
    bad = "<p onclick='go()'>x</p><a HREF=' JavaScript:go()'>y</a>"
    fine = "<!-- <p onclick='go()'> --> &lt;p onclick='go()'>"
    _, handlers = policy.with_policy(PAGE.format("", bad + fine))
    assert handlers == ['<p onclick="go()">', '<a href=" JavaScript:go()">']
    with pytest.raises(ValueError, match="no <meta charset"):
        policy.with_policy("<head></head>")


# ---- addresses, descriptions and cards ----


def test_the_site_has_one_address():
    assert read_site().page("index") == f"{HOME}index.html"
    assert address.published_at("https://github.com/a/b/") == "https://a.github.io/b/"
    hosts = ("", "github.com/a/b", "https://gitlab.com/a/b")
    for wrong in (*hosts, "https://github.com/a", "https://github.com/a/b/c"):
        with pytest.raises(ConfigError, match=f"OWNER/NAME, got '{wrong}'"):
            address.published_at(wrong)


def test_pages_say_where_they_are(site):
    for name in documents(site):
        page = soup(site.folder / name)
        assert page.find("link", rel="canonical")["href"] == HOME + name
        assert meta(page, "og:url") == HOME + name


def test_pages_are_described_in_their_own_words(site):
    told = {}
    for name in site.pages:
        page = soup(site.folder / name)
        told[name] = meta(page, "description")
        assert 30 <= len(told[name]) <= head.LONGEST, name
        if name in documents(site):
            assert meta(page, "og:description") == told[name]
            text = " ".join(page.find("article").get_text().split())
            made = told[name].endswith(head.COURSE)
            assert made or told[name].split(". ")[0][:60].rstrip("….") in text, name
    of_documents = [told[name] for name in documents(site)]
    assert len(set(of_documents)) == len(of_documents)
    silent = {name for name in told if told[name].endswith(head.COURSE)}
    assert silent == {"appendix/bibliography.html", *NO_DOCUMENTS}


def described(*paragraphs):
    from docutils import nodes
    from docutils.utils import new_document

    tree, section = new_document("page"), nodes.section()
    tree += section
    for parts in paragraphs:
        section += nodes.paragraph("", "", *parts)
    return head.description("Title", tree)


def test_a_description_is_whole_sentences_without_formulas():
    from docutils import nodes

    text, formula = nodes.Text, nodes.math("", "x^2")
    assert described([text("One. Two <b> & 3.5 of\nit? Three")]) == (
        "One. Two <b> & 3.5 of it?"
    )
    assert described([text("One. Now "), formula, text(" is. Three.")]) == "One."
    assert described([text("One.")], [text("Two.")]) == "One. Two."
    long = described([text("Short. " + "word " * 60 + ".")])
    assert long == "Short."
    assert described([text("word " * 60 + ".")]).endswith("word…")
    assert len(described([text("word " * 60 + ".")])) <= head.LONGEST
    assert described([]) == f"Title: {head.COURSE}"


def test_a_shared_link_shows_a_card(site):
    for name in documents(site):
        page = soup(site.folder / name)
        assert meta(page, "og:title") in page.title.get_text()
        assert meta(page, "og:site_name") == "gencourse"
        assert meta(page, "twitter:card") == "summary_large_image"
        assert len(meta(page, "og:image:alt")) > 40
        picture = site.folder / meta(page, "og:image").removeprefix(HOME)
        assert picture.stat().st_size <= card.LARGEST
        said = [int(meta(page, f"og:image:{side}")) for side in ("width", "height")]
        with Image.open(picture) as image:
            assert image.format == "PNG"
            assert image.size == tuple(said) == (card.WIDTH, card.HEIGHT)


def test_browsers_find_an_icon(site):
    sizes = {"favicon.ico": (32, 32), "_static/apple-touch-icon.png": (180, 180)}
    for name, size in sizes.items():
        with Image.open(site.folder / name) as image:
            assert image.size == size
            corner = image.convert("RGBA").getpixel((0, 0))
            assert corner[3] < 255  # it is round
    for name in site.pages:
        links = soup(site.folder / name).head.select("link[rel~=icon]")
        kinds = {urlsplit(link["href"]).path.rsplit(".")[-1] for link in links}
        assert kinds == {"ico", "svg"}, name


def test_the_sitemap_lists_every_document(site):
    tree = ElementTree.parse(site.folder / "sitemap.xml")
    listed = [node.text for node in tree.iter() if node.tag.endswith("}loc")]
    assert sorted(listed) == sorted(HOME + name for name in documents(site))
    robots = (site.folder / "robots.txt").read_text()
    assert robots == f"User-agent: *\nAllow: /\nSitemap: {HOME}sitemap.xml\n"


# ---- pages that are not there ----


@pytest.mark.parametrize("missing", ["nothing", LOST, "appendix/"])
def test_a_missing_page_leads_back_from_any_depth(site, page, missing):
    if missing.endswith("/"):
        missing += "nowhere/"
    asked = []
    page.on("response", lambda given: asked.append((given.status, given.url)))
    assert page.goto(site.url + missing).status == 404
    page.wait_for_load_state("networkidle")
    assert page.inner_text(".bd-article h1") == "There is no such page"
    assert [got for got in asked if got[0] >= 400] == [(404, site.url + missing)]
    style = "getComputedStyle(document.querySelector('article h1')).fontFamily"
    assert "Source Serif" in page.evaluate(style)
    page.click("article a[href*='search.html']")
    assert page.url == site.url + "search.html"


def test_a_missing_page_is_in_no_index(site):
    lost = soup(site.folder / "404.html")
    assert meta(lost, "robots") == "noindex"
    assert lost.find("link", rel="canonical") is None
    links = [tag.get("href") or tag.get("src") for tag in lost.select("[href], [src]")]
    inside = [link for link in links if not re.match(r"https?:|#", link)]
    assert len(inside) > 20
    start = urlsplit(HOME).path
    assert [link for link in inside if not link.startswith(start)] == []


@pytest.mark.parametrize("scripts", [True, False])
def test_moved_pages_lead_to_where_they_are(site, browser, scripts):
    context = browser.new_context(java_script_enabled=scripts)
    tab = context.new_page()
    for old, new in REDIRECTS.items():
        tab.goto(f"{site.url}{old}.html#there")
        landed = urljoin(f"{site.url}{old}.html", new)
        tab.wait_for_url(landed + ("#there" if scripts else "*"))
        assert (site.folder / landed.removeprefix(site.url)).is_file()
    context.close()


def test_redirects_take_no_pages_place(site):
    assert set(redirected()).isdisjoint(site.pages)
    for name in redirected():
        page = soup(site.folder / name)
        assert meta(page, "robots") == "noindex"
        assert page.body.a["href"] == REDIRECTS[name.removesuffix(".html")]


# ---- building again ----


def small_book(folder):
    """Build a book of three pages with what this module tests; return its warnings."""
    import io

    said = io.StringIO()
    config = {
        "extensions": [*EXTENSIONS, "notfound.extension", "small_head"],
        "html_baseurl": "https://example.org/there",  # given, so it stays
        "html_theme": "basic",
        "ogp_image": "card.png",
        "sitemap_url_scheme": "{link}",
        "redirects": {"old": "two.html"},
        "redirect_html_template_file": str(
            ROOT / "book/_ext/gencourse_book/redirect.html"
        ),
    }
    places = [folder, None, folder / "html", folder / "trees"]
    given = {"confoverrides": config, "status": None, "warning": said}
    with docutils_namespace():
        Sphinx(*places, "html", **given).build()
    return said.getvalue()


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Give a book of three pages."""
    parts = "address, head, policy"
    (tmp_path / "ext").mkdir()
    (tmp_path / "ext" / "small_head.py").write_text(
        f"from gencourse_book import {parts}\n\n\n"
        f"def setup(app):\n    for part in ({parts}):\n        part.setup(app)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path / "ext"))
    book = tmp_path / "book"
    book.mkdir()
    tree = ".. toctree::\n\n   two\n   three\n"
    (book / "index.rst").write_text(f"Home\n====\n\nA page.\n\n{tree}")
    (book / "three.rst").write_text("Three\n=====\n\nA third page.\n")
    (book / "two.rst").write_text("Two\n===\n\nAnother page.\n")
    yield book
    shutil.rmtree(tmp_path)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_page_alone_is_built_anew(small):
    """Without git, and with one page changed: nothing that spans pages loses any."""
    assert small_book(small) == ""
    html = small / "html"
    sitemap = (html / "sitemap.xml").read_bytes()
    names = ["404.html", "index.html", "old.html", "search.html", "two.html"]
    before = {name: rules(soup(html / name)) for name in names}
    bad = ".. raw:: html\n\n   <p onclick='go()'>\n"
    (small / "two.rst").write_text(f"Two\n===\n\n{bad}")
    warnings = small_book(small)
    assert 'two.html: the page\'s policy stops <p onclick="go()">' in warnings
    assert "handler" not in (html / "index.html").read_text()
    assert (html / "sitemap.xml").read_bytes() == sitemap
    assert b"https://example.org/there/two.html" in sitemap
    soup.cache_clear()
    assert {name: rules(soup(html / name)) for name in names} == before
