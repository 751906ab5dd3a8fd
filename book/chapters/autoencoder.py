# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# Autoencoders

Take a picture of 784 numbers.
Keep only 32 of your own choice.
Throw the picture away, and paint it again from the 32.
What would you keep?

An **autoencoder** learns the answer from pictures alone, without any label.
This chapter asks what the kept numbers are good for.
It ends with a question that leads to the next kind of model: can we *draw* with it?
"""

# %%
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import LBFGS, Adam

import gencourse
from gencourse import autoencoder, codes, data, figures, recipes
from gencourse.autoencoder import Classifier, ConvAutoencoder
from gencourse.evaluate import mean_over_images, measured
from gencourse.exercises import check, hint, mine_or_reference, todo
from gencourse.train import Batches, fit, warmup_cosine

_ = torch.manual_seed(0)
# %%
full = gencourse.profile() == "full"
name = "fashion-mnist" if full else "fashion-mini"
train, test = data.load(name, "train"), data.load(name, "test")

# %% [markdown]
r"""
## Encoder, bottleneck, decoder

An autoencoder is two networks in a row.

- The **encoder** $f_\phi$ takes a picture $x$ and gives a short **code** $z = f_\phi(x)$. The numbers of a code are called **features**.
- The **decoder** $g_\theta$ takes a code and paints a picture, $\hat{x} = g_\theta(z)$: the **reconstruction**.

Between the two is the **bottleneck**: $z$ has far fewer numbers than $x$.
Without it, copying every pixel would be a perfect and useless answer.

Here $\phi$ stands for all that the encoder learns, and $\theta$ for all that the decoder learns.

There is no label, so where does the loss come from?
From the picture itself: the reconstruction should be like it.
For a batch of $B$ pictures,

$$
\mathcal{L}(\theta, \phi) = \frac{1}{B} \sum_{b=1}^{B} \tfrac12 \big\| x_b - g_\theta(f_\phi(x_b)) \big\|^2 .
$$

```{literalinclude} ../../src/gencourse/autoencoder.py
:pyobject: reconstruction_loss
```

The half is for convenience: it makes the loss, up to a constant, the nats of a Gaussian of variance one around the reconstruction.

Mark this well: **the decoder and the reconstruction exist only to make a loss.**
When the training is over, the decoder can go.
What we wanted is the encoder.

Here is one that was trained before, with codes of only two numbers, so that all of them can be seen.

```{live} autoencoder
:alt: Left, the codes of test pictures as dots on a plane, a colour for each class: streaks and clouds of uneven shape that run outwards from the middle, with gaps between. Right, six rows of pictures decoded from all over that plane: trousers, tops, shoes and bags, with ghosts and patchy blends where classes meet.

Drag the point, and the picture is decoded at once.
Choose a test picture or draw your own: the encoder places it, and the decoder tries to rebuild it.
Then leave the clouds, or draw ten codes from $\mathcal{N}(0, I)$: how many are clothes?
```
"""

# %% [markdown]
r"""
## The simplest one: a linear autoencoder

Let both networks be a single matrix, and let the mean picture be taken off first.
What is the best that they can do?
This has been known since the 1980s {cite}`bourlard1988auto,baldi1989neural`: nothing better than **principal component analysis** (PCA).
PCA finds the $k$ directions along which the pictures vary most.
It keeps how far a picture goes along each.

