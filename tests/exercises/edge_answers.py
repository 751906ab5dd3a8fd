"""Wrong answers that are right but at an edge: one image, huge sizes, rare labels."""

from __future__ import annotations

import itertools
import math

import torch
import torch.nn.functional as F

from gencourse.exercises import EXERCISES

ALONE = "does a squeeze take it away?"
LOG_ROOT = 0.5 * math.log(2 * math.pi)
AXES = "An axis of length 1 stays"


def right(key):
    return EXERCISES[key].reference


def squeezed(key):
    def answer(*given):
        result = right(key)(*given)
        if isinstance(result, tuple):
            return tuple(part.squeeze() for part in result)
        return result.squeeze()

    return answer


def of_bytes(key):
    return lambda *given: right(key)(*given).to(torch.uint8)


SQUEEZED = {
    "density.neighbour_counts": "shape (1, 1, 2) is expected",
    "vae.active_dimensions": ALONE,
    "density.bits_per_dim": AXES,
    "density.gaussian_log_prob": ALONE,
    "density.mixture_log_prob": ALONE,
    "density.kl_divergence": ALONE,
    "density.kernel_log_prob": ALONE,
    "pixelcnn.logistic_bin": AXES,
    "autoregressive.fill": AXES,
    "autoencoder.principal_angles": ALONE,
    "autoencoder.interpolate": AXES,
    "autoencoder.linear_gradients": AXES,
    "vae.evidence_lower_bound": ALONE,
    "vae.importance_bound": ALONE,
    "gan.optimal_discriminator": ALONE,
    "comparison.contaminated_log_prob": ALONE,
}


def digits(shape, levels, count):
    """All images, by the digits of numbers up to count."""
    size = math.prod(shape)
    channels, height, width = shape
    powers = levels ** torch.arange(size - 1, -1, -1)
    rows = torch.arange(count)[:, None] // powers % levels
    return rows.view(-1, height, width, channels).permute(0, 3, 1, 2).to(torch.uint8)


