"""Gradients of both losses with respect to every weight, for every GAN loss and every kind of network."""

import pytest

pytest.importorskip("torch")

from models.cyclegan import CycleGANConfig
from tests.helpers import twin
from tests.helpers.parity import (
    GRADIENT_DRAWS,
    LARGEST_GRADIENT_ERROR,
    ROLES,
    build_model,
    draw_all_weights,
    draw_batch,
    gradient_errors,
    in_our_names,
    our_gradients,
)

SMALL = {"image_size": 32, "generator_blocks": 1, "ngf": 8, "ndf": 8, "pool_size": 0, "precision": "float32"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"gan_loss": "lsgan", "generator_blocks": 3, "real_label": 0.9},
        {"gan_loss": "vanilla", "real_label": 0.9, "norm": "affine_instance"},
        {"gan_loss": "hinge", "norm": "batch", "batch_size": 2},
        {"gan_loss": "wgangp", "lambda_penalty": 3.0, "batch_size": 2},
        {"generator": "unet", "unet_levels": 5, "discriminator": "pixel"},
        {"upsampling": "resize", "long_skip": True, "leak": 0.1, "discriminator_leak": 0.1, "norm": "none"},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_gradients_of_every_weight(session, options):
    """Ours in float32 against PyTorch's in float64."""
    config = CycleGANConfig.parse(options, weak=SMALL)
    weights = draw_all_weights(twin.all_shapes(config), seed=0, bias_stddev=0.02, norm=config.norm)
    batches = [draw_batch(config, seed) for seed in range(GRADIENT_DRAWS)]
    got = our_gradients(session, build_model(config), weights, batches)
    exact = [
        {name: gradient for role in ROLES for name, gradient in in_our_names(gradients[role], role, role).items()}
        for gradients in twin.gradients(config, weights, batches)
    ]
    assert got[0].keys() == exact[0].keys()
    errors = gradient_errors(got, exact)
    assert {name: error for name, error in errors.items() if not error <= LARGEST_GRADIENT_ERROR} == {}
