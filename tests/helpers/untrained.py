"""Runs that have a checkpoint, but never saw an image; and images for them."""

import functools
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from base.graph_mode import tf
from inference.load import load_run
from models.registry import find_model
from modules import classifiers
from run_folder.checkpoints import Checkpoints
from run_folder.folder import RunFolder
from tests.helpers.models import tiny_config

STEP = 7


def make_run(path, model="cyclegan", without="", **values):
    """Makes the folder of an untrained run; its checkpoint lacks the variables whose names start with `without`."""
    folder = RunFolder(str(path))
    folder.claim(tiny_config(model, **{"data_dir": "scenes", "run_dir": str(path), **values}))
    values.pop("data_dir", None)  # on which weights do not depend
    for name, content in _checkpoint(model, without, classifiers.LAYERS, **values).items():
        Path(folder.checkpoints, name).write_bytes(content)
    folder.release()
    return path


@functools.cache
def _checkpoint(model, without, layers, **values):
    """The files of the checkpoint by name, made once for each kind of run; a Darknet's layers may be patched."""
    config = tiny_config(model, data_dir="scenes", **values)
    with tempfile.TemporaryDirectory() as folder, tf.Graph().as_default(), tf.Session() as session:
        built = find_model(model)(config)
        kept = [v for v in tf.global_variables() if not without or not v.op.name.startswith(without)]
        checkpoints = Checkpoints(folder, kept)
        session.run(tf.global_variables_initializer())
        session.run(built.global_step.assign(STEP))
        assert checkpoints.save(session, STEP)
        return {file.name: file.read_bytes() for file in Path(folder).iterdir()}


def noise(height, width, seed=0):
    """A noisy image of Pillow's."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, [height, width, 3], np.uint8))


def loaded_here(run_dir, direction, precision=None, tile=None, statistics="exact", checkpoint="last"):
    """What `IsolatedRun` gives, without a process of its own."""
    run = load_run(run_dir, direction, precision, checkpoint)
    translate = functools.partial(run.translate, direction=direction, tile=tile, statistics=statistics)
    return FakeRun(translate, channels=run.channels(direction))


class FakeRun:
    """Like an IsolatedRun, but its network is a function of uint8 arrays [height, width, 3]."""

    def __init__(self, function=lambda image: image, channels=3, **values):
        self.channels = channels
        self.config = tiny_config("cyclegan", **{"run_dir": "runs/summer", **values})
        self.step = STEP
        self.translate = function

    def close(self):
        pass
