"""Wrong answers by one slip more: signs, axes, sizes that are fixed, ends left out."""

from __future__ import annotations

import functools
import math

import torch
import torch.nn.functional as F

from gencourse.exercises import EXERCISES

LOG_ROOT = 0.5 * math.log(2 * math.pi)


def right(key):
    return EXERCISES[key].reference


def raises_value_error(when, answer):
    @functools.wraps(answer)
    def checked(*given):
        if when(*given):
            raise ValueError(f"not so: {given}")
        return answer(*given)

    return checked


# --- density

log_normal = right("density.gaussian_log_prob")
log_kernels = right("density.kernel_log_prob")


def gaussian(square, log_std=torch.log, constant=LOG_ROOT):
    return lambda x, m, s: -0.5 * square(x, m, s) - log_std(s) - constant


def scaled(x, m, s):
    return ((x - m) / s) ** 2


def mixture(of):
    return lambda x, w, m, s: of(w.log(), log_normal(x[:, None], m, s))


def kernel(exponent, dims=None):
    def answer(x, data, h):
        constant = (dims or data.shape[1]) * (math.log(h) + LOG_ROOT)
        far = exponent(x[:, None] - data, h)
        return far.logsumexp(1) - constant - math.log(len(data))

    return answer


def table(of):
    return lambda x, levels, a: of(F.one_hot(x.long(), levels).double(), a)


def divergence_of_likely(p, q):
    terms = torch.where(p > 1e-3, p * (p.log() - q.log()), 0)
    return terms.sum(-1)


def counts_by_fractions(x, levels, contexts):
    def context(level):
        return (level / levels * contexts).long()

    x = x.long()
    left = context(F.pad(x, (1, 0))[..., :-1])
    above = context(F.pad(x, (0, 0, 1, 0))[..., :-1, :])
    places = ((left * contexts + above) * levels + x).flatten()
    counts = places.bincount(minlength=contexts**2 * levels)
    return counts.view(contexts, contexts, levels)


def table_of_found_levels(x, levels, smoothing):
    return right("density.pixel_table")(x, int(x.max()) + 1, smoothing)


DENSITY = {
    "density.gaussian_log_prob": {
        "mean has no part": gaussian(lambda x, m, s: scaled(x, 0 * m, s)),
        "mean is added": gaussian(lambda x, m, s: scaled(x, -m, s)),
        "multiplied by std": gaussian(lambda x, m, s: ((x - m) * s) ** 2),
        "standard deviation itself is subtracted": gaussian(scaled, lambda s: s),
        "may exceed 1": lambda x, m, s: log_normal(x, m, s).clamp(max=0),
        "too few digits": gaussian(scaled, constant=0.5 * math.log(2 * 3.1413)),
    },
    "density.mixture_log_prob": {
        "logarithms of the components are added": mixture(
            lambda w, each: (w + each).sum(1)
        ),
        "logarithm of a weight is subtracted": mixture(
            lambda w, each: (each - w).logsumexp(1)
        ),
        "may exceed 1": lambda x, *law: right("density.mixture_log_prob")(
            x, *law
        ).clamp(max=0),
        "divide by K as well": mixture(
            lambda w, each: (each + w).logsumexp(1) - math.log(len(w))
        ),
    },
    "density.kernel_log_prob": {
        "For D = 1 and 5": kernel(lambda d, h: -(d / h).square().sum(-1) / 2, dims=2),
        "may exceed 1": lambda *given: log_kernels(*given).clamp(max=0),
        "averaged over the D coordinates": kernel(
            lambda d, h: -(d / h).square().mean(-1) / 2
        ),
        "multiplied by the bandwidth": kernel(
            lambda d, h: -(d * h).square().sum(-1) / 2
        ),
        "Each coordinate has a mean of its own": lambda x, data, h: sum(
            log_kernels(x[:, [d]], data[:, [d]], h) for d in range(x.shape[1])
        ),
    },
    "density.kl_divergence": {"under p and 1e-30": divergence_of_likely},
    "density.neighbour_counts": {"a fraction is rounded": counts_by_fractions},
    "density.pixel_table": {
        "whether x holds them": table_of_found_levels,
        "added to shares": table(lambda o, a: (o.mean(0) + a) / (1 + a * o.shape[-1])),
        "as if there were 256": table(lambda o, a: (o.sum(0) + a) / (len(o) + 256 * a)),
        "over the channels": table(
            lambda o, a: (o.sum(0) + a) / (o.sum((0, 1)) + 2 * a)
        ),
    },
}

