# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# PixelCNN

A PixelRNN guesses each pixel from those before it, and it walks.
28 steps, or 55, each waiting for the one before.
While it is *trained*, this is odd: the whole picture lies on the table.
All 784 guesses could be made at the same time, if only each of them looked at its own past.

Convolutions look at a neighbourhood, everywhere at once.
Can a convolution be made to look at the past only?
That is a **masked convolution**, and a stack of them is a PixelCNN {cite}`vandenoord2016pixelrnn`.
This chapter builds it, finds the hole in it, and mends the hole.

Drawing is another matter: there each pixel waits for the one before.
Watch the model with which this chapter ends.

```{live} pixelcnn
:alt: An ankle boot at five stages of being drawn, from the first rows to the whole image. Under each stage stand bars over the 256 levels: inside the boot a broad hill of greys, at its edge a spike at black with a low hill beside it. A line marks the level that is drawn.

The upper half is a real test image, and the model draws the rest.
At every pixel it gives a probability to each of the 256 levels, and one level is drawn.
Go on pixel by pixel, erase another part, or tell the model another class.
```
"""

# %%
import copy
import time

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import AdamW

import gencourse
from gencourse import animations, data, figures, masked, pictures
from gencourse import recipes, results, testing
from gencourse.evaluate import bits_per_dim
from gencourse.exercises import check, hint, mine_or_reference, todo
from gencourse.heads import LogisticMixture
from gencourse.masked import Mask
from gencourse.pixelcnn import GatedPixelCNN, PixelCNN
from gencourse.train import Batches, fit, warmup_cosine

_ = torch.manual_seed(0)
# %%
full = gencourse.profile() == "full"
name = "fashion-mnist" if full else "fashion-mini"
train, test = data.load(name, "train"), data.load(name, "test")

# %% [markdown]
r"""
## Masks

A $5 \times 5$ kernel looks at 25 pixels: some came before its centre, some come later.
Set the later ones to zero.
And the centre itself?
"""

# %%
print(masked.raster_mask(5, "A"))
print(masked.raster_mask(5, "B"))

# %% [markdown]
r"""
**Mask A** hides the centre, **mask B** shows it.
We need both.

The first layer looks at the picture.
There the centre is the pixel that is to be guessed, so it must be hidden: mask A.
Every later layer looks at *features*.
The features at a pixel know only what came before it, so they may be looked at: mask B.
Were there a mask A in every layer, each would throw away the best that the last one knew.

```{literalinclude} ../../src/gencourse/masked.py
:pyobject: MaskedConv2d
```

Look at the last lines.
The mask stands *in the product*.
It is tempting to write the zeros into the weights instead.
Then the optimiser, which knows nothing of masks, moves them away from zero again, and a copy of the weights that is taken at that moment is a model with a leak.

(`channel_groups` is for colour pictures, where green may look at the red of its own pixel.)

PixelCNN begins with a $7 \times 7$ convolution with mask A.
Then come **blocks**: three masked convolutions with mask B, one of them $3 \times 3$, and a residual connection around.
What does a pixel see through one block, and through more?
As in the chapter before we measure it, with large random weights (`strong_copy`).
"""

# %%
size = (1, 15, 15)
at = (9, 7)
stacks = {
    f"blocks: {blocks}": PixelCNN(shape=size, features=4, blocks=blocks)
    for blocks in (1, 3, 6)
}
seen = {
    title: testing.receptive_field(testing.strong_copy(model), at)
    for title, model in stacks.items()
}

# %% tags=["hide-input"]
pictures.fields(
    seen,
    at,
    "What a pixel sees in a PixelCNN with one, three and six residual blocks. What it sees "
    "grows with every block, to the left and upwards. On the right above the pixel a "
    "region of earlier pixels stays unseen, however many blocks there are.",
)

# %% [markdown]
r"""
More blocks see farther.
But something is wrong on the right.
There are pixels in the rows above, to the right, that come *earlier* and are not seen.
More blocks see higher up, but this corner stays.
Why?
To get there, a path would have to go right.
A masked kernel can go right only while it goes up.
The first kernel goes three columns to the right, the others one column for each row.
So of the row above, nothing beyond three columns to the right can ever be seen.
This is the **blind spot** of PixelCNN.
Let us count it, for a pixel in the middle of row 10.
"""

# %%
for blocks in (1, 2, 4, 8, 12):
    model = PixelCNN(shape=size, features=4, blocks=blocks)
    field = testing.receptive_field(testing.strong_copy(model), at)
    spot = masked.blind_spot(field, *at)
    print(
        f"{blocks:2} blocks: {int(spot.sum())} of {9 * 15 + 7} are not seen"
    )

# %% [markdown]
r"""
The number falls while the kernels do not yet reach to the edges.
What is left in the end, however deep the network, is the blind spot: $4 + 3 + 2 + 1$ pixels here.

