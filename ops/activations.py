"""Activations and dropout."""

from __future__ import annotations

from base.graph_mode import tf
from ops.again import if_computed_again
from ops.gradients import with_gradients
from ops.random import uniform
from ops.scope import scope


def relu(x: tf.Tensor) -> tf.Tensor:
    """x where it is positive, else 0; same shape and dtype."""
    with with_gradients("Relu", _relu_gradients):
        return tf.nn.relu(x)


@scope("leaky_relu")
def leaky_relu(x: tf.Tensor, leak: float = 0.2) -> tf.Tensor:
    """x where it is positive, else leak * x with a leak of at least 0; same shape and dtype."""
    with with_gradients("LeakyRelu", _leaky_relu_gradients):
        return tf.nn.leaky_relu(x, leak)


@scope("dropout")
def dropout(x: tf.Tensor, rate: float, step: tf.Tensor) -> tf.Tensor:
    """Sets a share `rate` of the elements to 0 and scales the others by 1 / (1 - rate).

    Args:
      x: float tensor.
      rate: float in [0, 1).
      step: integer scalar tensor; the mask is a function of the graph's seed, the op's name scope and this step.

    Returns:
      Tensor of the same shape and dtype.
    """
    kept = uniform(tf.shape(x), step) >= rate
    return tf.where(kept, x / tf.cast(1 - rate, x.dtype), tf.zeros_like(x))


def _relu_gradients(op, dy):
    return tf.raw_ops.ReluGrad(gradients=dy, features=if_computed_again(op.outputs[0]))


def _leaky_relu_gradients(op, dy):
    # TensorFlow's needs x, which nothing else does; y is positive where x is.
    y = if_computed_again(op.outputs[0])
    return tf.raw_ops.LeakyReluGrad(gradients=dy, features=y, alpha=op.get_attr("alpha"))
