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


def table_of_found_levels(x, levels, smoothing):
    return right("density.pixel_table")(x, int(x.max()) + 1, smoothing)


DENSITY = {
    "density.gaussian_log_prob": {
        "mean has no part": gaussian(lambda x, m, s: scaled(x, 0 * m, s)),
        "mean is added": gaussian(lambda x, m, s: scaled(x, -m, s)),
        "multiplied by std": gaussian(lambda x, m, s: ((x - m) * s) ** 2),
        "standard deviation itself is subtracted": gaussian(scaled, lambda s: s),
        "too few digits": gaussian(scaled, constant=0.5 * math.log(2 * 3.1413)),
    },
    "density.mixture_log_prob": {
        "logarithms of the components are added": mixture(
            lambda w, each: (w + each).sum(1)
        ),
        "logarithm of a weight is subtracted": mixture(
            lambda w, each: (each - w).logsumexp(1)
        ),
        "divide by K as well": mixture(
            lambda w, each: (each + w).logsumexp(1) - math.log(len(w))
        ),
    },
    "density.kernel_log_prob": {
        "For D = 1 and 5": kernel(lambda d, h: -(d / h).square().sum(-1) / 2, dims=2),
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

PIXELS = {
    "pixelrnn.skew": {"is it rounded": lambda x: right("pixelrnn.skew")(x.long())},
    "pixelrnn.unskew": {"is it rounded": lambda x: right("pixelrnn.unskew")(x.long())},
    "pixelcnn.gate": {
        "nothing is to be clamped": lambda x, d: right("pixelcnn.gate")(
            x.clamp(-5, 5), d
        )
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


def draw_with_one_to_spare(y, per_class, generator=None):
    counts = y.bincount()
    for label in y.unique().tolist():
        if counts[label] <= per_class:
            raise ValueError(f"too few of {label}")
    return right("autoencoder.balanced_draw")(y, per_class, generator)


AUTOENCODER = {
    "autoencoder.pca": {
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
    },
    "autoencoder.balanced_draw": {
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
    "vae.evidence_lower_bound": {
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
    }
}

WRONG = DENSITY | PIXELS | AUTOENCODER | VAE
