"""Measures of predictions against what they are by definition, and against what scikit-learn gave."""

import numpy as np
import pytest

from evaluation.predictions import (
    accuracy,
    calibration_error,
    class_accuracy,
    class_ious,
    confusion_matrix,
    mean_iou,
)
from tests.helpers.judged import predictions, stored

MATRIX = np.array([[1, 1, 0], [0, 1, 0], [2, 0, 0]])


@pytest.fixture
def matrix():
    shares, labels = predictions()
    return confusion_matrix(labels, shares.argmax(axis=1), 5)


def test_confusion_matrix_counts_true_classes_down():
    assert confusion_matrix([0, 0, 1, 2, 2], [0, 1, 1, 0, 0], 3).tolist() == MATRIX.tolist()


def test_accuracy_is_the_share_on_the_diagonal():
    assert accuracy(MATRIX) == 2 / 5


def test_confusion_matrix_is_that_of_scikit_learn(matrix):
    assert matrix.tolist() == stored()["predictions"]["confusion_matrix"]


@pytest.mark.parametrize("measure", [class_accuracy, mean_iou])
def test_measure_of_the_matrix_is_that_of_scikit_learn(measure, matrix):
    assert measure(matrix) == pytest.approx(stored()["predictions"][measure.__name__], rel=1e-12)


def test_class_that_does_not_occur_has_no_accuracy():
    assert class_accuracy(np.array([[1, 1, 0], [0, 4, 0], [0, 0, 0]])) == pytest.approx(0.75)


def test_class_that_neither_occurs_nor_was_seen_has_no_iou():
    assert mean_iou(np.array([[1, 1, 0], [0, 4, 0], [0, 0, 0]])) == pytest.approx((1 / 2 + 4 / 5) / 2)


def test_iou_of_a_class_is_over_what_is_of_it_and_what_was_taken_for_it():
    np.testing.assert_array_equal(class_ious(np.array([[1, 1, 0], [0, 4, 0], [0, 0, 0]])), [1 / 2, 4 / 5, np.nan])


def test_calibration_error_is_the_gap_of_each_bin_by_its_share():
    shares = np.array([[0.95, 0.05], [0.97, 0.03], [0.6, 0.4], [0.4, 0.6]])  # two bins
    labels = np.array([0, 1, 0, 1])
    assert calibration_error(shares, labels) == pytest.approx(0.5 * abs(0.5 - 0.96) + 0.5 * abs(1.0 - 0.6))


def test_calibration_error_lets_gaps_of_one_bin_cancel_and_of_two_bins_not():
    one_bin, two_bins = np.array([[0.51, 0.49]] * 100), np.array([[0.75, 0.25]] * 50 + [[0.5, 0.5]] * 50)
    labels = np.array([0] * 51 + [1] * 49)
    assert calibration_error(one_bin, labels) == pytest.approx(0.0, abs=1e-12)
    assert calibration_error(two_bins, labels) > 0.1


def test_certain_and_right_classifier_is_calibrated():
    assert calibration_error(np.eye(3), np.arange(3)) == 0.0
