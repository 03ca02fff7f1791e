"""Gradients of both players' losses with respect to every weight, for every GAN loss and every kind of network."""

import numpy as np
import pytest

from config import make_config
from models.cyclegan import CycleGAN

torch = pytest.importorskip("torch")

from scripts import torch_reference as reference
from tests.parity.side_by_side import as_tensors, draws, fresh_network, in_our_names, load_weights, random_images, to_torch

LARGEST_ERROR = 1e-3  # as a share of the largest element of a weight's gradient
SMALL = {"image_size": 32, "generator_blocks": 1, "ngf": 8, "ndf": 8, "pool_size": 0, "precision": "float32"}


@pytest.mark.parametrize(
    "options",
    [
        {"gan_loss": "lsgan", "generator_blocks": 6, "real_label": 0.9},
        {"gan_loss": "vanilla", "real_label": 0.9},
        {"gan_loss": "hinge"},
        {"gan_loss": "wgangp", "batch_size": 2},
        {"norm": "affine_instance"},
        {"norm": "batch", "batch_size": 2},
        {"norm": "none"},
        {"generator": "unet", "unet_levels": 5, "discriminator": "pixel"},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_gradients_of_every_weight(session, options):
    """Ours in float32 against PyTorch's in float64.

    Rounding can carry one activation across the kink of a ReLU, or one pixel across that of an L1 loss, and such a step in a gradient is
    far more than 1e-3 (PyTorch's own float32 has it too). It meets one draw of images now and then, a wrong formula meets all: the error
    of a weight is the median over three draws.
    """
    config = make_config({**SMALL, **options})
    model = CycleGAN(config)
    model.build_training()
    gradients = gradients_for_adam(session.graph)
    twin = reference.CycleGAN(config)
    for seed, (role, network) in enumerate(twin.networks.items()):
        load_weights(session, fresh_network(network, config.norm, seed), role, role)
    twin.networks.double()

    errors = {name: [] for name in gradients}
    for draw in range(3):
        real_a, real_b = (random_images(config.batch_size, 32, 32, seed=2 * draw + domain) for domain in (0, 1))
        feed = {model.inputs["real_a"]: real_a, model.inputs["real_b"]: real_b, model.step: draw}
        got, mixes = session.run([gradients, draws("penalty_")], feed)
        twin.backward(to_torch(real_a).double(), to_torch(real_b).double(), mixes=as_tensors(mixes, torch.float64))
        for role, network in twin.networks.items():
            exact = in_our_names({name: weight.grad for name, weight in network.named_parameters()}, role, role)
            for name, gradient in exact.items():
                errors[name].append(np.abs(got[name] - gradient).max() / gradient_scale(name, exact))
    worst = {name: np.median(several) for name, several in errors.items()}
    assert {name: error for name, error in worst.items() if not error <= LARGEST_ERROR} == {}


def gradients_for_adam(graph):
    """The gradients as the optimisers get them: dict of tensors by name of the variable they move."""
    updates = [op for op in graph.get_operations() if op.type == "ResourceApplyAdam"]
    return {update.inputs[0].op.name: update.inputs[9] for update in updates}  # var, m, v, ..., grad


def gradient_scale(name, gradients):
    """What the error of one weight's gradient is a share of: its largest element.

    The true gradient of some biases is 0: the norm behind them subtracts them again, or real and fake images pull equally. In float32
    rounding is left of it; that is compared with the gradient of the kernel beside it.
    """
    scale = np.abs(gradients[name]).max()
    beside = np.abs(gradients.get(name.removesuffix("bias") + "kernel", 0.0)).max()
    return beside if scale < 1e-7 * beside else scale
