"""Right and wrong answers to the exercises on codes, as learners write them."""

from __future__ import annotations

import itertools
import statistics

import numpy as np
import torch
import torch.nn.functional as F


def two_or_more(compute):
    def active(mu, threshold=0.01):
        if len(mu) < 2:
            raise ValueError("too few images")
        return compute(mu, threshold)

    return active


def active_loop(mu, threshold):
    return [
        statistics.variance(column) > threshold
        for column in zip(*mu.tolist(), strict=True)
    ]


def active_einsum(mu, threshold):
    centred = mu - mu.mean(0)
    return torch.einsum("nd,nd->d", centred, centred) / (len(mu) - 1) > threshold


def active_covariance(mu, threshold):
    return torch.atleast_2d(mu.T.cov()).diagonal().gt(threshold)


def active_by_squares(mu, threshold):
    """The mean square less the square of the mean, as float32 works it out."""
    n = len(mu)
    return (mu.square().mean(0) - mu.mean(0) ** 2) * n / (n - 1) > threshold


def at_least_three(mu, threshold=0.01):
    if len(mu) < 3:
        raise ValueError("too few images")
    return mu.var(0) > threshold


def classes_right(z, classes):
    return z.repeat_interleave(classes, 0), torch.arange(classes).repeat(len(z))


def classes_loop(z, classes):
    pairs = list(itertools.product(z, range(classes)))
    return torch.stack([code for code, _ in pairs]), [label for _, label in pairs]


def classes_grid(z, classes):
    n, d = z.shape
    codes = z[:, None].expand(n, classes, d).reshape(-1, d)
    return codes, torch.arange(classes).expand(n, classes).flatten()


def classes_numpy(z, classes):
    labels = np.tile(np.arange(classes, dtype=np.int32), len(z))
    return np.repeat(z.numpy(), classes, axis=0), labels


