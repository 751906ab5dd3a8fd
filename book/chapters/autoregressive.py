# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# Autoregressive models: a summary

You have met four models that guess pixel after pixel.
What have you bought with them, and what did it cost?

This chapter puts them side by side and measures.
Three things speak for them: an **exact likelihood**, a **usable measure of progress**, and **good samples**.
One thing speaks against them: **drawing is sequential**.
"""

# %%
import io
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

import gencourse
from gencourse import data, figures, results, testing
from gencourse.autoregressive import Autoregressive
from gencourse.evaluate import bits_per_dim
from gencourse.exercises import check, hint, mine_or_reference, todo
from gencourse.images import Shape
from gencourse.pixelcnn import GatedPixelCNN, PixelCNN
from gencourse.pixelrnn import DiagonalBiLSTM, RowLSTM

_ = torch.manual_seed(0)
# %%
test = data.load("fashion-mini", "test")
names = ("pixelcnn", "row-lstm", "diagonal-bilstm", "gated-pixelcnn")
models = {name: gencourse.load(name) for name in names}

# %% [markdown]
r"""
## All of them, in one table

The same data, the same unit, the same test pictures.
"""

# %%
shipped = [*names, "gated-pixelcnn-conditional"]
results.likelihoods(
    shipped,
    "The conditional model was trained on from the unconditional one.",
)

# %% [markdown]
r"""
Mind the other columns before you compare two rows.
The Gated PixelCNN is larger and was trained for longer than the others.
It may stand first for that reason, and not because it has no blind spot: this table cannot tell.
And every network was trained with one seed.
How much is luck, it cannot tell either.

## For: the likelihood is exact

An exact likelihood is a promise that can be cashed in.

**It is a length.**
A picture that has probability $p(x)$ can be stored in about $-\log_2 p(x)$ bits, by arithmetic coding.
So a better density is a better compressor.
How long are test pictures, against PNG, which is made for such pictures?
"""


# %% tags=["experiment"]
def png_bytes(image: Tensor) -> int:
    file = io.BytesIO()
    Image.fromarray(image[0].numpy()).save(file, "PNG", optimize=True)
    return file.tell()


# %%
x = test.x[:200]
with torch.inference_mode():
    nats = {
        name: torch.cat([-model.log_prob(part) for part in x.split(50)])
        for name, model in models.items()
    }
lengths = {
    name: float(bits_per_dim(each, dims=784).mean() * 784 / 8)
    for name, each in nats.items()
}
lengths["PNG"] = sum(map(png_bytes, x)) / len(x)

# %% tags=["hide-input"]
figures.table(
    ["bytes for a picture", "mean over 200 test pictures"],
    [
        ("as it is", "784"),
        *((name, f"{length:.0f}") for name, length in lengths.items()),
    ],
    "Length of a 28 by 28 picture of 256 levels: PNG files, headers included, and the "
    "length that the models promise.",
)

# %% [markdown]
r"""
(A PNG file has headers, which weigh more when the picture is small, and the decoder of a model is a network that has to be there.
Still, the gap is wide.)

**It can be compared.**
Is one model better than another, or was it luck with these 200 pictures?
Every picture has a likelihood under both, so compare picture by picture.
What makes a picture hard for both falls out of the difference.
"""

# %% tags=["experiment"]
pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
for a, b in pairs:
    difference = (nats[a] - nats[b]) / (784 * torch.tensor(2.0).log())
    error = difference.std() / len(difference) ** 0.5
    print(f"{a} minus {b}: {difference.mean():+.3f} ± {error:.3f} bits")

# %% [markdown]
r"""
The number after ± is the standard error.
A difference of many standard errors is no luck with the pictures.
(It may still be luck with the seed of the training.)

**It can be checked.**
All probabilities sum to one; for a small enough picture you can add them up.
No other claim about a model of pictures is as easy to test.

## For: progress can be seen

There is one loss, it is the thing that we want, and its zero and its ceiling mean something.
8 bits is ignorance.
Below the table of neighbours something has been learned.
If the loss of held-back pictures rises while that of the training pictures falls, the model has begun to learn by heart.
Models of different design can be compared, as long as they are asked about the same levels.

This is not to be taken for granted.
When we come to adversarial networks, there will be two losses, and neither will tell whether things get better.
"""

# %% [markdown]
r"""
## For: good samples

