# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# Comparison: every model in one table

Which of all these models is the best?

The honest answer is a question: best at what?
A model can say how likely a picture is, it can draw, and it costs time, once to train and again with every picture.
This chapter puts all models of the course on one data set, under one protocol, into one table.
Then it takes the table apart: what does each column tell, and what can it not tell?
"""

# %%
import io
import math

import torch
import torch.nn.functional as F
from PIL import Image
from sklearn.datasets import load_digits
from torch import Tensor

import gencourse
from gencourse import comparison, data, figures, previews, recipes, scoreboard
from gencourse import scoreboard_views
from gencourse.exercises import check, hint, mine_or_reference, todo

# %%
from gencourse.baselines import IndependentPixels, NeighbourTable
from gencourse.baselines import TableDensity
from gencourse.density import ExplicitDensity
from gencourse.entry import MixedTables
from gencourse.evaluate import bits_per_dim
from gencourse.frechet import classifier_distance
from gencourse.gan_metrics import draw_samples
from gencourse.stored import StoredImages

_ = torch.manual_seed(0)

# %%
train, test = (
    data.load("fashion-mini", "train"),
    data.load("fashion-mini", "test"),
)
rows = {row.model: row for row in scoreboard.rows()}

# %% [markdown]
r"""
Before the numbers, try your own eyes.

```{live} comparison
:alt: Three rows of eight small pictures in a shuffled order: some are photographs of garments, others were drawn by five models; there are clean garments, garments in heavy grain, broken shapes, and white streaks on black.

Ten rounds: look at three pictures, and say who made them.
Five models drew some of them, and some are photographs.
After each answer you are told what gives the maker away.
```

## The scoreboard

The first rows are counts, no networks: a histogram for each pixel, a histogram for each pair of neighbours, and a mixture of larger tables.
A network that needs more bits than they do has to justify itself by something else.
"""

# %% tags=["hide-input"]
scoreboard_views.as_table(list(rows.values()))

# %% [markdown]
r"""
Every number comes from the card of a checkpoint; none was typed in.
`gencourse scoreboard` prints the same table, and `gencourse evaluate NAME` measures one row anew and complains if it differs from the card.

Read it with four questions.

**Is it the number itself, or a bound?**
The autoregressive models know $p(x)$ exactly.
The VAEs know that they need *at most* so many bits.
The GANs know nothing of the kind, and their cells are empty.
A bound may hide a better model than it seems: how far the VAE's true number lies below 3.15, nobody knows.
(And the bounds are those of the first 1,000 test pictures, for want of time.)

**Is it the same question?**
A conditional model is told the class first.
The models of two levels predict black or white, where the others predict one of 256 levels.
Only rows that answer the same question are rivals.

**What would the real thing get?**
A distance without its floor says nothing.
As many training pictures as there are samples get the distance that the caption tells.

**What did it cost?**
Hours of training, and seconds for 64 drawings, on one thread of a CPU.
The models were not given equal budgets: a row that is better and cost ten times as much proves little about the idea behind it.
"""

# %% [markdown]
r"""
## How much is luck?

Train the same recipe with another seed, and every number changes.
By how much?
One cheap recipe of each family was trained three times.
Only the seed differed: it sets the first weights, the order of the pictures, and all draws.
"""

# %% tags=["hide-input"]
thrice = [row for row in rows.values() if row.seeds > 1]
cells = []
for row in thrice:
    bits, distances = row.bits_per_dim_of_seeds, row.frechet_distance_of_seeds
    told = ", ".join(f"{value:.3f}" for value in bits) or "-"
    cells.append(
        (row.model, told, ", ".join(f"{value:.1f}" for value in distances))
    )
figures.table(
    ["recipe", "test bits per dimension", "Fréchet distance"],
    cells,
    "Three runs of three recipes that differ in the seed alone: seeds 0, 1 and 2.",
)

# %% [markdown]
r"""
The likelihoods hardly move: a few thousandths of a bit.
Distances move more, by four to six per cent.
(Part of that is the drawing alone: other draws from the same weights give another distance, too.)

Now look back at the scoreboard.
Row LSTM and Diagonal BiLSTM differ by less than a hundredth of a bit, with one run each.
That is about twice the PixelCNN's own range, so by likelihood the table does not say which of the two is better.
By distance, 132 against 189, it does.
The Gated PixelCNN leads by a tenth of a bit: that is not luck with the seed.
A large study of GANs came to a sobering end: with enough tuning and restarts most of them reached similar scores {cite}`lucic2018gans`.