Let us see whether gradient descent finds that out by itself.
We take 2,000 pictures of $14 \times 14$ pixels, codes of 8 numbers, and L-BFGS, an optimiser that uses all of the data in every step and learns the curvature as it goes.
"""

# %%
small = data.load("fashion-mini", "train", size=14, limit=2000)
grey = small.x.flatten(1).double() / 255
mean, components = codes.pca(grey, k=8)
centred = grey - mean

# %%
torch.manual_seed(0)
encoder = torch.zeros(196, 8, dtype=torch.float64, requires_grad=True)
decoder = (torch.randn(8, 196, dtype=torch.float64) / 14).requires_grad_()
patience = {"max_iter": 200, "history_size": 100, "tolerance_change": 1e-14}
lbfgs = LBFGS([encoder, decoder], line_search_fn="strong_wolfe", **patience)


# %% tags=["experiment"]
def loss_of_all() -> Tensor:
    lbfgs.zero_grad()
    loss = autoencoder.reconstruction_loss(
        centred, centred @ encoder @ decoder
    )
    loss.backward()
    return loss


# %%
lbfgs.step(loss_of_all)
by_pca = autoencoder.reconstruction_loss(
    centred, centred @ components.T @ components
)
angles = codes.principal_angles(decoder.detach(), components)
print(f"loss: by gradient {loss_of_all().item():.6f}, by PCA {by_pca:.6f}")
print(f"largest angle between the two subspaces: {angles.max():.1e} radians")

# %% [markdown]
r"""
The loss is the same to five digits, and so is the subspace: the angle between the two is nearly zero.
But look at the directions themselves.
"""

# %% tags=["hide-input"]
painted = torch.cat(
    [components, torch.linalg.qr(decoder.detach().T)[0].T]
).view(16, 1, 14, 14)
scaled = 0.5 + 0.5 * painted / painted.abs().amax((1, 2, 3), keepdim=True)
figures.grid(
    scaled,
    "Eight directions of PCA and eight of the linear autoencoder, as pictures. "
    "The first of PCA is the rough shape of a top, later ones have finer and "
    "finer patches. Those of the autoencoder are mixtures of them.",
    columns=8,
    rows=["PCA", "autoencoder"],
    zoom=4,
)

# %% [markdown]
r"""
The autoencoder found the same *space*, but not the same *axes*.
Nothing in the loss prefers one set of axes over another.
This will be true of deep autoencoders as well: a single feature need not mean anything.

## Going deep

With layers of convolutions between, the encoder can bend.
Here is the one that we train: 32 numbers for a picture, like PCA with $k = 32$.
"""

# %%
print(ConvAutoencoder(latent=32).encoder)

# %%
torch.manual_seed(0)
model = ConvAutoencoder(latent=32)
steps = recipes.RECIPES["autoencoder"].steps if full else 60
adam = Adam(model.parameters(), lr=2e-3)
batches = Batches(train.x, size=128, steps=steps)
turn = (adam, model.losses)
schedule = partial(warmup_cosine, warmup=0.05 if full else 0.3)
history = fit([turn], batches, clip=10.0, schedule=schedule, progress=False)

# %% tags=["hide-input"]
figures.curves(
    {"convolutional autoencoder": history["total"]},
    "The loss of the convolutional autoencoder falls, steeply at first.",
)

# %% [markdown]
r"""
On a CPU this was only a taste: sixty steps.
The package ships the same model, trained to the end on all 60,000 pictures.
Without a GPU we go on with that one.
"""

# %%
trained = model if full else gencourse.load("autoencoder")
card = recipes.card("autoencoder")
print(f"{card['parameters']:,} parameters, {card['steps']:,} steps,", end=" ")
print(
    f"{card['cpu_seconds'] / 60:.0f} CPU-minutes on {card['data']['images']:,} images"
)

# %%
with torch.inference_mode():
    rebuilt = trained.reconstruct(test.x[:10])
    mean, components = codes.pca(train.x.flatten(1) / 255, k=32)
    flat = test.x[:10].flatten(1) / 255 - mean
    by_pca = (mean + flat @ components.T @ components).view(10, 1, 28, 28)

# %% tags=["hide-input"]
figures.grid(
    torch.cat([test.x[:10] / 255, by_pca, rebuilt]),
    "Ten test pictures, and what PCA and the autoencoder make of them from 32 numbers. "
    "PCA's are blurred with ghosts around the edges, the autoencoder's have clean edges. "
    "Both lose the fine print.",
    rows=["test picture", "PCA, 32", "autoencoder, 32"],
)

# %% [markdown]
r"""
The error per pixel says the same, on the test set.
For PCA we can try many sizes.
(On a CPU the comparison favours the network a little: it has seen all 60,000 pictures, PCA only 5,000.)
"""

# %%
sizes = (2, 8, 16, 32, 64)
mean, components = codes.pca(train.x.flatten(1) / 255, k=64)
flat = test.x.flatten(1) / 255 - mean
pca_error = [
    (flat - flat @ components[:k].T @ components[:k]).square().mean().item()
    for k in sizes
]
flat_model = gencourse.load("autoencoder-2d")
deep = {
    2: mean_over_images(flat_model.squared_error, test.x),
    32: mean_over_images(trained.squared_error, test.x),
}

# %% tags=["hide-input"]
alt = (
    "Error per pixel against the size of the code, both axes logarithmic. PCA's falls "
    "from about 0.046 at 2 numbers to about 0.01 at 64. The autoencoders lie below it, at 2 "
    "numbers and at 32."
)
with figures.figure(alt) as axes:
    axes.plot(sizes, pca_error, "o-", label="PCA")
    axes.plot(*zip(*deep.items()), "s", label="convolutional autoencoder")
    axes.set(xlabel="numbers in a code", ylabel="squared error per pixel")
    axes.set(xscale="log", yscale="log", xticks=sizes, xticklabels=sizes)
    axes.minorticks_off()
    axes.set(yticks=(0.01, 0.02, 0.04), yticklabels=("0.01", "0.02", "0.04"))
    axes.legend()

# %% tags=["hide-input"]
figures.table(
    ["numbers in a code", "PCA", "convolutional autoencoder"],
    [
        (k, f"{error:.4f}", f"{deep[k]:.4f}" if k in deep else "not trained")
        for k, error in zip(sizes, pca_error)
    ],
    f"Squared error per pixel on {len(test):,} test pictures, grey between 0 and 1. PCA "
    f"was fitted on {len(train):,} pictures, the autoencoders on 60,000.",
)

# %% [markdown]
r"""
## Denoising: a harder task without labels

