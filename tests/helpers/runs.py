"""Runs of train.py, in processes of their own or in that of the tests, and what they leave."""

import contextlib
import re
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np

from base.graph_mode import tf
from base.places import as_path
from tests.conftest import ROOT
from tests.helpers.programs import run_here
from train import main
from training.loop import Trainer


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


def train_here(run_dir, data, capfd, defaults, **values):
    """Does what `train` does in the process of the tests, where TensorFlow is there already; `capfd` is pytest's."""
    with tf.Graph().as_default():
        ended = run_here(main, flags({"run_dir": run_dir, "data_dir": data, **defaults, **values}), capfd)
    return ended.code, ended.out + ended.err


class Killed(BaseException):
    """Ends a run between two instructions, as kill -9 does: nothing is saved."""


@contextlib.contextmanager
def killed_in_step(step):
    """Ends the run that is trained in the block in a step."""
    run_step = Trainer._run

    def run(trainer, prepared, number):
        if number == step:
            raise Killed
        return run_step(trainer, prepared, number)

    with mock.patch.object(Trainer, "_run", run), contextlib.suppress(Killed):
        yield
        raise AssertionError(f"the run never came to step {step}")


def assert_continues_exactly(train, folder, data, killed_in, continued_from, changed=None, **values):
    """Asserts that a run which is ended in a step, and continued, ends in the variables of one that was not.

    Args:
      train: function like `train_here`, but for what is fixed.
      folder: for both runs.
      data: to train on.
      killed_in, continued_from: the step it is ended in, and the one after its newest checkpoint.
      changed: values that it is continued with, which change nothing that it computes.
      **values: of the config.

    Returns:
      What the run that was not ended said.
    """
    whole, killed = folder / "whole", folder / "killed"
    code, said = train(whole, data, **values)
    assert code == 0, said
    with killed_in_step(killed_in):
        train(killed, data, **values)
    code, output = train(killed, data, **values, **(changed or {}))
    assert code == 0 and f"steps {continued_from} to {values['max_steps']}" in output, output
    assert variables(whole)["global_step"] == values["max_steps"]
    assert_same_variables(whole, killed)
    return said


def assert_same_variables(run_dir, other_dir):
    """Asserts that the newest checkpoints of two runs are equal, to the bit."""
    expected, found = variables(run_dir), variables(other_dir)
    assert expected.keys() == found.keys()
    assert not [name for name in expected if not np.array_equal(expected[name], found[name])]


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
    reader = tf.train.load_checkpoint(str(as_path(run_dir) / "checkpoints"))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
