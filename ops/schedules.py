"""Learning-rate schedules: scalars computed in the graph from the step."""

import math

import tensorflow.compat.v1 as tf

from ops.scope import scope


@scope("learning_rate")
def learning_rate(base, policy, step, max_steps):
    """The learning rate of a step.

    Args:
      base: float, the rate at the start.
      policy: "linear" (constant for half of the run, then linear to 0, as CycleGAN), "step" (a tenth after each quarter),
        "cosine" (to 0 over the whole run) or "constant".
      step: integer scalar tensor, steps done so far.
      max_steps: int, length of the run.

    Returns:
      float32 scalar tensor.
    """
    done = tf.cast(step, tf.float32) / max_steps  # [0, 1)
    if policy == "linear":
        return base * tf.minimum(1.0, 2.0 * (1.0 - done))
    if policy == "step":
        return base * tf.pow(0.1, tf.floor(4.0 * done))
    if policy == "cosine":
        return base * 0.5 * (1.0 + tf.cos(math.pi * done))
    return tf.constant(base, tf.float32)