The bottleneck is one way to make copying impossible.
Here is another, which we put on top of it: spoil the picture, and ask for the *clean* one {cite}`vincent2008extracting`.
To undo the damage, the network must know what clothes look like.
"""

# %%
restorer = gencourse.load("denoising-autoencoder")
clean = test.x[10:20] / 255
noisy = autoencoder.add_noise(clean, 0.5, torch.Generator().manual_seed(0))
with torch.inference_mode():
    restored = restorer.denoise(noisy)

# %% tags=["hide-input"]
figures.grid(
    torch.cat([clean, noisy, restored]),
    "Ten test pictures, the same under heavy grey noise, and restored. In the "
    "noise the garments are hard to make out. Restored, their outlines and "
    "shades are back; the patterns on the cloth are not.",
    rows=["test picture", "with noise", "restored"],
)

# %% [markdown]
r"""
## What it is for: the encoder starts a classifier

Now to the reason why we went through all this.
Pictures are cheap.
Labels are dear: somebody has to sit down and write them.
So suppose that we have 60,000 pictures, but only a hundred labels.

The plan:

1. Train an autoencoder on all the pictures. No label is needed.
2. Throw the decoder away.
3. Put a linear layer on the encoder: a **classifier**.
4. Train it on the few labelled pictures. Either only the linear layer, with the encoder **frozen**, or all of it: **fine-tuning**.

```{literalinclude} ../../src/gencourse/autoencoder.py
:pyobject: Classifier
```

We try it once, on 100 labels, ten for each class.
"""

# %%
few = train[
    codes.balanced_draw(train.y, 10, torch.Generator().manual_seed(0))
]


# %% tags=["experiment"]
def test_accuracy(classifier: Classifier) -> float:
    turn = (Adam(classifier.parameters(), lr=3e-3), classifier.losses)
    fit([turn], Batches(few.x, few.y, size=50, steps=100), progress=False)
    with torch.inference_mode():
        right = classifier.predict(test.x[:1000]) == test.y[:1000]
    return right.double().mean().item()


# %%
torch.manual_seed(0)
scratch = test_accuracy(Classifier(ConvAutoencoder(latent=32)))
tuned = test_accuracy(Classifier(trained))
frozen = test_accuracy(Classifier(trained, frozen=True))
print(
    f"from scratch {scratch:.1%}, fine-tuned {tuned:.1%}, frozen {frozen:.1%}"
)

# %% [markdown]
r"""
One draw of a hundred labels is a matter of luck.
And is a random network a fair opponent?
A claim needs more: several draws, several sizes, and rivals that know nothing of networks.
One rival is logistic regression on the pixels.
The other is a kernel machine on them, a support vector machine with a radial basis (RBF-SVM): it compares each picture with the labelled ones.
This takes a while, so it was measured beforehand, by `tools/measure_few_labels.py` in the course's repository.
There the linear head of a frozen encoder is fitted to the end, by logistic regression on the codes.
Every method got the same five draws.
What had to be chosen was chosen on training pictures; the test set was used once.
"""

# %%
rows = measured("few-labels")["rows"]
methods = list(dict.fromkeys(row["method"] for row in rows))
counts = sorted({row["labels"] for row in rows})
found = torch.tensor([row["accuracy"] for row in rows])
found = found.view(len(counts), -1, len(methods))  # labels, draws, methods
accuracy = found.permute(2, 0, 1)
middle, spread = 100 * accuracy.mean(-1), 100 * accuracy.std(-1)

# %% tags=["hide-input"]
figures.table(
    ["test accuracy, %", *(f"{n:,} labels" for n in counts)],
    [
        (
            method,
            *(f"{m:.1f} ± {s:.1f}" for m, s in zip(middle[i], spread[i])),
        )
        for i, method in enumerate(methods)
    ],
    "Accuracy on the 10,000 test pictures: mean and standard deviation over five draws "
    "of labels, the same number from each class.",
)

# %% [markdown]
r"""
Many of the differences are no larger than the spread between draws.
But every method had the *same* draws, so we may compare draw by draw.
Here is what each gains over the network from scratch.
"""

# %%
gain = 100 * (accuracy - accuracy[methods.index("network from scratch")])
mean_gain = gain.mean(-1)
error = gain.std(-1) / gain.shape[-1] ** 0.5  # of the mean

# %% tags=["hide-input"]
alt = (
    "Gain in accuracy over the same network from scratch, against the number of "
    "labels, for four methods with error bars. The frozen encoder gains most at "
    "10 and 100 labels, about six and five points. All gains shrink to "
    "about two points or less at 600 and 1,000 labels, where the kernel machine leads."
)
shown = methods[:2] + methods[3:5]
with figures.figure(alt, height=3.4) as axes:
    for shift, method in enumerate(shown):
        i = methods.index(method)
        at = [n * 1.04**shift for n in counts]  # side by side, to be seen
        style = {"marker": "osD^"[shift], "capsize": 3, "label": method}
        axes.errorbar(at, mean_gain[i], error[i], **style)
    axes.axhline(0, color="#7d8590", linewidth=1)
    axes.set(xscale="log", xlabel="labels", ylabel="points over scratch")
    axes.set(xticks=counts, xticklabels=counts)
    axes.minorticks_off()
    axes.legend(fontsize=9)

# %% tags=["hide-input"]
figures.table(
    ["gain over scratch, points", *(f"{n:,} labels" for n in counts)],
    [
        (
            method,
            *(f"{m:+.1f} ± {e:.1f}" for m, e in zip(mean_gain[i], error[i])),
        )
        for i, method in enumerate(methods)
        if method != "network from scratch"
    ],
    "Gain in test accuracy over the same network from scratch: mean over five "
    "paired draws, and the standard error of that mean.",
)

# %% [markdown]
r"""
What does this say, read without wishful thinking?

