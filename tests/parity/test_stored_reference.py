"""Our networks, gradients and training steps give what PyTorch's gave when tests/data/parity.npz was made."""

import numpy as np
import pytest

from tests.helpers import stored
from tests.helpers.parity import (
    GRADIENT_DRAWS,
    GRADIENTS,
    LARGEST_DIFFERENCE,
    LARGEST_GRADIENT_ERROR,
    NORMS,
    OUTPUTS,
    ROLES,
    TRAJECTORIES,
    build_model,
    draw_all_weights,
    draw_batch,
    draw_batches,
    draw_weights,
    gradient_errors,
    in_our_names,
    our_gradients,
    our_losses,
    our_output,
    smooth_images,
    steps_too_far,
    tiny_config,
    trajectory_config,
)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("kind", OUTPUTS)
def test_network_gives_the_stored_output(session, kind, norm):
    options, shape = OUTPUTS[kind]
    weights = draw_weights(stored.shapes("output", kind, norm), seed=0, bias_stddev=0.02, norm=norm)
    expected = stored.array("output", kind, norm)
    got = our_output(session, kind, options, norm, weights, smooth_images(*shape))
    assert got.shape == expected.shape
    assert expected.std() > 0.01, "outputs so close to constant would show nothing"
    assert np.abs(got - expected).max() <= LARGEST_DIFFERENCE


@pytest.mark.slow
def test_gradients_of_every_weight_are_the_stored_ones(session):
    config = tiny_config(**GRADIENTS)
    weights = draw_all_weights(stored.shapes("gradients"), seed=0, bias_stddev=0.02)
    batches = [draw_batch(config, seed) for seed in range(GRADIENT_DRAWS)]
    got = our_gradients(session, build_model(config), weights, batches)
    exact = [
        {name: gradient for role in ROLES for name, gradient in in_our_names(gradients[role], role, role).items()}
        for gradients in map(stored.gradients, range(GRADIENT_DRAWS))
    ]
    assert got[0].keys() == exact[0].keys()
    errors = gradient_errors(got, exact)
    assert {name: error for name, error in errors.items() if not error <= LARGEST_GRADIENT_ERROR} == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAJECTORIES)
def test_losses_of_twenty_steps_are_as_near_to_the_stored_ones_as_rounding_allows(session, name):
    config, shapes = trajectory_config(name), stored.shapes("losses", name)
    exact, float32_runs = stored.array("losses", name, "exact"), stored.array("losses", name, "float32")
    model = build_model(config)
    losses = [
        our_losses(session, model, draw_all_weights(shapes, seed), draw_batches(config, seed))
        for seed in range(len(exact))
    ]
    assert steps_too_far(np.array(losses), float32_runs, exact) == {}


def test_stored_reference_names_its_pytorch():
    assert "torch" in stored.array("versions").item()