# --- models of pixels


def tanh_by_powers(x):
    return (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())


def cell_by_powers(gates, cells):
    i, f, g, o = gates.chunk(4, -1)
    new = f.sigmoid() * cells + i.sigmoid() * tanh_by_powers(g)
    return o.sigmoid() * new.tanh(), new


def column_of_half(seen, weight, bias, i, j):
    side = weight.shape[-1]
    rows = side // 2 + 1
    patch = seen[:, :, i : i + rows, j : j + side]
    return torch.einsum("nckl,ockl->no", patch, weight[:, :, :rows]) + bias


def column_of_all(seen, weight, bias, i, j):
    side = weight.shape[-1]
    patch = seen[:, :, i : i + side, j : j + side]
    return F.conv2d(patch, weight, bias)


def level_by_powers(logits, uniform):
    powers = logits.exp()
    cumulated = (powers / powers.sum(-1, keepdim=True)).cumsum(-1)
    return (cumulated <= uniform).sum(-1).clamp(max=logits.shape[-1] - 1)


PIXELS = {
    "pixelrnn.leaks": {"is a row, too": lambda j: (j.triu() != 0).nonzero().squeeze()},
    "pixelrnn.lstm_cell": {"far from 0": cell_by_powers},
    "pixelcnn.column": {
        "no weight is masked": column_of_half,
        "A single image has a row": lambda *given: column_of_all(*given).squeeze(),
    },
    "pixelcnn.inverse_cdf": {
        "is it cut": lambda x, u: right("pixelcnn.inverse_cdf")(x, u.clamp(max=0.9995)),
        "exp(1000) is no float": level_by_powers,
    },
    "pixelcnn.logistic_bin": {
        "not that of the bin": lambda x, m, s, n: right("pixelcnn.logistic_bin")(
            x, m, s.clamp(min=-7), n
        )
    },
    "pixelrnn.skew": {"is it rounded": lambda x: right("pixelrnn.skew")(x.long())},
    "pixelrnn.unskew": {"is it rounded": lambda x: right("pixelrnn.unskew")(x.long())},
    "pixelcnn.gate": {
        "Far from 0 your": lambda x, d: (
            tanh_by_powers(x.chunk(2, d)[0]) * x.chunk(2, d)[1].sigmoid()
        ),
        "nothing is to be clamped": lambda x, d: right("pixelcnn.gate")(
            x.clamp(-5, 5), d
        ),
    },
    "autoregressive.paired_difference": {
        "never negative": lambda a, b: tuple(
            map(abs, right("autoregressive.paired_difference")(a, b))
        ),
        "multiplied by the root": lambda a, b: (
            right("autoregressive.paired_difference")(a, b)[0],
            right("autoregressive.paired_difference")(a, b)[1] * len(a),
        ),
    },
}

# --- autoencoders


def noise_of_fresh_generators(x, std, generator=None):
    generator = generator or torch.Generator().manual_seed(0)
    return x + std * torch.randn(x.shape, generator=generator)


def noise_of_one_channel(x, std, generator=None):
    grey = torch.randn(len(x), 1, *x.shape[2:], generator=generator)
    return x + std * grey


def draw_of_many(y, per_class, generator=None):
    found = []
    for label in y.unique():
        where = (y == label).nonzero().squeeze()
        order = torch.randperm(int((y == label).sum()), generator=generator)
        if len(order) < per_class:
            raise ValueError(f"too few of {label}")
        found.append(where[order[:per_class]])
    return torch.cat(found)


def draw_with_one_to_spare(y, per_class, generator=None):
    counts = y.bincount()
    for label in y.unique().tolist():
        if counts[label] <= per_class:
            raise ValueError(f"too few of {label}")
    return right("autoencoder.balanced_draw")(y, per_class, generator)


