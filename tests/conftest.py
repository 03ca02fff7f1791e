"""What all tests share: graph mode, a fresh graph with its session, and the way to the shared data."""

import pathlib

import pytest

from training.tensorflow_setup import session_config, tf

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture
def session():
    """A session on a fresh default graph; `tf.set_random_seed(0)` is set."""
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(0)
        with tf.Session(graph=graph, config=session_config()) as session:
            yield session


@pytest.fixture
def shared_data():
    """Folder of real images and foreign TFRecords beside the repository; tests that need it are skipped without."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs {folder}")
    return folder
