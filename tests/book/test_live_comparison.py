"""Which model made this: the pictures, and the game by mouse, touch and keyboard."""

from __future__ import annotations

import pytest
import torch
from axe import violations
from live import comparison as exported
from live.common import write_levels
from live_page import start, started
from waiting import until

import gencourse
from gencourse import data

FIGURE = "#live-comparison"
LIVE = f"document.querySelector('{FIGURE}').live"
NAMES = ["real", "count-table", "row-lstm", "gated-pixelcnn", "vae", "sngan"]
GREYS = f"""() => [...document.querySelectorAll("{FIGURE} canvas")].map((canvas) => {{
  const {{ data }} = canvas.getContext("2d").getImageData(0, 0, 28, 28);
  return Array.from(data).filter((_, i) => i % 4 === 0);
}})"""


@pytest.fixture(scope="module")
def shared(site, browser):
    with started(browser, site, "comparison") as page:
        yield page


@pytest.fixture
def live(shared):
    """Give the shared page at the beginning of a game."""
    if shared.evaluate(f"{LIVE}.answers.length"):
        finish(shared)
        shared.get_by_role("button", name="Play again").click()
    return shared


def rounds(page):
    return page.evaluate(f"{LIVE}.rounds")


def answers(page):
    return page.locator(f"{FIGURE} .gc-guess-answers button")


def place_of(page, *, right):
    """Return where the right answer of this round stands, or a wrong one, from 0."""
    now = page.evaluate(f"{LIVE}.rounds[{LIVE}.answers.length]")
    place = now["options"].index(now["truth"])
    return place if right else (place + 1) % 4


def finish(page):
    """Play to the end of the game, from anywhere in it."""
    while not page.get_by_role("button", name="Play again").count():
        if page.locator(f"{FIGURE} .gc-guess-below button").count():
            page.locator(f"{FIGURE} .gc-guess-below button").click()
        else:
            answers(page).first.click()


# ---- the export ----


@pytest.fixture(scope="module")
def pictures(site):
    """Give the levels of each maker, as the site has them."""
    folder = site.folder / "_static/models/comparison"
    return {
        name: torch.frombuffer(
            bytearray((folder / f"{name}.bin").read_bytes()), dtype=torch.uint8
        ).view(-1, 1, 28, 28)
        for name in NAMES
    }


def test_pictures_are_those_of_the_models(pictures):
    assert {len(levels) for levels in pictures.values()} == {24}
    assert torch.equal(pictures["real"], data.load("fashion-mini", "test").x[:24])
    vae, sngan = gencourse.load("vae"), gencourse.load("sngan")
    for name, model in {"vae": vae, "sngan": sngan}.items():
        drawn = model.sample(24, generator=torch.Generator().manual_seed(0))
        apart = (drawn.int() - pictures[name].int()).abs()
        # A level on the edge may fall to either side on another machine.
        assert apart.ne(0).double().mean() < 0.01, name


def test_makers_draw_different_pictures(pictures):
    """Each maker is rough in its own way: nobody's file is another's."""
    rough = {
        name: float(levels.double().diff(dim=3).abs().mean())
        for name, levels in pictures.items()
    }
    assert rough["vae"] > 1.2 * rough["sngan"]
    assert len({round(value, 3) for value in rough.values()}) == len(NAMES)


def test_a_picture_that_is_no_level_is_refused(monkeypatch, tmp_path):
    made = {"real": torch.rand(24, 1, 28, 28)}
    monkeypatch.setattr(exported, "makers", lambda: made)
    with pytest.raises(ValueError, match="expected uint8 images"):
        exported.write(tmp_path)
    assert list(tmp_path.iterdir()) == []
    write_levels(torch.zeros(1, 1, 28, 28, dtype=torch.uint8), tmp_path / "a.bin")
    assert (tmp_path / "a.bin").stat().st_size == 784


# ---- the game ----


def test_the_pictures_shown_are_the_makers(live, pictures):
    for now in rounds(live)[:4]:
        shown = torch.tensor(live.evaluate(GREYS)).view(3, 1, 28, 28)
        assert torch.equal(shown.byte(), pictures[now["truth"]][now["pictures"]])
        answers(live).first.click()
        live.get_by_role("button", name="Next round").click()


def test_a_game_by_mouse_all_right(live):
    table = len(live.evaluate(f"{LIVE}.everything"))
    for k in range(10):
        answers(live).nth(place_of(live, right=True)).click()
        below = live.locator(f"{FIGURE} .gc-guess-below")
        assert below.locator("p").inner_text().startswith("Right: ")
        score = live.locator(f"{FIGURE} .gc-guess-score").inner_text()
        row = f", {k + 1} in a row" if k else ""
        assert score == (
            f"Round {k + 1} of 10. Right so far: {k + 1}{row}. Guessing gets 1 in 4."
        )
        below.get_by_role("button").click()
    said = live.locator(f"{FIGURE} .gc-guess-question").inner_text()
    wanted = "10 of 10 right, at best 10 in a row. Guessing gets 2.5 on average."
    assert said == wanted
    assert len(live.evaluate(f"{LIVE}.everything")) == table + 10


