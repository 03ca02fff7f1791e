"""The residual block and the resize-convolution."""

import numpy as np
import pytest

from base.graph_mode import tf
from ops.blocks import res_block, resize_conv2d
from ops.norm import Norm, no_norm
from ops.padding import reflect_pad
from tests.helpers.arrays import convolve
from tests.helpers.graphs import operations, variable_names


def run(session, y, feed=None):
    session.run(tf.global_variables_initializer())
    return session.run(y, feed)


def mirrored(x):
    return np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="reflect")


def test_res_block_is_two_mirrored_convolutions_around_a_skip(session):
    x = np.random.RandomState(0).randn(2, 5, 6, 3).astype("f")
    y = run(session, res_block(tf.constant(x), norm=no_norm, name="block"))
    kernel1, bias1, kernel2, bias2 = session.run(tf.trainable_variables("block/"))
    inner = np.maximum(convolve(mirrored(x), kernel1) + bias1, 0)
    np.testing.assert_allclose(y, x + convolve(mirrored(inner), kernel2) + bias2, atol=1e-5)


def test_last_op_of_the_branch_is_the_norm(session):
    x = tf.random.stateless_normal([1, 6, 6, 4], [1, 2])
    np.testing.assert_allclose(run(session, res_block(x) - x).mean((1, 2)), 0, atol=1e-5)


@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_res_block_drops_out_only_where_asked(session, rate):
    res_block(tf.ones([1, 6, 6, 4]), dropout_rate=rate, step=tf.constant(0))
    assert any("/dropout/" in op.name for op in operations()) == bool(rate)


@pytest.mark.parametrize("has_offset", [False, True])
def test_norm_of_ones_own_decides_whether_there_are_biases(session, has_offset):
    halved = Norm(lambda x, name=None: 0.5 * x, has_offset)
    x = np.random.RandomState(0).randn(1, 4, 4, 2).astype("f")
    y = run(session, res_block(tf.constant(x), norm=halved))
    assert variable_names("/bias") == ([] if has_offset else ["res_block/conv1/bias", "res_block/conv2/bias"])
    first, second = (session.run(v) for v in tf.trainable_variables() if v.op.name.endswith("/kernel"))
    branch = 0.5 * convolve(mirrored(np.maximum(0.5 * convolve(mirrored(x), first), 0)), second)
    np.testing.assert_allclose(y, x + branch, atol=1e-5)


def test_resize_conv2d_copies_each_pixel_four_times_then_convolves(session):
    x = np.random.RandomState(0).randn(1, 3, 4, 2).astype("f")
    y = run(session, resize_conv2d(tf.constant(x), 5))
    kernel, _ = session.run(tf.trainable_variables())
    np.testing.assert_allclose(y, convolve(mirrored(x.repeat(2, 1).repeat(2, 2)), kernel), atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_resize_conv2d_doubles_unknown_sizes_in_any_dtype(session, dtype):
    x = tf.placeholder(dtype, [None, None, None, 2])
    y = resize_conv2d(x, 3, 3)
    value, gradient = run(session, [y, tf.gradients(y, x)[0]], {x: np.ones([1, 5, 5, 2])})
    assert value.shape == (1, 10, 10, 3) and y.dtype == dtype and gradient.shape == (1, 5, 5, 2)


def test_resize_conv2d_has_a_bias_only_where_asked(session):
    resize_conv2d(tf.ones([1, 4, 4, 2]), 3, bias=False)
    assert not variable_names("/bias") and reflect_pad(tf.ones([1, 2, 2, 1]), 1).shape == [1, 4, 4, 1]
