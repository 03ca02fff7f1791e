"""Colour spaces: sRGB and CIE Lab (D65), as graph ops."""

from __future__ import annotations

import numpy as np

from base.graph_mode import tf
from ops.scope import scope

RGB_TO_XYZ = np.array([  # rows: X, Y, Z; columns: linear R, G, B
    [0.412453, 0.357580, 0.180423],
    [0.212671, 0.715160, 0.072169],
    [0.019334, 0.119193, 0.950227],
])  # fmt: skip
WHITE = np.array([0.950456, 1.0, 1.088754])  # XYZ of D65
KNEE = 6 / 29  # of Lab's cube root, below which it is a line
AB_RANGE = 110.0  # the a and b of sRGB's colours lie within +-108


@scope("rgb_to_lab")
def rgb_to_lab(images: tf.Tensor) -> tf.Tensor:
    """sRGB to Lab, both scaled to the networks' range.

    Args:
      images: float32 tensor [..., 3] in [-1, 1], sRGB with its gamma.

    Returns:
      float32 tensor [..., 3]: L / 50 - 1, a / 110, b / 110; in [-1, 1] for every sRGB colour.

    Source: IEC 61966-2-1 (sRGB), CIE 15 (Lab); matrix and white point as in pix2pix-tensorflow.
    """
    srgb = (images + 1) / 2
    linear = tf.where(srgb <= 0.04045, srgb / 12.92, tf.pow((tf.maximum(srgb, 0.04045) + 0.055) / 1.055, 2.4))
    xyz = _transform(linear, RGB_TO_XYZ / WHITE[:, None])
    # The untaken branch of a `where` must have a finite derivative too, hence the `maximum`.
    root = tf.where(xyz > KNEE**3, tf.pow(tf.maximum(xyz, KNEE**3), 1 / 3), xyz / (3 * KNEE**2) + 4 / 29)
    x, y, z = tf.unstack(root, axis=-1)
    return tf.stack([(116 * y - 16) / 50 - 1, 500 * (x - y) / AB_RANGE, 200 * (y - z) / AB_RANGE], axis=-1)


@scope("lab_to_rgb")
def lab_to_rgb(lab: tf.Tensor) -> tf.Tensor:
    """The inverse of `rgb_to_lab`; colours that sRGB does not have are clipped.

    Args:
      lab: float32 tensor [..., 3]: L / 50 - 1, a / 110, b / 110.

    Returns:
      float32 tensor [..., 3] in [-1, 1], sRGB.
    """
    lightness, a, b = tf.unstack(lab, axis=-1)
    y = (50 * (lightness + 1) + 16) / 116
    root = tf.stack([y + a * (AB_RANGE / 500), y, y - b * (AB_RANGE / 200)], axis=-1)
    xyz = tf.where(root > KNEE, tf.pow(root, 3), 3 * KNEE**2 * (root - 4 / 29))
    linear = tf.clip_by_value(_transform(xyz, np.linalg.inv(RGB_TO_XYZ / WHITE[:, None])), 0.0, 1.0)
    srgb = tf.where(linear <= 0.0031308, linear * 12.92, 1.055 * tf.pow(tf.maximum(linear, 0.0031308), 1 / 2.4) - 0.055)
    return 2 * srgb - 1


def _transform(colors, matrix):
    """Multiplies each colour [..., 3] by a matrix; not by `matmul`, which newer GPUs round to ten bits."""
    return tf.reduce_sum(tf.expand_dims(colors, -2) * matrix.astype(np.float32), axis=-1)
