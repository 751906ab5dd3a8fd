from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.optim import AdamW
from torch.optim.swa_utils import AveragedModel

from gencourse.batches import Batches
from gencourse.kl_options import Eased, eased_turn
from gencourse.latent import LatentVariableModel
from gencourse.train import NotFiniteError, fit, warm_average
from gencourse.vae import VAE

fit = partial(fit, progress=False)


def small(beta: float = 1.0, classes: int | None = None) -> VAE:
    torch.manual_seed(0)
    model = VAE(
        shape=(1, 4, 4),
        levels=4,
        latent=3,
        network="dense",
        width=6,
        components=2,
        beta=beta,
        classes=classes,
    )
    # Some dimensions say much, one says nearly nothing.
    with torch.no_grad():
        model.to_posterior.weight[:3] *= torch.tensor([[12.0], [8.0], [0.02]])
        model.to_posterior.bias.zero_()
    return model


def levels(count: int = 10) -> Tensor:
    size = (count, 1, 4, 4)
    generator = torch.Generator().manual_seed(0)
    return torch.randint(4, size, generator=generator, dtype=torch.uint8)


def seeded_losses(trained, x: Tensor) -> dict[str, Tensor]:
    torch.manual_seed(3)
    return trained.losses(x)


# --- the weight of the KL


@pytest.mark.parametrize("beta", [1.0, 0.5, 4.0])
def test_the_weight_rises_step_by_step_to_one_and_stays(beta: float):
    model, x = small(beta), levels()
    plain = seeded_losses(model, x)
    eased = Eased(model, warmup=4)
    for weight in (0.25, 0.5, 0.75, 1, 1, 1):
        found = seeded_losses(eased, x)
        assert list(found) == ["reconstruction", "kl"]
        torch.testing.assert_close(found["kl"], weight * plain["kl"])
        assert torch.equal(found["reconstruction"], plain["reconstruction"])
    assert plain["kl"] > 0.1


def test_two_models_do_not_share_a_warm_up():
    x, model = levels(), small()
    first, second = Eased(model, warmup=2), Eased(model, warmup=2)
    first.losses(x)
    late, early = (seeded_losses(each, x)["kl"] for each in (first, second))
    torch.testing.assert_close(late, 2 * early)


# --- nats that are free


def floored(model: VAE, x: Tensor, free: float) -> float:
    """Return the KL by hand, a floor under each dimension's mean over the batch."""
    _, each = model.terms(x)
    means = each.mean(0).tolist()
    return math.fsum(max(kl, free) for kl in means)


@pytest.mark.parametrize("free", [0.0, 0.05, 0.2, 1.0, 50.0])
def test_a_dimension_counts_as_its_free_nats_where_it_has_less(free: float):
    model, x = small(), levels()
    found = seeded_losses(Eased(model, free_nats=free), x)["kl"].item()
    assert found == pytest.approx(floored(model, x, free), rel=1e-6)


def test_the_floor_stands_under_some_dimensions_and_not_under_others():
    _, each = small().terms(levels())
    means = each.mean(0)
    assert (means > 0.2).tolist() == [True, True, False]
    # An image may have less than the floor where the batch has more.
    assert (each[:, 1] < 0.2).any()


@pytest.mark.parametrize("beta", [1.0, 2.0])
def test_beta_and_warm_up_weigh_what_is_left(beta: float):
    model, x = small(beta), levels()
    found = Eased(model, warmup=2, free_nats=0.2).losses(x)["kl"].item()
    assert found == pytest.approx(0.5 * beta * floored(model, x, 0.2), rel=1e-6)


def test_below_the_floor_the_gradient_is_zero_and_above_it_as_it_was():
    x, found = levels(), []
    for free in (0.0, 0.2):
        model = small()
        Eased(model, free_nats=free).losses(x)["kl"].backward()
        found.append(model.to_posterior.weight.grad.view(2, 3, -1))
    plain, eased = found
    assert (eased[:, 2] == 0).all()
    assert (plain[:, 2] != 0).any()
    torch.testing.assert_close(eased[:, :2], plain[:, :2])


def test_the_gradient_of_the_reconstruction_stays():
    x, found = levels(), []
    for trained in (lambda m: m, lambda m: Eased(m, warmup=9, free_nats=5.0)):
        model = small()
        seeded_losses(trained(model), x)["reconstruction"].backward()
        found.append(model.to_posterior.weight.grad)
    torch.testing.assert_close(*found, rtol=0, atol=0)
    assert found[0].abs().max() > 1e-4


def test_without_options_the_losses_are_the_models():
    for beta in (0.0, 1.0, 3.0):
        model, x = small(beta), levels()
        expected = seeded_losses(model, x)
        for eased in (Eased(model), Eased(model, warmup=0, free_nats=0.0)):
            for _ in range(2):
                found = seeded_losses(eased, x)
                assert list(found) == list(expected)
                torch.testing.assert_close(found, expected)


