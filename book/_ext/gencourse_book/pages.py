"""What a chapter's page shows around its text: buttons, downloads, provenance."""

from __future__ import annotations

import json
import shutil
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sphinx.util import logging

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

    Context = dict[str, Any]

LOGGER = logging.getLogger(__name__)
VERSIONS = {
    "python": "Python",
    "torch": "torch",
    "numpy": "NumPy",
    "gencourse": "gencourse",
}


def repository(app: Sphinx) -> Path:
    """Return the repository's folder: the book lies in path_to_book below it."""
    depth = len(Path(app.config.html_theme_options.get("path_to_docs", "")).parts)
    return Path(app.srcdir, *[".."] * depth).resolve()


def chapter(app: Sphinx, page: str) -> Path | None:
    """Return a page's notebook, or None for a page that is none."""
    if page not in app.env.found_docs:
        return None
    path = Path(app.env.doc2path(page))
    return path if path.suffix == ".ipynb" else None


def reader_notebook(app: Sphinx, page: str) -> Path | None:
    """Return the notebook that readers work in, where there is one."""
    path = repository(app) / "notebooks" / f"{Path(page).name}.ipynb"
    return path if chapter(app, page) and path.is_file() else None


def colab_url(app: Sphinx, notebook: Path) -> str:
    """Return where Colab opens a notebook of the repository."""
    options = app.config.html_theme_options
    owner = options["repository_url"].rstrip("/").split("/")[-2:]
    path = notebook.relative_to(repository(app)).as_posix()
    parts = [*owner, "blob", options["repository_branch"], path]
    return f"{options['launch_buttons']['colab_url']}/github/{quote('/'.join(parts))}"


def link(url: str, label: str, text: str, tooltip: str, icon: str) -> dict[str, str]:
    """Return a button of the page's header, as the theme wants it."""
    words = {"text": text, "tooltip": tooltip, "icon": icon, "label": label}
    return {"type": "link", "url": url, **words}


def downloads(app: Sphinx, page: str, context: Context) -> list[dict[str, str]]:
    """Return links to the notebook to work in, to the page's own, and to its source."""
    place = context["pathto"]
    name, icon = Path(page).name, "fas fa-file-code"
    found = []
    if reader_notebook(app, page):
        url = place(f"notebooks/{name}.ipynb", 1)
        words = "Notebook with exercises"
        found.append(link(url, "download-reader", "Notebook to work in", words, icon))
    url = place(f"_sources/{page}.ipynb", 1)
    found.append(link(url, "download-page", "With outputs", "This page, .ipynb", icon))
    url = place(f"_sources/{page}.py", 1)
    found.append(link(url, "download-source", "Source", "This page, .py", icon))
    return found


def buttons(
    app: Sphinx, page: str, template: str, context: Context, tree: nodes.Node | None
) -> None:
    """Point the header's buttons at the notebook that readers work in."""
    if chapter(app, page) is None:
        return
    groups = {button.get("label"): button for button in context["header_buttons"]}
    if launch := groups.get("launch-buttons"):
        at = context["header_buttons"].index(launch)
        context["header_buttons"][at : at + 1] = launch_buttons(app, page)
    if download := groups.get("download-buttons"):
        kept = [b for b in download["buttons"] if b["label"] == "download-pdf-button"]
        download["buttons"] = downloads(app, page, context) + kept
    for button in groups.get("source-buttons", {}).get("buttons", []):
        # People edit the text beside the notebook, never the notebook.
        if button["label"] == "source-edit-button":
            button["url"] = button["url"].removesuffix(".ipynb") + ".py"


def launch_buttons(app: Sphinx, page: str) -> list[dict[str, str]]:
    """Return the button that opens the reader's notebook in Colab."""
    notebook = reader_notebook(app, page)
    if notebook is None and not page.startswith("chapters/"):
        return []
    if notebook is None:
        LOGGER.warning("no reader's notebook: run `make notebooks`", location=page)
        return []
    url, icon = colab_url(app, notebook), "_static/images/logo_colab.png"
    tip = "Work through this chapter in Colab"
    return [link(url, "colab", "Open in Colab", tip, icon)]


def made(path: Path) -> dict[str, Any]:
    """Return where and when a notebook's outputs were made; empty if it isn't said.

    "seconds" is the processor time that they took.
    """
    found = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("gencourse")
    given = found.get("made") if isinstance(found, dict) else None
    if not isinstance(given, dict):
        return {}
    seconds = found.get("cpu_seconds")
    known = isinstance(seconds, int | float)
    return given | ({"seconds": f"{seconds:.0f}"} if known else {})


def provenance(
    app: Sphinx, page: str, template: str, context: Context, tree: nodes.Node | None
) -> None:
    """Say at the foot of a chapter how its outputs came about."""
    path = chapter(app, page)
    given = made(path) if path else {}
    if not given:
        return
    said = {name: escape(str(value)) for name, value in given.items()}
    parts = [f"on {said['device']}"] if "device" in said else []
    parts += [f"profile {said['profile']}"] if "profile" in said else []
    tools = [f"{word} {said[name]}" for name, word in VERSIONS.items() if name in said]
    parts += [f"with {', '.join(tools)}"] if tools else []
    parts += [f"on {said['date']}"] if "date" in said else []
    parts += [f"in {said['seconds']} s of CPU time"] if "seconds" in said else []
    words = f"Outputs made {', '.join(parts)}."
    context["body"] += f'<p class="gc-made" role="note">{words}</p>'


def drop_repeated_scripts(
    app: Sphinx, page: str, template: str, context: Context, tree: nodes.Node | None
) -> None:
    """Keep the first of equal inline scripts: a second ``let`` is an error."""
    seen: set[str] = set()
    kept = []
    for script in context["script_files"]:
        body = getattr(script, "attributes", {}).get("body")
        if body is None or body not in seen:
            kept.append(script)
        seen.add(body or "")
    context["script_files"] = kept


def copy_notebooks(app: Sphinx, error: Exception | None) -> None:
    """Put what the download buttons offer into the site."""
    if error or app.builder.format != "html":
        return
    for page in app.env.found_docs:
        path = chapter(app, page)
        files = {f"_sources/{page}.py": path.with_suffix(".py")} if path else {}
        if notebook := reader_notebook(app, page):
            files[f"notebooks/{notebook.name}"] = notebook
        for name, source in files.items():
            target = Path(app.outdir, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def setup(app: Sphinx) -> None:
    """Register the hooks; the theme makes its buttons at priority 501."""
    app.connect("html-page-context", buttons, priority=600)
    app.connect("html-page-context", provenance, priority=600)
    app.connect("html-page-context", drop_repeated_scripts, priority=900)
    app.connect("build-finished", copy_notebooks)
