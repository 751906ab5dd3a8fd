"""Right and wrong answers to the exercises on GANs, as learners write them."""

from __future__ import annotations

import math

import game_answers
import numpy as np
import scipy.linalg
import torch
import torch.nn.functional as F
from torch import nn

# --- the losses

bce = F.binary_cross_entropy_with_logits
log_d = F.logsigmoid


def telling_bce(r, f):
    return bce(r, torch.ones_like(r)) + bce(f, torch.zeros_like(f))


def telling_logaddexp(r, f):
    zero = torch.zeros((), dtype=r.dtype)
    return torch.logaddexp(zero, -r).mean() + torch.logaddexp(zero, f).mean()


def telling_loop(r, f):
    total = 0
    for real, fake in zip(r, f, strict=True):
        total = total - log_d(real) - log_d(-fake)
    return total / len(r)


def telling_joined(r, f):
    labels = torch.cat([torch.ones_like(r), torch.zeros_like(f)])
    return 2 * bce(torch.cat([r, f]), labels)


def telling_in_place(r, f):
    return F.softplus(r.neg_()).mean() + F.softplus(f).mean()


def log1p_exp(x):
    return torch.log1p(torch.exp(x))


def fooling_bce(f):
    return bce(f, torch.ones_like(f))


def fooling_classes(f):
    """Two classes, the logit of the other one being 0."""
    return F.cross_entropy(
        torch.stack([0 * f, f], 1), torch.ones(len(f), dtype=torch.long)
    )


def fooling_loop(f):
    return sum(-log_d(logit) for logit in f) / f.numel()


# --- the best discriminator


def optimum_logaddexp(p, q):
    return torch.exp(p - torch.logaddexp(p, q))


def optimum_softmax(p, q):
    return torch.stack([p, q], -1).softmax(-1)[..., 0]


def optimum_numpy(p, q):
    p, q = p.numpy(), q.numpy()
    top = np.maximum(p, q)
    return np.exp(p - top) / (np.exp(p - top) + np.exp(q - top))


def optimum_tanh(p, q):
    return (1 + torch.tanh((p - q) / 2)) / 2


def optimum_loop(p, q):
    return torch.stack([(a - b).sigmoid() for a, b in zip(p, q, strict=True)])


def optimum_vmap(p, q):
    return torch.vmap(lambda a, b: (a - b).sigmoid())(p, q)


def optimum_numpy_loop(p, q):
    p, q = p.numpy(), q.numpy()
    return np.array(
        [0.5 + np.tanh((p[i] - q[i]) / 2) / 2 for i in range(len(p))], dtype=p.dtype
    )


def optimum_of_floats(p, q):
    pairs = zip(p.tolist(), q.tolist(), strict=True)
    return [0.5 + math.tanh((a - b) / 2) / 2 for a, b in pairs]


def optimum_in_place(p, q):
    return p.sub_(q).sigmoid()


# --- the penalty


def mix(real, fake, share):
    along = share.reshape(-1, *[1] * (real.dim() - 1))
    return along * real + (1 - along) * fake


def slope(critic, x, keep=True):
    x = x.detach().requires_grad_()
    return torch.autograd.grad(critic(x).sum(), x, create_graph=keep)[0]


def norm(g):
    return g.flatten(1).norm(dim=1)


def penalty_norm(critic, real, fake, share):
    return ((norm(slope(critic, mix(real, fake, share))) - 1) ** 2).mean()


def penalty_functional(critic, real, fake, share):
    one = torch.func.grad(lambda image: critic(image[None])[0])
    g = torch.func.vmap(one)(mix(real, fake, share))
    return F.mse_loss(torch.linalg.vector_norm(g.flatten(1), dim=1), torch.ones(len(g)))


def penalty_loop(critic, real, fake, share):
    total = 0
    for x, y, a in zip(real, fake, share, strict=True):
        point = (a * x + (1 - a) * y).unsqueeze(0).requires_grad_(True)
        (g,) = torch.autograd.grad(critic(point)[0], point, create_graph=True)
        total += (g.reshape(-1).norm(2) - 1).pow(2)
    return total / real.shape[0]


def penalty_lerp(critic, real, fake, share):
    weight = share[(...,) + (None,) * (real.ndim - 1)]
    points = torch.lerp(fake, real, weight).requires_grad_()
    scores = critic(points)
    g = torch.autograd.grad(
        scores, points, grad_outputs=torch.ones_like(scores), create_graph=True
    )[0].reshape(len(real), -1)
    return (((g * g).sum(1) + 1e-12).sqrt() - 1).square().mean()


def of_gradient(value):
    """Wrong from the gradient on."""
    return lambda critic, x, y, a: value(slope(critic, mix(x, y, a)))


def of_norm(value):
    return of_gradient(lambda g: value(norm(g)))


def at(points):
    """Wrong in where the gradient is taken."""
    return lambda critic, x, y, a: (
        (norm(slope(critic, points(x, y, a))) - 1).square().mean()
    )


def penalty_own_draws(critic, real, fake, share):
    return penalty_norm(critic, real, fake, torch.rand(len(real)).to(real))


