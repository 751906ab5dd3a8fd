"""The VAE whose likelihood is known: every bound is held against the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.decomposition import PCA
from torch import Tensor
from torch.distributions import MultivariateNormal, kl_divergence

from gencourse.bounds import kl_to_standard_normal
from gencourse.linear_vae import LinearVAE, linear_log_prob, linear_posterior

STD, F64 = 0.6, torch.float64


def normals(*size: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(size, generator=generator, dtype=F64)


def setting(dims: int = 5, latent: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """Return weight, bias and standard deviation of a model."""
    return normals(dims, latent), normals(dims, seed=1), torch.tensor(STD, dtype=F64)


@torch.no_grad()
def model_of(weight: Tensor, bias: Tensor, std: Tensor) -> LinearVAE:
    """Return a LinearVAE of that law whose encoder knows nothing yet."""
    dims, latent = weight.shape
    model = LinearVAE(dims=dims, latent=latent, std=float(std)).double()
    model.decoder.weight.copy_(weight)
    model.decoder.bias.copy_(bias)
    model.log_std.copy_(std.log())
    return model


@torch.no_grad()
def with_exact_posterior() -> LinearVAE:
    """Return a model with orthogonal columns, so that its posterior is diagonal."""
    weight, bias, std = setting()
    weight = torch.linalg.qr(weight).Q * torch.tensor([1.5, 0.4])
    model = model_of(weight, bias, std)
    _, covariance = linear_posterior(bias[None], weight, bias, std)
    assert covariance[0, 1].abs() < 1e-12
    to_code = covariance @ weight.T / std.square()
    model.encoder.weight.copy_(to_code)
    model.encoder.bias.copy_(-to_code @ bias)
    model.log_var.copy_(covariance.diagonal().log())
    return model


@torch.no_grad()
def with_rough_posterior() -> LinearVAE:
    """Return a model whose encoder is off: another mean, and a variance too large."""
    model = with_exact_posterior()
    model.encoder.weight += 0.04 * normals(2, 5, seed=3)
    model.encoder.bias += torch.tensor([0.1, -0.2])
    model.log_var += torch.tensor([0.5, 0.1])
    return model


def points(count: int = 6) -> Tensor:
    weight, bias, std = setting()
    return normals(count, 2, seed=4) @ weight.T + bias + std * normals(count, 5, seed=5)


def law_of(model: LinearVAE) -> tuple[Tensor, Tensor, Tensor]:
    weight, bias = model.decoder.weight.detach(), model.decoder.bias.detach()
    return weight, bias, model.log_std.detach().exp()


def gap(model: LinearVAE, x: Tensor) -> Tensor:
    """Return KL(q(z | x) || p(z | x)) of each point, in closed form."""
    mean, covariance = linear_posterior(x, *law_of(model))
    mu, log_var = model.encode(x)
    q = MultivariateNormal(mu, torch.diag_embed(log_var.exp()))
    return kl_divergence(q, MultivariateNormal(mean, covariance)).detach()


# --- the likelihood


def test_the_likelihood_is_scipys():
    weight, bias, std = setting()
    covariance = weight @ weight.T + STD**2 * torch.eye(5, dtype=F64)
    known = stats.multivariate_normal(bias.numpy(), covariance.numpy())
    x = points()
    found = linear_log_prob(x, weight, bias, std)
    np.testing.assert_allclose(found, known.logpdf(x.numpy()), rtol=1e-10)


def test_the_likelihood_is_an_integral_over_codes():
    weight, bias, std = setting(dims=3, latent=1)
    x = normals(4, 3, seed=6)
    z = torch.linspace(-9, 9, 4001, dtype=F64)
    each = torch.distributions.Normal(z[:, None] * weight[:, 0] + bias, std)
    prior = torch.from_numpy(stats.norm.logpdf(z.numpy()))
    joint = each.log_prob(x[:, None]).sum(-1) + prior
    integral = joint.logsumexp(1) + math.log(18 / 4000)
    torch.testing.assert_close(linear_log_prob(x, weight, bias, std), integral)
    # The posterior is what is left when the integral is divided out.
    mean, covariance = linear_posterior(x, weight, bias, std)
    share = (joint - integral[:, None]).exp() * (18 / 4000)
    torch.testing.assert_close(share @ z, mean[:, 0])
    second = share @ z.square() - mean[:, 0].square()
    torch.testing.assert_close(second, covariance[0, 0].expand(4))


def test_the_posterior_obeys_bayes():
    """log p(x, z) - log p(x) = log p(z | x), for any code."""
    weight, bias, std = setting()
    x, z = points(4), normals(4, 2, seed=7)
    mean, covariance = linear_posterior(x, weight, bias, std)
    assert (mean.shape, covariance.shape) == ((4, 2), (2, 2))
    given = torch.distributions.Normal(z @ weight.T + bias, std).log_prob(x).sum(1)
    prior = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(1)
    expected = given + prior - linear_log_prob(x, weight, bias, std)
    found = MultivariateNormal(mean, covariance).log_prob(z)
    torch.testing.assert_close(found, expected)


def test_draws_have_this_mean_and_covariance():
    weight, bias, std = setting()
    z, noise = normals(100_000, 2, seed=8), normals(100_000, 5, seed=9)
    x = z @ weight.T + bias + std * noise
    # E[-log p(x)] is the entropy, a closed form of the covariance.
    each = -linear_log_prob(x, weight, bias, std)
    covariance = weight @ weight.T + std.square() * torch.eye(5, dtype=F64)
    entropy = MultivariateNormal(bias, covariance).entropy()
    assert abs(each.mean() - entropy) < 4 * each.std() / len(x) ** 0.5


def data() -> np.ndarray:
    generator = np.random.default_rng(0)
    mix = generator.normal(size=(2, 4)) * [[2.0], [1.0]]
    noise = 0.5 * generator.normal(size=(300, 4))
    return generator.normal(size=(300, 2)) @ mix + noise + [1, -2, 0, 3]


def principal(x: np.ndarray, latent: int = 2) -> tuple[Tensor, Tensor, Tensor, PCA]:
    """Return the maximum-likelihood weight, bias and std, and scikit-learn's fit."""
    pca = PCA(latent).fit(x)
    spare = pca.explained_variance_ - pca.noise_variance_
    weight = pca.components_.T * np.sqrt(spare)
    std = torch.tensor(pca.noise_variance_).double().sqrt()
    return torch.from_numpy(weight), torch.from_numpy(pca.mean_), std, pca


