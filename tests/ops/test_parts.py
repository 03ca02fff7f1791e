"""The parts of a batch: which one is computed, what is done in the last, and what all add up to."""

import numpy as np
import pytest

from base.graph_mode import tf
from ops.parts import in_last_part, part_count, part_done, split_batch
from ops.random import normal, uniform
from ops.totals import batch_means, share_of_part, total
from tests.helpers.graphs import operations


def start(session):
    session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])


def test_graph_that_is_not_split_gets_nothing(session):
    split_batch(1)
    value = tf.constant(3.0)
    before = len(operations())
    assert total(value) is value and share_of_part(value) is value and batch_means({"a": value}) == {"a": value}
    assert in_last_part(lambda: value.op) is value.op and part_count() == 1
    assert len(operations()) == before and not tf.local_variables()


def test_total_is_there_in_the_last_part_of_every_step(session):
    split_batch(3)
    value = tf.placeholder(tf.float32, [2])
    summed, mean, done = total(value), batch_means({"a": value[0]})["a"], part_done(tf.no_op)
    start(session)
    for step in range(2):
        values = np.arange(6.0).reshape(3, 2) + 10 * step
        found = [session.run([summed, mean, done], {value: part})[:2] for part in values]
        np.testing.assert_array_equal(found[-1][0], values.sum(axis=0))
        assert found[-1][1] == pytest.approx(values[:, 0].mean())


def test_total_of_numbers_that_are_not_finite_does_not_last(session):
    split_batch(2)
    value = tf.placeholder(tf.float32, [])
    summed, done = total(value), part_done(tf.no_op)
    start(session)
    found = [session.run([summed, done], {value: number})[0] for number in (np.nan, np.inf, 1.0, 2.0)]
    assert np.isnan(found[1]) and found[3] == 3.0


def test_what_belongs_to_the_end_of_a_step_is_done_once(session):
    split_batch(3)
    counter = tf.get_variable("counter", initializer=0)
    once, done = in_last_part(lambda: counter.assign_add(1, read_value=False)), part_done(tf.no_op)
    start(session)
    found = [(session.run([once, done]), session.run(counter))[1] for _ in range(7)]
    assert found == [0, 0, 1, 1, 1, 2, 2]


def test_checkpoint_knows_nothing_of_parts(session):
    split_batch(2)
    total(tf.constant(1.0))
    assert not tf.global_variables() and len(tf.local_variables()) == 3


@pytest.mark.parametrize("function", [normal, uniform])
@pytest.mark.parametrize("known", [True, False])
def test_draws_of_an_image_are_the_same_in_every_split(function, known):
    def draw(parts):
        with tf.Graph().as_default(), tf.Session() as session:
            split_batch(parts)
            shape = [6 // parts, 5, 2]
            draws = function(shape if known else tf.placeholder_with_default(shape, [3]), tf.constant(4))
            assert not known or draws.shape.as_list() == shape
            done = part_done(tf.no_op)
            start(session)
            return np.concatenate([session.run([draws, done])[0] for _ in range(parts)])

    whole = draw(1)
    assert whole.shape == (6, 5, 2)
    for parts in (2, 3, 6):
        np.testing.assert_array_equal(draw(parts), whole)
