"""Right and wrong answers to the exercises on VAEs, as learners write them."""

from __future__ import annotations

import math

import latents_answers
import numpy as np
import torch
import torch.nn.functional as F
from torch.distributions import Independent, Normal, kl_divergence

# --- the KL


def kl_right(m, v):
    return 0.5 * (m**2 + v.exp() - 1 - v).sum(-1)


def kl_loop(m, v):
    total = torch.zeros(m.shape[:-1])
    for d in range(m.shape[-1]):
        total = total + (m[..., d] ** 2 + torch.exp(v[..., d]) - 1 - v[..., d]) / 2
    return total


def kl_distributions(m, v):
    q = Independent(Normal(m, (v / 2).exp()), 1)
    p = Independent(Normal(torch.zeros_like(m), torch.ones_like(m)), 1)
    return kl_divergence(q, p)


def kl_einsum(m, v):
    ones = torch.ones(m.shape[-1], dtype=m.dtype)
    squares = torch.einsum("...d,...d->...", m, m)
    return -0.5 * torch.einsum("...d,d->...", 1 + v - v.exp(), ones) + squares / 2


def kl_from_entropies(m, v):
    """What q costs to code under p, less q's entropy."""
    zero = torch.zeros_like(m)
    cross = F.gaussian_nll_loss(zero, m, zero + 1, full=True, reduction="none")
    entropy = 0.5 * (v + math.log(2 * math.pi * math.e))
    return (cross + v.exp() / 2 - entropy).sum(-1)


def kl_expm1(m, v):
    return torch.sum(m.pow(2).add(torch.expm1(v)).sub(v).div(2), dim=-1)


def kl_reversed(m, v):
    p, q = Normal(torch.zeros_like(m), torch.ones_like(m)), Normal(m, (v / 2).exp())
    return kl_divergence(p, q).sum(-1)


def kl_in_place(m, v):
    return 0.5 * (m**2 - 1 - v + v.exp_()).sum(-1)


def kl_list(m, v):
    return kl_right(m, v).tolist()


def kl_detached_variance(m, v):
    return 0.5 * (m**2 + v.exp() - 1 - v).sum(-1) * 0 + kl_right(m, v.detach())


def half_sum(terms):
    return lambda m, v: 0.5 * terms(m, v).sum(-1)


# --- the draw


def draw_normal(m, v, e):
    return Normal(m, (v / 2).exp()).loc + torch.exp(v).sqrt() * e


def draw_rsample(m, v, e):
    return Normal(m, (v / 2).exp()).rsample()


def draw_seeded(m, v, e):
    torch.manual_seed(0)
    return m + (v / 2).exp() * torch.randn(m.shape)


def draw_addcmul(m, v, e):
    m, v, e = torch.broadcast_tensors(m, v, e)
    return torch.addcmul(m, torch.exp(0.5 * v), e)


def draw_loop(m, v, e):
    m, v, e = torch.broadcast_tensors(m, v, e)
    each = zip(m.flatten(), v.flatten(), e.flatten(), strict=True)
    drawn = [mean + math.e ** (log / 2) * noise for mean, log, noise in each]
    return torch.stack(drawn).view(m.shape)


def draw_in_place(m, v, e):
    return m.add_((v / 2).exp() * e)


def draw_one_noise(m, v, e):
    return m + (v / 2).exp() * e.expand(m.shape)


# --- the ELBO


def elbo_of(total=lambda x: x.flatten(1).sum(1), kl=kl_right):
    return lambda likelihood, m, v: total(likelihood) - kl(m, v)


def elbo_loop(likelihood, m, v):
    each = zip(likelihood, m, v, strict=True)
    return torch.stack([x.sum() - kl_right(mean, log) for x, mean, log in each])


def elbo_axes(likelihood, m, v):
    return likelihood.sum(tuple(range(1, likelihood.ndim))) - kl_distributions(m, v)


def elbo_einsum(likelihood, m, v):
    gain = torch.einsum("bn->b", likelihood.reshape(len(m), -1))
    return gain + 0.5 * torch.einsum("bd->b", 1 + v - m * m - v.exp())


