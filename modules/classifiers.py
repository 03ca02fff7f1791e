"""Classifiers: images in, one logit for each class out, and what it comes from. float32 in and out."""

from __future__ import annotations

import functools

from base.graph_mode import tf
from ops.activations import leaky_relu
from ops.conv import conv2d, dense
from ops.initializers import normal
from ops.norm import running_batch_norm
from ops.scope import scope

LAYERS = (1, 2, 4, 6, 3)  # residual layers of each group
STRIDES = (2, 1, 2, 2, 2)


@scope("darknet", reuse=True)
def darknet(
    x: tf.Tensor, classes: int, width: int = 32, training: bool = False, dtype: str = "float32"
) -> tuple[tf.Tensor, tf.Tensor]:
    """Darknet of residual layers.

    At 32 px and width 32: 32.32 => 16.64 => 16.128 => 8.256 => 4.512 => 2.1024 => 1024 => classes.

    Args:
      x: float32 tensor [batch, height, width, channels] in [-1, 1].
      classes: int, number of classes.
      width: int, channels of the first layer.
      training: bool, whether norms take the statistics of the batch and add the ops that move the running ones to
        UPDATE_OPS.
      dtype: dtype of the computation.

    Returns:
      (logits, features): float32 tensors [batch, classes], and [batch, 32 width] of what the last layer sees.

    Source: Redmon and Farhadi 2018, arXiv 1804.02767, with fewer layers and strides for small images, as fastai
    trained it on CIFAR-10.
    """
    layer = functools.partial(conv_layer, training=training)
    # fmt: off
    y = layer(tf.cast(x, dtype), width, 3)                                # [N, H, W, width]
    for group, (layers, stride) in enumerate(zip(LAYERS, STRIDES)):
        with tf.variable_scope(f"group{group + 1}"):                      # [N, H/stride, W/stride, width 2^(group+1)]
            channels = width * 2 ** (group + 1)
            y = layer(y, channels, 3, stride)
            for _ in range(layers):
                with tf.variable_scope(None, "residual"):
                    y += layer(layer(y, channels // 2, 1), channels, 3)
    features = tf.reduce_mean(tf.cast(y, tf.float32), [1, 2])             # [N, 32 width]
    # fmt: on
    return dense(features, classes, normal(0.01)), features  # small, so that no class is ahead at the start


@scope("conv_layer")
def conv_layer(x: tf.Tensor, filters: int, kernel: int, stride: int = 1, training: bool = False) -> tf.Tensor:
    """Convolution that keeps height and width (or divides them by the stride), batch norm, leaky ReLU of slope 0.1.

    Args:
      x: float tensor [batch, height, width, channels].
      filters: int, output channels.
      kernel: odd int, side of the window.
      stride: int.
      training: bool, see `ops.norm.running_batch_norm`.

    Returns:
      Tensor [batch, ceil(height / stride), ceil(width / stride), filters] of x's dtype.
    """
    y = conv2d(x, filters, kernel, stride, padding=kernel // 2, bias=False)
    return leaky_relu(running_batch_norm(y, training), 0.1)
