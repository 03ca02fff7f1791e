"""Scopes: unique default names, shared weights of networks, one box in the graph for each network."""

import pytest

from base.graph_mode import tf
from ops.conv import conv2d
from ops.scope import scope
from tests.helpers.graphs import variable_names


@scope("twice", reuse=True)
def twice(x):
    return conv2d(conv2d(x, 2, 1), 2, 1)


@pytest.fixture
def x():
    return tf.ones([1, 4, 4, 2])


def test_default_names_are_unique_and_a_given_name_is_used(session, x):
    conv2d(x, 2, 1, bias=False)
    conv2d(x, 2, 1, bias=False)
    conv2d(x, 2, 1, bias=False, name="last")
    assert variable_names() == ["conv2d/kernel", "conv2d_1/kernel", "last/kernel"]


def test_an_op_of_the_same_name_does_not_share_weights_by_accident(session, x):
    conv2d(x, 2, 1, name="a")
    with pytest.raises(ValueError, match="already exists"):
        conv2d(x, 2, 1, name="a")


def test_a_network_called_twice_shares_its_weights(session, x):
    twice(x, name="net", call="first")
    once = variable_names()
    twice(x, name="net", call="second")
    assert variable_names() == once and len(once) == 4


def test_networks_of_two_names_share_nothing(session, x):
    twice(x, name="a")
    twice(x, name="b")
    assert len(variable_names()) == 8


def test_all_calls_of_a_network_lie_in_its_one_box(session, x):
    first, second = twice(x, name="net", call="first"), twice(x, name="net", call="second")
    assert first.op.name.startswith("net/first/") and second.op.name.startswith("net/second/")