def cells(page):
    lines = page.locator(f"{FIGURE} tbody tr")
    return [
        line.locator("td").all_inner_texts()
        for line in (lines.nth(i) for i in range(6))
    ]


def test_a_game_by_keyboard_all_wrong(site, page):
    start(page, site, "comparison")
    given = []
    for k in range(10):
        place = place_of(page, right=False)
        now = rounds(page)[k]
        given.append((now["truth"], now["options"][place]))
        page.keyboard.press(str(place + 1))
        focused = page.evaluate("document.activeElement.textContent")
        assert focused == ("Next round" if k < 9 else "See how it went")
        assert (
            page.locator(f"{FIGURE} .gc-guess-below p").inner_text().startswith("No: ")
        )
        page.keyboard.press("Enter")
        question = page.evaluate("document.activeElement.className")
        assert question == "gc-guess-question"
    said = page.locator(f"{FIGURE} .gc-guess-question").inner_text()
    assert said.startswith("0 of 10 right, at best 0 in a row.")
    table = cells(page)
    for i, truth in enumerate(NAMES):
        for j, answer in enumerate(NAMES):
            assert int(table[i][j]) == given.count((truth, answer))
        assert table[i][6] == f"0 of {sum(t == truth for t, _ in given)}"
    first = rounds(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator(f"{FIGURE} .gc-guess-answers").is_visible()
    assert rounds(page) != first
    assert page.evaluate(f"{LIVE}.answers.length") == 0


def test_tab_and_enter_answer_too(live):
    live.focus(f"{FIGURE} .gc-live-panel")
    for _ in range(3):
        live.keyboard.press("Tab")
    assert live.evaluate("document.activeElement.textContent").startswith("3")
    live.keyboard.press("Enter")
    given = live.evaluate(f"{LIVE}.answers[0].answer")
    assert given == rounds(live)[0]["options"][2]


def test_an_answer_is_marked_spoken_and_final(live):
    right = place_of(live, right=True)
    wrong = place_of(live, right=False)
    answers(live).nth(wrong).click()
    marks = [text[0] for text in answers(live).all_inner_texts()]
    wanted = [*"1234"]
    wanted[right], wanted[wrong] = "✓", "✗"
    assert marks == wanted
    spoken = live.locator(f"{FIGURE} .gc-live-spoken").text_content()
    words = live.locator(f"{FIGURE} .gc-guess-below p").inner_text()
    assert spoken == f"Round 1. {words}"
    live.keyboard.press(str(right + 1))
    assert len(live.evaluate(f"{LIVE}.answers")) == 1


def test_number_keys_count_in_here_alone(live):
    live.focus(f"{FIGURE} .gc-live-panel")
    live.keyboard.press("Control+1")
    live.keyboard.press("5")
    live.keyboard.press("0")
    live.evaluate("document.activeElement.blur()")
    live.keyboard.press("1")
    assert live.evaluate(f"{LIVE}.answers.length") == 0


def test_nothing_moves_when_an_answer_is_given(live):
    height = f"document.querySelector('{FIGURE}').offsetHeight"
    before = live.evaluate(height)
    answers(live).first.click()
    assert live.evaluate(height) == before


def test_by_touch_on_a_narrow_screen(site, browser):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    start(page, site, "comparison")
    wide = "document.documentElement.scrollWidth"
    for _ in range(10):
        assert page.evaluate(wide) == 390
        answers(page).first.tap()
        page.locator(f"{FIGURE} .gc-guess-below button").tap()
    page.wait_for_selector(f"{FIGURE} table")
    assert page.evaluate(wide) == 390
    inner = page.locator(f"{FIGURE} table").bounding_box()
    outer = page.locator(f"{FIGURE} .gc-live-panel").bounding_box()
    assert inner["x"] + inner["width"] <= outer["x"] + outer["width"] + 0.5
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_shut_out(site, browser, scheme):
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    start(page, site, "comparison")
    answers(page).nth(place_of(page, right=False)).click()
    assert violations(page, FIGURE) == []
    finish(page)
    page.wait_for_selector(f"{FIGURE} table")
    assert violations(page, FIGURE) == []
    context.close()


def test_a_file_that_fails_is_said_and_tried_again(site, page):
    page.goto(f"{site.url}chapters/comparison.html")
    page.route("**/vae.bin", lambda route: route.abort())
    page.click(f"{FIGURE} .gc-live-start")
    page.wait_for_selector(f"{FIGURE}[data-state=failed]")
    alert = page.inner_text(f"{FIGURE} [role=alert]")
    assert "vae.bin could not be loaded. Are you online?" in alert
    page.unroute("**/vae.bin")
    page.route("**/vae.bin", lambda route: route.fulfill(body=b"short"))
    page.get_by_role("button", name="Try again").click()
    until(page, f"document.querySelector('{FIGURE}').innerText.includes('got 5 bytes')")
    page.unroute("**/vae.bin")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(f"{FIGURE}[data-state=live]")


def test_no_model_is_loaded_for_it(site, page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    start(page, site, "comparison")
    assert not [url for url in asked if "wasm" in url or "onnx" in url]
    assert sum(url.endswith(".bin") for url in asked) == 6