## Two stacks and no blind spot

How can a pixel see *all* of the rows above, and of its own row only the left part?
With one kernel it cannot.
So let two networks share the work {cite}`vandenoord2016pixelcnn`.

- The **vertical stack** looks at rows above only. All of them are past, from the left edge to the right, so its kernels need no mask in width.
- The **horizontal stack** looks to the left in its own row, and it is told by the vertical stack what the rows above say.

The vertical stack must never be told by the horizontal one.
Otherwise it would carry pixels of the own row to the right.

And no mask is needed at all.
Where a mask would be zero, we *crop* the kernel: $3 \times 3$ becomes $2 \times 3$, and $1 \times 3$ becomes $1 \times 2$, with the filling on the proper side.
The zeros need not be multiplied.

```{literalinclude} ../../src/gencourse/pixelcnn.py
:pyobject: GatedLayer
```
"""

# %%
model = GatedPixelCNN(shape=size, features=4, dilations=(1, 2, 4, 8))
field = testing.receptive_field(testing.strong_copy(model), at)
print("not seen:", int(masked.blind_spot(field, *at).sum()))

# %% tags=["hide-input"]
pictures.fields(
    {"PixelCNN, 6 blocks": seen["blocks: 6"], "two stacks, 4 layers": field},
    at,
    "The same pixel in a PixelCNN, with a blind spot on the right, and in a Gated PixelCNN "
    "with two stacks, where it sees every earlier pixel and no later one.",
)

# %% [markdown]
r"""
Nothing is missing.
Four layers are enough here, since each looks twice as far as the one before: the taps of its kernel stand 1, 2, 4 and 8 pixels apart.
Such kernels are called **dilated** {cite}`yu2016multi`.

## Gates

In PixelRNN, an LSTM multiplied what it knew by gates.
A plain convolution with a ReLU cannot multiply.
So the layer above has a gate too: half of its channels are a signal, half decide how much of it goes through.

$$
\tanh(a) \odot \sigma(b)
$$

Here $a$ is the first half and $b$ the second.
Two stacks and gates together are the **Gated PixelCNN**.

## Training

In training there is nothing to wait for.
One pass gives the laws of all pixels, and the loss is the sum of their surprises.
"""

# %%
torch.manual_seed(0)
recipe = recipes.RECIPES["gated-pixelcnn"]
small = GatedPixelCNN(features=16, dilations=(1, 2, 4), head="logistic")
model = recipe.model() if full else small
turn = (AdamW(model.parameters(), lr=recipe.lr), model.losses)
batches = Batches(train.x, size=8, steps=recipe.steps if full else 150)
limits = {"clip": recipe.clip, "schedule": warmup_cosine}
history = fit([turn], batches, **limits, progress=False)

# %% tags=["hide-input"]
bits = bits_per_dim(torch.tensor(history["total"]), dims=784).tolist()
figures.curves(
    {"Gated PixelCNN": bits},
    "The loss of a Gated PixelCNN in bits per dimension falls steeply from about five to "
    "below four and then slowly on, with much noise from batch to batch.",
    ylabel="bits per dimension",
    average=10,
)

# %% [markdown]
r"""
The package ships three models that were trained on all 60,000 pictures.
Settings were chosen in short runs of the gated model, on training pictures that were held back; the test set decided nothing.
"""

# %%
shipped = ("pixelcnn", "gated-pixelcnn", "gated-pixelcnn-conditional")
results.likelihoods(
    shipped,
    "The conditional model was trained on from the unconditional one; its minutes come on top.",
)

# %% [markdown]
r"""
Does the shipped model have a blind spot?
We measure it on the real thing, for a pixel in the middle of a $28 \times 28$ picture.
"""

# %%
gated = gencourse.load("gated-pixelcnn")
field = testing.receptive_field(gated, (20, 14), test.x[:2])
print("not seen:", int(masked.blind_spot(field, 20, 14).sum()))

# %% [markdown]
r"""
## Heads: 256 numbers or 30?

