"""What all tests share: graph mode, a fresh graph with its session, and the way to the shared data."""

import multiprocessing
import pathlib
import signal
import uuid

import pytest

from base.graph_mode import tf
from base.places import as_path
from modules import classifiers
from training.group import Group

ROOT = pathlib.Path(__file__).resolve().parents[1]


def pytest_addoption(parser) -> None:
    """How far the tests in tests/fuzz go."""
    parser.addoption("--fuzz_seed", type=int, default=0, help="seed of the first round of the tests marked fuzz")
    parser.addoption("--fuzz_rounds", type=int, help="rounds of each of them; by default each has its own number")


def pytest_configure() -> None:
    """Hears stop signals as at a terminal: `nohup`, and a shell that starts the tests behind `&`, have them ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def session():
    """A session like that of a training, on a fresh default graph; `tf.set_random_seed(0)` is set."""
    with tf.Graph().as_default():
        tf.set_random_seed(0)
        with Group([], 0).session() as session:
            yield session


@pytest.fixture(params=["local", "ram"])
def anywhere(request, tmp_path):
    """An empty folder: of this machine, and one with a scheme, which lies in the memory of TensorFlow."""
    folder = tmp_path if request.param == "local" else as_path(f"ram://{tmp_path.name}-{uuid.uuid4().hex}")
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def spawned(monkeypatch):
    """Child processes are spawned, as where there is no fork."""
    monkeypatch.setattr("base.child.get_context", lambda method: multiprocessing.get_context("spawn"))


@pytest.fixture
def shared_data():
    """Folder of real images and foreign TFRecords beside the repository; tests that need it are skipped without."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs {folder}")
    return folder


@pytest.fixture
def shallow_darknet(monkeypatch):
    """A Darknet has two residual layers: all its convolutions take seconds to build."""
    monkeypatch.setattr(classifiers, "LAYERS", (1, 1))
