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


def boxes(among=None):
    """Names of the boxes that TensorBoard shows first, of the default graph or of some ops."""
    return {op.name.split("/")[0] for op in among or operations()}


def loose_ops(among=None):
    """Names of the ops that lie in no box, but for the counter of steps."""
    return [op.name for op in among or operations() if "/" not in op.name and op.name != "global_step"]


def variable_names(ending="", scope=""):
    """Names of the trainable variables in a scope whose last part is `ending`."""
    return [v.op.name for v in tf.trainable_variables(scope) if v.op.name.endswith(ending)]


def kernels(scope=""):
    """Shapes of the kernels in a scope, in the order of their making."""
    return [tuple(v.shape) for v in tf.trainable_variables(scope) if v.op.name.endswith("/kernel")]
