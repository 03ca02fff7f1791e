"""Discriminators: images in, a map of logits out, one for each patch. float32 in and out."""

import tensorflow.compat.v1 as tf

from ops.activations import leaky_relu
from ops.conv import conv2d
from ops.norm import NORMS_WITH_OFFSET, instance_norm
from ops.scope import scope


@scope("patch_discriminator", reuse=tf.AUTO_REUSE)
def patch_discriminator(x, ndf=64, layers=3, norm=instance_norm, dtype=tf.float32):
    """PatchGAN: judges every overlapping patch of the image; 70 x 70 pixels for three layers of stride 2.

    Args:
      x: float32 tensor [batch, height, width, channels] in [-1, 1].
      ndf: int, width of the first layer; later layers have at most 8 ndf.
      layers: int, number of layers of stride 2.
      norm: normalisation op, applied after all convolutions but the first and the last.
      dtype: dtype of the computation.

    Returns:
      float32 tensor [batch, height', width', 1] of logits; for three layers height' = height / 8 - 2 (256 => 30).

    Source: Isola et al. 2016, arXiv 1611.07004, appendix 6.1.
    """
    bias = norm not in NORMS_WITH_OFFSET
    y = leaky_relu(conv2d(tf.cast(x, dtype), ndf, 4, stride=2, padding=1))    # [N, H/2, W/2, ndf]
    for layer in range(1, layers):                                           # [N, H/2^(layer+1), ..., ndf 2^layer]
        y = leaky_relu(norm(conv2d(y, ndf * min(2**layer, 8), 4, stride=2, padding=1, bias=bias)))
    y = leaky_relu(norm(conv2d(y, ndf * min(2**layers, 8), 4, padding=1, bias=bias)))
    return tf.cast(conv2d(y, 1, 4, padding=1), tf.float32)


@scope("pixel_discriminator", reuse=tf.AUTO_REUSE)
def pixel_discriminator(x, ndf=64, norm=instance_norm, dtype=tf.float32):
    """Judges every pixel by its colour alone: three 1 x 1 convolutions.

    Args:
      x: float32 tensor [batch, height, width, channels] in [-1, 1].
      ndf: int, width of the first layer.
      norm: normalisation op, applied after the second convolution.
      dtype: dtype of the computation.

    Returns:
      float32 tensor [batch, height, width, 1] of logits.
    """
    bias = norm not in NORMS_WITH_OFFSET
    y = leaky_relu(conv2d(tf.cast(x, dtype), ndf, 1))          # [N, H, W, ndf]
    y = leaky_relu(norm(conv2d(y, 2 * ndf, 1, bias=bias)))     # [N, H, W, 2 ndf]
    return tf.cast(conv2d(y, 1, 1, bias=bias), tf.float32)     # [N, H, W, 1]
