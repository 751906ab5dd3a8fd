"""The PixelCNN's live model: held against PyTorch, by mouse, touch and keyboard."""

from __future__ import annotations

import re

import export_live
import pytest
import torch
from axe import violations
from live import common
from live import pixelcnn as exported
from live.graphs.pixelcnn import Law
from live_page import start, started
from site_config import ROOT
from waiting import until

import gencourse
from gencourse import data
from gencourse.heads import LogisticMixture

FIGURE = "#live-pixelcnn"
LIVE = f"document.querySelector('{FIGURE}').live"
STATE = f"""() => {{
  const {{ drawing, runner, image }} = {LIVE};
  const {{ levels, known, uniforms }} = drawing;
  const lists = {{ levels, known, uniforms }};
  for (const name in lists) lists[name] = Array.from(lists[name]);
  const {{ label, seed, next, temperature, shown, surprise }} = drawing;
  const law = drawing.law && Array.from(drawing.law);
  const at = shown && {{ k: shown.k, level: shown.level }};
  const {{ running }} = runner;
  return {{ ...lists, label, seed, next, temperature, at, law, surprise, running,
    image }};
}}"""
# Every 29th law: one of each column.
DRAW = f"""async () => {{
  const {{ drawing }} = {LIVE};
  const laws = {{}};
  while (await drawing.step()) {{
    const {{ k, logProbs }} = drawing.shown;
    if (k % 29 === 0) laws[k] = Array.from(logProbs);
  }}
  {LIVE}.show();
  return laws;
}}"""
UPPER = torch.arange(784) < 392


@pytest.fixture(scope="module")
def model():
    return gencourse.load("gated-pixelcnn-conditional")


@pytest.fixture(scope="module")
def images():
    return data.load("fashion-mini", "test").x[list(exported.IMAGES)].flatten(1)


@pytest.fixture(scope="module")
def shared(site, browser):
    with started(browser, site, "pixelcnn") as page:
        yield page


@pytest.fixture
def live(shared):
    """Give the shared page, halted: the boot's upper half, temperature 1, seed 0."""
    shared.evaluate(
        f"() => {{ const w = {LIVE}; w.drawing.seed = 0; w.seed.value = 0;"
        "w.drawing.temperature = 1; w.temperature.value = 1; }"
    )
    press(shared, "Test image: Ankle boot")
    halt(shared)
    shared.evaluate(f"() => {LIVE}.drawing.rewind(0)")
    press(shared, "Bring all back")
    press(shared, "Erase", exact=True)
    press(shared, "Lower half")
    until(shared, f"{LIVE}.drawing.shown?.k === 392")
    return shared


def press(page, words, *, exact=False):
    page.locator(FIGURE).get_by_role("button", name=words, exact=exact).click()


def halt(page):
    if page.locator(f"{FIGURE} .gc-pixel-main").inner_text() == "Pause":
        press(page, "Pause")


def state_of(page):
    found = page.evaluate(STATE)
    for name, kind in (("levels", torch.uint8), ("known", torch.bool)):
        found[name] = torch.tensor(found[name]).to(kind)
    return found


def finish(page):
    press(page, "All at once")
    until(page, f"{LIVE}.drawing.complete && !{LIVE}.runner.running", 60)
    return state_of(page)


def laws_of(model, state):
    """Return the model's own log p of every level, at every pixel: (784, 256)."""
    x = state["levels"].view(1, 1, 28, 28)
    with torch.no_grad():
        numbers = model.logits(x, torch.tensor([state["label"]]))[0, 0].flatten(0, 1)
        return model.head.log_prob(numbers[:, None], torch.arange(256))


def held_to(model, state):
    """Hold every pixel that was drawn to the model's law and the page's draws."""
    laws = (laws_of(model, state).double() / state["temperature"]).softmax(-1)
    steps = laws.cumsum(-1)
    uniforms = torch.tensor(state["uniforms"], dtype=torch.float64)
    wanted = (steps <= uniforms[:, None]).sum(-1).clamp(max=255)
    near = ((steps - uniforms[:, None]).abs() < 1e-5).any(-1)
    levels = state["levels"].long()
    assert ((levels == wanted) | near | state["known"]).all()
    assert (levels != wanted)[near & ~state["known"]].sum() <= 5
    assert int(near.sum()) < 0.2 * len(near)  # else nothing was held to anything


