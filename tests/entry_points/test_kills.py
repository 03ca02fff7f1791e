"""kill -9 at any moment: nothing is lost or half there, and the same command then does the work.

It does so although nobody listens any more: its output goes to a closed pipe, and there is no standard error.
"""

import os
import random
import signal
import time

import pytest

from tests.helpers.entry_points import ENTRY_POINTS, check_whole, missing, run, start
from tests.helpers.programs import assert_kept, snapshot
from tests.helpers.runs import assert_same_variables

pytestmark = pytest.mark.slow

WORK = 6.0  # seconds that it may be at work, more or less


def run_unheard(entry, material, place):
    """Runs an entry point to its end; gives its exit code."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return run(entry, material, place, ["bash", "-c", 'exec "$@" 2>&-', "-"], stdout=writer)[0]
    finally:
        os.close(writer)


def kill(entry, material, place, moment):
    """Kills an entry point and all that it started, some seconds after its start."""
    process = start(entry, material, place)
    time.sleep(moment)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("entry", [name for name in ENTRY_POINTS if name != "train"], indirect=True)
def test_what_was_killed_leaves_nothing_half_done_and_succeeds_the_next_time(entry, material, place):
    before = snapshot(place)
    kill(entry, material, place, random.Random(entry.name).uniform(0.3, WORK))
    assert_kept(before, place)
    check_whole(place)
    assert run_unheard(entry, material, place) == 0
    assert not missing(entry, place)
    check_whole(place)
    assert_kept(before, place)


def test_training_that_was_killed_ends_in_the_bits_of_one_that_was_not(material, place, tmp_path):
    entry, whole = ENTRY_POINTS["train"], tmp_path / "whole"
    whole.mkdir()
    assert run(entry, material, whole)[0] == 0
    before = snapshot(place)
    process = start(entry, material, place)
    while not list(place.glob("run/checkpoints/model-*.index")):
        assert process.poll() is None
        time.sleep(0.001)
    time.sleep(random.Random(0).uniform(0, 0.5))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    check_whole(place)
    assert run_unheard(entry, material, place) == 0
    assert_kept(before, place)
    assert_same_variables(whole / "run", place / "run")
