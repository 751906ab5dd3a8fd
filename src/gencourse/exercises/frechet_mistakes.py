"""What wrong Frechet distances return."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import torch
from torch import Tensor

from gencourse.exercises.compare import Mistakes


def _root(matrix: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    return torch.as_tensor((vectors * values.clamp(min=0).sqrt()) @ vectors.mT)


def _between(a: Tensor, b: Tensor) -> Tensor:
    """The trace of the root of both together."""
    first = _root(a)
    return _root(first @ b @ first).trace()


def _square(m: Tensor, n: Tensor) -> Tensor:
    return (m - n).square().sum()


def _traces(a: Tensor, b: Tensor) -> Tensor:
    return a.trace() + b.trace()


def _with(shared: Tensor, m: Tensor, a: Tensor, n: Tensor, b: Tensor) -> Tensor:
    """The distance with another term for what both covariances share."""
    return _square(m, n) + _traces(a, b) - 2 * shared


def _each(matrix: Tensor) -> Tensor:
    """The root of each number."""
    return matrix.clamp(min=0).sqrt()


def _inner(first: Tensor, b: Tensor) -> Tensor:
    return first @ b @ first


def turned(m: Tensor, a: Tensor, n: Tensor, b: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Yield sentences, and distances where eigenvectors stand in the wrong places.

    Each eigenvector may point either way, and such a distance changes with that.
    """
    values, vectors = torch.linalg.eigh(a)
    scales = values.clamp(min=0).sqrt()
    for signs in product((1.0, -1.0), repeat=len(m)):
        v = vectors * torch.tensor(signs).to(a)
        for sentence, first in (
            (TRANSPOSED_FIRST, (v.mT * scales) @ v),
            (SAME_TWICE, (v * scales) @ v),
        ):
            yield sentence, _with(_root(_inner(first, b)).trace(), m, a, n, b)


