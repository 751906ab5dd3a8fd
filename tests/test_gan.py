"""GANs of images and of points: what comes out, what is checked, what is learned."""

from __future__ import annotations

import copy
import math
import pickle
import re
from functools import partial
from itertools import product

import pytest
import torch
from torch import Tensor, nn
from torch.optim import Adam

from gencourse.adversarial import GAMES, Adversarial
from gencourse.batches import Batches
from gencourse.density import ExplicitDensity, ImplicitDensity
from gencourse.gan import GAN, PointGAN
from gencourse.testing import strong_copy
from gencourse.train import fit

fit = partial(fit, progress=False)
GREY, COLOUR = (1, 8, 8), (3, 12, 8)
# Shape, levels, classes, game and what holds the discriminator back.
SETTINGS = [
    (GREY, 256, None, "non-saturating", {"norm": "batch"}),
    (GREY, 2, 3, "minimax", {"r1": 1.0}),
    (COLOUR, 256, None, "hinge", {"norm": "spectral"}),
    (COLOUR, 4, 3, "wasserstein", {"penalty": 10.0}),
]
each_model = pytest.mark.parametrize(
    ("network", "shape", "levels", "classes", "game", "more"),
    [(network, *rest) for network, rest in product(("dense", "conv"), SETTINGS)],
)
each_network = pytest.mark.parametrize("network", ["dense", "conv"])


def make(network="dense", shape=GREY, levels=256, classes=None, **settings) -> GAN:
    torch.manual_seed(0)
    given = {"latent": 5, "width": 3, **settings}
    return GAN(network=network, shape=shape, levels=levels, classes=classes, **given)


def strong(*given, **settings) -> GAN:
    """Return a float64 model with large weights, in eval mode."""
    return strong_copy(make(*given, **settings), gain=1.5)


