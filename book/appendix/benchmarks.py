# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# Benchmarks

How long things take, and why.
All numbers were measured in one run on one machine; the sentence below says which.
Yours has other seconds. The ratios are what travels.

**How to read it.** Seconds are CPU seconds of one thread, and the least of some repeats: what else a machine does only adds to them.
Starts of whole processes are medians instead.
The scripts stand in `benchmarks/`; `make bench` runs them all.
"""

# %%
from gencourse.evaluate import measured
from gencourse.figures import COLOURS, figure, table
from gencourse.pictures import bars

found = measured("benchmarks")
made = found["made"]
print(f"Made by `{found['command']}` on {made['processor']}, {made['date']}:")
print(
    f"Python {made['python']}, torch {made['torch']}, numpy {made['numpy']}."
)

# %% [markdown]
r"""
## Training

A step is the recipe's own: all its turns, gradients, the optimiser, clipping and the schedule.
The picture shows how many images a recipe takes in within a CPU second.
"""

# %% tags=["hide-input"]
trained = found["training"]["recipes"]
order = sorted(
    trained, key=lambda name: -trained[name]["images per CPU second"]
)
rates = {name: trained[name]["images per CPU second"] for name in order}
bars(
    rates,
    "Images that each recipe trains on in a CPU second, the fastest at the top: from "
    f"{rates[order[0]]:,.0f} ({order[0]}) to {rates[order[-1]]:,.0f} ({order[-1]}).",
    xlabel="images per CPU second",
    log=True,
)

# %% [markdown]
r"""
How much of the machine does it use?
The measure is the rate of a product of two 1024 × 1024 matrices, in the same run.
Counted are the operations of matrix products and convolutions, forward and back.
What is done element by element takes time and counts nothing, so no recipe reaches 100 %.
"""

# %% tags=["hide-input"]
rate = found["training"]["flops_per_second"]
print(f"A large matrix product: {rate / 1e9:.1f} GFLOP/s on one thread.")
shares = {name: 100 * trained[name]["share"] for name in order}
low, *_, high = sorted(order, key=shares.get)
bars(
    shares,
    "Share of the matrix product's rate that each recipe's training step reaches: from "
    f"{shares[low]:.0f} % ({low}) to {shares[high]:.0f} % ({high}).",
    xlabel="% of the rate of a matrix product",
)

# %% [markdown]
r"""
The two pictures have little to do with each other.
The linear autoencoder takes in the most images by far, and uses the machine least: its products are small, and what the optimiser does to the weights, element by element, weighs as much.
The convolutional networks reach about half of the rate, from the autoencoder at a thousand images a second down to the Gated PixelCNN at twenty-five.
So do the recurrent ones, nearly, although their states wait for one another: by rows and by diagonals many pixels are computed at once.

## Growth

A training step of a small model of each family, along one size at a time.
The number is the exponent $e$ of $t \propto n^e$, fitted to all sizes; in brackets, the exponent between the two largest.
With a side twice as long an image has four times as many pixels, so $e = 2$ means that every pixel costs the same.
Of batches and layers one would expect 1, of widths 2: a layer has as many weights as the product of two widths.
"""

# %% tags=["hide-input"]
grown = found["growth"]["families"]
rows = [
    [name, axis, f"{law['exponent']:.2f} ({law['at the end']:.2f})"]
    for name, laws in grown.items()
    for axis, law in laws.items()
]
table(
    ["family", "along", "exponent (at the end)"],
    rows,
    "Exponents of a step's time",
)

# %% tags=["hide-input"]
times = {name: laws["side"]["seconds"] for name, laws in grown.items()}
low, *_, high = sorted(times, key=lambda name: times[name][-1])
alt = (
    "Seconds of a training step by the image's side, one line a family, log scales. All "
    f"rise; at the largest side {low} costs least and {high} most."
)
with figure(alt) as axes:
    for (name, laws), colour in zip(grown.items(), COLOURS):
        law = laws["side"]
        axes.loglog(
            law["sizes"], law["seconds"], "o-", label=name, color=colour
        )
    axes.set(xlabel="side of the image, pixels", ylabel="CPU seconds a step")
    axes.set_xticks(laws["side"]["sizes"], laws["side"]["sizes"])
    axes.minorticks_off()
    axes.legend()

# %% [markdown]
r"""
Exponents below the expected one mean that small models do not pay for arithmetic.
They pay for being called: each operation has a price of its own, whatever its size.
The exponents at the end, in brackets, are nearer to what arithmetic alone would say.

## Drawing

Sixty-four images of every shipped model.
"""

# %% tags=["hide-input"]
drawn = found["drawing"]["models"]
slowest = sorted(drawn, key=lambda name: -drawn[name]["seconds"])
bars(
    {name: drawn[name]["seconds"] for name in slowest},
    "CPU seconds in which each shipped model draws 64 images, the slowest at the top: "
    f"from {drawn[slowest[0]]['seconds']:.2g} ({slowest[0]}) to "
    f"{drawn[slowest[-1]]['seconds']:.2g} ({slowest[-1]}).",
    xlabel="CPU seconds for 64 images",
    log=True,
)

# %% [markdown]
r"""
The models that draw pixel after pixel stand at the top.
They would stand far higher without what [](../chapters/pixelcnn.ipynb) keeps from pixel to pixel:
"""

# %% tags=["hide-input"]
ways = [
    [
        f"{row['batch']:g}",
        f"{row['cached']:.3g} s",
        f"{row['naive']:.4g} s",
        f"{row['naive / cached']:.0f}",
        f"{row['cached / floor']:.1f}",
    ]
    for row in found["sampling"]["sampling"]
]
head = ["images", "cached", "naive", "naive / cached", "cached / floor"]
table(head, ways, "A Gated PixelCNN of 28 × 28 pixels, drawn two ways")

# %% [markdown]
r"""
The floor is the arithmetic of one forward pass at the speed of a large matrix product.
One image alone stays far above it, sixty-four come near: the price of a call is shared.
How the time grows says the same: with the side of the image, cached drawing grows with the number of pixels, and naive drawing with its square.
"""

# %% tags=["hide-input"]
e = found["sampling"]["growth"]["exponent"]
print(f"time ~ side^{e['cached']:.1f} cached, side^{e['naive']:.1f} naive")

# %% [markdown]
r"""

