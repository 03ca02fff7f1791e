"""A run in a process of its own: the same results, and a death that costs one image."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from base.errors import DataError, UsageError
from inference.isolated import FailedError, Isolated, IsolatedRun, OvertimeError, ProcessEndedError
from inference.load import load_run
from tests.conftest import ROOT
from tests.helpers.things import Thing
from tests.helpers.untrained import STEP, make_run, noise

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def summer(tmp_path_factory):
    """Folder of a small CycleGAN run."""
    return make_run(tmp_path_factory.mktemp("runs") / "summer")


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
def thing():
    thing = Isolated(Thing, "box")
    yield thing
    thing.close()


def test_calls_give_what_the_object_gives(thing):
    assert thing.about == "a box"
    assert thing.call("add", 1, 2) == 3 and thing.call("add", 3, 4, seconds=60) == 7


def test_what_the_object_tells_at_work_is_heard_before_its_answer(thing):
    heard = []
    assert thing.call("count", 2) == 2, "nobody need listen"
    thing.heard = lambda *what: heard.append(what)
    assert thing.call("count", 3, seconds=60) == 3
    assert heard == [(1, 3), (2, 3), (3, 3)]


def test_errors_are_those_of_the_object_or_one_line(thing):
    with pytest.raises(UsageError, match="not that"):
        thing.call("refuse")
    with pytest.raises(FailedError, match=r"^ValueError two lines$"):
        thing.call("fail")
    assert thing.call("add", 1, 2) == 3


def test_what_takes_too_long_or_dies_is_started_anew(thing):
    with pytest.raises(OvertimeError, match=r"takes longer than 0.1 s"):
        thing.call("wait", 60, seconds=0.1)
    assert thing.call("wait", 0, seconds=60) == "done"
    with pytest.raises(ProcessEndedError, match="exit code 3"):
        thing.call("die")
    thing.revive()
    assert thing.call("add", 1, 2) == 3


def test_an_object_that_cannot_be_made_again_may_come_back(thing):
    thing.close()
    thing._arguments = ["none"]
    for _ in range(2):
        with pytest.raises(UsageError, match="there is no such thing"):
            thing.revive()
    thing._arguments = ["box"]
    assert thing.call("add", 1, 2) == 3


def test_process_ends_with_the_object():
    thing = Isolated(Thing, "box")
    thing.close()
    assert thing._process.exitcode == -signal.SIGKILL


def test_an_object_that_cannot_be_made_is_told():
    with pytest.raises(UsageError, match="there is no such thing"):
        Isolated(Thing, "none")
    with pytest.raises(DataError, match=r"dying: the process that loads the run ended \(SIGKILL\)"):
        Isolated(Thing, "dying")


def test_program_that_forgets_to_close_ends_all_the_same():
    code = "import inference.isolated, tests.helpers.things as t; kept = inference.isolated.Isolated(t.Thing, 'x')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
