"""The stored reference is what PyTorch computes now."""

import json

import numpy as np
import pytest

pytest.importorskip("torch")

from tests.helpers import stored
from tests.helpers.parity import TRAJECTORIES
from tests.parity import make_reference

ROUNDING = 1e-12  # of gradients that are zero, as of a bias before a norm


def check(computed):
    """Compares all but the shapes, which are text, to five digits."""
    assert computed.keys() <= stored.arrays().keys()
    for name, values in computed.items():
        if values.dtype.kind == "U":
            assert json.loads(values.item()) == json.loads(stored.array(name).item())
        else:
            np.testing.assert_allclose(
                values, stored.array(name), rtol=1e-5, atol=max(1e-5 * np.abs(values).max(), ROUNDING)
            )


def test_stored_outputs_are_pytorchs():
    check(make_reference.outputs())


@pytest.mark.slow
def test_stored_gradients_are_pytorchs():
    check(make_reference.gradients())


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAJECTORIES)
def test_stored_losses_are_pytorchs(name):
    exact, float32_runs = make_reference.trajectory(name, seed=0, runs=1)
    np.testing.assert_allclose(exact, stored.array("losses", name, "exact")[0], rtol=1e-5)
    np.testing.assert_allclose(float32_runs[:, 0], stored.array("losses", name, "float32")[0, :1, 0], rtol=1e-5)
