"""The sliced Wasserstein distance against its formula in float64, and against what it should tell apart."""

import numpy as np
import pytest

from evaluation.sliced import SMOOTH, PatchSet, laplacian_pyramid, swd


def smooth_images(count, seed, side=32, sharpness=1.0):
    """Noise of several scales, float32 [count, side, side, 3]."""
    random = np.random.RandomState(seed)
    coarse = np.repeat(np.repeat(random.standard_normal([count, side // 8, side // 8, 3]), 8, 1), 8, 2)
    return (coarse + sharpness * random.standard_normal([count, side, side, 3])).astype(np.float32) / 4


def patches_of(images, seed=0):
    found = PatchSet(seed)
    found.add(images)
    return found


def test_levels_end_at_16_pixels():
    assert [level.shape[0] for level in laplacian_pyramid(np.zeros([128, 128, 3]))] == [128, 64, 32, 16]
    assert [level.shape[0] for level in laplacian_pyramid(np.zeros([31, 31, 3]))] == [31]


def test_levels_of_odd_sides_keep_their_sizes():
    assert [level.shape[:2] for level in laplacian_pyramid(np.zeros([65, 77, 1]))] == [(65, 77), (33, 39), (17, 20)]


def test_pyramid_puts_the_image_together_again():
    image = smooth_images(1, seed=3)[0]
    fine, coarse = laplacian_pyramid(image)
    spread = np.zeros_like(fine)
    spread[::2, ::2] = coarse
    kernel = 4 * np.outer(SMOOTH, SMOOTH)
    padded = np.pad(spread, [(2, 2), (2, 2), (0, 0)], mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(0, 1))
    assert fine + np.einsum("yxcij,ij->yxc", windows, kernel) == pytest.approx(image, abs=1e-5)


@pytest.mark.parametrize("width, channels", [(16, 3), (27, 1)])
def test_distance_is_that_of_the_formula_in_float64(width, channels):
    """Of one level: every patch of both sets, normalised, sorted along 512 directions."""
    images = [
        smooth_images(6, seed, side=32, sharpness=0.5 + seed).astype(np.float64)[:, :16, :width, :channels]
        for seed in (0, 1)
    ]
    sets, normal = [], np.random.RandomState(9)
    for each in images:
        corners = np.random.RandomState(0)
        patches = []
        for image in each:
            x = corners.randint(3, width - 3, 128)
            y = corners.randint(3, 13, 128)
            patches += [image[j - 3 : j + 4, i - 3 : i + 4] for i, j in zip(x, y)]
        patches = np.array(patches)
        sets.append(((patches - patches.mean((0, 1, 2))) / patches.std((0, 1, 2))).reshape(len(patches), -1))
    found = []
    for _ in range(4):
        directions = normal.standard_normal([49 * channels, 128])
        directions /= np.sqrt((directions**2).sum(axis=0))
        first, second = (np.sort(each @ directions, axis=0) for each in sets)
        found.append(np.abs(first - second).mean())
    got = swd(patches_of(images[0]), patches_of(images[1]), seed=9)
    assert got == pytest.approx({16: 1000 * np.mean(found)}, rel=1e-5)


def test_set_has_no_distance_to_itself():
    images = smooth_images(4, seed=0)
    assert swd(patches_of(images), patches_of(images)) == {32: 0.0, 16: 0.0}


def test_blur_shows_at_the_finest_level_first():
    reals, others, blurred = smooth_images(16, 0), smooth_images(16, 1), smooth_images(16, 2, sharpness=0.2)
    same, far = swd(patches_of(reals), patches_of(others)), swd(patches_of(reals), patches_of(blurred))
    assert far[32] > 1.3 * same[32]


def test_images_of_one_grey_have_finite_distances():
    reals, grey = smooth_images(4, 0), np.zeros([4, 32, 32, 3], np.float32)
    assert all(np.isfinite(list(swd(patches_of(reals), patches_of(grey)).values())))