def elbo_detached(likelihood, m, v):
    return likelihood.flatten(1).sum(1) - kl_right(m, v).detach()


def elbo_in_place(likelihood, m, v):
    return likelihood.flatten(1).sum(1) - 0.5 * (m.pow_(2) + v.exp() - 1 - v).sum(1)


# --- the score function


def score_right(f, z, m, s):
    return f[:, None] * (z - m) / s**2


def score_numpy(f, z, m, s):
    f, z, m, s = (v.numpy() for v in (f, z, m, s))
    return f.reshape(-1, 1) * (z - m) / np.square(s)


def score_autograd(f, z, m, s):
    means = m.repeat(len(z), 1).requires_grad_()
    log_prob = Normal(means, s).log_prob(z).sum(1)
    return torch.autograd.grad((f * log_prob).sum(), means)[0]


def score_einsum(f, z, m, s):
    return torch.einsum("n,nd,d->nd", f, z - m, s**-2)


def score_loop(f, z, m, s):
    return [
        [(f[n] * (z[n, d] - m[d]) / s[d] / s[d]).item() for d in range(len(m))]
        for n in range(len(f))
    ]


def score_in_place(f, z, m, s):
    z -= m
    return f[:, None] * z / s**2


def log_density(z, m, s):
    return Normal(m, s).log_prob(z)


# --- the posterior


def precision(w, s):
    return torch.eye(w.shape[1]).to(w) + w.T @ w / s**2


def posterior_right(x, w, b, s):
    covariance = torch.linalg.inv(precision(w, s))
    return (x - b) @ w @ covariance / s**2, covariance


def posterior_woodbury(x, w, b, s):
    gain = torch.linalg.solve(w @ w.T + torch.diag(s**2 * torch.ones_like(b)), w)
    identity = torch.eye(w.shape[1], dtype=w.dtype)
    return (x - b) @ gain, identity - w.T @ gain


def posterior_numpy(x, w, b, s):
    x, w, b, s = (v.double().numpy() for v in (x, w, b, s))
    m = w.T @ w + s**2 * np.eye(w.shape[1])
    return np.linalg.solve(m, w.T @ (x - b).T).T, s**2 * np.linalg.inv(m)


def posterior_joint(x, w, b, s):
    """Condition the joint Gaussian of z and x."""
    k = w.shape[1]
    a = torch.cat([torch.eye(k).to(w), w])
    noise = torch.cat([torch.zeros(k).to(w), s**2 * torch.ones_like(b)])
    joint = a @ a.T + noise.diag()
    zx, xx = joint[:k, k:], joint[k:, k:]
    gain = zx @ torch.linalg.inv(xx)
    return torch.einsum("kd,bd->bk", gain, x - b), joint[:k, :k] - gain @ zx.T


def posterior_sequential(x, w, b, s):
    """One number of x after another, each a rank-one update, as a filter does."""
    covariance = torch.eye(w.shape[1], dtype=x.dtype)
    means = torch.zeros(len(x), w.shape[1], dtype=x.dtype)
    for d in range(len(b)):
        row = w[d]
        gain = covariance @ row / (row @ covariance @ row + s**2)
        means = means + (x[:, d] - b[d] - means @ row)[:, None] * gain
        covariance = covariance - torch.outer(gain, row @ covariance)
    return means, covariance


def posterior_cholesky(x, w, b, s):
    covariance = torch.cholesky_inverse(torch.linalg.cholesky(precision(w, s)))
    return [(row - b) @ w @ covariance / s**2 for row in x], covariance


def covariance_is(covariance):
    """Wrong from the covariance on."""

    def posterior(x, w, b, s):
        found = covariance(w, s, torch.eye(w.shape[1]).to(w))
        return (x - b) @ w @ found / s**2, found

    return posterior


def means_are(means):
    def posterior(x, w, b, s):
        covariance = posterior_right(x, w, b, s)[1]
        return means(x, w, b, s, covariance), covariance

    return posterior


def posterior_float32(x, w, b, s):
    found = posterior_right(x.float(), w.float(), b.float(), s.float())
    return tuple(part.to(x.dtype) for part in found)


