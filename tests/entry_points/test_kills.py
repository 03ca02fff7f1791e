"""kill -9 at any moment: nothing is lost or half there, and the same command then does the work."""

import os
import random
import signal
import time

import numpy as np
import pytest

from tests.helpers.entry_points import ENTRY_POINTS, check_whole, missing, run, start
from tests.helpers.programs import assert_kept, snapshot
from tests.helpers.runs import variables

pytestmark = pytest.mark.slow

WORK = 6.0  # seconds that it may be at work, more or less


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
    code, _, err = run(entry, material, place)
    assert code == 0, err
    assert not missing(entry, place)
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
    code, _, err = run(entry, material, place)
    assert code == 0, err
    assert_kept(before, place)
    expected, found = variables(whole / "run"), variables(place / "run")
    assert expected.keys() == found.keys()
    assert not [name for name in expected if not np.array_equal(expected[name], found[name])]
