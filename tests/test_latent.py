"""Bounds and samples of an image model, held against its law on a grid of codes.

With one latent number log p(x) is an integral over a line: a sum on a fine grid is
exact to many digits, and all images of a tiny shape can be listed.
"""

from __future__ import annotations

import copy
import math
from itertools import product

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal

from gencourse import latent
from gencourse.bounds import importance_bound, kl_to_standard_normal
from gencourse.density import ExplicitDensity, ImplicitDensity
from gencourse.images import Shape
from gencourse.latent import LatentVariableModel
from gencourse.testing import enumerate_images, image_numbers, strong_copy
from gencourse.vae import VAE

F64 = torch.float64
GRID = torch.linspace(-10, 10, 1601, dtype=F64)
STEP = math.log(20 / 1600)
STANDARD = Normal(torch.zeros((), dtype=F64), torch.ones((), dtype=F64))
# Name: shape, levels, head, classes, and how strong the weights are: the stronger, the
# further the law from independent pixels, and the further q(z | x) from p(z | x).
CASES: dict[str, tuple[Shape, int, str, int | None, float]] = {
    "bernoulli": ((1, 2, 2), 2, "bernoulli", None, 2.0),
    "softmax": ((1, 1, 3), 3, "softmax", None, 1.5),
    "logistic": ((1, 2, 2), 3, "logistic", None, 1.5),
    "colour": ((3, 1, 1), 4, "logistic", None, 1.7),
    "conditional": ((1, 2, 2), 2, "softmax", 3, 1.8),
}
each_case = pytest.mark.parametrize("name", CASES)


