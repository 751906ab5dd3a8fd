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

This page shows ten that stood, or stand, in code and courses that many people learn from.
For each: what the line says, why it looks right, what goes wrong, by how much, and the test of this course's own code that would catch it.
*By how much* is measured below, on small models of our own that have the same mistake.

Two things in fairness.
All of it was a gift, and most of it is good: one line out of thousands is looked at here.
And none of us is better: the history of this course's own repository has mistakes of the same kind, found by the same tests.
The sources were read in November 2026, some of them in a version that is not the newest; a mistake may have been mended since.
If we are wrong about one, please open an issue.

| number | mistake | what it does | caught by |
| --- | --- | --- | --- |
| 1 | a map moved up, or not at all, instead of down | pixels see the future | counting leaks |
| 2 | "enough masked layers see all earlier pixels" | a blind spot, at any depth | counting what is unseen |
| 3 | a shift in every layer instead of once | the gated network keeps the blind spot | counting what is unseen |
| 4 | the mask written into the weight | masked weights move | the gradient of a masked weight |
| 5 | logits averaged over orders | probabilities do not sum to 1 | summing over all images |
| 6 | a weighted mean in place of the bound | a likelihood that is too good | one code for which all is known |
| 7 | a KL averaged over the code's numbers | an unstated beta | the KL of `torch.distributions` |
| 8 | `BatchNorm2d(n, 0.8)` | an epsilon of 0.8 | the layer's own settings |
| 9 | a norm over the wrong axis | a slope of 1 is punished | a linear critic |
| 10 | a normal draw, or one for each pixel, on the way from real to fake | points that lie on no line between the two | a critic that tells where it was asked |
"""

# %%
import math
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gencourse import pictures, recurrent
from gencourse.bounds import importance_bound, kl_to_standard_normal
from gencourse.gan_losses import gradient_norms, gradient_penalty
from gencourse.masked import MaskedConv2d, causal_mask, gate
from gencourse.pixelcnn import GatedPixelCNN, PixelCNN
from gencourse.pixelrnn import DiagonalBiLSTM
from gencourse.testing import causal_jacobian, enumerate_images, leaks
from gencourse.testing import (
    receptive_field,
    strong_copy,
    total_probability,
    unseen,
)

_ = torch.manual_seed(0)

# %% [markdown]
r"""
(error-shift)=
## 1. A map that is not moved down

A Diagonal BiLSTM adds two maps: one that was computed from the left, one from the right.
The one from the right has seen pixels of the own row that are still to come.
So it must be handed *one row down* before the two are added.

