from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial
from itertools import product

import pytest
import torch
from torch import Tensor, nn
from torch.optim import Adam

from gencourse import bounds, vae
from gencourse.batches import Batches
from gencourse.density import ExplicitDensity, ImplicitDensity
from gencourse.heads import Bernoulli, Categorical, LogisticMixture
from gencourse.images import Shape
from gencourse.latent import LatentVariableModel
from gencourse.testing import strong_copy
from gencourse.train import fit
from gencourse.vae import VAE

fit = partial(fit, progress=False)
GREY, COLOUR = (1, 4, 8), (3, 4, 4)
CASES = [
    pytest.param(network, shape, levels, head, classes, id=f"{network}-{head}-{shape}")
    for network, (shape, levels, head, classes) in product(
        ("dense", "conv"),
        (
            (GREY, 2, "bernoulli", None),
            (GREY, 4, "softmax", 3),
            (COLOUR, 256, "logistic", None),
            (COLOUR, 5, "softmax", None),
        ),
    )
]
each_model = pytest.mark.parametrize(
    ("network", "shape", "levels", "head", "classes"), CASES
)
each_network = pytest.mark.parametrize("network", ["dense", "conv"])


def make(
    network: str = "dense",
    shape: Shape = GREY,
    levels: int = 4,
    head: str = "softmax",
    classes: int | None = None,
    **settings,
) -> VAE:
    """Return a float64 model with large weights."""
    torch.manual_seed(0)
    model = VAE(
        network=network,
        shape=shape,
        levels=levels,
        head=head,
        classes=classes,
        **{"latent": 3, "width": 3, "components": 2, **settings},
    )
    return strong_copy(model, gain=1.5)


