"""Right and wrong answers to the summary's exercises, as learners write them."""

from __future__ import annotations

import itertools

import numpy as np
import torch


def few_enough(make):
    def images(shape, levels):
        if levels ** int(np.prod(shape)) > 2**20:
            raise ValueError("too many")
        return make(shape, levels)

    return images


def by_raster(rows, shape):
    """Rows of subpixels in raster order, the channels of a pixel one after another."""
    channels, height, width = shape
    return rows.reshape(-1, height, width, channels).movedim(-1, 1)


def product_rows(shape, levels):
    rows = itertools.product(range(levels), repeat=int(np.prod(shape)))
    return torch.tensor(list(rows), dtype=torch.uint8)


def by_product(shape, levels):
    return by_raster(product_rows(shape, levels), shape)


def by_channel(shape, levels):
    """Of several channels in another order: the first one counts slowest."""
    return product_rows(shape, levels).view(-1, *shape)


def by_column(shape, levels):
    channels, height, width = shape
    rows = product_rows(shape, levels).view(-1, width, height, channels)
    return rows.permute(0, 3, 2, 1)


def fewer_than_allowed(shape, levels):
    if levels ** int(np.prod(shape)) >= 2**20:
        raise ValueError("too many")
    return by_product(shape, levels)


def by_digits(shape, levels):
    size = int(np.prod(shape))
    images = []
    for number in range(levels**size):
        digits = [number // levels**p % levels for p in range(size)]
        image = np.reshape(digits[::-1], (*shape[1:], shape[0]))
        images.append(np.moveaxis(image, -1, 0))
    return images


def by_grid(shape, levels):
    size = int(np.prod(shape))
    rows = np.indices((levels,) * size).reshape(size, -1).T
    return np.moveaxis(rows.reshape(-1, *shape[1:], shape[0]), -1, 1)


def by_cartesian(shape, levels):
    axes = [torch.arange(levels)] * int(np.prod(shape))
    return by_raster(torch.cartesian_prod(*axes), shape)


def random_images(shape, levels):
    count = levels ** int(np.prod(shape))
    return torch.randint(levels, (count, *shape))


def without_order(shape, levels):
    size = int(np.prod(shape))
    rows = itertools.combinations_with_replacement(range(levels), size)
    return torch.tensor(list(rows)).reshape(-1, *shape)


def one_bright_pixel(shape, levels):
    size = int(np.prod(shape))
    rows = [
        [v * (p == q) for q in range(size)] for p in range(size) for v in range(levels)
    ]
    return torch.tensor(rows).reshape(-1, *shape)


def shuffled(shape, levels):
    images = by_product(shape, levels)
    return images[
        torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    ]


def fill_loop(x, known, draw):
    x = x.clone()
    x[~known] = 0
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            for c in range(x.shape[1]):
                keep = known[:, c, i, j]
                drawn = draw(x, i, j, c)
                x[~keep, c, i, j] = drawn[~keep].to(x.dtype)
    return x


def fill_empty(x, known, draw):
    """Known levels come in as their place is reached."""
    out = torch.zeros_like(x)
    for i, j, c in np.ndindex(*x.shape[2:], x.shape[1]):
        drawn = draw(out, i, j, c)
        at = (slice(None), c, i, j)
        out[at] = torch.where(known[at], x[at], drawn.to(x.dtype))
    return out


def fill_images(x, known, draw):
    out = x * known
    for i, j, c in itertools.product(*map(range, (*x.shape[2:], x.shape[1]))):
        drawn = draw(out, i, j, c)
        out = out.clone()
        for b in range(len(x)):
            if not known[b, c, i, j]:
                out[b, c, i, j] = drawn[b]
    return out


def fill_by(
    order=lambda h, w, c: itertools.product(range(h), range(w), range(c)),
    start=lambda x, known: x.where(known, 0),
    shown=lambda out, x: out,
    choose=lambda keep, old, drawn: torch.where(keep, old, drawn),
    call=lambda draw, x, i, j, c: draw(x, i, j, c),
    returned=lambda out, x, known: out,
):
    def fill(x, known, draw):
        out = start(x, known)
        for i, j, c in order(*x.shape[2:], x.shape[1]):
            drawn = call(draw, shown(out, x), i, j, c).to(x.dtype)
            out[:, c, i, j] = choose(known[:, c, i, j], x[:, c, i, j], drawn)
        return returned(out, x, known)

    return fill


def fill_unknown_only(x, known, draw):
    out = x.where(known, 0)
    for i, j, c in np.ndindex(*x.shape[2:], x.shape[1]):
        keep = known[:, c, i, j]
        if not keep.all():
            drawn = draw(out, i, j, c).to(x.dtype)
            out[:, c, i, j] = torch.where(keep, x[:, c, i, j], drawn)
    return out


def fill_all_at_once(x, known, draw):
    blank = x.where(known, 0)
    drawn = blank.clone()
    for i, j, c in np.ndindex(*x.shape[2:], x.shape[1]):
        drawn[:, c, i, j] = draw(blank, i, j, c)
    return x.where(known, drawn)


def fill_by_one_mask(decide, start=lambda x, known: x.where(known, 0)):
    """Keep or draw a subpixel for the whole batch at once."""

    def fill(x, known, draw):
        out = start(x, known)
        for i, j, c in np.ndindex(*x.shape[2:], x.shape[1]):
            drawn = draw(out, i, j, c).to(x.dtype)
            if not decide(known[:, c, i, j]):
                out[:, c, i, j] = drawn
        return out

    return fill


def fill_per_image(x, known, draw):
    return torch.stack([fill_loop(x, known, draw)[b] for b in range(len(x))])


def fill_stale(x, known, draw):
    """Draws are kept apart, and never shown."""
    drawn = x.clone()
    for i, j, c in np.ndindex(*x.shape[2:], x.shape[1]):
        drawn[:, c, i, j] = draw(x, i, j, c)
    return x.where(known, drawn)


def shapes_checked(compute):
    def paired(a, b):
        if a.shape != b.shape or len(a) < 2:
            raise ValueError("need pairs")
        return compute(a, b)

    return paired


def paired_numpy(a, b):
    d = a.double().numpy() - b.double().numpy()
    return d.mean(), d.std(ddof=1) / np.sqrt(len(d))


def paired_loop(a, b):
    differences = [float(x) - float(y) for x, y in zip(a, b, strict=True)]
    n = len(differences)
    mean = sum(differences) / n
    variance = sum((d - mean) ** 2 for d in differences) / (n - 1)
    return mean, (variance / n) ** 0.5


def paired_right(a, b):
    d = a - b
    return d.mean(), d.std() / len(d) ** 0.5


def paired_of_three(a, b):
    if len(a) < 3:
        raise ValueError("too few images")
    return shapes_checked(paired_right)(a, b)


def error_is(error):
    return shapes_checked(lambda a, b: ((a - b).mean(), error(a, b)))


def mean_is(mean):
    return shapes_checked(lambda a, b: (mean(a, b), paired_right(a, b)[1]))


RIGHT = {
    "autoregressive.enumerate_images": [
        few_enough(by_product),
        few_enough(by_digits),
        few_enough(by_grid),
        few_enough(by_cartesian),
    ],
    "autoregressive.fill": [
        fill_loop,
        fill_images,
        fill_by(),
        fill_by(start=lambda x, known: x.masked_fill(~known, 0)),
    ],
    "autoregressive.paired_difference": [
        shapes_checked(paired_numpy),
        shapes_checked(paired_loop),
        shapes_checked(paired_right),
        shapes_checked(lambda a, b: [p.item() for p in paired_right(a, b)]),
    ],
}
WRONG = {
    "autoregressive.enumerate_images": {
        "Levels and pixels are exchanged": lambda shape, levels: by_product(
            (1, 1, levels), int(np.prod(shape))
        )[:, :, :, [0, 0, 1, 2]].reshape(-1, *shape),
        "the numbers of choices multiply": one_bright_pixel,
        "choices without order": without_order,
        "you use two": lambda shape, levels: by_product(shape, 2),
        "run from 0 to levels - 1": lambda shape, levels: by_product(shape, levels + 1),
        "images of one grey": lambda shape, levels: (
            torch.arange(levels).view(-1, 1, 1, 1).expand(-1, *shape)
        ),
        "have the shape that is given": lambda s, n: by_product(s, n).flatten(1),
        "axis for channels": lambda shape, levels: by_product(shape, levels)[:, 0],
        "start at 1": lambda shape, levels: by_product(shape, levels) + 1,
        "unit range": lambda shape, levels: by_product(shape, levels) / (levels - 1),
        "whole number from 0 to 2": lambda s, n: by_product(s, n).float() - 1,
        "different ones": lambda s, n: by_product(s, n).clamp(max=1),
        "should lead": lambda shape, levels: by_product(shape, levels).flip(2, 3),
        "in reverse": lambda shape, levels: by_product(shape, levels).flip(0),
        "numbers with a digit": shuffled,
        "(16, 2, 1, 2) is expected": lambda shape, levels: by_product(
            (1, *shape[1:]), levels
        ),
        "one channel of the whole image": few_enough(by_channel),
        "down the columns": few_enough(by_column),
        "so many are allowed": fewer_than_allowed,
        "but as floats": lambda shape, levels: by_product(shape, levels).float(),
        "more than 2 ** 20 images, a ValueError": by_product,
    },
    "autoregressive.fill": {
        "never calls": lambda x, known, draw: x.where(known, 0),
        "is known and still ahead": fill_empty,
        "for unknown subpixels alone": fill_unknown_only,
        "one channel of the whole image": fill_by(
            lambda h, w, c: ((i, j, k) for k, i, j in np.ndindex(c, h, w))
        ),
        "down the columns": fill_by(
            lambda h, w, c: ((i, j, k) for j, i, k in np.ndindex(w, h, c))
        ),
        "one channel of a row": fill_by(
            lambda h, w, c: ((i, j, k) for i, k, j in np.ndindex(h, c, w))
        ),
        "begin at the end": fill_by(lambda h, w, c: list(np.ndindex(h, w, c))[::-1]),
        "channels of a pixel come in the wrong": fill_by(
            lambda h, w, c: ((i, j, c - 1 - k) for i, j, k in np.ndindex(h, w, c))
        ),
        "from the right": fill_by(
            lambda h, w, c: ((i, w - 1 - j, k) for i, j, k in np.ndindex(h, w, c))
        ),
        "places as (c, i, j)": fill_by(call=lambda draw, x, i, j, c: draw(x, c, i, j)),
        "places as (j, i, c)": fill_by(call=lambda draw, x, i, j, c: draw(x, j, i, c)),
        "for each image alone": fill_per_image,
        "first channel alone": fill_by(lambda h, w, c: np.ndindex(h, w, 1)),
        "calls draw 22 times": fill_by(
            lambda h, w, c: itertools.islice(np.ndindex(h, w, c), h * w * c - 2)
        ),
        "Call 2 of draw": fill_by(
            lambda h, w, c: ((i, j, 0) for i, j, _ in np.ndindex(h, w, c))
        ),
        "what stood in unknown": fill_by(start=lambda x, known: x.clone()),
        "x as it was given": fill_stale,
        "is 0 in the x": fill_all_at_once,
        "changed its input x": fill_by(start=lambda x, known: x.mul_(known)),
        "A known subpixel is not kept": fill_by(choose=lambda keep, old, drawn: drawn),
        "return the tensor that was filled": fill_by(returned=lambda out, x, known: x),
        "come back as 0": fill_by(returned=lambda out, x, known: out * known),
        "the first one's for all": fill_by(
            choose=lambda keep, old, drawn: torch.where(keep[:1], old, drawn)
        ),
        "decide by the first image's mask": fill_by_one_mask(lambda keep: keep[0]),
        "only where all images know it": fill_by_one_mask(lambda keep: keep.all()),
        "as soon as one image knows it": fill_by_one_mask(lambda keep: keep.any()),
        "Known subpixels come back as 0": fill_by(
            returned=lambda out, x, known: out * ~known
        ),
        "the others are what draw returned": fill_by(
            returned=lambda out, x, known: out.clamp(max=5)
        ),
        "Known and unknown": fill_by(
            choose=lambda keep, old, drawn: torch.where(keep, drawn, old)
        ),
    },
    "autoregressive.paired_difference": {
        "sign is turned": shapes_checked(lambda a, b: paired_right(b, a)),
        "added up": mean_is(lambda a, b: (a - b).sum()),
        "absolute": mean_is(lambda a, b: (a - b).abs().mean()),
        "median": mean_is(lambda a, b: (a - b).median()),
        "squared": mean_is(lambda a, b: ((a - b) ** 2).mean()),
        "mean of a and b": mean_is(lambda a, b: (a + b).mean() / 2),
        "differences' standard deviation": error_is(lambda a, b: (a - b).std()),
        "divided by N": error_is(lambda a, b: (a - b).std() / len(a)),
        "a root is missing": error_is(lambda a, b: (a - b).var() / len(a)),
        "over both": error_is(lambda a, b: (a - b).var() / len(a) ** 0.5),
        "with N in place": error_is(
            lambda a, b: (a - b).std(correction=0) / len(a) ** 0.5
        ),
        "N - 1 belongs": error_is(lambda a, b: (a - b).std() / (len(a) - 1) ** 0.5),
        "images of their own": error_is(
            lambda a, b: ((a.var() + b.var()) / len(a)) ** 0.5
        ),
        "errors are added": error_is(lambda a, b: (a.std() + b.std()) / len(a) ** 0.5),
        "errors are subtracted": error_is(
            lambda a, b: (a.std() - b.std()) / len(a) ** 0.5
        ),
        "a's mean alone": error_is(lambda a, b: a.std() / len(a) ** 0.5),
        "1.96": error_is(lambda a, b: 1.96 * (a - b).std() / len(a) ** 0.5),
        "pair is exchanged": shapes_checked(lambda a, b: paired_right(a, b)[::-1]),
        "a pair (mean, standard error)": lambda a, b: (a - b).mean(),
        "give one number": mean_is(lambda a, b: a - b),
        "shapes (4,) and (1,) a ValueError": lambda a, b: (
            paired_right(a, b) if len(a) > 1 else shapes_checked(paired_right)(a, b)
        ),
        "raised ValueError: too few images": paired_of_three,
        "For a single image": lambda a, b: (
            paired_right(a, b)
            if a.shape == b.shape
            else shapes_checked(paired_right)(a, b)
        ),
    },
}
