"""mine_or_reference: the learner's function, in a form that later cells can use."""

from __future__ import annotations

import gc
import weakref

import autoencoder_answers
import autoregressive_answers
import comparison_answers
import density_answers
import gan_answers
import numpy as np
import pixelcnn_answers
import pixelrnn_answers
import pytest
import torch
import vae_answers

from gencourse.exercises import EXERCISES, check, core, examine, mine_or_reference
from gencourse.exercises import limits as limits_module

KEY = "density.kl_divergence"
P, Q = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.25, 0.75]])
RIGHT = (
    density_answers.RIGHT
    | pixelrnn_answers.RIGHT
    | pixelcnn_answers.RIGHT
    | autoregressive_answers.RIGHT
    | autoencoder_answers.RIGHT
    | vae_answers.RIGHT
    | gan_answers.RIGHT
    | comparison_answers.RIGHT
)
REFERENCE = EXERCISES[KEY].reference


def with_numpy(p, q):
    """Say so."""
    return REFERENCE(p, q).double().numpy()


def generator():
    return torch.Generator().manual_seed(0)


X = torch.rand(6, 3, generator=generator())
LEVELS = torch.randint(4, (5, 1, 3, 3), generator=generator()).to(torch.uint8)
IMAGES = LEVELS.float()
INPUTS = {
    "density.bits_per_dim": (torch.tensor([100.0, 200.0]), 7),
    "density.gaussian_log_prob": (X[0], X[1], X[2] + 1),
    "density.mixture_log_prob": (X[0], torch.tensor([0.2, 0.8]), X[1, :2], X[2, :2]),
    "density.kl_divergence": (P, Q),
    "density.kernel_log_prob": (X[:2], X[2:], 0.5),
    "density.pixel_table": (LEVELS, 4, 0.5),
    "density.neighbour_counts": (LEVELS, 4, 2),
    **pixelrnn_answers.INPUTS,
    **vae_answers.INPUTS,
    **gan_answers.INPUTS,
    **comparison_answers.INPUTS,
    "autoencoder.reconstruction_loss": (X[:2], X[2:4]),
    "autoencoder.pca": (X, 2),
    "autoencoder.principal_angles": (X[:2], X[2:4]),
    "autoencoder.add_noise": (X, 0.5, generator()),
    "autoencoder.interpolate": (X[0], X[1], 4),
    "autoencoder.balanced_draw": (torch.tensor([0, 0, 1, 1, 1]), 2, generator()),
    "autoencoder.linear_gradients": (X, X[:3, :2], X[:2]),
    "pixelcnn.raster_mask": (3, "A"),
    "pixelcnn.blind_spot": (IMAGES[0, 0] > 1, 1, 2),
    "pixelcnn.gate": (X[:, :2], -1),
    "pixelcnn.inverse_cdf": (X, X[:, :1]),
    "pixelcnn.logistic_bin": (LEVELS[:, 0, 0], X[0], X[1], 4),
    "pixelcnn.column": (IMAGES, IMAGES[:2], X[0, :2], 0, 0),
    "autoregressive.enumerate_images": ((1, 1, 2), 3),
    "autoregressive.fill": (
        IMAGES,
        LEVELS > 1,
        lambda x, i, j, c: x[:, 0, 0, 0].long(),
    ),
    "autoregressive.paired_difference": (X[0], X[1]),
}


def given(key):
    return [v.clone() if isinstance(v, torch.Tensor) else v for v in INPUTS[key]]


def parts(result):
    return result if isinstance(result, tuple) else (result,)


@pytest.mark.parametrize(
    ("key", "number"), [(key, n) for key in RIGHT for n in range(len(RIGHT[key]))]
)
def test_later_cells_get_what_the_reference_would_give(key, number):
    due = EXERCISES[key].reference(*given(key))
    got = mine_or_reference(key, RIGHT[key][number])(*given(key))
    assert isinstance(got, tuple) == isinstance(due, tuple)
    for mine, reference in zip(parts(got), parts(due), strict=True):
        if not isinstance(reference, torch.Tensor):
            number = isinstance(reference, (int, float))
            assert not number or type(mine) is type(reference)
            continue
        assert isinstance(mine, torch.Tensor)
        assert mine.is_floating_point() == reference.is_floating_point()
        if key != "density.pixel_table":  # no floating input decides its precision
            assert mine.dtype == reference.dtype


