"""Every reader: axe-core, the keyboard, no motion, no scripts, narrow screens."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager

import pytest
from axe import colours, faint, violations
from gencourse_book.access import mended
from gencourse_book.policy import with_policy
from waiting import until

NARROW = ["index.html", "chapters/autoregressive.html", "appendix/glossary.html"]
CHAPTER = "chapters/autoregressive.html"
# What shows, can be reached by Tab, and is not one of several radio buttons.
STOPS = """() => [...document.querySelectorAll(
  "a[href], button, summary, input, select, textarea, [tabindex]")].filter((e) =>
    e.tabIndex >= 0 && !e.disabled && e.type !== "radio" && !("seen" in e.dataset)
    && e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length)
  .map((e) => e.outerHTML.slice(0, 160))"""
# Marks the focused element; says how its focus shows, and whether a box cuts it off.
FOCUS = """() => {
  const e = document.activeElement;
  if (e === document.body || "seen" in e.dataset) return null;
  e.dataset.seen = "";
  const mark = e.closest(".gc-map") && e.querySelector("rect");
  const card = e.matches(".sd-stretched-link") && e.closest(".sd-card");
  const style = getComputedStyle(mark || card || e);
  const colour = mark ? style.stroke : style.outlineColor;
  const width = parseFloat(mark ? style.strokeWidth : style.outlineWidth);
  const reach = mark ? 0 : parseFloat(style.outlineOffset) + width;
  const { left, right } = (card || e).getBoundingClientRect();
  let cut = false;
  let ground = "rgba(0, 0, 0, 0)";
  for (let box = (card || e).parentElement; box; box = box.parentElement) {
    const around = getComputedStyle(box);
    if (ground === "rgba(0, 0, 0, 0)") ground = around.backgroundColor;
    if (box === document.body || around.overflowX === "visible") continue;
    const edge = box.getBoundingClientRect();
    cut ||= left - reach < edge.left - 0.5 || right + reach > edge.right + 0.5;
  }
  const shown = Boolean(mark) || style.outlineStyle === "solid";
  return { html: e.outerHTML.slice(0, 160), shown, width, colour, ground, cut };
}"""
OVERFLOW = """() => [...document.querySelectorAll(".bd-article *")].filter((box) =>
    box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0 && box.tabIndex < 0
    && ["auto", "scroll"].includes(getComputedStyle(box).overflowX)
    && box.checkVisibility({ visibilityProperty: true }))
  .map((box) => box.outerHTML.slice(0, 160))"""


@contextmanager
def visitor(browser, **given):
    """Give a visitor's page: 1280 px and a light system unless told otherwise."""
    settings = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}
    context = browser.new_context(**{**settings, **given})
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def narrow(width=390, **given):
    return {"viewport": {"width": width, "height": 844}, **given}


def text_of(site, name):
    return (site.folder / name).read_text(encoding="utf-8")


# ---- axe-core ----


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('<img src="data:,">', "image-alt"),
        ('<p style="color: #999">Faint.</p>', "color-contrast"),
        ('<button aria-label="Go">Stay</button>', "label-content-name-mismatch"),
        ('<button style="width: 9px; height: 9px"></button>', "button-name"),
        ("<h4>Deep</h4>", "heading-order"),
        (
            '<svg class="gencourse-figure" role="img" aria-label="A"><text y="20" '
            'fill="#999">faint</text></svg>',
            "faint words",
        ),
    ],
)
def test_what_is_wrong_is_found(page, body, rule):
    page.set_content(
        f'<html lang="en"><title>T</title><main><h1>A</h1>{body}</main></html>'
    )
    assert [line.split(" (")[0] for line in violations(page)].count(rule) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheme", "judge"), [("light", violations), ("dark", colours)]
)
def test_axe_finds_nothing_on_any_page(site, browser, scheme, judge):
    """Both schemes share their structure, so that it is judged in one of them."""
    found = {}
    with visitor(browser, color_scheme=scheme) as page:
        for name in site.pages:
            page.goto(site.url + name)
            assert page.evaluate("document.documentElement.dataset.theme") == scheme
            found[name] = judge(page)
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize("name", NARROW)
def test_axe_finds_nothing_in_an_open_menu(site, browser, name):
    with visitor(browser, **narrow(color_scheme="dark")) as page:
        page.goto(site.url + name)
        assert violations(page) == []
        page.click(".primary-toggle")
        page.wait_for_selector("dialog[open] .gc-close")
        assert violations(page) == []


