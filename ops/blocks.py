"""Ops composed of convolutions: the residual block and resize-convolution."""

from __future__ import annotations

from collections.abc import Callable

from base.graph_mode import tf
from ops.activations import dropout, relu
from ops.conv import conv2d
from ops.norm import Norm, instance_norm
from ops.padding import reflect_pad
from ops.scope import scope


@scope("res_block")
def res_block(
    x: tf.Tensor,
    norm: Norm = instance_norm,
    activation: Callable[[tf.Tensor], tf.Tensor] = relu,
    dropout_rate: float = 0.0,
    step: tf.Tensor | None = None,
) -> tf.Tensor:
    """Residual block: two reflection-padded 3x3 convolutions around a skip.

    Args:
      x: float tensor [batch, height, width, channels]; height and width at least 2.
      norm: normalisation op applied after each convolution.
      activation: function applied after the first normalisation; there is none after the sum.
      dropout_rate: float in [0, 1), share of activations dropped between the convolutions.
      step: integer scalar tensor, needed where dropout_rate > 0.

    Returns:
      Tensor of the same shape and dtype as `x`.

    Source: Johnson et al. 2016, as used by CycleGAN (arXiv 1703.10593, appendix 7.2).
    """
    channels, bias = x.shape[-1], not norm.has_offset
    y = conv2d(reflect_pad(x, 1, name="pad1"), channels, 3, bias=bias, name="conv1")  # [N, H, W, C]
    y = activation(norm(y, name="norm1"))
    if dropout_rate:
        y = dropout(y, dropout_rate, step)
    y = conv2d(reflect_pad(y, 1, name="pad2"), channels, 3, bias=bias, name="conv2")
    return x + norm(y, name="norm2")


@scope("resize_conv2d")
def resize_conv2d(x: tf.Tensor, filters: int, kernel: int = 3, bias: bool = True) -> tf.Tensor:
    """Doubles height and width by nearest-neighbour copies, then convolves: no checkerboard.

    Args:
      x: float tensor [batch, height, width, channels].
      filters: int, output channels.
      kernel: odd int, side of the window.
      bias: bool.

    Returns:
      Tensor [batch, 2 height, 2 width, filters] of x's dtype.

    Source: Odena et al. 2016, "Deconvolution and Checkerboard Artifacts".
    """
    size = tf.shape(x)
    y = tf.image.resize_nearest_neighbor(x, [2 * size[1], 2 * size[2]])
    return conv2d(reflect_pad(y, kernel // 2), filters, kernel, bias=bias)
