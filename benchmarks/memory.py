"""How much memory it takes to import, to train a step, and to draw 64 images.

The peak of a fresh process each, in MiB, as the system counted it: the interpreter,
torch and the data set in it. "above import" is what is left when the import of torch
and of the recipes is taken away.

    python benchmarks/memory.py --json memory.json
"""

from __future__ import annotations

from common import Row, alone, options, table, write

IMPORT = "import gencourse.recipes"
RUNS = {
    "python": "pass",
    "import torch": "import torch",
    "import gencourse": "import gencourse",
    IMPORT: IMPORT,
}
TRAINED = ("gated-pixelcnn", "diagonal-bilstm", "autoencoder", "vae", "dcgan")
DRAWN = ("gated-pixelcnn", "diagonal-bilstm", "vae", "dcgan")
QUICK = ("python", IMPORT)
# The system's own peak: what getrusage tells begins with the parent's on Linux.
PEAK = """
import resource, sys
from pathlib import Path
status = Path("/proc/self/status")
lines = status.read_text().splitlines() if status.is_file() else []
peak = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
# Kibibytes; macOS tells bytes.
told = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak[0] if peak else told // (1024 if sys.platform == "darwin" else 1))
"""


def codes() -> dict[str, str]:
    """Return what is measured, and the code that does it."""
    training = {
        f"a step of {name}": f"import training; training.one_step({name!r})"
        for name in TRAINED
    }
    drawing = {
        f"64 of {name}": f"import drawing; drawing.draw({name!r})" for name in DRAWN
    }
    return {**RUNS, **training, **drawing}


def peak(code: str) -> float:
    """Return the peak memory in MiB of a process that runs code."""
    return int(alone("-c", f"{code}\n{PEAK}").printed.split()[-1]) / 1024


def measure(names: tuple[str, ...]) -> dict[str, Row]:
    """Return the peak of each, and what it is above the import of the recipes."""
    peaks = {name: peak(codes()[name]) for name in names}
    return {
        name: {"MiB": value, "above import": value - peaks[IMPORT]}
        for name, value in peaks.items()
    }


def main(arguments: list[str] | None = None) -> None:
    """Print the table, and write it as JSON where that is asked for."""
    given = options(__doc__, repeats=1).parse_args(arguments)
    rows = measure(QUICK if given.quick else tuple(codes()))
    print("peak memory of a fresh process")
    table([{"run": name, **row} for name, row in rows.items()])
    write(given.json, {"runs": rows})


if __name__ == "__main__":
    main()
