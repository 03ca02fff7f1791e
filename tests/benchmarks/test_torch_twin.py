"""The PyTorch version: what it refuses, and what the parity tests do not see of it."""

import dataclasses
import shutil

import pytest

pytest.importorskip("torch")

import torch

from base.options import option
from benchmarks import torch_twin
from models.cyclegan import CycleGANConfig
from tests.helpers.parity import tiny_config


def images(config, seed=0):
    torch.manual_seed(seed)
    shape = [2, config.batch_size, 3, config.image_size, config.image_size]
    return torch.rand(shape) * 2 - 1


def weights(twin):
    return torch.cat([weight.detach().flatten().clone() for weight in twin.networks.parameters()])


@pytest.mark.parametrize(
    "name, value",
    [
        ("init", "he"),
        ("lr_policy", "step"),
        ("lr_policy", "cosine"),
        ("discriminator_bias", False),
        ("precision", "float16"),
        ("xla", True),
    ],
)
def test_what_is_not_implemented_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"does not implement {name}={value!r}; it has "):
        torch_twin.CycleGAN(tiny_config(**{name: value}))


@dataclasses.dataclass(frozen=True)
class NewConfig(CycleGANConfig):
    """A config with an option that the PyTorch version has never heard of."""

    new_loss: float = option(0.0, "A new loss.", "losses")


def test_unknown_option_is_refused_unless_it_has_its_default():
    torch_twin.check_implemented(NewConfig(precision="float32"))
    with pytest.raises(ValueError, match=r"new_loss=0\.5"):
        torch_twin.check_implemented(NewConfig(precision="float32", new_loss=0.5))


@pytest.mark.parametrize("kind", ["wgan", "least squares"])
def test_unknown_losses_are_refused(kind):
    logits = torch.zeros([1, 1])
    with pytest.raises(ValueError, match=kind):
        torch_twin.generator_loss(logits, kind)
    with pytest.raises(ValueError, match=kind):
        torch_twin.discriminator_loss(logits, logits, kind)


@pytest.mark.slow
@pytest.mark.parametrize("policy, moves", [("linear", False), ("constant", True)])
def test_learning_rate_beyond_the_end_of_the_run(policy, moves):
    config = tiny_config(lr_policy=policy, max_steps=1)
    twin = torch_twin.CycleGAN(config)
    twin.step(*images(config))
    before = weights(twin)
    twin.step(*images(config))
    assert (weights(twin) != before).any().item() == moves


@pytest.mark.slow
def test_norms_scales_start_at_their_mean():
    twin = torch_twin.CycleGAN(tiny_config(norm="batch", norm_scale=0.5))
    scales = [weight for name, weight in twin.networks.named_parameters() if weight.ndim == 1 and "bias" not in name]
    assert torch.cat(scales).mean().item() == pytest.approx(0.5, abs=0.01)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")  # the compiler's own
def test_compiled_networks_compute_the_same():
    config = tiny_config()
    eager, compiled = torch_twin.CycleGAN(config), torch_twin.CycleGAN(config, compiled=True)
    compiled.networks.load_state_dict(eager.networks.state_dict())
    real, _ = images(config)
    with torch.no_grad():
        expected, got = (twin.run("discriminator_a", real) for twin in (eager, compiled))
    torch.testing.assert_close(got, expected)
