"""Runs of train.py in processes of their own, for tests."""

import os
import pathlib
import subprocess
import sys
import time

from tests.conftest import ROOT
from training.tensorflow_setup import tf


def flags(values):
    """Command-line flags of a dict of values."""
    return [f"--{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in values.items()]


def start(run_dir, data, defaults, **values):
    """Starts train.py with the values, and the defaults for others. Returns the process; what it says goes to its stdout."""
    command = [sys.executable, str(ROOT / "train.py"), f"--run_dir={run_dir}", f"--data_dir={data}", *flags({**defaults, **values})]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def train(run_dir, data, defaults, timeout=120, **values):
    """Runs train.py to its end. Returns its exit code and what it said."""
    process = start(run_dir, data, defaults, **values)
    output = process.communicate(timeout=timeout)[0]
    return process.returncode, output


def wait_for_checkpoint(run_dir, step, process):
    """Waits until the newest checkpoint of a run is that of a step."""
    state = pathlib.Path(run_dir, "checkpoints", "checkpoint")
    while not (state.exists() and f'model_checkpoint_path: "model-{step}"' in state.read_text()):
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.005)


def variables(run_dir):
    """Arrays of a run's newest checkpoint, by name."""
    reader = tf.train.load_checkpoint(os.path.join(run_dir, "checkpoints"))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
