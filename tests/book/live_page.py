"""A chapter's page on which the live model has been started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Site
    from playwright.sync_api import Browser, Page

SECONDS = 30  # a busy machine takes a while to load the runtime


def start(page: Page, site: Site, name: str) -> None:
    """Open the chapter of that name and start its live model."""
    page.goto(f"{site.url}chapters/{name}.html")
    page.click(f"#live-{name} .gc-live-start")
    live = f"#live-{name}[data-state=live]"
    page.wait_for_selector(live, timeout=1000 * SECONDS)


@contextmanager
def started(browser: Browser, site: Site, name: str) -> Iterator[Page]:
    """Give a page for many tests: starting takes longer than most of them."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    page = context.new_page()
    start(page, site, name)
    yield page
    context.close()