def close(found, wanted):
    return torch.allclose(torch.tensor(found), wanted, atol=1e-4, rtol=1e-4)


# ---- the export ----


def test_the_law_is_that_of_the_head():
    head = LogisticMixture(256)
    draws = torch.Generator().manual_seed(0)
    for spread in (0.1, 1, 5):
        numbers = spread * torch.randn(30, generator=draws)
        wanted = head.log_prob(numbers.expand(256, -1), torch.arange(256))
        assert close(Law(head)(numbers).tolist(), wanted)
        assert Law(head)(numbers).exp().sum() == pytest.approx(1, abs=1e-4)


def test_a_damaged_pixel_is_refused(tmp_path, monkeypatch, model):
    inner = common.difference

    def damaged(graph, path):
        graph.module.law.reach *= 1.01
        return inner(graph, path)

    monkeypatch.setattr(common, "difference", damaged)
    with pytest.raises(ValueError, match="pixel: log_probs differs from PyTorch"):
        common.write_graph(exported.graphs(model)[1], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_chain_that_differs_is_refused(tmp_path, model):
    for graph in exported.graphs(model):
        common.write_graph(graph, tmp_path)
    chain = exported.Chain(tmp_path, model)
    image = torch.randint(256, (28, 28)).byte()
    assert 0 <= exported.check_chain(chain, model, image, 4) < 1e-5
    chain.dilations[3] = 7
    with pytest.raises(ValueError, match="pixel by pixel the laws differ from PyTorch"):
        exported.check_chain(chain, model, image, 4)


def test_an_export_rests_on_the_graphs_too(monkeypatch):
    seen, read = set(), type(ROOT).read_bytes
    monkeypatch.setattr(
        type(ROOT), "read_bytes", lambda path: seen.add(path) or read(path)
    )
    export_live.digest("pixelcnn")
    assert ROOT / "tools" / "live" / "graphs" / "pixelcnn.py" in seen
    assert ROOT / "src" / "gencourse" / "heads.py" in seen


# ---- the numbers ----


def test_it_starts_with_half_a_boot_and_draws(shared, images):
    until(shared, f"{LIVE}.drawing.next > 400")
    halt(shared)
    state = state_of(shared)
    assert torch.equal(state["known"], UPPER)
    assert torch.equal(state["levels"][:392], images[-1][:392])
    assert state["label"] == 9


def test_the_laws_of_a_whole_image(live, model):
    press(live, "Empty page")
    halt(live)
    live.select_option(f"{FIGURE} select", "3")
    halt(live)
    live.evaluate(f"() => {{ {LIVE}.drawing.seed = 5; }}")
    laws = live.evaluate(DRAW)
    state = state_of(live)
    assert (state["label"], state["surprise"]["count"]) == (3, 784)
    wanted = laws_of(model, state)
    assert len(laws) == 28
    for k, found in laws.items():
        assert close(found, wanted[int(k)]), k
    held_to(model, state)
    chosen = wanted.gather(1, state["levels"].long()[:, None])
    bits = -chosen.mean().item() / torch.tensor(2.0).log().item()
    assert state["surprise"]["mean"] == pytest.approx(bits, abs=1e-3)
    said = live.inner_text(f"{FIGURE} .gc-pixel-mean")
    assert said.startswith(f"All pixels drawn, mean surprise {bits:.2f} bits")
    assert state["levels"].float().std() > 20


@pytest.mark.parametrize("part", ["Lower half", "Upper half", "A box"])
def test_a_completion_keeps_what_is_kept(live, model, images, part):
    press(live, "Bring all back")
    press(live, part)
    before = state_of(live)
    assert 0 < before["known"].sum() < 784
    state = finish(live)
    assert torch.equal(state["known"], before["known"])
    kept = state["known"]
    assert torch.equal(state["levels"][kept], images[-1][kept])
    assert not torch.equal(state["levels"][~kept], images[-1][~kept])
    assert state["surprise"]["count"] == int((~kept).sum())
    held_to(model, state)


def test_erased_pixels_are_marked_until_they_are_drawn(live):
    colour = f"""([i, j]) => {{
      const marks = document.querySelector('{FIGURE} .gc-pixel-marks');
      const data = marks.getContext('2d').getImageData(20 * j + 4, 20 * i + 4, 1, 1);
      return Array.from(data.data);
    }}"""
    assert live.evaluate(colour, [20, 10]) == [0x1D, 0x4A, 0x7A, 255]
    assert live.evaluate(colour, [5, 10])[3] == 0
    finish(live)
    assert live.evaluate(colour, [20, 10])[3] == 0


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.5])
def test_the_temperature_divides_the_law(live, model, temperature):
    shown = live.get_by_label("Temperature")
    shown.fill(str(temperature))
    state = state_of(live)
    assert state["temperature"] == pytest.approx(temperature)
    assert state["at"] == {"k": 392, "level": None}
    wanted = (laws_of(model, state)[392] / temperature).softmax(-1)
    assert close(state["law"], wanted)
    held_to(model, finish(live))


