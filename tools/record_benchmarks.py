"""Gather what the benchmarks measured into one file for the book: `make bench-record`.

It reads _build/benchmarks/*.json, all of which have to be there, and writes
src/gencourse/measured/benchmarks.json.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from pathlib import Path
from typing import Any

from site_config import ROOT

COMMAND = "make bench && make bench-record"
NO_BENCHMARKS = {"common"}
DIGITS = 4
# "device" tells the number of threads, which is torch's own where nothing is computed.
MAY_DIFFER = {"date", "device", "load"}


def main(arguments: list[str] | None = None) -> int:
    """Write the one file, and say where; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    given = parser.parse_args(arguments)
    try:
        told = gathered(given.root)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    path = given.root / "src" / "gencourse" / "measured" / "benchmarks.json"
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    os.replace(draft, path)
    print(path)
    return 0


def gathered(root: Path) -> dict[str, Any]:
    """Return the results of every benchmark, and where and when they were made.

    One that is missing, or made on another machine or with other versions than the
    others, is a ValueError.
    """
    sources = sorted(root.glob("benchmarks/*.py"))
    names = [path.stem for path in sources if path.stem not in NO_BENCHMARKS]
    results, made = {}, {}
    for name in names:
        path = root / "_build" / "benchmarks" / f"{name}.json"
        if not path.is_file():
            raise ValueError(f"{path} is missing: make bench")
        results[name] = json.loads(path.read_text(encoding="utf-8"))
        made[name] = results[name].pop("made")
    places = {
        json.dumps({k: v for k, v in one.items() if k not in MAY_DIFFER})
        for one in made.values()
    }
    if len(places) != 1:
        told = "; ".join(sorted(places)) or "no benchmark"
        raise ValueError(f"expected one machine and one environment, got {told}")
    last = max(made.values(), key=lambda one: str(one["date"]))
    return {"command": COMMAND, "made": last, **rounded(results)}


def rounded(value: Any) -> Any:  # noqa: ANN401
    """Return the numbers inside with DIGITS digits that count."""
    if isinstance(value, dict):
        return {name: rounded(inside) for name, inside in value.items()}
    if isinstance(value, list):
        return [rounded(inside) for inside in value]
    if isinstance(value, float) and value and math.isfinite(value):
        return round(value, DIGITS - 1 - math.floor(math.log10(abs(value))))
    return value


if __name__ == "__main__":
    sys.exit(main())
