"""What pages weigh before any click, and that what made them light cost nothing."""

from __future__ import annotations

import gzip
import io
import json
import re
import urllib.error
import urllib.request
from pathlib import Path

import lighthouse
import pytest
import static_host
from bs4 import BeautifulSoup
from docutils import nodes
from fontTools.ttLib import TTFont
from gencourse_book import icons, listings, maths, node, styles, weight
from PIL import Image, ImageChops, ImageStat
from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = [path.stem for path in sorted((ROOT / "book/chapters").glob("*.py"))]
MOST, MOST_SENT = 1_500_000, 600_000  # bytes: as they are, and as a host sends them
TEXT = (".html", ".css", ".js", ".mjs", ".json", ".svg")


@pytest.fixture(scope="module")
def sample():
    return json.loads((ROOT / "tests/book/lighthouse_sample.json").read_text())


def soup(site, name):
    return BeautifulSoup((site.folder / name).read_text("utf-8"), "html.parser")


def responses(page, address):
    """Return the bytes of all that a page asks for by itself, by address."""
    seen = []
    page.on("response", lambda given: seen.append(given))
    page.goto(address, wait_until="networkidle")
    return {given.url: given.body() for given in seen if given.status == 200}


# ---- weight ----


@pytest.mark.parametrize("name", ["index", *(f"chapters/{n}" for n in CHAPTERS)])
def test_a_page_is_light_before_any_click(site, page, name):
    bodies = responses(page, f"{site.url}{name}.html")
    raw = sum(map(len, bodies.values()))
    sent = sum(
        len(gzip.compress(body, 6) if url.split("?")[0].endswith(TEXT) else body)
        for url, body in bodies.items()
    )
    assert 100_000 < raw <= MOST
    assert 50_000 < sent <= MOST_SENT
    assert not [url for url in bodies if re.search("fontawesome|mathjax|ort[-.]", url)]


def test_only_the_search_page_loads_the_index(site):
    asks = [n for n in site.pages if "searchindex.js" in (site.folder / n).read_text()]
    assert asks == ["search.html"]


def test_no_script_or_second_sheet_stops_a_page_from_showing(site):
    for name in site.pages:
        head = soup(site, name).head
        if head.select_one('link[rel="stylesheet"]') is None:
            continue  # a redirect
        assert len(head.select('link[rel="stylesheet"]')) == 1, name
        for script in head.select("script[src]"):
            waits = script.get("type") == "module" or script.has_attr("defer")
            assert waits, (name, script)


@pytest.mark.parametrize("name", CHAPTERS)
def test_pictures_keep_their_place_until_they_are_there(site, name):
    images = soup(site, f"chapters/{name}.html").select("img[src*=_images]")
    assert images
    for image in images:
        with Image.open(site.folder / "chapters" / image["src"]) as picture:
            size = (int(image["width"]), int(image["height"]))
            assert picture.size == size, image["src"]
    assert [image.get("loading") for image in images[1:]] == ["lazy"] * len(images[1:])


def test_what_only_the_build_runs_is_not_published(site):
    assert not (site.folder / "_static/vendor/build").exists()


@pytest.mark.parametrize("width", [1350, 412])
def test_nothing_moves_while_a_chapter_loads(site, page, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.add_init_script(
        """window.moved = 0; new PerformanceObserver((list) => {
             for (const shift of list.getEntries()) moved += shift.value;
           }).observe({ type: "layout-shift", buffered: true });"""
    )
    page.goto(site.url + "chapters/vae.html", wait_until="networkidle")
    assert page.evaluate("moved") < 0.15  # a line may break anew with its font


# ---- icons ----


def test_icons_show_from_the_small_fonts_and_say_nothing(site, page):
    bodies = responses(page, site.url + "chapters/vae.html")
    fonts = [url for url in bodies if "fa-" in url.split("/")[-1]]
    assert {url.split("/")[-2] for url in fonts} == {"icons"}
    assert sum(len(bodies[url]) for url in fonts) < 8_000
    for icon in page.locator(".bd-header-article i[class*=fa-]:visible").all():
        assert icon.get_attribute("aria-hidden") == "true"
        content = "el => getComputedStyle(el, '::before').content"
        assert icon.evaluate(content) not in {"none", "normal"}
        assert icon.bounding_box()["width"] >= 12
    for button in page.locator(".bd-header-article :is(button, a):visible").all():
        name = button.get_attribute("aria-label") or button.get_attribute("title")
        assert name or button.inner_text().strip()


def test_the_small_fonts_hold_every_icon_of_every_page(site):
    theme = icons.theme(site.folder / "_static")
    pages = [(site.folder / name).read_text("utf-8") for name in site.pages]
    for font, places in icons.wanted(pages, theme).items():
        with TTFont(site.folder / f"_static/icons/{font}.woff") as small:
            assert set(small.getBestCmap()) == places
            assert places


def test_an_icon_that_the_theme_has_not_is_named(caplog):
    sheet = r'.fa-sun:before{content:"\f185"}'
    known = '<i class="fa-solid fa-sun fa-lg"></i>'
    assert icons.wanted([known], sheet)["fa-solid-900"] == {0xF185}
    shown = r'p:after{content:"\f107";font-family:Font Awesome\ 6 Free}'
    assert icons.wanted([known], sheet + shown)["fa-solid-900"] == {0xF185, 0xF107}
    icons.wanted(['<i class="fas fa-nought"></i>'], sheet)
    assert "fa-nought" in caplog.text


# ---- formulas ----


def test_formulas_show_without_javascript(site, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.url + "chapters/vae.html")
    formulas = page.locator(".katex-html")
    assert formulas.count() > 50
    assert formulas.nth(40).bounding_box()["height"] > 5
    assert r"\(" not in page.inner_text(".bd-article")
    context.close()


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (nodes.math("", r" p_\theta(x) "), (r"p_\theta(x)", False)),
        (nodes.math_block("", "a\n", nowrap=True), ("a", True)),
        (nodes.math_block("", r"a \\ b"), (r"\begin{split}a \\ b\end{split}", True)),
        (nodes.math_block("", "a\n\nb"), (r"\begin{gathered}a\\b\end{gathered}", True)),
    ],
)
def test_a_formula_is_what_its_node_says(made, wanted):
    assert maths.formula(made) == wanted


