"""What a right mask, a right gate and a right blind spot obey."""

from __future__ import annotations

import torch
from torch import Tensor

from gencourse.exercises.answer import Answer
from gencourse.exercises.backward import gradients
from gencourse.exercises.compare import Causes, Mistakes, expect, numbers
from gencourse.exercises.error_laws import expect_value_error


def _both(hidden: Tensor, shown: Tensor) -> Tensor:
    return torch.stack([hidden, shown]).double()


# Of a kernel's row, column and place in raster order, for its middle row m; the first
# of each two is for mask A.
MASKS: Mistakes = {
    "The masks are exchanged: A hides the pixel itself, B shows it.": (
        lambda row, col, n, m: _both(n <= n[m, m], n < n[m, m])
    ),
    "Mask A shows the pixel itself: a model would read off what it should predict.": (
        lambda row, col, n, m: _both(n <= n[m, m], n <= n[m, m])
    ),
    "Mask B hides the pixel itself; mask A alone does.": (
        lambda row, col, n, m: _both(n < n[m, m], n < n[m, m])
    ),
    "The mask is turned round: it lets later pixels through and hides earlier ones.": (
        lambda row, col, n, m: _both(n > n[m, m], n >= n[m, m])
    ),
    "The values are exchanged: 1 is for a weight that counts.": (
        lambda row, col, n, m: _both(n >= n[m, m], n > n[m, m])
    ),
    "The pixels on the left in the pixel's own row are hidden; they are earlier.": (
        lambda row, col, n, m: _both(row < m, (row < m) | (n == n[m, m]))
    ),
    "In the rows above you hide what lies to the right; the whole row is earlier.": (
        lambda row, col, n, m: _both(
            (n < n[m, m]) & (col <= m), (n <= n[m, m]) & (col <= m)
        )
    ),
    "The pixels on the right in the pixel's own row are shown; they are later.": (
        lambda row, col, n, m: _both((row <= m) & (n != n[m, m]), row <= m)
    ),
    "Your order goes down the columns; raster order goes along the rows.": (
        lambda row, col, n, m: _both((n < n[m, m]).T, (n <= n[m, m]).T)
    ),
    "The rows above the pixel's own are hidden; they are earlier.": (
        lambda row, col, n, m: _both((row == m) & (col < m), (row == m) & (col <= m))
    ),
    "This is a triangle across the kernel: row r of it shows columns up to r. Which "
    "weights lie on earlier pixels, seen from the centre?": (
        lambda row, col, n, m: _both(col < row, col <= row)
    ),
    "Only the pixel itself is hidden; the later ones should be too.": (
        lambda row, col, n, m: _both(n != n[m, m], n >= 0)
    ),
}