Three runs are few, but they are enough for a first test.
Is the difference of two recipes larger than luck makes it?
Put it in units of its standard error, with the spread of the runs themselves.
That is Welch's $t$, and you will write it in the first exercise.
"""

# %%
pixelcnn, vae = (
    torch.tensor(rows[n].bits_per_dim_of_seeds)
    for n in ("pixelcnn", "vae-2d")
)
distances = [
    torch.tensor(rows[n].frechet_distance_of_seeds)
    for n in ("pixelcnn", "vae-2d")
]
print(f"likelihood: t = {comparison.welch_t(pixelcnn, vae):.0f}")
print(f"distance:   t = {comparison.welch_t(*distances):.1f}")

# %% [markdown]
r"""
Hundreds of units are no luck: the difference in likelihood is real.
A few units are another matter.
With three runs each the spread itself is known badly, and a value of 3 or 4 settles little.
So the PixelCNN, far better by likelihood, draws hardly better or worse than a VAE with two numbers.
"""

# %% [markdown]
r"""
## Likelihood against looks

Here is every model that has both numbers: bits for the likelihood, a distance for the looks.
If the two measured the same thing, the points would lie on a line that rises.
"""

# %% tags=["hide-input", "experiment"]
left = {"ha": "right", "xytext": (-7, 0)}
places = dict.fromkeys(["vae", "row-lstm", "pixelcnn"], left)
places["vae-conditional"] = {"ha": "center", "xytext": (0, -13)}
places["gated-pixelcnn"] = {"ha": "left", "xytext": (6, 7)}
both = [r for r in rows.values() if r.bits_per_dim and r.frechet_distance]
only = [r for r in rows.values() if not r.bits_per_dim]
alt = (
    "Test bits per dimension against Fréchet distance of the samples, on a "
    "logarithmic scale. Points are models whose likelihood is exact; squares are "
    "VAEs, known by a bound. Among the exact ones both numbers fall together, from "
    "independent pixels at the upper right to the Gated PixelCNN at the lower left. "
    "The VAEs lie apart: at the same bits their distance is smaller. Lines are GANs, "
    "which have a distance and no bits."
)
with figures.figure(alt, width=7, height=4.8) as axes:
    for kind, mark in (("exact", "o"), ("at most", "s")):
        chosen = [row for row in both if row.bits_are.startswith(kind)]
        points = zip(*[(r.bits_per_dim, r.frechet_distance) for r in chosen])
        axes.scatter(*points, marker=mark, label=f"bits: {kind}")
    for row in both:
        place = {"ha": "left", "xytext": (7, 0), **places.get(row.model, {})}
        at = (row.bits_per_dim, row.frechet_distance)
        style = {"textcoords": "offset points", "va": "center", "fontsize": 8}
        axes.annotate(row.model, at, **style, **place)
    for row in only:
        axes.axhline(
            row.frechet_distance, color=figures.COLOURS[4], linewidth=0.8
        )
        axes.annotate(
            row.model, (4.75, row.frechet_distance), fontsize=8, ha="right"
        )
    axes.set(yscale="log", xlabel="test bits per dimension", xlim=(2.5, 4.8))
    axes.set(
        ylabel="squared Fréchet distance", yticks=[20, 50, 100, 200, 500]
    )
    axes.set_yticklabels(["20", "50", "100", "200", "500"])
    axes.minorticks_off()
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.45))

# %% [markdown]
r"""
Inside one family they agree: among the models with an exact likelihood, whoever needs fewer bits has the smaller distance.
Between families they do not.
The mixed tables and the conditional VAE need about the same number of bits, and one is nearly twice as far from the data as the other.
The PixelCNN needs fewer bits than any VAE is known to, and its drawings are farther off than those of every VAE here.
And the model with the smallest distance of all has no likelihood.

Is that an accident of our models?
No: in many dimensions one of the two can be ruined and the other left alone {cite}`theis2016note`.
Here is an example of each.
"""

# %% [markdown]
r"""
### A good likelihood, and poor samples

Take a good model, $p$, and something that draws nonsense, $q$.
Toss a coin that shows heads once in a hundred tosses.
Draw from $p$ on heads, and from $q$ on tails.
Of a hundred drawings ninety-nine are nonsense.
What does that cost in likelihood?

$$\log \big( 0.01\, p(x) + 0.99\, q(x) \big) \;\ge\; \log 0.01 + \log p(x) = \log p(x) - 4.6$$

At most 4.6 nats for a whole picture, where a picture has some 1,500.
"""

# %%
gated = gencourse.load("gated-pixelcnn")
nonsense = IndependentPixels(train.x)
x = test.x[:100]
with torch.inference_mode():
    log_p = gated.log_prob(x)
mixed = comparison.contaminated_log_prob(log_p, nonsense.log_prob(x), 0.01)

# %%
generator = torch.Generator().manual_seed(0)
good = draw_samples(gated, 5)
many = torch.cat([good, nonsense.sample(495, generator=generator)])
distance = classifier_distance(test.x[::2], many).distance

# %% [markdown]
r"""
### A poor likelihood, and samples as good as real

