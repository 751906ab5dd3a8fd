# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# PixelRNN

Cover a picture with your hand and uncover it pixel by pixel.
Before each pixel comes to light, guess it: say how probable every level is.
How good are your guesses, all in all?

A model that can play this game knows the density of whole pictures, exactly.
This chapter builds one out of a recurrent network.
It also breaks one on purpose, because the most common mistake in this trade looks like success.
"""

# %%
from unittest.mock import patch

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import AdamW

import gencourse
from gencourse import animations, data, figures, pictures, recipes
from gencourse import results, testing
from gencourse.evaluate import bits_per_dim
from gencourse.exercises import check, hint, mine_or_reference, todo
from gencourse.pixelrnn import DiagonalBiLSTM, RowLSTM
from gencourse.recurrent import RowLayer, skew
from gencourse.train import Batches, fit, warmup_cosine

_ = torch.manual_seed(0)
# %%
full = gencourse.profile() == "full"
name = "fashion-mnist" if full else "fashion-mini"
train, test = data.load(name, "train"), data.load(name, "test")

# %% [markdown]
r"""
## A picture is a product of guesses

How can a network give the probability of a *picture*?
There are $256^{784}$ pictures of Fashion-MNIST's size.
A softmax over all of them is out of the question.

Take a picture of three pixels instead.
By the definition of conditional probability, always and without any assumption,

$$
p(x_1, x_2, x_3) = p(x_1) \, p(x_2 \mid x_1) \, p(x_3 \mid x_1, x_2) .
$$

This is the **chain rule**.
With $n$ pixels in **raster order**, row by row and from the left,

$$
p(x) = \prod_{i=1}^{n} p(x_i \mid x_1, \dots, x_{i-1}) .
$$

Each factor is a law over the 256 levels of *one* pixel.
A softmax can do that.
(A pixel of a colour picture has three numbers, its **subpixels**. They come one after another too: red, then green given red, then blue given both.)

So the task has changed.
Not: learn a law over pictures.
But: learn to guess the next pixel from those before it.
And for that **the data need no labels**: the next pixel is the answer, and it stands in the picture.
A model that is built like this is called **autoregressive**.

Let us measure a guess.
The network gives a number $a_k$ for each level $k$, its **logits**; the softmax makes them a law.
If the pixel turns out to be at level $x_i$, the guess is worth

$$
\log p(x_i \mid x_1, \dots, x_{i-1}) = a_{x_i} - \log \sum_k e^{a_k} .
$$

