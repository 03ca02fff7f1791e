"""The train step: gradients from the weights at its start, the barrier, loss scaling, counts of updates."""

import numpy as np
import pytest

from base.graph_mode import tf
from ops.optimizers import SGD, Adam
from ops.parts import part_done, split_batch
from ops.train_step import (
    FIRST_LOSS_SCALE,
    GOOD_STEPS,
    LossScale,
    UpdateCount,
    gradient_norms,
    loss_scale_for,
    objective,
    train_step,
)
from tests.helpers.graphs import ancestors, operations


def adam(rate=0.1):
    step = tf.train.get_or_create_global_step()
    return Adam(rate, beta1=0.5, beta2=0.999, updates=step.read_value(), epsilon=1e-3)


def weight(scope, value):
    with tf.variable_scope(scope):
        return tf.get_variable("w", initializer=tf.constant(value))


def variable(ending):
    """The one variable whose name ends so."""
    (found,) = (v for v in tf.global_variables() if v.op.name.endswith(ending))
    return found


def test_objective_has_the_gradients_of_the_variables_in_its_scopes(session):
    a, b, other = weight("a", 2.0), weight("b", 3.0), weight("c", 5.0)
    loss = a * b * other
    both = objective("p", loss, ["a", "b"], adam())
    session.run(tf.global_variables_initializer())
    assert both.variables == [a, b] and both.losses == [loss]
    assert session.run(both.gradients) == [15.0, 10.0]


def test_all_gradients_are_those_of_the_weights_at_the_start_of_the_step(session):
    a, b = weight("a", 2.0), weight("b", 3.0)
    objectives = [objective("pa", a * b, ["a"], adam()), objective("pb", a * b * b, ["b"], adam())]
    before = {each.name: each.gradients[0] for each in objectives}
    train = train_step(objectives)
    session.run(tf.global_variables_initializer())
    before = session.run(before)
    session.run(train)
    m = {v.op.name: session.run(v) for v in tf.global_variables() if v.op.name.endswith("/m")}
    assert m == {"optimizers/pa/a/w/m": 0.5 * before["pa"], "optimizers/pb/b/w/m": 0.5 * before["pb"]}


def test_norm_is_that_of_all_gradients_of_an_objective(session):
    a, b = weight("a", 2.0), weight("b", 3.0)
    train_step([objective("both", a * b, ["a", "b"], adam()), objective("other", -5.0 * a, ["a"], adam())])
    session.run(tf.global_variables_initializer())
    norms = session.run(gradient_norms("both", "other"))
    assert norms == {"gradient/both": pytest.approx(np.hypot(3, 2)), "gradient/other": 5}


def test_norm_of_gradients_that_overflow_in_float16_is_0(session):
    a = weight("a", 2.0)
    train_step([objective("p", 1e38 * a * a, ["a"], adam(), loss_scale_for(tf.float16, "p"))])
    session.run(tf.global_variables_initializer())
    assert session.run(gradient_norms("p")) == {"gradient/p": 0}


def test_no_variable_moves_before_all_gradients_and_losses_are_there(session):
    a, b = weight("a", 2.0), weight("b", 3.0)
    losses = [a * b, tf.square(b) + a]
    objectives = [objective("pa", losses[0], ["a"], adam()), objective("pb", losses[1], ["b"], adam())]
    train_step(objectives)
    awaited = {tensor.op for tensor in [*losses, *objectives[0].gradients, *objectives[1].gradients]}
    moves = operations("ResourceApplyAdam")
    assert len(moves) == 2 and all(awaited <= ancestors(op) for op in moves)


def test_last_part_of_a_batch_moves_the_variables_by_the_mean_of_all(session):
    split_batch(2)
    w, x, runs = weight("a", 2.0), tf.placeholder(tf.float32, []), tf.get_variable("runs", initializer=0)
    ran = runs.assign_add(1).op
    train = train_step([objective("p", tf.square(w) * x, ["a"], SGD(0.1, 0.0), LossScale("p"))], also=[ran])
    train = tf.group(train, part_done(tf.no_op))
    session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    session.run(train, {x: 1.0})
    assert session.run([w, runs]) == [2.0, 1] and session.run(variable("p/good_steps")) == 0
    session.run(train, {x: 3.0})
    assert session.run([w, runs]) == [pytest.approx(2.0 - 0.1 * 2 * 2.0 * 2.0), 2]
    assert session.run(variable("p/good_steps")) == 1


def test_last_part_waits_for_what_all_that_it_moves_is_computed_from(session):
    split_batch(2)
    a, b = weight("a", 2.0), weight("b", 3.0)
    losses = [a * b, tf.square(b) + a]
    objectives = [objective("pa", losses[0], ["a"], adam()), objective("pb", losses[1], ["b"], adam())]
    train_step(objectives)
    (end,) = operations("If")
    assert {x.op for x in [*losses, *objectives[0].gradients, *objectives[1].gradients]} <= ancestors(end)


def test_part_that_overflows_takes_the_whole_step_with_it(session):
    split_batch(2)
    w, x = weight("a", 1.0), tf.placeholder(tf.float32, [])
    scale = LossScale("p")
    train = tf.group(train_step([objective("p", w * x, ["a"], SGD(0.1, 0.0), scale)]), part_done(tf.no_op))
    session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    for value in (np.inf, 1.0):
        session.run(train, {x: value})
    assert session.run([w, scale.factor]) == [1.0, FIRST_LOSS_SCALE / 2]


