"""The image pool against a plain Python one that follows the same draws."""

import numpy as np
import pytest

from base.graph_mode import tf
from ops.image_pool import image_pool
from ops.random import uniform


def reference_pool(batches, draws, capacity):
    stored, answers = [], []
    for batch, batch_draws in zip(batches, draws):
        for image, (chance, where) in zip(batch, batch_draws):
            if len(stored) < capacity:
                stored.append(image)
                answers.append(image)
            elif chance > 0.5:
                slot = int(where * capacity)
                answers.append(stored[slot])
                stored[slot] = image
            else:
                answers.append(image)
    return np.reshape(answers, np.shape(batches))


@pytest.mark.parametrize("batch, capacity", [(1, 4), (3, 4), (2, 1)])
def test_pool_fills_then_swaps_with_probability_one_half(session, batch, capacity):
    images = tf.placeholder(tf.float32, [batch, None, None, 1])
    step = tf.placeholder(tf.int64, [])
    answer, update = image_pool(images, capacity, 2, 2, step, name="pool")
    with tf.variable_scope("pool", auxiliary_name_scope=False), tf.name_scope("pool/"):
        draws = uniform([batch, 2], step)  # in the same scope: the same draws
    session.run(tf.global_variables_initializer())
    batches = np.arange(40 * batch, dtype="f").reshape(40, batch, 1, 1, 1) * np.ones([1, 1, 2, 2, 1], "f")
    results = [session.run([answer, update, draws], {images: value, step: i}) for i, value in enumerate(batches)]
    expected = reference_pool(batches, [result[2] for result in results], capacity)
    np.testing.assert_array_equal([result[0] for result in results], expected)
    old = np.mean([result[0][0, 0, 0, 0] != value[0, 0, 0, 0] for result, value in zip(results, batches)])
    assert 0.2 < old < 0.8


def test_a_pool_of_nothing_gives_back_the_images_without_their_gradient(session):
    images = tf.ones([1, 2, 2, 1])
    answer, _ = image_pool(images, 0, 2, 2, tf.constant(0))
    assert tf.gradients(answer, images) == [None] and not tf.global_variables()
