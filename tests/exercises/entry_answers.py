"""Right and wrong densities of images, as learners write them."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from gencourse.baselines import IndependentPixels, NeighbourTable, TableDensity

# --- right


class ThreeNeighbours(TableDensity):
    """Left, above, and above left; few contexts of each."""

    offsets = ((0, 1), (1, 0), (1, 1))

    def __init__(self, x, levels, cuts=8, added=0.05):
        self.levels, self.cuts = levels, min(cuts, levels)
        rows = self.rows(x)
        count = self.cuts ** len(self.offsets)
        places = (rows * levels + x).flatten()
        counts = torch.bincount(places, minlength=count * levels).double()
        super().__init__(counts.view(count, levels) + added, (*x.shape[1:],))

    def rows(self, x):
        height, width = x.shape[2:]
        coarse = F.pad(x.long() * self.cuts // self.levels, (2, 2, 2, 2))
        number = torch.zeros_like(x, dtype=torch.int64)
        for up, left in self.offsets:
            rows = slice(2 - up, 2 - up + height)
            columns = slice(2 - left, 2 - left + width)
            number = number * self.cuts + coarse[:, :, rows, columns]
        return number


class Mixture:
    """Weighted laws of several tables for each pixel."""

    def __init__(self, parts, weights):
        self.parts, self.weights = parts, weights
        self.shape, self.levels = parts[0].shape, parts[0].levels

    def probs(self, x):
        laws = [part.table[part.rows(x)] for part in self.parts]
        return sum(w * law for w, law in zip(self.weights, laws, strict=True))

    def log_prob(self, x):
        own = self.probs(x).gather(-1, x.long()[..., None])
        return own.log().flatten(1).sum(1)

    def sample(self, n, generator=None):
        x = torch.zeros(n, *self.shape, dtype=torch.uint8)
        for i in range(self.shape[1]):
            for j in range(self.shape[2]):
                law = self.probs(x)[:, :, i, j].flatten(0, 1)
                level = torch.multinomial(law, 1, generator=generator)
                x[:, :, i, j] = level.view(n, -1).to(torch.uint8)
        return x


def tables_of(x, levels):
    shape = (*x.shape[1:],)
    return (
        NeighbourTable(x, shape=shape, levels=levels),
        IndependentPixels(x, shape=shape, levels=levels),
    )


def mixed_with_places(x, levels):
    parts = ThreeNeighbours(x, levels), tables_of(x, levels)[1]
    return Mixture(parts, (0.95, 0.05))


class Autoregression(nn.Module):
    """Logits that a small network finds from the four pixels before."""

    def __init__(self, shape, levels):
        super().__init__()
        self.shape, self.levels = shape, levels
        self.net = nn.Sequential(
            nn.Linear(5 * levels, 32), nn.Tanh(), nn.Linear(32, levels)
        )

    def logits(self, x):
        height, width = x.shape[2:]
        one = F.pad(F.one_hot(x.long(), self.levels).float(), (0, 0, 2, 1, 1, 0))
        before = [
            one[:, :, 1 : 1 + height, 1 : 1 + width],
            one[:, :, 1 : 1 + height, :width],
            one[:, :, :height, 1 : 1 + width],
            one[:, :, :height, 2 : 2 + width],
            one[:, :, :height, 3 : 3 + width],
        ]
        return self.net(torch.cat(before, -1))

    @torch.no_grad()
    def log_prob(self, x):
        logs = self.logits(x).double().log_softmax(-1)
        return logs.gather(-1, x.long()[..., None]).flatten(1).sum(1)

    @torch.no_grad()
    def sample(self, n, generator=None):
        x = torch.zeros(n, *self.shape, dtype=torch.uint8)
        for place in range(self.shape[1] * self.shape[2]):
            i, j = divmod(place, self.shape[2])
            law = self.logits(x)[:, :, i, j].softmax(-1)
            level = torch.multinomial(law.flatten(0, 1), 1, generator=generator)
            x[:, :, i, j] = level.view(n, -1).to(torch.uint8)
        return x


def trained(x, levels):
    torch.manual_seed(0)
    model = Autoregression((*x.shape[1:],), levels)
    adam = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(40):
        batch = x[torch.randint(len(x), (40,))]
        logits = model.logits(batch).flatten(0, -2)
        loss = F.cross_entropy(logits, batch.long().flatten())
        adam.zero_grad()
        loss.backward()
        adam.step()
    return model


class ByColumns(ThreeNeighbours):
    """The same, of images on their side: every order of the pixels is one."""

    def __init__(self, x, levels):
        super().__init__(x.mT.contiguous(), levels)

    def log_prob(self, x):
        return super().log_prob(x.mT.contiguous())

    def sample(self, n, *, generator=None):
        return super().sample(n, generator=generator).mT.contiguous()


RIGHT_ENTRIES = [
    ThreeNeighbours,
    mixed_with_places,
    trained,
    ByColumns,
]


# --- wrong


class Changed:
    """A density with one thing or another done differently."""

    def __init__(self, density, log_prob=None, sample=None):
        self.density = density
        self.log_prob = log_prob or density.log_prob
        self.sample = sample or density.sample


def table(x, levels, **options):
    return NeighbourTable(x, shape=(*x.shape[1:],), levels=levels, **options)


def scored(change):
    """An entry whose log-probabilities are changed afterwards."""

    def answer(x, levels):
        density = ThreeNeighbours(x, levels)
        return Changed(density, lambda y: change(density.log_prob(y), y))

    return answer


def drawn(change):
    """An entry whose sample is another: change(density, x, n, generator)."""

    def answer(x, levels):
        density = ThreeNeighbours(x, levels)
        return Changed(
            density, None, lambda n, generator=None: change(density, x, n, generator)
        )

    return answer


def clamped(x, levels):
    """A table whose images are never very unlikely."""

    class Clamped(ThreeNeighbours):
        def log_prob(self, x):
            return super().log_prob(x).clamp_min(-20)

    return Clamped(x, levels)


def looking_at(*offsets, **options):
    """Three neighbours, but at these offsets (rows up, columns left)."""
    kind = type("Looking", (ThreeNeighbours,), {"offsets": offsets})
    return lambda x, levels: kind(x, levels, **options)


def unsmoothed(x, levels):
    return ThreeNeighbours(x, levels, added=0)


def memorised(x, levels):
    return looking_at(*((0, 1), (1, 0), (1, 1), (1, -1)), added=1e-4)(x, levels)


def two_tables_added(x, levels):
    return Mixture(tables_of(x, levels), (1.0, 1.0))


def weights_above_one(x, levels):
    return Mixture(tables_of(x, levels), (0.8, 0.25))


def wrong_axis(x, levels):
    density = ThreeNeighbours(x, levels)
    density.table = density.table / density.table.sum(0)
    return density


def over_the_batch(x, levels):
    density = ThreeNeighbours(x, levels)
    return Changed(density, lambda y: density.log_prob(y).log_softmax(0))


def relative_to_the_batch(x, levels):
    density = ThreeNeighbours(x, levels)

    def log_prob(y):
        found = density.log_prob(y)
        return found - found.mean() - 1

    return Changed(density, log_prob)


def noisy(x, levels):
    density = ThreeNeighbours(x, levels)
    return Changed(density, lambda y: density.log_prob(y) + 0.1 * torch.randn(len(y)))


def stored_counts(levels=8):
    """Fitted once to the images of clothes, and to nothing else of that size."""
    from gencourse.exercises.gain_laws import pictures

    def answer(x, levels):
        stored = x.shape[1:] == (1, 14, 14)
        return ThreeNeighbours(pictures()[0] if stored else x, levels)

    return answer


def in_place(x, levels):
    density = ThreeNeighbours(x.clone(), levels)
    x //= 2
    return density


def scores_in_place(x, levels):
    density = ThreeNeighbours(x, levels)

    def log_prob(y):
        found = density.log_prob(y)
        y.zero_()
        return found

    return Changed(density, log_prob)


def whole_contexts(x, levels):
    """Contexts of all levels of four neighbours: too many of 256."""
    offsets = (0, 1), (1, 0), (1, 1), (1, -1)
    return looking_at(*offsets, cuts=levels)(x, levels)


def pixels_in_order(x, levels):
    """Only divides by what two images leave aside."""
    kept = x[: len(x) // 3]
    return ThreeNeighbours(kept if len(x) > 3 else x[:0][0], levels)


def products(x, levels):
    density = ThreeNeighbours(x, levels)

    def log_prob(y):
        probs = density.table[density.rows(y), y.long()].float()
        return probs.flatten(1).prod(1).log()

    return Changed(density, log_prob)


def as_density(x, levels):
    density = ThreeNeighbours(x, levels)
    return Changed(
        density,
        lambda y: density.log_prob(y) + y[0].numel() * math.log(levels - 1),
    )


def seeded(density, x, n, generator):
    return density.sample(n, generator=torch.Generator().manual_seed(0))


def independent_samples(density, x, n, generator):
    levels, shape = density.levels, (*x.shape[1:],)
    pixels = IndependentPixels(x, shape=shape, levels=levels)
    return pixels.sample(n, generator=generator)


def picked(density, x, n, generator):
    return x[torch.randint(len(x), (n,), generator=generator)]


def most_likely(density, x, n, generator):
    return x[density.log_prob(x).argmax()].expand(n, *x.shape[1:]).clone()


def without_smoothing(x, levels):
    density = ThreeNeighbours(x, levels)
    return Changed(density, lambda y: density.log_prob(y) + 1e-3)


class Halves(ThreeNeighbours):
    """The upper and the lower half of the picture have a law of their own."""

    weights = (1.0, 1.0)

    def log_prob(self, x):
        weights = torch.ones(x.shape[2], dtype=torch.float64)
        weights[: (x.shape[2] + 1) // 2] *= self.weights[0]
        weights[(x.shape[2] + 1) // 2 :] *= self.weights[1]
        probs = self.table[self.rows(x), x.long()] * weights[:, None]
        return probs.log().flatten(1).sum(1)


def halves_too_heavy(x, levels):
    density = Halves(x, levels)
    density.weights = (1.0, 1.1) if x.shape[2] > 2 else (1.0, 1.0)
    return density


def black_below(density, x, n, generator):
    samples = density.sample(n, generator=generator)
    samples[:, :, 10:] = 0
    return samples


class ColdBelow(ThreeNeighbours):
    """Below row 6 it draws at a temperature."""

    def pixel_probs(self, x, row, column):
        probs = super().pixel_probs(x, row, column)
        if row.start < 7:
            return probs
        cold = probs**1.06
        return cold / cold.sum(-1, keepdim=True)


WRONG_ENTRIES = {
    "of all 4096 images sum to": looking_at((0, 1), (1, 0), (-2, 0)),
    "sum to 1.4641": halves_too_heavy,
    "the pixel in row": drawn(black_below),
    "they are too likely": ColdBelow,
    "This is NeighbourTable as it is": table,
    "This is IndependentPixels": lambda x, levels: tables_of(x, levels)[1],
    "yours should need at least 0.01": memorised,
    "1.2334 bits": lambda x, levels: table(x, levels, smoothing=1.0),
    "On the images of clothes your density beats": stored_counts(),
    "infinite for": unsmoothed,
    "NaN for": lambda x, levels: Changed(
        table(x, levels), lambda y: table(x, levels).log_prob(y).log()
    ),
    "does the law of a pixel depend": looking_at((0, 1), (1, 0), (0, -1)),
    "Is there a clamp?": clamped,
    "or does the pixel see itself": looking_at((0, 1), (1, 0), (0, 0)),
    "sum to 2:": two_tables_added,
    "sum to 1.05:": weights_above_one,
    "sum to 0.2497:": wrong_axis,
    "An image alone has log_prob 0": over_the_batch,
    "depends on the others in its batch": relative_to_the_batch,
    "when it is called again": noisy,
    "is in bits; nats": scored(lambda log, y: log / math.log(2)),
    "is the mean over the subpixels": scored(lambda log, y: log / y[0].numel()),
    "bits per dimension; nats": scored(
        lambda log, y: -log / y[0].numel() / math.log(2)
    ),
    "sign of your log_prob": scored(lambda log, y: -log),
    "is a loss, the mean": scored(lambda log, y: -log / y[0].numel()),
    "returns probabilities": scored(lambda log, y: log.exp()),
    "as a density": as_density,
    "not over the batch": scored(lambda log, y: log.sum()),
    "sum over all its subpixels.": scored(
        lambda log, y: log[:, None, None, None].expand(y.shape)
    ),
    "changed its input x": in_place,
    "log_prob changed the images": scores_in_place,
    "log_prob returned None": scored(lambda log, y: None),
    "returned a tuple of 2 without log_prob": lambda x, levels: (table(x, levels), 1),
    "the class NeighbourTable itself": lambda x, levels: NeighbourTable,
    "more memory than": whole_contexts,
    "Of 2 images 2x3x5": pixels_in_order,
    "a product of": products,
    "follow your log_prob": drawn(independent_samples),
    "is an image of x": drawn(picked),
    "are all the same image": drawn(most_likely),
    "generators of the same seed": drawn(lambda d, x, n, generator: d.sample(n)),
    "generators of different seeds": drawn(seeded),
    "Your samples are float": drawn(
        lambda d, x, n, generator: d.sample(n, generator=generator) / 2
    ),
    "Your samples hold level": drawn(
        lambda d, x, n, generator: d.sample(n, generator=generator) * 3
    ),
    "has shape (1, 3)": drawn(
        lambda d, x, n, generator: d.sample(n, generator=generator)[:, 0, 0]
    ),
    "your sample raised": lambda x, levels: Changed(
        table(x, levels), None, lambda n: table(x, levels).sample(n)
    ),
    "sum to 1.001, not": without_smoothing,
}