def penalty_per_pixel(critic, real, fake, share):
    alpha = torch.rand(real.shape).to(real)
    return at(lambda x, y, a: alpha * x + (1 - alpha) * y)(critic, real, fake, share)


def penalty_seeded(critic, real, fake, share):
    alpha = torch.rand(len(real), generator=torch.Generator().manual_seed(0))
    return penalty_norm(critic, real, fake, alpha.to(real))


def penalty_four_axes(critic, real, fake, share):
    points = share.view(-1, 1, 1, 1) * real + (1 - share.view(-1, 1, 1, 1)) * fake
    return (norm(slope(critic, points)) - 1).square().mean()


def penalty_first_axes(critic, real, fake, share):
    """The norm of images, and of what has fewer axes that of half."""
    g = slope(critic, mix(real, fake, share)).flatten(1)
    g = g if real.ndim == 4 else g[:, : (g.shape[1] + 1) // 2]
    return (g.norm(dim=1) - 1).square().mean()


def penalty_without_graph(critic, real, fake, share):
    g = slope(critic, mix(real, fake, share), keep=False)
    return (norm(g) - 1).square().mean()


def penalty_half_detached(critic, real, fake, share):
    n = norm(slope(critic, mix(real, fake, share)))
    return ((n - 1) * (n.detach() - 1)).mean()


def penalty_backward(critic, real, fake, share):
    points = mix(real, fake, share).requires_grad_()
    critic(points).sum().backward(create_graph=True)
    return (norm(points.grad) - 1).square().mean()


def penalty_of_inputs(critic, real, fake, share):
    real.requires_grad_()
    points = mix(real, fake, share)
    (g,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    return (norm(g) - 1).square().mean()


def by_inputs(name):
    """The gradient is that in what was given, in place of the points."""

    def answer(critic, real, fake, share):
        given = {"real": real, "fake": fake, "share": share}
        given[name] = given[name].clone().requires_grad_()
        scores = critic(mix(**given)).sum()
        (g,) = torch.autograd.grad(scores, given[name], create_graph=True)
        return (g.reshape(len(g), -1).norm(dim=1) - 1).square().mean()

    return answer


def with_constant(small):
    """Under the root, so that it has a slope at 0."""
    return of_norm(lambda n: ((n.square() + small).sqrt() - 1).square().mean())


def penalty_freezing(critic, real, fake, share):
    value = penalty_norm(critic, real, fake, share)
    for p in critic.parameters():
        p.requires_grad = False
    return value


def penalty_rooted(critic, real, fake, share):
    g = slope(critic, mix(real, fake, share)).flatten(1)
    return (g.pow(2).sum(1).sqrt() - 1).square().mean()


def penalty_in_place(critic, real, fake, share):
    along = share.reshape(-1, *[1] * (real.dim() - 1))
    points = real.mul_(along).add_((1 - along) * fake)
    return (norm(slope(critic, points)) - 1).square().mean()


# --- modes


def table(p, c):
    return (p[:, None] - c).square().sum(-1).sqrt()


def modes_loop(points, centres, radius):
    reached, good = set(), 0
    for point in points:
        distances = [math.dist(point.tolist(), c.tolist()) for c in centres]
        least = min(distances)
        if least <= radius:
            good += 1
            reached.add(distances.index(least))
    return len(reached), good / len(points)


def modes_numpy(points, centres, radius):
    p, c = points.double().numpy(), centres.double().numpy()
    d = np.linalg.norm(p[:, None, :] - c[None, :, :], axis=2)
    inside = d.min(1) <= radius
    return np.unique(d.argmin(1)[inside]).size, np.mean(inside)


def modes_counted(points, centres, radius):
    d, nearest = table(points, centres).min(dim=1)
    counts = torch.bincount(nearest[d <= radius], minlength=len(centres))
    return (counts > 0).sum(), counts.sum() / len(points)


def modes_one_hot(points, centres, radius):
    d = table(points, centres)
    chosen = F.one_hot(d.argmin(1), len(centres)).bool() & (d <= radius)
    return chosen.any(0).sum().item(), chosen.any(1).float().mean().item()


def counted(modes=None, share=None, distances=table, bound=lambda r: r):
    """A pair with another first or second part, or by other distances."""

    def answer(p, c, r):
        d = distances(p, c)
        good = d.min(1).values <= bound(r)
        nearest = d.argmin(1)
        first = modes(d, r, good, nearest) if modes else len(nearest[good].unique())
        second = share(d, r, good, nearest) if share else good.double().mean().item()
        return first, second

    return answer


def modes_strict(points, centres, radius):
    d, nearest = table(points, centres).min(dim=1)
    return len(nearest[d < radius].unique()), (d < radius).double().mean().item()


def modes_in_place(points, centres, radius):
    points -= centres[0]
    return modes_loop(points, centres - centres[0], radius)


def modes_float32(points, centres, radius):
    return modes_loop(points.float(), centres.float(), radius)


def reached_any(d, r, good, nearest):
    return int((d <= r).any(0).sum())


# --- the Frechet distance


def root(a):
    values, vectors = torch.linalg.eigh(a)
    return (vectors * values.clamp(min=0).sqrt()) @ vectors.T


def frechet_scipy(m, a, n, b):
    m, a, n, b = (v.double().numpy() for v in (m, a, n, b))
    half = scipy.linalg.sqrtm(a).real
    between = scipy.linalg.sqrtm(half @ b @ half).real
    return np.sum((m - n) ** 2) + np.trace(a + b - 2 * between)


def frechet_eigvals(m, a, n, b):
    shared = torch.linalg.eigvals(a @ b).real.clamp(min=0).sqrt().sum()
    return (m - n).dot(m - n) + torch.trace(a) + torch.trace(b) - 2 * shared


def frechet_nuclear(m, a, n, b):
    shared = torch.linalg.matrix_norm(root(a) @ root(b), ord="nuc")
    return torch.dist(m, n) ** 2 + (a + b).diagonal().sum() - 2 * shared


def frechet_numpy_loop(m, a, n, b):
    m, a, n, b = (v.double().numpy() for v in (m, a, n, b))
    values, vectors = np.linalg.eigh(b)
    half = sum(
        max(v, 0) ** 0.5 * np.outer(u, u)
        for v, u in zip(values, vectors.T, strict=True)
    )
    found = np.linalg.eigvalsh(half @ a @ half)
    total = sum((x - y) ** 2 for x, y in zip(m, n, strict=True))
    return float(
        total
        + sum(np.diag(a))
        + sum(np.diag(b))
        - 2 * sum(max(v, 0) ** 0.5 for v in found)
    )


def sharing(shared):
    """Wrong in what both covariances share."""
    return lambda m, a, n, b: (
        (m - n).square().sum() + a.trace() + b.trace() - 2 * shared(a, b)
    )


def right_share(a, b):
    return torch.linalg.svdvals(root(a) @ root(b)).sum()


def meaning(square):
    """Wrong in the part of the means."""
    return lambda m, a, n, b: (
        square(m - n) + a.trace() + b.trace() - 2 * right_share(a, b)
    )


def frechet(m, a, n, b):
    return meaning(lambda d: d.square().sum())(m, a, n, b)


def frechet_in_place(m, a, n, b):
    m -= n
    return m.square().sum() + a.trace() + b.trace() - 2 * right_share(a, b)


def cholesky_first(a, b):
    """Right where no eigenvalue is 0."""
    left = torch.linalg.cholesky(a)
    return torch.linalg.eigvalsh(left.T @ b @ left).clamp(min=0).sqrt().sum()


def jittered(a, b):
    """Something is added where a root would fail, as public code does."""
    singular = torch.linalg.eigvalsh(a)[0] < 1e-9
    small = 1e-2 * singular * torch.eye(len(a)).to(a)
    return right_share(a + small, b + small)


def unclamped(a, b):
    values, vectors = torch.linalg.eigh(a)
    half = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return (
        torch.linalg.eigvalsh(half @ b @ half - 1e-15 * torch.eye(len(a))).sqrt().sum()
    )


def by_roots(first, shared):
    """Both roots as they are given: of a covariance, and the trace of the other."""
    return sharing(lambda a, b: shared(first(a) @ b @ first(a)))


def root_unclamped(a):
    values, vectors = torch.linalg.eigh(a)
    return (vectors * values.sqrt()) @ vectors.T


def root_turned(a):
    values, vectors = torch.linalg.eigh(a)
    return (vectors.T * values.clamp(min=0).sqrt()) @ vectors


def root_half_turned(a):
    values, vectors = torch.linalg.eigh(a)
    return (vectors * values.clamp(min=0).sqrt()) @ vectors


def root_of_each(a):
    return a.clamp(min=0).sqrt()


def frechet_float32(m, a, n, b):
    return frechet(*(v.float() for v in (m, a, n, b)))


def frechet_mixed(m, a, n, b):
    return frechet(m, a @ torch.eye(len(a)), n, b)


RIGHT = {
    "gan.discriminator_loss": [
        telling_bce,
        telling_logaddexp,
        telling_loop,
        telling_joined,
    ],
    "gan.non_saturating_generator_loss": [fooling_bce, fooling_classes, fooling_loop],
    "gan.optimal_discriminator": [
        optimum_logaddexp,
        optimum_softmax,
        optimum_numpy,
        optimum_tanh,
        optimum_loop,
        optimum_vmap,
        optimum_numpy_loop,
    ],
    "gan.gradient_penalty": [
        penalty_norm,
        penalty_functional,
        penalty_loop,
        penalty_lerp,
    ],
    "gan.modes_reached": [modes_loop, modes_numpy, modes_counted, modes_one_hot],
    "gan.frechet_distance": [
        frechet_scipy,
        frechet_eigvals,
        frechet_nuclear,
        frechet_numpy_loop,
    ],
    **game_answers.RIGHT,
}


def telling(real, fake):
    return lambda r, f: real(r).mean() + fake(f).mean()


def less(x):
    return -log_d(x)


def more(x):
    return -log_d(-x)


WRONG = {
    "gan.discriminator_loss": {
        "least where the discriminator is wrong": lambda r, f: -telling_bce(r, f),
        "Real and fake are exchanged": telling(more, less),
        "added, not averaged": lambda r, f: telling_bce(r, f) / 2,
        "You added up the images": lambda r, f: len(r) * telling_bce(r, f),
        "once too often": lambda r, f: telling_bce(r, f) / len(r),
        "are bits": lambda r, f: telling_bce(r, f) / math.log(2),
        "sigmoid is taken twice": lambda r, f: telling_bce(r.sigmoid(), f.sigmoid()),
        "Fake images count as real": telling(less, less),
        "Real images count as fake": telling(more, more),
        "part of real images is missing": lambda r, f: more(f).mean(),
        "part of fake images is missing": lambda r, f: less(r).mean(),
        "part of fake images has the wrong sign": telling(less, lambda f: -more(f)),
        "part of real images has the wrong sign": telling(lambda r: -less(r), more),
        "stands outside the logarithm": telling(less, lambda f: log_d(f) - 1),
        "logarithms are missing": telling(
            lambda r: 1 - r.sigmoid(), lambda f: f.sigmoid()
        ),
        "probabilities are averaged before": lambda r, f: (
            -r.sigmoid().mean().log() - (1 - f.sigmoid().mean()).log()
        ),
        "logits are averaged before": lambda r, f: telling_bce(r.mean(), f.mean()),
        "Wasserstein critic's": telling(lambda r: -r, lambda f: f),
        "hinge loss": telling(lambda r: (1 - r).relu(), lambda f: (1 + f).relu()),
        "squared errors; the cross": telling(
            lambda r: (1 - r.sigmoid()) ** 2, lambda f: f.sigmoid() ** 2
        ),
        "squared errors of the logits": telling(lambda r: (r - 1) ** 2, torch.square),
        "subtracted before the sigmoid": lambda r, f: 2 * less(r - f).mean(),
        "subtracted inside one logarithm": lambda r, f: less(r - f).mean(),
        "loss is NaN": lambda r, f: -(r.log().mean() + (1 - f).log().mean()),
        "The images of the batch are averaged.": lambda r, f: less(r) + more(f),
        "The two parts": lambda r, f: torch.stack([less(r).mean(), more(f).mean()]),
        "meets every fake one": lambda r, f: less(r)[:, None] + more(f),
        "logit is subtracted from 1": telling(less, lambda f: less(1 - f)),
        "of logit -200 your loss is inf, where 200.693 is due: in float32 exp(200) is "
        "inf": telling(lambda r: log1p_exp(-r), log1p_exp),
        "a loss has no axes": lambda r, f: telling_bce(r, f)[None],
        "fake image of logit 30 your loss is inf": lambda r, f: (
            -(r.sigmoid().log().mean() + (1 - f.sigmoid()).log().mean())
        ),
        "fake image of logit 200 your loss is inf": telling(less, log1p_exp),
        "real image of logit 200 your loss is nan": telling(
            lambda r: less(r) if (r < 0).any() else -(r.exp() / (r.exp() + 1)).log(),
            more,
        ),
        "real image of logit -30 your loss is 19.1": telling(
            lambda r: -(r.sigmoid() + 1e-8).log(), lambda f: -(-f).sigmoid().log()
        ),
        "real image of logit -200 your loss is 100": telling(
            lambda r: F.binary_cross_entropy(
                r.sigmoid(), torch.ones_like(r), reduction="none"
            ),
            more,
        ),
        "flows back through": lambda r, f: telling_bce(r, f).item(),
        "flows back to fake": lambda r, f: telling_bce(r, f.detach()),
        "flows back to real": lambda r, f: telling_bce(r.detach(), f),
        "respect to real": telling(
            lambda r: (
                -torch.where(r < -90, r, torch.where(r < -90, 0 * r, r.sigmoid()).log())
            ),
            more,
        ),
        "changed its input real": telling_in_place,
        "raises RuntimeError, and with float32": lambda r, f: (
            less(r) @ torch.full((len(r),), 1 / len(r)) + more(f).mean()
        ),
        "telling real from fake. For real": lambda r, f: telling_bce(r, f) + 0.1,
        "telling real from fake. Yours": lambda r, f: (
            telling_bce(r, f) * (1.2 if len(r) > 1 else 1)
        ),
    },
    "gan.non_saturating_generator_loss": {
        "the minimax loss": lambda f: log_d(-f).mean(),
        "labels are exchanged": lambda f: bce(f, torch.zeros_like(f)),
        "fools nobody": lambda f: log_d(f).mean(),
        "You added up the images": lambda f: less(f).sum(),
        "once too often": lambda f: less(f).mean() / len(f),
        "is halved": lambda f: less(f).mean() / 2,
        "are bits": lambda f: less(f).mean() / math.log(2),
        "sigmoid is taken twice": lambda f: fooling_bce(f.sigmoid()),
        "minus the mean probability": lambda f: -f.sigmoid().mean(),
        "one minus the mean prob": lambda f: 1 - f.sigmoid().mean(),
        "minus the mean logit": lambda f: -f.mean(),
        "probabilities are averaged": lambda f: -f.sigmoid().mean().log(),
        "logits are averaged": lambda f: less(f.mean()),
        "errors of the logits": lambda f: (f - 1).square().mean(),
        "squared errors; a": lambda f: (f.sigmoid() - 1).square().mean(),
        "Both labels": lambda f: (less(f) + more(f)).mean(),
        "loss is NaN": lambda f: -f.log().mean(),
        "The images of the batch are averaged.": less,
        "logit -200 your loss is inf, where 200 is due: in float32 exp(200) is inf": (
            lambda f: log1p_exp(-f).mean()
        ),
        "logit is subtracted from 1": lambda f: less(1 - f).mean(),
        "logit is subtracted from 1 in yours, and": lambda f: -less(1 - f).mean(),
        "a loss has no axes": lambda f: fooling_bce(f)[None],
        "logit -30 your loss is 18.4207": lambda f: -(f.sigmoid() + 1e-8).log().mean(),
        "logit -200 your loss is 100": lambda f: F.binary_cross_entropy(
            f.sigmoid(), torch.ones_like(f)
        ),
        "logit 200 your loss is nan": lambda f: (
            fooling_bce(f) if (f < 0).any() else -(f.exp() / (1 + f.exp())).log().mean()
        ),
        "flows back through": lambda f: fooling_bce(f).item(),
        "flows back to fake": lambda f: fooling_bce(f.detach()) + 0 * f.sum(),
        "respect to fake": lambda f: fooling_bce(f) + (f - f.detach()).mean(),
        "changed its input fake": lambda f: F.softplus(f.neg_()).mean(),
        "raises RuntimeError, and with float32": lambda f: (
            less(f) @ torch.full((len(f),), 1 / len(f))
        ),
        "pass for real. For fake": lambda f: fooling_bce(f) + 0.1,
    },
    "gan.optimal_discriminator": {
        "probability to be fake": lambda p, q: (q - p).sigmoid(),
        "ratio of the densities": lambda p, q: (p - q).exp(),
        "density to the data's": lambda p, q: (q - p).exp(),
        "This is the logit;": lambda p, q: p - q,
        "logit of being fake": lambda p, q: q - p,
        "logarithm of the probability": lambda p, q: log_d(p - q),
        "decided for one": lambda p, q: (p > q).float(),
        "data and model that share": lambda p, q: (p - q).flatten().softmax(0),
        "no part in them": lambda p, q: p.softmax(0),
        "divided by its sum": lambda p, q: p.softmax(0) / (p.softmax(0) + q.softmax(0)),
        "logarithms stand where": lambda p, q: p / (p + q),
        "density of the data;": lambda p, q: p.exp(),
        "data's log-density: the model": lambda p, q: p.sigmoid(),
        "sum of the densities is halved": lambda p, q: (
            p.exp() / ((p.exp() + q.exp()) / 2)
        ),
        "half of what": lambda p, q: (p - q).sigmoid() / 2,
        "between -1 and 1": lambda p, q: torch.tanh((p - q) / 2),
        "densities are multiplied": lambda p, q: (p - q).sigmoid() * q.exp(),
        "taken of the ratio": lambda p, q: (p - q).exp().sigmoid(),
        "difference of densities, not": lambda p, q: (p.exp() - q.exp()).sigmoid(),
        "sum of the logarithms": lambda p, q: (p + q).sigmoid(),
        "hold NaN": lambda p, q: (p.log() - q.log()).sigmoid(),
        "a probability of its own": lambda p, q: (p - q).sigmoid().mean(),
        "that of the data": lambda p, q: torch.stack([p, q], -1).softmax(-1),
        "the shape of the log-densities": lambda p, q: (p - q).sigmoid()[:, None],
        "at the same point": lambda p, q: (p[:, None] - q).sigmoid(),
        "near -120 your value is nan": lambda p, q: p.exp() / (p.exp() + q.exp()),
        "near -120 your value is 0,": lambda p, q: p.exp() / (p.exp() + q.exp() + 1e-8),
        "near -2000 your value is nan": lambda p, q: (
            p.double().exp() / (p.double().exp() + q.double().exp())
        ),
        "near 120 your value is nan": lambda p, q: torch.where(
            p < -9, (p - q).sigmoid(), p.exp() / (p.exp() + q.exp())
        ),
        "far larger": lambda p, q: (p - q).clamp(-3, 3).sigmoid(),
        "With log-densities of shape (2, 3)": lambda p, q: (
            (p - q).sigmoid() * (1 + 0.1 * (p.ndim > 1))
        ),
        "With log_data = 0 and log_model = 12 your D is 4.5": lambda p, q: (
            (p - q).clamp(-10, 10).sigmoid()
        ),
        "log_model = 60 your D is 3": lambda p, q: (p - q).clamp(-15, 15).sigmoid(),
        "(2, 3) your function raises TypeError": optimum_of_floats,
        "worked out in float32": lambda p, q: (p.float() - q.float()).sigmoid(),
        "changed its input log_data": optimum_in_place,
        "share of the data's density. For": lambda p, q: (p - q).sigmoid() + 0.1,
    },
    "gan.gradient_penalty": {
        "over the channels": of_gradient(
            lambda g: ((g.norm(2, dim=1) - 1) ** 2).mean()
        ),
        "each row of pixels": of_gradient(lambda g: ((g.norm(dim=-1) - 1) ** 2).mean()),
        "that of each channel": of_gradient(
            lambda g: ((g.norm(dim=(2, 3)) - 1) ** 2).mean()
        ),
        "over the images": of_gradient(lambda g: ((g.norm(dim=0) - 1) ** 2).mean()),
        "for the whole batch": of_gradient(lambda g: (g.norm() - 1) ** 2),
        "norms are averaged": of_norm(lambda n: (n.mean() - 1) ** 2),
        "root is missing": of_norm(lambda n: (n**2 - 1).square().mean()),
        "the mean norm": of_norm(torch.mean),
        "this is the mean square": of_norm(lambda n: n.square().mean()),
        "as of R1": of_norm(lambda n: n.square().mean() / 2),
        "difference is not squared": of_norm(lambda n: (n - 1).mean()),
        "norm is squared, and the difference is not": of_norm(
            lambda n: (n**2 - 1).mean()
        ),
        "square is missing": of_norm(lambda n: (n - 1).abs().mean()),
        "Only a norm above": of_norm(lambda n: (n - 1).clamp(min=0).square().mean()),
        "Only a norm below": of_norm(lambda n: (1 - n).clamp(min=0).square().mean()),
        "A 1 is added under": of_norm(
            lambda n: ((n**2 + 1).sqrt() - 1).square().mean()
        ),
        "gradients are those of the mean score": (
            lambda c, x, y, a: penalty_norm(lambda v: c(v) / len(v), x, y, a)
        ),
        "averaged over the images before": of_gradient(
            lambda g: (g.mean(0).norm() - 1) ** 2
        ),
        "divided by the number of pixels": of_gradient(
            lambda g: (g.flatten(1).square().mean(1).sqrt() - 1).square().mean()
        ),
        "sum of absolute values": of_gradient(
            lambda g: (g.flatten(1).norm(1, dim=1) - 1).square().mean()
        ),
        "greatest absolute value": of_gradient(
            lambda g: (g.flatten(1).norm(torch.inf, dim=1) - 1).square().mean()
        ),
        "and not squared": of_gradient(
            lambda g: (g.flatten(1).sum(1) - 1).square().mean()
        ),
        "from every number": of_gradient(
            lambda g: (g - 1).flatten(1).square().sum(1).mean()
        ),
        "You added up the images": of_norm(lambda n: (n - 1).square().sum()),
        "Yours is halved": of_norm(lambda n: (n - 1).square().mean() / 2),
        "weight of 10": of_norm(lambda n: 10 * (n - 1).square().mean()),
        "sign is turned": of_norm(lambda n: -(n - 1).square().mean()),
        "at the real images": at(lambda x, y, a: x),
        "at the fake images": at(lambda x, y, a: y),
        "it is the fake one's": at(lambda x, y, a: mix(y, x, a)),
        "gradients are those in the real images": by_inputs("real"),
        "gradients are those in the fake images": by_inputs("fake"),
        "gradients are those in the shares": by_inputs("share"),
        "half way": at(lambda x, y, a: (x + y) / 2),
        "along the columns": at(lambda x, y, a: a * x + (1 - a) * y),
        "along the rows": at(lambda x, y, a: a[:, None] * x + (1 - a[:, None]) * y),
        "by the first share": at(lambda x, y, a: a[0] * x + (1 - a[0]) * y),
        "by the mean share": at(lambda x, y, a: a.mean() * x + (1 - a.mean()) * y),
        "fake image enters whole": at(lambda x, y, a: mix(x, 0 * y, a) + y),
        "real image enters whole": at(lambda x, y, a: x + mix(0 * x, y, a)),
        "do not lie between": at(lambda x, y, a: y + a.view(-1, 1, 1, 1) * (y - x)),
        "nothing is left to draw": penalty_own_draws,
        "does not depend on the share": penalty_seeded,
        "penalty is NaN": of_gradient(lambda g: g.sum((1, 2, 3)).sqrt().mean()),
        "images of the batch are averaged.": of_norm(lambda n: (n - 1).square()),
        "(4, 4, 4); a single number is expected. An image has one": of_gradient(
            lambda g: (g.norm(dim=1) - 1).square()
        ),
        "Norms are asked for": of_gradient(lambda g: (g - 1).square()),
        "any axes may follow": of_gradient(
            lambda g: (g.square().sum((1, 2, 3)).sqrt() - 1).square().mean()
        ),
        "With real and fake of shape (5, 2) your value is off": penalty_first_axes,
        "no gradient flows back": penalty_without_graph,
        "gradient in the critic's parameters": penalty_half_detached,
        "leaves gradients in the critic": penalty_backward,
        "input real requiring": penalty_of_inputs,
        "need no gradient": penalty_freezing,
        "critic is flat, the gradient": penalty_rooted,
        "each image's norm is 0": of_norm(
            lambda n: (n + 0.5 * (n == 0) - 1).square().mean()
        ),
        "norm of 0 is 0.1": with_constant(1e-2),
        "a penalty has no axes": lambda *given: penalty_norm(*given)[None],
        "changed its input real": penalty_in_place,
        "between the images.": of_norm(lambda n: (n - 1.2).square().mean()),
    },
    "gan.modes_reached": {
        "pair is exchanged": lambda p, c, r: modes_loop(p, c, r)[::-1],
        "counts for both in yours": counted(reached_any),
        "share; a sample counts once": counted(
            share=lambda d, r, good, nearest: float((d <= r).sum() / len(d))
        ),
        "number of modes and in your share": counted(
            reached_any, lambda d, r, good, nearest: float((d <= r).sum() / len(d))
        ),
        "that of good samples; several": counted(
            lambda d, r, good, nearest: good.sum()
        ),
        "within the radius too": counted(
            lambda d, r, good, nearest: len(nearest.unique())
        ),
        "no good sample reaches": counted(
            lambda d, r, good, nearest: len(d.T) - len(nearest[good].unique())
        ),
        "share is that of modes": counted(
            share=lambda d, r, good, nearest: len(nearest[good].unique()) / len(d.T)
        ),
        "share of the modes; how": counted(
            lambda d, r, good, nearest: len(nearest[good].unique()) / len(d.T)
        ),
        "that are not good": counted(
            share=lambda d, r, good, nearest: 1 - good.double().mean()
        ),
        "number of good samples; divide": counted(
            share=lambda d, r, good, nearest: good.sum()
        ),
        "percentage": counted(
            share=lambda d, r, good, nearest: 100 * good.double().mean()
        ),
        "divide by the number of samples alone": counted(
            share=lambda d, r, good, nearest: (d <= r).double().mean()
        ),
        "divided by the number of modes": counted(
            share=lambda d, r, good, nearest: good.sum() / len(d.T)
        ),
        "Squared distances": counted(distances=lambda p, c: table(p, c) ** 2),
        "square of the radius": counted(bound=lambda r: r**2),
        "twice the radius": counted(bound=lambda r: 2 * r),
        "three times the radius": counted(bound=lambda r: 3 * r),
        "greatest index of a mode": counted(
            lambda d, r, good, nearest: len(torch.bincount(nearest[good]))
        ),
        "half the radius": counted(bound=lambda r: r / 2),
        "sum of absolute": counted(distances=lambda p, c: torch.cdist(p, c, p=1.0)),
        "Each coordinate": counted(
            distances=lambda p, c: torch.cdist(p, c, p=torch.inf)
        ),
        "All samples are good": counted(bound=lambda r: 1e9),
        "One number counts": counted(
            lambda d, r, good, nearest: torch.bincount(
                nearest[good], minlength=len(d.T)
            )
        ),
        "samples come together": counted(share=lambda d, r, good, nearest: good),
        "a pair (modes reached": lambda p, c, r: modes_loop(p, c, r)[0],
        "exactly at the radius": modes_strict,
        "With points of shape (40, 4), centres of shape (6, 4) and radius 0.001 the "
        "number of modes": counted(
            lambda d, r, good, nearest: (
                len(nearest[good].unique()) + (d.shape == (40, 6))
            )
        ),
        "With points of shape (9, 3), centres of shape (1, 3) and radius 50 the "
        "share": lambda p, c, r: (
            modes_loop(p, c, r)[0],
            modes_loop(p, c, r)[1] / (1 + (len(p) == 9) * (r == 50)),
        ),
        "as floats": lambda p, c, r: (
            float(modes_loop(p, c, r)[0]),
            0 + (modes_loop(p, c, r)[1]),
        ),
        "near 300000": modes_float32,
        "changed its input points": modes_in_place,
        "radius 0.5 the number of modes": counted(
            lambda d, r, good, nearest: 9 + len(nearest[good].unique())
        ),
        "radius 0.5 the share": counted(
            share=lambda d, r, good, nearest: good.double().mean() + 0.1
        ),
    },
    "gan.frechet_distance": {
        "root of the distance": lambda *given: frechet(*given).sqrt(),
        "squared once too often": lambda *given: frechet(*given).square(),
        "without its square": meaning(lambda d: d.norm()),
        "differences are averaged": meaning(lambda d: d.square().mean()),
        "without being squared": meaning(lambda d: d.sum()),
        "absolute differences of the means": meaning(lambda d: d.abs().sum()),
        "means are missing": meaning(lambda d: 0),
        "covariances are missing": lambda m, a, n, b: (m - n).square().sum(),
        "factor 2": sharing(lambda a, b: right_share(a, b) / 2),
        "what the covariances share: a": sharing(lambda a, b: 0),
        "root has the wrong sign": sharing(lambda a, b: -right_share(a, b)),
        "without its root": sharing(lambda a, b: (a @ b).trace()),
        "only where the two commute": sharing(lambda a, b: (root(a) @ root(b)).trace()),
        "taken of each number": sharing(
            lambda a, b: (a @ b).sqrt().trace() if (a @ b).trace() else 0
        ),
        "as if the features": sharing(lambda a, b: (a * b).sqrt().trace()),
        "with its transpose": sharing(
            lambda a, b: root((a @ b + (a @ b).T) / 2).trace()
        ),
        "lower triangle": sharing(
            lambda a, b: torch.linalg.eigvalsh(a @ b).clamp(min=0).sqrt().sum()
        ),
        "singular values of the product": sharing(
            lambda a, b: torch.linalg.svdvals(a @ b).sqrt().sum()
        ),
        "paired by size": sharing(
            lambda a, b: (
                torch.linalg.eigvalsh(a).sqrt() @ torch.linalg.eigvalsh(b).sqrt()
            )
        ),
        "in place of the root; its": sharing(
            lambda a, b: torch.linalg.cholesky(root(a) @ b @ root(a)).trace()
        ),
        "are multiplied; that is no root": sharing(
            lambda a, b: (torch.linalg.cholesky(a) @ torch.linalg.cholesky(b)).trace()
        ),
        "one of them transposed": sharing(
            lambda a, b: (torch.linalg.cholesky(a) * torch.linalg.cholesky(b)).sum()
        ),
        "on both sides": sharing(lambda a, b: root(a @ b @ a).trace()),
        "averaged before the root": sharing(lambda a, b: root((a + b) / 2).trace()),
        "numbers of all the covariances": lambda m, a, n, b: (
            frechet(m, a, n, b) - a.trace() - b.trace() + (a + b).sum()
        ),
        "squared difference of the cov": lambda m, a, n, b: (
            (m - n).square().sum() + (a - b).square().sum()
        ),
        "second covariance is missing": lambda m, a, n, b: (
            frechet(m, a, n, b) - b.trace()
        ),
        "first covariance is missing": lambda m, a, n, b: (
            frechet(m, a, n, b) - a.trace()
        ),
        "subtracted from each other": lambda m, a, n, b: (
            frechet(m, a, n, b) - 2 * b.trace()
        ),
        "half of the distance": lambda *given: frechet(*given) / 2,
        "complex": sharing(lambda a, b: torch.linalg.eigvals(a @ b).sqrt().sum() / 2),
        "distance is NaN": sharing(lambda a, b: (a.sqrt() @ b.sqrt()).trace()),
        "A matrix has a trace": lambda m, a, n, b: (
            (m - n).square().sum() + a + b - 2 * root(root(a) @ b @ root(a))
        ),
        "a Cholesky factor": sharing(cholesky_first),
        "have no real root": by_roots(root_unclamped, lambda m: root(m).trace()),
        "transposed ones stand first": by_roots(root_turned, lambda m: root(m).trace()),
        "same eigenvectors stand on both sides": by_roots(
            root_half_turned, lambda m: torch.linalg.eigvalsh(m).clamp(0).sqrt().sum()
        ),
        "root is taken of the trace": by_roots(root, lambda m: m.trace().sqrt()),
        "second root is that of each number": by_roots(
            root, lambda m: root_of_each(m).trace()
        ),
        "first root is that of each number": by_roots(
            root_of_each, lambda m: root(m).trace()
        ),
        "Both roots are those of each": by_roots(
            root_of_each, lambda m: root_of_each(m).trace()
        ),
        "numbers of the root are added up": by_roots(root, lambda m: root(m).sum()),
        "sought of a matrix with NaN": by_roots(
            torch.sqrt, lambda m: torch.linalg.eigvals(m).real.clamp(0).sqrt().sum()
        ),
        "A clamp without a bound": by_roots(
            root, lambda m: torch.linalg.eigvalsh(m).clamp().sqrt().sum()
        ),
        "raises IndexError": lambda m, a, n, b: (
            frechet(m, a, n, b) + (0 * m[4:][0] if len(m) == 4 else 0)
        ),
        "a distance has no axes": lambda *given: frechet(*given)[None],
        "is something small added": sharing(jittered),
        "may fall below 0": sharing(unclamped),
        "worked out in float32": frechet_float32,
        "changed its input mean_a": frechet_in_place,
        "on a line. For mean_a": lambda *given: frechet(*given) + 0.3,
        "distance 0 from itself": lambda m, a, n, b: (
            frechet(m, a, n, b) + 0.3 * bool((m == n).all() and len(m) > 1)
        ),
    },
    **game_answers.WRONG,
}

# What each may be called with once it has passed.
_ROW = torch.arange(6.0).cos()
_POINTS = torch.arange(10.0).sin().view(5, 2)
INPUTS = {
    "gan.discriminator_loss": (_ROW, _ROW.sin()),
    "gan.non_saturating_generator_loss": (_ROW,),
    "gan.optimal_discriminator": (_ROW, _ROW.sin()),
    "gan.gradient_penalty": (
        nn.Sequential(nn.Linear(2, 1), nn.Flatten(0)),
        _POINTS,
        _POINTS.cos(),
        torch.rand(5, generator=torch.Generator().manual_seed(0)),
    ),
    "gan.modes_reached": (_POINTS, _POINTS[:3] + 0.1, 0.3),
    "gan.frechet_distance": (
        _POINTS[0],
        torch.tensor([[2.0, 0.5], [0.5, 1.0]]),
        _POINTS[1],
        torch.tensor([[1.0, -0.3], [-0.3, 0.5]]),
    ),
    **game_answers.INPUTS,
}
