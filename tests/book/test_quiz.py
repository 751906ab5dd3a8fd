"""Quizzes: how they are written, what is wrong with one, how a reader meets them."""

from __future__ import annotations

import io
import re

import axe
import pytest
from bs4 import BeautifulSoup
from chapters import chapter_sources, read_source
from gencourse_book.quiz import RIGHT, WRONG
from gencourse_book.quiz_text import QuizError, questions
from quiz_plain import plain_quiz
from site_config import ROOT
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

CHAPTERS = [path.stem for path in chapter_sources(ROOT)]
each_chapter = pytest.mark.parametrize("name", CHAPTERS)
START = "# A page\n\nText.\n\n:::{quiz}\n"
TWO = """\
What is $x$, and `y`?

- [ ] It is `code`, *this* and
  [that](https://example.org).

  No, $y = 2$:

  ```python
  y = 2
  ```

- [x] Yes.

  - So it is.

And now,

$$
a = b
$$

which?

- [x] A.

  Because.

- [ ] B.

  Not so.
- [ ] C.

  No.
"""


def soup(text):
    return BeautifulSoup(text, "html.parser")


# ---- how it is written ----


def test_a_quiz_is_questions_with_answers_and_reasons():
    first, second = questions(TWO.split("\n"))
    assert first.words.text == "What is $x$, and `y`?"
    assert [answer.right for answer in first.answers] == [False, True]
    assert first.answers[0].words.text == (
        "It is `code`, *this* and\n[that](https://example.org)."
    )
    assert first.answers[0].why.text == "No, $y = 2$:\n\n```python\ny = 2\n```"
    assert first.answers[1].why.text == "- So it is."
    assert second.words.text == "And now,\n\n$$\na = b\n$$\n\nwhich?"
    assert [answer.words.text for answer in second.answers] == ["A.", "B.", "C."]


def test_parts_know_their_lines():
    lines = TWO.split("\n")
    for question in questions(lines):
        assert lines[question.words.line] == question.words.lines[0]
        for answer in question.answers:
            assert lines[answer.words.line].endswith(answer.words.lines[0])
            assert lines[answer.why.line] == f"  {answer.why.lines[0]}"


SAY = "\n\n  Why.\n"
MALFORMED = {
    "no right answer": (f"Q?\n\n- [ ] A{SAY}- [ ] B{SAY}", 0, "this question has 0"),
    "two right ones": (f"Q?\n\n- [x] A{SAY}- [x] B{SAY}", 0, "this question has 2"),
    "one answer": (f"Q?\n\n- [x] A{SAY}", 0, r"two answers or more, this has 1: 'Q\?'"),
    "no answer": (f"Q?\n\n- [x] A{SAY}- [ ] B{SAY}\nR?", 9, r"this has 0: 'R\?'"),
    "no explanation": (f"Q?\n\n- [x] A\n- [ ] B{SAY}", 2, "no explanation .* 'A'"),
    "a blank one": (f"Q?\n\n- [x] A\n\n  \n- [ ] B{SAY}", 2, "no explanation .* 'A'"),
    "a wrong mark": (f"Q?\n\n- [x] A{SAY}- [y] B{SAY}", 5, r"got '- \[y\] B'"),
    "a large mark": (f"Q?\n\n- [X] A{SAY}- [ ] B{SAY}", 2, r"got '- \[X\] A'"),
    "no mark": (f"Q?\n\n- [x] A{SAY}- B{SAY}", 5, "got '- B'"),
    "another bullet": (f"Q?\n\n* [x] A{SAY}- [ ] B{SAY}", 2, r"got '\* \[x\] A'"),
    "an empty answer": (f"Q?\n\n- [x]{SAY}- [ ] B{SAY}", 2, r"got '- \[x\]'"),
    "no question": (f"- [x] A{SAY}- [ ] B{SAY}", 0, "an answer without a question"),
    "not indented": (f"Q?\n\n- [x] A\n\n  So.\nMore.\n- [ ] B{SAY}", 5, "'More.'"),
    "nothing": ("\n", 0, "a quiz without a question"),
}
malformed = pytest.mark.parametrize(
    ("text", "line", "said"), MALFORMED.values(), ids=MALFORMED
)


@malformed
def test_a_malformed_quiz_is_refused_with_its_line(text, line, said):
    with pytest.raises(QuizError, match=said) as wrong:
        questions(text.split("\n"))
    assert wrong.value.line == line


# ---- the directive ----


