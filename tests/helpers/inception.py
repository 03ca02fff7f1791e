"""Small networks with the nodes of the Inception files that people have."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from base.graph_mode import tf


def write_inception(file: Path, kind: str) -> None:
    """Writes a GraphDef whose `pool_3` is 5 numbers of an image, the means of quadratic functions of its colours.

    Args:
      file: path of the file.
      kind: name of the node that is fed: "ExpandDims", of levels of any size, or "Mul", of values at 299 px.
    """
    weights = np.random.RandomState(0).standard_normal([1, 1, 3, 5]).astype(np.float32)
    with tf.Graph().as_default() as graph:
        levels = tf.placeholder(tf.float32, [None, None, 3], "levels")
        with tf.name_scope(""):
            x = tf.expand_dims(levels, 0, name="ExpandDims")
        if kind == "ExpandDims":
            x = tf.image.resize_bilinear(x, [299, 299])
            x = (x - 128.0) / 128.0
        else:
            x = tf.identity(tf.reshape(x, [1, 299, 299, 3]), name="Mul")
        y = tf.square(tf.nn.conv2d(x, weights, 1, "VALID"))
        tf.reduce_mean(y, [1, 2], keepdims=True, name="pool_3")
        graph_def = graph.as_graph_def()
    if kind == "Mul":
        for node in graph_def.node:  # only one of the two names may be there
            node.name = node.name.replace("ExpandDims", "Expanded")
            node.input[:] = [name.replace("ExpandDims", "Expanded") for name in node.input]
    file.write_bytes(graph_def.SerializeToString())


def expected_features(values: np.ndarray) -> np.ndarray:
    """What they give for values [299, 299, 3] in [-1, 1]."""
    weights = np.random.RandomState(0).standard_normal([1, 1, 3, 5]).astype(np.float32)[0, 0]
    return np.square(values @ weights).mean(axis=(0, 1))
