# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# Generative adversarial networks

Most models so far could say how likely a picture is, exactly or within a bound.
What if we give that up?
What if all we ask of a model is that its draws look right?

Then somebody has to tell what looks right.
A **generative adversarial network**, a GAN, trains a second network to be that somebody {cite}`goodfellow2014gan`.
The two play against each other, and no density is ever written down.

Pictures of a GAN can be stunning, and the training can fail in ways that no loss curve tells.
So we first play the game where everything is known: on a line, and in a plane.
"""

# %%
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

import gencourse
from gencourse import data, figures, gan_losses, optimal, recipes, results
from gencourse import codes, modes, sample_quality
from gencourse.evaluate import measured
from gencourse.exercises import check, hint, mine_or_reference, todo
from gencourse.gan import GAN, PointGAN
from gencourse.gan_losses import Critic
from gencourse.gan_metrics import draw_samples, features_of, judge
from gencourse.gan_recipes import game_turns
from gencourse.modes import Grid
from gencourse.toy import Mixture1D, Ring
from gencourse.train import Batches, fit, warmup_cosine

_ = torch.manual_seed(0)

# %%
full = gencourse.profile() == "full"
name = "fashion-mnist" if full else "fashion-mini"
train, test = data.load(name, "train"), data.load(name, "test")

# %% [markdown]
r"""
## Two players

The **generator** $G$ turns noise $z \sim \mathcal{N}(0, I)$ into a point $G(z)$.
That is a law we can draw from and cannot evaluate: an implicit density, like the network at the end of [](density.ipynb).
Call it $p_g$.

The **discriminator** $D$ sees one point at a time, and does not know where it comes from.
It answers with the probability that the point is real.
It is an ordinary classifier of two classes, and learns by cross entropy: real points have the label 1, generated ones the label 0.

The generator never sees a real point.
It sees what the discriminator says of its own points, and changes them so that the answer becomes "real".
Here are both, trained on clothes, as they will be at the end of this chapter.

```{live} gan
:alt: Five walks of nine pictures. Each starts at one drawing of a generator and ends at another; the garments between them change a little with every step.

Slide from one drawing to the other, and watch what the discriminator says on the way.
Then draw something yourself.
It has learned to tell clothes from this generator's drawings, and nothing else: does it believe you?
```

In the original form of the game both pull at one number:

$$
\min_G \max_D \; V(D, G) = \mathbb{E}_{x \sim p_{\text{data}}} \big[ \log D(x) \big] + \mathbb{E}_{z} \big[ \log \big( 1 - D(G(z)) \big) \big] .
$$

Let us play it on a line, with one change to the generator's loss that is explained below.
The data come from two humps; each player is a network with two small hidden layers.
They move in turns: a step of $D$, a step of $G$, and again.
"""

# %%
humps = Mixture1D(weights=(0.6, 0.4), means=(-1.5, 1.5), stds=(0.5, 0.3))
line = PointGAN(dims=1, latent=4, r1=0.1)
turns = game_turns(line, lr=2e-3, weight_decay=0.0)
start = line.sample(4000)
batches = Batches(humps.sample(20_000), size=256, steps=600)
history = fit(turns, batches, schedule=warmup_cosine, progress=False)
drawn = line.sample(4000)

# %% tags=["hide-input"]
alt = (
    "Histograms of 4,000 draws of the generator, before training a single spike near "
    "zero and afterwards two humps, over the true density, which has a larger hump at "
    "-1.5 and a narrower one at 1.5. The trained draws follow both, the right one only "
    "up to 2; the spike is cut off at the top of the frame."
)
places = torch.linspace(-3.5, 3.5, 300)[:, None]
with figures.figure(alt) as axes:
    bins = {"bins": 70, "range": (-3.5, 3.5), "density": True, "alpha": 0.6}
    axes.hist(start[:, 0], **bins, label="before", color="#7d8590")
    axes.hist(drawn[:, 0], **bins, label="trained")
    axes.plot(places, humps.log_prob(places).exp(), label="data, exact")
    axes.set(xlabel="x", ylabel="density", ylim=(0, 1.2))
    axes.legend()

# %% [markdown]
r"""
Nobody told the generator the density, and it has found the humps, if not their exact shape; a few draws lie between them.
(`r1` keeps the discriminator smooth; what it is comes below.)
Now, why does this work?

## The best discriminator

Hold $G$ still, and ask for the best $D$.
At a point $x$ the game is worth $p_{\text{data}}(x) \log D + p_g(x) \log (1 - D)$.
Set the derivative by $D$ to zero, $p_{\text{data}} / D = p_g / (1 - D)$, and solve:

$$
D^*(x) = \frac{p_{\text{data}}(x)}{p_{\text{data}}(x) + p_g(x)} .
$$

In words: out of all points that turn up here, the share that is real.
As a logit it is even simpler: $\log p_{\text{data}}(x) - \log p_g(x)$.
So a good discriminator *is* a ratio of densities, learned from samples of both.

Is that what a network learns?
Take two laws that we know: the humps, and in the generator's place a fixed Gaussian.
"""

# %%
wide = Mixture1D(weights=(1.0,), means=(0.5,), stds=(1.0,))


# %% tags=["experiment"]
def learn_to_tell(real: Mixture1D, fake: Mixture1D) -> PointGAN:
    torch.manual_seed(0)
    game = PointGAN(dims=1)
    adam = Adam(game.discriminator.parameters(), lr=3e-3)
    for _ in range(800):
        scores = game.score(real.sample(512)), game.score(fake.sample(512))
        adam.zero_grad()
        gan_losses.discriminator_loss(*scores).backward()
        adam.step()
    return game.eval()


# %%
told = learn_to_tell(humps, wide)
with torch.inference_mode():
    learned = told.score(places).sigmoid()
best = optimal.optimal_discriminator(
    humps.log_prob(places), wide.log_prob(places)
)

# %% tags=["hide-input"]
alt = (
    "Above: the density of the data, two humps, and the Gaussian in the generator's "
    "place. The learned discriminator lies on the optimal one where points are "
    "frequent: near 1 over the left hump, near 0 at zero, up again over the right hump. "
    "At the left edge, where points are rare, the two part."
)
with figures.figure(alt, height=3.4) as axes:
    axes.plot(places, best, label="D*, from the densities")
    axes.plot(places, learned, "--", label="D, learned")
    for law, which in ((humps, "data"), (wide, "generator")):
        density = law.log_prob(places).exp()
        axes.fill_between(places[:, 0], density, alpha=0.25, label=which)
    axes.set(xlabel="x", ylabel="probability, density")
    axes.legend(fontsize=9, ncols=2)

# %% [markdown]
r"""
The network has found the ratio from samples alone.

## What the game is worth

Put $D^*$ back into $V$.
What is left depends on the two laws only:

$$
V(D^*, G) = 2 \operatorname{JSD}(p_{\text{data}}, p_g) - \log 4 .
$$

JSD is the **Jensen-Shannon divergence**: the mean of both KL divergences from the mixture $m = \tfrac12 (p_{\text{data}} + p_g)$.
It is 0 if the laws agree, and $\log 2$ if they have no point in common.
So against a perfect opponent the generator minimises a divergence, and its minimum $-\log 4$ is reached only at $p_g = p_{\text{data}}$.

