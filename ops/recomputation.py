"""Recomputation: what a part of a network computes on its way is not kept for the gradient, but computed again there.

Memory then holds the tensors between such parts and the inside of one at a time, for about one forward pass more.

Source: Chen et al. 2016, arXiv 1604.06174 ("gradient checkpointing").
"""

from __future__ import annotations

from base.graph_mode import tf
from ops.gradients import with_gradients

COLLECTION = "recomputes"


def recompute_activations() -> None:
    """Has the default graph recompute the parts that `recomputed` names; to be called before the networks are built.

    This is kept with the graph, as `ops.parts.split_batch` is. In other graphs `recomputed` adds nothing.
    """
    tf.add_to_collection(COLLECTION, True)


def recomputed(y: tf.Tensor, since: tf.Tensor) -> tf.Tensor:
    """Names a part of a network: the ops that lead from one tensor to another.

    They run a second time for the gradient, to the same bits; so do the draws of `ops.random` among them. What they
    assign, and what workers give each other, would happen twice: there must be none.

    Args:
      y: float tensor, the result of the part.
      since: float tensor, its input, the only one that is of images.

    Returns:
      y, for what comes after the part.
    """
    if not tf.get_collection(COLLECTION):
        return y
    outside = [tensor for tensor in _outside(_between(since, y)) if tensor is not since and tensor.dtype.is_floating]
    with with_gradients("IdentityN", _gradients):
        return tf.identity_n([y, since, *outside], name="recomputed")[0]


def _gradients(op, dy, *_):
    """The gradients for the inputs of the op of `recomputed`, given that for y; none for y itself."""
    y, since, *outside = op.inputs
    with tf.control_dependencies([dy]):  # not before it is needed
        again = tf.identity(since)
    sources = [again, *outside]
    gradients = tf.gradients(_copy(y, since, again), sources, dy, stop_gradients=sources)
    return [None, *tf.tuple(gradients)]  # what the weights' need is not kept until TensorFlow turns to them


def _copy(y, since, again):
    """Builds the ops that lead from one tensor to y a second time, from another tensor; gives the second y."""
    ops = _between(since, y)
    graph_def = tf.GraphDef(versions=tf.get_default_graph().graph_def_versions)
    for op in ops:
        node = graph_def.node.add()
        node.CopyFrom(op.node_def)
        node.attr.pop("_class", None)  # with which op it would share a device
        node.input[:] = [name for name in node.input if not name.startswith("^")]
    places = {tensor.name: again if tensor is since else tensor for tensor in _outside(ops)}
    with tf.control_dependencies(None):  # they wait for `again`; oneDNN's pass ends the process at a Conv2D with others
        copies = tf.import_graph_def(graph_def, places, [op.name for op in ops], name="recomputed")
    for op, copy in zip(ops, copies, strict=True):
        for tensor, second in zip(op.outputs, copy.outputs, strict=True):
            second.set_shape(tensor.shape)
    return copies[ops.index(y.op)].outputs[y.value_index]


def _between(start, end):
    """The ops that lead from one tensor to another, each after those that it needs."""
    leads: dict[tf.Operation, bool] = {start.op: False}
    waiting = [end.op]
    while waiting:
        op = waiting[-1]
        unknown = [tensor.op for tensor in op.inputs if tensor.op not in leads]
        waiting += unknown
        if not unknown:
            waiting.pop()
            leads.setdefault(op, any(tensor is start or leads[tensor.op] for tensor in op.inputs))
    return [op for op, does in leads.items() if does]


def _outside(ops):
    """The inputs of some ops that none of them computes."""
    inside = set(ops)
    return list({tensor.name: tensor for op in ops for tensor in op.inputs if tensor.op not in inside}.values())
