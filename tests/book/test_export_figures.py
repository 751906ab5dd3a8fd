"""Figures for slides: whole, valid, on their own, in both schemes."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import export_figures
import pytest
from chapters import page_sources
from export_figures import figures_of, main
from PIL import Image
from sample_book import markdown
from site_config import ROOT
from standalone_svg import DC, SCHEMES, SVG, XLINK, alt_of, png_size, standalone

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR4nGNgYAAA"
    "AAMAASsJTYQAAAAASUVORK5CYII="
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("root")
    for name in ("book", "_config.yml"):
        (root / name).symlink_to(ROOT / name)
    assert main(["--root", str(root)]) == 0
    return root / "_build" / "figures"


def files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.svg"), *folder.glob("slate/*.svg")])


def test_no_figure_is_left_out(folder):
    shown = 0
    for path in page_sources(ROOT):
        text = path.with_suffix(".ipynb").read_text(encoding="utf-8")
        shown += len(
            re.findall(r'class=\\"gencourse-(?:figure|grid|animation)\\"', text)
        )
    assert shown > 60
    assert len(list(folder.glob("*.svg"))) == shown
    assert len(list(folder.glob("slate/*.svg"))) == shown


def test_each_stands_alone_and_says_what_it_is(folder):
    for path in files(folder):
        text = path.read_text(encoding="utf-8")
        root = ET.fromstring(text)
        assert root.tag == f"{{{SVG}}}svg"
        assert root[0].tag == f"{{{SVG}}}title"
        assert root[0].text
        assert root[1].tag == f"{{{SVG}}}desc"
        assert len(root[1].text or "") > 20
        assert "CC BY 4.0" in (root.findtext(f".//{{{DC}}}rights") or "")
        assert float(root.attrib["width"]) > 200
        assert float(root.attrib["height"]) > 20
        assert "sans-serif" in root.attrib["font-family"]
        assert not re.search(r"<script|currentColor|var\(--| on\w+=|@import", text)
        links = [n.attrib.get(f"{{{XLINK}}}href") for n in root.iter()]
        links += re.findall(r"url\(([^)]*)\)", text)
        outside = [x for x in links if x and not x.startswith(("#", "data:image/png;"))]
        assert outside == [], path.name
        names = {n.attrib["id"] for n in root.iter() if "id" in n.attrib}
        assert {x[1:] for x in links if x and x[0] == "#"} <= names


def test_pictures_keep_every_pixel():
    source = ROOT / "book" / "chapters" / "density.py"
    first = next(figures_of(source))
    given = re.findall(r'src="([^"]+)"', first.markup)
    credit = export_figures.Credit(first.alt, "x", "y")
    root = ET.fromstring(standalone(first.markup, credit, "default"))
    images = root.findall(f"{{{SVG}}}image")
    assert [image.attrib[f"{{{XLINK}}}href"] for image in images] == given
    for image, link in zip(images, given, strict=True):
        opened = Image.open(io.BytesIO(base64.b64decode(link.partition(",")[2])))
        assert png_size(link) == opened.size
        shape = float(image.attrib["width"]) / float(image.attrib["height"])
        assert shape == pytest.approx(opened.width / opened.height, rel=1e-3)
        assert "pixelated" in image.attrib["style"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_scheme_gives_its_colours(folder, scheme):
    ink, ground = SCHEMES[scheme]
    for path in (folder / ("" if scheme == "default" else scheme)).glob("*.svg"):
        root = ET.fromstring(path.read_text(encoding="utf-8"))
        assert root[3].attrib["fill"] == ground
        texts = root.findall(f".//{{{SVG}}}text")
        assert all(ink in ET.tostring(t, encoding="unicode") for t in texts), path


def test_contact_sheet_lists_each_with_its_alt_text(folder):
    page = (folder / "index.html").read_text(encoding="utf-8")
    for path in folder.glob("*.svg"):
        assert page.count(f'src="{path.name}"') == 1
    assert page.count("<img") == len(list(folder.glob("*.svg")))
    assert "CC BY 4.0" in page
    assert not re.search(r'alt=""', page)


def test_chromium_opens_one_by_itself(folder, browser):
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for path in (next(folder.glob("vae-01*")), next(folder.glob("slate/gan-02*"))):
        asked.clear()
        page.goto(path.as_uri())
        box = page.evaluate("document.documentElement.getBBox().width")
        assert box > 100
        outside = [x for x in asked if not x.startswith(("data:", path.as_uri()))]
        assert outside == []
    page.close()


def test_an_old_file_of_a_page_goes_and_others_stay(tmp_path):
    for name in ("book", "_config.yml"):
        (tmp_path / name).symlink_to(ROOT / name)
    out = tmp_path / "_build" / "figures"
    out.mkdir(parents=True)
    for name in ("density-99-gone.svg", "vae-01-kept.svg", "mine.svg"):
        (out / name).write_text("old", encoding="utf-8")
    main(["density", "--scheme", "default", "--root", str(tmp_path)])
    assert not (out / "density-99-gone.svg").exists()
    assert (out / "vae-01-kept.svg").exists()
    assert (out / "mine.svg").exists()
    assert not (out / "slate").exists()


@pytest.mark.parametrize("given", [["desnity"], ["--scheme", "pink"]])
def test_unknown_names_are_refused(given, capsys):
    with pytest.raises(SystemExit):
        main(given)
    said = capsys.readouterr().err
    assert ("desnity; there are: " in said) or ("pink" in said and "slate" in said)


def test_a_page_without_outputs_is_refused_and_nothing_written(tmp_path, capsys):
    chapters = tmp_path / "book" / "chapters"
    chapters.mkdir(parents=True)
    (tmp_path / "_config.yml").symlink_to(ROOT / "_config.yml")
    (chapters / "new.py").write_text(markdown("# New"), encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["--root", str(tmp_path)])
    assert "new.ipynb has no outputs: make run CHAPTER=new" in capsys.readouterr().err
    assert not (tmp_path / "_build").exists()


def test_a_picture_that_is_no_png_is_refused():
    markup = '<figure class="gencourse-grid" aria-label="A" style="{}">{}</figure>'
    credit = export_figures.Credit("A", "x", "y")
    good = markup.format("max-width: calc(90px + 0em)", f'<img src="{PIXEL}">')
    assert alt_of(good) == "A"
    assert "<image" in standalone(good, credit, "default")
    bad = good.replace("image/png", "image/webp")
    with pytest.raises(ValueError, match="expected a PNG inside the page"):
        standalone(bad, credit, "default")
