# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# What is a generative model?

Here are forty pictures of clothes.
Could you draw a forty-first that nobody could tell from them?
And if somebody showed you one, could you say how likely it was?
These are two different skills.
This chapter is about both, and about how to measure the second.
"""

# %%
import math

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import Adam

from gencourse import data, density, figures
from gencourse.exercises import check, hint, mine_or_reference, todo
from gencourse.train import Batches, fit, warmup_cosine

_ = torch.manual_seed(0)
# %%
clothes = data.load("fashion-mini", "train")
figures.grid(
    clothes.x[:40], "Forty grey pictures of clothes, 28 by 28 pixels each."
)

# %% [markdown]
r"""
The pictures are from Fashion-MNIST {cite}`xiao2017fashion`.
Each has $28 \times 28 = 784$ pixels, and each pixel one of 256 grey **levels**.
So there are $256^{784}$ possible pictures.
Almost all of them are noise.
A few are shirts.

A **generative model** is a statement about which are which.
It is a probability law over all possible pictures, $p_\text{model}(x)$, learned from examples.
The examples come from a law that nobody knows, $p_\text{data}(x)$.
To bring the one close to the other is called **density estimation**.

What is such a law good for?

- **Drawing.** Take a sample from $p_\text{model}$: a new picture.
- **Judging.** Is this picture normal or strange? Compare $p_\text{model}(x)$ with that of others.
- **Completing.** Half of the picture is hidden. What is the other half, given this one?
- **Packing.** A picture of probability $p$ can be stored in about $-\log_2 p$ bits.

A model need not be able to do all four.
That difference is what orders this course.
"""

# %% [markdown]
r"""
## One dimension, where we can see everything

A picture has 784 dimensions.
Let us begin with one.
Our data are draws from a mixture of two Gaussians.
We know its density, because we made it.
The models do not.
"""

# %%
truth = data.Mixture1D(
    weights=(0.35, 0.65), means=(-1.5, 1.0), stds=(0.35, 0.8)
)
points = truth.sample(300, generator=torch.Generator().manual_seed(1))
test_points = truth.sample(5000, generator=torch.Generator().manual_seed(2))

# %% [markdown]
r"""
Here are three ways to turn 300 points into a density.

- A **histogram** cuts the line into boxes and counts.
- One **Gaussian** keeps only the mean and the variance.
- A **kernel density** puts a small bump on every point and adds the bumps up {cite}`parzen1962estimation`.
"""

# %%
from gencourse.fitted import Gaussian, Histogram, KernelDensity

fitted = {
    "histogram": Histogram(points, bins=48, low=-6, high=6, smoothing=0.1),
    "one Gaussian": Gaussian(points),
    "kernel density": KernelDensity(points, bandwidth=0.25),
}

# %% tags=["hide-input"]
line = torch.linspace(-4, 4, 801)[:, None]
alt = (
    "Four densities over the line. The true one has a tall peak at -1.5 and a broad one "
    "at 1. The kernel density follows both, the histogram follows them in steps, and "
    "the single Gaussian has one broad hill between them."
)
with figures.figure(alt) as axes:
    axes.fill_between(
        line[:, 0],
        truth.log_prob(line).exp(),
        color="#7d8590",
        alpha=0.35,
        label="true",
    )
    for name, model in fitted.items():
        axes.plot(line[:, 0], model.log_prob(line).exp(), label=name)
    axes.plot(points[:, 0], torch.full((300,), -0.01), "|", alpha=0.3)
    axes.set(xlabel="x", ylabel="density")
    axes.legend()

# %% [markdown]
r"""
Which is best?
The eye says: the kernel density.
But the eye is no help in 784 dimensions, so we want a number.

## A number for it: the likelihood

A good model finds new data unsurprising.
So: draw *fresh* points, and ask each model for the mean of $\log p_\text{model}(x)$ over them.
This is the test **log-likelihood**, in **nats** (natural logarithms).
Higher is better.
"""

# %% tags=["hide-input"]
mean_log_prob = {
    name: model.log_prob(test_points).mean() for name, model in fitted.items()
}
mean_log_prob["the truth"] = truth.log_prob(test_points).mean()
figures.table(
    ["model", "nats per point"],
    [(name, f"{nats:.3f}") for name, nats in mean_log_prob.items()],
    "Mean log-density of 5,000 fresh points. Nothing beats the truth by more than luck.",
)

# %% [markdown]
r"""
Raise the number by hand, before we ask why it is the right one.

```{live} density
:alt: A histogram of 1,000 values with two hills. Three dashed Gaussians lie under it, each with a point at its top, and a thick line is their sum.

Drag the Gaussians until their sum follows the histogram, and watch the likelihood.
Then let EM do it.
Make one of them very narrow: which of the two numbers believes it?
```

