"""Activations and dropout."""

import numpy as np
import pytest

from base.graph_mode import tf
from ops.activations import dropout, leaky_relu, relu

VALUES = [-2.0, -0.5, 0.0, 3.0]


def test_relu_is_0_below_0(session):
    assert session.run(relu(tf.constant(VALUES))).tolist() == [0, 0, 0, 3]


@pytest.mark.parametrize("leak", [0.2, 0.5, 1.0])
def test_leak_is_the_slope_below_0(session, leak):
    found = session.run(leaky_relu(tf.constant(VALUES), leak))
    np.testing.assert_allclose(found, [-2 * leak, -0.5 * leak, 0, 3], rtol=1e-6)


def test_leak_is_a_fifth_unless_said_otherwise(session):
    assert session.run(leaky_relu(tf.constant([-1.0, 2.0]))).tolist() == pytest.approx([-0.2, 2.0])


def test_dropout_is_a_function_of_step_and_scope(session):
    step = tf.placeholder(tf.int64, [])
    a, b = dropout(tf.ones([1000]), 0.5, step), dropout(tf.ones([1000]), 0.5, step)
    first, again, later = (session.run([a, b], {step: s}) for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first[0] != first[1]).any() and (first[0] != later[0]).any()


@pytest.mark.parametrize("rate", [0.5, 0.2])
def test_dropout_sets_a_share_to_0_and_keeps_the_mean(session, rate):
    values = session.run(dropout(tf.ones([10000]), rate, tf.constant(0)))
    assert set(values) == {0, np.float32(1 / (1 - rate))}
    assert np.mean(values == 0) == pytest.approx(rate, abs=0.02)


@pytest.mark.parametrize("op", [relu, leaky_relu, lambda x: dropout(x, 0.5, tf.constant(0))])
def test_dtype_of_the_input_is_kept(session, op):
    assert op(tf.ones([2, 3], tf.bfloat16)).dtype == tf.bfloat16
