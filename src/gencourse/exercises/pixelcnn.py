"""The exercises of the chapter on PixelCNN."""

from __future__ import annotations

import torch

from gencourse.cached import column
from gencourse.exercises import (
    axes_laws,
    bin_laws,
    column_laws,
    level_laws,
    mask_laws,
    sight_laws,
)
from gencourse.exercises.exercise import Exercise
from gencourse.heads import inverse_cdf, logistic_bin
from gencourse.masked import blind_spot, gate, raster_mask

EXERCISES = (
    Exercise(
        key="pixelcnn.raster_mask",
        title="Masks A and B",
        reference=raster_mask,
        minutes=5,
        difficulty=1,
        hints=(
            "Put the kernel's centre on a pixel: which of its weights then lie on "
            "pixels that come earlier?",
            "Whole rows above the centre are earlier, and a part of the centre's own "
            "row. The two masks differ in a single weight.",
            "In zeros of k rows and k columns two slices become 1, with the centre at "
            "k // 2: some rows as a whole, and the beginning of one row. Then the "
            "centre itself, by the mask. Refuse what has no centre before all that.",
        ),
        laws=(
            mask_laws.mask_is_raster_order,
            mask_laws.mask_has_any_side,
            mask_laws.mask_needs_a_centre,
        ),
        dtype=torch.float32,
    ),
    Exercise(
        key="pixelcnn.blind_spot",
        title="What a pixel never sees",
        reference=blind_spot,
        minutes=10,
        difficulty=1,
        hints=(
            "Two conditions hold at once for a pixel in the blind spot: one is about "
            "its place, the other about the field.",
            "Number the pixels in raster order, as a map of the field's shape: earlier "
            "ones have smaller numbers than pixel (i, j) has.",
            "torch.arange with as many numbers as there are pixels, viewed in the "
            "field's shape, is that map. For bool tensors & is 'and', ~ is 'not'.",
        ),
        laws=(
            sight_laws.spot_is_known,
            sight_laws.spot_is_earlier,
            sight_laws.spot_of_the_first,
        ),
        dtype=torch.bool,
    ),
    Exercise(
        key="pixelcnn.gate",
        title="A gate",
        reference=gate,
        minutes=5,
        difficulty=1,
        hints=(
            "One half of the features says what is passed on, the other how much of "
            "it.",
            "Tensor.chunk cuts a tensor into equal parts along an axis.",
            "A gate lies between 0 and 1, which a sigmoid does; the signal may be "
            "negative, which tanh allows. The two halves then meet in a product.",
        ),
        laws=(
            mask_laws.gate_is_known,
            mask_laws.gate_far_from_0,
            mask_laws.gate_can_train,
        ),
    ),
    Exercise(
        key="pixelcnn.inverse_cdf",
        title="From logits to a level",
        reference=inverse_cdf,
        minutes=15,
        difficulty=2,
        hints=(
            "Lay the probabilities end to end on the line from 0 to 1: in which piece "
            "does the draw fall?",
            "A softmax and then cumsum give the ends of the pieces. The level is the "
            "number of pieces that end at the draw or before it.",
            "Comparing the ends with the draw gives True for each piece that is "
            "passed, and a sum counts them. Rounding can leave the last end a little "
            "below 1: what if the draw lies beyond it?",
        ),
        laws=(
            level_laws.levels_are_known,
            level_laws.levels_of_any_shape,
            level_laws.levels_of_great_logits,
            level_laws.levels_of_no_chance,
            level_laws.levels_stay_in_range,
            level_laws.levels_are_whole,
        ),
        dtype=torch.int64,
    ),
    Exercise(
        key="pixelcnn.logistic_bin",
        title="The logistic law in bins",
        reference=logistic_bin,
        minutes=30,
        difficulty=3,
        hints=(
            "A level is an interval of the axis from -1 to 1. Where does it begin, "
            "where does it end, and where do the outermost ones end?",
            "Level 0 has its centre at -1 and the last level at 1: where is that of "
            "level x, made a float first? Distances from the mean, and the width of a "
            "bin, count in units of the scale: dividing by a scale is multiplying by "
            "its precision, exp(-log_scale). Then use the identity.",
            "The logarithm of a product is a sum, here of three parts. Two are "
            "logarithms of sigmoids, and F.logsigmoid keeps their digits; the third "
            "depends on the width alone, and torch.expm1 helps with it. In an outer "
            "bin one end is infinite, and only one of the three parts is left, not "
            "the same at both sides. torch.where may choose, as long as each of its "
            "branches is finite.",
        ),
        laws=(
            bin_laws.bins_of_few_levels,
            bin_laws.bins_of_many_levels,
            bin_laws.bins_far_away,
            bin_laws.bins_can_train,
            axes_laws.bin_keeps_axes,
        ),
    ),
    Exercise(
        key="pixelcnn.column",
        title="Make the sampler fast",
        reference=column,
        minutes=20,
        difficulty=2,
        hints=(
            "Which part of the padded input lies under the kernel when its centre is "
            "on pixel (i, j)? Its corner has simple indices.",
            "The kernel and the patch have as many numbers for an image and an output: "
            "multiply, add up, and add the bias.",
            "Flattened from the second axis on, the patch is a row for each image, and "
            "the weight a row for each output: one matrix product, one of the two "
            "transposed, does it for all.",
        ),
        laws=(
            column_laws.column_is_the_convolutions,
            column_laws.column_of_any_weight,
            column_laws.column_costs_one_pixel,
        ),
    ),
)
