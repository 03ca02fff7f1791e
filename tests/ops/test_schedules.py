"""Learning rate and momentum over a run."""

import numpy as np
import pytest

from base.graph_mode import tf
from ops.schedules import POLICIES, learning_rate, one_cycle

EXPECTED = {  # by policy, at 0, 25, 50, 75 and 99 % of the run, from 1
    "linear": [1, 1, 1, 0.5, 0.02],
    "constant": [1] * 5,
    "step": [1, 0.1, 0.01, 1e-3, 1e-3],
    "cosine": [1, 0.8536, 0.5, 0.1464, 0.0002467],
}


@pytest.mark.parametrize("policy", POLICIES)
def test_learning_rate_follows_its_policy(session, policy):
    rates = [learning_rate(0.2, policy, tf.constant(step), 100) for step in (0, 25, 50, 75, 99)]
    np.testing.assert_allclose(session.run(rates), 0.2 * np.array(EXPECTED[policy]), rtol=1e-3)


def test_unknown_policy_is_named_with_those_there_are(session):
    with pytest.raises(ValueError, match="lr_policy is 'stairs'; it must be one of linear, step, cosine, constant"):
        learning_rate(1.0, "stairs", tf.constant(0), 100)


def test_one_cycle_rises_falls_and_settles(session):
    steps = (0, 20, 40, 60, 80, 90, 100)
    rates, momenta = zip(*session.run([one_cycle(1.3, 20.0, 0.95, 0.85, tf.constant(step), 100) for step in steps]))
    start = 1.3 / 20
    expected = [start, (start + 1.3) / 2, 1.3, (start + 1.3) / 2, start, 0.505 * start, 0.01 * start]
    np.testing.assert_allclose(rates, expected, rtol=1e-4)
    np.testing.assert_allclose(momenta, [0.95, 0.9, 0.85, 0.9, 0.95, 0.95, 0.95], rtol=1e-6)
