"""A run in a process of its own: the same results, and a death that costs one image."""

import os
import signal

import numpy as np
import pytest

from base.errors import DataError, UsageError
from inference.isolated import IsolatedRun
from inference.load import load_run
from tests.helpers.untrained import STEP, make_run, noise

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def summer(tmp_path_factory):
    """Folder of a small CycleGAN run."""
    return make_run(tmp_path_factory.mktemp("runs") / "summer")


@pytest.fixture
def run(summer):
    run = IsolatedRun(summer, "AtoB")
    yield run
    run.close()


def test_results_are_those_of_this_process(run, summer):
    image = np.asarray(noise(20, 30))
    assert (run.step, run.channels, run.config.model) == (STEP, 3, "cyclegan")
    np.testing.assert_array_equal(run.translate(image), load_run(summer).translate(image, "AtoB"))


def test_death_costs_one_image(run):
    image = np.asarray(noise(20, 30))
    before = run.translate(image)
    os.kill(run._process.pid, signal.SIGABRT)
    run._process.join()
    run._start, start = lambda: None, run._start
    with pytest.raises(DataError, match=r"30 x 20 px ended the network's process \(SIGABRT\).*try --max_side=15"):
        run.translate(image)
    run._start = start
    np.testing.assert_array_equal(run.translate(image), before)


def test_what_the_network_refuses_is_told(run):
    with pytest.raises(UsageError, match="an image must be a uint8 array"):
        run.translate(np.zeros([4, 4, 3], np.float32))


def test_errors_of_loading_are_those_of_this_process(summer, tmp_path):
    with pytest.raises(UsageError, match="no such run folder"):
        IsolatedRun(tmp_path / "nowhere", "AtoB")
    with pytest.raises(UsageError, match="--direction=AtoC: the model cyclegan of this run has AtoB, BtoA"):
        IsolatedRun(summer, "AtoC")


def test_process_ends_with_the_run(run):
    run.close()
    assert run._process.exitcode == -signal.SIGKILL
