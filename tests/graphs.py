"""Questions that tests ask about a graph."""


def ancestors(op):
    """All ops that must have run before an op."""
    found, open_ends = set(), [op]
    while open_ends:
        op = open_ends.pop()
        new = {x.op for x in op.inputs} | set(op.control_inputs)
        open_ends.extend(new - found)
        found |= new
    return found