- **The encoder helps, and most where labels are fewest.** At 10 and at 100 labels the frozen encoder with a linear head is the best method of all, a few points ahead of anything that looks at pixels.
- **Fine-tuning is not always better than freezing.** With 10 labels it gains nothing. A likely reason, not tested here: the head is still random while the encoder is already being changed. It takes hundreds of labels until it catches up.
- **From 600 labels on, a kernel machine on the pixels is at least as good.** The encoder still beats the same network from scratch, but by little more than a point.
- **A frozen encoder that was trained to remove noise is worse, not better.** Fine-tuned, it makes little difference. The pictures above suggest why, though this was not tested: it keeps outlines and drops texture.

So the plan works: an encoder trained without labels can start a supervised model, and it matters when labels are few.
On this data it is a gain of a few points, not a miracle.
A comparison with the network from scratch alone would not have shown that; always ask a simple rival as well.
"""

# %% [markdown]
r"""
## Can it draw?

An autoencoder has learned 32 features that capture what varies among clothes.
So let us draw: pick a code, decode it, done.
Which code?

First try: Gaussian noise, with the mean and the variance that real codes have.
"""

# %%
with torch.inference_mode():
    real = torch.cat(
        [trained.encode(part) for part in train.x[:5000].split(500)]
    )
    noise = torch.randn(10, 32, generator=torch.Generator().manual_seed(0))
    from_noise = trained.decode(real.mean(0) + real.std(0) * noise)
    between = trained.decode((real[:10] + real[10:20]) / 2)

# %% tags=["hide-input"]
figures.grid(
    torch.cat(
        [trained.reconstruct(train.x[:10]).detach(), from_noise, between]
    ),
    "Three rows of ten. Decoded codes of real pictures are clothes. Decoded Gaussian "
    "noise gives smudges in the shape of no garment. Decoded midpoints between two codes are often "
    "two garments laid over each other.",
    rows=["real codes", "Gaussian noise", "midpoints"],
)

# %% [markdown]
r"""
Second try: look at where the codes are.
With a code of two numbers we can draw them.
"""

# %%
x, y = test.x[:1000], test.y[:1000]
with torch.inference_mode():
    plane = torch.cat([flat_model.encode(part) for part in x.split(500)])
ends = plane[[int((y == label).nonzero()[0]) for label in (1, 9)]]
path = codes.interpolate(ends[0], ends[1], steps=10)

# %% tags=["hide-input"]
alt = (
    "The codes of 1,000 test pictures in a plane, marked by class. Each class is "
    "a streak or a cloud of its own odd shape. Shirts, coats and pullovers lie on "
    "top of each other; the clouds thin out far from the middle. A line of ten "
    "points leads from a pair of trousers to an ankle boot."
)
with figures.figure(alt, width=7, height=4.4) as axes:
    for label, marker in enumerate("osv^DxP*<>"):
        style = {"markersize": 3, "alpha": 0.7, "label": test.classes[label]}
        axes.plot(*plane[y == label].T, marker, **style)
    axes.plot(*path.T, "o-", color=figures.INK, markersize=4, label="a walk")
    axes.set(xlabel="first number of the code", ylabel="second number")
    axes.legend(
        fontsize=8, markerscale=2, loc="center left", bbox_to_anchor=(1, 0.5)
    )

# %% [markdown]
r"""
Nobody told the encoder how to arrange its codes.
So it did as it liked: streaks, clouds, classes on top of each other, lone points far out.
Nothing says from where the next code should be drawn.
And the decoder was only ever asked about codes of real pictures.
Between the clouds it can but blend.