Why is this the right number?
Because of one line of algebra.
The **Kullback–Leibler divergence** tells how far a model is from the data.
(It is not symmetric: swap the two and you get another number.)

$$
\mathrm{KL}(p_\text{data} \,\|\, p_\text{model})
= \mathbb{E}_{x \sim p_\text{data}}\big[\log p_\text{data}(x)\big]
- \mathbb{E}_{x \sim p_\text{data}}\big[\log p_\text{model}(x)\big].
$$

It is never negative.
It is zero only when the two laws are the same.
Now look at the right-hand side.
The first term does not depend on the model.
The second is what we have just measured.
So **to maximise the likelihood is to minimise the divergence** from the data to the model.

Let us check it.
On the line the divergence is an integral that we can add up box by box.
"""

# %% tags=["hide-input"]
step = 0.01
p = truth.log_prob(line).exp() * step
gap = {}
for name, model in fitted.items():
    q = model.log_prob(line).exp() * step
    by_samples = mean_log_prob["the truth"] - mean_log_prob[name]
    gap[name] = (density.kl_divergence(p, q), by_samples)
figures.table(
    ["model", "KL by adding up, nats", "KL by likelihoods, nats"],
    [
        (name, f"{exact:.3f}", f"{sampled:.3f}")
        for name, (exact, sampled) in gap.items()
    ],
    "The divergence from the truth to each model, found in two ways.",
)

# %% [markdown]
r"""
The two columns agree up to the luck of the draw.
Mind the difference, though.
The first column needs the true density.
The second needs only samples of it, up to a constant that is the same for all models.
For real pictures samples are all we have.
That is why likelihood is such a useful yardstick: it ranks models without ever knowing the truth.
"""

# %% [markdown]
r"""
## Explicit and implicit

Let us go up one dimension, to two moons.
Now we train two networks of very different kinds.
"""

# %%
moons = data.TwoMoons(noise=0.1)
train_points = moons.sample(2000, generator=torch.Generator().manual_seed(3))
new_points = moons.sample(2000, generator=torch.Generator().manual_seed(4))

# %% [markdown]
r"""
The first is a **mixture** of 16 round Gaussians.
It writes its density down,

$$
\log p_\theta(x) = \log \sum_{k} \pi_k \, \mathcal{N}(x;\, \mu_k, \sigma_k^2 I),
$$

and we climb it: the loss is $-\log p_\theta(x)$, in nats.
Here $\theta$ stands for all that is learned: the weights $\pi_k$, the centres $\mu_k$, the widths $\sigma_k$.

```{literalinclude} ../../src/gencourse/fitted.py
:pyobject: GaussianMixture.log_prob
:dedent: 4
```

Each $\log \pi_k$ comes from `scores`, made to sum to one by a softmax.
A sum of tiny numbers would underflow to zero, and its logarithm would be $-\infty$.
`logsumexp` does the same sum safely.

How is it trained?
All models of this course are trained by one loop, `fit`.
Its heart is a dozen lines:

```{literalinclude} ../../src/gencourse/train.py
:pyobject: take_turn
```

Read it from the top.
Forget the old gradient, compute the losses of a batch, send the gradient back, take a step.
`fabric` is what lets the same lines run on a CPU, on a GPU or on several.
The rest is care: losses must be finite, and a gradient may be cut to a largest length.
A **turn** is an optimiser and the losses that it lowers.
"""

# %%
from gencourse.fitted import GaussianMixture, NoiseTransformer

mixture = GaussianMixture(components=16)
turn = (Adam(mixture.parameters(), lr=5e-2), mixture.losses)
history = fit(
    [turn], Batches(train_points, size=500, steps=400), progress=False
)

# %% tags=["hide-input"]
figures.curves(
    {"mixture": history["total"]},
    "The loss of the mixture falls steeply for fifty steps, then levels off.",
    ylabel="nats per point",
)

# %% [markdown]
r"""
The second network is a machine that turns noise into points: $x = g_\theta(z)$ with $z \sim \mathcal{N}(0, I)$.
Drawing from it is one line.
But what is the density of what comes out?
To know it at one $x$ we would have to find every $z$ that leads there.
For a general network nobody can.
So how can it be trained, without a likelihood?
By **comparing samples**: project data and samples on a random direction, sort both shadows, and pull the first to the first, the second to the second {cite}`bonneel2015sliced`.
"""

# %%
generator = NoiseTransformer()
turn = (Adam(generator.parameters(), lr=5e-3), generator.losses)
batches = Batches(train_points, size=500, steps=1500)
history = fit([turn], batches, schedule=warmup_cosine, progress=False)
print(
    f"sliced distance: first {history['total'][0]:.3f}, last {history['total'][-1]:.4f}"
)
# %% tags=["hide-input"]
fakes = {
    "data": new_points,
    "mixture": mixture.sample(2000),
    "network": generator.sample(2000),
}
alt = (
    "Three clouds of points. The data are two thin moons that hold each other. The "
    "mixture's samples are two lumpy moons. The network's samples fill the outline of "
    "the moons, and much of the space between them too."
)
with figures.figure(alt, width=7, height=2.4, columns=3) as panels:
    for axes, (name, cloud) in zip(panels, fakes.items()):
        axes.plot(*cloud.T, ".", markersize=1.5, rasterized=True)
        axes.set(
            title=name, xlim=(-1.6, 2.6), ylim=(-1.1, 1.6), aspect="equal"
        )

# %% [markdown]
r"""
The network had to stretch one cloud of noise over two moons.
It is continuous, so it cannot tear the cloud in two.
A thin bridge between the moons would be enough; ours is broad, for the network is small and its training short.

