"""What right gradients of a linear autoencoder, and through a loss, obey."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gencourse.exercises import seeds
from gencourse.exercises.answer import Answer, Raised
from gencourse.exercises.compare import expect, near, numbers, pair
from gencourse.exercises.exercise import Wrong
from gencourse.exercises.results import converted

# How each gradient goes wrong, for N = 7 images of D = 5 pixels.
GRADIENT: dict[str, Callable[[Tensor], Tensor]] = {
    "is summed over the images; the loss is a mean over them": lambda g: 7 * g,
    "is averaged over the pixels too; the loss is a sum over them": lambda g: g / 5,
    "is summed over the images, and twice too large": lambda g: 14 * g,
    "is averaged over the pixels too, and twice too large": lambda g: 2 * g / 5,
    "is divided by the number of images twice": lambda g: g / 7,
    "is twice too large: the half cancels the 2 of the square": lambda g: 2 * g,
    "is half as large as it should be: the square brings a 2": lambda g: g / 2,
    "has its sign turned: it should point uphill": lambda g: -g,
}
NO_GRADIENT = "No gradient flows back through your loss: it cannot train anything."


SHAPES = {"encoder": (5, 2), "decoder": (2, 5)}
SQUARE = {
    "encoder": "The loss sees the codes through the decoder: its weights are missing.",
    "decoder": "The codes enter the decoder, not the images.",
}


def gradients_by_autograd(f: Answer) -> None:
    """Both gradients are those that autograd finds."""
    generator = seeds.generator(0)
    x, encoder = (torch.randn(*s, generator=generator) for s in ((7, 5), (5, 2)))
    decoder = torch.randn(2, 5, generator=generator)
    leaves = [w.double().requires_grad_() for w in (encoder, decoder)]
    errors = x.double() @ leaves[0] @ leaves[1] - x.double()
    right = torch.autograd.grad(0.5 * errors.square().sum() / len(x), leaves)
    first, second = pair(f(x - 0, encoder, decoder), "encoder's", "decoder's gradient")
    _check_exchanged(first, second, right)
    parts = x.double(), encoder.double(), decoder.double()
    for name, got, exact in zip(SHAPES, (first, second), right, strict=True):
        _check_gradient(name, got, exact, parts)
        if not near(numbers(got, SHAPES[name]), exact):
            gradients_of_one_number(f)
            what = f"The {name}'s gradient is not that of the loss."
            expect(numbers(got, SHAPES[name]), exact, what)


def gradients_of_one_number(f: Answer) -> None:
    """One image of one pixel with a code of one number can be done by hand."""
    x, encoder, decoder = torch.tensor([[[3.0]], [[2.0]], [[1.0]]])
    first, second = pair(f(x, encoder, decoder), "encoder's", "decoder's gradient")
    for name, value, due in (("encoder", first, 9.0), ("decoder", second, 18.0)):
        what = f"The {name}'s gradient is not that of the loss."
        got = numbers(value, (1, 1))
        expect(got, torch.tensor([[due]]), what, told=f.for_inputs())


def _check_exchanged(first: object, second: object, right: tuple[Tensor, ...]) -> None:
    shape = getattr(first, "shape", ()), getattr(second, "shape", ())
    if tuple(map(tuple, shape)) == ((2, 5), (5, 2)):
        turned = near(numbers(first, (2, 5)), right[0].mT)
        raise Wrong(
            "Your gradients are transposed: each has the shape of its weights."
            if turned
            else "The pair is exchanged: the encoder's gradient comes first."
        )


def _check_gradient(
    name: str, value: object, right: Tensor, parts: tuple[Tensor, Tensor, Tensor]
) -> None:
    shape = SHAPES[name]
    shapes = {
        shape[::-1]: "A gradient has the shape of its weights: is yours transposed?",
        (5, 5): SQUARE[name],
    }
    got = numbers(value, shape, shapes)
    for mistake, mistaken in GRADIENT.items():
        if near(got, mistaken(right)):
            raise Wrong(f"The {name}'s gradient {mistake}.")
    _check_errors(name, got, *parts)


def _check_errors(
    name: str, got: Tensor, x: Tensor, encoder: Tensor, decoder: Tensor
) -> None:
    """Raise Wrong where something else went back through the layers than the error."""
    errors = {
        "the reconstruction, where its error belongs": x @ encoder @ decoder,
        "the error squared, where a derivative has the error itself": (
            (x @ encoder @ decoder - x).square()
        ),
        "x, where the error of the reconstruction belongs": x,
    }
    for mistake, error in errors.items():
        wrong = _gradients(x, encoder, decoder, error)[name]
        if any(near(got, sign * wrong) for sign in (1, -1)):
            raise Wrong(f"The {name}'s gradient is made with {mistake}.")
    back = x.mT @ (x @ encoder @ decoder - x) @ encoder / len(x)
    if name == "encoder" and near(got, back):
        raise Wrong(
            "The encoder's gradient comes back through the encoder's weights; it is "
            "the decoder that stands between the codes and the loss."
        )


def _gradients(
    x: Tensor, encoder: Tensor, decoder: Tensor, error: Tensor
) -> dict[str, Tensor]:
    """Both gradients if this were the error of the reconstruction."""
    error = error / len(x)
    return {
        "encoder": x.mT @ error @ decoder.mT,
        "decoder": (x @ encoder).mT @ error,
    }


def loss_can_train(f: Answer) -> None:
    """The loss's gradient reaches the reconstruction, and is the error's share."""
    x = torch.tensor([[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]])
    reconstruction = torch.tensor([[0.5, 1.0, 0.0], [2.0, -1.0, 4.0]])
    leaf = reconstruction.clone().requires_grad_()
    got = _gradient(_loss(f, x, leaf), leaf)
    if got is None or not got.any():
        raise Wrong(NO_GRADIENT)
    what = "The value of your loss is right, but its gradient is not."
    expect(got.double(), (reconstruction - x) / 2, what, told=f.for_inputs())


def _loss(f: Answer, x: Tensor, leaf: Tensor) -> Tensor:
    """The answer's loss as the training that follows gets it."""
    try:
        result = f(x, leaf)
    except Raised as raised:
        # torch refuses to make an array of what needs a gradient.
        if isinstance(raised.error, RuntimeError) and "grad" in str(raised.error):
            raise Wrong(NO_GRADIENT) from None
        raise
    numbers(result, ())
    loss = converted(f.exercise, result, (x, leaf))
    assert isinstance(loss, Tensor)  # numbers has read it as one
    return loss.sum()


def _gradient(loss: Tensor, leaf: Tensor) -> Tensor | None:
    if not loss.requires_grad:
        return None
    try:
        return torch.autograd.grad(loss, leaf, allow_unused=True)[0]
    except RuntimeError:
        raise Wrong(
            "Autograd cannot go back through your loss: leave its graph as it is, and "
            "the way back to the training."
        ) from None
