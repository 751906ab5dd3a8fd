# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# Famous errors

A model with a mistake in it still trains.
Its loss falls, its pictures come out, and nobody sees that the number beside them means nothing.
So how do such mistakes get found?

This page shows sixteen that stood, or stand, in code and courses that many people learn from.
For each: what the line says, why it looks right, what goes wrong, by how much, and the test of this course's own code that catches it.
*By how much* is measured below, on small models of our own that have the same mistake.

| number | mistake | model | by how much | caught by |
| --- | --- | --- | --- | --- |
| [1](#error-shift) | a map moved up instead of down | PixelRNN | 75 leaks; probabilities sum to 1.595 | counting leaks |
| [2](#error-gates) | gates split along the wrong axis | PixelRNN | 9 of 15 pairs of rows look down | counting leaks |
| [3](#error-blind) | "enough layers see everything" | PixelCNN | 714 pairs unseen at any depth | counting what is unseen |
| [4](#error-gated) | a shift in every layer | Gated PixelCNN | the same 714 pairs unseen | counting what is unseen |
| [5](#error-in-place) | the mask written into the weight | PixelCNN | hidden weights move by 0.010 a step | the gradient of a hidden weight |
| [6](#error-batch-norm) | batch norm between masked layers | PixelCNN | 36 leaks in training, none in evaluation | two images in training mode |
| [7](#error-ensemble) | logits averaged over orders | MADE | probabilities sum to 1.578 | summing over all images |
| [8](#error-batches) | one batch too few in the divisor | all | 8 bits are told as 8.052 | a model that costs 8 bits |
| [9](#error-rounding) | draws fed back before they are rounded | PixelCNN++ | in one network of four, 28.9 % of the draws are others | samples against the law |
| [10](#error-iwae) | a weighted mean in place of the bound | VAE | 2.22 nats too good | a code for which all is known |
| [11](#error-kl) | a KL averaged over the code | VAE | a beta of 1/16, or of 49 | the KL of `torch.distributions` |
| [12](#error-constant) | a constant counted for each element | VAE | −235.2 nats for −14.7 | a density that integrates to 1 |
| [13](#error-eps) | `BatchNorm2d(n, 0.8)` | GAN | a spread of 0.3 leaves as 0.32 | the layer's own settings |
| [14](#error-norm) | a norm over the wrong axis | WGAN-GP | a penalty of 0.93 where it is 0 | a linear critic |
| [15](#error-alpha) | another law for the points between | WGAN-GP | 66 or 100 % of them off the line | critics with a known penalty |
| [16](#error-flat) | "the loss is flat where D is near 1" | GAN | a slope of 0.993 there | gradients by the formula |

Two things in fairness.
All of it was a gift, and most of it is good: one line out of thousands is looked at here.
And none of us is better: [we made such mistakes, too](#our-own).

The sources were read in November 2026.
A link to a file leads to the version that we read, which need not be the newest; a mistake may have been mended since.
If we are wrong about one, please open an issue: the button is at the top of this page.
"""

# %%
import math
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gencourse import pictures, recurrent
from gencourse.bounds import importance_bound, kl_to_standard_normal
from gencourse.evaluate import bits_per_dim
from gencourse.gan_losses import gradient_norms, minimax_generator_loss
from gencourse.masked import MaskedConv2d, causal_mask, gate
from gencourse.pixelcnn import GatedPixelCNN, PixelCNN
from gencourse.pixelrnn import DiagonalBiLSTM
from gencourse.testing import causal_jacobian, enumerate_images, image_numbers
from gencourse.testing import leaks, receptive_field, strong_copy
from gencourse.testing import total_probability, unseen

_ = torch.manual_seed(0)

# %% [markdown]
r"""
(error-shift)=
## 1. A map that is not moved down

A Diagonal BiLSTM adds two maps: one that was computed from the left, one from the right.
The one from the right has seen pixels of the own row that are still to come.
So it must be handed *one row down* before the two are added.

In a widely copied PixelRNN for TensorFlow the last row of that map is cut off, and a row of zeros is put *below* what is left, so that nothing moves ([the file](https://github.com/carpedm20/pixel-rnn-tensorflow/blob/2a3485154ae083a1a23bb55ff2b997d352cf01fc/ops.py), [a thread of 2017](https://github.com/carpedm20/pixel-rnn-tensorflow/issues/16), which is open).
It looks right because the shapes are, and because zeros do go in.

Here is our model with that one change.
How many pairs are there where a pixel sees itself or a later one?
"""


# %% tags=["experiment"]
def zeros_below(x: Tensor) -> Tensor:
    return torch.cat([x[:-1], torch.zeros_like(x[:1])])


model = strong_copy(DiagonalBiLSTM(shape=(1, 6, 6), levels=2, features=2))
fields = {"one row down": receptive_field(model, (2, 2))}
with mock.patch.object(recurrent, "one_row_down", zeros_below):
    seen_too_early = leaks(causal_jacobian(model))
    fields["zeros below"] = receptive_field(model, (2, 2))
print(f"one row down: {len(leaks(causal_jacobian(model)))} leaks")
print(f"zeros below: {len(seen_too_early)} leaks of {36 * 37 // 2} pairs")

# %% tags=["hide-input"]
pictures.fields(
    fields,
    (2, 2),
    "What the pixel in row 2, column 2 of a 6 by 6 image sees. With the map "
    "moved one row down: earlier pixels alone. With zeros below: the two "
    "pixels to its right, too, which are to be predicted after it.",
)

# %% tags=["experiment"]
small = strong_copy(DiagonalBiLSTM(shape=(1, 3, 3), levels=2, features=2))
with mock.patch.object(recurrent, "one_row_down", zeros_below):
    wrong_sum = total_probability(small)
print(f"the probabilities of all 512 images sum to {wrong_sum:.3f}")
print(f"without the mistake to {total_probability(small):.3f}")

# %% [markdown]
r"""
A network that sees what it is to predict can reach any loss.
Its curves say nothing, and its samples are the only sign that something is wrong.

*Caught by* {source}`test_a_leak_is_seen_in_the_jacobian_and_in_the_sum <tests/test_pixelrnn.py>`.
*Try it:* {ref}`ex-pixelrnn-leaks` and {ref}`ex-pixelrnn-down`.

(error-gates)=
## 2. Gates split along the wrong axis

In [the same file](https://github.com/carpedm20/pixel-rnn-tensorflow/blob/2a3485154ae083a1a23bb55ff2b997d352cf01fc/ops.py) the gates of a whole column are computed at once, and lie in one long line: all numbers of the first row, then all of the second, and so on.
The line is then split into four equal parts, which are called the four gates.
It looks right: four gates, four parts, and every size fits.
But the first part holds *all* gates of the upper quarter of the rows, so a row is steered by the gates of others.
In a skewed map, a row further down stands for a pixel that comes later.

Which rows does each of six rows read its gates from?
"""


# %% tags=["experiment"]
def states_of(gates: Tensor) -> Tensor:
    parts = [part.view(6, 2) for part in gates.flatten().chunk(4)]
    cells = torch.ones(6, 2).double()
    return recurrent.lstm_cell(torch.cat(parts, 1), cells)[0]


jacobian = torch.func.jacrev(states_of)(torch.randn(6, 4 * 2).double())
reads = (jacobian != 0).any(3).any(1)  # (6, 6): row i reads row k
for i, row in enumerate(reads):
    print(f"row {i} reads rows {row.nonzero().flatten().tolist()}")
print(f"{int(reads.triu(1).sum())} of {6 * 5 // 2} pairs look down")

# %% [markdown]
r"""
*Caught by* {source}`test_a_leak_is_seen_in_the_jacobian_and_in_the_sum <tests/test_pixelrnn.py>`, of which this is one case, and {source}`test_a_diagonal_layer_is_the_slow_loop_over_pixels <tests/test_recurrent.py>`.
*Try it:* {ref}`ex-pixelrnn-cell` and {ref}`ex-pixelrnn-leaks`.

(error-blind)=
## 3. "Enough layers see everything"

The lecture notes whose order this course follows say that a stack of enough masked convolutions has the same effective receptive field as conditioning on all earlier pixels ([the section on PixelCNN](https://github.com/cs231n/cs231n.github.io/blob/8459a19b7e55d6157a4e41029f1399821972c3a5/generative-modeling.md)).
For ordinary convolutions, enough layers do see everything.
For masked ones, the mask leaves a wedge to the right that no depth reaches.
"""

# %%
for blocks in (2, 8, 16, 24):
    plain = PixelCNN(shape=(1, 11, 11), levels=2, features=2, blocks=blocks)
    seen_by_plain = causal_jacobian(strong_copy(plain), images=2) != 0
    missing = len(unseen(seen_by_plain))
    print(f"{blocks} blocks: {missing} of {121 * 120 // 2} pairs unseen")

# %% [markdown]
r"""
Depth helps for a while, and then it stops helping.

*Caught by* {source}`test_of_a_deep_pixelcnn_only_what_lies_right_of_the_cone_is_unseen <tests/test_pixelcnn.py>`.
*Try it:* {ref}`ex-pixelcnn-blind`.

(error-gated)=
## 4. A shift in every layer

The gated network was made to cure just that.
Its vertical stack looks at the rows above, and since a row above is known as a whole, it may look to the right as well.
The stack must be moved down by one row, *once*.

In a popular collection of generative models for PyTorch the shift is made in every layer, by a larger padding ([the file](https://github.com/EugenHotaj/pytorch-generative/blob/6eb070b0ea25ed436b3f1ae7cfdb6c1f62aa8bb0/pytorch_generative/models/autoregressive/gated_pixel_cnn.py); a comment there wonders about that padding).
Nothing of the future leaks, the probabilities sum to one, and the loss is an honest one.
But each layer now goes up a row when it goes aside a column, so the stack sees the plain network's wedge again.
Here are ten such layers, as many as the file takes.
"""


# %% tags=["experiment"]
class ShiftedInEveryLayer(GatedPixelCNN):
    def numbers(self, x: Tensor, y: Tensor | None) -> Tensor:
        above = self.first_above(F.pad(x, (3, 3, 3, 0)))[:, :, :-1]
        left = self.first_left(F.pad(x, (3, 0)))[..., :-1]
        left = left + self.first_link(above)
        for layer in self.layers:
            # Down once more: this layer's kernel ends above its own row, too.
            tall = layer.above(F.pad(above, (1, 1, 2, 0)))[:, :, :-1]
            wide = layer.left(F.pad(left, (1, 0))) + layer.link(tall)
            above = above + gate(tall, 1)
            left = left + layer.residual(gate(wide, 1))
        numbers = self.readout(left.movedim(1, -1), x.movedim(1, -1))
        return numbers.movedim(-2, 1)


sizes = {"shape": (1, 11, 11), "levels": 2, "features": 2}
right = GatedPixelCNN(**sizes, dilations=[1] * 10)
wrong = ShiftedInEveryLayer(**sizes, dilations=[1] * 10)
wrong.first_link = nn.Conv2d(2, 2, 1)
nets = {
    "shifted once": strong_copy(right),
    "in every layer": strong_copy(wrong),
}
for name, net in nets.items():
    seen = causal_jacobian(net, images=1) != 0
    print(f"{name}: {len(unseen(seen))} of {121 * 120 // 2} pairs unseen")
print("just what the plain network sees:", seen.equal(seen_by_plain))

# %% tags=["hide-input"]
pictures.fields(
    {
        name: receptive_field(net, (8, 3), images=8)
        for name, net in nets.items()
    },
    (8, 3),
    "What the pixel in row 8, column 3 of an 11 by 11 image sees in two gated "
    "networks. Shifted once, every earlier pixel. Shifted in every layer, a "
    "wedge at the right stays unseen: four pixels in the row above, one less "
    "in each row above that.",
)

# %% [markdown]
r"""
*Caught by* {source}`test_a_vertical_stack_shifted_in_every_layer_has_the_blind_spot <tests/test_pixelcnn.py>`.
*Try it:* {ref}`ex-pixelcnn-blind` tells which pixels a network does not see.

(error-in-place)=
## 5. The mask written into the weight

Before each convolution the weight's data are multiplied by the mask, in place ([a file](https://github.com/EugenHotaj/pytorch-generative/blob/04c6ea9cf25bebe0048b2cc3243b63da4fd203f1/pytorch_generative/nn/convolution.py) of the same collection).
Each forward pass is right.
But autograd knows nothing of the mask: the hidden weights get gradients, the optimiser moves them, and until the next forward pass they are not zero.
A running average that takes them in sees the future, and a clip of the gradient's norm counts what should not count.
"""


# %% tags=["experiment"]
class MaskedInPlace(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        self.weight.data *= causal_mask(1, 4, 5, "A")
        return super().forward(x)


hidden = 1 - causal_mask(1, 4, 5, "A")
ours, theirs = (
    MaskedConv2d(1, 4, 5, mask="A"),
    MaskedInPlace(1, 4, 5, padding=2),
)
for conv in (ours, theirs):
    conv(torch.zeros(1, 1, 8, 8))
    start = (conv.weight * hidden).detach().clone()
    optimizer = torch.optim.Adam(conv.parameters(), lr=0.01)
    conv(torch.randn(8, 1, 8, 8)).square().mean().backward()
    gradient = float((conv.weight.grad * hidden).abs().max())
    optimizer.step()
    moved = float((conv.weight.detach() * hidden - start).abs().max())
    name = type(conv).__name__
    print(f"{name}: gradient {gradient:.3f}, moved by {moved:.3f}")

# %% [markdown]
r"""
*Caught by* {source}`test_masking_in_place_is_caught <tests/test_masked.py>`.
*Try it:* {ref}`ex-pixelcnn-mask` and {ref}`ex-pixelcnn-column`.

(error-batch-norm)=
## 6. Batch norm between masked layers

A library of VAEs has a PixelCNN with batch normalisation behind each masked convolution ([the file](https://github.com/clementchadebec/benchmark_VAE/blob/1103a99d54e655e2d012e50fe56dd7708c501f4b/src/pythae/models/normalizing_flows/pixelcnn/pixelcnn_model.py), and release 0.1.2).
It looks right: that is where batch norm stands in any convolutional network, and the masks are as they should be.
But in training, mean and variance are taken over all pixels of all images, so each pixel learns something of the later ones.
And the usual test does not see it: in evaluation mode the averages are fixed.
"""

# %%
model = PixelCNN(shape=(1, 3, 3), levels=2, features=3, blocks=1)
model.first = nn.Sequential(model.first, nn.BatchNorm2d(6))
model = strong_copy(model)
print(f"in evaluation mode: {len(leaks(causal_jacobian(model)))} leaks")

x = torch.randint(2, (4, 1, 3, 3)).double()
jacobian = torch.autograd.functional.jacobian(
    lambda x: model.train().logits(x)[0].sum(-1).flatten(), x
)  # of the 9 pixels of the first image, by the pixels of all four
own, others = jacobian[:, 0].flatten(1), jacobian[:, 1:]
print(f"in training mode: {len(leaks(own))} leaks of {9 * 10 // 2} pairs")
crossing = int((others != 0).sum())
print(f"and {crossing} of {9 * 27} pairs with pixels of other images")

# %% [markdown]
r"""
Evaluated, such a model is a distribution, and its number is honest.
It is only not the model that was trained.

*Caught by* {source}`test_batch_norm_is_caught_in_training_and_only_there <tests/test_autoregressive.py>`.
*Try it:* {ref}`ex-pixelrnn-leaks`, on two images at once.

(error-ensemble)=
## 7. Logits averaged over orders

MADE can be asked in many orders.
A well-known small version averages the *logits* of several orders, and then computes the cross-entropy ([the file](https://github.com/karpathy/pytorch-made/blob/08431d9a9759446f1c298af727bc7e529dd24938/run.py)).
Its [README](https://github.com/karpathy/pytorch-made/blob/08431d9a9759446f1c298af727bc7e529dd24938/README.md) tells 94.5 for one order, and 79.3 for the average of ten.
Averaging is what one does with an ensemble.
But here each bit's logit then depends on *all* the other bits, since each order adds what the others hide.
The product of such factors is no distribution any more, and 79.3 no likelihood.

We fit six orders to a law of six bits, where neighbours are mostly equal.
"""

# %% tags=["experiment"]
bits = enumerate_images((1, 1, 6), 2).flatten(1).double()  # (64, 6)
changes = (bits[:, 1:] != bits[:, :-1]).sum(1).double()
law = torch.softmax(-1.5 * changes, 0)


def log_probs(logits: Tensor) -> Tensor:
    return -F.binary_cross_entropy_with_logits(logits, bits, reduction="none")


def logits_of_order(order: Tensor) -> Tensor:
    """A logistic regression of each bit on those before it: (64, 6)."""
    earlier = (order[:, None] > order[None]).double()
    weight = torch.zeros(6, 6, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(6, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([weight, bias], lr=0.05)
    for _ in range(300):
        logits = bits @ (weight * earlier).T + bias
        optimizer.zero_grad()
        (-law @ log_probs(logits).sum(1)).backward()
        optimizer.step()
    return logits.detach()


# %%
generator = torch.Generator().manual_seed(0)
orders = [torch.randperm(6, generator=generator) for _ in range(6)]
logits = torch.stack([logits_of_order(order) for order in orders])
each = torch.stack([log_probs(one).sum(1) for one in logits])
averages = {
    "one order": each[0],
    "logits averaged": log_probs(logits.mean(0)).sum(1),
    "probabilities averaged": each.logsumexp(0) - math.log(6),
}
print(f"the least that is possible: {-float(law @ law.log()):.3f} nats")
for name, log_prob in averages.items():
    total, nats = float(log_prob.exp().sum()), -float(law @ log_prob)
    print(f"{name}: sum {total:.3f}, {nats:.3f} nats")

# %% [markdown]
r"""
The average of the logits scores better than the entropy of the data, which no distribution can.
Its "probabilities" add up to more than 1.
The mean of the *probabilities* is a distribution, and its score is an honest one.

*Caught by* {source}`test_all_images_sum_to_one <tests/test_autoregressive.py>` and {source}`test_a_model_that_sees_the_answer_does_not_sum_to_one <tests/test_testing.py>`.
*Try it:* {ref}`ex-autoregressive-enumerate`.

(error-batches)=
## 8. One batch too few

A PyTorch version of PixelCNN++ adds up the loss of all test batches, and divides by the loop's counter times the batch size ([the file](https://github.com/pclucas14/pixel-cnn-pp/blob/25d6c338d0b9d00a78498b90ad6b603228a15392/main.py)).
The counter starts at 0, so after the last batch it is one too small.
It looks right because the counter counts batches; it only does so from 0.

Here with 10,000 images in whole batches of 64, as there, and a model for which every level is equally likely.
It costs 8 bits, whatever the picture.
"""

# %%
nats = torch.full((10_000,), 3072 * math.log(256), dtype=torch.float64)
batches, total = nats[: 10_000 // 64 * 64].split(64), 0.0
for index in range(len(batches)):
    total += batches[index].sum()
for divisor in (index, index + 1):
    found = float(bits_per_dim(total / (divisor * 64), 3072))
    print(f"divided by {divisor} batches: {found:.3f} bits per dimension")

# %% [markdown]
r"""
The mistake made its own model look *worse* than it is.
(The last pictures, which do not fill a batch, are left out as well.)

*Caught by* {source}`test_256_equal_levels_cost_8_bits <tests/test_evaluate.py>` and {source}`test_the_mean_does_not_depend_on_the_batches <tests/test_evaluate.py>`.
*Try it:* {ref}`ex-density-bits-per-dim`.

(error-rounding)=
## 9. Draws fed back before they are rounded

A discretised mixture of logistics scores *levels*.
Its sampler draws a number between them, and the published one feeds that number back as it is; a comment says that it is not rounded ([the file](https://github.com/openai/pixel-cnn/blob/bc4a0ecb1c146647632c3add2de814a64ab9d44a/pixel_cnn_pp/nn.py), and [a version](https://github.com/pclucas14/pixel-cnn-pp/blob/25d6c338d0b9d00a78498b90ad6b603228a15392/utils.py) made after it).
It looks right because, of 256 levels, half a level is next to nothing.
Often it is. But the network was never asked for an answer between two levels, and nothing says what it will do there.
So the law that is drawn from is not the law that is scored.

Here are four networks of random weights, and pictures of 2 × 2 with 4 levels: few, so that all 256 pictures can be counted.
"""


# %% tags=["experiment"]
def draw(model: GatedPixelCNN, uniform: Tensor, rounded: bool) -> Tensor:
    x = torch.zeros(len(uniform), 1, 2, 2).double()
    for (i, j), u in zip(
        torch.cartesian_prod(*2 * [torch.arange(2)]), uniform.unbind(1)
    ):
        weights, means, log_scales = model.head.split(
            model.logits(x)[:, 0, i, j]
        )
        first = weights.softmax(-1)[:, :1]
        k = (u[:, :1] >= first).long()  # which of two components
        noise = log_scales.gather(1, k).exp() * torch.logit(u[:, 1:])
        level = (means.gather(1, k) + noise + 1).squeeze(1) * 1.5
        x[:, 0, i, j] = (
            level.clamp(0, 3).round() if rounded else level.clamp(0, 3)
        )
    return x.round()


mixture = {"head": "logistic", "components": 2, "features": 4}
net = GatedPixelCNN(shape=(1, 2, 2), levels=4, dilations=[1], **mixture)
images = enumerate_images((1, 2, 2), 4)
generator = torch.Generator().manual_seed(0)
uniform = torch.rand(10_000, 4, 2, generator=generator).double()
for seed in range(4):
    model, off = strong_copy(net, gain=3, seed=seed), {}
    with torch.no_grad():
        law = model.log_prob(images).exp()
        for rounded in (True, False):
            numbers = image_numbers(draw(model, uniform, rounded), 4)
            share = numbers.bincount(minlength=256) / len(uniform)
            off[rounded] = float((share - law).abs().sum() / 2)
    print(
        f"network {seed}: {off[True]:.1%} rounded, {off[False]:.1%} as it is"
    )

# %% [markdown]
r"""
The shares are of draws that would have to be others, for the law to be kept.
What is left with rounding is chance.
Three of the networks do not mind, or hardly; the other draws pictures that it finds unlikely.

*Caught by* {source}`test_values_fed_back_unrounded_are_caught <tests/test_autoregressive.py>`.
*Try it:* {ref}`ex-pixelcnn-bin` and {ref}`ex-pixelcnn-inverse`.

(error-iwae)=
## 10. A weighted mean in place of the bound

The importance-weighted bound is the logarithm of a *mean of weights*.
Its gradient is a *weighted mean of gradients*, with weights that add up to one.
So it is tempting to write the weighted mean of the log-weights, and to call that the bound.

A library of VAEs does ([the file](https://github.com/clementchadebec/benchmark_VAE/blob/24939dc75842dfaf8f7dad77fbf27f65337f0817/src/pythae/models/iwae/iwae_model.py), and release 0.1.2).
There the weights are kept out of the gradient, so training is right; only the *number* is not.
A collection of VAEs takes the softmax of the *loss*, where it should be that of the log-weight, so that the worst draw counts most ([the file](https://github.com/AntixK/PyTorch-VAE/blob/f71e454440c3761b822b23ef88a5c4599bad88fc/models/iwae.py), [a thread of 2021](https://github.com/AntixK/PyTorch-VAE/issues/34), [a remedy that was offered](https://github.com/AntixK/PyTorch-VAE/pull/53)).
(An [earlier version](https://github.com/clementchadebec/benchmark_VAE/blob/06d582a7566a5c250f1c6a126bcf424e94bd0da4/src/pythae/models/iwae/iwae_model.py) of the library did so, too, and was mended.)

With 50 log-weights of a spread of 3, around −90 nats:
"""

# %%
generator = torch.Generator().manual_seed(0)
draws = torch.randn(50, 20_000, generator=generator).double()
log_weights = -90 + 3 * draws
bound = float(importance_bound(log_weights).mean())
print(f"the bound: {bound:.2f} nats")
shares = {"good draws first": log_weights, "bad draws first": -log_weights}
for name, sorted_by in shares.items():
    mean = float((sorted_by.softmax(0) * log_weights).sum(0).mean())
    print(f"weighted mean, {name}: {mean:.2f} nats, {mean - bound:+.2f}")

# %% [markdown]
r"""
With good draws first the number is higher than the bound, so it says of a model that it is better than it is known to be.
With bad draws first it is a loss of another kind.

*Caught by* {source}`test_a_wrong_bound_is_rejected <tests/test_bounds.py>`.
*Try it:* {ref}`ex-vae-iwae`.

(error-kl)=
## 11. A KL averaged over the code

The ELBO takes a *sum* over the numbers of the code, and a *sum* over the pixels.
Put a mean in place of one of the two, and the balance between them is another one.
It looks right because losses are means nearly everywhere else.
It has been asked about for years, of examples and of a book ([one thread](https://github.com/keras-team/keras/issues/6015), [another](https://github.com/keras-team/keras-io/issues/270), [a third](https://github.com/fchollet/deep-learning-with-python-notebooks/issues/120)).

With a code of 16 numbers and a picture of 784 pixels:
"""

# %%
mu, log_var = torch.randn(1000, 16), torch.randn(1000, 16)
kl = kl_to_standard_normal(mu, log_var)
averaged = 0.5 * (mu**2 + log_var.exp() - 1 - log_var).mean(-1)
print(f"the KL {float(kl.mean()):.2f}, averaged {float(averaged.mean()):.2f}")
beta = float((averaged / kl).mean())
print(f"beta = {beta:.4f} = 1/{1 / beta:.0f} with the sum over the pixels")
print(f"beta = {784 * beta:.0f} with a mean over 784 pixels as well")

# %% [markdown]
r"""
A model with another beta is no mistake; one whose beta nobody wrote down is.

*Caught by* {source}`test_a_wrong_kl_is_rejected <tests/test_bounds.py>` and {source}`test_a_wrong_elbo_is_rejected <tests/test_bounds.py>`.
*Try it:* {ref}`ex-vae-kl` and {ref}`ex-vae-elbo`.

(error-constant)=
## 12. A constant counted for each element

The logarithm of a normal density in $D$ dimensions has the constant $-\tfrac{D}{2} \log 2\pi$, once.
A careful set of examples that goes with a textbook gives this constant to each of the $D$ elements, and then adds the elements up ([the notebook](https://github.com/jmtomczak/intro_dgm/blob/b57669f95980687b5e15aae5e2c99ee70f335be3/vaes/vae_example.ipynb)).
It looks right because the formula is the one of every book.
It also *trains* right: prior and posterior have the same constant too often, and it falls out of their difference.
It comes to light when one of the two is used alone.
"""

# %%
for size in (1, 2, 16):
    constant = -0.5 * size * math.log(2 * math.pi)
    print(f"D = {size}: {constant:.1f} nats,", end=" ")
    print(f"for each element {size * constant:.1f}")

line = torch.linspace(-8, 8, 401).double()
z = torch.cartesian_prod(line, line)  # D = 2
elements = -0.5 * z.square() - 0.5 * 2 * math.log(2 * math.pi)
volume = elements.sum(1).exp().sum() * (line[1] - line[0]) ** 2
print(f"in the plane it integrates to {float(volume):.3f}")

# %% [markdown]
r"""
*Caught by* {source}`test_prior_over_posterior_is_that_of_torch_distributions <tests/test_bounds.py>`, and for densities on their own by {source}`test_the_kernel_estimate_integrates_to_one_in_the_plane <tests/test_density.py>`.
*Try it:* {ref}`ex-density-gaussian` and {ref}`ex-density-kernel`.

(error-eps)=
## 13. `BatchNorm2d(n, 0.8)`

In Keras one writes `BatchNormalization(momentum=0.8)`.
Carried over to PyTorch as `BatchNorm2d(n, 0.8)`, the second argument is not the momentum: it is epsilon, which stands under the root beside the variance ([a file](https://github.com/eriklindernoren/PyTorch-GAN/blob/11de0602b679e2233f46cb0bc6a627869ea685df/implementations/dcgan/dcgan.py) and [the thread](https://github.com/eriklindernoren/PyTorch-GAN/issues/116), open since 2020, of a collection of GANs that many people start from).
"""

# %%
for spread in (2.0, 1.0, 0.3):
    features = spread * torch.randn(64, 8, 14, 14)
    with torch.no_grad():
        out = float(nn.BatchNorm2d(8, 0.8)(features).std())
        usual = float(nn.BatchNorm2d(8)(features).std())
    print(f"spread {spread}: leaves with {out:.2f}, should be {usual:.2f}")
print(nn.BatchNorm2d(8, 0.8))

# %% [markdown]
r"""
Small activations stay small: the layer hardly normalises them.

*Caught by* {source}`test_every_generator_norm_has_a_small_eps <tests/test_gan_networks.py>`.
*Try it:* write `momentum=` by name; {ref}`ex-gan-step` is where a GAN's layers are used.

(error-norm)=
## 14. A norm over the wrong axis

The penalty asks that the gradient with respect to a *whole image* has the norm 1.
`gradients.norm(2, dim=1)` gives that where images are rows of numbers.
Where they are (B, C, H, W), it gives a norm for each pixel ([one thread](https://github.com/caogang/wgan-gp/issues/25), [another](https://github.com/eriklindernoren/PyTorch-GAN/issues/20), [a third](https://github.com/Zeleni9/pytorch-wgan/issues/40), all of them closed).

Take a linear critic whose slope is 1 everywhere.
It should pay nothing.
"""

# %%
slope = torch.ones(1, 28, 28) / 28  # of norm 1
between = torch.rand(16, 1, 28, 28, requires_grad=True)
(gradients,) = torch.autograd.grad((between * slope).sum(), between)
norms = {
    "pixel": gradients.norm(2, dim=1),
    "image": gradient_norms(lambda x: (x * slope).sum((1, 2, 3)), between),
}
for name, norm in norms.items():
    penalty = float((norm.detach() - 1).square().mean())
    print(f"norm for each {name}: a penalty of {penalty:.3f}")
print(f"1 at each pixel is a slope of {math.sqrt(784):.0f} for the image")

# %% [markdown]
r"""
The wrong penalty is least for a critic that is 28 times too steep.

*Caught by* {source}`test_another_penalty_breaks_its_law <tests/test_gan_losses.py>` and {source}`test_penalty_of_a_linear_critic_is_known <tests/test_gan_losses.py>`.
*Try it:* {ref}`ex-gan-penalty`.

(error-alpha)=
## 15. Points that lie on no line

The penalty is taken at points between a real and a fake image: one number for each pair, uniform between 0 and 1.
A much-read example drew it from a normal law ([a thread of 2020](https://github.com/keras-team/keras-io/issues/143); it was [mended in 2023](https://github.com/keras-team/keras-io/pull/1463)).
Others drew one number for each *pixel* ([a thread](https://github.com/hwalsuklee/tensorflow-generative-model-collections/issues/33), [another, mended the same day](https://github.com/eriklindernoren/PyTorch-GAN/issues/5)).
An annotated implementation sets it to 1, and says so ([the file](https://github.com/labmlai/annotated_deep_learning_paper_implementations/blob/02309fa4cc9dd4121567b64b8da9bf94705ed93b/labml_nn/gan/wasserstein/gradient_penalty/__init__.py)).
All of them run without an error.

How far from the line between the two do such points lie, and how much of it do they visit?
"""

# %%
real, fake = torch.ones(2000, 784), torch.zeros(2000, 784)
generator = torch.Generator().manual_seed(0)
draws = {
    "uniform, one each": torch.rand(2000, 1, generator=generator),
    "normal, one each": torch.randn(2000, 1, generator=generator),
    "uniform, by pixel": torch.rand(2000, 784, generator=generator),
    "always 1": torch.ones(2000, 1),
}
for name, alpha in draws.items():
    point = alpha * real + (1 - alpha) * fake
    nearest = point.mean(1, keepdim=True).clamp(0, 1)
    off = (point - nearest).norm(dim=1) / math.sqrt(784)
    share, spread = float((off > 1e-4).float().mean()), float(nearest.std())
    print(
        f"{name}: {share:.0%} off, by {float(off.mean()):.2f} of the line;",
        end=" ",
    )
    print(f"spread along it {spread:.2f}")

# %% [markdown]
r"""
With one draw for each pixel, every point is near the middle and off the line: the critic is held to slope 1 at images of a kind that never occur.
With alpha always 1 it is held to slope 1 at the real images alone.

*Caught by* {source}`test_another_penalty_breaks_its_law <tests/test_gan_losses.py>` and {source}`test_penalty_is_taken_on_the_line_between <tests/test_gan_losses.py>`.
*Try it:* {ref}`ex-gan-penalty`.

(error-flat)=
## 16. "The loss is flat where D is near 1"

The generator of the first GAN raises $-\log(1 - D(x'))$.
A free textbook that many courses use explains why one takes another loss: a perfect generator has $D(x') \approx 1$, there this loss is near 0, and its gradients are too small ([the page](https://github.com/d2l-ai/d2l-en/blob/0d12ac3410106558611f48850c3aef902491f870/chapter_generative-adversarial-networks/gan.md), [an attempt of 2019 to mend it](https://github.com/d2l-ai/d2l-en/pull/459)).
The conclusion is right, and the reason is the other way round: the loss is flat where the *discriminator* is perfect.
"""

# %%
for logit in (-5.0, 0.0, 5.0):
    fake = torch.tensor([logit], requires_grad=True)
    loss = -minimax_generator_loss(fake)
    (gradient,) = torch.autograd.grad(loss, fake)
    d, value = float(fake.detach().sigmoid()), float(loss.detach())
    print(f"D = {d:.3f}: loss {value:.3f}, slope {float(gradient):.3f}")

# %% [markdown]
r"""
At $D \approx 0$, where training starts, the generator learns nothing; at $D \approx 1$ it has the steepest slope of all.

*Caught by* {source}`test_minimax_is_flat_where_the_discriminator_is_sure <tests/test_gan_losses.py>`.
*Try it:* {ref}`ex-gan-generator`.

(our-own)=
## Our own

How did we find ours? In the same way: by tests that know the answer, and by people who tried to break them.
Four that stood in this course:

- A conditional VAE that was trained on from the unconditional one **ignored its labels**: its codes held the class already. {source}`test_the_class_is_worth_something <tests/test_vae_recipes.py>` asks what the label is worth.
- In the mixture of logistics, scales were **bounded below and not above**. One code far out made a bin's width underflow, and a run of 5,000 steps ended in an infinite loss. {source}`test_scales_above_the_greatest_are_the_greatest <tests/test_heads.py>` holds the bound.
- Checks of exercises let **wrong answers pass**: a variance that was clamped, a likelihood that was cut off below. Each is now a case of {source}`test_wrong_answer_hears_what_is_wrong <tests/exercises/test_answers.py>`.
- The first version of this page **measured error 4 wrongly**: 1,644 unseen pairs, where there are 714, since our copy of the network had lost the link of its first layer. For error 10 it showed a version of a file in which the mistake was mended. The first was found by asking for the very pairs of error 3 ({source}`test_both_blind_networks_see_the_same <tests/book/test_errors.py>`), the second by reading the file again.

## How to look for such errors in your own code

None of these shows in a loss curve, and few in the pictures.
Five questions find most of them:

1. **Who sees what?** `gencourse.testing.causal_jacobian`, then `leaks` and `unseen`: both lists should be what you expect, pair by pair. For large images, `receptive_field` does it for one pixel.
2. **Do the probabilities sum to one?** `total_probability`, on images of nine pixels.
3. **Does it draw what it scores?** `enumerate_images` and `image_numbers` count the samples of a small model, to be held against its `log_prob`.
4. **Are the weights strong enough to matter?** `strong_copy` first: a fresh network hides nearly everything.
5. **Does the test fail when the code is wrong?** Put one of the sixteen mistakes in, and look for red; `leaks` and `total_probability` should find the first. If nothing goes red, a case whose answer is known is missing: a linear critic, a linear VAE, a code of two bits.
"""

# %% tags=["remove-cell"]
from gencourse.provenance import report

report()