Now the densities.
The three simple models come along for comparison.
"""

# %%
explicit = {
    "histogram": Histogram(
        train_points, bins=60, low=-3, high=3, smoothing=0.1
    ),
    "one Gaussian": Gaussian(train_points),
    "kernel density": KernelDensity(train_points, bandwidth=0.07),
    "mixture of 16": mixture,
}

# %% tags=["hide-input"]
across, up = torch.linspace(-1.6, 2.6, 106), torch.linspace(-1.1, 1.6, 69)
places = torch.cartesian_prod(across, up)
alt = (
    "Four densities of the two moons as shades over the plane. The histogram is blocky, "
    "the single Gaussian is one oval that covers everything, the kernel density and the "
    "mixture show two moons."
)
with figures.figure(alt, width=7, height=1.9, columns=4) as panels:
    for axes, (name, model) in zip(panels, explicit.items()):
        shade = model.log_prob(places).detach().exp().view(106, 69).T
        axes.pcolormesh(
            across, up, shade, vmax=0.8, cmap="viridis", rasterized=True
        )
        axes.set(xticks=[], yticks=[], aspect="equal")
        axes.set_title(name, fontsize=10)

# %% tags=["hide-input"]
nats = {
    name: f"{model.log_prob(new_points).mean():.3f}"
    for name, model in explicit.items()
}
nats["the truth"] = f"{moons.log_prob(new_points).mean():.3f}"
nats["network that turns noise into points"] = "cannot be asked"
figures.table(
    ["model", "nats per point"],
    list(nats.items()),
    "Mean log-density of 2,000 fresh points of the two moons. Higher is better.",
)

# %% [markdown]
r"""
Mixture and network can both draw.
Only the mixture can judge.
The course writes this difference down as two types:

```{literalinclude} ../../src/gencourse/density.py
:pyobject: ImplicitDensity
```

```{literalinclude} ../../src/gencourse/density.py
:pyobject: ExplicitDensity
```

- An **explicit density** writes $p_\text{model}(x)$ down. Where it can also be *solved*, the model has `log_prob` beside `sample`: this is the second type.
- An **implicit density** only learns to draw. It has `sample`, and nothing to ask for a probability: this is the first type.
"""

# %%
for model in (mixture, generator):
    can_judge = isinstance(model, density.ExplicitDensity)
    can_draw = isinstance(model, density.ImplicitDensity)
    print(
        f"{type(model).__name__}: can draw {can_draw}, can judge {can_judge}"
    )

# %% [markdown]
r"""
So how do we compare the two?
We cannot put them into one table of likelihoods: for the second there is no number.
This will follow us through the whole course, and its last part is about it.

Every model that you will meet has its place on this map.
It follows the tutorial of {cite:t}`goodfellow2016tutorial`.

```{taxonomy}
```

- **Explicit and tractable.** PixelRNN and PixelCNN write the law of a picture as a product, pixel after pixel. The likelihood is exact.
- **Explicit and approximate.** The variational autoencoder (VAE) writes a density down too. But it is an integral that cannot be solved, so there is a lower bound instead of a `log_prob`. Classic lecture notes file it under *implicit*, since we use it to draw. Strictly it is explicit.
- **Implicit.** The generative adversarial network (GAN) learns to draw by playing against a judge.
"""

# %% [markdown]
r"""
## Pictures, at last: bits per dimension

A pixel has one of 256 levels.
So from here on $p_\text{model}(x)$ is a *probability*, not a density: it sums to one over all pictures, and $\log p_\text{model}(x)$ is never positive.
(So do not compare these numbers with those of the points above.)

A picture has many pixels, so its log-probability lies far below zero, and the further the larger the picture.
To compare, we divide by the number of dimensions $D = C \cdot H \cdot W$ (channels, height, width) and change the unit from nats to bits:

$$
\text{bits per dimension} = \frac{-\log p_\text{model}(x)}{D \,\ln 2}.
$$

