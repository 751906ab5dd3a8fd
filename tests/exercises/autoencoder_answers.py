"""Right and wrong answers to the exercises on autoencoders, as learners write them."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F


def same_shape(loss):
    def checked(x, r):
        if x.shape != r.shape:
            raise ValueError("shapes differ")
        return loss(x, r)

    return checked


def loss_loop(x, r):
    total = 0.0
    for a, b in zip(x, r, strict=True):
        total += 0.5 * ((a - b) ** 2).sum()
    return total / len(x)


def loss_right(x, r):
    return ((x - r) ** 2).sum() / (2 * len(x))


def loss_gone_back(x, r):
    loss = loss_right(x, r)
    if loss.requires_grad:
        loss.backward()
    return loss


def check_k(x, k):
    if not 0 < k <= min(x.shape):
        raise ValueError("k")


def pca_eigh(x, k):
    check_k(x, k)
    x = x.double().numpy()
    mean = x.mean(0)
    _, vectors = np.linalg.eigh((x - mean).T @ (x - mean))
    return mean, vectors[:, ::-1][:, :k].T


def pca_with(direct, check=check_k):
    def pca(x, k):
        check(x, k)
        return x.mean(0), direct(x - x.mean(0), k)

    return pca


def check_k_asserted(x, k):
    assert 0 < k <= min(x.shape)


def check_k_against_pixels(x, k):
    if not 0 < k <= x.shape[1]:
        raise ValueError("k")


def _svd(x, k):
    return torch.linalg.svd(x, full_matrices=False).Vh[:k]


def angles_arccos(a, b):
    qa, qb = (torch.linalg.qr(m.double().T).Q for m in (a, b))
    return torch.linalg.svdvals(qa.T @ qb).clamp(max=1).acos()


def _cosines(a, b):
    qa, qb = (torch.linalg.qr(m.T).Q for m in (a, b))
    return torch.linalg.svdvals(qa.T @ qb)


def _normal(x, generator):
    return torch.randn(x.shape, generator=generator)


def noise_numpy_seeded(x, std, generator):
    seed = int(torch.randint(2**31, (), generator=generator))
    return x.numpy() + std * np.random.default_rng(seed).standard_normal(x.shape)


def noise_in_place(x, std, generator):
    x += std * _normal(x, generator)
    return x


def draw_numpy(y, per_class, generator):
    y = y.numpy()
    rng = np.random.default_rng(int(torch.randint(2**31, (), generator=generator)))
    parts = []
    for label in np.unique(y):
        where = np.flatnonzero(y == label)
        try:
            parts.append(rng.choice(where, per_class, replace=False))
        except ValueError as error:
            raise ValueError(f"label {label}: {error}") from error
    return np.concatenate(parts)


def draw_shuffled(y, per_class, generator):
    left = {int(c): per_class for c in y.unique()}
    drawn = []
    for index in torch.randperm(len(y), generator=generator).tolist():
        if left[int(y[index])]:
            left[int(y[index])] -= 1
            drawn.append(index)
    if any(left.values()):
        raise ValueError(f"too few of {[c for c, n in left.items() if n]}")
    return drawn


def draw_by(choose, check=True, error=lambda c: ValueError(f"too few of {c!r}")):
    def draw(y, per_class, generator):
        parts = []
        for label in y.unique():
            members = (y == label).nonzero().flatten()
            if check and len(members) < per_class:
                raise error(label)
            parts.append(choose(members, per_class, generator))
        return torch.cat(parts)

    return draw


def draw_all_ten(y, per_class, generator):
    drawn = []
    for label in range(10):
        members = (y == label).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        drawn.append(_permuted(members, per_class, generator))
    return torch.cat(drawn)


def _permuted(members, k, generator=None):
    return members[torch.randperm(len(members), generator=generator)][:k]


def _with_repetition(members, k, generator):
    return members[torch.randint(len(members), (k,), generator=generator)]


def gradients(x, e, d, scale=1.0):
    error = x @ e @ d - x
    return scale * x.T @ error @ d.T / len(x), scale * (x @ e).T @ error / len(x)


def gradients_autograd(x, e, d):
    e.requires_grad_(), d.requires_grad_()
    (0.5 * ((x @ e @ d - x) ** 2).sum(1).mean()).backward()
    return [e.grad, d.grad]


def gradients_numpy(x, e, d):
    return tuple(g.numpy() for g in gradients(x.double(), e.double(), d.double()))


def _path(start, end, shares):
    return start + shares[:, None] * (end - start)


RIGHT = {
    "autoencoder.reconstruction_loss": [
        same_shape(loss_loop),
        same_shape(lambda x, r: [loss_right(x, r.double())]),
        same_shape(lambda x, r: F.mse_loss(r, x, reduction="sum") / (2 * len(x))),
    ],
    "autoencoder.pca": [
        pca_eigh,
        pca_with(lambda x, k: -_svd(x.double(), k)),
        lambda x, k: [part.tolist() for part in pca_with(_svd)(x, k)],
        pca_with(
            lambda x, k: torch.pca_lowrank(x, q=min(x.shape), center=False)[2].T[:k]
        ),
    ],
    "autoencoder.principal_angles": [
        angles_arccos,
        lambda a, b: angles_arccos(a, b).numpy(),
        lambda a, b: _cosines(a, b).clamp(-1, 1).acos().tolist(),
    ],
    "autoencoder.add_noise": [
        noise_numpy_seeded,
        lambda x, std, g: torch.normal(x, std, generator=g),
        lambda x, std, g: torch.stack([i + std * _normal(i, g) for i in x]).double(),
    ],
    "autoencoder.interpolate": [
        lambda s, e, n: np.linspace(s.numpy(), e.numpy(), n),
        lambda s, e, n: [torch.lerp(s, e, i / (n - 1)) for i in range(n)],
        lambda s, e, n: _path(s.double(), e, torch.linspace(0, 1, n)),
    ],
    "autoencoder.balanced_draw": [draw_numpy, draw_shuffled, draw_by(_permuted)],
    "autoencoder.linear_gradients": [gradients_autograd, gradients_numpy, gradients],
}

WRONG = {
    "autoencoder.reconstruction_loss": {
        "averaged over the pixels, and the half": lambda x, r: F.mse_loss(r, x),
        "averaged over the pixels as well": lambda x, r: F.mse_loss(r, x) / 2,
        "half is missing: yours": lambda x, r: ((x - r) ** 2).sum() / len(x),
        "images too; their mean": lambda x, r: ((x - r) ** 2).sum() / 2,
        "images too, and the half": lambda x, r: ((x - r) ** 2).sum(),
        "not squared: these are absolute": lambda x, r: (x - r).abs().sum() / len(x),
        "mean over the batch": lambda x, r: ((x - r) ** 2).flatten(1).sum(1) / 2,
        "number of images twice": lambda x, r: ((x - r) ** 2).sum() / 2 / len(x) ** 2,
        "other way round": lambda x, r: ((x - r) ** 2).flatten(1).mean(1).sum() / 2,
        "one axis of each": lambda x, r: ((x - r) ** 2).sum(1).mean() / 2,
        "another axis": lambda x, r: ((x - r) ** 2).sum() / 2 / x.shape[1],
        "halved twice": lambda x, r: ((x - r) ** 2).sum() / 4 / len(x),
        "cancel positive ones": lambda x, r: (x - r).sum() / 2 / len(x),
        "reconstruction = [[1, 2, 0], [0, 0, 3]] yours is -3.5": lambda x, r: (
            (x**2 - r**2).sum() / 2 / len(x)
        ),
        "took a root": lambda x, r: (x - r).flatten(1).norm(dim=1).mean(),
        "No gradient flows": lambda x, r: loss_right(x, r).detach(),
        "gradient is not. For x": lambda x, r: (
            ((x - r) * (x - r).detach()).sum() / 2 / len(x)
        ),
        "Autograd cannot go back": loss_gone_back,
        "(4, 1) a ValueError should be raised; your function raises nothing": (
            loss_right
        ),
        "Dimension out of range": lambda x, r: ((x - r) ** 2).sum((1, 2, 3)).mean() / 2,
    },
    "autoencoder.pca": {
        "not centred": lambda x, k: (x.mean(0), _svd(x, k)),
        "varies least": pca_with(
            lambda x, k: torch.linalg.eigh(x.T @ x).eigenvectors[:, :k].T
        ),
        "ascend": pca_with(
            lambda x, k: torch.linalg.eigh(x.T @ x).eigenvectors[:, -k:].T
        ),
        "A component is a row": pca_with(lambda x, k: _svd(x, k).T),
        "length 1": pca_with(
            lambda x, k: _svd(x, k) * torch.linalg.svdvals(x)[:k, None]
        ),
        "codes of the images": pca_with(lambda x, k: x @ _svd(x, k).T),
        "a pair (mean, components)": lambda x, k: _svd(x - x.mean(0), k),
        "The mean should be": lambda x, k: (x.sum(0), _svd(x - x.mean(0), k)),
        "turned within": pca_with(
            lambda x, k: (
                torch.linalg.qr(torch.arange(9.0).reshape(3, 3).cos()).Q @ _svd(x, k)
            )
        ),
        "cut across": pca_with(
            lambda x, k: torch.linalg.eigh(x.T @ x).eigenvectors[:k]
        ),
        "same spread": pca_with(lambda x, k: _svd(x / x.std(0), k)),
        "a number for each image": pca_with(
            lambda x, k: torch.linalg.svd(x, full_matrices=False).U[:, :k].T
        ),
        "mean image": lambda x, k: (x.mean(1), _svd(x - x.mean(0), k)),
        "mean of x is asked for": lambda x, k: (x.mean(0) * 0, _svd(x - x.mean(0), k)),
        "the mean comes first": lambda x, k: (_svd(x - x.mean(0), k), x.mean(0)),
        "changed its input x": lambda x, k: (x.mean(0), _svd(x.sub_(x.mean(0)), k)),
        "For N = 6, D = 4 and k = 0, outside": pca_with(
            lambda x, k: _svd(x, k), lambda x, k: None
        ),
        "function raises AssertionError": pca_with(_svd, check_k_asserted),
        "For N = 4, D = 6 and k = 5, outside": pca_with(_svd, check_k_against_pixels),
        "Keep the first k": pca_with(lambda x, k: _svd(x, 6)),
    },
    "autoencoder.principal_angles": {
        "cosines of the angles": lambda a, b: _cosines(a, b),
        "degrees": lambda a, b: angles_arccos(a, b).rad2deg(),
        "descend": lambda a, b: angles_arccos(a, b).flip(0),
        "orthonormal first": lambda a, b: (
            torch.linalg.svdvals(a @ b.T).clamp(max=1).acos()
        ),
        "rounding": lambda a, b: _cosines(a, b).acos(),
        "all 0": lambda a, b: (
            torch.linalg.svdvals(torch.linalg.qr(a).Q.T @ torch.linalg.qr(b).Q)
            .clamp(max=1)
            .acos()
        ),
        "taken from the complement": lambda a, b: _cosines(a, b).clamp(max=1).asin(),
        "squares of the cosines for the cosines.": lambda a, b: (
            (_cosines(a, b) ** 2).clamp(max=1).acos()
        ),
        "1 minus the cosines": lambda a, b: 1 - _cosines(a, b),
        "k rows each have k angles": lambda a, b: angles_arccos(a, b).max(),
        "exchanged": lambda a, b: _cosines(a, b).clamp(max=1).asin().flip(0),
        "sines": lambda a, b: angles_arccos(a, b).sin(),
        "Not between each two rows": lambda a, b: (a @ b.T).clamp(-1, 1).acos(),
    },
    "autoencoder.add_noise": {
        "changed its input x": noise_in_place,
        "cut at 0 and 1": lambda x, s, g: (x + s * _normal(x, g)).clamp(0, 1),
        "as the variance": lambda x, s, g: x + s**2 * _normal(x, g),
        "root of std": lambda x, s, g: x + s**0.5 * _normal(x, g),
        "not scaled": lambda x, s, g: x + _normal(x, g),
        "never negative": lambda x, s, g: x + s * torch.rand(x.shape, generator=g),
        "is not normal": lambda x, s, g: (
            x + s * 12**0.5 * (torch.rand(x.shape, generator=g) - 0.5)
        ),
        "from the generator that": lambda x, s, g: x + s * torch.randn_like(x),
        "don't set a seed": lambda x, s, g: x + s * _normal(x, g.manual_seed(0)),
        "not multiplied": lambda x, s, g: x * (1 + s * _normal(x, g)),
        "Every image gets the same": lambda x, s, g: x + s * _normal(x[0], g),
        "All pixels of an image": lambda x, s, g: (
            x + s * torch.randn(len(x), 1, 1, 1, generator=g)
        ),
        "images are missing": lambda x, s, g: s * _normal(x, g),
        "the images twice": lambda x, s, g: x + torch.normal(x, s, generator=g),
        "Nothing is added": lambda x, s, g: x,
    },
    "autoencoder.interpolate": {
        "end is not reached": lambda s, e, n: _path(s, e, torch.arange(n) / n),
        "runs backwards": lambda s, e, n: _path(e, s, torch.linspace(0, 1, n)),
        "Both ends": lambda s, e, n: _path(s, e, torch.arange(1, n + 1) / (n + 1)),
        "start is left out": lambda s, e, n: _path(s, e, torch.arange(1, n + 1) / n),
        "begins at 0": lambda s, e, n: torch.linspace(0, 1, n)[:, None] * (e - s),
        "one row too many": lambda s, e, n: _path(s, e, torch.linspace(0, 1, n + 1)),
        "is a row": lambda s, e, n: _path(s, e, torch.linspace(0, 1, n)).T,
        "evenly spaced": lambda s, e, n: _path(s, e, torch.linspace(0, 1, n) ** 2),
        "has shape (5, 2)": lambda s, e, n: _path(s, e, torch.linspace(0, 1, 5)),
        "not end, but the way": lambda s, e, n: (
            s + torch.linspace(0, 1, n)[:, None] * e
        ),
        "start has no share": lambda s, e, n: torch.linspace(0, 1, n)[:, None] * e,
        "not their sum": lambda s, e, n: _path(s, 2 * s + e, torch.linspace(0, 1, n)),
        "the steps share the way": lambda s, e, n: _path(s, e, torch.arange(n)),
        "Every row is the same": lambda s, e, n: ((s + e) / 2).expand(n, -1),
    },
    "autoencoder.balanced_draw": {
        "comes twice": draw_by(_with_repetition),
        "images are never drawn": draw_by(lambda m, k, g: _permuted(m[: k + 2], k, g)),
        "Every seed draws": draw_by(lambda m, k, g: m[:k]),
        "ValueError should be raised": draw_by(_permuted, check=False),
        "seed differ": draw_by(lambda m, k, g: _permuted(m, k)),
        "places within": draw_by(
            lambda m, k, g: torch.randperm(len(m), generator=g)[:k]
        ),
        "These are labels": lambda y, k, g: y[draw_by(_permuted)(y, k, g)],
        "where 4 of each": lambda y, k, g: torch.randperm(len(y), generator=g)[: 3 * k],
        "only classes that occur in y count, here 2, 5 and 19": draw_all_ten,
        "does not say which class": draw_by(
            _permuted, error=lambda c: ValueError("class 1 has 2 images, not 3")
        ),
        "raises KeyError; a ValueError": draw_by(_permuted, error=KeyError),
        "but as floats": lambda y, k, g: draw_by(_permuted)(y, k, g).float(),
        "raises IndexError": lambda y, k, g: draw_by(
            lambda m, k, g: m[torch.randperm(len(m), generator=g)][list(range(k))],
            check=False,
        )(y, k, g),
    },
    "autoencoder.linear_gradients": {
        "encoder's gradient is summed": lambda x, e, d: gradients(x, e, d, len(x)),
        "twice too large": lambda x, e, d: gradients(x, e, d, 2),
        "half as large": lambda x, e, d: gradients(x, e, d, 0.5),
        "sign turned": lambda x, e, d: gradients(x, e, d, -1),
        "averaged over the pixels": lambda x, e, d: gradients(x, e, d, 1 / x.shape[1]),
        "exchanged": lambda x, e, d: gradients(x, e, d)[::-1],
        "transposed": lambda x, e, d: [g.T for g in gradients(x, e, d)],
        "decoder's gradient is summed": lambda x, e, d: (
            gradients(x, e, d)[0],
            len(x) * gradients(x, e, d)[1],
        ),
        "number of images twice": lambda x, e, d: gradients(x, e, d, 1 / len(x)),
        "images, and twice too large": lambda x, e, d: gradients(x, e, d, 2 * len(x)),
        "pixels too, and twice": lambda x, e, d: gradients(x, e, d, 2 / x.shape[1]),
        "through the encoder's": lambda x, e, d: (
            x.T @ (x @ e @ d - x) @ e / len(x),
            gradients(x, e, d)[1],
        ),
        "The codes enter": lambda x, e, d: (
            gradients(x, e, d)[0],
            x.T @ (x @ e @ d - x) / len(x),
        ),
        "is yours transposed": lambda x, e, d: (
            gradients(x, e, d)[0],
            gradients(x, e, d)[1].T,
        ),
        "For x = [[3]], encoder = [[2]], decoder = [[1]] yours is 27": lambda x, e, d: (
            gradients(x, e, d)[0] + gradients(x, e, d)[1].T,
            gradients(x, e, d)[1],
        ),
        "reconstruction, where its error": lambda x, e, d: (
            gradients(x, e, d)[0],
            (x @ e).T @ (x @ e @ d) / len(x),
        ),
        "(encoder's, decoder's gradient)": lambda x, e, d: gradients(x, e, d)[0],
    },
}
