"""Optimizers against their formulas, and the clipping of weights."""

import numpy as np
import pytest

from base.graph_mode import tf
from ops.optimizers import SGD, Adam, RMSProp, clip_weights
from ops.parts import part_done, split_batch
from tests.helpers.graphs import ancestors


def weight(value):
    return tf.get_variable("w", initializer=tf.constant(value))


def train_on(session, loss, optimizer, steps, after=()):
    """Trains the one variable. Returns its values after each step."""
    (variable,) = tf.trainable_variables()
    slots = optimizer.create_slots(variable)
    (move,) = optimizer.apply(tf.gradients(loss, [variable]), [variable], [slots])
    with tf.control_dependencies([move]):
        op = tf.group(*[make() for make in after])
    session.run(tf.global_variables_initializer())
    return [(session.run(op), session.run(variable))[1] for _ in range(steps)]


def test_adam_is_the_papers_algorithm(session):
    w, updates = weight([1.0, -2.0]), tf.get_variable("updates", [], tf.int64, tf.zeros_initializer(), trainable=False)
    adam = Adam(0.1, beta1=0.5, beta2=0.999, updates=updates.read_value(), epsilon=1e-3)
    loss = tf.reduce_sum(tf.square(w) * [1.0, 0.01])
    values = train_on(session, loss, adam, 5, after=[lambda: updates.assign_add(1).op])
    theta, m, v = np.array([1.0, -2.0]), 0, 0
    for t, value in enumerate(values, 1):
        gradient = 2 * theta * [1, 0.01]
        m, v = 0.5 * m + 0.5 * gradient, 0.999 * v + 0.001 * gradient**2
        theta = theta - 0.1 * (m / (1 - 0.5**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-3)
        np.testing.assert_allclose(value, theta, rtol=1e-5)


def test_rmsprop_is_that_of_the_lecture_with_pytorchs_epsilon(session):
    scales = np.array([1.0, 1e-5])  # the second gradient is as small as a clipped critic's
    w = weight([1.0, -2.0])
    values = train_on(session, tf.reduce_sum(tf.square(w) * scales), RMSProp(0.1, decay=0.9), 5)
    theta, v = np.array([1.0, -2.0]), 0
    for value in values:
        gradient = 2 * theta * scales
        v = 0.9 * v + 0.1 * gradient**2
        theta = theta - 0.1 * gradient / (np.sqrt(v) + 1e-8)
        np.testing.assert_allclose(value, theta, rtol=2e-3)


@pytest.mark.parametrize("decay", [0.0, 0.5])
def test_sgd_is_that_of_pytorch(session, decay):
    w = weight([1.0, -2.0])
    values = train_on(session, tf.reduce_sum(tf.square(w)), SGD(0.1, momentum=0.9, weight_decay=decay), 5)
    theta, m = np.array([1.0, -2.0]), 0
    for value in values:
        m = 0.9 * m + 2 * theta + decay * theta
        theta = theta - 0.1 * m
        np.testing.assert_allclose(value, theta, rtol=1e-5)


@pytest.mark.parametrize(
    "optimizer, names",
    [(Adam(0.1, 0.5, 0.9, updates=0), {"m", "v"}), (RMSProp(0.1), {"ms", "mom"}), (SGD(0.1, 0.9), {"m"})],
)
def test_slots_start_at_zero_are_saved_and_not_trained(session, optimizer, names):
    w = weight([1.0, -2.0])
    with tf.variable_scope("slots"):
        slots = optimizer.create_slots(w)
    assert slots.keys() == names and {v.op.name for v in slots.values()} == {f"slots/w/{name}" for name in names}
    session.run(tf.global_variables_initializer())
    assert all((session.run(v) == [0, 0]).all() for v in slots.values())
    assert set(slots.values()) < set(tf.global_variables()) and tf.trainable_variables() == [w]


def test_weights_are_clipped_at_the_end_of_a_step_only(session):
    split_batch(2)
    w = weight([0.5, 0.001])
    clip, done = clip_weights([w], 0.01, after=tf.no_op()), part_done(tf.no_op)
    session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    found = [(session.run([clip, done]), session.run(w)[0])[1] for _ in range(2)]
    assert found == [0.5, np.float32(0.01)]


def test_weights_are_clipped_on_both_sides_after_the_given_op(session):
    w = weight([0.5, -0.5, 0.001])
    moved = w.assign_add([1.0, -1.0, 0.001]).op
    clip = clip_weights([w], 0.01, after=moved)
    assert moved in ancestors(clip)
    session.run(tf.global_variables_initializer())
    session.run(clip)
    np.testing.assert_allclose(session.run(w), [0.01, -0.01, 0.002], rtol=1e-6)