class Repeating(VAE):
    """A VAE whose noise hangs on the image and on the draw's number alone."""

    def encode(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        self.seen, self.drawn = image_numbers(x, self.levels), 0
        return super().encode(x, y)

    def _noise(
        self, shape: tuple[int, ...], generator: torch.Generator | None
    ) -> Tensor:
        count = shape[0] if len(shape) == 3 else 1
        images = self.levels ** math.prod(self.shape)
        table = normals(100, images, self.latent, seed=5)
        draws = table[self.drawn : self.drawn + count, self.seen]
        self.drawn += count
        return draws.reshape(shape)


def normals(*size: int, seed: int = 0) -> Tensor:
    return torch.randn(size, generator=seeded(seed), dtype=F64)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@torch.no_grad()
def strong(
    name: str, *, kind: type[VAE] = VAE, latent: int = 1, beta: float = 1.0
) -> VAE:
    """Return a float64 model of strong laws, whose q(z | x) is no better than rough."""
    shape, levels, head, classes, gain = CASES[name]
    model = kind(
        shape=shape,
        levels=levels,
        latent=latent,
        network="dense",
        width=6,
        head=head,
        components=2,
        classes=classes,
        beta=beta,
    )
    model = strong_copy(model, gain=gain, seed=2)
    if head == "logistic":  # scales that are not all far below a level's width
        model.writer[-2].weight *= 0.4
    # Variances about one: the weights of draws then have a variance themselves.
    model.to_posterior.weight *= 0.25
    model.to_posterior.bias[latent:] = 0.2
    if classes:
        model.label_to_posterior.weight *= 0.4
    return model


def labels(model: VAE, count: int, y: int = 1) -> Tensor | None:
    return None if model.classes is None else torch.full((count,), y)


def some(model: VAE, count: int = 6) -> tuple[Tensor, Tensor | None]:
    """Return random images, and labels of all classes."""
    size = (count, *model.shape)
    x = torch.randint(model.levels, size, generator=seeded(), dtype=torch.uint8)
    y = None if model.classes is None else torch.arange(count) % model.classes
    return x, y


@torch.no_grad()
def given_codes(model: VAE, x: Tensor, y: Tensor | None, z: Tensor) -> Tensor:
    """Return log p(x | z) of each image for each code: (B, len(z))."""
    rows = []
    for i, image in enumerate(x):
        label = None if y is None else y[i].expand(len(z))
        numbers = model.numbers(z, label)
        each = model.head.log_prob(numbers, image.expand(len(z), *image.shape))
        rows.append(each.flatten(1).sum(1))
    return torch.stack(rows)


def exact(model: VAE, x: Tensor, y: Tensor | None) -> Tensor:
    """Return log p(x), an integral over the one latent number: (B,)."""
    joint = given_codes(model, x, y, GRID[:, None]) + STANDARD.log_prob(GRID)
    return joint.logsumexp(1) + STEP


@torch.no_grad()
def exact_mean(model: VAE, x: Tensor, y: Tensor | None, k: int) -> Tensor:
    """Return the mean over all draws of the bound with k = 1 or 2 of them: (B,)."""
    mu, log_var = model.encode(x, y)
    q = Normal(mu, (log_var / 2).exp())  # (B, 1)
    noise = torch.linspace(-7, 7, 281, dtype=F64)
    share = (STANDARD.log_prob(noise) + math.log(0.05)).exp()
    z = q.loc + q.scale * noise  # (B, 281)
    label = [None] * len(x) if y is None else y[:, None]
    given = torch.cat(
        [
            given_codes(model, x[i : i + 1], label[i], z[i][:, None])
            for i in range(len(x))
        ]
    )
    weights = given + STANDARD.log_prob(z) - q.log_prob(z)
    if k == 1:
        return weights @ share
    pairs = torch.logaddexp(weights[:, :, None], weights[:, None]) - math.log(2)
    return pairs @ share @ share


@torch.no_grad()
def distance(model: VAE, x: Tensor, y: Tensor | None) -> Tensor:
    """Return KL(q(z | x) || p(z | x)) of each image, on the grid: (B,)."""
    mu, log_var = model.encode(x, y)
    q = Normal(mu, (log_var / 2).exp()).log_prob(GRID)
    joint = given_codes(model, x, y, GRID[:, None]) + STANDARD.log_prob(GRID)
    posterior = joint - joint.logsumexp(1, keepdim=True) - STEP
    return (q.exp() * (q - posterior)).sum(1) * math.exp(STEP)


@torch.no_grad()
def many(model: VAE, bound, count: int) -> tuple[Tensor, Tensor]:
    """Return mean and standard error of a bound over draws, image by image: (B,)."""
    x, y = some(model)
    labels = None if y is None else y.repeat(count)
    found = bound(x.repeat(count, 1, 1, 1), labels).view(count, len(x))
    return found.mean(0), found.std(0) / count**0.5


# --- the exact law


@each_case
def test_all_images_sum_to_one(name: str):
    model = strong(name)
    x = enumerate_images(model.shape, model.levels)
    for y in range(model.classes or 1):
        law = exact(model, x, labels(model, len(x), y)).exp()
        assert law.sum().item() == pytest.approx(1, abs=1e-9)
        assert law.max() > 2 / len(x)  # far from the uniform law


@each_case
def test_the_code_ties_the_pixels_together(name: str):
    """Were they independent, a product of the pixels' laws would be the law."""
    model = strong(name)
    x = enumerate_images(model.shape, model.levels)
    law = exact(model, x, labels(model, len(x))).exp()
    alone = torch.ones_like(law)
    for pixel in x.flatten(1).T:
        alone *= torch.stack([law[pixel == v].sum() for v in pixel])
    assert (law - alone).abs().sum() > 0.07


# --- the ELBO


@each_case
def test_the_elbo_and_one_weight_have_the_mean_of_the_integral(name: str):
    model = strong(name)
    truth = exact_mean(model, *some(model), 1)
    # What it lacks is the distance to the posterior.
    lacking = distance(model, *some(model))
    off = truth + lacking - exact(model, *some(model))
    assert off.abs().max() < 2e-5
    assert lacking.max() > 0.1
    for bound in (
        lambda x, y: model.elbo(x, y, generator=seeded()),
        lambda x, y: model.iwae(x, 1, y, generator=seeded(1)),
        lambda x, y: -model.terms(x, y)[0] - model.terms(x, y)[1].sum(1),
    ):
        torch.manual_seed(2)
        mean, error = many(model, bound, 4000)
        assert error.max() < 0.25 and error.min() < 0.03
        assert ((mean - truth).abs() < 4 * error).all()


class PixelsAveraged(VAE):
    def _log_likelihood(self, *given) -> Tensor:
        return super()._log_likelihood(*given) / math.prod(self.shape)


class VarianceForStd(VAE):
    def _log_likelihood(self, x, y, mu, log_var, generator) -> Tensor:
        return super()._log_likelihood(x, y, mu, 2 * log_var, generator)


class KlAdded(VAE):
    def elbo(self, x, y=None, *, generator=None):
        kl = kl_to_standard_normal(*self.encode(x, y))
        return super().elbo(x, y, generator=generator) + 2 * kl


class KlAveraged(VAE):
    def elbo(self, x, y=None, *, generator=None):
        kl = kl_to_standard_normal(*self.encode(x, y))
        return super().elbo(x, y, generator=generator) + 0.5 * kl  # of two dimensions


@pytest.mark.parametrize("kind", [PixelsAveraged, VarianceForStd, KlAdded, KlAveraged])
def test_a_wrong_elbo_is_rejected(kind: type[VAE]):
    model = strong("bernoulli", kind=kind)
    truth = exact_mean(model, *some(model), 1)
    bound = lambda x, y: model.elbo(x, y, generator=seeded())  # noqa: E731
    mean, error = many(model, bound, 4000)
    assert ((mean - truth).abs() > 6 * error).any()


# --- the importance-weighted bound


@each_case
def test_two_weights_have_the_mean_of_the_double_integral(name: str):
    model = strong(name)
    one, truth = (exact_mean(model, *some(model), k) for k in (1, 2))
    assert (one < truth).all() and (truth < exact(model, *some(model))).all()
    bound = lambda x, y: model.iwae(x, 2, y, generator=seeded())  # noqa: E731
    mean, error = many(model, bound, 4000)
    assert ((mean - truth).abs() < 4 * error).all()
    assert ((mean - one) > 4 * error).any()


@each_case
def test_many_weights_reach_the_exact_law(name: str):
    model = strong(name)
    x, y = some(model)
    with torch.no_grad():
        found = model.iwae(x, 20_000, y, generator=seeded())
        ratio = given_weights(model, x, y, 20_000).exp()
    error = ratio.std(0) / ratio.mean(0) / 20_000**0.5  # of the log of a mean
    assert (error < 0.03).all()
    assert ((found - exact(model, x, y)).abs() < 4 * error).all()


@torch.no_grad()
def given_weights(model: VAE, x: Tensor, y: Tensor | None, k: int) -> Tensor:
    """Return log p(x, z) - log q(z | x) of other draws: (k, B)."""
    repeated = None if y is None else y.repeat(k)
    each = model.iwae(x.repeat(k, 1, 1, 1), 1, repeated, generator=seeded(9))
    return each.view(k, len(x))


@each_case
@pytest.mark.parametrize("k", [1, 3])
def test_the_mean_weight_is_the_probability(name: str, k: int):
    """Without the logarithm any k is right on average: E[exp(bound)] = p(x)."""
    model = strong(name)
    truth = exact(model, *some(model))

    def ratio(x: Tensor, y: Tensor | None) -> Tensor:
        bound = model.iwae(x, k, y, generator=seeded(3))
        return (bound - truth.repeat(len(x) // len(truth))).exp()

    mean, error = many(model, ratio, 4000)
    assert (error < 0.1).all()
    assert ((mean - 1).abs() < 4 * error).all()


@each_case
def test_the_bound_grows_with_k_on_the_same_draws(name: str):
    """The mean of the bounds of halves is at most the bound of the whole."""
    model = strong(name, latent=2)
    weights = given_weights(model, *some(model), 4096)
    for k in (1, 2, 8, 32):
        groups = weights.unflatten(0, (-1, 2, k))  # (N, 2, k, B)
        halves = importance_bound(groups.movedim(2, 0)).mean(1)
        whole = importance_bound(groups.flatten(1, 2).movedim(1, 0))
        assert (whole - halves > -1e-12).all()
        assert (whole - halves).mean() > 1e-4


def naive_iwae(model: VAE, x: Tensor, y: Tensor | None, noise: Tensor) -> Tensor:
    """Return the bound by a loop over images and draws, every density by itself."""
    bounds = []
    for i in range(len(x)):
        image, label = x[i : i + 1], None if y is None else y[i : i + 1]
        mu, log_var = model.encode(image, label)
        q = Normal(mu, (log_var / 2).exp())
        weights = []
        for draw in noise[:, i]:
            z = mu + q.scale * draw
            numbers = model.numbers(z, label)[0]
            given = sum(
                model.head.log_prob(numbers[place], image[0][place])
                for place in product(*map(range, model.shape))
            )
            ratio = (STANDARD.log_prob(z) - q.log_prob(z)).sum()
            weights.append((given + ratio).exp())
        bounds.append(torch.stack(weights).mean().log())
    return torch.stack(bounds)


@each_case
def test_the_bound_and_its_gradient_are_those_of_a_plain_loop(name: str):
    model = strong(name, latent=2)
    x, y = some(model, 3)
    found = model.iwae(x, 5, y, generator=seeded(4))
    noise = torch.randn(5, 3, 2, generator=seeded(4), dtype=F64)
    expected = naive_iwae(model, x, y, noise)
    torch.testing.assert_close(found, expected)
    parameters = list(model.parameters())
    ours, plain = (
        torch.autograd.grad(bound.sum(), parameters) for bound in (found, expected)
    )
    torch.testing.assert_close(ours, plain)
    assert all(gradient.abs().max() > 0 for gradient in ours)


def test_a_value_that_is_only_right_in_its_gradient_is_rejected():
    """Weights times log-weights, detached: the gradient of the bound, not its value."""
    weights = given_weights(strong("logistic"), *some(strong("logistic")), 50)
    wrong = (weights.softmax(0) * weights).sum(0)
    assert (wrong - importance_bound(weights)).abs().min() > 0.05


# --- batches and memory


@each_case
@torch.no_grad()
def test_bounds_do_not_hang_on_the_split_of_the_batch(name: str):
    model = strong(name, kind=Repeating, latent=2)
    x, y = some(model, 7)
    for bound in (model.elbo, lambda x, y: model.iwae(x, 9, y)):
        whole = bound(x, y)
        assert whole.std() > 0.1
        for size in (1, 2, 5):
            parts = [None] * 7 if y is None else y.split(size)
            each = [bound(*pair) for pair in zip(x.split(size), parts, strict=False)]
            torch.testing.assert_close(torch.cat(each), whole, rtol=0, atol=1e-11)


@each_case
@torch.no_grad()
def test_the_bound_does_not_hang_on_how_many_are_decoded_at_once(name, monkeypatch):
    model = strong(name, kind=Repeating, latent=2)
    x, y = some(model, 3)
    whole = model.iwae(x, 20, y)
    for at_once in (1, 3, 7, 12, 60, 1000):
        monkeypatch.setattr(latent, "AT_ONCE", at_once)
        for decoded in (1, 4, 64):
            monkeypatch.setattr(latent, "DECODED", decoded)
            torch.testing.assert_close(model.iwae(x, 20, y), whole, rtol=0, atol=1e-11)


@pytest.mark.parametrize("name", ["logistic", "conditional"])
@pytest.mark.parametrize("batch", [1, 3, 8, 20])
@pytest.mark.parametrize("k", [1, 2, 5, 41])
def test_never_more_than_so_many_are_decoded_at_once(name, batch, k, monkeypatch):
    monkeypatch.setattr(latent, "AT_ONCE", 8)
    model, sizes = strong(name), []
    numbers = model.numbers

    def counted(z: Tensor, y: Tensor | None = None) -> Tensor:
        sizes.append(len(z))
        return numbers(z, y)

    monkeypatch.setattr(model, "numbers", counted)
    found = model.iwae(some(model, batch)[0], k, some(model, batch)[1])
    assert max(sizes) <= max(8, batch)
    assert sum(sizes) == k * batch
    # Nor are they decoded one by one.
    assert len(sizes) <= math.ceil(k / max(1, 8 // batch))
    assert found.shape == (batch,)


# --- losses


@each_case
@torch.no_grad()
def test_losses_are_the_halves_of_the_negative_elbo(name: str):
    model = strong(name, latent=3)
    x, y = some(model)
    found, terms, elbo = (
        (torch.manual_seed(7), call(x, y))[1]
        for call in (model.losses, model.terms, model.elbo)
    )
    assert list(found) == ["reconstruction", "kl"]
    torch.testing.assert_close(sum(found.values()), -elbo.mean())
    torch.testing.assert_close(found["reconstruction"], terms[0].mean())
    assert terms[0].shape == (6,) and terms[1].shape == (6, 3)
    kl = kl_to_standard_normal(*model.encode(x, y))
    torch.testing.assert_close(terms[1].sum(1), kl)
    torch.testing.assert_close(found["kl"], kl.mean())
    assert (terms[1] >= 0).all()


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0, 4.0])
def test_beta_weighs_the_kl_of_the_losses_and_nothing_else(beta: float):
    one, other = strong("logistic"), strong("logistic", beta=beta)
    x, _ = some(one)
    for call in ("elbo", "terms", "reconstruct"):
        torch.manual_seed(1)
        expected = getattr(one, call)(x)
        torch.manual_seed(1)
        torch.testing.assert_close(getattr(other, call)(x), expected, rtol=0, atol=0)
    bounds = [model.iwae(x, 3, generator=seeded()) for model in (one, other)]
    assert torch.equal(*bounds)
    torch.manual_seed(1)
    plain = one.losses(x)
    torch.manual_seed(1)
    found = other.losses(x)
    assert torch.equal(found["reconstruction"], plain["reconstruction"])
    torch.testing.assert_close(found["kl"], beta * plain["kl"])
    assert plain["kl"] > 0.1


def test_without_a_kl_nothing_pulls_the_code_to_the_prior():
    model = strong("logistic", beta=0.0)
    losses = model.losses(some(model)[0])
    assert losses["kl"].item() == 0
    gradients = torch.autograd.grad(
        losses["kl"], list(model.to_posterior.parameters()), retain_graph=True
    )
    assert all((gradient == 0).all() for gradient in gradients)
    pull = torch.autograd.grad(losses["reconstruction"], model.to_posterior.weight)
    assert pull[0].abs().max() > 1e-3


def test_gradients_reach_both_networks():
    model = strong("conditional", latent=2)
    sum(model.losses(*some(model)).values()).backward()
    for label, parameter in model.named_parameters():
        assert parameter.grad.abs().max() > 0, label


# --- drawing, decoding


def assert_drawn_from(x: Tensor, model: VAE, law: Tensor) -> None:
    share = torch.bincount(image_numbers(x, model.levels), minlength=len(law)) / len(x)
    error = (law * (1 - law) / len(x)).sqrt()
    assert ((share - law).abs() < 4 * error + 1 / len(x)).all()


@each_case
def test_samples_follow_the_exact_law(name: str):
    model, count = strong(name), 20_000
    every = enumerate_images(model.shape, model.levels)
    for y in range(model.classes or 1):
        law = exact(model, every, labels(model, len(every), y)).exp()
        x = model.sample(count, labels(model, count, y), generator=seeded(y))
        assert x.dtype == torch.uint8
        assert x.shape == (count, *model.shape)
        assert_drawn_from(x, model, law)
        # A code for each pixel instead of one for the image is found out.
        mixed = x.clone()
        mixed[..., -1] = mixed[..., -1].roll(1, 0)
        if model.shape[2] > 1:
            with pytest.raises(AssertionError):
                assert_drawn_from(mixed, model, law)


def test_the_label_changes_the_law():
    model = strong("conditional")
    every = enumerate_images(model.shape, model.levels)
    laws = [exact(model, every, labels(model, 16, y)).exp() for y in range(3)]
    for first, second in ((0, 1), (1, 2), (0, 2)):
        assert (laws[first] - laws[second]).abs().sum() > 0.1


@each_case
@torch.no_grad()
def test_decoding_is_the_mean_over_all_levels(name: str):
    model = strong(name)
    z, y = normals(5, 1), labels(model, 5)
    numbers = model.numbers(z, y)
    mean = torch.zeros(5, *model.shape, dtype=F64)
    for level in range(model.levels):
        every = torch.full(mean.shape, level)
        mean += level * model.head.log_prob(numbers, every).exp()
    grey = model.decode(z, y)
    torch.testing.assert_close(grey, mean / (model.levels - 1))
    assert grey.min() > 0 and grey.max() < 1 and grey.std() > 0.05


@torch.no_grad()
def test_decoding_is_the_mean_of_draws():
    model, count = strong("logistic"), 20_000
    z = normals(1, 1)
    uniform = torch.rand(count, *model.shape, 2, generator=seeded()).double()
    drawn = model.head.sample(model.numbers(z).expand(count, -1, -1, -1, -1), uniform)
    grey = drawn.double() / 2
    error = grey.std(0) / count**0.5
    assert ((grey.mean(0) - model.decode(z)[0]).abs() < 4 * error).all()


@each_case
@torch.no_grad()
def test_a_reconstruction_is_the_decoded_mean(name: str):
    model = strong(name)
    x, y = some(model)
    found = model.reconstruct(x, y)
    assert found.shape == x.shape
    torch.testing.assert_close(found, model.decode(model.encode(x, y)[0], y))
    # No draw is made.
    assert torch.equal(found, model.reconstruct(x, y))


# --- what the caller decides


CALLS = {
    "elbo": lambda m, x, g: m.elbo(x, generator=g),
    "iwae": lambda m, x, g: m.iwae(x, 3, generator=g),
    "sample": lambda m, x, g: m.sample(20, generator=g),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_generator_decides_the_draws(call):
    model = strong("logistic")
    x, state = some(model)[0], torch.get_rng_state()
    one, same, other = (call(model, x, seeded(seed)) for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(0)
    first = call(model, x, None)
    torch.manual_seed(0)
    assert torch.equal(call(model, x, None), first)


@pytest.mark.parametrize("train", [True, False])
def test_measuring_leaves_the_model_as_it_was(train: bool):
    model = strong("logistic").train(train)
    before, (x, _) = copy.deepcopy(model.state_dict()), some(model)
    kept = x.clone()
    for call in CALLS.values():
        call(model, x, seeded())
    model.losses(x)
    model.reconstruct(x)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert model.training is train
    assert torch.equal(x, kept)


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_dtypes_go_all_the_way(dtype: torch.dtype):
    model = strong("logistic").to(dtype)
    x = some(model)[0]
    found = {
        "mu": model.encode(x)[0],
        "log_var": model.encode(x)[1],
        "elbo": model.elbo(x),
        "iwae": model.iwae(x, 2),
        "decode": model.decode(torch.zeros(1, 1, dtype=dtype)),
        "reconstruct": model.reconstruct(x),
        "terms": model.terms(x)[0],
        **model.losses(x),
    }
    assert {name: value.dtype for name, value in found.items()} == dict.fromkeys(
        found, dtype
    )
    assert all(value.shape == (6,) for value in (found["elbo"], found["iwae"]))
    assert model.sample(3).dtype == torch.uint8


def test_floating_levels_are_the_same_levels():
    model = strong("logistic")
    x = some(model)[0]
    for other in (x.float(), x.double()):
        for call in CALLS.values():
            expected = call(model, x, seeded())
            assert torch.equal(call(model, other, seeded()), expected)


def test_a_sample_asks_for_no_gradient_and_a_bound_has_one():
    model = strong("logistic")
    assert not model.sample(2).requires_grad
    for bound in (model.elbo(some(model)[0]), model.iwae(some(model)[0], 2)):
        assert bound.requires_grad


def test_where_the_taxonomy_puts_it():
    model = strong("logistic")
    assert isinstance(model, LatentVariableModel)
    assert isinstance(model, ImplicitDensity)
    assert not isinstance(model, ExplicitDensity)
    assert not hasattr(model, "log_prob")


def test_a_subclass_says_how_to_read_and_how_to_write():
    with pytest.raises(TypeError, match=r"abstract methods '?encode'?, '?numbers"):
        LatentVariableModel()
