"""What a reader waits for before anything begins: imports, --help, a model loaded.

Each in a fresh process, one after the other, again and again; the median of CPU
seconds. Whatever the package adds is compared with ``import torch``. More than 1.3
times that for the import of the package, or of all its recipes, is an error.

    python benchmarks/imports.py --json imports.json
"""

from __future__ import annotations

import statistics
import sys

from common import Row, alone, options, table, write

TORCH = "import torch"
RUNS = {
    "python": ("-c", "pass"),
    TORCH: ("-c", TORCH),
    "import gencourse": ("-c", "import gencourse"),
    "import gencourse.recipes": ("-c", "import gencourse.recipes"),
    "gencourse --help": ("-m", "gencourse.cli", "--help"),
    'gencourse.load("pixelcnn")': (
        "-c",
        "import gencourse; gencourse.load('pixelcnn')",
    ),
}
QUICK = ("python", TORCH)
LIMITED = ("import gencourse", "import gencourse.recipes")
LIMIT = 1.3


def measure(names: tuple[str, ...], repeats: int) -> dict[str, Row]:
    """Return the median CPU seconds of each, and how that compares with torch's."""
    alone(*RUNS[TORCH])  # so that files are in memory
    rounds = [
        {name: alone(*RUNS[name]).cpu_seconds for name in names} for _ in range(repeats)
    ]
    medians = {n: statistics.median(round_[n] for round_ in rounds) for n in names}
    return {
        name: {"seconds": seconds, "/ torch": seconds / medians[TORCH]}
        for name, seconds in medians.items()
    }


def main(arguments: list[str] | None = None) -> None:
    """Print the table, write it as JSON where asked for; exit 1 over the limit."""
    given = options(__doc__, repeats=7).parse_args(arguments)
    names, repeats = (QUICK, 1) if given.quick else (tuple(RUNS), given.repeats)
    rows = measure(names, repeats)
    print(f"fresh processes, CPU seconds, median of {repeats}")
    table([{"run": name, **row} for name, row in rows.items()])
    write(given.json, {"limit": LIMIT, "runs": rows})
    slow = [n for n in LIMITED if n in rows and rows[n]["/ torch"] > LIMIT]
    if slow:
        sys.exit(f"over {LIMIT} times {TORCH}: {', '.join(slow)}")


if __name__ == "__main__":
    main()
