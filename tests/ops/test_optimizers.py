"""Optimisers against their formulas; gradients from the weights at the start of the step; schedules; randomness."""

import functools

import numpy as np
import pytest

from ops.activations import dropout, leaky_relu
from ops.optimizers import Player, adam, clip_weights, player_gradients, rmsprop, sgd, simultaneous_step
from ops.schedules import learning_rate, one_cycle
from tests.graphs import ancestors
from training.tensorflow_setup import tf


def make_player(name, loss, scopes, rate=0.1):
    step = tf.train.get_or_create_global_step()
    optimizer = functools.partial(adam, learning_rate=rate, beta1=0.5, beta2=0.999, updates=step.read_value(), epsilon=1e-3)
    return Player(name, loss, scopes, optimizer)


def weight(scope, value):
    with tf.variable_scope(scope):
        return tf.get_variable("w", initializer=tf.constant(value))


def test_adam_is_the_papers_algorithm(session):
    w = weight("a", [1.0, -2.0])
    train = simultaneous_step([make_player("p", tf.reduce_sum(tf.square(w) * [1.0, 0.01]), ["a"])])
    with tf.control_dependencies([train]):
        train = tf.train.get_global_step().assign_add(1)
    session.run(tf.global_variables_initializer())
    theta, m, v = np.array([1.0, -2.0]), 0, 0
    for t in range(1, 6):
        gradient = 2 * theta * [1, 0.01]
        m, v = 0.5 * m + 0.5 * gradient, 0.999 * v + 0.001 * gradient**2
        theta = theta - 0.1 * (m / (1 - 0.5**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-3)
        session.run(train)
        np.testing.assert_allclose(session.run(w), theta, rtol=1e-5)


def train_on(loss, optimizer, steps):
    """Trains the one variable, of scope `a`, and gives its values after each step."""
    (variable,) = tf.trainable_variables()
    train = simultaneous_step([Player("p", loss, ["a"], optimizer)])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return [(session.run(train), session.run(variable))[1] for _ in range(steps)]


def test_rmsprop_is_that_of_the_lecture_with_pytorchs_epsilon(session):
    scales = np.array([1.0, 1e-5])  # the second gradient is as small as a clipped critic's
    w = weight("a", [1.0, -2.0])
    values = train_on(tf.reduce_sum(tf.square(w) * scales), functools.partial(rmsprop, learning_rate=0.1, decay=0.9), 5)
    theta, v = np.array([1.0, -2.0]), 0
    for value in values:
        gradient = 2 * theta * scales
        v = 0.9 * v + 0.1 * gradient**2
        theta = theta - 0.1 * gradient / (np.sqrt(v) + 1e-8)
        np.testing.assert_allclose(value, theta, rtol=2e-3)


def test_sgd_is_that_of_pytorch(session):
    w = weight("a", [1.0, -2.0])
    values = train_on(tf.reduce_sum(tf.square(w)), functools.partial(sgd, learning_rate=0.1, momentum=0.9, weight_decay=0.5), 5)
    theta, m = np.array([1.0, -2.0]), 0
    for value in values:
        m = 0.9 * m + 2 * theta + 0.5 * theta
        theta = theta - 0.1 * m
        np.testing.assert_allclose(value, theta, rtol=1e-5)


def test_weights_are_clipped_on_both_sides_after_the_given_op(session):
    w = weight("a", [0.5, -0.5, 0.001])
    clip = clip_weights([w], 0.01, after=w.assign_add([1.0, -1.0, 0.001]).op)
    session.run(tf.global_variables_initializer())
    session.run(clip)
    np.testing.assert_allclose(session.run(w), [0.01, -0.01, 0.002], rtol=1e-6)


def test_one_cycle_rises_falls_and_settles(session):
    values = session.run([one_cycle(1.3, 20.0, 0.95, 0.85, tf.constant(step), 100) for step in (0, 20, 40, 60, 80, 90, 100)])
    start = 1.3 / 20
    np.testing.assert_allclose([rate for rate, _ in values], [start, (start + 1.3) / 2, 1.3, (start + 1.3) / 2, start, 0.505 * start, 0.01 * start], rtol=1e-4)
    np.testing.assert_allclose([momentum for _, momentum in values], [0.95, 0.9, 0.85, 0.9, 0.95, 0.95, 0.95], rtol=1e-6)


def test_players_move_from_the_weights_at_the_start_of_the_step(session):
    a, b = weight("a", 2.0), weight("b", 3.0)
    players = [make_player("pa", a * b, ["a"]), make_player("pb", a * b * b, ["b"])]
    values = {player.name: pair for player in players for pair in [tf.gradients(player.loss, player.variables())[0]]}
    train = simultaneous_step(players)
    session.run(tf.global_variables_initializer())
    before = session.run(values)
    session.run(train)
    m = {v.op.name: session.run(v) for v in tf.global_variables() if v.op.name.endswith("/m")}
    assert m == {"optimizers/pa/a/w/m": 0.5 * before["pa"], "optimizers/pb/b/w/m": 0.5 * before["pb"]}


def test_a_later_loss_adds_its_gradient_and_waits_for_that_of_the_first(session):
    w, log = weight("a", 2.0), []

    def later():
        log.append(tf.square(w))
        return log[0]

    first = 3.0 * w
    player = make_player("p", first, ["a"])._replace(later=later)
    ((gradient, variable),), losses = player_gradients(player)
    session.run(tf.global_variables_initializer())
    assert session.run(gradient) == 3.0 + 2 * 2.0 and variable is w and losses == [first, log[0]]
    early = [op for op in ancestors(log[0].op) if op.name.startswith("p_gradients/")]
    assert early and not [op for op in ancestors(first.op) if op.name.startswith("p_gradients/")]


def test_a_loss_that_misses_a_variable_is_named(session):
    a = weight("a", 1.0)
    weight("b", 1.0)
    with pytest.raises(ValueError, match="loss of p does not depend on b/w"):
        simultaneous_step([make_player("p", a * 2, ["a", "b"])])


def test_float16_scaling_skips_a_step_that_overflows_and_halves_the_scale(session):
    w, factor = weight("a", 1.0), tf.placeholder(tf.float32, [])
    train = simultaneous_step([make_player("p", w * factor, ["a"])], scale_losses=True)
    session.run(tf.global_variables_initializer())
    scale = next(v for v in tf.global_variables() if v.op.name.endswith("/loss_scale"))
    session.run(train, {factor: np.inf})
    assert session.run([w, scale]) == [1.0, 2.0**14]
    session.run(train, {factor: 2.0})
    assert session.run(w) == pytest.approx(0.9, abs=1e-3) and session.run(scale) == 2.0**14


@pytest.mark.parametrize(
    "policy, expected", [("linear", [1, 1, 1, 0.5, 0.02]), ("constant", [1] * 5), ("step", [1, 0.1, 0.01, 1e-3, 1e-3]), ("cosine", [1, 0.8536, 0.5, 0.1464, 0.00025])]
)
def test_schedules(session, policy, expected):
    rates = [learning_rate(1.0, policy, tf.constant(step), 100) for step in (0, 25, 50, 75, 99)]
    np.testing.assert_allclose(session.run(rates), expected, rtol=2e-2)


def test_dropout_is_a_function_of_step_and_place(session):
    step = tf.placeholder(tf.int64, [])
    a, b = dropout(tf.ones([1000]), 0.5, step), dropout(tf.ones([1000]), 0.5, step)
    first, again, later = (session.run([a, b], {step: s}) for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first[0] != first[1]).any() and (first[0] != later[0]).any()
    assert set(first[0]) == {0.0, 2.0} and 0.4 < np.mean(first[0] == 0) < 0.6


def test_leaky_relu(session):
    assert session.run(leaky_relu(tf.constant([-1.0, 2.0]), 0.2)).tolist() == pytest.approx([-0.2, 2.0])
