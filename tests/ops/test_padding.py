"""Padding of height and width."""

import numpy as np

from base.graph_mode import tf
from ops.padding import reflect_pad, zero_pad

ROW = np.arange(4, dtype="f").reshape(1, 1, 4, 1).repeat(3, 1)


def test_reflect_pad_mirrors_without_the_edge(session):
    y = session.run(reflect_pad(tf.constant(ROW), 2))
    assert y.shape == (1, 7, 8, 1) and y[0, 0, :, 0].tolist() == [2, 1, 0, 1, 2, 3, 2, 1]


def test_each_side_may_have_its_own_size_which_may_be_a_tensor(session):
    y = session.run(reflect_pad(tf.constant(ROW), ((0, 1), (tf.constant(2), 0))))
    assert y.shape == (1, 4, 6, 1) and y[0, 0, :, 0].tolist() == [2, 1, 0, 1, 2, 3]


def test_zero_pad_adds_zeros_on_every_side(session):
    y = session.run(zero_pad(tf.constant(ROW + 1), 1))
    np.testing.assert_array_equal(y[0, :, :, 0], np.pad(ROW[0, :, :, 0] + 1, 1))
