"""Networks saved as pytorch-CycleGAN-and-pix2pix saves them, and ours beside them."""

import numpy as np

from base.graph_mode import session_config, tf
from models.cyclegan import CycleGAN

SOURCE = "saved"  # folder in the current one


def save(name, network, prefix="", also=None):
    """Saves a network's weights, all random, as the reference implementation names the file; returns the network."""
    import torch

    for key, parameter in network.named_parameters():
        scale_of_norm = parameter.ndim == 1 and not key.endswith("bias")
        torch.nn.init.normal_(parameter, 1.0 if scale_of_norm else 0.0, 0.1 if key.endswith("bias") else 0.02)
    state = {prefix + key: value for key, value in network.state_dict().items()}
    torch.save({**state, **(also or {})}, f"{SOURCE}/latest_net_{name}.pth")
    return network


def save_all(norm="instance", blocks=2):
    """Saves four small networks; returns them by the names of their files."""
    from benchmarks import torch_networks

    return {
        "G_A": save("G_A", torch_networks.ResNetGenerator(3, 3, 4, blocks, norm)),
        "G_B": save("G_B", torch_networks.ResNetGenerator(3, 3, 4, blocks, norm)),
        "D_A": save("D_A", torch_networks.PatchDiscriminator(3, 8, 2, norm)),
        "D_B": save("D_B", torch_networks.PatchDiscriminator(3, 8, 2, norm)),
    }


def assert_same_outputs(config, networks, load):
    """Asserts that our networks and PyTorch's give the same.

    Args:
      config: of our networks.
      networks: PyTorch's modules by our names.
      load: function that gives our networks, in the default graph, their weights in a session.
    """
    import torch

    size = config.image_size
    images = np.random.RandomState(0).uniform(-1, 1, [1, size, size, 3]).astype(np.float32)
    with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
        model = CycleGAN(config)
        results = {name: getattr(model, name)(tf.constant(images), call="test") for name in networks}
        load(session)
        results = session.run(results)
    for name, network in networks.items():
        with torch.no_grad():
            expected = network(torch.from_numpy(images.transpose(0, 3, 1, 2).copy())).numpy().transpose(0, 2, 3, 1)
        np.testing.assert_allclose(results[name], expected, atol=1e-5)