def test_axe_finds_nothing_in_the_search_and_the_lists(site, page):
    page.goto(site.url + CHAPTER)
    page.click(".dropdown-download-buttons > button")
    page.eval_on_selector_all("details", "all => all.forEach(one => (one.open = true))")
    for button in page.locator(".toggle-button").all():
        button.click()
    assert violations(page) == []
    page.keyboard.press("Control+k")
    page.wait_for_selector("dialog[open]")
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_leave_the_words_of_drawings(site, browser, scheme):
    forced = {"color_scheme": scheme, "forced_colors": "active"}
    with visitor(browser, **forced) as page:
        page.goto(site.url)
        for tile in ("light", "dark"):
            page.click(f".gc-tile[data-scheme={tile}]")
            assert faint(page) == []
        page.goto(site.url + "chapters/gan.html")
        assert faint(page) == []


def test_no_id_stands_twice(site):
    for name in site.pages:
        ids = Counter(re.findall(r'<[^>]* id="([^"]+)"', text_of(site, name)))
        assert [key for key, times in ids.items() if times > 1] == [], name


def test_pages_are_mended_once_and_for_all(site):
    for name in site.pages:
        text = text_of(site, name)
        assert mended(text) == text, name
        assert with_policy(text)[0] == text, name


# ---- the keyboard alone ----


def luminance(colour):
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
    ]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(first, second):
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def clear(stop):
    """Return whether it can be seen what has the focus."""
    strong = contrast(stop["colour"], stop["ground"]) >= 3
    return stop["shown"] and stop["width"] >= 2 and strong and not stop["cut"]


def walk(page, most=500):
    """Press Tab from the top to the end; return what had the focus, in order."""
    stops = []
    for _ in range(most):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop is None:
            return stops
        stops.append(stop)
    pytest.fail(f"Tab never came to an end: {stops[-3:]}")


@pytest.mark.parametrize("name", ["index.html", CHAPTER])
@pytest.mark.parametrize("width", [1280, 390])
def test_tab_reaches_everything_and_shows_where_it_is(site, browser, name, width):
    scheme = "light" if width == 390 else "dark"
    with visitor(browser, **narrow(width, color_scheme=scheme)) as page:
        page.goto(site.url + name)
        page.wait_for_timeout(500)
        stops = walk(page)
        assert page.evaluate(STOPS) == []
    assert "Skip to main content" in stops[0]["html"]
    assert [stop for stop in stops if not clear(stop)] == []


def test_the_skip_link_leads_to_the_text(site, page):
    page.goto(site.url + CHAPTER)
    page.keyboard.press("Tab")
    until(page, "document.activeElement.getBoundingClientRect().top >= 0")
    assert colours(page) == []
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


FOCUSED = "document.activeElement"


def test_the_search_opens_and_closes(site, page):
    page.goto(site.url + CHAPTER)
    page.wait_for_load_state("load")
    page.focus(".search-button-field")
    page.keyboard.press("Enter")
    page.wait_for_selector("#pst-search-dialog[open]")
    assert page.evaluate(f"{FOCUSED}.name") == "q"
    page.keyboard.press("Escape")
    page.wait_for_selector("#pst-search-dialog", state="hidden")
    assert page.evaluate(f"{FOCUSED}.matches('.search-button-field')")
    page.keyboard.press("Control+k")
    page.keyboard.type("bottleneck")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")