def posterior_mixed(x, w, b, s):
    covariance = torch.linalg.inv(precision(w, s))
    identity = torch.eye(w.shape[1])
    return (x - b) @ w @ (covariance @ identity) / s**2, covariance


def posterior_in_place(x, w, b, s):
    x -= b
    return posterior_right(x, w, 0 * b, s)


# --- the importance-weighted bound


def iwae_right(w):
    return w.logsumexp(0) - math.log(len(w))


def iwae_loop(w):
    total = w[0]
    for row in w[1:]:
        total = torch.logaddexp(total, row)
    return total - math.log(w.shape[0])


def iwae_numpy(w):
    w = w.double().numpy()
    return np.logaddexp.reduce(w, axis=0) - np.log(len(w))


def iwae_shifted(w):
    greatest = w.max(0).values
    return greatest + (w - greatest).exp().mean(0).log()


def iwae_from(shift):
    def bound(w):
        start = shift(w)
        return start + (w - start).exp().mean(0).log()

    return bound


def iwae_softmax(w):
    """The log weight of any draw, less the logarithm of its share."""
    return (w - w.log_softmax(0))[0] - math.log(len(w))


def iwae_in_place(w):
    greatest = w.amax(0)
    return greatest + w.sub_(greatest).exp().mean(0).log()