Measure it three ways: by summing over a fine grid, by the optimal $D$ on samples, and by what the learned $D$ makes of them.
"""

# %%
fine = torch.linspace(-8, 8, 8001, dtype=torch.float64)[:, None]
p, q = (law.log_prob(fine).exp() for law in (humps, wide))
worth = optimal.game_value(p / p.sum(), q / q.sum())
real, fake = humps.sample(100_000), wide.sample(100_000)
logits = [humps.log_prob(x) - wide.log_prob(x) for x in (real, fake)]
by_samples = -gan_losses.discriminator_loss(*logits)
with torch.inference_mode():
    by_network = -gan_losses.discriminator_loss(
        told.score(real), told.score(fake)
    )
print(f"2 JSD - log 4:      {worth:.4f}")
print(f"optimal D, samples: {by_samples:.4f}")
print(f"learned D, samples: {by_network:.4f}")

# %% [markdown]
r"""
The learned $D$ falls a little short, as it must: no discriminator beats the best.

So is a GAN's training a minimisation of the JSD?
Only if $D$ is perfect at every step.
In practice $D$ is a step or two ahead, and the game is what it is: two players, each moving the ground under the other.

## When D is sure, G learns little

At the start $G$ is bad and $D$ tells every fake at once.
Look at what $G$ lowers, $\log(1 - D(G(z)))$, as a function of the logit $\ell$ of $D$.
Its slope is $-D$ itself.
Where $D$ says "surely fake", $D \approx 0$, and the slope is gone: the loss **saturates** exactly when $G$ needs it most.

The fix is one line.
Do not lower $\log(1 - D)$, raise $\log D$.
Both want the same, a higher logit.
But the slope of $-\log D$ is $-(1 - D)$: steep where $D$ is sure.
This is the **non-saturating** loss.
"""

# %%
logit = torch.linspace(-10, 10, 201, requires_grad=True)
slopes = {}
for title, loss in (
    ("minimax", gan_losses.minimax_generator_loss),
    ("non-saturating", gan_losses.non_saturating_generator_loss),
):
    (slope,) = torch.autograd.grad(loss(logit) * len(logit), logit)
    slopes[title] = slope.abs()

# %% tags=["hide-input"]
alt = (
    "Size of the slope of both generator losses against the logit of D, from -10, "
    "surely fake, to 10, surely real. The minimax loss has slope 0 on the left and 1 "
    "on the right; the non-saturating loss has slope 1 on the left and 0 on the right."
)
with figures.figure(alt) as axes:
    for (title, slope), style in zip(slopes.items(), ("-", "--")):
        axes.plot(logit.detach(), slope, style, label=title)
    axes.set(xlabel="logit of D(G(z)): fake < 0 < real", ylabel="|slope|")
    axes.legend()

# %% [markdown]
r"""
Does it matter in a real game?
Take an untrained generator, let the discriminator get ahead by more and more steps, and measure the gradient that reaches $G$.
"""


# %% tags=["experiment"]
def gradients_at_generator(steps: int) -> tuple[float, ...]:
    torch.manual_seed(0)
    game = PointGAN(dims=1)
    adam = Adam(game.discriminator.parameters(), lr=3e-3)
    for _ in range(steps):
        adam.zero_grad()
        game.discriminator_losses(humps.sample(256))[
            "discriminator"
        ].backward()
        adam.step()
    scores = game.score(game.generate(game.noise(2000)))
    weights, sizes = [*game.generator.parameters()], []
    for name in ("minimax", "non_saturating"):
        loss = getattr(gan_losses, f"{name}_generator_loss")(scores)
        slopes = torch.autograd.grad(loss, weights, retain_graph=True)
        sizes.append(float(torch.cat([s.flatten() for s in slopes]).norm()))
    return scores.sigmoid().mean().item(), *sizes


# %% tags=["hide-input"]
figures.table(
    ["steps of D alone", "D of a fake", "minimax", "non-saturating"],
    [
        (steps, *(f"{x:.2g}" for x in gradients_at_generator(steps)))
        for steps in (0, 20, 100, 400)
    ],
    "What reaches an untrained generator when the discriminator is ahead: norm of the "
    "gradient at its weights, for both losses.",
)

# %% [markdown]
r"""
Before $D$ knows anything the two are alike.
Then $D$ gets steeper, so that even the minimax gradient grows at first.
But look across a row: in the end it is a thirtieth of the other.
For each single point it is $D / (1 - D)$ of it, and the few points that $D$ is less sure of make up most of what is left.

## Modes that nobody visits

Back to training, now in a plane.
The data: eight Gaussians on a ring of radius 2, with a standard deviation of 0.1, and then 25 of the same width on a square grid, one unit apart.
To see what becomes of them we count.
A draw is *good* if it lies within three standard deviations of the nearest centre, and a mode is *reached* if there is a good draw at it.

First a mistake, made on purpose: after each step of $D$ the generator gets *five*.
(Such a round takes longer, so this game has 400 of them and the others 1,000. Give it 1,000 as well, and see whether that helps.)
"""


# %% tags=["experiment"]
def play(density: Ring | Grid, generator_steps: int = 1, **settings: float):
    torch.manual_seed(0)
    game = PointGAN(**settings)
    judging, making = game_turns(game, lr=4e-3, weight_decay=0.0)
    turns = [judging, *generator_steps * [making]]
    steps = 1000 if generator_steps == 1 else 400
    batches = Batches(density.sample(20_000), size=128, steps=steps)
    history = fit(turns, batches, schedule=warmup_cosine, progress=False)
    drawn = game.sample(2500)
    reached = modes.modes_reached(drawn, density.centres, 3 * density.std)
    return drawn, reached, history


# %%
ring, lattice = Ring(), Grid(std=0.1)
played = {
    (str(len(density.centres)), title): play(density, **settings)
    for density in (ring, lattice)
    for title, settings in {
        "five steps of G for one of D": {"generator_steps": 5},
        "in turns": {},
        "in turns, with R1": {"r1": 0.1},
    }.items()
}

# %% tags=["hide-input"]
figures.table(
    ["modes in the data", "how it was played", "modes reached", "good draws"],
    [
        (*which, number, f"{share:.0%}")
        for which, (_, (number, share), _) in played.items()
    ],
    "What 2,500 draws reach, of the ring of 8 and of the grid of 25 Gaussians.",
)

# %% tags=["hide-input"]
alt = (
    "Three panels on the ring of eight, 600 draws each. With five steps of the "
    "generator for one of the discriminator all draws sit in one small clump, beside the "
    "left mode. In turns, "
    "and in turns with R1, they lie on all eight modes, with threads between them."
)
shown = [(title, p) for (n, title), (p, *_) in played.items() if n == "8"]
with figures.figure(alt, height=2.6, columns=3) as panels:
    for axes, (title, points) in zip(panels, shown):
        axes.scatter(*ring.centres.T, s=60, color="#7d8590", alpha=0.4)
        axes.scatter(*points[:600].T, s=2)
        axes.set(xlim=(-3.5, 3.5), ylim=(-3.5, 3.5), aspect="equal")
        axes.set_title(
            title.replace(", ", ",\n").replace(" for", "\nfor"), fontsize=9
        )

# %% [markdown]
r"""
This is **mode collapse**.
Why does it happen?
Hold $D$ still, and ask what the best reply of $G$ is.
It is *not* the law of the data: it is to put everything where $D$ is highest, on a single point.
Only the next step of $D$ takes that point away.
If $G$ may move five times before $D$ answers, it runs to the best point, $D$ marks it as fake, and the whole clump runs on.
A loss that compares laws would punish this; but $G$ is never shown a law, only $D$'s opinion of one point at a time.

