"""Moving averages against NumPy."""

import numpy as np

from base.graph_mode import tf
from ops.averages import moving_average
from ops.parts import part_done, split_batch
from ops.totals import total


def test_average_weighs_the_past_and_is_not_pulled_to_zero(session):
    value, updates = tf.placeholder(tf.float32, []), tf.placeholder(tf.int64, [])
    average, update = moving_average(value, updates, decay=0.9)
    session.run(tf.global_variables_initializer())
    values = [3.0, 5.0, 4.0, -2.0]
    found = [session.run([average, update], {value: v, updates: i})[0] for i, v in enumerate(values)]
    for count, average in enumerate(found, 1):
        weights = 0.9 ** np.arange(count)[::-1]
        np.testing.assert_allclose(average, np.average(values[:count], weights=weights), rtol=1e-5)


def test_average_of_a_batch_in_parts_moves_once_a_step(session):
    split_batch(2)
    value = tf.placeholder(tf.float32, [])
    _, update = moving_average(total(value), tf.constant(0), decay=0.5)
    train = tf.group(update, part_done(tf.no_op))
    session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    (kept,) = tf.global_variables()
    found = [(session.run(train, {value: number}), session.run(kept))[1] for number in (1.0, 3.0)]
    assert found == [0.0, 0.5 * (1.0 + 3.0)]


def test_what_is_kept_is_part_of_the_checkpoint_and_not_trained(session):
    moving_average(tf.constant(1.0), tf.constant(0), name="loss")
    assert [v.op.name for v in tf.global_variables()] == ["loss/biased"] and not tf.trainable_variables()
