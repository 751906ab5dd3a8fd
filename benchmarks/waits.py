"""What users wait for, as it was and as it is.

- What comes before the first training step of a process: importing Fabric, which used
  to import torchmetrics to know its version, and with it torchvision and scipy.
- Judging samples, 10,000 in every ``gencourse evaluate``: the features of samples and
  of real images, then precision and recall. As it was: 500 images at once in the
  judge, a full order of distances, and each distance computed twice.
- Drawing from the table of two neighbours. As it was: the neighbours of every pixel of
  the image were looked up to draw one, with an exponential draw for every level.
- Fitting the mixed tables. As it was: their shares were computed for every pixel, in
  every round, and summed afterwards.

Both ways run here, in turns, and the results are compared; of drawings, their means.

    python benchmarks/waits.py --json waits.json
"""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from typing import cast

import torch
from common import alone, options, table, write
from torch import Tensor

from gencourse import data
from gencourse.baselines import NeighbourTable
from gencourse.entry import LOOKS, ROUNDS, SMOOTHING, MixedTables, contexts, entry
from gencourse.gan_metrics import features_of, judge
from gencourse.images import to_levels
from gencourse.sample_quality import precision_and_recall

# Images judged, drawn and counted.
SIZES = (5000, 200, 5000)
TORCH = "import torch"
AS_IT_IS = "import gencourse.train; gencourse.train.make_fabric('cpu')"
AS_IT_WAS = f"import torchmetrics; {AS_IT_IS}"
Told = dict[str, float | str]
Seconds = dict[str, float]


def in_turns(runs: Mapping[str, Callable[[], object]], repeats: int) -> Seconds:
    """Return the least CPU seconds of each run; they take turns.

    So what else the machine does meets all of them alike.
    """
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.process_time()
            run()
            taken[name].append(time.process_time() - start)
    return {name: min(seconds) for name, seconds in taken.items()}


@torch.inference_mode()
def features_as_they_were(x: Tensor) -> Tensor:
    """Return the judge's features of images, 500 at once, channels apart."""
    apart = copy.deepcopy(judge()).to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return torch.cat([apart.features(batch) for batch in x.split(500)])


def share_inside(points: Tensor, centres: Tensor, k: int = 3) -> float:
    """Return the share of points inside the ball of any centre, as it was computed."""
    parts = [torch.cdist(part, centres) for part in centres.split(1000)]
    radius = torch.cat([part.kthvalue(k + 1).values for part in parts])
    found = [
        (torch.cdist(part, centres) <= radius).any(1) for part in points.split(1000)
    ]
    return float(torch.cat(found).double().mean())


def judged_as_it_was(real: Tensor, fake: Tensor) -> tuple[float, float]:
    """Return precision and recall of levels, with the features as they were."""
    one, other = (features_as_they_were(x).double() for x in (real, fake))
    return share_inside(other, one), share_inside(one, other)


def judged_now(real: Tensor, fake: Tensor) -> tuple[float, float]:
    """Return precision and recall of levels."""
    return precision_and_recall(features_of(real), features_of(fake))


def drawn_as_it_was(table: NeighbourTable, n: int) -> Tensor:
    """Return n images of a table, with every pixel's neighbours looked up each time."""
    x = torch.zeros(n, *table.shape, dtype=torch.uint8)
    for i, j in product(*map(range, table.shape[1:])):
        laws = table.table[table.rows(x)[:, :, i : i + 1, j : j + 1]]
        levels = torch.multinomial(laws.reshape(-1, table.levels), 1)
        x[:, :, i, j] = levels.view(n, -1).to(torch.uint8)
    return x


