"""Networks of untrained runs, cut out of them, and what the runs make of inputs."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import numpy as np
import pytest

from base.graph_mode import uses_onednn
from exports.frozen import Frozen, freeze
from exports.probes import Probe, make_probes
from inference.load import LoadedRun, load_run
from tests.helpers.untrained import make_run

VALUES = {  # by what is special about the network: the model, the direction, and options
    "resnet": ("cyclegan", "AtoB", {}),
    "resize": ("cyclegan", "BtoA", {"upsampling": "resize", "long_skip": True, "leak": 0.1, "norm": "affine_instance"}),
    "grey to colour": ("cyclegan", "AtoB", {"channels_a": 1, "lambda_identity": 0.0, "norm": "batch"}),
    "colour to grey": ("cyclegan", "BtoA", {"channels_a": 1, "lambda_identity": 0.0, "norm": "none"}),
    "unet": ("pix2pix", "AtoB", {"dropout": False}),
    "dropout": ("pix2pix", "AtoB", {"image_size": 32, "load_size": 32}),
    "colorize": ("pix2pix", "colorize", {"colorize": True, "dropout": False}),
    "wgan": ("wgan", None, {}),
    "grey wgan": ("wgan", None, {"channels": 1, "batch_size": 1}),
    "darknet": ("darknet", None, {}),
}
MOST = [name for name in VALUES if name != "dropout"]  # that draw no random numbers
NAMES = [pytest.param(name, marks=() if name == "resnet" else pytest.mark.slow) for name in MOST]


def loaded_network(name: str) -> tuple[LoadedRun, str | None]:
    """Gives the run of one of VALUES, and its direction."""
    model, direction, values = VALUES[name]
    with tempfile.TemporaryDirectory() as folder:
        return load_run(make_run(Path(folder, "summer"), model, **values), direction, "float32"), direction


@functools.cache
def frozen_network(name: str, half: bool = False) -> tuple[Frozen, list[Probe]]:
    """Gives one of VALUES, and its probes."""
    run, direction = loaded_network(name)
    frozen = freeze(run, direction, half)
    return frozen, make_probes(run, frozen)[0]


def assert_same(found: np.ndarray, probe: Probe) -> None:
    """Asserts that a result is that of the run to the last bit, where TensorFlow computes reproducibly."""
    np.testing.assert_allclose(found, probe.expected, rtol=0, atol=1e-4 if uses_onednn() else 0, err_msg=probe.name)


def largest_difference(found: list[np.ndarray], probes: list[Probe]) -> float:
    """By how much results differ from what the run made."""
    return max(np.abs(array - probe.expected).max() for array, probe in zip(found, probes, strict=True))
