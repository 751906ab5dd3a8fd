"""Right and wrong answers to the exercises on density, written as learners would."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch.distributions import Normal

ROOT = math.sqrt(2 * math.pi)


def gaussian_numpy(x, mean, std):
    x, mean, std = x.numpy(), mean.numpy(), std.numpy()
    return -0.5 * ((x - mean) / std) ** 2 - np.log(std * ROOT)


def mixture_loop(x, weights, means, stds):
    values = []
    for point in x.tolist():
        logs = [
            math.log(w) - 0.5 * ((point - m) / s) ** 2 - math.log(s * ROOT)
            for w, m, s in zip(
                weights.tolist(), means.tolist(), stds.tolist(), strict=True
            )
        ]
        top = max(logs)
        values.append(top + math.log(sum(math.exp(v - top) for v in logs)))
    return values


def divergence_numpy(p, q):
    p, q = p.double().numpy(), q.double().numpy()
    with np.errstate(all="ignore"):
        return np.where(p > 0, p * np.log(p / q), 0.0).sum(-1)


def kernel_loop(x, data, bandwidth):
    values = []
    for query in x:
        square = ((query - data) ** 2).sum(1)
        logs = -square / (2 * bandwidth**2) - len(query) * math.log(bandwidth * ROOT)
        values.append(torch.logsumexp(logs, 0) - math.log(len(data)))
    return torch.stack(values)


def table_loop(x, levels, smoothing):
    counts = torch.stack([(x == level).sum(0) for level in range(levels)], -1)
    return ((counts + smoothing) / (len(x) + smoothing * levels)).double()


def neighbours_numpy(x, levels, contexts):
    x = x.numpy().astype(int)
    code = x * contexts // levels
    padded = np.pad(code, ((0, 0), (0, 0), (1, 0), (1, 0)))
    counts = np.zeros((contexts, contexts, levels), int)
    np.add.at(counts, (padded[:, :, 1:, :-1], padded[:, :, :-1, 1:], x), 1)
    return counts


def neighbours_loop(x, levels, contexts):
    counts = [[[0] * levels for _ in range(contexts)] for _ in range(contexts)]
    for plane in x.flatten(0, 1).tolist():
        for i, row in enumerate(plane):
            for j, level in enumerate(row):
                left = row[j - 1] * contexts // levels if j else 0
                up = plane[i - 1][j] * contexts // levels if i else 0
                counts[left][up][level] += 1
    return counts


def neighbours_rolled(x, levels, contexts):
    x = x.long()
    left, up = x.roll(1, 3) * contexts // levels, x.roll(1, 2) * contexts // levels
    return _bincount(left, up, x, levels, contexts)


def neighbours_ahead(x, levels, contexts):
    x = x.long()
    code = x * contexts // levels
    right, down = F.pad(code, (0, 1))[..., 1:], F.pad(code, (0, 0, 0, 1))[..., 1:, :]
    return _bincount(right, down, x, levels, contexts)


def neighbours_inside(x, levels, contexts):
    x = x.long()
    code = x * contexts // levels
    return _bincount(
        code[..., 1:, :-1], code[..., :-1, 1:], x[..., 1:, 1:], levels, contexts
    )


def neighbours_assigned(x, levels, contexts):
    x = x.long()
    code = x * contexts // levels
    left, up = F.pad(code, (1, 0))[..., :-1], F.pad(code, (0, 0, 1, 0))[..., :-1, :]
    counts = torch.zeros(contexts, contexts, levels, dtype=torch.int64)
    counts[left, up, x] += 1
    return counts


def neighbours_uint8(x, levels, contexts):
    code = (x * contexts) // levels if levels < 256 else (x * contexts) // 255
    left, up = F.pad(code, (1, 0))[..., :-1], F.pad(code, (0, 0, 1, 0))[..., :-1, :]
    return _bincount(left.long(), up.long(), x.long(), levels, contexts)


def neighbours_by(context, widen=True):
    def counts(x, levels, contexts):
        code = context(x.long() if widen else x, levels, contexts)
        left, up = F.pad(code, (1, 0))[..., :-1], F.pad(code, (0, 0, 1, 0))[..., :-1, :]
        return _bincount(left.long(), up.long(), x.long(), levels, contexts)

    return counts


def _bincount(left, up, x, levels, contexts):
    index = ((left * contexts + up) * levels + x).flatten()
    counts = torch.bincount(index, minlength=contexts * contexts * levels)
    return counts.reshape(contexts, contexts, levels)


def table_uint8(x, levels, smoothing):
    counts = F.one_hot(x.long(), levels).sum(0).to(torch.uint8)
    return (counts + smoothing) / (len(x) + smoothing * levels)


def table_pooled(x, levels, smoothing):
    counts = torch.bincount(x.flatten().long(), minlength=levels)
    table = (counts + smoothing) / (x.numel() + smoothing * levels)
    return table.expand(*x.shape[1:], levels)


def _counts(x, levels):
    return F.one_hot(x.long(), levels).sum(0)


def _kernels(x, data, h, dims=None):
    square = torch.cdist(x, data) ** 2
    return -square / (2 * h**2) - (dims or x.shape[1]) * math.log(h * ROOT)


def _kernel(x, data, h, exponents):
    constant = x.shape[1] * math.log(h * ROOT) + math.log(len(data))
    return exponents.logsumexp(1) - constant


def _gaussian(square, log_std, constant):
    def log_prob(x, mean, std):
        z = (x - mean) / std
        return -square(z) - log_std(std) - constant * math.log(2 * math.pi)

    return log_prob


def _half_square(z):
    return z**2 / 2


def _logs(x, means, stds):
    return Normal(means, stds).log_prob(x[:, None])


RIGHT = {
    "density.bits_per_dim": [
        lambda nats, dims: nats / dims / math.log(2),
        lambda nats, dims: nats.numpy() * np.log2(np.e) / dims,
        lambda nats, dims: nats.double() / (dims * np.log(2)),
        lambda nats, dims: (nats / dims / math.log(2)).tolist(),
    ],
    "density.gaussian_log_prob": [
        gaussian_numpy,
        lambda x, mean, std: Normal(mean.double(), std.double()).log_prob(x),
        lambda x, mean, std: -(((x - mean) / std) ** 2 + (ROOT**2 * std**2).log()) / 2,
    ],
    "density.mixture_log_prob": [
        mixture_loop,
        lambda x, w, m, s: torch.logsumexp(w.log() + _logs(x, m, s), -1).double(),
        lambda x, w, m, s: np.logaddexp.reduce(
            (w.log() + _logs(x, m, s)).numpy(), axis=1
        ),
    ],
    "density.kl_divergence": [
        divergence_numpy,
        lambda p, q: (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1),
        lambda p, q: torch.where(p > 0, p * (p / q).log(), 0.0).sum(-1).tolist(),
    ],
    "density.kernel_log_prob": [
        kernel_loop,
        lambda x, d, h: _kernels(x, d, h).logsumexp(1) - math.log(len(d)),
        lambda x, d, h: kernel_loop(x.double(), d.double(), h).tolist(),
    ],
    "density.pixel_table": [
        table_loop,
        lambda x, levels, a: table_loop(x, levels, a).numpy(),
        lambda x, levels, a: table_loop(x, levels, a).tolist(),
    ],
    "density.neighbour_counts": [
        neighbours_numpy,
        neighbours_loop,
        lambda *given: torch.tensor(neighbours_loop(*given)).to(torch.int32),
        lambda *given: neighbours_numpy(*given).astype(np.uint16),
    ],
}

WRONG = {
    "density.bits_per_dim": {
        "nats per dimension": lambda nats, dims: nats / dims,
        "bits of the whole image": lambda nats, dims: nats / math.log(2),
        "yours shrinks": lambda nats, dims: nats / dims * math.log(2),
        "The sign is turned": lambda nats, dims: -nats / (dims * math.log(2)),
        "base 10": lambda nats, dims: nats / dims / math.log(10),
        "the number of dimensions": lambda nats, dims: (
            nats / math.log(2) / math.log(dims)
        ),
        "36 bits": lambda nats, dims: nats / 784 / math.log(2),
        "value of its own": lambda nats, dims: nats.mean() / dims / math.log(2),
    },
    "density.gaussian_log_prob": {
        "depends on std": lambda x, m, s: -(((x - m) / s) ** 2) / 2 - math.log(ROOT),
        "0.919": lambda x, m, s: -(((x - m) / s) ** 2) / 2 - s.log(),
        "The normaliser is missing": lambda x, m, s: -(((x - m) / s) ** 2) / 2,
        "as if it were the variance": lambda x, m, s: Normal(m, s**0.5).log_prob(x),
        "the density itself": lambda x, m, s: Normal(m, s).log_prob(x).exp(),
        "The sign is turned": lambda x, m, s: -Normal(m, s).log_prob(x),
        "The half in front": lambda x, m, s: -(((x - m) / s) ** 2) - (s * ROOT).log(),
        "bits": lambda x, m, s: Normal(m, s).log_prob(x) / math.log(2),
        "0-d tensor": lambda x, m, s: [
            Normal(*case).log_prob(v) for v, *case in zip(x, m, s, strict=True)
        ],
        "shape ()": lambda x, m, s: Normal(m, s).log_prob(x).sum(),
        "underflow": lambda x, m, s: Normal(m, s).log_prob(x).exp().log(),
        "holds half the logarithm": _gaussian(
            _half_square, lambda std: std.log() / 2, 0.5
        ),
        "logarithm of std twice": _gaussian(
            _half_square, lambda std: (std**2).log(), 0.5
        ),
        "std is to base 10": _gaussian(_half_square, torch.log10, 0.5),
        "std is to base 2": _gaussian(_half_square, torch.log2, 0.5),
        "twice 0.919": _gaussian(_half_square, torch.log, 1),
        "0.919 has the wrong sign": _gaussian(_half_square, torch.log, -0.5),
        "The square has the wrong sign": _gaussian(
            lambda z: -_half_square(z), torch.log, 0.5
        ),
        "mean is not squared": _gaussian(lambda z: z.abs() / 2, torch.log, 0.5),
        "divided by std where the variance": lambda x, m, s: (
            -((x - m) ** 2) / (2 * s) - (s * ROOT).log()
        ),
        "not measured in units": lambda x, m, s: -((x - m) ** 2) / 2 - (s * ROOT).log(),
        "nats are asked for (the": lambda x, m, s: (
            Normal(m, s).log_prob(x) / math.log(10)
        ),
        "For x = 3, mean = 1, std = 2 yours": lambda x, m, s: (
            Normal(m, s).log_prob(x) * 1.1
        ),
        "small constant": lambda x, m, s: (
            Normal(m, s).log_prob(x).exp() + 1e-12
        ).log(),
        "hides the underflow": lambda x, m, s: (
            Normal(m, s).log_prob(x).exp().log().nan_to_num()
        ),
    },
    "density.mixture_log_prob": {
        "averaged the logarithms": lambda x, w, m, s: (w * _logs(x, m, s)).sum(-1),
        "counts fully": lambda x, w, m, s: _logs(x, m, s).logsumexp(-1),
        "weights are ignored": lambda x, w, m, s: (
            _logs(x, m, s).logsumexp(-1) - math.log(len(w))
        ),
        "added the weights": lambda x, w, m, s: (w + _logs(x, m, s)).logsumexp(-1),
        "likeliest component": lambda x, w, m, s: (w.log() + _logs(x, m, s)).amax(-1),
        "logarithm is asked for": lambda x, w, m, s: (w * _logs(x, m, s).exp()).sum(-1),
        "underflow": lambda x, w, m, s: (w * _logs(x, m, s).exp()).sum(-1).log(),
        "small constant": lambda x, w, m, s: (
            (w * _logs(x, m, s).exp()).sum(-1) + 1e-12
        ).log(),
        "has std where the variance": lambda x, w, m, s: (
            w.log() + _logs(x, m, s**0.5)
        ).logsumexp(-1),
        "lacks the half": lambda x, w, m, s: (
            w.log() + _gaussian(torch.square, torch.log, 0.5)(x[:, None], m, s)
        ).logsumexp(-1),
        "base 10": lambda x, w, m, s: (
            (w.log() + _logs(x, m, s)).logsumexp(-1) / math.log(10)
        ),
        "For x = -2, weights = [0.2, 0.5, 0.3], means": lambda x, w, m, s: (
            (w.log() + _logs(x, m, s)).logsumexp(-1) + 1
        ),
        "RuntimeError": lambda x, w, m, s: ((w / s).log() - (x - m) ** 2).logsumexp(-1),
        "Add up the components": lambda x, w, m, s: w.log() + _logs(x, m, s),
    },
    "density.kl_divergence": {
        "KL(q || p)": lambda p, q: (q * (q / p).log()).sum(-1),
        "in bits": lambda p, q: (p * (p / q).log2()).sum(-1),
        "averaged over the outcomes": lambda p, q: (p * (p / q).log()).mean(-1),
        "never negative": lambda p, q: (p * (q / p).log()).sum(-1),
        "cross-entropy": lambda p, q: -(p * q.log()).sum(-1),
        "not weighted": lambda p, q: (p / q).log().sum(-1),
        "each pair of rows": lambda p, q: (p * (p / q).log()).sum(),
        "wrong axis": lambda p, q: (p * (p / q).log()).sum(0),
        "your value is NaN": lambda p, q: (p * (p / q).log()).sum(-1),
        "base 10": lambda p, q: (p * (p / q).log10()).sum(-1),
        "which nan_to_num puts": lambda p, q: (p * (p / q).log()).nan_to_num().sum(-1),
        "your value is -0.3466": lambda p, q: torch.where(
            p * q > 0, p * (p / q).log(), 0.0
        ).sum(-1),
        "For p = [0.1, 0.2, 0.3, 0.4], q": lambda p, q: (p * (p / q).log()).sum(-1) + 1,
        "small constant": lambda p, q: (p * ((p + 1e-12) / (q + 1e-12)).log()).sum(-1),
    },
    "density.kernel_log_prob": {
        "summed, not averaged": lambda x, d, h: _kernels(x, d, h).logsumexp(1),
        "that of one dimension": lambda x, d, h: (
            _kernels(x, d, h, 1).logsumexp(1) - math.log(len(d))
        ),
        "normaliser is missing": lambda x, d, h: (
            (-(torch.cdist(x, d) ** 2) / (2 * h**2)).logsumexp(1) - math.log(len(d))
        ),
        "averaged the logarithms": lambda x, d, h: _kernels(x, d, h).mean(1),
        "as the variance": lambda x, d, h: (
            _kernels(x, d, h**0.5).logsumexp(1) - math.log(len(d))
        ),
        "nearest point": lambda x, d, h: _kernels(x, d, h).amax(1) - math.log(len(d)),
        "This is the density": lambda x, d, h: _kernels(x, d, h).exp().mean(1),
        "underflow": lambda x, d, h: _kernels(x, d, h).exp().mean(1).log(),
        "one value for each point": lambda x, d, h: _kernels(x, d, h).logsumexp(0),
        "distances in the exponent are not squared": lambda x, d, h: (
            (-torch.cdist(x, d) / (2 * h**2)).logsumexp(1) - math.log(len(d))
        ),
        "The half in the exponent": lambda x, d, h: _kernel(
            x, d, h, -((torch.cdist(x, d) / h) ** 2)
        ),
        "nor the bandwidth are squared": lambda x, d, h: _kernel(
            x, d, h, -torch.cdist(x, d) / (2 * h)
        ),
        "not in units of bandwidth": lambda x, d, h: _kernel(
            x, d, h, -(torch.cdist(x, d) ** 2) / 2
        ),
        "base 10": lambda x, d, h: kernel_loop(x, d, h) / math.log(10),
        "These are bits": lambda x, d, h: kernel_loop(x, d, h) / math.log(2),
        "is added where": lambda x, d, h: kernel_loop(x, d, h) + 2 * math.log(len(d)),
        "points in x": lambda x, d, h: (
            kernel_loop(x, d, h) + math.log(len(d)) - math.log(len(x))
        ),
        "twice too large": lambda x, d, h: (
            kernel_loop(x, d, h) - x.shape[1] * math.log(h * ROOT)
        ),
        "small constant": lambda x, d, h: (kernel_loop(x, d, h).exp() + 1e-12).log(),
        "For x = [0.5, 0], data = [[0, 0], [1, -0.5], [-0.4, 1.2]], bandwidth = 0.6": (
            lambda x, d, h: kernel_loop(x, d, h) * 1.1
        ),
    },
    "density.pixel_table": {
        "These are counts": lambda x, n, a: _counts(x, n),
        "smoothed counts": lambda x, n, a: _counts(x, n) + a,
        "smoothing is left out": lambda x, n, a: _counts(x, n) / len(x),
        "sum to more than 1": lambda x, n, a: (_counts(x, n) + a) / len(x),
        "one in all": lambda x, n, a: (_counts(x, n) + a) / (len(x) + a),
        "pooled": table_pooled,
        "levels belong last": lambda x, n, a: table_loop(x, n, a).movedim(-1, 0),
        "tables of its own": lambda x, n, a: table_loop(x, n, a).sum(0),
        "uint8 is full": table_uint8,
        "raises RuntimeError on uint8 images": lambda x, n, a: (
            (F.one_hot(x, n).sum(0) + a) / (len(x) + a * n)
        ),
        "raises IndexError on uint8 images": lambda x, n, a: (
            (torch.eye(n)[x].sum(0) + a) / (len(x) + a * n)
        ),
        "belongs to the counts": lambda x, n, a: table_loop(x, n, 0) + a,
        "with the levels [0, 1, 3, 3, 3, 0, 3] at a pixel": lambda x, n, a: (
            table_loop(x, n, a) * 1.1
        ),
        "log-probabilities": lambda x, n, a: table_loop(x, n, a).log(),
    },
    "density.neighbour_counts": {
        "Left and above are exchanged": lambda *g: neighbours_numpy(*g).swapaxes(0, 1),
        "border are left out": neighbours_inside,
        "wrong side": neighbours_ahead,
        "opposite side": neighbours_rolled,
        "counted once:": neighbours_assigned,
        "first channel": lambda x, *g: neighbours_numpy(x[:, :1], *g),
        "first image": lambda x, *g: neighbours_numpy(x[:1], *g),
        "counts are asked for": lambda *g: neighbours_numpy(*g) / 120,
        "a product of numbers of few bits": neighbours_uint8,
        "but as floats": lambda *g: torch.tensor(neighbours_loop(*g)).float(),
        "raises RuntimeError: is each context": neighbours_by(
            lambda x, n, c: x // (n // c)
        ),
        "rounded down": neighbours_by(lambda x, n, c: (x // (n // c)).clamp(max=c - 1)),
        "rounded up": neighbours_by(lambda x, n, c: x // -(-n // c)),
        "to the nearest": neighbours_by(
            lambda x, n, c: (x * c / n).round().long().clamp(max=c - 1)
        ),
        "where levels is due": neighbours_by(lambda x, n, c: x * (c - 1) // (n - 1)),
        "raises RuntimeError on uint8 images": neighbours_by(
            lambda x, n, c: x * c // n, widen=False
        ),
        "For x = [[[[1, 3], [2, 0]]]], levels = 4, contexts = 2 yours is 0 at": (
            lambda *g: neighbours_numpy(*g) * 0
        ),
        "not their levels": lambda x, n, c: neighbours_numpy(x, n, n),
    },
}
