"""Right and wrong answers to the exercises on PixelCNN, as learners write them."""

from __future__ import annotations

import bin_answers
import numpy as np
import torch
import torch.nn.functional as F


def checked(make, kernels=lambda k: k % 2, masks=("A", "B")):
    def mask(kernel, mask):
        if not kernels(kernel) or mask not in masks:
            raise ValueError("no such mask")
        return make(kernel, mask == "B")

    return mask


def mask_loop(k, shown):
    mask = torch.zeros(k, k)
    for row in range(k):
        for col in range(k):
            if row < k // 2 or (row == k // 2 and col < k // 2 + shown):
                mask[row][col] = 1
    return mask


def mask_numpy(k, shown):
    mask = np.ones((k, k))
    mask[k // 2, k // 2 + shown :] = 0
    mask[k // 2 + 1 :] = 0
    return mask


def mask_flat(k, shown):
    count = k * k // 2 + shown
    return [[int(row * k + col < count) for col in range(k)] for row in range(k)]


def mask_like(show):
    """A mask by what it shows of (row, col, middle, whether the centre is shown)."""

    def make(k, shown):
        n = torch.arange(k)
        return show(n[:, None], n[None, :], k // 2, shown).expand(k, k).float()

    return checked(make)


def _centre(row, col, m):
    return (row == m) & (col == m)


def _earlier(row, col, m):
    return (row < m) | ((row == m) & (col < m))


def _later(row, col, m):
    return ~_earlier(row, col, m) & ~_centre(row, col, m)


def spot_loop(field, i, j):
    found = torch.zeros_like(field)
    for row in range(i + 1):
        for col in range(field.shape[1] if row < i else j):
            found[row, col] = not field[row, col]
    return found


def spot_in_place(field, i, j):
    field[i + 1 :] = True
    field[i, j:] = True
    return ~field


def spot_numpy(field, i, j):
    seen = field.numpy().ravel()
    return ((np.arange(seen.size) < i * field.shape[1] + j) & ~seen).reshape(
        field.shape
    )


def spot_from_the_end(field, i, j):
    """Before the first pixel there is nothing to cut off, and [-0:] is everything."""
    unseen = ~field.flatten().flip(0)
    at = i * field.shape[1] + j
    found = torch.zeros_like(unseen)
    found[-at:] = unseen[-at:]
    return found.flip(0).view(field.shape)


def spot_where(show):
    def spot(field, i, j):
        row, col = torch.meshgrid(*map(torch.arange, field.shape), indexing="ij")
        earlier = (row < i) | ((row == i) & (col < j))
        return show(row, col, earlier, field, i, j)

    return spot


def spot_above_left(field, i, j):
    earlier = torch.zeros_like(field)
    earlier[:i, :j] = True
    return earlier & ~field


def gate_by(combine):
    return lambda x, dim: combine(*x.chunk(2, dim))


def gate_narrow(x, dim):
    half = x.shape[dim] // 2
    signal, opening = x.narrow(dim, 0, half), x.narrow(dim, half, half)
    return torch.tanh(signal) / (1 + torch.exp(-opening))


def cdf(z, dim=-1):
    return z.softmax(dim).cumsum(dim)


def level_loop(logits, uniform):
    rows = logits.reshape(-1, logits.shape[-1]).double().softmax(-1).tolist()
    levels = []
    for row, u in zip(rows, uniform.flatten().double().tolist(), strict=True):
        total = 0.0
        levels.append(0)
        for p in row[:-1]:
            total += p
            levels[-1] += total <= u
    return torch.tensor(levels).view(logits.shape[:-1])


def level_searched(logits, uniform):
    ends = cdf(logits)
    return torch.searchsorted(
        ends.contiguous(), (uniform * ends[..., -1:]).contiguous(), right=True
    ).clamp(max=logits.shape[-1] - 1)[..., 0]


def level_numpy(logits, uniform):
    logits = logits.double().numpy()
    p = np.exp(logits - logits.max(-1, keepdims=True))
    ends = p.cumsum(-1) / p.sum(-1, keepdims=True)
    return np.argmax(ends > uniform.double().numpy(), axis=-1)


def level_first(values):
    """Levels as the first whose value exceeds the draw; the first of all if none."""
    return lambda z, u: (values(z) > u).long().argmax(-1)


def level_counted(values):
    """Levels as how many values do not exceed the draw."""
    return lambda z, u: (values(z) <= u).sum(-1).clamp(max=z.shape[-1] - 1)


def column_conv(seen, weight, bias, i, j):
    k = weight.shape[-1]
    return F.conv2d(seen[:, :, i : i + k, j : j + k], weight, bias)[..., 0, 0]


def column_taps(seen, weight, bias, i, j):
    features = bias
    for row in range(weight.shape[2]):
        for col in range(weight.shape[3]):
            features = (
                features + seen[:, :, i + row, j + col] @ weight[:, :, row, col].T
            )
    return features


def column_numpy(seen, weight, bias, i, j):
    k = weight.shape[-1]
    patch = seen.numpy()[:, :, i : i + k, j : j + k]
    return np.einsum("nchw,ochw->no", patch, weight.numpy()) + bias.numpy()


def column_product(seen, weight, bias, i, j):
    k = weight.shape[-1]
    patch = seen[:, None, :, i : i + k, j : j + k]
    return (patch * weight).sum((2, 3, 4)) + bias


def column_from_map(read):
    return lambda s, w, b, i, j: read(F.conv2d(s, w, b), i, j)


def column_of_patch(combine, by=0):
    """Features from a patch whose corner is off by so many rows and columns."""

    def column(s, w, b, i, j):
        k, i, j = w.shape[-1], i + by, j + by
        return combine(s[:, :, i : i + k, j : j + k], w, b)

    return column


def column_row(s, w, b, i, j):
    return F.conv2d(s[:, :, i : i + w.shape[-1]], w, b)[:, :, 0, j]


def column_unfolded(s, w, b, i, j):
    width = s.shape[-1] - w.shape[-1] + 1
    patches = F.unfold(s, w.shape[-1])
    return patches[..., i * width + j] @ w.flatten(1).T + b


RIGHT = {
    "pixelcnn.raster_mask": [
        checked(mask_loop),
        checked(mask_numpy),
        checked(mask_flat),
        mask_like(lambda r, c, m, b: _earlier(r, c, m) | (b & _centre(r, c, m))),
    ],
    "pixelcnn.blind_spot": [
        spot_loop,
        spot_numpy,
        spot_where(lambda row, col, earlier, field, i, j: earlier & ~field),
        spot_where(lambda row, col, earlier, field, i, j: (earlier > field).float()),
    ],
    "pixelcnn.gate": [
        gate_by(lambda a, b: a.tanh() * b.sigmoid()),
        gate_by(lambda a, b: F.glu(torch.cat([a.tanh(), b], 1), 1)),
        gate_narrow,
        lambda x, dim: (
            (2 * x.double().sigmoid().square()).chunk(2, dim)[0] * 0
            + torch.mul(
                *(
                    g(h.double())
                    for g, h in zip(
                        (torch.tanh, torch.sigmoid), x.tensor_split(2, dim), strict=True
                    )
                )
            )
        ),
    ],
    "pixelcnn.inverse_cdf": [
        level_loop,
        level_searched,
        level_numpy,
        level_counted(lambda z: cdf(z.double())),
    ],
    "pixelcnn.logistic_bin": bin_answers.RIGHT,
    "pixelcnn.column": [
        column_conv,
        column_taps,
        column_numpy,
        column_product,
        column_of_patch(lambda p, w, b: torch.einsum("nchw,ochw->no", p, w) + b),
    ],
}
WRONG = {
    "pixelcnn.raster_mask": {
        "masks are exchanged": checked(lambda k, shown: mask_loop(k, not shown)),
        "Mask A shows": checked(lambda k, shown: mask_loop(k, True)),
        "Mask B hides": checked(lambda k, shown: mask_loop(k, False)),
        "turned round": mask_like(
            lambda r, c, m, b: _later(r, c, m) | (b & _centre(r, c, m))
        ),
        "values are exchanged": checked(lambda k, shown: 1 - mask_loop(k, shown)),
        "on the left in the pixel's own row are hidden": mask_like(
            lambda r, c, m, b: (r < m) | (b & _centre(r, c, m))
        ),
        "the whole row is earlier": mask_like(
            lambda r, c, m, b: (_earlier(r, c, m) | (b & _centre(r, c, m))) & (c <= m)
        ),
        "on the right in the pixel's own row are shown": mask_like(
            lambda r, c, m, b: (r < m) | ((r == m) & (b | (c != m)))
        ),
        "down the columns": checked(lambda k, shown: mask_loop(k, shown).T),
        "rows above the pixel's own are hidden": mask_like(
            lambda r, c, m, b: (r == m) & (c < m + b)
        ),
        "triangle": checked(lambda k, shown: torch.ones(k, k).tril(shown - 1)),
        "Only the pixel itself": mask_like(lambda r, c, m, b: b | ~_centre(r, c, m)),
        "without axes for channels": checked(lambda k, b: mask_loop(k, b)[None, None]),
        "not A for 1": checked(lambda k, b: mask_loop(5, b)[5 // 2 - k // 2 :][:k, :k]),
        "For a kernel of side 4": checked(mask_loop, kernels=lambda k: k),
        "For mask 'AB'": checked(mask_loop, masks="AB"),
        "For mask 'C'": lambda k, mask: checked(mask_loop)(
            k, mask if mask == "A" else "B"
        ),
        "raises ZeroDivisionError": lambda k, mask: (
            mask_loop(k, mask == "B") if k % 2 else 1 / 0
        ),
    },
    "pixelcnn.blind_spot": {
        "The pixel itself": spot_where(
            lambda row, col, earlier, field, i, j: (
                (earlier | ((row == i) & (col == j))) & ~field
            )
        ),
        "Later pixels are in it": lambda field, i, j: ~field,
        "that it does see": spot_where(
            lambda row, col, earlier, field, i, j: earlier & field
        ),
        "all earlier pixels": spot_where(lambda r, c, earlier, field, i, j: earlier),
        "left in the pixel's own row are left out": spot_where(
            lambda row, col, earlier, field, i, j: (row < i) & ~field
        ),
        "above and to the right": spot_where(
            lambda row, col, earlier, field, i, j: earlier & (col <= j) & ~field
        ),
        "on the right in the pixel's own row are in it": spot_where(
            lambda row, col, earlier, field, i, j: (
                (row <= i) & ((row < i) | (col != j)) & ~field
            )
        ),
        "down the columns": lambda field, i, j: spot_loop(field.T, j, i).T,
        "exchanged: i is the row": spot_where(
            lambda row, col, earlier, field, i, j: (
                (row * field.shape[1] + col < j * field.shape[1] + i) & ~field
            )
        ),
        "is wide, not high": spot_where(
            lambda row, col, earlier, field, i, j: (
                (row * field.shape[1] + col < i * field.shape[0] + j) & ~field
            )
        ),
        "True and False": lambda field, i, j: ~spot_loop(field, i, j),
        "its sum is their number": lambda field, i, j: spot_loop(field, i, j).sum(),
        "above and on the left": spot_above_left,
        "only what stands further left": spot_where(
            lambda row, col, earlier, field, i, j: earlier & (col < j) & ~field
        ),
        "not earlier is in yours": spot_where(
            lambda row, col, earlier, field, i, j: field ^ earlier
        ),
        "changed its input field": spot_in_place,
        "first pixel has no earlier ones": spot_from_the_end,
        "2); shape (4, 6) is expected": lambda field, i, j: spot_loop(
            field, i, j
        ).nonzero(),
    },
    "pixelcnn.gate": {
        "halves are exchanged": gate_by(lambda a, b: b.tanh() * a.sigmoid()),
        "tanh is missing": lambda x, dim: F.glu(x, dim),
        "sigmoid is missing": gate_by(lambda a, b: a.tanh() * b),
        "through a sigmoid": gate_by(lambda a, b: a.sigmoid() * b.sigmoid()),
        "through tanh": gate_by(lambda a, b: a.tanh() * b.tanh()),
        "are added": gate_by(lambda a, b: a.tanh() + b.sigmoid()),
        "ReLU": gate_by(lambda a, b: a.relu() * b.sigmoid()),
        "You take tanh of the product": gate_by(lambda a, b: (a * b.sigmoid()).tanh()),
        "every second feature": lambda x, dim: x[:, ::2].tanh() * x[:, 1::2].sigmoid(),
        "half as many features": lambda x, dim: x.tanh() * x.sigmoid(),
        "dim tells": lambda x, dim: gate_by(lambda a, b: a.tanh() * b.sigmoid())(x, 0),
        "whatever dim says": lambda x, dim: gate_narrow(x, 1),
        "For dim = -1": lambda x, dim: (
            gate_narrow(x, 1) if dim == 1 else x.tanh()[:, ::2] * x.sigmoid()[:, 1::2]
        ),
        "no gradient flows": lambda x, dim: gate_narrow(x.detach(), dim),
        "but their gradient is not": gate_by(
            lambda a, b: a.tanh() * b.detach().sigmoid()
        ),
    },
    "pixelcnn.inverse_cdf": {
        "one too high": lambda z, u: level_searched(z, u) + 1,
        "one too low": lambda z, u: level_searched(z, u) - 1,
        "count from the end": lambda z, u: (cdf(z) > u).sum(-1),
        "cumulate from the last": lambda z, u: (
            z.shape[-1] - 1 - level_searched(z.flip(-1), u)
        ),
        "likeliest level": lambda z, u: z.argmax(-1),
        "logits take no part": lambda z, u: (u * z.shape[-1]).long()[..., 0],
        "normalise them": level_counted(lambda z: z.exp().cumsum(-1)),
        "A sigmoid": level_counted(lambda z: z.sigmoid().cumsum(-1)),
        "one by one": level_counted(lambda z: z.softmax(-1)),
        "softmax goes over the laws": level_counted(lambda z: z.softmax(0).cumsum(-1)),
        "cumulate over the laws": level_counted(lambda z: z.softmax(-1).cumsum(0)),
        "the softmax is missing": level_first(lambda z: z.cumsum(-1)),
        "is one further": level_first(lambda z: cdf(z) - z.softmax(-1)),
        "not exceed the draw yet": lambda z, u: ((cdf(z) <= u).sum(-1) - 1).clamp(
            min=0
        ),
        "nearest": lambda z, u: (cdf(z) - u).abs().argmin(-1),
        "sorted": level_counted(lambda z: z.softmax(-1).sort(-1).values.cumsum(-1)),
        "second call": lambda z, u: torch.multinomial(
            z.flatten(0, -2).softmax(-1), 1
        ).view(z.shape[:-1]),
        "last axis goes": lambda z, u: level_searched(z, u)[..., None],
        "draw of its own": lambda z, u: (cdf(z)[:, None] <= u).sum(-1),
        "not a number for each level": lambda z, u: F.one_hot(level_searched(z, u)),
        "equals a cumulated": lambda z, u: torch.searchsorted(
            cdf(z).contiguous(), u.contiguous()
        )[..., 0].clamp(max=z.shape[-1] - 1),
        "draws 256": lambda z, u: (cdf(z) <= u).sum(-1),
        "but as floats": lambda z, u: level_searched(z, u).float(),
        "shape (2, 3) is expected": lambda z, u: (z.softmax(1).cumsum(1) <= u).sum(1),
    },
    "pixelcnn.logistic_bin": bin_answers.WRONG,
    "pixelcnn.column": {
        "bias is missing": column_of_patch(lambda p, w, b: F.conv2d(p, w)[..., 0, 0]),
        "added more than once": column_of_patch(
            lambda p, w, b: (p[:, None] * w + b[:, None, None, None]).sum((2, 3, 4))
        ),
        "each input channel": column_of_patch(
            lambda p, w, b: sum(
                F.conv2d(p[:, [c]], w[:, [c]], b)[..., 0, 0] for c in range(p.shape[1])
            )
        ),
        "each row of the kernel": column_of_patch(
            lambda p, w, b: sum(
                F.conv2d(p[:, :, [r]], w[:, :, [r]], b)[..., 0, 0]
                for r in range(p.shape[2])
            )
        ),
        "too far up and left": column_of_patch(
            lambda p, w, b: F.conv2d(p, w, b)[..., 0, 0], by=-1
        ),
        "too far down and right": column_of_patch(
            lambda p, w, b: F.conv2d(p, w, b)[..., 0, 0], by=1
        ),
        "exchanged: i is the row": lambda s, w, b, i, j: column_conv(s, w, b, j, i),
        "turned round": column_of_patch(
            lambda p, w, b: F.conv2d(p.flip(2, 3), w, b)[..., 0, 0]
        ),
        "Rows and columns of the kernel": column_of_patch(
            lambda p, w, b: F.conv2d(p.mT, w, b)[..., 0, 0]
        ),
        "different orders": column_of_patch(
            lambda p, w, b: p.permute(0, 2, 3, 1).flatten(1) @ w.flatten(1).T + b
        ),
        "averaged": column_of_patch(
            lambda p, w, b: (p[:, None] * w).mean((2, 3, 4)) + b
        ),
        "Only the pixel itself": column_of_patch(
            lambda p, w, b: p[:, :, 1, 1] @ w[:, :, 1, 1].T + b
        ),
        "not the whole map": column_from_map(lambda found, i, j: found),
        "those axes go": column_from_map(
            lambda found, i, j: found[:, :, i : i + 1, j : j + 1]
        ),
        "Images come first": lambda *given: column_conv(*given).T,
        "features of its own": lambda *given: column_conv(*given).sum(0),
        "It computes the whole map": column_from_map(
            lambda found, i, j: found[:, :, i, j]
        ),
        "It computes more than one pixel": column_row,
        "kernel 5": column_of_patch(
            lambda p, w, b: F.conv2d(p[..., :3, :3], w[..., :3, :3], b)[..., 0, 0]
        ),
        "numbers, where one pixel": column_unfolded,
    },
}
