"""What is computed again for gradients: the same bits, and not kept meanwhile."""

import numpy as np
import pytest

from base.graph_mode import tf
from ops import again
from ops.activations import leaky_relu, relu
from ops.again import computed_again
from ops.conv import conv2d, conv2d_transpose
from ops.norm import affine_instance_norm, instance_norm, running_batch_norm
from ops.padding import reflect_pad, zero_pad

RANDOM = np.random.RandomState(0)
NORMS = {
    "instance": instance_norm,
    "affine instance": affine_instance_norm,
    "running batch": lambda x: running_batch_norm(x, training=True),
}
CONVOLUTIONS = {
    "reflection": lambda x: conv2d(reflect_pad(x, 1), 4, 3),
    "zeros": lambda x: conv2d(x, 4, 4, stride=2, padding=1),
    "no pad": lambda x: conv2d(x, 4, 1),
    "transposed": lambda x: conv2d_transpose(x, 4, 3),
}


@pytest.fixture(autouse=True)
def _everything_is_large(monkeypatch):
    monkeypatch.setattr(again, "LARGE", 0)


def uses_in_gradients(tensor):
    """Types of the ops in gradients that a tensor is given to, but for those that only ask for its shape."""
    return {op.type for op in tensor.consumers() if "gradients" in op.name} - {"Shape"}


@pytest.mark.parametrize("convolution", CONVOLUTIONS)
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("activation", [relu, leaky_relu])
@pytest.mark.parametrize(
    "batch, dtype, known",
    [(1, "float32", True), (2, "float32", False), (1, "bfloat16", False), (2, "bfloat16", True)],
)
def test_gradients_have_the_same_bits(session, monkeypatch, convolution, norm, activation, batch, dtype, known):
    def gradients():
        with tf.variable_scope("network", reuse=tf.AUTO_REUSE):
            activated = activation(NORMS[norm](conv2d(x, 6, 3, padding=1)))
            y = CONVOLUTIONS[convolution](activated)
        return activated, tf.gradients(y**2, [image, *tf.trainable_variables()])

    image = tf.constant(RANDOM.randn(batch, 8, 6, 5), tf.float32)
    x = tf.cast(tf.placeholder_with_default(image, image.shape if known else [batch, None, None, 5]), dtype)
    activated, found = gradients()
    monkeypatch.setattr(again, "NORM", "none")
    kept, expected = gradients()
    session.run(tf.global_variables_initializer())
    for one, other in zip(*session.run([found, expected]), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not uses_in_gradients(activated) and {"ReluGrad", "LeakyReluGrad"} & uses_in_gradients(kept)


def test_small_results_and_those_of_a_norm_in_use_are_kept(session, monkeypatch):
    x = tf.zeros([1, 8, 8, 4])
    after = tf.constant(0.0)
    assert computed_again(x, after) is x
    in_use = relu(running_batch_norm(x, training=False))
    assert computed_again(in_use, after) is in_use
    monkeypatch.setattr(again, "LARGE", 8 * 8 * 4 * 4)
    small = relu(instance_norm(x))
    assert computed_again(small, after) is small
    monkeypatch.setattr(again, "LARGE", 8 * 8 * 4 * 4 - 1)
    assert computed_again(small, after) is not small


@pytest.mark.parametrize("convolution", [lambda x: conv2d(x, 4, 3), lambda x: conv2d_transpose(x, 4, 3)])
def test_rounded_weights_are_not_kept(session, convolution):
    x = tf.zeros([1, 8, 6, 5], tf.bfloat16)
    y = convolution(x)
    casts = [op.outputs[0] for op in tf.get_default_graph().get_operations() if op.type == "Cast"]
    (rounded,) = [tensor for tensor in casts if len(tensor.shape) == 4]
    tf.gradients(y, x)
    assert rounded.dtype == tf.bfloat16 and not uses_in_gradients(rounded)


def test_two_convolutions_share_what_is_computed_again(session):
    x = tf.constant(RANDOM.randn(1, 8, 6, 5), tf.float32)
    activated = relu(instance_norm(x))
    y = conv2d(reflect_pad(activated, 1), 4, 3) + conv2d(zero_pad(activated, 1), 4, 3)
    tf.gradients(y, [x, *tf.trainable_variables()])
    norms = [op for op in tf.get_default_graph().get_operations() if op.type == again.NORM]
    assert len(norms) == 2


def test_gradients_of_gradients_are_the_same(session, monkeypatch):
    """As the gradient penalty takes them."""

    def penalty_gradients():
        with tf.variable_scope("network", reuse=tf.AUTO_REUSE):
            y = conv2d(leaky_relu(instance_norm(conv2d(x, 6, 4, stride=2, padding=1))), 1, 4, padding=1)
        (slope,) = tf.gradients(y, x)
        return tf.gradients((tf.norm(slope) - 1) ** 2, tf.trainable_variables()[:1])

    x = tf.constant(RANDOM.randn(1, 16, 16, 5), tf.float32)
    found = penalty_gradients()
    monkeypatch.setattr(again, "LARGE", 2**40)
    expected = penalty_gradients()
    session.run(tf.global_variables_initializer())
    (one,), (other,) = session.run([found, expected])
    assert np.abs(other).max() > 0
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-6 * np.abs(other).max())
