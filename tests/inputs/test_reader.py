"""The reader: positions, errors that are found again, and times."""

import time

import numpy as np
import pytest

from base.errors import DataError
from inputs.reader import Reader
from inputs.streams import Stream
from tests.helpers.images import data_config

TWO = {"real_a": Stream("trainA", key=0), "real_b": Stream("trainB", key=1)}
BAD_POSITION = 2  # of image 3, with the seed 7 and the key 0


def test_a_position_always_holds_the_same(sources):
    one, other = (Reader(TWO, sources, data_config()) for _ in range(2))
    for position in (3, 0, 3):
        for expected, found in zip(one.read(position), other.read(position), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_workers_read_together_what_one_reads_each_its_share_of_every_part(sources):
    config = data_config(batch_size=8, accumulate=2)
    alone, *shares = [Reader(TWO, sources, config), *[Reader(TWO, sources, config, 2, worker) for worker in (0, 1)]]
    for step, part in [(0, 0), (0, 1), (3, 1)]:
        first = 8 * step + 4 * part
        expected = [alone.read(position) for position in range(first, first + 4)]
        found = [reader.read(number) for reader in shares for number in range(first // 2, first // 2 + 2)]
        np.testing.assert_array_equal(np.array(found), np.array(expected))


def test_error_is_found_by_the_step_that_its_position_belongs_to(sources):
    sources["trainA"].file(3).unlink()
    reader = Reader(TWO, sources, data_config(batch_size=2))
    with pytest.raises(DataError, match="3.png: cannot be read"):
        reader.read(BAD_POSITION)
    assert "3.png: cannot be read" in str(reader.error(1)) and reader.error(0) is None


def test_part_of_a_step_is_ready_when_its_last_image_was_read(sources):
    reader = Reader(TWO, sources, data_config(batch_size=4, accumulate=2))
    times = [time.perf_counter()]
    for position in (1, 0, 2, 3):
        reader.read(position)
        times.append(time.perf_counter())
    first, second = reader.ready_times(0)
    assert times[1] <= first <= times[2] and times[3] <= second <= times[4]


def test_stopped_reader_reads_no_more(sources):
    reader = Reader(TWO, sources, data_config())
    reader.stop()
    with pytest.raises(DataError, match="about to end"):
        reader.read(0)


def test_streams_of_one_key_read_one_index_with_one_chance(sources):
    streams = {"input": Stream("trainA"), "target": Stream("trainB")}
    first, second = Reader(streams, sources, data_config()).read(4)
    np.testing.assert_array_equal(first, second)
