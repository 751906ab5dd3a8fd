"""Reader's notebooks: fresh, plain, unanswered, and of use in Colab."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

import nbformat
import pytest
from book_index import Book
from chapters import chapter_sources, read_source
from listing import source_of
from nbformat import NotebookNode
from readers import differences, main, reader_notebook
from sample_book import chapter_of, markdown, write_sample
from site_config import ROOT, read_site

from gencourse.exercises import EXERCISES

CHAPTERS = chapter_sources(ROOT)
each_chapter = pytest.mark.parametrize("source", CHAPTERS, ids=lambda path: path.stem)
SITE = "https://someone.github.io/somewhere"


def committed(source: Path) -> NotebookNode:
    path = ROOT / "notebooks" / f"{source.stem}.ipynb"
    return nbformat.read(path, as_version=4)


def body_of(source: str) -> str:
    """Return the statements of a function or class, without docstring or indent."""
    (function,) = ast.parse(textwrap.dedent(source)).body
    assert isinstance(function, (ast.FunctionDef, ast.ClassDef))
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return "\n".join(ast.unparse(statement) for statement in body)


# --- the course's own notebooks


def test_notebooks_are_fresh():
    book = Book(ROOT, read_site(ROOT))
    written = {path.stem: reader_notebook(path, book) for path in CHAPTERS}
    assert written
    assert differences(ROOT, written) == []


@each_chapter
def test_notebook_is_valid_and_has_no_outputs(source: Path):
    notebook = committed(source)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)


@each_chapter
def test_notebook_is_plain_markdown(source: Path):
    for cell in committed(source).cells:
        if cell.cell_type == "markdown":
            assert not re.search(r"^\s*:{3,}", cell.source, re.MULTILINE), cell.source
            assert not re.search(r"\{[a-z:]+\}`", cell.source), cell.source
            assert not re.search(r"^\s*`{3,}\s*\{", cell.source, re.MULTILINE)
            assert not re.search(r"^\(\S+\)=", cell.source, re.MULTILINE), cell.source
            assert cell.source.count("```") % 2 == 0


@each_chapter
def test_exercises_stay_unanswered(source: Path):
    notebook = committed(source)
    stubs = [c for c in notebook.cells if "exercise" in c.metadata.get("tags", [])]
    exercises = [key for key in EXERCISES if key.startswith(f"{source.stem}.")]
    assert len(stubs) == len(exercises) >= 3
    assert all("todo()" in stub.source for stub in stubs)


@each_chapter
def test_no_solution_is_shown(source: Path):
    told = "\n".join(cell.source for cell in committed(source).cells)
    words = " ".join(told.split())
    solutions = [
        cell.source
        for cell in read_source(source).cells
        if "solution" in cell.metadata.get("tags", [])
    ]
    assert solutions
    for solution in solutions:
        for path, name in re.findall(
            r"\{literalinclude\} (\S+)\n\s*:pyobject: (\S+)", solution
        ):
            body = body_of(source_of(source.parent / path, name))
            assert " ".join(body.split()) not in words, f"{name} is given away"


@each_chapter
def test_opening_links_and_installs(source: Path):
    welcome, install, *_ = committed(source).cells
    site = read_site(ROOT)
    assert welcome.source.startswith("# ")
    assert site.page(f"chapters/{source.stem}") in welcome.source
    assert f'%pip install -q "{site.requirement}"' in install.source


# --- what the tool makes of a page


def flat(root: Path, *cells: str, extra: dict[str, str] | None = None) -> list[str]:
    write_sample(root, chapter_of(*cells))
    for name, text in (extra or {}).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    book = Book(root, read_site(root))
    notebook = reader_notebook(root / "book" / "chapters" / "sample.py", book)
    return [cell.source for cell in notebook.cells[2:]]


def flat_text(root: Path, text: str, extra: dict[str, str] | None = None) -> str:
    (cell,) = flat(root, markdown(text), extra=extra)
    return cell


@pytest.mark.parametrize(
    ("myst", "plain"),
    [
        (
            ":::{exercise} Bits\n:label: ex-bits\n*3 minutes.* Write {math}`x`.\n:::",
            "**Exercise: Bits**\n\n*3 minutes.* Write $x$.",
        ),
        (":::{note}\nSmall.\n\nPrint.\n:::", "> **Note**\n>\n> Small.\n>\n> Print."),
        (":::{tip} Do.\n:::", "> **Tip**\n>\n> Do."),
        (":::{dropdown} Why?\nSo.\n:::", "> **Why?**\n>\n> So."),
        (
            "::::{admonition} Two\n:class: tip\n:::{hint}\nIn.\n:::\n::::",
            "> **Two**\n>\n> > **Hint**\n> >\n> > In.",
        ),
        (":::{prf:theorem} Bayes\nTrue.\n:::", "> **Theorem: Bayes**\n>\n> True."),
        (
            "```{live} vae\n:alt: Boots.\n\nDrag *it*.\n```",
            "> **On the site, this comes to life: [try it]"
            f"({SITE}/chapters/sample.html#live-vae).**\n>\n> Drag *it*.",
        ),
        ("```{math}\n:label: eq-a\nx = y\n```", "$$\nx = y\n$$"),
        ("$$\nx = y\n$$ (eq-b)", "$$\nx = y\n$$"),
        ("```{code-block} python\n:caption: c\nx = 1\n```", "```python\nx = 1\n```"),
        ("```python\nx = '{cite}`one`'\n```", "```python\nx = '{cite}`one`'\n```"),
        ("% a comment\nText.\n\n+++\n\n(here)=\nMore.", "Text.\n\nMore."),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "| a | b |\n|---|---|\n| 1 | 2 |"),
        ("See {cite}`one`.", "See (König, 2014)."),
        (
            "{cite:t}`two` and {cite:p}`one,three`",
            "Kingma and van den Oord (2015) and (König, 2014; A et al., 2016)",
        ),
        ("A {term}`latent <latents>` {py:func}`~a.b`.", "A latent `a.b`."),
        ("50 % of it, {a} and ``{cite}`x` ``", "50 % of it, {a} and ``{cite}`x` ``"),
        (
            "{doc}`sample` {doc}`it <../index>`",
            f"[What is a sample?]({SITE}/chapters/sample.html) [it]({SITE}/index.html)",
        ),
        ("[home](../index.md#top)", f"[home]({SITE}/index.html#top)"),
        ("[x](https://example.org/a.md)", "[x](https://example.org/a.md)"),
        (
            "(eq)=\n## Sums\n\n{ref}`eq` {ref}`it <eq>` [that](#eq)",
            f"## Sums\n\n[Sums]({SITE}/chapters/sample.html#eq) "
            f"[it]({SITE}/chapters/sample.html#eq) "
            f"[that]({SITE}/chapters/sample.html#eq)",
        ),
        (
            "$$\nx\n$$ (eq-c)\n\nIn {eq}`eq-c`.",
            "$$\nx\n$$\n\n"
            f"In [the equation]({SITE}/chapters/sample.html#equation-eq-c).",
        ),
        (
            "```{literalinclude} ../../src/gencourse/other.py\n"
            ":pyobject: Thing.size\n:dedent: 4\n```",
            "```python\n@property\ndef size(self) -> int:\n    return 3\n```",
        ),
        (
            "{cite}`one`\n\n```{bibliography}\n:filter: docname in docnames\n```",
            "(König, 2014)\n\n- König (2014). [On GANs](https://example.org/one)",
        ),
        (
            "- item\n\n  ```{code-block} python\n  x\n  ```",
            "- item\n\n  ```python\n  x\n  ```",
        ),
    ],
)
def test_plain_form(tmp_path: Path, myst: str, plain: str):
    assert flat_text(tmp_path, myst, {"book/index.md": "# Home\n"}) == plain


def test_figure_is_loaded_from_the_repository(tmp_path: Path):
    text = "```{figure} ../assets/map.svg\n:alt: A map\n:name: fig-map\nThe *map*.\n```"
    told = flat_text(tmp_path, text, {"book/assets/map.svg": "<svg/>"})
    raw = "https://raw.githubusercontent.com/someone/somewhere/trunk"
    assert told == f"![A map]({raw}/book/assets/map.svg)\n\nThe *map*."


def test_taxonomy_is_a_list_with_links_to_pages_that_exist(tmp_path: Path):
    extra = {"book/chapters/density.py": markdown("# Density")}
    lines = flat_text(tmp_path, ":::{taxonomy}\n:::", extra).split("\n")
    assert f"]({SITE}/chapters/density.html)" in lines[0]
    assert any(line.startswith("    - ") for line in lines)
    assert any("in preparation" in line for line in lines)


@pytest.mark.parametrize(
    ("myst", "message"),
    [
        (":::{grid} 2\n:::", "directive {grid} has no plain form"),
        ("See {download}`x`.", "role {download}`x` has no plain form"),
        (":::{note}\nopen", "never closed: :::{note}"),
        (":::\nnothing\n:::", "colon fence without a directive"),
        ("{cite}`nobody`", "has no entry 'nobody'"),
        ("{ref}`nowhere`", "no label 'nowhere'"),
        ("{doc}`nowhere`", "no page 'chapters/nowhere'"),
        ("```{figure} gone.png\n:alt: A\n```", "no file book/chapters/gone.png"),
        ("```{figure} gone.png\n```", "no :alt: text"),
        (
            "```{literalinclude} ../../src/gencourse/other.py\n:pyobject: Thong\n```",
            "other.py has no Thong",
        ),
        (
            "```{literalinclude} ../../src/gencourse/other.py\n:lines: 1-2\n```",
            ":lines: is not known",
        ),
        (":::{note}\n```{grid}\n```\n:::", "directive {grid}"),
    ],
)
def test_what_has_no_plain_form_is_an_error_that_names_the_cell(
    tmp_path: Path, myst: str, message: str
):
    with pytest.raises(ValueError, match=re.escape(message)) as raised:
        flat(tmp_path, markdown("Fine."), markdown(f"::::{{tip}}\n{myst}\n::::"))
    assert str(raised.value).startswith("sample.py, cell 3")


@pytest.mark.parametrize("chapter", ["", "# %%\n1 + 1\n", markdown("No title.")])
def test_a_chapter_starts_with_its_title(tmp_path: Path, chapter: str):
    root = write_sample(tmp_path, chapter)
    path = root / "book" / "chapters" / "sample.py"
    with pytest.raises(ValueError, match="first cell must be text with a title"):
        reader_notebook(path, Book(root, read_site(root)))


def test_cells_by_their_tags(tmp_path: Path):
    cells = flat(
        tmp_path,
        markdown("Kept."),
        markdown("Gone.", ' tags=["remove-cell"]'),
        markdown(
            "::::{solution} ex\n:class: dropdown\n```{grid}\n```\n::::",
            ' tags=["solution"]',
        ),
        '# %% tags=["solution"]\nanswer = 42\n',
        '# %% tags=["site-only"]\nsite = 1\n',
        '# %% tags=["exercise"]\ndef f():\n    return todo()\n',
        '# %% tags=["remove-input"]\nplot()\n',
    )
    assert cells == ["Kept.", "def f():\n    return todo()", "plot()"]


def test_title_stands_once_and_hidden_cells_are_folded(tmp_path: Path):
    root = write_sample(tmp_path, chapter_of('# %% tags=["hide-input"]\nplot()\n'))
    book = Book(root, read_site(root))
    notebook = reader_notebook(root / "book" / "chapters" / "sample.py", book)
    welcome, _, plot = notebook.cells
    assert welcome.source.startswith("# What is a sample?\n")
    assert f"{SITE}/chapters/sample.html" in welcome.source
    assert plot.metadata == {"cellView": "form", "jupyter": {"source_hidden": True}}


def test_a_gpu_is_asked_for_by_a_tag(tmp_path: Path):
    root = write_sample(tmp_path)
    path = root / "book" / "chapters" / "sample.py"
    plain = reader_notebook(path, Book(root, read_site(root)))
    assert "accelerator" not in plain.metadata
    path.write_text(
        path.read_text().replace("[markdown]", '[markdown] tags=["gpu"]', 1)
    )
    asking = reader_notebook(path, Book(root, read_site(root)))
    assert asking.metadata["accelerator"] == "GPU"
    assert asking.metadata["colab"] == {"gpuType": "T4"}


def test_life_of_a_notebook(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = write_sample(tmp_path)
    given = ["--root", str(root)]
    assert main([*given, "--check"]) == 1
    assert main(given) == 0
    assert main([*given, "--check"]) == 0
    path = root / "notebooks" / "sample.ipynb"
    before = path.read_bytes()
    assert main(given) == 0
    assert path.read_bytes() == before
    path.with_name("orphan.ipynb").write_bytes(before)
    path.write_text(path.read_text().replace("Some", "Any"))
    capsys.readouterr()
    assert main([*given, "--check"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "notebooks/sample.ipynb is not fresh: make notebooks",
        "notebooks/orphan.ipynb has no chapter: delete it",
    ]


def test_a_page_without_a_plain_form_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    root = write_sample(tmp_path, chapter_of(markdown(":::{grid}\n:::")))
    with pytest.raises(SystemExit):
        main(["--root", str(root)])
    assert "sample.py, cell 2" in capsys.readouterr().err
    assert not (root / "notebooks").exists()


@pytest.mark.parametrize(
    "url", ["", "github.com/a/b", "https://github.com/a", "https://example.org/a/b"]
)
def test_a_bad_address_is_named(tmp_path: Path, url: str):
    (tmp_path / "_config.yml").write_text(f"repository:\n  url: {url}\n")
    with pytest.raises(ValueError, match="must be https"):
        read_site(tmp_path)


@each_chapter
def test_each_exercise_says_where_help_is(source: Path):
    cells = committed(source).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    mine = [key for key in EXERCISES if key.startswith(f"{source.stem}.")]
    helped = re.findall(r'^Stuck\? Run `hint\("([\w.]+)"\)`', text, re.MULTILINE)
    assert sorted(helped) == sorted(mine)
    anchors = re.findall(rf"{source.stem}\.html#(ex-[\w-]+)\)", text)
    labels = re.findall(r":label: (ex-[\w-]+)", source.read_text(encoding="utf-8"))
    assert set(anchors) == set(labels)


@each_chapter
def test_first_cell_starts_its_own_chapter(source: Path):
    cells = committed(source).cells
    first = next(cell.source for cell in cells if cell.cell_type == "code")
    assert re.search(rf'^start\("{source.stem}", seconds=\d+0\)$', first, re.MULTILINE)
    assert "torch" not in first
    assert "numpy" not in first