def normals(*size: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(size, generator=generator, dtype=torch.float64)


def some(model: GAN, count: int = 6) -> tuple[Tensor, Tensor | None]:
    size, generator = (count, *model.shape), torch.Generator().manual_seed(0)
    x = torch.randint(model.levels, size, generator=generator, dtype=torch.uint8)
    y = None if model.classes is None else torch.arange(count) % model.classes
    return x, y


# --- shapes


@each_model
def test_everything_has_its_shape(network, shape, levels, classes, game, more):
    model = make(network, shape, levels, classes, game=game, **more)
    x, y = some(model)
    drawn = model.generate(normals(6, 5).float(), y)
    assert drawn.shape == (6, *shape) and drawn.dtype == torch.float32
    assert -1 <= drawn.min() < drawn.max() <= 1
    assert model.score(drawn, y).shape == (6,)
    assert model.real(x).shape == (6, *shape)
    told, fooled = model.discriminator_losses(x, y), model.generator_losses(x, y)
    names = ["discriminator", *({"penalty", "r1"} & set(more))]
    assert list(told) == names and list(fooled) == ["generator"]
    for term in (*told.values(), *fooled.values()):
        assert term.shape == () and term.isfinite()
    samples = model.sample(6, y)
    assert samples.dtype == torch.uint8 and samples.shape == (6, *shape)
    assert samples.max() <= levels - 1
    model.real(samples)  # a sample is an image again


@each_network
@pytest.mark.parametrize("levels", [2, 4, 256])
def test_samples_use_all_levels(network: str, levels: int):
    drawn = strong(network, levels=levels).sample(300)
    assert drawn.min() <= levels // 50 and drawn.max() >= levels - 1 - levels // 50


def test_the_defaults_are_a_model_of_fashion_mnist():
    torch.manual_seed(0)
    model = GAN()
    assert model.classes is None and model.game in GAMES
    assert model.sample(2).shape == (2, 1, 28, 28)
    x = torch.randint(256, (2, 1, 28, 28), dtype=torch.uint8)
    assert model.discriminator_losses(x)["discriminator"].isfinite()
    assert sum(4 * p.numel() for p in model.parameters()) < 5e6  # bytes


@pytest.mark.parametrize("model", [make(), PointGAN()], ids=["images", "points"])
def test_it_is_implicit_in_the_taxonomy(model: Adversarial):
    assert isinstance(model, ImplicitDensity)
    assert not isinstance(model, ExplicitDensity)
    for name in ("log_prob", "elbo"):
        assert not hasattr(model, name)
        with pytest.raises(AttributeError, match=f"a GAN has no {name}.* implicit"):
            getattr(model, name)(torch.zeros(1))
    kind = type(model).__name__
    with pytest.raises(AttributeError, match=f"'{kind}' object has no attribute 'iwa'"):
        model.iwa  # noqa: B018


# --- scales


def test_levels_are_scaled_to_the_generators_range():
    model = make(levels=4)
    x = torch.tensor([0, 1, 2, 3], dtype=torch.uint8).repeat(16).view(1, *GREY)
    expected = torch.tensor([-1, -1 / 3, 1 / 3, 1])
    torch.testing.assert_close(model.real(x).flatten()[:4], expected)
    assert torch.equal(make().real(255 * (x > 1).to(torch.uint8)).unique(),
                       torch.tensor([-1.0, 1.0]))  # fmt: skip


def test_samples_are_the_generators_pictures_rounded():
    model = strong("conv", COLOUR, levels=4)
    drawn = model.sample(20, generator=torch.Generator().manual_seed(3))
    z = model.noise(20, torch.Generator().manual_seed(3))
    unit = (model.generate(z) + 1) / 2
    assert (drawn.double() / 3 - unit).abs().max() <= 1 / 6 + 1e-12
    assert len(drawn.unique()) == 4


@torch.no_grad()
def test_a_sample_of_known_greys():
    model = make(levels=256)
    model.generate = lambda z, y=None: torch.tensor([-1.0, -0.2, 0.6, 1.0]).repeat(
        len(z), 1, 8, 2
    )
    assert model.sample(2)[0, 0, 0].tolist() == 2 * [0, 102, 204, 255]


# --- draws


@each_network
def test_a_generator_repeats_its_draws(network: str):
    model = strong(network, classes=3)
    y = torch.arange(8) % 3
    seeds = (1, 1, 2)
    first, again, other = (
        model.sample(8, y, generator=torch.Generator().manual_seed(s)) for s in seeds
    )
    assert torch.equal(first, again) and not torch.equal(first, other)
    state = torch.get_rng_state()
    model.sample(8, y, generator=torch.Generator().manual_seed(1))
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(5)
    loose = model.sample(8, y)
    torch.manual_seed(5)
    assert torch.equal(model.sample(8, y), loose)
    assert not model.generate(model.noise(2), y[:2]).isnan().any()


@pytest.mark.parametrize("norm", ["batch", "spectral"])
def test_eval_mode_leaves_no_trace(norm: str):
    model = make("conv", norm=norm).eval()
    x, _ = some(model)
    before = copy.deepcopy(model.state_dict())
    drawn = model.sample(4)
    assert not drawn.requires_grad
    model.score(model.real(x))
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    model.train()
    model.discriminator_losses(x)
    assert any(not torch.equal(v, before[k]) for k, v in model.state_dict().items())


@each_network
def test_in_eval_mode_an_image_does_not_know_its_batch(network: str):
    model = strong(network, COLOUR, classes=3)
    z, y = normals(5, 5), torch.tensor([2, 0, 1, 1, 0])
    drawn = model.generate(z, y)
    scores = model.score(drawn, y)
    for i in range(5):
        one = slice(i, i + 1)
        torch.testing.assert_close(model.generate(z[one], y[one]), drawn[one])
        torch.testing.assert_close(model.score(drawn[one], y[one]), scores[one])


def test_a_batch_normed_judge_sees_real_and_generated_apart():
    """Each kind is its own batch: the scores are those of two calls."""
    model = make("conv", norm="batch", game="wasserstein")
    x, _ = some(model)
    twin = copy.deepcopy(model)
    torch.manual_seed(1)
    found = model.discriminator_losses(x)["discriminator"]
    torch.manual_seed(1)
    fake = twin.generate(twin.noise(6))
    expected = twin.score(fake).mean() - twin.score(twin.real(x)).mean()
    torch.testing.assert_close(found, expected)


# --- labels


@each_network
def test_labels_change_pictures_and_scores(network: str):
    model = strong(network, classes=3)
    z, y = normals(1, 5).expand(3, -1), torch.arange(3)
    drawn = model.generate(z, y)
    scores = model.score(drawn[:1].expand(3, -1, -1, -1), y)
    for first, second in ((0, 1), (1, 2), (0, 2)):
        assert (drawn[first] - drawn[second]).abs().max() > 0.01
        assert (scores[first] - scores[second]).abs() > 1e-3


@each_network
def test_each_image_goes_with_its_own_label(network: str):
    model = strong(network, classes=3)
    z, y = normals(5, 5), torch.tensor([2, 0, 1, 1, 0])
    drawn, points = model.generate(z, y), normals(5, *GREY, seed=1)
    scores = model.score(points, y)
    for k in range(3):
        same = torch.full((5,), k)
        torch.testing.assert_close(model.generate(z, same)[y == k], drawn[y == k])
        torch.testing.assert_close(model.score(points, same)[y == k], scores[y == k])


def test_a_score_is_a_part_for_all_and_a_product_with_the_class():
    model = strong("dense", classes=3)
    points, y = normals(6, *GREY), torch.arange(6) % 3
    features = model.features(points)
    plain = model.score_of(features).squeeze(1)
    of_class = (features * model.label_to_score.weight[y]).sum(1)
    torch.testing.assert_close(model.score(points, y), plain + of_class)
    with torch.no_grad():
        model.label_to_score.weight.zero_()
    torch.testing.assert_close(model.score(points, y), plain)


Y, Z, X = torch.tensor([0, 2]), torch.zeros(2, 5), torch.zeros(2, 1, 8, 8)
CALLS = {
    "generate": lambda m, *y: m.generate(Z, *y),
    "score": lambda m, *y: m.score(X, *y),
    "sample": lambda m, *y: m.sample(2, *y),
    "discriminator": lambda m, *y: m.discriminator_losses(X.to(torch.uint8), *y),
    "generator": lambda m, *y: m.generator_losses(X.to(torch.uint8), *y),
}


@pytest.mark.parametrize("name", CALLS)
def test_wrong_labels_are_told(name: str):
    call, model = CALLS[name], make(classes=3)
    with pytest.raises(ValueError, match="expected y: the model has 3 classes"):
        call(model)
    with pytest.raises(ValueError, match="expected no y: the model was built without"):
        call(make(), Y)
    for wrong, given in (
        (Y + 1, "1 to 3"),
        (Y - 1, "-1 to 1"),
        (Y.float(), "torch.float32"),
        (Y[:1], r"\(1,\)"),
        (Y[:, None], r"\(2, 1\)"),
        ([0, 2], "list"),
    ):
        with pytest.raises(
            ValueError, match=f"2 int64 labels from 0 to 2, got.*{given}"
        ):
            call(model, wrong)


# --- wrong settings and wrong inputs

WRONG = [
    ({"shape": (28, 28)}, "expected shape (C, H, W), got (28, 28)"),
    ({"shape": (0, 8, 8)}, "expected channels to be an int of 1 or more, got 0"),
    ({"shape": (1, 6, 8), "network": "conv"}, "sides that are multiples of 4"),
    ({"shape": (1, 8, 9), "network": "conv"}, "sides that are multiples of 4"),
    ({"levels": 1}, "expected levels to be an int from 2 to 256, got 1"),
    ({"levels": 300}, "expected levels to be an int from 2 to 256, got 300"),
    ({"latent": 0}, "expected latent to be an int of 1 or more, got 0"),
    ({"latent": 2.5}, "expected latent to be an int of 1 or more, got 2.5"),
    ({"width": 0}, "expected width to be an int of 1 or more, got 0"),
    ({"network": "resnet"}, "expected network dense or conv, got 'resnet'"),
    ({"game": "poker"}, "expected game non-saturating, minimax, hinge, wasserstein"),
    ({"norm": "layer"}, "expected norm batch, spectral or none, got 'layer'"),
    ({"penalty": -1.0}, "expected penalty of 0 or more, got -1.0"),
    ({"penalty": math.nan}, "expected penalty of 0 or more, got nan"),
    ({"r1": math.inf}, "expected r1 of 0 or more, got inf"),
    ({"norm": "batch", "penalty": 10.0}, "no batch norm beside a gradient penalty"),
    ({"norm": "batch", "r1": 1.0}, "no batch norm beside a gradient penalty"),
    ({"classes": 0}, "expected classes to be an int of 1 or more, got 0"),
    ({"classes": 2.0}, "expected classes to be an int of 1 or more, got 2.0"),
]


@pytest.mark.parametrize(
    ("settings", "said"), WRONG, ids=[re.sub(r"\W+", "-", str(w)) for w, _ in WRONG]
)
def test_wrong_settings_are_told(settings: dict, said: str):
    with pytest.raises(ValueError, match=re.escape(said)):
        GAN(**{"shape": GREY, "width": 2, **settings})


@pytest.mark.parametrize("shape", [(2, 4), (2, 6), (5,), (2, 5, 1)])
def test_codes_of_another_size_are_told(shape):
    with pytest.raises(ValueError, match=r"expected codes of shape \(B, 5\), got"):
        make().generate(torch.zeros(shape))


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (X, "expected uint8 levels of shape (B, 1, 8, 8), got dtype float32"),
        (X.to(torch.uint8) + 4, "expected levels 0 to 3, got 4 to 4"),
        (X[:, :, :4].to(torch.uint8), "got shape (2, 1, 4, 8)"),
        (X[0].to(torch.uint8), "got shape (1, 8, 8)"),
        (X[:0].to(torch.uint8), "got an empty batch"),
        ([0], "got list"),
    ],
)
def test_wrong_images_are_told(x, said: str):
    with pytest.raises(ValueError, match=re.escape(said)):
        make(levels=4).real(x)
    if isinstance(x, Tensor) and len(x):
        with pytest.raises(ValueError, match=re.escape(said)):
            make(levels=4).discriminator_losses(x)