A softmax over 256 levels can say anything.
It also has to learn everything: that 200 and 201 are neighbours, it must find out from examples.

PixelCNN++ {cite}`salimans2017pixelcnnpp` lets the network speak of *where* the grey lies and *how sure* it is.
It gives the weights, means and scales of ten **logistic laws**; these are smooth bumps on the line.
The probability of a level is the mass of the mixture in the bin around it.
For one logistic law with distribution function $\sigma$, mean $\mu$ and scale $s$,

$$
p(x) = \sigma\!\left(\frac{x + \tfrac12 - \mu}{s}\right) - \sigma\!\left(\frac{x - \tfrac12 - \mu}{s}\right),
$$

with $\mu$ and $s$ in levels here (in the code levels are scaled to $[-1, 1]$, so a bin is $2/255$ wide).
The bin of the lowest level reaches down to $-\infty$ and that of the highest up to $\infty$.
So the levels always sum to one.

The difference of two sigmoids is a trap: far from the mean both are 1 in floating point, and the logarithm of their difference is $-\infty$.
A little algebra avoids the difference altogether.
With $a < b$ the two ends of the bin, measured from the mean in units of the scale,

$$
\log\big(\sigma(b) - \sigma(a)\big) = \log \sigma(b) + \log \sigma(-a) + \log\big(1 - e^{a - b}\big) .
$$

To see it, write $\sigma(b) - \sigma(a)$ over a common denominator.

What do such laws look like?
Here are the laws that the trained model gives for three pixels of a test picture.
"""

# %%
head = LogisticMixture(levels=256)
levels = torch.arange(256)
with torch.inference_mode():
    numbers = gated.logits(test.x[:1])[0, 0]  # (H, W, 30)
places = {"edge": (8, 18), "inside": (14, 12), "background": (2, 2)}
laws = {
    f"{title} {at}": head.log_prob(numbers[at].expand(256, -1), levels).exp()
    for title, at in places.items()
}
print({title: round(float(law.sum()), 6) for title, law in laws.items()})

# %% tags=["hide-input"]
alt = (
    "The laws of three pixels over the 256 levels, on a logarithmic scale. That of the "
    "background pixel falls steeply from level 0. Inside the garment it is a broad "
    "bump. At the edge it is both: a spike at level 0 and a broad hill."
)
with figures.figure(alt) as axes:
    for title, law in laws.items():
        axes.plot(levels, law.clamp(min=1e-6), label=title)
    axes.set(xlabel="level", ylabel="probability", yscale="log")
    axes.legend()

# %% [markdown]
r"""
At the edge the model cannot know whether the garment begins with this pixel or the next.
So it says both: half of the mass at black, half of it spread over the greys.
A single bump could not say that.

Which head learns faster?
Same body, same seed, same pictures in the same order; only the head differs.
"""


# %% tags=["experiment"]
def bits_with(head: str) -> list[float]:
    torch.manual_seed(0)
    model = GatedPixelCNN(features=16, dilations=(1, 2), head=head)
    turn = (AdamW(model.parameters(), lr=4e-3), model.losses)
    batches = Batches(train.x, size=8, steps=2000 if full else 200)
    history = fit([turn], batches, schedule=warmup_cosine, progress=False)
    return bits_per_dim(torch.tensor(history["total"]), dims=784).tolist()


# %%
by_head = {
    "softmax over 256 levels": bits_with("softmax"),
    "mixture of 10 logistic laws": bits_with("logistic"),
}

# %% tags=["hide-input"]
figures.curves(
    by_head,
    "Loss in bits per dimension of two equal networks with different heads. The softmax "
    "begins at eight bits and falls; the logistic mixture begins lower and "
    "stays below it over the short run.",
    ylabel="bits per dimension",
    average=10,
)

# %% [markdown]
r"""
The softmax begins at 8 bits, knowing nothing; the mixture begins with a smooth law.
In a short run the mixture is ahead.
This says nothing about a very long one: with data and time enough, the softmax can learn what the mixture is told, and more.
"""

# %% [markdown]
r"""
## Choosing the class

