"""Totals: what the parts of a batch, and the workers that share them, add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from base.graph_mode import tf
from ops.collectives import all_sum
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
    if parts is None or parts.count == 1:
        return value
    so_far = local_variable(zeros(value.shape), "total")
    first = tf.equal(parts.index, 0)
    return so_far.assign(tf.where(first, value, so_far.read_value() + value))


def batch_means(means: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Means over the whole batch, complete in its last part, of float32 means over this part or share; by name."""
    totals = [total(share_of_part(mean)) for mean in means.values()]
    return dict(zip(means, all_sum_in_last_part(totals), strict=True))


def all_sum_in_last_part(values: Sequence[tf.Tensor]) -> Sequence[tf.Tensor]:
    """The sums over all workers of float32 tensors of known shapes, in the last part; before, each worker's own."""
    parts = parts_of_batch()
    if parts is None or parts.workers == 1:
        return values
    if parts.count == 1:
        return all_sum(values)
    return tf.cond(tf.equal(parts.index, parts.count - 1), lambda: all_sum(values), lambda: list(values))