@pytest.mark.parametrize("n", [0, -3, 2.0, True])
@pytest.mark.parametrize("model", [make(), PointGAN()], ids=["images", "points"])
def test_a_bad_number_of_samples_is_told(model, n):
    with pytest.raises(
        ValueError, match=f"expected n to be an int of 1 or more, got {n}"
    ):
        model.sample(n)


# --- copies


@each_network
@pytest.mark.parametrize("norm", ["none", "batch", "spectral"])
def test_copies_draw_the_same(network: str, norm: str):
    model = make(network, COLOUR, classes=2, norm=norm)
    x, y = some(model)
    model.discriminator_losses(x, y)  # running means are not as they began
    model.eval()
    loaded = GAN(shape=COLOUR, latent=5, width=3, network=network, classes=2, norm=norm)
    loaded.load_state_dict(model.state_dict())
    copies = [copy.deepcopy(model), loaded.eval()]
    if norm != "spectral":  # torch keeps a parametrised module as a state alone
        copies.append(pickle.loads(pickle.dumps(model)))
    for other in copies:
        draws = [
            m.sample(6, y, generator=torch.Generator().manual_seed(0))
            for m in (model, other)
        ]
        assert torch.equal(*draws)
        points = model.real(x)
        torch.testing.assert_close(other.score(points, y), model.score(points, y))