Pictures come with labels here.
A model of $p(x \mid y)$ is told the class $y$: in every layer a vector that belongs to the class is added before the gates.
That is all.
"""

# %%
conditional = gencourse.load("gated-pixelcnn-conditional")
wanted = torch.arange(10).repeat_interleave(2).view(10, 2).T.flatten()
draws = torch.Generator().manual_seed(0)
by_class = conditional.sample(20, wanted, generator=draws)

# %% tags=["hide-input"]
figures.grid(
    by_class,
    "Two drawn pictures of each of the ten classes: "
    + ", ".join(test.classes)
    + ".",
    columns=10,
)

# %% [markdown]
r"""
From left to right: T-shirt, trousers, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot; two draws each, not chosen.

Does the label really matter to the density?
Ask for the likelihood of the test pictures under their own label, and under a wrong one.
"""

# %%
metrics = recipes.card("gated-pixelcnn-conditional")["metrics"]
print(f"true label:  {metrics['bits_per_dim']:.4f} bits per dimension")
print(f"wrong label: {metrics['bits_per_dim_wrong_label']:.4f}")

# %% [markdown]
r"""
The class is worth a part of a percent of the bits: most of what there is to know about the next pixel stands in the pixels next to it.
And yet the drawings obey the label.
Bits per dimension do not tell what matters to the eye.
"""

# %% [markdown]
r"""
## The rest of a picture

Nobody says that we must begin with an empty page.
Keep the upper half of a real test picture, and draw the rest, pixel by pixel.
Since the known pixels come first, this is a draw from $p(\text{lower half} \mid \text{upper half})$, exactly.
"""

# %%
known_half = torch.zeros(28, 28, dtype=torch.bool)
known_half[:14] = True
x = test.x[[0, 1, 2, 6, 8, 18]].repeat_interleave(3, 0)
draws = torch.Generator().manual_seed(0)
completed = gated.complete(x, known_half, generator=draws)
hidden = x.where(known_half, 0)

# %% tags=["hide-input"]
figures.grid(
    torch.cat([hidden[::3], *(completed[k::3] for k in range(3)), x[::3]]),
    "Six test pictures. First row: their upper halves. Then three rows of completions, "
    "which go on where the half ends, with different lower ends. Last row: the real pictures.",
    columns=6,
    rows=["upper half", "one end", "another", "a third", "the real one"],
)

# %% [markdown]
r"""
The seam cannot be seen.
Three completions of one half differ, and they should: the upper half does not decide the lower one.
"""

# %%
frames = animations.growing(completed[::3], known=known_half)

# %% tags=["hide-input"]
animations.animation(
    frames,
    "The lower halves of six garments grow row by row under their upper halves.",
    columns=6,
)

# %% [markdown]
r"""
## Drawing fast

Training has no steps to wait for; drawing has 784.
What does one step cost?

- **Naive.** Run the whole network on the whole picture, and use the law of a single pixel. The laws of the other 783 are thrown away.
- **Cropped.** Rows below the pixel cannot matter. Run the network on the rows down to it: about half of the work, on average.
- **Cached.** The features of earlier pixels were computed in earlier steps, and by causality they have *not changed*. Keep them. A step then computes one column of features: the new one.

The idea of the cache is that of {cite:t}`ramachandran2017fast`.
Per pixel, a convolution becomes one small matrix product with the few columns that its kernel touches.
This is what the package keeps of a masked convolution:

```{literalinclude} ../../src/gencourse/cached.py
:pyobject: Columns
```

