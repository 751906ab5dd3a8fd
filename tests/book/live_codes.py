"""What the live models of codes, autoencoder and VAE, have in common to be tested.

A test file makes a subclass of `CodesTests`, named Test..., that says what PyTorch
computes.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from axe import violations
from torch import Tensor
from waiting import until

from gencourse import data

CLOSE = {"abs": 1e-4, "rel": 1e-4}
FIRST = 14  # of the images to choose from: the one at the start, a sneaker
SHOWN = 20
READ = """(selector) => {
  const { live } = document.querySelector(selector);
  const plain = (value) =>
    ArrayBuffer.isView(value) ? [...value]
    : Array.isArray(value) ? value.map(plain)
    : value && typeof value === "object"
      ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
      : value;
  return plain(live);
}"""
PIXELS = """(selector) => {
  const canvas = document.querySelector(selector);
  const { data } = canvas.getContext("2d").getImageData(0, 0, 28, 28);
  return [...data].filter((_, i) => i % 4 === 0);
}"""
RATE = """async (selector) => {
  const { live } = document.querySelector(selector);
  const handle = document.querySelector(`${selector} .gc-live-handle`);
  const before = live.updates;
  const start = performance.now();
  for (let k = 0; performance.now() - start < 1500; k++) {
    const key = k % 40 < 20 ? "ArrowRight" : "ArrowLeft";
    handle.dispatchEvent(new KeyboardEvent("keydown", { key }));
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  return (1000 * (live.updates - before)) / (performance.now() - start);
}"""
EACH_SECOND = 10  # 20 and more on two idle cores; tests share theirs


def same(found: Any, wanted: Tensor) -> None:
    """Hold numbers of the page against those of PyTorch."""
    assert torch.tensor(found).flatten().tolist() == pytest.approx(
        wanted.flatten().tolist(), **CLOSE
    )


class Widget:
    """A live model on an open page."""

    def __init__(self, page: Any, name: str) -> None:
        self.page, self.figure = page, f"#live-{name}"
        self.box = page.locator(self.figure)
        self.live = f"document.querySelector('{self.figure}').live"

    def start(self, url: str) -> None:
        """Go to its chapter and press its button."""
        self.page.goto(url)
        self.page.click(f"{self.figure} .gc-live-start")
        self.page.wait_for_selector(f"{self.figure}[data-state]", timeout=30_000)
        assert self.box.get_attribute("data-state") == "live"

    def state(self) -> dict[str, Any]:
        """Return what the page holds, when nothing is under way any more."""
        live = self.live
        settled = [
            f"String({live}.decoded) === String({live}.z)",
            f"String({live}.code.levels) === String({live}.levels)",
        ]
        until(self.page, " && ".join(settled))
        return self.page.evaluate(READ, self.figure)

    def pixels(self, place: int) -> list[int]:
        """Return the pixels of the picture (0) or of the decoded one (1)."""
        box = f"{self.figure} .gc-codes-pair > div:nth-child({place + 1}) canvas"
        return self.page.evaluate(PIXELS, box)

    def choose(self, k: int) -> None:
        """Click the k-th test image."""
        self.box.locator(".gc-strip").first.locator("input").nth(k).click()

    def button(self, name: str) -> Any:
        """Return the button of that name."""
        return self.box.get_by_role("button", name=name, exact=True)

    def area(self, selector: str) -> dict[str, float]:
        """Return where a part stands in the window, once it is in sight."""
        part = self.box.locator(selector)
        part.scroll_into_view_if_needed()
        return part.bounding_box()


class CodesTests:
    """Tests of one live model; a subclass says its name and what PyTorch computes."""

    name: str
    reach: tuple[float, float, float, float]  # left, right, bottom, top

    def encode(self, x: Tensor) -> dict[str, Tensor]:
        """Return what the page keeps of the code of levels (1, 1, 28, 28)."""
        raise NotImplementedError

    def decode(self, z: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the decoded image, and what a code costs for levels x."""
        raise NotImplementedError

    def numbers(self, state: dict[str, Any]) -> list[str]:
        """Return the words that should stand for the numbers."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def shared(cls, site, browser):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(10_000)
        widget = Widget(context.new_page(), cls.name)
        widget.start(f"{site.url}chapters/{cls.name}.html")
        yield widget
        context.close()

    @pytest.fixture
    def widget(self, shared):
        """Give the shared page with the point at the code of the first picture."""
        shared.choose(0)
        shared.choose(FIRST)
        shared.state()
        return shared

    def check(self, widget: Widget) -> dict[str, Any]:
        """Hold all that the page shows against PyTorch; return it."""
        state = widget.state()
        x = torch.tensor(state["levels"]).float().view(1, 1, 28, 28)
        z = torch.tensor([state["z"]]).float()
        with torch.no_grad():
            grey, cost = self.decode(z, x)
            code = self.encode(x)
            _, home = self.decode(code["mu"], x)
        same(state["grey"], grey)
        same([state["cost"]], cost)
        same([state["home"]], home)
        for part, wanted in code.items():
            same(state["code"][part], wanted)
        shown = (255 * grey).clamp(0, 255).flatten().tolist()
        assert widget.pixels(1) == pytest.approx(shown, abs=0.6)
        assert widget.pixels(0) == state["levels"]
        said = widget.box.locator(".gc-codes-numbers dd").all_inner_texts()
        assert said == self.numbers(state)
        return state

    def check_chosen(self, widget: Widget, k: int) -> None:
        """Hold what is shown against the k-th test image to choose from."""
        chosen = widget.box.locator("input:checked")
        assert chosen.count() == 1
        label = chosen.get_attribute("aria-label")
        kind, _, place = label.partition(", test picture ")
        test = data.load("fashion-mini", "test")
        assert kind == test.classes[test.y[int(place) - 1]] == test.classes[k // 2]
        state = self.check(widget)
        assert state["levels"] == test.x[int(place) - 1].flatten().tolist()
        assert state["z"] == state["code"]["mu"]

    def test_it_starts_with_a_picture_and_its_code(self, shared):
        self.check_chosen(shared, FIRST)

    def test_dragging_decodes(self, widget):
        area = widget.area(".gc-live-plane")
        mouse = widget.page.mouse
        left, right, bottom, top = self.reach
        mouse.move(area["x"] + 0.5 * area["width"], area["y"] + 0.5 * area["height"])
        mouse.down()
        for across, down in [(0.4, 0.4), (0.7, 0.3), (0.25, 0.8)]:
            mouse.move(
                area["x"] + across * area["width"], area["y"] + down * area["height"]
            )
            state = self.check(widget)
            wanted = [left + across * (right - left), top - down * (top - bottom)]
            assert state["z"] == pytest.approx(wanted, abs=0.05)
        mouse.up()
        mouse.move(area["x"] + 0.6 * area["width"], area["y"] + 0.6 * area["height"])
        assert widget.state()["z"] == state["z"]

    def test_a_point_dragged_off_the_plane_stays_on_its_edge(self, widget):
        area = widget.area(".gc-live-plane")
        mouse = widget.page.mouse
        mouse.move(area["x"] + 9, area["y"] + 9)
        mouse.down()
        mouse.move(area["x"] - 50, area["y"] - 30)
        mouse.up()
        assert self.check(widget)["z"] == [self.reach[0], self.reach[3]]

    def test_arrow_keys_move_the_point(self, widget):
        left, right, bottom, top = self.reach
        x, y = widget.state()["z"]
        handle = widget.box.locator(".gc-live-handle")
        for key in ["ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowDown"]:
            handle.press(key)
        wanted = [x + (right - left) / 25, y + (top - bottom) * (1 / 50 - 1 / 10)]
        state = self.check(widget)
        assert state["z"] == pytest.approx(wanted, abs=1e-6)
        said = handle.get_attribute("aria-valuetext")
        assert f"{wanted[0]:.2f} across, {wanted[1]:.2f} up, nearest: " in said

    def test_each_number_has_a_slider(self, widget):
        for axis, name in enumerate(["First number, across", "Second number, up"]):
            slider = widget.box.get_by_label(name)
            before = widget.state()["z"]
            slider.press("Home")
            state = self.check(widget)
            assert state["z"][axis] == self.reach[2 * axis]
            assert state["z"][1 - axis] == before[1 - axis]
            slider.press("ArrowRight")
            assert self.check(widget)["z"][axis] > self.reach[2 * axis]
        widget.button("Back to the picture's code").press("Enter")
        state = self.check(widget)
        assert state["z"] == state["code"]["mu"]

    @pytest.mark.parametrize("k", [0, 5, SHOWN - 1])
    def test_a_test_picture_is_placed(self, widget, k):
        widget.choose(k)
        self.check_chosen(widget, k)

    def test_test_pictures_are_chosen_by_keyboard(self, widget):
        before = widget.state()
        widget.box.locator("input:checked").first.press("ArrowRight")
        until(widget.page, f"{widget.live}.encoded > {before['encoded']}")
        assert self.check(widget)["levels"] != before["levels"]
        number = widget.box.locator(".gc-strip").first.locator("input").count()
        assert number == SHOWN
        said = widget.page.inner_text(f"{widget.figure} .gc-live-spoken")
        assert said.startswith("Sneaker placed. Nearest: ")

    def test_a_drawing_is_placed(self, widget):
        widget.button("Clear").click()
        assert sum(self.check(widget)["levels"]) == 0
        area, mouse = widget.area(".gc-live-pad"), widget.page.mouse
        mouse.move(area["x"] + 0.3 * area["width"], area["y"] + 0.2 * area["height"])
        mouse.down()
        for down in (0.5, 0.8):
            mouse.move(
                area["x"] + 0.3 * area["width"], area["y"] + down * area["height"]
            )
        mouse.up()
        levels = torch.tensor(self.check(widget)["levels"]).view(28, 28)
        assert set(levels.unique().tolist()) == {0, 230}
        assert (levels[6:21, 7:9] == 230).all()
        assert (levels[:, 12:] == 0).all()
        assert widget.box.locator("input:checked").count() == 0
        drawn = int((levels > 0).sum())
        widget.button("Eraser").click()
        mouse.click(area["x"] + 0.3 * area["width"], area["y"] + 0.5 * area["height"])
        levels = torch.tensor(self.check(widget)["levels"])
        assert 0 < int((levels > 0).sum()) < drawn
        widget.button("Brush").click()

    def test_it_is_drawn_on_by_keyboard(self, widget):
        widget.button("Clear").click()
        board = widget.box.locator(".gc-live-pad")
        for key in ["Space", "ArrowDown", "ArrowDown", "Shift+ArrowDown"]:
            board.press(key)
        levels = torch.tensor(self.check(widget)["levels"]).view(28, 28)
        assert levels[:, 14].nonzero().flatten().tolist() == [13, 14, 15, 16, 17, 18]

    def test_ten_codes_are_drawn_from_the_prior(self, widget):
        button = widget.button("Draw ten codes from N(0, I)")
        button.press("Enter")
        until(widget.page, f"{widget.live}.drawn.length === 10")
        first = widget.state()["drawn"]
        with torch.no_grad():
            for draw in first:
                x = torch.zeros(1, 1, 28, 28)
                same(draw["grey"], self.decode(torch.tensor([draw["z"]]), x)[0])
        strip = widget.box.locator(".gc-codes-prior input")
        assert strip.count() == 10
        strip.nth(3).check()
        assert self.check(widget)["z"] == first[3]["z"]
        button.click()
        until(widget.page, f"{widget.live}.drawn[0].z[0] !== {first[0]['z'][0]}")
        places = [draw["z"] for draw in first + widget.state()["drawn"]]
        assert len({tuple(place) for place in places}) == 20

    def test_a_kind_can_be_shown_alone(self, widget):
        faint = widget.box.locator(".gc-live-plane .gc-kind-faint")
        button = widget.button("Bag")
        button.press("Enter")
        assert button.get_attribute("aria-pressed") == "true"
        assert faint.count() == 9
        assert widget.box.locator(".gc-kind-8.gc-kind-faint").count() == 0
        widget.button("Coat").click()
        assert button.get_attribute("aria-pressed") == "false"
        assert faint.count() == 9
        widget.button("Coat").click()
        assert faint.count() == 0

    def test_the_nearest_picture_is_named(self, widget, site):
        path = site.folder / "_static" / "models" / self.name / "codes.json"
        codes = json.loads(path.read_text())
        points = torch.tensor(codes["points"])
        area = widget.area(".gc-live-plane")
        left, right, bottom, top = self.reach
        said = widget.box.locator(".gc-codes-near")

        def kind_at(x, y):
            far = (points[:, :2] - torch.tensor([x, y])).norm(dim=1)
            return codes["classes"][int(points[far.argmin(), 2])]

        state = widget.state()
        assert said.inner_text() == f"Nearest test picture: {kind_at(*state['z'])}"
        x, y, label = codes["points"][3]
        across, down = (x - left) / (right - left), (top - y) / (top - bottom)
        widget.page.mouse.move(
            area["x"] + across * area["width"], area["y"] + down * area["height"]
        )
        assert said.inner_text() == f"Under the pointer: {codes['classes'][label]}"
        widget.page.mouse.move(area["x"] - 20, area["y"])
        assert said.inner_text().startswith("Nearest test picture: ")

    def test_it_keeps_up(self, widget):
        rate = widget.page.evaluate(RATE, widget.figure)
        assert rate > EACH_SECOND

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_nothing_is_held_against_it(self, widget, scheme):
        page = widget.page
        page.evaluate(
            "(name) => { document.documentElement.dataset.theme = name; "
            "document.documentElement.dataset.mode = name; }",
            scheme,
        )
        widget.button("Draw ten codes from N(0, I)").click()
        widget.button("Bag").click()
        # So that the page's own bar and its "Back to top" lie over none of the buttons.
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(500)
        found = violations(page, widget.figure)
        widget.button("Bag").click()
        assert found == []

    def test_it_fits_a_phone_and_is_dragged_by_touch(self, site, browser):
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
        )
        widget = Widget(context.new_page(), self.name)
        widget.start(f"{site.url}chapters/{self.name}.html")
        assert widget.page.evaluate("document.documentElement.scrollWidth") <= 390
        area = widget.area(".gc-live-plane")
        scrolled = widget.page.evaluate("scrollY")
        touch = context.new_cdp_session(widget.page)

        def send(kind, *place):
            points = [{"x": x, "y": y} for x, y in [place] if place] if place else []
            touch.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": points}
            )

        middle = (area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
        send("touchStart", *middle)
        send("touchMove", middle[0] + 20, middle[1] + 20)
        send("touchMove", middle[0] + 60, middle[1] + 80)
        send("touchEnd")
        left, right, bottom, top = self.reach
        wanted = [
            (left + right) / 2 + 60 / area["width"] * (right - left),
            (bottom + top) / 2 - 80 / area["height"] * (top - bottom),
        ]
        assert self.check(widget)["z"] == pytest.approx(wanted, abs=0.1)
        assert widget.page.evaluate("scrollY") == scrolled
        context.close()

    @pytest.mark.parametrize("file", ["encoder.onnx", "images.bin"])
    def test_a_file_that_is_missing_is_named(self, site, page, file):
        widget = Widget(page, self.name)
        page.goto(f"{site.url}chapters/{self.name}.html")
        page.route(f"**/{file}", lambda route: route.abort())
        page.click(f"{widget.figure} .gc-live-start")
        page.wait_for_selector(f"{widget.figure}[data-state=failed]", timeout=30_000)
        said = widget.box.locator("[role=alert]").inner_text()
        assert f"The file {file} could not be loaded" in said
        page.unroute(f"**/{file}")
        widget.button("Try again").press("Enter")
        page.wait_for_selector(f"{widget.figure}[data-state=live]", timeout=30_000)
        self.check(widget)
