"""Norms against NumPy."""

import numpy as np
import pytest

from base.graph_mode import tf
from ops.norm import (
    NORMS,
    SCALED_NORMS,
    affine_instance_norm,
    batch_norm,
    find_norm,
    instance_norm,
    layer_norm,
    no_norm,
    norm,
    running_batch_norm,
)
from tests.helpers.arrays import normalized
from tests.helpers.graphs import variable_names


@pytest.fixture
def x():
    return 3 + 2 * np.random.RandomState(0).randn(3, 5, 4, 6).astype("f")


@pytest.mark.parametrize("batch", [1, 3])
def test_instance_norm_normalises_every_channel_of_every_image(session, x, batch):
    y = session.run(instance_norm(tf.constant(x[:batch])))
    np.testing.assert_allclose(y, normalized(x[:batch], (1, 2)), atol=1e-5)


def test_batch_norm_normalises_over_the_batch_and_scales_around_one(session, x):
    y = batch_norm(tf.constant(x))
    session.run(tf.global_variables_initializer())
    scale, offset = session.run(tf.trainable_variables())
    np.testing.assert_allclose(session.run(y), normalized(x, (0, 1, 2)) * scale + offset, atol=1e-5)
    assert abs(scale.mean() - 1) < 0.05 and not offset.any()


def test_affine_instance_norm_learns_scale_and_offset(session, x):
    y = affine_instance_norm(tf.constant(x))
    session.run(tf.global_variables_initializer())
    scale, offset = tf.trainable_variables()
    session.run([scale.assign(np.arange(6.0)), offset.assign(np.ones(6))])
    np.testing.assert_allclose(session.run(y), normalized(x, (1, 2)) * np.arange(6) + 1, atol=2e-5)


def test_statistics_of_bfloat16_are_float32(session):
    x = (100 + np.random.RandomState(0).randn(1, 32, 32, 2)).astype("f")
    as_bfloat16 = tf.cast(tf.constant(x), tf.bfloat16)
    y, truth = session.run([tf.cast(instance_norm(as_bfloat16), tf.float32), tf.cast(as_bfloat16, tf.float32)])
    np.testing.assert_allclose(y, normalized(truth, (1, 2)), atol=0.02)


def test_layer_norm_normalises_every_image_as_a_whole(session, x):
    y = layer_norm(tf.constant(x * np.arange(1, 4)[:, None, None, None]))
    session.run(tf.global_variables_initializer())
    scale, offset = session.run(tf.trainable_variables())
    np.testing.assert_allclose(session.run(y), normalized(x, (1, 2, 3)) * scale + offset, atol=1e-5)


def test_running_statistics_take_a_share_of_each_batch_and_serve_in_use(session, x):
    batch = tf.placeholder(tf.float32, x.shape)
    with tf.variable_scope("net"):
        training = running_batch_norm(batch, training=True, name="norm")
    with tf.variable_scope("net", reuse=True):
        use = running_batch_norm(batch, training=False, name="norm")
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    assert len(updates) == 2
    session.run(tf.global_variables_initializer())
    mean, variance = np.zeros(6), np.ones(6)
    for scale in (1, 2, -1):
        y, _ = session.run([training, updates], {batch: scale * x})
        np.testing.assert_allclose(y, normalized(scale * x, (0, 1, 2)), atol=1e-5)
        mean = 0.99 * mean + 0.01 * (scale * x).mean((0, 1, 2))
        variance = 0.99 * variance + 0.01 * (scale * x).var((0, 1, 2), ddof=1)
    np.testing.assert_allclose(session.run(use, {batch: x}), (x - mean) / np.sqrt(variance + 1e-5), rtol=1e-4)


@pytest.mark.parametrize("name", NORMS)
def test_norm_says_whether_it_learns_an_offset(session, x, name):
    y = NORMS[name](tf.constant(x))
    assert NORMS[name].has_offset == bool(variable_names("/offset")) and y.shape == x.shape


@pytest.mark.parametrize("name", SCALED_NORMS)
def test_learned_scales_start_where_they_are_told_to(session, name):
    scaled = find_norm(name, scale_mean=3.0)
    scaled(tf.ones([1, 2, 2, 1000]), name="norm")
    session.run(tf.global_variables_initializer())
    (scale,) = (session.run(v) for v in tf.trainable_variables() if v.op.name == "norm/scale")
    assert (scale.mean(), scale.std()) == (pytest.approx(3, abs=0.01), pytest.approx(0.02, rel=0.1))
    assert scaled.has_offset


def test_no_norm_gives_back_its_input(session):
    x = tf.ones([1, 2, 2, 1])
    assert no_norm(x) is x and no_norm(x, name="norm") is x


def test_norm_of_ones_own_is_made_by_the_decorator(session):
    @norm(has_offset=True)
    def shifted(x, name=None):
        """Adds one."""
        return tf.add(x, 1.0, name=name)

    assert shifted.has_offset and shifted.__name__ == "shifted" and shifted.__doc__ == "Adds one."
    y = shifted(tf.zeros([2]), name="mine")
    assert session.run(y).tolist() == [1, 1] and y.op.name == "mine"


def test_unknown_norm_is_named_with_those_there_are():
    with pytest.raises(
        ValueError, match="norm is 'group'; it must be one of instance, affine_instance, batch, layer, none"
    ):
        find_norm("group")