Two cures can be seen in the table.

- **Let $D$ keep up**: as many turns as $G$ has, or more.
- **Keep $D$ smooth.** The **R1** penalty adds $\tfrac{\gamma}{2} \, \mathbb{E}_{p_\text{data}} \| \nabla_x D(x) \|^2$ to its loss, here with the logit for $D$ {cite}`mescheder2018which`. A steep $D$ throws $G$ about; at the end of the game, where the laws agree, there is nothing left to be steep about.

The grid shows that reaching a mode is not the same as getting its shape right: all modes can be reached while most draws lie between them.
Count both.
"""

# %% [markdown]
r"""
### What the curves of a GAN say

Look at the losses of two of these games.
What do you expect of a run that goes well?
"""

# %% tags=["hide-input"]
alt = (
    "Losses over the steps of two games on the ring, in turns with R1, and with five "
    "steps of the generator. In both they swing at first and then settle at the dotted "
    "lines, 2 log 2 for the discriminator and log 2 for the generator. The collapsed "
    "game looks hardly less calm in the end than the good one."
)
with figures.figure(alt, height=2.8, columns=2) as panels:
    for axes, title in zip(
        panels, ("in turns, with R1", "five steps of G for one of D")
    ):
        _, _, told = played["8", title]
        for player in ("discriminator", "generator"):
            axes.plot(told[player], label=player, linewidth=1)
        for level in (2, 1):
            axes.axhline(
                level * 0.6931, color="#7d8590", linewidth=1, linestyle=":"
            )
        axes.set(xlabel="step", ylim=(0, 4))
        axes.set_title(title, fontsize=9)
    panels[0].legend(fontsize=9)

# %% [markdown]
r"""
On the left is the good run, on the right the one that collapsed.
Could you have told?
Both settle at the dotted lines, $2 \log 2$ and $\log 2$.
That is what both get if the discriminator can only guess.
On the left it is so because draws and data are alike; on the right because $D$ is always a move late.
(And both grow calm because the learning rate falls to nothing.)

A loss that falls is not a sign of progress here, nor is a flat one a sign of its end.
Each player's loss says how it stands against the *other*, and the other changes.
Read the curves like this:

- both near their dotted lines: the players are matched, and no more can be said;
- $D$'s loss near 0: it has won, and $G$ may learn little; look at $G$'s gradient, and slow $D$ down with a penalty;
- swings that grow: the two chase one another; take smaller steps;
- collapse and bad draws: not in the curves. For these, look at draws, and measure them. How, we shall see below.

## From a verdict to a distance

There is a deeper trouble with the verdict real or fake.
Take two narrow laws that do not overlap, and move one towards the other.
As long as they do not touch, $D$ tells them apart without a fault, and the JSD is $\log 2$, near or far.
It says "different", never "closer".

The **Wasserstein distance** says how far: the least mean way over which the mass of one law has to be carried to make the other.
For two piles of one shape, a step of $d$ apart, it is $d$.
It can be written with a critic $f$ in $D$'s place {cite}`arjovsky2017wasserstein`:

$$
W(p, q) = \max_{\| f \|_L \le 1} \; \mathbb{E}_{x \sim p} [ f(x) ] - \mathbb{E}_{x \sim q} [ f(x) ] .
$$

$f$ gives a score, not a probability.
The condition below the maximum says that it is **1-Lipschitz**: its slope is nowhere above 1.
Without that it could make the gap as large as it likes.
In the game the critic lowers $\mathbb{E}[f(G(z))] - \mathbb{E}[f(x)]$, and the generator $-\mathbb{E}[f(G(z))]$.
A distance is worth most if the critic is nearly the best one, so it gets several steps for one of the generator: three in our WGAN-GP.

How shall a network be held to it?
The **gradient penalty** asks for a slope of 1 where it matters, on the way between real and generated points {cite}`gulrajani2017improved`:

$$
\lambda \, \mathbb{E} \big[ \big( \| \nabla_{\hat x} f(\hat x) \|_2 - 1 \big)^2 \big], \qquad \hat x = \alpha x + (1 - \alpha) G(z), \quad \alpha \sim \mathcal{U}[0, 1] .
$$

```{literalinclude} ../../src/gencourse/gan_losses.py
:pyobject: gradient_penalty
```

The weight $\lambda$ is 10 in the paper and here.
Three things are easily missed: one $\alpha$ for each *sample*; the norm is that of the whole flattened image; and the gradient itself has to be differentiable, since it is part of a loss.

Now train both kinds of judge on two narrow Gaussians, and move them apart.
"""


# %% tags=["experiment"]
def judge_apart(distance: float, game: str, penalty: float) -> PointGAN:
    torch.manual_seed(0)
    model = PointGAN(dims=1, game=game, penalty=penalty)
    adam = Adam(model.discriminator.parameters(), lr=3e-3)
    loss = gan_losses.discriminator_loss
    loss = gan_losses.critic_loss if game == "wasserstein" else loss
    for _ in range(250):
        real, fake = 0.1 * torch.randn(2, 128, 1)
        fake = fake + distance
        value = loss(model.score(real), model.score(fake))
        if penalty:
            share = torch.rand(len(real))
            value = value + penalty * gan_losses.gradient_penalty(
                model.score, real, fake, share
            )
        adam.zero_grad()
        value.backward()
        adam.step()
    return model.eval()


# %%
distances = (0.0, 0.5, 1.0, 2.0, 3.0)
found = {"distance of the critic": [], "JSD of the discriminator": []}
for far in distances:
    noise = 0.1 * torch.randn(2, 20_000, 1)
    critic = judge_apart(far, "wasserstein", 10.0)
    verdict = judge_apart(far, "non-saturating", 0.0)
    with torch.inference_mode():
        scores = [critic.score(noise[0]), critic.score(noise[1] + far)]
        logits = [verdict.score(noise[0]), verdict.score(noise[1] + far)]
    found["distance of the critic"].append(-gan_losses.critic_loss(*scores))
    value = -gan_losses.discriminator_loss(*logits)
    found["JSD of the discriminator"].append((value + 2 * 0.6931) / 2)

# %%
x = torch.linspace(-1, 4, 200)[:, None]
with torch.inference_mode():
    slope, cliff = critic.score(x), verdict.score(x).sigmoid()

# %% tags=["hide-input"]
alt = (
    "Left: what both judges say of two narrow Gaussians, against how far apart they are. "
    "The critic's estimate grows along the dotted diagonal, the true distance. The "
    "discriminator's divergence jumps to log 2 and stays. Right: both judges with the "
    "laws at 0 and 3. The discriminator's probability is a cliff, flat on both sides; the critic is a "
    "straight slope."
)
with figures.figure(alt, height=3.0, columns=2) as (left, right):
    left.plot(
        distances, distances, ":", color="#7d8590", label="true distance"
    )
    for (title, values), marker in zip(found.items(), "os"):
        left.plot(distances, values, marker, label=title)
    left.axhline(0.6931, color="#7d8590", linewidth=1, linestyle=":")
    left.set(xlabel="distance between the laws")
    left.legend(fontsize=8)
    right.plot(x, slope - slope.mean(), label="critic")
    right.plot(x, cliff, "--", label="discriminator")
    right.set(xlabel="x: real at 0, generated at 3")
    right.legend(fontsize=8)

# %% [markdown]
r"""
At 3 the discriminator's probability is a cliff with flat ground on both sides: that is where the minimax loss stands still.
(The non-saturating loss lives on the logit, which still has a slope.)
But its value is $\log 2$ at every distance, the dotted line, and so no longer says whether things get better.
The critic is a slope all the way, and its value says how far.
(Its estimate lies a little above the truth for the far laws: the penalty asks for a slope of 1, it does not force it.)