# --- points


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize("norm", ["none", "spectral"])
def test_points_have_their_shapes(game: str, norm: str):
    torch.manual_seed(0)
    model = PointGAN(dims=3, latent=2, width=8, game=game, norm=norm, penalty=1, r1=1)
    x = normals(6, 3).float()
    assert model.generate(model.noise(6)).shape == (6, 3)
    assert model.score(x).shape == (6,) and model.real(x) is x
    assert list(model.discriminator_losses(x)) == ["discriminator", "penalty", "r1"]
    assert model.generator_losses(x)["generator"].isfinite()
    drawn = model.sample(6, generator=torch.Generator().manual_seed(0))
    assert drawn.shape == (6, 3) and not drawn.requires_grad
    z = model.noise(6, torch.Generator().manual_seed(0))
    torch.testing.assert_close(model.generate(z), drawn)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"dims": 0}, "expected dims to be an int of 1 or more, got 0"),
        ({"latent": 0}, "expected latent to be an int of 1 or more, got 0"),
        ({"width": 0}, "expected width to be an int of 1 or more, got 0"),
        ({"game": "go"}, "expected game non-saturating, .*, got 'go'"),
        ({"norm": "layer"}, "expected norm none or spectral, got 'layer'"),
        ({"norm": "batch"}, "expected norm none or spectral, got 'batch'"),
        ({"penalty": -1.0}, "expected penalty of 0 or more, got -1.0"),
        ({"r1": math.nan}, "expected r1 of 0 or more, got nan"),
    ],
)
def test_wrong_settings_of_points_are_told(settings: dict, said: str):
    with pytest.raises(ValueError, match=said):
        PointGAN(**settings)


@pytest.mark.parametrize("shape", [(4, 3), (4,), (4, 2, 1)])
def test_points_of_another_size_are_told(shape):
    with pytest.raises(ValueError, match=r"expected points \(B, 2\), got"):
        PointGAN().discriminator_losses(torch.zeros(shape))


