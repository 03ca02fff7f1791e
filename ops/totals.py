"""Totals: what the parts of a batch add up to."""

from __future__ import annotations

from collections.abc import Mapping

from base.graph_mode import tf
from ops.initializers import zeros
from ops.parts import local_variable, part_count, parts_of_batch


def share_of_part(mean: tf.Tensor) -> tf.Tensor:
    """What a mean over the images of this part adds to the mean over those of the whole batch."""
    return mean if part_count() == 1 else mean / part_count()


def total(value: tf.Tensor) -> tf.Tensor:
    """The sum over the parts of a batch, which is complete in the last of them.

    Args:
      value: float32 tensor of known shape.

    Returns:
      Tensor of that shape; it must be computed in every part.
    """
    parts = parts_of_batch()
    if parts is None:
        return value
    so_far = local_variable(zeros(value.shape), "total")
    first = tf.equal(parts.index, 0)
    return so_far.assign(tf.where(first, value, so_far.read_value() + value))


def batch_means(means: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Means over the whole batch, as `total` gives them, of float32 means over this part; by name."""
    return {name: total(share_of_part(mean)) for name, mean in means.items()}
