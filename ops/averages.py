"""Moving averages of scalars, as variables of the graph."""

from __future__ import annotations

from base.graph_mode import tf
from ops.parts import in_last_part
from ops.scope import scope


@scope("moving_average")
def moving_average(value: tf.Tensor, updates: tf.Tensor, decay: float = 0.99) -> tuple[tf.Tensor, tf.Operation]:
    """Exponential moving average of a scalar, without the pull of its start at 0.

    Args:
      value: float32 scalar tensor; of a batch in parts, what is complete in the last (`ops.totals`).
      updates: integer scalar tensor, updates done before this one.
      decay: float in [0, 1), weight of the past.

    Returns:
      (average, update): float32 scalar tensor, the average with `value` in it; and the op that keeps it for the next
      update.

    Source: Kingma and Ba 2015, arXiv 1412.6980, section 3, for the correction by 1 - decay^t.
    """
    biased = tf.get_variable("biased", [], initializer=tf.zeros_initializer(), trainable=False)
    new = decay * biased.read_value() + (1 - decay) * value
    average = new / (1 - tf.pow(decay, tf.cast(updates + 1, tf.float32)))
    return average, in_last_part(lambda: biased.assign(new, read_value=False))