def mask_is_raster_order(f: Answer) -> None:
    """Masks A and B of a 5x5 kernel show what is earlier."""
    shapes = {
        (1, 1, 5, 5): "One kernel's mask is asked for, without axes for channels.",
        (25,): "A kernel has rows and columns.",
    }
    got = torch.stack([numbers(f(5, mask), (5, 5), shapes) for mask in ("A", "B")])
    n = torch.arange(25).view(5, 5)
    given = (n // 5, n % 5, n, 2)
    what = (
        "The first index is the mask, A or B: 1 where a weight sees an earlier pixel."
    )
    expect(got, _both(n < 12, n <= 12), what, MASKS, given)


def mask_has_any_side(f: Answer) -> None:
    """The centre is found in kernels of every odd side."""
    for side in (1, 3, 7):
        n = torch.arange(side**2).view(side, side)
        for mask, count in (("A", side**2 // 2), ("B", side**2 // 2 + 1)):
            what = f"The mask is right for a 5x5 kernel, but not {mask} for {side}."
            got = numbers(f(side, mask), (side, side))
            expect(got, (n < count).double(), what)


def mask_needs_a_centre(f: Answer) -> None:
    """An even kernel and an unknown mask are ValueErrors."""
    for kernel in (4, 2):
        expect_value_error(f, f"For a kernel of side {kernel}", kernel, "A")
    for mask in ("C", "AB", "a"):
        expect_value_error(f, f"For mask {mask!r}", 3, mask)


GATE: Mistakes = {
    "The halves are exchanged: tanh is for the first.": (
        lambda a, b: b.tanh() * a.sigmoid()
    ),
    "The tanh is missing from the first half.": lambda a, b: a * b.sigmoid(),
    "The sigmoid is missing from the second half.": lambda a, b: a.tanh() * b,
    "Both halves go through a sigmoid; the signal may be negative.": (
        lambda a, b: a.sigmoid() * b.sigmoid()
    ),
    "Both halves go through tanh; a gate lies between 0 and 1.": (
        lambda a, b: a.tanh() * b.tanh()
    ),
    "The halves are added; a gate multiplies.": lambda a, b: a.tanh() + b.sigmoid(),
    "The first half is a ReLU's; tanh is asked for.": (
        lambda a, b: a.relu() * b.sigmoid()
    ),
    "You take tanh of the product; it is for the first half alone.": (
        lambda a, b: (a * b.sigmoid()).tanh()
    ),
    "The sigmoid is taken of the product; it is for the second half alone.": (
        lambda a, b: (a.tanh() * b).sigmoid()
    ),
    "You take every second feature; the first half and the second half are meant.": (
        lambda a, b: _interleaved(torch.cat([a, b], 1))
    ),
}


HALVED = ((2, 4, 6, 6), (4, 2, 6, 6), (4, 4, 3, 6), (4, 4, 6, 3))


def _interleaved(x: Tensor) -> Tensor:
    return x[:, ::2].tanh() * x[:, 1::2].sigmoid()


def _gated(x: Tensor, dim: int) -> Tensor:
    first, second = x.double().tensor_split(2, dim)
    return first.tanh() * second.sigmoid()


def gate_is_known(f: Answer) -> None:
    """The gate of known features is known, along the axis that is asked for."""
    x = torch.linspace(-3, 3, 48).cos().mul(3).view(2, 4, 2, 3)
    shapes: Causes = {
        (2, 4, 2, 3): "Two halves make one: half as many features come back.",
        (1, 4, 2, 3): "dim tells which axis is halved.",
        (2, 4, 1, 3): "dim tells which axis is halved.",
    }
    got = numbers(f(x, 1), (2, 2, 2, 3), shapes)
    what = "The signal goes through tanh, the gate through a sigmoid."
    expect(got, _gated(x, 1), what, GATE, tuple(x.double().tensor_split(2, 1)))
    vectors = x.flatten(1)
    shapes = {(1, 24): "dim tells which axis is halved."}
    got = numbers(f(vectors, -1), (2, 12), shapes)
    expect(got, _gated(vectors, -1), "For dim = -1 the last axis is halved.")
    for dim, shape in ((-1, (4, 4, 6, 3)), (2, (4, 4, 3, 6)), (0, (2, 4, 6, 6))):
        _expect_halved(f, dim, shape)


def _expect_halved(f: Answer, dim: int, shape: tuple[int, ...]) -> None:
    x = torch.linspace(-5, 5, 576).cos().mul(3).view(4, 4, 6, 6)
    case = f"This is for features of shape (4, 4, 6, 6) and dim = {dim}"
    halved = {s: f"{case}: another axis is halved, whatever dim says." for s in HALVED}
    got = numbers(f(x, dim), shape, halved)
    expect(got, _gated(x, dim), f"{case}.")


def gate_far_from_0(f: Answer) -> None:
    """Far from 0 a signal is 1 or -1, and a gate open or shut."""
    x = torch.tensor([[9.0, -9.0, 200.0, 1.0, 9.0, 9.0, 200.0, -12.0]])
    what = "Far from 0 your value is off: nothing is to be clamped."
    expect(numbers(f(x, 1), (1, 4)), _gated(x, 1), what, tolerance=2e-5)


def gate_can_train(f: Answer) -> None:
    """Gradients flow back through the gate, to both halves."""
    x = torch.linspace(-2, 2, 12).view(2, 6).requires_grad_()
    (got,) = gradients(f, x, 1)
    (right,) = torch.autograd.grad(_gated(x, 1).sum(), x)
    what = "The values are right, but their gradient is not."
    expect(got.double(), right.double(), what)