Walk along the line in the figure, from trousers to an ankle boot, and watch.
"""

# %%
with torch.inference_mode():
    walk = flat_model.decode(path)
figures.grid(
    walk,
    "Ten steps from trousers to an ankle boot. The trousers fade into a ghost of "
    "thin lines that is no garment, and out of it rises a shoe.",
)

# %% [markdown]
r"""
This is where the autoencoder ends, and the question that it leaves.
**Its features capture the factors of variation.
But we can't generate new pictures with it, because we don't know the space of $z$.**
How do we make it a generative model?

In the language of the chapter before: an autoencoder has neither `log_prob` nor `sample`.
It is no density at all, neither explicit nor implicit.
The answer is to *decide* what the space of $z$ shall look like, and to train the encoder to keep to it.
That is the variational autoencoder {cite}`kingma2014vae`.
"""

# %%
from gencourse.density import ExplicitDensity, ImplicitDensity

print("explicit:", isinstance(trained, ExplicitDensity))
print("implicit:", isinstance(trained, ImplicitDensity))

# %% [markdown]
r"""
## Check yourself

Pick an answer before you open it: each one says whether it holds, and why.

:::{quiz}
You train a linear autoencoder with 8 numbers, look at what each of them does, and find a name for every one.
Then you train it again from another random start.
What comes back?

- [ ] The same eight numbers, since the best solution is that of PCA.

  PCA names its directions in order: first the one along which pictures vary most.
  The autoencoder's loss asks for no such order, and it is met by any axes of the right space.

- [x] The same loss and the same space, with other axes in it.

  The loss sees the reconstruction only.
  Turn the code, turn the decoder back, and the reconstruction is as it was.
  So your names would have to be found anew.

- [ ] Another space too: a network with random weights ends somewhere else each time.

  Deep networks do end in different places.
  But here the gradient came to PCA's own loss, and its space lay within a tiny angle of PCA's.
  One space is best, and it is the one that is found.

Read the two tables of the classifiers again.
Which sentence do they bear out?

- [ ] "Fine-tuning is at least as good as freezing, since it starts from there and can only improve."

  It can improve the loss on the *labelled* pictures.
  With ten of these, accuracy on test pictures was far lower than with the frozen encoder.

- [ ] "At 1,000 labels the encoder is the best start that you can have."

  It does beat the same network from scratch, by a point or so.
  But the kernel machine never saw an encoder, and is no worse there.
  A gain over one weak rival is not a first place.

- [x] "Pictures without labels help, and most where labels are fewest."

  The gain over the network from scratch is largest at 10 and 100 labels, with a frozen encoder, and small from 600 on.

You draw codes from a Gaussian with the mean and the variance of each number of real codes.
The decoder makes smudges of them.
Why?

- [x] Each number is right by itself, but together they land where no real code is.

  Real codes fill a part of the space, of a shape that nobody knows.
  Outside it the decoder was never asked, so nothing holds what it paints to be a garment.

- [ ] The decoder is too weak: trained for longer, it would make garments of these codes too.

  More training often cures a blur.
  But this decoder paints real codes well, and more training would show it real codes again, never those between.

- [ ] These are rare garments: a law with the right mean and variance is the right law.

  For a Gaussian, mean and variance say all; for a cloud of codes they do not.
  Streaks and lone points have a mean and a variance as well.