@pytest.mark.parametrize("latent", [1, 2, 3])
def test_probabilistic_pca_is_scikit_learns(latent: int):
    x = data()
    weight, bias, std, pca = principal(x, latent)
    found = linear_log_prob(torch.from_numpy(x), weight, bias, std)
    np.testing.assert_allclose(found, pca.score_samples(x), rtol=1e-9)
    assert found.mean().item() == pytest.approx(pca.score(x), rel=1e-10)
    if latent == 2:
        whitened = linear_posterior(torch.from_numpy(x), weight, bias, std)[0]
        share = 1 - pca.noise_variance_ / pca.explained_variance_
        expected = pca.transform(x) / np.sqrt(pca.explained_variance_) * np.sqrt(share)
        np.testing.assert_allclose(whitened, expected, rtol=1e-8)


def test_a_linear_vae_ends_at_probabilistic_pca():
    """Its ELBO has no worse optimum (Lucas et al. 2019, section 4)."""
    x = torch.from_numpy(data())
    torch.manual_seed(0)
    model = LinearVAE(dims=4, latent=2).double()
    adam = torch.optim.Adam(model.parameters(), lr=0.06)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(adam, 300)
    for _ in range(300):
        adam.zero_grad()
        sum(model.losses(x).values()).backward()
        adam.step()
        decay.step()
    best = principal(data())[3].score(data())
    found = model.log_prob(x).mean().item()
    assert best - 0.02 < found < best + 0.002  # scikit-learn divides by N - 1
    assert gap(model, x).mean() < 0.02
    assert model.log_std.exp().item() == pytest.approx(0.5, rel=0.1)


# --- the bounds


@torch.no_grad()
def test_under_the_posterior_every_draw_of_the_bound_is_the_likelihood():
    model, x = with_exact_posterior(), points()
    many = x.repeat_interleave(50, 0)
    generator = torch.Generator().manual_seed(0)
    for k in (1, 2, 7):
        found = model.iwae(many, k, generator)
        torch.testing.assert_close(found, model.log_prob(many), rtol=0, atol=1e-10)


@torch.no_grad()
def test_under_the_posterior_the_elbo_is_the_likelihood_on_average():
    model, x = with_exact_posterior(), points()
    draws = 20_000
    found = model.elbo(x.expand(draws, *x.shape).flatten(0, 1)).view(draws, len(x))
    error = found.std(0) / draws**0.5
    assert (error < 0.02).all()
    assert ((found.mean(0) - model.log_prob(x)).abs() < 3.5 * error).all()
    assert gap(model, x).abs().max() < 1e-10


@pytest.fixture(scope="module")
def bounds() -> tuple[Tensor, dict[str, Tensor], Tensor]:
    """Return log p(x), 20 000 draws of each bound, and the gap, for six points."""
    model, x, draws = with_rough_posterior(), points(), 20_000
    many = x.expand(draws, *x.shape).flatten(0, 1)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        found = {"elbo": model.elbo(many, generator)}
        for k in (1, 2, 4, 16):
            found[f"iwae {k}"] = model.iwae(many, k, generator)
        truth = model.log_prob(x)
    each = {name: value.view(draws, len(x)) for name, value in found.items()}
    return truth, each, gap(model, x)


