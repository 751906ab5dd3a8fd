"""Sliders: what they move, and that only a person's notebook gets them."""

from __future__ import annotations

import re

import execute
import nbformat
import pytest
import torch
from ipywidgets import FloatSlider
from jupyter_client.manager import start_new_kernel

from gencourse import sliders
from gencourse.figures import Picture, grid

ALT = "Two numbers of a code as grey."
CELL = """
import torch
from gencourse.sliders import latent_sliders
decode = lambda z: z.sigmoid()[:, :, None, None].flatten(1)[:, None, None]
latent_sliders(decode, torch.zeros(3), dimensions=[2, 0], alt="Three numbers.")
"""
WIDGET = "application/vnd.jupyter.widget-view+json"


def decode(z):
    """Each number of a code is a pixel of an image, one row high."""
    assert z.dtype == torch.float32 and z.shape[1:] == (4,)
    return z.sigmoid()[:, None, None]


@pytest.fixture
def code():
    return torch.tensor([0.5, -1.0, 0.0, 2.0])


def show(code, **given):
    settings = {"dimensions": (3, 1), "alt": ALT, **given}
    return sliders.latent_sliders(decode, code, **settings)


def src_of(markup):
    return re.findall(r'src="([^"]+)"', markup)


def image_of(code):
    return src_of(grid(decode(code[None]), ALT, columns=1).markup)


@pytest.fixture
def live(monkeypatch, code):
    monkeypatch.setattr(sliders, "somebody_is_there", lambda: True)
    *moved, shown = show(code).children
    return moved, shown


def test_a_slider_starts_where_the_code_does(live, code):
    moved, shown = live
    assert all(isinstance(slider, FloatSlider) for slider in moved)
    assert [slider.description for slider in moved] == ["z[3]", "z[1]"]
    assert [slider.value for slider in moved] == [2.0, -1.0]
    assert {(slider.min, slider.max) for slider in moved} == {(-3.0, 3.0)}
    assert src_of(shown.value) == image_of(code) and ALT in shown.value


def test_a_slider_moves_its_own_dimension(live, code):
    moved, shown = live
    before = code.clone()
    moved[0].value = -1.5
    assert src_of(shown.value) == image_of(torch.tensor([0.5, -1.0, 0.0, -1.5]))
    assert torch.equal(code, before)
    moved[1].value = 3.0
    assert src_of(shown.value) == image_of(torch.tensor([0.5, 3.0, 0.0, -1.5]))
    moved[0].value, moved[1].value = 2.0, -1.0
    assert src_of(shown.value) == image_of(before)


def test_without_a_person_there_is_a_row_for_each_slider(code):
    found = show(code, low=-2, high=2)
    assert isinstance(found, Picture) and found.alt == ALT
    steps = torch.linspace(-2, 2, sliders.COLUMNS)
    expected = []
    for dimension in (3, 1):
        row = code.repeat(len(steps), 1)
        row[:, dimension] = steps
        expected += src_of(grid(decode(row), ALT, columns=len(steps)).markup)
    assert src_of(found.markup) == expected
    assert re.findall(r"z\[\d\]", found.markup) == ["z[3]", "z[1]"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"dimensions": ()}, "different dimensions from 0 to 3"),
        ({"dimensions": (4,)}, r"different dimensions from 0 to 3, got \(4,\)"),
        ({"dimensions": (-1,)}, "different dimensions"),
        ({"dimensions": (1, 1)}, "different dimensions"),
        ({"dimensions": (1.0,)}, "different dimensions"),
        ({"low": 3.0}, "low below high"),
        ({"high": float("inf")}, "both finite"),
        ({"high": 1.5}, r"z\[3\] to start between -3 and 1.5, got 2: give a wider"),
        ({"alt": " "}, "alt text"),
    ],
)
@pytest.mark.parametrize("person", [True, False])
def test_what_does_not_fit_is_refused(monkeypatch, code, given, message, person):
    monkeypatch.setattr(sliders, "somebody_is_there", lambda: person)
    with pytest.raises(ValueError, match=message):
        show(code, **given)


@pytest.mark.parametrize("z", [torch.zeros(1, 4), torch.zeros(4).long()])
def test_what_is_no_code_is_refused(z):
    with pytest.raises(ValueError, match=r"one floating code \(D,\), got"):
        show(z)


@pytest.mark.parametrize("person", [True, False])
def test_a_decoder_of_no_images_is_refused(monkeypatch, code, person):
    monkeypatch.setattr(sliders, "somebody_is_there", lambda: person)
    with pytest.raises(ValueError, match=r"decode to return floats \(\d, C, H, W\)"):
        sliders.latent_sliders(lambda z: z, code, dimensions=[0], alt=ALT)


# --- in a kernel


def test_the_book_gets_no_widget():
    cells = [nbformat.v4.new_code_cell(CELL)]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"gencourse": {}})
    execute.run(notebook)
    assert "widgets" not in notebook.metadata
    (output,) = notebook.cells[0].outputs
    assert output.data.keys() == {"text/html", "text/plain"}
    assert "gencourse-grid" in output.data["text/html"]
    assert output.data["text/plain"] == "[Three numbers.]"


def test_a_person_gets_sliders():
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        for person in (True, False, True):
            shown = outputs(client, person)
            assert (WIDGET in shown) == person
            assert ("text/html" in shown) == (not person)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def outputs(client, allow_stdin):
    """Run CELL as a front end with or without a person does; return what it shows."""
    found = []

    def keep(message):
        assert message["msg_type"] != "error", message["content"]
        if message["msg_type"] == "execute_result":
            found.append(message["content"]["data"])

    client.execute_interactive(
        CELL, allow_stdin=allow_stdin, output_hook=keep, timeout=120
    )
    (data,) = found
    return data
