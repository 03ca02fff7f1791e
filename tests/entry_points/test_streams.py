"""Streams that take nothing: a closed pipe is quiet, a full disk is told, and the work is done all the same."""

import os
import re

import pytest

from tests.helpers.entry_points import check_whole, missing, run

pytestmark = pytest.mark.slow


def test_closed_pipe_and_no_standard_error_are_quiet_and_the_work_is_done(entry, material, place):
    reader, writer = os.pipe()
    os.close(reader)
    without_errors = ["bash", "-c", 'exec "$@" 2>&-', "-"]
    code, _, err = run(entry, material, place, without_errors, stdout=writer)
    os.close(writer)
    assert (code, err) == (0, "")
    assert not missing(entry, place)
    check_whole(place)


def test_standard_output_that_is_full_is_told_in_one_line_and_the_work_is_done(entry, material, place):
    with open("/dev/full", "w") as full:
        code, _, err = run(entry, material, place, stdout=full)
    assert code == 1 and re.fullmatch(
        rf"{entry.name}: error: standard output cannot be written: .*No space left on device\n", err
    ), err
    assert not missing(entry, place)
    check_whole(place)