It has a meaning that you can touch: it is how many bits a perfect packer would need for each pixel.
**Lower is better.**
A picture as it lies on the disk, 8 bits a pixel, is the model that has learned nothing.

What would a model reach that has learned *almost* nothing?
Here are four, from silly to less silly.
None has a network, none has a gradient: they count.
"""

# %%
from gencourse.baselines import (
    IndependentPixels,
    LevelHistogram,
    NeighbourTable,
    UniformPixels,
)

train, test = clothes, data.load("fashion-mini", "test")
baselines = {
    "uniform": UniformPixels(),
    "one histogram": LevelHistogram(train.x),
    "independent pixels": IndependentPixels(train.x),
    "left and above": NeighbourTable(train.x),
}

# %% [markdown]
r"""
- **Uniform**: every level equally likely everywhere.
- **One histogram**: how often is each level seen, anywhere?
- **Independent pixels**: how often is each level seen *at this pixel*?
- **Left and above**: how often is each level seen *after these two neighbours*? The neighbours are put into $64 \times 64$ classes. This one is a real autoregressive model: each pixel is predicted from pixels before it, in reading order.

Counts of zero are a danger.
A level that was never seen would get probability 0, and one such pixel in the test set would cost infinitely many bits.
So a little is added to every count: this is called **smoothing**.
"""

# %%
from gencourse.evaluate import bits_per_dim, mean_over_images, measured

known = measured("baselines")  # the same models, fitted on all 60,000 images
rows = []
for name, model in baselines.items():
    nats = torch.tensor(-mean_over_images(model.log_prob, test.x))
    bits = [float(bits_per_dim(nats, dims=784))]
    bits += [known["fashion_mini_test_bits_per_dim"][name]]
    bits += [known["test_bits_per_dim"][name]]
    rows.append((name, *(f"{b:.3f}" for b in bits)))

# %% tags=["hide-input"]
figures.table(
    [
        "model",
        f"fitted on {len(train):,}, tested on {len(test):,}",
        "fitted on 60,000, tested on 1,000",
        "fitted on 60,000, tested on 10,000",
    ],
    rows,
    "Test bits per dimension of the baselines. The first column was made on "
    "this page. The others are the package's measurements on all of "
    "Fashion-MNIST; the 1,000 test pictures are those of fashion-mini.",
)

# %% [markdown]
r"""
Two pixels of context are worth more than knowing where you are.
And a table with a million entries wants data: its gain from more training images is by far the largest.
The last two columns differ only in the test pictures: so much is the luck of a thousand pictures.

Now look at what these models draw.
"""

# %% tags=["hide-input"]
seed = torch.Generator().manual_seed(0)
drawn = [model.sample(8, generator=seed) for model in baselines.values()]
figures.grid(
    torch.cat(drawn),
    "Eight samples of each baseline. Uniform: grey noise. One histogram: noise, half of "
    "it black. Independent pixels: noise in the rough outline of a garment. Left and "
    "above: streaks and patches with smooth shades, but no garment.",
    columns=8,
    rows=list(baselines),
)

# %% [markdown]
r"""
The best of the four by likelihood draws no clothes at all.
The third at least has an outline.
Keep this in mind: **likelihood and looks are two things**, see {cite:t}`theis2016note`.

Why do baselines matter so much?
Because a loss curve that falls proves nothing.
Suppose that a network, after an hour on all 60,000 pictures, reaches 3.6 bits per dimension.
Is that good?
The last column answers: a count of two neighbours does better.

How much does the smoothing matter?
It is a setting, so we must not choose it by the test set.
We hold back some training images for it: the **validation** set.
"""

# %%
kept, held_back = clothes.x[:4500], clothes.x[4500:]
for smoothing in (0.02, 0.1, 0.5, 2.0):
    model = NeighbourTable(kept, smoothing=smoothing)
    nats = -mean_over_images(model.log_prob, held_back)
    print(
        f"smoothing {smoothing:4.2f}: {bits_per_dim(torch.tensor(nats), 784):.3f} bits"
    )

# %% [markdown]
r"""
With only a few thousand images, more smoothing than 0.02 is better.
But too much is worse again.
The last row of the table above uses 0.02 in every column, so that the columns can be compared; a part of what more images bring, more smoothing would bring too.
(Compare these four numbers with each other only: they come from other test pictures, and from 500 images fewer to learn from.)
"""

# %%
tiny = torch.randint(2, (20, 1, 2, 3), dtype=torch.uint8)
model = NeighbourTable(tiny, shape=(1, 2, 3), levels=2)
everything = (
    torch.cartesian_prod(*[torch.arange(2)] * 6).view(64, 1, 2, 3).byte()
)
print(
    f"The 64 probabilities sum to {model.log_prob(everything).exp().sum():.6f}."
)

# %% [markdown]
r"""
## Check yourself