We time the three on this page.
The naive way would take too long, so we time single passes and multiply.
"""

# %%
x = torch.zeros(16, 1, 28, 28, dtype=torch.uint8)


# %% tags=["experiment"]
def pass_seconds(rows: int) -> float:
    cropped = copy.copy(gated)
    cropped.shape = (1, rows, 28)
    start = time.process_time()
    with torch.inference_mode():
        cropped.logits(x[:, :, :rows])
    return time.process_time() - start


# %%
pass_seconds(28)  # the first is the slowest
naive = 784 * min(pass_seconds(28) for _ in range(2))
cropped = 28 * sum(pass_seconds(row + 1) for row in range(28))  # 28 a row
start = time.process_time()
gated.sample(16)
cached = time.process_time() - start

# %% tags=["hide-input"]
figures.table(
    ["way to draw 16 pictures", "CPU-seconds", "times faster than naive"],
    [
        ("naive (one pass, times 784)", f"{naive:.0f}", "1"),
        (
            "cropped (28 passes, times 28)",
            f"{cropped:.0f}",
            f"{naive / cropped:.1f}",
        ),
        ("cached", f"{cached:.1f}", f"{naive / cached:.0f}"),
    ],
    "What drawing sixteen pictures costs three ways, timed when this page was made.",
)

# %% [markdown]
r"""
Are they the same pictures?
With the same random numbers they must be, or the cache has a bug.
"""

# %%
tiny = testing.strong_copy(
    GatedPixelCNN(shape=(1, 8, 8), levels=4, features=8, dilations=(1, 2))
)
pair = [
    tiny.sample(20, cached=cached, generator=torch.Generator().manual_seed(0))
    for cached in (True, False)
]
print("the same:", torch.equal(*pair))

# %% [markdown]
r"""
## Check yourself

Pick an answer before you open it: each one says whether it holds, and why.

:::{quiz}
Somebody builds a PixelCNN with mask B in *all* layers, the first one too.
What will they see?

- [ ] An error: the first layer does not fit the others.

  Masks A and B have the same size and differ in a single weight.
  Everything fits, and nothing complains.

- [ ] A slightly better model, since each pixel has one more pixel to go by.

  More context is good as a rule.
  But this one is the pixel that is to be guessed.

- [ ] A low loss on training pictures, and a high one on test pictures.

  That would be learning by heart.
  Here nothing has to be remembered: the answer is copied from the picture, whichever it is.

- [x] A splendid loss on training and test pictures alike, and drawings that are worthless.

  The law of a pixel sees the pixel.
  When the model draws, the place is still empty, and there is nothing to copy.
  It is the leak of the chapter before.

In the count of the blind spot, 8 blocks and 12 blocks leave the same 10 pixels unseen.
Why do more blocks not help?

- [x] A path goes right only while it goes up, and to the row above there is but one step up.

  So the whole way to the right has to be made in that one step.
  All the other layers may go left or stay.
  Depth buys rows, not this corner.

- [ ] The gradient has become too small to be measured through so many layers.

  In deep networks gradients do fade, and a measurement could mistake small for nothing.
  Therefore the weights were made large and random first.
  Besides, there is no path along which a gradient could come.

- [ ] The kernels are $3 \times 3$; with $5 \times 5$ in every block the blind spot would be gone.

  It would be smaller, if these reached farther to the right than the first kernel does.
  But what lies beyond the reach of the widest kernel stays unseen, at any depth.

Told the true label, the conditional model needs 2.7757 bits per dimension, and told a wrong one 2.7918.
What does this small difference say?

- [ ] The model ignores the label.

  So it seems, for the bits hardly move.
  But the drawings obey: told "bag", the model draws bags.

- [x] Most of the bits go into what the neighbours tell already, whatever the label is.

  A garment is decided in a few places, and its bits are shared out over 784 pixels.
  So a number that is small for each dimension can be large for the picture, and for the eye.

- [ ] The training has failed: under a wrong label a picture ought to be next to impossible.

  For the picture as a whole that is a fair wish, and a part of it comes true: the small difference counts 784 times.
  But a wrong label does not change that the next pixel is mostly like the last one.
:::
"""

# %% [markdown]
r"""
## Exercises

Write each function where it says `todo()`, run the cell, then the check below it.
`hint("pixelcnn.raster_mask")` gives a hint, and a stronger one when you ask again.
"""

# %% [markdown]
r"""
:::{exercise} Mask A and mask B
:label: ex-pixelcnn-mask

