"""Schedules of learning rate and momentum: scalars computed in the graph from the step."""

from __future__ import annotations

import math

from base.graph_mode import tf
from ops.scope import scope

POLICIES = ("linear", "step", "cosine", "constant")


@scope("learning_rate")
def learning_rate(base: float, policy: str, step: tf.Tensor, max_steps: int) -> tf.Tensor:
    """The learning rate of a step.

    Args:
      base: float, the rate at the start.
      policy: "linear" (constant for half of the run, then linear to 0, as CycleGAN), "step" (a tenth after each
        quarter), "cosine" (to 0 over the whole run) or "constant".
      step: integer scalar tensor, steps done so far.
      max_steps: int, length of the run.

    Returns:
      float32 scalar tensor.

    Raises:
      ValueError: `policy` is none of these.
    """
    done = tf.cast(step, tf.float32) / max_steps  # [0, 1)
    if policy == "linear":
        return base * tf.minimum(1.0, 2.0 * (1.0 - done))
    if policy == "step":
        return base * tf.pow(0.1, tf.floor(4.0 * done))
    if policy == "cosine":
        return base * 0.5 * (1.0 + tf.cos(math.pi * done))
    if policy == "constant":
        return tf.constant(base, tf.float32)
    raise ValueError(f"lr_policy is {policy!r}; it must be one of {', '.join(POLICIES)}")


@scope("one_cycle")
def one_cycle(
    peak: float, divisor: float, high_momentum: float, low_momentum: float, step: tf.Tensor, max_steps: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Learning rate and momentum of a step under the one-cycle policy.

    The rate rises linearly from peak / divisor to the peak over the first 40 % of the run, falls back over the next
    40 %, and on to a hundredth of where it started over the rest. The momentum falls and rises where the rate rises
    and falls.

    Args:
      peak: float, the largest learning rate.
      divisor: float, peak over start.
      high_momentum: float, momentum at the start and at the end.
      low_momentum: float, momentum at the peak.
      step: integer scalar tensor, steps done so far.
      max_steps: int, length of the run.

    Returns:
      (learning rate, momentum): float32 scalar tensors.

    Source: Smith 2018, arXiv 1803.09820, with the shape that fastai's training of CIFAR-10 gave it.
    """
    done = tf.cast(step, tf.float32) / max_steps  # [0, 1)
    climbed = tf.maximum(0.0, 1.0 - tf.abs(done - 0.4) / 0.4)  # 0, 1 at the peak, 0 again
    settled = tf.maximum(0.0, (done - 0.8) / 0.2)
    start = peak / divisor
    rate = start + (peak - start) * climbed - 0.99 * start * settled
    return rate, high_momentum + (low_momentum - high_momentum) * climbed
