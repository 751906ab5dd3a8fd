"""The built site, served under a sub-path, and a browser to look at it."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from filelock import FileLock
from site_config import read_site

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
sys.path.append(str(ROOT / "book" / "_ext"))
pytest.register_assert_rewrite("live_codes")


@dataclass
class Site:
    """Where the build ended up, what it said, and its address."""

    folder: Path
    code: int
    log: str
    url: str = ""
    pages: list[str] = field(default_factory=list)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files as GitHub Pages does: what is missing gets the site's own page."""

    def log_message(self, format, *args):
        pass

    def send_error(self, code, message=None, explain=None):
        lost = Path(self.directory, read_site().name, "404.html")
        if code != 404 or not lost.is_file():
            return super().send_error(code, message, explain)
        body = lost.read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def missing(reason):
    """Skip where something of the machine is missing; in CI that is a failure."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


def build(folder):
    """Build the book below ``folder`` as `make book` does, and return the site."""
    vendor = [sys.executable, str(ROOT / "tools" / "vendor.py")]
    vendored = subprocess.run(vendor, cwd=ROOT, capture_output=True, text=True)
    if vendored.returncode != 0:
        missing(f"the book's scripts cannot be fetched: {vendored.stderr[-300:]}")
    live = [sys.executable, str(ROOT / "tools" / "export_live.py")]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(live, cwd=ROOT, check=True, env=alone)
    tool = str(Path(sys.executable).with_name("jupyter-book"))
    given = ["--config", str(ROOT / "_config.yml"), "--toc", str(ROOT / "_toc.yml")]
    given += ["--path-output", str(folder), "-W", "-n", "--keep-going"]
    done = subprocess.run(
        [tool, "build", "book", *given],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=alone,
    )
    return found_in(folder / "_build" / "html", done.returncode, done.stdout)


def built_by_the_first(folder):
    """Let one of several workers build, and the others wait for it."""
    said = folder / "site.json"
    with FileLock(folder / "site.lock"):
        if said.exists():
            return found_in(folder / "_build" / "html", **json.loads(said.read_text()))
        built = build(folder)
        said.write_text(json.dumps({"code": built.code, "log": built.log}))
        return built


def found_in(html, code, log):
    """Return the site of the folder ``html``; a redirect is no page of its own."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    moved = {f"{name}.html" for name in config["sphinx"]["config"]["redirects"]}
    found = {path.relative_to(html).as_posix() for path in html.rglob("*.html")}
    own = sorted(found - moved)
    pages = [name for name in own if not name.startswith(("_static", "_sources"))]
    return Site(html, code, log, pages=pages)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Build once, serve below the repository's name, as a host of project pages would.

    GENCOURSE_SITE names a site that was built before, to look at that one.
    """
    folder = tmp_path_factory.mktemp("book")
    if ready := os.environ.get("GENCOURSE_SITE"):
        built = found_in(Path(ready), 0, "")
    elif "PYTEST_XDIST_WORKER" in os.environ:
        built = built_by_the_first(tmp_path_factory.getbasetemp().parent)
    else:
        built = build(folder)
    served = folder / "served"
    served.mkdir()
    (served / read_site().name).symlink_to(built.folder)
    handler = functools.partial(Quiet, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        built.url = f"http://127.0.0.1:{server.server_port}/{read_site().name}/"
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
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()