@pytest.mark.parametrize("kind", ["primary", "secondary"])
def test_a_menu_opens_and_closes_by_keyboard(site, browser, kind):
    with visitor(browser, **narrow()) as page:
        page.goto(site.url + CHAPTER)
        page.focus(f".{kind}-toggle")
        for closing in ("Escape", "Enter"):
            page.keyboard.press("Enter")
            page.wait_for_selector(f"#pst-{kind}-sidebar-modal[open]")
            assert page.evaluate(f"{FOCUSED}.matches('.gc-close')")
            page.keyboard.press("Tab")
            page.keyboard.press("Shift+Tab")
            page.keyboard.press(closing)
            page.wait_for_selector("dialog[open]", state="detached")
            assert page.evaluate(f"{FOCUSED}.matches('.{kind}-toggle')")


@pytest.mark.parametrize("kind", ["primary", "secondary"])
def test_a_menu_opens_and_closes_by_touch(site, browser, kind):
    with visitor(browser, **narrow(has_touch=True, is_mobile=True)) as page:
        page.goto(site.url + CHAPTER)
        for closing in (f"#pst-{kind}-sidebar-modal .gc-close", None):
            page.tap(f".{kind}-toggle")
            link = page.locator("dialog[open] a[href]").last
            assert link.is_visible()
            if closing:
                page.tap(closing)
            else:
                page.touchscreen.tap(385 if kind == "primary" else 5, 600)
            page.wait_for_selector("dialog[open]", state="detached")
        page.tap(f".{kind}-toggle")
        page.locator("dialog[open] nav a[href]").last.tap()
        last = "bibliography.html" if kind == "primary" else "#"
        page.wait_for_url(f"**{last}*")


def test_header_lists_open_by_keyboard(site, page):
    page.goto(site.url + CHAPTER)
    page.focus(".dropdown-download-buttons > button")
    page.keyboard.press("Enter")
    shown = page.locator(".dropdown-download-buttons .dropdown-menu")
    shown.wait_for(state="visible")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(f"{FOCUSED}.matches('.dropdown-download-buttons a')")
    page.keyboard.press("Escape")
    shown.wait_for(state="hidden")
    assert page.evaluate(f"{FOCUSED}.getAttribute('aria-expanded')") == "false"


def test_the_scheme_switch_says_what_is_on_and_keeps_the_focus(site, page):
    page.goto(site.url + CHAPTER)
    page.focus(".theme-switch-button")
    said = set()
    for _ in range(3):
        page.keyboard.press("Enter")
        mode = page.evaluate("document.documentElement.dataset.mode")
        name = page.evaluate(f"{FOCUSED}.getAttribute('aria-label')")
        assert name.endswith({"auto": "as your system has it"}.get(mode, mode))
        said.add(name)
    assert len(said) == 3


def test_a_solution_opens_by_keyboard_and_says_so(site, page):
    page.goto(site.url + CHAPTER)
    button = page.locator(".solution .toggle-button").first
    button.focus()
    assert re.match(
        r"Show: Solution to Exercise 4\.1", button.get_attribute("aria-label")
    )
    assert button.get_attribute("aria-expanded") == "false"
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    assert re.match(
        r"Hide: Solution to Exercise 4\.1", button.get_attribute("aria-label")
    )
    page.locator(".solution section").first.wait_for(state="visible")
    # A link in the title leads to the exercise, and opens and closes nothing.
    page.locator(".solution .admonition-title a").first.click()
    assert button.get_attribute("aria-expanded") == "true"


def test_a_copy_button_shows_when_it_is_reached(site, page):
    page.goto(site.url + CHAPTER)
    button = page.locator("button.copybtn").first
    button.focus()
    until(page, "getComputedStyle(document.activeElement).opacity == 1")


def test_words_over_a_button_go_by_escape(site, page):
    page.goto(site.url + CHAPTER)
    page.wait_for_load_state("load")
    page.focus(".btn-fullscreen-button")
    page.wait_for_selector(".tooltip")
    page.keyboard.press("Escape")
    page.wait_for_selector(".tooltip", state="detached")


