"""What PyTorch computes, as tests/data/parity.npz holds it; tests/parity/make_reference.py makes it."""

import functools
import json

import numpy as np

from tests.conftest import ROOT
from tests.helpers.parity import ROLES

FILE = ROOT / "tests" / "data" / "parity.npz"


@functools.cache
def arrays() -> dict[str, np.ndarray]:
    """All arrays by name."""
    with np.load(FILE) as file:
        return dict(file)


def array(*names) -> np.ndarray:
    """One array."""
    return arrays()["/".join(map(str, names))]


def shapes(*names) -> dict:
    """Shapes of weights by PyTorch's names; of the four networks of a CycleGAN, by role."""
    return json.loads(array(*names, "shapes").item())


def gradients(number: int) -> dict[str, dict[str, np.ndarray]]:
    """The gradients for one batch: by role and PyTorch's names."""
    return {
        role: {name: array("gradients", number, role, name) for name in shapes("gradients")[role]} for role in ROLES
    }
