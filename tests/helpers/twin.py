"""PyTorch's networks and training steps on given weights, images and random numbers; takes and gives NumPy arrays."""

import functools
from typing import NamedTuple

import numpy as np
import torch

from benchmarks import torch_networks, torch_twin
from models.cyclegan import CycleGANConfig
from tests.helpers.parity import Batch

torch.set_num_threads(1)  # on few cores its threads and TensorFlow's keep each other waiting for seconds

NETWORKS = {  # PyTorch's, by the kind of network
    "resnet": functools.partial(torch_networks.ResNetGenerator, 3, 3),
    "unet": functools.partial(torch_networks.UNetGenerator, 3, 3),
    "patch": functools.partial(torch_networks.PatchDiscriminator, 3),
    "pixel": functools.partial(torch_networks.PixelDiscriminator, 3),
}


def shapes_of(network: torch.nn.Module) -> dict[str, list[int]]:
    """The shapes of a network's weights by name."""
    return {name: list(weight.shape) for name, weight in network.named_parameters()}


def load(network: torch.nn.Module, weights: dict[str, np.ndarray]) -> torch.nn.Module:
    """Gives a network its weights, and returns it."""
    network.load_state_dict(as_tensors(weights), strict=False)  # running statistics, which are not used, stay
    return network


def output(kind: str, options: dict, norm: str, weights: dict, images: np.ndarray) -> np.ndarray:
    """Runs one of NETWORKS on images [batch, height, width, channels]."""
    network = load(NETWORKS[kind](norm=norm, **options), weights)
    with torch.no_grad():
        return to_numpy(network(to_tensor(images)))


def all_shapes(config: CycleGANConfig) -> dict[str, dict]:
    """The shapes of the weights of a config's four networks, by role."""
    return {role: shapes_of(network) for role, network in torch_twin.CycleGAN(config).networks.items()}


def make(config: CycleGANConfig, weights: dict[str, dict], dtype: torch.dtype) -> torch_twin.CycleGAN:
    """Makes a CycleGAN with weights of its four networks, which computes in a dtype."""
    twin = torch_twin.CycleGAN(config)
    for role, network in twin.networks.items():
        load(network, weights[role])
    twin.networks.to(dtype)
    return twin


def gradients(config: CycleGANConfig, weights: dict[str, dict], batches: list[Batch]) -> list[dict[str, dict]]:
    """The gradients of both losses at the given weights, in float64: for each batch, by role and PyTorch's names."""
    twin, found = make(config, weights, torch.float64), []
    for batch in batches:
        twin.backward(*_tensors_of(batch, torch.float64))
        found.append(
            {
                role: {name: weight.grad.numpy().copy() for name, weight in network.named_parameters()}
                for role, network in twin.networks.items()
            }
        )
    return found


class Run(NamedTuple):
    """What came of a training."""

    losses: np.ndarray  # float64 [steps, losses], sorted by name
    weights: dict[str, dict[str, np.ndarray]]  # after the last step


def train(config: CycleGANConfig, weights: dict[str, dict], batches: list[Batch], dtype: torch.dtype) -> Run:
    """Trains from the given weights, a step for each batch."""
    twin, losses = make(config, weights, dtype), []
    for batch in batches:
        values = twin.step(*_tensors_of(batch, dtype))
        losses.append([values[name].item() for name in sorted(values)])
    trained = {
        role: {name: weight.detach().numpy() for name, weight in network.named_parameters()}
        for role, network in twin.networks.items()
    }
    return Run(np.array(losses, np.float64), trained)


def nudged(weights: dict[str, dict], count: int) -> list[dict[str, dict]]:
    """The weights, and then versions of them in which each is moved by about its last bit, up or down."""
    versions = [weights]
    for seed in range(1, count):
        random, bit = np.random.RandomState(seed), np.float32(2.0**-23)
        versions.append(
            {
                role: {name: (w * (1 + bit * random.choice([-1, 1], w.shape))).astype("f") for name, w in own.items()}
                for role, own in weights.items()
            }
        )
    return versions


def to_tensor(images: np.ndarray, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """NHWC array to NCHW tensor."""
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))).to(dtype)


def to_numpy(images: torch.Tensor) -> np.ndarray:
    """NCHW tensor to NHWC array."""
    return images.detach().numpy().transpose(0, 2, 3, 1)


def as_tensors(arrays: dict[str, np.ndarray], dtype: torch.dtype | None = None) -> dict[str, torch.Tensor]:
    """A dict of arrays as a dict of tensors."""
    return {name: torch.from_numpy(array).to(dtype) for name, array in arrays.items()}


def _tensors_of(batch: Batch, dtype: torch.dtype) -> tuple:
    """The arguments of `torch_twin.CycleGAN.step`."""
    images = to_tensor(batch.real_a, dtype), to_tensor(batch.real_b, dtype)
    return *images, as_tensors(batch.pool_draws, dtype), as_tensors(batch.mixes, dtype)