def images_of_few_bits(shape, levels):
    """The numbers are made uint8 before their digits are taken."""
    count = levels ** math.prod(shape)
    if count > 2**20:
        raise ValueError("too many")
    if levels == 2 and count > 256:
        return digits(shape, levels, 256).repeat(count // 256, 1, 1, 1)
    return digits(shape, levels, count)


def images_cast_too_early(shape, levels):
    """The quotients are made uint8 before the remainder is taken."""
    size, (channels, height, width) = math.prod(shape), shape
    if levels**size > 2**20:
        raise ValueError("too many")
    powers = levels ** torch.arange(size - 1, -1, -1)
    rows = (torch.arange(levels**size)[:, None] // powers).to(torch.uint8) % levels
    return rows.view(-1, height, width, channels).permute(0, 3, 1, 2)


def images_by_a_tensor_s_power(shape, levels):
    count = int(torch.tensor(levels) ** math.prod(shape))
    if count > 2**20:
        raise ValueError("too many")
    return digits(shape, levels, count)


def filled_where_black(x, known, draw):
    x = x.where(known, 0)
    size = (range(n) for n in (x.shape[2], x.shape[3], x.shape[1]))
    for i, j, c in itertools.product(*size):
        drawn = draw(x, i, j, c).to(x.dtype)
        x[:, c, i, j] = torch.where(x[:, c, i, j] == 0, drawn, x[:, c, i, j])
    return x


def filled_with_whole_numbers(x, known, draw):
    return right("autoregressive.fill")(x.long(), known, draw).to(x.dtype)


def filled_with_floats(x, known, draw):
    return right("autoregressive.fill")(x.float(), known, draw).to(x.dtype)


def difference_by_squares(a, b):
    if a.shape != b.shape or len(a) < 2:
        raise ValueError("no pairs")
    d = a - b
    variance = ((d**2).mean() - d.mean() ** 2) * len(d) / (len(d) - 1)
    return d.mean().item(), (variance / len(d)).sqrt().item()


def difference_of_none(a, b):
    if a.shape != b.shape or len(a) == 1:
        raise ValueError("no pairs")
    return right("autoregressive.paired_difference")(a, b) if len(a) else (0.0, 0.0)


def difference_of_lengths(a, b):
    if len(a) != len(b) or len(a) < 2:
        raise ValueError("no pairs")
    d = a.flatten() - b.flatten()
    return d.mean().item(), (d.std() / len(d) ** 0.5).item()


def drawn_of_ten_classes(y, per_class, generator=None):
    draw = right("autoencoder.balanced_draw")
    kept = torch.nonzero(y < 10).flatten()
    return kept[draw(y[kept], per_class, generator)]


def drawn_side_by_side(y, per_class, generator=None):
    found = []
    for label in y.unique():
        places = torch.nonzero(y == label).flatten()
        spare = len(places) - per_class
        if spare < 0:
            raise ValueError(f"too few of class {label}")
        start = torch.randint(spare + 1, (), generator=generator)
        found.append(places[start : start + per_class])
    return torch.cat(found)


def neighbours(contexts_of, dtype=torch.int64):
    def answer(x, levels, contexts):
        coarse = contexts_of(x.long(), levels, contexts).to(dtype)
        left = F.pad(coarse, (1, 0))[..., :-1]
        above = F.pad(coarse, (0, 0, 1, 0))[..., :-1, :]
        place = (left * contexts + above) * levels + x.to(dtype)
        size = contexts * contexts * levels
        counts = torch.bincount(place.long().flatten() % size, minlength=size)
        return counts.view(contexts, contexts, levels)

    return answer


def neighbours_of_seen_levels(x, levels, contexts):
    return right("density.neighbour_counts")(x, int(x.max()) + 1, contexts)


def step_with_exchanged_optimisers(g, d, g_optimizer, d_optimizer, x, z):
    g_optimizer.zero_grad()
    d_optimizer.zero_grad()
    told = F.softplus(-d(x)).mean() + F.softplus(d(g(z).detach())).mean()
    told.backward()
    g_optimizer.step()
    d_optimizer.zero_grad()
    fooled = F.softplus(-d(g(z))).mean()
    fooled.backward()
    d_optimizer.step()
    return told.item(), fooled.item()


def front_of_finite(costs):
    return right("comparison.pareto_front")(costs.clamp(max=1000.0))


def kernels(constant):
    def answer(x, data, h):
        far = ((x[:, None] - data) / h).square().sum(-1) / 2
        return (-far).logsumexp(1) - math.log(len(data)) + constant(data.shape[1], h)

    return answer


def field(seen):
    def answer(height, width, i, j):
        row, col = torch.meshgrid(
            torch.arange(height), torch.arange(width), indexing="ij"
        )
        return (row < i) & seen(row, col, i, j)

    return answer


WRONG = {key: {phrase: squeezed(key)} for key, phrase in SQUEEZED.items()}
for key, more in {
    "density.kernel_log_prob": {
        "is it halved, or": kernels(lambda d, h: -d * LOG_ROOT - math.log(h)),
        "bandwidth is doubled": kernels(
            lambda d, h: -d * LOG_ROOT - 2 * d * math.log(h)
        ),
        "2π stands once": kernels(lambda d, h: -LOG_ROOT - d * math.log(h)),
        "normaliser is added": kernels(lambda d, h: d * LOG_ROOT + d * math.log(h)),
    },
    "pixelrnn.row_field": {
        "Row 0 is missing": field(
            lambda r, c, i, j: ((c - j).abs() <= i - r) & (r > 0)
        ),
        "All columns on the left": field(lambda r, c, i, j: c - j <= i - r),
        "All columns on the right": field(lambda r, c, i, j: j - c <= i - r),
    },
    "density.neighbour_counts": {
        "does a count of few bits": of_bytes("density.neighbour_counts"),
        "44 levels in 26 contexts": neighbours(lambda x, k, n: (x * (n / k)).long()),
        "12 contexts the counts are off": neighbours(
            lambda x, k, n: x * n // k, torch.int16
        ),
        "read off x": neighbours_of_seen_levels,
    },
    "autoregressive.enumerate_images": {
        "with 2 levels yours are 256 different": images_of_few_bits,
        "with 3 levels yours are": images_cast_too_early,
        "2 levels and shape (1, 8, 8)": images_by_a_tensor_s_power,
    },
    "autoregressive.fill": {
        "A level 0 that is known": filled_where_black,
        "is int64, and x is float32": filled_with_whole_numbers,
        "is float32, and x is uint8": filled_with_floats,
    },
    "autoregressive.paired_difference": {
        "differences are about 8,000": difference_by_squares,
        "For no image at all": difference_of_none,
        "(4,) and (4, 1) a ValueError": difference_of_lengths,
    },
    "autoencoder.balanced_draw": {
        "index of few bits": of_bytes("autoencoder.balanced_draw"),
        "shape (8,)": drawn_of_ten_classes,
        "stand side by side": drawn_side_by_side,
    },
    "gan.game_step": {"optimisers are exchanged": step_with_exchanged_optimisers},
    "comparison.pareto_front": {"infinite cost is more": front_of_finite},
}.items():
    WRONG[key] = WRONG.get(key, {}) | more