Eight drawings of each model, with seed 0, not chosen.
"""

# %%
drawn = {
    name: model.sample(8, generator=torch.Generator().manual_seed(0))
    for name, model in models.items()
}

# %% tags=["hide-input"]
figures.grid(
    torch.cat(list(drawn.values())),
    "Eight drawings of each of four models. All have clean edges and plausible shades. "
    "Many of the PixelCNN and the PixelRNNs are no garment as a whole; more of the Gated "
    "PixelCNN's are.",
    columns=8,
    rows=list(names),
)

# %% [markdown]
r"""
Look from near and from afar.
From near they are good: sharp edges, smooth shades, no blur.
From afar some are no garment: the upper half began a coat, the lower half ends a dress.
A likelihood is mostly earned by the next pixel, and the next pixel is mostly decided by its neighbours.

## Against: one pixel after another

Training is parallel.
Drawing is not: 784 laws have to be asked for, each after the last draw.
A cache makes each step cheap; it does not make the steps fewer.

What do the four designs cost, **at equal size**?
We build each with about 90,000 parameters, and measure.
"""

# %%
head = {"head": "logistic"}
equals = {
    "PixelCNN": PixelCNN(features=32, blocks=6, **head),
    "Gated PixelCNN": GatedPixelCNN(
        features=24, dilations=(1, 2, 4, 8, 1, 2, 4), **head
    ),
    "Row LSTM": RowLSTM(features=36, layers=2, **head),
    "Diagonal BiLSTM": DiagonalBiLSTM(features=34, layers=2, **head),
}
steps = {"Row LSTM": "2 x 28", "Diagonal BiLSTM": "2 x 55"}


# %% tags=["experiment"]
def costs(model: Autoregressive) -> tuple[float, float, float]:
    times = []
    for _ in range(3):
        start = time.process_time()
        model.losses(test.x[:16])["nll"].backward()
        times.append(time.process_time() - start)
    for count in (1, 32):
        start = time.process_time()
        model.sample(count)
        times.append(time.process_time() - start)
    return 16 / min(times[:3]), times[3], times[4] / 32


# %%
found = {title: costs(model) for title, model in equals.items()}
sizes = {
    title: sum(p.numel() for p in model.parameters())
    for title, model in equals.items()
}

# %% tags=["hide-input"]
header = "design, parameters, training: images a CPU-second, recurrent steps"
header += ", drawing one: CPU-seconds, one of 32 at once: CPU-seconds"
figures.table(
    header.split(", "),
    [
        (
            title,
            f"{sizes[title]:,}",
            f"{trained:.0f}",
            steps.get(title, "none"),
            f"{alone:.2f}",
            f"{together:.3f}",
        )
        for title, (trained, alone, together) in found.items()
    ],
    "Costs of four designs at equal size, 28 by 28 pictures, timed once when this page "
    "was made. Recurrent steps are those of a pass in training. Drawing is cached.",
)

# %% [markdown]
r"""
Drawing one picture takes about as long as drawing a few: the steps wait for each other, not for arithmetic.
So draw many at once.

On a graphics card we expect another balance.
The steps of a recurrent network and those of drawing are many small calls there, and the card may wait for them.
We could not measure that here.

There is a second thing against them, less often named.
The order of the pixels is arbitrary, and nothing in the model is a short description of a whole picture.
An autoencoder has one, but cannot draw.
The next part of the course is about having both.
"""

# %% [markdown]
r"""
## What came after

**PixelCNN++** {cite}`salimans2017pixelcnnpp` kept the idea and changed the parts: a mixture of logistic laws in place of the softmax, which made training faster; R, G and B of a pixel tied together by a simple linear rule instead of masks; a network that goes to coarser scales and back, with short-cuts; and dropout.
Our models have the first of these.

**PixelSNAIL** {cite}`chen2018pixelsnail` put self-attention between the causal convolutions, so that a pixel can look far back directly.
It reports 2.85 bits per dimension on CIFAR-10.

The **Image Transformer** {cite}`parmar2018image` is made of self-attention, kept to a neighbourhood so that larger pictures become possible.
On ImageNet it reports 3.77 bits per dimension, where the best before it was 3.83.
**Sparse Transformers** {cite}`child2019generating` made attention over very long sequences affordable.

These numbers belong to other data, and cannot be compared with those in our table.
The game is still the same: guess the next pixel.
Replace pixels by words, and you have a language model.
"""

# %% [markdown]
r"""
## Check yourself

Pick an answer before you open it: each one says whether it holds, and why.

:::{quiz}
The Gated PixelCNN needs 0.125 ± 0.003 bits per dimension less than the PixelCNN.
You want to say: that is because it has no blind spot.
What is missing?

- [ ] Nothing: the difference is some forty times its error.

  So it is no luck with the 200 pictures.
  But that is all that this error speaks of.
  It tells neither how another seed would have come out, nor *why* there is a difference.

- [ ] More test pictures, to make the error smaller still.

  Small errors convince, so one is tempted to make them smaller.
  This one is small enough.
  No number of pictures can part two causes that were changed together.

