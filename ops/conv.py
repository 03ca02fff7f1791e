"""Convolutions with the padding of the reference, and the dense layer.

Zero padding is an op of its own before a VALID convolution: TensorFlow's SAME pads only bottom and right where a
stride leaves an odd number of pixels over, and its explicit paddings run about twenty times slower in bfloat16 (no
oneDNN kernel).
"""

from __future__ import annotations

from collections.abc import Callable

from base.graph_mode import tf
from ops.conv_gradients import own_gradients
from ops.padding import zero_pad
from ops.scope import scope


@scope("conv2d")
def conv2d(x: tf.Tensor, filters: int, kernel: int, stride: int = 1, padding: int = 0, bias: bool = True) -> tf.Tensor:
    """2-D convolution (cross-correlation).

    Args:
      x: float tensor [batch, height, width, channels]; computation is in its dtype.
      filters: int, output channels.
      kernel: int, side of the window.
      stride: int.
      padding: int, zeros added on every side.
      bias: bool, whether to add a learned bias (starts at 0).

    Returns:
      Tensor [batch, (height + 2 padding - kernel) // stride + 1, likewise width, filters] of x's dtype.
    """
    weights = tf.get_variable("kernel", [kernel, kernel, x.shape[-1], filters])
    if padding:
        x = zero_pad(x, padding)
    with own_gradients():
        y = tf.nn.conv2d(x, tf.cast(weights, x.dtype), stride, "VALID")
    return _add_bias(y) if bias else y


@scope("conv2d_transpose")
def conv2d_transpose(x: tf.Tensor, filters: int, kernel: int, bias: bool = True) -> tf.Tensor:
    """Transposed convolution of stride 2 that doubles height and width exactly.

    Of the full result (2 height + kernel - 2 rows) it keeps rows and columns 1 .. 2 height: what PyTorch computes for
    kernel 3 with padding 1 and output padding 1, and for kernel 4 with padding 1.

    Args:
      x: float tensor [batch, height, width, channels]; computation is in its dtype.
      filters: int, output channels.
      kernel: 3 or 4, side of the window.
      bias: bool, whether to add a learned bias (starts at 0).

    Returns:
      Tensor [batch, 2 height, 2 width, filters] of x's dtype.
    """
    weights = tf.get_variable("kernel", [kernel, kernel, filters, x.shape[-1]])
    size = tf.shape(x)
    height, width = 2 * size[1], 2 * size[2]
    full = [size[0], height + kernel - 2, width + kernel - 2, filters]
    with own_gradients("Conv2DBackpropInput"):
        y = tf.nn.conv2d_transpose(x, tf.cast(weights, x.dtype), full, strides=2, padding="VALID")
    y = tf.slice(y, [0, 1, 1, 0], [-1, height, width, -1])  # whose gradient is a pad, much faster than that of y[:, 1:]
    y.set_shape([x.shape[0], *[side and 2 * side for side in x.shape[1:3]], filters])
    return _add_bias(y) if bias else y


@scope("conv2d_transpose")
def conv2d_transpose_valid(x: tf.Tensor, filters: int, kernel: int) -> tf.Tensor:
    """Transposed convolution of stride 1, without a bias, that keeps its full result: one pixel grows to a window.

    Args:
      x: float tensor [batch, height, width, channels]; computation is in its dtype.
      filters: int, output channels.
      kernel: int, side of the window.

    Returns:
      Tensor [batch, height + kernel - 1, width + kernel - 1, filters] of x's dtype.
    """
    weights = tf.get_variable("kernel", [kernel, kernel, filters, x.shape[-1]])
    size = tf.shape(x)
    full = [size[0], size[1] + kernel - 1, size[2] + kernel - 1, filters]
    y = tf.nn.conv2d_transpose(x, tf.cast(weights, x.dtype), full, strides=1, padding="VALID")
    y.set_shape([x.shape[0], *[side and side + kernel - 1 for side in x.shape[1:3]], filters])
    return y


@scope("dense")
def dense(x: tf.Tensor, units: int, initializer: Callable | None = None) -> tf.Tensor:
    """Fully connected layer.

    Args:
      x: float tensor [batch, channels].
      units: int.
      initializer: of the weights; None for that of the variable scope. The bias starts at 0.

    Returns:
      Tensor [batch, units] of x's dtype.
    """
    weights = tf.get_variable("kernel", [x.shape[-1], units], initializer=initializer)
    return _add_bias(tf.matmul(x, tf.cast(weights, x.dtype)))


def _add_bias(y):
    bias = tf.get_variable("bias", [y.shape[-1]], initializer=tf.zeros_initializer())
    return tf.nn.bias_add(y, tf.cast(bias, y.dtype))
