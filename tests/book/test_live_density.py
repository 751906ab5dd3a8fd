"""The density's live model: held against PyTorch, driven by mouse and keyboard."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch
from axe import violations
from live import density as exported
from live_page import start
from sklearn.mixture import GaussianMixture
from torch.distributions import Categorical, MixtureSameFamily, Normal
from waiting import until

FIGURE = "#live-density"
LIVE = f"document.querySelector('{FIGURE}').live"
GRIPS = f"{FIGURE} .gc-mix-grip"


@pytest.fixture
def live(site, page):
    """Give the page of a visitor who has started the live model."""
    start(page, site, "density")
    return page


def state(page):
    return page.evaluate(LIVE)


def press(page, words):
    page.get_by_role("button", name=words, exact=True).click()


def mixture_of(state):
    ask = [
        [one[name] for one in state["mixture"]] for name in ("weight", "mean", "std")
    ]
    weight, mean, std = torch.tensor(ask, dtype=torch.float64)
    return MixtureSameFamily(Categorical(weight), Normal(mean, std))


def check_scores(state):
    law = mixture_of(state)
    for name in ("train", "test"):
        values = torch.tensor(state[name], dtype=torch.float64)
        wanted = law.log_prob(values).mean().item()
        assert state["scores"][name] == pytest.approx(wanted, abs=1e-9)


def test_the_data_are_the_chapters(live):
    train = torch.tensor(state(live)["train"])
    assert torch.allclose(train, exported.draws(1000, 1).sort().values, atol=1e-4)
    live.select_option(f"{FIGURE} select", "1")
    bright = torch.tensor(state(live)["train"])
    assert torch.allclose(
        bright, exported.brightness("train", 1000).sort().values, atol=1e-3
    )
    check_scores(state(live))


def test_numbers_agree_with_pytorch_before_and_after(live):
    check_scores(state(live))
    press(live, "Add a Gaussian")
    press(live, "One step of EM")
    assert len(state(live)["mixture"]) == 3
    check_scores(state(live))
    shown = live.locator(f"{FIGURE} tbody tr").first.inner_text().split("\t")
    nats = state(live)["scores"]["train"]
    wanted = [f"{nats:.3f}", f"{nats / np.log(2):.3f}"]
    assert [cell.replace("−", "-") for cell in shown[1:]] == wanted


def test_a_step_of_em_is_that_of_another_library(live):
    before = state(live)
    press(live, "One step of EM")
    after = state(live)["mixture"]
    values = np.array(before["train"])[:, None]
    given = before["mixture"]
    oracle = GaussianMixture(
        len(given),
        max_iter=1,
        tol=0,
        reg_covar=0,
        weights_init=[one["weight"] for one in given],
        means_init=[[one["mean"]] for one in given],
        precisions_init=[[[one["std"] ** -2]] for one in given],
    )
    with pytest.warns(UserWarning, match="did not converge"):
        oracle.fit(values)
    found = [[one[name] for one in after] for name in ("weight", "mean", "std")]
    wanted = [oracle.weights_, oracle.means_[:, 0], oracle.covariances_[:, 0, 0] ** 0.5]
    assert np.allclose(found, wanted, atol=1e-9)


def test_em_reaches_the_best_fit(live):
    press(live, "Spread them evenly")
    press(live, "Fit by EM")
    until(live, f"!{LIVE}.running && {LIVE}.scores.target !== null", seconds=30)
    scores = state(live)["scores"]
    assert scores["train"] == pytest.approx(scores["target"], abs=5e-4)
    truth = exported.TRUTH
    values = torch.tensor(state(live)["train"], dtype=torch.float64)[:, None]
    gain = scores["train"] - truth.log_prob(values).mean().item()
    assert 0 < gain < 0.01
    assert "No better fit is known" in live.inner_text(f"{FIGURE} .gc-mix-word")


def test_a_drag_moves_mean_and_weight(live):
    before = state(live)["mixture"][0]
    box = live.locator(GRIPS).first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    live.mouse.move(x, y)
    live.mouse.down()
    live.mouse.move(x + 60, y + 30, steps=4)
    live.mouse.up()
    after = state(live)["mixture"]
    assert after[0]["mean"] > before["mean"] + 0.2
    assert after[0]["weight"] < before["weight"] - 0.02
    assert sum(one["weight"] for one in after) == pytest.approx(1, abs=1e-12)
    check_scores(state(live))
    live.mouse.move(x - 100, y)  # the button is up: nothing moves
    assert state(live)["mixture"] == after


def test_the_keyboard_moves_all_three_numbers(live):
    live.locator(GRIPS).nth(1).focus()
    first = state(live)
    assert first["selected"] == 1
    for key in ("ArrowLeft", "ArrowLeft", "Shift+ArrowUp"):
        live.keyboard.press(key)
    second = state(live)["mixture"][1]
    assert second["mean"] < first["mixture"][1]["mean"]
    assert second["weight"] == pytest.approx(first["mixture"][1]["weight"] + 0.05)
    width = live.get_by_label(re.compile("^Width"))
    width.focus()
    width.press("ArrowLeft")
    assert state(live)["mixture"][1]["std"] != second["std"]
    check_scores(state(live))


def test_a_needle_is_called_memorising(live):
    press(live, "Spread them evenly")
    press(live, "Fit by EM")
    until(live, f"!{LIVE}.running", seconds=30)
    press(live, "Add a Gaussian")
    values = state(live)["train"]
    middle = values[len(values) // 2]
    live.evaluate(
        """([figure, mean]) => {
          const sliders = document.querySelectorAll(`${figure} input[type=range]`);
          [mean, 0, 0.02].forEach((value, k) => {
            sliders[k].value = value;
            sliders[k].dispatchEvent(new Event("input"));
          });
        }""",
        [FIGURE, middle],
    )
    after = state(live)["scores"]
    check_scores(state(live))
    assert "Gaussian 3 has shrunk to a needle" in live.inner_text(".gc-mix-word")
    law = mixture_of({"mixture": state(live)["mixture"][:2]})
    gains = {}
    for name in ("train", "test"):
        values = torch.tensor(state(live)[name], dtype=torch.float64)
        gains[name] = after[name] - law.log_prob(values).mean().item()
    assert gains["test"] < -0.015  # its weight is lost to all values held back
    assert gains["train"] - gains["test"] > 0.003  # one value in a thousand repays it


def test_what_is_added_is_no_clone(live):
    for _ in range(3):
        press(live, "Add a Gaussian")
    means = [one["mean"] for one in state(live)["mixture"]]
    assert min(np.diff(sorted(means))) > 0.01
    press(live, "One step of EM")
    means = [one["mean"] for one in state(live)["mixture"]]
    assert min(np.diff(sorted(means))) > 0.01


def test_one_gaussian_is_left_and_six_are_the_most(live):
    press(live, "Remove the chosen one")
    assert live.get_by_role("button", name="Remove the chosen one").is_disabled()
    # What had the focus is switched off: it goes on where the reader works.
    assert live.evaluate("document.activeElement.getAttribute('role')") == "slider"
    assert state(live)["mixture"][0]["weight"] == pytest.approx(1, abs=1e-12)
    for _ in range(5):
        press(live, "Add a Gaussian")
    assert live.get_by_role("button", name="Add a Gaussian").is_disabled()
    check_scores(state(live))


def test_without_motion_em_jumps_to_its_end(site, page):
    page.emulate_media(reduced_motion="reduce")
    start(page, site, "density")
    press(page, "Fit by EM")
    assert not state(page)["running"]
    assert state(page)["updates"] > 5


def test_it_keeps_up_with_a_hand(live):
    live.locator(GRIPS).first.focus()
    spent = live.evaluate(
        """(selector) => {
          const grip = document.querySelector(selector);
          const began = performance.now();
          for (let k = 0; k < 40; k++) {
            const key = k % 2 ? "ArrowLeft" : "ArrowRight";
            grip.dispatchEvent(new KeyboardEvent("keydown", { key }));
          }
          return (performance.now() - began) / 40;
        }""",
        GRIPS,
    )
    assert spent < 100  # ms; a quiet machine takes a tenth of it


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(live, scheme):
    live.emulate_media(color_scheme=scheme)
    assert violations(live, FIGURE) == []


def test_it_fits_a_phone(live):
    live.set_viewport_size({"width": 390, "height": 800})
    assert live.evaluate("document.documentElement.scrollWidth") <= 390
    box = live.locator(GRIPS).first.bounding_box()
    assert min(box["width"], box["height"]) >= 24


def test_what_is_exported_is_sorted_and_finite(tmp_path):
    exported.write(tmp_path)
    kinds = json.loads((tmp_path / "values.json").read_text())["kinds"]
    for one in kinds:
        for split in ("train", "test"):
            assert len(one[split]) == 1000
            assert one[split] == sorted(one[split])
            assert np.isfinite(one[split]).all()
    assert (tmp_path / "still.png").is_file()