Now the reverse.
Learn the training pictures by heart, and draw one of them.
To have a likelihood at all, turn each pixel to some other level with probability 0.001: about one pixel in a picture.

Its samples *are* garments, so no test of looks can object.
But a test picture is none of the stored ones.
To say it, this model has to call about every second pixel an error, at 18 bits each: $-\log_2 (0.001 / 255)$.
"""

# %%
stored = StoredImages(train.x)
by_heart = stored.log_prob(x[:20])
copies = stored.sample(500, generator=torch.Generator().manual_seed(0))
real_distance = classifier_distance(test.x[::2], train.x[:500]).distance
copied = classifier_distance(test.x[::2], copies).distance
drawn = draw_samples(gated, 500)
drawn_distance = classifier_distance(test.x[::2], drawn).distance


# %% tags=["experiment"]
def bits(nats: Tensor) -> str:
    return f"{float(bits_per_dim(-nats, 784).mean()):.3f}"


# %% tags=["hide-input"]
figures.table(
    ["model", "test bits per dimension", "Fréchet distance of 500"],
    [
        ("gated-pixelcnn", bits(log_p), f"{drawn_distance:.0f}"),
        ("99 % nonsense", bits(mixed), f"{distance:.0f}"),
        ("stored pictures", bits(by_heart), f"{copied:.0f}"),
        ("training pictures", "-", f"{real_distance:.0f}"),
    ],
    "A good model; the same model, drowned in independent pixels; the 5,000 stored "
    "pictures of fashion-mini, with errors; and 500 of them as they are. Bits of 100 "
    "test pictures (of 20 for the stored ones), and "
    "the distance of 500 samples from 500 test pictures.",
)

# %% tags=["hide-input"]
figures.grid(
    torch.cat([drawn[:8], many[5:13], copies[:8]]),
    "Eight samples of each of the three, of the second one eight of the 495 without a garment. The Gated PixelCNN draws garments. The second model shows eight clouds of white noise. The third shows clean garments, some with a single wrong pixel.",
    columns=8,
    rows=["gated-pixelcnn", "99 % nonsense", "stored pictures"],
)

# %% [markdown]
r"""
(Distances of 500 samples are larger than those of 10,000: few samples know their own mean and covariance badly. The last row shows how much that makes.)

The second model has lost about a hundredth of a bit, and nothing that you see of it is a garment.
On the scoreboard it would still stand right behind the two Gated PixelCNNs.
The third one draws pictures that nobody can fault: its distance is no larger than that of real training pictures.
But it needs more bits than the 8 of someone who knows nothing at all.

So which number should you believe?
Each, about what it measures.
A likelihood asks whether the model has a place for *every* test picture: it punishes what is forgotten.
A look at samples asks whether the model draws *nothing else*: it punishes what is made up.
Recall and precision ask the two questions separately, in the features of a classifier.
But precision alone can be fooled: the streaks of the count table get 73 %, more than most networks.
Read it beside recall, which is 1 % there.
"""

# %% [markdown]
r"""
## The same eight, of every model

Numbers first, then eyes.
Here are the first eight drawings of every model of 256 levels, the networks with seed 0.
None was chosen, and none left out.
The first row are test pictures.
Conditional models drew the classes 0 to 7.
"""

# %%
names = [name for name, row in rows.items() if row.levels == 256]
networks = [name for name in names if name in recipes.RECIPES]
eight = {"test pictures": test.x[:8] / 255}
tables = {
    "independent-pixels": nonsense,
    "count-table": NeighbourTable(train.x),
}
tables["mixed-tables"] = MixedTables(train.x[:-400], train.x[-400:])
for name, table in tables.items():
    eight[name] = table.sample(8, generator=generator) / 255
for name in networks:
    eight[name] = previews.samples(name, gencourse.load(name), 8, seed=0)

# %% tags=["hide-input"]
figures.grid(
    torch.cat(list(eight.values())),
    "Eight test pictures, then eight drawings of each model, not chosen. Independent pixels are noise in the shape of an average garment. The other tables draw streaks. PixelCNN and Row LSTM draw parts of garments that do not fit together; the Diagonal BiLSTM some whole ones; both Gated PixelCNNs mostly whole garments. VAEs draw shapes of garments in heavy grain. The fully connected GAN draws speckled garments; the convolutional GANs whole garments with soft texture, some of them broken.",
    columns=8,
    rows=list(eight),
)

# %% [markdown]
r"""
(The tables here were fitted to the 5,000 pictures of `fashion-mini`, those of the scoreboard to all 60,000.)

