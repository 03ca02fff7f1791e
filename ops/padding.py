"""Padding of the two spatial axes."""

from __future__ import annotations

import numpy as np

from base.graph_mode import has_gpu_driver, tf
from ops.gradients import has_gradients, with_gradients
from ops.scope import scope


@scope("reflect_pad")
def reflect_pad(x: tf.Tensor, size: int) -> tf.Tensor:
    """Mirrors the border without repeating the edge pixel.

    On CPUs it copies whole pixels, by their places. TensorFlow's MirrorPad, which computes the place of each single
    number, takes about ten times as long.

    Args:
      x: tensor [batch, height, width, channels]; height and width greater than `size`.
      size: int, rows and columns added on each side.

    Returns:
      Tensor [batch, height + 2 size, width + 2 size, channels].
    """
    if has_gpu_driver():
        return tf.pad(x, _paddings(size), mode="REFLECT")
    _, height, width, _ = tf.unstack(tf.shape(x))
    count = height * width
    places = tf.reshape(tf.range(count), [height, width])
    pixels, padded = tf.reshape(x, [-1, count, x.shape[3]]), tf.pad(places, _paddings(size)[1:3], mode="REFLECT")
    with with_gradients("GatherV2", _gradients):
        y = tf.raw_ops.GatherV2(params=pixels, indices=padded, axis=1)  # [batch, rows, columns, channels]
    y.set_shape([x.shape[0], *[side and side + 2 * size for side in x.shape[1:3]], x.shape[3]])
    return y


@scope("zero_pad")
def zero_pad(x: tf.Tensor, size: int) -> tf.Tensor:
    """Adds `size` rows and columns of zeros on each side of x [batch, height, width, channels].

    With oneDNN, TensorFlow makes one op of a convolution and the Pad before it, else of it and its bias, by what else
    needs the pad: bfloat16 is rounded otherwise then. A PadV2 it leaves alone, so that a layer has the same bits
    wherever it is computed.
    """
    return tf.pad(x, _paddings(size), constant_values=tf.zeros([], x.dtype))


def is_pad(op: tf.Operation) -> bool:
    """Whether a function of this file made an op as the last of its own, on CPUs; its first input is then the image."""
    return op.type == "PadV2" or _is_reflect_pad(op.node_def)


def with_mirror_pads(graph_def: tf.GraphDef, result: str) -> tf.GraphDef:
    """The ops that lead to a result, with MirrorPad, which other programs know, where `reflect_pad` copies pixels.

    Args:
      graph_def: ops and constants, these among them.
      result: name of an op.
    """
    other = tf.GraphDef()
    other.CopyFrom(graph_def)
    nodes = {node.name: node for node in other.node}
    for node in filter(_is_reflect_pad, other.node):
        pixels, places = (nodes[name] for name in node.input[:2])
        paddings = nodes[places.input[1]]
        value = np.pad(tf.make_ndarray(paddings.attr["value"].tensor), [(1, 1), (0, 0)])  # for four axes
        paddings.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
        pad = tf.NodeDef(name=node.name, op="MirrorPad", input=[pixels.input[0], paddings.name])
        pad.attr["T"].CopyFrom(node.attr["Tparams"])
        pad.attr["Tpaddings"].CopyFrom(places.attr["Tpaddings"])
        pad.attr["mode"].CopyFrom(places.attr["mode"])
        node.CopyFrom(pad)
    return tf.graph_util.extract_sub_graph(other, [result])


def _is_reflect_pad(node):
    return has_gradients(node, _gradients)


def _gradients(op, dy):
    pixels, places, _ = op.inputs
    size = int(tf.get_static_value(places.op.inputs[1])[0, 0])
    dx = tf.raw_ops.MirrorPadGrad(input=dy, paddings=_paddings(size), mode="REFLECT")
    return tf.reshape(dx, tf.shape(pixels)), None, None


def _paddings(size):
    return [(0, 0), (size, size), (size, size), (0, 0)]
