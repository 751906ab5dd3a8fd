"""Stop the build where a page's notebook last ran too long ago."""

from __future__ import annotations

import json
import os
import time
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.errors import ExtensionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sphinx.application import Sphinx

DAYS = 180
SETTING = "gencourse_max_age_days"
VARIABLE = "GENCOURSE_MAX_AGE"  # for an old checkout that is built as it is


def check_ages(app: Sphinx) -> None:
    """Stop with a line for each notebook that is too old, or does not say its age."""
    limit = limit_of(os.environ, getattr(app.config, SETTING))
    now = today(os.environ)
    paths = sorted(Path(app.srcdir).rglob("*.ipynb"))
    lines = [fault(path, now, limit) for path in paths if ".ipynb_" not in str(path)]
    if problems := [line for line in lines if line]:
        raise ExtensionError("\n".join(problems))


def limit_of(environment: Mapping[str, str], setting: object) -> int:
    """Return how many days old a page may be; what is no number is an error."""
    given = environment.get(VARIABLE) or str(setting)
    if not given.isdecimal():
        raise ExtensionError(f"{VARIABLE} must be a number of days, got {given!r}")
    return int(given)


def today(environment: Mapping[str, str]) -> date:
    """Return the day of the build in UTC: SOURCE_DATE_EPOCH's, where that is set."""
    given = environment.get("SOURCE_DATE_EPOCH") or str(int(time.time()))
    if not given.isdecimal():
        raise ExtensionError(f"SOURCE_DATE_EPOCH must be seconds, got {given!r}")
    return datetime.fromtimestamp(int(given), timezone.utc).date()


def fault(path: Path, now: date, limit: int) -> str:
    """Return what is wrong with a notebook's age, "" if nothing is."""
    again = f"run it again: make run CHAPTER={path.stem} FORCE=1"
    try:
        ran = last_run(path)
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{path.name} does not say when it last ran; {again}"
    if ran > now + timedelta(days=1):  # clocks and time zones differ a little
        return f"{path.name} last ran on {ran}, which is after {now}; {again}"
    age = (now - ran).days
    if age <= limit:
        return ""
    return (
        f"{path.name} last ran on {ran}, {age} days ago, and {limit} are allowed; "
        f"{again}, or build an old checkout with {VARIABLE}={age}"
    )


def last_run(path: Path) -> date:
    """Return the day on which a notebook's outputs were made."""
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    return date.fromisoformat(metadata["gencourse"]["made"]["date"])


def setup(app: Sphinx) -> None:
    """Register the setting and the check."""
    app.add_config_value(SETTING, DAYS, "", [int])
    app.connect("builder-inited", check_ages)