def test_a_formula_that_cannot_be_set_is_named_and_shown(caplog):
    html = maths.Formulas().html(nodes.math("", r"\nope<"))
    assert html == r"\nope&lt;"
    assert r"\nope<" in caplog.text.replace(r"\\", "\\")


def test_formulas_say_what_they_are_to_screen_readers():
    text = BeautifulSoup(maths.Formulas().html(nodes.math("", "x^2")), "html.parser")
    assert text.select_one("math").get_text().startswith("x2")
    assert text.select_one(".katex-html")["aria-hidden"] == "true"


# ---- style sheets, listings, drawings ----


def test_the_joined_sheet_holds_what_can_apply(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "scripts").mkdir()
    (tmp_path / "a.css").write_text('@import "deep/b.css"; .here, .gone { top: 1px }')
    (tmp_path / "deep/b.css").write_text(
        ".gone > p { top: 2px } p:not(.gone) { top: 3px } .tip-x-auto { top: 4px }"
        "@media print { .gone { top: 5px } } .here { background: url(../c.png) }"
        r".set-7 { top: 6px } .a\:b { top: 7px } #id[data-x] { top: 8px }"
    )
    script = "el.className = `set-${n} tip-x`;"
    (tmp_path / "scripts" / "own.js").write_text(script)
    links = '<link rel="stylesheet" href="_static/a.css?v=1" /><p class="here a:b">'
    version = styles.join(tmp_path, [links])
    text = (tmp_path / "site.css").read_text().replace("\n", "")
    assert text == (
        "p:not(.gone){top:3px}.tip-x-auto{top:4px}.here{background:url(c.png)}"
        r".set-7{top:6px}.a\:b{top:7px}#id[data-x]{top:8px}.here{top:1px}"
    )
    page = styles.relink(links, version)
    assert f"_static/site.css?v={version}" in page
    assert styles.sheets(page) == ["a.css"]
    assert styles.relink(page, "00") == page.replace(version, "00")


def test_sheets_keep_their_order():
    link = '<link rel="stylesheet" href="../_static/{}.css" />'
    first = "".join(link.format(name) for name in ("theme", "own"))
    second = "".join(link.format(name) for name in ("theme", "extra", "own"))
    assert styles.union([first, second]) == ["theme.css", "extra.css", "own.css"]


def test_a_missing_tool_says_how_to_get_it():
    with pytest.raises(ExtensionError, match=r"tools/vendor\.py"):
        node.ask("svg.mjs", "no-such.js", [])
    with pytest.raises(ExtensionError, match=r"svg\.mjs failed"):
        node.ask("svg.mjs", "svgo.browser.js", ["<svg></g>"])


def test_a_listing_keeps_its_text_and_its_colours():
    sheet = "".join(
        f'html[data-theme="{scheme}"] .highlight {rule}\n'
        for scheme, base in (("light", "#000"), ("dark", "#fff"))
        for rule in (
            f"{{ background: #888; color: {base} }}",
            f".n {{ color: {base} }} /* Name */",
            f".p {{ color: {base}; font-weight: bold }}",
            ".k { color: #00f }",
        )
    )
    assert listings.plain(sheet) == {"n"}
    code = '<span class="n">x</span><span class="k">in</span>'
    block = f'<div class="highlight"><pre>{code}</pre></div>'
    wanted = block.replace('<span class="n">x</span>', "x")
    assert listings.unwrap(code + block, {"n"}) == code + wanted


SCATTER = """<svg class="gencourse-figure" width="200" height="100"
 xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 viewBox="0 0 200 100">
<defs><path id="m1" d="M 0 3 C 0.795609 3 1.55874 2.683901 2.12132 2.12132
 C 2.683901 1.55874 3 0.795609 3 0 C 3 -4 -3 -4 -3 0 z" style="stroke: #0a0"/></defs>
<g>{}</g></svg>"""
USE = '<use xlink:href="#m1" x="{:.6f}" y="{:.6f}" style="{}"/>'