def test_counts_of_numpy_can_be_summed_with_keepdim():
    key = "density.neighbour_counts"
    counts = mine_or_reference(key, RIGHT[key][0])(LEVELS, levels=4, contexts=2)
    assert (counts + 0.02).sum(-1, keepdim=True).shape == (2, 2, 1)
    assert counts.dtype == torch.int64


def test_a_wrapper_is_thin():
    mine = mine_or_reference(KEY, with_numpy)
    assert mine is not with_numpy
    assert (mine.__name__, mine.__doc__) == ("with_numpy", "Say so.")
    assert mine.__wrapped__ is with_numpy
    assert mine(P.double(), Q.double()).dtype == torch.float64
    torch.testing.assert_close(mine(p=P, q=Q), REFERENCE(P, Q))


def test_a_check_looks_under_its_wrapper_and_under_no_other(capsys):
    mine = mine_or_reference(KEY, with_numpy)
    assert not examine(EXERCISES[KEY], mine).native
    check(KEY, mine)
    assert mine_or_reference(KEY, mine).__wrapped__ is with_numpy
    assert capsys.readouterr().out == f"✓ {KEY}: Passed.\n"

    def decorated(p, q):
        return None

    decorated.__wrapped__ = with_numpy
    check(KEY, decorated)
    assert "returned None" in capsys.readouterr().out


def test_reversed_and_read_only_arrays_are_converted():
    def backwards(p, q):
        values = REFERENCE(p, q).numpy()[::-1][::-1]
        turned = np.ascontiguousarray(values[::-1])[::-1]
        turned.flags.writeable = False
        return turned

    mine = mine_or_reference(KEY, backwards)
    torch.testing.assert_close(mine(P, Q), REFERENCE(P, Q))


@pytest.fixture
def calls(monkeypatch):
    """The functions that were examined, in order."""
    seen = []

    def counted(exercise, answer, examine=core.examine):
        seen.append(answer)
        return examine(exercise, answer)

    monkeypatch.setattr(core, "examine", counted)
    return seen


def test_an_endless_loop_is_waited_for_once(calls, monkeypatch):
    monkeypatch.setattr(limits_module, "SECONDS", 0.2)

    def forever(p, q):
        while True:
            pass

    check(KEY, forever)
    assert mine_or_reference(KEY, forever) is REFERENCE
    assert len(calls) == 1


def test_a_verdict_serves_once_and_its_own_function_and_key_only(calls):
    def one(p, q):
        return REFERENCE(p, q)

    def two(p, q):
        return None

    check(KEY, one)
    assert mine_or_reference(KEY, one) is one
    assert len(calls) == 1
    assert mine_or_reference(KEY, one) is one
    assert len(calls) == 2
    check(KEY, one)
    assert mine_or_reference(KEY, two) is REFERENCE
    check(KEY, one)
    other = "density.bits_per_dim"
    assert mine_or_reference(other, one) is EXERCISES[other].reference


def test_a_new_helper_or_new_code_makes_a_verdict_stale():
    space = {"helper": lambda p, q: None, "deep": lambda p, q: None}
    exec(
        "def f(p, q): return helper(p, q)\ndef g(p, q): return f(p, q)",
        space,
    )
    for name in "fg":
        space["helper"] = lambda p, q: None
        check(KEY, space[name])
        space["helper"] = REFERENCE
        assert mine_or_reference(KEY, space[name]) is space[name]

    def later(p, q):
        return None

    check(KEY, later)
    later.__code__ = (lambda p, q: (p * (p / q).log().nan_to_num()).sum(-1)).__code__
    before = later.__code__
    assert mine_or_reference(KEY, later) is REFERENCE
    check(KEY, later)
    helper = None

    def closed(p, q):
        return helper(p, q)

    check(KEY, closed)
    helper = REFERENCE
    assert mine_or_reference(KEY, closed) is closed
    assert later.__code__ is before


def test_functions_are_not_kept_alive():
    def gone(p, q):
        return with_numpy(p, q)

    mine = mine_or_reference(KEY, gone)
    check(KEY, mine)
    alive = weakref.ref(gone)
    del gone, mine
    gc.collect()
    assert alive() is None
