"""The GAN's live model: held against PyTorch, driven by mouse, touch and keyboard."""

from __future__ import annotations

import json
import re

import pytest
import torch
from axe import violations
from live import common
from live import gan as exported
from live_page import start, started
from waiting import until

import gencourse
from gencourse import codes, data
from gencourse.images import scaled

FIGURE = "#live-gan"
LIVE = f"document.querySelector('{FIGURE}').live"
ENDS = f"""[...document.querySelectorAll("{FIGURE} .gc-axis-ticks > span")]
  .map((tick) => tick.textContent).filter((_, i, all) => i % (all.length - 1) === 0)"""
NUMBERS = f"""() => {{
  const s = {LIVE};
  const images = s.images.map((image) => Array.from(image));
  const [z, steps] = [s.z, s.steps].map((values) => Array.from(values));
  return {{ ...s, images, z, steps }};
}}"""


@pytest.fixture(scope="module")
def models():
    return {"dcgan": gencourse.load("dcgan"), "sngan": gencourse.load("sngan")}


@pytest.fixture(scope="module")
def shared(site, browser):
    with started(browser, site, "gan") as page:
        yield page


@pytest.fixture
def live(shared):
    """Give the shared page with the first game, half-way."""
    shared.select_option(f"{FIGURE} select >> nth=0", "dcgan")
    slider = shared.locator(f"{FIGURE} .gc-walk input[type=range]")
    slider.press("Home")
    for _ in range(3):
        slider.press("PageUp")
    settled(shared)
    return shared


def settled(page, *, after=None):
    """Return the live model's numbers once it has caught up with what it shows."""
    if after is not None:
        until(page, f"{LIVE}.updates > {after['updates']}")
    state = page.evaluate(NUMBERS)
    for _ in range(40):
        page.wait_for_timeout(100)
        before, state = state, page.evaluate(NUMBERS)
        if before["updates"] == state["updates"]:
            return state
    raise AssertionError("it never settles")


def close(found, wanted):
    found = torch.tensor(found).view(wanted.shape)
    return torch.allclose(found, wanted, atol=1e-4, rtol=1e-4)


def held_to(model, state):
    """Hold every number of a state to the model's own."""
    z = torch.tensor([state["z"]])
    images = torch.tensor(state["images"]).view(3, 1, 28, 28)
    with torch.no_grad():
        assert close(state["images"][0], model.generate(z)[0])
        assert close(state["scores"], model.score(images))
    assert z.std() > 0.5


def verdicts(page):
    return page.locator(f"{FIGURE} .gc-live-number").all_inner_texts()


# ---- the export ----


def test_folding_keeps_every_score(models):
    model, again = models["sngan"], gencourse.load("sngan")
    points = 2 * torch.rand(20, 1, 28, 28) - 1
    with torch.no_grad():
        wanted = model.score(points)
        assert torch.equal(exported.folded(again).score(points), wanted)
    assert not any("original" in name for name, _ in again.named_parameters())
    assert any("original" in name for name, _ in model.named_parameters())


