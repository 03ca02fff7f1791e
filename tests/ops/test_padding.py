"""Padding of height and width."""

import numpy as np
import pytest

from base.graph_mode import tf
from ops.padding import reflect_pad, with_mirror_pads, zero_pad

RANDOM = np.random.RandomState(0)
ROW = np.arange(4, dtype="f").reshape(1, 1, 4, 1).repeat(3, 1)


def mirror_pad(x, size):
    return tf.pad(x, [(0, 0), (size, size), (size, size), (0, 0)], mode="REFLECT")


def test_reflect_pad_mirrors_without_the_edge(session):
    y = session.run(reflect_pad(tf.constant(ROW), 2))
    assert y.shape == (1, 7, 8, 1) and y[0, 0, :, 0].tolist() == [2, 1, 0, 1, 2, 3, 2, 1]


@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16], ids=str)
@pytest.mark.parametrize("size", [1, 3])
def test_reflect_pad_and_its_gradients_are_those_of_mirror_pad(session, size, dtype):
    x = tf.placeholder_with_default(tf.cast(RANDOM.randn(2, 4, 5, 3), dtype), [2, None, None, 3])
    dy = tf.cast(RANDOM.randn(2, 4 + 2 * size, 5 + 2 * size, 3), dtype)

    def all_of(y):
        (dx,) = tf.gradients(y**2, x, dy)
        return y, dx, *tf.gradients(dx**2, x)

    own, usual = session.run([all_of(reflect_pad(x, size)), all_of(mirror_pad(x, size))])
    for found, expected in zip(own, usual, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_reflect_pad_of_too_small_an_image_is_refused(session):
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match="less than the dimension size|paddings"):
        session.run(reflect_pad(tf.constant(ROW), 3))


def test_graph_for_other_programs_has_mirror_pads(session):
    x = tf.placeholder(tf.float32, [1, None, None, 2], "x")
    y = tf.identity(reflect_pad(tf.nn.relu(reflect_pad(x, 1)), 2), "y")
    graph_def = with_mirror_pads(tf.get_default_graph().as_graph_def(), "y")
    assert [node.op for node in graph_def.node].count("MirrorPad") == 2
    assert not {"GatherV2", "Range", "Reshape"} & {node.op for node in graph_def.node}
    (again,) = tf.import_graph_def(graph_def, {"x": x}, ["y:0"], name="again")
    assert again.shape.as_list() == [1, None, None, 2]
    np.testing.assert_array_equal(*session.run([y, again], {x: RANDOM.randn(1, 4, 5, 2)}))


def test_zero_pad_adds_zeros_on_every_side(session):
    y = session.run(zero_pad(tf.constant(ROW + 1), 1))
    np.testing.assert_array_equal(y[0, :, :, 0], np.pad(ROW[0, :, :, 0] + 1, 1))
