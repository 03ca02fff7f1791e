"""A model whose generators' layers are computed again for the gradients makes the very same steps."""

import numpy as np
import pytest

from base.graph_mode import tf
from ops.recomputation import recompute_activations
from tests.helpers.models import build_training
from tests.helpers.parts import train


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, parts, values",
    [
        ("cyclegan", 1, {"dropout": True, "discriminator_layers": 1}),
        ("cyclegan", 2, {"precision": "float16", "discriminator_layers": 1, "lambda_identity": 0.0}),
        ("pix2pix", 1, {"generator": "resnet", "generator_blocks": 1, "norm": "batch"}),
    ],
)
def test_all_variables_are_the_same_to_the_bit(name, parts, values):
    found, expected = train(name, parts, recompute=True, **values), train(name, parts, **values)
    assert found.last.keys() == expected.last.keys()
    assert not [key for key, values in expected.last.items() if not np.array_equal(found.last[key], values)]


@pytest.mark.slow
def test_convolutions_wait_for_their_inputs_alone():
    """A bias behind one that waits for more ends the process where oneDNN computes."""
    recompute_activations()
    build_training("cyclegan", recompute=True, discriminator_layers=1)
    found = [op for op in tf.get_default_graph().get_operations() if op.type == "Conv2D" and "/recomputed/" in op.name]
    assert found and not [op.name for op in found if op.control_inputs]