Go through the rows with the table beside you.
The autoregressive models are sharp everywhere, and the weaker ones lose the garment: they know the next pixel better than the whole.
The VAEs know the whole, and their pixels do not know of each other.
Given the code, each pixel is drawn on its own, so what the code does not say comes out as grain.
The GANs were trained on nothing but looks, and it shows.

But eight pictures cannot show what is *missing*.
The fully connected GAN looks better than its distance: its precision is 89 %, and its recall 15 %.
It draws a few things well.
"""

# %% [markdown]
r"""
## What a drawing costs

An autoregressive model asks its network 784 times for a picture, a GAN or a VAE once.
How much is that in time?
"""

# %% tags=["hide-input", "experiment"]
timed = [rows[name] for name in networks]
alt = (
    "CPU-seconds in which one thread draws 64 pictures, on a logarithmic scale, for "
    "each model. Autoregressive models take about a second, VAEs some hundredths, "
    "convolutional GANs about one hundredth, and the fully connected GAN about a "
    "thousandth."
)
with figures.figure(alt, width=7, height=4.2) as axes:
    kinds = ["explicit, exact", "explicit, bounded", "implicit"]
    for i, row in enumerate(timed):
        kind = kinds.index(row.density)
        axes.barh(
            i, row.seconds_for_64, color=figures.COLOURS[(0, 1, 4)[kind]]
        )
        axes.annotate(
            f" {row.seconds_for_64:.2g}",
            (row.seconds_for_64, i),
            fontsize=8,
            va="center",
        )
    axes.set_yticks(
        range(len(timed)), [row.model for row in timed], fontsize=8
    )
    axes.set(xscale="log", xlabel="CPU-seconds for 64 pictures")
    axes.invert_yaxis()

# %% [markdown]
r"""
Between the Gated PixelCNN and a convolutional GAN lies a factor of a hundred.
And this is *cached* sampling, where a pixel costs a column of the network; the naive way costs a whole pass for each pixel ([](pixelcnn.ipynb)).
A VAE takes longer than a GAN of similar size, probably because it draws each pixel from a mixture in the end.

These are the seconds of one CPU thread.
On a graphics card the gap may be another one: 784 small steps use little of it.
We could not measure that.
"""

# %% [markdown]
r"""
## Does it know what it does not know?

A model of garments knows how likely a picture is.
Show it a digit, a picture {term}`out of distribution`.
The likelihood should drop, and so tell us that the picture is no garment.
Does it?

scikit-learn ships digits of 8 by 8 pixels and 17 levels.
We lay them on black, once as they are and once enlarged three times.
And we turn garments upside down.
"""

# %%
digits = torch.from_numpy(load_digits().images[:100])[:, None]
small = (digits * 255 / 16).round().to(torch.uint8)
large = small.repeat_interleave(3, dim=2).repeat_interleave(3, dim=3)
sets = {
    "garments": test.x[:100],
    "digits, padded": F.pad(small, (10, 10, 10, 10)),
    "digits, enlarged": F.pad(large, (2, 2, 2, 2)),
    "upside down": test.x[:100].flip(2),
}

# %% tags=["hide-input"]
figures.grid(
    torch.cat([x[:8] for x in sets.values()]),
    "Four rows of eight: test garments; digits of 8 by 8 pixels in the middle of a "
    "black picture; the same digits three times as large, made of blocks; the garments "
    "upside down.",
    columns=8,
    rows=list(sets),
)

# %% [markdown]
r"""
The {term}`AUROC` says how often a score puts a garment above a digit, over all pairs of one of each.
1 is perfect, and one half is guessing.
The score is the log-likelihood; of the VAE, its bound.
"""

# %%
judges = {
    "count-table": NeighbourTable(train.x).log_prob,
    "vae": gencourse.load("vae").elbo,
}
judges |= {
    name: gencourse.load(name).log_prob
    for name in ("pixelcnn", "gated-pixelcnn")
}
scores = {}
with torch.inference_mode():
    for name, log_prob in judges.items():
        scores[name] = {kind: log_prob(x) for kind, x in sets.items()}

# %% tags=["hide-input"]
kinds = list(sets)[1:]
cells = []
for name, score in scores.items():
    cells.append([name, bits(score["garments"])])
    for kind in kinds:
        auroc = comparison.auroc(score["garments"], score[kind])
        cells[-1] += [bits(score[kind]), f"{auroc:.2f}"]
header = ["model", "garments"]
header += [word for kind in kinds for word in (kind, "AUROC")]
figures.table(
    header,
    cells,
    "Mean bits per dimension of four sets of 100 pictures, and the AUROC of garments "
    "against each of the others.",
)

# %% [markdown]
r"""
By likelihood every padded digit is a better garment than every garment: the AUROC is 0.
No model was shown a digit, and none minds.
Enlarged, the digits are still easier for three of the four, and the scores are near guessing, or on the wrong side of it.
And a garment upside down costs the networks some bits more, but too few to notice: the AUROC is 0.6 at most.