- [x] A plain PixelCNN of the same size and the same training, and more seeds of both.

  The gated one also has more parameters, gates, and many more minutes of training.
  Only where all else is equal does a difference belong to the blind spot.

Between one picture and the next, the bits that a model needs differ a lot.
Still the difference of Row LSTM and Diagonal BiLSTM is known to ± 0.001, from 200 pictures.
How can that be?

- [ ] An exact likelihood has no error.

  For a given picture the number is exact.
  But we want the mean over all pictures that might come, and have 200 of them.

- [x] A picture that is hard for one model is hard for the other too.

  Compare picture by picture, and what makes it hard falls out of the difference.
  What remains scatters little.

- [ ] With 200 pictures any mean is that exact.

  The error of a mean does shrink with the number of pictures, and 200 sounds like many.
  Yet where pictures differ by much, two means that are taken separately scatter far more than the models differ.

With a cache, all the steps of a drawing together cost about one pass of the network.
Is drawing now as parallel as training?

- [x] No: the work has shrunk, the waiting has not.

  Each of the 784 laws still depends on the draw before it.
  There is little to compute in a step, so a processor can just as well take a step of many pictures at once.

- [ ] Yes: one pass is one pass.

  The work is the same, and one is tempted to take work for time.
  In training the pass is done in one go, since all pixels are known.
  Here it is done column by column, in order.

- [ ] Nearly: on twice as many cores, one picture would be drawn in half the time.

  That holds where there is enough to share out.
  A cached step is a few small products, and no step can begin before the last one has ended.
:::
"""

# %% [markdown]
r"""
## Exercises

Write each function where it says `todo()`, run the cell, then the check below it.
`hint("autoregressive.fill")` gives a hint, and a stronger one when you ask again.
"""

# %% [markdown]
r"""
:::{exercise} Is it better, or was it luck?
:label: ex-autoregressive-paired

*10 minutes, difficulty 1 of 3.*
Two models were asked about the same pictures.
Return the mean of their differences, and the standard error of that mean.
Where all differences are the same, the error is 0.

- **In:** `a` and `b`, a number for each picture in the same order, `(N,)` each. Two shapes, or fewer than 2 pictures, are a `ValueError`.
- **Out:** two floats: the mean of a - b, and its error, from a standard deviation with $N - 1$.

For example:

```python
>>> a, b = torch.tensor([1.0, 5.0, 9.0]), torch.tensor([0.0, 5.0, 7.0])
>>> mean, error = paired_difference(a, b)
>>> mean, round(error, 4)
(1.0, 0.5774)
```
:::
"""


# %% tags=["exercise"]
def paired_difference(a: Tensor, b: Tensor) -> tuple[float, float]:
    """Return the mean of a - b, and the standard error of that mean.

    Both models are asked about the same images, so that what makes an image hard for
    both falls out of the difference.

    Args:
        a: one model's values, (N,), such as nats per image.
        b: the other's on the same images in the same order, (N,); another shape is a
            ValueError, and so are fewer than 2 images.

    Returns:
        The mean difference, and the differences' standard deviation (with N - 1) over
        the root of N.
    """
    return todo()


# %%
check("autoregressive.paired_difference", paired_difference)
paired_difference = mine_or_reference(
    "autoregressive.paired_difference", paired_difference
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-autoregressive-paired
:class: dropdown
```{literalinclude} ../../src/gencourse/evaluate.py
:pyobject: paired_difference
```
::::
"""

# %% [markdown]
r"""
:::{exercise} Every picture there is
:label: ex-autoregressive-enumerate

*10 minutes, difficulty 2 of 3.*
List every picture of a shape.
With two levels and two pixels there are four, in this order: 00, 01, 10, 11.
The digits are the subpixels in raster order, the channels of a pixel one after another.
More than $2^{20}$ pictures are a `ValueError`, and it should come before the memory is full.

- **In:** `shape`, `(C, H, W)`; `levels`, how many levels a subpixel has.
- **Out:** levels, `uint8`, `(levels ** (C * H * W), C, H, W)`.

For example:

```python
>>> x = enumerate_images((1, 1, 2), 3)
>>> x.shape, x[1].tolist(), x[3].tolist()
(torch.Size([9, 1, 1, 2]), [[[0, 1]]], [[[1, 0]]])
```
:::
"""


# %% tags=["exercise"]
def enumerate_images(shape: Shape, levels: int) -> Tensor:
    """Return every image there is: uint8 (levels ** (C * H * W), C, H, W).

    In the order of numbers with a digit for each subpixel, the first one leading. More
    than 2 ** 20 images are a ValueError.
    """
    return todo()


