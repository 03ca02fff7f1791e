"""Discriminators: images in, a map of logits out, one for each patch. float32 in and out."""

from __future__ import annotations

from base.graph_mode import tf
from ops.activations import leaky_relu
from ops.conv import conv2d
from ops.norm import Norm, instance_norm
from ops.scope import scope


@scope("patch_discriminator", reuse=True)
def patch_discriminator(
    x: tf.Tensor,
    ndf: int = 64,
    layers: int = 3,
    norm: Norm = instance_norm,
    leak: float = 0.2,
    bias: bool = True,
    dtype: str = "float32",
) -> tf.Tensor:
    """PatchGAN: judges every overlapping patch of the image; 70 x 70 pixels for three layers of stride 2.

    Args:
      x: float32 tensor [batch, height, width, channels] in [-1, 1].
      ndf: int, width of the first layer; later layers have at most 8 ndf.
      layers: int, number of layers of stride 2.
      norm: normalisation, applied after all convolutions but the first and the last.
      leak: float, slope of the activations below 0.
      bias: bool, whether the convolutions before the last have a bias, where no norm's offset stands in for it.
      dtype: dtype of the computation.

    Returns:
      float32 tensor [batch, height', width', 1] of logits; for three layers height' = height / 8 - 2 (256 => 30).

    Source: Isola et al. 2016, arXiv 1611.07004, appendix 6.1.
    """
    inner_bias = bias and not norm.has_offset
    # fmt: off
    y = leaky_relu(conv2d(tf.cast(x, dtype), ndf, 4, stride=2, padding=1, bias=bias), leak)  # [N, H/2, W/2, ndf]
    for layer in range(1, layers):                                                # [N, H/2^(layer+1), ..., ndf 2^layer]
        y = leaky_relu(norm(conv2d(y, ndf * min(2**layer, 8), 4, stride=2, padding=1, bias=inner_bias)), leak)
    y = leaky_relu(norm(conv2d(y, ndf * min(2**layers, 8), 4, padding=1, bias=inner_bias)), leak)
    # fmt: on
    return tf.cast(conv2d(y, 1, 4, padding=1), tf.float32)


@scope("pixel_discriminator", reuse=True)
def pixel_discriminator(
    x: tf.Tensor,
    ndf: int = 64,
    norm: Norm = instance_norm,
    leak: float = 0.2,
    bias: bool = True,
    dtype: str = "float32",
) -> tf.Tensor:
    """Judges every pixel by its colour alone: three 1 x 1 convolutions.

    Args:
      x: float32 tensor [batch, height, width, channels] in [-1, 1].
      ndf: int, width of the first layer.
      norm: normalisation, applied after the second convolution.
      leak, bias: as for `patch_discriminator`.
      dtype: dtype of the computation.

    Returns:
      float32 tensor [batch, height, width, 1] of logits.
    """
    inner_bias = bias and not norm.has_offset
    # fmt: off
    y = leaky_relu(conv2d(tf.cast(x, dtype), ndf, 1, bias=bias), leak)            # [N, H, W, ndf]
    y = leaky_relu(norm(conv2d(y, 2 * ndf, 1, bias=inner_bias)), leak)            # [N, H, W, 2 ndf]
    return tf.cast(conv2d(y, 1, 1, bias=not norm.has_offset), tf.float32)         # [N, H, W, 1]
    # fmt: on
