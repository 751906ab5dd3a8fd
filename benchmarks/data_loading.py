"""A data set as one tensor against a DataLoader that transforms image by image.

Both give every image once per epoch, shuffled, as float batches in [0, 1]. The
DataLoader does what most tutorials do: it turns each uint8 image into a PIL image and
that into a float tensor (torchvision's ToTensor). Both run in this process, in turns,
so that the machine's load meets both alike; the median of the repeats counts.

    python benchmarks/data_loading.py --json data_loading.json
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import torch
from common import options, write
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import Compose, ToPILImage, ToTensor

from gencourse import data
from gencourse.batches import Batches
from gencourse.images import to_unit

SIZE = 100  # divides the 5,000 images, so that both give full batches


class ImageByImage(Dataset[Tensor]):
    """Images that are transformed one at a time, as they are asked for."""

    def __init__(self, x: Tensor) -> None:
        self.x = x
        self.transform = Compose([ToPILImage(), ToTensor()])

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> Tensor:
        image: Tensor = self.transform(self.x[index])
        return image


def in_memory(x: Tensor) -> Iterator[Tensor]:
    """Yield one epoch of float batches, each gathered from the tensor at once."""
    for (batch,) in Batches(x, size=SIZE, steps=len(x) // SIZE):
        yield to_unit(batch, levels=256)


def one_by_one(x: Tensor) -> Iterator[Tensor]:
    """Yield one epoch of float batches from a DataLoader."""
    yield from DataLoader(ImageByImage(x), batch_size=SIZE, shuffle=True)


def seconds(epoch: Callable[[Tensor], Iterator[Tensor]], x: Tensor) -> float:
    """Return how long an epoch takes; every image must have come once."""
    start = time.perf_counter()
    total = sum(batch.sum(dtype=torch.float64).item() for batch in epoch(x))
    taken = time.perf_counter() - start
    expected = x.sum(dtype=torch.float64).item() / 255
    if abs(total - expected) > 1e-6 * expected:
        raise RuntimeError(f"pixels add up to {total}, expected {expected}")
    return taken


def measure(x: Tensor, repeats: int) -> dict[str, float]:
    """Return the median seconds of an epoch each way, and their ratio."""
    seconds(in_memory, x), seconds(one_by_one, x)  # the first time is the slowest
    pairs = [(seconds(in_memory, x), seconds(one_by_one, x)) for _ in range(repeats)]
    fast, slow = (statistics.median(times) for times in zip(*pairs, strict=True))
    return {"in memory": fast, "image by image": slow, "ratio": slow / fast}


def main(arguments: list[str] | None = None) -> None:
    """Print the table, and write it as JSON where that is asked for."""
    given = options(__doc__, repeats=5).parse_args(arguments)
    x = data.load("fashion-mini", limit=2 * SIZE if given.quick else None).x
    repeats = 1 if given.quick else given.repeats
    result = measure(x, repeats)
    print(f"one epoch of {len(x)} images, batches of {SIZE}, median of {repeats}")
    for name in ("in memory", "image by image"):
        print(
            f"  {name:15} {result[name]:8.4f} s {len(x) / result[name]:12,.0f} images/s"
        )
    print(f"  {'ratio':15} {result['ratio']:8.1f}")
    write(given.json, {"result": result, "images": len(x)})


if __name__ == "__main__":
    main()
