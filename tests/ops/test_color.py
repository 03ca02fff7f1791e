"""Lab against its definition in NumPy, its inverse, and its gradients."""

import numpy as np
import pytest

from base.graph_mode import tf
from ops.color import lab_to_rgb, rgb_to_lab

STEPS = np.linspace(-1, 1, 12)
COLORS = np.stack(np.meshgrid(STEPS, STEPS, STEPS), axis=-1).reshape(1, 12, 144, 3).astype("f")


def lab_of_one(red, green, blue):
    """L, a, b of one sRGB colour in [0, 1], as the standards write it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
    rows = (0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227)
    xyz = [sum(m * c for m, c in zip(row, linear)) / white for row, white in zip(rows, (0.950456, 1.0, 1.088754))]
    x, y, z = (t ** (1 / 3) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def test_lab_is_that_of_the_standard(session):
    found = session.run(rgb_to_lab(tf.constant(COLORS))).reshape(-1, 3)
    expected = [lab_of_one(*color) for color in (COLORS.reshape(-1, 3).astype(float) + 1) / 2]
    np.testing.assert_allclose(found, np.array(expected) / [50, 110, 110] - [1, 0, 0], atol=2e-5)


@pytest.mark.parametrize(
    "color, lab",  # of CIE's tables for D65
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
    ],
)
def test_known_colors(session, color, lab):
    found = session.run(rgb_to_lab(tf.constant([color], tf.float32) / 127.5 - 1))[0]
    np.testing.assert_allclose((found + np.array([1, 0, 0])) * [50, 110, 110], lab, atol=0.02)


def test_grey_has_no_color_and_every_color_is_in_range(session):
    grey = np.repeat(STEPS[:, None], 3, axis=1).astype("f")
    found, all_colors = session.run([rgb_to_lab(tf.constant(grey)), rgb_to_lab(tf.constant(COLORS))])
    assert np.abs(found[:, 1:]).max() < 1e-5 and np.abs(all_colors).max() <= 1 + 1e-6


def test_there_and_back(session):
    back = session.run(lab_to_rgb(rgb_to_lab(tf.constant(COLORS))))
    np.testing.assert_allclose(back, COLORS, atol=1e-4)  # a fortieth of a grey level


def test_colors_that_srgb_lacks_are_clipped(session):
    lab = tf.constant(np.random.RandomState(0).uniform(-1, 1, [1000, 3]), tf.float32)
    rgb = session.run(lab_to_rgb(lab))
    assert np.isfinite(rgb).all() and np.abs(rgb).max() <= 1


@pytest.mark.parametrize("convert", [rgb_to_lab, lab_to_rgb])
def test_gradients_are_finite_everywhere(session, convert):
    x = tf.constant(np.concatenate([COLORS.reshape(-1, 3), [[0.04045 * 2 - 1] * 3]]), tf.float32)
    gradient = session.run(tf.gradients(convert(x), x)[0])
    assert np.isfinite(gradient).all() and gradient.any()
