# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# Variational autoencoders

The last chapter ended with a question.
A decoder turns 32 numbers into a picture.
So why not give it 32 numbers of our own, and draw?

Because nobody has told us which numbers.
This chapter first looks at what goes wrong.
Then it turns the question round: we *choose* the law of the codes, and train a decoder that goes with it.
That is a **variational autoencoder**, a VAE {cite}`kingma2014vae`.
Every step on the way is held against a case whose answer is known.
"""

# %%
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import Adam, AdamW

import gencourse
from gencourse import codes, data, figures, gradients, latents, linear_vae
from gencourse import recipes, results, sliders, vae
from gencourse.evaluate import bits_per_dim, measured
from gencourse.exercises import check, hint, mine_or_reference, todo
from gencourse.kl_options import Eased
from gencourse.linear_vae import LinearVAE
from gencourse.train import Batches, fit, warmup_cosine
from gencourse.vae import VAE

_ = torch.manual_seed(0)
# %%
full = gencourse.profile() == "full"
name = "fashion-mnist" if full else "fashion-mini"
train, test = data.load(name, "train"), data.load(name, "test")

# %% [markdown]
r"""
## Which numbers shall we give the decoder?

Take the autoencoder of the last chapter, 32 numbers a picture.
The simplest guess: find the mean and the spread of each number over real codes, and draw from a Gaussian that has them.
"""

# %%
autoencoder = gencourse.load("autoencoder")
with torch.inference_mode():
    real = autoencoder.encode(test.x)
    guess = real.mean(0) + real.std(0) * torch.randn(10, 32)
    drawn = autoencoder.decode(guess)

# %% tags=["hide-input"]
figures.grid(
    drawn,
    "Ten pictures that the autoencoder's decoder makes of random codes. Most are patchy "
    "clouds of grey. In a few the outline of a coat or a boot can be made out, with "
    "smears where the cloth should be.",
)

# %% [markdown]
r"""
Each number by itself is as it should be.
Together they are not: real codes fill only a part of the space, and that part has a shape that we do not know.
With two numbers a code we can look at it.
"""

# %%
flat = gencourse.load("autoencoder-2d")
with torch.inference_mode():
    places = flat.encode(test.x[:1000])


# %% tags=["experiment", "hide-input"]
def show_codes(places: Tensor, alt: str) -> None:
    kinds = {1: "trousers", 7: "sneakers", 8: "bags", 2: "pullovers"}
    labels = test.y[:1000]
    others = ~torch.isin(labels, torch.tensor(list(kinds)))
    with figures.figure(alt, height=3.6) as axes:
        axes.scatter(*places[others].T, s=5, color="#7d8590", alpha=0.35)
        for (label, kind), marker in zip(kinds.items(), "os^D"):
            points = places[labels == label].T
            axes.scatter(*points, s=9, marker=marker, label=kind)
        axes.set(xlabel="first number", ylabel="second number")
        axes.legend(fontsize=9)


# %% tags=["hide-input"]
alt = (
    "Codes of a thousand test pictures under the autoencoder with two numbers, a "
    "colour for each of four classes, the others grey. They lie in bent streaks of "
    "very different density, some far out; between them is empty space. Nothing "
    "marks out a law to draw from."
)
show_codes(places, alt)

# %% [markdown]
r"""
One way out is to study these codes, and to fit a density to them.
Here is another: do not ask which law the codes have.
**Decide it**, and make the networks obey.

## A code first, then a picture

We decide that a picture comes about in two steps.

1. A code is drawn from a standard Gaussian, the **prior**: $z \sim p(z) = \mathcal{N}(0, I)$.
2. The decoder turns it into a law for every pixel, and the picture is drawn from these laws: $x \sim p_\theta(x \mid z)$.

Given the code the pixels are independent.
All that ties them to one another has to go through $z$.
So the numbers of a code are what the pictures differ in: **factors of variation**, as far as training finds them.

