"""Image files decoded and encoded by graph ops, to the very levels that `inputs.images` gives."""

from __future__ import annotations

import numpy as np

from base.graph_mode import tf
from inference.jobs import JPEG_START
from inputs.images import to_unit

LUMA = (19595, 38470, 7471)  # ITU-R 601-2 in 65536ths, as Pillow has it


def decoded(data: tf.Tensor, channels: int) -> tf.Tensor:
    """Decodes the bytes of a JPEG or an 8-bit PNG file, as `inputs.images.read_image` does but for EXIF's rotation.

    Args:
      data: string scalar tensor.
      channels: 3 for RGB, 1 for luma; alpha comes over white.

    Returns:
      uint8 tensor [height, width, channels].
    """
    is_jpeg = tf.equal(tf.strings.substr(data, 0, 2), JPEG_START)
    rgb = tf.cond(
        is_jpeg,
        # The op's usual DCT is a faster one, which differs by up to 11 levels.
        lambda: tf.cast(tf.io.decode_jpeg(data, 3, dct_method="INTEGER_ACCURATE"), tf.int32),
        lambda: _over_white(_decoded_png(data)),
    )
    if channels == 1:
        rgb = tf.bitwise.right_shift(tf.reduce_sum(rgb * LUMA, axis=-1, keepdims=True) + 0x8000, 16)
    return tf.ensure_shape(tf.cast(rgb, tf.uint8), [None, None, channels])


def levels_to_values(levels: tf.Tensor) -> tf.Tensor:
    """Maps uint8 levels to float32 in [-1, 1], by a table: a graph optimizer may make a product of a division."""
    table = to_unit(np.arange(256, dtype=np.float32))
    return tf.gather(table, tf.cast(levels, tf.int32))


def values_to_levels(values: tf.Tensor) -> tf.Tensor:
    """Maps float32 values in [-1, 1] to uint8 levels, as `inputs.images.to_uint8`."""
    return tf.cast(tf.round(tf.clip_by_value((values + 1.0) * 127.5, 0.0, 255.0)), tf.uint8)


def _decoded_png(data):
    """Decodes a PNG file to RGBA, int32 [height, width, 4]."""
    rgba = tf.cast(tf.io.decode_png(data, 4), tf.int32)
    # The op gives an opaque image of fewer than 8 bits the largest number of so many bits as alpha.
    depth = tf.cast(tf.io.decode_raw(tf.strings.substr(data, 24, 1), tf.uint8)[0], tf.int32)
    is_opaque = tf.reduce_all(tf.equal(rgba[..., 3], tf.bitwise.left_shift(1, depth) - 1))
    return tf.where(is_opaque, tf.maximum(rgba, [0, 0, 0, 255]), rgba)


def _over_white(rgba):
    """RGBA on white, rounded as Pillow's `alpha_composite` does; int32 [height, width, 3]."""
    color, alpha = rgba[..., :3], rgba[..., 3:]
    blend = 128 * (color * alpha + 255 * (255 - alpha)) + (128 << 7)  # 255 * 128 times the result, and a half
    shifted = tf.bitwise.right_shift
    return shifted(shifted(shifted(blend, 8) + blend, 8), 7)