TRANSPOSED_FIRST = (
    "The eigenvectors are the columns of the matrix that torch returns; in your root "
    "the transposed ones stand first, and its square is not the covariance."
)
SAME_TWICE = (
    "In your root the same eigenvectors stand on both sides of the roots, none of them "
    "transposed: its square is not the covariance."
)
# Of the right value, and mean and covariance of both, in float64.
FRECHET: Mistakes = {
    "This is the root of the distance; the squared distance is asked for.": (
        lambda right, m, a, n, b: right.sqrt()
    ),
    "The distance is squared once too often.": lambda right, m, a, n, b: right**2,
    "The distance of the means enters without its square.": (
        lambda right, m, a, n, b: right - _square(m, n) + _square(m, n).sqrt()
    ),
    "The squares of the means' differences are averaged; their sum is asked for.": (
        lambda right, m, a, n, b: right - _square(m, n) * (1 - 1 / len(m))
    ),
    "The differences of the means are added up without being squared.": (
        lambda right, m, a, n, b: right - _square(m, n) + (m - n).sum()
    ),
    "The absolute differences of the means are added up; squares are due.": (
        lambda right, m, a, n, b: right - _square(m, n) + (m - n).abs().sum()
    ),
    "The means are missing: this is the covariances' part.": (
        lambda right, m, a, n, b: right - _square(m, n)
    ),
    "The covariances are missing: this is the means' part.": (
        lambda right, m, a, n, b: _square(m, n)
    ),
    "The factor 2 of the root is missing: a Gaussian would be away from itself.": (
        lambda right, m, a, n, b: _with(_between(a, b) / 2, m, a, n, b)
    ),
    "The root is missing from yours, what the covariances share: a Gaussian would be "
    "away from itself.": lambda right, m, a, n, b: _with(0 * right, m, a, n, b),
    "The root has the wrong sign: a Gaussian would be away from itself.": (
        lambda right, m, a, n, b: _with(-_between(a, b), m, a, n, b)
    ),
    "The product of the covariances enters without its root.": (
        lambda right, m, a, n, b: _with((a @ b).trace(), m, a, n, b)
    ),
    "The roots of both covariances are multiplied: that is the root of their product "
    "only where the two commute.": (
        lambda right, m, a, n, b: _with((_root(a) @ _root(b)).trace(), m, a, n, b)
    ),
    "The root is taken of each number of the product; a matrix's root is another "
    "thing, and its square is the matrix.": (
        lambda right, m, a, n, b: _with((a @ b).sqrt().trace(), m, a, n, b)
    ),
    "Your second root is that of each number; a matrix's root is another thing, and "
    "its square is the matrix.": lambda right, m, a, n, b: _with(
        _each(_inner(_root(a), b)).trace(), m, a, n, b
    ),
    "Your first root is that of each number; a matrix's root is another thing, and its "
    "square is the matrix.": lambda right, m, a, n, b: _with(
        _root(_inner(_each(a), b)).trace(), m, a, n, b
    ),
    "Both roots are those of each number; a matrix's root is another thing, and its "
    "square is the matrix.": lambda right, m, a, n, b: _with(
        _each(_inner(_each(a), b)).trace(), m, a, n, b
    ),
    "The root is taken of the trace; the trace of the root is asked for.": (
        lambda right, m, a, n, b: _with((a @ b).trace().sqrt(), m, a, n, b)
    ),
    "The numbers of the root are added up, all of them; its trace is asked for.": (
        lambda right, m, a, n, b: _with(_root(_inner(_root(a), b)).sum(), m, a, n, b)
    ),
    "The covariances are multiplied number by number in yours, or only their diagonals "
    "count: as if the features were independent.": (
        lambda right, m, a, n, b: _with((a.diag() * b.diag()).sqrt().sum(), m, a, n, b)
    ),
    "The product is made symmetric by averaging it with its transpose: that changes "
    "its eigenvalues.": lambda right, m, a, n, b: _with(
        _root((a @ b + b @ a) / 2).trace(), m, a, n, b
    ),
    "The eigenvalues are those of a part of the product, its lower triangle: the "
    "product of two covariances is not symmetric.": (
        lambda right, m, a, n, b: _with(
            torch.linalg.eigvalsh(a @ b).clamp(min=0).sqrt().sum(), m, a, n, b
        )
    ),
    "The singular values of the product stand where its eigenvalues belong: it is not "
    "symmetric.": lambda right, m, a, n, b: _with(
        torch.linalg.svdvals(a @ b).sqrt().sum(), m, a, n, b
    ),
    "The eigenvalues of the two are paired by size: that is right only where they "
    "share their eigenvectors.": lambda right, m, a, n, b: _with(
        (torch.linalg.eigvalsh(a) * torch.linalg.eigvalsh(b)).sqrt().sum(), m, a, n, b
    ),
    "A triangular factor stands in place of the root; its own square is not the "
    "matrix.": lambda right, m, a, n, b: _with(
        torch.linalg.cholesky(_root(a) @ b @ _root(a)).trace(), m, a, n, b
    ),
    "Triangular factors of both are multiplied; that is no root of the product.": (
        lambda right, m, a, n, b: _with(
            (torch.linalg.cholesky(a) @ torch.linalg.cholesky(b)).trace(), m, a, n, b
        )
    ),
    "Triangular factors of both are multiplied, one of them transposed; that is no "
    "root of the product.": lambda right, m, a, n, b: _with(
        (torch.linalg.cholesky(a) @ torch.linalg.cholesky(b).mT).trace(), m, a, n, b
    ),
    "A covariance itself stands on both sides where its root belongs.": (
        lambda right, m, a, n, b: _with(_root(a @ b @ a).trace(), m, a, n, b)
    ),
    "The covariances are averaged before the root; it is their product that it is "
    "taken of.": lambda right, m, a, n, b: _with(
        _root((a + b) / 2).trace(), m, a, n, b
    ),
    "The numbers of all the covariances are added up where their traces belong.": (
        lambda right, m, a, n, b: right - _traces(a, b) + a.sum() + b.sum()
    ),
    "This is the squared difference of the covariances number by number; their scale "
    "is that of squares already.": (
        lambda right, m, a, n, b: _square(m, n) + (a - b).square().sum()
    ),
    "The second covariance is missing.": lambda right, m, a, n, b: right - b.trace(),
    "The first covariance is missing.": lambda right, m, a, n, b: right - a.trace(),
    "The traces are subtracted from each other; they are added.": (
        lambda right, m, a, n, b: right - 2 * b.trace()
    ),
    "Yours is half of the distance.": lambda right, m, a, n, b: right / 2,
}
