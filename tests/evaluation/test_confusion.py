"""The picture of a confusion matrix."""

import numpy as np

from evaluation.confusion import BLUE, CELL, SMALL_CELL, WHITE, draw_confusion
from inputs.images import to_uint8


def count(picture, share):
    """Pixels in the colour of a share."""
    color = np.rint(WHITE + share * (BLUE - WHITE))
    return (to_uint8(picture) == color).all(-1).sum()


def test_cell_is_the_darker_the_larger_its_share_of_the_row():
    picture = draw_confusion(np.array([[8, 0], [2, 2]]), ["cat", "dog"])
    assert picture.dtype == np.float32 and picture.shape[2] == 3 and np.abs(picture).max() <= 1
    assert 0.6 * CELL**2 < count(picture, 1) <= CELL**2  # a count is written into every cell
    assert 2 * 0.6 * CELL**2 < count(picture, 0.5) <= 2 * CELL**2


def test_true_classes_are_down_and_predicted_ones_across():
    matrix = np.diag([5] * 30)
    matrix[0] = np.eye(30)[29] * 5  # the first class is taken for the last
    picture = to_uint8(draw_confusion(matrix, [""] * 30))
    rows, columns = np.nonzero((picture == BLUE).all(-1))
    first = columns[rows == rows.min()]
    assert first.min() == columns.max() - SMALL_CELL + 1 and first.max() == columns.max()


def test_accuracy_and_names_take_room_that_many_classes_do_not_need():
    few = draw_confusion(np.eye(20, dtype=int), [f"class{i}" for i in range(20)])
    many = draw_confusion(np.eye(100, dtype=int), [f"class{i}" for i in range(100)])
    assert few.shape[0] > 20 * CELL + 30 and count(few, 1) > 0.6 * 20 * CELL**2
    assert many.shape[0] < 100 * SMALL_CELL + 100 and count(many, 1) == 100 * SMALL_CELL**2
