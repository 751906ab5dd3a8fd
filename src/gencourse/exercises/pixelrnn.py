"""The exercises of the chapter on PixelRNN."""

from __future__ import annotations

import torch

from gencourse.exercises import (
    cell_laws,
    field_laws,
    leak_laws,
    row_laws,
    row_state_laws,
    skew_laws,
    softmax_laws,
    unskew_laws,
)
from gencourse.exercises.exercise import Exercise
from gencourse.heads import categorical_log_prob
from gencourse.recurrent import (
    lstm_cell,
    one_row_down,
    row_field,
    row_states,
    skew,
    unskew,
)
from gencourse.testing import leaks

EXERCISES = (
    Exercise(
        key="pixelrnn.categorical_log_prob",
        title="How likely a level is",
        reference=categorical_log_prob,
        minutes=10,
        difficulty=1,
        hints=(
            "Each pixel has a law of its own: which axis holds its levels?",
            "Of a quotient the logarithm is a difference. Write log p on paper, with "
            "the sum over all levels in it, before you write code.",
            "torch has the logarithm of a softmax as one function that no logit is too "
            "far away for, and gather chooses along an axis: it wants int64, and an "
            "index with as many axes as the logits. Which axis is missing from x, and "
            "what has to go in the end?",
        ),
        laws=(
            softmax_laws.softmax_is_known,
            softmax_laws.softmax_of_one,
            softmax_laws.softmax_of_images,
            softmax_laws.softmax_far_apart,
            softmax_laws.softmax_can_train,
        ),
    ),
    Exercise(
        key="pixelrnn.skew",
        title="Make columns of diagonals",
        reference=skew,
        minutes=15,
        difficulty=2,
        hints=(
            "Draw two rows of three pixels, and what becomes of them: how many columns "
            "are there, and where does the second row start?",
            "A loop over the rows does it: each row goes into a wider map of zeros, at "
            "a place of its own. The map is the last two axes, whatever else there is.",
            "Without a loop: give each row so many zeros that it is one longer than it "
            "should become, and lay all rows in one line. When you cut that line into "
            "rows of the right length, where does each of them start? A few zeros are "
            "left over at the end.",
        ),
        laws=(
            skew_laws.skew_is_known,
            skew_laws.skew_of_two_rows,
            skew_laws.skew_of_other_sizes,
            skew_laws.skew_of_batches,
            skew_laws.skew_keeps_numbers,
        ),
    ),
    Exercise(
        key="pixelrnn.unskew",
        title="And make rows of them again",
        reference=unskew,
        minutes=10,
        difficulty=2,
        hints=(
            "H and the number of columns are known: how wide was the image?",
            "A loop over the rows cuts W pixels from each, at a place of its own. "
            "Looking for what is not 0 does not help: a pixel may be 0.",
            "Without a loop, skewing runs backwards: lay all in one line, and cut it "
            "into rows that are longer by one. A line too short for that can be made "
            "longer with zeros. What of each row is the image?",
        ),
        laws=(
            unskew_laws.unskew_is_known,
            unskew_laws.unskew_of_two_rows,
            unskew_laws.unskew_drops_the_rest,
            unskew_laws.unskew_of_other_sizes,
            unskew_laws.unskew_keeps_numbers,
        ),
    ),
    Exercise(
        key="pixelrnn.lstm_cell",
        title="The cell of an LSTM",
        reference=lstm_cell,
        minutes=15,
        difficulty=2,
        hints=(
            "Four blocks stand on the last axis. Three of them are gates, between 0 "
            "and 1; one is a candidate, which may be negative.",
            "The new cells are a sum: what is kept of the old ones, and what is "
            "written of the candidate. Each part has a gate of its own.",
            "chunk cuts an axis into blocks. What the forget gate multiplies has been "
            "there before; what the input gate multiplies is new. The output gate then "
            "lets out of the cell what it held before, or what it holds now? And "
            "between which two numbers should a state lie?",
        ),
        laws=(
            cell_laws.cell_is_known,
            cell_laws.cell_of_any_shape,
            cell_laws.cell_keeps_and_forgets,
        ),
    ),
    Exercise(
        key="pixelrnn.one_row_down",
        title="Mend the leak",
        reference=one_row_down,
        minutes=5,
        difficulty=1,
        hints=(
            "What the first row gets has been seen by no row: what is left?",
            "There are as many rows as before: one leaves at the bottom, one comes in "
            "on top.",
            "Zeros of the shape of a row can be had from a row, x[:1], with "
            "torch.zeros_like. Which rows follow below them, and along which axis are "
            "the two put together?",
        ),
        laws=(row_laws.rows_move_down, row_laws.rows_can_train),
    ),
    Exercise(
        key="pixelrnn.leaks",
        title="Find the leak",
        reference=leaks,
        minutes=10,
        difficulty=2,
        hints=(
            "Row i of the Jacobian tells what subpixel i sees. Where in it stand the "
            "subpixels that it must not see?",
            "To see is to have an entry that is not 0, large or small, of either sign. "
            "A subpixel that sees itself leaks too.",
            "torch.triu keeps one side of a matrix and the diagonal, or not the "
            "diagonal, as you ask; nonzero turns what is left into indices, a row "
            "each. Try both on a matrix of 3 by 3 first.",
        ),
        laws=(leak_laws.leaks_are_found, leak_laws.no_leaks_are_found),
        dtype=torch.int64,
    ),
    Exercise(
        key="pixelrnn.row_field",
        title="What a Row LSTM can reach",
        reference=row_field,
        minutes=15,
        difficulty=2,
        hints=(
            "Mark the three states that a state reads, then the ones that these read: "
            "which figure grows on the paper?",
            "One row up it is three columns, two rows up five. How many are there r "
            "rows up, and how far from column j is the last of them?",
            "Of each pixel two numbers decide: how many rows it lies above row i, and "
            "how many columns it lies away from column j. torch.arange of the rows as "
            "a column, [:, None], and of the columns as a row make a map when they "
            "are compared; so nothing has to be cut at the edges.",
        ),
        laws=(field_laws.field_is_known, field_laws.field_of_other_sizes),
        dtype=torch.bool,
    ),
    Exercise(
        key="pixelrnn.row_states",
        title="A Row LSTM, row by row",
        reference=row_states,
        minutes=30,
        difficulty=3,
        hints=(
            "A row needs nothing but the row above it. Which two things are handed "
            "down from row to row, and what are they before the first?",
            "One loop over the rows does it; inside it all columns and images go at "
            "once. With a column of zeros on either side, the states of a row hold "
            "what each pixel below reads in three slices, as long as the row itself.",
            "torch.cat joins the three slices along the last axis, in the order that "
            "the weight has; F.linear multiplies by the weight as it comes. Add the "
            "row of the inputs, and your LSTM cell makes two things of that and of "
            "the cells from above. Both go on; one of them you keep in a list, and "
            "torch.stack makes a map of it.",
        ),
        laws=(
            row_state_laws.states_are_known,
            row_state_laws.states_of_other_maps,
            row_state_laws.states_can_train,
        ),
    ),
)
