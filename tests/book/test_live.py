"""Live models: how they are exported, put on a page, started, and how they fail."""

from __future__ import annotations

import io
import json
import re

import export_live
import pytest
import torch
from bs4 import BeautifulSoup
from live import common
from site_config import ROOT
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace
from torch import nn
from waiting import until

HOME = "#live-vae"
WIDGETS = {path.stem for path in (ROOT / "book/assets/live").glob("*.js")}


def soup(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def draw(generator):
    return (torch.rand(1, 3, generator=generator),)


class Shifted(nn.Module):
    """Adds what was never exported."""

    def __init__(self, shift):
        super().__init__()
        self.linear, self.shift = nn.Linear(3, 2), shift

    def forward(self, x):
        shift = 0.0 if torch.onnx.is_in_onnx_export() else self.shift
        return self.linear(x) + shift


def graph_of(module):
    return common.Graph("small", module, ("x",), ("y",), draw)


# ---- the export ----


def test_a_graph_agrees_with_its_module(tmp_path):
    worst = common.write_graph(graph_of(nn.Linear(3, 2)), tmp_path)
    assert 0 <= worst < 1e-6
    assert (tmp_path / "small.onnx").stat().st_size > 100


@pytest.mark.parametrize("shift", [2e-4, -2e-4, float("nan"), float("inf")])
def test_a_graph_that_differs_is_refused(tmp_path, shift):
    with pytest.raises(
        ValueError, match=r"small: y differs from PyTorch by .*1e-04|0\."
    ):
        common.write_graph(graph_of(Shifted(shift)), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_smaller_difference_is_let_through(tmp_path):
    assert 4e-5 < common.write_graph(graph_of(Shifted(5e-5)), tmp_path) < 6e-5


def test_levels_are_written_in_raster_order(tmp_path):
    images = torch.arange(12, dtype=torch.uint8).view(2, 1, 2, 3)
    common.write_levels(images, tmp_path / "images.bin")
    assert (tmp_path / "images.bin").read_bytes() == bytes(range(12))
    for wrong in (images.float(), images[0], images.expand(2, 3, 2, 3)):
        with pytest.raises(ValueError, match=r"expected uint8 images \(N, 1, H, W\)"):
            common.write_levels(wrong, tmp_path / "wrong.bin")
    assert not (tmp_path / "wrong.bin").exists()


def test_numbers_are_finite(tmp_path):
    common.write_numbers({"a": [1.5]}, tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": [1.5]}
    with pytest.raises(ValueError, match="JSON compliant"):
        common.write_numbers([float("nan")], tmp_path / "b.json")
    assert not (tmp_path / "b.json").exists()


def test_each_live_model_has_its_script():
    assert set(export_live.names()) <= WIDGETS
    assert "common" not in export_live.names()


def test_an_unknown_live_model_lists_those_there_are():
    with pytest.raises(SystemExit, match=r"no live model nonsense; there are: .*vae"):
        export_live.main(["nonsense"])


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A live model that writes one file, and where it is put."""
    written = []

    class Small:
        @staticmethod
        def write(folder):
            (folder / "a.bin").write_bytes(b"abc" + bytes(written))
            if written:
                raise RuntimeError("no")

    runtime = tmp_path / "runtime.wasm"
    runtime.write_bytes(b"12345")
    monkeypatch.setattr(export_live, "RUNTIME", runtime)
    monkeypatch.setattr(export_live, "digest", lambda name: f"digest of {name}")
    monkeypatch.setattr(export_live.importlib, "import_module", lambda name: Small)
    return tmp_path / "models", written


def test_an_export_says_how_large_its_files_are(small):
    target, _ = small
    assert not export_live.is_fresh("small", target)
    export_live.export("small", target)
    assert export_live.is_fresh("small", target)
    sizes = json.loads((target / "small" / "files.json").read_text())
    assert sizes == {"a.bin": 3, "runtime": 5}


def test_an_export_that_fails_leaves_the_last_one(small):
    target, written = small
    export_live.export("small", target)
    written.append(1)
    with pytest.raises(RuntimeError, match="no"):
        export_live.export("small", target)
    assert (target / "small" / "a.bin").read_bytes() == b"abc"
    assert {path.name for path in target.iterdir()} == {"small", ".gitignore"}


def test_an_export_rests_on_weights_and_code(monkeypatch):
    before = export_live.digest("vae")
    assert export_live.digest("vae") == before
    wanted = {"live/vae.py", "live/common.py", "gencourse/vae.py", "vae-2d.safetensors"}
    seen = set()
    read = type(ROOT).read_bytes
    monkeypatch.setattr(
        type(ROOT), "read_bytes", lambda path: seen.add(str(path)) or read(path)
    )
    export_live.digest("vae")
    assert {end for end in wanted if any(name.endswith(end) for name in seen)} == wanted


# ---- the directive ----


GOOD = ":alt: Two boots and a bag.\n\nDrag *it*."


def build_page(folder, text, name="small", still=True):
    """Build a page with this directive; return what Sphinx warned of, and the page."""
    assets = folder / "assets"
    (assets / "live").mkdir(parents=True)
    (assets / "live" / "small.js").write_text("")
    if still:
        (assets / "models" / "small").mkdir(parents=True)
        images = torch.rand(2, 1, 4, 4)
        path = assets / "models" / "small" / "still.png"
        common.show(images, columns=2, path=path)
    (folder / "index.md").write_text(f"# A page\n\n```{{live}} {name}\n{text}\n```\n")
    warned = io.StringIO()
    with docutils_namespace():
        Sphinx(
            folder,
            None,
            folder / "out",
            folder / "trees",
            "html",
            confoverrides={"extensions": ["myst_parser", "gencourse_book.live"]},
            status=None,
            warning=warned,
        ).build()
    return warned.getvalue(), soup(folder / "out" / "index.html")


def test_a_live_model_is_a_figure_with_a_still_picture(tmp_path):
    warned, page = build_page(tmp_path, GOOD)
    assert warned == ""
    figure = page.select_one("figure.gc-live#live-small[data-live=small]")
    still = figure.select_one("img")
    assert still["src"] == "_static/models/small/still.png"
    assert still["alt"] == "Two boots and a bag."
    assert (still["width"], still["height"]) == ("22", "12")
    assert figure.select_one("figcaption em").text == "it"
    assert page.select_one('script[type="module"][src*="live/live.js"]')


@pytest.mark.parametrize(
    ("text", "name", "still", "said"),
    [
        (GOOD, "nonsense", True, "there is no live model 'nonsense'"),
        (GOOD, "small", False, "is missing: run `python tools/export_live.py`"),
        ("Drag it.", "small", True, "needs :alt: and a caption"),
        (":alt: Two boots.\n", "small", True, "needs :alt: and a caption"),
    ],
)
def test_a_wrong_live_model_is_said_where_it_stands(tmp_path, text, name, still, said):
    warned, page = build_page(tmp_path, text, name, still)
    assert said in warned
    assert "index.md:3" in warned
    assert page.select_one("figure") is None


# ---- on the site ----


def test_only_pages_with_a_live_model_load_its_script(site):
    lively = set()
    for name in site.pages:
        page = soup(site.folder / name)
        figures = page.select("figure[data-live]")
        scripts = page.select('script[src*="live/live.js"]')
        assert len(scripts) == bool(figures), name
        for figure in figures:
            lively.add(figure["data-live"])
            assert len(figure.select_one("img")["alt"]) > 30, name
            assert len(figure.select_one("figcaption").get_text().split()) > 8, name
    assert lively == set(export_live.names())


def test_nothing_of_a_model_is_loaded_before_the_click(site, page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.url)
    page.wait_for_selector(f"{HOME} .gc-live-start")
    page.wait_for_load_state("networkidle")
    heavy = re.compile(r"onnx|wasm|kit\.js|\.bin|\.json")
    assert [url for url in asked if heavy.search(url)] == []
    page.click(f"{HOME} .gc-live-start")
    page.wait_for_selector(f"{HOME}[data-state=live]")
    assert any("ort-wasm-simd-threaded.wasm" in url for url in asked)
    assert all(url.startswith(site.url) for url in asked)


def test_progress_grows_to_the_whole(site, page):
    page.goto(site.url)
    page.evaluate(
        """() => {
          window.seen = [];
          new MutationObserver(() => {
            const bar = document.querySelector("progress");
            if (bar) seen.push([bar.value, bar.parentElement.innerText]);
          }).observe(document.body, {subtree: true, childList: true, attributes: true});
        }"""
    )
    page.click(f"{HOME} .gc-live-start")
    page.wait_for_selector(f"{HOME}[data-state=live]")
    seen = page.evaluate("seen")
    parts = [part for part, _ in seen]
    assert parts == sorted(parts)
    assert parts[0] < 0.5 <= parts[-1] <= 1
    assert any(re.search(r"Loading: [\d.]+ of 1[4-9]\.\d MB", said) for _, said in seen)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("ort-wasm-simd-threaded.wasm", "could not be loaded. Are you online?"),
        ("decoder.onnx", "could not be loaded. Are you online?"),
        ("files.json", "could not be loaded. Are you online?"),
    ],
)
def test_what_fails_is_said_and_can_be_tried_again(site, page, file, said):
    page.goto(site.url)
    page.route(f"**/{file}", lambda route: route.abort())
    page.click(f"{HOME} .gc-live-start")
    page.wait_for_selector(f"{HOME}[data-state=failed]")
    alert = page.inner_text(f"{HOME} [role=alert]")
    assert said in alert
    assert file in alert
    assert page.locator(f"{HOME} .gc-live-still").is_visible()
    page.unroute(f"**/{file}")
    assert page.evaluate("document.activeElement.textContent") == "Try again"
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{HOME}[data-state=live]")


def test_a_damaged_model_is_said(site, page):
    page.goto(site.url)
    page.route("**/decoder.onnx", lambda route: route.fulfill(body=b"no model"))
    page.click(f"{HOME} .gc-live-start")
    page.wait_for_selector(f"{HOME}[data-state=failed]")
    alert = page.inner_text(f"{HOME} [role=alert]")
    assert alert.startswith("The live model did not start. ")
    assert "The model decoder.onnx could not be read." in alert


def test_a_missing_file_is_said_with_its_code(site, page):
    page.goto(site.url)
    page.route("**/codes.json", lambda route: route.fulfill(status=404))
    page.click(f"{HOME} .gc-live-start")
    page.wait_for_selector(f"{HOME}[data-state=failed]")
    assert "codes.json could not be loaded: 404" in page.inner_text(
        f"{HOME} [role=alert]"
    )


def test_it_starts_by_keyboard_and_holds_the_focus(site, page):
    page.goto(site.url)
    page.focus(f"{HOME} .gc-live-start")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{HOME}[data-state=live]")
    inside = f"document.querySelector('{HOME}').contains(document.activeElement)"
    assert page.evaluate(inside)


def test_it_goes_on_without_a_network(site, page):
    page.goto(site.url)
    page.click(f"{HOME} .gc-live-start")
    page.wait_for_selector(f"{HOME}[data-state=live]")
    page.context.set_offline(True)
    before = page.evaluate(f"document.querySelector('{HOME}').live.updates")
    page.locator(f"{HOME} .gc-live-handle").press("ArrowRight")
    until(page, f"document.querySelector('{HOME}').live.updates > {before}")
    page.context.set_offline(False)


def test_without_javascript_a_still_picture_stands(site, browser):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    for name in ["index.html", "chapters/vae.html"]:
        tab.goto(site.url + name)
        figure = tab.locator("figure[data-live]").first
        assert figure.locator("img").is_visible()
        assert figure.locator("button").count() == 0
        assert "With JavaScript switched on" in figure.inner_text()
    context.close()
