from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from gencourse import animations
from gencourse.animations import animation, growing

ALT = 'Two shirts <a> & "b" that grow.'


def images(count: int = 3, channels: int = 1, levels: int = 256) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    shape = (count, channels, 4, 5)
    return torch.randint(levels, shape, generator=generator).to(torch.uint8)


def sources(markup: str) -> dict[str, bytes]:
    """Return the files of the picture by the class of their element."""
    found = re.findall(r'<img class="(\w+)".*? src="data:.*?;base64,(.*?)">', markup)
    return {name: base64.b64decode(content) for name, content in found}


def frames_of(content: bytes) -> tuple[list[np.ndarray], list[int]]:
    """Return the frames as they are seen, and how long each stands, in ms."""
    seen, times = [], []
    with Image.open(io.BytesIO(content)) as image:
        for i in range(image.n_frames):
            image.seek(i)
            seen.append(np.asarray(image.convert("RGBA")))
            times.append(image.info["duration"])
    return seen, times


# --- growing


def test_pixels_come_in_raster_order():
    x = images(levels=4)
    frames = growing(x, levels=4)
    assert frames.shape == (9, 3, 1, 4, 5)
    there = ~frames.isnan()
    assert torch.equal(frames[-1], x / 3)
    for t, now in enumerate(there):
        flat = now.flatten(2)
        count = t * 5 // 2
        assert flat[..., :count].all() and not flat[..., count:].any()
        assert torch.equal(frames[t][now], (x / 3)[now])


def test_known_pixels_are_there_from_the_beginning():
    known = torch.zeros(4, 5, dtype=torch.bool)
    known[:, 2:4] = True
    first = growing(images(), known=known)[0]
    assert torch.equal(~first.isnan(), known.expand_as(first))


@pytest.mark.parametrize(
    ("x", "known", "said"),
    [
        (images().float(), None, "expected uint8 levels"),
        (images(), torch.ones(4, 5), "expected known bool"),
        (images(), torch.ones(5, 4, dtype=torch.bool), r"got torch.bool \(5, 4\)"),
    ],
)
def test_what_cannot_grow_is_said(x: Tensor, known: Tensor | None, said: str):
    with pytest.raises(ValueError, match=said):
        growing(x, known=known)


# --- animations


@pytest.mark.parametrize("channels", [1, 3])
def test_an_animation_holds_the_frames(channels: int):
    x = images(3, channels)
    markup = animation(growing(x), ALT, columns=2, seconds=0.9)._repr_html_()
    seen, times = frames_of(sources(markup)["moving"])
    # The finished images first and last, each frame as long as the others.
    assert len(seen) == 10 and times == [450, *[100] * 9]
    np.testing.assert_array_equal(seen[0], seen[-1])
    for t, frame in enumerate(seen[1:]):
        assert frame.shape == (12, 14, 4)
        opaque = np.zeros((12, 14), dtype=bool)
        for i, image in enumerate(x.permute(0, 2, 3, 1).numpy()):
            top, left = 6 * (i // 2), 7 * (i % 2)
            now = np.arange(20).reshape(4, 5) < t * 5 // 2
            opaque[top : top + 4, left : left + 5] = now
            part = frame[top : top + 4, left : left + 5, :3]
            np.testing.assert_array_equal(
                part[now], np.broadcast_to(image, (4, 5, 3))[now]
            )
        np.testing.assert_array_equal(frame[..., 3], 255 * opaque)


def test_the_still_is_the_last_frame():
    markup = animation(growing(images()), ALT)._repr_html_()
    files = sources(markup)
    seen, _ = frames_of(files["moving"])
    with Image.open(io.BytesIO(files["still"])) as still:
        assert still.format == "PNG"
        np.testing.assert_array_equal(np.asarray(still), seen[-1])
    for rule in ("@media print, (prefers-reduced-motion: reduce)", ":has(:checked)"):
        assert rule in markup
    # An element's own style would win over the rules.
    assert "display" not in "".join(re.findall(r'style="(.*?)"', markup))
    # What one frame alone is shown of, as on paper, is finished too.
    np.testing.assert_array_equal(seen[0], seen[-1])


def test_it_repeats_for_ever():
    markup = animation(growing(images()), ALT)._repr_html_()
    with Image.open(io.BytesIO(sources(markup)["moving"])) as image:
        assert image.info["loop"] == 0


def test_an_animation_says_what_it_shows_and_styles_itself_alone():
    picture = animation(growing(images()), ALT, columns=2, zoom=5)
    markup = picture._repr_html_()
    escaped = "Two shirts &lt;a&gt; &amp; &quot;b&quot; that grow."
    assert markup.count(f'alt="{escaped}"') == 2 and "<a>" not in markup
    assert repr(picture) == f"[{ALT}]"
    assert "<script" not in markup and "max-width: 70px" in markup
    (rules,) = re.findall(r"<style>(.*?)</style>", markup, re.DOTALL)
    for selectors in re.findall(r"^(?!@)(.*?) \{", rules, re.MULTILINE):
        assert all(
            part.strip().startswith(".gencourse-animation ")
            or part.strip().startswith(".gencourse-animation:has(:checked) ")
            for part in selectors.split(",")
        )
    with pytest.raises(ValueError, match="expected alt text"):
        animation(growing(images()), " ")


def test_sixteen_samples_are_small():
    noise = torch.Generator().manual_seed(0)
    x = torch.randint(256, (16, 1, 28, 28), generator=noise).to(torch.uint8)
    assert len(animation(growing(x), ALT)._repr_html_()) < 150_000


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((2, 1, 4, 5), r"expected frames \(T, N, 1 or 3, H, W\), got \(2, 1, 4, 5\)"),
        ((2, 3, 2, 4, 5), r"got \(2, 3, 2, 4, 5\)"),
        ((0, 3, 1, 4, 5), r"got \(0, 3, 1, 4, 5\)"),
        ((2, 0, 1, 4, 5), r"got \(2, 0, 1, 4, 5\)"),
    ],
)
def test_what_are_no_frames_is_said(shape: tuple[int, ...], said: str):
    with pytest.raises(ValueError, match=said):
        animation(torch.zeros(shape), ALT)


def test_too_large_an_animation_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(animations, "MOST_BYTES", 100)
    with pytest.raises(ValueError, match="show fewer frames or images"):
        animation(growing(images()), ALT)
