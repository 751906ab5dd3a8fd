"""The live VAE: its clouds of codes on a plane, held against PyTorch."""

from __future__ import annotations

import pytest
import torch
from live import vae as exported
from live.common import OPSET, Graph, write_graph
from live_codes import CodesTests, Widget
from torch.onnx import register_custom_op_symbolic

import gencourse
from gencourse.vae import kl_to_standard_normal


def in_words(nats):
    return f"{nats:.1f} nats" if abs(nats) < 100 else f"{nats:,.0f} nats"


class TestVae(CodesTests):
    name = "vae"
    reach = (-5.1, 5.1, -5.1, 5.1)
    model = gencourse.load("vae-2d")

    def encode(self, x):
        mu, log_var = self.model.encode(x)
        return {
            "mu": mu,
            "logVar": log_var,
            "deviations": (log_var / 2).exp(),
            "kl": kl_to_standard_normal(mu, log_var),
        }

    def decode(self, z, x):
        nats = self.model.head.log_prob(self.model.numbers(z), x).sum()
        return self.model.decode(z), -nats.view(1)

    def numbers(self, state):
        kl = state["code"]["kl"]
        return [in_words(nats) for nats in (state["cost"], state["home"], kl)]

    def test_a_cloud_is_drawn_to_scale(self, widget):
        deviations = widget.state()["code"]["deviations"]
        sizes = widget.page.evaluate(
            """(selector) => {
              const plane = document.querySelector(`${selector} .gc-live-plane`);
              const cloud = plane.querySelector(".gc-codes-cloud");
              const { width, height } = cloud.getBBox();
              return [width, height];
            }""",
            widget.figure,
        )
        wanted = [2 * 400 * deviation / 10.2 for deviation in deviations]
        assert sizes == pytest.approx(wanted, rel=0.02)

    def test_the_lens_says_how_wide_the_cloud_is(self, widget):
        a, b = widget.state()["code"]["deviations"]
        said = widget.box.locator(".gc-codes-lens p").inner_text()
        digits = [float(f"{value:.2g}") for value in (a, b)]
        assert f"Standard deviations {digits[0]:g} and {digits[1]:g}." in said

    def test_the_home_page_shows_it_without_scrolling(self, site, browser):
        for width, height in [(1280, 900), (390, 844)]:
            context = browser.new_context(viewport={"width": width, "height": height})
            page = context.new_page()
            page.goto(site.url)
            start = page.locator("#live-vae .gc-live-start")
            start.wait_for()
            area = start.bounding_box()
            assert area["y"] + area["height"] < height
            context.close()

    def test_it_lives_on_the_home_page(self, site, page):
        widget = Widget(page, "vae")
        widget.start(site.url)
        self.check(widget)


# ---- what is exported ----


def test_a_wrong_operator_is_refused(tmp_path):
    model = gencourse.load("vae-2d")
    graph = Graph(
        "decoder",
        exported.Decoder(model),
        ("z", "x"),
        ("grey", "nats"),
        exported.both,
    )
    register_custom_op_symbolic("aten::log_sigmoid", exported.log_sigmoid, OPSET)
    register_custom_op_symbolic("aten::expm1", lambda graph, x: x, OPSET)
    try:
        with pytest.raises(ValueError, match="decoder: nats differs from PyTorch by"):
            write_graph(graph, tmp_path)
    finally:
        register_custom_op_symbolic("aten::expm1", exported.expm1, OPSET)
    assert list(tmp_path.iterdir()) == []


class Operators(torch.nn.Module):
    def forward(self, x):
        return torch.expm1(-x.abs()), torch.nn.functional.logsigmoid(10 * x)


def test_operators_are_right_near_zero_and_far_from_it(tmp_path):
    for operator in (exported.expm1, exported.log_sigmoid):
        register_custom_op_symbolic(f"aten::{operator.__name__}", operator, OPSET)

    def draw(generator):
        size = 10 ** (4 * torch.rand(500, generator=generator) - 3)
        return (size * torch.randn(500, generator=generator).sign(),)

    graph = Graph("operators", Operators(), ("x",), ("expm1", "log_sigmoid"), draw)
    assert write_graph(graph, tmp_path) < 1e-5