def test_a_finished_image_follows_the_temperature(live, model):
    first = finish(live)
    live.get_by_label("Temperature").fill("0.3")
    until(live, f"{LIVE}.redraws === 0 && {LIVE}.drawing.complete", 60)
    state = state_of(live)
    assert state["temperature"] == pytest.approx(0.3)
    assert state["uniforms"] == first["uniforms"]
    assert not torch.equal(state["levels"], first["levels"])
    held_to(model, state)


def test_another_class_is_another_law(live, model):
    own = state_of(live)
    assert "image's own class" in live.inner_text(f"{FIGURE} .gc-pixel-told")
    live.select_option(f"{FIGURE} select", label="Bag")
    halt(live)
    assert "own class is Ankle boot" in live.inner_text(f"{FIGURE} .gc-pixel-told")
    live.evaluate(f"() => {LIVE}.drawing.rewind(0)")
    live.evaluate(f"() => {LIVE}.look()")
    until(live, f"{LIVE}.drawing.shown !== null")
    state = state_of(live)
    assert (own["label"], state["label"]) == (9, 8)
    assert close(own["law"], laws_of(model, own)[392].exp())
    assert close(state["law"], laws_of(model, state)[392].exp())
    assert (torch.tensor(own["law"]) - torch.tensor(state["law"])).abs().max() > 1e-3
    held_to(model, finish(live))


# ---- by mouse ----


def test_it_pauses_and_goes_on_pixel_by_pixel(live):
    press(live, "Draw", exact=True)
    until(live, f"{LIVE}.drawing.next > 396")
    press(live, "Pause")
    live.wait_for_timeout(100)
    before = state_of(live)["next"]
    live.wait_for_timeout(300)
    assert state_of(live)["next"] == before
    for k in range(3):
        press(live, "One pixel")
        until(live, f"{LIVE}.drawing.next === {before + k + 1}")
    said = live.inner_text(f"{FIGURE} .gc-pixel-place")
    state = state_of(live)
    i, j = divmod(before + 2, 28)
    level = state["levels"][before + 2]
    assert said.startswith(f"Row {i + 1}, column {j + 1}: level {level} was drawn")
    assert live.inner_text(f"{FIGURE} [role=status]") == said
    mark = live.locator(f"{FIGURE} .gc-pixel-mark").bounding_box()
    plot = live.locator(f"{FIGURE} .gc-pixel-plot").bounding_box()
    # It is 2 pixels wide, about the middle of the level's bar.
    across = (mark["x"] + 1 - plot["x"]) / plot["width"] * 256
    assert across == pytest.approx(int(level) + 0.5, abs=1)


def test_it_draws_more_than_twenty_pixels_a_second(live):
    live.get_by_label("Speed").fill("4")
    assert live.get_by_text("as fast as it can").is_visible()
    took = live.evaluate(
        f"async () => {{ const from = performance.now(); await {LIVE}.runner.run();"
        "return (performance.now() - from) / 1000; }"
    )
    live.get_by_label("Speed").fill("2")
    assert state_of(live)["surprise"]["count"] == 392
    assert 392 / took > 40


def test_a_seed_is_an_image(live):
    first = finish(live)
    press(live, "New draw")
    halt(live)
    second = finish(live)
    assert (first["seed"], second["seed"]) == (0, 1)
    assert not torch.equal(first["levels"], second["levels"])
    field = live.get_by_label("Seed")
    assert field.input_value() == "1"
    field.fill("0")
    field.press("Enter")
    halt(live)
    assert torch.equal(finish(live)["levels"], first["levels"])
    for wrong in ("-3", "", "1.5"):
        field.fill(wrong)
        field.press("Enter")
        assert state_of(live)["seed"] == 0


