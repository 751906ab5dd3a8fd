"""The built site keeps its promises, in a real browser and in its files."""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup
from gencourse_book import taxonomy
from waiting import until

ROOT = Path(__file__).resolve().parents[2]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text())
CHAPTERS = [
    entry["file"].removeprefix("chapters/")
    for part in yaml.safe_load((ROOT / "_toc.yml").read_text())["parts"]
    for entry in part["chapters"]
    if entry["file"].startswith("chapters/")
]
LEAVES = [p for _, p in taxonomy.PLACES if p.page] + [
    taxonomy.BACKGROUND,
    taxonomy.COMPARISON,
]
THEME = "document.documentElement.dataset.theme"
PRESSED = """() => Object.fromEntries([...document.querySelectorAll(".gc-tile")].map(
    tile => [tile.dataset.scheme, tile.getAttribute("aria-pressed")]))"""
LIGHT = {"light": "true", "dark": "false"}
DARK = {"light": "false", "dark": "true"}


@dataclass
class Visit:
    """What a browser saw on one page."""

    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    too_wide: list[int] = field(default_factory=list)


@pytest.fixture(scope="session")
def visits(site, browser):
    """Look at every page, at 1280 and at 390 px."""
    context = browser.new_context(color_scheme="light")
    seen = {}
    for name in site.pages:
        visit, tab = Visit(), context.new_page()
        listen(tab, site.url, visit)
        tab.goto(site.url + name, wait_until="load")
        for width in (1280, 390):
            tab.set_viewport_size({"width": width, "height": 900})
            until(tab, f"innerWidth == {width}")
            if tab.evaluate("document.documentElement.scrollWidth > innerWidth"):
                visit.too_wide.append(width)
        tab.close()
        seen[name] = visit
    context.close()
    return seen


def listen(tab, home, visit):
    def request(asked):
        if not asked.url.startswith((home, "data:", "blob:")):
            visit.outside.append(asked.url)

    def response(given):
        if given.status >= 400:
            visit.errors.append(f"{given.status} {given.url}")

    def console(message):
        if message.type in {"error", "warning"}:
            visit.errors.append(message.text)

    tab.on("request", request)
    tab.on("response", response)
    tab.on("console", console)
    tab.on("pageerror", lambda error: visit.errors.append(str(error)))


@cache
def soup(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def chapter_page(site, name):
    return soup(site.folder / "chapters" / f"{name}.html")


# ---- the build ----


def test_the_build_is_clean(site):
    assert site.code == 0, site.log[-3000:]
    assert "WARNING" not in site.log


def test_the_home_page_is_no_redirect(site):
    assert "index.html" in site.pages
    home = soup(site.folder / "index.html")
    assert home.find("meta", attrs={"http-equiv": "refresh"}) is None
    assert home.select_one(".gc-tiles") is not None


def test_the_host_is_told_to_serve_underscored_folders(site):
    assert (site.folder / ".nojekyll").read_bytes() == b""


def test_the_lock_names_no_registry():
    lock = json.loads((ROOT / "tools" / "package-lock.json").read_text())
    packages = {key: data for key, data in lock["packages"].items() if key}
    assert packages
    for name, data in packages.items():
        assert "resolved" not in data, name
        assert data["integrity"].startswith("sha512-"), name


def test_vendored_files_are_fresh_only_while_whole(tmp_path):
    spec = importlib.util.spec_from_file_location("vendor", ROOT / "tools/vendor.py")
    vendor = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(vendor)
    assert not vendor.is_fresh(tmp_path)
    for name in vendor.FILES.values():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "stamp").write_text(vendor.digest())
    assert vendor.is_fresh(tmp_path)
    (tmp_path / "stamp").write_text("another lock")
    assert not vendor.is_fresh(tmp_path)


# ---- every page ----


def test_no_page_asks_another_host(visits):
    assert {name: v.outside for name, v in visits.items() if v.outside} == {}


def test_no_page_has_an_error(visits):
    assert {name: v.errors for name, v in visits.items() if v.errors} == {}


def test_no_page_scrolls_sideways(visits):
    assert {name: v.too_wide for name, v in visits.items() if v.too_wide} == {}


def resolves(site, here, link):
    """Return whether a link of the page ``here`` leads to a file and an anchor."""
    path, anchor = urldefrag(link)
    # The page of lost readers is shown at any depth, so its links begin at the host.
    home = urlsplit(site.url).path
    start = site.folder if path.startswith(home) else here.parent
    path = path.removeprefix(home)
    target = (start / unquote(path.split("?")[0])) if path else here
    if not target.is_file():
        return False
    if not target.resolve().is_relative_to(site.folder.resolve()):
        return False
    if not anchor or target.suffix != ".html":
        return True
    return soup(target.resolve()).find(id=unquote(anchor)) is not None