def test_a_damaged_player_is_refused(tmp_path, monkeypatch):
    model, load = exported.folded(gencourse.load("sngan")), common.difference

    def damaged(graph, path):
        with torch.no_grad():
            model.score_of.bias += 1e-3
        return load(graph, path)

    monkeypatch.setattr(common, "difference", damaged)
    with pytest.raises(ValueError, match="sngan-discriminator: score differs"):
        exported.write_players("sngan", model, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["sngan-generator.onnx"]


def test_scores_are_those_of_test_images_and_of_fakes(site, models):
    kept = json.loads((site.folder / "_static/models/gan/scores.json").read_text())
    x = data.load("fashion-mini", "test").x[:500]
    for name, model in models.items():
        draws = torch.Generator().manual_seed(0)
        with torch.no_grad():
            real = model.score(scaled(x, 256)).sort()[0]
            fake = model.score(model.generate(model.noise(500, draws))).sort()[0]
        assert torch.allclose(torch.tensor(kept[name]["real"]), real, atol=2e-4)
        assert torch.allclose(torch.tensor(kept[name]["fake"]), fake, atol=2e-4)
        assert real.mean() > fake.mean()


# ---- on the page ----


def test_both_games_agree_with_pytorch(live, models):
    first = settled(live)
    held_to(models["dcgan"], first)
    ends = [torch.tensor(first["steps"]).view(9, 784)[i] for i in (0, 8)]
    assert not close(ends[0].tolist(), ends[1])
    live.select_option(f"{FIGURE} select >> nth=0", "sngan")
    second = settled(live, after=first)
    held_to(models["sngan"], second)
    assert second["z"] == first["z"]


def test_steps_are_evenly_spaced_on_a_straight_line(live, models):
    slider = live.locator(f"{FIGURE} .gc-walk input[type=range]")
    slider.press("Home")
    home = settled(live)
    slider.press("End")
    end = settled(live, after=home)
    assert (home["share"], end["share"]) == (0, 1)
    line = codes.interpolate(torch.tensor(home["z"]), torch.tensor(end["z"]), 9)
    with torch.no_grad():
        assert close(end["steps"], models["dcgan"].generate(line))


def test_a_verdict_says_what_the_scores_say(site, live, models):
    kept = json.loads((site.folder / "_static/models/gan/scores.json").read_text())
    for name in ("dcgan", "sngan"):
        live.select_option(f"{FIGURE} select >> nth=0", name)
        state = settled(live)
        for score, said in zip(state["scores"], verdicts(live), strict=True):
            real, fake = (
                (torch.tensor(kept[name][kind]) < score).double().mean()
                for kind in ("real", "fake")
            )
            told = [float(part) for part in re.findall(r"(\d+) % of", said)]
            assert told == [
                pytest.approx(100 * float(x), abs=0.6) for x in (real, fake)
            ]
            chance = re.findall(r"^Real with probability (\d+) %\. ", said)
            assert len(chance) == (name == "dcgan")
            if chance:
                wanted = 100 * torch.tensor(score).sigmoid().item()
                assert float(chance[0]) == pytest.approx(wanted, abs=0.6)


def test_the_slider_by_keyboard_and_by_mouse(live, models):
    slider = live.locator(f"{FIGURE} .gc-walk input[type=range]")
    before = settled(live)
    slider.press("ArrowRight")
    after = settled(live, after=before)
    assert after["share"] == pytest.approx(before["share"] + 0.01)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    live.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + box["height"] / 2)
    live.mouse.down()
    live.mouse.move(
        box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2, steps=9
    )
    live.mouse.up()
    dragged = settled(live, after=after)
    assert 0.7 < dragged["share"] < 0.9
    held_to(models["dcgan"], dragged)
    strip = live.locator(f"{FIGURE} .gc-walk-steps")
    box = strip.bounding_box()
    strip.click(position={"x": box["width"] * 2.5 / 9, "y": 20})
    assert settled(live, after=dragged)["share"] == pytest.approx(0.25)
    assert slider.get_attribute("aria-valuetext") == "25 % of the way"


def test_seeds_are_typed_or_drawn(live):
    first = settled(live)
    seed = live.get_by_label("Start, seed")
    seed.fill("5")
    second = settled(live, after=first)
    assert second["seeds"] == [5, first["seeds"][1]]
    assert second["z"] != first["z"]
    for wrong in ("", "-1", "1000", "1.5"):
        seed.fill(wrong)
        assert seed.get_attribute("aria-invalid") == "true", wrong
        said = live.locator(f"{FIGURE} .gc-walk-wrong").first.inner_text()
        assert said == "Seeds go from 0 to 999."
    assert settled(live)["seeds"] == second["seeds"]
    live.get_by_role("button", name="New start").click()
    third = settled(live, after=second)
    assert third["seeds"][0] == int(seed.input_value()) != 5
    assert seed.get_attribute("aria-invalid") == "false"
    assert live.locator(f"{FIGURE} .gc-walk-wrong").first.inner_text() == ""


def drawn(state):
    return torch.tensor(state["images"][2]).view(28, 28)


