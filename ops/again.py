"""What takes little time is computed again for gradients, rather than kept for them: pads, norms, rounded weights.

The gradients of a convolution need what it saw, and its weights in the dtype that it computes in. Both are a few such
ops away from what is kept anyway: the input of a norm, for its own gradient, and variables. The same ops give the same
bits.

Source: Rota Bulo et al. 2018, arXiv 1712.02616, for norms and activations.
"""

from __future__ import annotations

from base.graph_mode import tf
from ops.padding import is_pad

COLLECTION = "computed_again"
LARGE = (
    2**20
)  # bytes above which norms and weights are: what is smaller is little to keep, and costs as much to compute
NORM = "FusedBatchNormV3"
PASSED = ("Relu", "LeakyRelu", "Reshape", "Transpose")  # after a norm


def computed_again(y: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
    """A tensor, computed anew once there is another, so that it need not be kept until then.

    Args:
      y: any tensor; itself, where it is neither padded, nor a large result of a norm, nor large rounded weights.
      after: the other tensor.
    """
    known = _known()
    if y.name not in known and (is_pad(y.op) or _is_normalized(y) or _is_rounded_variable(y)):
        kept = y.op.inputs[0]
        source = computed_again(kept, after)
        if source is kept:
            with tf.control_dependencies([after]):
                source = tf.identity(kept)
        known[y.name] = _repeated(y.op, source)
    return known.get(y.name, y)


def if_computed_again(y: tf.Tensor) -> tf.Tensor:
    """What `computed_again` gave for a tensor, or on the way to another; the tensor itself, where it gave nothing."""
    return _known().get(y.name, y)


def _known():
    """The tensors of this graph that are computed anew, by the name of what they equal."""
    found = tf.get_collection_ref(COLLECTION)
    if not found:
        found.append({})
    return found[0]


def _is_normalized(y):
    """Whether a tensor is what a norm gave, in another order and activated at most."""
    if y.op.type in PASSED:
        return _is_normalized(y.op.inputs[0])
    return y.op.type == NORM and y.op.get_attr("is_training") and _is_large(y)


def _is_rounded_variable(y):
    return y.op.type == "Cast" and y.op.inputs[0].op.type == "ReadVariableOp" and _is_large(y)


def _is_large(y):
    elements = y.shape.num_elements()
    return elements is None or elements * y.dtype.size > LARGE


def _repeated(op, source):
    """The first output of an op like another, of another first input."""
    inputs, dtypes = [source, *op.inputs[1:]], [output.dtype for output in op.outputs]
    return tf.get_default_graph().create_op(op.type, inputs, dtypes, attrs=dict(op.node_def.attr)).outputs[0]