### Another leash

**Spectral normalisation** holds the critic by its weights {cite}`miyato2018spectral`.
A linear layer stretches a vector at most by its largest singular value $\sigma(W)$.
So divide $W$ by it.
Each layer then stretches by 1 at most, and so does the whole network, since a leaky ReLU never stretches.
It is often played with the **hinge** loss {cite}`lim2017geometric`: $D$ lowers $\max(0, 1 - f(x)) + \max(0, 1 + f(G(z)))$, so that scores beyond $\pm 1$ earn nothing more, and $G$ raises $f(G(z))$.
PyTorch does the division as a parametrisation, and finds $\sigma$ by a step of power iteration in every forward pass.
"""

# %%
torch.manual_seed(0)
leashed = PointGAN(norm="spectral", game="hinge")
with torch.no_grad():
    for layer in leashed.discriminator[::2]:
        layer.parametrizations.weight.original.mul_(3)  # as if it had grown
for _ in range(30):
    leashed.score(
        ring.sample(8)
    )  # in training mode: each pass is an iteration
for layer in leashed.discriminator[::2]:
    before = layer.parametrizations.weight.original
    largest = [torch.linalg.svdvals(w)[0] for w in (before, layer.weight)]
    print("largest singular value: {:.2f} -> {:.4f}".format(*largest))

# %% [markdown]
r"""
One caution.
For a convolution the weight is first reshaped to a matrix, one row for each output channel.
The largest singular value of *that* is made 1, but the convolution uses each weight at many places, and may still stretch an image by more.

## The famous mistakes

These formulas are short, and public code gets them wrong in ways that run without an error.
Here is what each does, on a critic that we know: $f(x) = w \cdot x$ on images of $28 \times 28$, with $\| w \| = 1$.
Its slope is 1 everywhere, so that the penalty has to be 0.
"""

# %%
torch.manual_seed(0)
w = torch.randn(784)
w = w / w.norm()
x = torch.randn(64, 1, 28, 28)
near, far = x.clone().requires_grad_(), 3 * x
(slope,) = torch.autograd.grad((near.flatten(1) @ w).sum(), near)
share = torch.rand(64)
right = gan_losses.gradient_penalty(lambda x: x.flatten(1) @ w, x, far, share)
by_channel = (slope.norm(2, dim=1) - 1).square().mean()
print(f"penalty of the flattened gradient: {right:.4f}")
print(f"norm over axis 1 alone, without flatten: {by_channel:.4f}")

# %% [markdown]
r"""
Without `flatten`, every *pixel* is asked for a slope of 1; an image of them has a slope of 28.
The critic that obeys is 28 times too steep.

The next two are about $\alpha$.
Take real points around 3, generated ones around 0, and two critics on the line.
One is right between them, with slope 1, and steep far outside, where nobody is: its penalty has to be 0.
The other has slope 1 at the real points, and a cliff half-way: it has to be punished.
"""

# %%
torch.manual_seed(0)
real, fake = 3 + 0.1 * torch.randn(4000, 1), 0.1 * torch.randn(4000, 1)
critics = {
    "right between": lambda x: (
        x + 4 * (x - 3.6).clamp(min=0) - 4 * (-0.6 - x).clamp(min=0)
    ),
    "cliff between": lambda x: x + 3 * torch.sigmoid(10 * (x - 1.5)),
}
shares = {
    "uniform": torch.rand(4000),
    "from N(0, 1)": torch.randn(4000),
    "always 1": torch.ones(4000),
}

# %% tags=["hide-input"]
figures.table(
    ["alpha", *critics],
    [
        (
            title,
            *(
                f"{gan_losses.gradient_penalty(f, real, fake, share):.3f}"
                for f in critics.values()
            ),
        )
        for title, share in shares.items()
    ],
    "The penalty of two critics, with three ways to draw alpha. Only the first row "
    "leaves the good critic alone and punishes the other.",
)

# %% [markdown]
r"""
With $\alpha$ from a normal law two points in three lie outside the segment, and a good critic is punished for what it does there.
With $\alpha$ always 1 (one annotated implementation calls this $\epsilon$ and fixes it) only real points are looked at, and the cliff goes free.

The last two are about batch normalisation.
In a *critic* it ties the images of a batch to one another: the score of one depends on all.
Then $\nabla_x f(x)$ is no longer about one image, and neither is the penalty.
And a layer `BatchNorm2d(n, 0.8)`, copied from a library whose second argument is the momentum, sets `eps = 0.8`: under the root, 0.8 is added to the variance.
"""

# %%
torch.manual_seed(0)
scores, x = {}, torch.randn(8, 1, 28, 28)
for norm in ("none", "batch"):
    critic = GAN(width=4, norm=norm)
    images = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(critic.score(images)[0], images)
    others = slope[1:].norm() / slope.norm()
    print(f"norm {norm}: share of the slope at other images {others:.2f}")

# %%
for eps in (1e-5, 0.8):
    layer = torch.nn.BatchNorm2d(16, eps=eps)
    spread = layer(0.3 * torch.randn(64, 16, 7, 7)).std()
    print(f"eps {eps}: 0.3 becomes {spread:.2f}, and should become 1")

# %% [markdown]
r"""
## Clothes

Now pictures.
The generator starts from 64 numbers and goes up by transposed convolutions, the discriminator comes down by strided ones: a **DCGAN** {cite}`radford2016unsupervised`, small, at $28 \times 28$.
Here is a whole turn of the discriminator.

```{literalinclude} ../../src/gencourse/adversarial.py
:pyobject: Adversarial.discriminator_losses
```

No gradient reaches the generator in it, and in the generator's turn the trainer freezes the discriminator.
"""

# %%
recipe = recipes.find("dcgan")
_ = torch.manual_seed(0)
model = recipe.model() if full else GAN(width=8, r1=0.05)
turns = recipe.turns(model, recipe.lr, 0.0)
steps = recipe.steps if full else 120
batches = Batches(train.x, size=recipe.batch_size, steps=steps)
before = model.noise(10)
history = fit(turns, batches, schedule=warmup_cosine, progress=False)

# %%
with torch.inference_mode():
    taste = model.eval().generate(before)

# %% tags=["hide-input"]
figures.grid(
    (taste + 1) / 2,
    "Ten draws of a small generator after a taste of training: white clouds on black "
    "with a checkerboard grain. None is a garment yet.",
)

# %% [markdown]
r"""
On a CPU this is a taste again.
The package ships five trained GANs, of which one takes a class and comes later.
What was kept of each is not its last weights but an average over the last thousand steps or so: players circle one another, and the average is steadier.
Each draws ten pictures from one seed, and nothing was picked.
"""

# %%
trained = {
    "gan": gencourse.load("gan"),
    "dcgan": model.eval() if full else gencourse.load("dcgan"),
    "wgan-gp": gencourse.load("wgan-gp"),
    "sngan": gencourse.load("sngan"),
}
drawn = []
for gan in trained.values():
    draws = torch.Generator().manual_seed(0)
    drawn.append(gan.sample(10, generator=draws))

# %% tags=["hide-input"]
figures.grid(
    torch.cat([test.x[:10], *drawn]),
    "Ten test pictures, and ten draws of each of four GANs. Those of the fully connected "
    "one have clear outlines and are speckled all over. Those of DCGAN, WGAN-GP and "
    "SNGAN are smoother; tops and trousers are good, some shoes and bags are broken.",
    rows=["test pictures", *trained],
)

# %% [markdown]
r"""
## Walking among codes

