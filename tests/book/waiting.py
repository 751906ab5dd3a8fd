"""Wait for something on a page without evaluating text in it, which pages refuse."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAUSE = 50  # milliseconds


def until(page: Page, expression: str, seconds: float = 10) -> Any:
    """Return the expression's value as soon as it is true.

    Playwright's wait_for_function calls eval inside the page, and the pages'
    Content-Security-Policy stops that.

    Raises:
        AssertionError: It was not true within ``seconds``.
    """
    end = time.monotonic() + seconds
    while not (value := page.evaluate(expression)):
        assert time.monotonic() < end, f"not within {seconds} s: {expression}"
        page.wait_for_timeout(PAUSE)
    return value