# %%
check("autoregressive.enumerate_images", enumerate_images)
enumerate_images = mine_or_reference(
    "autoregressive.enumerate_images", enumerate_images
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-autoregressive-enumerate
:class: dropdown
```{literalinclude} ../../src/gencourse/testing.py
:pyobject: enumerate_images
```
::::
"""

# %% [markdown]
r"""
:::{exercise} Finish a picture
:label: ex-autoregressive-fill

*15 minutes, difficulty 2 of 3.*
Write the loop that draws.
Go through the subpixels in raster order, the channels of a pixel one after another, and ask `draw` for each.
Where a pixel is known, keep it; else take what was drawn.
`draw` is shown the picture as it stands: all that is known, also what is still ahead, what you filled in so far, and 0 elsewhere.
What is known may differ from picture to picture.
And the picture that you are given must stay as it was.

- **In:** `x`, levels, `(B, C, H, W)`; `known`, `bool`, of that shape; `draw`, a function: `draw(x, i, j, c)` returns levels `(B,)` for row i, column j and channel c, and is asked for known subpixels too.
- **Out:** a new tensor, in the shape and the dtype of `x`; so is the picture that `draw` is shown.

For example:

```python
>>> x = torch.tensor([[[[7, 9, 9]]]], dtype=torch.uint8)
>>> known = torch.tensor([[[[True, False, False]]]])
>>> fill(x, known, lambda x, i, j, c: x[:, 0, 0, 0] + j)
tensor([[[[7, 8, 9]]]], dtype=torch.uint8)
```
:::
"""


# %% tags=["exercise"]
def fill(x: Tensor, known: Tensor, draw: Callable[..., Tensor]) -> Tensor:
    """Return a copy of x in which the unknown subpixels are drawn, in raster order.

    Row by row, from the left; inside a pixel one channel after another.

    Args:
        x: levels, (B, C, H, W); what stands where it is not known is not looked at.
        known: bool, the shape of x: True where x is kept.
        draw: draw(x, i, j, c) returns levels (B,) of channel c at row i, column j. Its
            x holds all that is known, what is drawn by then, and 0 elsewhere. It is
            called for every subpixel, a known one too: it may keep what it computes.
    """
    return todo()


# %%
check("autoregressive.fill", fill)
fill = mine_or_reference("autoregressive.fill", fill)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-autoregressive-fill
:class: dropdown
```{literalinclude} ../../src/gencourse/autoregressive.py
:pyobject: fill
```
::::
"""

# %% [markdown]
r"""
Now put your functions to work, where they passed.
Your list of pictures checks a density, and your loop draws from it.
"""

# %%
tiny = GatedPixelCNN(shape=(1, 3, 3), levels=2, features=4, dilations=(1,))
tiny = testing.strong_copy(tiny)
pictures = enumerate_images((1, 3, 3), 2)
with torch.inference_mode():
    probabilities = tiny.log_prob(pictures).exp()
print(f"{len(pictures)} pictures, together {probabilities.sum():.6f}")

# %%
generator = torch.Generator().manual_seed(0)


# %% tags=["experiment"]
def draw(x: Tensor, i: int, j: int, c: int) -> Tensor:
    with torch.inference_mode():
        law = tiny.logits(x)[:, c, i, j].softmax(-1)
    return torch.multinomial(law, 1, generator=generator)[:, 0]


# %%
empty = torch.zeros(2000, 1, 3, 3, dtype=torch.uint8)
nothing = torch.zeros_like(empty, dtype=torch.bool)
images = fill(empty, nothing, draw)
white = pictures.flatten(1).double().mean(1)
expected = float((probabilities * white).sum())
share = images.flatten(1).double().mean(1)
mean, error = paired_difference(share, torch.full((2000,), expected))
print(f"white pixels: drawn minus expected {mean:+.4f} ± {error:.4f}")

# %% [markdown]
r"""
## What to remember

- Autoregressive models give the exact likelihood. It is a code length, it can be compared picture by picture, and it can be checked.
- One loss tells whether things get better, and it means the same for every model.
- Samples are sharp from near. The whole is harder than the parts.
- Drawing is sequential. A cache makes the steps cheap, not fewer; draw many at once.
- Compare at equal size, equal cost and equal data, with an error bar, or say that you did not.

## Where this comes from

The models: {cite:t}`vandenoord2016pixelrnn,vandenoord2016pixelcnn,salimans2017pixelcnnpp`.
What came after: {cite:t}`chen2018pixelsnail,parmar2018image,child2019generating`.
What likelihood does and does not tell about pictures: {cite:t}`theis2016note`.
"""

# %% tags=["remove-cell"]
from gencourse.provenance import report

report()
