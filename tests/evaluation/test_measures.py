"""Measures against what they are by definition."""

import numpy as np
import pytest

from evaluation.measures import accuracy, confusion_matrix, l1, psnr


def test_psnr_is_that_of_8_bit_images():
    levels = np.zeros([4, 4, 3])
    assert psnr([(levels + 10) / 127.5], [levels / 127.5]) == pytest.approx(20 * np.log10(255 / 10))


def test_psnr_is_the_mean_over_images_which_may_differ_in_size():
    images = [np.full([4, 4, 3], 0.2), np.full([2, 6, 3], 0.02)]
    truths = [np.zeros_like(image) for image in images]
    assert psnr(images, truths) == pytest.approx((20 + 40) / 2)


def test_psnr_of_equal_images_is_finite():
    assert psnr([np.ones([2, 2, 3])], [np.ones([2, 2, 3])]) == pytest.approx(10 * np.log10(4e12))


def test_l1_is_the_mean_absolute_difference_and_each_image_counts_alike():
    images = [np.full([4, 4, 3], 0.5), np.full([1, 2, 3], -0.1)]
    assert l1(images, [np.zeros_like(image) for image in images]) == pytest.approx(0.3)


@pytest.mark.parametrize("measure", [psnr, l1])
def test_image_without_its_truth_is_an_error(measure):
    with pytest.raises(ValueError, match="zip"):
        measure([np.zeros([2, 2, 3])] * 2, [np.zeros([2, 2, 3])])


def test_confusion_matrix_counts_true_classes_down():
    matrix = confusion_matrix([0, 0, 1, 2, 2], [0, 1, 1, 0, 0], 3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [2, 0, 0]]


def test_accuracy_is_the_share_on_the_diagonal():
    assert accuracy(np.array([[1, 1, 0], [0, 1, 0], [2, 0, 0]])) == 2 / 5
