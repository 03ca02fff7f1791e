"""Draws are a function of seed, scope and step."""

import numpy as np
import pytest

from base.graph_mode import tf
from ops.random import normal, uniform


def draw(function, seed=0, scope="a", step=0):
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(seed)
        with tf.name_scope(scope):
            return session.run(function([10000], tf.constant(step)))


@pytest.mark.parametrize("function", [normal, uniform])
def test_same_seed_scope_and_step_give_the_same_draws(function):
    np.testing.assert_array_equal(draw(function), draw(function))


@pytest.mark.parametrize("function", [normal, uniform])
@pytest.mark.parametrize("other", [{"seed": 1}, {"scope": "b"}, {"step": 1}])
def test_another_seed_scope_or_step_gives_others(function, other):
    assert (draw(function) != draw(function, **other)).mean() > 0.99


def test_graph_without_a_seed_draws_as_with_seed_0():
    with tf.Graph().as_default(), tf.Session() as session, tf.name_scope("a"):
        np.testing.assert_array_equal(session.run(uniform([10000], tf.constant(0))), draw(uniform))


def test_uniform_fills_0_to_1():
    values = draw(uniform)
    assert values.dtype == np.float32 and 0 <= values.min() < 0.001 and 0.999 < values.max() < 1
    assert values.mean() == pytest.approx(0.5, abs=0.01)


def test_normal_has_mean_0_and_variance_1():
    values = draw(normal)
    assert values.dtype == np.float32
    assert (values.mean(), values.var()) == (pytest.approx(0, abs=0.03), pytest.approx(1, abs=0.05))


@pytest.mark.parametrize("function", [normal, uniform])
def test_what_is_compiled_around_them_does_not_change_the_draws(function):
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(0)
        shift, step = (tf.placeholder(dtype, []) for dtype in (tf.float32, tf.int64))
        with tf.xla.experimental.jit_scope():
            with tf.name_scope("a"):
                draws = function([10000], step)
            shifted = tf.exp(shift) * (draws + tf.tanh(shift))
        metadata, options = tf.RunMetadata(), tf.RunOptions(output_partition_graphs=True)
        found = session.run(shifted, {shift: 0.0, step: 0}, options, metadata)
    assert "_XlaRun" in {node.op for graph in metadata.partition_graphs for node in graph.node}
    np.testing.assert_array_equal(found, draw(function))
