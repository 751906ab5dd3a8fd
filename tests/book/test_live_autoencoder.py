"""The live autoencoder: its codes on a plane, held against PyTorch."""

from __future__ import annotations

import json

import export_live
import pytest
import torch
from live import autoencoder as exported
from live.common import Graph, write_graph
from live.graphs.codes import choose, spread, write_codes
from live_codes import CodesTests

import gencourse
from gencourse import data


class TestAutoencoder(CodesTests):
    name = "autoencoder"
    reach = (-8, 10, -9, 9)
    model = gencourse.load("autoencoder-2d")

    def encode(self, x):
        return {"mu": self.model.encode(x)}

    def decode(self, z, x):
        grey = self.model.decode(z)
        return grey, (x / 255 - grey).square().mean().view(1)

    def numbers(self, state):
        return [f"{state[cost]:.4f} per pixel" for cost in ("cost", "home")]

    def test_its_codes_do_not_keep_to_the_prior(self, widget):
        said = widget.box.locator(".gc-codes-prior p").inner_text()
        with torch.no_grad():
            codes = self.model.encode(data.load("fashion-mini", "test").x[:600])
        share = (codes.norm(dim=1) <= 2).double().mean().item()
        assert f"86 % of its draws lie inside the outer ring, and {share:.0%}" in (
            said.replace(" %", "%").replace("86%", "86 %")
        )
        assert share < 0.3
        assert widget.box.locator(".gc-codes-lens").count() == 0


# ---- what is exported ----


def test_a_graph_with_damaged_weights_is_refused(tmp_path, monkeypatch):
    model = gencourse.load("autoencoder-2d")
    half = exported.Half(model, "decode")
    forward = half.forward
    monkeypatch.setattr(
        half,
        "forward",
        lambda z: forward(z) + (0 if torch.onnx.is_in_onnx_export() else 3e-4),
    )
    graph = Graph("decoder", half, ("z",), ("grey",), exported.places)
    with pytest.raises(ValueError, match="decoder: grey differs from PyTorch by"):
        write_graph(graph, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_random_codes_lie_all_over_the_plane():
    generator = torch.Generator().manual_seed(0)
    codes = torch.cat([exported.places(generator)[0] for _ in range(300)])
    low, high = torch.tensor(exported.REACH).T
    assert ((low <= codes) & (codes <= high)).all()
    assert (codes.amin(0) < low + 1).all()
    assert (codes.amax(0) > high - 1).all()


def test_each_class_has_its_images():
    y = torch.tensor([2, 0, 1, 0, 1, 2, 0])
    assert choose(y, each=2) == [1, 3, 2, 4, 0, 5]
    with pytest.raises(ValueError, match="expected 3 images of each class among 7"):
        choose(y, each=3)


def test_codes_are_written_with_their_classes(tmp_path):
    test = data.load("fashion-mini", "test")
    places = torch.linspace(-1, 1, 2 * len(test)).view(-1, 2)
    write_codes(places, ((-1, 1), (-2, 2)), tmp_path)
    written = json.loads((tmp_path / "codes.json").read_text())
    assert written["classes"] == list(test.classes)
    assert len(written["points"]) == 600
    assert written["points"][7] == [
        *(pytest.approx(float(value), abs=6e-4) for value in places[7]),
        int(test.y[7]),
    ]
    shown = [one["place"] for one in written["shown"]]
    assert [one["kind"] for one in written["shown"]] == test.y[shown].tolist()
    assert (tmp_path / "images.bin").read_bytes() == test.x[shown].numpy().tobytes()


@pytest.mark.parametrize(
    "places", [torch.zeros(3, 2), torch.zeros(1000, 3), torch.full((1000, 2), 1.1)]
)
def test_codes_off_the_plane_are_refused(tmp_path, places):
    with pytest.raises(ValueError, match="expected 1000 codes of two numbers within"):
        write_codes(places, ((-1, 1), (-2, 2)), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_codes_are_spread_row_by_row_from_the_top():
    found = spread(((0, 4), (10, 20)), columns=2, rows=5)
    assert found.tolist()[:3] == [[1, 19], [3, 19], [1, 17]]
    assert found.tolist()[-1] == [3, 11]


def test_an_export_rests_on_what_both_planes_share(monkeypatch):
    seen = set()
    read = type(export_live.TOOLS).read_bytes
    monkeypatch.setattr(
        type(export_live.TOOLS),
        "read_bytes",
        lambda path: seen.add(path.as_posix()) or read(path),
    )
    export_live.digest("autoencoder")
    shared = (export_live.TOOLS / "live" / "graphs" / "codes.py").as_posix()
    assert shared in seen
