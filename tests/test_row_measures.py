"""What a row is measured by: tolerances on both sides, and the time of drawing."""

from __future__ import annotations

import time

import pytest
import torch
from torch import Tensor, nn

from gencourse import row_measures
from gencourse.row_measures import differences, is_judged, seconds_for_64

# What each metric may differ by: of a value, on all images and on a thousand.
RELATIVE = 1e-4
ALLOWED = [
    ("bits_per_dim", 2.9, 2.9 * RELATIVE, 2.9 * RELATIVE),
    ("iwae_500_nats", 250.0, 250 * RELATIVE, 250 * RELATIVE),
    ("squared_error", -0.01, 0.01 * RELATIVE, 0.01 * RELATIVE),
    ("images", 10_000, 1, 1),
    ("frechet_distance", 40.0, 6.0, 10.0),
    ("precision", 0.7, 0.03, 0.1),
    ("recall", 0.0, 0.03, 0.15),
    ("class_accuracy", 0.9, 0.02, 0.05),
]
each_metric = pytest.mark.parametrize(
    ("name", "value", "allowed", "allowed_of_few"), ALLOWED
)


# --- tolerances


@each_metric
@pytest.mark.parametrize("few", [False, True])
@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_just_within_agrees_and_what_is_just_without_does_not(
    name: str,
    value: float,
    allowed: float,
    allowed_of_few: float,
    few: bool,
    sign: int,
):
    step = sign * (allowed_of_few if few else allowed)
    assert differences({name: value + 0.999 * step}, {name: value}, few) == []
    (told,) = differences({name: value + 1.001 * step}, {name: value}, few)
    assert told.startswith(f"{name} is ") and f"on the card {value:.6g} +- " in told
    assert told.endswith(f"{abs(step):.2g}")


def test_every_metric_of_samples_is_laxer_on_a_thousand():
    assert set(row_measures.OF_SAMPLES) < {name for name, *_ in ALLOWED}
    assert all(whole < few for whole, few in row_measures.OF_SAMPLES.values())


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["bits_per_dim", "frechet_distance", "recall"])
def test_what_is_no_number_agrees_with_nothing(name: str, wrong: float):
    for mine, its in ((wrong, 1.0), (1.0, wrong), (wrong, wrong)):
        assert len(differences({name: mine}, {name: its}, few=False)) == 1


def test_what_is_missing_and_what_is_more_is_told():
    both = {"recall": 0.5}
    missing = differences(both, {**both, "precision": 0.5}, few=False)
    assert missing == ["precision is None, on the card 0.5"]
    more = differences({**both, "precision": 0.5}, both, few=True)
    assert more == ["precision is 0.5, on the card None"]
    zero = differences({}, {"active_dimensions": 0}, few=False)
    assert zero == ["active_dimensions is None, on the card 0"]
    assert differences({}, {}, few=False) == []


def test_all_that_differs_is_told_in_order():
    found = {"bits_per_dim": 3.0, "recall": 0.5, "precision": 0.1}
    told = differences(found, {"precision": 0.9, "bits_per_dim": 2.0}, few=False)
    assert [sentence.split()[0] for sentence in told] == [*found]


# --- who is judged


class Sampler:
    shape, levels = (1, 28, 28), 256

    def sample(self, n: int) -> None:
        raise NotImplementedError


def test_who_draws_what_the_classifier_knows_is_judged():
    class Listed(Sampler):
        def __init__(self) -> None:
            self.shape = [1, 28, 28]

    class Dark(Sampler):
        levels = 2

    class Small(Sampler):
        shape = (1, 8, 8)

    class Silent:
        shape, levels = (1, 28, 28), 256

    class Points:
        def sample(self, n: int) -> None:
            raise NotImplementedError

    judged = [is_judged(kind()) for kind in (Sampler, Listed)]
    assert judged == [True, True]
    others = (Dark, Small, Silent, Points)
    assert [is_judged(kind()) for kind in others] == [False] * 4
    assert not is_judged(nn.Linear(1, 1))


# --- the time of drawing


class Worker(nn.Module):
    """It works a known time, the longest at first, and notes how it was asked."""

    def __init__(self, classes: int | None = None) -> None:
        super().__init__()
        self.classes = classes
        self.asked: list[tuple[int, int, bool, int]] = []
        self.labels: list[Tensor] = []

    def sample(
        self, n: int, *y: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        assert generator is not None and n == 64
        threads, inference = torch.get_num_threads(), torch.is_inference_mode_enabled()
        self.asked.append((n, threads, inference, generator.initial_seed()))
        self.labels += y
        enough = time.process_time() + (0.15 if len(self.asked) == 1 else 0.05)
        while time.process_time() < enough:
            pass
        return torch.zeros(n)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_the_least_time_of_three_on_one_thread():
    model = Worker()
    assert 0.05 <= seconds_for_64(model) < 0.12
    assert model.asked == [(64, 1, True, seed) for seed in range(3)]
    assert model.labels == []
    assert torch.get_num_threads() == 2


def test_waiting_takes_no_time():
    class Sleeper:
        def sample(self, n: int, generator: torch.Generator) -> None:
            time.sleep(0.1)

    assert 0 < seconds_for_64(Sleeper()) < 0.05


@pytest.mark.parametrize("classes", [3, 10])
def test_every_class_is_drawn(classes: int):
    model = Worker(classes)
    assert seconds_for_64(model) > 0
    assert len(model.labels) == 3
    for y in model.labels:
        assert y.dtype == torch.int64 and y.shape == (64,)
        assert y.unique().tolist() == list(range(classes))


@pytest.mark.usefixtures("two_threads")
def test_a_model_that_fails_leaves_the_threads_as_they_were():
    with pytest.raises(NotImplementedError):

        class Failing(Sampler):
            def sample(self, n: int, generator: torch.Generator) -> None:
                raise NotImplementedError

        seconds_for_64(Failing())
    assert torch.get_num_threads() == 2