def normals(*size: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(size, generator=generator, dtype=torch.float64)


def some(model: VAE, count: int = 5) -> tuple[Tensor, Tensor | None]:
    size, generator = (count, *model.shape), torch.Generator().manual_seed(0)
    x = torch.randint(model.levels, size, generator=generator, dtype=torch.uint8)
    y = None if model.classes is None else torch.arange(count) % model.classes
    return x, y


# --- shapes


@each_model
def test_everything_has_the_shape_and_dtype_that_it_is_said_to(
    network, shape, levels, head, classes
):
    model = make(network, shape, levels, head, classes)
    (x, y), z = some(model), normals(5, 3)
    for part in (*model.encode(x, y), z):
        assert part.shape == (5, 3)
    assert model.numbers(z, y).shape == (5, *shape, model.head.size)
    for grey in (model.decode(z, y), model.reconstruct(x, y)):
        assert grey.shape == (5, *shape)
        assert grey.min() >= 0 and grey.max() <= 1 and grey.std() > 0.01
    assert model.elbo(x, y).shape == model.iwae(x, 4, y).shape == (5,)
    assert [v.shape for v in model.losses(x, y).values()] == [(), ()]
    drawn = model.sample(5, y)
    assert (drawn.dtype, drawn.shape) == (torch.uint8, (5, *shape))
    assert drawn.max() <= levels - 1 and drawn.double().std() > 0
    assert model.elbo(drawn, y).isfinite().all()  # a sample is an image again


def test_the_defaults_are_a_model_of_fashion_mnist():
    torch.manual_seed(0)
    model = VAE()
    x = torch.randint(256, (2, 1, 28, 28), dtype=torch.uint8)
    assert model.encode(x)[0].shape == (2, 32)
    assert model.beta == 1 and model.classes is None
    losses = model.losses(x)
    assert all(loss.isfinite() and loss.dtype == torch.float32
               for loss in losses.values())  # fmt: skip
    assert sum(4 * p.numel() for p in model.parameters()) < 5e6  # bytes


def test_heads_go_by_their_names():
    for head, kind in (("softmax", Categorical), ("logistic", LogisticMixture)):
        assert type(make(head=head).head) is kind
    assert make(head="logistic", components=7).head.size == 21
    assert type(make(levels=2, head="bernoulli").head) is Bernoulli


def test_it_is_implicit_in_the_taxonomy():
    model = make()
    assert isinstance(model, LatentVariableModel)
    assert isinstance(model, ImplicitDensity)
    assert not isinstance(model, ExplicitDensity)
    assert not hasattr(model, "log_prob")


def test_the_definitions_are_those_of_the_bounds():
    for name in ("evidence_lower_bound", "importance_bound", "kl_to_standard_normal",
                 "reparameterise"):  # fmt: skip
        assert getattr(vae, name) is getattr(bounds, name)


# --- what is read


def test_mean_and_log_variance_are_the_halves_of_the_readers_last_layer():
    model = make()
    x, _ = some(model)
    mu, log_var = model.encode(x)
    with torch.no_grad():
        model.to_posterior.bias[1] += 10
        model.to_posterior.bias[5] -= 2
    moved = [after - before for after, before in
             zip(model.encode(x), (mu, log_var), strict=True)]  # fmt: skip
    expected = torch.zeros(2, 5, 3, dtype=torch.float64)
    expected[0, :, 1], expected[1, :, 2] = 10, -2
    torch.testing.assert_close(torch.stack(moved), expected)


@each_network
def test_levels_are_scaled_once(network: str):
    """Black is -1 and white is 1 for the reader, whatever the dtype."""
    model, seen = make(network), []
    model.reader.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    x = torch.tensor([0, 1, 2, 3], dtype=torch.uint8).repeat(8).view(1, *GREY)
    for levels in (x, x.float(), x.double()):
        model.encode(levels)
    for given in seen:
        assert given.dtype == torch.float64
        expected = torch.tensor([-1, -1 / 3, 1 / 3, 1]).double()
        torch.testing.assert_close(given.flatten()[:4], expected, rtol=0, atol=1e-7)


@each_network
def test_every_subpixel_and_every_code_matters(network: str):
    model = make(network, COLOUR)
    x = some(model)[0].double().requires_grad_()
    mu, log_var = model.encode(x)
    for part in (mu, log_var):
        mixed = (part * normals(*part.shape)).sum()
        (gradient,) = torch.autograd.grad(mixed, x, retain_graph=True)
        assert (gradient.abs().amax(0) > 1e-9).all()
    z = normals(5, 3).requires_grad_()
    numbers = model.numbers(z)
    (gradient,) = torch.autograd.grad((numbers * normals(*numbers.shape)).sum(), z)
    assert (gradient.abs() > 1e-6).all()


@each_network
@pytest.mark.parametrize("train", [True, False])
def test_a_batch_is_its_images_one_by_one(network: str, train: bool):
    model = make(network, classes=3).train(train)
    (x, y), z = some(model), normals(5, 3)
    together = [*model.encode(x, y), model.numbers(z, y), model.decode(z, y)]
    for i in range(5):
        one = slice(i, i + 1)
        alone = [*model.encode(x[one], y[one]), model.numbers(z[one], y[one]),
                 model.decode(z[one], y[one])]  # fmt: skip
        for whole, part in zip(together, alone, strict=True):
            torch.testing.assert_close(whole[one], part, rtol=0, atol=1e-10)


# --- what is written stands at its place


def last_bias(model: VAE) -> Tensor:
    layers = [m for m in model.writer.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    return layers[-1].bias


@torch.no_grad()
@pytest.mark.parametrize("head", ["softmax", "logistic"])
def test_an_output_channel_of_the_convolutions_moves_one_number_of_one_channel(head):
    model = make("conv", COLOUR, head=head)
    z, size = normals(2, 3), model.head.size
    before = model.numbers(z)
    for c, s in product(range(3), range(size)):
        last_bias(model)[c * size + s] += 1
        moved = model.numbers(z) - before
        last_bias(model)[c * size + s] -= 1
        expected = torch.zeros_like(moved)
        expected[:, c, :, :, s] = 1
        torch.testing.assert_close(moved, expected)


@torch.no_grad()
def test_an_output_of_the_dense_network_moves_one_number_of_one_subpixel():
    model = make("dense", COLOUR)
    z, size = normals(2, 3), model.head.size
    before = model.numbers(z)
    places = list(product(range(3), range(size), range(4), range(4)))
    for k in (0, 1, 17, 63, 64, 100, 191):
        last_bias(model)[k] += 1
        moved = model.numbers(z) - before
        last_bias(model)[k] -= 1
        c, s, i, j = places[k]
        expected = torch.zeros_like(moved)
        expected[:, c, i, j, s] = 1
        torch.testing.assert_close(moved, expected)


@torch.no_grad()
def test_a_sure_law_draws_decodes_and_scores_its_image():
    """The writer is sure of one colour image: nothing else comes out of the model."""
    model = make("dense", COLOUR, levels=5)
    image = some(model, 1)[0]
    for parameter in model.writer.parameters():
        parameter.zero_()
    sure = torch.zeros(3, 5, 4, 4, dtype=torch.float64)
    sure.scatter_(1, image[0].long().unsqueeze(1), 60.0)
    last_bias(model).copy_(sure.flatten())
    assert torch.equal(model.sample(4), image.expand(4, -1, -1, -1))
    torch.testing.assert_close(model.decode(normals(1, 3)), image.double() / 4)
    torch.manual_seed(0)
    assert model.losses(image)["reconstruction"].item() == pytest.approx(0, abs=1e-6)
    other = image.clone()
    other[0, 2, 1, 3] = (other[0, 2, 1, 3] + 1) % 5
    assert model.losses(other)["reconstruction"].item() == pytest.approx(60, abs=1e-6)


# --- labels


@each_network
def test_labels_change_what_is_read_and_what_is_written(network: str):
    model = make(network, classes=3)
    x, z = some(model)[0][:1].expand(3, -1, -1, -1), normals(1, 3).expand(3, -1)
    y = torch.arange(3)
    for part in (*model.encode(x, y), model.numbers(z, y), model.decode(z, y)):
        for first, second in ((0, 1), (1, 2), (0, 2)):
            assert (part[first] - part[second]).abs().max() > 0.01


@each_network
def test_each_image_goes_with_its_own_label(network: str):
    model = make(network, classes=3)
    x, z = some(model)[0], normals(5, 3)
    y = torch.tensor([2, 0, 1, 1, 0])
    for k in range(3):
        same = torch.full((5,), k)
        for found, each in zip(
            (*model.encode(x, y), model.numbers(z, y)),
            (*model.encode(x, same), model.numbers(z, same)),
            strict=True,
        ):
            torch.testing.assert_close(found[y == k], each[y == k])


# --- training


def two_kinds(count: int = 64) -> tuple[Tensor, Tensor]:
    """Return pictures of one of two random patterns, one pixel in ten turned over.

    Each half of the pictures alone is noise about a pattern; which of the two it is
    costs log 2, once for all pixels.
    """
    generator = torch.Generator().manual_seed(0)
    patterns = torch.rand(2, 1, 4, 4, generator=generator) < 0.5
    patterns[1] = ~patterns[0]
    y = torch.arange(count) % 2
    turned = torch.rand(count, 1, 4, 4, generator=generator) < 0.1
    return (patterns[y] ^ turned).to(torch.uint8), y


@each_network
@pytest.mark.parametrize("head", ["bernoulli", "logistic"])
def test_training_finds_what_the_pixels_have_in_common(network: str, head: str):
    x, _ = two_kinds()
    torch.manual_seed(0)
    model = VAE(shape=(1, 4, 4), levels=2, latent=2, network=network,
                width=8 if network == "conv" else 32, head=head,
                components=1)  # fmt: skip
    adam = Adam(model.parameters(), lr=1e-2)
    history = fit([(adam, model.losses)], Batches(x, size=32, steps=150))
    assert list(history.terms) == ["reconstruction", "kl"]
    loss = sum(history["total"][-20:]) / 20
    assert loss < sum(history["total"][:3]) / 3 - 1
    # Pixels by themselves cost log 2 each, 11.1 nats; the pattern and what was turned
    # over, log 2 and 16 times the entropy of one in ten: 5.9.
    alone, together = 16 * math.log(2), math.log(2) + 16 * 0.325
    assert together - 1.5 < loss < alone - 2
    with torch.no_grad():
        bound = model.iwae(x, 50, generator=torch.Generator().manual_seed(0)).mean()
    assert -bound < loss + 0.1


def test_a_conditional_model_learns_the_pattern_of_each_class():
    x, y = two_kinds()
    torch.manual_seed(0)
    model = VAE(shape=(1, 4, 4), levels=2, latent=1, network="dense", width=16,
                head="bernoulli", classes=2)  # fmt: skip
    adam = Adam(model.parameters(), lr=2e-2)
    fit([(adam, model.losses)], Batches(x, y, size=32, steps=100))
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(400) % 2
    drawn = model.sample(400, labels, generator=generator).float()
    for k in range(2):
        pattern = x[y == k].float().mean(0).round()
        assert (drawn[labels == k] - pattern).abs().mean() < 0.2


# --- wrong settings and wrong inputs

SETTINGS = [
    ({"shape": (28, 28)}, r"expected shape \(C, H, W\), got \(28, 28\)"),
    ({"shape": (1, 6, 8), "network": "conv"}, "sides that are multiples of 4"),
    ({"shape": (0, 4, 4)}, "expected channels to be an int of 1 or more, got 0"),
    ({"levels": 1}, "expected levels to be an int from 2 to 256, got 1"),
    ({"levels": 300}, "expected levels to be an int from 2 to 256, got 300"),
    ({"latent": 0}, "expected latent to be an int of 1 or more, got 0"),
    ({"latent": 2.5}, r"expected latent to be an int of 1 or more, got 2\.5"),
    ({"width": 0}, "expected width to be an int of 1 or more, got 0"),
    ({"network": "resnet"}, "expected network dense or conv, got 'resnet'"),
    ({"head": "gauss"}, "expected head softmax, bernoulli or logistic, got 'gauss'"),
    ({"head": "bernoulli"}, "a Bernoulli head has 2 levels, got levels=4"),
    ({"components": 0, "head": "logistic"}, "expected components to be an int of 1"),
    ({"classes": 0}, "expected classes to be an int of 1 or more, got 0"),
    ({"classes": 2.0}, r"expected classes to be an int of 1 or more, got 2\.0"),
    ({"beta": -0.5}, r"expected beta to be a number of 0 or more, got -0\.5"),
    ({"beta": math.nan}, "expected beta to be a number of 0 or more, got nan"),
    ({"beta": math.inf}, "expected beta to be a number of 0 or more, got inf"),
]


@pytest.mark.parametrize(
    ("settings", "said"), SETTINGS, ids=[re.sub(r"\W+", "-", s) for _, s in SETTINGS]
)
def test_wrong_settings_are_told(settings: dict, said: str):
    with pytest.raises(ValueError, match=said):
        VAE(**{"shape": (1, 4, 4), "levels": 4, "head": "softmax", **settings})


X = torch.zeros(2, 1, 4, 8, dtype=torch.uint8)
Y, Z = torch.tensor([0, 2]), torch.zeros(2, 3, dtype=torch.float64)
READERS: dict[str, Callable[..., object]] = {
    "encode": lambda m, *given: m.encode(*given),
    "reconstruct": lambda m, *given: m.reconstruct(*given),
    "terms": lambda m, *given: m.terms(*given),
    "losses": lambda m, *given: m.losses(*given),
    "elbo": lambda m, *given: m.elbo(*given),
    "iwae": lambda m, x, *y: m.iwae(x, 2, *y),
}
WRONG_IMAGES = [
    (X.int(), r"expected uint8 levels of shape \(B, 1, 4, 8\), got dtype int32"),
    (X + 4, "expected levels 0 to 3, got 4 to 4"),
    (X.float() - 1, "expected levels 0 to 3, got -1 to -1"),
    (X.float() / 0, "expected levels 0 to 3, got nan"),
    (X[:, :, :1], r"shape \(B, 1, 4, 8\), got shape \(2, 1, 1, 8\)"),
    (X[0], r"shape \(B, 1, 4, 8\), got shape \(1, 4, 8\)"),
    (X.expand(-1, 3, -1, -1), r"got shape \(2, 3, 4, 8\)"),
    (X[:0], "got an empty batch"),
    (X.numpy(), "got ndarray"),
]


@pytest.mark.parametrize(
    ("name", "x", "said"),
    [
        pytest.param(
            name,
            x,
            said,
            id=f"{name}-{re.sub(r'[^a-z0-9]+', '-', said)}",
        )
        for name, (x, said) in product(READERS, WRONG_IMAGES)
    ],
)
def test_images_of_another_kind_are_told(name: str, x: Tensor, said: str):
    with pytest.raises(ValueError, match=said):
        READERS[name](make(), x)


@pytest.mark.parametrize("name", ["terms", "losses", "elbo", "iwae"])
def test_scaled_images_are_told(name: str):
    said = "expected whole levels, got fractions: give uint8 images"
    with pytest.raises(ValueError, match=said):
        READERS[name](make(), X / 3 + 0.3)


WRITERS: dict[str, Callable[..., object]] = {
    "numbers": lambda m, *y: m.numbers(Z, *y),
    "decode": lambda m, *y: m.decode(Z, *y),
    "sample": lambda m, *y: m.sample(2, *y),
}
WRONG_LABELS = [
    (Y + 1, "2 int64 labels from 0 to 2, got 1 to 3"),
    (Y - 1, "2 int64 labels from 0 to 2, got -1 to 1"),
    (Y.int(), r"2 int64 labels .* got torch\.int32 \(2,\)"),
    (Y.double(), r"2 int64 labels .* got torch\.float64"),
    (Y[:1], r"2 int64 labels .* got torch\.int64 \(1,\)"),
    (Y[None], r"2 int64 labels .* got torch\.int64 \(1, 2\)"),
    ([0, 2], "2 int64 labels .* got <class 'list'>"),
]


@pytest.mark.parametrize("name", [*READERS, *WRITERS])
def test_labels_that_do_not_fit_are_told(name: str):
    plain, conditional = make(), make(classes=3)
    given = (X,) if name in READERS else ()
    call = {**READERS, **WRITERS}[name]
    with pytest.raises(ValueError, match="expected no y: the model was built without"):
        call(plain, *given, Y)
    with pytest.raises(ValueError, match="expected y: the model has 3 classes"):
        call(conditional, *given)
    for y, said in WRONG_LABELS:
        with pytest.raises(ValueError, match=said):
            call(conditional, *given, y)


@pytest.mark.parametrize("name", ["numbers", "decode"])
@pytest.mark.parametrize("size", [(2, 2), (2, 4), (3,), (2, 3, 1), (1, 2, 3)])
def test_codes_of_another_size_are_told(name: str, size: tuple[int, ...]):
    said = r"expected codes of shape \(B, 3\), got " + re.escape(str(size))
    with pytest.raises(ValueError, match=said):
        getattr(make(), name)(torch.zeros(size, dtype=torch.float64))


@pytest.mark.parametrize("count", [0, -1, 2.0, True])
def test_counts_that_are_none_are_told(count):
    said = f"to be an int of 1 or more, got {re.escape(repr(count))}"
    with pytest.raises(ValueError, match="expected k " + said):
        make().iwae(X, count)
    with pytest.raises(ValueError, match="expected n " + said):
        make().sample(count)