@pytest.mark.parametrize(
    ("look", "apart"),
    [
        ("fill: #00a", True),
        ("fill: #0a0; fill-opacity: 0.4", True),
        ("fill: #0a0", False),
    ],
)
def test_a_shorter_drawing_looks_the_same(page, look, apart):
    uses = [USE.format(3.6 * i + 9, (2 * i) % 30 + 30, look) for i in range(50)]
    before = SCATTER.format("".join(uses))
    (after,) = node.ask("svg.mjs", "svgo.browser.js", [before])
    assert len(after) < 0.7 * len(before)
    assert "<use" not in after
    # The mark's own shape, and one path for all marks where it cannot be seen.
    assert (after.count("<path") > 2) == apart
    shots = []
    for drawing in (before, after):
        page.set_content(f"<body style='margin:0'>{drawing}")
        shots.append(Image.open(io.BytesIO(page.locator("svg").screenshot())))
    assert shots[0].convert("L").getextrema()[0] < 150  # something is there
    apart = ImageChops.difference(*(shot.convert("L") for shot in shots))
    assert ImageStat.Stat(apart).mean[0] < 0.3  # of 255: edges, by rounding


def test_the_ticks_of_an_axis_stay():
    few = SCATTER.format("".join(USE.format(9 * i, 5, "fill: #00a") for i in range(5)))
    (after,) = node.ask("svg.mjs", "svgo.browser.js", [few])
    assert after.count("<use") == 5


def test_a_page_is_lightened_once(site):
    text = (site.folder / "chapters/vae.html").read_text("utf-8")
    assert weight.lean(text, searches=False) == text


# ---- Lighthouse ----


def test_a_report_is_read(sample):
    result = lighthouse.read("index.html", "mobile", sample)
    shares = {name: data["score"] for name, data in sample["categories"].items()}
    assert result.scores == {name: round(100 * shares[name]) for name in shares}
    assert "total-blocking-time" in result.lost
    assert not result.passes
    lines = lighthouse.table([result]).splitlines()
    assert "total-blocking-time" in lines[-1]


@pytest.mark.parametrize("spoilt", ["runtimeError", "no category", "no score"])
def test_a_page_that_was_not_measured_is_no_success(sample, spoilt):
    report = json.loads(json.dumps(sample))
    if spoilt == "runtimeError":
        report["runtimeError"] = {"message": "NO_FCP"}
    elif spoilt == "no category":
        del report["categories"]["seo"]
    else:
        report["categories"]["seo"]["score"] = None
    with pytest.raises(lighthouse.MeasureError, match=r"index\.html"):
        lighthouse.read("index.html", "mobile", report)


def test_performance_may_be_tried_again_and_nothing_else():
    def run(performance, seo):
        scores = dict.fromkeys(lighthouse.CATEGORIES, 100)
        scores |= {"performance": performance, "seo": seo}
        return lighthouse.Result("index.html", "mobile", scores, ["x"])

    assert lighthouse.best([run(80, 100), run(96, 100)]).passes
    assert not lighthouse.best([run(80, 90), run(96, 100)]).passes
    assert not lighthouse.best([run(80, 100), run(94, 100)]).passes


@pytest.mark.parametrize(("given", "code"), [("", 0), ("1", 1)])
def test_no_browser_fails_in_ci_alone(tmp_path, monkeypatch, capsys, given, code):
    (tmp_path / "index.html").touch()
    monkeypatch.setenv("CI", given)
    monkeypatch.setattr(lighthouse.shutil, "which", lambda name: None)
    assert lighthouse.main([str(tmp_path)]) == code
    assert "chromium" in capsys.readouterr().out


def test_a_site_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SystemExit, match="make book"):
        lighthouse.main([str(tmp_path)])


def test_the_heaviest_chapter_is_measured(tmp_path):
    (tmp_path / "chapters").mkdir()
    for name, size in (("a", 5), ("b", 9), ("c", 7)):
        (tmp_path / f"chapters/{name}.html").write_text("x" * size)
    assert lighthouse.heaviest(tmp_path) == "chapters/b.html"


def test_the_site_is_served_as_its_host_does(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("<p>" * 500)
    (site / "a.woff2").write_bytes(b"font")
    (tmp_path / "secret.txt").write_text("x")

    def get(address):
        asked = urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(asked, timeout=5) as given:
            return given.headers, given.read()

    with static_host.serve(site) as home:
        headers, body = get(home)
        assert headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(body) == (site / "index.html").read_bytes()
        assert get(home + "a.woff2")[0]["Content-Encoding"] is None
        for lost in ("nothing.html", "../secret.txt", "%2e%2e/secret.txt"):
            with pytest.raises(urllib.error.HTTPError, match="404") as error:
                get(home + lost)
            error.value.close()


def test_the_locks_name_no_registry():
    lock = json.loads((ROOT / "tools/lighthouse/package-lock.json").read_text())
    packages = {key: data for key, data in lock["packages"].items() if key}
    assert "node_modules/lighthouse" in packages
    for name, data in packages.items():
        assert "resolved" not in data, name
        assert data["integrity"].startswith("sha512-"), name