*5 minutes, difficulty 1 of 3.*
Write the mask of a square kernel: 1 where a weight may look, 0 where it may not.
Rows above the centre may be looked at, and in the centre's row what lies on the left.
Mask B shows the centre, mask A does not.

- **In:** `kernel`, its side k, an odd number; `mask`, `"A"` or `"B"`. Anything else is a `ValueError`.
- **Out:** 0.0 and 1.0, `(k, k)`.

For example:

```python
>>> raster_mask(3, "A")
tensor([[1., 1., 1.],
        [1., 0., 0.],
        [0., 0., 0.]])
```
:::
"""


# %% tags=["exercise"]
def raster_mask(kernel: int, mask: Mask) -> Tensor:
    """Return which weights of a kernel see earlier pixels: 0.0 or 1.0, (k, k).

    The kernel's centre lies on the pixel itself. Earlier are the rows above, and what
    is on the left in the pixel's own row.

    Args:
        kernel: odd, the side k of the kernel; an even one is a ValueError.
        mask: "A" hides the pixel itself, "B" shows it; another is a ValueError.
    """
    return todo()


# %%
check("pixelcnn.raster_mask", raster_mask)
raster_mask = mine_or_reference("pixelcnn.raster_mask", raster_mask)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-pixelcnn-mask
:class: dropdown
```{literalinclude} ../../src/gencourse/masked.py
:pyobject: raster_mask
```
::::
"""

# %% [markdown]
r"""
:::{exercise} Count the blind spot
:label: ex-pixelcnn-blind

*10 minutes, difficulty 1 of 3.*
A field tells what the pixel at row $i$ and column $j$ sees.
Which *earlier* pixels does it not see?
The pixel itself and later ones do not count.

- **In:** `field`, `bool`, `(H, W)`, true where a pixel is seen; `i` and `j`, counted from 0.
- **Out:** `bool`, `(H, W)`, true for an earlier pixel that is not seen.

For example:

```python
>>> field = torch.tensor([[True, False], [True, False]])
>>> blind_spot(field, 1, 1)
tensor([[False,  True],
        [False, False]])
```
:::
"""


# %% tags=["exercise"]
def blind_spot(field: Tensor, i: int, j: int) -> Tensor:
    """Return the pixels before (i, j) in raster order that its field does not hold.

    Args:
        field: bool (H, W), what pixel (i, j) depends on, as
            `gencourse.testing.receptive_field` measures it.
        i: the row of the pixel.
        j: its column.

    Returns:
        bool (H, W), True for an earlier pixel that is not seen.
    """
    return todo()


# %%
check("pixelcnn.blind_spot", blind_spot)
blind_spot = mine_or_reference("pixelcnn.blind_spot", blind_spot)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-pixelcnn-blind
:class: dropdown
```{literalinclude} ../../src/gencourse/masked.py
:pyobject: blind_spot
```
::::
"""

# %% [markdown]
r"""
:::{exercise} A gate
:label: ex-pixelcnn-gate

*5 minutes, difficulty 1 of 3.*
Split the features into two halves along an axis.
The first half is the signal, the second decides how much goes through.
A network is trained through it, so gradients must flow.

- **In:** `x`, of any shape; `dim`, the axis of the features, of even length.
- **Out:** $\tanh$ of the signal times the sigmoid of the other half; along `dim` it is half as long as `x`.

For example:

```python
>>> gate(torch.tensor([[1.0, 2.0, 0.0, 100.0]]), dim=1)
tensor([[0.3808, 0.9640]])
```
:::
"""


# %% tags=["exercise"]
def gate(x: Tensor, dim: int) -> Tensor:
    """Return tanh of the first half of x along dim, times sigmoid of the second half.

    van den Oord et al. 2016, equation 2, https://arxiv.org/abs/1606.05328.
    """
    return todo()


# %%
check("pixelcnn.gate", gate)
gate = mine_or_reference("pixelcnn.gate", gate)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-pixelcnn-gate
:class: dropdown
```{literalinclude} ../../src/gencourse/masked.py
:pyobject: gate
```
::::
"""

