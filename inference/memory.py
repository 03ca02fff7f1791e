"""The memory that translating an image takes, told before: TensorFlow ends the process where it gets none."""

from __future__ import annotations

import math
from typing import NamedTuple

from base.graph_mode import has_gpu_driver, tf
from base.machine import available_memory, largest_allocation
from models.model import Translation

# Measured on CPUs with ResNets and U-Nets of 4 to 64 filters at 0.25 to 2 megapixels, and rounded up.
ALIVE = 2.5  # tensors alive at the busiest moment, as a multiple of what one op reads and writes
AROUND = 96  # bytes per pixel outside of the graph: the image as it comes, padded, in other dtypes
PROBE = 512  # side in pixels, at least, of the image whose tensors are counted
COLLECTED = 640  # numbers that a convolution collects for each output pixel, at most, in one allocation


class Need(NamedTuple):
    """Bytes per pixel of the image that is fed."""

    resident: float  # in all, at the busiest moment
    piece: float  # of the largest single allocation, which may hardly be touched, but can be refused


def memory_need(signature: Translation) -> Need:
    """Estimates what translating takes from the shapes of the tensors between `signature.source` and its result."""
    side = signature.padded_side(PROBE)
    graph_def = tf.graph_util.extract_sub_graph(signature.source.graph.as_graph_def(), [signature.result.op.name])
    with tf.Graph().as_default() as graph:
        image = tf.placeholder(signature.source.dtype, [1, side, side, signature.source.shape[-1]])
        tf.import_graph_def(graph_def, {signature.source.name: image}, name="")
        ops = graph.get_operations()
    busiest = max(sum(map(_bytes, [*op.inputs, *op.outputs])) for op in ops)
    piece = max(map(_collected, ops))
    return Need(ALIVE * busiest / side**2 + AROUND, piece / side**2)


def longest_side(need: Need, height: int, width: int) -> int | None:
    """The longest side in which an image can be translated with the memory that there is now.

    Args:
      need: of the network.
      height, width: of the image, in pixels.

    Returns:
      A side in pixels, at least 1; None where the memory is enough, or, as on a GPU, TensorFlow itself says if not.
    """
    if has_gpu_driver():
        return None
    limits = ((available_memory(), need.resident), (largest_allocation(), need.piece))
    pixels = min((limit / each for limit, each in limits if limit is not None and each), default=math.inf)
    if height * width <= pixels:
        return None
    return max(1, math.floor(max(height, width) * math.sqrt(pixels / (height * width))))


def _bytes(tensor: tf.Tensor) -> int:
    """Bytes of an image-like tensor; other tensors do not grow with the image."""
    shape = tensor.shape
    return shape.num_elements() * tensor.dtype.size if shape.rank == 4 and shape.is_fully_defined() else 0


def _collected(op: tf.Operation) -> int:
    """Bytes that a convolution may ask for to collect the pixels under its kernel."""
    if op.type not in ("Conv2D", "Conv2DBackpropInput"):
        return 0
    small = op.outputs[0] if op.type == "Conv2D" else op.inputs[2]  # the side of a transposed one that it goes from
    pixels = math.prod(small.shape.as_list()[1:3])
    depth = math.prod(op.inputs[1].shape.as_list()[:3])
    return pixels * min(depth, COLLECTED) * 4
