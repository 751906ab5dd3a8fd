from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
import torch
from torch import Tensor

from gencourse import figures, pictures
from gencourse.figures import Picture
from gencourse.pictures import bars, fields, heat

AT = (2, 1)
# Rows of 4 pixels; the one that looks stands in the third row.
PAST = torch.arange(16).view(4, 4) < 9
BLIND = PAST & (torch.arange(4) < 3)
LEAKY = PAST | (torch.arange(16).view(4, 4) == 14)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Picture]:
    """What is displayed, in order."""
    found: list[Picture] = []
    monkeypatch.setattr(figures, "display", found.append)
    return found


def words(picture: Picture) -> list[str]:
    root = ET.fromstring(picture._repr_html_())
    texts = root.iter("{http://www.w3.org/2000/svg}text")
    return ["".join(text.itertext()).strip() for text in texts]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list:
    """The axes of the figures that are shown."""
    kept: list = []

    def keep(canvas, alt: str) -> str:
        kept.append(canvas.axes)
        return "<svg/>"

    monkeypatch.setattr(figures, "as_svg", keep)
    monkeypatch.setattr(figures, "display", lambda picture: None)
    return kept


def cells(patch) -> set[tuple[int, int]]:
    """Return the (row, column) of each square."""
    points = torch.as_tensor(patch.get_path().vertices).view(-1, 5, 2)[:, :4].mean(1)
    return {(round(row), round(column)) for column, row in points.tolist()}


def places(mask: Tensor) -> set[tuple[int, int]]:
    return {(i, j) for i, j in mask.nonzero().tolist()}


def test_every_pixel_is_of_one_kind_and_the_right_one(drawn: list):
    panels = {"whole": PAST, "blind": BLIND, "leaky": LEAKY}
    fields(panels, AT, "alt")
    (axes,) = drawn
    order = torch.arange(16).view(4, 4)
    for axis, (title, seen) in zip(axes, panels.items(), strict=True):
        assert axis.get_title() == title
        found = [cells(patch) for patch in axis.patches]
        assert found == [
            places((order < 9) & seen),
            places((order < 9) & ~seen),
            places((order > 9) & ~seen),
            places((order > 9) & seen),
            {AT},
        ]
        assert sum(map(len, found)) == 16


def test_the_legend_has_the_kinds_that_occur(shown: list[Picture]):
    fields({"whole": PAST}, AT, "one")
    fields({"whole": PAST, "blind": BLIND}, AT, "two")
    fields({"leaky": LEAKY}, AT, "three")
    one, two, three = map(words, shown)
    always = ["seen", "later", "the pixel itself"]
    assert sorted(one) == sorted(["whole", *always])
    assert sorted(two) == sorted(["whole", "blind", "earlier, not seen", *always])
    assert sorted(three) == sorted(["leaky", "later, but seen", *always])
    assert [repr(picture) for picture in shown] == ["[one]", "[two]", "[three]"]


def test_kinds_differ_by_more_than_their_hue():
    looks = [
        (kind["facecolor"] == "none", kind.get("hatch"), kind["facecolor"] == "#0badf0")
        for kind in pictures.KINDS
    ]
    assert len(set(looks)) == len(looks)


def test_pictures_follow_the_scheme_and_are_small(shown: list[Picture]):
    big = torch.arange(784).view(28, 28) < 400
    fields({"a": big, "b": big}, (14, 8), "fields")
    heat({"a": torch.rand(28, 28)}, "heat", at=(14, 8), label="|gradient|")
    for picture in shown:
        svg = picture._repr_html_()
        assert "currentColor" in svg and figures.INK not in svg
        assert "<style" not in svg and len(svg) < 200_000
        assert f'aria-label="{picture.alt}"' in svg
    assert "|gradient|" in words(shown[1])


def test_heat_is_strength_of_colour_on_one_scale(drawn: list):
    values = torch.tensor([[0.0, 1.0], [2.0, 4.0]])
    heat({"a": values, "b": values / 2}, "alt", at=(1, 0), label="strength")
    one, two, bar = drawn[0]
    for axis, expected in ((one, values / 4), (two, values / 8)):
        (image,) = axis.images
        rgba = torch.as_tensor(image.get_array())
        assert torch.allclose(rgba[..., 3].float(), expected, atol=1 / 255)
        assert len(rgba[..., :3].reshape(-1, 3).unique(dim=0)) == 1
        assert cells(axis.patches[-1]) == {(1, 0)}
    assert bar.get_ylim() == (0, 4)


def test_no_heat_at_all_can_be_drawn(drawn: list):
    heat({"a": torch.zeros(3, 3)}, "alt", at=(0, 0), label="strength")
    assert (drawn[0][0].images[0].get_array()[..., 3] == 0).all()


@pytest.mark.parametrize(
    ("panels", "at", "said"),
    [
        ({}, AT, "at least one panel, got none"),
        ({"a": PAST.float()}, AT, r"bool \(H, W\), .* torch.float32 \(4, 4\) in 'a'"),
        ({"a": PAST[0]}, AT, r"torch.bool \(4,\) in 'a'"),
        ({"a": PAST, "b": PAST[:3]}, AT, r"torch.bool \(3, 4\) in 'b'"),
        ({"a": PAST}, (4, 0), r"a pixel inside \(4, 4\), got \(4, 0\)"),
        ({"a": PAST}, (0, -1), r"got \(0, -1\)"),
    ],
)
def test_what_is_no_field_is_said(shown: list[Picture], panels, at, said: str):
    with pytest.raises(ValueError, match=said):
        fields(panels, at, "alt")
    assert shown == []


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_what_is_no_heat_is_said(shown: list[Picture], value: float):
    with pytest.raises(ValueError, match="finite numbers, 0 or more"):
        heat({"a": torch.full((2, 2), value)}, "alt", at=(0, 0), label="strength")
    assert shown == []


def test_bars_stand_in_order_each_with_its_number(drawn: list):
    bars({"one": 2.5, "none": 0.0, "more": 1234.6}, "alt", xlabel="seconds")
    (axes,) = drawn[0]
    assert [bar.get_width() for bar in axes.patches] == [2.5, 0.0, 1234.6]
    names = [tick.get_text() for tick in axes.get_yticklabels()]
    assert names == ["one", "none", "more"]
    assert axes.yaxis_inverted()  # the first is at the top
    assert [text.get_text() for text in axes.texts] == ["2.5", "0", "1,235"]
    assert axes.get_xscale() == "linear"


def test_bars_say_in_words_what_they_show(shown: list[Picture]):
    bars({"fast": 0.01, "slow": 10.0}, "what it shows", xlabel="seconds", log=True)
    (picture,) = shown
    assert picture.alt == "what it shows"
    assert {"fast", "slow", "0.01", "10", "seconds"} <= set(words(picture))


@pytest.mark.parametrize(
    ("values", "log", "said"),
    [
        ({}, False, "finite numbers, 0 or more, got"),
        ({"a": -1.0}, False, "finite numbers, 0 or more, got"),
        ({"a": float("nan")}, False, "finite numbers, 0 or more, got"),
        ({"a": float("inf")}, True, "finite numbers, above 0, got"),
        ({"a": 0.0}, True, "finite numbers, above 0, got"),
    ],
)
def test_what_are_no_bars_is_said(shown: list[Picture], values, log: bool, said: str):
    with pytest.raises(ValueError, match=said):
        bars(values, "alt", xlabel="seconds", log=log)
    assert shown == []