def test_the_keyboard_scrolls_what_is_too_wide(site, browser):
    with visitor(browser, **narrow()) as page:
        page.goto(site.url + CHAPTER)
        page.wait_for_timeout(500)
        box = page.locator(".output[role=region]").first
        assert re.match(r"Output \d+, scrolls", box.get_attribute("aria-label"))
        box.focus()
        page.keyboard.press("ArrowRight")
        until(page, "document.activeElement.scrollLeft > 0")
        # What fits is no stop on the way.
        page.set_viewport_size({"width": 1700, "height": 900})
        until(page, "!document.querySelector('.output[role=region]')")


# ---- narrow screens ----


def test_pages_fit_a_phone_and_their_wide_boxes_scroll(site, browser):
    """WCAG asks for 320 px: a screen of 1280 px at fourfold magnification."""
    wide, stuck = [], {}
    with visitor(browser) as page:
        for name in site.pages:
            page.goto(site.url + name)
            for width in (390, 320):
                page.set_viewport_size({"width": width, "height": 844})
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    wide.append((name, width))
            page.wait_for_timeout(350)  # the theme looks for wide boxes after 300
            if found := page.evaluate(OVERFLOW):
                stuck[name] = found
    assert (wide, stuck) == ([], {})


# ---- no motion ----


def test_nothing_moves_for_who_asks_for_no_motion(site, browser):
    with visitor(browser, reduced_motion="reduce") as page:
        page.goto(site.url + "chapters/pixelcnn.html")
        page.click(".solution .toggle-button >> nth=0")
        moving = """() => [...document.querySelectorAll("*")].filter((e) => {
          const { transitionDuration, animationDuration, scrollBehavior } =
            getComputedStyle(e);
          const longest = Math.max(...`${transitionDuration},${animationDuration}`
            .split(",").map(parseFloat));
          return longest > 0.001 || scrollBehavior !== "auto";
        }).map((e) => e.outerHTML.slice(0, 120))"""
        assert page.evaluate(moving) == []
        until(page, "document.getAnimations().length == 0", seconds=1)
        film = page.locator(".gencourse-animation").first
        assert not film.locator(".moving").is_visible()
        assert film.locator(".still").is_visible()


def test_whoever_wants_a_pause_gets_one(site, page):
    page.goto(site.url + "chapters/pixelcnn.html")
    film = page.locator(".gencourse-animation").first
    assert film.locator(".moving").is_visible()
    film.get_by_label("finished images only").focus()
    page.keyboard.press("Space")
    assert not film.locator(".moving").is_visible()
    assert film.locator(".still").is_visible()


# ---- no scripts ----

DEAD = """() => [...document.querySelectorAll("button, input, select, [onclick]")]
  .filter((e) => e.checkVisibility({ visibilityProperty: true }))
  .filter((e) => !e.matches(".dropdown-toggle, .gencourse-animation input"))
  .map((e) => e.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("width", [1280, 390])
def test_without_scripts_pages_are_whole_and_nothing_is_dead(site, browser, width):
    with visitor(browser, **narrow(width, java_script_enabled=False)) as page:
        for name in sorted({*NARROW, "chapters/gan.html", "404.html"}):
            page.goto(site.url + name)
            assert page.evaluate(DEAD) == [], name
            assert page.locator(".bd-links a[href]").last.is_visible(), name
            ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert ground == "rgb(253, 252, 250)", name
            hidden = """[...document.querySelectorAll(
              ".bd-article :is(p, pre, img, svg, table)")].filter((e) =>
              !e.checkVisibility({ visibilityProperty: true }) && !e.closest(
              "details, .gc-map, .gencourse-animation, .gc-live, .gc-tiles, .gc-quiz"
              + ", .gc-tiles-word")).map((e) => e.outerHTML.slice(0, 120))"""
            assert page.evaluate(hidden) == [], name


def test_without_scripts_a_header_list_opens(site, browser):
    with visitor(browser, java_script_enabled=False) as page:
        page.goto(site.url + CHAPTER)
        page.click(".dropdown-download-buttons > button")
        assert page.locator(".dropdown-download-buttons a").first.is_visible()