:::
"""

# %% [markdown]
r"""
## Exercises

Write each function where it says `todo()`, run the cell, then the check below it.
`hint("autoencoder.pca")` gives a hint, and a stronger one when you ask again.
"""

# %% [markdown]
r"""
:::{exercise} The loss that a decoder is there for
:label: ex-autoencoder-loss

*5 minutes, difficulty 1 of 3.*
Half the squared error, summed over the pixels of an image, and averaged over the batch.
For two pictures of four pixels that are all wrong by 1, it is $\tfrac12 \cdot 4 = 2$.
A network is trained through it, so gradients must flow.

- **In:** `x` and `reconstruction`, grey values, `(B, ...)` both. Two shapes are a `ValueError`.
- **Out:** a scalar.

For example:

```python
>>> reconstruction_loss(torch.zeros(2, 1, 2, 2), torch.ones(2, 1, 2, 2))
tensor(2.)
```
:::
"""


# %% tags=["exercise"]
def reconstruction_loss(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Return half the squared error, summed over pixels, averaged over the batch.

    Args:
        x: grey values, (B, ...).
        reconstruction: the same shape; another is a ValueError.

    Returns:
        A scalar: up to a constant, nats per image under a Gaussian of variance one.
    """
    return todo()


# %%
check("autoencoder.reconstruction_loss", reconstruction_loss)
reconstruction_loss = mine_or_reference(
    "autoencoder.reconstruction_loss", reconstruction_loss
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-autoencoder-loss
:class: dropdown
```{literalinclude} ../../src/gencourse/autoencoder.py
:pyobject: reconstruction_loss
```
::::
"""

# %% [markdown]
r"""
:::{exercise} Spoil a picture
:label: ex-autoencoder-noise

*5 minutes, difficulty 1 of 3.*
Add Gaussian noise of a given standard deviation.
A seed must repeat it: draw with the `generator`.
The picture that you are given must stay as it was.

- **In:** `x`, of any shape; `std`, a float; `generator`, or None.
- **Out:** a new tensor in the shape of `x`, not cut to $[0, 1]$.

For example:

```python
>>> x = torch.zeros(100, 1, 28, 28)
>>> noisy = add_noise(x, 0.5, torch.Generator().manual_seed(0))
>>> noisy.shape, round(noisy.std().item(), 2), x.abs().max().item()
(torch.Size([100, 1, 28, 28]), 0.5, 0.0)
```
:::
"""


# %% tags=["exercise"]
def add_noise(
    x: Tensor, std: float, generator: torch.Generator | None = None
) -> Tensor:
    """Return x plus independent Gaussian noise of standard deviation std, same shape.

    The result is a new tensor and is not cut to [0, 1].
    """
    return todo()


# %%
check("autoencoder.add_noise", add_noise)
add_noise = mine_or_reference("autoencoder.add_noise", add_noise)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-autoencoder-noise
:class: dropdown
```{literalinclude} ../../src/gencourse/images.py
:pyobject: add_noise
```
::::
"""

# %% [markdown]
r"""
Your noise at three strengths: how far does it move a pixel, whose values go from 0 to 1?
"""

# %%
for std in (0.1, 0.3, 0.5):
    spoilt = add_noise(clean, std, torch.Generator().manual_seed(0))
    print(f"std {std}: {float((spoilt - clean).abs().mean()):.2f} on average")

# %% [markdown]
r"""
:::{exercise} A walk between two codes
:label: ex-autoencoder-interpolate

*5 minutes, difficulty 1 of 3.*
Return evenly spaced codes on the straight line from one to another.
From $(0, 0)$ to $(1, 2)$ in 3 steps: $(0, 0)$, $(\tfrac12, 1)$, $(1, 2)$.

- **In:** `start` and `end`, codes, `(D,)` each; `steps`, how many codes, both ends included: 2 or more.
- **Out:** codes, `(steps, D)`, the first of them `start`.

For example:

```python
>>> interpolate(torch.tensor([0.0, 0.0]), torch.tensor([1.0, 2.0]), steps=3)
tensor([[0.0000, 0.0000],
        [0.5000, 1.0000],
        [1.0000, 2.0000]])
```
:::
"""


# %% tags=["exercise"]
def interpolate(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """Return codes evenly spaced on the line from start (D,) to end (D,).

    Both ends are included. The result is (steps, D), row 0 is start.
    """
    return todo()


# %%
check("autoencoder.interpolate", interpolate)
interpolate = mine_or_reference("autoencoder.interpolate", interpolate)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-autoencoder-interpolate
:class: dropdown
```{literalinclude} ../../src/gencourse/codes.py
:pyobject: interpolate
```
::::
"""

# %% [markdown]
r"""
Your walk, from the ankle boot back to the trousers, decoded:
"""

# %%
back = interpolate(ends[1], ends[0], steps=6)
with torch.inference_mode():
    seen = flat_model.decode(back)
figures.grid(
    seen,
    "Six decoded pictures on the line from the code of an ankle boot to that of a "
    "pair of trousers. The first is a boot, the last a pair of trousers; those "
    "between are blurred mixtures.",
)

# %% [markdown]
r"""
:::{exercise} Principal components
:label: ex-autoencoder-pca

*10 minutes, difficulty 2 of 3.*
Find the mean and the $k$ directions of greatest variance.
The directions are rows, of length one, at right angles.
A sign is yours to choose.

- **In:** `x`, a picture a row, `(N, D)`; `k`, from 1 to the smaller of N and D. Another is a `ValueError`.
- **Out:** the mean, `(D,)`, and the directions, `(k, D)`, the greatest variance first.

For example:

```python
>>> x = torch.tensor([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]])
>>> mean, components = pca(x, 1)
>>> mean, components.abs()  # the sign is free
(tensor([2., 1.]), tensor([[1., 0.]]))
```
:::
"""


# %% tags=["exercise"]
def pca(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return the mean (D,) and the first k principal components (k, D) of x (N, D).

    Components are orthonormal rows, the direction of greatest variance first. Their
    signs are arbitrary. k outside 1 ... min(N, D) is a ValueError.
    """
    return todo()


# %%
check("autoencoder.pca", pca)
pca = mine_or_reference("autoencoder.pca", pca)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-autoencoder-pca
:class: dropdown
```{literalinclude} ../../src/gencourse/codes.py
:pyobject: pca
```
::::
"""

# %% [markdown]
r"""
:::{exercise} A fair draw of labels
:label: ex-autoencoder-draw

*15 minutes, difficulty 2 of 3.*
Draw the same number of pictures from every class, at random and none twice.
Return their positions.
A class that has too few is a `ValueError`: say which.

- **In:** `y`, labels, `int64`, `(N,)`; `per_class`, how many of each class that occurs in `y`; `generator`, which makes the draw repeatable, or None.
- **Out:** positions in `y`, `int64`, `(classes * per_class,)`.

For example:

```python
>>> y = torch.tensor([0, 0, 0, 1, 1, 1, 1])
>>> chosen = balanced_draw(y, 2)
>>> chosen.shape, y[chosen].sort().values
(torch.Size([4]), tensor([0, 0, 1, 1]))
```
:::
"""


# %% tags=["exercise"]
def balanced_draw(
    y: Tensor, per_class: int, generator: torch.Generator | None = None
) -> Tensor:
    """Return indices of a random draw with the same number of images of every class.

    Args:
        y: labels, int64 (N,).
        per_class: how many of each class that occurs in y; more than a class has is a
            ValueError that names the class.
        generator: makes the draw repeatable.

    Returns:
        int64 (classes * per_class,), no index twice.
    """
    return todo()


# %%
check("autoencoder.balanced_draw", balanced_draw)
balanced_draw = mine_or_reference("autoencoder.balanced_draw", balanced_draw)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-autoencoder-draw
:class: dropdown
```{literalinclude} ../../src/gencourse/codes.py
:pyobject: balanced_draw
```
::::
"""

# %% [markdown]
r"""
Your draw: three of each class, and how often each class is in it.
"""

# %%
chosen = balanced_draw(train.y, 3, torch.Generator().manual_seed(0))
print(
    f"{len(chosen)} pictures, of each class {train.y[chosen].bincount().tolist()}"
)

# %% [markdown]
r"""
:::{exercise} The angle between two subspaces
:label: ex-autoencoder-angles

*15 minutes, difficulty 2 of 3.*
How far are two subspaces from each other?
The first principal angle is the smallest between any two directions, one from each.
The second is the smallest at right angles to those, and so on.
The rows that you are given span the spaces, but need not be orthonormal.

- **In:** `a` and `b`, k rows that span a subspace, `(k, D)` each.
- **Out:** angles in radians, `(k,)`, from 0 to $\pi/2$, the smallest first.

For example:

```python
>>> a, b = torch.eye(3)[:2], torch.eye(3)[1:]
>>> a.shape, b.shape  # two planes that share a line
(torch.Size([2, 3]), torch.Size([2, 3]))
>>> principal_angles(a, b)
tensor([0.0000, 1.5708])
```
:::
"""


# %% tags=["exercise"]
def principal_angles(a: Tensor, b: Tensor) -> Tensor:
    """Return the angles between two subspaces, in radians, smallest first.

    Args:
        a: rows that span the first subspace, (k, D); they need not be orthonormal.
        b: rows that span the second, (k, D).

    Returns:
        (k,) angles in [0, pi/2]; all zero when the subspaces are the same.
    """
    return todo()


# %%
check("autoencoder.principal_angles", principal_angles)
principal_angles = mine_or_reference(
    "autoencoder.principal_angles", principal_angles
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-autoencoder-angles
:class: dropdown
```{literalinclude} ../../src/gencourse/codes.py
:pyobject: principal_angles
```
::::
"""

# %% [markdown]
r"""
:::{exercise} Backpropagation by hand
:label: ex-autoencoder-gradients

*30 minutes, difficulty 3 of 3.*
Here is the loss of a linear autoencoder with encoder $E$ and decoder $D$:

$$
\mathcal{L} = \frac{1}{N} \sum_{n=1}^{N} \tfrac12 \| x_n E D - x_n \|^2 .
$$

Derive its gradients with respect to $E$ and $D$ on paper, and write them down.
Start from one picture and one number in the code.

- **In:** `x`, centred pictures of P pixels, `(N, P)`; `encoder`, $E$, `(P, k)`; `decoder`, $D$, `(k, P)`.
- **Out:** the gradient with respect to $E$, `(P, k)`, and that with respect to $D$, `(k, P)`.

For example:

```python
>>> x = torch.tensor([[1.0, 2.0], [-1.0, -2.0]])
>>> encoder, decoder = torch.ones(2, 1), torch.ones(1, 2)
>>> linear_gradients(x, encoder, decoder)
(tensor([[3.],
        [6.]]), tensor([[6., 3.]]))
```
:::
"""


# %% tags=["exercise"]
def linear_gradients(
    x: Tensor, encoder: Tensor, decoder: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the gradients of a linear autoencoder's loss, derived by hand.

    The loss is half the squared error of ``x @ encoder @ decoder`` against x, summed
    over pixels and averaged over the batch.

    Args:
        x: centred images of P pixels, (N, P).
        encoder: (P, k).
        decoder: (k, P).

    Returns:
        The gradient with respect to the encoder, (P, k), and to the decoder, (k, P).
    """
    return todo()


# %%
check("autoencoder.linear_gradients", linear_gradients)
linear_gradients = mine_or_reference(
    "autoencoder.linear_gradients", linear_gradients
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-autoencoder-gradients
:class: dropdown
```{literalinclude} ../../src/gencourse/codes.py
:pyobject: linear_gradients
```
::::
"""

# %% [markdown]
r"""
Now put your functions to work, where they passed.
Here your own gradients train a linear autoencoder, and your own PCA is its judge.
"""

# %%
torch.manual_seed(0)
down = torch.zeros(196, 8, dtype=torch.float64)
up = torch.randn(8, 196, dtype=torch.float64) / 14
for step in range(301):
    to_down, to_up = linear_gradients(centred, down, up)
    down, up = down - 0.1 * to_down, up - 0.1 * to_up
    if step % 100 == 0:
        loss = reconstruction_loss(centred, centred @ down @ up)
        print(f"step {step}: loss {loss:.4f}")

# %%
_, best = pca(grey, 8)
angles = principal_angles(up, best)
print(
    f"angles to your PCA, in radians: {[round(float(a), 2) for a in angles]}"
)

# %% [markdown]
r"""
## What to remember

- An autoencoder is an encoder, a bottleneck and a decoder. Its loss needs no labels.
- The decoder and the reconstruction exist only to make that loss. The encoder is what we keep.
- A linear autoencoder finds the space of PCA, though not its axes.
- Taking noise away is another task that needs no labels.
- The encoder can start a classifier when labels are few. The gain is largest where labels are fewest; measure it against a good simple rival.
- An autoencoder is no generative model: we do not know the space of its codes.

## Where this comes from

That a linear autoencoder does what PCA does: {cite:t}`bourlard1988auto` and {cite:t}`baldi1989neural`.
Deep autoencoders: {cite:t}`hinton2006reducing`.
Denoising: {cite:t}`vincent2008extracting,vincent2010stacked`.
Why training without labels may help what comes after: {cite:t}`bengio2007greedy` and {cite:t}`erhan2010why`.
"""

# %% tags=["remove-cell"]
from gencourse.provenance import report

report()