def test_further_ops_have_run_by_the_end_of_the_step(session):
    w, counter = weight("a", 2.0), tf.get_variable("counter", initializer=0, trainable=False)
    train = train_step([objective("p", tf.square(w), ["a"], adam())], also=[counter.assign_add(1).op])
    session.run(tf.global_variables_initializer())
    session.run(train)
    assert session.run(counter) == 1


def test_further_loss_adds_its_gradient_and_leaves_the_first_objective_as_it_is(session):
    w = weight("a", 2.0)
    losses = [3.0 * w, tf.square(w)]
    first = objective("p", losses[0], ["a"], adam())
    both = first.plus(losses[1])
    session.run(tf.global_variables_initializer())
    assert session.run(both.gradients) == [3.0 + 2 * 2.0] and both.losses == losses and both.variables == [w]
    assert session.run(first.gradients) == [3.0] and first.losses == losses[:1]


def test_further_loss_can_wait_for_the_gradients_of_the_first(session):
    w = weight("a", 2.0)
    first = objective("p", 3.0 * w, ["a"], adam())
    with first.gradients_computed():
        later = tf.square(w)
        both = first.plus(later)
    early = {gradient.op for gradient in first.gradients}
    assert early <= ancestors(later.op) and not early & ancestors(first.losses[0].op)
    added = [op for op in operations() if op.name.startswith("optimizers/p_gradients_1/") and op.type != "Const"]
    assert added and all(early <= ancestors(op) for op in added)
    assert set(added) & ancestors(both.gradients[0].op)


def test_loss_that_misses_a_variable_is_named(session):
    a = weight("a", 1.0)
    weight("b", 1.0)
    with pytest.raises(ValueError, match="loss of p does not depend on b/w"):
        objective("p", a * 2, ["a", "b"], adam())


def test_only_float16_networks_need_a_loss_scale(session):
    assert isinstance(loss_scale_for(tf.float16, "p"), LossScale)
    assert loss_scale_for(tf.float32, "p") is None and loss_scale_for(tf.bfloat16, "p") is None


def test_gradients_that_float16_cannot_hold_last_under_the_scale(session):
    w = weight("a", 1.0)
    loss = 1e-9 * tf.cast(tf.cast(w, tf.float16) * 2, tf.float32)  # 1e-9 is 0 in float16
    plain, scaled = (objective("p", loss, ["a"], adam(), scale).gradients for scale in (None, LossScale("p")))
    session.run(tf.global_variables_initializer())
    assert session.run(plain) == [0.0] and session.run(scaled) == [pytest.approx(2e-9, rel=1e-2)]


def test_step_that_overflows_moves_nothing_and_halves_the_scale(session):
    a, b, factor = weight("a", 1.0), weight("b", 1.0), tf.placeholder(tf.float32, [])
    scale = LossScale("both")
    train = train_step(
        [objective("pa", a * factor, ["a"], adam(), scale), objective("pb", 2 * b, ["b"], adam(), scale)]
    )
    session.run(tf.global_variables_initializer())
    assert session.run(scale.factor) == FIRST_LOSS_SCALE == 2.0**15
    session.run(train, {factor: np.inf})
    assert session.run([a, b, scale.factor]) == [1.0, 1.0, 2.0**14]
    session.run(train, {factor: 2.0})
    assert session.run([a, b]) == pytest.approx([0.9, 0.9], abs=1e-3) and session.run(scale.factor) == 2.0**14


def test_scale_doubles_after_enough_good_steps_in_a_row(session):
    scale, finite = LossScale("p"), tf.placeholder(tf.bool, [])
    update = scale.update(finite)
    session.run(tf.global_variables_initializer())
    good_steps = variable("p/good_steps")
    session.run(good_steps.assign(GOOD_STEPS - 1))
    session.run(update, {finite: False})
    assert session.run([good_steps, scale.factor]) == [0, FIRST_LOSS_SCALE / 2]
    session.run(good_steps.assign(GOOD_STEPS - 2))
    factors = [(session.run(update, {finite: True}), session.run(scale.factor))[1] for _ in range(3)]
    assert factors == [FIRST_LOSS_SCALE / 2, FIRST_LOSS_SCALE, FIRST_LOSS_SCALE]


def test_updates_are_counted_after_the_step(session):
    w = weight("a", 1.0)
    count = UpdateCount("p")
    step = train_step([objective("p", tf.square(w), ["a"], adam())])
    counted = count.increment_after(step)
    assert step in ancestors(counted)
    session.run(tf.global_variables_initializer())
    found = [(session.run(count.value), session.run(counted))[0] for _ in range(3)]
    assert found == [0, 1, 2] and session.run(variable("optimizers/p/updates")) == 3


def test_what_a_step_keeps_is_saved_and_not_trained(session):
    w = weight("a", 1.0)
    train_step([objective("p", tf.square(w), ["a"], adam(), LossScale("p"))])
    UpdateCount("p")
    kept = {v.op.name for v in tf.global_variables() if v.op.name.startswith("optimizers/")}
    assert kept == {f"optimizers/p/{name}" for name in ("loss_scale", "good_steps", "updates", "a/w/m", "a/w/v")}
    assert tf.trainable_variables() == [w]
