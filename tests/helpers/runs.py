"""Runs of train.py in processes of their own, and what they leave."""

import re
import subprocess
import sys
import time
from pathlib import Path

from base.graph_mode import tf
from tests.conftest import ROOT


def flags(values):
    """Command-line flags of a dict of values; None leaves a flag out."""
    texts = {name: str(value).lower() if isinstance(value, bool) else value for name, value in values.items()}
    return [f"--{name}={text}" for name, text in texts.items() if text is not None]


def start(run_dir, data, defaults, **values):
    """Starts train.py with the values, and the defaults for others. Returns the process; all it says is on stdout."""
    chosen = flags({"run_dir": run_dir, "data_dir": data, **defaults, **values})
    command = [sys.executable, str(ROOT / "train.py"), *chosen]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def train(run_dir, data, defaults, timeout=240, **values):
    """Runs train.py to its end. Returns its exit code and what it said."""
    with start(run_dir, data, defaults, **values) as process:
        try:
            output = process.communicate(timeout=timeout)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return process.returncode, output


def wait_for_checkpoint(run_dir, step, process):
    """Waits until a run has written the checkpoint of a step, or a later one."""
    while newest_step(run_dir) < step:
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.005)


def newest_step(run_dir):
    """The step of a run's newest checkpoint; 0 where there is none."""
    state = Path(run_dir, "checkpoints", "checkpoint")
    found = re.match(r'model_checkpoint_path: "model-(\d+)"', state.read_text()) if state.exists() else None
    return int(found[1]) if found else 0


def kill_after_checkpoint(run_dir, step, process):
    """Kills a run once it has written the checkpoint of a step, or a later one."""
    wait_for_checkpoint(run_dir, step, process)
    process.kill()
    process.communicate()


def variables(run_dir):
    """Arrays of a run's newest checkpoint, by name."""
    reader = tf.train.load_checkpoint(str(Path(run_dir, "checkpoints")))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