def build_page(folder, text):
    """Build a page; return what Sphinx warned of, and the page's body."""
    folder.mkdir(exist_ok=True)
    (folder / "index.md").write_text(text)
    warned = io.StringIO()
    used = ["myst_parser", "gencourse_book.quiz"]
    settings = {
        "extensions": used,
        "myst_enable_extensions": ["colon_fence", "dollarmath", "tasklist"],
    }
    with docutils_namespace():
        app = Sphinx(
            *(folder, None, folder / "out", folder / "trees", "html"),
            confoverrides=settings,
            status=None,
            warning=warned,
        )
        app.build()
    page = soup((folder / "out" / "index.html").read_text(encoding="utf-8"))
    return warned.getvalue(), page.select_one("div.body")


def test_a_quiz_is_a_group_of_answers_that_open(tmp_path):
    warned, page = build_page(tmp_path, f"{START}{TWO}:::\n")
    assert warned == ""
    first, second = page.select("div.gc-question[role=group]")
    assert (first["id"], second["id"]) == ("quiz-index-1", "quiz-index-2")
    for group in (first, second):
        words = page.find(id=group["aria-labelledby"])
        assert words in group.select(".gc-question-text")
    opened, right = first.select("ol > li > details > div.gc-why")
    assert first.select_one(".gc-question-number").text == "Question 1 of 2"
    assert first.select_one(".gc-question-text .math")
    summary = first.select_one("summary")
    assert [each.name for each in summary.span.select("code, em, a")] == [
        *("code", "em", "a")
    ]
    assert summary.find(["p", "div", "ul"]) is None
    assert opened.p.text == f"{WRONG} No, y = 2:".replace("y = 2", r"\(y = 2\)")
    assert opened.select_one("div.highlight")
    assert right.p.text.strip() == RIGHT
    assert right.select_one("ul").text.strip() == "So it is."
    assert second.select_one(".gc-question-text div.math")


def test_ids_go_on_through_a_page(tmp_path):
    text = f"{START}{TWO}:::\n\nMore.\n\n:::{{quiz}}\n{TWO}:::\n"
    warned, page = build_page(tmp_path, text)
    assert warned == ""
    groups = page.select(".gc-question")
    assert [group["id"] for group in groups] == [f"quiz-index-{n}" for n in range(1, 5)]
    ids = [each["id"] for each in page.select("[id]")]
    assert len(set(ids)) == len(ids)


def test_two_builds_are_equal(tmp_path):
    (_, one), (_, two) = (build_page(tmp_path / n, f"{START}{TWO}:::\n") for n in "ab")
    assert one.decode() == two.decode()


@malformed
def test_the_build_says_what_is_wrong_and_where(tmp_path, text, line, said):
    warned, page = build_page(tmp_path, f"{START}{text}\n:::\n")
    assert re.search(f"quiz: .*{said}", warned)
    if text.strip():
        assert f"index.md:{len(START.splitlines()) + line + 1}: ERROR" in warned
    assert page.select("details, .gc-question") == []


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (f"Q?\n\n- [x] > A{SAY}- [ ] B{SAY}", 3, "an answer is one paragraph"),
        (f"Q?\n\n- [x] A{SAY}- [ ] {{lost}}`B`{SAY}", 6, 'role "lost"'),
        (f"{{lost}}`Q`?\n\n- [x] A{SAY}- [ ] B{SAY}", 1, 'role "lost"'),
        (f"Q?\n\n- [x] A\n\n  {{lost}}`W`\n\n- [ ] B{SAY}", 5, 'role "lost"'),
    ],
)
def test_what_is_wrong_inside_is_said_where_it_stands(tmp_path, text, line, said):
    warned, _ = build_page(tmp_path, f"{START}{text}:::\n")
    assert f"index.md:{len(START.splitlines()) + line}: " in warned
    assert said in warned


# ---- in the reader's notebooks ----


def test_the_plain_form_is_markdown_and_two_tags():
    plain = plain_quiz(TWO, lambda text: text)
    first, second = plain.split("### Question 2 of 2")
    start = "### Question 1 of 2\n\nWhat is $x$, and `y`?\n\n- **A.** It is"
    assert first.startswith(start)
    assert (
        "- **A.** It is `code`, *this* and [that](https://example.org).\n- **B.**"
        in first
    )
    assert re.findall("<summary>(.*)</summary>", first) == ["Is it A?", "Is it B?"]
    assert re.findall(r"\*\*(Right|Not quite)\.\*\*", plain) == [
        *("Not quite", "Right", "Right", "Not quite", "Not quite")
    ]
    assert second.count("<details>") == second.count("\n\n</details>") == 3
    # Only after a blank line is Markdown read again, and formulas with it.
    assert plain.count("</summary>\n\n**") == 5


def test_the_plain_form_flattens_each_part():
    plain = plain_quiz(TWO, str.upper)
    for part in ("WHAT IS $X$", "IT IS `CODE`", "- SO IT IS.", "NO, $Y = 2$"):
        assert part in plain
    assert "Question 1 of 2" in plain


