"""Makes tests/data/parity.npz, what PyTorch computes: `python -m tests.parity.make_reference`.

The tests compare our networks, gradients and training steps with it, so that they need no PyTorch; this needs it.
Weights, images and random numbers are not in it: NumPy draws them from seeds, and promises that `RandomState` never
changes.
"""

import json

import numpy as np
import torch

from tests.helpers import twin
from tests.helpers.parity import (
    GRADIENT_DRAWS,
    GRADIENTS,
    NORMS,
    OUTPUTS,
    TRAJECTORIES,
    draw_all_weights,
    draw_batch,
    draw_batches,
    draw_weights,
    smooth_images,
    tiny_config,
    trajectory_config,
)
from tests.helpers.stored import FILE

SEEDS = 3  # trajectories of each config
FLOAT32_RUNS = 16  # of each trajectory


def make_reference() -> dict[str, np.ndarray]:
    """Computes everything; arrays by name."""
    return {"versions": _text({"torch": torch.__version__}), **outputs(), **gradients(), **trajectories()}


def outputs() -> dict[str, np.ndarray]:
    """The output of every kind of network with every norm, and the shapes of its weights."""
    found = {}
    for kind, (options, shape) in OUTPUTS.items():
        for norm in NORMS:
            shapes = twin.shapes_of(twin.NETWORKS[kind](norm=norm, **options))
            weights = draw_weights(shapes, seed=0, bias_stddev=0.02, norm=norm)
            found[f"output/{kind}/{norm}"] = twin.output(kind, options, norm, weights, smooth_images(*shape))
            found[f"output/{kind}/{norm}/shapes"] = _text(shapes)
    return found


def gradients() -> dict[str, np.ndarray]:
    """The gradients of every weight, computed in float64, for some batches."""
    config = tiny_config(**GRADIENTS)
    shapes = twin.all_shapes(config)
    weights = draw_all_weights(shapes, seed=0, bias_stddev=0.02)
    batches = [draw_batch(config, seed) for seed in range(GRADIENT_DRAWS)]
    found = {"gradients/shapes": _text(shapes)}
    for number, own in enumerate(twin.gradients(config, weights, batches)):
        for role, arrays in own.items():
            for name, gradient in arrays.items():
                found[f"gradients/{number}/{role}/{name}"] = gradient.astype(np.float32)
    return found


def trajectories() -> dict[str, np.ndarray]:
    """The losses of training steps, in float64 and in several runs in float32."""
    found = {}
    for name in TRAJECTORIES:
        exact, float32_runs = zip(*[trajectory(name, seed, FLOAT32_RUNS) for seed in range(SEEDS)])
        found[f"losses/{name}/shapes"] = _text(twin.all_shapes(trajectory_config(name)))
        found[f"losses/{name}/exact"] = np.array(exact)
        found[f"losses/{name}/float32"] = np.array(float32_runs)
    return found


def trajectory(name: str, seed: int, runs: int) -> tuple[np.ndarray, np.ndarray]:
    """The losses of one of TRAJECTORIES: in float64, [steps, losses]; and of runs in float32, [runs, steps, losses]."""
    config = trajectory_config(name)
    weights, batches = draw_all_weights(twin.all_shapes(config), seed), draw_batches(config, seed)
    exact = twin.train(config, weights, batches, torch.float64)
    float32 = [twin.train(config, start, batches, torch.float32) for start in twin.nudged(weights, runs)]
    return exact.losses, np.array([run.losses for run in float32])


def _text(value: dict) -> np.ndarray:
    return np.array(json.dumps(value))


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    np.savez_compressed(FILE, **make_reference())
    print(f"{FILE}: {FILE.stat().st_size / 1000:.0f} kB, PyTorch {torch.__version__}")
