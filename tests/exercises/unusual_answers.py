"""Right answers in styles of their own: another library, another idea, no tensors."""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.stats
import torch
from sklearn.neighbors import KernelDensity
from torch.distributions import (
    AffineTransform,
    Categorical,
    MixtureSameFamily,
    Normal,
)


def mixture_by_torch(x, weights, means, stds):
    return MixtureSameFamily(Categorical(weights), Normal(means, stds)).log_prob(x)


def divergence_einsum(p, q):
    with np.errstate(divide="ignore"):
        ratio = torch.tensor(np.log(p.numpy()) - np.log(q.numpy()))
    return torch.einsum("...k,...k->...", p, torch.where(p > 0, ratio, 0))


def kernel_by_sklearn(x, data, bandwidth):
    estimate = KernelDensity(bandwidth=bandwidth).fit(data.double().numpy())
    return estimate.score_samples(x.double().numpy())


def table_by_columns(x, levels, smoothing):
    def shares(column):
        counts = np.bincount(column, minlength=levels) + smoothing
        return counts / counts.sum()

    return np.moveaxis(np.apply_along_axis(shares, 0, x.numpy()), 0, -1)


def skew_scattered(x):
    height, width = x.shape[-2:]
    places = torch.arange(width) + torch.arange(height)[:, None]
    result = x.new_zeros(*x.shape[:-1], height + width - 1)
    return result.scatter(-1, places.expand_as(x), x)


def field_in_python(height, width, i, j):
    return [
        [i > row and j - (i - row) <= col <= j + (i - row) for col in range(width)]
        for row in range(height)
    ]


def loss_einsum(x, reconstruction):
    if x.shape != reconstruction.shape:
        raise ValueError
    off = (x - reconstruction).flatten()
    return torch.einsum("i,i", off, off) / (2 * x.shape[0])


def angles_by_scipy(a, b):
    return scipy.linalg.subspace_angles(a.T.numpy(), b.T.numpy())[::-1]


def noise_filled(x, std, generator=None):
    return torch.empty_like(x).normal_(0, std, generator=generator).add(x)


def path_outer(start, end, steps):
    there = torch.arange(steps) / (steps - 1)
    return torch.outer(1 - there, start) + torch.outer(there, end)


def draw_by_keys(y, per_class, generator=None):
    """Each image gets a random key; of each class those of the least keys are taken."""
    keys = torch.rand(len(y), generator=generator).tolist()
    groups: dict[int, list[tuple[float, int]]] = {}
    for index, (key, label) in enumerate(zip(keys, y.tolist(), strict=True)):
        groups.setdefault(label, []).append((key, index))
    for label, group in groups.items():
        if len(group) < per_class:
            raise ValueError(f"too few of class {label}")
    return [i for _, g in sorted(groups.items()) for _, i in sorted(g)[:per_class]]


def gradients_functional(x, encoder, decoder):
    def loss(encoder, decoder):
        return (x @ encoder @ decoder - x).square().sum() / (2 * len(x))

    return torch.func.grad(loss, argnums=(0, 1))(encoder, decoder)


def bound_vmapped(log_likelihood, mu, log_var):
    def one(gain, m, v):
        return gain.sum() - (m @ m + (v.exp() - v - 1).sum()) / 2

    return torch.func.vmap(one)(log_likelihood, mu, log_var)


RIGHT = {
    "density.gaussian_log_prob": [
        lambda x, m, s: scipy.stats.norm.logpdf(x.numpy(), m.numpy(), s.numpy())
    ],
    "density.mixture_log_prob": [mixture_by_torch],
    "density.kl_divergence": [divergence_einsum],
    "density.kernel_log_prob": [kernel_by_sklearn],
    "density.pixel_table": [table_by_columns],
    "pixelrnn.categorical_log_prob": [lambda a, x: Categorical(logits=a).log_prob(x)],
    "pixelrnn.skew": [skew_scattered],
    "pixelrnn.row_field": [field_in_python],
    "autoencoder.reconstruction_loss": [loss_einsum],
    "autoencoder.principal_angles": [angles_by_scipy],
    "autoencoder.add_noise": [noise_filled],
    "autoencoder.interpolate": [path_outer],
    "autoencoder.balanced_draw": [draw_by_keys],
    "autoencoder.linear_gradients": [gradients_functional],
    "vae.reparameterise": [lambda m, v, n: AffineTransform(m, (v / 2).exp())(n)],
    "vae.evidence_lower_bound": [bound_vmapped],
    "gan.non_saturating_generator_loss": [
        lambda f: torch.logaddexp(torch.zeros_like(f), -f).mean()
    ],
}
