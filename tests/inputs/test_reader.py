"""The reader: positions, errors that are found again, and times."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from base.errors import DataError
from inputs.reader import Reader
from inputs.streams import Stream
from tests.helpers.images import data_config, photo, save
from tests.helpers.sources import source_of

TWO = {"real_a": Stream("trainA", key=0), "real_b": Stream("trainB", key=1)}
COUNT = 5
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
        number = 2 * step + part
        found = [np.concatenate(parts) for parts in zip(*(reader.read(number) for reader in shares), strict=True)]
        np.testing.assert_array_equal(found, alone.read(number))


def test_error_is_found_by_the_step_that_its_position_belongs_to(sources):
    sources["trainA"].file(3).unlink()
    reader = Reader(TWO, sources, data_config(batch_size=2))
    with pytest.raises(DataError, match="3.png: cannot be read"):
        reader.read(BAD_POSITION // 2)
    assert "3.png: cannot be read" in str(reader.error(1)) and reader.error(0) is None


def test_part_of_a_step_is_ready_when_its_last_image_was_read(sources):
    reader = Reader(TWO, sources, data_config(batch_size=4, accumulate=2, preprocess="none"))
    times = [time.perf_counter()]
    for number in (1, 0, 2, 3):
        reader.read(number)
        times.append(time.perf_counter())
    first, second = reader.ready_times(0)
    assert times[1] <= first <= times[2] and times[3] <= second <= times[4]


@pytest.mark.parametrize("changes, size", [({}, 32), ({"batch_size": 37}, 1), ({"preprocess": "none"}, 1)])
def test_some_of_a_part_are_read_at_once_and_are_what_each_alone_is(sources, changes, size):
    """As many as divide the part; of images that may differ in size one."""
    together = Reader(TWO, sources, data_config(**{"batch_size": 64, **changes}))
    alone = Reader(TWO, sources, data_config(**{**changes, "batch_size": 1}))
    assert together.read_size == size
    for images, single in zip(together.read(1), zip(*map(alone.read, range(size, 2 * size))), strict=True):
        np.testing.assert_array_equal(images, np.concatenate(single))


def prepared_in(reader, monkeypatch, epochs):
    """Counts the images that a reader of TWO prepares in some epochs of five images, read one by one."""
    prepared, prepare = [], Stream.prepare
    monkeypatch.setattr(Stream, "prepare", lambda *given: (prepared.append(given), prepare(*given))[1])
    for number in range(epochs * COUNT):
        reader.read(number)
    return len(prepared)


def test_images_are_prepared_once(sources, monkeypatch):
    assert prepared_in(Reader(TWO, sources, data_config()), monkeypatch, epochs=3) == 2 * COUNT


def test_images_are_not_kept_where_all_together_have_no_room(sources, monkeypatch):
    monkeypatch.setattr("inputs.reader.KEPT_BYTES", 2 * COUNT * 18 * 18 * 3 - 1)
    assert prepared_in(Reader(TWO, sources, data_config()), monkeypatch, epochs=3) == 3 * 2 * COUNT


@pytest.mark.parametrize("preprocess", ["resize_and_crop", "pad_and_crop", "crop"])
def test_images_that_are_kept_are_drawn_as_if_they_were_not(sources, monkeypatch, preprocess):
    config = data_config(preprocess=preprocess, batch_size=4)
    kept, found = Reader(TWO, sources, config), []
    for number in range(2 * COUNT):
        found.append(kept.read(number))
    monkeypatch.setattr("inputs.reader.KEPT_BYTES", 0)
    fresh = Reader(TWO, sources, config)
    np.testing.assert_array_equal(found, [fresh.read(number) for number in range(2 * COUNT)])


def test_a_half_of_an_image_that_is_kept_does_not_keep_the_other(tmp_path):
    source = source_of(save(tmp_path / "0.png", photo(0), photo(1)))
    reader = Reader({"first": Stream("left")}, {"left": source.halves()[0]}, data_config(preprocess="crop"))
    reader.read(0)
    ((prepared,),) = (kept.values() for kept in reader._kept.values())
    assert prepared.values.base is None or prepared.values.base.nbytes == prepared.values.nbytes


def test_several_threads_prepare_images_at_once(sources, monkeypatch):
    together, prepare = threading.Barrier(2, timeout=60), Stream.prepare
    monkeypatch.setattr(Stream, "prepare", lambda *given: (together.wait(), prepare(*given))[1])
    reader = Reader({"real_a": Stream("trainA")}, sources, data_config())
    with ThreadPoolExecutor(2) as pool:
        assert len(list(pool.map(reader.read, range(4)))) == 4


def test_stopped_reader_reads_no_more(sources):
    reader = Reader(TWO, sources, data_config())
    reader.stop()
    with pytest.raises(DataError, match="about to end"):
        reader.read(0)


def test_streams_of_one_key_read_one_index_with_one_chance(sources):
    streams = {"input": Stream("trainA"), "target": Stream("trainB")}
    first, second = Reader(streams, sources, data_config()).read(4)
    np.testing.assert_array_equal(first, second)