def test_painting_and_erasing_by_mouse(live, model, images):
    finish(live)
    board = live.locator(f"{FIGURE} .gc-pixel-board")

    def drag(i, start, end):
        board.evaluate("(one) => one.scrollIntoView({ block: 'center' })")
        box = board.bounding_box()
        place = [box["x"] + (start + 0.5) * box["width"] / 28]
        place += [box["y"] + (i + 0.5) * box["height"] / 28]
        live.mouse.move(*place)
        live.mouse.down()
        live.mouse.move(place[0] + (end - start) * box["width"] / 28, place[1])
        live.mouse.up()

    drag(7, 10, 18)
    erased = state_of(live)
    assert not erased["known"].view(28, 28)[7, 10:19].any()
    assert erased["known"].view(28, 28)[7, :8].all()
    assert erased["next"] < 7 * 28  # what follows is to be drawn anew
    live.get_by_label("Grey to paint with").fill("90")
    grey = live.get_by_role("button", name="Paint grey")
    assert grey.get_attribute("aria-pressed") == "true"
    drag(20, 3, 12)
    painted = state_of(live)
    assert painted["known"].view(28, 28)[20, 3:13].all()
    assert (painted["levels"].view(28, 28)[20, 3:13] == 90).all()
    press(live, "Bring back")
    drag(7, 10, 18)
    state = state_of(live)
    assert state["known"][:392].all()
    assert torch.equal(state["levels"][:392], images[-1][:392])
    done = finish(live)
    assert (done["levels"].view(28, 28)[20, 3:13] == 90).all()
    held_to(model, done)


def test_an_edit_halts_the_drawing(live):
    press(live, "Draw", exact=True)
    until(live, f"{LIVE}.drawing.next > 394")
    press(live, "A box")
    state = state_of(live)
    assert not state["running"]
    assert state["next"] <= 7 * 28 + 7
    assert live.locator(f"{FIGURE} .gc-pixel-main").inner_text() == "Draw"


def test_an_image_that_is_all_kept_says_so(live):
    press(live, "Bring all back")
    said = live.inner_text(f"{FIGURE} .gc-pixel-place")
    assert said == "Every pixel is kept. Erase some, and the model draws them."
    press(live, "One pixel")
    assert state_of(live)["surprise"]["count"] == 0


@pytest.mark.parametrize("how", ["Draw", "One pixel", "All at once"])
def test_an_error_on_the_way_is_said(live, how):
    pixel = f"{LIVE}.drawing.reader.pixel"
    press(live, "Upper half")
    until(live, f"{LIVE}.drawing.shown?.k === 0")
    live.evaluate(f"() => {{ {LIVE}.drawing.rewind(0); window.kept = {pixel}; }}")
    live.evaluate(
        f"() => {{ {LIVE}.drawing.reader.label = 4; {pixel} ="
        "{ run: async () => { throw new Error('out of memory'); } }; }"
    )
    press(live, how, exact=True)
    place = live.locator(f"{FIGURE} .gc-pixel-place")
    place.get_by_text("The drawing stopped: out of memory").wait_for()
    assert live.locator(f"{FIGURE} .gc-pixel-main").inner_text() == "Draw"
    live.evaluate(f"() => {{ {pixel} = window.kept; }}")
    press(live, "One pixel")
    until(live, f"{LIVE}.drawing.next === 1")


def test_every_beginning_has_its_class(live, images):
    labels = data.load("fashion-mini", "test").y[list(exported.IMAGES)]
    thumbs = live.locator(f"{FIGURE} .gc-pixel-thumb")
    assert thumbs.count() == 11
    for k in (0, 4, 7):
        thumbs.nth(k + 1).click()
        halt(live)
        state = state_of(live)
        assert (state["image"], state["label"]) == (k, int(labels[k]))
        assert torch.equal(state["levels"][:392], images[k][:392])
        assert thumbs.nth(k + 1).get_attribute("aria-pressed") == "true"
        assert live.input_value(f"{FIGURE} select") == str(int(labels[k]))
    assert sorted(labels.tolist()) == list(range(10))


# ---- for every reader ----


def tab_to(page, words):
    """Go on with Tab until what is named so has the focus."""
    named = """() => {
      const at = document.activeElement;
      return [at.textContent, at.ariaLabel, at.labels?.[0]?.textContent].join("|");
    }"""
    for _ in range(60):
        page.keyboard.press("Tab")
        if re.search(words, page.evaluate(named)):
            return
    raise AssertionError(f"Tab never comes to {words}")


