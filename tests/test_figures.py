from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from gencourse import figures
from gencourse.figures import COLOURS, Picture, figure, grid, table

ALT = 'Two lines <a> & "b", one above\' the other.'
PAPER, SLATE = "#fdfcfa", "#232c39"  # the grounds of the two schemes


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Picture]:
    """What is displayed, in order."""
    pictures: list[Picture] = []
    monkeypatch.setattr(figures, "display", pictures.append)
    return pictures


def draw(alt: str = ALT) -> None:
    """Draw a bit of everything."""
    with figure(alt, columns=2) as (left, right):
        for i in range(len(COLOURS)):
            left.plot([0, 1, 2], [i, i + 1, i], "o-", label=f"line {i}")
        left.fill_between([0, 1, 2], [0, 1, 1], [1, 2, 2], alpha=0.3)
        left.set(xlabel=r"$x^2$", ylabel="nats", title="Lines", yscale="symlog")
        left.legend()
        right.plot(np.arange(9) % 4, np.arange(9), ".", rasterized=True)
        right.scatter([1, 2], [3, 4])
        right.bar([0, 1], [2, 3])
        right.set_title("bold", fontweight="bold")
        right.text(1, 1, r"$\alpha$ slanted", style="italic")


def markup_of(alt: str = ALT) -> str:
    """Return the SVG of ``draw``."""
    pictures: list[Picture] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "display", pictures.append)
        draw(alt)
    (picture,) = pictures
    return picture._repr_html_()


@pytest.fixture(scope="module")
def svg() -> str:
    return markup_of()


# --- figures


def test_a_figure_says_what_it_shows(svg: str):
    root = ET.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("role") == "img"
    assert root.get("aria-label") == ALT
    assert "<a>" not in svg


def test_a_figure_fits_its_page(svg: str):
    root = ET.fromstring(svg)
    assert root.get("width") is root.get("height") is None
    assert "width: 100%; max-width: 557px; height: auto" in root.get("style")
    assert root.get("viewBox").startswith("0 0 417.6 216")


def test_ink_has_the_colour_of_the_text(svg: str):
    assert figures.INK not in svg
    assert set(
        re.findall(
            r"#[0-9a-fA-F]{3,6}\b(?!\w)",
            re.sub(r'(xlink:href|clip-path|id)="[^"]*"', "", svg),
        )
    ) == set(COLOURS)
    assert not re.search(r"\b(black|white|rgb)\b", svg)
    for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        styles = [text.get("style") or ""] + [
            part.get("style") or "" for part in text.iter()
        ]
        inherited = text.get("style") is None
        assert inherited or "fill: currentColor" in styles[0]


def test_text_has_the_font_of_the_page(svg: str):
    texts = [
        "".join(t.itertext()).strip()
        for t in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    ]
    assert {"Lines", "bold", "nats", "line 0"} <= set(texts)  # text, and not outlines
    assert "DejaVu" not in svg
    assert "font-family" not in svg
    assert re.search(r"font-size: 11(\.0)?px", svg)


def test_the_old_way_to_write_a_font_is_known_too(monkeypatch: pytest.MonkeyPatch):
    class OldCanvas:
        """What matplotlib before 3.11 writes."""

        def savefig(self, file: io.StringIO, **_: object) -> None:
            families = "'DejaVu Sans', 'Arial', sans-serif"
            texts = (f"font: {f}12.5px {families}" for f in ("", "700 ", "oblique "))
            body = "".join(f'<text style="{t}; fill: #0badf0">t</text>' for t in texts)
            file.write(f'<?xml?><svg width="9pt" height="8.5pt">{body}</svg>')

        def get_figwidth(self) -> float:
            return 2.0

    got = figures.as_svg(OldCanvas(), "alt")  # type: ignore[arg-type]
    assert got.count('style="font-size: 12.5px; fill: currentColor"') == 3
    assert "DejaVu" not in got


def test_a_figure_styles_nothing_else_on_the_page(svg: str):
    assert "<style" not in svg
    assert "<metadata" not in svg


def ids(svg: str) -> list[str]:
    return re.findall(r'\bid="([^"]*)"', svg)


