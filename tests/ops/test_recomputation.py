"""Parts of networks that are computed again for the gradient: the same bits, and nothing kept but what lies between."""

import numpy as np
import pytest

from base.graph_mode import session_config, tf
from modules.generators import resnet_generator
from ops.activations import relu
from ops.conv import conv2d
from ops.norm import affine_instance_norm, batch_norm
from ops.recomputation import recompute_activations, recomputed
from tests.helpers.graphs import ancestors, operations

GENERATORS = [
    {"dropout": 0.5, "known": False},
    {"norm": batch_norm, "long_skip": True},
    {"norm": affine_instance_norm, "upsampling": "resize", "leak": 0.1},
    {"dtype": "bfloat16"},
]


def outputs_and_gradients(recomputes, known=True, **options):
    """What a small generator makes of two images, whose size the graph may know, and all gradients."""
    with tf.Graph().as_default():
        tf.set_random_seed(3)
        if recomputes:
            recompute_activations()
        images = np.random.RandomState(0).uniform(-1, 1, [2, 16, 12, 3]).astype(np.float32)
        x = tf.placeholder_with_default(images, images.shape if known else [2, None, None, 3])
        y = resnet_generator(x, 3, ngf=2, blocks=1, step=tf.constant(7), **options)
        y = resnet_generator(y, 3, ngf=2, blocks=1, step=tf.constant(7), call="again", **options)
        gradients = tf.gradients(tf.reduce_sum(y * y), [x, *tf.trainable_variables()])
        assert [g.shape.as_list() for g in gradients[1:]] == [v.shape.as_list() for v in tf.trainable_variables()]
        with tf.Session(config=session_config()) as session:
            session.run(tf.global_variables_initializer())
            return session.run([y, *gradients])


@pytest.mark.parametrize("options", GENERATORS)
def test_outputs_and_gradients_are_the_same_to_the_bit(options):
    for found, expected in zip(outputs_and_gradients(True, **options), outputs_and_gradients(False, **options)):
        np.testing.assert_array_equal(found, expected)


def test_what_a_part_computes_on_its_way_is_for_nothing_else(session):
    recompute_activations()
    x = tf.placeholder(tf.float32, [1, 8, 8, 2])
    end = relu(conv2d(relu(conv2d(x, 4, 3)), 4, 3))
    inside = [op for op in operations() if op is not x.op and x.op in ancestors(op)]
    y = recomputed(end, since=x)
    tf.gradients(y * y, [x, *tf.trainable_variables()])
    for op in inside:
        others = {consumer for output in op.outputs for consumer in output.consumers()} - set(inside)
        assert others == ({y.op} if op is end.op else set())


def test_the_second_time_begins_when_the_gradient_of_the_result_is_there(session):
    recompute_activations()
    x, weights = tf.placeholder(tf.float32, [4, 3]), tf.ones([3, 5])
    dy = tf.placeholder(tf.float32, [4, 5])
    of_x, of_weights = tf.gradients(recomputed(tf.tanh(tf.matmul(x, weights)), since=x), [x, weights], dy)
    again = [op for op in operations("Tanh") if op in ancestors(of_x.op)]
    assert len(operations("Tanh")) == 2 and len(again) == 1 and dy.op in ancestors(again[0])
    assert of_weights.op.inputs[0].op in ancestors(of_x.op)  # which would else keep the part's inside


def test_other_graphs_keep_everything(session):
    x = tf.placeholder(tf.float32, [4, 3])
    y = tf.tanh(x)
    count = len(operations())
    assert recomputed(y, since=x) is y and len(operations()) == count
