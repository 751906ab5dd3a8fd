"""What a pixel sees, on the page: held against Jacobians, by mouse and by keyboard."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
import torch
from axe import violations
from live import pixelrnn as exported
from live_page import start
from site_config import ROOT

from gencourse import testing

FIGURE = "#live-pixelrnn"
LIVE = f"document.querySelector('{FIGURE}').live"
SIDE = exported.SIDE
BOARDS = f"{FIGURE} .gc-sees-board"


@pytest.fixture(scope="module")
def fields(site):
    path = site.folder / "_static" / "models" / "pixelrnn" / "fields.json"
    return {
        one["name"]: unpacked(one["bits"])
        for one in json.loads(path.read_text())["models"]
    }


def unpacked(bits):
    raw = np.frombuffer(base64.b64decode(bits), dtype=np.uint8)
    size = SIDE * SIDE
    return np.unpackbits(raw)[: size * size].reshape(size, size).astype(bool)


@pytest.fixture
def live(site, page):
    """Give the page of a visitor who has started the live model."""
    start(page, site, "pixelrnn")
    return page


def kinds(page, board):
    return page.evaluate(f"{LIVE}.boards[{board}].kinds")


def wanted(mask, i, j):
    place, row = i * SIDE + j, mask[i * SIDE + j]
    return [
        "leak" if row[k] and k >= place
        else "own" if k == place
        else "future" if k > place
        else "seen" if row[k] else "hidden"
        for k in range(SIDE * SIDE)
    ]  # fmt: skip


# ---- what was measured ----


def test_only_the_bug_leaks(fields):
    leaks = {name: int(np.triu(mask).sum()) for name, mask in fields.items()}
    assert {name for name, count in leaks.items() if count} == {
        "A PixelCNN with a bug: mask B comes first"
    }
    assert max(leaks.values()) == SIDE * SIDE  # each pixel sees itself


def test_what_stays_hidden_is_what_the_chapters_say(fields):
    hidden = {name: int((~mask & earlier()).sum()) for name, mask in fields.items()}
    # From the second row on, all but the last four columns of the row above's end.
    assert hidden["Diagonal BiLSTM, 1 layer"] == (SIDE - 1) * (SIDE - 4)
    assert hidden["Diagonal BiLSTM, 2 layers"] == (SIDE - 1) * (SIDE - 4)
    assert hidden["Gated PixelCNN, 4 layers dilated 1, 2, 4, 8"] == 0
    for family in ("Row LSTM", "PixelCNN"):
        each = [count for name, count in hidden.items() if name.startswith(family)]
        assert each == sorted(each, reverse=True)
        assert len(set(each)) == 3
        assert min(each) > 0  # no depth removes the blind spot


def earlier():
    return np.tril(np.ones((SIDE**2, SIDE**2), dtype=bool), -1)


@pytest.mark.parametrize("name", ["Row LSTM, 1 layer", "Gated PixelCNN, 3 layers"])
def test_one_pixels_field_is_measured_again(fields, name):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = testing.strong_copy(exported.MODELS[name]())
    field = testing.receptive_field(model, (6, 5), images=6)
    assert (field.flatten().numpy() == fields[name][6 * SIDE + 5]).all()


def test_a_mask_is_packed_and_comes_back():
    mask = torch.rand(SIDE**2, SIDE**2) < 0.5
    assert (unpacked(exported.packed(mask)) == mask.numpy()).all()


# ---- on the page ----


def test_both_boards_show_the_masks(live, fields):
    names = [live.evaluate(f"{LIVE}.boards[{k}].name") for k in (0, 1)]
    assert names == ["Row LSTM, 1 layer", "Diagonal BiLSTM, 1 layer"]
    for k, name in enumerate(names):
        assert kinds(live, k) == wanted(fields[name], 7, 9)


def test_the_mouse_moves_both(live, fields):
    box = live.locator(BOARDS).first.bounding_box()
    cell = box["width"] / SIDE
    live.mouse.move(box["x"] + 3.7 * cell, box["y"] + 11.3 * cell)
    assert live.evaluate(f"{LIVE}.place") == [11, 3]
    for k, name in enumerate(["Row LSTM, 1 layer", "Diagonal BiLSTM, 1 layer"]):
        assert kinds(live, k) == wanted(fields[name], 11, 3)
    count = int(fields["Row LSTM, 1 layer"][11 * SIDE + 3].sum())
    told = live.inner_text(f"{FIGURE} .gc-sees-told >> nth=0")
    assert told.startswith(f"Sees {count} of the {11 * SIDE + 3} pixels")


def test_the_keyboard_moves_and_stops_at_the_edge(live):
    live.locator(BOARDS).nth(1).focus()
    for key in ["ArrowRight"] * 9 + ["ArrowUp"] * 2:
        live.keyboard.press(key)
    assert live.evaluate(f"{LIVE}.place") == [5, SIDE - 1]
    spoken = live.inner_text(f"{FIGURE} .gc-live-spoken")
    assert spoken.startswith("Pixel in row 6, column 15.")
    assert "Row LSTM, 1 layer: Sees" in spoken
    for key in ["ArrowLeft"] * 15 + ["ArrowUp"] * 9:
        live.keyboard.press(key)
    told = live.inner_text(f"{FIGURE} .gc-sees-told >> nth=0")
    assert told == "No pixel comes before this one."


def test_every_model_can_be_chosen(live, fields):
    for k, name in enumerate(exported.MODELS):
        live.select_option(f"{FIGURE} select >> nth=0", str(k))
        assert kinds(live, 0) == wanted(fields[name], 7, 9)
    assert "a leak" in live.inner_text(f"{FIGURE} .gc-sees-told >> nth=0")


def test_a_finger_chooses_a_pixel(site, browser):
    context = browser.new_context(
        viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(f"{site.url}chapters/pixelrnn.html")
    page.tap(f"{FIGURE} .gc-live-start")
    page.wait_for_selector(f"{FIGURE}[data-state=live]")
    board = page.locator(BOARDS).first
    width = board.bounding_box()["width"]
    board.tap(position={"x": 2.5 / SIDE * width, "y": 4.5 / SIDE * width})
    assert page.evaluate(f"{LIVE}.place") == [4, 2]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(live, scheme):
    live.emulate_media(color_scheme=scheme)
    assert violations(live, FIGURE) == []


def test_hidden_and_seen_differ_without_colour(live):
    """One is filled, the other striped."""
    fill = "(name) => getComputedStyle(document.querySelector(name)).fill"
    assert live.evaluate(fill, f"{BOARDS} .gc-sees-seen").startswith("rgb")
    assert "gc-sees-hatch" in live.evaluate(fill, f"{BOARDS} .gc-sees-hidden")


def test_its_files_stay_small():
    folder = ROOT / "book" / "assets" / "models" / "pixelrnn"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 200_000