def noise_of_images_only(x, std, generator=None):
    b, c, h, w = x.shape
    return x + std * torch.randn(b, c, h, w, generator=generator)


def in_range(x, k, rows):
    if not 1 <= k <= min(x.shape):
        raise ValueError(f"k is {k}")
    return x.mean(0), rows


def by_products(x, k):
    """Components from the products of images with each other."""
    centred = x - x.mean(0)
    values, vectors = torch.linalg.eigh(centred @ centred.T)
    chosen = vectors.flip(1)[:, :k].T @ centred
    return chosen / values.flip(0)[:k].clamp(min=1e-12).sqrt()[:, None]


AUTOENCODER = {
    "autoencoder.reconstruction_loss": {
        "a loss has no axes": lambda x, y: right("autoencoder.reconstruction_loss")(
            x, y
        )[None]
    },
    "autoencoder.pca": {
        "is the decomposition approximate": lambda x, k: in_range(
            x, k, torch.pca_lowrank(x, q=k)[2].T
        ),
        "From float64 your": lambda x, k: right("autoencoder.pca")(x.float(), k),
        "the last one holds": lambda x, k: in_range(x, k, by_products(x, k)),
        "N = 6, D = 4 and k = 1 your function raises": raises_value_error(
            lambda x, k: k <= 1, right("autoencoder.pca")
        ),
        "N = 6, D = 4 and k = 4 your function raises": raises_value_error(
            lambda x, k: k >= min(x.shape), right("autoencoder.pca")
        ),
    },
    "autoencoder.add_noise": {
        "All channels of a pixel": noise_of_one_channel,
        "Without a generator two calls": noise_of_fresh_generators,
        "Any shape of x is taken, but for (7,)": noise_of_images_only,
        "x is 0.5 everywhere, and your result's mean": lambda x, std, generator=None: (
            (1 - std) * x + std * torch.randn(x.shape, generator=generator)
        ),
    },
    "autoencoder.balanced_draw": {
        "IndexError": draw_of_many,
        "2 of each are asked for your function raises": draw_with_one_to_spare,
        "1 of each are asked for your function raises": raises_value_error(
            lambda y, n, g=None: n <= 1, right("autoencoder.balanced_draw")
        ),
    },
}

# --- the bound


def bound(kl):
    return lambda gain, m, v: gain.flatten(1).sum(1) - kl(m, v).sum(-1) / 2


VAE = {
    "vae.linear_posterior": {
        "look at the means. Your result has shape (3,)": lambda *given: (
            right("vae.linear_posterior")(*given)[0].squeeze(-1),
            right("vae.linear_posterior")(*given)[1],
        )
    },
    "vae.reparameterise": {
        "nothing is to be clamped": lambda m, v, n: m + (v.clamp(-10, 10) / 2).exp() * n
    },
    "vae.evidence_lower_bound": {
        "far from the prior": lambda gain, m, v: right("vae.evidence_lower_bound")(
            gain, m, v.clamp(-3, 3)
        ),
        "costs 3,600 nats": lambda gain, m, v: (
            gain.exp().flatten(1).prod(1).log() - (m**2 + v.exp() - 1 - v).sum(-1) / 2
        ),
        "KL the constant is missing": bound(lambda m, v: m**2 + v.exp() - v),
        "KL the constant has the wrong sign": bound(
            lambda m, v: m**2 + v.exp() + 1 - v
        ),
        "KL the mean enters without its square": bound(
            lambda m, v: m + v.exp() - 1 - v
        ),
        "KL the mean is missing": bound(lambda m, v: v.exp() - 1 - v),
        "KL the square of the mean": bound(lambda m, v: v.exp() - 1 - v - m**2),
        "KL the variance itself is missing": bound(lambda m, v: m**2 - 1 + 0 * v),
        "KL the term log_var has the wrong": bound(lambda m, v: m**2 + v.exp() - 1 + v),
        "KL the term log_var is missing": bound(lambda m, v: m**2 + v.exp() - 1),
        "KL mu and log_var are exchanged": bound(lambda m, v: v**2 + m.exp() - 1 - m),
    },
}

WRONG = DENSITY | PIXELS | AUTOENCODER | VAE