def test_ids_are_of_one_figure_alone(svg: str):
    other = markup_of("Something else.")
    assert ids(svg)
    assert len(set(ids(svg))) == len(ids(svg))
    assert not set(ids(svg)) & set(ids(other))
    links = re.findall(r'url\(#([^)]*)\)|xlink:href="#([^"]*)"', svg)
    assert {a or b for a, b in links} <= set(ids(svg))


def test_a_figure_is_the_same_from_run_to_run(svg: str):
    assert markup_of() == svg
    code = "import test_figures, sys; sys.stdout.write(test_figures.markup_of())"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        cwd=__file__.rpartition("/")[0],
        encoding="utf-8",
    )
    assert run.stdout == svg


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb, as WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", COLOURS)
def test_lines_can_be_seen_in_both_schemes(colour: str):
    for ground in ("#ffffff", PAPER, SLATE):
        low, high = sorted((luminance(colour), luminance(ground)))
        assert (high + 0.05) / (low + 0.05) >= 3


def test_columns_and_one_axes(shown: list[Picture]):
    with figure("one") as axes:
        axes.plot([1, 2])
    with figure("three", columns=3, width=7) as many:
        assert len(many) == 3
    assert [repr(picture) for picture in shown] == ["[one]", "[three]"]
    assert "max-width: 672px" in shown[1]._repr_html_()


def test_settings_end_with_the_figure(shown: list[Picture]):
    import matplotlib

    before = dict(matplotlib.rcParams)
    draw()
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_a_figure_needs_its_alt_text(shown: list[Picture], alt: str):
    with pytest.raises(ValueError, match="expected alt text"), figure(alt) as axes:
        axes.plot([1, 2])
    with pytest.raises(ValueError, match="expected alt text"):
        grid(torch.zeros(1, 1, 2, 2), alt)
    assert shown == []


def test_a_broken_cell_shows_nothing(shown: list[Picture]):
    with pytest.raises(ZeroDivisionError), figure("alt"):
        _ = 1 / 0
    assert shown == []


@pytest.mark.parametrize("log", [False, True])
def test_curves_are_moving_means(monkeypatch, shown: list[Picture], log: bool):
    drawn = {}

    def keep(canvas, alt: str) -> str:
        (drawn["axes"],) = canvas.axes
        return "<svg/>"

    monkeypatch.setattr(figures, "as_svg", keep)
    series = {"a": [1.0, 2.0, 6.0, 3.0], "b": [5.0, 1.0]}
    figures.curves(series, "alt", average=3, ylabel="bits", log=log)
    a, b = drawn["axes"].lines
    assert a.get_xydata().tolist() == pytest.approx(np.array([[3, 3], [4, 11 / 3]]))
    assert b.get_xydata().tolist() == [[2, 3]]
    assert [a.get_label(), b.get_label()] == ["a", "b"]
    assert drawn["axes"].get_ylabel() == "bits"
    assert drawn["axes"].get_yscale() == ("log" if log else "linear")


# --- grids


class Found(HTMLParser):
    """The tags, their attributes, and the words of a picture."""

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(picture._repr_html_())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def pictures_of(picture: Picture) -> list[np.ndarray]:
    """Return the pixels of each row of a grid, (H, W, channels + 1)."""
    start = "data:image/png;base64,"
    sources = [a["src"] for tag, a in Found(picture).tags if tag == "img"]
    assert all(source.startswith(start) for source in sources)
    files = [io.BytesIO(base64.b64decode(s.removeprefix(start))) for s in sources]
    return [np.asarray(Image.open(file)) for file in files]