Are the codes of a GAN only a lottery, or do neighbours make similar pictures?
Walk from one draw to another.
"""

# %%
dcgan = trained["dcgan"]
ends = dcgan.noise(6, torch.Generator().manual_seed(4))
paths = torch.cat(
    [codes.interpolate(a, b, 9) for a, b in zip(ends[:3], ends[3:])]
)
with torch.inference_mode():
    walked = (dcgan.generate(paths) + 1) / 2

# %% tags=["hide-input"]
figures.grid(
    walked,
    "Three walks of nine pictures between two draws each of the DCGAN. Every step is a "
    "small change, and most pictures on the way are garments too.",
    columns=9,
)

# %% [markdown]
r"""
The draws on the way are often garments of their own, and no blends of two pictures.

Directions mean something as well.
There is no encoder that could tell us the code of a dress, but we can draw many codes and ask a classifier what became of each.
The package ships one, `classifier`, for this and for what follows.
Take the mean code of all draws that it takes for trousers, and that of all dresses.
Then add the difference to the codes of single trousers.
"""

# %%
card = recipes.card("classifier")
print(f"test accuracy of the classifier: {card['metrics']['accuracy']:.1%}")
with torch.inference_mode():
    z = dcgan.noise(3000, torch.Generator().manual_seed(1))
    kinds = torch.cat(
        [
            judge().predict((dcgan.generate(part) + 1) * 127.5)
            for part in z.split(500)
        ]
    )
    trousers, dress = 1, 3
    step = z[kinds == dress].mean(0) - z[kinds == trousers].mean(0)
    start = z[kinds == trousers]
    rates = {}
    for often in (0, 1, 2, 3):
        pictures = (dcgan.generate(start + often * step) + 1) * 127.5
        rates[often] = (judge().predict(pictures) == dress).double().mean()
for often, rate in rates.items():
    print(f"trousers + {often} (dress - trousers): {rate:.0%} are dresses")

# %%
row = torch.cat([start[:10] + often * step for often in (0, 1, 2)])
with torch.inference_mode():
    changed = (dcgan.generate(row) + 1) / 2

# %% tags=["hide-input"]
figures.grid(
    changed,
    "Ten draws that are trousers, and the same codes after the difference between the "
    "mean dress and the mean trousers was added once and twice. Legs close, sleeves "
    "and skirts appear, and some fall apart.",
    rows=["trousers", "+ 1 step", "+ 2 steps"],
)

# %% [markdown]
r"""
One step makes dresses of more than half of them.
More steps do not help: they lead away from where codes are drawn, and pictures begin to fall apart.

## Choosing a class

If labels are known both players are given them {cite}`mirza2014conditional`.
The generator adds a learned vector of the class to its code.
The discriminator adds to its score how well the picture's features fit the class {cite}`miyato2018cgans`: a coat is to be refused if a bag was asked for.
"""

# %%
conditional = gencourse.load("dcgan-conditional")
style = conditional.noise(4, torch.Generator().manual_seed(3))
labels = torch.arange(10).repeat(4)
with torch.inference_mode():
    chosen = conditional.generate(style.repeat_interleave(10, 0), labels)
card = recipes.card("dcgan-conditional")["metrics"]
print(f"class found again by the classifier: {card['class_accuracy']:.1%}")

# %% tags=["hide-input"]
figures.grid(
    (chosen + 1) / 2,
    "Four rows, a code each, and ten columns, a class each: top, trousers, pullover, "
    "dress, coat, sandal, shirt, sneaker, bag, ankle boot. Down a column the kind is the "
    "same.",
    rows=[f"code {k}" for k in range(1, 5)],
)

# %% [markdown]
r"""
## How to judge without a likelihood

There is no test likelihood.
Ask the model for one, and it tells you so:
"""

# %%
try:
    dcgan.log_prob(test.x[:1])
except AttributeError as why:
    print(why)

# %% [markdown]
r"""
So draws have to be compared with real pictures, as two clouds of points.
Pixels are a poor space for that: a sneaker moved by two pixels is far from itself.
Take features instead, those of a network that has learned to see: the last hidden layer of the classifier, 64 numbers.

### Fréchet distance

Describe each cloud by its mean and covariance, as if it were Gaussian.
How far are two Gaussians apart?
The Wasserstein distance with squared lengths has a closed form for them:

$$
d^2 = \| m_1 - m_2 \|^2 + \operatorname{tr}\big( C_1 + C_2 - 2\, (C_1^{1/2} C_2\, C_1^{1/2})^{1/2} \big) .
$$

With the features of an Inception network this is the FID {cite}`heusel2017gans`.
Ours is the same formula with our own small classifier, so its numbers can be compared among themselves, and *never* with a FID from a paper.
A distance must name three things: the extractor, the number of real pictures, and the number of draws.

Why the numbers?
Take real training pictures as "draws": a perfect model.
Its distance from the test pictures should be nothing.
"""

# %% tags=["hide-input"]
samples = measured("samples")
spread = {int(n): torch.tensor(d) for n, d in samples["by_number"].items()}
alt = (
    "Distance of n real training pictures from 10,000 test pictures, both axes "
    "logarithmic. From about 39 at a hundred pictures it falls along a straight line, "
    "to about 0.45 at ten thousand: nearly tenfold for ten times as many."
)
with figures.figure(alt) as axes:
    middle = [float(d.mean()) for d in spread.values()]
    error = [float(d.std()) for d in spread.values()]
    axes.errorbar([*spread], middle, error, marker="o", capsize=3)
    axes.set(xscale="log", yscale="log", xlabel="n real pictures as draws")
    axes.set_ylabel("squared Fréchet distance")

# %% [markdown]
r"""
It is not nothing, and it depends on $n$.
The estimated means and covariances are off by luck, and every error adds to the distance: it is **biased** upwards, by about a constant over $n$.
A model measured with 1,000 draws looks worse than the same model with 10,000.
So every distance below is between 10,000 test pictures and 10,000 draws, and beside it stands its **floor**: what real pictures get.
For the floor we take half of the training set; for 10,000 of them it is the last point of the curve.
(The bars are the spread of five random choices.)

### Precision and recall