# --- training


def turns(model: PointGAN, lr: float):
    parts = (
        (model.discriminator, model.discriminator_losses),
        (
            model.generator,
            model.generator_losses,
        ),
    )
    return [
        (Adam(part.parameters(), lr=lr, betas=(0.5, 0.9)), losses)
        for part, losses in parts
    ]


@pytest.mark.parametrize(
    ("game", "more"),
    [
        ("non-saturating", {"r1": 0.1}),
        ("hinge", {"r1": 0.1}),
        ("wasserstein", {"penalty": 1.0}),
    ],
)
def test_training_moves_points_to_the_data(game: str, more: dict):
    """Two numbers, correlated, with a mean far from 0."""
    factor = torch.tensor([[0.6, 0.3], [0.0, 0.4]], dtype=torch.float64)
    mean = torch.tensor([2.0, -1.0])
    x = (normals(4000, 2) @ factor).float() + mean
    torch.manual_seed(0)
    model = PointGAN(width=24, game=game, **more)
    before = model.sample(2000, generator=torch.Generator().manual_seed(1))
    batches = Batches(x, size=128, steps=500)
    fit(turns(model, 4e-3), batches, schedule=lambda share: 1 - share)
    drawn = model.sample(2000, generator=torch.Generator().manual_seed(1))
    assert (before.mean(0) - mean).norm() > 1.5
    assert (drawn.mean(0) - mean).norm() < 0.7
    for found, expected in zip(drawn.std(0), x.std(0), strict=True):
        assert 0.1 < found / expected < 2  # the game need not settle


def test_training_finds_what_pictures_have_in_common():
    """Black on the left, white on the right, as no pixel of a new GAN knows."""
    x = torch.zeros(64, *GREY, dtype=torch.uint8)
    x[..., 4:] = 255
    x += torch.randint(20, x.shape, generator=torch.Generator().manual_seed(0)).to(
        torch.uint8
    ) * (x == 0)
    model = make("conv", r1=1.0)
    judge = [*model.features.parameters(), *model.score_of.parameters()]
    players = (
        (judge, model.discriminator_losses),
        (
            [*model.generator.parameters()],
            model.generator_losses,
        ),
    )
    game = [(Adam(p, lr=4e-3, betas=(0.5, 0.99)), losses) for p, losses in players]
    fit(game, Batches(x, size=32, steps=120))
    drawn = model.sample(100, generator=torch.Generator().manual_seed(0)).float()
    assert drawn[..., :4].mean() < 60 and drawn[..., 4:].mean() > 195


class Fixed(nn.Module):
    """A generator that stays: from N(0, 1) to N(mean, std^2)."""

    def forward(self, z: Tensor) -> Tensor:
        return 1 + 0.5 * z


@pytest.mark.parametrize("game", ["non-saturating", "minimax"])
def test_a_trained_discriminator_comes_near_the_best(game: str):
    """Data N(0, 1) against draws N(1, 1/4): the best logit is quadratic."""
    torch.manual_seed(0)
    model = PointGAN(dims=1, latent=1, width=32, game=game)
    model.generator = Fixed()
    x = normals(20_000, 1).float()
    adam = Adam(model.discriminator.parameters(), lr=3e-3)
    batches = Batches(x, size=512, steps=500)
    fit([(adam, model.discriminator_losses)], batches, schedule=lambda s: 1 - s)
    places = torch.linspace(-6, 6, 2401)
    real = torch.distributions.Normal(0.0, 1.0).log_prob(places)
    fake = torch.distributions.Normal(1.0, 0.5).log_prob(places)
    with torch.no_grad():
        found = model.score(places[:, None])
    best, width = real - fake, 12 / 2400
    error = (found.sigmoid() - best.sigmoid()).square() * (real.exp() + fake.exp()) / 2
    assert 0 < (error.sum() * width).sqrt() < 0.03  # an undecided one is 0.27 away

    def loss(logits: Tensor) -> float:
        told = real.exp() * -nn.functional.logsigmoid(logits)
        told += fake.exp() * -nn.functional.logsigmoid(-logits)
        return told.sum().item() * width

    assert 0.5 < loss(best) < 2 * math.log(2) - 0.2
    assert -1e-5 < loss(found) - loss(best) < 0.01
