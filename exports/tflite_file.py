"""A frozen network as a TensorFlow Lite file: for phones and small machines, with builtin ops only."""

from __future__ import annotations

from pathlib import Path

from base.graph_mode import tf, without_chatter
from exports.frozen import Frozen

FILE = "model.tflite"
PROGRAM = """\
import tensorflow as tf

interpreter = tf.lite.Interpreter("{file}")  # or that of ai_edge_litert.interpreter, without TensorFlow
source, result = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]


def run(values):  # float32 {shape}
    interpreter.resize_tensor_input(source, values.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(source, values)
    interpreter.invoke()
    return interpreter.get_tensor(result)
"""
NORM = "FusedBatchNormV3"  # has no builtin op for statistics of the batch


def write(frozen: Frozen, folder: Path) -> None:
    """Writes a network.

    Args:
      frozen: the network.
      folder: of the export.
    """
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(_with_plain_norms(frozen.graph_def), name="")
        source, result = (graph.get_tensor_by_name(name) for name in (frozen.source, frozen.result))
    with graph.as_default(), tf.Session() as session, without_chatter():
        converter = tf.lite.TFLiteConverter.from_session(session, [source], [result])
        if frozen.half:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        (folder / FILE).write_bytes(converter.convert())


def program(frozen: Frozen) -> str:
    """Python that loads it from the export's folder, and defines `run`."""
    return PROGRAM.format(file=FILE, shape=frozen.shape_in_words)


def _with_plain_norms(graph_def):
    """The graph with norms by the statistics of the batch written out in means and products."""
    result = tf.GraphDef(versions=graph_def.versions)
    for node in graph_def.node:
        if node.op == NORM and node.attr["is_training"].b:
            result.node.extend(_plain_norm(node))
        else:
            result.node.append(node)
    return result


def _plain_norm(node):
    """The nodes that compute what a norm does; the last has its name."""
    with tf.Graph().as_default() as graph:
        x, scale, offset = (tf.placeholder(tf.float32, name=f"input{index}") for index in range(3))
        x.set_shape([None] * 4)
        centered = x - _mean(x)
        y = centered * tf.rsqrt(_mean(tf.square(centered)) + node.attr["epsilon"].f) * scale
        tf.add(y, offset, name="result")
    names = {f"input{index}": node.input[index] for index in range(3)}
    parts = [part for part in graph.as_graph_def().node if part.name not in names]
    for part in parts:
        inputs = [names.get(name, f"{node.name}/{name}") for name in part.input]
        part.input[:] = inputs
        part.name = node.name if part.name == "result" else f"{node.name}/{part.name}"
    return parts


def _mean(x):
    """Mean over all but the channels, an axis at a time: sums of fewer numbers keep more of their digits."""
    for axis in (2, 1, 0):
        x = tf.reduce_mean(x, axis, keepdims=True)
    return x
