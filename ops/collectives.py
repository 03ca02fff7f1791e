"""Collective ops: what the graphs of several workers, built alike, give each other."""

from __future__ import annotations

from collections.abc import Sequence

from base.graph_mode import tf
from ops.parts import parts_of_batch

GROUP = 1  # number of the one group that all workers are in


def all_sum(values: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """The sums over all workers, the same to the last bit everywhere, of float32 tensors of known shapes."""
    flat = tf.concat([tf.reshape(value, [-1]) for value in values], axis=0)
    summed = tf.raw_ops.CollectiveReduceV2(
        input=flat, merge_op="Add", final_op="Id", communication_hint="ring", ordering_token=[], **_place()
    )
    pieces = tf.split(summed, [value.shape.num_elements() for value in values])
    return [tf.reshape(piece, value.shape) for piece, value in zip(pieces, values, strict=True)]


def mean_over_workers(value: tf.Tensor) -> tf.Tensor:
    """The mean over all workers of a float32 tensor of known shape, and the gradient of it; alone, the value itself."""
    parts = parts_of_batch()
    if parts is None:
        return value
    workers = parts.workers

    @tf.custom_gradient
    def mean(own, together):  # an argument, for else the decorator looks for the variable
        def of_all(term):
            return tf.cond(together, lambda: all_sum([term])[0] / workers, lambda: term)

        return of_all(own), lambda slope: (of_all(slope), None)

    return mean(value, parts.together.read_value())


def compute_together(together: bool) -> tf.Operation:
    """The op after which norms take the statistics of all workers' shares of a batch, or of what is fed here alone."""
    parts = parts_of_batch()
    return tf.no_op() if parts is None else parts.together.assign(together, read_value=False)


def all_gather(values: tf.Tensor) -> tf.Tensor:
    """The rows of all workers, one after the other; each has as many. With one worker the tensor itself."""
    parts = parts_of_batch()
    if parts is None or parts.workers == 1:
        return values
    gathered = tf.raw_ops.CollectiveGatherV2(input=values, communication_hint="ring", ordering_token=[], **_place())
    return tf.ensure_shape(gathered, [parts.workers * values.shape[0], *values.shape[1:]])


def own_rows(gathered: tf.Tensor, count: int) -> tf.Tensor:
    """This worker's rows of what `all_gather` gives of `count` rows of each."""
    parts = parts_of_batch()
    if parts is None or parts.workers == 1:
        return gathered
    return gathered[parts.worker * count : (parts.worker + 1) * count]


def broadcast(variables: Sequence[tf.Variable]) -> tf.Operation:
    """The op that gives the variables of all workers the values of those of the first."""
    parts = parts_of_batch()
    assert parts is not None
    if parts.worker == 0:
        return tf.group(*[_send(variable.read_value()) for variable in variables])
    return tf.group(*[variable.assign(_receive(variable), read_value=False) for variable in variables])


def _send(value):
    return tf.raw_ops.CollectiveBcastSendV2(input=value, communication_hint="ring", **_place())


def _receive(variable):
    return tf.raw_ops.CollectiveBcastRecvV2(
        T=variable.dtype.base_dtype, shape=variable.shape, communication_hint="ring", **_place()
    )


def _place() -> dict:
    """What tells a collective op its partners."""
    parts = parts_of_batch()
    assert parts is not None
    return {"group_size": parts.workers, "group_key": GROUP, "instance_key": next(parts.keys)}