## Data

An epoch, all of it in memory as one tensor, against a `DataLoader` that transforms one image after another.
"""

# %% tags=["hide-input"]
loaded = found["data_loading"]["result"]
rows = [
    [way, f"{loaded[way]:.3f} s"] for way in ("in memory", "image by image")
]
caption = (
    f"{found['data_loading']['images']:,} images; ratio {loaded['ratio']:.0f}"
)
table(["way", "an epoch"], rows, caption)

# %% [markdown]
r"""
## Measuring

The Fréchet distance needs the trace of the root of a matrix.
Eigenvalues of a symmetric matrix are enough; the usual code computes the root itself, with SciPy's `sqrtm`.
Both give the same distance.
"""

# %% tags=["hide-input"]
rows = [
    [
        f"{row['features']:g}",
        f"{row['eigenvalues']:.3g} s",
        f"{row['scipy']:.3g} s",
        f"{row['ratio']:.1f}",
    ]
    for row in found["evaluation"]["frechet"]
]
table(
    ["features", "eigenvalues", "root", "ratio"], rows, "One Fréchet distance"
)

# %% tags=["hide-input"]
rest, told = found["evaluation"]["others"], found["evaluation"]
each = rest["bound"] / told["images"]
print(f"Precision and recall of {told['points']:,} images a side:", end=" ")
print(
    f"{rest['precision and recall']:.2g} s; the time grows with their square."
)
print(
    f"The bound with {told['codes']} codes of one image: {each:.2g} s,",
    end=" ",
)
print(f"so {1000 * each / 60:.0f} minutes for a thousand.")

# %% [markdown]
r"""
## Starting, and memory

What a process costs before it does anything, against `import torch` alone.
"""

# %% tags=["hide-input"]
runs = found["imports"]["runs"]
starts = {name: row["/ torch"] for name, row in runs.items()}
low, *_, high = sorted(starts, key=starts.get)
bars(
    starts,
    "CPU seconds of starting a process in several ways, as multiples of import torch: "
    f"from {starts[low]:.2g} ({low}) to {starts[high]:.2g} ({high}).",
    xlabel="times `import torch`",
)

# %% tags=["hide-input"]
peaks = found["memory"]["runs"]
peak = {name: row["MiB"] for name, row in peaks.items()}
low, *_, high = sorted(peak, key=peak.get)
bars(
    peak,
    "Peak memory of fresh processes that import, train a step or draw 64 images: from "
    f"{peak[low]:.0f} MiB ({low}) to {peak[high]:.0f} ({high}).",
    xlabel="peak memory, MiB",
)

# %% [markdown]
r"""
`import gencourse` itself imports nothing; a model pays for torch when it is loaded.
Most of the memory is torch's, too.

## The book

The chapters in the quick profile, and the site, built whole and after a change of one page.
"""

# %% tags=["hide-input"]
pages = found["pages"]
seconds = {name: row["seconds"] for name, row in pages["chapters"].items()}
seconds |= {
    f"site, {name}": row["seconds"] for name, row in pages["book"].items()
}
bars(
    seconds,
    "CPU seconds of each chapter in the quick profile, and of building the site: "
    f"from {min(seconds.values()):.0f} to {max(seconds.values()):.0f}.",
    xlabel="CPU seconds",
)

# %% [markdown]
r"""
## Waits, shortened

What people wait for, before and after.
The old ways are kept in `benchmarks/waits.py`, where both run in turns.
"""

# %% tags=["hide-input"]
head = ["wait", "before", "after", "ratio"]
rows = [
    [
        row["what"],
        *(f"{row[name]:.3g} s" for name in head[1:3]),
        f"{row['ratio']:.1f}",
    ]
    for row in found["waits"]["waits"]
]
table(head, rows, "Waits, in CPU seconds")

# %% [markdown]
r"""
- **Before a first training step.** To learn its version, Fabric imported a whole library of metrics, and with it two more that nobody used here. Now it does not see it. What is left is torch's own compiler, which the first optimiser imports.
- **Judging samples.** The nearest few of many distances do not need all of them in order, and one matrix of distances answers for precision and for recall. Fifty images at once stay in the processor's cache; five hundred did not.
- **Drawing from the count table.** To draw one pixel, it looked up the neighbours of all; and it drew a random number for every level, where one for the pixel is enough.
- **Fitting mixed tables.** The smallest gain: less is computed in every round, but most of it was needed.

Hardly any of this is a trick of arithmetic: the code stopped doing what nobody had asked for.
"""

# %% tags=["remove-cell"]
from gencourse.provenance import report

report()