# %% [markdown]
r"""
:::{exercise} From a uniform number to a level
:label: ex-pixelcnn-inverse

*15 minutes, difficulty 2 of 3.*
Draw from a softmax law with a number $u$ that is uniform in $[0, 1)$.
Lay the probabilities side by side on the line from 0 to 1, level 0 first.
The level in whose piece $u$ falls is the draw.
With this, two samplers that are given the same $u$ must draw the same level.

- **In:** `logits`, `(..., levels)`, whose softmax is the law; `uniform`, a number $u$ for each law, `(..., 1)`.
- **Out:** levels, `int64`, `(...)`.

For example:

```python
>>> logits = torch.tensor([0.2, 0.3, 0.5]).log().expand(3, 3)
>>> inverse_cdf(logits, torch.tensor([[0.1], [0.4], [0.99]]))
tensor([0, 1, 2])
```
:::
"""


# %% tags=["exercise"]
def inverse_cdf(logits: Tensor, uniform: Tensor) -> Tensor:
    """Return levels drawn by inverse CDF: the first whose cumulated p exceeds the draw.

    Args:
        logits: of the levels, (..., levels); their softmax is the law.
        uniform: a draw in [0, 1) for each law, (..., 1).

    Returns:
        Levels, int64 (...).
    """
    return todo()


# %%
check("pixelcnn.inverse_cdf", inverse_cdf)
inverse_cdf = mine_or_reference("pixelcnn.inverse_cdf", inverse_cdf)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-pixelcnn-inverse
:class: dropdown
```{literalinclude} ../../src/gencourse/heads.py
:pyobject: inverse_cdf
```
::::
"""

# %% [markdown]
r"""
:::{exercise} Make the sampler fast
:label: ex-pixelcnn-column

*20 minutes, difficulty 2 of 3.*
Compute the features of *one* pixel of a convolution.
You are given the whole input, with its zeros around it, and the weight, masked already where it has to be.
The check compares with the full convolution, and it counts how many numbers you compute: doing everything and picking one pixel is right, but it is not fast.

- **In:** `seen`, `(n, in, H + k - 1, W + k - 1)`, an image of H by W with k // 2 zeros on each side; `weight`, `(out, in, k, k)`; `bias`, `(out,)`; `i` and `j`, the pixel's row and column in the image without the zeros, counted from 0.
- **Out:** features, `(n, out)`.

For example:

```python
>>> seen = torch.zeros(1, 2, 4 + 2, 4 + 2)  # a 4x4 image in a border of one
>>> seen[:, :, 1:5, 1:5] = 1.0
>>> weight, bias = torch.ones(3, 2, 3, 3), torch.zeros(3)
>>> column(seen, weight, bias, i=2, j=1)
tensor([[18., 18., 18.]])
>>> column(seen, weight, bias, i=0, j=0)  # the corner
tensor([[8., 8., 8.]])
```
:::
"""


# %% tags=["exercise"]
def column(
    seen: Tensor, weight: Tensor, bias: Tensor, i: int, j: int
) -> Tensor:
    """Return the features of one pixel of a convolution, at the cost of that pixel.

    Args:
        seen: the input, padded with k // 2 zeros on each side: (n, in, H + k - 1,
            W + k - 1).
        weight: (out, in, k, k), masked already.
        bias: (out,).
        i: the row of the pixel, in the image without padding.
        j: its column.

    Returns:
        (n, out): what the convolution of the whole image has at [:, :, i, j].
    """
    return todo()


# %%
check("pixelcnn.column", column)
column = mine_or_reference("pixelcnn.column", column)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-pixelcnn-column
:class: dropdown
```{literalinclude} ../../src/gencourse/cached.py
:pyobject: column
```
::::
"""

# %% [markdown]
r"""
:::{exercise} The mass of a bin
:label: ex-pixelcnn-bin

*30 minutes, difficulty 3 of 3.*
Return the logarithm of the mass that a logistic law has in the bin of a level.
Levels are scaled to $[-1, 1]$, so a bin reaches $1/(\text{levels} - 1)$ to both sides of its centre.
The bins of the lowest and of the highest level are open to infinity.
Far from the mean nothing may become infinite or NaN, in single precision either.
The identity above does it.
A network is trained through it, so gradients must be finite, too.

- **In:** `x`, levels, whole numbers from 0 to `levels` - 1, `uint8` perhaps; `mean` and `log_scale`, the natural logarithm of the scale, both in the units of $[-1, 1]$; the shapes of the three broadcast; `levels`, how many levels there are.
- **Out:** natural logarithms, in nats, in the common shape.

For example:

```python
>>> one = torch.ones(3)
>>> logistic_bin(torch.arange(3), mean=0.5 * one, log_scale=-one, levels=3).exp()
tensor([0.0619, 0.4381, 0.5000])
```
:::
"""