def test_internal_links_and_anchors_resolve(site):
    broken = []
    for name in site.pages:
        here = site.folder / name
        tags = soup(here).select("[href], [src]")
        links = {tag.get("href") or tag.get("src") or "" for tag in tags}
        inside = [link for link in links if not re.match(r"[a-z]+:|//", link)]
        assert inside, name
        broken += [(name, link) for link in inside if not resolves(site, here, link)]
    assert broken == []


def test_every_picture_says_what_it_shows(site):
    silent = []
    for name in site.pages:
        for image in soup(site.folder / name).select("img"):
            whole = image.find_parent(attrs={"role": "img", "aria-label": True})
            # A picture beside the words of a link would only say them twice.
            link = image.get("alt") == "" and image.find_parent("a")
            whole = whole or (link and link.get_text(strip=True))
            if not (whole or image.get("alt", "").strip()):
                silent.append((name, image.get("src")))
        for drawing in soup(site.folder / name).select("main svg"):
            hidden = drawing.get("aria-hidden") == "true"
            # Roots and braces of formulas, whose MathML stands beside them.
            hidden = hidden or drawing.find_parent(attrs={"aria-hidden": "true"})
            if not (hidden or drawing.get("aria-label") or drawing.find("title")):
                silent.append((name, str(drawing)[:120]))
    assert silent == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_links_stand_out_from_their_page(site, page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(site.url + "appendix/setup.html")
    colours = page.evaluate(
        """() => [getComputedStyle(document.querySelector(".bd-article p a")).color,
                  getComputedStyle(document.body).backgroundColor]"""
    )
    assert contrast(*colours) >= 4.5


def contrast(first, second):
    """Return the contrast of two CSS colours, as WCAG 2 defines it."""

    def luminance(colour):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
        ]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


# ---- the tiles ----


def test_a_tile_switches_every_page_and_is_remembered(site, page):
    page.goto(site.url)
    assert page.evaluate(PRESSED) == LIGHT
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click(".gc-tile[data-scheme=dark]")
    assert page.evaluate(PRESSED) == DARK
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    assert "slate" in page.inner_text(".gc-tiles-word")
    page.reload()
    assert page.evaluate(PRESSED) == DARK
    for name in site.pages:
        page.goto(site.url + name, wait_until="domcontentloaded")
        assert page.evaluate(THEME) == "dark", name
    page.goto(site.url)
    page.click(".gc-tile[data-scheme=light]")
    page.goto(site.url + "appendix/setup.html")
    assert page.evaluate(THEME) == "light"


def test_a_choice_outlives_the_visit_and_the_system(site, page):
    page.goto(site.url)
    page.click(".gc-tile[data-scheme=dark]")
    page.emulate_media(color_scheme="dark")
    page.emulate_media(color_scheme="light")
    page.wait_for_timeout(100)
    assert page.evaluate(THEME) == "dark"
    again = page.context.new_page()
    again.goto(site.url)
    assert again.evaluate(PRESSED) == DARK


def test_tiles_and_the_themes_own_switch_stay_in_step(site, page):
    page.goto(site.url)
    page.wait_for_load_state("load")
    seen = set()
    for _ in range(3):
        page.click(".bd-header-article .theme-switch-button")
        theme = page.evaluate(THEME)
        assert page.evaluate(PRESSED) == (DARK if theme == "dark" else LIGHT)
        seen.add(theme)
    assert seen == {"light", "dark"}
    page.click(".gc-tile[data-scheme=dark]")
    shown = page.locator(".theme-switch-button .theme-switch:visible").first
    assert shown.get_attribute("data-mode") == "dark"


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_tiles_work_from_the_keyboard(site, page, key):
    page.goto(site.url)
    scheme = "document.activeElement.dataset.scheme"
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(scheme) == "dark":
            break
    assert page.evaluate(scheme) == "dark"
    width = "getComputedStyle(document.activeElement).outlineWidth"
    assert page.evaluate(width) == "3px"
    page.keyboard.press(key)
    assert page.evaluate(PRESSED) == DARK
    name = page.locator(".gc-tile[data-scheme=dark]")
    assert name.inner_text().split() == ["slate", "dark"]


# ---- the map ----


def test_the_map_links_what_exists(site):
    home = soup(site.folder / "index.html")
    for drawing in (".gc-map-wide", ".gc-map-narrow", ".gc-map details"):
        links = {a["href"] for a in home.select(f"{drawing} a")}
        assert links == {f"chapters/{name}.html" for name in CHAPTERS}, drawing


