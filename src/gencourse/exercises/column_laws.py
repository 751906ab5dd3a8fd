"""What the features of one pixel obey: they are right, and cost no more than it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer
from gencourse.exercises.compare import Mistakes, expect, numbers
from gencourse.exercises.exercise import Wrong

N, IN, OUT, SIDES = 2, 4, 5, (6, 8)


def _whole(seen: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return F.conv2d(seen, weight, bias)


# Of seen, weight, bias, row i and column j, in float64.
COLUMN: Mistakes = {
    "The bias is missing.": lambda s, w, b, i, j: _whole(s, w, b)[..., i, j] - b,
    "The bias is added more than once.": (
        lambda s, w, b, i, j: _whole(s, w, b * w[0].numel())[..., i, j]
    ),
    "The bias is added for each row of the kernel.": (
        lambda s, w, b, i, j: _whole(s, w, b * w.shape[-1])[..., i, j]
    ),
    "The bias is added for each input channel.": (
        lambda s, w, b, i, j: _whole(s, w, b * w.shape[1])[..., i, j]
    ),
    "Your patch lies too far up and left: seen has a margin of zeros already, so that "
    "row i of the image is not row i of seen.": (
        lambda s, w, b, i, j: _whole(s, w, b)[..., i - 1, j - 1]
    ),
    "Your patch lies too far down and right: pixel (i, j) should be in its middle.": (
        lambda s, w, b, i, j: _whole(s, w, b)[..., i + 1, j + 1]
    ),
    "Row and column are exchanged: i is the row.": (
        lambda s, w, b, i, j: _whole(s, w, b)[..., j, i]
    ),
    "Your kernel is turned round; torch's convolutions do not turn it.": (
        lambda s, w, b, i, j: _whole(s, w.flip(2, 3), b)[..., i, j]
    ),
    "Rows and columns of the kernel are exchanged.": (
        lambda s, w, b, i, j: _whole(s, w.mT, b)[..., i, j]
    ),
    "The patch and the kernel are flattened in different orders.": (
        lambda s, w, b, i, j: (
            _patch(s, w, i, j).movedim(1, -1).flatten(1) @ w.flatten(1).T + b
        )
    ),
    "The products are averaged; a convolution adds them up.": (
        lambda s, w, b, i, j: _whole(s, w / w[0].numel(), b)[..., i, j]
    ),
    "Only the pixel itself enters; its neighbours under the kernel do too.": (
        lambda s, w, b, i, j: s[..., i + 1, j + 1] @ w[..., 1, 1].T + b
    ),
}
SHAPES = {
    (N, OUT, *SIDES): "One pixel's features are asked for, not the whole map.",
    (N, OUT, 1, 1): "One pixel has no rows and columns: those axes go.",
    (OUT, N): "Images come first.",
    (OUT,): "Each image keeps features of its own.",
}


def _patch(seen: Tensor, weight: Tensor, i: int, j: int) -> Tensor:
    side = weight.shape[-1]
    return seen[:, :, i : i + side, j : j + side]


def _case(
    side: int, height: int = SIDES[0], width: int = SIDES[1]
) -> tuple[Tensor, Tensor, Tensor]:
    generator = seeds.generator(0)
    x = torch.randn(N, IN, height, width, generator=generator)
    weight = torch.randn(OUT, IN, side, side, generator=generator)
    weight.flatten(2)[..., side**2 // 2 + 1 :] = 0
    margin = side // 2
    padded = F.pad(x, (margin, margin, margin, margin))
    return padded, weight, torch.randn(OUT, generator=generator)


def column_is_the_convolutions(f: Answer) -> None:
    """The features are those of the whole convolution, also at the border."""
    for side, i, j in ((3, 2, 4), (3, 0, 0), (3, 5, 7), (5, 1, 6)):
        given = _case(side)
        right = _whole(*(v.double() for v in given))[..., i, j]
        got = numbers(f(*given, i, j), (N, OUT), SHAPES)
        what = f"These are not the features at row {i}, column {j}, kernel {side}."
        known = COLUMN if (i, j) == (2, 4) else {}
        expect(got, right, what, known, (*(v.double() for v in given), i, j))


def column_of_any_weight(f: Answer) -> None:
    """A weight that is not masked counts whole, and one image is a batch."""
    seen, _, bias = _case(3)
    generator = seeds.generator(1)
    weight = torch.randn(OUT, IN, 3, 3, generator=generator)
    given = seen[:1], weight, bias
    lost = {(OUT,): "A single image has a row of features, too: of shape (1, out)."}
    got = numbers(f(*given, 2, 4), (1, OUT), lost)
    what = "Where no weight is masked, all nine neighbours of a kernel of 3 count."
    expect(got, _whole(*(v.double() for v in given))[..., 2, 4], what)


class NumbersMade(TorchFunctionMode):
    """Counts the numbers that torch's functions compute; views of others are free.

    A counter of floating-point operations takes ten seconds to import.
    """

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the function returns
        """Call the function, and count what is new in its result."""
        result = func(*args, **(kwargs or {}))
        if isinstance(result, Tensor):
            given = (*args, *(kwargs or {}).values())
            self.count += 0 if _is_view(result, given) else result.numel()
        return result


def _is_view(result: Tensor, given: Sequence[object]) -> bool:
    place = result.untyped_storage().data_ptr()
    tensors = (v for v in given if isinstance(v, Tensor))
    return any(v.untyped_storage().data_ptr() == place for v in tensors)


def column_costs_one_pixel(f: Answer) -> None:
    """The work is that of one pixel, not of a row or of the whole map."""
    made = NumbersMade()

    def counted(*given: object) -> object:
        with made:
            return f.function(*given)

    height, width = 6, 160
    given = _case(3, height, width)
    Answer(counted, f.exercise)(*given, 4, 55)
    products = N * OUT * IN * 3**2
    if made.count <= 3 * products:
        return
    told = (
        f"of an image of {height} x {width} pixels your function computes "
        f"{made.count} numbers, where one pixel's features are sums of {products} "
        "products."
    )
    whole = made.count >= N * OUT * height * width
    more = "the whole map" if whole else "more than one pixel"
    raise Wrong(f"Right, but not fast: {told} It computes {more}.")