def test_labels_go_through():
    model, x = small(classes=2), levels()
    y = torch.arange(10) % 2
    torch.manual_seed(3)
    expected = model.losses(x, y)
    torch.manual_seed(3)
    torch.testing.assert_close(Eased(model).losses(x, y), expected)
    with pytest.raises(ValueError, match="expected y: the model has 2 classes"):
        Eased(model).losses(x)


def test_scaled_images_are_told():
    with pytest.raises(ValueError, match="expected whole levels, got fractions"):
        Eased(small()).losses(levels() / 3)


# --- the step is a part of the state


def test_the_step_is_kept_with_the_weights():
    eased, x = Eased(small(), warmup=5), levels()
    for _ in range(3):
        eased.losses(x)
    other = Eased(small(), warmup=5)
    other.load_state_dict(eased.state_dict())
    assert other.step == 3
    for step in (4, 5, 6):
        found, expected = (seeded_losses(each, x) for each in (other, eased))
        torch.testing.assert_close(found, expected)
        assert other.step == step


class Stopping(Eased):
    """Losses that are not a number once, after so many steps."""

    stop_after = 10**9

    def losses(self, x: Tensor, y: Tensor | None = None) -> dict[str, Tensor]:
        found = super().losses(x, y)
        if self.step > self.stop_after:
            found["kl"] = found["kl"] * math.nan
        return found


def run(path: Path, *, stop_after: int = 10**9, resume: bool = False):
    """Train for 12 steps from one seed; return model, history and what was trained."""
    model = small()
    eased = Stopping(model, warmup=10, free_nats=0.1)
    eased.stop_after = stop_after
    adam = AdamW(model.parameters(), lr=1e-2)
    average = AveragedModel(model, multi_avg_fn=partial(warm_average, decay=0.9))
    torch.manual_seed(1)
    history = fit(
        [(adam, eased.losses)],
        Batches(levels(30), size=5, steps=12, seed=2),
        ema=average,
        checkpoint=path,
        every=3,
        resume=resume,
    )
    return model, average.module, history, eased


def test_a_resumed_run_goes_on_with_the_warm_up(tmp_path: Path):
    whole = run(tmp_path / "whole")
    with pytest.raises(NotFiniteError, match="after step 6"):
        run(tmp_path / "stopped", stop_after=7)
    resumed = run(tmp_path / "stopped", resume=True)
    assert whole[3].step == resumed[3].step == 12
    for term in ("reconstruction", "kl", "total"):
        assert whole[2][term] == resumed[2][term]
    for one, other in zip(whole[:2], resumed[:2], strict=True):
        for name, value in one.state_dict().items():
            assert torch.equal(value, other.state_dict()[name]), name


# --- the turn


def test_a_turn_is_adamw_on_the_models_weights():
    model = small()
    ((adam, losses),) = eased_turn(model, 3e-3, 0.02, warmup=7, free_nats=0.3)
    assert type(adam) is AdamW
    (group,) = adam.param_groups
    settings = {name: group[name] for name in ("lr", "betas", "weight_decay")}
    assert settings == {"lr": 3e-3, "betas": (0.9, 0.95), "weight_decay": 0.02}
    assert [*map(id, group["params"])] == [*map(id, model.parameters())]
    eased = losses.__self__
    assert isinstance(eased, Eased)
    assert (eased.warmup, eased.free_nats) == (7, 0.3)
    assert eased.model is model


def test_a_turn_lowers_the_loss():
    model, x = small(), levels(4)
    turn = eased_turn(model, 1e-2, 0.0, warmup=5)
    history = fit(turn, Batches(x, size=4, steps=80))
    start, end = history["total"][:5], history["total"][-5:]
    assert sum(end) / 5 < sum(start) / 5 - 4
    assert isinstance(model, LatentVariableModel) and not model.training


def test_a_long_warm_up_keeps_the_code_in_use():
    """With the whole KL from the start, a step of this run leaves less of it."""
    found = []
    for warmup in (0, 1000):
        model = small()
        fit(eased_turn(model, 1e-2, 0.0, warmup=warmup), Batches(levels(), size=5,
            steps=60))  # fmt: skip
        found.append(model.terms(levels())[1].sum(1).mean().item())
    assert found[1] > 2 * found[0]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"warmup": -1}, "expected warmup to be 0 or more steps, got -1"),
        ({"warmup": 2.0}, r"expected warmup to be 0 or more steps, got 2\.0"),
        ({"warmup": True}, "expected warmup to be 0 or more steps, got True"),
        ({"free_nats": -0.1}, r"expected free_nats of 0 or more, got -0\.1"),
        ({"free_nats": math.nan}, "expected free_nats of 0 or more, got nan"),
        ({"free_nats": math.inf}, "expected free_nats of 0 or more, got inf"),
    ],
)
def test_wrong_settings_are_told(settings: dict, said: str):
    with pytest.raises(ValueError, match=said):
        Eased(small(), **settings)
    with pytest.raises(ValueError, match=said):
        eased_turn(small(), 1e-3, 0.0, **settings)