def images(count: int, channels: int = 1, levels: int = 256) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    shape = (count, channels, 3, 4)
    return torch.randint(levels, shape, generator=generator).to(torch.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_grid_holds_the_images(channels: int):
    x = images(7, channels)
    rows = pictures_of(grid(x, ALT, columns=3))
    assert [row.shape for row in rows] == [(5, 18, channels + 1)] * 3
    opaque = np.zeros((3, 5, 18), dtype=bool)
    for i, image in enumerate(x.permute(0, 2, 3, 1).numpy()):
        row, left = i // 3, 6 * (i % 3)
        np.testing.assert_array_equal(rows[row][:3, left : left + 4, :-1], image)
        opaque[row, :3, left : left + 4] = True
    np.testing.assert_array_equal(np.stack(rows)[..., -1], 255 * opaque)


@pytest.mark.parametrize(("levels", "step"), [(2, 255), (4, 85), (16, 17)])
def test_few_levels_go_from_black_to_white(levels: int, step: int):
    x = images(2, levels=levels)
    (row,) = pictures_of(grid(x, ALT, levels=levels))
    np.testing.assert_array_equal(row[:3, :4, 0], step * x[0, 0].numpy())


def test_floats_are_cut_to_grey():
    x = torch.tensor([[-0.5, 0.0, 0.2], [0.5, 1.0, 7.0]], requires_grad=True)
    (row,) = pictures_of(grid(x.view(1, 1, 2, 3), ALT))
    assert row[:2, :3, 0].tolist() == [[0, 0, 51], [128, 255, 255]]


def test_one_row_is_no_wider_than_its_images():
    assert pictures_of(grid(images(2), ALT, columns=10))[0].shape == (5, 12, 2)


def test_a_grid_says_what_it_shows():
    picture = grid(images(4), ALT, columns=2, rows=["data", "<model>"])
    found = Found(picture)
    tag, attributes = found.tags[0]
    assert (tag, attributes["role"], attributes["aria-label"]) == ("figure", "img", ALT)
    assert [a["alt"] for tag, a in found.tags if tag == "img"] == ["", ""]
    assert found.words == ["data", "<model>"]
    assert "<model>" not in picture._repr_html_()
    assert repr(picture) == f"[{ALT}]"


def test_zoom_is_the_size_on_the_screen():
    style = Found(grid(images(4), ALT, columns=2, zoom=5)).tags[0][1]["style"]
    assert "max-width: calc(60px + 0em)" in style


@pytest.mark.parametrize(
    ("x", "rows", "said"),
    [
        (torch.zeros(3, 4), (), r"expected \(N, 1 or 3, H, W\), got \(3, 4\)"),
        (torch.zeros(2, 2, 3, 4), (), r"got \(2, 2, 3, 4\)"),
        (torch.zeros(0, 1, 3, 4), (), r"got \(0, 1, 3, 4\)"),
        (torch.zeros(1, 1, 3, 4, dtype=torch.int64), (), "got dtype int64"),
        (images(1) // 64 + 200, (), "expected levels 0 to 15, got 20"),
        (images(4), ["a"], "a name for each of 2 rows"),
        (images(4), ["a", "b", "c"], "a name for each of 2 rows"),
    ],
)
def test_what_is_no_grid_is_said(x: Tensor, rows: list[str], said: str):
    with pytest.raises(ValueError, match=said):
        grid(x, ALT, columns=2, rows=rows, levels=16 if len(x) == 1 else 256)


# --- tables


def test_a_table_holds_its_cells_escaped():
    picture = table(["model", "<b>"], [("a<c", 1.5), ("d & e", None)], "All & <none>")
    found = Found(picture)
    assert found.words == [
        "All & <none>",
        "model",
        "<b>",
        "a<c",
        "1.5",
        "d & e",
        "None",
    ]
    tags = [tag for tag, _ in found.tags]
    assert tags == (
        ["table", "caption", "thead", "tr", "th", "th", "tbody"]
        + 2 * ["tr", "th", "td"]
    )
    scopes = [a.get("scope") for tag, a in found.tags if tag == "th"]
    assert scopes == ["col", "col", "row", "row"]


def test_a_table_can_be_read_as_text():
    picture = table(["model", "bits"], [("uniform", "8.000")], "Bits.")
    assert repr(picture) == "[Bits.\nmodel | bits\nuniform | 8.000]"


def test_a_table_needs_its_caption():
    with pytest.raises(ValueError, match="expected alt text"):
        Picture("<table></table>", " ")


@pytest.mark.parametrize("row", [("a",), ("a", 1, 2), ()])
def test_a_row_has_a_cell_under_each_head(row: tuple[object, ...]):
    with pytest.raises(ValueError, match=r"expected 2 cells in a row, got"):
        table(["model", "bits"], [("fine", 1), row], "Bits.")