One number mixes two faults: draws that are not garments, and garments that are never drawn.
Keep them apart {cite}`kynkaanniemi2019improved`.
Around each real picture lay a ball, out to its third nearest real neighbour.
**Precision** is the share of draws inside any of these balls.
**Recall** turns it round: the share of real pictures inside the balls of draws.
A generator that always draws the same good picture has precision 1 and recall 0.
"""

# %%
results.samples([*trained, "dcgan-conditional", "vae"])

# %% [markdown]
r"""
Start with the first row: what real pictures get, 0.26, or 0.45 for as many as 10,000.
By distance the best of our GANs is the one with spectral normalisation, at about a tenth of the VAE.
(The VAE is judged by what it says, draws from $p(x \mid z)$, grain and all.)
But it is still nearly forty times as far as 10,000 real pictures are.
By precision and recall the DCGAN is better.
So the measures disagree, and one number alone would have hidden that.

Now look at the fully connected GAN.
Its precision is that of real pictures, although anybody sees the speckles in its draws: the classifier has learned to overlook such grain, and so has every number that is taken from its features.
Its recall is less than a fifth of theirs: much of the variety of the data is never drawn.

Do not read the table as a ranking of methods.
These are small networks, one seed each, trained for eight to twenty-three minutes of a processor.
The DCGAN's learning rate and penalty come from a few short trials on held-back training pictures, the others' were set by analogy, and longer training was not tried.

### Has it learned by heart?

A generator that stores all training pictures would have a distance at the floor.
So look for the nearest training picture of each draw, by the distance between pixels.
The numbers were measured beforehand: medians over a thousand pictures of the Euclidean distance in grey levels, among all 60,000 training pictures.
The picture looks among those loaded here.
"""

# %%
ours = dcgan.sample(500, generator=torch.Generator().manual_seed(2))
distance, which = sample_quality.nearest(ours, train.x)
for who, middle in samples["nearest"].items():
    print(f"{who:>17}: {middle:.0f} levels from the nearest, in the middle")

# %% tags=["hide-input"]
closest = distance.argsort()[:10]
figures.grid(
    torch.cat([ours[closest], train.x[which[closest]]]),
    "The ten of 500 draws that are nearest to a training picture, and these training "
    "pictures below. They are of one kind, and differ in print and shade, some in outline.",
    rows=["draw", "nearest"],
)

# %% [markdown]
r"""
The draws of the GANs are a little farther from training pictures than fresh test pictures are.
Had they been stored as they are, the distance would be near 0.

On a GPU with a network connection the usual FID can be had as well.
"""

# %%
if full:
    from gencourse.frechet import inception_distance

    draws = draw_samples(dcgan, len(test.x))
    try:
        print(inception_distance(test.x, draws))
    except (ModuleNotFoundError, OSError) as why:  # a package, or the weights
        print(why)

# %% [markdown]
r"""
## When to use a GAN

Where does it stand among the others?

- A GAN draws a picture in **one pass**, as a VAE does, and its draws are not averages: nothing in the game rewards a blur.
- It has **no likelihood**. You cannot ask it how probable a picture is, whether one is unusual, or which of two models fits better on test data.
- Nothing makes it **cover** the data. A likelihood punishes a model that gives a test picture no mass; a discriminator does not. Precision can be bought with recall.
- Training is a **game**. It can collapse, swing, or stall, and the loss does not tell. There is no number to stop at, only draws to measure.

So a GAN is the right choice if you want sharp draws fast, if coverage is not vital, and if you can judge the draws.
It is the wrong one if you need densities, fair coverage of rare cases, or a training that can be trusted unattended.

In the taxonomy of the lecture notes it is the pure case of an **implicit density**: it learns to sample, and defines nothing else.
"""

# %% [markdown]
r"""
## Check yourself

Pick an answer before you open it: each one says whether it holds, and why.

:::{quiz}
The discriminator's loss has settled at $2 \log 2$, and the generator's at $\log 2$.
What do you know?

- [ ] The game is won: these are the losses where the two laws agree.

  If the laws agree, the losses are these.
  The reverse does not follow: the game that lost seven of the eight modes settled there as well.

- [ ] The generator is still poor, or its loss would be near 0.

  In most trainings a loss near 0 is what one wants.
  Here it would say that the discriminator takes drawings for real with certainty.
  That tells of a poor discriminator, not of a good generator.

- [x] The discriminator can only guess. Why, the losses do not say.

  It may be that drawings and data are alike, or that the discriminator is always a move late.
  Draw, and measure.

Hold the discriminator still, and let the generator train on until its loss falls no further.
Where does it end?

- [x] On few points, perhaps one: where the discriminator is most sure of "real".

  Each drawing is judged by itself.
  Any drawing that lies elsewhere would gain by moving to the best place, so in the end all of them are there.
  Only the discriminator's next move takes that place away.

- [ ] At the law of the data, the minimum of the game.

  The game has its minimum there, but the game has two players: the divergence is what is left when the discriminator answers *every* move with its best.
  Against a discriminator that stands still there is no divergence, only a landscape to climb.

- [ ] Spread over all places where the discriminator says more than one half.

  As a mind one would leave it at "more likely real than not".
  The loss does not: it goes on rewarding a higher verdict, and nothing in it rewards variety.

By precision the fully connected GAN beats real training pictures: 88.7 % against 87.4 %.
What does that mean?

- [ ] Its drawings are better than real ones, if only by a little.

  "Higher is better" suggests it.
  But anybody sees the speckles.
  The features overlook them, and precision does not ask what is never drawn.

- [ ] There is a mistake in the numbers: nothing can be more precise than real pictures.

  Precision is the share that falls near some real picture, and no rule keeps it below that of the data.
  A generator that draws the same good picture for ever has precision 1.

- [x] It stays where real pictures are frequent, and pays with recall.

  Real pictures also have odd ones among them, which fall outside the balls.
  A generator that draws no odd ones gets ahead, and its recall of 14.7 % shows what it leaves out.
:::
"""

# %% [markdown]
r"""
## Exercises

Write each function where it says `todo()`, run the cell, then the check below it.
`hint("gan.discriminator_loss")` gives a hint, and a stronger one when you ask again.
"""

# %% [markdown]
r"""
:::{exercise} What the discriminator lowers
:label: ex-gan-discriminator

*10 minutes, difficulty 1 of 3.*
You are given the discriminator's *logits* of real and of generated images.
Return its loss: the mean of $-\log D$ over the real ones, plus the mean of $-\log(1 - D)$ over the generated ones, $D$ being the sigmoid of the logit.
Logits can be $\pm 200$, and the loss must stay finite.
A network is trained through it, so gradients must flow.
If all logits are 0 it is $2 \log 2$.

- **In:** `real` and `fake`, logits, `(B,)` each.
- **Out:** a scalar in nats.

For example:

```python
>>> discriminator_loss(torch.tensor([2.0, 2.0]), torch.tensor([-2.0, 0.0]))
tensor(0.5370)
```
:::
"""


# %% tags=["exercise"]
def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Return the cross entropy of telling real from fake, 2 log 2 where all is 0.

    Args:
        real: logits of real images, (B,).
        fake: logits of generated images, (B,).

    Returns:
        A scalar in nats, -E[log D(real)] - E[log(1 - D(fake))], D being the sigmoid of
        the logit (Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661).
    """
    return todo()