# %% tags=["exercise"]
def logistic_bin(
    x: Tensor, mean: Tensor, log_scale: Tensor, levels: int
) -> Tensor:
    """Return the log-probability in nats of the bin of each level under a logistic law.

    With the bin's ends (a, b) in units of the scale, log(sigmoid(b) - sigmoid(a)) is
    log sigmoid(b) + log sigmoid(-a) + log(1 - exp(a - b)): no branch, and nothing that
    underflows.

    Args:
        x: levels, whole numbers 0 ... levels - 1.
        mean: on levels scaled to [-1, 1].
        log_scale: natural logarithm of the scale, in the same units as the mean.
        levels: the number of levels; the outer bins reach to infinity.

    Returns:
        The broadcast shape of the three.
    """
    return todo()


# %%
check("pixelcnn.logistic_bin", logistic_bin)
logistic_bin = mine_or_reference("pixelcnn.logistic_bin", logistic_bin)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-pixelcnn-bin
:class: dropdown
```{literalinclude} ../../src/gencourse/heads.py
:pyobject: logistic_bin
```
::::
"""

# %% [markdown]
r"""
Now put your functions to work, where they passed.
Your masks make a convolution; your count looks over it; your column computes one pixel of it; your bins and your draw paint with it.
"""

# %%
weight = torch.randn(4, 1, 5, 5) * raster_mask(5, "A")
image = torch.rand(1, 1, 9, 9)
everywhere = F.conv2d(image, weight, padding=2)
padded = F.pad(image, (2, 2, 2, 2))
one = column(padded, weight, torch.zeros(4), 3, 6)
same = torch.allclose(one, everywhere[:, :, 3, 6], atol=1e-5)
print("one column is that of the convolution:", same)

# %%
field = torch.zeros(9, 9, dtype=torch.bool)
field[1:4, 4:9] = raster_mask(5, "A")[:3].bool()
unseen = blind_spot(field, 3, 6)
print("a single 5x5 kernel leaves", int(unseen.sum()), "pixels unseen")

# %%
means, scales = torch.tensor([-0.6, 0.4]), torch.tensor([-2.0, -3.0])
law = logistic_bin(levels[:, None], means, scales, 256).logsumexp(1)
uniform = torch.rand(10_000, 1, generator=torch.Generator().manual_seed(0))
drawn = inverse_cdf(law.expand(10_000, -1), uniform)
print(
    f"mean level of the law {(law.softmax(0) * levels).sum():.1f}", end=", "
)
print(f"of 10,000 draws {drawn.float().mean():.1f}")
half = gate(torch.tensor([[2.0, 0.0]]), 1).item()
print(f"a signal of 2 through a gate that is half open: {half:.3f}")

# %% [markdown]
r"""
## What to remember

- In training all guesses can be made at once, if the network is causal. Masked convolutions are.
- Mask A hides the pixel and stands in the first layer; mask B shows it and stands in the others.
- A stack of masked kernels has a blind spot. Two stacks, one for the rows above and one for the left, have none.
- A mixture of logistic laws knows that levels are numbers. Its bins sum to one, and a little algebra keeps them finite.
- Given the upper half, the rest can be drawn exactly. A class can be chosen by adding a vector in every layer.
- Drawing has 784 steps. With a cache a step costs one column of features, and the pictures stay the same.

## Where this comes from

Masked convolutions and PixelCNN: {cite:t}`vandenoord2016pixelrnn`.
The two stacks, the gates and the classes: {cite:t}`vandenoord2016pixelcnn`.
The mixture of logistic laws: {cite:t}`salimans2017pixelcnnpp`.
Dilated convolutions: {cite:t}`yu2016multi`.
The cache: {cite:t}`ramachandran2017fast`.
"""

# %% tags=["remove-cell"]
from gencourse.provenance import report

report()
