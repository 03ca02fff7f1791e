"""How far a network looks: the scale of its tensors, and which pixels around a pixel decide on it, told from its graph.

Pixel j of a tensor of scale s (as the last of a generator that halves twice: 4) lies at pixel s j of the image.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from base.errors import UsageError
from base.graph_mode import tf

SHAPES_ONLY = ("Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike")  # ops that look at no pixel


class Reach(NamedTuple):
    """Pixels of the image before (above, left of) and behind (below, right of) a pixel that decide on it."""

    before: float
    behind: float


class Geometry:
    """What is where in a network that takes images.

    Attributes:
      scales: dict from the names of the tensors that depend on the image to their scales: pixels of the image for one
        of theirs, in height and in width.
    """

    def __init__(self, graph: tf.Graph, source: str):
        """Looks at a graph.

        Args:
          graph: whose tensors have known shapes, and whose ops come after those that they depend on.
          source: name of the image, a tensor [1, height, width, channels].

        Raises:
          UsageError: an op is not known to look at a bounded part of the image.
        """
        self._ops = graph.get_operations()
        self.scales = {source: 1.0}
        for op in self._ops:
            images = [x for x in op.inputs if x.name in self.scales]
            if images and op.type not in SHAPES_ONLY:
                self.scales[op.outputs[0].name] = self.scales[images[0].name] * _zoom(op, images)

    def reach(self, sources: Collection[str], target: str) -> Reach:
        """What of some tensors decides on a pixel of another one.

        Args:
          sources: names of tensors, those that are fed.
          target: name of a tensor that depends on the image through no others.
        """
        reaches = dict.fromkeys(sources, Reach(0.0, 0.0))
        for op in self._ops:
            inputs = [reaches[x.name] for x in op.inputs if x.name in reaches]
            if not inputs or op.type in SHAPES_ONLY:
                continue
            scale_in = next(self.scales[x.name] for x in op.inputs if x.name in reaches)
            before, behind = _window(op, scale_in, scale_out=self.scales[op.outputs[0].name])
            reach = Reach(max(x.before for x in inputs) + before, max(x.behind for x in inputs) + behind)
            reaches.setdefault(op.outputs[0].name, reach)
        return reaches[target]


def _zoom(op, images):
    """Scale of an op's first output, as a multiple of its inputs'; UsageError where it may look at the whole image."""
    if op.type in ("Conv2D", "Conv2DBackpropInput") and op.get_attr("padding") == b"VALID":
        stride = op.get_attr("strides")[1]
        return stride if op.type == "Conv2D" else 1 / stride
    if op.type == "ResizeNearestNeighbor" and not (op.get_attr("align_corners") or op.get_attr("half_pixel_centers")):
        return op.inputs[0].shape[1] / op.outputs[0].shape[1]
    if op.type in ("Pad", "PadV2", "MirrorPad", "Slice"):
        return 1
    if len({tuple(x.shape.as_list()[1:3]) for x in (*images, op.outputs[0])}) == 1:
        return 1  # pixel by pixel
    raise UsageError(f"the network cannot be cut into tiles: {op.name} ({op.type}) may look at the whole image")


def _window(op, scale_in, scale_out):
    """How much further an op's output reaches than its input, before and behind, in pixels of the image."""
    match op.type:
        case "Conv2D":
            return 0.0, (max(op.inputs[1].shape[:2]) - 1) * scale_in
        case "Conv2DBackpropInput":
            return (max(op.inputs[1].shape[:2]) - 1) * scale_out, 0.0
        case "ResizeNearestNeighbor":
            return scale_in - scale_out, 0.0
        case "Pad" | "PadV2" | "MirrorPad":
            first = float(tf.get_static_value(op.inputs[1])[1][0])
            return first * scale_in, -first * scale_in
        case "Slice":
            first = float(tf.get_static_value(op.inputs[1])[1])
            return -first * scale_in, first * scale_in
    return 0.0, 0.0