def classes_modulo(z, classes):
    rows = torch.arange(len(z) * classes)
    return z[rows // classes], rows % classes


def codes_are(codes):
    return lambda z, k: (codes(z, k), classes_right(z, k)[1])


def labels_are(labels):
    return lambda z, k: (classes_right(z, k)[0], labels(len(z), k))


def in_place(z, classes):
    codes, labels = classes_right(z, classes)
    z.zero_()
    return codes, labels


def new_noise(z, classes):
    generator = torch.Generator().manual_seed(0)
    codes = torch.randn(len(z) * classes, z.shape[1], generator=generator)
    return codes, classes_right(z, classes)[1]


def with_labels(z, classes, labels):
    codes, y = classes_right(z, classes)
    return torch.cat([codes, labels(y, classes)], 1), y


RIGHT = {
    "vae.active_dimensions": [
        two_or_more(active_loop),
        two_or_more(active_einsum),
        two_or_more(active_covariance),
        two_or_more(lambda mu, at: np.var(mu.numpy(), axis=0, ddof=1) > at),
    ],
    "vae.every_class": [classes_loop, classes_grid, classes_numpy, classes_modulo],
}
WRONG = {
    "vae.active_dimensions": {
        "the collapsed dimensions": two_or_more(lambda mu, at: mu.var(0) <= at),
        "standard deviation is held": two_or_more(lambda mu, at: mu.std(0) > at),
        "taken with N, is held": two_or_more(
            lambda mu, at: mu.numpy().std(axis=0) > at
        ),
        "square of the threshold": two_or_more(lambda mu, at: mu.std(0) > at**2),
        "root of the threshold": two_or_more(lambda mu, at: mu.var(0) > at**0.5),
        "divided by the largest": two_or_more(
            lambda mu, at: mu.var(0) / mu.var(0).max() > at
        ),
        "divided by their sum": two_or_more(
            lambda mu, at: mu.var(0) / mu.var(0).sum() > at
        ),
        "divided by their mean": two_or_more(
            lambda mu, at: mu.var(0) / mu.var(0).mean() > at
        ),
        "is rounded": two_or_more(lambda mu, at: mu.var(0).round(decimals=2) > at),
        "from one image to the next": two_or_more(
            lambda mu, at: mu.diff(dim=0).abs().mean(0) > at
        ),
        "near 1000": two_or_more(active_by_squares),
        "size of the means": two_or_more(lambda mu, at: mu.abs().mean(0) > at),
        "The mean over images": two_or_more(lambda mu, at: mu.mean(0) > at),
        "absolute value of the mean": two_or_more(lambda mu, at: mu.mean(0).abs() > at),
        "mean square": two_or_more(lambda mu, at: (mu**2).mean(0) > at),
        "mean absolute deviation": two_or_more(
            lambda mu, at: (mu - mu.mean(0)).abs().mean(0) > at
        ),
        "The range": two_or_more(lambda mu, at: mu.max(0)[0] - mu.min(0)[0] > at),
        "taken with N;": two_or_more(lambda mu, at: mu.var(0, unbiased=False) > at),
        "sum of squares": two_or_more(
            lambda mu, at: ((mu - mu.mean(0)) ** 2).sum(0) > at
        ),
        "standard error": two_or_more(lambda mu, at: mu.std(0) / len(mu) ** 0.5 > at),
        "All dimensions are active": two_or_more(lambda mu, at: mu.var(0) >= 0),
        "No dimension is active": two_or_more(lambda mu, at: mu.var(0) < 0),
        "variances themselves": two_or_more(lambda mu, at: mu.var(0)),
        "are standard deviations": two_or_more(lambda mu, at: mu.std(0)),
        "threshold is not used": two_or_more(lambda mu, at: mu.var(0) > 0),
        "not for each image": two_or_more(lambda mu, at: mu.var(1) > at),
        "together decide": two_or_more(lambda mu, at: mu.square() > at),
        "their sum is the number": two_or_more(lambda mu, at: (mu.var(0) > at).sum()),
        "axis of the images goes": two_or_more(
            lambda mu, at: mu.var(0, keepdim=True) > at
        ),
        "the places of some": two_or_more(lambda mu, at: (mu.var(0) > at).nonzero()),
        "With threshold 0.1": two_or_more(lambda mu, at: mu.var(0) > 0.01),
        "exactly the threshold": two_or_more(lambda mu, at: mu.var(0) >= at),
        "(1, 19), too few": lambda mu, threshold=0.01: mu.var(0) > threshold,
        "raised ValueError": at_least_three,
        "has a default": lambda mu, threshold: mu.var(0) > threshold,
        "changed its input mu": two_or_more(
            lambda mu, at: mu.sub_(mu.mean(0)).square().sum(0) / (len(mu) - 1) > at
        ),
    },
    "vae.every_class": {
        "order of the codes is mixed": codes_are(lambda z, k: z.repeat(k, 1)),
        "stand in another order": lambda z, k: (
            z.repeat(k, 1),
            torch.arange(k).repeat_interleave(len(z)),
        ),
        "codes come in reverse": codes_are(
            lambda z, k: z.flip(0).repeat_interleave(k, 0)
        ),
        "the first one.": codes_are(lambda z, k: z[:1].repeat(len(z) * k, 1)),
        "others than those of z": new_noise,
        "cut anew": codes_are(lambda z, k: z.repeat(1, k).T.reshape(-1, z.shape[1])),
        "interleaved wrong": labels_are(
            lambda n, k: torch.arange(k).repeat_interleave(n)
        ),
        "which code it is": labels_are(
            lambda n, k: torch.arange(n).repeat_interleave(k)
        ),
        "yours start at 1": labels_are(lambda n, k: torch.arange(1, k + 1).repeat(n)),
        "descend": labels_are(lambda n, k: torch.arange(k).flip(0).repeat(n)),
        "begin anew": labels_are(lambda n, k: torch.arange(n * k)),
        "All labels are 0": labels_are(lambda n, k: torch.zeros(n * k).long()),
        "up to the number of codes": labels_are(lambda n, k: torch.arange(n).repeat(k)),
        "as often as there are codes": lambda z, k: (
            z.repeat_interleave(len(z), 0),
            torch.arange(k).repeat(len(z)),
        ),
        "once for each code": labels_are(lambda n, k: torch.arange(k).repeat(k)),
        "codes come once": codes_are(lambda z, k: z),
        "code after code": codes_are(lambda z, k: z[:, None].repeat(1, k, 1)),
        "copy of a code": codes_are(lambda z, k: z.repeat(1, k)),
        "Every row of the codes": labels_are(lambda n, k: torch.arange(k)),
        "a row of 0 and 1": labels_are(
            lambda n, k: F.one_hot(torch.arange(k).repeat(n), k)
        ),
        "no second axis": labels_are(lambda n, k: torch.arange(k).repeat(n)[:, None]),
        "as the codes are": labels_are(lambda n, k: torch.arange(k).repeat(n, 1)),
        "stay apart": lambda z, k: with_labels(z, k, F.one_hot),
        "not always 10": lambda z, k: classes_right(z, 10),
        "one class too few": lambda z, k: classes_right(z, k - 1),
        "one class too many": lambda z, k: classes_right(z, k + 1),
        "but as floats": labels_are(lambda n, k: torch.arange(float(k)).repeat(n)),
        "pair is exchanged": lambda z, k: classes_right(z, k)[::-1],
        "a pair (codes, labels)": lambda z, k: classes_right(z, k)[0],
        "changed its input z": in_place,
        "With z (1, 2) and 3 classes the labels": lambda z, k: (
            classes_right(z, k)[0],
            torch.arange(k).repeat(len(z)) * (len(z) > 1),
        ),
    },
}