def test_the_map_says_what_is_in_preparation():
    nothing = taxonomy.render(lambda page: None)
    assert "<a " not in nothing
    assert nothing.count("in preparation") == 3 * len(LEAVES)
    everything = taxonomy.render(lambda page: f"../{page}.html")
    assert "in preparation" not in everything
    for place in LEAVES:
        assert everything.count(f'href="../{place.page}.html"') == 3, place.name


@pytest.mark.parametrize(("width", "shown"), [(1280, "wide"), (390, "narrow")])
def test_one_drawing_of_the_map_shows(site, page, width, shown):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(site.url)
    visible = page.eval_on_selector_all(
        ".gc-map svg",
        "all => all.filter(svg => svg.checkVisibility()).map(svg => svg.classList[0])",
    )
    assert visible == [f"gc-map-{shown}"]
    size = page.eval_on_selector(
        f".gc-map-{shown} .gc-map-note", "text => text.getBoundingClientRect().height"
    )
    assert size >= 12  # px: still readable


# ---- chapters ----


@pytest.mark.parametrize("name", CHAPTERS)
def test_colab_opens_the_readers_notebook(site, name):
    repository = CONFIG["repository"]
    owner = repository["url"].removeprefix("https://github.com/")
    notebook = f"notebooks/{name}.ipynb"
    found = [a["href"] for a in chapter_page(site, name).select("a.btn-colab")]
    colab = "https://colab.research.google.com/github"
    assert found == [f"{colab}/{owner}/blob/{repository['branch']}/{notebook}"]
    assert (ROOT / notebook).is_file()


def test_a_page_without_notebook_has_no_launch_button(site):
    for name in site.pages:
        if not name.startswith("chapters/"):
            assert "colab.research" not in (site.folder / name).read_text(), name


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_downloads_are_the_notebook_and_the_source(site, name):
    here = site.folder / "chapters"
    links = chapter_page(site, name).select(".dropdown-download-buttons a[href]")
    files = [(here / a["href"]).resolve().read_bytes() for a in links]
    wanted = ["notebooks/{}.ipynb", "book/chapters/{}.ipynb", "book/chapters/{}.py"]
    assert files == [(ROOT / path.format(name)).read_bytes() for path in wanted]


@pytest.mark.parametrize("name", CHAPTERS)
def test_readers_edit_the_text_beside_the_notebook(site, name):
    edit = chapter_page(site, name).select_one("a.btn-source-edit-button")["href"]
    assert edit.startswith(CONFIG["repository"]["url"])
    assert edit.endswith(f"/book/chapters/{name}.py")


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_says_where_its_outputs_were_made(site, name):
    notebook = json.loads((ROOT / "book/chapters" / f"{name}.ipynb").read_text())
    stamp = notebook["metadata"].get("gencourse", {})
    foot = chapter_page(site, name).select_one(".bd-article .gc-made")
    assert (foot is not None) == bool(stamp.get("made"))
    for value in stamp.get("made", {}).values():
        assert value in foot.get_text()
    if "cpu_seconds" in stamp:
        assert f"in {stamp['cpu_seconds']:.0f} s of CPU time" in foot.get_text()


@pytest.mark.parametrize("name", CHAPTERS)
def test_formulas_are_set(site, name):
    formulas = chapter_page(site, name).select(".math")
    assert formulas
    for formula in formulas:
        assert formula.select_one(".katex-html"), formula
        assert formula.select_one("math annotation").get_text().strip(), formula
        assert formula.select_one(".katex-error") is None, formula


@pytest.mark.parametrize("name", CHAPTERS)
def test_exercises_are_numbered_and_solutions_folded(site, page, name):
    page.goto(site.url + f"chapters/{name}.html")
    titles = page.locator(".exercise > .admonition-title").all_inner_texts()
    assert titles
    numbers = [re.match(r"Exercise (\d+\.\d+)", title).group(1) for title in titles]
    chapter = CHAPTERS.index(name) + 1
    assert numbers == [f"{chapter}.{i + 1}" for i in range(len(titles))]
    solution = page.locator(".solution.dropdown").first
    inside = solution.locator("section, .highlight").first
    assert not inside.is_visible()
    solution.locator(".toggle-button").click()
    inside.wait_for(state="visible")


def test_search_finds_a_word(site, page):
    page.goto(site.url + "search.html?q=bottleneck")
    page.wait_for_selector("#search-results li a")
    found = page.eval_on_selector_all(
        "#search-results li a", "all => all.map(a => a.href)"
    )
    assert any("appendix/glossary.html" in link for link in found)
