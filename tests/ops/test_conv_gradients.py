"""Gradients of convolutions by other convolutions, beside those of TensorFlow's kernels."""

import numpy as np
import pytest

from base.graph_mode import tf
from ops import conv_gradients
from ops.conv import conv2d
from ops.conv_gradients import own_gradients
from ops.padding import reflect_pad, zero_pad

RANDOM = np.random.RandomState(0)
# size of the result, channels, filters, kernel, stride; and what that is an example of
SIZES = [
    pytest.param((9, 7), 6, 3, 7, 1, id="few filters"),
    pytest.param((9, 7), 6, 8, 5, 1, id="many weights"),
    pytest.param((9, 7), 6, 5, 3, 1, id="neither"),
    pytest.param((8, 9), 5, 6, 4, 2, id="a stride"),
    pytest.param((8, 9), 5, 6, 1, 1, id="single pixels"),
]


@pytest.fixture(autouse=True)
def arranged(monkeypatch, request):
    """How the gradients are computed, whatever this machine is."""
    arrangement = getattr(request, "param", "convolutions")
    monkeypatch.setattr(conv_gradients, "arrangement", lambda: arrangement)
    monkeypatch.setattr(conv_gradients, "MANY_WEIGHTS", 1000)  # that no test needs more
    return arrangement


def few_numbers(*shape):
    """Of -1, 0 and 1: sums of products of these are exact in bfloat16, too."""
    return RANDOM.randint(-1, 2, shape).astype(float)


def names_of_ops():
    return [op.type for op in tf.get_default_graph().get_operations()]


@pytest.mark.parametrize(
    "arranged, dtype",
    [("convolutions", tf.float64), ("last", tf.bfloat16), ("tensorflow", tf.float32)],
    indirect=["arranged"],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
@pytest.mark.parametrize("known", [True, False], ids=["known sizes", "unknown sizes"])
@pytest.mark.parametrize("size, channels, filters, kernel, stride", SIZES)
def test_gradients_are_those_of_tensorflow(session, arranged, dtype, size, channels, filters, kernel, stride, known):
    weights = tf.cast(few_numbers(kernel, kernel, channels, filters), dtype)
    image = tf.cast(few_numbers(2, *[(side - 1) * stride + kernel for side in size], channels), dtype)
    x = tf.placeholder_with_default(image, image.shape if known else [2, None, None, channels])
    dy = tf.cast(few_numbers(2, *size, filters), dtype)
    usual = tf.gradients(tf.nn.conv2d(x, weights, stride, "VALID"), [x, weights], dy)
    with own_gradients():
        own = tf.gradients(tf.nn.conv2d(x, weights, stride, "VALID"), [x, weights], dy)
    assert own[1].shape == weights.shape and own[0].shape.is_compatible_with(x.shape) and own[0].shape[-1] == channels
    for expected, found in zip(*session.run([usual, own]), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("arranged", ["convolutions", "last", "tensorflow"], indirect=True)
@pytest.mark.parametrize("pad", [reflect_pad, zero_pad])
def test_a_padded_image_is_not_kept(session, arranged, pad):
    x = tf.cast(few_numbers(2, 9, 7, 6), tf.bfloat16)
    weights = tf.cast(few_numbers(3, 3, 6, 8), tf.bfloat16)
    padded = pad(x, 1)
    with own_gradients():
        y = tf.nn.conv2d(padded, weights, 1, "VALID")
    found = tf.gradients(y, [x, weights])
    assert {op.type for op in padded.consumers()} == {"Conv2D"}
    expected = tf.gradients(tf.nn.conv2d(padded, weights, 1, "VALID"), [x, weights])
    for one, other in zip(*session.run([found, expected]), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("size, channels, filters, kernel, stride", SIZES)
def test_their_own_gradients_are_those_of_tensorflow(session, size, channels, filters, kernel, stride):
    weights = tf.constant(RANDOM.randn(kernel, kernel, channels, filters))
    x = tf.constant(RANDOM.randn(2, *[(side - 1) * stride + kernel for side in size], channels))

    def penalty_gradient():
        slope = tf.gradients(tf.reduce_sum(tf.nn.conv2d(x, weights, stride, "VALID") ** 3), x)[0]
        return tf.gradients(tf.reduce_sum(slope**2), weights)[0]

    usual = penalty_gradient()
    with own_gradients():
        own = penalty_gradient()
    expected, found = session.run([usual, own])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


def test_the_last_layer_of_a_generator_unfolds_no_image(session):
    x = tf.zeros([1, 14, 14, 8])
    tf.gradients(conv2d(x, 3, 7), [x, *tf.trainable_variables()])
    assert not {"Conv2DBackpropInput", "Conv2DBackpropFilter"} & set(names_of_ops())


def test_half_floats_and_other_machines_keep_the_gradients_of_tensorflow(session, monkeypatch):
    def gradient(dtype):
        x = tf.zeros([1, 14, 14, 8], dtype)
        tf.gradients(conv2d(x, 3, 7), x)
        return names_of_ops().count("Conv2DBackpropInput")

    assert gradient(tf.bfloat16) == 1
    monkeypatch.setattr(conv_gradients, "arrangement", lambda: "last")
    assert gradient(tf.float32) == 2
    monkeypatch.setattr(conv_gradients, "arrangement", lambda: "tensorflow")
    assert gradient(tf.float32) == 3
