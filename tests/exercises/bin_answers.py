"""Right and wrong answers to the exercise on the discretised logistic bin."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F


def ends(x, mean, log_scale, levels):
    off = 2 * x.to(mean.dtype) / (levels - 1) - 1 - mean
    half = 1 / (levels - 1)
    return (off - half) / log_scale.exp(), (off + half) / log_scale.exp()


def edges(inside, a, b, x, levels):
    inside = torch.where(x == 0, F.logsigmoid(b), inside)
    return torch.where(x == levels - 1, F.logsigmoid(-a), inside)


def bin_by(inside, ends=ends, edges=edges):
    def log_bin(x, mean, log_scale, levels):
        a, b = ends(x, mean, log_scale, levels)
        return edges(inside(a, b), a, b, x, levels)

    return log_bin


def product(a, b):
    return F.logsigmoid(b) + F.logsigmoid(-a) + torch.log(-torch.expm1(a - b))


def difference(a, b):
    """Log sigmoid(b) - log sigmoid(a), turned to the side without rounding."""
    turn = a + b > 0
    low, high = torch.where(turn, -b, a), torch.where(turn, -a, b)
    low, high = F.logsigmoid(low), F.logsigmoid(high)
    return high + torch.log(-torch.expm1(low - high))


def hyperbolic(x, mean, log_scale, levels):
    """Sinh of the width over the two cosh, with logarithms taken apart."""
    a, b = ends(x.double(), mean.double(), log_scale.double(), levels)
    width = b - a
    log_sinh = width / 2 + torch.log1p(-torch.exp(-width)) - math.log(2)
    log_cosh = sum(
        (e / 2).abs() + torch.log1p(torch.exp(-e.abs())) - math.log(2) for e in (a, b)
    )
    inside = log_sinh - log_cosh - math.log(2)
    return edges(inside, a, b, x, levels)


def looped(x, mean, log_scale, levels):
    rows = [bin_by(product)(level, mean, log_scale, levels) for level in x]
    return torch.stack(rows)


def naive(a, b):
    return torch.log(b.sigmoid() - a.sigmoid())


def floored(floor):
    return lambda a, b: torch.log((b.sigmoid() - a.sigmoid()).clamp(min=floor))


def where_naive(a, b):
    """Right values; but the branch that is not taken has gradients that are NaN."""
    near = (a.abs() < 5) & (b.abs() < 5)
    return torch.where(near, naive(a, b), product(a, b))


def density(x, mean, log_scale, levels):
    z = (2 * x.to(mean.dtype) / (levels - 1) - 1 - mean) / log_scale.exp()
    width = 2 / (levels - 1)
    return z - 2 * F.softplus(z) - log_scale + math.log(width)


def density_in_the_tail(x, mean, log_scale, levels):
    a, b = ends(x, mean, log_scale, levels)
    found = b.sigmoid() - a.sigmoid()
    inside = torch.where(
        found > 1e-5,
        found.clamp(min=1e-12).log(),
        density(x, mean, log_scale, levels),
    )
    return edges(inside, a, b, x, levels)


def product_of_sigmoids(a, b):
    return b.sigmoid().log() + (-a).sigmoid().log() + torch.log(-torch.expm1(a - b))


def edges_of_sigmoids(inside, a, b, x, levels):
    inside = torch.where(x == 0, b.sigmoid().log(), inside)
    return torch.where(x == levels - 1, (-a).sigmoid().log(), inside)


def with_ends(centre=None, half=None, scale=torch.exp, inside=product):
    centre = centre or (lambda x, levels: 2 * x.float() / (levels - 1) - 1)
    half = half or (lambda levels: 1 / (levels - 1))

    def own(x, mean, log_scale, levels):
        off, s = centre(x, levels) - mean, scale(log_scale)
        return (off - half(levels)) / s, (off + half(levels)) / s

    return bin_by(inside, own)


def edges_exchanged(inside, a, b, x, levels):
    inside = torch.where(x == 0, F.logsigmoid(-a), inside)
    return torch.where(x == levels - 1, F.logsigmoid(b), inside)


def first_edge(inside, a, b, x, levels):
    return torch.where(x == 0, F.logsigmoid(b), inside)


def last_edge(inside, a, b, x, levels):
    return torch.where(x == levels - 1, F.logsigmoid(-a), inside)


def normal(x, mean, log_scale, levels):
    a, b = ends(x, mean.double(), log_scale.double(), levels)
    law = torch.distributions.Normal(0.0, 1.0)
    inside = (law.cdf(b) - law.cdf(a)).log()
    inside = torch.where(x == 0, law.cdf(b).log(), inside)
    return torch.where(x == levels - 1, law.cdf(-a).log(), inside)


right = bin_by(product)

RIGHT = [right, bin_by(difference), hyperbolic, looped]
WRONG = {
    "density times the width": density,
    "they reach to infinity, or": bin_by(product, edges=lambda v, *rest: v),
    "level levels - 1, should": bin_by(product, edges=first_edge),
    "level 0, should": bin_by(product, edges=last_edge),
    "wrong way": bin_by(product, edges=edges_exchanged),
    "too narrow": with_ends(half=lambda levels: 1 / levels),
    "leave gaps": with_ends(half=lambda levels: 0.5 / (levels - 1)),
    "overlap": with_ends(half=lambda levels: 2 / (levels - 1)),
    "Your bins are those of 256": with_ends(half=lambda levels: 1 / 255),
    "levels are placed as if": with_ends(lambda x, levels: x.float() / 127.5 - 1),
    "Levels and bins are placed": with_ends(
        lambda x, levels: x.float() / 127.5 - 1, lambda levels: 1 / 255
    ),
    "not scaled": with_ends(lambda x, levels: x.float()),
    "scaled to [0, 1]": with_ends(lambda x, levels: x.float() / (levels - 1)),
    "units of levels": with_ends(lambda x, levels: x.float(), lambda levels: 0.5),
    "and the bins with them": with_ends(
        lambda x, levels: x.float() / (levels - 1), lambda levels: 0.5 / (levels - 1)
    ),
    "the sign of an exponent": bin_by(
        lambda a, b: F.logsigmoid(b) + F.logsigmoid(-a) + torch.log(1 - (b - a).exp())
    ),
    "is rounded to 0": bin_by(product_of_sigmoids, edges=edges_of_sigmoids),
    "placed below 1": with_ends(lambda x, levels: 2 * x.float() / levels - 1),
    "uint8": with_ends(lambda x, levels: 2 * x / (levels - 1) - 1),
    "multiply by the scale": with_ends(scale=lambda s: torch.exp(-s)),
    "NaN where log_scale is negative": with_ends(scale=lambda s: s),
    "The scale takes no part": with_ends(scale=torch.ones_like),
    "scale is squared": with_ends(scale=lambda s: torch.exp(2 * s)),
    "logarithm of a variance": with_ends(scale=lambda s: torch.exp(s / 2)),
    "This is the probability": lambda *given: right(*given).exp(),
    "sign is turned": lambda *given: -right(*given),
    "in bits": lambda *given: right(*given) / math.log(2),
    "normal law": normal,
    "lies below the bin": bin_by(
        lambda a, b: F.logsigmoid(b), edges=lambda v, *rest: v
    ),
    "wrong sign": lambda x, mean, s, levels: right(x, -mean, s, levels),
    "nothing is summed": lambda *given: right(*given).sum(),
    "sum to": bin_by(product, edges=lambda v, a, b, x, n: torch.where(x == 0, a, v)),
    "logarithm of a floor": bin_by(floored(1e-12)),
    "stays at -16.1": bin_by(floored(1e-7)),
    "infinite": bin_by(naive),
    "many scales wide": density_in_the_tail,
    "is not finite": bin_by(where_naive),
    "no gradient flows": lambda *given: np.asarray(
        right(*(v.detach() if hasattr(v, "detach") else v for v in given))
    ),
    "gradient in log_scale is not": lambda x, mean, s, n: right(x, mean, s.detach(), n),
}
