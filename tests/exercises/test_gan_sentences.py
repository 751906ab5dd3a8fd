"""Answers to the GAN chapter that hear what others of their kind hear too."""

from __future__ import annotations

import game_answers
import gan_answers as answers
import pytest
import torch
import torch.nn.functional as F

from gencourse.exercises import EXERCISES, examine


def said(name, answer):
    return examine(EXERCISES[f"gan.{name}"], answer).sentence


def test_a_count_off_by_an_index_is_not_told_that_it_counts_missed_modes():
    last = answers.counted(lambda d, r, good, nearest: nearest[good].max() + 1)
    assert "greatest index of a mode" in said("modes_reached", last)
    least = answers.counted(
        lambda d, r, good, nearest: nearest[good].max() if good.any() else 0
    )
    assert "that of good samples" not in said("modes_reached", least)


@pytest.mark.parametrize("times", [1.9, 2.2, 2.5, 4.0, 0.4])
def test_no_other_radius_is_told_a_multiple_that_it_is_not(times):
    sentence = said("modes_reached", answers.counted(bound=lambda r: times * r))
    assert "number of modes is wrong" in sentence or "share" in sentence
    for multiple in ("twice", "three times", "half", "good in yours"):
        assert multiple not in sentence


def test_a_probability_near_1_is_held_to_what_it_lacks():
    sentence = said(
        "optimal_discriminator", lambda p, q: (p - q).clamp(max=10).sigmoid()
    )
    assert "With log_data = 12 and log_model = 0 your 1 - D is 4.54e-05" in sentence


def test_a_logarithm_of_a_sigmoid_overflows_like_that_of_an_exponential():
    for sentence in (
        said("non_saturating_generator_loss", lambda f: -f.sigmoid().log().mean()),
        said(
            "discriminator_loss",
            answers.telling(lambda r: -r.sigmoid().log(), answers.more),
        ),
    ):
        assert "in float32 exp(200) is inf, and the sigmoid of -200 is 0" in sentence


def test_a_root_of_the_second_product_alone_is_unclamped():
    plain = answers.by_roots(answers.root, lambda m: torch.linalg.eigvalsh(m).sqrt())
    summed = answers.by_roots(
        answers.root, lambda m: torch.linalg.eigvalsh(m).sqrt().sum()
    )
    assert "shape (3,)" in said("frechet_distance", plain)
    assert "may fall below 0" in said("frechet_distance", summed)
    both = answers.by_roots(
        answers.root_unclamped, lambda m: answers.root_unclamped(m).trace()
    )
    assert "have no real root" in said("frechet_distance", both)


@pytest.mark.parametrize(
    "eigenvalues",
    [
        lambda m: torch.linalg.eigvals(m),
        lambda m: torch.linalg.eig(input=m).eigenvalues,
    ],
)
def test_general_eigenvalues_of_nan_end_no_process(eigenvalues):
    unclamped = answers.by_roots(
        answers.root_unclamped, lambda m: eigenvalues(m).real.clamp(0).sqrt().sum()
    )
    assert "have no real root" in said("frechet_distance", unclamped)


def test_turned_eigenvectors_in_both_roots_hear_of_them():
    both = answers.by_roots(
        answers.root_turned, lambda m: answers.root_turned(m).trace()
    )
    assert "transposed ones stand first" in said("frechet_distance", both)


@pytest.mark.parametrize(("constant", "norm"), [(1e-4, "0.01"), (1e-5, "0.0032")])
def test_a_constant_under_the_root_is_no_matter_of_shapes(constant, norm):
    sentence = said("gradient_penalty", answers.with_constant(constant))
    assert f"A norm of 0 is {norm} in yours" in sentence


@pytest.mark.parametrize("small", [1e-12, 1e-8, 1e-6])
def test_a_constant_too_small_to_matter_passes(small):
    assert said("gradient_penalty", answers.with_constant(small)) == "Passed."


def test_missing_brackets_hear_that_the_difference_is_not_squared():
    loose = answers.of_norm(lambda n: (n - 1**2).mean())
    assert "difference is not squared" in said("gradient_penalty", loose)


def test_inputs_made_to_require_gradients_hear_of_the_points_first():
    def in_place(critic, real, fake, share):
        real.requires_grad_()
        scores = critic(answers.mix(real, fake, share)).sum()
        (g,) = torch.autograd.grad(scores, real, create_graph=True)
        return (answers.norm(g) - 1).square().mean()

    assert "those in the real images" in said("gradient_penalty", in_place)


def test_scores_used_twice_hear_no_advice_to_keep_the_graph():
    freed = said("game_step", game_answers.step_scored_once(keep=False))
    kept = said("game_step", game_answers.step_scored_once(keep=True))
    assert "back into the generator in the discriminator's turn" in freed
    assert "scored before the discriminator moved" in kept
    assert "pecify retain_graph" not in freed + kept


def test_a_loss_may_be_an_array_without_axes():
    def telling(r, f):
        return F.softplus(-r).mean() + F.softplus(f).mean().reshape(())

    assert said("discriminator_loss", telling) == "Passed."


def test_an_error_inside_an_answer_is_told_with_the_shapes_given():
    sentence = said("modes_reached", lambda p, c, r: (p - c).norm())
    assert "The size of tensor a (13) must match" in sentence
    assert sentence.endswith(
        "Given: points of shape (13, 2), centres of shape (11, 2), radius = 0.6."
    )
