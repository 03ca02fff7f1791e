"""Measures of images against what they are by definition, and against what scikit-image gave."""

import numpy as np
import pytest

from evaluation.images import l1, luminance_correlation, psnr, ssim
from tests.helpers.judged import picture_pair, stored


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


@pytest.mark.parametrize("measure", [psnr, l1, ssim, luminance_correlation])
def test_image_without_its_truth_is_an_error(measure):
    with pytest.raises(ValueError, match="zip"):
        measure([np.zeros([12, 12, 3])] * 2, [np.zeros([12, 12, 3])])


@pytest.mark.parametrize("measure", [psnr, ssim])
@pytest.mark.parametrize("channels", [1, 3])
def test_measure_is_that_of_scikit_image(measure, channels):
    image, truth = picture_pair(channels)
    expected = stored()["images"][str(channels)][measure.__name__]
    assert measure([image], [truth]) == pytest.approx(expected, rel=1e-6)


def test_ssim_of_equal_images_is_one():
    image, _ = picture_pair(3)
    assert ssim([image], [image]) == pytest.approx(1.0)


def test_ssim_of_an_image_smaller_than_its_window_is_an_error():
    with pytest.raises(ValueError, match="11 pixels a side, not 10 x 40"):
        ssim([np.zeros([10, 40, 3])], [np.zeros([10, 40, 3])])


def test_luminance_correlation_is_1_of_the_image_itself_and_minus_1_of_its_negative():
    image, _ = picture_pair(3)
    assert luminance_correlation([image], [0.5 * image + 0.1]) == pytest.approx(1.0)
    assert luminance_correlation([image], [-image]) == pytest.approx(-1.0)


def test_luminance_correlation_compares_grey_images_with_coloured_ones():
    image, _ = picture_pair(3)
    grey = image @ np.array([[0.299], [0.587], [0.114]])
    assert luminance_correlation([grey], [image]) == pytest.approx(1.0)


def test_luminance_correlation_of_one_grey_is_zero():
    image, _ = picture_pair(3)
    assert luminance_correlation([np.full_like(image, 0.3)], [image]) == 0.0
