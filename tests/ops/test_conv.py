"""Convolutions against loops over NumPy arrays."""

import numpy as np
import pytest

from ops.blocks import res_block, resize_conv2d
from ops.conv import conv2d, conv2d_transpose, conv2d_transpose_valid, dense
from ops.padding import reflect_pad
from training.tensorflow_setup import tf


def run(session, y, feed=None):
    session.run(tf.global_variables_initializer())
    weights = {v.op.name.split("/")[-1]: session.run(v) for v in tf.trainable_variables()}
    return session.run(y, feed), weights


def numpy_conv(x, kernel, stride, padding):
    size = kernel.shape[0]
    x = np.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)])
    rows, columns = [(side - size) // stride + 1 for side in x.shape[1:3]]
    y = np.zeros([x.shape[0], rows, columns, kernel.shape[-1]])
    for i in range(rows):
        for j in range(columns):
            window = x[:, i * stride : i * stride + size, j * stride : j * stride + size]
            y[:, i, j] = np.tensordot(window, kernel, axes=3)
    return y


@pytest.mark.parametrize("kernel, stride, padding, size", [(3, 2, 1, 8), (3, 2, 1, 7), (4, 2, 1, 8), (4, 2, 1, 9), (4, 1, 1, 6), (7, 1, 0, 9)])
def test_conv2d_pads_symmetrically_and_strides_as_the_reference(session, kernel, stride, padding, size):
    x = np.random.RandomState(0).randn(2, size, size + 3, 3).astype("f")
    y, weights = run(session, conv2d(tf.constant(x), 5, kernel, stride, padding))
    np.testing.assert_allclose(y, numpy_conv(x, weights["kernel"], stride, padding), atol=1e-5)


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


def test_reflect_pad_mirrors_without_the_edge(session):
    x = np.arange(4, dtype="f").reshape(1, 1, 4, 1).repeat(3, 1)
    y = session.run(reflect_pad(tf.constant(x), 2))
    assert y[0, 0, :, 0].tolist() == [2, 1, 0, 1, 2, 3, 2, 1]


def test_res_block_adds_its_input_and_drops_out_only_where_asked(session):
    x = tf.random.stateless_normal([1, 6, 6, 4], [1, 2])
    difference = res_block(x) - x
    values, _ = run(session, [difference, res_block(x, dropout_rate=0.5, step=tf.constant(0))])
    np.testing.assert_allclose(values[0].mean((1, 2)), 0, atol=1e-5)  # the last op of the branch is an instance norm
    assert "dropout" in "".join(op.name for op in tf.get_default_graph().get_operations() if op.name.startswith("res_block_1"))


@pytest.mark.parametrize("op, size", [(conv2d_transpose, 10), (resize_conv2d, 10)])
@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16])
def test_upsampling_doubles_unknown_sizes_in_any_dtype(session, op, size, dtype):
    x = tf.placeholder(dtype, [None, None, None, 2])
    y = op(x, 3, 3)
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