In a widely copied PixelRNN for TensorFlow the last row of that map is cut off and a row of zeros is put *below* what is left, so that nothing moves ([the file](https://github.com/carpedm20/pixel-rnn-tensorflow/blob/2a3485154ae083a1a23bb55ff2b997d352cf01fc/ops.py), [a thread of 2017](https://github.com/carpedm20/pixel-rnn-tensorflow/issues/16)).
It looks right because the shapes are, and because zeros do go in.

Here is our model with that one change.
How many pairs are there where a pixel sees itself or a later one?
"""


# %% tags=["experiment"]
def zeros_below(x: Tensor) -> Tensor:
    return torch.cat([x[:-1], torch.zeros_like(x[:1])])


model = strong_copy(DiagonalBiLSTM(shape=(1, 6, 6), levels=2, features=2))
with mock.patch.object(recurrent, "one_row_down", zeros_below):
    seen_too_early = leaks(causal_jacobian(model))
print(f"right: {len(leaks(causal_jacobian(model)))} leaks")
print(f"zeros below: {len(seen_too_early)} leaks of {36 * 37 // 2} pairs")

# %% tags=["experiment"]
small = strong_copy(DiagonalBiLSTM(shape=(1, 3, 3), levels=2, features=2))
with mock.patch.object(recurrent, "one_row_down", zeros_below):
    print(
        f"the probabilities of all 512 images sum to {total_probability(small):.3f}"
    )
print(f"without the mistake to {total_probability(small):.3f}")

# %% [markdown]
r"""
A network that sees what it is to predict reaches any loss that you like.
Its curves say nothing, and its samples are the only sign that something is wrong.

*Caught by* `tests/test_recurrent.py::test_a_diagonal_layer_is_the_slow_loop_over_pixels`, and by every sum over all images.
*Try it:* {ref}`ex-pixelrnn-leaks` and {ref}`ex-pixelrnn-down`.

(error-blind)=
## 2. "Enough layers see everything"

The lecture notes whose order this course follows say that a stack of enough masked convolutions has the same effective receptive field as conditioning on all earlier pixels ([the sentence](https://github.com/cs231n/cs231n.github.io/blob/3a9387a8ef32ca48eeb14daeb641b97516438dc5/generative-modeling.md)).
For ordinary convolutions that would be so.
For masked ones it is not: the mask leaves a wedge to the right that no depth reaches.
"""

# %%
for blocks in (2, 8, 16, 24):
    plain = PixelCNN(shape=(1, 11, 11), levels=2, features=2, blocks=blocks)
    missing = len(unseen(causal_jacobian(strong_copy(plain), images=2)))
    print(
        f"{blocks} blocks: {missing} of {121 * 120 // 2} earlier pairs unseen"
    )

# %% [markdown]
r"""
Depth helps for a while, and then it stops helping.

*Caught by* `tests/test_pixelcnn.py::test_the_blind_spot_counted`.
*Try it:* {ref}`ex-pixelcnn-blind`.

(error-gated)=
## 3. A shift in every layer

The gated network was made to cure just that.
Its vertical stack looks at the rows above, and since a row is known as a whole, it may look to the right as well.
The stack must be moved down by one row, *once*.

In a popular collection of generative models for PyTorch the shift is made in every layer, by a larger padding ([the file](https://github.com/EugenHotaj/pytorch-generative/blob/6eb070b0ea25ed436b3f1ae7cfdb6c1f62aa8bb0/pytorch_generative/models/autoregressive/gated_pixel_cnn.py); a comment there asks whether the padding is the right way).
No future leaks, and the loss is fine.
But each layer now goes up a row and aside one column, so what the stack sees is the plain network's wedge again.
"""


# %% tags=["experiment"]
class ShiftedLayer(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.above = nn.Conv2d(features, 2 * features, (2, 3))
        self.left = nn.Conv2d(features, 2 * features, (1, 2))
        self.link = nn.Conv2d(2 * features, 2 * features, 1)
        self.residual = nn.Conv2d(features, features, 1)

    def forward(self, above: Tensor, left: Tensor, y: Tensor | None):
        tall = self.above(F.pad(above, (1, 1, 2, 0)))[
            :, :, :-1
        ]  # down once more
        wide = self.left(F.pad(left, (1, 0))) + self.link(tall)
        return above + gate(tall, 1), left + self.residual(gate(wide, 1))


right = GatedPixelCNN(
    shape=(1, 11, 11), levels=2, features=2, dilations=[1] * 10
)
wrong = GatedPixelCNN(
    shape=(1, 11, 11), levels=2, features=2, dilations=[1] * 10
)
wrong.layers = nn.ModuleList(ShiftedLayer(2) for _ in range(10))
nets = {
    "shifted once": strong_copy(right),
    "in every layer": strong_copy(wrong),
}
for name, net in nets.items():
    missing = len(unseen(causal_jacobian(net, images=1)))
    print(f"{name}: {missing} of {121 * 120 // 2} earlier pairs unseen")

# %% tags=["hide-input"]
pictures.fields(
    {
        name: receptive_field(net, (8, 3), images=8)
        for name, net in nets.items()
    },
    (8, 3),
    "What the pixel in row 8, column 3 sees in two gated networks. Shifted once, it "
    "sees every earlier pixel. Shifted in every layer, a triangle at the right, which "
    "gets wider from row to row, stays unseen.",
)

# %% [markdown]
r"""
*Caught by* `tests/test_pixelcnn.py::test_a_vertical_stack_shifted_in_every_layer_has_the_blind_spot`.
*Try it:* {ref}`ex-pixelcnn-blind` tells which pixels a network does not see.

(error-in-place)=
## 4. The mask written into the weight

Before each convolution the weight's data are multiplied by the mask.
It is the commonest way to write a masked convolution, in the same [collection](https://github.com/EugenHotaj/pytorch-generative/blob/04c6ea9cf25bebe0048b2cc3243b63da4fd203f1/pytorch_generative/nn/convolution.py) and in many tutorials.
Each forward pass is right.
But autograd knows nothing of the mask: the hidden weights get gradients, the optimiser moves them, and until the next forward pass they are not zero.
A checkpoint or a running average that is taken then sees the future.
"""


# %% tags=["experiment"]
class MaskedInPlace(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        self.weight.data *= causal_mask(1, 4, 5, "A")
        return super().forward(x)


hidden = 1 - causal_mask(1, 4, 5, "A")
for conv in (
    MaskedConv2d(1, 4, 5, mask="A"),
    MaskedInPlace(1, 4, 5, padding=2),
):
    conv(torch.zeros(1, 1, 8, 8))
    start = (conv.weight * hidden).detach().clone()
    optimizer = torch.optim.Adam(conv.parameters(), lr=0.01)
    conv(torch.randn(8, 1, 8, 8)).square().mean().backward()
    gradient = float((conv.weight.grad * hidden).abs().max())
    optimizer.step()
    moved = float((conv.weight.detach() * hidden - start).abs().max())
    print(
        f"{type(conv).__name__}: gradient {gradient:.3f}, moved by {moved:.3f}"
    )

# %% [markdown]
r"""
*Caught by* `tests/test_masked.py::test_masked_weights_get_no_gradient_and_never_move`.
*Try it:* {ref}`ex-pixelcnn-mask` and {ref}`ex-pixelcnn-column`.

(error-ensemble)=
## 5. Logits averaged over orders

MADE can be asked in many orders, and several orders together do better than one.
A well-known small version averages the *logits* of several orders, and then computes the cross-entropy ([the file](https://github.com/karpathy/pytorch-made/blob/08431d9a9759446f1c298af727bc7e529dd24938/run.py)).
Averaging is what one does with an ensemble.
But here each bit's logit then depends on all the other bits, each order adding what the others hide.
The product of such factors is no distribution any more.

We fit six orders to a law of six bits that are mostly equal.
"""

# %% tags=["experiment"]
bits = enumerate_images((1, 1, 6), 2).flatten(1).double()  # (64, 6)
law = torch.softmax(-1.5 * (bits[:, 1:] != bits[:, :-1]).sum(1).double(), 0)


def logits_of_order(order: Tensor) -> Tensor:
    """A logistic regression of each bit on those before it: (64, 6)."""
    earlier = (order[:, None] > order[None]).double()
    weight = torch.zeros(6, 6, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(6, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([weight, bias], lr=0.05)
    for _ in range(300):
        logits = bits @ (weight * earlier).T + bias
        loss = F.binary_cross_entropy_with_logits(
            logits, bits, reduction="none"
        )
        optimizer.zero_grad()
        (law @ loss.sum(1)).backward()
        optimizer.step()
    return logits.detach()


# %% tags=["experiment"]
def log_prob_of(logits: Tensor) -> Tensor:
    return -F.binary_cross_entropy_with_logits(
        logits, bits, reduction="none"
    ).sum(1)


orders = [torch.randperm(6) for _ in range(6)]
logits = torch.stack([logits_of_order(order) for order in orders])
each = torch.stack([log_prob_of(one) for one in logits])
averages = {
    "one order": each[0],
    "logits averaged": log_prob_of(logits.mean(0)),
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

*Caught by* `tests/test_autoregressive.py::test_all_images_sum_to_one`.
*Try it:* {ref}`ex-autoregressive-enumerate`.

(error-iwae)=
## 6. A weighted mean in place of the bound

The importance-weighted bound is the logarithm of a *mean of weights*.
Its gradient is a *weighted mean of gradients*, with weights that add up to one.
So it is tempting to write the weighted mean of the log-weights and to call that the loss.
One library of VAEs and one collection of them do ([a file](https://github.com/clementchadebec/benchmark_VAE/blob/06d582a7566a5c250f1c6a126bcf424e94bd0da4/src/pythae/models/iwae/iwae_model.py), [another](https://github.com/AntixK/PyTorch-VAE/blob/22e9eb4619870b69da1326f90a32888be3ae5f52/models/iwae.py); in the version of the first that we read, the weights are a softmax of the *loss*, so that the worst draw counts most).

With 50 log-weights of a spread of 3, around −90 nats:
"""

# %%
generator = torch.Generator().manual_seed(0)
log_weights = -90 + 3 * torch.randn(50, 20_000, generator=generator).double()
shares = {"good draws first": log_weights, "bad draws first": -log_weights}
print(f"the bound: {float(importance_bound(log_weights).mean()):.2f} nats")
for name, sorted_by in shares.items():
    mean = (sorted_by.softmax(0) * log_weights).sum(0).mean()
    print(f"weighted mean, {name}: {float(mean):.2f} nats")

# %% [markdown]
r"""
With detached weights and good draws first, the gradient is right and training is unharmed.
The *number* is not: it is higher than the bound, so it says of a model that it is better than it is known to be.
With bad draws first it is a loss of another kind.

*Caught by* `tests/test_bounds.py::test_the_mean_of_the_bound_over_all_draws_of_two_bits`.
*Try it:* {ref}`ex-vae-iwae`.

(error-kl)=
## 7. A KL averaged over the code

The ELBO takes a *sum* over the numbers of the code, and a *sum* over the pixels.
Put a mean in place of one of the two, and the balance between them is another one.
Examples and books have done so for years ([one thread](https://github.com/keras-team/keras/issues/6015), [another](https://github.com/keras-team/keras-io/issues/270), [a third](https://github.com/fchollet/deep-learning-with-python-notebooks/issues/120)).
The model trains and its pictures are sharp; only nobody wrote down the beta.
"""

# %%
mu, log_var = torch.randn(1000, 16), torch.randn(1000, 16)
kl = kl_to_standard_normal(mu, log_var)
averaged = 0.5 * (mu**2 + log_var.exp() - 1 - log_var).mean(-1)
print(
    f"the KL {float(kl.mean()):.2f} nats, averaged {float(averaged.mean()):.2f}"
)
print(
    f"beta = 1/{float((kl / averaged).mean()):.0f} with the sum over the pixels"
)
print(f"beta = {784 / 16:.0f} with a mean over 784 pixels as well")

# %% [markdown]
r"""
*Caught by* `tests/test_bounds.py::test_the_kl_is_that_of_torch_distributions`.
*Try it:* {ref}`ex-vae-kl` and {ref}`ex-vae-elbo`.

(error-eps)=
## 8. `BatchNorm2d(n, 0.8)`

In Keras one writes `BatchNormalization(momentum=0.8)`.
Carried over to PyTorch as `BatchNorm2d(n, 0.8)`, the second argument is not the momentum: it is epsilon, which stands under the root beside the variance ([the thread](https://github.com/eriklindernoren/PyTorch-GAN/issues/116), open since 2020, on a collection of GANs that very many people have started from).
"""

# %%
for spread in (2.0, 1.0, 0.3):
    features = spread * torch.randn(64, 8, 14, 14)
    out = nn.BatchNorm2d(8, 0.8)(features).std()
    usual = nn.BatchNorm2d(8)(features).std()
    print(
        f"spread {spread}: leaves with {float(out):.2f}, should be {float(usual):.2f}"
    )
print(nn.BatchNorm2d(8, 0.8))

# %% [markdown]
r"""
Small activations stay small: the layer hardly normalises them.

*Caught by* `tests/test_gan_networks.py::test_every_generator_norm_has_a_small_eps`.
*Try it:* write `momentum=` by name; the step of {ref}`ex-gan-step` is where a GAN's layers are used.

(error-norm)=
## 9. A norm over the wrong axis

The penalty asks that the gradient with respect to a *whole image* has the norm 1.
`gradients.norm(2, dim=1)` gives that where images are rows of numbers.
Where they are (B, C, H, W) it gives a norm for each pixel ([one thread](https://github.com/caogang/wgan-gp/issues/25), [another](https://github.com/eriklindernoren/PyTorch-GAN/issues/20), [a third](https://github.com/Zeleni9/pytorch-wgan/issues/40); most were mended after them).

Take a linear critic whose slope is 1 everywhere.
It should pay nothing.
"""

# %%
slope = torch.ones(1, 28, 28) / 28  # of norm 1
real, fake = torch.rand(2, 16, 1, 28, 28, requires_grad=True)
alpha = torch.rand(16, 1, 1, 1)
between = alpha * real + (1 - alpha) * fake
scores = (between * slope).sum((1, 2, 3))
(gradients,) = torch.autograd.grad(scores.sum(), between)
by_pixel = (gradients.norm(2, dim=1) - 1).square().mean()
by_image = (gradients.flatten(1).norm(2, dim=1) - 1).square().mean()
print(
    f"norm for each pixel: {float(by_pixel):.3f}, for each image: {float(by_image):.3f}"
)

# %% [markdown]
r"""
The wrong penalty is least where every *pixel* has the slope 1, which is a slope of 28 for the image.

*Caught by* `tests/test_gan_losses.py::test_penalty_of_a_linear_critic_is_known`.
*Try it:* {ref}`ex-gan-penalty`.

(error-alpha)=
## 10. Points that lie on no line

The penalty is taken at points between a real and a fake image: one number for each pair, uniform between 0 and 1.
A much-read example drew it from a normal law ([a thread of 2020](https://github.com/keras-team/keras-io/issues/143); it was [mended in 2023](https://github.com/keras-team/keras-io/pull/1463)).
Others drew one number for each *pixel* ([a thread](https://github.com/hwalsuklee/tensorflow-generative-model-collections/issues/33), [another, mended the same day](https://github.com/eriklindernoren/PyTorch-GAN/issues/5)).
How far from the line between the two do such points lie?
"""

# %%
real, fake = torch.zeros(2000, 784), torch.ones(2000, 784)
draws = {
    "uniform, one each": torch.rand(2000, 1),
    "normal, one each": torch.randn(2000, 1),
    "uniform, by pixel": torch.rand(2000, 784),
}
for name, alpha in draws.items():
    point = real + alpha * (fake - real)
    nearest = point.mean(1, keepdim=True).clamp(0, 1)
    off = (point - nearest).norm(dim=1) / math.sqrt(784)
    share = float((off > 1e-4).float().mean())
    print(
        f"{name}: {share:.0%} off the line, by {float(off.mean()):.2f} of its length"
    )

# %% [markdown]
r"""
With one draw for each pixel every point is near the middle and off the line: the critic is held to slope 1 at images of a kind that never occur.

*Caught by* `tests/test_gan_losses.py::test_penalty_is_taken_on_the_line_between` and `tests/test_gan_losses.py::test_another_penalty_breaks_its_law`.
*Try it:* {ref}`ex-gan-penalty`.

## How to look for such mistakes in your own code

None of these was found by looking at pictures or at loss curves.
Five questions find most of them:

1. **Who sees what?** `gencourse.testing.causal_jacobian`, then `leaks` and `unseen`: both lists should be what you expect, pair by pair.
2. **Do the probabilities sum to one?** `gencourse.testing.total_probability`, on images of nine pixels.
3. **Are the weights strong enough to matter?** `gencourse.testing.strong_copy` first: a fresh network hides nearly everything.
4. **Is there a case whose answer is known?** A linear critic, a linear VAE, a code that says nothing, two laws in a table.
5. **Does the test fail when the code is wrong?** Put one of the ten mistakes in, and look for red.
"""

# %% tags=["remove-cell"]
from gencourse.provenance import report

report()