def error(draws: Tensor) -> Tensor:
    return draws.std(0) / len(draws) ** 0.5


@pytest.mark.parametrize("name", ["elbo", "iwae 1"])
def test_the_elbo_lacks_the_distance_to_the_posterior(bounds, name: str):
    truth, draws, lacking = bounds
    assert lacking.min() > 0.05
    off = truth - draws[name].mean(0) - lacking
    assert error(draws[name]).max() < 0.1
    assert (off.abs() < 4 * error(draws[name])).all()


def test_the_bounds_grow_with_k_and_stay_below_the_likelihood(bounds):
    truth, draws, lacking = bounds
    names = ["elbo", "iwae 1", "iwae 2", "iwae 4", "iwae 16"]
    for less, more in zip(names, [*names[1:], None], strict=True):
        rise = (truth if more is None else draws[more]) - draws[less]
        assert (rise.mean(0) > -3 * error(rise)).all()
    # From 1 to 16 draws most of the distance is gone, and that is no accident.
    rise = draws["iwae 16"] - draws["elbo"]
    assert (rise.mean(0) > 5 * error(rise)).all()
    assert (rise.mean(0) > 0.5 * lacking).all()


@pytest.mark.parametrize("k", [1, 2, 4, 16])
def test_the_mean_weight_is_the_likelihood(bounds, k: int):
    """Not in logarithms, k draws miss nothing: E[exp(bound)] = p(x)."""
    truth, draws, _ = bounds
    ratio = (draws[f"iwae {k}"] - truth).exp()
    assert (error(ratio) < 0.1).all()
    assert ((ratio.mean(0) - 1).abs() < 4 * error(ratio)).all()


@torch.no_grad()
def test_two_draws_by_a_loop():
    """Densities by torch.distributions, means by hand, the draws the same."""
    model, x = with_rough_posterior(), points()
    found = model.iwae(x, 2, torch.Generator().manual_seed(3))
    noise = torch.randn(2, 6, 2, generator=torch.Generator().manual_seed(3), dtype=F64)
    mu, log_var = model.encode(x)
    q = torch.distributions.Normal(mu, (log_var / 2).exp())
    prior = torch.distributions.Normal(0.0, 1.0)
    total = torch.zeros(6, dtype=F64)
    for draw in noise:
        z = mu + (log_var / 2).exp() * draw
        given = torch.distributions.Normal(model.decoder(z), model.log_std.exp())
        log_weight = given.log_prob(x) @ torch.ones(5, dtype=F64)
        log_weight = log_weight + (prior.log_prob(z) - q.log_prob(z)).sum(1)
        total += log_weight.exp() / 2
    torch.testing.assert_close(found, total.log())


@torch.no_grad()
def test_losses_are_the_halves_of_the_negative_elbo():
    model, x = with_rough_posterior(), points()
    torch.manual_seed(5)
    losses = model.losses(x)
    torch.manual_seed(5)
    assert list(losses) == ["reconstruction", "kl"]
    torch.testing.assert_close(sum(losses.values()), -model.elbo(x).mean())
    kl = kl_to_standard_normal(*model.encode(x)).mean()
    torch.testing.assert_close(losses["kl"], kl)


def test_a_generator_decides_the_draws_and_float64_stays():
    model, x = with_rough_posterior(), points()
    for bound in (model.elbo, lambda x, generator: model.iwae(x, 3, generator)):
        state = torch.get_rng_state()
        one, same, other = (
            bound(x, generator=torch.Generator().manual_seed(seed))
            for seed in (0, 0, 1)
        )
        assert torch.equal(one, same) and not torch.equal(one, other)
        assert torch.equal(torch.get_rng_state(), state)
        assert (one.dtype, one.shape) == (F64, (6,))
    assert model.log_prob(x).dtype == F64


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: LinearVAE(dims=0, latent=1), "expected dims to be an int of 1"),
        (lambda: LinearVAE(dims=3, latent=1.0), "expected latent to be an int of 1"),
        (lambda: LinearVAE(dims=3, latent=1, std=0.0), r"std > 0, got 0\.0"),
        (lambda: LinearVAE(dims=3, latent=1, std=-1.0), r"std > 0, got -1\.0"),
        (lambda: LinearVAE(dims=3, latent=1, std=math.nan), "std > 0, got nan"),
        (
            lambda: LinearVAE(dims=3, latent=1).elbo(torch.zeros(2, 4)),
            r"expected points \(B, 3\), got \(2, 4\)",
        ),
        (
            lambda: LinearVAE(dims=3, latent=1).losses(torch.zeros(3)),
            r"expected points \(B, 3\), got \(3,\)",
        ),
        (
            lambda: LinearVAE(dims=3, latent=1).iwae(torch.zeros(2, 3), 0),
            "expected k to be an int of 1 or more, got 0",
        ),
    ],
)
def test_wrong_inputs_are_told(call, said: str):
    with pytest.raises(ValueError, match=said):
        call()
