"""Questions that tests ask about a graph."""

from base.graph_mode import tf


def operations(of_type=None):
    """All ops of the default graph, or those of one type."""
    return [op for op in tf.get_default_graph().get_operations() if of_type in (None, op.type)]


def ancestors(op):
    """All ops that must have run before an op."""
    found, open_ends = set(), [op]
    while open_ends:
        op = open_ends.pop()
        new = {x.op for x in op.inputs} | set(op.control_inputs)
        open_ends.extend(new - found)
        found |= new
    return found


def output_of(network, call):
    """What a call of a network gives: the tensor of the op that it adds last."""
    return [op for op in operations() if op.name.startswith(f"{network}/{call}/")][-1].outputs[0]


def boxes():
    """Names of the boxes that TensorBoard shows first."""
    return {op.name.split("/")[0] for op in operations()}


def loose_ops():
    """Names of the ops that lie in no box, but for the counter of steps."""
    return [op.name for op in operations() if "/" not in op.name and op.name != "global_step"]


def variable_names(ending="", scope=""):
    """Names of the trainable variables in a scope whose last part is `ending`."""
    return [v.op.name for v in tf.trainable_variables(scope) if v.op.name.endswith(ending)]


def kernels(scope=""):
    """Shapes of the kernels in a scope, in the order of their making."""
    return [tuple(v.shape) for v in tf.trainable_variables(scope) if v.op.name.endswith("/kernel")]
