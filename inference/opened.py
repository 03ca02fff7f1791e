"""A translation's network as plain data with its norms opened: they take mean and variance from whoever runs it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from base.errors import UsageError
from base.graph_mode import graph_of_constants, tf
from inference.reach import Geometry
from models.model import Translation
from ops.padding import with_mirror_pads

PROBE = 256  # side in pixels, at least, of the image on which the network is looked at


class OpenedNetwork:
    """A network whose result on a part of an image is that on the whole, but for what lies less than `halo` from its
    edges: all that it takes from the whole image is given to it.

    Attributes:
      graph_def: ops and constants under their own names, and placeholders for the statistics of norms; see `fed`.
      probe: the network in a graph of its own, for images of PROBE px or little more, in which all shapes are known.
      geometry: Geometry of `probe`.
      norms: names of the tensors that norms normalise, each after those that it depends on.
    """

    def __init__(self, constants: tf.GraphDef, signature: Translation):
        """Opens a network.

        Args:
          constants: its ops and constants, from `cut_out`.
          signature: that they were cut out for, of batches of one image.

        Raises:
          UsageError: it takes more from the whole image than the statistics of norms.
        """
        self._signature = signature
        self.graph_def = tf.GraphDef()
        self.graph_def.CopyFrom(constants)
        norms = _open_norms(self.graph_def)
        self.probe = self.build(signature.padded_side(PROBE))
        self.geometry = Geometry(self.probe, signature.source.name)
        self.norms = [name for name in self.geometry.scales if name in norms]

    def build(self, side: int | None = None) -> tf.Graph:
        """The network in a graph of its own, for images of `side` by `side` pixels; None for any."""
        source = self._signature.source
        with tf.Graph().as_default() as graph:
            image = tf.placeholder(source.dtype, [1, side, side, source.shape[-1]], name=source.op.name)
            others = tf.GraphDef(node=[node for node in self.graph_def.node if node.name != source.op.name])
            tf.import_graph_def(others, {source.name: image}, name="")
        return graph

    def channels(self, norm: str) -> int:
        """Channels of a tensor that is normalised."""
        return int(self.probe.get_tensor_by_name(norm).shape[-1])

    def halo(self, sources: Sequence[str], targets: Sequence[str]) -> int:
        """Pixels of the image around a part of it that decide on that part, a multiple of what the network takes.

        Args:
          sources, targets: names of the tensors that are fed and fetched.
        """
        multiple = self._signature.multiple
        reaches = [self.geometry.reach(sources, target) for target in targets]
        return multiple * math.ceil(max(max(reach) for reach in reaches) / multiple)


def cut_out(session: tf.Session, result: tf.Tensor) -> tf.GraphDef:
    """The ops that lead to a tensor, under their names, in the form in which programs know them, and constants."""
    return with_mirror_pads(graph_of_constants(session, result), result.op.name)


def fed(norm: str, statistic: str) -> str:
    """Name of the placeholder of a statistic, "mean" or "variance", of a tensor that is normalised."""
    return f"{norm.replace(':', '_')}_{statistic}:0"


def _open_norms(graph_def):
    """Makes norms take their statistics from placeholders. Returns the names of the tensors that they normalise."""
    opened = []
    for node in list(graph_def.node):
        if "Random" in node.op:
            raise UsageError(f"the network cannot be cut into tiles: its dropout ({node.name}) is of the whole image")
        if node.op == "FusedBatchNormV3" and node.attr["is_training"].b:
            node.attr["is_training"].b = False
            name = node.input[0] if ":" in node.input[0] else f"{node.input[0]}:0"
            opened.append(name)
            for index, statistic in ((3, "mean"), (4, "variance")):
                given = graph_def.node.add(op="Placeholder", name=fed(name, statistic).removesuffix(":0"))
                given.attr["dtype"].type = tf.float32.as_datatype_enum
                given.attr["shape"].shape.CopyFrom(tf.TensorShape([None]).as_proto())
                node.input[index] = given.name
    return opened
