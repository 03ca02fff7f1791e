"""Activations and dropout."""

import tensorflow.compat.v1 as tf

from ops.random import uniform
from ops.scope import scope


@scope("leaky_relu")
def leaky_relu(x, leak=0.2):
    """x where it is positive, else leak * x; same shape and dtype."""
    return tf.nn.leaky_relu(x, leak)


@scope("dropout")
def dropout(x, rate, step):
    """Sets a share `rate` of the elements to 0 and scales the others by 1 / (1 - rate).

    Args:
      x: float tensor.
      rate: float in [0, 1).
      step: integer scalar tensor; the mask is a function of the graph's seed, the place in the graph and this step.

    Returns:
      Tensor of the same shape and dtype.
    """
    kept = uniform(tf.shape(x), step) >= rate
    return tf.where(kept, x / tf.cast(1 - rate, x.dtype), tf.zeros_like(x))
