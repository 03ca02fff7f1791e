"""Puts a PyTorch network beside ours: same weights, same images."""

import numpy as np
import torch

from scripts.import_weights import convert, recognize
from scripts.torch_reference import initialize
from training.tensorflow_setup import tf

torch.set_num_threads(1)  # on few cores its threads and TensorFlow's keep each other waiting for seconds


def fresh_network(network, norm, seed=0):
    """Draws all weights of a PyTorch module, biases and offsets too, and returns it.

    Kernels are N(0, 0.02). Without norms that would make every output 0, so there their variance is 1 / fan in.
    """
    torch.manual_seed(seed)
    initialize(network, bias_stddev=0.02)
    if norm == "none":
        for parameter in network.parameters():
            if parameter.ndim == 4:
                torch.nn.init.kaiming_normal_(parameter, nonlinearity="linear")
    return network


def in_our_names(tensors, role, scope):
    """Gives a PyTorch network's tensors (weights or their gradients) the names and layout of our variables.

    Args:
      tensors: dict of tensors by PyTorch's names.
      role: "generator_ab", "generator_ba", "discriminator_a" or "discriminator_b".
      scope: str, variable scope of our network in the default graph.

    Returns:
      dict of float32 arrays by variable name.
    """
    saved = recognize("network.pth", {name: tensor.detach().numpy() for name, tensor in tensors.items()}, role)
    return convert(saved, {v.op.name: v.shape.as_list() for v in tf.trainable_variables(scope + "/")})


def load_weights(session, network, role, scope):
    """Initialises our network in `scope` with the weights of a PyTorch module."""
    values = in_our_names(network.state_dict(), role, scope)
    initializers = [variable.initializer for variable in tf.trainable_variables(scope + "/")]
    session.run(initializers, {op.inputs[1]: values[op.inputs[0].op.name] for op in initializers})


def random_images(batch, height, width, channels=3, seed=0):
    """Smooth random images, float32 array [batch, height, width, channels] in [-1, 1]."""
    random = np.random.RandomState(seed)
    coarse = random.uniform(-1, 1, [batch, -(-height // 8), -(-width // 8), channels])
    blocks = np.kron(coarse, np.ones([1, 8, 8, 1]))[:, :height, :width]
    return np.float32(0.7 * blocks + 0.3 * random.uniform(-1, 1, blocks.shape))


def to_torch(images):
    """NHWC array to NCHW tensor."""
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))


def to_numpy(images):
    """NCHW tensor to NHWC array."""
    return images.detach().numpy().transpose(0, 2, 3, 1)


def draws(place):
    """The random numbers of our graph that PyTorch is to use too.

    Args:
      place: "image_pool/" or "penalty_", the beginning of the scopes that draw them; "a" and "b" follow.

    Returns:
      dict of tensors by domain; empty where this graph draws none there.
    """
    ends = {domain: f"{place}{domain}/stateless_random_uniform" for domain in "ab"}
    operations = tf.get_default_graph().get_operations()
    return {domain: op.outputs[0] for domain, end in ends.items() for op in operations if op.name.endswith(end)}


def as_tensors(arrays, dtype=torch.float32):
    """A dict of arrays as a dict of tensors; None where it is empty."""
    return {name: torch.from_numpy(array).to(dtype) for name, array in arrays.items()} or None