def fitted_as_it_was(x: Tensor, levels: int = 256) -> Tensor:
    """Return the weights of the mixed tables of images, as they were fitted."""
    held_back = max(1, len(x) // 12)
    seen, rest = x[:-held_back], x[-held_back:]
    each = []
    for neighbours, cuts in LOOKS:
        size = cuts**neighbours * levels
        counts = torch.zeros(size, dtype=torch.float64)
        for part in seen.split(5000):
            place = contexts(part, levels, neighbours, cuts) * levels + part
            counts += torch.bincount(place.flatten(), minlength=size)
        table = counts.view(-1, levels) + SMOOTHING
        table = table / table.sum(1, keepdim=True)
        each.append(table[contexts(rest, levels, neighbours, cuts), rest.long()])
    return weighed_as_it_was(torch.stack(each).flatten(1))


def weighed_as_it_was(probs: Tensor) -> Tensor:
    """Return the weights of most likelihood, as they were found."""
    weights = torch.full((len(probs),), 1 / len(probs), dtype=torch.float64)
    for _ in range(ROUNDS):
        shares = weights[:, None] * probs
        weights = (shares / shares.sum(0)).mean(1)
    return weights


def judging(n: int, repeats: int) -> Told:
    """Return what judging n samples costs, both ways; noisy images stand for them."""
    name = "fashion-mnist" if n > 1000 else "fashion-mini"
    real = data.load(name, "test", limit=n).x
    noise = torch.randn(real.shape, generator=torch.Generator().manual_seed(0))
    fake = to_levels((real.flip(0) / 255 + 0.05 * noise).clamp(0, 1), 256)
    before, after = judged_as_it_was(real, fake), judged_now(real, fake)
    if any(abs(a - b) > 2 / n for a, b in zip(before, after, strict=True)):
        raise RuntimeError(f"precision and recall were {before}, and are {after}")
    ways = {
        "before": partial(judged_as_it_was, real, fake),
        "after": partial(judged_now, real, fake),
    }
    return waited(f"judging {n:,} samples", in_turns(ways, repeats))


def drawing(n: int, repeats: int) -> Told:
    """Return what n images of the count table cost, both ways."""
    table = NeighbourTable(data.load("fashion-mini").x)
    means = [
        found.double().mean() for found in (drawn_as_it_was(table, n), table.sample(n))
    ]
    if abs(means[0] - means[1]) > 100 / n**0.5:  # an image's own differs by about 25
        raise RuntimeError(f"levels have means {means[0]:.1f} and {means[1]:.1f}")
    ways = {
        "before": partial(drawn_as_it_was, table, n),
        "after": partial(table.sample, n),
    }
    return waited(f"drawing {n:,} from the count table", in_turns(ways, repeats))


def fitting(n: int, repeats: int) -> Told:
    """Return what fitting the mixed tables to n images costs, both ways."""
    x = data.load("fashion-mini", limit=n).x
    now = partial(entry, x, 256)
    before, after = fitted_as_it_was(x), cast(MixedTables, now()).weights
    if not torch.allclose(before, after, atol=1e-6):
        raise RuntimeError(f"the weights were {before}, and are {after}")
    ways = {"before": partial(fitted_as_it_was, x), "after": now}
    return waited(f"fitting mixed tables to {n:,}", in_turns(ways, repeats))


def beginning(repeats: int) -> Told:
    """Return what comes before the first training step, less ``import torch``."""
    codes = (TORCH, AS_IT_WAS, AS_IT_IS)
    alone("-c", AS_IT_WAS)  # so that files are in memory
    taken = [[alone("-c", c).cpu_seconds for c in codes] for _ in range(repeats)]
    torch_alone, before, after = map(statistics.median, zip(*taken, strict=True))
    row = {"before": before - torch_alone, "after": after - torch_alone}
    return waited("before a first training step", row)


def waited(what: str, row: Seconds) -> Told:
    """Return a row of the table: seconds both ways, and their ratio."""
    return {"what": what, **row, "ratio": row["before"] / row["after"]}


def main(arguments: list[str] | None = None) -> None:
    """Print the table, and write it as JSON where that is asked for."""
    given = options(__doc__, repeats=3).parse_args(arguments)
    torch.set_num_threads(1)
    judged, drawn, seen, repeats = *SIZES, given.repeats
    if given.quick:
        judged, drawn, seen, repeats = 200, 20, 200, 1
    rows = [
        beginning(repeats),
        judging(judged, 1),
        drawing(drawn, repeats),
        fitting(seen, repeats),
    ]
    table(rows)
    write(given.json, {"waits": rows})


if __name__ == "__main__":
    main()