Pick an answer before you open it: each one says whether it holds, and why.

:::{quiz}
Nobody knows $p_\text{data}$, but you have test pictures and two models that can be asked.
What do their mean log-likelihoods tell about their divergences $\mathrm{KL}(p_\text{data} \,\|\, p_\text{model})$?

- [ ] Nothing: the divergence cannot be had without $p_\text{data}(x)$.

  The formula does contain it.
  But it stands in a term without the model, the same for both, and falls out when you compare them.

- [x] Their difference: how many nats the one model is closer to the data than the other.

  Both divergences begin with the same unknown term.
  Subtract one from the other, and what is left are the two mean log-likelihoods, up to the luck of the draw.
  It is enough to rank models.

- [ ] Each of the two: how many nats each model is away from the data.

  In one dimension the chapter found just that, but it had the likelihood of the truth to subtract from.
  For pictures that number is missing, so no model knows how far it is from the data.

You make the bumps of a kernel density narrower and narrower.
Each time you ask for the mean log-density of the very points that carry the bumps, and it rises and rises.
What do you conclude?

- [ ] The narrowest bumps are best, since a higher log-density is better.

  It is better on *fresh* points.
  Here each point is asked about the spot on which its own bump sits, and the model is praised for having stored it.

- [ ] Log-densities are no measure for such models: a density can be as large as it likes.

  A density indeed has no ceiling, and that is why the number can rise without end.
  But only on stored points.
  On fresh ones it is a fair yardstick, and no model beats the truth by more than luck.

- [x] Nothing yet: fresh points have to be asked.

  Fresh points fall between the bumps, and where these are too narrow there is hardly any density left.
  So there is a width that is best, and it is found with points that were held back, like the smoothing of the tables.

The network that turns noise into points cannot be asked for a density.
Yet one could draw a million points from it, and count them in boxes.
Why is that no way out for pictures?

- [x] No number of draws would fill the boxes.

  In the plane it works: a histogram is a density.
  But of $256^{784}$ pictures a million draws touch next to none, and a fresh picture would fall into an empty box.

- [ ] Draws say nothing about the law that they come from.

  They say much: the histogram and the kernel density of this chapter are made of draws and nothing else.
  What stands in the way is the number of dimensions.

- [ ] The network is a continuous function, and so what it draws has no density.

  That it is continuous shows in its draws: it cannot tear the cloud in two.
  Its points are spread over the plane all the same, denser here and thinner there.
  The density is there; nobody can write it down.
:::
"""

# %% [markdown]
r"""
## Exercises

Write each function where it says `todo()`, and run the cell, then the check below it.
A check tells you what is wrong, never the answer.
`hint("density.bits_per_dim")` gives a hint, and a stronger one when you ask again.
If you leave a function unwritten, the notebook goes on with the course's own.
"""

# %% [markdown]
r"""
:::{exercise} Bits per dimension
:label: ex-density-bits-per-dim

*3 minutes, difficulty 1 of 3.*
A picture of $3 \times 32 \times 32$ has a negative log-likelihood of 6,387 nats.
How many bits is that for each dimension?
Write the function that tells.
(Its answer here is about 3.)

- **In:** `nats`, negative log-likelihoods in nats per image, of any shape; `dims`, how many numbers an image has: channels times height times width.
- **Out:** bits per dimension, in the shape of `nats`.

For example:

```python
>>> bits_per_dim(torch.tensor([784.0, 0.0]), dims=784)
tensor([1.4427, 0.0000])
```
:::
"""


# %% tags=["exercise"]
def bits_per_dim(nats: Tensor, dims: int) -> Tensor:
    """Return negative log-likelihoods as bits per dimension.

    Args:
        nats: negative log-likelihoods in nats per image, any shape.
        dims: how many dimensions an image has: channels * height * width.

    Returns:
        Bits per dimension, the same shape.
    """
    return todo()


# %%
check("density.bits_per_dim", bits_per_dim)
bits_per_dim = mine_or_reference("density.bits_per_dim", bits_per_dim)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-density-bits-per-dim
:class: dropdown
```{literalinclude} ../../src/gencourse/evaluate.py
:pyobject: bits_per_dim
```
::::
"""

# %% [markdown]
r"""
Your function at work: the picture of the exercise, and one of ours of which nothing is known, so that all 256 levels are equally likely.
"""

# %%
prices = {
    "the exercise's picture": (6387.0, 3 * 32 * 32),
    "nothing known": (784 * math.log(256), 784),
}
for kind, (nats, dims) in prices.items():
    print(f"{kind}: {float(bits_per_dim(torch.tensor(nats), dims)):.2f} bits")