def test_by_keyboard_alone(site, page, model):
    page.goto(f"{site.url}chapters/pixelcnn.html")
    page.focus(f"{FIGURE} .gc-live-start")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{FIGURE}[data-state=live]")
    until(page, f"{LIVE}.drawing.next > 393")
    tab_to(page, "drawing pad|The image")
    page.keyboard.press("Space")  # erases under the cursor, in the middle
    assert not state_of(page)["running"]
    for _ in range(6):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    state = state_of(page)
    assert not state["known"].view(28, 28)[8, 14]
    assert state["known"].view(28, 28)[8, 5]
    tab_to(page, "^One pixel")
    upcoming = page.evaluate(f"{LIVE}.drawing.upcoming")
    page.keyboard.press("Enter")
    until(page, f"{LIVE}.drawing.next === {upcoming + 1}")
    tab_to(page, "class that the model")
    page.keyboard.press("ArrowUp")
    until(page, f"{LIVE}.drawing.label === 8")
    tab_to(page, "^.?Temperature|\\|Temperature")
    page.keyboard.press("Home")
    tab_to(page, "^Upper half")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    state = state_of(page)
    assert state["temperature"] == pytest.approx(0.1)
    assert not state["known"].any()
    page.focus(f"{FIGURE} .gc-pixel-main")
    page.keyboard.press("Enter")
    until(page, f"{LIVE}.drawing.next > 5")
    page.keyboard.press("Enter")
    state = state_of(page)
    assert not state["running"]
    wanted = (laws_of(model, state)[state["at"]["k"]] / 0.1).softmax(-1)
    assert close(state["law"], wanted)


@pytest.fixture
def phone(site, browser):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    start(page, site, "pixelcnn")
    yield page
    context.close()


def test_by_touch_on_a_phone(phone):
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    phone.get_by_role("button", name="Pause").tap()
    phone.get_by_role("button", name="Paint grey").tap()
    board = phone.locator(f"{FIGURE} .gc-pixel-board")
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    assert box["x"] + box["width"] <= 390
    place = (box["x"] + box["width"] * 14.5 / 28, box["y"] + box["height"] * 5.5 / 28)
    phone.touchscreen.tap(*place)
    state = state_of(phone)
    assert state["levels"].view(28, 28)[5, 14] == 200
    phone.get_by_role("button", name="One pixel").tap()
    until(phone, f"{LIVE}.drawing.shown?.level !== null")
    sizes = phone.evaluate(
        f"Array.from(document.querySelectorAll('{FIGURE} button'), (one) => "
        "{ const box = one.getBoundingClientRect(); return [box.width, box.height]; })"
    )
    assert min(side for size in sizes for side in size) >= 24


def test_little_motion_means_no_drawing_by_itself(site, browser):
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    start(page, site, "pixelcnn")
    page.wait_for_timeout(300)
    state = state_of(page)
    assert (state["running"], state["at"]) == (False, {"k": 392, "level": None})
    press(page, "Test image: Bag")
    page.wait_for_timeout(300)
    state = state_of(page)
    assert (state["running"], state["at"]) == (False, {"k": 392, "level": None})
    press(page, "One pixel")
    until(page, f"{LIVE}.drawing.next === 393")
    press(page, "New draw")  # at once, as the reader asked for it
    until(page, f"{LIVE}.drawing.complete", 60)
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(shared, scheme):
    shared.emulate_media(color_scheme=scheme)
    halt(shared)
    assert shared.get_attribute("html", "data-theme") == scheme
    assert violations(shared) == []
    shared.emulate_media(color_scheme="light")


@pytest.mark.parametrize("file", ["row.onnx", "images.bin"])
def test_what_fails_is_said_and_can_be_tried_again(site, page, file):
    page.goto(f"{site.url}chapters/pixelcnn.html")
    page.route(f"**/{file}", lambda route: route.abort())
    page.click(f"{FIGURE} .gc-live-start")
    page.wait_for_selector(f"{FIGURE}[data-state=failed]")
    alert = page.inner_text(f"{FIGURE} [role=alert]")
    assert f"The file {file} could not be loaded. Are you online?" in alert
    page.unroute(f"**/{file}")
    press(page, "Try again")
    page.wait_for_selector(f"{FIGURE}[data-state=live]")