RIGHT = {
    "vae.kl_to_standard_normal": [
        kl_loop,
        kl_distributions,
        kl_einsum,
        kl_from_entropies,
        kl_expm1,
    ],
    "vae.reparameterise": [
        draw_normal,
        draw_addcmul,
        draw_loop,
    ],
    "vae.evidence_lower_bound": [elbo_loop, elbo_axes, elbo_einsum],
    "vae.score_function_gradient": [
        score_numpy,
        score_autograd,
        score_einsum,
        score_loop,
    ],
    "vae.linear_posterior": [
        posterior_woodbury,
        posterior_numpy,
        posterior_joint,
        posterior_sequential,
        posterior_cholesky,
    ],
    "vae.importance_bound": [iwae_loop, iwae_numpy, iwae_shifted, iwae_softmax],
    **latents_answers.RIGHT,
}
WRONG = {
    "vae.kl_to_standard_normal": {
        "averaged over the dimensions; their": lambda m, v: kl_right(m, v) / len(m.T),
        "nothing is to be clamped": lambda m, v: kl_right(m, v.clamp(-10, 10)),
        "averaged over the dimensions, and the half": half_sum(
            lambda m, v: 2 * (m**2 + v.exp() - 1 - v) / m.shape[-1]
        ),
        "half is missing: yours": lambda m, v: 2 * kl_right(m, v),
        "sign is turned: a": lambda m, v: -kl_right(m, v),
        "sign is turned, and you averaged": lambda m, v: (
            0.5 * (1 + v - m**2 - v.exp()).mean(-1)
        ),
        "the two are exchanged": kl_reversed,
        "were the standard deviation": half_sum(
            lambda m, v: m**2 + v**2 - 1 - (v**2).log()
        ),
        "logarithm of the standard deviation; it": half_sum(
            lambda m, v: m**2 + (2 * v).exp() - 1 - 2 * v
        ),
        "Your value is NaN": half_sum(lambda m, v: m**2 + v - 1 - v.log()),
        "standard deviation stands where the variance": half_sum(
            lambda m, v: m**2 + (v / 2).exp() - 1 - v
        ),
        "variance is squared": half_sum(lambda m, v: m**2 + v.exp() ** 2 - 1 - v),
        "variance itself is missing": half_sum(lambda m, v: m**2 + v - 1 - v),
        "without its square": half_sum(lambda m, v: m + v.exp() - 1 - v),
        "absolute value": half_sum(lambda m, v: m.abs() + v.exp() - 1 - v),
        "mean mu is missing": half_sum(lambda m, v: v.exp() - 1 - v),
        "square of mu has the wrong sign": half_sum(
            lambda m, v: v.exp() - 1 - v - m**2
        ),
        "constant is missing": half_sum(lambda m, v: m**2 + v.exp() - v),
        "constant is there once": lambda m, v: 0.5 * ((m**2 + v.exp() - v).sum(-1) - 1),
        "constant has the wrong sign": half_sum(lambda m, v: m**2 + v.exp() + 1 - v),
        "sign of log_var": half_sum(lambda m, v: m**2 + v.exp() - 1 + v),
        "term log_var": half_sum(lambda m, v: m**2 + v.exp() - 1),
        "lacks the half": lambda m, v: (m**2 + 0.5 * (v.exp() - 1 - v)).sum(-1),
        "are bits": lambda m, v: kl_right(m, v) / math.log(2),
        "Add up the dimensions": lambda m, v: 0.5 * (m**2 + v.exp() - 1 - v),
        "divergence of its own": lambda m, v: kl_right(m, v).sum(),
        "the wrong axis": lambda m, v: kl_right(m.T, v.T),
        "last axis goes": lambda m, v: kl_right(m, v)[:, None],
        "With mu of shape (2, 3, 4)": lambda m, v: kl_right(
            m.movedim(min(1, m.ndim - 1), -1), v.movedim(min(1, v.ndim - 1), -1)
        ),
        "changed its input log_var": kl_in_place,
        "flows back through": kl_list,
        "flows back to log_var": kl_detached_variance,
        "of that Gaussian": lambda m, v: kl_right(m, v) + 0.1 * v.sum(-1),
    },
    "vae.reparameterise": {
        "nothing is to be clamped": lambda m, v, e: m + (v.clamp(-20, 2) / 2).exp() * e,
        "scaled by the variance": lambda m, v, e: m + v.exp() * e,
        "were the standard deviation": lambda m, v, e: m + v * e,
        "exponential is missing": lambda m, v, e: m + 0.5 * v * e,
        "divided by the standard": lambda m, v, e: m + (-v / 2).exp() * e,
        "root is taken twice": lambda m, v, e: m + (v / 2).exp().sqrt() * e,
        "variance is squared": lambda m, v, e: m + v.exp() ** 2 * e,
        "noise is not scaled": lambda m, v, e: m + e,
        "noise is subtracted": lambda m, v, e: m - (v / 2).exp() * e,
        "mean is scaled too": lambda m, v, e: (m + e) * (v / 2).exp(),
        "mean is missing": lambda m, v, e: (v / 2).exp() * e,
        "are exchanged": lambda m, v, e: (v / 2).exp() + m * e,
        "is added to the noise": lambda m, v, e: m + (v / 2).exp() + e,
        "holds NaN": lambda m, v, e: m + v.sqrt() * e,
        "give different draws": draw_rsample,
        "does not depend on the noise": draw_seeded,
        "the mean alone": lambda m, v, e: m + (v / 2).exp() * 0,
        "flows back through": lambda m, v, e: m.detach() + (v.detach() / 2).exp() * e,
        "flows back to log_var": lambda m, v, e: m + (v.detach() / 2).exp() * e,
        "flows back to mu": lambda m, v, e: m.detach() + (v / 2).exp() * e,
        "respect to log_var": lambda m, v, e: m + ((v / 2).exp() + v - v.detach()) * e,
        "changed its input mu": draw_in_place,
        "shapes should broadcast": lambda m, v, e: (
            (m + (v / 2).exp() * e).flatten()[: m.numel()].view(m.shape)
        ),
        "function raised": draw_one_noise,
        "a draw of its own": lambda m, v, e: (m + (v / 2).exp() * e).sum(-1),
        "not as far": lambda m, v, e: m + (v / 2).exp() * e + 0.1,
    },
    "vae.evidence_lower_bound": {
        "averaged over the subpixels; their": elbo_of(lambda x: x.flatten(1).mean(1)),
        "averaged over the code's": elbo_of(kl=lambda m, v: kl_right(m, v) / len(m.T)),
        "subpixels and over the code's": elbo_of(
            lambda x: x.flatten(1).mean(1), lambda m, v: kl_right(m, v) / len(m.T)
        ),
        "KL has the wrong sign": elbo_of(kl=lambda m, v: -kl_right(m, v)),
        "negative of the bound": lambda x, m, v: -elbo_loop(x, m, v),
        "likelihood has the wrong sign": elbo_of(lambda x: -x.flatten(1).sum(1)),
        "KL is missing": elbo_of(kl=lambda m, v: 0),
        "likelihood is missing": elbo_of(lambda x: 0),
        "at each subpixel": lambda x, m, v: (
            x.flatten(1) - kl_right(m, v)[:, None]
        ).sum(1),
        "KL of the whole batch": elbo_of(kl=lambda m, v: kl_right(m, v).sum()),
        "mean KL of the batch": elbo_of(kl=lambda m, v: kl_right(m, v).mean()),
        "likelihood of the whole batch": elbo_of(lambda x: x.sum()),
        "KL counts double": elbo_of(kl=lambda m, v: 2 * kl_right(m, v)),
        "halved twice": elbo_of(kl=lambda m, v: kl_right(m, v) / 2),
        "sides of the KL": elbo_of(kl=kl_reversed),
        "were the standard deviation": elbo_of(
            kl=half_sum(lambda m, v: m**2 + v**2 - 1 - (v**2).log())
        ),
        "as the logarithm of the standard": elbo_of(kl=lambda m, v: kl_right(m, 2 * v)),
        "stands where the variance": elbo_of(
            kl=half_sum(lambda m, v: m**2 + (v / 2).exp() - 1 - v)
        ),
        "is NaN": elbo_of(kl=half_sum(lambda m, v: m**2 + v - 1 - v.log())),
        "are bits": lambda x, m, v: elbo_loop(x, m, v) / math.log(2),
        "divided by the number of subpixels": lambda x, m, v: (
            elbo_loop(x, m, v) / x[0].numel()
        ),
        "a bound of its own": lambda x, m, v: elbo_loop(x, m, v).mean(),
        "broadcast to a table": elbo_of(lambda x: x.flatten(1).sum(1, keepdim=True)),
        "other axes go": lambda x, m, v: elbo_loop(x, m, v)[:, None],
        "is a sum over": lambda x, m, v: (
            x.flatten(1).sum(1)[:, None] - kl_right(m[..., None], v[..., None])
        ),
        "Add up all the subpixels of an image.": lambda x, m, v: (
            x - kl_right(m, v)[:, None, None, None]
        ),
        "those of its channels": lambda x, m, v: (
            x.sum((2, 3)) - kl_right(m, v)[:, None]
        ),
        "of shape (5, 2, 1, 2, 3)": lambda x, m, v: (
            x.flatten(1).sum(1) / (1 + (x.ndim > 4)) - kl_right(m, v)
        ),
        "raised IndexError": elbo_of(lambda x: x.sum((1, 2, 3))),
        "changed its input mu": elbo_in_place,
        "flows back to mu": elbo_detached,
        "flows back to log_likelihood": lambda x, m, v: elbo_loop(x.detach(), m, v),
        "flows back through": lambda x, m, v: elbo_loop(x, m, v).detach(),
        "minus what z costs. For": lambda x, m, v: elbo_loop(x, m, v) - 0.3,
    },
    "vae.score_function_gradient": {
        "divided by the standard": lambda f, z, m, s: f[:, None] * (z - m) / s,
        "not divided by the variance": lambda f, z, m, s: f[:, None] * (z - m),
        "multiplied by the variance, where": lambda f, z, m, s: (
            f[:, None] * (z - m) * s**2
        ),
        "variance twice": lambda f, z, m, s: f[:, None] * (z - m) / s**4,
        "twice the variance": lambda f, z, m, s: f[:, None] * (z - m) / (2 * s**2),
        "twice too large": lambda f, z, m, s: 2 * score_right(f, z, m, s),
        "sign is turned": lambda f, z, m, s: f[:, None] * (m - z) / s**2,
        "values are missing": lambda f, z, m, s: (z - m) / s**2,
        "values alone": lambda f, z, m, s: f[:, None].expand_as(z),
        "along the dimensions": lambda f, z, m, s: f * (z - m) / s**2,
        "may help": lambda f, z, m, s: score_right(f - f.mean(), z, m, s),
        "with respect to std": lambda f, z, m, s: (
            f[:, None] * ((z - m) ** 2 / s**3 - 1 / s)
        ),
        "log N itself": lambda f, z, m, s: f[:, None] * log_density(z, m, s),
        "gradient of the density": lambda f, z, m, s: (
            score_right(f, z, m, s) * log_density(z, m, s).exp()
        ),
        "density of the whole draw": lambda f, z, m, s: score_right(
            f * log_density(z, m, s).sum(1).exp(), z, m, s
        ),
        "Yours is turned": lambda f, z, m, s: f * ((z - m) / s**2).T,
        "rows, and each has its own value": lambda f, z, m, s: (
            f[:, None] * ((z - m) / s**2).T
        ),
        "share one value": lambda f, z, m, s: f.mean() * (z - m) / s**2,
        "share one estimate": lambda f, z, m, s: (
            score_right(f, z, m, s).mean(0).expand_as(z)
        ),
        "shape (1, 4); shape (4, 4) is expected. Each draw keeps": lambda f, z, m, s: (
            score_right(f, z, m, s).mean(0, keepdim=True)
        ),
        "number of draws": lambda f, z, m, s: score_right(f, z, m, s) / len(z),
        "added up over the dimensions": lambda f, z, m, s: (
            score_right(f, z, m, s).sum(1, keepdim=True).expand_as(z)
        ),
        "not subtracted": lambda f, z, m, s: f[:, None] * z / s**2,
        "logarithm of the values": lambda f, z, m, s: score_right(f.log(), z, m, s),
        "mean is taken later": lambda f, z, m, s: score_right(f, z, m, s).mean(0),
        "a row for each draw": lambda f, z, m, s: score_right(f, z, m, s).sum(),
        "raised RuntimeError": lambda f, z, m, s: (
            score_right(f, z, m, s) * torch.ones(4, 4)
        ),
        "changed its input z": score_in_place,
        "the gradient of log N. For values": lambda f, z, m, s: (
            score_right(f, z, m, s) + 0.1
        ),
        "With values (4,) and z (4, 2)": lambda f, z, m, s: (
            score_right(f, z, m, s) * z.shape[1] / 4
        ),
    },
    "vae.linear_posterior": {
        "is the precision": covariance_is(lambda w, s, i: precision(w, s)),
        "enters by std": lambda x, w, b, s: posterior_right(x, w, b, s.sqrt()),
        "variance of the noise is missing": covariance_is(
            lambda w, s, i: torch.linalg.inv(i + w.T @ w)
        ),
        "multiplies where": covariance_is(
            lambda w, s, i: torch.linalg.inv(i + w.T @ w * s**2)
        ),
        "prior is missing": covariance_is(
            lambda w, s, i: torch.linalg.inv(w.T @ w / s**2)
        ),
        "factor is missing, the variance": covariance_is(
            lambda w, s, i: torch.linalg.inv(w.T @ w + s**2 * i)
        ),
        "factor of std is missing": covariance_is(
            lambda w, s, i: s * torch.linalg.inv(w.T @ w + s**2 * i)
        ),
        "covariance of the prior:": covariance_is(lambda w, s, i: i),
        "only the diagonal": covariance_is(
            lambda w, s, i: torch.linalg.inv(precision(w, s)).diag().diag()
        ),
        "off-diagonal": covariance_is(
            lambda w, s, i: (1 / precision(w, s).diag()).diag()
        ),
        "inverted alone": covariance_is(lambda w, s, i: 1 / precision(w, s)),
        "triangular": covariance_is(
            lambda w, s, i: torch.linalg.cholesky(torch.linalg.inv(precision(w, s)))
        ),
        "its own is 1": covariance_is(
            lambda w, s, i: torch.linalg.inv((i + w.T @ w) / s**2)
        ),
        "only make z surer": covariance_is(
            lambda w, s, i: torch.linalg.inv(i - w.T @ w / s**2)
        ),
        "not 1 to every number": covariance_is(
            lambda w, s, i: torch.linalg.inv(1 + w.T @ w / s**2)
        ),
        "twice too large. Mind the half": covariance_is(
            lambda w, s, i: 2 * torch.linalg.inv(precision(w, s))
        ),
        "half of what is due. Mind the half": covariance_is(
            lambda w, s, i: torch.linalg.inv(precision(w, s)) / 2
        ),
        "variance of the noise twice": means_are(
            lambda x, w, b, s, c: (x - b) @ w @ c / s**4
        ),
        "look at the means. Your result has shape (5, 3)": means_are(
            lambda x, w, b, s, c: ((x - b) @ w @ c / s**2)[:, [0, 0, 0]]
        ),
        "look at the covariance. Your result has shape (2, 3)": lambda x, w, b, s: (
            posterior_right(x, w, b, s)[0],
            posterior_right(x, w, b, s)[1][:, [0, 0, 0]],
        ),
        "bias is not subtracted": means_are(lambda x, w, b, s, c: x @ w @ c / s**2),
        "bias is added": means_are(lambda x, w, b, s, c: (x + b) @ w @ c / s**2),
        "noise does not divide": means_are(lambda x, w, b, s, c: (x - b) @ w @ c),
        "divided by std": means_are(lambda x, w, b, s, c: (x - b) @ w @ c / s),
        "multiplies the means": means_are(lambda x, w, b, s, c: (x - b) @ w @ c * s**2),
        "no part in your means": means_are(lambda x, w, b, s, c: (x - b) @ w / s**2),
        "applied twice": means_are(lambda x, w, b, s, c: (x - b) @ w @ c @ c / s**2),
        "through W alone": means_are(lambda x, w, b, s, c: (x - b) @ w),
        "precision is applied": means_are(
            lambda x, w, b, s, c: (x - b) @ w @ precision(w, s) / s**2
        ),
        "least squares": means_are(
            lambda x, w, b, s, c: torch.linalg.lstsq(w, (x - b).T).solution.T
        ),
        "sign of your means": means_are(lambda x, w, b, s, c: (b - x) @ w @ c / s**2),
        "would be means of x": means_are(
            lambda x, w, b, s, c: (x - b) @ w @ c @ w.T / s**2
        ),
        "A point is a row": means_are(lambda x, w, b, s, c: ((x - b) @ w @ c).T),
        "a posterior mean of its own": means_are(
            lambda x, w, b, s, c: ((x - b) @ w @ c / s**2).mean(0)
        ),
        "same for every point": lambda x, w, b, s: (
            posterior_right(x, w, b, s)[0],
            posterior_right(x, w, b, s)[1].expand(len(x), -1, -1),
        ),
        "for the numbers of x": lambda x, w, b, s: (
            posterior_right(x, w, b, s)[0],
            w @ w.T + s**2 * torch.eye(len(w)),
        ),
        "depend on each other": lambda x, w, b, s: (
            posterior_right(x, w, b, s)[0],
            posterior_right(x, w, b, s)[1].diagonal(),
        ),
        "pair is exchanged": lambda *given: posterior_right(*given)[::-1],
        "a pair (means, covariance)": lambda *given: posterior_right(*given)[0],
        "shape (1, 2) is expected": means_are(
            lambda x, w, b, s, c: ((x - b) @ w @ c / s**2).squeeze()
        ),
        "right to a few digits": posterior_float32,
        "dtype of the inputs": posterior_mixed,
        "changed its input x": posterior_in_place,
        "is not that of z given x. For": covariance_is(
            lambda w, s, i: torch.linalg.inv(precision(w, s)) + 0.05
        ),
        "mean is not that of z given x": means_are(
            lambda x, w, b, s, c: (x - b) @ w @ c / s**2 + 0.05
        ),
    },
    "vae.importance_bound": {
        "the ELBO": lambda w: w.mean(0),
        "weights are added up": lambda w: w.logsumexp(0),
        "logarithms are added up": lambda w: w.sum(0),
        "averaged, and the worst draw": lambda w: (F.softmax(-w, 0) * w).sum(0),
        "sign is turned, and the worst": lambda w: (F.softmax(-w, 0) * -w).sum(0),
        "may lie above": lambda w: (F.softmax(w, 0) * w).sum(0),
        "a loss with the right gradient": lambda w: (
            -((w - w.logsumexp(0)).exp().detach() * w).sum(0)
        ),
        "not a loss": lambda w: -iwae_right(w),
        "its logarithm is asked": lambda w: w.exp().mean(0),
        "in your answer; all": lambda w: w.amax(0),
        "a k-th of it": lambda w: w.amax(0) - math.log(len(w)),
        "logarithm is divided by k;": lambda w: w.logsumexp(0) / len(w),
        "You subtract k": lambda w: w.logsumexp(0) - len(w),
        "logarithm of k has": lambda w: w.logsumexp(0) + math.log(len(w)),
        "divided by that of k": lambda w: w.logsumexp(0) / math.log(len(w)),
        "divided by the number of images": lambda w: (
            w.logsumexp(0) - math.log(w.shape[-1])
        ),
        "by k and by the number": lambda w: w.logsumexp(0) - math.log(w.numel()),
        "k - 1": lambda w: w.logsumexp(0) - math.log(len(w) - 1),
        "k is to base 2": lambda w: w.logsumexp(0) - math.log2(len(w)),
        "are bits": lambda w: iwae_right(w) / math.log(2),
        "median": lambda w: w.median(0).values,
        "the wrong axis": lambda w: w.logsumexp(-1) - math.log(w.shape[-1]),
        "only the draws are averaged": lambda w: iwae_right(w).mean(),
        "give one number": lambda w: w - math.log(len(w)),
        "axis of the draws goes": lambda w: (
            w.logsumexp(0, keepdim=True) - math.log(len(w))
        ),
        "With one draw": lambda w: iwae_right(w) + 0.5 / len(w) ** 20,
        "With log_weights (5, 2, 4)": lambda w: iwae_right(w.flatten(1)),
        "near -2000 your value is -inf": lambda w: w.exp().mean(0).log(),
        "near 900 your value is inf": lambda w: torch.where(
            w.amax(0) < -99, iwae_right(w), w.exp().mean(0).log()
        ),
        "small constant": lambda w: (
            (torch.where(w > 50, 0, w).exp().mean(0) + 1e-30).log()
            + torch.where(w.amax(0) > 50, iwae_right(w), 0)
        ),
        "does not suit another's": lambda w: (
            w.max() + (w - w.max()).exp().mean(0).log()
        ),
        "[0, 0, 0, 0, -100] yours is inf": iwae_from(lambda w: w.amin(0)),
        "[0, 0, 0, -300, -300] yours is inf": iwae_from(lambda w: w.mean(0)),
        "[0, 0, -300, -300, -300] yours is inf": iwae_from(lambda w: w.median(0)[0]),
        "[-300, 0, -300, -300, -300] yours is inf": iwae_from(lambda w: w[0]),
        "[0, -900, -900, -900, -900] yours is inf": lambda w: iwae_from(
            lambda v: v.mean(0)
        )(w.double()),
        "changed its input log_weights": iwae_in_place,
        "mean weight. For log_weights": lambda w: iwae_right(w) + 0.1,
    },
    **latents_answers.WRONG,
}

# What each may be called with once it has passed.
_ROWS = torch.arange(12.0).cos().view(4, 3)
INPUTS = {
    "vae.kl_to_standard_normal": (_ROWS, _ROWS.sin()),
    "vae.reparameterise": (_ROWS, _ROWS.sin(), _ROWS.tan()),
    "vae.evidence_lower_bound": (-torch.ones(4, 1, 2, 2), _ROWS, _ROWS.sin()),
    "vae.score_function_gradient": (_ROWS[:, 0], _ROWS, _ROWS[0], _ROWS[1].exp()),
    "vae.linear_posterior": (
        _ROWS,
        _ROWS[:2].T.contiguous(),
        _ROWS[0],
        torch.tensor(0.5),
    ),
    "vae.importance_bound": (_ROWS,),
    "vae.active_dimensions": (_ROWS,),
    "vae.every_class": (_ROWS, 2),
}