def test_a_drawing_by_mouse_and_by_keyboard(live, models):
    live.get_by_role("button", name="Clear").click()
    empty = settled(live)
    assert drawn(empty).unique().tolist() == [-1]
    pad = live.locator(f"{FIGURE} .gc-live-pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    unit = box["width"] / 28
    live.mouse.move(box["x"] + 5.5 * unit, box["y"] + 8.5 * unit)
    live.mouse.down()
    live.mouse.move(box["x"] + 20.5 * unit, box["y"] + 8.5 * unit)
    live.mouse.up()
    lined = settled(live, after=empty)
    assert (drawn(lined)[8, 5:21] > -1).all()
    assert (drawn(lined)[14] == -1).all()
    held_to(models["dcgan"], lined)
    pad.press("ArrowRight")
    pad.press(" ")
    dotted = settled(live, after=lined)
    assert drawn(dotted)[14, 15] == pytest.approx(2 * 190 / 255 - 1, abs=1e-6)
    assert dotted["scores"][2] != lined["scores"][2]
    assert dotted["scores"][:2] == pytest.approx(lined["scores"][:2], abs=1e-5)


def test_a_test_picture_is_copied_and_judged_alike(live):
    live.get_by_role("button", name="Another one").click()
    live.get_by_role("button", name="Copy the test picture").click()
    state = settled(live)
    name = live.locator(f"{FIGURE} .gc-judge-card canvas").first
    place = int(re.search(r"(\d+) of 40", name.get_attribute("aria-label")).group(1))
    assert place > 1
    x = data.load("fashion-mini", "test").x[place - 1 : place]
    assert close(state["images"][1], scaled(x, 256))
    assert state["images"][1] == state["images"][2]
    assert state["scores"][1] == pytest.approx(state["scores"][2], abs=1e-5)


def test_a_drawing_by_touch(site, browser):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    start(page, site, "gan")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide == 390
    page.get_by_role("button", name="Clear").tap()
    empty = settled(page)
    pad = page.locator(f"{FIGURE} .gc-live-pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)
    state = settled(page, after=empty)
    assert drawn(state)[7, 14] > 0
    context.close()


def test_it_walks_and_stops(live):
    before = settled(live)
    live.get_by_role("button", name="Walk", exact=True).click()
    until(live, f"{LIVE}.updates > {before['updates'] + 20}")
    live.get_by_role("button", name="Pause").click()
    walked = settled(live)
    assert walked["share"] != before["share"]
    assert live.get_by_role("button", name="Walk", exact=True).is_visible()


def test_with_less_motion_it_goes_step_by_step(site, browser):
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    start(page, site, "gan")
    shares = []
    for _ in range(2):
        before = settled(page)
        page.get_by_role("button", name="Next step").press("Enter")
        shares.append(settled(page, after=before)["share"])
    assert shares == [pytest.approx(k / 8, abs=0.006) for k in (3, 4)]
    context.close()


def test_it_is_fast(live):
    settled(live)
    count = live.evaluate(
        f"""async () => {{
          const slider = document.querySelector("{FIGURE} .gc-walk input[type=range]");
          const [begun, before] = [performance.now(), {LIVE}.updates];
          for (let k = 0; performance.now() < begun + 1500; k++) {{
            slider.value = (k % 100) / 100;
            slider.dispatchEvent(new Event("input"));
            await new Promise(requestAnimationFrame);
          }}
          const seconds = (performance.now() - begun) / 1000;
          return ({LIVE}.updates - before) / seconds;
        }}"""
    )
    print(f"{count:.0f} updates a second")
    assert count >= 10


def test_the_verdict_is_spoken_once_the_reader_stops(live):
    live.locator(f"{FIGURE} .gc-walk input[type=range]").press("End")
    spoken = f"document.querySelector('{FIGURE} .gc-live-spoken').textContent"
    settled(live)
    wanted = f"Verdict on the fake: {verdicts(live)[0]}"
    until(live, f"{spoken} === {json.dumps(wanted)}")
    live.get_by_role("button", name="Another one").click()
    settled(live)
    wanted = f"Verdict on the test picture: {verdicts(live)[1]}"
    until(live, f"{spoken} === {json.dumps(wanted)}")


def test_marks_stand_at_their_scores(live):
    state = settled(live)
    marks = live.evaluate(
        f"""() => [...document.querySelectorAll("{FIGURE} .gc-axis-mark")].map(
          (mark) => parseFloat(mark.style.left))"""
    )
    low, high = (float(tick.replace("−", "-")) for tick in live.evaluate(ENDS))
    wanted = [100 * (score - low) / (high - low) for score in state["scores"]]
    assert marks == pytest.approx(wanted, abs=0.01)
    assert (low, high) == (-4, 8)
    live.select_option(f"{FIGURE} select >> nth=0", "sngan")
    until(live, f"{ENDS}.join() === '−1,1'")
    name = live.locator(f"{FIGURE} .gc-axis-box").get_attribute("aria-label")
    assert all(word in name for word in ("real images", "fakes", "your drawing"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_shut_out(site, browser, scheme):
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    start(page, site, "gan")
    assert violations(page, FIGURE) == []
    context.close()


def test_a_file_that_fails_is_said_and_tried_again(site, page):
    page.goto(f"{site.url}chapters/gan.html")
    page.route("**/sngan-generator.onnx", lambda route: route.abort())
    page.click(f"{FIGURE} .gc-live-start")
    page.wait_for_selector(f"{FIGURE}[data-state=failed]")
    alert = page.inner_text(f"{FIGURE} [role=alert]")
    assert "sngan-generator.onnx could not be loaded" in alert
    page.unroute("**/sngan-generator.onnx")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(f"{FIGURE}[data-state=live]")
