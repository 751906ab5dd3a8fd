"""The built site, served under a sub-path, and a browser to look at it."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
sys.path.append(str(ROOT / "book" / "_ext"))


@dataclass
class Site:
    """Where the build ended up, what it said, and its address."""

    folder: Path
    code: int
    log: str
    url: str = ""
    pages: list[str] = field(default_factory=list)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        pass


def missing(reason):
    """Skip where something of the machine is missing; in CI that is a failure."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


def build(folder):
    """Build the book below ``folder`` as `make book` does, and return the site."""
    vendor = [sys.executable, str(ROOT / "tools" / "vendor.py")]
    vendored = subprocess.run(vendor, cwd=ROOT, capture_output=True, text=True)
    if vendored.returncode != 0:
        missing(f"the book's scripts cannot be fetched: {vendored.stderr[-300:]}")
    tool = str(Path(sys.executable).with_name("jupyter-book"))
    given = ["--config", str(ROOT / "_config.yml"), "--toc", str(ROOT / "_toc.yml")]
    given += ["--path-output", str(folder), "-W", "-n", "--keep-going"]
    done = subprocess.run(
        [tool, "build", "book", *given],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    html = folder / "_build" / "html"
    found = sorted(path.relative_to(html).as_posix() for path in html.rglob("*.html"))
    pages = [name for name in found if not name.startswith(("_static", "_sources"))]
    return Site(html, done.returncode, done.stdout, pages=pages)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Build once, serve at 127.0.0.1/course/, as a host of project pages would."""
    folder = tmp_path_factory.mktemp("book")
    built = build(folder)
    served = folder / "served"
    served.mkdir()
    (served / "course").symlink_to(built.folder)
    handler = functools.partial(Quiet, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        built.url = f"http://127.0.0.1:{server.server_port}/course/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield built
        server.shutdown()


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        missing(f"no browser: none of {', '.join(BROWSERS)} is installed")
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=quiet)
        yield running
        running.close()


@pytest.fixture
def page(browser):
    """Give an empty page of a visitor who was never here, in a light system."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme="light"
    )
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
