"""How far networks look, beside which pixels really change the result."""

import numpy as np
import pytest

from base.errors import UsageError
from base.graph_mode import tf
from inference.reach import Geometry, Reach
from ops import padding
from ops.blocks import resize_conv2d
from ops.conv import conv2d, conv2d_transpose
from ops.padding import reflect_pad

SIDE = 32  # pixels of the image, all of one row


def down_and_up(x):
    return conv2d_transpose(conv2d(x, 2, 3, stride=2, padding=1), 2, 3)


NETWORKS = {
    "pointwise": lambda x: tf.stack(tf.unstack(tf.nn.tanh(2 * x), axis=-1), axis=-1),
    "convolution": lambda x: conv2d(reflect_pad(x, 3), 2, 7),
    "stride": lambda x: conv2d(conv2d(x, 2, 3, stride=2, padding=1), 2, 3, stride=2, padding=1),
    "transposed": down_and_up,
    "transposed of 4": lambda x: conv2d_transpose(conv2d(x, 2, 4, stride=2, padding=1), 2, 4),
    "resize": lambda x: resize_conv2d(conv2d(x, 2, 3, stride=2, padding=1), 2),
    "skip": lambda x: tf.concat([conv2d(down_and_up(x), 2, 5, padding=2), x], axis=-1),
}


@pytest.fixture(autouse=True)
def _mirror_pads(monkeypatch):
    """As in a network that has been cut out of its run."""
    monkeypatch.setattr(padding, "has_gpu_driver", lambda: True)


def build(network):
    """The graph of a network of one image, the image's placeholder, and the result."""
    with tf.Graph().as_default() as graph, tf.variable_scope("net", initializer=tf.ones_initializer()):
        x = tf.placeholder(tf.float32, [1, SIDE, SIDE, 2])
        return graph, x, network(x)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_reach_is_that_of_the_pixels_that_change_the_result(name):
    graph, x, y = build(NETWORKS[name])
    geometry = Geometry(graph, x.name)
    scale = geometry.scales[y.name]
    assert scale == SIDE / y.shape[1]
    found = []
    with graph.as_default(), tf.Session() as session:
        for pixel in range(int(8 // scale), int(24 // scale)):
            (gradient,) = tf.gradients(y[:, pixel, pixel], x)
            session.run(tf.global_variables_initializer())
            rows = np.flatnonzero(session.run(gradient, {x: np.ones(x.shape)})[0].any(axis=(1, 2)))
            found.append((scale * pixel - rows[0], rows[-1] - scale * pixel))
    assert geometry.reach([x.name], y.name) == Reach(*np.max(found, axis=0))


def test_reach_from_a_tensor_between_is_what_lies_behind_it():
    graph, x, y = build(lambda x: conv2d(tf.identity(conv2d(x, 2, 7, padding=3), name="between"), 2, 3, padding=1))
    assert Geometry(graph, x.name).reach(["net/between:0", x.name], y.name) == Reach(1.0, 1.0)


@pytest.mark.parametrize(
    "network", [lambda x: x - tf.reduce_mean(x, [1, 2], keepdims=True), lambda x: tf.transpose(x, [0, 2, 1, 3])[:, :9]]
)
def test_op_that_may_look_at_the_whole_image_is_named(network):
    graph, x, _ = build(network)
    with pytest.raises(UsageError, match=r"cannot be cut into tiles: \S+ \(\w+\) may look at the whole image"):
        Geometry(graph, x.name)
