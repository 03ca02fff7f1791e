"""Whole training steps: from the same weights, images and draws, both implementations go the same way.

With batch norm, the U-Net and the other loss they do in tests/parity/test_stored_reference.py.
"""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from base.graph_mode import tf
from tests.helpers import twin
from tests.helpers.parity import (
    FARTHER,
    ROLES,
    build_model,
    draw_all_weights,
    draw_batches,
    in_our_names,
    our_losses,
    steps_too_far,
    trajectory_config,
)

SEEDS = 3  # trainings
FLOAT32_RUNS = 4  # of each


def way_apart(session, role, exact, runs):
    """How far our kernels of a network have come from where float64 goes, as a multiple of the farthest of the runs."""
    ours = {variable.op.name: session.run(variable) for variable in tf.trainable_variables(role + "/")}
    goal, *theirs = (in_our_names(run.weights[role], role, role) for run in (exact, *runs))
    apart = [
        sum(np.square(weights[name] - goal[name]).sum() for name in goal if name.endswith("kernel"))
        for weights in (ours, *theirs)
    ]
    return np.sqrt(apart[0] / max(apart[1:]))


@pytest.mark.slow
def test_twenty_steps_are_as_near_as_rounding_allows(session):
    """So are all losses of each step, at the usual learning rate, and the way that the kernels have gone at the end."""
    config = trajectory_config("lsgan-resnet")
    model, shapes = build_model(config), twin.all_shapes(config)
    losses, float32_losses, exact_losses, ways = [], [], [], []
    for seed in range(SEEDS):
        weights, batches = draw_all_weights(shapes, seed), draw_batches(config, seed)
        exact = twin.train(config, weights, batches, torch.float64)
        runs = [twin.train(config, start, batches, torch.float32) for start in twin.nudged(weights, FLOAT32_RUNS)]
        losses.append(our_losses(session, model, weights, batches))
        float32_losses.append([run.losses for run in runs])
        exact_losses.append(exact.losses)
        ways.append([way_apart(session, role, exact, runs) for role in ROLES])
    assert steps_too_far(*map(np.array, (losses, float32_losses, exact_losses))) == {}
    assert np.median(ways, axis=0).max() <= FARTHER
