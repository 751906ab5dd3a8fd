"""Draw the pictures that stand for the course elsewhere: its card, and its icons.

The card is what a link to the course shows where it is shared. Its garments are test
images and what three of the shipped models draw, one class a column. Chromium sets all
of it in the fonts of the site: run tools/vendor.py first. Written and committed are
social-card.png, favicon.ico and apple-touch-icon.png in book/assets.
"""

from __future__ import annotations

import base64
import io
import shutil
import sys
from typing import TYPE_CHECKING

import torch
from PIL import Image
from playwright.sync_api import sync_playwright
from site_config import ROOT

import gencourse
from gencourse import data

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from torch import Tensor

ASSETS = ROOT / "book" / "assets"
FONTS = ASSETS / "vendor" / "fonts"
WIDTH, HEIGHT = 1200, 630  # px: what the hosts of cards ask for
LARGEST = 300_000  # bytes
CLASSES = torch.tensor([0, 8, 2, 7, 3, 9, 1])
SCALE = 3  # screen pixels of the card for a pixel of a garment
PAGE = """<!DOCTYPE html><meta charset="utf-8"><style>
@font-face {{ font-family: serif4; src: url({serif}); font-weight: 200 900; }}
@font-face {{ font-family: sans3; src: url({sans}); font-weight: 200 900; }}
body {{ background: #232c39; color: #f1f5f9; height: {height}px; margin: 0;
  overflow: hidden; position: relative; width: {width}px; }}
.curve {{ bottom: 0; height: 300px; left: 0; opacity: .34; position: absolute;
  width: 100%; }}
.words {{ left: 72px; position: absolute; top: 66px; width: 440px; }}
.words svg {{ height: 104px; width: 104px; }}
h1 {{ font: 640 82px/1 serif4; letter-spacing: -.015em; margin: 34px 0 26px; }}
p {{ color: #dde5ee; font: 400 35px/1.3 sans3; margin: 0; }}
.models {{ display: grid; gap: 20px; position: absolute; right: 54px; top: 44px; }}
.models span {{ color: #f0bf7a; display: block; font: 600 26px/1 sans3;
  margin-bottom: 7px; }}
.models img {{ border-radius: 10px; display: block; image-rendering: pixelated; }}
</style>
<svg class="curve" viewBox="8 14 48 34" preserveAspectRatio="none"><path fill="#7fb2f5"
d="M8 47c8 0 10-4 14-18s6-16 9-16 4 5 6 14 4 9 6 9 3-4 5-4 2 15 8 15v3H8z"/></svg>
<div class="words">{logo}<h1>gencourse</h1>
<p>An open course on deep generative models, to read, run and take apart</p></div>
<div class="models">{rows}</div>"""


def garments() -> dict[str, Tensor]:
    """Return a row of garments (7, 1, 28, 28) for each word on the card."""
    torch.manual_seed(0)
    real = data.load("fashion-mini", "test")
    first = [int((real.y == kind).nonzero()[0]) for kind in CLASSES]
    painter = gencourse.load("gated-pixelcnn-conditional")
    vae = gencourse.load("vae-conditional")
    means = vae.decode(torch.randn(len(CLASSES), vae.latent), CLASSES)
    gan = gencourse.load("dcgan-conditional")
    return {
        "real": real.x[first],
        "PixelCNN": painter.sample(len(CLASSES), y=CLASSES),
        "VAE": (means * 255).round().to(torch.uint8),
        "GAN": gan.sample(len(CLASSES), y=CLASSES),
    }


def strip(images: Tensor) -> Image.Image:
    """Return images (n, 1, H, W) side by side, as large as on the card."""
    wide = images.squeeze(1).permute(1, 0, 2).reshape(images.shape[-2], -1)
    size = (wide.shape[1] * SCALE, wide.shape[0] * SCALE)
    return Image.fromarray(wide.numpy()).resize(size, Image.Resampling.NEAREST)


def inline(data: bytes, kind: str) -> str:
    """Return bytes as an address that needs no file."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def png(picture: Image.Image) -> bytes:
    """Return a picture as the bytes of a PNG."""
    held = io.BytesIO()
    picture.save(held, "png", optimize=True)
    return held.getvalue()


def card_page() -> str:
    """Return the card as a page that holds all it needs."""
    serif = FONTS / "source-serif-4-latin-600-normal.woff2"
    sans = FONTS / "source-sans-3-latin-wght-normal.woff2"
    drawn = {
        word: inline(png(strip(row)), "image/png") for word, row in garments().items()
    }
    rows = "".join(
        f'<div><span>{word}</span><img src="{source}"></div>'
        for word, source in drawn.items()
    )
    return PAGE.format(
        serif=inline(serif.read_bytes(), "font/woff2"),
        sans=inline(sans.read_bytes(), "font/woff2"),
        width=WIDTH,
        height=HEIGHT,
        logo=(ASSETS / "logo.svg").read_text(encoding="utf-8"),
        rows=rows,
    )


def icon_page() -> str:
    """Return the course's mark, alone and as large as the page."""
    logo = (ASSETS / "favicon.svg").read_text(encoding="utf-8")
    return f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{logo}"


def shot(browser: Browser, page: str, width: int, height: int) -> Image.Image:
    """Return what a browser shows of a page, see-through where it has no colour."""
    tab = browser.new_page(viewport={"width": width, "height": height})
    tab.set_content(page)
    tab.evaluate("() => document.fonts.ready")
    taken = Image.open(io.BytesIO(tab.screenshot(omit_background=True)))
    tab.close()
    return taken


def main() -> None:
    """Write the three pictures; a card that is too heavy is no card."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None or not FONTS.is_dir():
        sys.exit("card.py needs Chromium, and the fonts that tools/vendor.py fetches")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox"]
        )
        card = shot(browser, card_page(), WIDTH, HEIGHT).convert("RGB")
        icon = shot(browser, icon_page(), 32, 32)
        touch = shot(browser, icon_page(), 180, 180)
        browser.close()
    data = png(card)
    if len(data) > LARGEST:
        sys.exit(f"the card has {len(data)} bytes, and may have {LARGEST}")
    (ASSETS / "social-card.png").write_bytes(data)
    icon.save(ASSETS / "favicon.ico", sizes=[icon.size], bitmap_format="png")
    touch.save(ASSETS / "apple-touch-icon.png", optimize=True)


if __name__ == "__main__":
    main()
