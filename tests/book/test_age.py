"""A page whose notebook last ran too long ago stops the build."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from gencourse_book import age
from site_config import ROOT
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import docutils_namespace

NOW = date(2026, 11, 23)
NOON = str(1795392000 + 43200)  # of that day


def notebook(folder: Path, ran: object, name: str = "vae") -> Path:
    path = folder / "chapters" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"gencourse": {"made": {"date": ran}}}
    path.write_text(json.dumps({"metadata": metadata, "cells": []}))
    return path


@pytest.mark.parametrize("days", [-1, 0, 1, 179, 180])
def test_fresh_pages_pass(days: int, tmp_path: Path):
    path = notebook(tmp_path, (NOW - timedelta(days)).isoformat())
    assert age.fault(path, NOW, 180) == ""


@pytest.mark.parametrize("days", [181, 1000])
def test_stale_page_is_named(days: int, tmp_path: Path):
    ran = NOW - timedelta(days)
    told = age.fault(notebook(tmp_path, ran.isoformat()), NOW, 180)
    assert f"vae.ipynb last ran on {ran}, {days} days ago, and 180 are allowed" in told
    assert "make run CHAPTER=vae FORCE=1" in told
    assert f"GENCOURSE_MAX_AGE={days}" in told


def test_future_page_is_named(tmp_path: Path):
    path = notebook(tmp_path, "2026-11-25")
    assert "which is after 2026-11-23" in age.fault(path, NOW, 180)


@pytest.mark.parametrize("ran", [None, "", "yesterday", 3, "2026-13-01"])
def test_page_without_a_date_is_named(ran: object, tmp_path: Path):
    path = notebook(tmp_path, ran)
    assert "does not say when it last ran" in age.fault(path, NOW, 180)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"metadata": {"gencourse": 3}}'])
def test_damaged_page_is_named(text: str, tmp_path: Path):
    path = notebook(tmp_path, "2026-11-23")
    path.write_text(text)
    assert "does not say when it last ran" in age.fault(path, NOW, 180)


def test_day_is_that_of_the_source_where_it_is_set():
    assert age.today({"SOURCE_DATE_EPOCH": NOON}) == NOW
    assert abs((age.today({}) - date.today()).days) <= 1


def test_source_s_day_must_be_seconds():
    with pytest.raises(ExtensionError, match="must be seconds, got '2026-11-23'"):
        age.today({"SOURCE_DATE_EPOCH": "2026-11-23"})


def test_limit_is_the_variable_s_then_the_setting_s():
    assert age.limit_of({}, 180) == 180
    assert age.limit_of({"GENCOURSE_MAX_AGE": "1000"}, 180) == 1000
    with pytest.raises(ExtensionError, match="a number of days, got 'soon'"):
        age.limit_of({"GENCOURSE_MAX_AGE": "soon"}, 180)


def test_book_states_its_limit_on_the_setup_page():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    days = config["sphinx"]["config"][age.SETTING]
    assert days == age.DAYS
    setup = (ROOT / "book/appendix/setup.md").read_text(encoding="utf-8")
    assert f"when the site is built; {days} without it" in setup


def build(book: Path) -> None:
    places = [book, None, book / "html", book / "trees"]
    config = {"extensions": ["age_alone"], "exclude_patterns": ["chapters"]}
    given = {"confoverrides": config, "status": None, "warning": io.StringIO()}
    with docutils_namespace():
        Sphinx(*places, "html", **given).build()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_build_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "age_alone.py").write_text("from gencourse_book.age import setup\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", NOON)
    book = tmp_path / "book"
    fine = notebook(book, "2026-11-01")
    (book / "index.rst").write_text("Home\n====\n")
    build(book)
    assert (book / "html" / "index.html").is_file()
    stale = notebook(book, "2026-01-01", "gan")
    with pytest.raises(ExtensionError, match=r"gan\.ipynb last ran on 2026-01-01"):
        build(book)
    monkeypatch.setenv("GENCOURSE_MAX_AGE", "400")
    build(book)
    assert fine.exists()
    assert stale.exists()