Here is a trained one, with two numbers a code.
Compare it with [its cousin](#live-autoencoder) of the last chapter.

```{live} vae
:alt: Five rows of twelve pictures decoded from codes spread evenly over a plane. Trousers at the upper left widen into tops and pullovers to the right; below, shoes at the left grow into boots, and bags stand at the right. Neighbours are alike; a few in the middle are ghosts.

Drag the point, choose a test picture, or draw your own: the encoder places it, as a small cloud.
Then draw ten codes from the prior.
Most are clothes. Where on the plane do those lie that are not?
```

What is $p_\theta(x)$, then?
Any code may have led to $x$, so all of them count:

$$
p_\theta(x) = \int p_\theta(x \mid z) \, p(z) \, dz .
$$

It is an average over codes.
Averages can be estimated: draw many codes from the prior, and average $p_\theta(x \mid z)$.
Let us try with a trained VAE of only two numbers a code.
It has 2,000 codes to find five test pictures with.
"""

# %%
two = gencourse.load("vae-2d")
with torch.inference_mode():
    z = torch.randn(2000, 2, generator=torch.Generator().manual_seed(0))
    laws = two.numbers(z)
    explained = torch.stack(
        [two.head.log_prob(laws, x).flatten(1).sum(1) for x in test.x[:5]], 1
    )  # log p(x | z) of each code for each picture

# %%
for n in (20, 200, 2000):
    estimate = explained[:n].logsumexp(0) - torch.tensor(float(n)).log()
    print(f"{n:5} codes:", *(f"{-nats:7.0f}" for nats in estimate), "nats")
best = explained.softmax(0).amax(0)
print("share of the best code:", *(f"{share:7.0%}" for share in best))

# %% [markdown]
r"""
For three of the pictures the estimate still changed by more than fifty nats between 200 and 2,000 codes.
The last line shows why.
Of the whole average of a picture, a single code makes up nearly all.
The other 1,999 hardly count.
With two numbers that is wasteful; with 64 it is hopeless.

So we need help: for a *given* picture, which codes could it have come from?
That is the posterior $p_\theta(z \mid x)$, and it has the same integral in it.
But a guess will do.
A second network, the **encoder**, looks at $x$ and proposes a Gaussian of codes for it:

$$
q_\phi(z \mid x) = \mathcal{N}\big(z;\, \mu_\phi(x),\, \operatorname{diag} \sigma_\phi^2(x)\big).
$$

Here is the autoencoder again.
Only now the encoder gives a small cloud in place of a point, and the decoder gives laws in place of greys.

## A lower bound, in three lines

Bring $q$ in, and take the logarithm inside the average.

$$
\begin{aligned}
\log p_\theta(x) &= \log \mathbb{E}_{q_\phi(z \mid x)} \left[ \frac{p_\theta(x \mid z)\, p(z)}{q_\phi(z \mid x)} \right] \\
&\ge \mathbb{E}_{q_\phi(z \mid x)} \left[ \log \frac{p_\theta(x \mid z)\, p(z)}{q_\phi(z \mid x)} \right] \\
&= \underbrace{\mathbb{E}_{q_\phi(z \mid x)} \big[ \log p_\theta(x \mid z) \big]}_{\text{reconstruction}} - \underbrace{\operatorname{KL}\big( q_\phi(z \mid x) \,\|\, p(z) \big)}_{\text{what the code costs}}
\end{aligned}
$$

The first line multiplies and divides by $q$.
The second is Jensen's inequality: the logarithm of a mean is at least the mean of the logarithms.
The third sorts.
This is the **evidence lower bound**, the ELBO.

In words:

- **Reconstruction.** Take a code that the encoder proposes. How likely does the decoder find the picture? This is what the code *explains*.
- **KL divergence.** How far is the cloud from the prior? A cloud that says much about its picture is small or far out, and it pays for that, in nats.

How much is lost in the second line?
Exactly $\operatorname{KL}(q_\phi(z \mid x) \,\|\, p_\theta(z \mid x))$, the distance of the guess from the true posterior.
If the encoder guesses perfectly, the bound *is* the likelihood.

## A case where the truth is known

Do not take our word for it.
Make the decoder a matrix: $x = Wz + b + \sigma\,\varepsilon$.
Then $p(x)$ is a Gaussian, that of probabilistic PCA {cite}`tipping1999probabilistic`, and the posterior is one as well.
Everything can be written down.
Below, points of six numbers come from codes of two.
"""

# %%
_ = torch.manual_seed(1)
axes_of_data, _ = torch.linalg.qr(torch.randn(6, 2, dtype=torch.float64))
weight = axes_of_data * torch.tensor([3.0, 1.5])
bias, std = torch.zeros(6).double(), torch.tensor(1.0).double()
noise = torch.randn(500, 6, dtype=torch.float64)
points = torch.randn(500, 2, dtype=torch.float64) @ weight.T + noise
exact = linear_vae.linear_log_prob(points, weight, bias, std)
mean, covariance = linear_vae.linear_posterior(points, weight, bias, std)
print(f"exact: {exact.mean():.4f} nats a point")

# %% [markdown]
r"""
A small linear VAE gets this very decoder.
Its encoder we set by hand: first to the true posterior, then to a cloud whose centre is right and whose width is twice too large.
(The columns of this $W$ are orthogonal.
Only then are the numbers of a code independent given $x$, as the encoder's Gaussian has them.)
"""

# %%
linear = LinearVAE(dims=6, latent=2, std=1.0).double()
with torch.no_grad():
    linear.decoder.weight.copy_(weight)
    linear.encoder.weight.copy_(covariance @ weight.T)
    linear.decoder.bias.zero_(), linear.encoder.bias.zero_()
    linear.log_var.copy_(covariance.diagonal().log())

# %%
draws = torch.Generator().manual_seed(0)
with torch.inference_mode():
    right = torch.stack([linear.elbo(points, draws) for _ in range(400)])
    linear.log_var += 2 * torch.tensor(2.0).log()  # the width doubles
    wide = torch.stack([linear.elbo(points, draws) for _ in range(400)])
gap = 2 * (2**2 - 1 - 2 * torch.tensor(2.0).log()) / 2  # two dimensions
print(
    f"posterior right: ELBO {right.mean():.4f}, log p(x) {exact.mean():.4f}"
)
print(f"width doubled:   ELBO {wide.mean():.4f}", end=", ")
print(f"log p(x) minus the KL {exact.mean() - gap:.4f}")

# %% [markdown]
r"""
With the right posterior the ELBO is the likelihood, up to the luck of the draws, which here even puts it a little above.
With the wrong one it lies below, by the KL divergence that the formula says, here $\tfrac12 (s^2 - 1 - \log s^2)$ with $s = 2$ for each of two numbers.

## A gradient through a draw

The ELBO contains a draw, $z \sim q_\phi(z \mid x)$.
How shall a gradient get through it to $\phi$?

There are two ways.

- **Score function.** $\nabla_\mu \mathbb{E}[f(z)] = \mathbb{E}\big[ f(z)\, \nabla_\mu \log q(z) \big]$. Draw, look at the value $f(z)$, and move $\mu$ towards draws of high value {cite}`williams1992simple`. No derivative of $f$ is needed.
- **Reparameterisation.** Write the draw as $z = \mu + \sigma \odot \varepsilon$ with $\varepsilon \sim \mathcal{N}(0, I)$. Now the luck is in $\varepsilon$, and $z$ is an ordinary function of $\mu$ and $\sigma$. The gradient goes straight through {cite}`kingma2014vae`.

Both are right on average.
How much do they scatter?
Take $f(z) = -\tfrac12 \| z - a \|^2$ with $a = (1, \dots, 1)$, around $\mu = 0$, $\sigma = 1$.
The true gradient is $a$.
"""

# %%
sizes = (1, 2, 4, 8, 16, 32, 64)
variances = {"score": [], "centred": [], "path": []}
for size in sizes:
    mu, width = torch.zeros(size), torch.ones(size)
    noise = torch.randn(20_000, size)
    value = -0.5 * (noise - 1).square().sum(1)
    score = gradients.score_function_gradient(value, noise, mu, width)
    centred = gradients.score_function_gradient(
        value - value.mean(), noise, mu, width
    )
    path = gradients.pathwise_gradient(
        lambda z: -0.5 * (z - 1).square().sum(1), mu, width, noise
    )
    for name, found in zip(variances, (score, centred, path)):
        variances[name].append(found.var(0).mean().item())
print(f"means of one number, true 1: {score[:, 0].mean():.2f}", end=" ")
print(f"by the score function, {path[:, 0].mean():.2f} by the path")

# %% tags=["hide-input"]
alt = (
    "Variance of the gradient of one number, against the size of the code, both axes "
    "logarithmic. By reparameterisation it is 1 at all sizes. By the score function "
    "it grows from about 8 at one number to more than 4,000 at 64; with the mean of "
    "the values subtracted, to about 100."
)
with figures.figure(alt) as axes:
    axes.plot(sizes, variances["score"], "o-", label="score function")
    axes.plot(
        sizes, variances["centred"], "^-", label="the same, less the mean"
    )
    axes.plot(sizes, variances["path"], "s-", label="reparameterisation")
    axes.set(xlabel="numbers in a code", ylabel="variance of the gradient")
    axes.set(xscale="log", yscale="log", xticks=sizes, xticklabels=sizes)
    axes.minorticks_off()
    axes.legend()

# %% [markdown]
r"""
Most of the scatter goes when the mean of the values is subtracted, which changes nothing on average.
What is left still grows: the score function sees one value for all 64 numbers, and cannot tell which of them deserves the praise.
The path tells each number its own slope.
That is why a VAE is trained with a single draw for a picture.

## The model

Here is the whole of what is minimised: the two halves of the negative ELBO.

```{literalinclude} ../../src/gencourse/latent.py
:pyobject: LatentVariableModel.losses
```

```{literalinclude} ../../src/gencourse/latent.py
:pyobject: LatentVariableModel.terms
```

`_log_likelihood` draws the code and asks the decoder.
The networks are convolutions down to a quarter of each side and back up.
The law of a pixel is the mixture of discretised logistic laws that you know from [](pixelcnn.ipynb): it gives every one of the 256 levels a probability, and these sum to one.
So the bound is one of a *probability*, and its bits per dimension can stand beside those of a PixelCNN.
"""

# %%
recipe = recipes.find("vae")
_ = torch.manual_seed(0)
model = recipe.model() if full else VAE(latent=16)
adam = AdamW(model.parameters(), lr=recipe.lr, betas=(0.9, 0.95))
batches = Batches(train.x, size=16, steps=recipe.steps if full else 120)
history = fit(
    [(adam, model.losses)],
    batches,
    clip=recipe.clip,
    schedule=warmup_cosine,
    progress=False,
)

# %% tags=["hide-input"]
figures.curves(
    {"both": history["total"], "reconstruction": history["reconstruction"]},
    "Both curves fall from nearly 3,000 nats to about 2,200. The one of the "
    "reconstruction lies a little below that of both terms: the gap is the KL, nothing "
    "at first and growing as the codes come into use.",
    average=10,
)

# %% [markdown]
r"""
On a CPU this is a taste again.
The package ships the trained one, 64 numbers a code.
What do its two terms say of the test pictures?
"""

# %%
trained = model.eval() if full else gencourse.load("vae")
card = recipes.card("vae")
print(f"{card['parameters']:,} parameters", end=", ")
print(f"{card['cpu_seconds'] / 60:.0f} CPU-minutes of training")
draws = torch.Generator().manual_seed(0)
with torch.inference_mode():
    mu, log_var = trained.encode(test.x[:500])
    kl = vae.kl_to_standard_normal(mu, log_var)
    elbo = trained.elbo(test.x[:500], generator=draws)

# %% tags=["hide-input"]
figures.table(
    ["mean of 500 test pictures", "nats", "bits per dimension"],
    [
        (part, f"{nats:.1f}", f"{bits_per_dim(nats, 784):.3f}")
        for part, nats in {
            "reconstruction": (-elbo - kl).mean(),
            "KL: the price of the code": kl.mean(),
            "both: the negative ELBO": -elbo.mean(),
        }.items()
    ],
    "The two halves of the bound under the trained VAE. The likelihood is at most "
    "this long: a lower bound of log p(x) is an upper bound of the bits.",
)

# %% [markdown]
r"""
Most of the bits go into pixels, few into the code.
The code says what kind of thing this is, its outline and its shades.
The grain of the cloth is noise to this decoder, and noise has to be paid pixel by pixel.

## Look

Now draw.
A code from the prior, through the decoder: no picture is needed.
"""

# %%
with torch.inference_mode():
    z = torch.randn(10, 64, generator=torch.Generator().manual_seed(0))
    means = trained.decode(z)
    drawn = trained.sample(10, generator=torch.Generator().manual_seed(0))

# %% tags=["hide-input"]
figures.grid(
    torch.cat([means, drawn / 255]),
    "Ten drawn codes. First row: the mean of the law of each pixel. Tops and coats "
    "can be made out, and a bag; others are smooth blends of two things. Second row: "
    "pictures drawn from these laws, the same under a grain of independent noise.",
    rows=["mean of p(x | z)", "sample x"],
)

# %% [markdown]
r"""
Look at both rows.
The lower one is what the model says: $x \sim p_\theta(x \mid z)$, every pixel on its own.
The upper one shows the means of these laws.
Means look smoother than any real picture.
A sample has the right amount of roughness, but in the wrong places, since the pixels do not know of one another.

And be honest about the upper row: these are better than the autoencoder's, but many are not clothes.
The likelihood beats every table of counts, and still the draws are poor.
Why that can be, the map below will show.

Reconstructions show what a code keeps.
"""

# %%
with torch.inference_mode():
    rebuilt = trained.reconstruct(test.x[:10])
    again = autoencoder.reconstruct(test.x[:10])

# %% tags=["hide-input"]
figures.grid(
    torch.cat([test.x[:10] / 255, again, rebuilt]),
    "Ten test pictures, what the autoencoder makes of them from 32 numbers, and the "
    "VAE from 64, at the centre of its cloud. Both keep outline, shade and coarse "
    "pattern. Fine print is lost.",
    rows=["test picture", "autoencoder, 32", "VAE, 64"],
)

# %% [markdown]
r"""
### A map of two numbers

A VAE of two numbers can be drawn whole.
Share the prior out evenly over a square: each code on the map stands for the same mass.
"""

# %%
side = 14
with torch.inference_mode():
    chart = two.decode(latents.quantile_grid(side))
    centres, _ = two.encode(test.x[:1000])

# %% tags=["hide-input"]
figures.grid(
    chart,
    "A map of 14 by 14 pictures. Trousers stand at the upper left and widen into dresses "
    "and tops to the right; below are pullovers and coats, from dark to light; at the "
    "lower right are bags, at the lower left shoes, which grow into boots. Neighbours "
    "are alike. Between the shoes and the dark coats are a few ghosts of neither.",
    columns=side,
    zoom=1.5,
)

# %% [markdown]
r"""
Neighbours are alike, and nearly every place on the map is a thing.
Where do the codes of test pictures lie?
"""

# %% tags=["hide-input"]
alt = (
    "Centres of q(z | x) of a thousand test pictures, a colour for each of four "
    "classes, the others grey. They lie around the origin, most within three units of "
    "it, the classes side by side; sneakers at the left stand somewhat apart."
)
show_codes(centres, alt)

# %% [markdown]
r"""
The KL holds them together around the origin: most lie within three units of it, while those of the autoencoder went out to ten.
But look closely: they reach farther than a standard Gaussian would, and there is a thin place beside the sneakers.
On the map, that is where the ghosts are.
The bound asks every cloud to be near the prior, and so pulls them together towards it.
But that is only a part of the price, and training trades it for better reconstructions.
A draw from the prior can still land where no picture has ever been.

### One number at a time

With 64 numbers there is no map, but there are walks.
Start from the code of a test picture, and move one number from $-3$ to $3$.
Which one?
Those that cost most say most.
"""

# %%
price = vae.kl_to_standard_normal(mu.unsqueeze(-1), log_var.unsqueeze(-1))
order = price.mean(0).argsort(descending=True)  # the dearest first
print(
    "nats of the dearest:",
    *(f"{nats:.1f}" for nats in price.mean(0)[order[:6]]),
)

# %%
sliders.latent_sliders(
    trained.decode,
    mu[9].clamp(-3, 3),
    dimensions=order[:6].tolist(),
    alt="Rows of nine pictures, one number of the code going from -3 to 3 in each, all "
    "others as in one test picture, a sneaker. In each row something else changes: it "
    "turns into a top, gets darker or higher, loses its sole or its tip.",
)

# %% [markdown]
r"""
In Jupyter or Colab this cell gives sliders, and the picture follows them.
Here on the page, where no Python runs, it shows where each slider leads.

### From one picture to another

Between the codes of two test pictures lies a straight line of codes.
What does the decoder see on it?
Below it, for comparison, the same line between the pixels.
"""

# %%
pair = test.x[[9, 1]]
with torch.inference_mode():
    ends, _ = trained.encode(pair)
    between = trained.decode(codes.interpolate(ends[0], ends[1], 9))
blend = torch.stack(
    [torch.lerp(*pair / 255, t) for t in torch.linspace(0, 1, 9)]
)

# %% tags=["hide-input"]
figures.grid(
    torch.cat([between, blend]),
    "From a sneaker to a pullover in nine steps. Along the codes the "
    "one is rebuilt into the other, with a blurred step between. Along the pixels one "
    "fades out while the other fades in, and in the middle both are there.",
    columns=9,
    rows=["codes", "pixels"],
)

# %% [markdown]
r"""
### Choosing a class

If we know the class $y$, both networks can be told: $q_\phi(z \mid x, y)$ and $p_\theta(x \mid z, y)$ {cite}`kingma2014semi`.
Then the code need not say what kind of thing it is.
It is free for everything else: for the *style*.
So draw a code, keep it, change the class, and see the same style in ten kinds.

(It is free for the rest; nothing *forces* it to leave the class alone.
Our first attempt trained on from the unconditional VAE, whose codes held the class already.
They went on holding it, and labels changed nothing.
This one is trained with labels from the start, and its codes are short: 16 numbers.)
"""

# %%
conditional = gencourse.load("vae-conditional")
generator = torch.Generator().manual_seed(3)
z = torch.randn(4, conditional.latent, generator=generator)
with torch.inference_mode():
    styled = conditional.decode(*latents.every_class(z, 10))

# %% tags=["hide-input"]
figures.grid(
    styled,
    "Four rows, a code each, and ten columns, a class each: top, trousers, pullover, "
    "dress, coat, sandal, shirt, sneaker, bag, ankle boot. Down a column the kind is "
    "the same: trousers, sneakers and boots can be told at once. Along a row the shade "
    "stays alike. Many pictures are blurred, those of the second and fourth code most.",
    columns=10,
    rows=[f"code {k}" for k in range(1, 5)],
)

# %% [markdown]
r"""
## Beta: a dial

What if a nat of the code cost more than a nat of the picture?
Multiply the KL by $\beta$ {cite}`higgins2017beta`:

$$
\mathcal{L}_\beta = -\mathbb{E}_q[\log p_\theta(x \mid z)] + \beta \operatorname{KL}(q_\phi(z \mid x) \,\|\, p(z)) .
$$

With $\beta > 1$ the codes have to save.
Numbers that explain little are given up, and reconstructions get worse.
With $\beta < 1$ they are better, but the codes stray from the prior.
With $\beta > 1$ minus the loss is still a bound of the likelihood, a looser one; with $\beta < 1$ it need not be one.

Saving is said to **disentangle**: each number that is kept would stand for one factor of variation.
Is that so?
To measure it, the factors must be known.
So we draw discs on a canvas of $16 \times 16$ pixels, one for each combination of four factors: place across, place down, size, and grey.
A second set has the brightest of them in black and white, which leaves three factors.

And we need a score.
For each factor, ask how much every number of the code tells about it.
The **mutual information gap** is the lead of the best number over the second best, as a share of all that there is to know {cite}`chen2018isolating`.
It is 1 if every factor has a number of its own, and 0 if they are shared out.

Last, a number of the code is said to be **in use**, or *active*, if the centre of the cloud differs from picture to picture: if the variance of $\mu$ over pictures is more than 0.01 {cite}`burda2016iwae`.

This was measured beforehand, by `tools/measure_beta.py`: a small VAE of six numbers, five settings of $\beta$, three seeds each.
"""

# %%
dial = measured("beta")["by_beta"]
rows = [
    (
        f"{kind}, beta {line['beta']:g}",
        f"{line['reconstruction_nats']['mean']:.1f}",
        f"{line['kl_nats']['mean']:.1f}",
        f"{line['active_dimensions']['mean']:.1f}",
        f"{line['gap']['mean']:.2f} ± {line['gap']['std']:.2f}",
    )
    for kind, lines in dial.items()
    for line in lines
]

# %%
luck = {
    beta: max(
        row["gap"]
        for row in measured("beta")["rows"]
        if (row["images"], row["beta"]) == ("binary", beta)
    )
    for beta in (1, 4)
}
print(
    f"best of three seeds in black and white: {luck[1]:.3f} at beta 1",
    end=", ",
)
print(f"{luck[4]:.3f} at beta 4")

# %% tags=["hide-input"]
figures.table(
    ["discs", "reconstruction", "KL", "numbers in use, of 6", "gap"],
    rows,
    "What beta does to a small VAE of discs: nats a picture, means over three seeds; "
    "for the gap also the standard deviation over seeds. Grey discs have four factors, "
    "those in black and white three.",
)

# %% [markdown]
r"""
The dial works as far as reconstruction and price go.
Turn it up, and the code costs less, numbers are given up, and pictures get worse, until nothing is left in the code at all.

The gap is another matter.
On grey discs it is low at every $\beta$, and seeds differ by as much as settings do.
In black and white it is best at $\beta = 4$, where as many numbers are left as there are factors, but a lucky seed at $\beta = 1$ does as well.
So with these networks we *cannot* say that $\beta$ disentangles.
One picture of one lucky seed would have looked like proof.

Now to clothes, with $\beta = 8$.
"""

# %%
dialled = gencourse.load("beta-vae")
with torch.inference_mode():
    mu, log_var = dialled.encode(test.x[:500])
    price = vae.kl_to_standard_normal(mu.unsqueeze(-1), log_var.unsqueeze(-1))
    order = price.mean(0).argsort(descending=True)
    walks = latents.traversals(mu[9], order[:6], torch.linspace(-3, 3, 9))
    walked = dialled.decode(walks)
dear = int((price.mean(0) > 0.1).sum())
print(f"{price.sum(1).mean():.1f} nats a code", end=", ")
print(f"{dear} of 64 numbers cost more than a tenth of a nat")

# %% tags=["hide-input"]
figures.grid(
    walked,
    "Six rows of nine pictures under the VAE with beta 8, one number changing in each. "
    "The first makes the shoe brighter, the second turns it into a pullover, the third "
    "from trousers into a shoe. The other three change next to nothing.",
    columns=9,
    rows=[f"z[{k}]" for k in order[:6].tolist()],
    zoom=2,
)

# %% [markdown]
r"""
For this shoe three numbers show, and what they do can be said in words: how bright, top or shoe, trousers or not.
The others that still cost something may show on other garments.
That is what $\beta$ buys, and much of what makes a garment is no longer in the code.
(This model was also trained for a shorter time than the one above, so not all of the difference is $\beta$.
And by the rule of 0.01 all 64 of its numbers still count as active: the rule tells what has collapsed altogether, not what matters.)

## A tighter bound

The ELBO lies below the likelihood, by as much as $q$ is wrong.
Must we live with that?
No: take $k$ draws in place of one, and average their *weights* before the logarithm {cite}`burda2016iwae`.

$$
\log p_\theta(x) \;\ge\; \mathbb{E}\left[ \log \frac1k \sum_{j=1}^{k} \frac{p_\theta(x \mid z_j)\, p(z_j)}{q_\phi(z_j \mid x)} \right] \;\ge\; \text{ELBO} .
$$

All $z_j$ are drawn from $q_\phi(z \mid x)$.
With $k = 1$ it is the ELBO, on average it grows with $k$, and in the limit it is $\log p_\theta(x)$.
First where the truth is known: the linear VAE, whose posterior we made too wide.
"""

# %%
ks, draws = (1, 2, 5, 20, 100), torch.Generator().manual_seed(0)
with torch.inference_mode():
    bounds = {
        k: linear.iwae(points.repeat(60, 1), k, draws).mean() for k in ks
    }
for k, bound in bounds.items():
    print(
        f"k = {k:3}: {bound:.4f}, {exact.mean() - bound:.4f} below the truth"
    )

# %% [markdown]
r"""
Now the trained VAE, on eight test pictures.
How many nats does it gain on the ELBO?
(For a small $k$ the bound is computed many times, and averaged.)
"""

# %%
draws, few = torch.Generator().manual_seed(0), test.x[:8]
times = {1: 40, 4: 12, 16: 6, 64: 2, 256: 1}  # how often each k is tried
gain = {}
with torch.inference_mode():
    one = torch.stack([trained.elbo(few, generator=draws) for _ in range(40)])
    for k, often in times.items():
        bounds = trained.iwae(few.repeat(often, 1, 1, 1), k, generator=draws)
        gain[k] = bounds.view(often, 8).mean(0) - one.mean(0)

# %% tags=["hide-input"]
middle = [float(values.mean()) for values in gain.values()]
error = [float(values.std()) / 8**0.5 for values in gain.values()]
alt = (
    "Nats gained on the ELBO against the number of draws k, on a logarithmic axis. "
    "From about zero at one draw the gain rises steadily to more than twenty nats at 256 "
    "draws, and is still rising."
)
with figures.figure(alt) as axes:
    axes.errorbar([*gain], middle, error, marker="o", capsize=3)
    axes.set(xscale="log", xlabel="draws k", ylabel="nats over the ELBO")
    axes.set(xticks=[*gain], xticklabels=[*gain])
    axes.minorticks_off()

# %% [markdown]
r"""
The curve has not levelled off: with 64 numbers even 256 draws leave something on the table.
Reports of VAEs therefore say how many draws they took.
Ours say 500.

Watch out for code that gets this wrong.
One popular implementation weighs the *losses* by a softmax, so that the worst draws count most.
Another returns the sum of normalised weights times their logarithms: its gradient is right, but the number it prints is not a bound.
On the same log-weights:
"""

# %%
log_weights = 3 * torch.randn(50, 20_000, dtype=torch.float64) + 4.5
truth = 9.0  # log E[w] = mean + variance / 2
share = log_weights.softmax(0)
rows = {
    "the mean of the logarithms: the ELBO": log_weights.mean(0),
    "logarithm of the mean: the bound": vae.importance_bound(log_weights),
    "softmax over the losses": ((-log_weights).softmax(0) * log_weights).sum(
        0
    ),
    "normalised weights times logarithms": (share * log_weights).sum(0),
}

# %% tags=["hide-input"]
figures.table(
    ["k = 50", "nats", "minus the truth"],
    [
        (name, f"{each.mean():.2f}", f"{each.mean() - truth:+.2f}")
        for name, each in rows.items()
    ],
    "What four formulas make of the same draws, log-weights of standard deviation 3 "
    "whose true logarithm of the mean is 9. The last row lies above the truth: it "
    "is no lower bound.",
)

# %% [markdown]
r"""
## Codes that say nothing

Sometimes a VAE trains, the loss falls, and in the end the codes are not used.
The cloud of every picture is the prior, the KL is zero, and the decoder paints the same for all.
This is **posterior collapse** {cite}`bowman2016generating`.

In the linear VAE it can be foretold.
A direction of the data is worth a number of the code only if its variance exceeds that of the noise, $\sigma^2$ {cite}`lucas2019elbo`.
So take data with variances 16, 9, 4, 2, 1, 1, hold $\sigma$ fixed, and count.
"""

# %%
_ = torch.manual_seed(0)
spreads = torch.tensor([16.0, 9.0, 4.0, 2.0, 1.0, 1.0]).sqrt()
cloud = torch.randn(4000, 6) * spreads


# %% tags=["experiment"]
def numbers_in_use(std: float) -> int:
    small = LinearVAE(dims=6, latent=4, std=std)
    small.log_std.requires_grad_(False)
    turn = (Adam(small.parameters(), lr=0.03), small.losses)
    fit([turn], Batches(cloud, size=256, steps=700), progress=False)
    with torch.inference_mode():
        means, _ = small.encode(cloud)
    return int(latents.active_dimensions(means).sum())


# %%
for sigma in (1.2, 1.7, 2.5, 3.5, 4.5):
    foretold = min(4, int((spreads > sigma).sum()))
    print(
        f"noise {sigma}: foretold {foretold}, found {numbers_in_use(sigma)}"
    )

# %% [markdown]
r"""
Believing that everything is noise, the model has nothing to explain.
The cure here is to learn $\sigma$, or to begin with a small one.

In a deep VAE the same happens for the same reason, and also when training goes too fast: in the first steps the codes mean nothing yet, their price is real, and they are given up before the decoder has learned to read them.
Let us cause it.
Black and white pictures, sixteen numbers, and a price of $\beta = 20$.
"""

# %%
binary = data.load("fashion-mini", "train", levels=2).x


# %% tags=["experiment"]
def use_of_codes(
    beta: float, warmup: int, free_nats: float
) -> tuple[str, ...]:
    torch.manual_seed(0)
    settings = {"network": "dense", "width": 128, "head": "bernoulli"}
    small = VAE(levels=2, latent=16, beta=beta, **settings)
    eased = Eased(small, warmup=warmup, free_nats=free_nats)
    turn = (Adam(small.parameters(), lr=2e-3), eased.losses)
    fit([turn], Batches(binary, size=64, steps=400), progress=False)
    with torch.inference_mode():
        explained, kl = small.terms(binary[:1000])
        active = latents.active_dimensions(small.encode(binary)[0]).sum()
    return f"{explained.mean():.0f}", f"{kl.sum(1).mean():.1f}", f"{active}"


# %%
trials = {
    "plain": use_of_codes(beta=1.0, warmup=0, free_nats=0.0),
    "beta 20": use_of_codes(beta=20.0, warmup=0, free_nats=0.0),
    "beta 20, warmed up over 200 steps": use_of_codes(20.0, 200, 0.0),
    "beta 20, half a nat a number free": use_of_codes(20.0, 0, 0.5),
}

# %% tags=["hide-input"]
figures.table(
    ["400 steps", "reconstruction", "KL", "numbers in use, of 16"],
    [(setting, *found) for setting, found in trials.items()],
    "Most codes given up at a high price, and kept by free nats: nats a picture on "
    "training pictures.",
)

# %% [markdown]
r"""
Two cures are common.

- **Warm-up**: let the price of the KL rise from 0 to 1 over the first steps, so that the decoder learns to read before the codes have to save. It helps against a bad start, not against a price that stays high.
- **Free nats**: up to a floor, a number of the code costs nothing {cite}`kingma2016iaf`. There is nothing to be saved by giving it up.

Both are options of the training, not of the model.
The table tries both against a price that stays high.
The recipe of our VAE warms up over its first 500 steps.

## A number that is not a likelihood

In many a notebook the pictures are grey, and the loss is the Bernoulli cross entropy.
It trains well, and the loss is printed as "the ELBO".
Let us compute it for our reconstructions.
"""

# %%
with torch.inference_mode():
    rebuilt = trained.reconstruct(test.x[:500]).clamp(1e-4, 1 - 1e-4)
grey = test.x[:500] / 255
nats = (
    F.binary_cross_entropy(rebuilt, grey, reduction="none").flatten(1).sum(1)
)
print(f"cross entropy on grey values: {nats.mean():.1f} nats", end=", ")
print(f"'bits per dimension': {bits_per_dim(nats, 784).mean():.3f}")

# %% [markdown]
r"""
That would be the best model of these pictures ever made, by far: the PixelCNN needs more than 2.7 bits.
It is not.
A Bernoulli law knows two values.
Asked about a grey of $x = 0.3$ it returns $p^{0.3} (1-p)^{0.7}$, which is no probability of anything.
Add it up over the 256 grey levels.
"""

# %%
p = torch.tensor([0.01, 0.1, 0.5, 0.9], dtype=torch.float64)
greys = torch.linspace(0, 1, 256, dtype=torch.float64)[:, None]
total = (p**greys * (1 - p) ** (1 - greys)).sum(0)
for each, mass in zip(p.tolist(), total.tolist()):
    print(f"p = {each:.2f}: the 256 'probabilities' sum to {mass:.1f}")

# %% [markdown]
r"""
They should sum to 1.
As a loss its minimum lies where the reconstruction is right, but it weighs the reconstruction against the KL by accident, like a hidden $\beta$.
As a number it must not be compared with anything.
Take Bernoulli laws for black and white pictures, and laws over levels for grey ones.

## Where a VAE stands

The lecture notes that this course follows put the VAE under *implicit density*, beside the GAN: both draw a code and decode it.
But look at what we have.
$p_\theta(x)$ is written down, as an integral; it is a proper density, and training raises it, as far as the bound allows.
So strictly a VAE is **explicit, but approximate**: it has an `elbo` and an `iwae`, and no `log_prob`.
A GAN has neither.
"""

# %%
results.bounds(["vae", "vae-conditional", "beta-vae", "vae-2d"])

# %%
results.likelihoods(["pixelcnn", "gated-pixelcnn"])

# %% [markdown]
r"""
Compare the bits.
The VAE's are upper limits: the truth may be better, and nobody knows by how much.
(500 draws in place of one gained it about a twentieth of a bit.)
An autoregressive model conditions each pixel on all before it.
Our VAE's pixels know of each other only through the code, and pay for it.
In return it draws all pixels at once, and it has codes.

On black and white pictures the units are nats, and the same can be seen.
"""

# %% tags=["hide-input"]
counts = measured("baselines")["two_levels_test_nats"]
bound = recipes.card("vae-binary")["metrics"]
sequential = recipes.card("pixelcnn-binary")["metrics"]["nll_nats"]
figures.table(
    ["black and white", "nats per image", "kind"],
    [
        *(
            (name, f"{nats:.1f}", "exact, counts")
            for name, nats in counts.items()
        ),
        ("VAE, ELBO", f"{bound['elbo_nats']:.1f}", "at most"),
        ("VAE, IWAE-500", f"{bound['iwae_500_nats']:.1f}", "at most"),
        ("Gated PixelCNN", f"{sequential:.1f}", "exact"),
    ],
    "Test nats of Fashion-MNIST with two levels, white being what was above 127; lower "
    f"is better. IWAE-500 is that of the first {bound['iwae_500_images']:,} of the "
    "10,000 test pictures, the others are of all.",
)

# %% [markdown]
r"""
## The notes' question, answered

*Features capture factors of variation, but we cannot generate new images from an autoencoder, because we do not know the space of $z$. How do we make it a generative model?*

By choosing the law of $z$ first.
We fix a prior $p(z)$ that we can draw from, let the decoder turn a code into a law of pictures, and call the average over all codes $p_\theta(x)$.
That average cannot be computed, so the encoder is made to propose, for each picture, a cloud of codes; from it we get a lower bound of $\log p_\theta(x)$, and raise it.
The bound has two halves: the codes must explain their pictures, and the cloud of each picture must stay near the prior.
The second half is what the autoencoder lacked.
It gathers the codes where we draw from, so that most draws from the prior land where the decoder knows what to do.
Most, not all: the clouds need not fill the prior evenly, and that is where the blurred draws come from.
"""

# %% [markdown]
r"""
## Check yourself

Pick an answer before you open it: each one says whether it holds, and why.

:::{quiz}
Of the test pictures the VAE needs *at most* 3.150 bits per dimension, and the PixelCNN exactly 2.908.
Which of the two is the better density?

- [ ] The PixelCNN: 2.908 is less than 3.150.

  It would follow if both numbers were the likelihood.
  But 3.150 is an upper limit.
  The VAE's own number lies somewhere below, and the table does not say where.

- [x] It is not proven. All we know is that the VAE needs no more than 3.150.

  The PixelCNN is likely ahead: from one draw to 500 the limit came down by only about a twentieth of a bit.
  But likely is not proven.
  Had the *limit* been below 2.908, that would have been a proof, for the VAE.

- [ ] Nobody can say, since a bound and a likelihood must never be compared.

  They must not be mixed up.
  But a bound is a true statement about a likelihood, and in one direction it decides: a limit that is lower than the other's exact number wins.

After a while of training, the KL of your VAE is 0.0 nats on every picture.
What has happened?

- [ ] The best that can: one of the two terms has reached its minimum.

  Both terms are to be low, so a zero looks like half the work.
  But a code that costs nothing says nothing.
  A trained VAE pays for what it keeps of a picture.

- [ ] There is a bug: the KL of two Gaussians is never exactly zero.

  It is zero where they are equal, and a network can easily make them so: centre 0, width 1, whatever the picture.
  In the table of the discs it is 0.0 at the largest $\beta$.

- [x] The cloud of every picture is the prior, so the codes are not used.

  This is posterior collapse.
  The decoder gets noise that has nothing to do with the picture, and paints the same law for all.
  Look at how many numbers are in use.

In a VAE, somebody draws $z$ with a function that lets no gradient through: the numbers are right, but no gradient reaches $\mu$ and $\sigma$ from the draw.
The loss is that of the chapter.
What does training do?

- [ ] It stops with an error, since the encoder gets no gradient.

  That would be kind.
  But the decoder still gets its gradient from the reconstruction, and the encoder gets one from the KL.
  Nothing is missing that PyTorch would notice.

- [x] The decoder learns, and the encoder is only ever pulled towards the prior.

  What the encoder hears of the loss is the price of the code.
  What the code explains would have reached it through the draw.
  So it saves, until the codes say nothing.

- [ ] The same as before on average, but with more scatter.

  That is how the score function compares with the path.
  But the score function is an estimate of its own: it multiplies the value of each draw by $\nabla \log q$.
  To cut the path and put nothing in its place is no estimate of the gradient.
:::
"""

# %% [markdown]
r"""
## Exercises

Write each function where it says `todo()`, run the cell, then the check below it.
`hint("vae.reparameterise")` gives a hint, and a stronger one when you ask again.
"""

# %% [markdown]
r"""
:::{exercise} The price of a code
:label: ex-vae-kl

*10 minutes, difficulty 1 of 3.*
The KL divergence of one Gaussian number from the prior is
$\tfrac12 (\mu^2 + \sigma^2 - 1 - \log \sigma^2)$ nats.
Return that of a whole code: its numbers are independent, so their divergences add up.
You are given $\log \sigma^2$, and there may be any number of axes before the last.
A network is trained through it, so gradients must reach both.

- **In:** `mu` and `log_var`, $\mu$ and $\log \sigma^2$ for each number of the code, `(..., D)` each.
- **Out:** nats, `(...)`, a number for each code.

For example:

```python
>>> kl_to_standard_normal(torch.tensor([[0.0, 0.0], [1.0, 2.0]]), torch.zeros(2, 2))
tensor([0.0000, 2.5000])
```
:::
"""


# %% tags=["exercise"]
def kl_to_standard_normal(mu: Tensor, log_var: Tensor) -> Tensor:
    """Return KL(N(mu, diag exp(log_var)) || N(0, I)) in nats, over the last axis.

    Args:
        mu: means, (..., D).
        log_var: natural logarithms of the variances, (..., D).

    Returns:
        (...), never negative.
    """
    return todo()


# %%
check("vae.kl_to_standard_normal", kl_to_standard_normal)
kl_to_standard_normal = mine_or_reference(
    "vae.kl_to_standard_normal", kl_to_standard_normal
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-vae-kl
:class: dropdown
```{literalinclude} ../../src/gencourse/bounds.py
:pyobject: kl_to_standard_normal
```
::::
"""

# %% [markdown]
r"""
:::{exercise} A draw that lets gradients through
:label: ex-vae-draw

*5 minutes, difficulty 1 of 3.*
Turn draws of $\mathcal{N}(0, 1)$ into draws of $\mathcal{N}(\mu, \sigma^2)$, so that a gradient reaches $\mu$ and $\log \sigma^2$.
With $\mu = 1$, $\log \sigma^2 = \log 4$ and a noise of $0.5$ the draw is $2$.

- **In:** `mu`, `log_var` ($\log \sigma^2$) and `noise`, three tensors whose shapes broadcast.
- **Out:** draws, in their common shape.

For example:

```python
>>> log_var = torch.tensor([4.0]).log()  # the variance is 4
>>> reparameterise(torch.tensor([10.0]), log_var, torch.tensor([1.0]))
tensor([12.])
```
:::
"""


# %% tags=["exercise"]
def reparameterise(mu: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
    """Return a draw of N(mu, diag exp(log_var)) that has gradients to both.

    Args:
        mu: means.
        log_var: natural logarithms of the variances.
        noise: draws of N(0, 1). The three shapes broadcast.

    Returns:
        The common shape (Kingma and Welling 2014, section 2.4,
        https://arxiv.org/abs/1312.6114).
    """
    return todo()


# %%
check("vae.reparameterise", reparameterise)
reparameterise = mine_or_reference("vae.reparameterise", reparameterise)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-vae-draw
:class: dropdown
```{literalinclude} ../../src/gencourse/bounds.py
:pyobject: reparameterise
```
::::
"""

# %% [markdown]
r"""
:::{exercise} The ELBO from its parts
:label: ex-vae-elbo

*10 minutes, difficulty 1 of 3.*
You are given $\log p(x \mid z)$ of every subpixel and the Gaussian that $z$ was drawn from.
Return the ELBO of every picture.
It is in nats per *picture*: ask of each axis whether it is to be added up, averaged, or left alone.
A network is trained through it, so gradients must flow.
You may call `kl_to_standard_normal`.

- **In:** `log_likelihood`, in nats, `(B, ...)`; `mu` and `log_var`, $\mu$ and $\log \sigma^2$ of the code, `(B, D)` each.
- **Out:** nats, `(B,)`.

For example:

```python
>>> log_likelihood = torch.tensor([[-60.0, -40.0], [-50.0, -40.0]])
>>> mu = torch.tensor([[0.0, 0.0], [1.0, 2.0]])
>>> evidence_lower_bound(log_likelihood, mu, torch.zeros(2, 2))
tensor([-100.0000,  -92.5000])
```
:::
"""


# %% tags=["exercise"]
def evidence_lower_bound(
    log_likelihood: Tensor, mu: Tensor, log_var: Tensor
) -> Tensor:
    """Return the ELBO of each image in nats: what z explains minus what z costs.

    Args:
        log_likelihood: log p(x | z) of every subpixel for a draw of z, (B, ...).
        mu: means of q(z | x), (B, D).
        log_var: natural logarithms of its variances, (B, D).

    Returns:
        (B,): sums over subpixels and over the code's dimensions, never means.
    """
    return todo()


# %%
check("vae.evidence_lower_bound", evidence_lower_bound)
evidence_lower_bound = mine_or_reference(
    "vae.evidence_lower_bound", evidence_lower_bound
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-vae-elbo
:class: dropdown
```{literalinclude} ../../src/gencourse/bounds.py
:pyobject: evidence_lower_bound
```
::::
"""

# %% [markdown]
r"""
:::{exercise} The other gradient
:label: ex-vae-score

*15 minutes, difficulty 2 of 3.*
Estimate $\nabla_\mu \mathbb{E}[f(z)]$ from draws $z \sim \mathcal{N}(\mu, \operatorname{diag} \sigma^2)$ and the values $f(z)$ alone.
Every draw gives an estimate, $f(z)\, \nabla_\mu \log \mathcal{N}(z; \mu, \sigma^2)$: a number for each number of $\mu$.
First work out the gradient of the logarithm on paper.

- **In:** `values`, $f$ at each draw, `(N,)`; `z`, the draws, `(N, D)`; `mu` and `std`, $\mu$ and $\sigma$, `(D,)` each.
- **Out:** gradients, `(N, D)`, a row for each draw, not averaged.

For example:

```python
>>> values, z = torch.tensor([3.0]), torch.tensor([[1.0, 2.0]])
>>> score_function_gradient(values, z, torch.zeros(2), torch.tensor([1.0, 2.0]))
tensor([[3.0000, 1.5000]])
```
:::
"""


# %% tags=["exercise"]
def score_function_gradient(
    values: Tensor, z: Tensor, mu: Tensor, std: Tensor
) -> Tensor:
    """Return an estimate of d/dmu E[f(z)] from each draw z of N(mu, diag std^2).

    The function's values are enough, its derivative is not needed (Williams 1992,
    https://doi.org/10.1007/BF00992696).

    Args:
        values: f at each draw, (N,).
        z: the draws, (N, D).
        mu: (D,).
        std: standard deviations, (D,), positive.

    Returns:
        (N, D): f(z) times the gradient of log N(z; mu, std^2) with respect to mu; its
        mean over draws is unbiased.
    """
    return todo()


# %%
check("vae.score_function_gradient", score_function_gradient)
score_function_gradient = mine_or_reference(
    "vae.score_function_gradient", score_function_gradient
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-vae-score
:class: dropdown
```{literalinclude} ../../src/gencourse/gradients.py
:pyobject: score_function_gradient
```
::::
"""

# %% [markdown]
r"""
:::{exercise} The posterior that is known
:label: ex-vae-posterior

*30 minutes, difficulty 3 of 3.*
For $x = Wz + b + \sigma \varepsilon$ the posterior $p(z \mid x)$ is a Gaussian.
Find its mean for each point, and its covariance, which is the same for all.
Write $\log p(x \mid z) + \log p(z)$, collect what is quadratic in $z$ and what is linear, and compare with the exponent of a Gaussian.
The precision, the inverse of the covariance, appears first.

- **In:** `x`, points, `(B, D)`; `weight`, $W$, `(D, K)`; `bias`, $b$, `(D,)`; `std`, $\sigma$, a scalar tensor.
- **Out:** means, `(B, K)`, and the covariance, `(K, K)`.

For example:

```python
>>> point, w = torch.tensor([[3.0]]), torch.tensor([[1.0]])
>>> linear_posterior(point, w, torch.tensor([1.0]), torch.tensor(2.0))
(tensor([[0.4000]]), tensor([[0.8000]]))
```
:::
"""


# %% tags=["exercise"]
def linear_posterior(
    x: Tensor, weight: Tensor, bias: Tensor, std: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the exact posterior p(z | x), a Gaussian: means (B, K), covariance (K, K).

    The model is x = weight z + bias + std * noise, z and the noise from N(0, I).

    Args:
        x: points, (B, D).
        weight: (D, K).
        bias: (D,).
        std: of the noise, a positive scalar.
    """
    return todo()


# %%
check("vae.linear_posterior", linear_posterior)
linear_posterior = mine_or_reference("vae.linear_posterior", linear_posterior)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-vae-posterior
:class: dropdown
```{literalinclude} ../../src/gencourse/linear_vae.py
:pyobject: linear_posterior
```
::::
"""

# %% [markdown]
r"""
:::{exercise} The tighter bound
:label: ex-vae-iwae

*10 minutes, difficulty 2 of 3.*
You are given the *logarithms* of $k$ weights for each picture, one row a draw.
Return the logarithm of the mean weight.
The weights of pictures are about $e^{-2000}$: their logarithms must never be undone.

- **In:** `log_weights`, natural logarithms, `(k, ...)`.
- **Out:** nats, `(...)`, a number for each picture.

For example:

```python
>>> importance_bound(torch.tensor([[-1000.0], [-1001.0]]))
tensor([-1000.3799])
```
:::
"""


# %% tags=["exercise"]
def importance_bound(log_weights: Tensor) -> Tensor:
    """Return the logarithm of the mean of k weights: a lower bound of log p(x) in nats.

    Args:
        log_weights: log p(x, z) - log q(z | x) for k draws of z, (k, ...).

    Returns:
        (...), finite however small the weights are (Burda et al. 2016,
        https://arxiv.org/abs/1509.00519).
    """
    return todo()


# %%
check("vae.importance_bound", importance_bound)
importance_bound = mine_or_reference("vae.importance_bound", importance_bound)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-vae-iwae
:class: dropdown
```{literalinclude} ../../src/gencourse/bounds.py
:pyobject: importance_bound
```
::::
"""

# %% [markdown]
r"""
:::{exercise} Find the collapsed dimensions
:label: ex-vae-active

*10 minutes, difficulty 2 of 3.*
Which numbers of a code tell pictures apart?
A number is active if the variance of its posterior mean over the pictures (with $N - 1$) is more than a threshold.
A number whose mean is the same for all has collapsed, wherever that mean lies and however narrow the cloud is.
Fewer than two pictures are a `ValueError`: one picture has no spread.

- **In:** `mu`, the posterior means, a picture a row, `(N, D)`; `threshold`, of the variance, a float.
- **Out:** `bool`, `(D,)`.

For example:

```python
>>> active_dimensions(torch.tensor([[0.0, 5.0, 0.0], [0.0, 5.0, 1.0]]))
tensor([False, False,  True])
```
:::
"""


# %% tags=["exercise"]
def active_dimensions(mu: Tensor, threshold: float = 0.01) -> Tensor:
    """Return which dimensions of the code tell images apart: bool (D,).

    A dimension is active if its posterior mean varies over the images by more than the
    threshold (Burda et al. 2016, https://arxiv.org/abs/1509.00519). The
    others have collapsed: they say the same of every image.

    Args:
        mu: means of q(z | x), one row for each image, (N, D); fewer than 2 images are a
            ValueError.
        threshold: of the variance over images (with N - 1), 0 or more.
    """
    return todo()


# %%
check("vae.active_dimensions", active_dimensions)
active_dimensions = mine_or_reference(
    "vae.active_dimensions", active_dimensions
)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-vae-active
:class: dropdown
```{literalinclude} ../../src/gencourse/latents.py
:pyobject: active_dimensions
```
::::
"""

# %% [markdown]
r"""
:::{exercise} One style, every class
:label: ex-vae-classes

*15 minutes, difficulty 2 of 3.*
Prepare a conditional model for the picture of ten kinds above: each code, once with every class.
For two codes $a$, $b$ and three classes the codes are $a, a, a, b, b, b$ and the labels $0, 1, 2, 0, 1, 2$.

- **In:** `z`, codes, `(N, D)`; `classes`, how many there are.
- **Out:** codes, `(N * classes, D)`, and labels, `int64`, `(N * classes,)`.

For example:

```python
>>> each, classes = every_class(torch.tensor([[1.0], [2.0]]), classes=3)
>>> each.shape, each.flatten(), classes
(torch.Size([6, 1]), tensor([1., 1., 1., 2., 2., 2.]), tensor([0, 1, 2, 0, 1, 2]))
```
:::
"""


# %% tags=["exercise"]
def every_class(z: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Return each code once with every class, to decode the same style in all of them.

    Args:
        z: codes, (N, D).
        classes: how many there are, 1 or more.

    Returns:
        Codes (N * classes, D) and int64 labels (N * classes,): all classes 0, 1, ... of
        the first code, then all of the second.
    """
    return todo()


# %%
check("vae.every_class", every_class)
every_class = mine_or_reference("vae.every_class", every_class)

# %% [markdown] tags=["solution"]
r"""
::::{solution} ex-vae-classes
:class: dropdown
```{literalinclude} ../../src/gencourse/latents.py
:pyobject: every_class
```
::::
"""

# %% [markdown]
r"""
Now put your functions to work, where they passed.
Your draw, your price and your ELBO make a VAE from parts; your codes choose a class.
Your posterior and your weights find the likelihood of points, from clouds that are twice too wide, so that there is a gap to be closed.
"""

# %%
with torch.inference_mode():
    mu, log_var = trained.encode(test.x[:200])
    z = reparameterise(mu, log_var, torch.randn_like(mu))
    law = trained.head.log_prob(trained.numbers(z), test.x[:200])
    by_hand = evidence_lower_bound(law, mu, log_var)
    nats = kl_to_standard_normal(mu, log_var).mean()
print(f"ELBO {by_hand.mean():.0f} nats, of which the code costs {nats:.0f}")
print("numbers in use:", int(active_dimensions(mu).sum()), "of", mu.shape[1])

# %%
mean, covariance = linear_posterior(points[:3], weight, bias, std)
spread = (4 * covariance.diagonal()).log().expand_as(mean)  # twice as wide
noise = torch.randn(1000, 3, 2, dtype=torch.float64)
z = reparameterise(mean, spread, noise)
law = torch.distributions.Normal(z @ weight.T + bias, std)
prior = -0.5 * (z.square() - noise.square() - spread).sum(-1)
log_weights = law.log_prob(points[:3]).sum(-1) + prior
for k in (1, 10, 1000):
    bound = importance_bound(log_weights[:k])
    print(f"k = {k:4}:", *(f"{nats:9.4f}" for nats in bound))
print("exact:   ", *(f"{nats:9.4f}" for nats in exact[:3]))
print("One estimate may lie above it by luck; their mean does not.")

# %%
mu, width = torch.zeros(2), torch.ones(2)
noise = torch.randn(20_000, 2)
value = -0.5 * (noise - 1).square().sum(1)
slope = score_function_gradient(value, noise, mu, width).mean(0)
print("by the score function, true 1 and 1:", *(f"{s:.2f}" for s in slope))

# %%
size = conditional.latent
style = torch.randn(2, size, generator=torch.Generator().manual_seed(5))
with torch.inference_mode():
    styled = conditional.decode(*every_class(style, 10))

# %% tags=["hide-input"]
figures.grid(
    styled,
    "Two more codes, each in all ten classes, from top to ankle boot.",
    columns=10,
)

# %% [markdown]
r"""
## What to remember

- We cannot draw with an autoencoder, since nobody knows the law of its codes. A VAE decides the law first and trains both networks to obey.
- $\log p(x)$ is at least the reconstruction minus the KL: what a code explains, minus what it costs. The gap is the KL from the guess to the true posterior.
- Reparameterised gradients scatter little; those of the score function scatter more with every number of the code.
- More draws make the bound tighter, if the *weights* are averaged, not their logarithms.
- $\beta$ trades reconstruction for price. Numbers that do not earn their price collapse; warm-up and free nats keep them alive.
- A bound in bits needs a law over the levels. Bernoulli cross entropy on grey values is a loss, not a likelihood.

## Where this comes from

The VAE: {cite:t}`kingma2014vae`, and at the same time {cite:t}`rezende2014stochastic`.
The importance-weighted bound, and which numbers count as active: {cite:t}`burda2016iwae`.
$\beta$: {cite:t}`higgins2017beta`; the gap score: {cite:t}`chen2018isolating`.
Conditional VAEs: {cite:t}`kingma2014semi`.
Warm-up and collapse: {cite:t}`bowman2016generating`; free nats: {cite:t}`kingma2016iaf`; collapse in the linear case: {cite:t}`lucas2019elbo`.
The linear model whose likelihood is known: {cite:t}`tipping1999probabilistic`.
The score-function gradient: {cite:t}`williams1992simple`.
"""

# %% tags=["remove-cell"]
from gencourse.provenance import report

report()