@malformed
def test_a_malformed_quiz_gets_no_notebook(text, line, said):
    with pytest.raises(ValueError, match=said):
        plain_quiz(text, lambda text: text)


# ---- the chapters ----


@each_chapter
def test_a_chapter_asks_two_or_three_questions(site, name):
    page = soup((site.folder / "chapters" / f"{name}.html").read_text("utf-8"))
    groups = page.select(".gc-question")
    assert len(groups) in (2, 3)
    assert [group["id"] for group in groups] == [
        f"quiz-{name}-{number}" for number in range(1, len(groups) + 1)
    ]
    for group in groups:
        answers = group.select("details.gc-answer")
        assert len(answers) in (3, 4)
        assert [each.get("open") for each in answers] == [None] * len(answers)
        verdicts = [answer.select_one(".gc-why strong").text for answer in answers]
        assert verdicts.count(RIGHT) == 1
        assert verdicts.count(WRONG) == len(answers) - 1
        for answer in answers:
            assert len(answer.select_one(".gc-why").get_text().split()) > 12


@each_chapter
def test_a_quiz_stands_before_the_exercises(name):
    text = "\n".join(
        cell.source for cell in read_source(ROOT / f"book/chapters/{name}.py").cells
    )
    heads = re.findall(r"^## .*", text, re.MULTILINE)
    assert heads[heads.index("## Exercises") - 1] == "## Check yourself"


def test_the_right_answer_has_no_place_of_its_own(site):
    places = []
    for name in CHAPTERS:
        page = soup((site.folder / "chapters" / f"{name}.html").read_text("utf-8"))
        for group in page.select(".gc-question"):
            kinds = ["gc-right" in each["class"] for each in group.select("details")]
            places.append(kinds.index(True))
    for place in range(3):
        assert len(places) / 5 < places.count(place) < len(places) / 2


# ---- on the site ----

PAGE = "chapters/vae.html"
LOOK = """(answer) => {
  const summary = answer.querySelector("summary");
  const [own, inner] = [getComputedStyle(answer), getComputedStyle(summary)];
  const mark = getComputedStyle(summary, "::before");
  return [own.backgroundColor, own.borderColor, own.borderWidth, inner.color,
    inner.backgroundColor, inner.fontWeight, mark.content, mark.color].join(" | ");
}"""


def test_nothing_gives_an_answer_away(site, page):
    page.goto(site.url + PAGE)
    answers = page.locator("details.gc-answer")
    assert len({answer.evaluate(LOOK) for answer in answers.all()}) == 1
    group = page.locator(".gc-question").first
    told = group.aria_snapshot()
    assert "Question 1 of 3" in told
    assert RIGHT not in told
    assert WRONG not in told
    assert not re.search("[✓✗○]", told)
    before = answers.first.evaluate(LOOK)
    answers.first.locator("summary").click()
    assert answers.first.evaluate(LOOK) != before
    assert WRONG in group.aria_snapshot()
    assert not re.search("[✓✗○]", group.aria_snapshot())


def test_answers_open_by_keyboard_without_javascript(site, browser):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(site.url + PAGE)
    first, second, third = tab.locator("#quiz-vae-1 details").all()
    assert not first.locator(".gc-why").is_visible()
    first.locator("summary").focus()
    tab.keyboard.press("Enter")
    assert first.locator(".gc-why").is_visible()
    assert first.locator(".gc-why").inner_text().startswith(WRONG)
    tab.keyboard.press("Tab")
    tab.keyboard.press("Space")
    assert second.locator(".gc-why").inner_text().startswith(RIGHT)
    assert first.locator(".gc-why").is_visible()
    assert not third.locator(".gc-why").is_visible()
    tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("Enter")
    assert not first.locator(".gc-why").is_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_with_answers_open(site, browser, scheme):
    context = browser.new_context(color_scheme=scheme)
    tab = context.new_page()
    tab.goto(site.url + "chapters/density.html")
    for summary in tab.locator(".gc-answer > summary").all()[:5]:
        summary.click()
    assert tab.locator(".gc-answer[open]").count() == 5
    assert axe.violations(tab) == []
    context.close()


def test_a_quiz_fits_a_phone(site, page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site.url + PAGE)
    page.locator("#quiz-vae-3 summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for each in page.locator(".gc-question, .gc-answer, .gc-why:visible").all():
        box = each.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    for each in page.locator(".gc-answer > summary").all():
        assert each.bounding_box()["height"] >= 40


def test_what_is_closed_is_printed_closed(site, page):
    page.goto(site.url + PAGE)
    page.locator("#quiz-vae-1 summary").first.click()
    page.emulate_media(media="print")
    first, second = page.locator("#quiz-vae-1 details").all()[:2]
    assert first.locator(".gc-why").is_visible()
    assert second.locator("summary").is_visible()
    assert not second.locator(".gc-why").is_visible()