Why?
A likelihood is a length: the picture that is easy to say is likely.
Black is easy to say, for garments have black borders too, and the padded digits are mostly black.
Nothing in the training ever asked the model to find such pictures unlikely; it asked that *garments* be likely.
Models trained on photographs do the same with house numbers {cite}`nalisnick2019know`.
"""

# %% [markdown]
r"""
Can it be mended?
If simple pictures are likely because they are simple, compare the model's length with that of somebody who knows no garments at all.
A PNG file is such a somebody.
The model's lead over PNG is a likelihood ratio, and the complexity of the picture falls out of it {cite}`serra2020input`.
"""


# %% tags=["experiment"]
def png_nats(image: Tensor) -> float:
    file = io.BytesIO()
    Image.fromarray(image[0].numpy()).save(file, "PNG", optimize=True)
    return file.tell() * 8 * math.log(2)


lengths = {
    kind: torch.tensor([*map(png_nats, x)]) for kind, x in sets.items()
}

# %% tags=["hide-input"]
leads = {
    name: {kind: score[kind] + lengths[kind] for kind in sets}
    for name, score in scores.items()
}
leads["PNG length alone"] = lengths
cells = []
for name, lead in leads.items():
    pairs = [(lead["garments"], lead[kind]) for kind in kinds]
    cells.append(
        (name, *(f"{comparison.auroc(*pair):.2f}" for pair in pairs))
    )
figures.table(
    ["lead over PNG of", *(f"AUROC, {kind}" for kind in kinds)],
    cells,
    "How often the lead over PNG is larger for a garment than for another picture.",
)

# %% [markdown]
r"""
Now nearly every digit is told from nearly every garment.
But look at the last row: the length of the PNG file *alone* does that.
The digits are simple, and that is all that anybody has noticed.
Upside down, where the lengths are alike, the lead over PNG is not much better than guessing; the VAE does best, with 0.75.

A likelihood alone is no alarm, and a mended one is an alarm for what it was mended for.
Ask *compared with what*, and test on pictures that are odd in more than one way.
"""

# %% [markdown]
r"""
## Which one, then?

First strike out what is beaten in everything that you count.
A model is {term}`dominated` where another one is nowhere worse and somewhere better.
What is left is the **Pareto front**; between its members only your own needs can decide.
"""

# %%
rivals = [rows[name] for name in names if "conditional" not in name]
bits_of = torch.tensor([row.bits_per_dim or math.inf for row in rivals])
distance_of = torch.tensor([row.frechet_distance for row in rivals])
seconds_of = torch.tensor(
    [float(f"{row.seconds_for_64:.0e}") for row in rivals]
)
costs = torch.stack([bits_of, distance_of, seconds_of], dim=1)
front = comparison.pareto_front(costs)
print(
    "on the front:", ", ".join(r.model for r, on in zip(rivals, front) if on)
)

# %% [markdown]
r"""
(Three columns count here: bits, exact or at most, with infinity for the GANs; the Fréchet distance; the seconds. Conditional models answer another question and stand aside.)

The seconds are rounded to one digit, which is about as good as the timing is; the Row LSTM is on the front by its seconds alone.
Count recall as well, and the DCGAN is back.
Each family of networks has somebody on the front, and the tables have nobody.
Best likelihood, best distance and fastest drawing belong to three different models, and nobody has two of them.

| You want to | take | because |
| --- | --- | --- |
| compress, or compare models by one exact number | Gated PixelCNN | its likelihood is exact and the best here |
| the same with little training | a PixelRNN | minutes of training, and a tenth of a bit behind |
| draw fast, and only looks count | a GAN with spectral normalisation | the smallest distance here, one pass a picture |
| draw much of the variety there is | the Gated PixelCNN, or the DCGAN | their recall is the best here |
| draw a class that you name | the conditional Gated PixelCNN, or the conditional GAN | they take the class as an input; the GAN is faster, and its recall is less than half |
| a short code for a picture, to move in or to search by | a VAE | it has an encoder, and its codes can be drawn |
| be sure that training works | anything with one loss | two players can lose their balance |
| notice pictures of another kind | none of them alone | a likelihood needs something to be compared with |
| know whether any of it is worth it | the count table first | it takes seconds |

Families newer than these fill some of the gaps: see [](../appendix/after.md).
"""

# %% [markdown]
r"""
## Check yourself

Pick an answer before you open it: each one says whether it holds, and why.

:::{quiz}
By likelihood, the AUROC of garments against padded digits is 0.00.
Somebody turns the score round: the *likelier* a picture, the more it is taken for a digit.
Is that an alarm for pictures that are no garments?