# %%
check("gan.discriminator_loss", discriminator_loss)
discriminator_loss = mine_or_reference(
    "gan.discriminator_loss", discriminator_loss
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-gan-discriminator
:class: dropdown
```{literalinclude} ../../src/gencourse/gan_losses.py
:pyobject: discriminator_loss
```
::::
"""

# %% [markdown]
r"""
:::{exercise} What the generator lowers
:label: ex-gan-generator

*5 minutes, difficulty 1 of 3.*
Return the loss of the generator that does not saturate: the mean of $-\log D$ over generated images, from logits.
A network is trained through it, so gradients must flow.
If all logits are 0 it is $\log 2$.

- **In:** `fake`, logits, `(B,)`.
- **Out:** a scalar in nats.

For example:

```python
>>> non_saturating_generator_loss(torch.tensor([0.0, -100.0]))
tensor(50.3466)
```
:::
"""


# %% tags=["exercise"]
def non_saturating_generator_loss(fake: Tensor) -> Tensor:
    """Return -E[log D(fake)] in nats, of logits (B,): steep where D is sure."""
    return todo()


# %%
check("gan.non_saturating_generator_loss", non_saturating_generator_loss)
non_saturating_generator_loss = mine_or_reference(
    "gan.non_saturating_generator_loss", non_saturating_generator_loss
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-gan-generator
:class: dropdown
```{literalinclude} ../../src/gencourse/gan_losses.py
:pyobject: non_saturating_generator_loss
```
::::
"""

# %% [markdown]
r"""
:::{exercise} The best discriminator
:label: ex-gan-optimal

*10 minutes, difficulty 1 of 3.*
Both log-densities are known, at one point or at many.
Return $D^*$ in the same shape.
Far out both densities are 0 as floats, and their ratio is still something.

- **In:** `log_data` and `log_model`, log-densities in nats at the same points, of one shape.
- **Out:** probabilities that a point is real, in that shape.

For example:

```python
>>> log_data, log_model = torch.tensor([0.0, -500.0]), torch.tensor([0.0, -501.0])
>>> optimal_discriminator(log_data, log_model)
tensor([0.5000, 0.7311])
```
:::
"""


# %% tags=["exercise"]
def optimal_discriminator(log_data: Tensor, log_model: Tensor) -> Tensor:
    """Return the best D, p(data) / (p(data) + p(model)), from logarithms.

    Args:
        log_data: log-density of the data at some points, in nats.
        log_model: that of the generator's draws at the same points, of that shape.

    Returns:
        Probabilities to be real, of the same shape, finite however small both are.
    """
    return todo()


# %%
check("gan.optimal_discriminator", optimal_discriminator)
optimal_discriminator = mine_or_reference(
    "gan.optimal_discriminator", optimal_discriminator
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-gan-optimal
:class: dropdown
```{literalinclude} ../../src/gencourse/optimal.py
:pyobject: optimal_discriminator
```
::::
"""

# %% [markdown]
r"""
:::{exercise} The gradient penalty
:label: ex-gan-penalty

*20 minutes, difficulty 3 of 3.*
Mix every real image with a generated one, `share` being the share of the real one.
Take the gradient of each score by its own image, the norm of the whole image's gradient, and return the mean of $(\text{norm} - 1)^2$.
The critic is trained through it, and some critics are flat: the gradient must stay finite there.

- **In:** `critic`, a function from images, `(B, ...)`, to scores, `(B,)`, each from its own image alone; `real` and `fake`, images, `(B, ...)` each; `share`, between 0 and 1, `(B,)`.
- **Out:** a scalar.

For example:

```python
>>> real, fake = torch.ones(4, 1, 2, 2), torch.zeros(4, 1, 2, 2)
>>> share = torch.rand(4)
>>> gradient_penalty(lambda x: 3 * x.flatten(1)[:, 0], real, fake, share)
tensor(4.)
```
:::
"""


# %% tags=["exercise"]
def gradient_penalty(
    critic: Critic, real: Tensor, fake: Tensor, share: Tensor
) -> Tensor:
    """Return the mean of (norm - 1)^2 of the critic's gradient between the images.

    Args:
        critic: from images (B, ...) to scores (B,), each from its own image alone.
        real: (B, ...).
        fake: (B, ...), as many.
        share: of each real image in its mixture, uniform in [0, 1): (B,).

    Returns:
        A scalar (Gulrajani et al. 2017, https://arxiv.org/abs/1704.00028).
    """
    return todo()


# %%
check("gan.gradient_penalty", gradient_penalty)
gradient_penalty = mine_or_reference("gan.gradient_penalty", gradient_penalty)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-gan-penalty
:class: dropdown
```{literalinclude} ../../src/gencourse/gan_losses.py
:pyobject: gradient_penalty
```
::::
"""

# %% [markdown]
r"""
:::{exercise} Count the modes
:label: ex-gan-modes

*10 minutes, difficulty 2 of 3.*
Count as the chapter did.
A draw is good if its nearest centre is within the radius, as it is given.
A mode is reached if a good draw has it as its nearest.
With centres at $(0, 0)$ and $(4, 0)$, a radius of 1, and draws at $(0, 0.5)$, $(0, -1)$ and $(2, 0)$, one mode is reached and two thirds of the draws are good.

- **In:** `points`, the draws, `(N, D)`; `centres`, of the modes, `(K, D)`; `radius`, a float in the units of the points.
- **Out:** how many modes are reached, an int, and the share of good draws, a float.

For example:

```python
>>> centres = torch.tensor([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]])
>>> points = torch.tensor([[0.1, 0.0], [0.0, 0.1], [4.9, 0.0], [2.5, 2.5]])
>>> modes_reached(points, centres, radius=0.5)
(2, 0.75)
```
:::
"""


# %% tags=["exercise"]
def modes_reached(
    points: Tensor, centres: Tensor, radius: float
) -> tuple[int, float]:
    """Return how many modes have a good sample, and the share of good samples.

    A sample is good if its nearest centre is within the radius. It counts for that
    centre alone.

    Args:
        points: samples, (N, D), N of 1 or more.
        centres: of the modes, (K, D).
        radius: in the units of the points, three standard deviations for example.
    """
    return todo()


# %%
check("gan.modes_reached", modes_reached)
modes_reached = mine_or_reference("gan.modes_reached", modes_reached)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-gan-modes
:class: dropdown
```{literalinclude} ../../src/gencourse/modes.py
:pyobject: modes_reached
```
::::
"""

# %% [markdown]
r"""
:::{exercise} How far two Gaussians are apart
:label: ex-gan-frechet

*30 minutes, difficulty 3 of 3.*
Compute $d^2 = \| m_1 - m_2 \|^2 + \operatorname{tr}\big( C_1 + C_2 - 2\, (C_1^{1/2} C_2\, C_1^{1/2})^{1/2} \big)$.
The root of a matrix is the matrix that, multiplied by itself, gives it; not the roots of its entries.
For a symmetric matrix it comes from eigenvalues and eigenvectors.
Covariances of few images have eigenvalues of 0, which rounding may turn into $-10^{-9}$.

- **In:** `mean_a` and `mean_b`, $m_1$ and $m_2$, `(D,)` each; `covariance_a` and `covariance_b`, $C_1$ and $C_2$, symmetric, `(D, D)` each.
- **Out:** a scalar: $d^2$ itself, without a last root.

For example:

```python
>>> zero, eye = torch.zeros(2), torch.eye(2)
>>> covariance = torch.tensor([[2.0, 1.0], [1.0, 2.0]])
>>> frechet_distance(zero, covariance, zero + 1, eye)
tensor(2.5359)
```
:::
"""


# %% tags=["exercise"]
def frechet_distance(
    mean_a: Tensor, covariance_a: Tensor, mean_b: Tensor, covariance_b: Tensor
) -> Tensor:
    """Return the squared Frechet distance of two Gaussians, a scalar.

    |m_a - m_b|^2 + tr(A + B - 2 (A^(1/2) B A^(1/2))^(1/2)), as between the features of
    two sets of images (Heusel et al. 2017, https://arxiv.org/abs/1706.08500).

    Args:
        mean_a: (D,).
        covariance_a: (D, D), symmetric, with no negative eigenvalue.
        mean_b: (D,).
        covariance_b: (D, D), likewise.
    """
    return todo()


# %%
check("gan.frechet_distance", frechet_distance)
frechet_distance = mine_or_reference("gan.frechet_distance", frechet_distance)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-gan-frechet
:class: dropdown
```{literalinclude} ../../src/gencourse/sample_quality.py
:pyobject: frechet_distance
```
::::
"""

# %% [markdown]
r"""
:::{exercise} Find the bugs
:label: ex-gan-step

*15 minutes, difficulty 2 of 3.*
This step runs without an error, and trains nothing useful:

```python
fake = generator(z)
told = discriminator_loss(discriminator(x), discriminator(fake))
told.backward(retain_graph=True)
discriminator_optimizer.step()
fooled = minimax_generator_loss(discriminator(fake))
fooled.backward()
generator_optimizer.step()
return told.item(), fooled.item()
```

Three things are wrong with it, all of them common in public code.
Ask of each network which losses reach its gradients, and what was in them before the step.
Then write the step as it should be: the discriminator first, then the generator, both with the same draws.
The losses are `discriminator_loss` and `non_saturating_generator_loss`; they are yours, if yours passed.

- **In:** `generator`, from codes, `(B, L)`, to points, `(B, ...)`; `discriminator`, from points to logits, `(B,)`; `generator_optimizer` and `discriminator_optimizer`, each of its own network; `x`, real points, `(B, ...)`; `z`, codes, `(B, L)`.
- **Out:** two floats in nats: the discriminator's loss before it moved, and the generator's against the discriminator that has moved.

For example:

```python
>>> generator, line = [torch.nn.Linear(1, 1, bias=False) for _ in range(2)]
>>> _ = torch.nn.init.ones_(generator.weight), torch.nn.init.ones_(line.weight)
>>> discriminator = torch.nn.Sequential(line, torch.nn.Flatten(0))
>>> each = [torch.optim.SGD(n.parameters(), lr=0.1) for n in (generator, line)]
>>> x, z = -torch.ones(8, 1), torch.ones(8, 1)
>>> tuple(round(loss, 4) for loss in game_step(generator, discriminator, *each, x, z))
(2.6265, 0.3547)
```
:::
"""


# %% tags=["exercise"]
def game_step(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_optimizer: Optimizer,
    discriminator_optimizer: Optimizer,
    x: Tensor,
    z: Tensor,
) -> tuple[float, float]:
    """Take a step of the non-saturating game: the discriminator first, then the other.

    Both turns play with the same draws. Each optimiser moves its own network, by the
    gradient of its own loss and of nothing else.

    Args:
        generator: from codes (B, L) to points (B, ...).
        discriminator: from points (B, ...) to logits (B,).
        generator_optimizer: of the generator's parameters.
        discriminator_optimizer: of the discriminator's.
        x: real points, (B, ...).
        z: codes, (B, L).

    Returns:
        The discriminator's loss before it moved, and the generator's against the
        discriminator that has moved, both in nats.
    """
    return todo()


# %%
check("gan.game_step", game_step)
game_step = mine_or_reference("gan.game_step", game_step)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-gan-step
:class: dropdown
```{literalinclude} ../../src/gencourse/game_step.py
:pyobject: game_step
```

Without `detach`, a step that empties the generator's gradients just before its own backward moves both players rightly too; it works in vain on gradients that nobody uses.
::::
"""

# %% [markdown]
r"""
Now put your functions to work, where they passed.
Your step plays on the ring, with your losses watching; your count says what became of it.
"""

# %%
_ = torch.manual_seed(0)
game = PointGAN()
players = game.generator, nn.Sequential(game.discriminator, nn.Flatten(0))
makers = Adam(game.generator.parameters(), lr=2e-3, betas=(0.5, 0.999))
judges = Adam(game.discriminator.parameters(), lr=2e-3, betas=(0.5, 0.999))
for _ in range(1000):
    points, noise = ring.sample(128), game.noise(128)
    game_step(*players, makers, judges, points, noise)
drawn = game.sample(2500)
reached, good = modes_reached(drawn, ring.centres, 3 * ring.std)
print(f"{reached} of 8 modes, {good:.0%} good draws")

# %%
with torch.inference_mode():
    real, fake = game.score(ring.sample(2500)), game.score(drawn)
    loss, fooled = (
        discriminator_loss(real, fake),
        non_saturating_generator_loss(fake),
    )
print(f"discriminator {loss:.3f}, if it can only guess {2 * 0.6931:.3f}")
print(f"generator {fooled:.3f}, if D can only guess {0.6931:.3f}")
share = torch.rand(2500)
steep = gradient_penalty(game.score, ring.sample(2500), drawn, share)
print(f"mean of (slope - 1)^2 on the way: {steep:.2f}")

# %%
better = optimal_discriminator(humps.log_prob(places), wide.log_prob(places))
print(f"furthest from the learned D: {(better - learned).abs().max():.2f}")
with torch.inference_mode():
    clouds = features_of(test.x[:500]), features_of(ours)
distance = frechet_distance(
    *(m for cloud in clouds for m in sample_quality.moments(cloud))
)
print(f"distance of 500 draws, a rough one: {distance:.1f}")

# %% [markdown]
r"""
## What to remember

- A GAN is a generator and a discriminator that play against each other. It is an implicit density: it draws, and has no $p(x)$.
- The best discriminator is $p_{\text{data}} / (p_{\text{data}} + p_g)$. Against it the game is worth $2 \operatorname{JSD} - \log 4$.
- Train the generator on $-\log D$: the minimax loss fades where the discriminator is sure.
- Modes get lost when the generator outruns the discriminator. Count modes *and* good draws.
- A Wasserstein critic measures a distance, if a gradient penalty holds its slope near 1. Spectral normalisation bounds slopes from above, and steadies the game.
- The losses tell how matched the players are, not how good the draws are. Measure draws: a Fréchet distance with its floor, extractor and numbers; precision and recall; nearest neighbours.

## Where this comes from

The game, the optimal discriminator, the value, the non-saturating loss: {cite:t}`goodfellow2014gan`.
DCGAN and arithmetic with codes: {cite:t}`radford2016unsupervised`.
The Wasserstein critic: {cite:t}`arjovsky2017wasserstein`; its gradient penalty: {cite:t}`gulrajani2017improved`.
R1: {cite:t}`mescheder2018which`. Spectral normalisation: {cite:t}`miyato2018spectral`; the hinge game: {cite:t}`lim2017geometric`.
Conditional games: {cite:t}`mirza2014conditional` and {cite:t}`miyato2018cgans`.
The Fréchet distance of features: {cite:t}`heusel2017gans`; precision and recall: {cite:t}`kynkaanniemi2019improved`.
"""

# %% tags=["remove-cell"]
from gencourse.provenance import report

report()
