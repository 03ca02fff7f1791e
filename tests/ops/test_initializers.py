"""Initial weights."""

import numpy as np
import pytest

from base.graph_mode import session_config, tf
from ops.initializers import INITIALIZERS, normal, truncated_normal, zeros


@pytest.mark.slow
@pytest.mark.parametrize("name", INITIALIZERS)
def test_initial_weights_depend_on_seed_and_name_and_on_nothing_else(name):
    def draw(seed, names):
        with tf.Graph().as_default(), tf.Session() as session:
            tf.set_random_seed(seed)
            variables = {n: tf.get_variable(n, [3, 3, 8, 16], initializer=INITIALIZERS[name]()) for n in names}
            session.run(tf.global_variables_initializer())
            return session.run(variables)

    first, other_order, other_seed = draw(0, ["a", "b"]), draw(0, ["b", "a"]), draw(1, ["a", "b"])
    np.testing.assert_array_equal(first["a"], other_order["a"])
    assert (first["a"] != first["b"]).any() and (first["a"] != other_seed["a"]).any()


@pytest.mark.parametrize(
    "name, stddev",
    [
        ("normal", 0.02),
        ("truncated_normal", 0.0176),
        ("xavier", 0.02 * (2 / (9 * 96)) ** 0.5),
        ("he", (2 / (9 * 32)) ** 0.5),
    ],
)
def test_initial_weights_have_the_spread_of_their_formula(session, name, stddev):
    values = session.run(INITIALIZERS[name]()([3, 3, 32, 64]))
    assert values.std() == pytest.approx(stddev, rel=0.03) and abs(values.mean()) < 0.05 * stddev


def test_orthogonal_columns_are_orthogonal(session):
    kernel = session.run(INITIALIZERS["orthogonal"]()([3, 3, 8, 16])).reshape(72, 16)
    np.testing.assert_allclose(kernel.T @ kernel, 0.02**2 * np.eye(16), atol=1e-7)


def test_orthogonal_rows_are_orthogonal_where_they_are_fewer(session):
    kernel = session.run(INITIALIZERS["orthogonal"]()([1, 1, 8, 16])).reshape(8, 16)
    np.testing.assert_allclose(kernel @ kernel.T, 0.02**2 * np.eye(8), atol=1e-7)


def test_truncated_normal_has_no_tails(session):
    assert np.abs(session.run(INITIALIZERS["truncated_normal"]()([10000]))).max() <= 0.04 + 1e-7


@pytest.mark.parametrize("initializer", [zeros, normal(), truncated_normal()])
def test_the_session_holds_no_second_copy_of_what_variables_start_with(initializer):
    with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
        variable = tf.get_variable("w", [3, 3, 64, 64], initializer=initializer)
        graphs, options = tf.RunMetadata(), tf.RunOptions(output_partition_graphs=True)
        session.run(variable.initializer, options=options, run_metadata=graphs)
        constants = [n.attr["value"].tensor for graph in graphs.partition_graphs for n in graph.node if n.op == "Const"]
        assert constants and max(np.prod([side.size for side in c.tensor_shape.dim]) for c in constants) < 10
        assert (session.run(variable) == 0).all() == (initializer is zeros)
