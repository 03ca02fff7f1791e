"""The Darknet classifier against its table, and its layer against NumPy."""

import numpy as np
import pytest

from base.graph_mode import tf
from modules import classifiers
from modules.classifiers import conv_layer, darknet
from tests.helpers.arrays import convolve, leaky, normalized
from tests.helpers.graphs import kernels, operations, variable_names


@pytest.fixture(scope="module")
def whole():
    """The graph of a training Darknet for ten classes, and its logits."""
    with tf.Graph().as_default() as graph:
        return graph, darknet(tf.zeros([2, 32, 32, 3]), 10, training=True)[0]


def test_network_is_that_of_the_table(whole):
    graph, logits = whole
    widths, counts, sides = (64, 128, 256, 512, 1024), (1, 2, 4, 6, 3), (16, 16, 8, 4, 2)
    expected, outputs = [(3, 3, 3, 32)], []
    for channels, layers, side in zip(widths, counts, sides):
        half = channels // 2
        expected += [(3, 3, half, channels)] + [(1, 1, channels, half), (3, 3, half, channels)] * layers
        outputs += [[2, side, side, channels]] * layers
    with graph.as_default():
        assert kernels() == [*expected, (1024, 10)]
        sums = [op.outputs[0].shape.as_list() for op in operations("AddV2") if op.name.startswith("darknet/apply")]
        assert sums == outputs
        assert logits.shape == [2, 10] and logits.dtype == tf.float32
        assert variable_names("/bias") == ["darknet/dense/bias"]


def test_every_convolution_has_a_norm_with_running_statistics(whole):
    with whole[0].as_default():
        assert len([v for v in tf.global_variables() if v.op.name.endswith("/variance")]) == 38  # 1 + 5 + 2 * 16
        assert len(tf.get_collection(tf.GraphKeys.UPDATE_OPS)) == 2 * 38


@pytest.mark.parametrize("kernel, stride, training", [(3, 1, False), (1, 1, False), (3, 2, False), (3, 2, True)])
def test_layer_is_convolution_norm_and_a_leaky_relu_of_slope_a_tenth(session, kernel, stride, training):
    x = np.random.RandomState(0).randn(2, 6, 6, 3).astype("f")
    y = conv_layer(tf.constant(x), 5, kernel, stride, training)
    session.run(tf.global_variables_initializer())
    weights = session.run(tf.trainable_variables()[0])
    convolved = convolve(x, weights, stride, kernel // 2)
    expected = leaky(normalized(convolved, (0, 1, 2)) if training else convolved / np.sqrt(1 + 1e-5), 0.1)
    assert y.shape[1:3] == [6 // stride, 6 // stride]
    np.testing.assert_allclose(session.run(y), expected, atol=1e-5)


def test_computation_is_in_the_asked_dtype_from_float32_weights(session, monkeypatch):
    monkeypatch.setattr(classifiers, "LAYERS", (1,))
    logits, _ = darknet(tf.zeros([2, 32, 32, 3]), 10, width=2, training=True, dtype="bfloat16")
    convolutions = operations("Conv2D")
    assert len(convolutions) == 4 and {op.outputs[0].dtype for op in convolutions} == {tf.bfloat16}
    assert {v.dtype.base_dtype for v in tf.trainable_variables()} == {tf.float32} == {logits.dtype}
