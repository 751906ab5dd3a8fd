"""A chapter on paper: light, whole, and without what only a screen can do."""

from __future__ import annotations

import pytest
from waiting import until


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_is_light_and_the_screen_stays_as_it_was(site, page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(site.url + "chapters/pixelcnn.html")
    colour = "getComputedStyle({}).{}".format
    code = colour("document.querySelector('.highlight .k, .highlight .kn')", "color")
    ground = colour("document.body", "backgroundColor")
    before = [page.evaluate(code), page.evaluate(ground)]
    page.emulate_media(media="print", color_scheme=scheme)
    until(page, "document.documentElement.dataset.theme === 'light'")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    printed = page.evaluate(code)
    page.emulate_media(media="screen", color_scheme=scheme)
    until(page, f"document.documentElement.dataset.theme === '{scheme}'")
    assert [page.evaluate(code), page.evaluate(ground)] == before
    assert (printed == before[0]) == (scheme == "light")
    assert page.evaluate("localStorage.getItem('theme')") in {None, "", "auto", scheme}


def test_a_printed_chapter_holds_what_is_to_be_read(site, page):
    page.set_viewport_size({"width": 680, "height": 900})
    page.goto(site.url + "chapters/gan.html")
    page.emulate_media(media="print")
    for gone in (".bd-sidebar-primary", ".bd-header-article", ".prev-next-area"):
        assert not page.is_visible(gone), gone
    buttons = ("button.copybtn", ".toggle-button", "[data-gc-action]")
    for kind in (*buttons, "details.hide"):
        shown = page.locator(f".bd-main {kind}:visible").count()
        assert page.locator(kind).count() > 0, kind
        assert shown == 0, kind
    wide = "all => all.filter(box => box.scrollWidth > box.clientWidth + 1).length"
    assert page.eval_on_selector_all("div.highlight pre", wide) == 0
    solution = page.locator(".solution").first
    assert not solution.locator(".highlight").first.is_visible()
    after = "title => getComputedStyle(title, '::after').content"
    title = solution.locator(".admonition-title").first
    assert title.evaluate(after) == '" is on the site"'


def test_a_printed_link_says_where_it_leads(site, page):
    page.goto(site.url + "appendix/after.html")
    after = "all => all.map(link => getComputedStyle(link, '::after').content)"
    outside = ".bd-article a.reference.external[href^=http]"
    links = page.eval_on_selector_all(outside, "all => all.map(link => link.href)")
    assert links
    assert set(page.eval_on_selector_all(outside, after)) == {"none"}
    page.emulate_media(media="print")
    said = page.eval_on_selector_all(outside, after)
    assert said == [f'" ({link})"' for link in links]
    page.goto(site.url + "appendix/bibliography.html")
    assert set(page.eval_on_selector_all(outside, after)) == {"none"}