The log-likelihood of a picture is the sum over its pixels, since the logarithm of a product is a sum.
To maximise it, the loss is its negative: **nats per image**, as in the first chapter.
(In the code below, `head` is the part that turns a network's numbers into a law, here the softmax; `y` is a class, for models that are told one, and `None` for ours.)

```{literalinclude} ../../src/gencourse/autoregressive.py
:pyobject: Autoregressive.log_prob
```

What is left to build is `logits`: a network that takes the whole picture and returns the laws of *all* pixels at once.
There is one condition, and everything depends on it.
**The law of pixel $i$ may not look at pixel $i$, nor at any later one.**
Such a network is called **causal**.
"""

# %% [markdown]
r"""
## Memory: a recurrent network

How can the law of a pixel depend on *all* the pixels before it, when they are seven or seven hundred?
A recurrent network carries a **state** along.
At each step the state takes in something new, and keeps what it needs of the old.

The cell that has learned to keep things is the LSTM {cite}`hochreiter1997long`.
It owns a memory $c$, its **cell**, that is only changed through gates:

$$
c \leftarrow f \odot c + i \odot g, \qquad h = o \odot \tanh(c) .
$$

The gates $i$ (input), $f$ (forget) and $o$ (output) are sigmoids, so they lie between 0 and 1: how much comes in, how much stays, how much is shown.
The candidate $g$ is a $\tanh$: what might come in.
All four are linear in what is seen, before their sigmoid or $\tanh$.
What is handed on is the state $h$.

The obvious way is to walk through the picture pixel by pixel, 784 steps.
That is slow: no step can begin before the last one has ended.
PixelRNN {cite}`vandenoord2016pixelrnn` has two better ways to walk.
"""

# %% [markdown]
r"""
## Row LSTM: a row at a time

All pixels of a row step at once.
Each looks at three states of the row above: left above, above, right above.
That makes 28 steps instead of 784.

```{literalinclude} ../../src/gencourse/recurrent.py
:pyobject: RowLayer
```

(`remember` opens the forget gates at the start; `row_states` is the loop over rows, which you will write yourself.)

Mark the two parts of a gate.
The part that comes from the input is computed for the whole map before the first step; it needs no waiting.
Only the part that comes from the states is recurrent.

Before the first such layer stands a $7 \times 7$ convolution that hides the pixel itself and everything after it.
The next chapter is about such **masked** convolutions; here one gives the network its first look at the neighbours.
The layer then looks at what this convolution says of the pixel itself and of its left neighbour.

What does a pixel see, then?
We need not argue about it, we can **measure** it.
Let the law of a pixel depend on a real-valued picture, and differentiate: where the gradient is not zero, the pixel is seen.
The gradients of a fresh network are tiny, so `strong_copy` first gives it large random weights.
"""

# %%
size, at = (1, 12, 23), (10, 11)
one = testing.strong_copy(RowLSTM(shape=size, features=8, layers=1))
three = testing.strong_copy(RowLSTM(shape=size, features=8, layers=3))
seen_by_one = testing.receptive_field(one, at)
seen = {
    "Row LSTM, 1 layer": seen_by_one,
    "3 layers": testing.receptive_field(three, at),
}

# %% tags=["hide-input"]
pictures.fields(
    seen,
    at,
    "What a pixel in the middle of row eleven of a 12 by 23 picture sees. With one "
    "layer a triangle that widens upwards, and four pixels on its left. "
    "With three layers the triangle reaches a little farther to the left. Earlier pixels outside it are not seen.",
)

# %% [markdown]
r"""
A triangle, opening upwards by one column on each side in every row.
It begins some pixels wide, because of the first convolution.
Outside it lie pixels that come earlier and yet are never seen.
The law of the pixel cannot depend on them, whatever we train.
More layers widen it only a little, and only on the left.
"""

# %% [markdown]
r"""
## Diagonal BiLSTM: why diagonals?

Which states would a pixel like to look at?
The one above and the one on its left.
Those two have seen, by the same rule, all that is above and to the left.

But the one on the left belongs to the same row, so a row can no longer step at once.
What can?
Number the pixels by the earliest step in which they can be computed: the first pixel in step 0, its right and its lower neighbour in step 1, and so on.
"""

# %%
height, width = 4, 6
rows, columns = torch.arange(height)[:, None], torch.arange(width)
print(rows + columns)

# %% [markdown]
r"""
Equal numbers stand on a **diagonal**: its pixels do not look at each other, so they step at once.
There are $H + W - 1$ diagonals, 55 for a picture of 28 rows and columns.

Diagonals are awkward to cut out of a picture.
The trick of the paper is to **skew** it: shift row $i$ to the right by $i$ places.
Then the diagonals are columns.
"""

# %%
print(skew(rows + columns + 1))  # 0 is the filling

# %% [markdown]
r"""
It can be done without a loop over rows: fill up each row with $H$ zeros, and then read the same memory in rows that are one shorter.

One direction is not enough: a state that looks up and left never hears of what stands up and *right*.
So a second LSTM comes from the right, looking up and right.
Now be careful.
When it arrives at a pixel, it has seen the pixels on its right, in the same row.
They come *later*.
If its state were used there, the future would leak.
So its map is handed **one row down**: a pixel gets what came from the right to the row above.

Here is the layer.
Both directions run in one loop, so that it takes 55 steps and not 110; the second one is the same walk over the mirrored picture.

```{literalinclude} ../../src/gencourse/recurrent.py
:pyobject: DiagonalLayer.forward
:dedent: 4
```

```{literalinclude} ../../src/gencourse/recurrent.py
:pyobject: DiagonalLayer.recur
:dedent: 4
```
"""

# %%
diagonal = testing.strong_copy(
    DiagonalBiLSTM(shape=size, features=8, layers=1)
)
seen = {
    "Row LSTM": seen_by_one,
    "Diagonal BiLSTM": testing.receptive_field(diagonal, at),
}

# %% tags=["hide-input"]
pictures.fields(
    seen,
    at,
    "What the same pixel sees in a Row LSTM, a triangle, and in a Diagonal BiLSTM: "
    "every earlier pixel, but for the last one of the row above.",
)

# %% [markdown]
r"""
The whole past, from a single layer.
Well, almost: look at the end of the row above.
One pixel is missing.

```{live} pixelrnn
:alt: What one pixel sees in three models on a grid of 15 by 15: a triangle in a Row LSTM, all earlier pixels in a Diagonal BiLSTM, and a window in a PixelCNN. Earlier pixels outside of these are hidden from it.

Move over a pixel and see what its law depends on, in two models at a time.
Add layers, and watch the triangle widen. The PixelCNNs are those of the next chapter.
All of it was measured, with Jacobians of small models with large random weights.
```

Is this a bug of ours?
It is in the paper's own design.
What comes from the right to the row above has begun with that row's last pixel, but through the first convolution, which hides a pixel from its own cell.
So the state in the last column has not seen the last pixel, and nobody else hands it down, unless it lies within the three columns that the $7 \times 7$ convolution reaches to the right.
Let us count on a picture of eight rows and columns.
From the second row on, seven rows, the first four pixels are too far away: that should make 28.
"""

# %%
small = DiagonalBiLSTM(shape=(1, 8, 8), features=4, layers=1)
jacobian = testing.causal_jacobian(testing.strong_copy(small))
missing = testing.unseen(jacobian)
print(f"{len(missing)} of {64 * 63 // 2} earlier pixels are not seen")
for pixel, other in missing[:5].tolist():
    print("pixel", divmod(pixel, 8), "does not see", divmod(other, 8))

# %% [markdown]
r"""
More layers do not help: each of them hands its map one row down in the same way.
It is little, and it does no harm: a density that ignores a pixel is still a density.
Seeing too *much* is the mistake that kills, as we shall see.
"""

# %% [markdown]
r"""
## Deep, and trained

Two more things make it work in depth.
A **residual connection** adds the output of a layer to its input, so that a layer only has to learn a change.
A **skip connection** carries every layer straight to the output.
Both are sums:

```{literalinclude} ../../src/gencourse/pixelrnn.py
:pyobject: PixelRNN.through
:dedent: 4
```

We also make the softmax's work easier.
Levels 200 and 201 are almost the same grey, but a softmax has to learn that.
The trained models here use a **mixture of logistic laws** instead, a smooth law over the levels; the next chapter explains it.

Now we train, on a CPU only for a short while.
(`clip` cuts gradients that are much longer than usual.)
"""

# %%
torch.manual_seed(0)
recipe = recipes.RECIPES["row-lstm"]
model = recipe.model() if full else RowLSTM(features=16, head="logistic")
adam = AdamW(model.parameters(), lr=recipe.lr, betas=(0.9, 0.95))
batches = Batches(train.x, size=8, steps=recipe.steps if full else 150)
history = fit(
    [(adam, model.losses)], batches, clip=1e4, schedule=warmup_cosine,
    progress=False,
)  # fmt: skip

# %% tags=["hide-input"]
bits = bits_per_dim(torch.tensor(history["total"]), dims=784).tolist()
alt = (
    "The loss of a PixelRNN in bits per dimension falls steeply from about five to "
    "below four and then slowly on, with much noise from batch to batch."
)
figures.curves(
    {"Row LSTM": bits}, alt, ylabel="bits per dimension", average=10
)

# %% [markdown]
r"""
The package ships two PixelRNNs that were trained on all 60,000 pictures.
How do they compare with the baselines of the first chapter, on the 10,000 test pictures?
"""

# %%
shipped = ("row-lstm", "diagonal-bilstm")
results.likelihoods(shipped)

# %% [markdown]
r"""
Both beat the table of the two neighbours left and above by far.
(How the models compare with each other at equal size and equal cost is the question of the summary chapter.)
"""

# %% [markdown]
r"""
## Drawing, pixel by pixel

To draw a picture, play the game of the beginning with nobody holding the answer.
Ask for the law of the first pixel, and draw a level from it.
Write it down; ask for the law of the second pixel, given the first; and so on.
After 784 draws stands a picture, drawn from exactly the density that `log_prob` gives.

```{literalinclude} ../../src/gencourse/autoregressive.py
:pyobject: fill
```
"""

# %%
painter = gencourse.load("diagonal-bilstm")
draws = torch.Generator().manual_seed(0)
drawn = painter.sample(16, generator=draws)
frames = animations.growing(drawn)

# %% tags=["hide-input"]
animations.animation(
    frames,
    "Sixteen pictures grow row by row from the top. Some come out as tops, trousers, "
    "bags or shoes, others are a mixture of garments.",
)

# %% [markdown]
r"""
Nothing here was chosen; these are the first sixteen with seed 0.
Edges and textures are right, as a guess from near neighbours should have them.
Whether the whole is one garment has to be remembered over many rows, and that is harder.

One picture needs 784 draws, one after the other.
Done carelessly, each draw costs a pass through the whole network.
Our `sample` keeps the states that it has computed, so that all the draws together cost one pass.
The next chapter shows how.
"""

# %% [markdown]
r"""
## What a leak looks like

Suppose that we had forgotten one line: the map from the right is *not* handed one row down.
Nothing crashes.
Let us train the right model and the wrong one, side by side, on small pictures with four levels.
"""

# %%
tiny = data.load("fashion-mini", "train", size=14, levels=4)
tiny_shape = {"shape": (1, 14, 14), "levels": 4}
forgotten = patch("gencourse.recurrent.one_row_down", lambda x: x)


# %% tags=["experiment"]
def trained_bits() -> tuple[DiagonalBiLSTM, list[float]]:
    torch.manual_seed(0)
    model = DiagonalBiLSTM(**tiny_shape, features=16, layers=1)
    turn = (AdamW(model.parameters(), lr=1e-2), model.losses)
    batches = Batches(tiny.x, size=16, steps=200)
    history = fit([turn], batches, progress=False)
    return model, bits_per_dim(
        torch.tensor(history["total"]), dims=196
    ).tolist()


# %%
honest, honest_bits = trained_bits()
with forgotten:
    leaky, leaky_bits = trained_bits()

# %% tags=["hide-input"]
figures.curves(
    {"right": honest_bits, "with the leak": leaky_bits},
    "The loss of the right model falls and levels off. That of the leaking one goes on "
    "falling, far below it, towards zero.",
    ylabel="bits per dimension",
    average=10,
)

# %% [markdown]
r"""
What a splendid loss!
Whoever looks at the loss alone will publish it.
Now let both draw.
"""

# %%
draws = torch.Generator().manual_seed(0)
good = honest.sample(10, generator=draws)
with forgotten:  # and without the cache, which is right by design
    bad = leaky.sample(10, cached=False, generator=draws)

# %% tags=["hide-input"]
figures.grid(
    torch.cat([good, bad]),
    "Two rows of ten small pictures. The right model draws rough shapes of garments. "
    "Those of the leaking one are black all over.",
    rows=["right", "with the leak"],
    zoom=4,
    levels=4,
)

# %% [markdown]
r"""
The leaking model learned to copy the answer from where it stood.
When it draws, no answer stands there yet, so it copies the empty page.

There is a test that needs no eyes.
The probabilities of all pictures must sum to one.
With two levels and $3 \times 3$ pixels there are only 512 pictures, so we can try them all.
"""

# %%
binary = DiagonalBiLSTM(shape=(1, 3, 3), levels=2, features=4, layers=1)
binary = testing.strong_copy(binary)
print(f"right:         {testing.total_probability(binary):.6f}")
with forgotten:
    print(f"with the leak: {testing.total_probability(binary):.6f}")

# %% [markdown]
r"""
Its "probabilities" are no probabilities, so its "bits per dimension" are no code length, and no comparison with it means anything.

And there is a test that finds the place.
Each law may depend on earlier pixels alone: the matrix of all derivatives, the **Jacobian**, has nothing on its diagonal and nothing above.
"""

# %%
print("leaks, right:   ", len(testing.leaks(testing.causal_jacobian(binary))))
with forgotten:
    found = testing.leaks(testing.causal_jacobian(binary))
print("leaks, forgotten:", len(found))
print("(pixel, what it sees):", found[:4].tolist(), "...")

# %% [markdown]
r"""
Run both tests on every autoregressive model that you meet, with large random weights and in double precision.
They take a second, and they find what no loss curve shows.
"""

# %% [markdown]
r"""
## Check yourself

Pick an answer before you open it: each one says whether it holds, and why.

:::{quiz}
The chain rule needs an order of the pixels, and we took raster order.
But a pixel depends on its right neighbour as much as on its left one.
What have we given up?

- [ ] Exactness: a product of guesses that look back only is an approximation.

  It looks one-sided.
  But that the two neighbours are tied is told once, when the later one is guessed: $p(x_1)\, p(x_2 \mid x_1)$ and $p(x_2)\, p(x_1 \mid x_2)$ are the same law.

- [ ] The ties within a row: its pixels must be independent, given the rows above.

  In a Row LSTM all pixels of a row *step* at once, so it seems.
  Yet each law also looks at pixels on the left in its own row, and in training these are known.

- [x] Nothing of the density: in any order the product is the law of the picture.

  The chain rule is the definition of conditional probability, used again and again, and assumes nothing.
  The order only decides which guesses the network has to learn.

A Row LSTM never sees some of the earlier pixels.
What does this mean for the likelihood that it reports?

- [x] It is exact. A model that saw more might do better, that is all.

  Whatever a law looks at, its 256 probabilities sum to one, and so do those of all pictures.
  To ignore a pixel costs bits; it does not make the number untrue.

- [ ] It is only an estimate, since the conditions are not complete.

  The chain rule asks for guesses given *all* earlier pixels, so this seems to break it.
  But a guess that makes no use of some of them is still a guess: the model's own law is one in which they do not matter.

- [ ] It does not matter: a few more layers, and every earlier pixel is seen.

  For many networks depth widens the view, so it is a good reflex.
  Here it was measured: three layers widened the triangle by a little, on the left only.

A colleague's PixelRNN gets far fewer bits on test pictures than any you know.
You suspect that it sees the future.
Which test can tell?

- [ ] Compare the loss of training pictures with that of test pictures.

  This is how one finds a model that has learned by heart.
  A leak is another thing: it copies the answer from the picture that lies before it, from a test picture just as well.

- [x] Add up the probabilities of all pictures of a tiny size.

  A law that may look at its own pixel is not held to share out one unit of mass among the pictures.
  In the chapter the sum came out at 1.076 in place of 1.
  The Jacobian even tells where the leak is.

- [ ] Draw with the cached sampler, and look whether the drawings are bad.

  Drawings did give the leak away in the chapter, but without the cache.
  The cached sampler computes states in their order, so nothing later is there to be seen.
  And a bad drawing may have other causes.
:::
"""

# %% [markdown]
r"""
## Exercises

Write each function where it says `todo()`, run the cell, then the check below it.
`hint("pixelrnn.skew")` gives a hint, and a stronger one when you ask again.
"""

# %% [markdown]
r"""
:::{exercise} How good was the guess?
:label: ex-pixelrnn-log-prob

*10 minutes, difficulty 1 of 3.*
The network gave a number for every level, and the pixel turned out to be at level $x$.
Return the logarithm of the probability that the softmax gave to it.
Two equal numbers say one half each, so the answer is $\log \tfrac12$, whatever the level.
Numbers like 1000 must not overflow.

- **In:** `logits`, a number for each level, `(..., levels)`; `x`, the levels that came, whole numbers of any dtype, `(...)`.
- **Out:** natural logarithms, in nats, `(...)`.

For example:

```python
>>> logits = torch.tensor([[0.0, 0.0], [0.0, 2.0]])
>>> categorical_log_prob(logits, torch.tensor([1, 1]))
tensor([-0.6931, -0.1269])
```
:::
"""


# %% tags=["exercise"]
def categorical_log_prob(logits: Tensor, x: Tensor) -> Tensor:
    """Return log p(x) in nats, of a softmax law: (..., levels) and (...) -> (...).

    Args:
        logits: a number for each level, however far apart.
        x: levels, whole numbers 0 ... levels - 1 of any dtype.
    """
    return todo()


# %%
check("pixelrnn.categorical_log_prob", categorical_log_prob)
categorical_log_prob = mine_or_reference(
    "pixelrnn.categorical_log_prob", categorical_log_prob
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-pixelrnn-log-prob
:class: dropdown
```{literalinclude} ../../src/gencourse/heads.py
:pyobject: categorical_log_prob
```
::::
"""

# %% [markdown]
r"""
:::{exercise} One row down
:label: ex-pixelrnn-down

*5 minutes, difficulty 1 of 3.*
Hand every row to the next one: row 0 becomes zeros, row 1 is what row 0 was.
The last row falls off.
This is the line that keeps the future out of a Diagonal BiLSTM.
A network is trained through it, so gradients must flow.

- **In:** `x`, H rows of whatever shape, `(H, ...)`.
- **Out:** the rows in their new places, in the shape of `x`.

For example:

```python
>>> one_row_down(torch.tensor([[1, 2], [3, 4], [5, 6]]))
tensor([[0, 0],
        [1, 2],
        [3, 4]])
```
:::
"""


# %% tags=["exercise"]
def one_row_down(x: Tensor) -> Tensor:
    """Return x with each row in the place of the next, zeros in the first: (H, ...)."""
    return todo()


# %%
check("pixelrnn.one_row_down", one_row_down)
one_row_down = mine_or_reference("pixelrnn.one_row_down", one_row_down)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-pixelrnn-down
:class: dropdown
```{literalinclude} ../../src/gencourse/recurrent.py
:pyobject: one_row_down
```
::::
"""

# %% [markdown]
r"""
:::{exercise} Find the leak
:label: ex-pixelrnn-leaks

*10 minutes, difficulty 2 of 3.*
You are given the Jacobian of a layer: row $i$, column $k$ tells how strongly the law of subpixel $i$ reacts to subpixel $k$, in raster order.
List every pair $(i, k)$ that must not be.
Mind that a law may not look at its own pixel either.
In a Jacobian of two subpixels whose only entry that is not 0 stands in row 0, column 1, the answer is the one pair $(0, 1)$.

- **In:** `jacobian`, `(D, D)` for D subpixels; any entry that is not 0 counts, however small.
- **Out:** indices, `int64`, `(N, 2)`: a row for each of the N leaks.

For example:

```python
>>> leaks(torch.tensor([[0.0, 0.0], [0.3, -1e-9]]))
tensor([[1, 1]])
```
:::
"""


# %% tags=["exercise"]
def leaks(jacobian: Tensor) -> Tensor:
    """Return the pairs (i, k) where subpixel i sees k >= i, itself or later: (N, 2).

    Args:
        jacobian: (D, D); i sees k where row i, column k is not 0, however small.
    """
    return todo()


# %%
check("pixelrnn.leaks", leaks)
leaks = mine_or_reference("pixelrnn.leaks", leaks)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-pixelrnn-leaks
:class: dropdown
```{literalinclude} ../../src/gencourse/testing.py
:pyobject: leaks
```
::::
"""

# %% [markdown]
r"""
:::{exercise} Skew
:label: ex-pixelrnn-skew

*15 minutes, difficulty 2 of 3.*
Shift row $i$ to the right by $i$ places and fill up with zeros, so that diagonals become columns.
The rows $(1, 2)$ and $(3, 4)$ become $(1, 2, 0)$ and $(0, 3, 4)$.
A loop over rows passes.
Can you do it without one?

- **In:** `x`, maps of H rows and W columns, `(..., H, W)`.
- **Out:** the rows shifted, `(..., H, H + W - 1)`.

For example:

```python
>>> skew(torch.tensor([[1, 2, 3], [4, 5, 6]]))
tensor([[1, 2, 3, 0],
        [0, 4, 5, 6]])
```
:::
"""


# %% tags=["exercise"]
def skew(x: Tensor) -> Tensor:
    """Return x with row i shifted right by i, zeros around: (..., H, W) -> (..., H, D).

    D = H + W - 1. Column t of the result is the diagonal of the pixels i + j = t, which
    one step of a Diagonal BiLSTM computes (figure 3).
    """
    return todo()


# %%
check("pixelrnn.skew", skew)
skew = mine_or_reference("pixelrnn.skew", skew)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-pixelrnn-skew
:class: dropdown
```{literalinclude} ../../src/gencourse/recurrent.py
:pyobject: skew
```
::::
"""

# %% [markdown]
r"""
:::{exercise} And back
:label: ex-pixelrnn-unskew

*10 minutes, difficulty 2 of 3.*
Undo it: the rows $(1, 2, 0)$ and $(0, 3, 4)$ become $(1, 2)$ and $(3, 4)$.
Skewed and unskewed, a map must be what it was.

- **In:** `x`, skewed maps, `(..., H, H + W - 1)`.
- **Out:** the maps, `(..., H, W)`; whatever stood around the rows is dropped.

For example:

```python
>>> unskew(torch.tensor([[1, 2, 3, 0], [0, 4, 5, 6]]))
tensor([[1, 2, 3],
        [4, 5, 6]])
```
:::
"""


# %% tags=["exercise"]
def unskew(x: Tensor) -> Tensor:
    """Return what was skewed as it was: (..., H, H + W - 1) -> (..., H, W).

    Whatever stands around the rows is dropped.
    """
    return todo()


# %%
check("pixelrnn.unskew", unskew)
unskew = mine_or_reference("pixelrnn.unskew", unskew)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-pixelrnn-unskew
:class: dropdown
```{literalinclude} ../../src/gencourse/recurrent.py
:pyobject: unskew
```
::::
"""

# %% [markdown]
r"""
:::{exercise} A step of an LSTM
:label: ex-pixelrnn-cell

*15 minutes, difficulty 2 of 3.*
The four gates come in one tensor, before their sigmoid and tanh.
Return the new states and the new cells.
With all gates at 0 and a cell of 2, the cell becomes 1 and the state $\tfrac12 \tanh(1)$.

- **In:** `gates`, four blocks of h numbers, `(..., 4 h)`, in the order input, forget, candidate, output; `cells`, the old ones, `(..., h)`.
- **Out:** the new states and the new cells, `(..., h)` each.

For example:

```python
>>> gates = torch.tensor([0.0, 100.0, 1.0, 0.0])  # nothing is forgotten
>>> lstm_cell(gates, torch.tensor([2.0]))
(tensor([0.4915]), tensor([2.3808]))
```
:::
"""


# %% tags=["exercise"]
def lstm_cell(gates: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
    """Return the states and the new cells of an LSTM: (..., 4 h), (..., h) -> (..., h).

    The gates stand in the order of torch.nn.LSTMCell, before their sigmoid and tanh:
    input i, forget f, candidate g, output o (section 3.1, equation 3).
    """
    return todo()


# %%
check("pixelrnn.lstm_cell", lstm_cell)
lstm_cell = mine_or_reference("pixelrnn.lstm_cell", lstm_cell)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-pixelrnn-cell
:class: dropdown
```{literalinclude} ../../src/gencourse/recurrent.py
:pyobject: lstm_cell
```
::::
"""

# %% [markdown]
r"""
:::{exercise} The triangle
:label: ex-pixelrnn-triangle

*15 minutes, difficulty 2 of 3.*
A Row LSTM passes states down the rows, and each cell looks at three cells of the row above.
Which pixels can it have heard of through the states alone, without the first convolution and without its left neighbour's input?
Return a mask: true from one row above upwards, each time one column wider on both sides, cut at the edges.

- **In:** `height` and `width` of the image; `i` and `j`, the row and the column of the cell, counted from 0.
- **Out:** `bool`, `(height, width)`.

For example:

```python
>>> row_field(3, 4, i=2, j=1).int()
tensor([[1, 1, 1, 1],
        [1, 1, 1, 0],
        [0, 0, 0, 0]], dtype=torch.int32)
```
:::
"""


# %% tags=["exercise"]
def row_field(height: int, width: int, i: int, j: int) -> Tensor:
    """Return whose states reach that of pixel (i, j) in a Row LSTM layer: bool (H, W).

    A state reads the three states of the row above it, of the columns to the left, its
    own and to the right, as far as the image has them; these read theirs in turn. It
    reads none of its own row.
    """
    return todo()


# %%
check("pixelrnn.row_field", row_field)
row_field = mine_or_reference("pixelrnn.row_field", row_field)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-pixelrnn-triangle
:class: dropdown
```{literalinclude} ../../src/gencourse/recurrent.py
:pyobject: row_field
```
::::
"""

# %% [markdown]
r"""
:::{exercise} A Row LSTM, row by row
:label: ex-pixelrnn-rows

*30 minutes, difficulty 3 of 3.*
Now the recurrence itself.
What the picture says to the gates has been computed for all pixels; you are given it.
Go down the rows.
The gates of a pixel are its inputs plus what the weight makes of the three states above it: left above, above, right above, put one after another.
Outside the picture states are 0.
The cell that goes on is that of the pixel above.
You may use `lstm_cell`.
Return the states of all rows.
A network is trained through it, so gradients must flow.

- **In:** `inputs`, `(H, W, B, 4 h)` for B images and states of h numbers; `weight`, from three states to the gates, `(4 h, 3 h)`.
- **Out:** states, `(H, W, B, h)`.

For example:

```python
>>> inputs, weight = torch.zeros(2, 3, 1, 4), torch.zeros(4, 3)
>>> inputs[..., 2] = 1.0  # the candidate's inputs
>>> weight[2, 0] = 10.0  # and what it reads: the state left above
>>> row_states(inputs, weight)[:, :, 0, 0]
tensor([[0.1817, 0.1817, 0.1817],
        [0.2581, 0.2980, 0.2980]])
```
:::
"""


# %% tags=["exercise"]
def row_states(inputs: Tensor, weight: Tensor) -> Tensor:
    """Return the states of a Row LSTM, computed row by row: (H, W, B, h).

    The gates of a pixel are its inputs plus what the weight makes of three states of
    the row above: left above, above, right above, one after another. Outside the image
    states are 0; the cell that goes on is that of the pixel above.

    Args:
        inputs: what the picture says to the gates, (H, W, B, 4 h); see `lstm_cell`.
        weight: from three states to the gates, (4 h, 3 h).
    """
    return todo()


# %%
check("pixelrnn.row_states", row_states)
row_states = mine_or_reference("pixelrnn.row_states", row_states)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-pixelrnn-rows
:class: dropdown
```{literalinclude} ../../src/gencourse/recurrent.py
:pyobject: row_states
```
::::
"""

# %% [markdown]
r"""
Now put your functions to work, where they passed.
First an LSTM with one number a pixel that comes from the left, by diagonals: your `skew`, your `one_row_down` for what stands above, your `lstm_cell`, and your `unskew` to bring the states back.
Beside it the same by an obvious loop over pixels.
"""

# %%
picture = torch.randn(4, 6)
states, cells, found = torch.zeros(4, 1), torch.zeros(4, 1), []
for diagonal in skew(picture).T:
    seen = diagonal[:, None] + states + one_row_down(states)  # left, above
    states, cells = lstm_cell(seen.repeat(1, 4), cells)
    found.append(states[:, 0])
by_diagonals = unskew(torch.stack(found, 1))

# %%
by_pixels = torch.zeros(5, 7)  # with zeros above and on the left
for i in range(4):
    cells = torch.zeros(1)
    for j in range(6):
        seen = picture[i, j] + by_pixels[i + 1, j] + by_pixels[i, j + 1]
        by_pixels[i + 1, j + 1], cells = lstm_cell(seen.repeat(4), cells)
print("the same:", torch.allclose(by_diagonals, by_pixels[1:, 1:]))

# %% [markdown]
r"""
Your loop over rows in place of the package's, and your leak finder on the package's layer, as it is and with the line forgotten.
"""

# %%
layer, x = RowLayer(features=2), torch.randn(5, 7, 1, 4)
left = F.pad(x, (0, 0, 0, 0, 1, 0))[:, :-1]
inputs = layer.from_input(torch.cat([left, x], -1))
mine = row_states(inputs, layer.from_states.weight)
print("your Row LSTM is the package's:", torch.allclose(mine, layer(x)))

# %%
for title, hand in {
    "as it is": one_row_down,
    "forgotten": lambda x: x,
}.items():
    with patch("gencourse.recurrent.one_row_down", hand):
        found = leaks(testing.causal_jacobian(binary))
    print(f"{title}: {len(found)} leaks")

# %%
law = categorical_log_prob(torch.zeros(256), torch.tensor(7))
print(
    f"knowing nothing costs {-law / torch.tensor(2.0).log():.1f} bits a pixel"
)
through_states = row_field(*size[1:], *at)
print(
    f"{int(seen_by_one.sum())} pixels are seen by the Row LSTM above,",
    end=" ",
)
print(f"{int(through_states.sum())} of them through the states alone")

# %% [markdown]
r"""
## What to remember

- The chain rule turns the density of a picture into a product of guesses, one a pixel. It assumes nothing.
- The data are their own labels: the next pixel is the answer.
- A network is causal if the law of a pixel looks at earlier pixels alone. Measure it; do not argue about it.
- A Row LSTM steps row by row and sees a triangle. A Diagonal BiLSTM steps along diagonals and sees the whole past, but for one pixel.
- Likelihood is exact and training has one loss to watch. Drawing is sequential: one draw a pixel.
- A loss that is too good to be true is a leak. The probabilities of all pictures must sum to one.

## Where this comes from

Row LSTM, Diagonal BiLSTM, masks, residual and skip connections: {cite:t}`vandenoord2016pixelrnn`.
The LSTM: {cite:t}`hochreiter1997long`.
Starting the forget gates open, as we do: {cite:t}`jozefowicz2015empirical`.
The mixture of logistic laws: {cite:t}`salimans2017pixelcnnpp`.
"""

# %% tags=["remove-cell"]
from gencourse.provenance import report

report()