# %% [markdown]
r"""
:::{exercise} The density of a Gaussian
:label: ex-density-gaussian

*5 minutes, difficulty 1 of 3.*
Write $\log \mathcal{N}(x; \mu, \sigma^2)$ in nats.
At $x = \mu$ with $\sigma = 1$ it is about $-0.919$.
Can a log-density be positive?
Try $\sigma = 0.01$.

- **In:** `x`, `mean` and `std` ($x$, $\mu$ and $\sigma$), three tensors whose shapes broadcast; `std` is a standard deviation, no variance.
- **Out:** log-densities in nats, in their common shape; nothing is summed.

For example:

```python
>>> mean, std = torch.tensor(0.0), torch.tensor([1.0, 2.0])
>>> gaussian_log_prob(torch.tensor([0.0, 2.0]), mean, std)
tensor([-0.9189, -2.1121])
```
:::
"""


# %% tags=["exercise"]
def gaussian_log_prob(x: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Return log N(x; mean, std^2) in nats, element by element.

    The three shapes broadcast; the result has their common shape.
    """
    return todo()


# %%
check("density.gaussian_log_prob", gaussian_log_prob)
gaussian_log_prob = mine_or_reference(
    "density.gaussian_log_prob", gaussian_log_prob
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-density-gaussian
:class: dropdown
```{literalinclude} ../../src/gencourse/density.py
:pyobject: gaussian_log_prob
```
::::
"""

# %% [markdown]
r"""
Your density at three widths, right at its mean. A narrow one answers the question above:
"""

# %%
for std in (1.0, 0.1, 0.01):
    height = gaussian_log_prob(*torch.tensor([0.0, 0.0, std]))
    print(f"std {std}: {float(height):.3f} nats")

# %% [markdown]
r"""
:::{exercise} A mixture that does not underflow
:label: ex-density-mixture

*10 minutes, difficulty 2 of 3.*
Write the log-density of a mixture of Gaussians.
Far from every centre each component's density is zero in floating point.
Your answer must stay finite there, even at $x = 1000$.

- **In:** `x`, points on the line, `(N,)`; `weights`, `means` and `stds` of the components, `(K,)` each; the weights sum to one.
- **Out:** log-densities in nats, `(N,)`.

For example:

```python
>>> weights, stds = torch.tensor([0.9, 0.1]), torch.tensor([1.0, 0.5])
>>> means = torch.tensor([-1.0, 2.0])
>>> mixture_log_prob(torch.tensor([-1.0, 2.0, 20.0]), weights, means, stds)
tensor([  -1.0243,   -2.4796, -221.5243])
```
:::
"""


# %% tags=["exercise"]
def mixture_log_prob(
    x: Tensor, weights: Tensor, means: Tensor, stds: Tensor
) -> Tensor:
    """Return the log-density in nats of a mixture of Gaussians on the line.

    Args:
        x: points, (N,).
        weights: (K,), positive, summing to one.
        means: (K,).
        stds: (K,), positive.

    Returns:
        (N,), finite even where every component's density underflows to zero.
    """
    return todo()


# %%
check("density.mixture_log_prob", mixture_log_prob)
mixture_log_prob = mine_or_reference(
    "density.mixture_log_prob", mixture_log_prob
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-density-mixture
:class: dropdown
```{literalinclude} ../../src/gencourse/density.py
:pyobject: mixture_log_prob
```
::::
"""

# %% [markdown]
r"""
Your mixture near its components, and so far away that every one of them underflows:
"""

# %%
places = torch.tensor([-1.0, 0.0, 60.0])
halves, stds = torch.tensor([0.5, 0.5]), torch.tensor([0.5, 0.5])
means = torch.tensor([-1.0, 1.0])
for place, nats in zip(places, mixture_log_prob(places, halves, means, stds)):
    print(f"x = {float(place):.0f}: {float(nats):.2f} nats")

# %% [markdown]
r"""
:::{exercise} Kullback–Leibler
:label: ex-density-kl

*10 minutes, difficulty 2 of 3.*
Write $\mathrm{KL}(p \,\|\, q) = \sum_k p_k \log (p_k / q_k)$ for tables of probabilities.
Two cases need care.
Where $p_k = 0$ the term is 0.
Where $q_k = 0$ but $p_k > 0$ the answer is infinite: the model called impossible what does happen.

- **In:** `p` and `q`, probabilities, `(..., K)` each, which sum to one along the last axis.
- **Out:** nats, `(...)`.

For example:

```python
>>> p, q = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.25, 0.25, 0.5])
>>> kl_divergence(p, q), kl_divergence(q, p)
(tensor(0.6931), tensor(inf))
```
:::
"""


# %% tags=["exercise"]
def kl_divergence(p: Tensor, q: Tensor) -> Tensor:
    """Return KL(p || q) in nats of discrete laws, summed over the last axis.

    Args:
        p: probabilities, (..., K). Where p is 0 the term is 0.
        q: probabilities, (..., K). Where q is 0 and p is not, the result is infinite.

    Returns:
        (...), never negative.
    """
    return todo()


# %%
check("density.kl_divergence", kl_divergence)
kl_divergence = mine_or_reference("density.kl_divergence", kl_divergence)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-density-kl
:class: dropdown
```{literalinclude} ../../src/gencourse/density.py
:pyobject: kl_divergence
```
::::
"""

# %% [markdown]
r"""
Your divergence between two dice, both ways round, and from a die that can show what the other cannot:
"""

# %%
fair = torch.full((6,), 1 / 6)
loaded = torch.tensor([0.1, 0.1, 0.1, 0.1, 0.1, 0.5])
no_six = torch.tensor([0.2, 0.2, 0.2, 0.2, 0.2, 0.0])
for name, p, q in [
    ("fair, loaded", fair, loaded),
    ("loaded, fair", loaded, fair),
    ("no six, fair", no_six, fair),
    ("fair, no six", fair, no_six),
]:
    print(f"KL({name}) = {float(kl_divergence(p, q)):.3f} nats")

# %% [markdown]
r"""
:::{exercise} A bump on every point
:label: ex-density-kernel

*15 minutes, difficulty 2 of 3.*
Write the Gaussian kernel density in $D$ dimensions,

$$
p(x) = \frac{1}{N} \sum_{n=1}^{N} \mathcal{N}(x;\, x_n, h^2 I),
$$

as a log-density.
The constant of a Gaussian in $D$ dimensions has $D$ factors, not one.

- **In:** `x`, where the density is asked for, `(M, D)`; `data`, the points $x_n$ that it stands on, `(N, D)`; `bandwidth`, the standard deviation $h$, a float.
- **Out:** log-densities in nats, `(M,)`.

For example:

```python
>>> points = torch.tensor([[0.0, 0.0], [2.0, 0.0]])
>>> kernel_log_prob(torch.tensor([[0.0, 0.0], [1.0, 0.0]]), points, 0.5)
tensor([-1.1444, -2.4516])
```
:::
"""


# %% tags=["exercise"]
def kernel_log_prob(x: Tensor, data: Tensor, bandwidth: float) -> Tensor:
    """Return the log-density in nats of a Gaussian kernel estimate (Parzen 1962).

    Every data point carries a round Gaussian of standard deviation ``bandwidth`` and
    the same weight, https://doi.org/10.1214/aoms/1177704472.

    Args:
        x: points to evaluate, (M, D).
        data: points that the estimate stands on, (N, D).
        bandwidth: in the units of the data, above 0.

    Returns:
        (M,).
    """
    return todo()


# %%
check("density.kernel_log_prob", kernel_log_prob)
kernel_log_prob = mine_or_reference(
    "density.kernel_log_prob", kernel_log_prob
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-density-kernel
:class: dropdown
```{literalinclude} ../../src/gencourse/density.py
:pyobject: kernel_log_prob
```
::::
"""

# %% [markdown]
r"""
Your estimate on the two moons, by width. What is best for the points that it stands on is not best for new ones:
"""

# %%
stand = train_points[:500]
for width in (0.02, 0.1, 0.5):
    own = kernel_log_prob(stand, stand, width).mean()
    new = kernel_log_prob(new_points[:500], stand, width).mean()
    print(
        f"width {width}: {float(own):.2f} nats on its own, {float(new):.2f} on new"
    )

# %% [markdown]
r"""
:::{exercise} Every pixel on its own
:label: ex-density-pixels

*15 minutes, difficulty 2 of 3.*
Build the table of the third baseline: the probability of every level at every pixel.
There are 200,704 numbers in it for Fashion-MNIST.
A loop over images and pixels in Python would take minutes; can you do without?
(A slow answer passes too.)

- **In:** `x`, images as `uint8` levels, `(N, C, H, W)`; `levels`, how many levels there are; `smoothing`, a float that is added to every count, so that no level is impossible.
- **Out:** probabilities, `(C, H, W, levels)`, which sum to one along the last axis.

For example:

```python
>>> x = torch.tensor([[[[0, 1]]], [[[0, 2]]]], dtype=torch.uint8)
>>> pixel_table(x, levels=3, smoothing=1.0)[0, 0]
tensor([[0.6000, 0.2000, 0.2000],
        [0.2000, 0.4000, 0.4000]], dtype=torch.float64)
```
:::
"""


# %% tags=["exercise"]
def pixel_table(x: Tensor, levels: int, smoothing: float) -> Tensor:
    """Return how likely each level is at each pixel, every pixel on its own.

    Args:
        x: images, uint8 levels (N, C, H, W).
        levels: the number of levels.
        smoothing: added to every count, so that no level is impossible.

    Returns:
        (C, H, W, levels) probabilities: count + smoothing, over their sum.
    """
    return todo()


# %%
check("density.pixel_table", pixel_table)
pixel_table = mine_or_reference("density.pixel_table", pixel_table)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-density-pixels
:class: dropdown
```{literalinclude} ../../src/gencourse/density.py
:pyobject: pixel_table
```
::::
"""

# %% [markdown]
r"""
Your table is a model. What do two hundred test pictures cost under it?
"""

# %%
table = pixel_table(train.x, 256, 0.1)
seen = test.x[:200].long()[..., None]
chances = table.expand(200, *table.shape).gather(-1, seen)
nats = -chances.double().log().sum(dim=(1, 2, 3, 4))
print(
    f"your table: {float(bits_per_dim(nats, 784).mean()):.2f} bits per dimension"
)

# %% [markdown]
r"""
:::{exercise} Two neighbours
:label: ex-density-neighbours

*30 minutes, difficulty 3 of 3.*
Now the fourth baseline.
For each pixel, find the context on its left and the context above it, and count which level follows.
Mind the border: a neighbour outside the picture counts as level 0.
Mind the order of the axes: left first, then above, then the level.
When you are done you have written your first autoregressive model of images.

- **In:** `x`, images as `uint8` levels, `(N, C, H, W)`; `levels`, how many levels there are; `contexts`, how many contexts: that of a neighbour is `level * contexts // levels`.
- **Out:** counts, `int64`, `(contexts, contexts, levels)`, over all images, channels and pixels.

For example:

```python
>>> x = torch.tensor([[[[1, 1], [0, 1]]]], dtype=torch.uint8)
>>> counts = neighbour_counts(x, levels=2, contexts=2)
>>> counts.shape, counts.sum().item()
(torch.Size([2, 2, 2]), 4)
>>> counts[0, 1]  # left 0, above 1: how often is the level 0, how often 1?
tensor([1, 1])
```
:::
"""


# %% tags=["exercise"]
def neighbour_counts(x: Tensor, levels: int, contexts: int) -> Tensor:
    """Return how often each level follows each pair of neighbours, left and above.

    A context is the neighbour's level * contexts // levels, a whole number in
    0 ... contexts - 1; a neighbour outside the image counts as level 0.

    Args:
        x: images, uint8 levels (N, C, H, W).
        levels: the number of levels.
        contexts: into how many contexts the levels of a neighbour are put.

    Returns:
        int64 (contexts, contexts, levels): left context, context above, level of the
        pixel; summed over images, channels and pixels.
    """
    return todo()


# %%
check("density.neighbour_counts", neighbour_counts)
neighbour_counts = mine_or_reference(
    "density.neighbour_counts", neighbour_counts
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-density-neighbours
:class: dropdown
```{literalinclude} ../../src/gencourse/density.py
:pyobject: neighbour_counts
```

It leaves the contexts to a function of its own, which the fourth baseline needs too:

```{literalinclude} ../../src/gencourse/density.py
:pyobject: neighbour_contexts
```
::::
"""

# %% [markdown]
r"""
Now put your table to work.
This cell uses your functions where they passed, on 500 pictures so that a slow one is quick enough.
"""

# %%
counts = neighbour_counts(train.x[:500], 256, 64)
probs = (counts + 0.02) / (counts + 0.02).sum(-1, keepdim=True)
row, column, level = 64 * 200 // 256, 64 * 210 // 256, 205
print(
    f"left 200, above 210: level {level} has {probs[row, column, level]:.4f}"
)
course = NeighbourTable(train.x[:500])
print(
    f"the course's table says      {course.table[64 * row + column, level]:.4f}"
)

# %% [markdown]
r"""
## What to remember

- A generative model is a law over pictures, $p_\text{model}(x)$. Learning it is density estimation.
- **Explicit** densities can be asked for $\log p(x)$. **Implicit** ones can only be drawn from.
- To maximise likelihood is to minimise $\mathrm{KL}(p_\text{data} \| p_\text{model})$. It needs samples of the data only.
- Likelihoods of pictures are told in **bits per dimension**. 8 is ignorance. On Fashion-MNIST a table of two neighbours, fitted on everything, gets to 3.455: a network must beat that.
- A likelihood means something only if the probabilities of all pictures sum to one.
- Good likelihood and good looks are two different things.

## Where this comes from

The map is that of {cite:t}`goodfellow2016tutorial`.
Kernel densities are due to {cite:t}`parzen1962estimation`.
How to judge generative models, and how not to: {cite:t}`theis2016note`.
The data are those of {cite:t}`xiao2017fashion`.
The next step on the map is the autoencoder, in {doc}`autoencoder`.
"""

# %% tags=["remove-cell"]
from gencourse.provenance import report

report()
