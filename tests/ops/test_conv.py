"""Convolutions and the dense layer against NumPy."""

import numpy as np
import pytest

from base.graph_mode import tf
from ops.conv import conv2d, conv2d_transpose, conv2d_transpose_valid, dense
from tests.helpers.arrays import convolve


def run(session, y, feed=None):
    session.run(tf.global_variables_initializer())
    weights = {v.op.name.split("/")[-1]: session.run(v) for v in tf.trainable_variables()}
    return session.run(y, feed), weights


@pytest.mark.parametrize(
    "kernel, stride, padding, size",
    [(3, 2, 1, 8), (3, 2, 1, 7), (4, 2, 1, 8), (4, 2, 1, 9), (4, 1, 1, 6), (7, 1, 0, 9)],
)
def test_conv2d_pads_symmetrically_and_strides_as_the_reference(session, kernel, stride, padding, size):
    x = np.random.RandomState(0).randn(2, size, size + 3, 3).astype("f")
    y, weights = run(session, conv2d(tf.constant(x), 5, kernel, stride, padding))
    np.testing.assert_allclose(y, convolve(x, weights["kernel"], stride, padding), atol=1e-5)


@pytest.mark.parametrize("kernel", [3, 4])
def test_transposed_convolution_keeps_rows_1_to_2n_of_the_full_result(session, kernel):
    x = np.random.RandomState(0).randn(1, 5, 4, 2).astype("f")
    y, weights = run(session, conv2d_transpose(tf.constant(x), 3, kernel))
    full = np.zeros([1, 2 * 5 + kernel - 2, 2 * 4 + kernel - 2, 3])
    for i in range(5):
        for j in range(4):
            full[0, 2 * i : 2 * i + kernel, 2 * j : 2 * j + kernel] += weights["kernel"] @ x[0, i, j]
    np.testing.assert_allclose(y, full[:, 1:11, 1:9], atol=1e-5)


def test_bias_is_added_where_asked_and_starts_at_zero(session):
    conv2d(tf.ones([1, 3, 3, 1]), 2, 3, name="with_bias")
    conv2d(tf.ones([1, 3, 3, 1]), 2, 3, bias=False, name="without")
    _, weights = run(session, tf.no_op())
    assert [v.op.name for v in tf.trainable_variables()] == ["with_bias/kernel", "with_bias/bias", "without/kernel"]
    assert not weights["bias"].any()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_transposed_convolution_doubles_unknown_sizes_in_any_dtype(session, dtype):
    x = tf.placeholder(dtype, [None, None, None, 2])
    y = conv2d_transpose(x, 3, 3)
    values, _ = run(session, [y, tf.gradients(y, x)], {x: np.ones([1, 5, 5, 2])})
    assert values[0].shape == (1, 10, 10, 3) and y.dtype == dtype and values[1][0].shape == (1, 5, 5, 2)


def test_transposed_convolution_grows_a_pixel_to_a_window(session):
    x = np.random.RandomState(0).randn(2, 1, 1, 5).astype("f")
    y, weights = run(session, conv2d_transpose_valid(tf.constant(x), 3, 4))
    np.testing.assert_allclose(y, np.einsum("nc,ijoc->nijo", x[:, 0, 0], weights["kernel"]), atol=1e-5)


def test_dense_is_a_matrix_product_and_a_bias(session):
    x = np.random.RandomState(0).randn(2, 5).astype("f")
    y, weights = run(session, dense(tf.constant(x), 3))
    np.testing.assert_allclose(y, x @ weights["kernel"] + weights["bias"], atol=1e-5)
    assert weights["kernel"].shape == (5, 3) and weights["bias"].shape == (3,)


def test_convolutions_compute_in_the_dtype_of_their_input_from_float32_weights(session):
    y = conv2d(tf.ones([1, 4, 4, 2], tf.bfloat16), 3, 3, padding=1)
    assert y.dtype == tf.bfloat16 and {v.dtype.base_dtype for v in tf.trainable_variables()} == {tf.float32}