- [ ] Yes: 0 turned round is 1, and 1 is perfect.

  For these digits it is.
  But the score was turned to suit one kind of odd pictures.
  Garments upside down cost the networks *more* bits than garments, so they would now look even safer than before.

- [ ] No: an AUROC of 0 means that the score knows nothing.

  Knowing nothing is one half.
  At 0 the score tells every pair apart, and puts each of them the wrong way round.

- [x] Only for pictures that are simpler to say than a garment.

  Turned round, the score asks: is this easy to say?
  The padded digits are, so they are found.
  Whatever is odd *and* hard to say goes through.

The mixture of 99 % nonsense lost about a hundredth of a bit per dimension.
You go on to 99.99 % nonsense.
What becomes of its likelihood?

- [x] Hardly anything: it loses at most another 4.6 nats of a whole picture.

  The price is the logarithm of the share that is left, paid once for a picture, however many pixels it has.
  A share a hundred times smaller costs $\log 100$ more.

- [ ] It collapses, as next to nothing is left of the good model.

  Of the *drawings* next to nothing is left.
  The likelihood never looks at drawings: it asks what mass the test pictures get, and a ten-thousandth of a good mass is still far more than a bad model gives.

- [ ] Nothing at all: likelihood is about test pictures, and these have not changed.

  True, the pictures are the same.
  But the mass that goes to nonsense is taken from them, and the logarithm notices, if only a little.

Three seeds of the GAN with spectral normalisation have distances of 17.2, 17.6 and 18.3.
A new recipe is trained once, and gets 16.8.
Is it better?

- [ ] Yes: it is below all three.

  One can always hope.
  But the three differ by more than the new one is ahead of the best of them, by the seed alone.
  A fourth seed of the *old* recipe might have done it.

- [x] One run cannot tell: the lead is smaller than what seeds make.

  Train it with more seeds, and compare the difference with the spread of both.
  With a few runs each, even that settles little, as the chapter's $t$ of 3.5 shows.

- [ ] One has to draw more pictures of both first, until the distances are exact.

  More drawings make the distance of *these weights* surer, and a part of the scatter is indeed the drawing.
  But another seed means other weights, and no number of drawings tells of those.
:::
"""

# %% [markdown]
r"""
## Exercises

Write each function where it says `todo()`, run the cell, then the check below it.
`hint("comparison.welch_t")` gives a hint, and a stronger one when you ask again.
"""

# %% [markdown]
r"""
:::{exercise} Better, or lucky?
:label: ex-comparison-welch

*5 minutes, difficulty 1 of 3.*
Two recipes were trained a few times each.
How large is the difference of their means, in units of what luck alone makes it?
The two may have different spreads, and different numbers of runs.

- **In:** `a` and `b`, a result for each run, `(N,)` and `(M,)`, two runs or more each.
- **Out:** a float, above 0 where `a` has the higher mean; the variances are taken with $N - 1$ and $M - 1$.

For example:

```python
>>> round(welch_t(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 1.5])), 4)
1.1921
```
:::
"""


# %% tags=["exercise"]
def welch_t(a: Tensor, b: Tensor) -> float:
    """Return the difference of two means, in units of what luck alone makes it.

    (mean(a) - mean(b)) / sqrt(var(a) / N + var(b) / M), the variances with N - 1 and
    M - 1 (Welch 1947, https://doi.org/10.2307/2332510).

    Args:
        a: one recipe's results, a run each, (N,), N of 2 or more.
        b: another recipe's, (M,), M of 2 or more.
    """
    return todo()


# %%
check("comparison.welch_t", welch_t)
welch_t = mine_or_reference("comparison.welch_t", welch_t)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-comparison-welch
:class: dropdown
```{literalinclude} ../../src/gencourse/comparison.py
:pyobject: welch_t
```
::::
"""

# %% [markdown]
r"""
The two numbers from the top of the page, by your function:
"""

# %%
print(f"likelihood: t = {welch_t(pixelcnn, vae):.0f}")
print(f"distance:   t = {welch_t(*distances):.1f}")

# %% [markdown]
r"""
:::{exercise} Ninety-nine parts of noise
:label: ex-comparison-contaminated

*10 minutes, difficulty 1 of 3.*
A model draws from $p$ with probability `share`, and from noise otherwise.
Return its log-likelihood.
Mind the size of these numbers: a picture may have a log-likelihood of −5,000 nats.

- **In:** `log_p` and `log_noise`, log-likelihoods of the same pictures in nats, `(B,)` each; `share`, a float between 0 and 1, that of $p$.
- **Out:** nats, `(B,)`.

For example:

```python
>>> log_p, log_noise = torch.tensor([-1000.0]), torch.tensor([-3000.0])
>>> contaminated_log_prob(log_p, log_noise, share=0.25)
tensor([-1001.3863])
```
:::
"""


# %% tags=["exercise"]
def contaminated_log_prob(
    log_p: Tensor, log_noise: Tensor, share: float
) -> Tensor:
    """Return the log-likelihood of a model that mostly draws from something else.

    With probability ``share`` it draws from p, else from the noise (Theis et al. 2016,
    section 3, https://arxiv.org/abs/1511.01844).

    Args:
        log_p: log p(x) in nats, (B,).
        log_noise: the noise's log-likelihood of the same images, (B,).
        share: 0 < share < 1.

    Returns:
        (B,), in nats: never more than -log(share) below log_p.
    """
    return todo()


# %%
check("comparison.contaminated_log_prob", contaminated_log_prob)
contaminated_log_prob = mine_or_reference(
    "comparison.contaminated_log_prob", contaminated_log_prob
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-comparison-contaminated
:class: dropdown
```{literalinclude} ../../src/gencourse/comparison.py
:pyobject: contaminated_log_prob
```
::::
"""

# %% [markdown]
r"""
Your mixture with 99 parts of noise, for a picture that costs 1,500 nats under the model and 4,000 under the noise:
"""

# %%
both_costs = torch.tensor([-1500.0]), torch.tensor([-4000.0])
dearer = both_costs[0] - contaminated_log_prob(*both_costs, 0.01)
print(
    f"{float(dearer):.2f} nats dearer; a hundredfold is {math.log(100):.2f}"
)

# %% [markdown]
r"""
:::{exercise} Telling two kinds apart
:label: ex-comparison-auroc

*10 minutes, difficulty 2 of 3.*
Take every pair of an inside image and an outside one.
In what share of them has the inside image the higher score?
A tie counts one half.

- **In:** `inside` and `outside`, scores, `(N,)` and `(M,)`.
- **Out:** a float from 0 to 1.

For example:

```python
>>> auroc(torch.tensor([3.0, 1.0]), torch.tensor([2.0, 1.0]))
0.625
```
:::
"""


# %% tags=["exercise"]
def auroc(inside: Tensor, outside: Tensor) -> float:
    """Return how often a score tells images of two kinds apart.

    The share of all pairs, one of each kind, in which the inside image has the higher
    score; a tie counts one half. It is the area under the ROC curve: 1 tells all pairs
    apart, 0.5 is guessing, and 0 is always wrong (Hanley and McNeil 1982,
    https://doi.org/10.1148/radiology.143.1.7063747).

    Args:
        inside: scores of images of the model's own kind, (N,), N of 1 or more.
        outside: scores of others, (M,), M of 1 or more.
    """
    return todo()


# %%
check("comparison.auroc", auroc)
auroc = mine_or_reference("comparison.auroc", auroc)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-comparison-auroc
:class: dropdown
```{literalinclude} ../../src/gencourse/comparison.py
:pyobject: auroc
```
::::
"""

# %% [markdown]
r"""
Your function on the last judge of this page: does it tell garments from the other kinds?
"""

# %%
for kind in kinds:
    share = auroc(score["garments"], score[kind])
    print(f"garments score higher than {kind} in {share:.2f} of the pairs")

# %% [markdown]
r"""
:::{exercise} Who is beaten by nobody?
:label: ex-comparison-front

*15 minutes, difficulty 2 of 3.*
Each row of `costs` is a model, each column something of which less is better.
Mark the rows that no other row beats, with a truth value for each.
A row beats another where it is nowhere more and somewhere less.
A cost may be infinite.

- **In:** `costs`, `(M, K)`.
- **Out:** `bool`, `(M,)`.

For example:

```python
>>> pareto_front(torch.tensor([[1.0, 4.0], [2.0, 2.0], [3.0, 3.0], [2.0, 2.0]]))
tensor([ True,  True, False,  True])
```
:::
"""


# %% tags=["exercise"]
def pareto_front(costs: Tensor) -> Tensor:
    """Return which rows are beaten by no other row: bool (M,).

    A row beats another where it is nowhere more and somewhere less.

    Args:
        costs: (M, K), K things of which less is better. Two equal rows do not beat each
            other.
    """
    return todo()


# %%
check("comparison.pareto_front", pareto_front)
pareto_front = mine_or_reference("comparison.pareto_front", pareto_front)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-comparison-front
:class: dropdown
```{literalinclude} ../../src/gencourse/comparison.py
:pyobject: pareto_front
```
::::
"""

# %% [markdown]
r"""
Your front for two of the three columns, bits and distance. Without the seconds it gets shorter:
"""

# %%
mine_on_front = pareto_front(costs[:, :2])
kept = [r.model for r, on in zip(rivals, mine_on_front.tolist()) if on]
print("on the front:", ", ".join(kept))

# %% [markdown]
r"""
:::{exercise} Project: a row of your own
:label: ex-comparison-entry

*60 minutes, difficulty 3 of 3.*
Enter a density of your own into the table.
Write `entry(x, levels)`: it fits whatever you like to training images, and returns an object with `log_prob` and `sample`.

The check fits small pictures: 1,000 of 14 by 14 pixels with 8 levels, and some tiny ones.
It adds up the probabilities of all images where these can be counted, columns of 14 pixels among them, and holds samples against them.
Then it asks for at least 0.01 bits per dimension fewer than `NeighbourTable` needs, on images that you were not given.
On small pictures that one is `NeighbourTable(x, shape=(1, 14, 14), levels=8)`.
All its fits together may take 30 seconds.

You need no network.
More neighbours, a mixture of tables, a different table for each region of the picture: any of them can be enough.
A class that inherits from `TableDensity` gets `log_prob` and `sample` for free: it gives `TableDensity.__init__` a table of weights, and its `rows(x)` tells which row of it each pixel looks up.
When the check passes, fit your density to `fashion-mini`, where the gain may be another one, or a loss, and write your row: bits, seconds to fit, seconds for 64 drawings, and a sentence on where the gain comes from.

The check grades the first line of this rubric. Grade the others yourself, or let a friend do it.

| what counts | 0 points | 1 point | 2 points |
| --- | --- | --- | --- |
| **it is a density** | the check fails | its probabilities sum to one, but it does not beat the table | the check passes |
| **evidence** | no number | one number, of the pictures that you chose by | chosen on training pictures that you held back, measured once on the test pictures, the difference with its error |
| **cost** | not told | one number | seconds to fit and to draw, and the size of the model |
| **meaning** | none | the numbers, in words | what the gain comes from, and what would prove you wrong |

- **In:** `x`, training images as `uint8` levels, `(N, C, H, W)`; `levels`, how many levels there are.
- **Out:** an object with two methods: `log_prob(x)`, exact, in nats, from `(B, C, H, W)` to `(B,)`; and `sample(n, generator=None)`, `uint8`, `(n, C, H, W)`.

For example:

```python
>>> x = torch.randint(4, (50, 1, 3, 3), dtype=torch.uint8)
>>> density = entry(x, 4)
>>> density.log_prob(x).shape, density.sample(2).shape, density.sample(2).dtype
(torch.Size([50]), torch.Size([2, 1, 3, 3]), torch.uint8)
```
:::
"""


# %% tags=["exercise"]
def entry(x: Tensor, levels: int) -> ExplicitDensity:
    """Return a density of images that was fitted to x, and that beats `NeighbourTable`.

    Args:
        x: training images, uint8 levels (N, C, H, W), N of 2 or more; any size.
        levels: the number of levels, 2 to 256.

    Returns:
        Something with ``log_prob(x)``, exact, in nats, uint8 (B, C, H, W) -> (B,), and
        ``sample(n, generator=None)``, uint8 (n, C, H, W).
    """
    return todo()


# %%
check("comparison.entry", entry)
entry = mine_or_reference("comparison.entry", entry)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-comparison-entry
:class: dropdown
One of many: three tables, of two, three and four neighbours, mixed with the weights that suit held-back images best.
It is the row `mixed-tables` of the scoreboard.
```{literalinclude} ../../src/gencourse/entry.py
:pyobject: entry
```
```{literalinclude} ../../src/gencourse/entry.py
:pyobject: MixedTables
```
::::
"""

# %% [markdown]
r"""
Your project's row, on the pictures of this page:
"""

# %%
mine = {
    "NeighbourTable": NeighbourTable(train.x),
    "entry": entry(train.x, 256),
}
for name, model in mine.items():
    print(f"{name}: {bits(model.log_prob(test.x[:200]))} bits per dimension")

# %% [markdown]
r"""
## What to remember

- Compare on one data set, under one protocol, with the same unit; say whether a likelihood is exact or a bound, and give a distance its floor.
- One run is one draw. A difference smaller than that between seeds is no difference.
- Likelihood and looks are different things. A model can be good at one and hopeless at the other.
- A high likelihood means *easy to say*, not *of our kind*.
- Autoregressive: exact, slow to draw. VAE: a bound and a code, one pass. GAN: good draws in one pass, and no density.
- Strike out what is dominated; then ask what you need.

## Where this comes from

That likelihood and looks can part, and the mixture with noise: {cite:t}`theis2016note`.
Likely digits and house numbers: {cite:t}`nalisnick2019know`; the ratio with a compressor: {cite:t}`serra2020input`.
How much of the progress of GANs was budget and luck: {cite:t}`lucic2018gans`.
The test for unequal spreads: {cite:t}`welch1947generalization`; the area under the curve: {cite:t}`hanley1982meaning`.
"""

# %% tags=["remove-cell"]
from gencourse.provenance import report

report()
